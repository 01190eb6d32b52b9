"""Answers already given: a repeated request with the same key gets the same answer, for a day."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

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

    def __init__(self, storage: JournalStorage, monotonic: Callable[[], float] | None = None) -> None:
        """`monotonic`: seconds that never step; without it an entry is as old as the wall clock says."""
        super().__init__(storage)
        self._ids: dict[str, int] = {}
        #: A heap of (created, id), the oldest first; of what is gone or was put anew, too, until its time has come.
        self._ages: list[tuple[float, int]] = []
        self._monotonic = monotonic
        self._made: dict[int, float] = {}  #: monotonic, of the entries of this run
        self._loading = True
        storage.listen(TABLE, self._update)
        self._loading = False

    def _update(
        self, changes: Sequence[tuple[int, IdempotencyEntry | None, IdempotencyEntry | None]]
    ) -> None:
        ages: list[tuple[float, int]] = []
        for doc_id, before, now in changes:
            if before is not None and self._ids.get(before.key) == doc_id:
                del self._ids[before.key]
                self._made.pop(doc_id, None)
            if now is not None:
                self._ids[now.key] = doc_id
                if self._monotonic is not None and not self._loading:
                    self._made[doc_id] = self._monotonic()
                ages.append((now.created_at, doc_id))
        if len(ages) > EXPIRE_AT_ONCE:
            self._ages += ages
            heapq.heapify(self._ages)
        else:
            for age in ages:
                heapq.heappush(self._ages, age)

    def find(self, key: str, now: float, *, sure: bool = True) -> IdempotencyEntry | None:
        """The entry of this key, unless it is older than a day.

        `sure`: the wall clock may be believed. Else an entry of an earlier run may be young, whatever it says.
        """
        with self._storage.state_lock:
            doc_id = self._ids.get(key)
            if doc_id is None:
                return None
            entry = self._records[doc_id]
            is_old = self._age_s(doc_id, entry.created_at, now) >= LIFETIME_S
            return None if is_old and (sure or doc_id in self._made) else entry

    def _age_s(self, doc_id: int, created_at: float, now: float) -> float:
        """How old an entry is; one of this run by the clock that never steps. Under the state lock."""
        made = self._made.get(doc_id)
        return now - created_at if made is None or self._monotonic is None else self._monotonic() - made

    def put(self, change: Transaction, entry: IdempotencyEntry) -> None:
        """Within another change: remember an answer."""
        doc_id = self._ids.get(entry.key)
        change.put(TABLE, change.new_id(TABLE) if doc_id is None else doc_id, entry)

    def expire(self, now: float) -> int:
        """Drop entries older than a day, the oldest first and at most `EXPIRE_AT_ONCE`; returns how many."""
        old: list[tuple[float, int]] = []
        with self._storage.state_lock:
            while self._ages and now - self._ages[0][0] >= LIFETIME_S and len(old) < EXPIRE_AT_ONCE:
                created_at, doc_id = heapq.heappop(self._ages)
                age_s = self._age_s(doc_id, created_at, now)
                if age_s >= LIFETIME_S:
                    old.append((created_at, doc_id))
                else:  # the wall clock was put forward since it was made
                    heapq.heappush(self._ages, (now - age_s, doc_id))
        try:
            return self._drop_old([doc_id for _, doc_id in old], lambda e: now - e.created_at >= LIFETIME_S)
        except BaseException:
            with self._storage.state_lock:  # tried again the next time
                for age in old:
                    heapq.heappush(self._ages, age)
            raise
