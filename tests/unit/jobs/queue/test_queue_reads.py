"""One read at a time for each key: who asks again joins it, and what could not be asked for leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs.input.refusals import Draining, Problem
from jobs.queue.reads import Reads
from jobs.queue.turn import ReadTurn
from tests.support.clock import FakeClock


class Engine:
    def __init__(self) -> None:
        self.asked: list[ReadTurn] = []
        self.then: Callable[[ReadTurn], None] = lambda _: None

    def ask(self, turn: ReadTurn) -> None:
        self.asked.append(turn)
        self.then(turn)

    def why_waiting(self, serial: str) -> str:
        return f"the phone {serial} works on task 7"


def turn(ended: Callable[[str], None] = lambda _: None) -> ReadTurn:
    return ReadTurn("A", "is read", lambda *_: None, ended, clock=FakeClock(), wait_s=60, lease_s=10)


def test_a_second_request_joins_the_first_until_it_is_over() -> None:
    engine = Engine()
    reads: Reads[str, int] = Reads(engine)
    first, second = turn(), turn()
    assert reads.start("A", first, 1) == (first, 1)
    assert reads.start("A", second, 2) == (first, 1)
    assert reads.start("B", second, 3) == (second, 3)
    assert engine.asked == [first, second]
    reads.over("A")
    assert reads.get("A") is None
    assert [seed for _, seed in reads.all()] == [3]
    reads.over("A")


def test_what_the_engine_refuses_can_be_asked_for_again() -> None:
    engine = Engine()
    reads: Reads[str, int] = Reads(engine)

    def refuse(_: ReadTurn) -> None:
        raise Draining(Problem("", "the daemon is about to stop"))

    engine.then = refuse
    with pytest.raises(Draining):
        reads.start("A", turn(), 1)
    assert reads.all() == []


def test_a_stop_that_ends_it_while_it_is_asked_for_does_not_block() -> None:
    engine = Engine()
    reads: Reads[str, int] = Reads(engine)
    engine.then = lambda asked: asked.end("the daemon stops")
    asked = turn(lambda _: reads.over("A"))
    assert reads.start("A", asked, 1) == (asked, 1)
    assert reads.get("A") is None


def test_it_says_what_a_read_waits_for_until_it_has_begun() -> None:
    reads: Reads[str, int] = Reads(Engine())
    asked = turn()
    assert reads.waits(asked) == "waits for the phone's turn; the phone A works on task 7"
    asked.begin()
    assert reads.waits(asked) == ""
