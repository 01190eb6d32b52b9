"""Remembers what was typed into an app's form and not published, so that a resumed draft is known as our own."""

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

    def forget(self) -> None:
        """The form was sent."""
        if self._meta is not None and self._meta.get(self._key):
            self._meta.set(self._key, [])

    def knows(self, shown: str) -> bool:
        """Whether a text found in a form is one of ours, or the beginning of one that was cut off."""
        if self._meta is None or not shown.strip():
            return False
        return any(text.strip().startswith(shown.strip()) for text in self._meta.get(self._key) or [])
