"""Rehearsals with a random fault each: they publish nothing and leave no draft, no file and no half-open form behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fault_bench import FaultBench
from tests.support.rehearsal_bench import RehearsalRun

#: Another seed gives other faults at other moments; fewer than a thousand: TIKMATRIXD_REHEARSALS=100 make long ARGS=tests/acceptance/test_acceptance_rehearsal_faults.py
SEED = int(os.environ.get("TIKMATRIXD_SEED", "1"))
THOUSAND = int(os.environ.get("TIKMATRIXD_REHEARSALS", "1000"))
PHONES = int(os.environ.get("TIKMATRIXD_PHONES", "10"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[FaultBench]:
    made = FaultBench(tmp_path, PHONES)
    yield made
    made.stop()


@pytest.mark.long
@pytest.mark.timeout(12 * 3600)
def test_a_thousand_rehearsals_with_a_random_fault_each_leave_nothing_behind(bench: FaultBench) -> None:
    run = RehearsalRun(bench, SEED, THOUSAND)
    problems = run.run()
    print(run.figures())
    assert problems == []
