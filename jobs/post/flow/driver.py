"""Looks at the phone and touches it for a flow: every tap belongs to an element of a recognised screen, and is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace

from jobs.hub.clock import Deadline
from jobs.phone.errors import AutomationLost
from jobs.phone.protocol import PhoneSession
from jobs.phone.screen.reading import one_at_a_time
from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.checks.zones import publishes_unbidden
from jobs.post.screens.containers import covers, free_part
from jobs.post.screens.element import Element, same_node
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.recognise import Sight, fits, name_screen, recognise
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode

#: Answers of taps that may be lost in one attempt before it counts as failed.
MAX_LOST_ANSWERS = 3
#: Android's own surface: where nothing else shows, it lies over the app.
AROUND = frozenset({"com.android.systemui"})
#: How often it is cleared away before one look goes on with what shows.
MAX_CLEARED = 3
#: What lies over a target, such as a snackbar, goes away within this time or is no passing thing.
COVERED_S = 12.0
#: Indicators of an upload: before our own commit they can only be traces of an earlier one.
INDICATORS = frozenset({"progress", "success", "failure"})


class ScreenDriver:
    """Looks and touches of one visit to a phone."""

    def __init__(self, attempt: Visit, phone: PhoneSession, vocabulary: Vocabulary) -> None:
        self.attempt = attempt
        self.phone = phone
        self.vocabulary = vocabulary
        self.app_version = ""
        self.ignore: Collection[str] = INDICATORS
        self.trips: Counter[str] = Counter()
        self.lost_answers = 0
        self.language = ""  #: bare code of what the app speaks; "" where the phone did not tell
        self._hopeless: UiTree | None = None  #: Android's own surface that could not be cleared away
        #: side-path screens that were just asked for; None until something was touched: then all of them are legal
        self.asked: frozenset[str] | None = None
        self._last: tuple[UiTree, object, Sight] | None = None

    # Looking

    def observe(self) -> Sight:
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
        context = (self.ignore, self.asked)
        if last is not None and last[0].same_as(tree):
            if last[1] == context:
                return last[2]
            index = last[2].index  # what is found in it was found: another answer may be right all the same
        else:
            index = ElementIndex(tree, self.vocabulary, app_version=self.app_version)
        with one_at_a_time():
            sight = name_screen(index, ignore=self.ignore, asked=self.asked)
        if last is None or last[2].name != sight.name:
            self.attempt.note(f"screen: {sight.name or 'unknown'}", kind=sight.kind)
            self.seen(sight)
        self._last = (index.tree, context, sight)
        return sight

    def seen(self, sight: Sight) -> None:
        """Called with each sight that has another name than the one before."""

    def failed(self) -> None:
        """Called when the visit failed, before anything is cleaned up."""

    def without(self, sight: Sight, hide: Collection[str]) -> Sight:
        """The same tree with some screens left out: what lies beneath them."""
        return name_screen(sight.index, ignore=self.ignore, hide=hide, asked=self.asked)

    def beneath(self, sight: Sight) -> Sight:
        """What lies under the topmost sheet or dialog; unknown where there is none."""
        return recognise(
            sight.tree, self.vocabulary, app_version=self.app_version, ignore=self.ignore, beneath=True
        )

    def indicators(self, sight: Sight) -> dict[str, int]:
        """The indicators of uploads in a tree, by screen, with how many of each stand there."""
        found = {}
        for name, screen in self.vocabulary.traces:
            if screen.kind in INDICATORS and fits(sight.index, screen):
                found[name] = len(sight.index.find_all(screen.all[0]))
        return found

    @property
    def last_tree(self) -> UiTree | None:
        """The newest observation."""
        return self._last[0] if self._last else None

    @property
    def last_sight(self) -> Sight | None:
        """What was read from the newest observation."""
        return self._last[2] if self._last else None

    # Touching

    def ask(self, *screens: str) -> None:
        """Say that these side-path screens may come, as a link or an intent brings them."""
        self.asked = frozenset(screens)

    def _asks(self, element: str) -> None:
        """A touch on an element asks for the side paths that it opens; a step on the way ends those before."""
        opened = {name for name, screen in self.vocabulary.screens if element in screen.asked_by}
        sight = self._last[2] if self._last else None
        screen = sight.screen if sight else None
        if screen is None or screen.kind == "interruption" or screen.asked_by:
            opened |= self.asked or set()
        self.asked = frozenset(opened)

    def tap(self, found: Element) -> None:
        """Tap the centre of an element, or the part of it that is free; not at all when another screen has come.

        Raises:
            ScriptFailed: something lies over it and stays, or a rule that is not of the shipped files leads to a button
                that publishes: the commit point alone touches those.
        """
        self.attempt.check()
        free = self.uncovered(found)
        if free is None:
            return
        self.trips["tap"] += 1
        x, y = free.center
        self.attempt.note(f"tap {free.name}", x=x, y=y, by=free.matched_rule)
        sight = self.last_sight
        if sight is not None and publishes_unbidden(free, (x, y), sight, self.vocabulary, self.app_version):
            raise ScriptFailed(
                ErrorCode.UI_CHANGED,
                f"{free.name} was found where a button publishes, by a rule that is not of the shipped files: not touched",
                step=sight.name or "unknown screen",
            )
        self._asks(free.name)
        self._tap(x, y)

    def tap_at(self, target: Element, x: int, y: int, why: str) -> None:
        """Tap a point of an element that is not its centre, such as a place on a slider.

        Raises:
            ScriptFailed: something lies over that point and stays.
        """
        self.attempt.check()
        if self.uncovered(replace(target, area=(x, y, x + 1, y + 1))) is None:
            return
        self.trips["tap"] += 1
        self.attempt.note(f"tap {why}", x=x, y=y)
        self._tap(x, y)

    def uncovered(self, found: Element, *, whole: bool = False) -> Element | None:
        """The element as it can be touched now. Every touch of the product goes through here.

        Waits for what lies over it to go away, as snackbars do.

        Args:
            found: an element of the newest sight, or of one before it.
            whole: its centre must be free; a part of it will not do.

        Returns:
            The element with the part that is free; None when it is no longer on the screen, or another screen has come.

        Raises:
            ScriptFailed: something lies over it and stays.
        """
        if self._last is None:
            return found
        name = self._last[2].name
        deadline = Deadline(self.attempt.clock, COVERED_S)
        told = False
        while True:
            tree, _, sight = self._last
            node = same_node(found.node, tree)
            if node is None:
                self.attempt.note(f"{found.name} is gone: not touched")
                return None
            # A newer tree than the one it was found in may have a sheet or a stranger's window over it.
            on_top = found.node is node or node in sight.index.nodes
            area = free_part(tree, node, found.area) if on_top else None
            if area is not None and not (whole and area != node.bounds):
                return (
                    found
                    if found.node is node and area == found.bounds
                    else replace(found, node=node, area=area)
                )
            over = covers(tree, node, node.center)
            what = " and ".join(dict.fromkeys(filter(None, (said(n) for n in over))))
            why = (not what and sight.index.unclear) or f"{what or 'something'} lies over {found.name}"
            if deadline.expired:
                raise ScriptFailed(
                    ErrorCode.UI_CHANGED,
                    f"{why} and stays",
                    step=name or "unknown screen",
                )
            if not told:
                self.attempt.note(f"waiting: {why}")
                told = True
            if self.wait_change(sight, deadline.remaining_s).name != name:
                return None

    def tap_once(self, found: Element) -> None:
        """The publishing tap: sent once and never again, whatever becomes of its answer.

        Raises:
            TapUncertain: It may have arrived.
        """
        self.trips["tap"] += 1
        self._asks(found.name)
        self.phone.tap_once(*found.center)

    def _tap(self, x: int, y: int) -> None:
        """A tap whose answer was lost may have worked: the next look tells, and nothing is tapped twice blindly."""
        try:
            self.phone.tap(x, y)
        except AutomationLost as error:
            self.lost_answers += 1
            if self.lost_answers > MAX_LOST_ANSWERS:
                raise
            self.attempt.note(f"the tap's answer was lost: {error}")

    def enter_text(self, found: Element, text: str) -> None:
        """Replace a field's content."""
        self.attempt.check()
        free = self.uncovered(found)
        if free is None:
            return
        self.trips["text"] += 1
        x, y = free.center
        self.attempt.note(f"type into {found.name}", x=x, y=y, characters=len(text))
        self.phone.enter_text(x, y, text)

    def swipe_up(self, sight: Sight) -> None:
        """Move the content up by some of the screen."""
        self._swipe(sight, 0.75, 0.3)

    def swipe_down(self, sight: Sight) -> None:
        """Pull the content down, which refreshes a list that is at its top."""
        self._swipe(sight, 0.3, 0.75)

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


def stuck(sight: Sight, why: str) -> ScriptFailed:
    """Nothing moves forward: the app is not as the screens files say."""
    return ScriptFailed(ErrorCode.UI_CHANGED, why, step=sight.name)


def said(node: Node) -> str:
    """What a node calls itself, for people."""
    label = (
        node.text or node.content_desc or next((n.text for n in node.walk() if n.text), "") or node.id_name
    )
    return f'"{label[:40]}"' if label else ""
