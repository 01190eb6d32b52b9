"""What is asked of the tasks in memory: what the API lists, what the dispatcher works through, what the repeat guard finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Unpack

from storage.engine.durable import JournalStorage
from storage.lists.finder import TaskFinder
from storage.lists.task_index import TaskIndex
from storage.lists.task_lists import Sort, Wanted
from storage.records import RUNNING, PostMark, Stage, Status, Task
from storage.tables.posts import Place, PostStore, mark_of

TABLE = "tasks"


class TaskReads:
    """All tasks that are kept in memory. Any thread may ask; records are immutable, a change puts a changed copy in their place."""

    def __init__(self, storage: JournalStorage, posts: PostStore) -> None:
        self._storage = storage
        self._posts = posts
        self._tasks: dict[int, Task] = storage.tables[TABLE]
        self._index = TaskIndex(self._tasks)
        self._finder = TaskFinder(self._tasks, storage.state_lock)
        storage.listen(TABLE, self._index.update)
        storage.listen(TABLE, self._finder.lists.update)

    def listen(self, changed: Callable[[Task | None, Task | None], None]) -> None:
        """Call this with each task before and after a committed change, under the state lock: it must not wait."""

        def each(changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
            for _, before, now in changes:
                changed(before, now)

        self._storage.listen(TABLE, each, replay=False)

    def get(self, task_id: int) -> Task | None:
        """The task, also one that was deleted while it ran."""
        return self._tasks.get(task_id)

    def many(self, task_ids: Iterable[int]) -> list[Task]:
        """The tasks that exist, in the order asked for, each once."""
        found = (self._tasks.get(task_id) for task_id in dict.fromkeys(task_ids))
        return [task for task in found if task is not None]

    def page(
        self, *, sort: Sort = "-id", page: int = 1, page_size: int = 20, **wanted: Unpack[Wanted]
    ) -> tuple[list[Task], int]:
        """One page of the tasks that match, and how many match in all; without deleted ones."""
        return self._finder.page(sort=sort, page=page, page_size=page_size, **wanted)

    def every(self, **wanted: Unpack[Wanted]) -> Iterator[Task]:
        """All tasks that match now, by planned time, each as it is when it is taken. Others wait for none of it."""
        return self._finder.every(**wanted)

    def counts(self, **wanted: Unpack[Wanted]) -> dict[Status, int]:
        """How many of the tasks that match have each status, without deleted ones."""
        return self._finder.counts(**wanted)

    def due(self, now: float) -> list[Task]:
        """Scheduled tasks whose time has come, earliest first."""
        with self._storage.state_lock:
            return [self._tasks[task_id] for task_id in self._index.due(now)]

    def due_times(self, until: float | None = None) -> list[float]:
        """The distinct times (up to `until`) at which scheduled tasks become due, ascending."""
        with self._storage.state_lock:
            return self._index.due_times(until)

    def first_due(self) -> Task | None:
        """The scheduled task whose time comes first; those that are held are none."""
        with self._storage.state_lock:
            task_id = self._index.first_due()
            return None if task_id is None else self._tasks[task_id]

    def queued(self) -> list[Task]:
        """Queued tasks of all phones in (scheduled_at, id) order."""
        with self._storage.state_lock:
            return [self._tasks[task_id] for task_id in self._index.queued()]

    def needing(self, material_id: int) -> list[int]:
        """Ids of the tasks that have not ended and are to post this item of the library."""
        with self._storage.state_lock:
            return self._index.needing(material_id)

    def needed_materials(self) -> set[int]:
        """Ids of the items of the library that tasks which have not ended are to post."""
        with self._storage.state_lock:
            return self._index.needed_materials()

    def active(self) -> list[Task]:
        """Tasks that an attempt works on (or worked on when the daemon ended), by id."""
        return self._in_stages(*RUNNING)

    def by_stage(self, stage: Stage) -> list[Task]:
        """Tasks in one stage, by id, also deleted ones."""
        return self._in_stages(stage)

    def _in_stages(self, *stages: Stage) -> list[Task]:
        with self._storage.state_lock:
            return [self._tasks[task_id] for task_id in self._index.in_stages(*stages)]

    def posts(self, content: str, places: Collection[Place]) -> list[PostMark]:
        """Posts with this content at any of the places: published, maybe published, or to come; by task id.

        Those of deleted and archived tasks are among them, and what a task may have posted before it was retried.
        """
        with self._storage.state_lock:
            found = self._posts.find(content, places)
            tasks = {task.id: task for task in self._index.with_content(content, places)}
        found += [mark for task in tasks.values() if (mark := mark_of(task)) is not None]
        return sorted(found, key=lambda mark: mark.task_id)

    def __len__(self) -> int:
        return len(self._tasks)
