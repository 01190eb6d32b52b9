"""TinyDB's query API over our storage, so that TinyDB's own tests can judge it; the daemon itself reads typed records."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage

Fields = Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None]


class _Documents(Mapping[str, dict[str, Any]]):
    """The committed records of a table as TinyDB wants to read them; every document is a copy."""

    def __init__(self, storage: JournalStorage, records: Mapping[int, Any]) -> None:
        self._records = records
        self._plain = storage.plain

    def __getitem__(self, doc_id: str) -> dict[str, Any]:
        return self._plain(self._records[int(doc_id)])

    def __iter__(self) -> Iterator[str]:
        return map(str, self._records)

    def __len__(self) -> int:
        return len(self._records)


class _Draft(MutableMapping[int, dict[str, Any]]):
    """What an updater works on: documents are copied when they are touched, only changed ones are stored."""

    def __init__(self, storage: JournalStorage, table: str, change: Transaction) -> None:
        self._storage = storage
        self._table = table
        self._change = change
        self._now: dict[int, dict[str, Any] | None] = {}

    def _committed(self, doc_id: int) -> dict[str, Any] | None:
        record = self._change.get(self._table, doc_id)
        return None if record is None else self._storage.plain(record)

    def __getitem__(self, doc_id: int) -> dict[str, Any]:
        if doc_id not in self._now:
            self._now[doc_id] = self._committed(doc_id)
        document = self._now[doc_id]
        if document is None:
            raise KeyError(doc_id)
        return document

    def __setitem__(self, doc_id: int, document: Mapping[str, Any]) -> None:
        self._now[doc_id] = dict(document)

    def __delitem__(self, doc_id: int) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._now[doc_id] = None

    def __contains__(self, doc_id: object) -> bool:
        if not isinstance(doc_id, int):
            return False
        if doc_id in self._now:
            return self._now[doc_id] is not None
        return self._change.get(self._table, doc_id) is not None

    def __iter__(self) -> Iterator[int]:
        for doc_id in self._change.ids(self._table):
            if doc_id not in self._now:
                yield doc_id
        yield from [doc_id for doc_id, document in self._now.items() if document is not None]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        for doc_id in list(self):
            self._now[doc_id] = None

    def store(self) -> None:
        """Put what changed into the transaction."""
        self._change.touch(self._table)
        for doc_id, document in self._now.items():
            present = self._committed(doc_id)
            if document is None:
                if present is not None:
                    self._change.remove(self._table, doc_id)
            elif document != present:
                self._change.put(self._table, doc_id, document)


class JournalTable(Table):
    """TinyDB's table over `JournalStorage`. Differences from upstream, all on the safe side:

    any thread may use it; an updater that raises leaves no trace; ids are never given twice, not even after `truncate`;
    documents handed out are the caller's own; in a table of typed records a document must fit the type.
    """

    def __init__(self, storage: JournalStorage, name: str, **options: Any) -> None:
        self._cache_lock = threading.Lock()
        self._version = 0
        super().__init__(storage, name, **options)
        storage.listen(name, self._forget, replay=False)

    def _forget(self, _changes: object) -> None:
        with self._cache_lock:
            self._version += 1
            self._query_cache.clear()

    def _read_table(self) -> _Documents:
        return _Documents(self._storage, self._storage.copy_of(self.name))

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        def action(change: Transaction) -> None:
            draft = _Draft(self._storage, self.name, change)
            updater(draft)
            draft.store()

        self._storage.commit(action)

    def _get_next_id(self) -> int:
        number: int = self._storage.new_id(self.name)
        return number

    def _document(self, doc_id: int) -> Document | None:
        record = self._storage.tables.get(self.name, {}).get(doc_id)
        return None if record is None else self.document_class(self._storage.plain(record), doc_id)

    def __len__(self) -> int:
        return len(self._storage.tables.get(self.name, ()))

    def search(self, cond: QueryLike) -> list[Document]:
        """All documents that match; each is the caller's own."""
        with self._cache_lock:
            version = self._version
            found = self._query_cache.get(cond)
        if found is None:
            found = [
                self.document_class(document, self.document_id_class(doc_id))
                for doc_id, document in self._read_table().items()
                if cond(document)
            ]
            if getattr(cond, "is_cacheable", lambda: True)():
                with self._cache_lock:
                    if version == self._version:
                        self._query_cache[cond] = found
        return [self.document_class(copy.deepcopy(dict(document)), document.doc_id) for document in found]

    def get(
        self,
        cond: QueryLike | None = None,
        doc_id: int | None = None,
        doc_ids: Iterable[int] | None = None,
    ) -> Document | list[Document] | None:
        """One document by query or id, or a list by ids; ids are looked up, not searched for."""
        if doc_id is not None:
            return self._document(doc_id)
        if doc_ids is not None:
            found = (self._document(number) for number in sorted(set(doc_ids)))
            return [document for document in found if document is not None]
        result: Document | None = super().get(cond)
        return result

    def update(
        self, fields: Fields, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None
    ) -> list[int]:
        """Change all documents that match; returns their ids.

        A condition is first evaluated beside the writers, then again on the few matches inside the change.
        """
        if cond is None or doc_ids is not None:
            everywhere: list[int] = super().update(fields, cond, doc_ids)
            return everywhere

        def change(table: MutableMapping[int, Any], doc_id: int) -> None:
            if callable(fields):
                fields(table[doc_id])
            else:
                table[doc_id].update(fields)

        return self._each_match(cond, change)

    def remove(self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None) -> list[int]:
        """Remove all documents that match; returns their ids."""
        if cond is None or doc_ids is not None:
            removed: list[int] = super().remove(cond, doc_ids)
            return removed
        return self._each_match(cond, lambda table, doc_id: table.pop(doc_id))

    def _each_match(self, cond: QueryLike, act: Callable[[MutableMapping[int, Any], int], Any]) -> list[int]:
        candidates = [int(doc_id) for doc_id, document in self._read_table().items() if cond(document)]
        done: list[int] = []

        def updater(table: MutableMapping[int, Any]) -> None:
            for doc_id in candidates:
                if doc_id in table and cond(table[doc_id]):
                    act(table, doc_id)
                    done.append(doc_id)

        self._update_table(updater)
        return done


class JournalDB(TinyDB):
    """TinyDB with the journalled storage and its table: `JournalDB(folder)`."""

    table_class = JournalTable
    default_storage_class = JournalStorage
