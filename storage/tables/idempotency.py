"""Answers already given: a repeated request with the same key gets the same answer, for a day."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import IdempotencyEntry
from storage.tables.table import Table

TABLE = "idempotency"
LIFETIME_S = 24 * 3600.0
#: Dropped in one go, so that no other change waits long; what is older than a day counts as gone anyway.
EXPIRE_AT_ONCE = 1_000


class IdempotencyStore(Table[IdempotencyEntry]):
    """Entries by key. Written together with the tasks they answer for (`TaskStore.create`)."""

    name = TABLE

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        self._ids: dict[str, int] = {}
        #: A heap of (created, id), the oldest first; of what is gone or was put anew, too, until its time has come.
        self._ages: list[tuple[float, int]] = []
        storage.listen(TABLE, self._update)

    def _update(
        self, changes: Sequence[tuple[int, IdempotencyEntry | None, IdempotencyEntry | None]]
    ) -> None:
        ages: list[tuple[float, int]] = []
        for doc_id, before, now in changes:
            if before is not None and self._ids.get(before.key) == doc_id:
                del self._ids[before.key]
            if now is not None:
                self._ids[now.key] = doc_id
                ages.append((now.created_at, doc_id))
        if len(ages) > EXPIRE_AT_ONCE:
            self._ages += ages
            heapq.heapify(self._ages)
        else:
            for age in ages:
                heapq.heappush(self._ages, age)

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
        """Drop entries older than a day, the oldest first and at most `EXPIRE_AT_ONCE`; returns how many."""
        old: list[tuple[float, int]] = []
        with self._storage.state_lock:
            while self._ages and now - self._ages[0][0] >= LIFETIME_S and len(old) < EXPIRE_AT_ONCE:
                old.append(heapq.heappop(self._ages))
        try:
            return self._drop_old([doc_id for _, doc_id in old], lambda e: now - e.created_at >= LIFETIME_S)
        except BaseException:
            with self._storage.state_lock:  # tried again the next time
                for age in old:
                    heapq.heappush(self._ages, age)
            raise
