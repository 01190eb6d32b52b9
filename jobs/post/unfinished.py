"""Remembers, beyond an attempt, what was typed into an app's form and what the profile said before a post was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol


class Meta(Protocol):
    """The daemon's small key-value store."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


class Unfinished:
    """The texts of the last unfinished post of one app on one phone; they outlive attempts, tasks and restarts."""

    def __init__(self, meta: Meta | None, serial: str, package: str) -> None:
        self._meta = meta
        self._key = f"unfinished:{serial}:{package}"

    def remember(self, texts: Iterable[str]) -> None:
        """Say, before typing, what is about to stand in the form."""
        if self._meta is not None:
            self._meta.set(self._key, [text for text in texts if text])

    def add(self, text: str) -> None:
        """Say how the app has altered one of them."""
        if self._meta is not None and text:
            self._meta.set(self._key, [*(self._meta.get(self._key) or []), text])

    def forget(self) -> None:
        """The form was sent."""
        if self._meta is not None and self._meta.get(self._key):
            self._meta.set(self._key, [])

    def note_profile(self, task_id: int, posts: int | None, tile: str, *, fresh: bool) -> None:
        """Say, before the publishing tap, how many posts the profile has and what its newest is called."""
        if self._meta is not None:
            self._meta.set(
                f"{self._key}:profile", {"task": task_id, "posts": posts, "tile": tile, "fresh": fresh}
            )

    def profile_before(self, task_id: int) -> tuple[int | None, str, bool]:
        """What `note_profile` said before this task's tap: posts, newest tile, whether it was fresh."""
        noted = (self._meta.get(f"{self._key}:profile") if self._meta is not None else None) or {}
        if noted.get("task") != task_id:
            return None, "", False
        return noted.get("posts"), noted.get("tile", ""), bool(noted.get("fresh"))

    def knows(self, shown: str) -> bool:
        """Whether a text found in a form is one of ours, or the beginning of one that was cut off."""
        if self._meta is None or not shown.strip():
            return False
        return any(text.strip().startswith(shown.strip()) for text in self._meta.get(self._key) or [])
