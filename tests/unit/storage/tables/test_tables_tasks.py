"""The task store: ids, compare-and-set, pages, queues, marks of files."""

from __future__ import annotations

import copy
import json
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from storage.errors import InvalidRecord, StageConflict, UnknownRecord
from storage.records import IdempotencyEntry, Outcome, Stage, Status, TaskError, Use, Waiting
from storage.store import Store
from tests.support.storage_samples import new_task, state_of

Opener = Callable[..., Store]
ROOT = "/srv/media"


def sha(number: int) -> str:
    return f"{number:064x}"


def test_a_new_task_has_what_intake_decided_and_an_id(store: Store):
    new = new_task(5)
    task = store.tasks.create([new])[0]
    assert task.id == 1
    assert task.due_at == new.scheduled_at
    assert all(getattr(task, name) == getattr(new, name) for name in new.__struct_fields__)
    assert store.tasks.get(1) == task


def test_TDB_9_ids_never_come_back(make_store: Opener):
    store = make_store()
    tasks = store.tasks.create([new_task(1), new_task(2)])
    assert [task.id for task in tasks] == [1, 2]
    store.tasks.remove([1, 2])
    store = make_store()
    assert store.tasks.create([new_task(3)])[0].id == 3
    store.tasks.remove([3])
    store.storage.snapshot()
    assert make_store().tasks.create([new_task(4)])[0].id == 4


def test_TDB_5_twenty_thousand_ended_tasks_make_neither_lists_nor_writes_slow_or_large(store: Store):
    def round_of_one() -> tuple[list[float], int]:
        """A task's whole life with a look at the list after each step: the times, and the bytes written."""
        took, before = [], written(store)
        for to in (None, Stage.QUEUED, Stage.PREPARING, Stage.COMMITTING, Stage.VERIFYING, Stage.PUBLISHED):
            began = time.perf_counter()
            if to is None:
                (task,) = store.tasks.create([new_task(1)])
            else:
                store.tasks.change(task.id, stage=to)
            store.tasks.page(status=Status.PENDING, serial="PHONE1")
            store.tasks.page(page=40)
            took.append(time.perf_counter() - began)
        return took, written(store) - before

    _, few = round_of_one()
    for start in range(0, 20_000, 1000):
        tasks = store.tasks.create([new_task(number) for number in range(start, start + 1000)])
        ended = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": 2_000_000.0}
        store.tasks.change_each({task.id: ended for task in tasks}, expect={Stage.SCHEDULED})
    took, many = [], 0
    store.storage.snapshot()  # none falls into a round: it writes the whole table, behind everybody's back
    for _ in range(50):
        times, many = round_of_one()
        took += times
    assert sorted(took)[int(len(took) * 0.99)] < 0.2
    assert many < few * 1.2 + 100  # ids are longer now


def written(store: Store) -> int:
    """Bytes of the store's journal."""
    return store.storage.journal_bytes


def test_a_batch_is_stored_whole_or_not_at_all(store: Store):
    with pytest.raises(InvalidRecord):
        store.tasks.create([new_task(1), new_task(2, script_config={"x": object()})])
    assert len(store.tasks) == 0
    assert store.usage.taken(ROOT) == set()


@pytest.mark.parametrize(
    "wrong", [{"scheduled_at": float("nan")}, {"caption": "\ud800"}, {"stage": "nowhere"}]
)
def test_TDB_8_what_could_not_be_read_back_is_refused(store: Store, wrong: dict):
    with pytest.raises(InvalidRecord):
        store.tasks.create([new_task(1, **wrong)])
    task = store.tasks.create([new_task(1)])[0]
    changes = {"due_at" if name == "scheduled_at" else name: value for name, value in wrong.items()}
    with pytest.raises(InvalidRecord):
        store.tasks.change(task.id, **changes)
    assert store.tasks.get(task.id) == task


def test_what_memory_holds_is_what_a_restart_reads(make_store: Opener):
    store = make_store()
    store.tasks.create([new_task(1, script_config={"tuple": (1, 2), "float": 0.1, "text": "ü\u2028\0"})])
    before = state_of(store)
    assert store.tasks.get(1).script_config["tuple"] == [1, 2]
    assert state_of(make_store()) == before


def test_TDB_7_changing_what_went_in_does_not_change_what_is_stored(store: Store):
    config = {"list": [1]}
    task = store.tasks.create([new_task(1, script_config=config)])[0]
    config["list"].append(2)
    assert store.tasks.get(task.id).script_config == {"list": [1]}


def test_TDB_7_what_comes_out_cannot_be_changed_and_a_copy_can(make_store: Opener):
    store = make_store()
    store.tasks.create([new_task(1, script_config={"list": [1], "dict": {"a": [2]}})])
    for opened in (store, make_store()):
        task = opened.tasks.get(1)
        config = task.script_config
        for change in (
            lambda task=task: setattr(task, "remark", "x"),
            lambda config=config: config.update(a=1),
            lambda config=config: config["list"].append(2),
            lambda config=config: config["dict"]["a"].clear(),
            lambda config=config: config.__setitem__("a", 1),
        ):
            with pytest.raises((TypeError, AttributeError)):
                change()
        own = copy.deepcopy(config)
        own["list"].append(2)
        assert {**config, "new": 1} == {"list": [1], "dict": {"a": [2]}, "new": 1}
        assert opened.tasks.get(1).script_config == {"list": [1], "dict": {"a": [2]}}
        assert type(copy.copy(config)) is dict
        assert json.loads(json.dumps(config)) == pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - our own bytes


def test_change_refuses_when_the_stage_is_another_and_says_which(store: Store):
    task = store.tasks.create([new_task()])[0]
    with pytest.raises(StageConflict) as refused:
        store.tasks.change(task.id, expect={Stage.QUEUED}, stage=Stage.PREPARING)
    assert refused.value.task == task
    with pytest.raises(StageConflict):
        store.tasks.change(task.id, expect_attempt=3, remark="x")
    with pytest.raises(UnknownRecord):
        store.tasks.change(99, remark="x")
    with pytest.raises(InvalidRecord, match="remrak"):
        store.tasks.change(task.id, remrak="x")
    assert store.tasks.get(task.id) == task


def test_of_many_threads_that_claim_a_task_one_wins(store: Store):
    task = store.tasks.create([new_task()])[0]
    store.tasks.change(task.id, stage=Stage.QUEUED)
    won: list[int] = []

    def claim(number: int) -> None:
        try:
            store.tasks.change(task.id, expect={Stage.QUEUED}, stage=Stage.PREPARING, attempt=number)
        except StageConflict:
            return
        won.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(won) == 1
    assert store.tasks.get(task.id).attempt == won[0]


def test_TDB_4_fifty_threads_with_five_hundred_updates_each_lose_none(make_store: Opener):
    store = make_store()
    tasks = store.tasks.create([new_task(number) for number in range(10)])
    problems: list[BaseException] = []

    def add(number: int) -> None:
        def action(change) -> None:
            task = change.get("tasks", task_id)
            change.put("tasks", task_id, msgspec.structs.replace(task, retry_count=task.retry_count + 1))

        try:
            for turn in range(500):
                task_id = tasks[(number + turn) % 10].id
                store.storage.commit(action)
        except BaseException as problem:  # noqa: BLE001 - the test shows it
            problems.append(problem)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert problems == []
    assert sum(store.tasks.get(task.id).retry_count for task in tasks) == 50 * 500
    assert sum(task.retry_count for task in make_store().tasks.many(range(1, 11))) == 50 * 500


def test_pages_show_the_newest_first_and_count_all(store: Store):
    store.tasks.create([new_task(number) for number in range(45)])
    first, total = store.tasks.page()
    assert total == 45
    assert [task.id for task in first] == list(range(45, 25, -1))
    assert [task.id for task in store.tasks.page(page=3)[0]] == [5, 4, 3, 2, 1]
    assert store.tasks.page(page=4) == ([], 45)
    assert [task.id for task in store.tasks.page(serial="PHONE0", page_size=2)[0]] == [43, 40]


def test_deleted_tasks_are_in_no_list_but_can_be_looked_up(store: Store):
    task = store.tasks.create([new_task()])[0]
    store.tasks.change(task.id, stage=Stage.PREPARING, deleted=True)
    assert store.tasks.page() == ([], 0)
    assert sum(store.tasks.counts().values()) == 0
    assert store.tasks.get(task.id).deleted
    assert [active.id for active in store.tasks.active()] == [task.id]


def test_counts_follow_the_stages(store: Store):
    store.tasks.create([new_task(number) for number in range(4)])
    store.tasks.change(1, stage=Stage.QUEUED)
    store.tasks.change(2, stage=Stage.VERIFYING)
    store.tasks.change(3, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    store.tasks.change(4, stage=Stage.REJECTED, outcome=Outcome.NOT_PUBLISHED)
    assert store.tasks.counts() == {
        Status.PENDING: 1,
        Status.RUNNING: 1,
        Status.COMPLETED: 1,
        Status.FAILED: 1,
    }


def test_due_tasks_come_in_the_order_of_their_times(store: Store):
    store.tasks.create(
        [new_task(1, scheduled_at=30.0), new_task(2, scheduled_at=10.0), new_task(3, scheduled_at=10.0)]
    )
    assert [task.id for task in store.tasks.due(20.0)] == [2, 3]
    assert [task.id for task in store.tasks.due(30.0)] == [2, 3, 1]
    assert store.tasks.due_times() == [10.0, 30.0]
    store.tasks.change(2, due_at=40.0)
    assert [task.id for task in store.tasks.due(20.0)] == [3]
    store.tasks.change(3, stage=Stage.QUEUED)
    assert store.tasks.due(20.0) == []
    assert store.tasks.due_times() == [30.0, 40.0]
    assert store.tasks.due_times(until=30.0) == [30.0]


def test_the_queue_is_in_the_order_of_the_planned_start_over_all_phones(store: Store):
    store.tasks.create(
        [
            new_task(1, serial="A", scheduled_at=30.0),
            new_task(2, serial="A", scheduled_at=10.0),
            new_task(3, serial="B", scheduled_at=20.0),
        ]
    )
    for task_id in (1, 2, 3):
        store.tasks.change(task_id, stage=Stage.QUEUED)
    assert [task.id for task in store.tasks.queued()] == [2, 3, 1]
    store.tasks.change(2, stage=Stage.PREPARING)
    assert [task.id for task in store.tasks.queued()] == [3, 1]


def test_waiting_is_shown_but_not_written(make_store: Opener):
    store = make_store()
    task = store.tasks.create([new_task(stage=Stage.QUEUED)])[0]
    running = store.tasks.create([new_task(2, stage=Stage.PREPARING)])[0]
    size = store.storage.journal_bytes
    store.tasks.set_waiting(
        {
            task.id: (Waiting.DEVICE, 5.0, "the phone is offline"),
            running.id: (Waiting.SLOT, 5.0, "x"),
            99: (None, None, ""),
        }
    )
    assert store.tasks.get(task.id).waiting_for is Waiting.DEVICE
    assert store.tasks.page()[0][1].waiting_detail == "the phone is offline"
    assert store.tasks.get(running.id).waiting_for is None
    assert store.storage.journal_bytes == size
    assert make_store().tasks.get(task.id) == task


def test_what_a_running_task_does_is_shown_but_not_written(store: Store):
    waiting, running = store.tasks.create([new_task(1), new_task(2, stage=Stage.PREPARING)])
    size = store.storage.journal_bytes
    store.tasks.set_remark(running.id, "choosing the video")
    store.tasks.set_remark(waiting.id, "never")
    assert store.tasks.get(running.id).remark == "choosing the video"
    assert store.tasks.get(waiting.id).remark == ""
    assert store.storage.journal_bytes == size


def test_several_tasks_change_in_one_write_and_those_in_another_stage_stay(make_store: Opener):
    store = make_store()
    store.tasks.create([new_task(number) for number in (1, 2, 3)])
    store.tasks.change(2, stage=Stage.PREPARING)
    changed = store.tasks.change_each(
        {1: {"stage": Stage.QUEUED}, 2: {"remark": "never"}, 3: {"remark": "x"}, 99: {"remark": "x"}},
        expect={Stage.SCHEDULED},
    )
    assert [task.id for task in changed] == [1, 3]
    assert [task.id for task in make_store().tasks.queued()] == [1]
    assert make_store().tasks.get(2).remark == ""


def test_tasks_in_another_stage_are_not_removed(store: Store):
    store.tasks.create([new_task(1), new_task(2)])
    store.tasks.change(2, stage=Stage.PREPARING)
    assert store.tasks.remove([1, 2], expect={Stage.SCHEDULED}) == [1]
    assert store.tasks.remove([]) == []


@pytest.mark.parametrize(
    ("outcome", "stage", "use"),
    [
        (Outcome.PUBLISHED, Stage.PUBLISHED, Use.USED),
        (Outcome.UNKNOWN, Stage.FAILED, Use.USED),
        (Outcome.NOT_PUBLISHED, Stage.REJECTED, Use.FREE),
        (Outcome.NONE, Stage.FAILED, Use.FREE),
    ],
)
def test_files_are_reserved_by_a_task_and_used_or_free_at_its_end(
    store: Store, outcome: Outcome, stage: Stage, use: Use
):
    task = store.tasks.create([new_task(7)])[0]
    assert store.usage.state(ROOT, sha(7)) == "reserved"
    store.tasks.change(task.id, stage=Stage.PREPARING)
    assert store.usage.state(ROOT, sha(7)) is Use.RESERVED
    store.tasks.change(task.id, stage=stage, outcome=outcome)
    assert store.usage.state(ROOT, sha(7)) is use
    assert store.usage.taken(ROOT) == ({sha(7)} if use is Use.USED else set())


def test_a_retry_reserves_again_and_a_person_may_settle_an_unknown_one(store: Store):
    task = store.tasks.create([new_task(7)])[0]
    store.tasks.change(task.id, stage=Stage.FAILED, outcome=Outcome.NONE)
    store.tasks.change(task.id, stage=Stage.SCHEDULED)
    assert store.usage.state(ROOT, sha(7)) is Use.RESERVED
    store.tasks.change(task.id, stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    store.tasks.change(task.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    assert store.usage.state(ROOT, sha(7)) is Use.USED


def test_a_file_that_another_task_took_meanwhile_is_not_freed(store: Store):
    first = store.tasks.create([new_task(7)])[0]
    store.tasks.change(first.id, stage=Stage.FAILED, outcome=Outcome.NONE)
    second = store.tasks.create([new_task(7)])[0]
    store.tasks.change(first.id, stage=Stage.QUEUED)
    store.tasks.change(second.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    store.tasks.change(first.id, stage=Stage.FAILED, outcome=Outcome.NONE)
    assert store.usage.state(ROOT, sha(7)) is Use.USED


def test_removing_a_waiting_task_frees_its_files_and_a_published_one_does_not(store: Store):
    store.tasks.create([new_task(1), new_task(2)])
    store.tasks.change(2, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    assert store.tasks.remove([1, 2, 99, 1]) == [1, 2]
    assert store.usage.taken(ROOT) == {sha(2)}


def test_used_marks_are_reset_one_by_one_or_all_but_reserved_ones_stay(store: Store):
    store.tasks.create([new_task(number) for number in (1, 2, 3)])
    for task_id in (1, 2):
        store.tasks.change(task_id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    assert store.usage.reset(ROOT, sha(1)) == 1
    assert store.usage.taken(ROOT) == {sha(2), sha(3)}
    assert store.usage.reset(ROOT) == 1
    assert store.usage.taken(ROOT) == {sha(3)}
    assert store.usage.reset("/elsewhere") == 0


def test_the_answer_to_a_repeated_request_is_stored_with_its_tasks(make_store: Opener):
    store = make_store()
    tasks = store.tasks.create(
        [new_task()],
        idempotency=lambda tasks: IdempotencyEntry(
            "key", "hash", 100.0, {"ids": [task.id for task in tasks]}
        ),
    )
    entry = make_store().idempotency.find("key", 101.0)
    assert entry.answer == {"ids": [tasks[0].id]}


def test_an_error_with_its_words_survives(make_store: Opener):
    store = make_store()
    task = store.tasks.create([new_task()])[0]
    error = TaskError("device_offline", "the phone went away", "push")
    store.tasks.change(task.id, stage=Stage.FAILED, error=error)
    assert make_store().tasks.get(task.id).error == error


def test_each_change_of_the_plan_makes_the_next_version_and_nothing_else_does(make_store: Opener):
    store = make_store()
    task = store.tasks.create([new_task()])[0]
    assert task.version == 0
    assert store.tasks.change(task.id, caption="another").version == 1
    assert store.tasks.change(task.id, caption="another").version == 1
    assert store.tasks.change(task.id, stage=Stage.QUEUED, due_at=5.0, remark="x").version == 1
    [changed] = store.tasks.change_each({task.id: {"username": "bob"}}, expect={Stage.QUEUED})
    assert changed.version == 2
    assert make_store().tasks.get(task.id) == changed


def test_a_change_expects_the_version_that_its_caller_has_seen(make_store: Opener):
    store = make_store()
    seen = store.tasks.create([new_task()])[0]
    now = store.tasks.change(seen.id, caption="another")
    with pytest.raises(StageConflict):
        store.tasks.change(seen.id, expect_version=seen.version, caption="too late")
    assert (
        store.tasks.change_each({seen.id: {"caption": "too late"}}, expect=set(Stage), as_seen=[seen]) == []
    )
    assert store.tasks.get(seen.id) is now
    assert store.tasks.change(seen.id, expect_version=now.version, caption="in time").version == 2


def test_reasons_of_many_tasks_are_set_in_steps_between_which_readers_come(store: Store) -> None:
    ids = [task.id for task in store.tasks.create([new_task(number) for number in range(1200)])]
    steps: list[int] = []
    replace = store.storage.replace_in_memory

    def counted(table: str, change: Callable[[dict[int, Any]], None]) -> None:
        before = dict(store.storage.tables[table])
        replace(table, change)
        steps.append(sum(store.storage.tables[table][i] is not before[i] for i in ids))

    store.storage.replace_in_memory = counted  # type: ignore[method-assign]
    store.tasks.set_waiting(dict.fromkeys(ids, (Waiting.TIME, 5.0, "soon")))
    assert sum(steps) == 1200
    assert max(steps) <= 500
