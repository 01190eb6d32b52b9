"""Which files have been posted or are about to be: marks by content and root, so that none is chosen twice."""

from __future__ import annotations

from collections.abc import Sequence

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import Task, UsageMark, Use

TABLE = "usage"
#: The root under which the marks of the material library are kept.
LIBRARY = "library"


class UsageStore:
    """Marks of files. A file without a mark is free."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._ids: dict[str, dict[str, int]] = {}
        self._marks: dict[int, UsageMark] = storage.tables[TABLE]
        storage.listen(TABLE, self._update)

    def _update(self, changes: Sequence[tuple[int, UsageMark | None, UsageMark | None]]) -> None:
        for doc_id, before, now in changes:
            if now is not None:
                self._ids.setdefault(now.root, {})[now.sha256] = doc_id
            elif before is not None:
                of_root = self._ids[before.root]
                if of_root.get(before.sha256) == doc_id:
                    del of_root[before.sha256]

    def state(self, root: str, sha256: str) -> Use:
        """Whether the file with this content may be chosen under this root."""
        with self._storage.state_lock:
            doc_id = self._ids.get(root, {}).get(sha256)
            return Use.FREE if doc_id is None else self._marks[doc_id].use

    def holder(self, root: str, sha256: str) -> UsageMark | None:
        """The mark of the file with this content under this root, with the task that set it; None for a free file."""
        with self._storage.state_lock:
            doc_id = self._ids.get(root, {}).get(sha256)
            return None if doc_id is None else self._marks[doc_id]

    def taken(self, root: str) -> set[str]:
        """SHA-256 of all content under this root that is reserved or used."""
        with self._storage.state_lock:
            return set(self._ids.get(root, ()))

    def reset(self, root: str, sha256: str | None = None) -> int:
        """Make used files free again, one or all of the root; returns how many. Reserved ones stay with their task."""

        def action(change: Transaction) -> int:
            done = 0
            for content, doc_id in list(self._ids.get(root, {}).items()):
                mark: UsageMark | None = change.get(TABLE, doc_id)
                if mark is not None and mark.use is Use.USED and sha256 in (None, content):
                    change.remove(TABLE, doc_id)
                    done += 1
            return done

        return self._storage.commit(action)

    def mark(self, change: Transaction, task: Task, use: Use) -> None:
        """Within a task's change: set the marks of its files. A mark that another task set since is left alone.

        An item of the library that was asked for by its id is neither reserved nor freed, but used once it was posted.
        """
        for file in task.materials:
            root = file.root or (LIBRARY if file.material_id and use is Use.USED else "")
            if root:
                self._mark(change, UsageMark(root, file.sha256, use, task.id))

    def _mark(self, change: Transaction, wanted: UsageMark) -> None:
        doc_id, present = self._find(change, wanted.root, wanted.sha256)
        if present is not None and present.task_id != wanted.task_id and present.use is not Use.FREE:
            stronger = wanted.use is Use.USED and present.use is Use.RESERVED
            if wanted.use is Use.FREE or (not stronger and present.use is Use.USED):
                return
        laid_over = self._laid_over(change)
        if wanted.use is Use.FREE:
            if doc_id is not None:
                change.remove(TABLE, doc_id)
                laid_over.pop((wanted.root, wanted.sha256), None)
        elif present != wanted:
            doc_id = change.new_id(TABLE) if doc_id is None else doc_id
            change.put(TABLE, doc_id, wanted)
            laid_over[wanted.root, wanted.sha256] = doc_id

    def _find(self, change: Transaction, root: str, sha256: str) -> tuple[int | None, UsageMark | None]:
        doc_id = self._laid_over(change).get((root, sha256), self._ids.get(root, {}).get(sha256))
        mark = None if doc_id is None else change.get(TABLE, doc_id)
        return (None, None) if mark is None else (doc_id, mark)

    @staticmethod
    def _laid_over(change: Transaction) -> dict[tuple[str, str], int]:
        """Ids of the marks that this change has set, by root and content: thousands are set in one write."""
        found: dict[tuple[str, str], int] | None = change.derived.get(TABLE)
        if found is None:
            found = {
                (mark.root, mark.sha256): doc_id
                for doc_id, mark in change.changed(TABLE).items()
                if mark is not None
            }
            change.derived[TABLE] = found
        return found
