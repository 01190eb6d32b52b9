"""Stop, retry, retry-all, delete and mark-published, as the contract says (R21 to R25)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.input.refusals import Invalid, NotFound
from jobs.run.control import AT_ONCE, TRIES, Skipped
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from jobs.task.states import OUTCOMES
from storage.error_codes import ErrorCode
from storage.errors import StageConflict, StoreFailed
from storage.records import (
    AFTER_COMMIT,
    ENDED,
    PENDING,
    RUNNING,
    MediaFile,
    Outcome,
    Stage,
    Status,
    Task,
    TaskError,
    Waiting,
)
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakePhones, FakeScript, publish

STOPPED = TaskError("stopped", "stopped by request")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Without its threads: tasks stay in the stage in which a test puts them."""
    made = Bench(tmp_path, FakePhones("A"), FakeScript(), FakeClock())
    yield made
    made.close()


def put(bench: Bench, stage: Stage, **facts: Any) -> Task:
    task = bench.store.tasks.create([new_task(at=bench.clock.now())])[0]
    begun = {"attempt": 0 if stage in PENDING else 1}
    return bench.store.tasks.change(
        task.id, **(begun | {"stage": stage, "outcome": OUTCOMES[stage][0]} | facts)
    )


@pytest.mark.parametrize("stage", sorted(PENDING))
def test_R22_a_pending_task_that_is_stopped_has_failed_at_once(bench: Bench, stage: Stage) -> None:
    task = bench.control.stop(put(bench, stage).id)
    assert (task.status, task.remark, task.outcome) == (Status.FAILED, "stopped by request", Outcome.NONE)
    assert task.error == STOPPED


@pytest.mark.parametrize("stage", sorted(ENDED))
def test_R22_an_ended_task_cannot_be_stopped(bench: Bench, stage: Stage) -> None:
    with pytest.raises(Invalid, match="already ended"):
        bench.control.stop(put(bench, stage).id)


@pytest.mark.parametrize("stage", sorted(RUNNING))
def test_R22_a_running_task_is_marked_and_answers_at_once(bench: Bench, stage: Stage) -> None:
    task = bench.control.stop(put(bench, stage).id)
    assert (task.stage, task.stop_requested) == (stage, True)


def test_unknown_and_deleted_tasks_are_not_found(bench: Bench) -> None:
    gone = put(bench, Stage.FAILED, deleted=True)
    for task_id in (gone.id, 999):
        for action in (bench.control.stop, bench.control.retry, bench.control.mark_published):
            with pytest.raises(NotFound):
                action(task_id)
        with pytest.raises(NotFound):
            bench.control.delete([task_id])


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in (Stage.FAILED, Stage.REJECTED)])
def test_R22_only_failed_tasks_can_be_retried(bench: Bench, stage: Stage) -> None:
    with pytest.raises(Invalid, match="only failed tasks"):
        bench.control.retry(put(bench, stage).id, force=True, confirm=True)


def test_R23_a_retry_keeps_id_caption_and_material_and_waits_its_pause(bench: Bench) -> None:
    media = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="0" * 64, size_bytes=1, kind="video")
    failed = put(
        bench,
        Stage.FAILED,
        error=STOPPED,
        caption="hello",
        materials=(media,),
        stop_requested=True,
        interruptions=2,
    )
    task = bench.control.retry(failed.id)
    assert (task.id, task.caption, task.materials) == (failed.id, "hello", (media,))
    assert (task.stage, task.retry_count, task.error) == (Stage.SCHEDULED, 1, None)
    assert (task.waiting_for, task.due_at) == (Waiting.RETRY_DELAY, bench.clock.now() + 5.0)
    assert not task.stop_requested
    assert task.interruptions == 0
    assert task.scheduled_at == failed.scheduled_at


def planned(bench: Bench, in_s: float = 3600.0, **facts: Any) -> Task:
    """A task for later that was stopped before it ever ran."""
    task = bench.store.tasks.create(
        [new_task(at=bench.clock.now() + in_s, created=bench.clock.now(), **facts)]
    )[0]
    return bench.control.stop(task.id)


def test_R52_a_task_for_later_that_was_stopped_and_retried_keeps_its_time(bench: Bench) -> None:
    stopped = planned(bench)
    task = bench.control.retry(stopped.id)
    assert (task.stage, task.due_at, task.scheduled_at) == (
        Stage.SCHEDULED,
        stopped.scheduled_at,
        stopped.scheduled_at,
    )
    assert (task.waiting_for, task.retry_count) == (Waiting.TIME, 0)
    assert "starts 2027-01-15T09:00:00+00:00" in task.remark


def test_R52_now_starts_it_at_once(bench: Bench) -> None:
    task = bench.control.retry(planned(bench).id, now=True)
    assert (task.due_at, task.scheduled_at, task.retry_count) == (bench.clock.now(), bench.clock.now(), 0)
    failed = put(bench, Stage.FAILED)
    assert bench.control.retry(failed.id, now=True).due_at == bench.clock.now()


def test_R52_once_its_time_is_over_it_starts_after_the_pause_and_has_not_been_retried(bench: Bench) -> None:
    stopped = planned(bench, in_s=10.0)
    bench.clock.advance(60)  # type: ignore[attr-defined]
    task = bench.control.retry(stopped.id)
    assert (task.due_at, task.retry_count) == (bench.clock.now() + 5.0, 0)
    assert task.waiting_for is Waiting.RETRY_DELAY


def test_R23_at_the_limit_a_retry_needs_force(bench: Bench) -> None:
    failed = put(bench, Stage.FAILED, retry_count=3)
    with pytest.raises(Invalid, match="retry it with force"):
        bench.control.retry(failed.id)
    assert bench.control.retry(failed.id, force=True).retry_count == 4


def test_R25_an_unknown_outcome_needs_a_persons_word(bench: Bench) -> None:
    failed = put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    with pytest.raises(Invalid, match="may already be published; check the account"):
        bench.control.retry(failed.id, force=True)
    task = bench.control.retry(failed.id, confirm=True)
    assert (task.stage, task.outcome) == (Stage.SCHEDULED, Outcome.NONE)


def test_R23_retry_all_leaves_alone_what_needs_a_person(bench: Bench) -> None:
    good = put(bench, Stage.FAILED, error=TaskError("push_failed", "x"))
    refused = put(bench, Stage.REJECTED)
    unknown = put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    limit = put(bench, Stage.FAILED, retry_count=3)
    stopped = put(bench, Stage.FAILED, error=STOPPED)
    put(bench, Stage.FAILED, deleted=True)
    put(bench, Stage.PUBLISHED)
    put(bench, Stage.QUEUED)
    done = bench.control.retry_all()
    assert done.task_ids == [good.id, refused.id]
    assert done.skipped == [
        Skipped(unknown.id, "outcome_unknown"),
        Skipped(limit.id, "retry_limit"),
        Skipped(stopped.id, "stopped"),
    ]
    assert bench.control.retry_all().task_ids == []


def test_mark_published_takes_a_persons_word_for_an_unknown_outcome_only(bench: Bench) -> None:
    task = bench.control.mark_published(put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN).id)
    assert (task.stage, task.outcome, task.error) == (Stage.PUBLISHED, Outcome.PUBLISHED, None)
    for stage in Stage:
        with pytest.raises(Invalid):
            bench.control.mark_published(put(bench, stage).id)


def test_R21_deleting_names_what_is_gone_and_what_was_never_there(bench: Bench) -> None:
    pending, ended = put(bench, Stage.SCHEDULED), put(bench, Stage.PUBLISHED)
    done = bench.control.delete([pending.id, 999, ended.id, pending.id])
    assert done.task_ids == [pending.id, ended.id]
    assert done.not_found == [999]
    assert done.warnings == []
    assert bench.store.tasks.page() == ([], 0)


@pytest.mark.parametrize("stage", sorted(RUNNING))
def test_R21_a_running_task_leaves_every_list_and_warns_behind_the_commit_point(
    bench: Bench, stage: Stage
) -> None:
    task = put(bench, stage)
    done = bench.control.delete([task.id])
    assert done.task_ids == [task.id]
    assert bool(done.warnings) is (stage in AFTER_COMMIT)
    assert bench.store.tasks.page() == ([], 0)
    kept = bench.task(task.id)
    assert kept.deleted
    assert kept.stop_requested
    with pytest.raises(NotFound):
        bench.control.delete([task.id])


def test_R21_the_phone_of_a_deleted_task_is_free_only_when_its_worker_let_go(tmp_path: Path) -> None:
    closing, go_on = threading.Event(), threading.Event()

    def play(attempt: Attempt, phone: Any) -> Verdict:
        if attempt.task.id > 1:
            return publish(attempt, phone)
        try:
            phone.hang()
        finally:
            closing.set()
            assert go_on.wait(GUARD_S)
        raise AssertionError("unreachable")

    phones = FakePhones("A")
    script = FakeScript(play)
    with Bench(tmp_path, phones, script) as bench:
        first = bench.now()
        script.await_run()
        second = bench.now()
        bench.wait(second.id, {Stage.QUEUED})
        bench.control.delete([first.id])
        assert closing.wait(GUARD_S)
        assert [task.id for task in bench.store.tasks.page()[0]] == [second.id]
        assert bench.jobs.dispatcher.busy == {"A": first.id}
        assert bench.task(second.id).stage is Stage.QUEUED
        go_on.set()
        assert bench.wait(second.id).stage is Stage.PUBLISHED
        assert bench.task(first.id).stage is Stage.FAILED
        assert bench.evidence.log(first.id)
    assert phones.taps == {"A": 1}


def test_a_task_deleted_while_it_waits_for_its_turn_never_starts(tmp_path: Path) -> None:
    phones = FakePhones()
    script = FakeScript()
    with Bench(tmp_path, phones, script) as bench:
        first, second = bench.now(), bench.now()
        bench.wait(second.id, {Stage.QUEUED})
        bench.control.delete([first.id])
        phones.set("A")
        bench.wait(second.id)
    assert script.runs == [second.id]


class Person(RuleBasedStateMachine):
    """Any sequence of actions and attempts: at most one tap without a person's confirmation, counters in step."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.phones = FakePhones("A")
        self.ends: list[str] = []
        self.bench = Bench(Path(self.folder.name), self.phones, FakeScript(self.play), self.clock)
        self.bench.jobs.workers.run = lambda call: call()  # type: ignore[method-assign]
        self.confirmed = 0
        self.safe = 0  #: taps after which the app clearly refused
        self.task_id = self.bench.store.tasks.create([new_task(at=self.clock.now())])[0].id

    def play(self, attempt: Attempt, phone: Any) -> Verdict:
        end = self.end
        if end == "before":
            raise ScriptFailed(ErrorCode.PUSH_FAILED, "x", passing=True)
        attempt.enter_committing()
        phone.tap_once()
        if end == "break":
            raise RuntimeError("x")
        attempt.enter_verifying()
        if end == "refused":
            self.safe += 1
            return Verdict(Outcome.NOT_PUBLISHED, "x", passing=True)
        return PUBLISHED if end == "published" else Verdict(Outcome.UNKNOWN, "x")

    @rule(end=st.sampled_from(["before", "break", "refused", "published", "unknown"]))
    def attempt(self, end: str) -> None:
        """One attempt, on this thread, if the task is ready."""
        self.end = end
        self.clock.advance(10)
        self.bench.jobs.scheduler.turn()
        self.bench.jobs.dispatcher.turn()

    @rule()
    def stop(self) -> None:
        self.act(self.bench.control.stop)

    @rule(force=st.booleans(), confirm=st.booleans())
    def retry(self, force: bool, confirm: bool) -> None:
        unknown = (task := self.bench.store.tasks.get(self.task_id)) and task.outcome is Outcome.UNKNOWN
        done = self.act(lambda i: self.bench.control.retry(i, force=force, confirm=confirm))
        if done and unknown:
            self.confirmed += 1

    @rule()
    def retry_all(self) -> None:
        self.bench.control.retry_all()

    @rule()
    def mark(self) -> None:
        self.act(self.bench.control.mark_published)

    @precondition(lambda self: self.bench.store.tasks.get(self.task_id))
    @rule(stage=st.sampled_from(sorted(RUNNING)))
    def crash_and_start(self, stage: Stage) -> None:
        """As after a power cut in this stage; the look for the post finds nothing."""
        task = self.bench.task(self.task_id)
        if task.stage is not Stage.QUEUED:
            return
        self.bench.store.tasks.change(task.id, stage=stage, outcome=OUTCOMES[stage][0])
        if stage is not Stage.PREPARING:
            self.phones.tapped("A")
        self.bench.jobs.recovery.turn()

    def act(self, action: Any) -> bool:
        try:
            action(self.task_id)
        except (Invalid, NotFound):
            return False
        return True

    @invariant()
    def never_twice(self) -> None:
        assert self.phones.taps.get("A", 0) <= 1 + self.confirmed + self.safe

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.bench.close()
            self.folder.cleanup()


TestPerson = Person.TestCase
TestPerson.settings = hypothesis_settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_each_refusal_names_its_task_and_what_to_do(bench: Bench) -> None:
    """The sentences that the API answers with: people act on them."""
    published, limit = put(bench, Stage.PUBLISHED), put(bench, Stage.FAILED, retry_count=3)
    unknown = put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    refusals: list[tuple[Callable[[], object], type[Invalid | NotFound], str, str]] = [
        (
            lambda: bench.control.stop(published.id),
            Invalid,
            "",
            f"task {published.id} has already ended (completed)",
        ),
        (
            lambda: bench.control.retry(published.id),
            Invalid,
            "",
            f"only failed tasks can be retried; task {published.id} is completed",
        ),
        (
            lambda: bench.control.retry(unknown.id),
            Invalid,
            "",
            "may already be published; check the account, then retry with confirm=true",
        ),
        (
            lambda: bench.control.retry(limit.id),
            Invalid,
            "",
            f"task {limit.id} was retried 3 times: create a new task, or retry it with force",
        ),
        (
            lambda: bench.control.mark_published(limit.id),
            Invalid,
            "",
            f"only a failed task that may be published can be marked as published; task {limit.id} is failed, and its outcome is none",
        ),
        (lambda: bench.control.stop(999), NotFound, "task_id", "there is no task 999"),
        (lambda: bench.control.delete([999]), NotFound, "task_ids", "no such task"),
        (lambda: bench.control.delete([998, 999]), NotFound, "task_ids", "none of these tasks exists"),
    ]
    for action, kind, field, sentence in refusals:
        with pytest.raises(kind) as refused:
            action()
        assert [(problem.field, problem.problem) for problem in refused.value.problems] == [(field, sentence)]


def test_a_confirmed_post_says_who_confirmed_it(bench: Bench) -> None:
    unknown = put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN, error=TaskError("interrupted", "x"))
    task = bench.control.mark_published(unknown.id)
    assert (task.remark, task.error, task) == (
        "published, as a person confirmed",
        None,
        bench.task(unknown.id),
    )


def test_a_retry_and_a_deletion_wake_the_engine(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    failed, other, ended = (put(bench, Stage.FAILED) for _ in range(3))
    monkeypatch.setattr(bench.jobs, "wake", lambda: woken.append("now"))
    bench.control.retry(failed.id)
    bench.control.delete([ended.id])
    bench.control.retry_all()
    assert bench.task(other.id).stage is Stage.SCHEDULED
    assert woken == ["now"] * 3


def test_a_stop_or_a_deletion_of_a_running_task_interrupts_its_attempt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[int] = []
    monkeypatch.setattr(bench.jobs, "interrupt", interrupted.append)
    stopped, deleted = put(bench, Stage.PREPARING), put(bench, Stage.VERIFYING)
    bench.control.stop(stopped.id)
    done = bench.control.delete([deleted.id])
    assert interrupted == [stopped.id, deleted.id]
    assert done.warnings == [
        f"task {deleted.id} had already passed the point of no return: its post may still appear"
    ]


def test_R49_a_retry_reads_the_current_account_anew_unless_the_task_names_one(bench: Bench) -> None:
    current, named = (
        put(bench, Stage.FAILED, account_seen="ann"),
        put(bench, Stage.FAILED, account_seen="ann", username="ann"),
    )
    assert bench.control.retry(current.id).account_seen == ""
    assert bench.control.retry(named.id).account_seen == "ann"


def test_R52_a_retry_at_once_begins_now_whatever_time_was_planned(bench: Bench) -> None:
    now = bench.clock.now()
    assert bench.control.retry(put(bench, Stage.FAILED).id).due_at == now + 5.0
    later = bench.control.retry(planned(bench).id)
    assert later.due_at == now + 3600.0


def moving(bench: Bench, monkeypatch: pytest.MonkeyPatch, task: Task, *changes: dict[str, Any]) -> None:
    """Each time the control has looked at the task, one of the changes comes before it can write."""
    left = list(changes)
    get = bench.store.tasks.get

    def get_then_change(task_id: int) -> Task | None:
        found = get(task_id)
        if left and task_id == task.id:
            bench.store.tasks.change(task_id, **left.pop(0))
        return found

    monkeypatch.setattr(bench.store.tasks, "get", get_then_change)


def test_a_task_that_moves_under_a_stop_is_looked_at_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = put(bench, Stage.QUEUED)
    moving(bench, monkeypatch, task, {"stage": Stage.PREPARING})
    stopped = bench.control.stop(task.id)
    assert (stopped.stage, stopped.stop_requested) == (Stage.PREPARING, True)


def test_a_task_that_its_own_attempt_ended_as_stopped_answers_as_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = put(bench, Stage.PREPARING)

    def end(_: int) -> None:
        bench.store.tasks.change(task.id, stage=Stage.FAILED, error=STOPPED)

    monkeypatch.setattr(bench.jobs, "interrupt", end)
    assert bench.control.stop(task.id).error == STOPPED


def test_a_task_that_moves_under_a_retry_or_a_confirmation_is_looked_at_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, unknown = put(bench, Stage.FAILED), put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    with monkeypatch.context() as moved:
        moving(bench, moved, failed, {"attempt": 2})
        assert bench.control.retry(failed.id).attempt == 2
    with monkeypatch.context() as moved:
        moving(bench, moved, unknown, {"attempt": 2})
        assert bench.control.mark_published(unknown.id).attempt == 2


def test_a_retry_that_was_stopped_before_a_confirmation_was_written_leaves_nothing_to_confirm(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    moving(bench, monkeypatch, unknown, {"outcome": Outcome.NONE})
    with pytest.raises(Invalid, match="its outcome is none"):
        bench.control.mark_published(unknown.id)
    assert bench.store.tasks.get(unknown.id).stage is Stage.FAILED


def test_a_task_that_never_stands_still_is_given_up_with_a_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, unknown, queued = (
        put(bench, Stage.FAILED),
        put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN),
        put(bench, Stage.QUEUED),
    )
    tries: list[int] = []

    def conflict(task_id: int, *_: object, **__: object) -> Task:
        tries.append(task_id)
        raise StageConflict(bench.task(task_id))

    monkeypatch.setattr(bench.jobs.mover, "move", conflict)
    for action, task, doing in (
        (bench.control.retry, failed, "retried"),
        (bench.control.mark_published, unknown, "marked"),
        (bench.control.stop, queued, "stopped"),
    ):
        with pytest.raises(Invalid) as refused:
            action(task.id)
        assert [(problem.field, problem.problem) for problem in refused.value.problems] == [
            ("", f"task {task.id} changes too fast to be {doing}")
        ]
        assert tries.count(task.id) == TRIES


def test_R69_many_tasks_are_retried_and_deleted_in_writes_of_a_bounded_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [put(bench, Stage.FAILED) for _ in range(AT_ONCE + 1)]
    sizes: list[int] = []
    change_each, remove = bench.store.tasks.change_each, bench.store.tasks.remove

    def counted_change(changes: Any, **expected: Any) -> list[Task]:
        sizes.append(len(changes))
        return change_each(changes, **expected)

    def counted_remove(task_ids: list[int], **expected: Any) -> Any:
        sizes.append(len(task_ids))
        return remove(task_ids, **expected)

    monkeypatch.setattr(bench.store.tasks, "change_each", counted_change)
    monkeypatch.setattr(bench.store.tasks, "remove", counted_remove)
    ids = [task.id for task in tasks]
    assert bench.control.retry_all().task_ids == ids
    assert sizes == [AT_ONCE, 1]
    assert bench.control.delete(reversed(ids)).task_ids == ids[::-1]
    assert sizes == [AT_ONCE, 1] * 2


def test_what_was_deleted_before_the_store_refused_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [put(bench, Stage.FAILED).id for _ in range(AT_ONCE + 1)]
    remove = bench.store.tasks.remove

    def refuse_the_second(task_ids: list[int], **expected: Any) -> Any:
        if len(task_ids) == 1:
            raise StoreFailed("no space left")
        return remove(task_ids, **expected)

    monkeypatch.setattr(bench.store.tasks, "remove", refuse_the_second)
    done = bench.control.delete(ids)
    assert (done.task_ids, done.not_found) == (ids[:AT_ONCE], ids[AT_ONCE:])
    assert done.warnings == ["the others could not be deleted: no space left"]
    with pytest.raises(StoreFailed):
        bench.control.delete(ids[AT_ONCE:])


def test_what_a_second_look_shows_is_what_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, unknown = put(bench, Stage.FAILED), put(bench, Stage.FAILED, outcome=Outcome.UNKNOWN)
    with monkeypatch.context() as moved:
        moving(bench, moved, failed, {"attempt": 2, "retry_count": 3})
        with pytest.raises(Invalid, match="retry it with force"):
            bench.control.retry(failed.id)
    with monkeypatch.context() as moved:
        moving(bench, moved, unknown, {"attempt": 2, "outcome": Outcome.NONE})
        with pytest.raises(Invalid, match="its outcome is none"):
            bench.control.mark_published(unknown.id)
    assert bench.task(unknown.id).stage is Stage.FAILED


def test_a_task_that_was_published_under_a_stop_is_not_marked_as_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = put(bench, Stage.VERIFYING)

    def end(_: int) -> None:
        bench.store.tasks.change(task.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)

    monkeypatch.setattr(bench.jobs, "interrupt", end)
    with pytest.raises(Invalid, match="already ended"):
        bench.control.stop(task.id)
    assert not bench.task(task.id).stop_requested


def test_a_running_task_that_ended_under_its_deletion_is_gone_and_not_only_marked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [put(bench, Stage.PREPARING), put(bench, Stage.PREPARING)]

    def end(task_id: int) -> None:
        bench.store.tasks.change(task_id, stage=Stage.FAILED)

    monkeypatch.setattr(bench.jobs, "interrupt", end)
    done = bench.control.delete([task.id for task in tasks])
    assert done.task_ids == [task.id for task in tasks]
    assert [bench.store.tasks.get(task.id) for task in tasks] == [None, None]


def test_the_guard_is_asked_with_the_time_at_which_the_retry_will_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    inner = bench.jobs.repeats.retrying

    def retrying(task: Task, due_at: float) -> Any:
        asked.append(due_at)
        return inner(task, due_at)

    monkeypatch.setattr(bench.jobs.repeats, "retrying", retrying)
    now = bench.clock.now()
    bench.control.retry(planned(bench).id)
    bench.control.retry(put(bench, Stage.FAILED).id)
    bench.control.retry(put(bench, Stage.FAILED).id, now=True)
    put(bench, Stage.FAILED)
    bench.control.retry_all()
    assert asked == [now + 3600.0, now + 5.0, now, now + 5.0]
