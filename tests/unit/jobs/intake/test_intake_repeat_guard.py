"""The repeat guard beyond creation: at a retry, at a claim, and right before the tap (R50)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Invalid
from jobs.run.control import Skipped
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.records import MediaFile, Outcome, Stage, Task, Use
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakePhones, FakeScript

CLIP = MediaFile(path="/m/clip.mp4", name="clip.mp4", sha256="c" * 64, size_bytes=1, kind="video")
POOLED = MediaFile(
    path="/m/pool.mp4", name="pool.mp4", sha256="d" * 64, size_bytes=1, kind="video", root="/m"
)
DAY_S = 24 * 3600.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Without its threads; accounts x and y live on phone A, z on B."""
    made = Bench(tmp_path, FakePhones("A", "B"), FakeScript(), FakeClock())
    for name, serial in (("x", "A"), ("y", "A"), ("z", "B")):
        made.store.accounts.add(username=name, platform="tiktok", serial=serial)
    yield made
    made.close()


def put(bench: Bench, end: str = "", at: float | None = None, **facts: Any) -> Task:
    """A task with the clip for @x, possibly ended."""
    now = bench.clock.now()
    given = {"materials": (CLIP,), "username": "x", "created": now, "placement": "video", **facts}
    task = bench.store.tasks.create(
        [new_task(given.pop("serial", "A"), at=now if at is None else at, **given)]
    )[0]
    return finish(bench, task, end) if end else task


def finish(bench: Bench, task: Task, end: str) -> Task:
    outcome = {
        "failed": Outcome.NONE,
        "rejected": Outcome.NOT_PUBLISHED,
        "published": Outcome.PUBLISHED,
        "unknown": Outcome.UNKNOWN,
    }[end]
    stage = Stage.PUBLISHED if end == "published" else Stage.FAILED
    return bench.store.tasks.change(
        task.id, stage=stage, outcome=outcome, finished_at=bench.clock.now(), attempt=1
    )


def later(bench: Bench, seconds: float = 1800.0) -> None:
    bench.clock.advance(seconds)  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", ["published", "unknown", ""])
@pytest.mark.parametrize("deleted", [False, True])
def test_R50_a_retry_of_what_another_task_has_posted_meanwhile_needs_a_persons_word(
    bench: Bench, end: str, deleted: bool
) -> None:
    failed = put(bench, "failed")
    later(bench, 300)
    other = put(bench, end)
    if deleted:
        bench.control.delete([other.id])
    if deleted and not end:
        assert bench.control.retry_all().task_ids == [failed.id]  # what was deleted before it ran is no post
        return
    assert Skipped(failed.id, "already_posted") in bench.control.retry_all().skipped
    with pytest.raises(Invalid, match=f"same media .*task {other.id}.*confirm the retry"):
        bench.control.retry(failed.id, force=True)
    assert bench.task(failed.id).stage is Stage.FAILED
    retried = bench.control.retry(failed.id, confirm=True)
    assert (retried.stage, retried.confirmed_repeats) == (Stage.SCHEDULED, (other.id,))
    assert bench.jobs.repeats.at_claim(retried) is None


def test_R50_a_retry_long_after_the_window_is_still_the_second_post(bench: Bench) -> None:
    failed = put(bench, "failed")
    later(bench)
    put(bench, "published")
    later(bench, 5 * DAY_S)
    assert bench.control.retry_all().skipped == [Skipped(failed.id, "already_posted")]


def test_R50_of_two_failed_tasks_with_the_same_media_retry_all_takes_one(bench: Bench) -> None:
    first, second = put(bench, "failed"), put(bench, "failed")
    done = bench.control.retry_all()
    assert (done.task_ids, done.skipped) == ([first.id], [Skipped(second.id, "already_posted")])


def test_R50_what_was_confirmed_once_says_nothing_about_a_later_post(bench: Bench) -> None:
    failed = put(bench, "failed")
    put(bench, "published")
    finish(bench, bench.control.retry(failed.id, confirm=True), "failed")
    another = put(bench, "published")
    with pytest.raises(Invalid, match=f"task {another.id}"):
        bench.control.retry(failed.id)


def test_R50_a_task_created_with_force_is_exempt_for_its_life(bench: Bench) -> None:
    forced = put(bench, "failed", forced=True)
    put(bench, "published")
    assert bench.control.retry_all().task_ids == [forced.id]
    assert bench.jobs.repeats.at_claim(bench.task(forced.id)) is None


def test_R50_another_account_placement_or_content_is_no_repeat(bench: Bench) -> None:
    failed = put(bench, "failed")
    put(bench, "published", username="y")
    put(bench, "published", placement="story")
    put(bench, "published", materials=(POOLED,))
    put(bench, "failed")
    put(bench, "rejected")
    assert failed.id in bench.control.retry_all().task_ids


def test_R50_tomorrows_post_of_the_same_media_is_no_repeat_of_todays(bench: Bench) -> None:
    today, tomorrow = put(bench, "failed"), put(bench, at=bench.clock.now() + DAY_S)
    assert bench.control.retry_all().task_ids == [today.id]
    finish(bench, bench.task(today.id), "published")
    later(bench, DAY_S)
    assert bench.jobs.repeats.at_claim(tomorrow) is None


def test_R50_two_days_that_were_planned_apart_stay_apart_however_late_the_phone_is(bench: Bench) -> None:
    put(bench, "published", at=bench.clock.now() - DAY_S)
    assert bench.jobs.repeats.at_claim(put(bench)) is None


def test_R50_a_task_that_was_stopped_before_it_ran_and_asked_for_again_is_asked_as_any_retry(
    bench: Bench,
) -> None:
    """Its `retry_count` stays 0 (R52)."""
    task = put(bench)
    bench.control.stop(task.id)
    later(bench, 60)
    again = bench.control.retry(task.id)
    assert (again.retry_count, bench.jobs.repeats.at_claim(again)) == (0, None)
    later(bench)
    other = put(bench, "published")
    repeat = bench.jobs.repeats.at_claim(again)
    assert repeat is not None
    assert repeat.task_id == other.id


def test_R50_a_pooled_file_that_another_account_has_used_meanwhile(bench: Bench) -> None:
    failed = put(bench, "failed", materials=(POOLED,))
    assert bench.store.usage.state("/m", POOLED.sha256) is Use.FREE
    other = put(bench, "published", username="z", serial="B", materials=(POOLED,))
    assert bench.control.retry_all().skipped == [Skipped(failed.id, "already_posted")]
    with pytest.raises(Invalid, match=f'task {other.id} has used "pool.mp4" meanwhile'):
        bench.control.retry(failed.id)
    bench.store.usage.reset("/m")
    assert bench.control.retry(failed.id).stage is Stage.SCHEDULED


def test_R50_whichever_account_is_current_is_the_only_one_that_lives_in_the_app(bench: Bench) -> None:
    put(bench, "published", username="z", serial="B")
    current = put(bench, "failed", username="", serial="B")
    assert bench.control.retry_all().skipped == [Skipped(current.id, "already_posted")]
    # Two accounts live on A: which one it will be is known only once it is seen.
    put(bench, "published")
    unsure = put(bench, "failed", username="", serial="A")
    assert bench.control.retry_all().task_ids == [unsure.id]


def played(seen: str) -> Any:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account(seen)
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        return PUBLISHED

    return play


def test_R50_the_account_that_is_seen_decides_right_before_the_tap(tmp_path: Path) -> None:
    script = FakeScript(played("x"))
    with Bench(tmp_path, FakePhones("A", "B"), script) as bench:
        for name in ("x", "y"):
            bench.store.accounts.add(username=name, platform="tiktok", serial="A")
        first = bench.wait(bench.now("A", username="x", materials=(CLIP,)).id)
        assert (first.stage, first.account_seen) == (Stage.PUBLISHED, "x")
        second = bench.wait(bench.now("A", materials=(CLIP,)).id)
        assert second.error is not None
        assert (second.stage, second.error.code, second.account_seen) == (Stage.FAILED, "already_posted", "x")
        assert f"task {first.id}" in second.remark
        assert bench.phones.taps == {"A": 1}
        again = bench.control.retry(second.id, confirm=True, now=True)
        assert bench.wait(again.id).stage is Stage.PUBLISHED


def test_R50_a_repeat_that_came_while_the_task_waited_ends_it_at_its_claim(tmp_path: Path) -> None:
    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(played("x"))) as bench:
        bench.store.accounts.add(username="x", platform="tiktok", serial="A")
        tasks = [bench.now("A", username="x", materials=(CLIP,)) for _ in range(3)]
        ends = [bench.wait(task.id) for task in tasks]
        assert [task.stage for task in ends] == [Stage.PUBLISHED, Stage.FAILED, Stage.FAILED]
        assert [task.error.code for task in ends if task.error] == ["already_posted"] * 2
        assert phones.taps == {"A": 1}


def test_R50_two_phones_that_show_one_account_never_tap_both(tmp_path: Path) -> None:
    met = threading.Barrier(2)

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account("x")
        if attempt.task.attempt == 1:
            met.wait(GUARD_S)
        attempt.enter_committing()
        phone.tap_once()
        attempt.enter_verifying()
        return PUBLISHED

    phones = FakePhones("A", "B")
    with Bench(tmp_path, phones, FakeScript(play), pause_s=0.0) as bench:
        ends = [bench.wait(task.id, {Stage.PUBLISHED, Stage.FAILED}).stage for task in bench.add(
            *(new_task(serial, at=bench.clock.now(), materials=(CLIP,)) for serial in "AB")
        )]  # fmt: skip
        assert sorted(ends) == [Stage.FAILED, Stage.PUBLISHED]
        assert sum(phones.taps.values()) == 1


def test_R50_a_guard_that_is_switched_off_asks_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakePhones("A"), FakeScript(), FakeClock(), duplicate_window_minutes=0)
    failed = put(bench, "failed")
    put(bench, "published")
    assert bench.control.retry_all().task_ids == [failed.id]
    with bench.jobs.repeats.committing(bench.task(failed.id)):
        pass
    bench.close()


def test_a_guard_that_raised_leaves_nothing_behind(bench: Bench) -> None:
    published = put(bench, "published")
    running = put(bench)
    with pytest.raises(ScriptFailed, match=f"task {published.id}"), bench.jobs.repeats.committing(running):
        pytest.fail("let through")
    assert bench.jobs.repeats.passing == {}
