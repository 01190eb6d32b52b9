"""Answers already given: a repeated request with the same key gets the same answer, for a day."""

from __future__ import annotations

from collections.abc import Sequence

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import IdempotencyEntry

TABLE = "idempotency"
LIFETIME_S = 24 * 3600.0


class IdempotencyStore:
    """Entries by key. Written together with the tasks they answer for (`TaskStore.create`)."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._ids: dict[str, int] = {}
        self._entries: dict[int, IdempotencyEntry] = storage.tables[TABLE]
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
            entry = None if doc_id is None else self._entries[doc_id]
        return entry if entry is not None and now - entry.created_at < LIFETIME_S else None

    def put(self, change: Transaction, entry: IdempotencyEntry) -> None:
        """Within another change: remember an answer."""
        doc_id = self._ids.get(entry.key)
        change.put(TABLE, change.new_id(TABLE) if doc_id is None else doc_id, entry)

    def expire(self, now: float) -> int:
        """Drop entries older than a day; returns how many."""

        def is_old(entry: IdempotencyEntry | None) -> bool:
            return entry is not None and now - entry.created_at >= LIFETIME_S

        with self._storage.state_lock:
            old = [doc_id for doc_id, entry in self._entries.items() if is_old(entry)]

        def action(change: Transaction) -> int:
            # Asked again here: a new request with the same key may have put its answer in the old one's place.
            gone = [doc_id for doc_id in old if is_old(change.get(TABLE, doc_id))]
            for doc_id in gone:
                change.remove(TABLE, doc_id)
            return len(gone)

        return self._storage.commit(action) if old else 0
