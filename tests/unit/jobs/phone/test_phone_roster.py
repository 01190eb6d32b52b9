from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.phone.listing import parse
from jobs.phone.protocol import PhoneState
from jobs.phone.roster import GHOST_MISSES, PROBE_EVERY_S, Facts, Roster


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


def test_when_adb_is_down_every_phone_says_so() -> None:
    one = roster("KNOWN")
    one.seen(parse(A1), 0.0, 0.0)
    one.answered("A", 0, Facts(), 0.0)
    one.adb_down("port 5037 is closed")
    assert states(one) == {"KNOWN": "adb_down", "A": "adb_down"}
    assert list(one.due_remedies(100.0)) == []
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
