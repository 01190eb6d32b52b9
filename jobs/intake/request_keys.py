"""Requests that come twice: the same key gets the same answer."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from jobs.input.refusals import Invalid, KeyReused, Problem
from jobs.input.spoilt_values import explain_spoilt, find_placeholder, stands_for_nothing
from jobs.input.values import shorten
from storage.records import IdempotencyEntry
from storage.tables.idempotency import IdempotencyStore

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_FIELD = "Idempotency-Key"


class Keys:
    """Idempotency keys: one request at a time per key."""

    def __init__(self, store: IdempotencyStore, trusted: Callable[[], bool] = lambda: True) -> None:
        """`trusted` says whether the wall clock may be believed: while it is in doubt no answer is too old to count."""
        self._store = store
        self._trusted = trusted
        self._lock = threading.Lock()
        self.held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Let others with the same key wait. Raises Invalid for a bad key."""
        refuse_bad_key(key)
        with self._lock:
            lock, users = self.held.get(key, (threading.Lock(), 0))
            self.held[key] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self.held.pop(key)
                if users > 1:
                    self.held[key] = (lock, users - 1)

    def answered(self, key: str, body_sha256: str, now: float) -> dict[str, Any] | None:
        """What was answered to this key before. Raises KeyReused when it was to another body."""
        entry = self._store.find(key, now, sure=self._trusted())
        if entry is None:
            return None
        if entry.body_sha256 != body_sha256:
            raise KeyReused(
                Problem(_FIELD, "was used for another request within the last 24 hours; use a new one")
            )
        return entry.answer

    def entry(self, key: str, body_sha256: str, now: float, answer: Mapping[str, Any]) -> IdempotencyEntry:
        return IdempotencyEntry(key, body_sha256, now, dict(answer))


def refuse_bad_key(key: str) -> None:
    """Raise Invalid for what cannot tell one request from another: no key, two, or the place of one that was not filled in."""
    bare = key.strip().strip("\"'")
    if not bare:
        why = "is empty; send a text that is new for each post, or leave it out"
    elif find_placeholder(bare) or explain_spoilt(bare) or stands_for_nothing(bare):
        why = (
            f'is "{shorten(bare)}": a program has not filled it in, so every request would have the same key'
        )
    elif ", " in key:
        why = "is given twice; send one"
    elif not _KEY.fullmatch(key):
        why = "must be 1 to 128 visible ASCII characters"
    else:
        return
    raise Invalid(Problem(_FIELD, why))


def body_sha256(body: bytes, raw: Any) -> str:
    """Identity of a request: of its bytes, or of what they held when there are none."""
    return hashlib.sha256(body or msgspec.json.encode(raw, order="deterministic")).hexdigest()
