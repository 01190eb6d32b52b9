"""Remembers, beyond an attempt, what was typed into an app's form and what the profile said before a post was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from storage.tables.meta import MetaStore

#: For so long after the tap what an app shows can be what that tap led to. Later a person may have used the phone, or
#: Android may have started the app anew under its old place in front.
STAYS_S = 900.0
#: How often a text may arrive that was entered, and entered once more.
ENTERED_AT_MOST = 4


class DraftMemory:
    """The texts of the last unfinished post of one app on one phone; they outlive attempts, tasks and restarts."""

    def __init__(self, meta: MetaStore | None, serial: str, package: str) -> None:
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
        """The post is there: nothing of it comes up in a form again."""
        if self._meta is not None and self._meta.get(self._key):
            self._meta.set(self._key, [])

    def note_before(
        self,
        task_id: int,
        indicators: Mapping[str, int] | None,
        *,
        posts: int | None = None,
        tile: str = "",
        fresh: bool = False,
        at: float = 0.0,
    ) -> None:
        """Say, before the publishing tap, what looking for the post after a crash will need.

        Args:
            task_id: the task that publishes.
            indicators: the indicators of earlier uploads that stand there, by screen; None when they were not looked for.
            posts: how many posts the profile has, where it says so.
            tile: what the newest post of the profile is called.
            fresh: whether the profile was read anew.
            at: when, in epoch seconds of the box.
        """
        if self._meta is not None:
            noted = {
                "task": task_id, "signs": indicators, "posts": posts, "tile": tile, "fresh": fresh, "at": at,
            }  # fmt: skip
            self._meta.set(f"{self._key}:before", noted)

    def _before(self, task_id: int) -> dict[str, Any]:
        noted = (self._meta.get(f"{self._key}:before") if self._meta is not None else None) or {}
        return noted if noted.get("task") == task_id else {}

    def indicators_before(self, task_id: int) -> dict[str, int] | None:
        """The indicators of earlier uploads before this task's tap; None when they were not looked for."""
        indicators: dict[str, int] | None = self._before(task_id).get("signs")
        return indicators

    def profile_before(self, task_id: int) -> tuple[int | None, str, bool]:
        """What the profile said before this task's tap: posts, newest tile, whether it was fresh."""
        noted = self._before(task_id)
        return noted.get("posts"), noted.get("tile", ""), bool(noted.get("fresh"))

    def note_changed(self, task_id: int) -> None:
        """Say, before a look for the post changes what the app shows, that the next look will not find it as the crash left it."""
        if self._meta is not None:
            self._meta.set(f"{self._key}:before", {**self._before(task_id), "task": task_id, "changed": True})

    def is_as_left(self, task_id: int, now: float) -> bool:
        """Whether the app can still show what this task's tap led to: no look has changed it, and the tap was lately.

        `now` in epoch seconds of the box. Where the box has no clock that goes on without power, that is not known.
        """
        passed_s = self.since_tap_s(task_id, now)
        return passed_s is not None and passed_s <= STAYS_S and not self._before(task_id).get("changed")

    def since_tap_s(self, task_id: int, now: float) -> float | None:
        """How long ago this task's tap was prepared; None where that was not noted, or the clock of the box went back."""
        at = self._before(task_id).get("at")
        return now - at if at is not None and at <= now else None

    def knows(self, shown: str) -> bool:
        """Whether a text found in a form is one of ours, the beginning of one that was cut off, or one that arrived
        more than once (U2-4) before it could be read back.
        """
        shown = shown.strip()
        if self._meta is None or not shown:
            return False
        ours = (text.strip() for text in self._meta.get(self._key) or [])
        return any((text * ENTERED_AT_MOST).startswith(shown) for text in ours)
