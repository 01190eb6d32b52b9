"""What all tables of the store can do: look up, change and remove records by id, and drop those that are too old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import UnknownRecord

R = TypeVar("R", bound=msgspec.Struct)


def _anything(_record: object) -> None:
    """Nothing about a record keeps it from being written."""


class Table(Generic[R]):
    """One table. Records are read in memory without a lock, one at a time; each is immutable."""

    name: ClassVar[str]

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._records: dict[int, R] = storage.tables[self.name]

    def get(self, doc_id: int) -> R | None:
        return self._records.get(doc_id)

    def all(self) -> list[R]:
        """Every record, by id."""
        with self._storage.state_lock:
            return [self._records[doc_id] for doc_id in sorted(self._records)]

    def change(self, doc_id: int, *, still: Callable[[R], None] = _anything, **changes: object) -> R:
        """Change fields of a record; raises UnknownRecord, and what `_check` raises.

        `still` is asked within the write, with the record as it is by then; what it raises keeps it from being written.
        """

        def action(change: Transaction) -> R:
            present: R | None = change.get(self.name, doc_id)
            if present is None:
                raise UnknownRecord(self.name, doc_id)
            still(present)
            return self._put(change, doc_id, msgspec.structs.replace(present, **changes))

        return self._storage.commit(action)

    def remove(self, doc_id: int, *, still: Callable[[R], None] = _anything) -> R | None:
        """Remove a record; returns what it was, None when there was none. `still`: as in `change`."""

        def action(change: Transaction) -> R | None:
            present: R | None = change.get(self.name, doc_id)
            if present is not None:
                still(present)
                change.remove(self.name, doc_id)
            return present

        return self._storage.commit(action)

    def _put(self, change: Transaction, doc_id: int, record: R) -> R:
        self._check(change, doc_id, record)
        kept: R = change.put(self.name, doc_id, record)
        return kept

    def _check(self, change: Transaction, doc_id: int, record: R) -> None:
        """Raise when the record must not be stored beside the others."""

    def _drop(self, is_old: Callable[[R], bool]) -> int:
        """Remove the records that are too old; returns how many."""
        with self._storage.state_lock:
            old = [doc_id for doc_id, record in self._records.items() if is_old(record)]
        return self._drop_old(old, is_old)

    def _drop_old(self, old: Sequence[int], is_old: Callable[[R], bool]) -> int:
        """Remove those of these records that are too old; returns how many."""

        def action(change: Transaction) -> int:
            # Asked again here: another change may have put a new record in the old one's place.
            gone = [
                doc_id for doc_id in old if (now := change.get(self.name, doc_id)) is not None and is_old(now)
            ]
            for doc_id in gone:
                change.remove(self.name, doc_id)
            return len(gone)

        return self._storage.commit(action) if old else 0
