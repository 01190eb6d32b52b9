"""Never twice, never unasked, never under the wrong name: random sequences of calls, judged by what the phones posted.

A seed makes the calls the same again; when the engine's threads do what they do is up to the machine. NEVER_TWICE_SEED and
NEVER_TWICE_STEPS set both for the long form, which writes how far it has come to the file NEVER_TWICE_REPORT.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.never_twice import World, long_walk, walk


def test_R50_R51_no_sequence_of_calls_posts_twice_or_unasked_or_to_a_disabled_account(tmp_path: Path) -> None:
    world = walk(World(tmp_path, seed=20261129), steps=150)
    assert world.counts["posts"] >= 10, world.counts
    assert world.counts["completed seen"]
    assert world.counts["change 0"]
    assert world.counts["hold 0"]


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_R50_R51_ten_thousand_steps_post_nothing_twice(tmp_path: Path) -> None:
    world, steps = long_walk(World, tmp_path, 10_000)
    assert world.counts["posts"] >= steps // 20
