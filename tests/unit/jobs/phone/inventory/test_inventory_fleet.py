from __future__ import annotations

import io
import threading
import time

import pytest
from PIL import Image

from jobs.hub.clock import SystemClock
from jobs.hub.settings import Adb, Phones
from jobs.phone.adb import server as adb_server
from jobs.phone.errors import AdbDown, PhoneOffline, PhoneUnauthorized, StopRequested
from jobs.phone.inventory import asking, losses, mending, roster, tracker
from jobs.phone.inventory import remedies as care
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.protocol import PhoneState
from tests.support.daemon import until
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle
from tests.support.hub import Blocked, Hub

S = PhoneState


def test_a_phone_is_known_with_what_it_says_of_itself(hub: Hub) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    info = hub.info("PHONE01")
    assert (info.model, info.android, info.sdk, info.identity) == ("Pixel 7", "14", 34, "PHONE01")
    assert (info.battery_percent, info.battery_celsius, info.usb_path) == (87, 25.3, "1-1")
    assert info.last_seen is not None


def test_phones_named_in_the_config_are_known_before_they_were_seen(adb: FakeAdb) -> None:
    hub = Hub(adb.port, Phones(known=("LATER",)))
    hub.wait_state("LATER", S.ABSENT)
    with pytest.raises(PhoneOffline):
        hub.fleet.open("LATER")
    with pytest.raises(PhoneOffline, match="never seen"):
        hub.fleet.open("NEVER")
    adb.add(FakePhone("LATER", transport_id=5))
    hub.wait_state("LATER", S.DEVICE)
    hub.fleet.stop()


def test_the_inventory_is_complete_once_it_is_synced(adb: FakeAdb) -> None:
    adb.phones += [FakePhone(f"P{n}", transport_id=n) for n in range(20)]
    hub = Hub(adb.port, Phones())
    assert hub.fleet.wait_synced(10.0)
    assert {info.state for info in hub.fleet.inventory()} == {S.DEVICE}
    assert len(hub.fleet.inventory()) == 21
    hub.fleet.stop()


def test_a_plugged_phone_is_seen_at_once_and_so_is_its_loss(hub: Hub, adb: FakeAdb) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    began = time.monotonic()
    adb.add(FakePhone("NEW", transport_id=2, usb="1-7"))
    hub.wait_state("NEW", S.DEVICE, 3.0)
    adb.drop("NEW")
    hub.wait_state("NEW", S.ABSENT, 3.0)
    assert time.monotonic() - began < 3.0
    assert hub.info("NEW").model == "Pixel 7"  # what was learnt stays


@pytest.mark.parametrize(
    ("word", "state", "kind"),
    [
        ("offline", S.OFFLINE, PhoneOffline),
        ("unauthorized", S.UNAUTHORIZED, PhoneUnauthorized),
        ("no permissions (missing udev rules?); see [http://x]", S.NO_PERMISSIONS, PhoneOffline),
        ("recovery", S.OFFLINE, PhoneOffline),
    ],
)
def test_a_phone_in_another_state_is_never_opened(
    hub: Hub, adb: FakeAdb, word: str, state: PhoneState, kind: type[Exception]
) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    adb.set_state("PHONE01", word)
    hub.wait_state("PHONE01", state)
    assert hub.info("PHONE01").detail
    with pytest.raises(kind):
        hub.fleet.open("PHONE01")
    adb.set_state("PHONE01", "device")
    hub.wait_state("PHONE01", S.DEVICE)


def test_ADB_7_a_phone_that_was_authorized_later_works_by_itself(adb: FakeAdb, phone: FakePhone) -> None:
    phone.state = "unauthorized"
    hub = Hub(adb.port, Phones())
    hub.wait_state("PHONE01", S.UNAUTHORIZED)
    assert any("USB debugging" in reason for reason in hub.fleet.health())
    adb.set_state("PHONE01", "device")
    hub.session().close()
    assert hub.fleet.health() == []
    hub.fleet.stop()


def test_ADB_8_a_device_without_permissions_is_one_health_warning(hub: Hub, adb: FakeAdb) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    adb.extra_lines = ["????????????           no permissions (missing udev rules?) usb:1-4 transport_id:9"]
    adb.announce()
    adb.add(FakePhone("OTHER", transport_id=3))
    hub.wait_state("OTHER", S.DEVICE)
    assert len(hub.fleet.health()) == 1
    assert "udev" in hub.fleet.health()[0]
    assert len(hub.fleet.inventory()) == 2


def test_ADB_9_no_command_is_ever_sent_to_a_serial_that_two_phones_share(adb: FakeAdb) -> None:
    first, second = (
        FakePhone("TWIN", usb="1-1", transport_id=11),
        FakePhone("TWIN", usb="1-2", transport_id=12),
    )
    adb.phones += [first, second]
    hub = Hub(adb.port, Phones())
    hub.wait_state("TWIN", S.DUPLICATE)
    hub.wait_state("PHONE01", S.DEVICE)
    assert "1-1, 1-2" in hub.info("TWIN").detail
    with pytest.raises(PhoneOffline):
        hub.fleet.open("TWIN")
    hub.fleet.stop()
    assert first.commands == second.commands == []


def test_ADB_10_one_phone_under_two_names_is_used_under_one_and_usb_is_preferred(adb: FakeAdb) -> None:
    usb = FakePhone("USB1", usb="1-5", transport_id=21, props={"ro.serialno": "SAME"})
    wifi = FakePhone("192.168.1.7:5555", usb="", transport_id=22, props={"ro.serialno": "SAME"})
    adb.phones += [wifi, usb]
    hub = Hub(adb.port, Phones())
    hub.wait_state("USB1", S.DEVICE)
    hub.wait_state("192.168.1.7:5555", S.DUPLICATE)
    assert "USB1" in hub.info("192.168.1.7:5555").detail
    adb.drop("USB1")
    hub.wait_state("192.168.1.7:5555", S.DEVICE)
    hub.fleet.stop()


def test_ADB_1_a_server_that_dies_and_returns_is_found_again_within_five_seconds(
    hub: Hub, adb: FakeAdb, phone: FakePhone
) -> None:
    session = hub.session()
    phone.handlers["sleep"] = lambda *_: None
    call = Blocked(lambda: session.shell("sleep", "99", timeout_s=60))
    assert adb.wait_until(lambda: any(line.startswith("sleep") for line in phone.commands))
    adb.down()
    hub.wait_state("PHONE01", S.ADB_DOWN)
    call.join()
    assert isinstance(call.error, AdbDown | PhoneOffline)
    with pytest.raises(AdbDown):
        hub.fleet.open("PHONE01")
    assert any("adb" in reason for reason in hub.fleet.health())
    threading.Event().wait(2.0)
    phone.handlers.clear()
    adb.up()
    began = time.monotonic()
    hub.wait_state("PHONE01", S.DEVICE)
    assert time.monotonic() - began < 5.0
    session.close()
    hub.session().close()


@pytest.mark.parametrize(
    ("start_server", "remedy"),
    [(False, "systemctl restart tikmatrixd-adb.service"), (True, "end its process")],
    ids=["service", "foreign"],
)
def test_ADB_5_a_hanging_server_that_is_not_ours_is_left_alone_and_said_what_to_do_about(
    adb: FakeAdb,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    start_server: bool,
    remedy: str,
) -> None:
    monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 0.1)
    monkeypatch.setattr(tracker, "PROBE_EVERY_S", 0.1)
    monkeypatch.setattr(tracker, "BACKOFF_MIN_S", 0.05)
    monkeypatch.setattr(tracker, "BACKOFF_MAX_S", 0.05)
    adb.mangle("host", Mangle(silent=True))
    fleet = Fleet(Adb(port=adb.port, start_server=start_server), Phones(known=("X",)), SystemClock())
    fleet.start()
    assert fleet.wait_synced(5.0)
    assert adb.wait_until(lambda: adb.requests["host:version"] >= 7, 10.0)
    said = f"the adb server on port {adb.port} hangs; "
    assert len([r for r in caplog.records if r.levelname == "ERROR" and said in r.message]) == 1
    assert [reason for reason in fleet.health() if said in reason and remedy in reason]
    info = fleet.info("X")
    assert info is not None
    assert info.state is S.ADB_DOWN
    assert remedy in info.detail
    began = time.monotonic()
    fleet.stop()
    assert time.monotonic() - began < 1.0


def test_ADB_5_a_server_that_is_late_for_a_moment_costs_no_session(
    adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adb_server, "PROBE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(tracker, "PROBE_EVERY_S", 0.1)
    monkeypatch.setattr(tracker, "PROBE_AGAIN_S", 0.05)
    monkeypatch.setattr(tracker, "RESYNC_EVERY_S", 0.1)
    hub = Hub(adb.port, Phones())
    try:
        session = hub.session()
        for what in ("host:version", "host:devices-l"):
            asked = adb.requests[what]
            adb.mangle(what, Mangle(silent=True), times=2)
            assert adb.wait_until(lambda what=what, asked=asked: adb.requests[what] >= asked + 4, 10.0)
        assert session.shell("echo", "x").output == "x\n"
        assert ("PHONE01", S.ADB_DOWN) not in hub.events
    finally:
        hub.fleet.stop()


def test_ADB_2_a_server_that_changes_its_version_is_reported(
    adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "PROBE_EVERY_S", 0.05)
    hub = Hub(adb.port, Phones())
    hub.wait_state("PHONE01", S.DEVICE)
    adb.version = 40
    count = adb.requests["host:version"]
    assert adb.wait_until(lambda: adb.requests["host:version"] > count + 2)
    assert [reason for reason in hub.fleet.health() if "41 to 40" in reason]
    hub.fleet.stop()


def test_ADB_15_a_cut_stream_is_replaced_and_the_list_read_anew(hub: Hub, adb: FakeAdb) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    adb.phones.append(FakePhone("SECOND", transport_id=2))
    adb.cut_trackers()
    hub.wait_state("SECOND", S.DEVICE, 5.0)


def test_ADB_15_a_stream_that_went_deaf_costs_one_resync_at_most(
    adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "RESYNC_EVERY_S", 0.3)
    hub = Hub(adb.port, Phones())
    hub.wait_state("PHONE01", S.DEVICE)
    adb.deafen_trackers()
    adb.phones.append(FakePhone("SECOND", transport_id=2))
    hub.wait_state("SECOND", S.DEVICE, 3.0)
    hub.fleet.stop()


def test_ADB_15_flapping_is_remembered_in_a_bounded_way(hub: Hub, adb: FakeAdb, phone: FakePhone) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    for n in range(300):
        phone.transport_id = n + 100
        adb.set_state("PHONE01", "offline" if n % 2 else "device")
    adb.set_state("PHONE01", "device")
    hub.wait_state("PHONE01", S.DEVICE)
    assert len(hub.fleet.losses()) <= 100


def test_ADB_12_a_ghost_is_unhealthy_after_two_unanswered_questions(
    adb: FakeAdb, phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "PROBE_EVERY_S", 0.1)
    monkeypatch.setattr(roster, "PROBE_AGAIN_S", 0.1)
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.2)
    hub = Hub(adb.port, Phones())
    hub.wait_state("PHONE01", S.DEVICE)
    session = hub.session()
    adb.mangle("shell", Mangle(silent=True))
    hub.wait_state("PHONE01", S.OFFLINE, 5.0)
    assert "does not answer" in hub.info("PHONE01").detail
    with pytest.raises(PhoneOffline):  # the session ended with it
        session.shell("echo", "x")
    adb.mangles.clear()
    hub.wait_state("PHONE01", S.DEVICE, 5.0)
    hub.fleet.stop()


def test_ADB_12_twenty_ghosts_do_not_keep_a_healthy_phone_from_being_found(adb: FakeAdb) -> None:
    answer_now = threading.Event()
    for number in range(20):
        ghost = FakePhone(f"GHOST{number:02}", transport_id=100 + number)
        ghost.handlers["getprop"] = lambda *_: (int(answer_now.wait(30.0)), b"")
        adb.add(ghost)
    hub = Hub(adb.port, Phones())
    try:
        hub.wait_for(lambda: len(hub.fleet.inventory()) == 21)
        adb.add(FakePhone("LATER", transport_id=5))
        hub.wait_state("LATER", S.DEVICE, asking.TIMEOUT_S)
    finally:
        answer_now.set()
        hub.fleet.stop()


def test_ADB_6_an_offline_phone_is_reconnected_alone(
    adb: FakeAdb, phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "PATIENCE_S", 0.05)
    monkeypatch.setattr(care, "USB_PAUSES_S", (0.05, 0.05, 0.05, 0.05))
    monkeypatch.setattr(roster, "REMEDY_EVERY_S", 0.02)
    phone.state = "offline"
    adb.phones.append(FakePhone("WELL", transport_id=2))
    hub = Hub(adb.port, Phones())
    hub.wait_state("PHONE01", S.NEEDS_HANDS)
    assert "unplug" in hub.info("PHONE01").detail
    assert adb.requests["host-serial:PHONE01:reconnect"] == 5
    assert not adb.requests["host-serial:WELL:reconnect"]
    assert not [request for request in adb.requests if "kill" in request]
    adb.set_state("PHONE01", "device")
    hub.wait_state("PHONE01", S.DEVICE)
    hub.fleet.stop()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connects to phones of the network follow one another at once."""
    monkeypatch.setattr(care, "NETWORK_PAUSE_MIN_S", 0.01)
    monkeypatch.setattr(care, "NETWORK_PAUSE_MAX_S", 0.02)
    monkeypatch.setattr(roster, "REMEDY_EVERY_S", 0.01)


@pytest.mark.usefixtures("hurried")
def test_ADB_16_a_phone_is_connected_to_once_at_a_time(adb: FakeAdb) -> None:
    slow, refused = "192.168.1.8:5555", "192.168.1.9:5555"
    adb.mangle(f"host:connect:{slow}", Mangle(silent=True))
    hub = Hub(adb.port, Phones(connect=(slow, refused)))
    assert adb.wait_until(lambda: adb.requests[f"host:connect:{slow}"] == 1)
    tried = adb.requests[f"host:connect:{refused}"]
    assert adb.wait_until(lambda: adb.requests[f"host:connect:{refused}"] >= tried + 5)
    assert adb.requests[f"host:disconnect:{slow}"] == 1
    hub.fleet.stop()


@pytest.mark.usefixtures("hurried")
def test_ADB_16_a_phone_that_came_back_by_itself_before_its_turn_keeps_its_link(
    adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "REMEDY_THREADS", 1)
    monkeypatch.setattr(mending, "CONNECT_TIMEOUT_S", 1.0)
    adb.mangle("host:connect:", Mangle(silent=True))
    addresses = ("192.168.1.8:5555", "192.168.1.9:5555")
    hub = Hub(adb.port, Phones(connect=addresses))

    def tries(address: str) -> int:
        return adb.requests[f"host:connect:{address}"]

    assert adb.wait_until(lambda: sum(map(tries, addresses)) == 1)
    first, later = sorted(addresses, key=tries, reverse=True)
    adb.add(FakePhone(later, usb="", transport_id=30))
    hub.wait_state(later, S.DEVICE)
    assert adb.wait_until(lambda: tries(first) >= 2)
    assert adb.requests[f"host:disconnect:{later}"] == 0
    hub.fleet.stop()


def test_ADB_16_phones_of_the_network_that_are_switched_off_do_not_keep_others_from_being_asked(
    adb: FakeAdb,
) -> None:
    adb.mangle("host:connect:", Mangle(silent=True))
    far = tuple(f"192.168.1.{number}:5555" for number in range(1, 41))
    hub = Hub(adb.port, Phones(connect=far))
    assert adb.wait_until(lambda: sum(adb.requests[f"host:connect:{address}"] for address in far) >= 16)
    adb.add(FakePhone("NEW", transport_id=2, usb="1-7"))
    hub.wait_state("NEW", S.DEVICE, 10.0)
    hub.fleet.stop()


@pytest.mark.usefixtures("hurried")
def test_ADB_16_a_network_phone_is_judged_by_the_list_and_not_by_happy_words(adb: FakeAdb) -> None:
    address = "192.168.1.9:5555"
    hub = Hub(adb.port, Phones(connect=(address,)))
    hub.wait_state(address, S.NEEDS_HANDS)
    assert adb.requests[f"host:connect:{address}"] >= care.NETWORK_TRIES
    assert "USB" in hub.info(address).detail
    adb.add(FakePhone(address, usb="", transport_id=30))
    hub.wait_state(address, S.DEVICE)
    hub.fleet.stop()


def test_ADB_13_phones_that_vanish_together_are_one_event(
    adb: FakeAdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "TOGETHER_S", 0.5)
    adb.phones += [FakePhone(f"H{n}", usb=f"1-3.{n}", transport_id=50 + n) for n in range(10)]
    hub = Hub(adb.port, Phones())
    for n in range(10):
        hub.wait_state(f"H{n}", S.DEVICE)
    adb.drop(*(f"H{n}" for n in range(10)))
    deadline = time.monotonic() + 6.0
    while not hub.fleet.losses() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert [(loss.hub, len(loss.serials)) for loss in hub.fleet.losses()] == [("1-3", 10)]
    assert [reason for reason in hub.fleet.health() if "10 phones on USB hub 1-3" in reason]
    hub.fleet.stop()


def test_stopping_ends_sessions_and_threads_at_once(adb: FakeAdb, phone: FakePhone) -> None:
    before = {thread.name for thread in threading.enumerate()}
    hub = Hub(adb.port, Phones())
    session = hub.session()
    session.observe()
    phone.handlers["sleep"] = lambda *_: None
    call = Blocked(lambda: session.shell("sleep", "9", timeout_s=60))
    assert adb.wait_until(lambda: any(line.startswith("sleep") for line in phone.commands))
    began = time.monotonic()
    hub.fleet.stop()
    assert time.monotonic() - began < 1.0
    call.join()
    assert isinstance(call.error, StopRequested)
    assert call.error.reason == "shutdown"
    left = {thread.name for thread in threading.enumerate() if thread.name.startswith("phone-")}
    assert left <= before
    hub.fleet.stop()  # a second time is nothing


def test_a_fleet_that_was_never_started_can_be_stopped(adb: FakeAdb) -> None:
    Fleet(Adb(port=adb.port), Phones(), SystemClock()).stop()


def test_a_phone_that_higher_layers_gave_up_waits_for_hands_until_it_is_plugged_anew(
    hub: Hub, adb: FakeAdb, phone: FakePhone
) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    hub.fleet.give_up("PHONE01", "its automation keeps dying")
    hub.wait_state("PHONE01", S.NEEDS_HANDS)
    assert hub.info("PHONE01").detail == "its automation keeps dying"
    phone.transport_id = 77
    adb.announce()
    hub.wait_state("PHONE01", S.DEVICE)


def test_ADB_14_a_phone_that_still_starts_is_not_used(
    adb: FakeAdb, phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "BOOT_PROBE_S", 0.1)
    phone.props["sys.boot_completed"] = ""
    hub = Hub(adb.port, Phones())
    hub.wait_for(lambda: "PHONE01" in {i.serial for i in hub.fleet.inventory()})
    hub.wait_for(lambda: hub.info("PHONE01").detail == "the phone is starting")
    phone.props["sys.boot_completed"] = "1"
    hub.wait_state("PHONE01", S.DEVICE, 3.0)
    hub.fleet.stop()


def test_U2_7_a_phone_is_restarted_where_the_config_allows_it(adb: FakeAdb, phone: FakePhone) -> None:
    hub = Hub(adb.port, Phones(allow_reboot=True))
    session = hub.session()
    hub.fleet.give_up("PHONE01", "its automation keeps dying")
    threading.Event().wait(0.2)
    assert "reboot:" not in phone.commands
    session.close()
    assert adb.wait_until(lambda: adb.requests["PHONE01 reboot"] == 1, 5.0)
    hub.wait_state("PHONE01", S.OFFLINE)
    hub.fleet.stop()


def test_APS_7_a_tracker_that_hangs_is_no_secret(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.phone.inventory.tracker.LONGEST_REST_S", 0.0)
    monkeypatch.setattr("jobs.phone.inventory.fleet.STALE_S", 0.5)
    hub.wait_state("PHONE01", S.DEVICE)
    go_on = threading.Event()
    hub.fleet.subscribe(lambda _: bool(go_on.wait(30.0)))
    hub.fleet.give_up("PHONE01", "its automation keeps dying")
    until(lambda: any("phone-tracker" in reason for reason in hub.fleet.health()), 20, "it is said")
    go_on.set()
    hub.fleet.look_again(5.0)
    until(lambda: hub.fleet.age_s < 0.5, 20, "it came round")


def test_a_phone_that_needed_hands_works_again_when_a_person_says_so(hub: Hub) -> None:
    hub.wait_state("PHONE01", S.DEVICE)
    hub.fleet.give_up("PHONE01", "its automation keeps dying")
    hub.wait_state("PHONE01", S.NEEDS_HANDS)
    hub.fleet.forgive("PHONE01")
    hub.wait_state("PHONE01", S.DEVICE)
    hub.fleet.forgive("UNKNOWN")


def test_U2_15_many_pictures_at_once_are_one_screencap(hub: Hub, phone: FakePhone) -> None:
    hub.wait_state("PHONE01", S.DEVICE)

    def slow(_: FakePhone, words: list[str]) -> tuple[int, bytes]:
        threading.Event().wait(0.1)
        return 0, _png()

    phone.handlers["screencap"] = slow
    calls = [Blocked(lambda: hub.fleet.cached_screenshot("PHONE01")) for _ in range(50)]
    for call in calls:
        call.join()
        assert call.error is None
    assert len([line for line in phone.commands if line.startswith("screencap")]) <= 2
    assert hub.fleet.cached_screenshot("PHONE01") == _png()
    assert hub.fleet.cached_screenshot("UNKNOWN") is None


def _png() -> bytes:
    picture = Image.new("RGB", (4, 4))
    picture.putpixel((1, 1), (255, 0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
