"""Several adb servers under one fleet: what strikes one of them strikes its phones and no others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from jobs.hub.settings import AdbServerEntry, Phones
from jobs.phone.adb import server as adb_server
from jobs.phone.errors import AdbDown, PhoneOffline
from jobs.phone.inventory import asking, tracker
from jobs.phone.protocol import PhoneInfo, PhoneState, ServerInfo
from tests.support.daemon import until
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle
from tests.support.fake_u2 import FakeU2
from tests.support.hub import Blocked, Hub

S = PhoneState


def usb(serial: str, port: str = "1-1", **facts: str) -> FakePhone:
    phone = FakePhone(serial, usb=port, props={f"ro.{key}": value for key, value in facts.items()})
    phone.u2 = FakeU2()
    return phone


def wifi(serial: str, **facts: str) -> FakePhone:
    return usb(serial, "", **facts)


class Farm:
    """The adb server of the box, and those of the boxes "b" and "c", with four phones each."""

    def __init__(self, stack: ExitStack) -> None:
        self.local, self.b, self.c = (
            stack.enter_context(FakeAdb(*(usb(f"{name}{n}", f"1-{n}") for n in range(4)))) for name in "ABC"
        )
        self.hub = Hub(
            self.local.port,
            Phones(),
            further=[
                AdbServerEntry(name="b", port=self.b.port, max_concurrent_pushes=1),
                AdbServerEntry(name="c", port=self.c.port),
            ],
        )
        stack.callback(self.hub.fleet.stop)
        self.fleet = self.hub.fleet
        for name in "ABC":
            for n in range(4):
                self.hub.wait_state(f"{name}{n}", S.DEVICE)

    def server(self, name: str) -> ServerInfo:
        return next(server for server in self.fleet.servers() if server.name == name)

    def states(self, name: str) -> set[PhoneState]:
        return {info.state for info in self.fleet.inventory() if info.adb_server == name}

    def way(self, serial: str) -> tuple[PhoneState, str]:
        info = self.fleet.info(serial)
        return (S.ABSENT, "") if info is None else (info.state, info.adb_server)

    def wait_way(self, serial: str, state: PhoneState, server: str) -> None:
        self.hub.wait_for(lambda: self.way(serial) == (state, server))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs is found out in less than a second."""
    monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 2.0)
    monkeypatch.setattr(adb_server, "FAR_PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(tracker, "PROBE_EVERY_S", 0.1)
    monkeypatch.setattr(tracker, "PROBE_AGAIN_S", 0.05)
    monkeypatch.setattr(tracker, "BACKOFF_MIN_S", 0.05)
    monkeypatch.setattr(tracker, "BACKOFF_MAX_S", 0.05)


@pytest.fixture
def farm(quick: None) -> Iterator[Farm]:
    with ExitStack() as stack:
        yield Farm(stack)


def test_phones_of_all_servers_are_one_inventory_each_with_its_servers_name(farm: Farm) -> None:
    assert farm.fleet.wait_synced(5.0)
    names = {info.serial: info.adb_server for info in farm.fleet.inventory()}
    assert [names[serial] for serial in ("A0", "B3", "C1")] == ["local", "b", "c"]
    assert [(server.name, server.up, server.phones, server.usable) for server in farm.fleet.servers()] == [
        ("local", True, 4, 4),
        ("b", True, 4, 4),
        ("c", True, 4, 4),
    ]
    assert farm.server("b").address == f"127.0.0.1:{farm.b.port}"
    assert farm.fleet.health() == []


def test_everything_that_is_done_with_a_phone_goes_through_its_own_server(farm: Farm) -> None:
    session = farm.fleet.open("B2")
    session.shell("echo", "x")
    session.observe()
    session.close()
    assert "echo x" in farm.b.phone("B2").commands
    assert farm.b.requests["B2 tcp"]
    for other in (farm.local, farm.c):
        assert not [request for request in other.requests if "B2" in request]


def hang(server: FakeAdb) -> None:
    server.mangle("", Mangle(silent=True))


def die(server: FakeAdb) -> None:
    server.down()


@pytest.mark.parametrize("strike", [die, hang])
def test_ADB_1_and_ADB_5_a_server_of_several_that_is_lost_is_one_loss_and_its_phones_alone_are_away(
    farm: Farm, strike: Callable[[FakeAdb], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    caplog.clear()
    theirs = farm.fleet.open("A1")
    farm.hub.events.clear()
    strike(farm.b)
    farm.hub.wait_for(lambda: farm.states("b") == {S.ADB_DOWN})
    assert farm.states("local") == farm.states("c") == {S.DEVICE}
    assert {serial[0] for serial, _ in farm.hub.events} == {"B"}
    assert farm.fleet.adb_problem == ""
    assert farm.hub.info("B0").detail.startswith("adb server b is not reachable: ")
    (reason,) = farm.fleet.health()
    assert reason.startswith("adb server b is not reachable: 4 phones (")
    assert farm.fleet.losses() == []
    said = [r.message for r in caplog.records if r.levelname == "WARNING" and "not reachable" in r.message]
    assert len(said) == 1
    assert said[0].endswith("(4 phones)")
    assert not [r.message for r in caplog.records if r.message.startswith("B")]
    with pytest.raises(AdbDown, match="adb server b"):
        farm.fleet.open("B0")
    assert theirs.shell("echo", "still").output == "still\n"
    farm.b.mangles.clear()
    if strike is die:
        farm.b.up()
    farm.hub.wait_for(lambda: farm.states("b") == {S.DEVICE})
    assert farm.server("b").up
    assert farm.fleet.health() == []


def test_a_session_of_a_server_that_is_lost_ends_with_that_reason(farm: Farm) -> None:
    phone = farm.b.phone("B0")
    phone.handlers["sleep"] = lambda *_: None
    session = farm.fleet.open("B0")
    call = Blocked(lambda: session.shell("sleep", "9", timeout_s=60))
    assert farm.b.wait_until(lambda: any(line.startswith("sleep") for line in phone.commands))
    hang(farm.b)
    call.join()
    assert isinstance(call.error, AdbDown)
    assert "adb server b is not reachable" in str(call.error)


def test_a_server_that_hangs_keeps_no_other_servers_phones_from_being_found(farm: Farm) -> None:
    # All threads that ask phones of "b" are busy, and so are all that would mend them.
    answer = threading.Event()
    for number in range(tracker.CARE_THREADS * 2):
        ghost = usb(f"GHOST{number}", f"2-{number}")
        ghost.handlers["getprop"] = lambda *_: (int(answer.wait(30.0)), b"")
        farm.b.phones.append(ghost)
    farm.b.announce()
    farm.hub.wait_for(lambda: len(farm.fleet.inventory()) > 12 + tracker.CARE_THREADS)
    began = time.monotonic()
    try:
        farm.c.add(usb("LATER", "1-9"))
        farm.hub.wait_state("LATER", S.DEVICE, 3.0)
        assert time.monotonic() - began < asking.TIMEOUT_S
    finally:
        answer.set()


def test_files_for_one_servers_phones_never_wait_for_anothers(farm: Farm) -> None:
    gates = {
        name: farm.fleet.open(serial).route.gate
        for name, serial in (("b", "B0"), ("c", "C0"), ("local", "A0"))
    }
    assert (gates["b"].places, gates["c"].places) == (1, 4)
    session = farm.fleet.open("B1")
    assert session.route.gate is gates["b"]  # shared by the phones of one server
    assert len({id(gate) for gate in gates.values()}) == 3
    with gates["b"].place(session.grip, session.grip.deadline(5.0)):
        assert farm.server("b").pushes == 1
        assert farm.server("c").pushes == 0


def test_a_phone_that_moves_to_another_box_is_used_there_at_once(farm: Farm) -> None:
    session = farm.fleet.open("A1")
    session.observe()
    phone = farm.local.phone("A1")
    farm.local.drop("A1")
    farm.hub.wait_state("A1", S.ABSENT)
    with pytest.raises(PhoneOffline):
        session.shell("echo", "x")
    session.close()
    farm.c.add(phone)
    farm.wait_way("A1", S.DEVICE, "c")
    moved = farm.fleet.open("A1")
    asked = farm.local.connections
    moved.shell("echo", "moved")
    moved.observe()
    assert "echo moved" in phone.commands
    assert farm.c.requests["A1 tcp"]  # the automation server, too
    assert not [request for request in farm.local.requests if request == "A1 moved"]
    assert farm.local.connections - asked <= 40  # nothing of it but the look whether the server is there


def test_a_phone_that_two_servers_list_is_one_phone_where_it_says_so(farm: Farm) -> None:
    address = "192.168.1.7:5555"
    for server in (farm.c, farm.b):
        server.add(wifi(address, serialno="SAME"))
    farm.wait_way(address, S.DEVICE, "b")
    farm.b.down()
    farm.wait_way(address, S.DEVICE, "c")
    farm.fleet.open(address).shell("echo", "x")
    assert "echo x" in farm.c.phone(address).commands
    farm.b.up()
    farm.wait_way(address, S.DEVICE, "c")  # a session holds it


def test_ADB_9_two_phones_with_one_serial_on_two_servers_get_no_command_but_the_question_who_they_are(
    farm: Farm,
) -> None:
    first, second = usb("TWIN", "1-8", serialno="X"), usb("TWIN", "1-8", serialno="X")
    farm.b.add(first)
    farm.wait_way("TWIN", S.DEVICE, "b")
    session = farm.fleet.open("TWIN")
    farm.c.add(second)
    farm.hub.wait_state("TWIN", S.DUPLICATE)
    with pytest.raises(PhoneOffline, match="two phones"):
        session.shell("echo", "x")
    with pytest.raises(PhoneOffline, match="b and c"):
        farm.fleet.open("TWIN")
    for phone in (first, second):
        assert {command.split()[0] for command in phone.commands} <= {"getprop", "dumpsys"}
    farm.b.drop("TWIN")
    farm.wait_way("TWIN", S.DEVICE, "c")


def test_healing_is_done_by_the_phones_own_server(farm: Farm) -> None:
    farm.fleet.give_up("C2", "its automation keeps dying")
    farm.hub.wait_state("C2", S.NEEDS_HANDS)
    assert farm.hub.info("C2").detail == "its automation keeps dying"
    farm.fleet.forgive("C2")
    farm.hub.wait_state("C2", S.DEVICE)


def test_a_server_connects_to_its_own_phones_on_the_network() -> None:
    with FakeAdb() as local, FakeAdb() as other:
        entry = AdbServerEntry(name="b", port=other.port, connect=("192.168.2.9:5555",))
        hub = Hub(local.port, Phones(connect=("192.168.1.9:5555",)), further=[entry])
        try:
            assert other.wait_until(lambda: bool(other.requests["host:connect:192.168.2.9:5555"]))
            assert local.wait_until(lambda: bool(local.requests["host:connect:192.168.1.9:5555"]))
            assert not [request for request in local.requests if "192.168.2" in request]
            assert hub.info("192.168.2.9:5555").adb_server == "b"
        finally:
            hub.fleet.stop()


def test_stopping_with_a_server_that_hangs_takes_no_longer(farm: Farm) -> None:
    hang(farm.b)
    hang(farm.c)
    began = time.monotonic()
    farm.fleet.stop()
    assert time.monotonic() - began < 2.0
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("phone-tracker-")]


def test_a_server_that_never_answered_is_named_though_no_phone_of_it_is_known(quick: None) -> None:
    with FakeAdb(usb("A1")) as local, FakeAdb() as other:
        other.down()
        entry = AdbServerEntry(name="b", port=other.port)
        hub = Hub(local.port, Phones(), further=[entry])
        try:
            assert hub.fleet.wait_synced(5.0)
            hub.wait_state("A1", S.DEVICE)
            (reason,) = hub.fleet.health()
            assert reason.startswith("adb server b is not reachable: 0 phones (no adb server answers on ")
            other.up()
            other.add(usb("B1"))
            hub.wait_state("B1", S.DEVICE)
            until(lambda: hub.fleet.health() == [], 5)
        finally:
            hub.fleet.stop()


def test_phones_of_a_server_that_is_away_since_the_start_say_so(quick: None) -> None:
    with FakeAdb(usb("A1")) as local, FakeAdb(usb("B1")) as other:
        other.down()
        entry = AdbServerEntry(name="b", port=other.port)
        homes = {"B1": "b", "B2": "b", "GONE": "no longer in the config"}
        hub = Hub(local.port, Phones(known=("B1",)), further=[entry], homes=homes)
        try:
            hub.wait_state("A1", S.DEVICE)
            hub.wait_state("B1", S.ADB_DOWN)
            assert hub.info("B1").detail.startswith("adb server b is not reachable: ")
            (reason,) = hub.fleet.health()
            assert "2 phones" in reason
            with pytest.raises(AdbDown):
                hub.fleet.open("B1")
            assert hub.fleet.info("GONE") is None
            other.up()
            hub.wait_state("B1", S.DEVICE)
            hub.wait_state("B2", S.ABSENT)
        finally:
            hub.fleet.stop()


def test_a_server_that_answers_but_whose_list_does_not_come_is_away_with_that_reason(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As over a way that loses large packets alone: its version comes, its list of phones does not.
    monkeypatch.setattr(tracker, "LIST_LATE_S", 0.5)
    farm.b.mangle("host:devices-l", Mangle(silent_after=8))
    farm.b.announce()
    farm.hub.wait_for(lambda: farm.states("b") == {S.ADB_DOWN})
    assert "its list of phones does not come" in farm.server("b").why
    assert farm.states("local") == farm.states("c") == {S.DEVICE}
    farm.b.mangles.clear()
    farm.hub.wait_for(lambda: farm.states("b") == {S.DEVICE})
    assert farm.fleet.health() == []


def test_one_list_that_comes_late_costs_no_session(farm: Farm) -> None:
    session = farm.fleet.open("B1")
    asked = farm.b.requests["host:devices-l"]
    farm.b.mangle("host:devices-l", Mangle(silent=True), times=2)
    farm.b.announce()
    assert farm.b.wait_until(lambda: farm.b.requests["host:devices-l"] >= asked + 3)
    assert session.shell("echo", "still").output == "still\n"
    assert farm.states("b") == {S.DEVICE}


def test_a_server_that_announces_changes_without_end_keeps_no_processor_busy(farm: Farm) -> None:
    stop = threading.Event()

    def announce() -> None:
        while not stop.is_set():
            farm.b.announce()

    flood = threading.Thread(target=announce, daemon=True)
    flood.start()
    try:
        began, asked = time.monotonic(), farm.b.requests["host:devices-l"]
        assert farm.b.wait_until(lambda: farm.b.requests["host:devices-l"] >= asked + 20)
        assert time.monotonic() - began > 15 * tracker.CHANGES_EVERY_S
        farm.b.add(usb("LATER", "1-9"))
        farm.hub.wait_state("LATER", S.DEVICE)
    finally:
        stop.set()
        flood.join(10.0)


def test_an_error_of_a_listener_ends_no_thread_and_keeps_no_other_phone_from_its_loss(
    farm: Farm, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(info: PhoneInfo) -> None:
        if info.serial in {"B0", "B1"} and info.state is not S.DEVICE:
            raise RuntimeError("a listener stumbled")

    phone = farm.b.phone("B3")
    phone.handlers["sleep"] = lambda *_: None
    session = farm.fleet.open("B3")
    call = Blocked(lambda: session.shell("sleep", "9", timeout_s=60))
    assert farm.b.wait_until(lambda: any(line.startswith("sleep") for line in phone.commands))
    farm.fleet.subscribe(stumble)
    hang(farm.b)
    farm.hub.wait_for(lambda: farm.states("b") == {S.ADB_DOWN})
    call.join()
    assert isinstance(call.error, AdbDown)
    farm.b.mangles.clear()
    farm.hub.wait_for(lambda: farm.states("b") == {S.DEVICE})
    assert "a listener stumbled" in caplog.text


def test_a_message_to_the_tracker_that_fails_ends_no_thread(
    farm: Farm, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble() -> None:
        raise RuntimeError("a message stumbled")

    one = farm.fleet.by_name["b"].tracker
    farm.b.down()  # between two looks, too
    farm.hub.wait_for(lambda: farm.states("b") == {S.ADB_DOWN})
    one.post(stumble)
    farm.b.up()
    farm.hub.wait_for(lambda: farm.states("b") == {S.DEVICE})
    assert "a message stumbled" in caplog.text


def test_a_server_that_is_late_while_something_changes_keeps_no_processor_busy(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "PROBE_AGAIN_S", 1.0)
    one = farm.fleet.by_name["b"]
    rounds = 0
    due = one.tracker.do_due

    def count() -> None:
        nonlocal rounds
        rounds += 1
        due()

    monkeypatch.setattr(one.tracker, "do_due", count)
    farm.b.mangle("host:version", Mangle(silent=True), times=1)
    until(lambda: one.server.slow, 20, "it was late")
    began, rounds = time.monotonic(), 0
    farm.b.announce()
    until(lambda: not one.server.slow, 20, "it answers")
    assert rounds < 100 * max(1.0, time.monotonic() - began)
