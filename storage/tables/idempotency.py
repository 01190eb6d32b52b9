"""Answers already given: a repeated request with the same key gets the same answer, for a day."""

from __future__ import annotations

from collections.abc import Sequence

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import IdempotencyEntry
from storage.tables.table import Table

TABLE = "idempotency"
LIFETIME_S = 24 * 3600.0


class IdempotencyStore(Table[IdempotencyEntry]):
    """Entries by key. Written together with the tasks they answer for (`TaskStore.create`)."""

    name = TABLE

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        self._ids: dict[str, int] = {}
        storage.listen(TABLE, self._update)

    def _update(
        self, changes: Sequence[tuple[int, IdempotencyEntry | None, IdempotencyEntry | None]]
    ) -> None:
        for doc_id, before, now in changes:
            if before is not None and self._ids.get(before.key) == doc_id:
                del self._ids[before.key]
            if now is not None:
                self._ids[now.key] = doc_id

    def find(self, key: str, now: float) -> IdempotencyEntry | None:
        """The entry of this key, unless it is older than a day."""
        with self._storage.state_lock:
            doc_id = self._ids.get(key)
            entry = None if doc_id is None else self._records[doc_id]
        return entry if entry is not None and now - entry.created_at < LIFETIME_S else None

    def put(self, change: Transaction, entry: IdempotencyEntry) -> None:
        """Within another change: remember an answer."""
        doc_id = self._ids.get(entry.key)
        change.put(TABLE, change.new_id(TABLE) if doc_id is None else doc_id, entry)

    def expire(self, now: float) -> int:
        """Drop entries older than a day; returns how many."""
        return self._drop(lambda entry: now - entry.created_at >= LIFETIME_S)
