"""Requests that come twice: the same key gets the same answer, the same media on the same account is refused."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from jobs.intake_targets import Target
from jobs.lenient import Findings
from jobs.post.choose import Chosen
from jobs.refusals import DuplicatePost, Invalid, KeyReused, Problem
from jobs.settings import Posting
from storage.idempotency import IdempotencyStore
from storage.records import IdempotencyEntry
from storage.tasks import TaskStore

_KEY = re.compile(r"[\x21-\x7e]{1,128}")

#: Phone, account, platform and the content of the media.
Post = tuple[str, str, str, frozenset[str]]


class Keys:
    """Idempotency keys: one request at a time per key."""

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Let others with the same key wait. Raises Invalid for a key that is none."""
        if not _KEY.fullmatch(key):
            raise Invalid(Problem("Idempotency-Key", "must be 1 to 128 visible ASCII characters"))
        with self._lock:
            lock, users = self._held.get(key, (threading.Lock(), 0))
            self._held[key] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._held.pop(key)
                if users > 1:
                    self._held[key] = (lock, users - 1)

    def answered(self, key: str, body_sha256: str, now: float) -> dict[str, Any] | None:
        """What was answered to this key before. Raises KeyReused when it was to another body."""
        entry = self._store.find(key, now)
        if entry is None:
            return None
        if entry.body_sha256 != body_sha256:
            raise KeyReused(
                Problem(
                    "Idempotency-Key", "was used for another request within the last 24 hours; use a new one"
                )
            )
        return entry.answer

    def entry(self, key: str, body_sha256: str, now: float, answer: Mapping[str, Any]) -> IdempotencyEntry:
        return IdempotencyEntry(key, body_sha256, now, dict(answer))


def body_sha256(body: bytes, raw: Any) -> str:
    """Identity of a request: of its bytes, or of what they held when there are none."""
    return hashlib.sha256(body or msgspec.json.encode(raw, order="deterministic")).hexdigest()


class RepeatGuard:
    """Refuses to give an account the same media again within the window; warns within a longer one."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks
        self._lock = threading.Lock()
        self._being_created: set[Post] = set()

    @contextmanager
    def watch(
        self,
        targets: Sequence[Target],
        chosen: Sequence[Chosen],
        *,
        posting: Posting,
        now: float,
        force: bool,
        findings: Findings,
    ) -> Iterator[None]:
        """Check, and let no other request create the same post meanwhile. Raises DuplicatePost, naming all."""
        if not posting.duplicate_window_minutes and not posting.duplicate_warning_hours:
            yield
            return
        window_s = posting.duplicate_window_minutes * 60
        since = now - max(window_s, posting.duplicate_warning_hours * 3600)
        posts: dict[Post, int] = {}
        problems: list[Problem] = []
        with self._lock:
            for index, (target, choice) in enumerate(zip(targets, chosen, strict=True)):
                content = frozenset(file.sha256 for file in choice.materials)
                if not content:
                    continue
                post = (target.serial, target.username, target.platform, content)
                sentence, age_s = self._last(post, since, now)
                if sentence and age_s <= window_s and window_s and not force:
                    problems.append(
                        Problem(_field(index), f"{target} {sentence}; force=true creates it anyway")
                    )
                elif sentence:
                    findings.warn(f"{target} {sentence}")
                posts[post] = index
            if problems:
                raise DuplicatePost(problems)
            mine = posts.keys() - self._being_created
            self._being_created |= mine
        try:
            yield
        finally:
            with self._lock:
                self._being_created -= mine

    def _last(self, post: Post, since: float, now: float) -> tuple[str, float]:
        """A sentence about the newest task with the same post and its age in seconds; "" when there is none."""
        if post in self._being_created:
            return "is being given the same media by another request just now", 0.0
        serial, username, platform, content = post
        same = [
            task
            for task in self._tasks.recent_posts(serial, username, platform, next(iter(content)), since)
            if {file.sha256 for file in task.materials} == content
        ]
        if not same:
            return "", 0.0
        last = max(same, key=lambda task: task.created_at)
        age_s = max(0.0, now - last.created_at)
        return f"was given the same media {_ago(age_s)} ago (task {last.id})", age_s


def _field(index: int) -> str:
    return f"tasks[{index}]"


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"
