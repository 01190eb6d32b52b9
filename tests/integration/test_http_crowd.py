"""Never twice with a crowd: clients at the same moment, a config that changes, slots, phones that go.

A seed makes the calls the same again; which of them comes first is up to the machine. NEVER_TWICE_SEED and NEVER_TWICE_STEPS
set both for the long form, which writes how far it has come to the file NEVER_TWICE_REPORT.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crowd_rounds import WorldOfCrowd
from tests.support.never_twice import long_walk, walk


def test_no_crowd_of_clients_posts_twice_or_unasked_or_under_another_name(tmp_path: Path) -> None:
    world = walk(WorldOfCrowd(tmp_path, seed=2), steps=120)
    assert world.counts["posts"] >= 10, world.counts
    assert world.counts["duels"] >= 5, world.counts


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_five_thousand_rounds_of_a_crowd_post_nothing_twice(tmp_path: Path) -> None:
    world, steps = long_walk(WorldOfCrowd, tmp_path, 5_000)
    assert world.counts["posts"] >= steps // 20
