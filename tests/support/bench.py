"""A whole jobs core on a real store and scripted phones, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Self, cast

from jobs.hub.clock import Clock, SystemClock
from jobs.hub.settings import Phones, Posting, Settings
from jobs.queue.turn import Turn
from jobs.run.control import Control
from jobs.run.engine import Jobs
from jobs.run.evidence import Evidence
from jobs.task.announcements import Tell, drop_event
from storage.engine.files import Files
from storage.engine.hooks import Hook, no_hook
from storage.records import ENDED, NewTask, Stage, Task
from storage.store import Store
from tests.support.fake_phones import GUARD_S, FakePhones, FakeScript


def new_task(serial: str = "A", *, at: float = 0.0, created: float | None = None, **facts: Any) -> NewTask:
    """A task about to be stored; due at `at`."""
    usual = {"platform": "tiktok", "package": "com.zhiliaoapp.musically", "script_config": {}}
    return NewTask(
        serial=serial, scheduled_at=at, created_at=at if created is None else created, **{**usual, **facts}
    )


def plain_turns(clock: Clock) -> Callable[[Task, bool], Turn]:
    """What a dispatcher makes turns of tasks with, where nothing is done in them."""

    def made(task: Task, look: bool) -> Turn:
        doing = f"looks for the post of task {task.id}" if look else f"works on task {task.id}"
        return Turn(task.serial, doing, clock=clock, lease_s=600.0, task_id=task.id)

    return made


class Bench:
    """Everything between the API and the phones. `start` runs the threads; without it, turns are called by hand."""

    def __init__(
        self,
        folder: Path,
        phones: FakePhones,
        script: FakeScript,
        clock: Clock | None = None,
        *,
        slots: int = 100,
        hook: Hook = no_hook,
        files: Files | None = None,
        synchronised: bool | None = None,
        tell: Tell = drop_event,
        pause_s: float = 5.0,
        **posting: Any,
    ) -> None:
        self.clock = clock or SystemClock()
        self.phones = phones
        self.script = script
        self.settings = Settings(
            posting=Posting(retry_pause_min_s=pause_s, retry_pause_max_s=pause_s, **posting),
            phones=Phones(max_concurrent_devices=slots),
        )
        self.store = Store.open(folder, reserve_bytes=0, files=files)
        self.evidence = Evidence(folder / "evidence", 10**9, self.clock)
        self.jobs = Jobs(
            self.settings,
            self.clock,
            self.store,
            cast("Any", phones),  # its sessions can do only what the engine itself asks for
            {"post": script},
            self.evidence,
            synchronised=lambda: synchronised,
            hook=hook,
            tell=tell,
        )
        self.control = Control(self.settings, self.clock, self.store, self.jobs)
        self.changed = threading.Condition()
        self._started = False
        self.history: dict[int, list[Stage]] = {}
        self.store.storage.listen("tasks", self._note)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        self.jobs.start()
        self._started = True

    def close(self) -> None:
        if self._started:
            self.jobs.stop(GUARD_S)
        self.store.close()

    def add(self, *new: NewTask) -> list[Task]:
        """Store tasks and wake the engine, as intake does."""
        tasks = self.store.tasks.create(new)
        self.jobs.wake()
        return tasks

    def now(self, serial: str = "A", **facts: Any) -> Task:
        """A task that may start at once."""
        return self.add(new_task(serial, at=self.clock.now(), **facts))[0]

    def task(self, task_id: int) -> Task:
        task = self.store.tasks.get(task_id)
        assert task is not None
        return task

    def wait(self, task_id: int, stages: Collection[Stage] = ENDED, *, retries: int | None = None) -> Task:
        """Wait until a task is in one of the stages (and was retried so often); never by polling."""

        def reached() -> bool:
            task = self.task(task_id)
            return task.stage in stages and retries in {None, task.retry_count}

        with self.changed:
            done = self.changed.wait_for(reached, GUARD_S)
        task = self.task(task_id)
        assert done, f"task {task_id} is still {task.stage}: {task.remark}"
        return task

    def _note(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        with self.changed:
            for task_id, before, after in changes:
                if after is not None and (before is None or before.stage is not after.stage):
                    self.history.setdefault(task_id, []).append(after.stage)
            self.changed.notify_all()
