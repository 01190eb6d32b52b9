"""FT-6: the process is killed at every named point around a state write and around the tap, and started again."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from storage.engine.hooks import ENVIRONMENT
from storage.records import Stage
from storage.store import Store
from tests.support.warm import warm

TASKS = 4

POINTS = [
    *(
        f"jobs.{when}_{stage}"
        for stage in ("queued", "preparing", "committing", "verifying", "published")
        for when in ("before", "after")
    ),
    "tap.before",
    "tap.after",
]


def run(folder: Path, crash_at: str = "") -> int:
    """The child's exit status; negative when it was killed."""
    command = [
        sys.executable,
        "-m",
        "tests.support.crash_child",
        str(folder / "state"),
        str(folder / "posts"),
    ]
    environment = os.environ | {ENVIRONMENT: crash_at}
    return warm().popen(command, stdout=2, stderr=2, env=environment).wait(60)


def check(folder: Path) -> None:
    """Each task was published exactly once, and says so."""
    posts = Counter((folder / "posts").read_text().split())
    with Store.open(folder / "state", reserve_bytes=0) as store:
        tasks = store.tasks.page(page_size=100)[0]
    assert {str(task.id) for task in tasks} == posts.keys()
    assert set(posts.values()) == {1}
    assert {task.stage for task in tasks} == {Stage.PUBLISHED}
    assert len(tasks) == TASKS


@pytest.mark.parametrize("point", POINTS)
def test_JOB_3_a_kill_at_this_point_loses_no_task_and_publishes_none_twice(
    tmp_path: Path, point: str
) -> None:
    assert run(tmp_path, point) == -signal.SIGKILL
    assert run(tmp_path) == 0
    check(tmp_path)


@pytest.mark.parametrize("first", ["tap.before", "tap.after"])
@pytest.mark.parametrize(
    "second", ["settle.before", "jobs.before_published", "jobs.before_scheduled", "jobs.after_scheduled"]
)
def test_JOB_3_a_second_kill_while_the_first_is_being_cleared_up_changes_nothing(
    tmp_path: Path, first: str, second: str
) -> None:
    assert run(tmp_path, first) == -signal.SIGKILL
    run(tmp_path, second)
    assert run(tmp_path) == 0
    check(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("what", ["before write journal", "after write journal", "after fsync journal"])
@pytest.mark.parametrize("count", range(1, 30))
def test_JOB_17_a_kill_at_any_write_of_the_store_changes_nothing(
    tmp_path: Path, what: str, count: int
) -> None:
    run(tmp_path, f"{what}:{count}")
    assert run(tmp_path) == 0
    check(tmp_path)
