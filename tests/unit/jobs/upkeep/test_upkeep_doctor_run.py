"""Doctor inside the daemon: one look at a time, and an answer that never waits longer than asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from jobs.hub.clock import SystemClock
from jobs.upkeep.doctor_findings import Finding, ok
from jobs.upkeep.doctor_run import FRESH_S, DoctorRun
from tests.support.clock import FakeClock


def test_a_look_that_takes_long_is_told_as_far_as_it_is_and_goes_on() -> None:
    seen, go_on = threading.Event(), threading.Event()
    looks = []

    def look() -> Iterator[Finding]:
        looks.append(1)
        yield ok("first", "is well")
        seen.set()
        assert go_on.wait(20)
        yield ok("second", "is well")

    run = DoctorRun(look, SystemClock())
    assert not run.report(0.0).complete
    assert seen.wait(20)
    early = run.report(0.01)
    assert ([one.subject for one in early.findings], early.complete) == (["first"], False)
    go_on.set()
    late = run.report(20.0)
    assert ([one.subject for one in late.findings], late.complete) == (["first", "second"], True)
    assert late.at == early.at
    assert looks == [1]


def test_a_new_look_begins_when_the_last_one_is_no_longer_fresh() -> None:
    clock, looks = FakeClock(), []

    def look() -> list[Finding]:
        looks.append(1)
        return []

    run = DoctorRun(look, clock)
    assert run.report(20.0).complete
    run.report(20.0)
    assert len(looks) == 1
    clock.advance(FRESH_S)
    assert run.report(20.0).complete
    assert len(looks) == 2


def test_a_look_that_breaks_off_says_so() -> None:
    def look() -> Iterator[Finding]:
        yield ok("first", "is well")
        raise OSError("no such device")

    run = DoctorRun(look, SystemClock())
    report = run.report(20.0)
    assert [one.sentence for one in report.findings] == ["broke off: no such device", "is well"]
    assert report.complete
