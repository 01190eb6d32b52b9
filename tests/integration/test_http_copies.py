"""Never twice, also where requests come again and copies are restored: random sequences, judged by what the phones posted.

NEVER_TWICE_SEED and NEVER_TWICE_STEPS set the seed and the length of the long form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.never_twice import long_walk, walk
from tests.support.never_twice_copies import WorldOfCopies


def test_no_sequence_with_repeated_requests_and_restores_posts_twice(tmp_path: Path) -> None:
    world = walk(WorldOfCopies(tmp_path, seed=2), steps=150)
    assert world.counts["posts"] >= 5, world.counts
    assert world.counts["restore"]
    assert world.counts["answered again"]


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_five_thousand_steps_with_repeated_requests_and_restores_post_nothing_twice(tmp_path: Path) -> None:
    world, steps = long_walk(WorldOfCopies, tmp_path, 5_000)
    assert world.counts["posts"] >= steps // 40
