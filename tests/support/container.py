"""A real Debian with a real systemd in a container, for the tests of the installer and the units."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.manual import blocks_of

ROOT = Path(__file__).resolve().parents[2]
#: Kept between runs: making it takes a minute. Holds the base system and the wheels.
CACHE = Path(os.environ.get("TIKMATRIXD_CONTAINER_CACHE", "/var/tmp/tikmatrixd-container"))
PACKAGES = (
    "systemd,systemd-sysv,dbus,python3,python3-venv,curl,procps,udev,iproute2,openssh-server,openssh-client"
)
#: An address of the container that is not loopback's: who calls it comes from another machine, so to speak.
LAN_ADDRESS = "10.99.0.1"
TOOLS = ("debootstrap", "systemd-nspawn", "ip", "nsenter")


def why_not() -> str:
    """Why this machine cannot run the container; "" when it can."""
    if os.geteuid():
        return "needs root"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"needs {', '.join(missing)}" if missing else ""


def run(*command: str | Path, timeout: float = 300, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), check=True, text=True, capture_output=True, timeout=timeout, **more
    )  # type: ignore[call-overload, no-any-return]


def base_system() -> Path:
    """The pristine root file system."""
    base = CACHE / "base"
    mark = base / ".complete"
    if not mark.exists() or mark.read_text() != PACKAGES:
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", base, timeout=900)
        mark.write_text(PACKAGES)
    return base


def offline_commands() -> list[str]:
    """What the manual says for a box without internet: those that fetch the packages, then the installer's."""
    return blocks_of("docs/operator.md", "sh")[0].splitlines()


def wheels() -> Path:
    """Everything that pip will want inside, where there is no network."""
    folder = CACHE / "wheels"
    locks = [ROOT / "requirements" / f"{name}.txt" for name in ("build", "runtime")]
    lock = b"".join(one.read_bytes() for one in locks)
    if not (folder / "lock").exists() or (folder / "lock").read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        places = {"python3": shlex.quote(sys.executable), "wheels": shlex.quote(str(folder))}
        for command in offline_commands()[:-1]:
            words = re.sub(r"^python3|\bwheels\b", lambda word: places[word[0]], command)
            run("/bin/sh", "-c", words, timeout=600, cwd=ROOT)
        (folder / "lock").write_bytes(lock)
    return folder


class Container:
    """A booted container in its own network namespace; `sh` runs a command inside."""

    def __init__(self, folder: Path, name: str = "hub") -> None:
        self.root = folder / "root"
        self.name = name
        self.netns = f"tikmatrixd-{os.getpid()}-{name}"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = ""
        self._log = (folder / "console.log").open("wb")

    def start(self) -> None:
        run("cp", "-a", "--reflink=auto", base_system(), self.root)
        shutil.copytree(wheels(), self.root / "wheels")
        run("ip", "netns", "add", self.netns)
        run("ip", "-n", self.netns, "link", "set", "lo", "up")
        run("ip", "-n", self.netns, "addr", "add", f"{LAN_ADDRESS}/32", "dev", "lo")
        self._process = subprocess.Popen(
            [
                "systemd-nspawn", "--quiet", "-D", str(self.root), "--boot", "--register=no", "--keep-unit",
                "--console=pipe", "--link-journal=no", f"--machine={self.name}", f"--network-namespace-path=/run/netns/{self.netns}",
                # A real box lets everybody ask whether the clock is synchronised.
                "--system-call-filter=adjtimex clock_adjtime",
            ],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._wait_until_booted(60)

    def _wait_until_booted(self, timeout_s: float) -> None:
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            with contextlib.suppress(
                subprocess.SubprocessError, FileNotFoundError, ValueError, AssertionError
            ):
                assert self._process is not None
                children = (
                    Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
                )
                self._leader = children[0] if children else ""
                # --wait returns when the boot is over, also when it is merely "degraded", as in any container.
                if self._leader and self.sh(
                    "systemctl is-system-running --wait || true", timeout=timeout_s
                ).stdout.strip() in {"running", "degraded"}:
                    return
            assert self._process is not None
            if self._process.poll() is not None:
                break
        raise RuntimeError(
            "the container does not boot: " + Path(self._log.name).read_text(errors="replace")[-2000:]
        )

    def sh(
        self, command: str, *, check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell line inside as root."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
                       "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}  # fmt: skip
        done = subprocess.run(
            ["nsenter", "-t", self._leader, "-a", "/bin/sh", "-c", command],
            check=False, text=True, capture_output=True, timeout=timeout, env=environment,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def outside(self, *command: str) -> list[str]:
        """The command, to be run outside the container but in its network."""
        return ["ip", "netns", "exec", self.netns, *command]

    def join(self, other: Container, mine: str, its: str) -> None:
        """A cable between the two, with an address of a network of 256 at each end."""
        for one, name, address in ((self, "cable", mine), (other, "peer", its)):
            if one is self:
                run(
                    "ip",
                    "-n",
                    self.netns,
                    "link",
                    "add",
                    "cable",
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "peer",
                    "netns",
                    other.netns,
                )
            run("ip", "-n", one.netns, "addr", "add", f"{address}/24", "dev", name)
            run("ip", "-n", one.netns, "link", "set", name, "up")
            # By it a box learns with which address it goes out; nothing is there.
            run("ip", "-n", one.netns, "route", "add", "default", "via", its if one is self else mine)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.SubprocessError):
                self.sh("systemctl poweroff", check=False, timeout=20)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        subprocess.run(["ip", "netns", "del", self.netns], check=False, capture_output=True)
        self._log.close()
        shutil.rmtree(self.root, ignore_errors=True)


@contextlib.contextmanager
def booted(folder: Path, name: str = "hub") -> Iterator[Container]:
    container = Container(folder, name)
    try:
        container.start()
        yield container
    finally:
        container.stop()
