from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from jobs.phone import app_language, commands
from jobs.phone import session as session_module
from jobs.phone.app_language import Spoken
from jobs.phone.errors import (
    AdbDown,
    AppMissing,
    AutomationLost,
    DeadlinePassed,
    ElementMissing,
    InputForbidden,
    PhoneError,
    PhoneNotReady,
    PhoneOffline,
    StopRequested,
    TapUncertain,
)
from jobs.phone.protocol import PhoneState
from jobs.phone.screen import automation, phone_server, rpc
from jobs.phone.session import Session
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle
from tests.support.fake_u2 import SCREEN, FakeU2, with_text
from tests.support.hub import Blocked, Hub

BLIND = '<?xml version="1.0"?><hierarchy rotation="1"><node bounds="[0,0][1080,2400]"/></hierarchy>'


@pytest.fixture
def u2(phone: FakePhone) -> FakeU2:
    server: FakeU2 = phone.u2
    return server


def test_the_screen_is_parsed_once_per_change(session: Session, u2: FakeU2) -> None:
    first = session.observe()
    assert with_text(first, "Next") is not None
    assert session.observe() is first
    u2.text = "other"
    assert with_text(session.observe(), "other") is not None


def test_one_connection_carries_many_calls(session: Session, u2: FakeU2) -> None:
    session.observe()
    before = u2.connections
    for _ in range(20):
        session.observe()
        session.tap(1, 2)
    assert u2.connections == before


@pytest.mark.parametrize("form", ["in chunks", "without a length", "head in parts"])
def test_an_answer_in_any_form_of_HTTP_is_read(session: Session, u2: FakeU2, form: str) -> None:
    session.observe()
    restarts = u2.launches
    u2.text = form
    u2.modes["dumpWindowHierarchy"] = [form]
    assert with_text(session.observe(), form) is not None
    assert with_text(session.observe(), form) is not None
    assert u2.launches == restarts


def test_half_a_character_in_an_answer_hides_no_screen(session: Session, u2: FakeU2) -> None:
    u2.text = "half \ud83d of a smile"
    assert with_text(session.observe(), "half  of a smile") is not None


def test_an_answer_that_announces_more_than_any_screen_is_not_awaited(
    session: Session, u2: FakeU2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "MAX_ANSWER_BYTES", 50_000)
    u2.source = SCREEN.replace("Next", "N" * 60_000)
    u2.modes["dumpWindowHierarchy"] = ["always:in chunks"]
    with pytest.raises(AutomationLost, match="more than 50000 bytes"):
        session.observe(timeout_s=1.0)


def test_a_quiet_connection_is_not_used_again(
    session: Session, u2: FakeU2, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.observe()
    before = u2.connections
    monkeypatch.setattr("jobs.phone.screen.rpc.REUSE_WITHIN_S", -1.0)
    session.tap(1, 2)
    assert u2.connections == before + 1


def test_a_change_is_seen_soon_and_its_absence_is_no_error(session: Session, u2: FakeU2) -> None:
    first = session.observe()
    threading.Timer(0.15, lambda: setattr(u2, "text", "changed")).start()
    began = time.monotonic()
    assert with_text(session.observe_change(first, timeout_s=5.0), "changed") is not None
    assert time.monotonic() - began < 0.5
    same = session.observe()
    began = time.monotonic()
    assert session.observe_change(same, timeout_s=0.3) is same
    assert 0.25 < time.monotonic() - began < 0.8


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "two\nlines\r\nthree",
        "“quotes” \"and\" 'others'",
        "emoji 👩‍👩‍👧‍👦 🇩🇪 #tag @user",
        "a\\b$(c);`d`",
        "\U0001d518\U0001d52b\u0301",
    ],
)
def test_U2_4_text_arrives_to_the_letter_without_a_keyboard(
    session: Session, u2: FakeU2, phone: FakePhone, text: str
) -> None:
    session.enter_text(10, 20, text)
    assert u2.field == text
    assert u2.clicks == [(10, 20)]
    assert u2.calls["setText"] == 1
    assert not [line for line in phone.commands if line.startswith(("ime", "settings put", "pm", "input"))]


def test_only_a_text_field_is_typed_into(session: Session, u2: FakeU2) -> None:
    session.enter_text(10, 20, "x")
    for method in ("waitForExists", "setText", "getText"):
        selector = u2.params[method][0]
        assert selector["focused"]
        assert "EditText" in selector["classNameMatches"]


def test_U2_4_a_field_that_does_not_take_text_gets_it_pasted_once(session: Session, u2: FakeU2) -> None:
    u2.handlers["setText"] = lambda _: False
    session.enter_text(10, 20, "caption #tag")
    assert u2.field == "caption #tag"
    assert u2.calls["pasteClipboard"] == 1
    assert u2.calls["clearTextField"] == 1


@pytest.mark.parametrize("method", ["setText", "getText", "waitForExists", "pasteClipboard", "setClipboard"])
@pytest.mark.parametrize("mode", ["500", "close", "bad json"])
def test_U2_4_a_lost_reply_never_enters_the_text_twice(
    session: Session, u2: FakeU2, method: str, mode: str
) -> None:
    if "lipboard" in method:
        u2.handlers["setText"] = lambda _: False
    u2.field = "a draft of before"
    session.observe()
    u2.modes[method] = [mode]
    session.enter_text(10, 20, "once")
    assert u2.field == "once"


def test_empty_text_clears_the_field(session: Session, u2: FakeU2) -> None:
    u2.field = "old"
    session.enter_text(10, 20, "")
    assert u2.field == ""


def test_a_field_that_never_gets_the_focus_is_a_clear_failure(session: Session, u2: FakeU2) -> None:
    u2.handlers["waitForExists"] = lambda _: False
    with pytest.raises(ElementMissing, match="not on the screen") as failed:
        session.enter_text(1, 2, "x", timeout_s=1.0)
    assert (failed.value.code, failed.value.passing) == ("command_failed", True)


@pytest.mark.parametrize(
    "mode", ["500", "close", "bad json", "truncated", "not connected", "silent", "dribble"]
)
def test_U2_2_a_look_survives_one_failure_of_any_kind_by_one_restart(
    session: Session, u2: FakeU2, mode: str
) -> None:
    session.observe()
    u2.modes["dumpWindowHierarchy"] = [mode]
    began = time.monotonic()
    assert with_text(session.observe(timeout_s=2.0), "Next") is not None
    assert time.monotonic() - began < 3.0
    assert u2.launches == 2


@pytest.mark.parametrize("mode", ["500", "close", "bad json", "not connected", "silent", "dribble"])
def test_U2_1_a_look_that_keeps_failing_ends_in_its_time(session: Session, u2: FakeU2, mode: str) -> None:
    session.observe()
    u2.modes["dumpWindowHierarchy"] = [f"always:{mode}"]
    began = time.monotonic()
    with pytest.raises((AutomationLost, DeadlinePassed)):
        session.observe(timeout_s=1.0)
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("mode", ["500", "close", "bad json", "truncated", "not connected", "silent"])
def test_U2_3_a_tap_is_never_repeated_after_it_was_sent(
    session: Session, u2: FakeU2, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "TAP_TIMEOUT_S", 0.5)
    session.observe()
    u2.modes["click"] = [mode]
    with pytest.raises((AutomationLost, DeadlinePassed)) as caught:
        session.tap(5, 6)
    assert not isinstance(caught.value, TapUncertain)
    assert u2.clicks == [(5, 6)]


@pytest.mark.parametrize(
    "mode", ["500", "close", "bad json", "truncated", "not connected", "silent", "unknown", "not found"]
)
def test_U2_3_any_doubt_about_the_publishing_tap_is_said_and_never_repeated(
    session: Session, u2: FakeU2, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "TAP_TIMEOUT_S", 0.5)
    session.observe()
    u2.modes["click"] = [mode]
    with pytest.raises(TapUncertain) as caught:
        session.tap_once(5, 6)
    assert not caught.value.passing
    assert u2.clicks == [(5, 6)]


def test_U2_3_a_tap_that_the_phone_could_not_inject_is_a_doubt(session: Session, u2: FakeU2) -> None:
    u2.handlers["click"] = lambda _: False
    with pytest.raises(TapUncertain):
        session.tap_once(5, 6)


def test_a_publishing_tap_on_a_dead_server_is_not_sent_and_therefore_certain(
    session: Session, u2: FakeU2, adb: FakeAdb
) -> None:
    session.observe()
    adb.mangle("tcp:9008", Mangle(fail="closed"))
    session.automation.server.borrowed.rpc.close()  # type: ignore[union-attr]
    with pytest.raises(AutomationLost) as caught:
        session.tap_once(5, 6)
    assert not isinstance(caught.value, TapUncertain)
    assert u2.clicks == []


def test_a_stop_after_the_publishing_tap_was_sent_is_a_doubt_and_no_plain_stop(
    session: Session, u2: FakeU2
) -> None:
    session.observe()
    u2.modes["click"] = ["silent"]
    call = Blocked(lambda: session.tap_once(5, 6))
    with u2.changed:
        assert u2.changed.wait_for(lambda: u2.calls["click"] == 1, 5.0)
    session.close()
    call.join()
    assert isinstance(call.error, TapUncertain)


def test_a_tap_goes_through_when_the_server_had_died_before(
    session: Session, u2: FakeU2, phone: FakePhone, adb: FakeAdb
) -> None:
    session.observe()
    session.automation.server.launch.sock.shut()  # type: ignore[union-attr]
    assert session.automation.server.launch.ended.wait(5.0)  # type: ignore[union-attr]
    session.tap(7, 8)
    assert u2.clicks == [(7, 8)]
    assert u2.launches == 2


def test_U2_7_a_server_that_is_alive_but_blind_is_restarted_once(session: Session, u2: FakeU2) -> None:
    session.observe()
    u2.source = BLIND
    u2_launches = u2.launches

    def healed() -> bool:
        return u2.launches > u2_launches

    call = Blocked(lambda: session.observe(timeout_s=3.0))
    deadline = time.monotonic() + 5.0
    while not healed() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    u2.source = None
    call.join()
    assert call.error is None
    assert u2.launches == u2_launches + 1


def lost(session: Session, timeout_s: float) -> str:
    """What a look says that sees nothing until its time is up; on a busy machine that time may be too short for one look."""
    while True:
        try:
            session.observe(timeout_s=timeout_s)
        except AutomationLost as error:
            return str(error)
        except (AdbDown, DeadlinePassed):
            timeout_s *= 2
            assert timeout_s < 30


@pytest.mark.parametrize(
    "source", ["", BLIND, "<hierarchy rotation='3'/>", "no xml at all", SCREEN[: len(SCREEN) // 2], None]
)
def test_U2_10_no_view_is_never_an_empty_screen(session: Session, u2: FakeU2, source: str | None) -> None:
    session.observe()
    u2.handlers["dumpWindowHierarchy"] = lambda _: source
    assert "shows nothing" in lost(session, 0.6)


def test_a_dump_that_the_phone_cannot_make_is_tried_again(session: Session, u2: FakeU2) -> None:
    u2.modes["dumpWindowHierarchy"] = ["unknown", "unknown"]
    assert with_text(session.observe(timeout_s=3.0), "Next") is not None


def test_an_answer_larger_than_any_screen_is_not_read_into_memory(
    session: Session, u2: FakeU2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "MAX_ANSWER_BYTES", 50_000)
    u2.source = SCREEN.replace("Next", "N" * 60_000)
    with pytest.raises(AutomationLost, match="more than 50000 bytes"):
        session.observe(timeout_s=1.0)
    assert rpc.AnswerTooLarge.__mro__[1] is rpc.AnswerLost


def test_U2_9_the_idle_timeout_is_set_low_once_per_start(session: Session, u2: FakeU2) -> None:
    session.observe()
    session.tap(1, 1)
    assert u2.calls["setConfigurator"] == 1
    assert u2.params["setConfigurator"][0]["waitForIdleTimeout"] == automation.IDLE_TIMEOUT_MS
    assert u2.params["setConfigurator"][0]["actionAcknowledgmentTimeout"] == 3000


def test_U2_6_another_program_that_holds_the_automation_is_named(
    session: Session, u2: FakeU2, phone: FakePhone
) -> None:
    u2.launch_output = b"java.lang.IllegalStateException: UiAutomationService already registered!\n"
    u2.launch_fails = 5
    with pytest.raises(AutomationLost, match="another program"):
        session.observe()
    assert u2.launches == 2
    assert [line for line in phone.commands if "pkill" in line] == ["pkill -f com.wetest.uia2.Main"]


def test_a_server_that_runs_is_used_and_not_ended(session: Session, u2: FakeU2, phone: FakePhone) -> None:
    u2.alive = True
    session.observe()
    assert u2.launches == 0
    assert not [line for line in phone.commands if "pkill" in line]


@pytest.mark.parametrize("mode", ["silent", "500", "close"])
def test_a_server_that_listens_but_does_not_answer_is_killed_before_the_next_starts(
    session: Session, u2: FakeU2, phone: FakePhone, mode: str
) -> None:
    u2.alive = True
    u2.modes["ping"] = [mode]
    assert session.observe().nodes
    assert u2.launches == 1
    assert len([line for line in phone.commands if "pkill" in line]) == 1


def test_a_stale_server_of_our_own_is_killed_and_replaced(session: Session, u2: FakeU2) -> None:
    u2.launch_output = b"UiAutomationService already registered!\n"
    u2.launch_fails = 1
    assert session.observe().nodes
    assert u2.launches == 2


def test_a_server_that_ends_at_once_says_why(session: Session, u2: FakeU2) -> None:
    u2.launch_output = b"Error: Could not find or load main class com.wetest.uia2.Main\n"
    u2.launch_dies = True
    with pytest.raises(AutomationLost, match="Could not find or load"):
        session.observe()


def test_U2_7_restarts_are_bounded(session: Session, u2: FakeU2) -> None:
    session.observe()
    u2.modes["dumpWindowHierarchy"] = ["always:500"]
    for _ in range(6):
        with pytest.raises(AutomationLost):
            session.observe(timeout_s=10.0)
    assert u2.launches <= 1 + phone_server.RESTARTS_MAX


def test_U2_7_a_phone_whose_automation_cannot_be_kept_alive_waits_for_hands(
    hub: Hub, session: Session, u2: FakeU2
) -> None:
    session.observe()
    u2.modes["dumpWindowHierarchy"] = ["always:500"]
    for _ in range(phone_server.RESTARTS_MAX + 1):
        with pytest.raises(AutomationLost):
            session.observe(timeout_s=10.0)
    hub.wait_state(session.serial, PhoneState.NEEDS_HANDS)
    assert "within an hour" in hub.info(session.serial).detail


def test_U2_21_a_server_that_cannot_be_copied_is_a_named_failure(session: Session, phone: FakePhone) -> None:
    phone.push_fail_at = 100_000
    phone.push_fail_text = "connection reset by security software"
    with pytest.raises(PhoneError, match="security software"):
        session.observe()


def test_U2_8_the_server_survives_between_sessions_and_is_renewed_after_many(
    hub: Hub, u2: FakeU2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_server, "RECYCLE_AFTER_SESSIONS", 5)
    for _ in range(12):
        session = hub.session()
        session.observe()
        session.close()
    assert u2.launches == 3


def test_U2_8_a_server_that_has_run_for_hours_is_renewed_between_two_tasks_and_never_inside_one(
    hub: Hub, u2: FakeU2, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = hub.session()
    session.observe()
    monkeypatch.setattr(phone_server, "RECYCLE_AFTER_S", -1.0)  # six hours have passed
    for number in range(10, 15):
        session.tap(number, 20)
        session.observe()
    assert u2.launches == 1
    session.close()
    session = hub.session()
    session.observe()
    session.tap(10, 20)
    assert u2.launches == 2
    session.close()


def test_U2_13_many_sessions_leave_nothing_behind(hub: Hub, phone: FakePhone, adb: FakeAdb) -> None:
    first = hub.session()
    first.observe()
    first.close()
    threads, hooks = threading.active_count(), atexit._ncallbacks()
    for _ in range(60):
        session = hub.session()
        session.observe()
        session.shell("echo", "x")
        session.close()
    assert atexit._ncallbacks() == hooks
    assert threading.active_count() <= threads + 3  # of the scripted server
    assert len(hub.fleet.grip) <= 2  # tracking and the automation server's output


def test_U2_14_a_server_that_prints_nothing_for_long_is_not_believed_dead(
    session: Session, u2: FakeU2
) -> None:
    session.observe()
    launch = session.automation.server.launch  # type: ignore[union-attr]
    assert launch is not None
    assert launch.sock.deadline is None
    assert launch.alive


def test_what_the_server_prints_is_bounded(session: Session, u2: FakeU2) -> None:
    session.observe()
    launch = session.automation.server.launch  # type: ignore[union-attr]
    assert launch is not None
    launch.take(b"x" * 1_000_000)
    assert len(launch.output) == 16 * 1024


def _silent_shell(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    phone.handlers["sleep"] = lambda *_: None
    return lambda: session.shell("sleep", "99", timeout_s=60)


def _silent_observe(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    u2.modes["dumpWindowHierarchy"] = ["always:silent"]
    return lambda: session.observe(timeout_s=60)


def _silent_tap(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    u2.modes["click"] = ["always:silent"]
    return lambda: session.tap(1, 2)


def _silent_text(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    u2.modes["setText"] = ["always:silent"]
    return lambda: session.enter_text(1, 2, "x")


def _unchanged(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    first = session.observe()
    return lambda: session.observe_change(first, timeout_s=60)


def _blind(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    u2.source = BLIND
    return lambda: session.observe(timeout_s=60)


def _starting(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    u2.modes["ping"] = ["always:silent"]
    return session.observe


def _locked(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    phone.handlers["dumpsys"] = lambda _, words: (0, b"showing=true" if "policy" in words else b"")
    return session.wake


def _picture(session: Session, phone: FakePhone, u2: FakeU2) -> Callable[[], object]:
    phone.handlers["screencap"] = lambda *_: None
    return lambda: session.screenshot(timeout_s=60)


@pytest.mark.parametrize(
    "situation",
    [
        _silent_shell,
        _silent_observe,
        _silent_tap,
        _silent_text,
        _unchanged,
        _blind,
        _starting,
        _locked,
        _picture,
    ],
)
def test_closing_ends_any_blocked_call_at_once(
    session: Session,
    phone: FakePhone,
    u2: FakeU2,
    situation: Callable[[Session, FakePhone, FakeU2], Callable[[], object]],
) -> None:
    call = Blocked(situation(session, phone, u2))
    threading.Event().wait(0.4)
    assert call.ended_at == 0.0
    began = time.monotonic()
    session.close()
    call.join()
    assert call.ended_at - began < 0.5
    assert isinstance(call.error, StopRequested)
    with pytest.raises(StopRequested):
        session.tap(1, 2)


def test_ADB_11_a_phone_that_was_lost_and_came_back_gets_no_further_action_from_the_old_run(
    hub: Hub, adb: FakeAdb, phone: FakePhone, u2: FakeU2
) -> None:
    session = hub.session()
    session.observe()
    generation = hub.fleet.info(phone.serial).generation  # type: ignore[union-attr]
    adb.drop(phone.serial)
    hub.wait_state(phone.serial, PhoneState.ABSENT)
    phone.transport_id = 9
    adb.add(phone)
    hub.wait_state(phone.serial, PhoneState.DEVICE)
    assert hub.fleet.info(phone.serial).generation > generation  # type: ignore[union-attr]
    for action in (lambda: session.tap(1, 1), lambda: session.shell("reboot"), session.observe):
        with pytest.raises(PhoneOffline):
            action()
    assert u2.clicks == []
    assert "reboot" not in phone.commands
    hub.session().close()


def test_what_a_phone_can_do_is_asked_once_until_it_was_lost(
    hub: Hub, adb: FakeAdb, phone: FakePhone
) -> None:
    question = f"host-serial:{phone.serial}:features"

    def asked() -> int:
        before = adb.requests[question]
        with contextlib.closing(hub.session()) as session:
            session.shell("true")
            session.shell("true")
        return adb.requests[question] - before

    asked()
    assert asked() == 0
    adb.drop(phone.serial)
    hub.wait_state(phone.serial, PhoneState.ABSENT)
    phone.transport_id = 9
    phone.features = "cmd"  # it was given another Android
    adb.add(phone)
    hub.wait_state(phone.serial, PhoneState.DEVICE)
    assert asked() >= 1
    with contextlib.closing(hub.session()) as session:
        assert "inaccessible" in session.shell("true").output  # read in the way that it can


def test_two_attempts_never_hold_one_phone(hub: Hub, session: Session) -> None:
    with pytest.raises(PhoneNotReady):
        hub.fleet.open(session.serial)
    session.close()
    hub.session().close()


def test_U2_15_commands_of_two_threads_never_interleave(session: Session, phone: FakePhone) -> None:
    running: list[int] = [0, 0]

    def slow(_: FakePhone, words: list[str]) -> tuple[int, bytes]:
        running[0] += 1
        running[1] = max(running)
        threading.Event().wait(0.005)
        running[0] -= 1
        return 0, b""

    phone.handlers["work"] = slow
    calls = [Blocked(lambda: session.shell("work")) for _ in range(20)]
    for call in calls:
        call.join()
        assert call.error is None
    assert running[1] == 1


def test_a_tree_of_the_recorded_make_up_is_what_the_tests_use() -> None:
    assert SCREEN.count("<node") == session_module.SIGHTED_NODES


def test_PHN_1_a_phone_that_refuses_touches_says_which_setting_and_needs_hands(
    hub: Hub, session: Session, u2: FakeU2
) -> None:
    for method in ("click", "pressKey", "swipe"):
        u2.modes[method] = ["always:inject refused"]
    for touch in (
        lambda: session.tap(5, 5),
        lambda: session.press("back"),
        lambda: session.tap_once(5, 5),
        lambda: session.enter_text(5, 5, "x"),
    ):
        with pytest.raises(InputForbidden, match="Security settings") as caught:
            touch()
        assert (caught.value.code, caught.value.passing) == ("input_forbidden", False)
    assert u2.clicks == []
    assert u2.launches == 1  # the server is well: it is not restarted
    session.close()
    hub.wait_state("PHONE01", PhoneState.NEEDS_HANDS)
    assert "Security settings" in hub.info("PHONE01").detail


def test_PHN_1_a_key_that_the_shell_may_not_press_is_told_as_well(session: Session, phone: FakePhone) -> None:
    phone.handlers["dumpsys"] = lambda _, words: (0, b"mWakefulness=Asleep\n" if "power" in words else b"")
    phone.handlers["input"] = lambda *_: (
        255,
        b"java.lang.SecurityException: Injecting input events requires the caller to have the INJECT_EVENTS permission.",
    )
    with pytest.raises(InputForbidden, match="Security settings"):
        session.wake()


PACKAGE_DUMP = b"""Packages:
  Package [com.app] (1):
    versionName=1.0
    requested permissions:
      android.permission.READ_MEDIA_VIDEO
      runtime permissions:
        android.permission.READ_MEDIA_IMAGES: granted=true, flags=[ USER_SET ]
        android.permission.READ_MEDIA_VIDEO: granted=false, flags=[ USER_SENSITIVE_WHEN_GRANTED]
        android.permission.READ_CONTACTS: granted=false, flags=[]
        android.permission.ACCESS_FINE_LOCATION: granted=false, flags=[]
"""


def test_PHN_5_only_what_media_need_is_granted_and_only_what_is_missing(
    session: Session, phone: FakePhone
) -> None:
    phone.handlers["dumpsys"] = lambda *_: (0, PACKAGE_DUMP)
    phone.handlers["pm"] = lambda *_: (0, b"")
    assert session.grant_media("com.app") == ([], [])  # nothing is known of it yet
    session.app_version("com.app")
    assert session.grant_media("com.app") == (["READ_MEDIA_VIDEO"], [])
    assert session.grant_media("com.app") == ([], [])
    phone.handlers["dumpsys"] = lambda *_: (0, PACKAGE_DUMP.replace(b"READ_MEDIA_VIDEO", b"CAMERA"))
    session.app_version("com.app")
    assert session.grant_media("com.app") == ([], [])
    assert session.grant_media("com.app", camera=True) == (["CAMERA"], [])
    assert [line for line in phone.commands if line.startswith("pm")] == [
        "pm grant com.app android.permission.READ_MEDIA_VIDEO",
        "pm grant com.app android.permission.CAMERA",
    ]


LOCALE_OF_OLD_ANDROID = b"cmd: Can't find service: locale\n"


def test_an_app_s_version_and_language_come_in_one_round_trip_also_where_android_knows_no_language_of_an_app(
    session: Session, phone: FakePhone
) -> None:
    phone.handlers["dumpsys"] = lambda *_: (0, PACKAGE_DUMP)
    phone.handlers["cmd"] = lambda _, words: (
        (20, LOCALE_OF_OLD_ANDROID) if "locale" in words else (0, b"com.app/.Main\n")
    )
    phone.handlers["am"] = lambda *_: (0, b"config: mcc262-de-rDE-ldltr\n")
    version, spoken = app_language.read_with_version(session, "com.app")
    assert (version, spoken) == ("1.0", Spoken("de-DE", phone="de-DE"))
    questions = ("dumpsys package", "resolve-activity", "cmd locale get-app-locales", "am get-config")
    (line,) = [line for line in phone.lines if any(question in line for question in questions)]
    assert all(question in line for question in questions)


def test_an_app_that_is_not_there_is_missing_whatever_the_other_questions_answer(
    session: Session, phone: FakePhone
) -> None:
    phone.handlers["dumpsys"] = lambda *_: (0, b"Unable to find package: com.app\n")
    phone.handlers["cmd"] = lambda *_: (20, LOCALE_OF_OLD_ANDROID)
    phone.handlers["am"] = lambda *_: (0, b"versionName=7\nconfig: de-rDE-ldltr\n")
    with pytest.raises(AppMissing):
        app_language.read_with_version(session, "com.app")


def test_PHN_5_a_phone_that_lets_nothing_be_granted_is_told_and_no_failure(
    session: Session, phone: FakePhone
) -> None:
    old = PACKAGE_DUMP.replace(b"READ_MEDIA_VIDEO: granted", b"READ_EXTERNAL_STORAGE: granted")
    phone.handlers["dumpsys"] = lambda *_: (0, old)
    phone.handlers["pm"] = lambda *_: (
        255,
        b"java.lang.SecurityException: grantRuntimePermission: Neither user 2000",
    )
    session.app_version("com.app")
    assert session.grant_media("com.app") == ([], ["READ_EXTERNAL_STORAGE"])


@pytest.mark.parametrize(
    ("dumps", "word", "sentence"),
    [
        ({"power": b"mWakefulness=Asleep"}, "asleep", "woken"),
        ({"window displays": b"mCurrentFocus=Window{3 u0 NotificationShade}"}, "shade", "notification shade"),
        (
            {"window displays": b"mCurrentFocus=Window{3 u0 com.other/com.other.Main}"},
            "foreign",
            "com.other is in front",
        ),
    ],
)
def test_PHN_2_an_empty_tree_is_looked_into(
    session: Session, phone: FakePhone, u2: FakeU2, dumps: dict[str, bytes], word: str, sentence: str
) -> None:
    """Asleep and shade are undone, so that the screen shows again; another app is named."""
    u2.source = "<hierarchy rotation='0'></hierarchy>"
    state = dict(dumps)

    def undo(*_: object) -> tuple[int, bytes]:
        state.clear()
        u2.source = None
        return 0, b""

    phone.handlers["dumpsys"] = lambda _, words: (0, state.get(" ".join(words[1:]), b""))
    phone.handlers["input"] = phone.handlers["cmd"] = undo
    if word == "foreign":
        assert sentence in lost(session, 1.0)
        return
    assert with_text(session.observe(timeout_s=5.0), "Next")
    assert u2.launches == 1  # nothing was wrong with the server
    assert [one for one in session.remarks() if sentence in one]
    assert session.remarks() == []


@pytest.mark.parametrize(
    ("dumps", "why"),
    [
        ({"telephony.registry": b"mCallState=2"}, "in a call"),
        (
            {
                "window policy": b"  showing=true",
                "window displays": b"mCurrentFocus=Window{3 u0 NotificationShade}",
            },
            "locked",
        ),
    ],
)
def test_PHN_2_what_only_a_person_can_end_is_said_at_once(
    session: Session,
    phone: FakePhone,
    u2: FakeU2,
    dumps: dict[str, bytes],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "WAKE_TIMEOUT_S", 0.2)
    u2.source = "<hierarchy rotation='0'></hierarchy>"
    phone.handlers["dumpsys"] = lambda _, words: (0, dumps.get(" ".join(words[1:]), b""))
    with pytest.raises(PhoneNotReady, match=why):
        session.observe(timeout_s=5.0)
