"""What is remembered of a post that was not published: the typed words, the indicators and the profile before the tap."""

from __future__ import annotations

import pytest

from jobs.post.flow.draft_memory import ENTERED_AT_MOST, STAYS_S, DraftMemory
from tests.support.post_stage import Memory


@pytest.fixture
def memory() -> Memory:
    return Memory()


def made(memory: Memory | None, serial: str = "S", package: str = "app") -> DraftMemory:
    return DraftMemory(memory, serial, package)


def test_typed_words_are_known_to_the_next_attempt_on_the_same_phone_and_app_alone(memory: Memory) -> None:
    made(memory).remember(["a title", "", "a text"])
    assert memory.values == {"unfinished:S:app": ["a title", "a text"]}
    assert made(memory).knows("a title")
    assert made(memory).knows("a text")
    assert not made(memory, serial="T").knows("a text")
    assert not made(memory, package="other").knows("a text")


def test_new_words_take_the_place_of_the_old_ones(memory: Memory) -> None:
    made(memory).remember(["old"])
    made(memory).remember(["new"])
    assert not made(memory).knows("old")
    assert made(memory).knows("new")


def test_what_the_app_made_of_them_is_added(memory: Memory) -> None:
    made(memory).add("alone")
    made(memory).remember(["typed"])
    made(memory).add("typed and altered")
    made(memory).add("")
    assert memory.values["unfinished:S:app"] == ["typed", "typed and altered"]
    assert made(memory).knows("typed and altered")


def test_a_published_post_is_forgotten_and_what_was_never_typed_costs_no_write(memory: Memory) -> None:
    made(memory).forget()
    assert memory.values == {}
    made(memory).remember(["typed"])
    made(memory).forget()
    assert memory.values == {"unfinished:S:app": []}
    assert not made(memory).knows("typed")


@pytest.mark.parametrize(
    ("shown", "known"),
    [
        ("Hello #world", True),
        ("  Hello #world \n", True),
        ("Hello", True),
        ("Hello #worldHello", True),
        ("Hello #world" * ENTERED_AT_MOST, True),
        ("Hello #world" * (ENTERED_AT_MOST + 1), False),
        ("ello", False),
        ("Hello there", False),
        ("", False),
        ("   ", False),
    ],
)
def test_cut_off_and_repeated_words_are_known_others_are_somebodys(
    memory: Memory, shown: str, known: bool
) -> None:
    made(memory).remember([" Hello #world "])
    assert made(memory).knows(shown) is known


def test_what_stood_there_before_a_tap_belongs_to_its_task(memory: Memory) -> None:
    made(memory).note_before(7, {"posted": 1}, posts=8, tile="Reel", fresh=True, at=5.0)
    assert memory.values == {
        "unfinished:S:app:before": {
            "task": 7,
            "signs": {"posted": 1},
            "posts": 8,
            "tile": "Reel",
            "fresh": True,
            "at": 5.0,
        }
    }
    assert made(memory).indicators_before(7) == {"posted": 1}
    assert made(memory).profile_before(7) == (8, "Reel", True)
    assert (made(memory).indicators_before(8), made(memory).profile_before(8)) == (None, (None, "", False))


def test_what_the_app_shows_is_as_the_tap_left_it_for_a_while_and_until_a_look_has_changed_it(
    memory: Memory,
) -> None:
    assert not made(memory).is_as_left(7, 100.0), "nothing was noted"
    made(memory).note_before(7, {}, at=100.0)
    assert made(memory).is_as_left(7, 100.0)
    assert made(memory).is_as_left(7, 100.0 + STAYS_S)
    assert not made(memory).is_as_left(7, 101.0 + STAYS_S)
    assert not made(memory).is_as_left(7, 99.0), "the clock of the box went back"
    assert not made(memory).is_as_left(8, 100.0), "that was another task's"
    made(memory).note_changed(7)
    assert not made(memory).is_as_left(7, 100.0)


def test_nothing_noted_is_not_the_same_as_no_signs(memory: Memory) -> None:
    assert made(memory).indicators_before(7) is None
    made(memory).note_before(7, {})
    assert made(memory).indicators_before(7) == {}
    made(memory).note_before(7, None)
    assert made(memory).indicators_before(7) is None
    assert made(memory).profile_before(7) == (None, "", False)


def test_without_a_store_everything_is_forgotten_at_once() -> None:
    kept = made(None)
    kept.remember(["typed"])
    kept.add("altered")
    kept.note_before(7, {"posted": 1}, posts=8, tile="Reel", fresh=True)
    kept.forget()
    assert not kept.knows("typed")
    assert kept.indicators_before(7) is None
    assert kept.profile_before(7) == (None, "", False)
