"""A screen driver that records what it sees and touches nothing that publishes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from jobs.phone.protocol import PhoneSession
from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.checks.zones import may_publish
from jobs.post.screens.element import Element, holds_point
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode


class RehearsalDriver(ScreenDriver):
    """Refuses the publishing tap, and every touch of a point at which an element that publishes lies."""

    def __init__(
        self,
        attempt: Visit,
        phone: PhoneSession,
        vocabulary: Vocabulary,
        *,
        publishing: Collection[str],
        on_screen: Callable[[Sight], None],
    ) -> None:
        """Prepare.

        Args:
            attempt: whose time this is.
            phone: the phone.
            vocabulary: the app's screens.
            publishing: names of the elements whose touch publishes.
            on_screen: called with each sight that has another name than the one before.
        """
        super().__init__(attempt, phone, vocabulary)
        self._publishing = publishing
        self._on_screen = on_screen

    def seen(self, sight: Sight) -> None:
        self._on_screen(sight)

    def tap_once(self, found: Element) -> None:
        raise self._refusal(found.name)

    def _tap(self, x: int, y: int) -> None:
        self._never_publish(x, y)
        super()._tap(x, y)

    def enter_text(self, found: Element, text: str) -> None:
        self._never_publish(*found.center)
        super().enter_text(found, text)

    def _never_publish(self, x: int, y: int) -> None:
        sight = self.last_sight
        if sight is None:
            return
        # In a language of which not all is known a publishing button is told by its place alone.
        if (
            self._unread
            and not self._sees_publishing(sight)
            and may_publish(sight.tree, self.vocabulary, (x, y))
        ):
            raise self._refusal("what may be the publishing button")
        for name in self._publishing:
            if any(holds_point(found.node.bounds, (x, y)) for found in sight.index.find_all(name)):
                raise self._refusal(name)

    @property
    def _unread(self) -> bool:
        """The app speaks a language that is not covered."""
        language = getattr(self.attempt, "language", "")
        return bool(language) and language not in self.vocabulary.covered

    def _refusal(self, element: str) -> ScriptFailed:
        return ScriptFailed(
            ErrorCode.UI_CHANGED,
            f"a rehearsal never publishes: {element} lies where it would have touched",
            step=self.last_sight.name if self.last_sight else "",
        )
