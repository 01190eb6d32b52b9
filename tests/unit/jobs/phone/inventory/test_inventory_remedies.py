from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jobs.phone.inventory.losses import Losses
from jobs.phone.inventory.remedies import Care, Remedy


def _remedies(care: Care, seconds: int) -> list[tuple[int, Remedy]]:
    found = ((second, care.bad(float(second))) for second in range(seconds))
    return [(second, remedy) for second, remedy in found if remedy is not Remedy.NOTHING]


def test_ADB_6_ten_minutes_offline_are_five_reconnects_and_then_a_person_s_matter() -> None:
    care = Care(network=False, random=Random(1))
    remedies = _remedies(care, 600)
    assert [second for second, _ in remedies] == [15, 45, 105, 225, 465]
    assert {remedy for _, remedy in remedies} == {Remedy.RECONNECT}
    assert not care.gave_up
    assert _remedies(care, 100_000) == []
    assert care.gave_up
    assert "plug" in care.advice
    care.good()
    assert not care.gave_up
    assert care.bad(0.0) is Remedy.NOTHING


def test_ADB_6_a_phone_that_is_back_in_time_gets_no_remedy() -> None:
    care = Care(network=False, random=Random(1))
    for start in range(0, 1000, 20):
        assert _remedies_between(care, start, start + 14) == []
        care.good()


def _remedies_between(care: Care, start: int, end: int) -> list[Remedy]:
    return [r for second in range(start, end) if (r := care.bad(float(second))) is not Remedy.NOTHING]


def test_ADB_16_a_network_phone_is_connected_at_once_then_ever_more_slowly_and_never_given_up() -> None:
    care = Care(network=True, random=Random(1))
    times = [second for second, _ in _remedies(care, 4 * 3600)]
    assert times[0] == 0
    pauses = [b - a for a, b in pairwise(times)]
    assert 4 <= pauses[0] <= 7
    assert all(240 <= pause <= 361 for pause in pauses[10:])
    assert care.gave_up
    assert "USB" in care.advice


@given(st.lists(st.floats(0, 1e6), max_size=40), st.booleans())
def test_no_sequence_of_times_asks_for_more_remedies_than_pauses_allow(
    times: list[float], network: bool
) -> None:
    care = Care(network=network, random=Random(2))
    count = sum(care.bad(at) is not Remedy.NOTHING for at in sorted(times))
    assert count <= (len(times) if network else 5)


def test_ADB_13_losses_within_two_seconds_on_one_hub_are_one_event() -> None:
    losses = Losses()
    assert losses.due_at is None
    for n in range(10):
        losses.lost(100.0 + n * 0.1, 5000.0, f"P{n}", f"1-2.{n}")
    losses.lost(101.0, 5000.0, "ELSEWHERE", "2-1.4")
    losses.lost(101.0, 5000.0, "WIFI", "")
    assert losses.due_at == 102.0
    assert losses.grouped(101.9) == []
    events = losses.grouped(102.0)
    assert [(event.hub, len(event.serials)) for event in events] == [("1-2", 10), ("", 1), ("", 1)]
    assert "10 phones on USB hub 1-2" in events[0].sentence
    assert "ELSEWHERE" in events[1].sentence
    assert losses.grouped(200.0) == []


def test_a_phone_that_flaps_is_counted_once_per_event_and_the_log_is_bounded() -> None:
    losses = Losses()
    for second in range(1000):
        losses.lost(float(second * 10), 0.0, "FLAPPER", "1-2.1")
        losses.lost(float(second * 10), 0.0, "FLAPPER", "1-2.1")
        assert [event.serials for event in losses.grouped(second * 10 + 5.0)] == [("FLAPPER",)]
    assert len(losses.recent) == 100


def test_phones_directly_on_a_root_hub_share_its_bus() -> None:
    losses = Losses()
    for port in (1, 2, 3):
        losses.lost(0.0, 0.0, f"P{port}", f"3-{port}")
    assert [event.hub for event in losses.grouped(2.0)] == ["3"]
