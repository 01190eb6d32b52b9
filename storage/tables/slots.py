"""Slots, the posts that repeat, and their occurrences: which are planned already, and which were not made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import UnknownRecord
from storage.lists.task_reads import TABLE as TASKS
from storage.records import Occurrence, Slot, Stage, Task
from storage.tables.tasks import TaskStore

SLOTS = "slots"
OCCURRENCES = "occurrences"

#: Slot, day, time and account: no two occurrences have the same.
Key = tuple[int, str, str, str]


class OccurrenceKnown(Exception):
    """Another write has planned this occurrence; nothing was changed."""


def key_of(occurrence: Occurrence) -> Key:
    """What makes an occurrence the same as another; accounts are compared without case."""
    return (occurrence.slot_id, occurrence.day, occurrence.time, occurrence.username.casefold())


class SlotStore:
    """All slots and occurrences, in memory. Thread-safe."""

    def __init__(self, storage: JournalStorage, tasks: TaskStore) -> None:
        self._storage = storage
        self._tasks = tasks
        self._slots: dict[int, Slot] = storage.tables[SLOTS]
        self._occurrences: dict[int, Occurrence] = storage.tables[OCCURRENCES]
        self._ids: dict[Key, int] = {}
        self._by_slot: dict[int, set[int]] = {}
        storage.listen(OCCURRENCES, self._update)

    def _update(self, changes: Sequence[tuple[int, Occurrence | None, Occurrence | None]]) -> None:
        for doc_id, before, now in changes:
            if before is not None:
                self._ids.pop(key_of(before), None)
                self._by_slot.get(before.slot_id, set()).discard(doc_id)
            if now is not None:
                self._ids[key_of(now)] = doc_id
                self._by_slot.setdefault(now.slot_id, set()).add(doc_id)

    # --- slots

    def get(self, slot_id: int) -> Slot | None:
        return self._slots.get(slot_id)

    def all(self) -> list[Slot]:
        """Every slot, by id."""
        with self._storage.state_lock:
            return [self._slots[slot_id] for slot_id in sorted(self._slots)]

    def add(self, **fields: Any) -> Slot:
        """Store a slot; raises StoreFull when there is no room."""

        def action(change: Transaction) -> Slot:
            slot_id = change.new_id(SLOTS)
            kept: Slot = change.put(SLOTS, slot_id, Slot(**fields, id=slot_id))
            return kept

        return self._storage.commit(action, essential=False)

    def change(
        self,
        slot_id: int,
        now: float,
        makes: Callable[[Slot, Occurrence], bool] = lambda _slot, _occurrence: False,
        **changes: Any,
    ) -> Slot:
        """Change a slot and take back its tasks that have not begun, in one write; raises UnknownRecord.

        `makes` says whether the changed slot still makes an occurrence.
        """

        def action(change: Transaction) -> Slot:
            present: Slot | None = change.get(SLOTS, slot_id)
            if present is None:
                raise UnknownRecord(SLOTS, slot_id)
            slot = msgspec.structs.replace(present, **changes, id=slot_id)
            self._withdraw(
                change, slot_id, now, lambda occurrence: makes(slot, occurrence), paused=slot.paused
            )
            kept: Slot = change.put(SLOTS, slot_id, slot)
            return kept

        return self._storage.commit(action)

    def remove(self, slot_id: int, now: float) -> Slot | None:
        """Forget a slot and take back its tasks that have not begun; returns what it was."""

        def action(change: Transaction) -> Slot | None:
            present: Slot | None = change.get(SLOTS, slot_id)
            if present is not None:
                self._withdraw(change, slot_id, now)
                change.remove(SLOTS, slot_id)
            return present

        return self._storage.commit(action)

    def _withdraw(
        self,
        change: Transaction,
        slot_id: int,
        now: float,
        stays: Callable[[Occurrence], bool] = lambda _: False,
        *,
        paused: bool = False,
    ) -> None:
        """Tasks that wait for their time are removed; each occurrence that has lost all its tasks may be planned anew.

        Of an occurrence that the slot still makes (`stays`) nothing is removed once a person holds or has changed it, or a
        part of it has begun or is gone: it would not be planned anew as a whole, or as the person wants it. Of a slot
        that is `paused` what is held alone stays, and is held when the slot goes on.
        """
        for doc_id in sorted(self._by_slot.get(slot_id, ())):
            occurrence: Occurrence | None = change.get(OCCURRENCES, doc_id)
            if occurrence is None or occurrence.at <= now:
                continue
            tasks: list[Task | None] = [change.get(TASKS, task_id) for task_id in occurrence.task_ids]
            task_ids = list(occurrence.task_ids)
            if stays(occurrence) and not all(map(_as_planned, tasks)):
                if not paused:
                    continue
                task_ids = [task.id for task in tasks if task is not None and not task.held]
            gone = self._tasks.remove_within(change, task_ids, expect={Stage.SCHEDULED})
            if len(gone) == len(occurrence.task_ids):
                change.remove(OCCURRENCES, doc_id)

    # --- occurrences

    def knows(self, key: Key) -> bool:
        """Whether this occurrence is planned, or will not be made."""
        with self._storage.state_lock:
            return key in self._ids

    def of_slot(self, slot_id: int) -> list[Occurrence]:
        """The known occurrences of a slot, earliest first."""
        with self._storage.state_lock:
            found = [self._occurrences[doc_id] for doc_id in self._by_slot.get(slot_id, ())]
        return sorted(found, key=lambda one: (one.at, one.username))

    def note(self, change: Transaction, occurrence: Occurrence) -> None:
        """Within another change: this occurrence is planned. Raises OccurrenceKnown."""
        if key_of(occurrence) in self._ids:
            raise OccurrenceKnown
        change.put(OCCURRENCES, change.new_id(OCCURRENCES), occurrence)

    def note_missed(self, occurrences: Collection[Occurrence]) -> None:
        """These will not be made; their `reason` says why."""

        def action(change: Transaction) -> None:
            for occurrence in occurrences:
                if key_of(occurrence) not in self._ids:
                    change.put(OCCURRENCES, change.new_id(OCCURRENCES), occurrence)

        if occurrences:
            self._storage.commit(action)

    def expire(self, before: float) -> int:
        """Forget occurrences that were due before this time; returns how many."""
        with self._storage.state_lock:
            old = [doc_id for doc_id, one in self._occurrences.items() if one.at < before]

        def action(change: Transaction) -> int:
            return sum(_removed(change, old))

        return self._storage.commit(action) if old else 0


def _as_planned(task: Task | None) -> bool:
    """Whether a task waits for its time as the slot has made it."""
    return task is not None and task.stage is Stage.SCHEDULED and not task.held and not task.version


def _removed(change: Transaction, doc_ids: Iterable[int]) -> Iterable[bool]:
    for doc_id in doc_ids:
        if change.get(OCCURRENCES, doc_id) is not None:
            change.remove(OCCURRENCES, doc_id)
            yield True
