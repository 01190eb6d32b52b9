"""Group commit: changes that wait at the same moment are written and made durable together, in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from storage.errors import StoreFailed

#: How long a change may wait for its turn before it is withdrawn: the disk does not answer.
TURN_TIMEOUT_S = 30.0

#: Changes per group: bounds what one fsync has to write and how long the last one in it waits.
GROUP_MAX = 64


class Ticket:
    """A change waiting for its turn; `action` fills a transaction, `result` or `error` is what came of it."""

    __slots__ = ("action", "error", "essential", "lead", "result", "wake")

    def __init__(self, action: Callable[[Transaction], Any], *, essential: bool) -> None:
        self.action = action
        self.essential = essential  #: may use the reserved space when the disk is full
        self.result: Any = None
        self.error: BaseException | None = None
        self.lead = False  #: woken to write the next group, not because it is done
        self.wake = threading.Lock()
        self.wake.acquire()


class Transaction:
    """What a change sees and does: committed records with the group's earlier changes laid over them."""

    __slots__ = (
        "_dropped",
        "_gone",
        "_normal",
        "_put",
        "_read",
        "_tables",
        "_undo",
        "changes",
        "derived",
        "dropped",
        "new_id",
    )

    def __init__(
        self,
        tables: dict[str, dict[int, Any]],
        normal: Callable[[str, Any], tuple[bytes, Any]],
        read: Callable[[str, bytes], Any],
        new_id: Callable[[str], int],
    ) -> None:
        self._tables = tables
        self._normal = normal
        self._read = read
        self.new_id = new_id
        self.changes: dict[str, dict[int, Any]] = {}
        #: By table: what a store worked out from its changes, e.g. an index of them; gone when some are rolled back.
        self.derived: dict[str, Any] = {}
        self._undo: list[tuple[str, int, bool, Any]] = []
        self._put: dict[str, dict[int, bytes]] = {}
        self._gone: dict[str, list[int]] = {}
        self._dropped: list[str] = []
        self.dropped: list[str] = []

    def get(self, table: str, doc_id: int) -> Any:
        """The record as this change must see it; None when there is none."""
        laid_over = self.changes.get(table)
        if laid_over is not None and doc_id in laid_over:
            return laid_over[doc_id]
        records = self._tables.get(table)
        return None if records is None else records.get(doc_id)

    def ids(self, table: str) -> list[int]:
        """Ids of all records that this change sees."""
        laid_over = self.changes.get(table, {})
        committed = [doc_id for doc_id in self._tables.get(table, ()) if doc_id not in laid_over]
        return committed + [doc_id for doc_id, record in laid_over.items() if record is not None]

    def changed(self, table: str) -> dict[int, Any]:
        """The group's changes of this table: id to record, or to None for a removed one."""
        return self.changes.get(table, {})

    def put(self, table: str, doc_id: int, record: Any) -> Any:
        """Store a record; returns the copy that will be kept.

        Raises:
            InvalidRecord: it could not be read back.
        """
        return self._keep(table, doc_id, *self._normal(table, record))

    def put_text(self, table: str, doc_id: int, text: bytes) -> Any:
        """Store a record given as JSON; otherwise as `put`."""
        return self._keep(table, doc_id, text, self._read(table, text))

    def _keep(self, table: str, doc_id: int, text: bytes, kept: Any) -> Any:
        self._note(table, doc_id, kept)
        self._put.setdefault(table, {})[doc_id] = text
        gone = self._gone.get(table)
        if gone and doc_id in gone:
            gone.remove(doc_id)
        return kept

    def remove(self, table: str, doc_id: int) -> None:
        self._note(table, doc_id, None)
        self._put.get(table, {}).pop(doc_id, None)
        self._gone.setdefault(table, []).append(doc_id)

    def touch(self, table: str) -> None:
        """Make the table exist, even if it stays empty."""
        if table not in self._tables and table not in self.changes:
            self.changes[table] = {}
            self._put.setdefault(table, {})

    def drop(self, table: str) -> None:
        """Remove a table with all its records."""
        for doc_id in self.ids(table):
            self.remove(table, doc_id)
        self._put.pop(table, None)
        self._gone.pop(table, None)
        self._dropped.append(table)
        self.dropped.append(table)

    def _note(self, table: str, doc_id: int, record: Any) -> None:
        laid_over = self.changes.setdefault(table, {})
        self._undo.append((table, doc_id, doc_id in laid_over, laid_over.get(doc_id)))
        laid_over[doc_id] = record

    def begin(self) -> None:
        self._undo.clear()
        self._put = {}
        self._gone = {}
        self._dropped = []

    def roll_back(self) -> None:
        """Forget what happened since `begin`."""
        self.derived.clear()
        for table, doc_id, had, record in reversed(self._undo):
            if had:
                self.changes[table][doc_id] = record
            else:
                del self.changes[table][doc_id]
        del self.dropped[len(self.dropped) - len(self._dropped) :]
        self.begin()

    def payload(self, seq: int, batch: int) -> bytes | None:
        """The journal's text for what happened since `begin`; None when nothing did."""
        if not (self._put or self._gone or self._dropped):
            return None
        text = b'{"seq":%d,"batch":%d' % (seq, batch)
        if self._put:
            tables = [
                b"%b:{%b}" % (_name(table), b",".join([b'"%d":%b' % item for item in records.items()]))
                for table, records in self._put.items()
            ]
            text += b',"put":{%b}' % b",".join(tables)
        if self._gone:
            text += b',"gone":%b' % _encode(self._gone)
        if self._dropped:
            text += b',"dropped":%b' % _encode(self._dropped)
        return text + b"}"


_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=64)
def _name(table: str) -> bytes:
    return _encode(table)


class GroupCommit:
    """Lets one waiting thread at a time write for all that wait; the next group is led by its first member."""

    def __init__(self, write: Callable[[Sequence[Ticket]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self.waiting: deque[Ticket] = deque()
        self.led = False
        self._groups = 0

    @property
    def under_way(self) -> int:
        """The number of the group that is being written, 0 for none: one that stays the same hangs in the disk."""
        with self._lock:
            return self._groups if self.led else 0

    def run(self, action: Callable[[Transaction], Any], *, essential: bool) -> Any:
        """Have the action written; returns its result once that is durable, or raises its error."""
        ticket = Ticket(action, essential=essential)
        with self._lock:
            self.waiting.append(ticket)
            wait = self.led
            self.led = True
        if wait:
            self.wait_for(ticket)
        if not wait or ticket.lead:
            self.write_next()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    def wait_for(self, ticket: Ticket) -> None:
        """Wait until it is written, or has to write the next group. Raises StoreFailed after `TURN_TIMEOUT_S`."""
        if ticket.wake.acquire(timeout=TURN_TIMEOUT_S):
            return
        with self._lock:
            if ticket in self.waiting and not ticket.lead:
                self.waiting.remove(ticket)
                raise StoreFailed(
                    f"the disk did not answer for {TURN_TIMEOUT_S:.0f} seconds; nothing was changed"
                )
        # Its group is being written: whether that succeeds is up to the disk, so there is no way but to wait.
        ticket.wake.acquire()

    def write_next(self) -> None:
        """Write what waits, then wake the first of those that came meanwhile to do the same."""
        with self._lock:
            self._groups += 1
            group = [self.waiting.popleft() for _ in range(min(len(self.waiting), GROUP_MAX))]
        try:
            self._write(group)
        except BaseException as error:
            for ticket in group:
                ticket.error = ticket.error or error
            raise
        finally:
            with self._lock:
                if self.waiting:
                    following = self.waiting[0]
                    following.lead = True
                    following.wake.release()
                else:
                    self.led = False
            for ticket in group:
                if not ticket.lead and ticket.wake.locked():
                    ticket.wake.release()
