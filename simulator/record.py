"""What a phone keeps for tests: published posts (durable), taps, and a log of events with times."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.apps.base import Post

_KEPT = 4_000  #: taps and events per phone; a hundred phones run for simulated weeks


class Record:
    """The record of one phone. Posts outlive everything; taps and events live as long as the process."""

    def __init__(self, folder: Path) -> None:
        self._posts_path = folder / "posts.jsonl"
        self.posts: list[dict[str, Any]] = []
        self.taps: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.events: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        if self._posts_path.exists():
            data = self._posts_path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            if whole != data:
                # A line cut by a crash was never reported as published.
                os.truncate(self._posts_path, len(whole))
            self.posts = [
                json.loads(line) for line in whole.decode("utf-8", "surrogatepass").split("\n") if line
            ]

    def publish(self, post: Post) -> None:
        """Keep a post for ever: on disk before this returns."""
        entry = asdict(post)
        entry["at"] = entry["at"] or rfc3339(time.time())
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        fd = os.open(self._posts_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(fd, line.encode("utf-8", "surrogatepass"))
            os.fsync(fd)
        finally:
            os.close(fd)
        self.posts.append(entry)

    def tap(self, **facts: Any) -> None:
        self.taps.append({"at": rfc3339(time.time()), **facts})

    def event(self, what: str, **facts: Any) -> None:
        """`at` is epoch seconds, so that a client can put its own times beside it."""
        self.events.append({"at": round(time.time(), 6), "what": what, **facts})


def rfc3339(seconds: float) -> str:
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def lines(entries: Any) -> str:
    """One JSON object per line."""
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
