"""The phone layer against simulated phones under the real adb server."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.hub.settings import Phones
from jobs.phone.errors import (
    AppMissing,
    AutomationLost,
    CommandFailed,
    DeadlinePassed,
    PhoneError,
    PhoneNotReady,
    PhoneOffline,
    PhoneStorageFull,
    PushFailed,
    StopRequested,
    TapUncertain,
)
from jobs.phone.protocol import Outgoing, PhoneState
from jobs.phone.screen import phone_server
from jobs.phone.session import Session
from tests.support.hub import Blocked, Hub
from tests.support.simulated import Simulated, sample_video

TIKTOK = "com.zhiliaoapp.musically"
REMOTE = "/sdcard/DCIM/Camera/it's a clip.mp4"


@pytest.fixture(scope="module")
def sim(simulated_phones: Callable[[int], Simulated]) -> Simulated:
    return simulated_phones(2)


@pytest.fixture(scope="module")
def module_hub(sim: Simulated) -> Iterator[Hub]:
    hub = Hub(sim.adb_port, Phones())
    yield hub
    hub.fleet.stop()


@pytest.fixture
def hub(module_hub: Hub, sim: Simulated) -> Hub:
    for serial in sim.serials:
        module_hub.wait_state(serial, PhoneState.DEVICE, 30.0)
    sim.reset()
    for link in module_hub.fleet.links.values():
        if link.abort is not None:
            link.abort(None)  # of a test that failed: the others need the phone
        link.automation().server.restarts.clear()
    return module_hub


@pytest.fixture
def serial(sim: Simulated) -> str:
    return sim.serials[0]


@pytest.fixture
def session(hub: Hub, serial: str) -> Iterator[Session]:
    opened = hub.session(serial)
    yield opened
    opened.close()


def test_the_inventory_knows_what_the_phones_are(hub: Hub, sim: Simulated) -> None:
    infos = hub.fleet.inventory()
    assert [info.serial for info in infos] == sorted(sim.serials)
    assert {info.identity for info in infos} == {"SIMPHONE01", "SIMPHONE02"}
    assert all(info.sdk == 34 and info.android == "14" and info.battery_percent for info in infos)
    assert hub.fleet.health() == []


def test_shell_words_survive_the_real_way(session: Session) -> None:
    words = "it's", 'a "b"', "$(reboot)", "; ls", "x\ny", "ä€😀", "*", "~"
    assert session.shell("echo", *words).output == " ".join(words) + "\n"
    assert session.shell("ls", "/nowhere").exit_code != 0


def test_the_shipped_video_arrives_with_the_phone_s_time(session: Session) -> None:
    session.push(sample_video(), REMOTE)
    listed = session.shell("ls", "-A", "/sdcard/DCIM/Camera").output.split("\n")
    assert [name for name in listed if name] == ["it's a clip.mp4"]
    age_s = time.time() - int(session.shell("stat", "-c", "%Y", REMOTE).output)
    assert -2 < age_s < 30
    session.shell("rm", REMOTE)


def batch(folder: Path, count: int) -> list[Outgoing]:
    """Files of their own."""
    made = []
    for number in range(count):
        path = folder / f"{number}.bin"
        path.write_bytes(os.urandom(1000 + number))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        made.append(Outgoing(path, f"it's {number}.bin", path.stat().st_size, digest))
    return made


def test_MED_26_several_files_arrive_together_each_a_second_younger_than_the_one_before(
    session: Session, sim: Simulated, serial: str, tmp_path: Path
) -> None:
    before = len(sim.lines(serial, "events"))
    files = batch(tmp_path, 5)
    printed = session.push_all(files, "/sdcard/Download/batch", after='echo "there: $f"')
    assert printed.splitlines() == [f"there: {file.name}" for file in files]
    events = sim.lines(serial, "events")[before:]
    assert sum(event["what"] in ("shell", "push") for event in events) == 5 + 3
    times = [
        int(session.shell("stat", "-c", "%Y", f"/sdcard/Download/batch/{file.name}").output) for file in files
    ]
    assert times == list(range(times[0], times[0] + 5))
    assert -6 < time.time() - times[-1] < 30
    assert session.shell("ls", "-A", "/sdcard/Download/batch").output.splitlines() == [f.name for f in files]
    session.shell("rm", "-rf", "/sdcard/Download/batch")


def test_a_batch_of_which_a_file_is_damaged_leaves_nothing(
    session: Session, sim: Simulated, serial: str, tmp_path: Path
) -> None:
    files = batch(tmp_path, 3)
    wrong = Outgoing(files[1].local, files[1].name, files[1].size_bytes, "0" * 64)
    with pytest.raises(PushFailed, match="differs"):
        session.push_all([files[0], wrong, files[2]], "/sdcard/Download")
    short = Outgoing(files[1].local, files[1].name, 7, "0" * 64)
    with pytest.raises(PushFailed, match="1001 bytes of 7 arrived"):
        session.push_all([files[0], short], "/sdcard/Download")
    assert not session.shell("ls", "-A", "/sdcard/Download").output
    sim.simctl(serial, "fault", "push-fail", "500")
    with pytest.raises(PushFailed):
        session.push_all(files, "/sdcard/Download")
    assert not session.shell("ls", "-A", "/sdcard/Download").output


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (("push-fail", "100000"), PushFailed),
        (("push-cut", "100000"), PhoneOffline),
        (("storage-full",), PhoneStorageFull),
    ],
)
def test_PPA_5_a_push_that_fails_leaves_nothing_and_can_be_repeated(
    hub: Hub, sim: Simulated, serial: str, fault: tuple[str, ...], kind: type[PhoneError]
) -> None:
    session = hub.session(serial)
    generation = hub.generation(serial)
    sim.simctl(serial, "fault", *fault)
    with pytest.raises(kind):
        session.push(sample_video(), REMOTE)
    session.close()
    if kind is PhoneOffline:
        hub.wait_for(lambda: hub.generation(serial) > generation)
    hub.wait_state(serial, PhoneState.DEVICE, 4.0)
    again = hub.session(serial)
    again.push(sample_video(), REMOTE, sha256=hashlib.sha256(sample_video().read_bytes()).hexdigest())
    assert again.shell("ls", "-A", "/sdcard/DCIM/Camera").output.strip() == "it's a clip.mp4"
    again.shell("rm", REMOTE)
    again.close()


def test_an_app_is_started_seen_and_stopped(session: Session) -> None:
    assert session.app_version(TIKTOK) == "43.1.4"
    session.app_start(TIKTOK)
    assert session.foreground_package() == TIKTOK
    tree = session.observe()
    assert TIKTOK in tree.packages
    session.app_stop(TIKTOK)
    assert session.foreground_package() != TIKTOK


def test_what_is_not_installed_or_not_there_is_said(session: Session) -> None:
    with pytest.raises(AppMissing):
        session.app_version("com.example.missing")
    with pytest.raises(AppMissing):
        session.app_start("com.example.missing")
    with pytest.raises(CommandFailed, match="am start"):
        session.start_intent("-n", "com.example.missing/.Main")


def test_a_picture_is_a_picture_and_a_black_one_is_none(
    session: Session, sim: Simulated, serial: str, hub: Hub
) -> None:
    picture = session.screenshot()
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    for fault in ("black-screenshots", "no-screenshots"):
        sim.simctl(serial, "fault", fault)
        assert session.screenshot() is None
    assert hub.fleet.cached_screenshot(serial) == picture  # a task runs: the kept one


def test_U2_15_pictures_never_disturb_a_task_and_never_keep_one_out(
    hub: Hub, sim: Simulated, serial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.fleet.cached_screenshot(serial)
    sim.simctl(serial, "fault", "shell-hangs")
    monkeypatch.setattr("jobs.phone.inventory.fleet.PICTURE_FRESH_S", -1.0)
    call = Blocked(lambda: hub.fleet.cached_screenshot(serial))
    threading.Event().wait(0.3)
    session = hub.fleet.open(serial)  # at once, although a picture is being taken
    call.join(1.0)
    assert session.shell("echo", "x").output == "x\n"
    session.close()


def test_a_sleeping_phone_is_woken_and_a_locked_one_is_a_person_s_matter(
    session: Session, sim: Simulated, serial: str
) -> None:
    sim.simctl(serial, "set", "screen", "off")
    session.wake()
    sim.simctl(serial, "set", "call", "2")
    with pytest.raises(PhoneNotReady, match="call"):
        session.wake()
    sim.simctl(serial, "set", "call", "0")
    sim.simctl(serial, "set", "battery", "7")
    with pytest.raises(PhoneNotReady, match="battery"):
        session.wake()
    sim.simctl(serial, "set", "battery", "87")
    sim.simctl(serial, "set", "locked", "true")
    session.wake()
    sim.simctl(serial, "set", "pin", "true")
    sim.simctl(serial, "set", "locked", "true")
    with pytest.raises(PhoneNotReady, match="locked"):
        session.wake()
    sim.simctl(serial, "set", "pin", "false")


@pytest.mark.parametrize("fault", ["automation-dies", "http-500", "no-reply", "bad-json", "truncated-body"])
def test_U2_2_a_look_survives_a_failing_automation_server(
    session: Session, sim: Simulated, serial: str, fault: str
) -> None:
    session.observe()
    sim.simctl(serial, "fault", fault, "dumpWindowHierarchy")
    assert session.observe().nodes


def test_U2_2_a_look_survives_a_hanging_automation_server(
    session: Session, sim: Simulated, serial: str
) -> None:
    session.observe()
    sim.simctl(serial, "fault", "automation-hangs", "dumpWindowHierarchy")
    began = time.monotonic()
    assert session.observe(timeout_s=3.0).nodes
    assert time.monotonic() - began < 4.0


def test_U2_11_what_xml_forbids_hides_no_screen(session: Session, sim: Simulated, serial: str) -> None:
    session.app_start(TIKTOK)
    sim.simctl(serial, "fault", "control-chars")
    assert len(session.observe().nodes) > 10


@pytest.mark.parametrize("fault", [("dump-fails",), ("dump-fails", "empty"), ("one-node-tree",)])
def test_U2_7_a_server_that_answers_but_sees_nothing_is_replaced(
    session: Session, sim: Simulated, serial: str, fault: tuple[str, ...]
) -> None:
    session.observe()
    sim.simctl(serial, "fault", *fault)
    assert session.observe(timeout_s=20.0).nodes


def test_U2_6_automation_held_by_another_program_is_freed_or_named(
    hub: Hub, sim: Simulated, serial: str
) -> None:
    session = hub.session(serial)
    session.observe()
    session.automation.forget()  # type: ignore[union-attr]
    sim.simctl(serial, "fault", "kill-automation")
    sim.simctl(serial, "fault", "automation-taken")
    assert session.observe().nodes
    session.close()


@pytest.mark.parametrize("fault", ["http-500", "no-reply", "bad-json", "truncated-body"])
def test_U2_3_the_publishing_tap_happens_once_whatever_is_answered(
    session: Session, sim: Simulated, serial: str, fault: str
) -> None:
    session.observe()
    sim.simctl(serial, "fault", fault, "click")
    with pytest.raises(TapUncertain):
        session.tap_once(540, 1200)
    assert len(sim.lines(serial, "taps")) == 1


def test_a_plain_tap_that_failed_after_it_was_sent_is_not_repeated(
    session: Session, sim: Simulated, serial: str
) -> None:
    session.observe()
    sim.simctl(serial, "fault", "http-500", "click")
    with pytest.raises(AutomationLost):
        session.tap(540, 1200)
    assert len(sim.lines(serial, "taps")) == 1


@pytest.mark.parametrize("what", ["push", "shell", "observe", "tap", "screenshot"])
def test_closing_a_session_ends_any_call_at_once(
    hub: Hub, sim: Simulated, serial: str, what: str, tmp_path: Path
) -> None:
    session = hub.session(serial)
    session.observe()
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(1_000_000))
    faults = {
        "push": ("push-silent",),
        "shell": ("shell-hangs",),
        "observe": ("automation-hangs", "dumpWindowHierarchy"),
        "tap": ("automation-hangs", "click"),
        "screenshot": ("shell-hangs",),
    }
    calls: dict[str, Callable[[], object]] = {
        "push": lambda: session.push(big, "/sdcard/Download/big.bin"),
        "shell": lambda: session.shell("echo", "x", timeout_s=60),
        "observe": lambda: session.observe(timeout_s=60),
        "tap": lambda: session.tap(1, 1),
        "screenshot": lambda: session.screenshot(timeout_s=60),
    }
    sim.simctl(serial, "fault", *faults[what])
    call = Blocked(calls[what])
    threading.Event().wait(0.5)
    assert call.ended_at == 0.0
    began = time.monotonic()
    session.close()
    call.join()
    assert call.ended_at - began < 0.5
    assert isinstance(call.error, StopRequested)
    hub.session(serial).close()


def test_ADB_11_a_pulled_cable_ends_the_session_and_the_phone_comes_back(
    hub: Hub, sim: Simulated, serial: str
) -> None:
    session = hub.session(serial)
    session.observe()
    generation = hub.generation(serial)
    sim.simctl(serial, "fault", "link-cut")
    hub.wait_for(lambda: session.grip.broken)
    with pytest.raises(PhoneError):
        session.shell("echo", "x")
    session.close()
    hub.wait_for(lambda: hub.generation(serial) > generation)
    hub.wait_state(serial, PhoneState.DEVICE, 4.0)
    again = hub.session(serial)
    assert again.observe().nodes
    again.close()


def test_a_phone_off_the_bus_is_missed_and_seen_again_within_three_seconds(
    hub: Hub, sim: Simulated, serial: str
) -> None:
    began = time.monotonic()
    sim.simctl(serial, "fault", "offline", "2")
    hub.wait_for(lambda: hub.state(serial) is not PhoneState.DEVICE, 3.0)
    hub.wait_state(serial, PhoneState.DEVICE, 10.0)
    assert time.monotonic() - began < 2.0 + 3.0


def test_a_phone_that_answers_in_pieces_works_like_any_other(hub: Hub, sim: Simulated, serial: str) -> None:
    sim.simctl(serial, "fault", "slices", "20")
    session = hub.session(serial)
    session.push(sample_video(), REMOTE)
    session.app_start(TIKTOK)
    assert session.observe(timeout_s=60).nodes
    assert session.screenshot(timeout_s=60)
    session.shell("rm", REMOTE)
    session.close()


def test_ADB_14_a_phone_that_restarts_is_used_again_once_it_is_up(
    hub: Hub, sim: Simulated, serial: str
) -> None:
    session = hub.session(serial)
    generation = hub.generation(serial)
    sim.simctl(serial, "fault", "reboot", "2")
    hub.wait_for(lambda: hub.generation(serial) > generation)
    with pytest.raises(PhoneOffline):
        session.shell("echo", "x")
    session.close()
    hub.wait_state(serial, PhoneState.DEVICE, 20.0)
    again = hub.session(serial)
    again.wake()
    assert again.observe().nodes
    again.close()


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_ADB_17_a_storm_of_faults_leaves_only_typed_errors_and_no_descriptor(
    hub: Hub, sim: Simulated, serial: str, tmp_path: Path
) -> None:
    rng = random.Random(11)
    small = tmp_path / "small.bin"
    small.write_bytes(os.urandom(300_000))
    faults = [
        ("automation-dies",), ("http-500",), ("no-reply",), ("bad-json",), ("truncated-body",), ("one-node-tree",),
        ("push-fail", "1000"), ("push-cut", "1000"), ("storage-full",), ("link-cut",), ("kill-automation",),
        ("control-chars",), ("no-screenshots",), ("dump-fails",),
    ]  # fmt: skip
    outcomes: Counter[str] = Counter()

    def once() -> None:
        hub.wait_state(serial, PhoneState.DEVICE, 20.0)
        hub.fleet.link(serial).automation().server.restarts.clear()
        session = hub.session(serial)
        actions: list[Callable[[], object]] = [
            session.observe,
            lambda: session.tap(5, 5),
            lambda: session.shell("echo", "x"),
            lambda: session.push(small, "/sdcard/Download/small.bin"),
            session.screenshot,
            lambda: session.app_start(TIKTOK),
            session.foreground_package,
            lambda: session.press("home"),
        ]
        try:
            for action in rng.sample(actions, 5):
                action()
            outcomes["well"] += 1
        except PhoneError as error:
            outcomes[type(error).__name__] += 1
        finally:
            session.close()

    once()
    before = _descriptors()
    for _ in range(60):
        hub.wait_state(serial, PhoneState.DEVICE, 20.0)
        with contextlib.suppress(subprocess.CalledProcessError):
            sim.simctl(serial, "fault", *rng.choice(faults))
        once()
    assert _descriptors() <= before + 3
    assert outcomes["well"] >= 15
    assert len(outcomes) >= 4


def test_an_unauthorized_phone_says_what_to_do(hub: Hub, sim: Simulated, serial: str) -> None:
    sim.simctl(serial, "fault", "unauthorized", "2")
    hub.wait_state(serial, PhoneState.UNAUTHORIZED, 10.0)
    info = hub.fleet.info(serial)
    assert info is not None
    assert "confirm" in info.detail
    hub.wait_state(serial, PhoneState.DEVICE, 4.0)


def test_U2_5_typing_leaves_the_input_method_alone(hub: Hub, sim: Simulated, serial: str) -> None:
    session = hub.session(serial)
    before = session.shell("settings", "get", "secure", "default_input_method").output
    session.app_start(TIKTOK)
    session.observe()
    with pytest.raises((CommandFailed, DeadlinePassed)):
        session.enter_text(540, 1200, "x", timeout_s=1.0)
    assert session.shell("settings", "get", "secure", "default_input_method").output == before
    assert phone_server.RESTARTS_MAX == 3
    session.close()


def test_CLI_13_a_phone_is_connected_by_its_IPv6_address(
    simulated_phones: Callable[[int], Simulated],
) -> None:
    """Through a relay on [::1], since simulated phones listen on IPv4 alone; the adb server is the real one."""
    sim = simulated_phones(1)
    host, _, port = sim.serials[0].rpartition(":")
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    relay = Relay(listener, (host, int(port)))
    address = f"[::1]:{listener.getsockname()[1]}"
    hub = Hub(sim.adb_port, Phones(connect=(address,)))
    try:
        hub.wait_for(lambda: hub.info(address).state is not PhoneState.ABSENT, 20.0)
        assert hub.info(address).state in {PhoneState.DEVICE, PhoneState.OFFLINE, PhoneState.DUPLICATE}
        hub.wait_for(lambda: bool(hub.info(address).identity), 20.0)
        assert hub.info(address).identity == hub.info(sim.serials[0]).identity
    finally:
        hub.fleet.stop()
        sim.adb("disconnect", address)
        relay.close()


class Relay:
    """Passes every connection on."""

    def __init__(self, listener: socket.socket, target: tuple[str, int]) -> None:
        self._listener, self._target = listener, target
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
