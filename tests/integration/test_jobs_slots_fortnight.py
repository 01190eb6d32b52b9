"""Days of slots with kill -9, clock jumps, daylight saving and a restore in the middle (R60)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.slots_fortnight import Fortnight


def run(folder: Path, seed: int, days: int) -> dict[str, int]:
    fortnight = Fortnight(folder, seed, days)
    fortnight.run()
    figures, wrong = fortnight.judge()
    print(figures)
    assert wrong == []
    assert figures["restores"] == 1
    return figures


def test_every_occurrence_is_posted_once_through_kills_jumps_and_a_restore(tmp_path: Path) -> None:
    figures = run(tmp_path, seed=3, days=5)
    assert figures["kills"] >= 3
    # How many a wrong clock leaves out depends on when the kills come, and that on the machine.
    assert figures["posted"] > figures["occurrences"] / 5


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10, 15))
def test_a_fortnight_of_slots_over_the_spring_night_posts_each_once(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 14)
