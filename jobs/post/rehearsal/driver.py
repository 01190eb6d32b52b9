"""A screen driver that records what it sees and touches nothing that publishes."""

from __future__ import annotations

from collections.abc import Callable

from jobs.phone.protocol import PhoneSession
from jobs.phone.screen.tree import UiTree
from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.checks.zones import may_publish, sees_publishing
from jobs.post.screens.element import Element, holds_point
from jobs.post.screens.readback import texts_on
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode

#: Two screens without a name that share this part of their texts are one.
SAME = 0.5


class RehearsalDriver(ScreenDriver):
    """Refuses the publishing tap, and every touch of a point at which an element that publishes lies."""

    def __init__(
        self,
        attempt: Visit,
        phone: PhoneSession,
        vocabulary: Vocabulary,
        *,
        on_screen: Callable[[Sight], None],
    ) -> None:
        """Prepare.

        Args:
            attempt: whose time this is.
            phone: the phone.
            vocabulary: the app's screens.
            on_screen: called with each sight that has another name than the one before, or none and other texts.
        """
        super().__init__(attempt, phone, vocabulary)
        self.on_screen = on_screen
        self.came: set[str] = set()  #: names of the screens that came
        self._recorded: UiTree | None = None  #: of the last screen that was handed over
        self._unknown: frozenset[str] | None = None  #: what the last screen says, where it has no name

    def seen(self, sight: Sight) -> None:
        self.came.add(sight.name)
        self._unknown = None if sight.name else texts_on(sight)
        self._recorded = sight.tree
        self.on_screen(sight)

    def failed(self) -> None:
        """What stood there is kept, also where it was taken for the screen before."""
        sight = self.last_sight
        if sight is not None and not sight.tree.same_as(self._recorded):
            self.seen(sight)

    def _sight(self, tree: UiTree) -> Sight:
        sight = super()._sight(tree)
        # A splash has no name either: what comes after it is another screen, and waits for a lesson.
        if not sight.name and self._unknown is not None:
            texts = texts_on(sight)
            if len(texts & self._unknown) < SAME * len(texts | self._unknown):
                self.seen(sight)
        return sight

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
        if sight.screen is not None and sight.screen.phase == "after":
            raise self._refusal(f"what {sight.name} asks after a publishing tap")
        # In a language of which not all is known a publishing button is recognised by its place alone.
        if (
            self._unread
            and not sees_publishing(sight, self.vocabulary)
            and may_publish(sight.tree, self.vocabulary, (x, y))
        ):
            raise self._refusal("what may be the publishing button")
        for name in self.vocabulary.publishing:
            if any(holds_point(found.node.bounds, (x, y)) for found in sight.index.find_all(name)):
                raise self._refusal(name)

    @property
    def _unread(self) -> bool:
        """The app speaks a language that is not covered."""
        return bool(self.language) and self.language not in self.vocabulary.covered

    def _refusal(self, element: str) -> ScriptFailed:
        return ScriptFailed(
            ErrorCode.UI_CHANGED,
            f"a rehearsal never publishes: {element} lies where it would have touched",
            step=self.last_sight.name if self.last_sight else "",
        )
