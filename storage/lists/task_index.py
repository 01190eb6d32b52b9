"""Indexes over the tasks in memory: what waits, what runs, what needs a file, without a walk over all tasks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

from storage.records import ENDED, Stage, Status, Task
from storage.tables.posts import Place, account_place, content_of, places_of

#: As many new tasks at once are taken in together.
_MANY = 1000


class TaskIndex:
    """Kept right by `update`, which the storage calls under its state lock; readers hold that lock too."""

    def __init__(self, tasks: Mapping[int, Task]) -> None:
        self._tasks = tasks
        self._stages: dict[Stage, dict[int, None]] = {stage: {} for stage in Stage}
        self._due: list[tuple[float, int]] = []
        self._queued: list[tuple[float, int]] = []
        self._needed: dict[int, set[int]] = {}  #: item of the library -> tasks that have not ended
        self._posts: dict[int, int | list[int]] = {}  #: hash of content and place -> ids

    def update(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        """Take committed changes in: (id, before, now)."""
        if len(changes) >= _MANY and not any(self._stages.values()):
            self._load([now for _, _, now in changes if now is not None])
            return
        for doc_id, before, now in changes:
            if before is not None:
                if now is None or before.stage is not now.stage:
                    self._stages[before.stage].pop(doc_id, None)
                self._forget_times(before, now)
                if now is None or _post(before) != _post(now):
                    self._forget_post(before)
            if now is not None:
                if before is None or before.stage is not now.stage:
                    self._stages[now.stage][doc_id] = None
                self._note_times(before, now)
                if before is None or _post(before) != _post(now):
                    self._note_post(now)
            self._note_needs(doc_id, _needs(before), _needs(now))

    def _load(self, tasks: Sequence[Task]) -> None:
        """What a start reads: each order is made whole, not task by task."""
        for task in tasks:
            doc_id, stage = task.id, task.stage
            self._stages[stage][doc_id] = None
            if stage is Stage.SCHEDULED:
                if not task.held:
                    self._due.append((task.due_at, doc_id))
            elif stage is Stage.QUEUED:
                self._queued.append((task.scheduled_at, doc_id))
            if task.materials:
                for key in _post_keys(task):
                    # Nearly every post is the only one of its content and place.
                    if self._posts.setdefault(key, doc_id) != doc_id:
                        self._add_post(key, doc_id)
                if stage not in ENDED and (needs := _needs(task)):
                    self._note_needs(doc_id, _NOTHING, needs)
        self._due.sort()
        self._queued.sort()

    # --- what waits and what runs

    def due(self, now: float) -> list[int]:
        return [doc_id for _, doc_id in self._due[: bisect_right(self._due, (now, 1 << 62))]]

    def due_times(self, until: float | None = None) -> list[float]:
        due = self._due if until is None else self._due[: bisect_right(self._due, (until, 1 << 62))]
        return sorted({at for at, _ in due})

    def first_due(self) -> int | None:
        return self._due[0][1] if self._due else None

    def queued(self) -> list[int]:
        return [doc_id for _, doc_id in self._queued]

    def in_stages(self, *stages: Stage) -> list[int]:
        return sorted(doc_id for stage in stages for doc_id in self._stages[stage])

    def _forget_times(self, before: Task, now: Task | None) -> None:
        if _has_alarm(before) and not (now is not None and _has_alarm(now) and now.due_at == before.due_at):
            _discard(self._due, (before.due_at, before.id))
        if before.stage is Stage.QUEUED and not (now is not None and _same_queue(before, now)):
            _discard(self._queued, (before.scheduled_at, before.id))

    def _note_times(self, before: Task | None, now: Task) -> None:
        if _has_alarm(now) and not (
            before is not None and _has_alarm(before) and now.due_at == before.due_at
        ):
            insort(self._due, (now.due_at, now.id))
        if now.stage is Stage.QUEUED and not (before is not None and _same_queue(before, now)):
            insort(self._queued, (now.scheduled_at, now.id))

    # --- items of the library

    def needing(self, material_id: int) -> list[int]:
        return sorted(self._needed.get(material_id, ()))

    def needed_materials(self) -> set[int]:
        return set(self._needed)

    def _note_needs(self, doc_id: int, before: frozenset[int], now: frozenset[int]) -> None:
        for material_id in before - now:
            tasks = self._needed[material_id]
            tasks.discard(doc_id)
            if not tasks:
                del self._needed[material_id]
        for material_id in now - before:
            self._needed.setdefault(material_id, set()).add(doc_id)

    # --- same media on the same account

    def with_content(self, content: str, places: Iterable[Place]) -> Iterator[Task]:
        """Tasks that show this content at one of these places, whatever became of them; some may come twice."""
        for place in places:
            found = self._posts.get(hash((content, place)), ())
            for doc_id in (found,) if isinstance(found, int) else found:
                task = self._tasks[doc_id]
                if place in places_of(task) and content_of(task.materials) == content:
                    yield task

    def _note_post(self, task: Task) -> None:
        for key in _post_keys(task):
            if key in self._posts:
                self._add_post(key, task.id)
            else:
                self._posts[key] = task.id

    def _add_post(self, key: int, task_id: int) -> None:
        """To those, or the one, that are known under the key."""
        present = self._posts[key]
        if isinstance(present, int):
            self._posts[key] = [present, task_id]
        else:
            present.append(task_id)

    def _forget_post(self, task: Task) -> None:
        for key in _post_keys(task):
            present = self._posts.get(key)
            if isinstance(present, list):
                present.remove(task.id)
                if len(present) == 1:
                    self._posts[key] = present[0]
            elif present == task.id:
                del self._posts[key]


def _post_keys(task: Task) -> list[int]:
    content = content_of(task.materials)
    if not content:
        return []
    if task.username:  # as most have: the one place that `places_of` would give
        return [hash((content, account_place(task.platform, task.username)))]
    return [hash((content, place)) for place in places_of(task)]


def _post(task: Task) -> tuple[object, ...]:
    """What it shows and where."""
    return (task.serial, task.package, task.platform, task.username, task.account_seen, task.materials)


_NOTHING: frozenset[int] = frozenset()


def _needs(task: Task | None) -> frozenset[int]:
    """The items of the library without which it cannot be posted."""
    if task is None or task.stage.status not in {Status.PENDING, Status.RUNNING}:
        return _NOTHING
    return frozenset(file.material_id for file in task.materials if file.material_id) or _NOTHING


def _has_alarm(task: Task) -> bool:
    """Whether its time lets it start; of one that is held nothing but its release does."""
    return task.stage is Stage.SCHEDULED and not task.held


def _same_queue(before: Task, now: Task) -> bool:
    return before.stage is now.stage and before.scheduled_at == now.scheduled_at


def _discard(ordered: list[tuple[float, int]], item: tuple[float, int]) -> None:
    at = bisect_left(ordered, item)
    if at < len(ordered) and ordered[at] == item:
        del ordered[at]
