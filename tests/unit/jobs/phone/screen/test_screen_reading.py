from __future__ import annotations

import threading

import pytest

from jobs.phone.screen import reading
from jobs.phone.screen.reading import one_at_a_time


def test_never_two_threads_read_at_once() -> None:
    pause = threading.Event()
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(50):
            with one_at_a_time():
                inside.append(1)
                most.append(len(inside))
                pause.wait(0.0002)  # lets the others run
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert len(most) == 200
    assert max(most) == 1


def test_one_that_never_ends_keeps_nobody_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STAND_BACK_S", 0.05)
    began, leave = threading.Event(), threading.Event()

    def hang() -> None:
        with one_at_a_time():
            began.set()
            leave.wait(30.0)

    thread = threading.Thread(target=hang)
    thread.start()
    assert began.wait(5.0)
    passed = []
    for _ in range(2):  # nor does one that did not wait for its end give its turn away
        with one_at_a_time():
            passed.append(True)
    leave.set()
    thread.join(5.0)
    assert passed == [True, True]
    with one_at_a_time():
        pass


def test_a_reading_that_fails_gives_its_turn_back() -> None:
    with pytest.raises(ValueError, match="no tree"), one_at_a_time():
        raise ValueError("no tree")
    assert not reading.TURN.locked()
