from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.phone.adb.listing import parse
from jobs.phone.inventory.identities import known_identities, remember_identities
from jobs.phone.inventory.record import GHOST_MISSES, Facts
from jobs.phone.inventory.remedies import Remedy
from jobs.phone.inventory.roster import PROBE_EVERY_S, Roster
from jobs.phone.protocol import PhoneState
from storage.store import Store


def roster(*known: str) -> Roster:
    return Roster(known, (), wall=0.0, random=Random(0))


def states(one: Roster, wall: float = 1.0) -> dict[str, str]:
    one.changes(wall)
    return {serial: str(entry.info.state) for serial, entry in one.entries.items()}


def listing(*lines: str) -> object:
    return parse("\n".join(lines))


A1 = "A device usb:1-1 transport_id:1"
A2 = "A device usb:1-1 transport_id:2"
A_OFF = "A offline usb:1-1 transport_id:1"


def test_a_phone_counts_once_it_answered_and_not_before() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    assert states(one) == {"A": "offline"}
    assert [entry.serial for entry in one.due_probes(0.0)] == ["A"]
    one.answered("A", 0, Facts(identity="A"), 0.1)
    assert states(one) == {"A": "device"}
    assert one.next_due(0.1) == 0.1 + PROBE_EVERY_S


def test_a_phone_that_was_offline_for_a_moment_under_the_same_transport_is_asked_at_once() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.1)
    one.seen(parse(A_OFF), 1.0, 1.0)
    one.seen(parse(A1), 2.0, 2.0)
    assert [entry.serial for entry in one.due_probes(2.0)] == ["A"]


def asked_while_it_starts(one: Roster, began: float, seconds: float) -> int:
    """How often a phone that is not up yet is asked, by a tracker that looks all the time."""
    asked = 0
    for tick in range(int(seconds * 10)):
        now = began + tick / 10
        for entry in list(one.due_probes(now)):
            asked += 1
            one.answered(entry.serial, entry.generation, Facts(booted=False), now)
        list(one.due_remedies(now, lambda _: False))
    return asked


def test_PPA_7_and_ADB_14_a_phone_that_never_finishes_starting_is_asked_gently_and_reported() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    assert asked_while_it_starts(one, 0.0, 299.0) <= 299
    assert states(one) == {"A": "offline"}
    assert asked_while_it_starts(one, 299.0, 10.0) <= 10
    assert states(one) == {"A": "needs_hands"}


def test_ADB_14_a_phone_that_took_too_long_to_start_is_used_as_soon_as_it_is_up() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    asked_while_it_starts(one, 0.0, 400.0)
    assert states(one) == {"A": "needs_hands"}
    one.answered("A", 0, Facts(), 401.0)
    assert states(one) == {"A": "device"}


def test_PPA_7_a_phone_that_is_away_is_not_asked_at_all() -> None:
    one = roster("A")
    one.seen(parse(""), 0.0, 0.0)
    assert [entry for tick in range(1000) for entry in one.due_probes(float(tick))] == []


def test_ADB_11_each_loss_raises_the_generation_and_a_late_answer_of_before_counts_nothing() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.1)
    one.changes(0.1)
    one.seen(parse(A2), 1.0, 1.0)  # the transport changed between two lists
    changes = one.changes(1.0)
    assert [(change.lost, change.info.generation) for change in changes] == [(True, 1)]
    one.answered("A", 0, Facts(), 1.1)
    assert states(one) == {"A": "offline"}
    one.answered("A", 1, Facts(), 1.2)
    assert states(one) == {"A": "device"}


def test_ADB_12_one_unanswered_question_is_forgiven_and_two_make_a_ghost() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.missed("A", 0, 60.0)
    assert states(one) == {"A": "device"}
    for _ in range(GHOST_MISSES - 1):
        one.missed("A", 0, 65.0)
    assert states(one) == {"A": "offline"}
    assert one.entries["A"].generation == 1
    one.answered("A", 1, Facts(), 70.0)
    assert states(one) == {"A": "device"}


def test_ADB_12_two_single_misses_with_an_answer_between_are_no_ghost() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.1)
    for day in range(1, 2 * GHOST_MISSES + 1):
        now = day * 86400.0
        one.missed("A", 0, now)
        assert states(one) == {"A": "device"}
        one.answered("A", 0, Facts(), now + 5)
    assert one.entries["A"].generation == 0


def test_when_adb_is_down_every_phone_says_so() -> None:
    one = roster("KNOWN")
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.adb_down("port 5037 is closed")
    assert states(one) == {"KNOWN": "adb_down", "A": "adb_down"}
    assert list(one.due_remedies(100.0, lambda _: False)) == []
    one.seen(parse(A1), 200.0, 200.0)
    assert states(one) == {"KNOWN": "absent", "A": "offline"}


def test_a_change_that_nobody_would_see_is_not_announced() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.changes(0.0)
    one.seen(parse(A1), 30.0, 30.0)
    assert one.changes(30.0) == []
    assert one.entries["A"].info.last_seen == 30.0


def test_the_beginning_of_a_state_is_kept_while_its_detail_changes() -> None:
    one = roster()
    one.seen(parse(A_OFF), 0.0, 10.0)
    one.changes(10.0)
    one.seen(parse("A recovery usb:1-1 transport_id:1"), 5.0, 20.0)
    one.changes(20.0)
    info = one.entries["A"].info
    assert (info.since, info.state, info.detail) == (
        10.0,
        PhoneState.OFFLINE,
        "the phone is in recovery mode",
    )


def idle(_: str) -> bool:
    return False


def test_U2_7_a_phone_that_cannot_be_used_waits_for_hands_for_an_hour_or_until_it_is_plugged_anew() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.gave_up("A", "automation keeps dying", 1.0)
    assert states(one) == {"A": "needs_hands"}
    assert list(one.due_remedies(3600.0, idle)) == []
    assert states(one) == {"A": "needs_hands"}
    assert list(one.due_remedies(3601.0, idle)) == []
    assert states(one) == {"A": "device"}
    one.gave_up("A", "automation keeps dying", 4000.0)
    one.seen(parse(A2), 4001.0, 4001.0)
    one.answered("A", 1, Facts(), 4002.0)
    assert states(one) == {"A": "device"}
    one.gave_up("UNKNOWN", "x", 1.0)


def test_a_phone_that_a_person_looked_at_is_used_again_at_once() -> None:
    one = roster()
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.gave_up("A", "automation keeps dying", 1.0)
    assert states(one) == {"A": "needs_hands"}
    one.forgiven("A", 2.0)
    assert states(one) == {"A": "device"}
    assert [entry.serial for entry in one.due_probes(2.0)] == ["A"]
    one.forgiven("UNKNOWN", 2.0)


def test_U2_7_where_the_config_allows_it_such_a_phone_is_restarted_once_a_day_when_nobody_uses_it() -> None:
    one = Roster((), (), wall=0.0, random=Random(0), allow_reboot=True)
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.gave_up("A", "automation keeps dying", 1.0)
    assert list(one.due_remedies(2.0, lambda serial: serial == "A")) == []
    assert [(entry.serial, remedy) for entry, remedy in one.due_remedies(3.0, idle)] == [("A", Remedy.REBOOT)]
    assert list(one.due_remedies(4.0, idle)) == []
    assert states(one) == {"A": "offline"}
    assert one.entries["A"].info.detail == "the phone is starting"
    one.answered("A", 0, Facts(), 60.0)
    assert states(one) == {"A": "device"}
    one.gave_up("A", "again", 5000.0)
    assert list(one.due_remedies(5001.0, idle)) == []
    assert states(one) == {"A": "needs_hands"}


def test_ADB_14_a_phone_that_starts_is_waited_for_and_one_that_does_not_come_back_is_reported() -> None:
    one = Roster((), (), wall=0.0, random=Random(0), allow_reboot=True)
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.gave_up("A", "x", 1.0)
    assert list(one.due_remedies(2.0, idle))
    one.seen(parse(""), 3.0, 3.0)
    assert states(one) == {"A": "offline"}
    one.seen(parse(A2), 40.0, 40.0)
    one.answered("A", 1, Facts(booted=False), 40.0)
    assert states(one) == {"A": "offline"}
    assert list(one.due_probes(42.0))
    one.answered("A", 1, Facts(booted=True), 60.0)
    assert states(one) == {"A": "device"}
    one.gave_up("A", "x", 100_000.0)
    assert list(one.due_remedies(100_001.0, idle))
    one.seen(parse(""), 100_002.0, 100_002.0)
    assert list(one.due_remedies(100_400.0, idle)) == []
    assert states(one) == {"A": "needs_hands"}
    assert "did not come back" in one.entries["A"].info.detail


LINES = st.lists(
    st.sampled_from(
        [A1, A2, A_OFF, "A unauthorized usb:1-1 transport_id:1", A1.replace("1-1", "1-9"), "B device"]
    ),
    max_size=3,
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("seen"), LINES),
        st.tuples(st.just("answered"), st.integers(0, 6)),
        st.tuples(st.just("missed"), st.integers(0, 6)),
        st.tuples(st.just("down"), st.none()),
    ),
    max_size=30,
)


@settings(max_examples=300)
@given(EVENTS)
def test_whatever_happens_a_usable_phone_is_listed_and_answered_in_its_generation(events: list) -> None:  # type: ignore[type-arg]
    one = roster("A", "B")
    generations = {"A": 0, "B": 0}
    for at, (what, value) in enumerate(events):
        if what == "seen":
            one.seen(parse("\n".join(value)), float(at), float(at))
        elif what == "answered":
            one.answered("A", value, Facts(identity="A"), float(at))
        elif what == "missed":
            one.missed("A", value, float(at))
        else:
            one.adb_down("gone")
        for change in one.changes(float(at)):
            assert change.info.generation >= generations[change.info.serial]
            assert change.lost == (change.info.generation > generations[change.info.serial])
            generations[change.info.serial] = change.info.generation
        for entry in one.entries.values():
            usable = entry.info.state is PhoneState.DEVICE
            assert not usable or (one.adb_up and entry.listed is not None and entry.verified)
            assert usable or entry.info.detail


def test_a_server_that_makes_up_serials_without_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.phone.inventory.roster.MAX_PHONES", 10)
    one = roster("KNOWN")
    one.seen(parse("KNOWN device usb:1-1\nA device usb:1-2\n"), 0.0, 0.0)
    for turn in range(20):
        made_up = "".join(f"X{turn}Y{n} device usb:2-{n}\n" for n in range(5))
        one.seen(parse("KNOWN device usb:1-1\nA device usb:1-2\n" + made_up), 1.0, 1.0)
    assert len(one.entries) == 10
    assert "10 phones were seen since the start, which is the limit: 5 more are not used" in one.warnings
    one.answered("A", one.entries["A"].generation, Facts(identity="A"), 2.0)
    assert states(one)["A"] == "device"
    one.seen(parse("KNOWN device usb:1-1\n"), 3.0, 3.0)
    assert one.warnings == ()


WIFI = "192.168.1.5:5555"
WIFI_1 = f"{WIFI} device transport_id:1"
WIFI_2 = f"{WIFI} device transport_id:2"


def test_another_phone_at_the_same_address_is_not_used_before_a_person_says_so() -> None:
    """A router that was off gives its addresses anew: what names the phone by its address would post from the wrong one."""
    one = roster()
    one.seen(parse(WIFI_1), 0.0, 0.0)
    one.answered(WIFI, 0, Facts(identity="ANNAS"), 0.1)
    assert states(one) == {WIFI: "device"}
    one.seen(parse(WIFI_2), 1.0, 1.0)
    one.answered(WIFI, 1, Facts(identity="BENS"), 1.1)
    assert states(one) == {WIFI: "needs_hands"}
    assert "another phone answers here: BENS, before it was ANNAS" in one.entries[WIFI].info.detail
    one.seen(parse(WIFI_1), 2.0, 2.0)
    one.answered(WIFI, 2, Facts(identity="ANNAS"), 2.1)
    assert states(one) == {WIFI: "device"}
    one.seen(parse(WIFI_2), 3.0, 3.0)
    one.answered(WIFI, 3, Facts(identity="BENS"), 3.1)
    one.forgiven(WIFI, 3.2)
    assert states(one) == {WIFI: "device"}
    one.seen(parse(WIFI_1), 4.0, 4.0)
    one.answered(WIFI, 4, Facts(identity="ANNAS"), 4.1)
    assert states(one) == {WIFI: "needs_hands"}


@pytest.mark.parametrize("identity", ["", "unknown"])
def test_a_phone_that_does_not_say_which_it_is_is_used_at_its_address(identity: str) -> None:
    one = Roster((), (), wall=0.0, random=Random(0), identities={WIFI: "ANNAS"})
    one.seen(parse(WIFI_1), 0.0, 0.0)
    one.answered(WIFI, 0, Facts(identity=identity), 0.1)
    assert states(one) == {WIFI: "device"}


def test_which_phone_answers_at_an_address_outlives_a_restart(tmp_path: Path) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        one = roster()
        one.seen(parse(WIFI_1), 0.0, 0.0)
        one.answered(WIFI, 0, Facts(identity="ANNAS"), 0.1)
        one.seen(parse(f"{WIFI_1}\nUSB1 device usb:1-1 transport_id:3"), 0.0, 0.0)
        one.answered("USB1", 0, Facts(identity="USB1"), 0.1)
        states(one)
        remember_identities(store.meta, [entry.info for entry in one.entries.values()])
        assert known_identities(store.meta) == {WIFI: "ANNAS"}
        two = Roster((), (), wall=0.0, random=Random(0), identities=known_identities(store.meta))
        two.seen(parse(WIFI_1), 0.0, 0.0)
        two.answered(WIFI, 0, Facts(identity="BENS"), 0.1)
        assert states(two) == {WIFI: "needs_hands"}
        remember_identities(store.meta, [entry.info for entry in two.entries.values()])
        assert known_identities(store.meta) == {WIFI: "ANNAS"}
