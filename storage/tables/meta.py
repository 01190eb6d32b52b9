"""Small facts that must outlive a restart: positions, stamps, markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.records import MetaValue

TABLE = "meta"
#: Names of pauses begin so. A restore keeps those of the store that it replaces.
PAUSES = "pause:"


class MetaStore:
    """Values in JSON's types by name."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._ids: dict[str, int] = {}
        self._values: dict[int, MetaValue] = storage.tables[TABLE]
        storage.listen(TABLE, self._update)

    def _update(self, changes: Sequence[tuple[int, MetaValue | None, MetaValue | None]]) -> None:
        for doc_id, before, now in changes:
            if before is not None and self._ids.get(before.key) == doc_id:
                del self._ids[before.key]
            if now is not None:
                self._ids[now.key] = doc_id

    def get(self, key: str, default: Any = None) -> Any:
        """The value (a copy), or the default."""
        with self._storage.state_lock:
            doc_id = self._ids.get(key)
            found = None if doc_id is None else self._values[doc_id]
        return default if found is None else msgspec.to_builtins(found.value)

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so."""
        with self._storage.state_lock:
            return sorted(key for key in self._ids if key.startswith(prefix))

    def set(self, key: str, value: Any) -> None:
        """Store a value durably; one that is already there is not written again."""

        def action(change: Transaction) -> None:
            doc_id, present = self._find(change, key)
            if present is None or present.value != value:
                change.put(TABLE, change.new_id(TABLE) if doc_id is None else doc_id, MetaValue(key, value))

        self._storage.commit(action)

    def remove(self, key: str) -> None:
        """Forget a value; nothing happens when there is none."""

        def action(change: Transaction) -> None:
            doc_id, _ = self._find(change, key)
            if doc_id is not None:
                change.remove(TABLE, doc_id)

        self._storage.commit(action)

    def _find(self, change: Transaction, key: str) -> tuple[int | None, MetaValue | None]:
        for doc_id, value in change.changed(TABLE).items():
            if value is not None and value.key == key:
                return doc_id, value
        committed = self._ids.get(key)
        if committed is None:
            return None, None
        found = change.get(TABLE, committed)
        return (None, None) if found is None else (committed, found)
