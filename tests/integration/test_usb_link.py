"""The link to a USB box through a real sshd: it comes back by itself, and its keys are good for nothing else.

The same attempts are made with keys that nothing limits, where each must succeed: so a refusal is one of the limits.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from jobs.upkeep.usb_boxes import box_key
from jobs.upkeep.usb_boxes.box_key import fetch, fetch_all
from jobs.upkeep.usb_boxes.box_side import problems
from jobs.upkeep.usb_boxes.pasted import BoxLine
from jobs.upkeep.usb_boxes.programs import BoxesFailed
from tests.support.daemon import until
from tests.support.ssh_box import (
    NAME,
    SSHD,
    SYSTEMD,
    AdbOfBox,
    SshBox,
    adb_answers,
    free_port,
    running,
    unit_command,
    unit_value,
    why_not,
)
from tests.support.usb_boxes import key

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"a real ssh link: {why_not()}")

GREETING = b"a secret of the box\n"


class Secrets:
    """What else listens on the box: a port and a socket that greet whoever comes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "secret.sock"
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(str(self.path))
        self._unix.listen()
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        for one in (self._unix, self._tcp):
            threading.Thread(target=self._greet, args=(one,), daemon=True).start()

    def _greet(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = listener.accept()
                with link:
                    link.sendall(GREETING)

    def close(self) -> None:
        for one in (self._unix, self._tcp):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[Secrets]:
    made = Secrets(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbOfBox]:
    with AdbOfBox(tmp_path_factory.mktemp("adb")) as server:
        yield server


Attempt = Callable[[SshBox, Secrets, int, str], bool]


def run(
    box: SshBox,
    port: int,
    which: str,
    *words: str,
    typed: bytes = b"",
    environment: dict[str, str] | None = None,
) -> bytes:
    """What the ssh command of the one who has the key prints."""
    command = box.ssh(port, which, *words)
    done = subprocess.run(
        command,
        input=typed,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return done.stdout


def shell(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    return b"in-42" in run(box, port, which, "-T", "127.0.0.1", typed=b"echo in-$((40 + 2))\nexit\n")


def command(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    return b"in-42" in run(box, port, which, "127.0.0.1", "echo in-$((40 + 2))")


def terminal(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    return b"/dev/pts/" in run(box, port, which, "-tt", "127.0.0.1", "tty")


def sftp(box: SshBox, port: int, which: str, *lines: str) -> bool:
    """Whether all these lines succeed."""
    words = box.ssh(port, which, "127.0.0.1")
    at = words.index("-p")
    more = ["-P", words[at + 1], "-o", f"User={words[at + 3]}", "-b", "-", words[-1]]
    typed = "".join(f"{line}\n" for line in lines).encode()
    done = subprocess.run(
        ["sftp", *words[1:at], *more], input=typed, capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0


def write_over_sftp(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    target = box.folder / f"written-{port}"
    sftp(box, port, which, f"put {box.folder / 'host.pub'} {target}")
    return target.exists()


def read_over_sftp(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    return sftp(box, port, which, f"get {box.key_copy / 'adbkey.pub'} {box.folder / f'read-{port}'}")


def another_port(box: SshBox, secrets: Secrets, port: int, which: str) -> bool:
    return run(box, port, which, "-W", f"127.0.0.1:{secrets.port}", "127.0.0.1") == GREETING


def adb_by_another_name(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    """`permitopen` compares texts: a name that leads to the same port is none of its own."""
    said = run(box, port, which, "-W", f"localhost:{box.adb_port}", "127.0.0.1", typed=b"000chost:version")
    return said.startswith(b"OKAY")


def a_socket_file(box: SshBox, secrets: Secrets, port: int, which: str) -> bool:
    here = free_port()
    words = box.ssh(port, which, "-N", "-L", f"127.0.0.1:{here}:{secrets.path}", "127.0.0.1")
    with running(words, box.folder / "attempts.log") as ssh:
        until(lambda: ssh.poll() is not None or _listens(here), 30, "the forward")
        return _greeting(("127.0.0.1", here)) == GREETING


def listen_for_me(box: SshBox, secrets: Secrets, port: int, which: str) -> bool:
    there = free_port()
    words = box.ssh(port, which, "-N", "-R", f"127.0.0.1:{there}:127.0.0.1:{secrets.port}", "127.0.0.1")
    with running(words, box.folder / "attempts.log") as ssh:
        until(lambda: ssh.poll() is not None or _listens(there), 30, "the remote forward")
        return ssh.poll() is None


def listen_on_a_file(box: SshBox, secrets: Secrets, port: int, which: str) -> bool:
    there = box.folder / f"made-{port}.sock"
    words = box.ssh(port, which, "-N", "-R", f"{there}:127.0.0.1:{secrets.port}", "127.0.0.1")
    with running(words, box.folder / "attempts.log") as ssh:
        until(lambda: ssh.poll() is not None or there.exists(), 30, "the remote forward")
        return there.exists()


def take_my_agent_along(box: SshBox, _: Secrets, port: int, which: str) -> bool:
    agent = box.folder / f"agent-{port}.sock"
    with running(["ssh-agent", "-D", "-a", str(agent)], box.folder / "attempts.log"):
        until(agent.exists, 30, "the agent")
        said = run(
            box,
            port,
            which,
            "-A",
            "127.0.0.1",
            "echo agent=$SSH_AUTH_SOCK",
            environment={"SSH_AUTH_SOCK": str(agent)},
        )
        return b"agent=/" in said


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _greeting(where: tuple[str, int]) -> bytes:
    try:
        with socket.create_connection(where, 5) as link:
            return link.recv(100)
    except OSError:
        return b""


ATTEMPTS: tuple[Attempt, ...] = (
    shell, command, terminal, write_over_sftp, read_over_sftp, another_port, adb_by_another_name, a_socket_file,
    listen_for_me, listen_on_a_file, take_my_agent_along,
)  # fmt: skip
#: Enough of them for a key that gets no further than its own purpose.
FEW: tuple[Attempt, ...] = (
    shell,
    write_over_sftp,
    read_over_sftp,
    another_port,
    listen_for_me,
    listen_on_a_file,
)
ALL = {attempt.__name__ for attempt in ATTEMPTS}


def successes(
    box: SshBox, secrets: Secrets, port: int, which: str, attempts: tuple[Attempt, ...] = ATTEMPTS
) -> set[str]:
    """Which of the attempts succeed with this key."""
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda attempt: attempt(box, secrets, port, which), attempts)
        return {attempt.__name__ for attempt, good in zip(attempts, done, strict=True) if good}


def reaches_adb(box: SshBox, port: int, which: str) -> bool:
    adb = f"127.0.0.1:{box.adb_port}"
    return run(box, port, which, "-W", adb, "127.0.0.1", typed=b"000chost:version").startswith(b"OKAY0004")


def test_each_key_is_good_for_one_thing(tmp_path: Path, adb: AdbOfBox, secrets: Secrets) -> None:
    with SshBox(tmp_path / "box", adb) as box:
        assert reaches_adb(box, box.link_port, "link"), box.said()
        assert successes(box, secrets, box.link_port, "link") == set()
        assert not reaches_adb(box, box.key_port, "backup")
        assert successes(box, secrets, box.key_port, "backup", FEW) == {"read_over_sftp"}
        # Neither key opens what is the other's.
        assert not sftp(box, box.key_port, "link", "ls")
        assert not reaches_adb(box, box.link_port, "backup")


def test_without_the_limits_every_attempt_succeeds(tmp_path: Path, adb: AdbOfBox, secrets: Secrets) -> None:
    with SshBox(tmp_path / "box", adb, keys_limit=False, config_limits=False) as box:
        assert successes(box, secrets, box.link_port, "link") == ALL


@pytest.mark.long
def test_the_config_of_sshd_is_enough_and_the_keys_alone_leave_sockets_open(
    tmp_path: Path, adb: AdbOfBox, secrets: Secrets
) -> None:
    """What a key's line cannot forbid: to make a socket file on the box. Its user may write to /tmp alone."""
    for name, keys, config, left in (
        ("config", False, True, set()),
        ("keys", True, False, {"listen_on_a_file"}),
    ):
        with SshBox(tmp_path / name, adb, keys_limit=keys, config_limits=config) as box:
            assert reaches_adb(box, box.link_port, "link"), box.said()
            assert successes(box, secrets, box.link_port, "link") == left
            assert successes(box, secrets, box.key_port, "backup") == {"read_over_sftp"}


def test_the_link_comes_back_after_a_cut_and_from_a_box_that_is_silent(tmp_path: Path, adb: AdbOfBox) -> None:
    assert unit_value("Restart") == "always"
    assert unit_value("StartLimitIntervalSec") == "0"
    with SshBox(tmp_path / "box", adb) as box:
        port = box.box.local_port
        # A silent box is noticed after 15 s; 3 s are enough to see it.
        line = unit_command(box, **{"ServerAliveInterval=5": "ServerAliveInterval=1"})
        ends: list[int] = []

        def up() -> bool:
            return adb_answers(port)

        def cut(how: Callable[[], object]) -> None:
            """The unit's process ends by itself, and nothing is left that would keep the next one from its port."""
            with running(line, tmp_path / "link.log") as link:
                until(up, 30, f"the link: {(tmp_path / 'link.log').read_text()}{box.said()}")
                how()
                until(lambda: link.poll() is not None, 30, "the end of the cut link")
                ends.append(link.returncode)
            assert not up()

        def stop_all() -> None:
            for pid in box.sessions():
                os.kill(pid, signal.SIGSTOP)

        cut(box.kill_sessions)
        cut(stop_all)
        box.kill_sessions()
        with running(line, tmp_path / "link.log"):
            until(up, 30, "the link, as it was before")
        assert ends == [255, 255], "systemd starts it again"


def test_a_box_with_another_host_key_is_not_talked_to(tmp_path: Path, adb: AdbOfBox) -> None:
    with SshBox(tmp_path / "box", adb) as box:
        box.boxes.finish(NAME, BoxLine("127.0.0.1", box.link_port, key(9)), ())
        with running(unit_command(box), tmp_path / "link.log") as link:
            until(lambda: link.poll() is not None, 30, "the refusal")
        assert link.returncode == 255
        assert "Host key verification failed" in (tmp_path / "link.log").read_text()


def test_the_hub_fetches_the_adb_key_and_takes_nothing_else_for_one(
    tmp_path: Path, adb: AdbOfBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_key, "KEY_USER", getpass.getuser())
    with SshBox(tmp_path / "box", adb) as box:
        mine = box.boxes.of(NAME)
        at = msgspec.structs.replace(box.box, ssh_port=box.key_port)
        fetch(box.boxes, at)
        assert (mine / "adbkey").read_bytes() == (adb.keys / "adbkey").read_bytes()
        assert (mine / "adbkey").stat().st_mode & 0o777 == 0o600
        before = (mine / "adbkey").read_bytes()
        for content in (b"Host *\nProxyCommand id\n", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 10_000_000):
            (box.key_copy / "adbkey").write_bytes(content)
            with pytest.raises(BoxesFailed):
                fetch(box.boxes, at)
            assert (mine / "adbkey").read_bytes() == before
    (said,) = fetch_all(box.boxes)
    assert said.endswith("the copy of before is taken")


def test_the_box_sees_whether_its_sshd_takes_the_limits(tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "host"], check=True, timeout=20
    )
    config = tmp_path / "sshd_config"
    others = f"Port 2222\nHostKey {tmp_path / 'host'}\n"
    limits = (SYSTEMD / "tikmatrixd-usb-box.sshd.conf").read_text()

    def said(text: str) -> str:
        config.write_text(text)
        return "\n".join(problems(SSHD, "-f", str(config)))

    assert said(limits + others) == ""
    assert said(limits + others + "AllowTcpForwarding no\n") == "", "a match counts more than what is outside"
    missing = said(others)
    for word in ("permitopen", "maxsessions", "forcecommand", "Include /etc/ssh/sshd_config.d/*.conf"):
        assert word in missing
    before = "Match User tikmatrixd-link\n PermitOpen any\nMatch all\n"
    assert "permitopen any, not 127.0.0.1:5037" in said(before + limits + others)
    assert "leaves tikmatrixd-key out" in said(limits + others + "AllowUsers admin tikmatrixd-link\n")
    with pytest.raises(BoxesFailed, match="has a mistake"):
        said(others + "Nonsense yes\n")
    # Each limit that is installed is asked for by its name: what stands before it counts more.
    for user, options in _options(limits).items():
        loose = "".join(f" {option} {LOOSE[option]}\n" for option in options)
        missing = said(
            f"Match User {user}\n{loose} AuthorizedKeysCommandUser nobody\nMatch all\n{limits}{others}"
        )
        for option in options:
            assert f"for {user} sshd has {option.lower()} " in missing


#: A value of each option with which it limits nothing, or lets others in.
LOOSE = {
    "AuthenticationMethods": "any", "AuthorizedKeysFile": "/tmp/keys", "AuthorizedKeysCommand": "/bin/true",
    "TrustedUserCAKeys": "/tmp/ca.pub", "AllowTcpForwarding": "yes", "PermitOpen": "any", "PermitListen": "any",
    "AllowStreamLocalForwarding": "yes", "AllowAgentForwarding": "yes", "GatewayPorts": "yes", "MaxSessions": "9",
    "PermitTTY": "yes", "PermitTunnel": "yes", "PermitUserRC": "yes", "X11Forwarding": "yes", "ForceCommand": "/bin/sh",
    "ChrootDirectory": "none", "DisableForwarding": "no",
}  # fmt: skip


def _options(limits: str) -> dict[str, list[str]]:
    """The options that the config sets for each user, but for when a hub that is gone is forgotten."""
    found: dict[str, list[str]] = {}
    for line in limits.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "Match":
            options = found.setdefault(rest.removeprefix("User "), [])
        elif word and not word.startswith(("#", "ClientAlive")):
            options.append(word)
    assert found.pop("all") == []
    return found
