"""Looks at the phone and touches it for a flow: every tap belongs to an element of a recognised screen, and is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from jobs.attempt import Visit
from jobs.clock import Deadline
from jobs.phone.errors import AutomationLost
from jobs.phone.protocol import PhoneSession
from jobs.phone.tree import UiTree
from jobs.post.found import Found
from jobs.post.recognise import Sight, fits, recognise
from jobs.post.screens_file import Vocabulary

#: Answers of taps that may be lost in one attempt before it counts as failed.
MAX_LOST_ANSWERS = 3
#: Android's own surface: where nothing else shows, it lies over the app.
AROUND = frozenset({"com.android.systemui"})
#: How often it is cleared away before one look goes on with what shows.
MAX_CLEARED = 3
#: Signs of an upload: before our own commit they can only be traces of an earlier one.
TRACES = frozenset({"progress", "success", "failure"})


class Hands:
    """One visit's eyes and hands."""

    def __init__(self, attempt: Visit, phone: PhoneSession, vocabulary: Vocabulary) -> None:
        self.attempt = attempt
        self.phone = phone
        self.vocabulary = vocabulary
        self.app_version = ""
        self.ignore: Collection[str] = TRACES
        self.trips: Counter[str] = Counter()
        self.lost_answers = 0
        self._last: tuple[UiTree, Collection[str], Sight] | None = None
        self._hopeless: UiTree | None = None  #: Android's own surface that could not be cleared away

    # Looking

    def look(self) -> Sight:
        """The screen now."""
        self.attempt.check()
        self.trips["look"] += 1
        return self._seen(self.phone.observe())

    def wait_change(self, sight: Sight, timeout_s: float) -> Sight:
        """The next different screen content, or the same one when time is over."""
        self.attempt.check()
        self.trips["wait"] += 1
        return self._seen(self.phone.observe_change(sight.tree, timeout_s=timeout_s))

    def until(self, sight: Sight, done: Callable[[Sight], bool], timeout_s: float) -> Sight:
        """Watch until `done`, at most `timeout_s`; returns the last sight either way. The first one is not asked."""
        deadline = Deadline(self.attempt.clock, timeout_s)
        while True:
            sight = self.wait_change(sight, deadline.remaining_s)
            if done(sight) or deadline.expired:
                return sight

    def _seen(self, tree: UiTree) -> Sight:
        """The sight of a tree; where only Android's own surface shows (shade, lock), the app is brought back first."""
        for _ in range(MAX_CLEARED):
            if not tree.packages or tree.packages - AROUND or tree.same_as(self._hopeless):
                break
            found = self.phone.clear_way()
            if found is None or not found.mended:
                self._hopeless = tree
                break
            tree = self.phone.observe()
        for remark in self.phone.remarks():
            self.attempt.note(remark)
        return self._sight(tree)

    def _sight(self, tree: UiTree) -> Sight:
        last = self._last
        if last is not None and last[0].same_as(tree) and last[1] == self.ignore:
            return last[2]
        sight = recognise(tree, self.vocabulary, app_version=self.app_version, ignore=self.ignore)
        if last is None or last[2].name != sight.name:
            self.attempt.note(f"screen: {sight.name or 'unknown'}", kind=sight.kind)
        self._last = (tree, self.ignore, sight)
        return sight

    def without(self, sight: Sight, hide: Collection[str]) -> Sight:
        """The same tree with some screens left out: what lies beneath them."""
        return recognise(
            sight.tree, self.vocabulary, app_version=self.app_version, ignore=self.ignore, hide=hide
        )

    def traces(self, sight: Sight) -> dict[str, int]:
        """The signs of uploads in a tree, by screen, with how many of each stand there."""
        found = {}
        for name, screen in self.vocabulary.screens:
            if screen.kind in TRACES and screen.trace and fits(sight.look, screen):
                found[name] = len(sight.look.find_all(screen.all[0]))
        return found

    @property
    def last_tree(self) -> UiTree | None:
        """The newest observation."""
        return self._last[0] if self._last else None

    # Touching

    def tap(self, found: Found) -> None:
        """Tap the centre of an element."""
        self.attempt.check()
        self.trips["tap"] += 1
        x, y = found.center
        self.attempt.note(f"tap {found.name}", x=x, y=y, by=found.by)
        self._tap(x, y)

    def tap_at(self, x: int, y: int, why: str) -> None:
        """Tap a point that belongs to no element of its own, such as a place on a slider."""
        self.attempt.check()
        self.trips["tap"] += 1
        self.attempt.note(f"tap {why}", x=x, y=y)
        self._tap(x, y)

    def _tap(self, x: int, y: int) -> None:
        """A tap whose answer was lost may have worked: the next look tells, and nothing is tapped twice blindly."""
        try:
            self.phone.tap(x, y)
        except AutomationLost as error:
            self.lost_answers += 1
            if self.lost_answers > MAX_LOST_ANSWERS:
                raise
            self.attempt.note(f"the tap's answer was lost: {error}")

    def enter_text(self, found: Found, text: str) -> None:
        """Replace a field's content."""
        self.attempt.check()
        self.trips["text"] += 1
        x, y = found.center
        self.attempt.note(f"type into {found.name}", x=x, y=y, characters=len(text))
        self.phone.enter_text(x, y, text)

    def swipe_up(self, sight: Sight, *, top: float = 0.3, bottom: float = 0.75) -> None:
        """Move the content up by some of the screen."""
        self._swipe(sight, bottom, top)

    def swipe_down(self, sight: Sight, *, top: float = 0.3, bottom: float = 0.75) -> None:
        """Pull the content down, which refreshes a list that is at its top."""
        self._swipe(sight, top, bottom)

    def _swipe(self, sight: Sight, start: float, end: float) -> None:
        self.attempt.check()
        self.trips["swipe"] += 1
        width, height = sight.tree.size
        self.phone.swipe(width // 2, int(height * start), width // 2, int(height * end))

    def drag(self, start: tuple[int, int], end: tuple[int, int], what: str, *, duration_ms: int) -> None:
        """Move what lies at a point, such as the grid of a picker, by a stated distance."""
        self.attempt.check()
        self.trips["swipe"] += 1
        self.attempt.note(f"drag {what}", by=end[1] - start[1])
        self.phone.swipe(*start, *end, duration_ms=duration_ms)

    def back(self, why: str) -> None:
        """Press BACK; only where it is known to close what is on top."""
        self.attempt.check()
        self.trips["key"] += 1
        self.attempt.note(f"press back: {why}")
        self.phone.press("back")

    def hide_keyboard(self) -> bool:
        """Hide the keyboard if the phone says that it is shown."""
        self.attempt.check()
        self.trips["key"] += 1
        return self.phone.hide_keyboard()
