"""How a simulator starts, ends, restarts, and keeps its phones connected through faults of the link."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import adbutils
import pytest

from jobs.hub.settings import Settings
from simulator.adb.server import locked_adb
from simulator.child import SimulatorChild
from tests.support.daemon import wait_until

ROOT = Path(__file__).parents[2]


def states(port: int) -> dict[str, str]:
    """What the adb server lists; by hand, since adbutils starts a server of its own where none answers (ADB-3)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            sock.sendall(b"000chost:devices")
            answer = b""
            while data := sock.recv(4096):
                answer += data
    except OSError:
        return {}
    lines = answer.decode()[8:].splitlines()
    return {name: state for name, _, state in (line.partition("\t") for line in lines)}


def adb_servers_of(state_dir: Path) -> list[int]:
    """Processes whose home is this simulator's."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if (
                folder.name.isdigit()
                and f"HOME={state_dir / 'adb'}".encode() in (folder / "environ").read_bytes()
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def child(state_dir: Path) -> Iterator[SimulatorChild]:
    running = SimulatorChild(2, state_dir)
    yield running
    running.stop()


def shell(child: SimulatorChild, words: str, number: int = 0, timeout_s: float = 5.0) -> str:
    """A shell command by the adb command line; "TIMEOUT" when it does not end."""
    try:
        done = subprocess.run(
            [locked_adb(), "-P", str(child.ready["adb_port"]), "-s", child.ready["serials"][number], "shell", words],
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "TIMEOUT"
    return done.stdout + done.stderr


def test_the_written_config_is_a_config_of_the_daemon(child: SimulatorChild) -> None:
    import msgspec

    raw = tomllib.loads(child.config_path.read_text())
    settings = msgspec.convert(raw, Settings)
    assert settings.adb.port == child.ready["adb_port"]
    assert settings.adb.start_server is False
    assert [a.serial for a in settings.accounts] == [a["serial"] for a in child.ready["accounts"]]
    assert (Path(settings.media.roots[0]) / "sample.mp4").stat().st_size > 1000
    assert settings.server.listen.startswith("127.0.0.1:")


def test_a_restart_brings_the_same_phones_with_the_same_files(state_dir: Path) -> None:
    first = SimulatorChild(2, state_dir)
    shell(first, "echo kept > /sdcard/kept.txt; settings put secure kept yes")
    config = first.config_path.read_text()
    ready = {k: v for k, v in first.ready.items() if k != "pid"}
    first.process.kill()
    first.process.wait()
    assert wait_until(lambda: not adb_servers_of(state_dir)), "the adb server outlived a killed simulator"
    first.stop()
    second = SimulatorChild(2, state_dir)
    try:
        assert {k: v for k, v in second.ready.items() if k != "pid"} == ready
        assert second.config_path.read_text() == config
        assert shell(second, "cat /sdcard/kept.txt; settings get secure kept") == "kept\nyes\n"
    finally:
        second.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(state_dir: Path, number: signal.Signals) -> None:
    child = SimulatorChild(1, state_dir)
    assert len(adb_servers_of(state_dir)) == 1
    child.process.send_signal(number)
    assert child.process.wait(10) == 0
    assert adb_servers_of(state_dir) == []
    child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is a signal only on Linux")
def test_a_simulator_ends_with_its_parent(state_dir: Path) -> None:
    state_dir.mkdir()
    script = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'simulator', '--phones', '1', '--state', {str(state_dir)!r},"
        f" '--die-with-parent'], stdout=subprocess.PIPE, cwd={str(ROOT)!r})\n"
        "print(p.pid, p.stdout.readline(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[0])
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not Path(f"/proc/{pid}").exists() and not adb_servers_of(state_dir))


def test_a_taken_port_is_said_and_leaves_nothing_behind(child: SimulatorChild, tmp_path: Path) -> None:
    port = child.ready["serials"][0].rpartition(":")[2]
    other = subprocess.run(
        [sys.executable, "-m", "simulator", "--phones", "1", "--port", port, "--state", str(tmp_path / "other")],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert other.returncode == 1
    assert "address already in use" in other.stderr
    assert adb_servers_of(tmp_path / "other") == []


def test_a_hundred_phones_are_up_within_seconds(state_dir: Path) -> None:
    child = SimulatorChild(100, state_dir)
    try:
        found = states(child.ready["adb_port"])
        assert len(found) == 100
        assert set(found.values()) == {"device"}
        assert shell(child, "getprop ro.serialno", 99) == "SIMPHONE100\n"
    finally:
        child.stop()


def test_ADB_11_a_pulled_cable_is_put_back(child: SimulatorChild) -> None:
    port, serial = child.ready["adb_port"], child.ready["serials"][0]
    client = adbutils.AdbClient(port=port)

    def links() -> dict[str, int]:
        return {e.serial: e.transport_id for e in client.list(extended=True) if e.state == "device"}

    for pull in (
        lambda: shell(child, "simctl fault link-cut"),
        lambda: shell(child, "simctl fault offline 0.5"),
        lambda: client.disconnect(serial),
    ):
        before = links()
        pull()
        assert wait_until(lambda before=before: links().get(serial, 0) > before[serial])  # type: ignore[misc]
        assert shell(child, "echo back") == "back\n"
    assert states(port)[child.ready["serials"][1]] == "device"


def test_ADB_1_a_killed_adb_server_comes_back_on_its_port(child: SimulatorChild, state_dir: Path) -> None:
    (server,) = adb_servers_of(state_dir)
    os.kill(server, signal.SIGKILL)
    port = child.ready["adb_port"]
    assert wait_until(lambda: server not in adb_servers_of(state_dir))
    assert wait_until(lambda: set(states(port).values()) == {"device"} and len(states(port)) == 2)


def test_ADB_7_an_unauthorized_phone_waits_for_its_owner(child: SimulatorChild) -> None:
    port, serial = child.ready["adb_port"], child.ready["serials"][0]
    shell(child, "simctl fault unauthorized 1.5")
    assert wait_until(lambda: states(port).get(serial) == "unauthorized", 3)
    assert wait_until(lambda: states(port).get(serial) == "device")


def test_ADB_12_a_ghost_is_listed_and_answers_nothing(child: SimulatorChild) -> None:
    port, serial = child.ready["adb_port"], child.ready["serials"][0]
    shell(child, "simctl fault ghost 2")
    assert wait_until(lambda: shell(child, "echo hi", timeout_s=0.5) == "TIMEOUT", 3)
    assert states(port)[serial] == "device"
    assert shell(child, "echo hi", 1) == "hi\n"
    assert wait_until(lambda: shell(child, "echo hi") == "hi\n")


def test_ADB_14_a_reboot_ends_apps_and_locks_the_screen(child: SimulatorChild) -> None:
    port, serial = child.ready["adb_port"], child.ready["serials"][0]
    shell(child, "monkey -p com.instagram.android 1; simctl fault reboot 0.5")
    assert wait_until(lambda: states(port).get(serial) != "device", 3)
    assert wait_until(lambda: shell(child, "getprop sys.boot_completed") == "1\n")
    assert json.loads(shell(child, "simctl screen"))["screen"] == "keyguard"
    assert shell(child, "pidof com.instagram.android") == ""
    assert states(port)[child.ready["serials"][1]] == "device"


def test_answers_in_small_pieces_are_whole_in_the_end(child: SimulatorChild) -> None:
    whole = shell(child, "getprop")
    shell(child, "simctl fault slices 20")
    assert shell(child, "getprop") == whole


def test_a_silent_or_hanging_shell_answers_the_next_time(child: SimulatorChild) -> None:
    for words in ("simctl fault shell-hangs", "simctl fault silent shell"):
        shell(child, words)
        assert shell(child, "echo hi", timeout_s=0.7) == "TIMEOUT", words
        assert shell(child, "echo hi") == "hi\n"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("push-fail 100000", "I/O error"),
        ("storage-full", "No space left on device"),
        ("push-cut 100000", ""),
    ],
)
def test_PPA_5_a_push_that_breaks_leaves_no_file(child: SimulatorChild, fault: str, reason: str) -> None:
    shell(child, "simctl fault " + fault)
    done = subprocess.run(
        [locked_adb(), "-P", str(child.ready["adb_port"]), "-s", child.ready["serials"][0],
         "push", str(ROOT / "simulator/media/sample.mp4"), "/sdcard/x.mp4"],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert reason in done.stderr
    assert wait_until(lambda: shell(child, "echo hi") == "hi\n")
    assert "No such file" in shell(child, "ls /sdcard/x.mp4")


def test_an_unacknowledged_push_is_complete_on_the_phone(child: SimulatorChild) -> None:
    shell(child, "simctl fault push-silent")
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [locked_adb(), "-P", str(child.ready["adb_port"]), "-s", child.ready["serials"][0],
             "push", str(ROOT / "simulator/media/sample.mp4"), "/sdcard/x.mp4"],
            capture_output=True, timeout=1.5, check=False,
        )  # fmt: skip
    assert shell(child, "stat -c %s /sdcard/x.mp4").strip() == str(
        (ROOT / "simulator/media/sample.mp4").stat().st_size
    )
