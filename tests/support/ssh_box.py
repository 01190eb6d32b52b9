"""A USB box on loopback: a real sshd with the limits that the installer puts in place, before a real adb server."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from jobs.hub.settings import Adb
from jobs.phone.adb.server import binary
from jobs.phone.adb.version import adb_version
from jobs.upkeep.usb_boxes.box_side import LINK_KEYS, authorized_keys, box_line
from jobs.upkeep.usb_boxes.folder import Boxes, UsbBox
from tests.support.daemon import until, wait_until

ROOT = Path(__file__).resolve().parents[2]
SYSTEMD = ROOT / "systemd"
SSHD = "/usr/sbin/sshd"
NAME = "shelf-b"
ADB = "127.0.0.1:5037"


def why_not() -> str:
    """Why this machine cannot run an ssh server; "" when it can."""
    missing = [tool for tool in (SSHD, "ssh", "ssh-keygen", "sftp", "prlimit") if not shutil.which(tool)]
    return f"needs {', '.join(missing)} (apt-get install openssh-server openssh-client)" if missing else ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


class AdbOfBox:
    """A real adb server, with a key of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._stack = contextlib.ExitStack()

    @property
    def keys(self) -> Path:
        """Where its key lies."""
        return self._folder / ".android"

    def __enter__(self) -> Self:
        environment = {
            "HOME": str(self._folder),
            "ADB_MDNS": "0",
            "ADB_MDNS_AUTO_CONNECT": "0",
            "PATH": os.environ["PATH"],
        }
        command = [str(binary(Adb())), "-P", str(self.port), "server", "nodaemon"]
        self._stack.enter_context(running(command, self._folder / "adb.log", environment))
        until(lambda: adb_answers(self.port), 30, "the adb server")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class SshBox:
    """The box, and what its hub keeps of it.

    Attributes:
        boxes: The hub's folder of boxes; the box is in it, complete.
        box: The box as the hub knows it.
        adb_port: Where the box's adb server listens.
        link_port: Where sshd takes the link's user.
        key_port: Where sshd takes the user that may read the adb key.
        key_copy: What that user may read.
    """

    def __init__(
        self, folder: Path, adb: AdbOfBox, *, keys_limit: bool = True, config_limits: bool = True
    ) -> None:
        """Start nothing yet; each of the two limits may be left out."""
        self.folder = folder
        self.adb_port, self.link_port, self.key_port = adb.port, free_port(), free_port()
        self.keys_dir, self.key_copy = folder / "usb-box", folder / "key"
        self._stack = contextlib.ExitStack()
        folder.mkdir(parents=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host"],
            check=True, capture_output=True, timeout=20,
        )  # fmt: skip
        self.boxes = Boxes(folder / "usb-boxes")
        line = self.boxes.begin(NAME)
        self.keys_dir.mkdir()
        for name, text in authorized_keys(line).items():
            limited = text.replace(ADB, f"127.0.0.1:{self.adb_port}")
            assert (limited != text) is (name == LINK_KEYS)
            plain = " ".join(text.split(" ")[-3:])
            (self.keys_dir / name).write_text(limited if keys_limit else plain)
        self.key_copy.mkdir()
        for name in ("adbkey", "adbkey.pub"):
            shutil.copy(adb.keys / name, self.key_copy / name)
        said = box_line("127.0.0.1", self.link_port, folder / "host.pub")
        self.box: UsbBox = self.boxes.finish(NAME, said, (), free_port())
        self.config = folder / "sshd_config"
        self.config.write_text(self._config(limits=config_limits))

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where the service would make it
        command = [SSHD, "-D", "-e", "-f", str(self.config)]
        self.sshd = self._stack.enter_context(running(command, self.folder / "sshd.log"))
        try:
            until(lambda: "\n" in self.said() and self.said().count("Server listening") == 2, 30, "sshd")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def said(self) -> str:
        """What sshd wrote."""
        return (self.folder / "sshd.log").read_text(errors="replace")

    def sessions(self) -> list[int]:
        """The processes of sshd that serve a connection."""
        pid = self.sshd.pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_sessions(self) -> None:
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ssh(self, port: int, key: str, *words: str) -> list[str]:
        """An ssh command line of somebody who has this key and tries more with it."""
        mine = self.boxes.of(NAME)
        return [
            "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "IdentitiesOnly=yes",
            "-o", "ExitOnForwardFailure=yes", "-o", f"HostKeyAlias={NAME}", "-o", f"UserKnownHostsFile={mine / 'known_hosts'}",
            "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR", "-i", str(mine / key), "-p", str(port),
            "-l", getpass.getuser(), *words,
        ]  # fmt: skip

    def _config(self, *, limits: bool) -> str:
        shipped = (SYSTEMD / "tikmatrixd-usb-box.sshd.conf").read_text()
        changes = {
            "Match User tikmatrixd-link": f"Match LocalPort {self.link_port}",
            "Match User tikmatrixd-key": f"Match LocalPort {self.key_port}",
            "/etc/tikmatrixd/usb-box": str(self.keys_dir),
            f"PermitOpen {ADB}": f"PermitOpen 127.0.0.1:{self.adb_port}",
            # Below /tmp, which everybody may write to, sshd changes no root; the long test has the real thing.
            "    ChrootDirectory /var/lib/tikmatrixd-key\n": "",
            "internal-sftp -R": f"internal-sftp -R -d {self.key_copy}",
        }
        for old, new in changes.items():
            assert old in shipped, f"the shipped config has no {old!r} any more"
            shipped = shipped.replace(old, new)
        if not limits:
            kept = ("Match", "AuthorizedKeysFile")
            shipped = "\n".join(line for line in shipped.splitlines() if line.strip().startswith(kept)) + "\n"
        return (
            f"Port {self.link_port}\nPort {self.key_port}\nListenAddress 127.0.0.1\nHostKey {self.folder / 'host'}\n"
            f"PidFile none\nUsePAM {'yes' if os.geteuid() == 0 else 'no'}\nStrictModes no\nLogLevel VERBOSE\n"
            f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n{shipped}"
        )


def unit_command(box: SshBox, **other: str) -> list[str]:
    """The command line of the link's unit, as systemd would run it for this box; `other` replaces parts of its text."""
    unit = (SYSTEMD / "tikmatrixd-usb-link@.service").read_text().replace("\\\n", " ")
    (line,) = [one for one in unit.splitlines() if one.startswith("ExecStart=")]
    folder = box.boxes.of(NAME)
    variables = dict(one.split("=", 1) for one in (folder / "link.env").read_text().splitlines())
    changes = {
        "/etc/tikmatrixd/usb-boxes/%i": str(folder),
        "%i": NAME,
        f":{ADB}": f":127.0.0.1:{box.adb_port}",
        "-l tikmatrixd-link": f"-l {getpass.getuser()}",
        "${CREDENTIALS_DIRECTORY}/key": str(folder / "link"),
        **{f"${{{name}}}": value for name, value in variables.items()},
        **other,
    }
    for old, new in changes.items():
        assert old in line, f"the unit has no {old!r} any more"
        line = line.replace(old, new)
    return shlex.split(line.removeprefix("ExecStart="))


def unit_value(key: str) -> str:
    """A single value of the link's unit."""
    lines = (SYSTEMD / "tikmatrixd-usb-link@.service").read_text().splitlines()
    (value,) = [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]
    return value


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, ended at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment
        )
        try:
            yield process
        finally:
            _end(process)


def adb_answers(port: int) -> bool:
    """Whether an adb server answers there, in time."""
    try:
        return adb_version("127.0.0.1", port) > 0
    except (OSError, ValueError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        if not wait_until(lambda: process.poll() is not None, 5):
            process.kill()
        process.wait(5)
