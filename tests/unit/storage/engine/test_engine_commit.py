"""Group commit: who shares a write, who sees what, whose error is whose."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest

from storage.engine import commit
from storage.engine.commit import Transaction
from storage.engine.files import Files
from storage.errors import StageConflict, StoreFailed, UnknownRecord
from storage.records import Stage
from storage.store import Store
from tests.support.storage_samples import BreakingFiles, new_task

Opener = Callable[..., Store]


class SlowSync(Files):
    """An fsync of the journal that waits until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.count = 0

    def sync(self, fd: int, what: str) -> None:
        if what == "journal":
            self.count += 1
            self.reached.set()
            assert self.go_on.wait(20)
        super().sync(fd, what)


def in_threads(actions: list[Callable[[], object]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    return threads


def wait_for_queue(store: Store, length: int) -> None:
    ready = threading.Event()
    for _ in range(2000):
        if len(store.storage.group.waiting) >= length:
            return
        ready.wait(0.005)
    raise AssertionError("nobody queued")


def test_writers_that_wait_at_the_same_moment_share_one_fsync(make_store: Opener):
    files = SlowSync()
    store = make_store(files=files)
    files.count = 0
    files.go_on.clear()
    files.reached.clear()
    threads = in_threads([lambda: store.tasks.create([new_task(0)])])
    assert files.reached.wait(20)
    threads += in_threads([lambda n=n: store.tasks.create([new_task(n)]) for n in range(1, 9)])
    wait_for_queue(store, 8)
    files.go_on.set()
    for thread in threads:
        thread.join(20)
    assert files.count == 2
    assert len(store.tasks) == 9


def test_nobody_sees_a_change_before_it_is_on_disk(make_store: Opener):
    files = SlowSync()
    store = make_store(files=files)
    task = store.tasks.create([new_task()])[0]
    files.go_on.clear()
    files.reached.clear()
    threads = in_threads([lambda: store.tasks.change(task.id, remark="x")])
    assert files.reached.wait(20)
    assert store.tasks.get(task.id).remark == ""
    assert store.tasks.page()[0][0].remark == "", "a reader does not wait for the disk"
    files.go_on.set()
    threads[0].join(20)
    assert store.tasks.get(task.id).remark == "x"


def test_a_change_sees_those_before_it_in_its_group_and_an_error_undoes_only_its_own(make_store: Opener):
    files = SlowSync()
    store = make_store(files=files)
    task = store.tasks.create([new_task()])[0]
    seen: list[str] = []
    errors: list[Exception] = []

    def append(letter: str) -> None:
        def action(change) -> None:
            now = change.get("tasks", task.id)
            change.put(
                "tasks",
                task.id,
                type(now)(
                    **{f: getattr(now, f) for f in now.__struct_fields__} | {"remark": now.remark + letter}
                ),
            )
            seen.append(now.remark)
            if letter == "b":
                raise RuntimeError("only mine")

        try:
            store.storage.commit(action)
        except RuntimeError as error:
            errors.append(error)

    files.go_on.clear()
    files.reached.clear()
    threads = in_threads([lambda: append("-")])
    assert files.reached.wait(20)
    for number, letter in enumerate("abc"):
        threads += in_threads([lambda letter=letter: append(letter)])
        wait_for_queue(store, number + 1)
    files.go_on.set()
    for thread in threads:
        thread.join(20)
    assert seen == ["", "-", "-a", "-a"]
    assert [str(error) for error in errors] == ["only mine"]
    assert store.tasks.get(task.id).remark == "-ac"
    assert make_store().tasks.get(task.id).remark == "-ac"


def test_a_group_that_cannot_be_written_fails_for_all_its_members(make_store: Opener):
    class Gate(BreakingFiles):
        reached = threading.Event()
        go_on = threading.Event()

        def sync(self, fd: int, what: str) -> None:
            if what == "journal" and not self.go_on.is_set():
                self.reached.set()
                assert self.go_on.wait(20)
            super().sync(fd, what)

    files = Gate(5)
    files.go_on.set()
    store = make_store(files=files)
    files.go_on.clear()
    files.reached.clear()
    failed: list[StoreFailed] = []

    def create(number: int) -> None:
        try:
            store.tasks.create([new_task(number)])
        except StoreFailed as error:
            failed.append(error)

    threads = in_threads([lambda: create(1)])
    assert files.reached.wait(20)
    threads += in_threads([lambda n=n: create(n) for n in (2, 3, 4)])
    wait_for_queue(store, 3)
    files.at = len(files.done) + 2
    files.go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(failed) == 3
    assert len(store.tasks) == 1
    assert store.tasks.create([new_task(5)])
    assert len(make_store().tasks) == 2


def test_what_was_said_on_seeing_changes_that_came_to_nothing_is_not_passed_on(make_store: Opener):
    """A conflict with a change that was never written would stop an attempt although its task never moved."""
    files = BreakingFiles(5)
    store = make_store(files=files)
    task = store.tasks.create([new_task()])[0]

    def move(change: Transaction) -> None:
        now = change.get("tasks", task.id)
        if now.stage is not Stage.SCHEDULED:
            raise StageConflict(now)
        change.put("tasks", task.id, msgspec.structs.replace(now, stage=Stage.FAILED))

    def ask_for_nobody(change: Transaction) -> None:
        raise UnknownRecord("tasks", 77)

    actions = (ask_for_nobody, move, move)
    tickets = [commit.Ticket(action, essential=True) for action in actions]
    files.at = len(files.done) + 1
    with pytest.raises(StoreFailed):
        store.storage.write_group(tickets)
    assert [type(ticket.error) for ticket in tickets] == [UnknownRecord, StoreFailed, StoreFailed]

    tickets = [commit.Ticket(action, essential=True) for action in actions]
    store.storage.write_group(tickets)
    assert [type(ticket.error) for ticket in tickets] == [UnknownRecord, type(None), StageConflict]


def test_a_change_whose_turn_does_not_come_is_withdrawn(make_store: Opener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(commit, "TURN_TIMEOUT_S", 0.05)
    files = SlowSync()
    store = make_store(files=files)
    files.go_on.clear()
    files.reached.clear()
    threads = in_threads([lambda: store.tasks.create([new_task(1)])])
    assert files.reached.wait(20)
    with pytest.raises(StoreFailed, match="did not answer"):
        store.tasks.create([new_task(2)])
    files.go_on.set()
    threads[0].join(20)
    assert len(store.tasks) == 1
    store.tasks.create([new_task(3)])
    assert len(make_store().tasks) == 2


class NeverInTime:
    """The lock a change waits on: no bounded wait succeeds, the wait without a bound does."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def acquire(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return timeout is None


def test_a_change_that_was_given_the_lead_as_its_time_ran_out_writes_instead_of_being_withdrawn():
    group = commit.GroupCommit(lambda _tickets: None)
    ticket = commit.Ticket(lambda _change: None, essential=True)
    ticket.wake = NeverInTime()  # type: ignore[assignment]
    ticket.lead = True
    group.waiting.append(ticket)
    group.wait_for(ticket)
    assert ticket.wake.waits == [commit.TURN_TIMEOUT_S, None]  # type: ignore[attr-defined]
    assert list(group.waiting) == [ticket]


def test_a_change_whose_group_is_being_written_waits_for_the_disk_however_long():
    group = commit.GroupCommit(lambda _tickets: None)
    ticket = commit.Ticket(lambda _change: None, essential=True)
    ticket.wake = NeverInTime()  # type: ignore[assignment]
    group.wait_for(ticket)
    assert ticket.wake.waits[-1] is None  # type: ignore[attr-defined]


def test_after_close_writing_is_refused_and_reading_goes_on(store: Store):
    store.tasks.create([new_task(1)])
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.tasks.create([new_task(2)])
    assert store.tasks.get(1) is not None
    assert not store.health().writable
    store.close()


def test_after_an_internal_error_nothing_is_written_on_top_of_what_memory_does_not_know(make_store: Opener):
    store = make_store()
    store.tasks.create([new_task(1)])

    def broken(_changes: object) -> None:
        raise RuntimeError("a bug in an index")

    store.storage.listen("tasks", broken, replay=False)
    with pytest.raises(RuntimeError, match="a bug"):
        store.tasks.create([new_task(2)])
    with pytest.raises(StoreFailed, match="restart the daemon"):
        store.tasks.create([new_task(3)])
    assert not store.health().writable
    assert any("restart" in warning for warning in store.health().warnings)
    assert len(make_store().tasks) == 2, "the change was on disk"


def test_a_write_that_hangs_keeps_its_number_until_it_is_over(make_store: Opener):
    files = SlowSync()
    store = make_store(files=files)
    assert store.storage.write_under_way == 0
    files.reached.clear()
    files.go_on.clear()
    (writer,) = in_threads([lambda: store.tasks.create([new_task()])])
    assert files.reached.wait(5)
    number = store.storage.write_under_way
    assert number > 0
    assert store.storage.write_under_way == number
    files.go_on.set()
    writer.join(5)
    assert store.storage.write_under_way == 0
