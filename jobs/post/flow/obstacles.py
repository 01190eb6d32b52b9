"""Dismisses what lies in the way of a post: interruptions by their own element, sheets by a ladder that loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from jobs.post.flow.driver import ScreenDriver, stuck
from jobs.post.screens.readback import texts_on, told
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Attempt

#: An interruption that has no element to tap is waited for at most this often.
MAX_DISMISSALS = 4
#: A dialog of another window gets its tap so often: a tap can be lost.
MAX_SAME_TAPS = 3
#: After a permission was given, the app goes on with what it asked for within this time.
ALLOWED_S = 1.5

#: The name of a sheet or dialog and the texts on it: the same one is not closed twice in the same way.
_Said = tuple[str, frozenset[str]]


class Obstacles:
    """What one attempt has dismissed, and how often."""

    def __init__(self, attempt: Attempt, driver: ScreenDriver, composer: Collection[str]) -> None:
        """`composer`: the screens where something of ours stands that BACK would lose."""
        self._attempt = attempt
        self._driver = driver
        self._composer = composer
        self._dismissed: Counter[str] = Counter()
        self._tapped: Counter[_Said] = Counter()
        self._steps_done: dict[_Said, set[str]] = {}
        self._sheet_kept = False

    def dismiss(self, sight: Sight, *, before: str = "") -> Sight:
        """Do one thing about an interruption, and wait for its effect. `before`: the screen that was in front before.

        What lies over the app in its own window goes by a ladder: its own harmless button, a touch beside it, BACK.
        No step of it is done twice to the same sheet, unless it went away and came again.

        Raises:
            ScriptFailed: it stays.
        """
        self._dismissed[sight.name] += 1
        if self._dismissed[sight.name] > 3 * MAX_DISMISSALS:
            raise stuck(sight, f"{sight.name} comes again and again")
        if sight.index.cover is not None and sight.screen is not None and not sight.screen.phase:
            return self._close_sheet(sight, before)
        button = sight.next
        if button is None:
            sight = self._driver.wait_change(sight, 2.0)
            if self._dismissed[sight.name] > MAX_DISMISSALS and sight.kind == "interruption":
                raise stuck(sight, f"{sight.name} shows nothing to dismiss it with")
            return sight
        said = (sight.name, texts_on(sight))
        self._tapped[said] += 1
        if self._tapped[said] > MAX_SAME_TAPS:
            raise stuck(sight, f"{sight.name} does not go away")
        self._attempt.note(f"dismissing {sight.name}")
        return self._gone(sight, lambda: self._driver.tap(button), before)

    def _close_sheet(self, sight: Sight, before: str) -> Sight:
        """One more step of the ladder that was not done to this sheet yet."""
        said = (sight.name, texts_on(sight))
        done = self._steps_done.setdefault(said, set())
        for step, act in self._ladder(sight).items():
            if step in done:
                continue
            done.add(step)
            if sight.name == "some_sheet":
                self._report(sight, step)
            self._attempt.note(f"dismissing {sight.name}", by=step)
            after = self._gone(sight, act, before)
            if after.kind == "path":
                done.clear()  # it is gone: one that looks like it later is another one
            return after
        raise stuck(sight, f"{sight.name} does not go away: {' · '.join(told(sight)[:4])}")

    def _ladder(self, sight: Sight) -> dict[str, Callable[[], None]]:
        driver, button, scrim = self._driver, sight.next, sight.find("scrim")
        steps: dict[str, Callable[[], None]] = {}
        if button is not None and button.name != "scrim":
            steps["its own button"] = lambda: driver.tap(button)
        if scrim is not None:
            steps["a touch beside it"] = lambda: driver.tap(scrim)
        if (
            driver.beneath(sight).name not in self._composer
        ):  # BACK loses nothing should the sheet be gone already
            steps["BACK"] = lambda: driver.back(f"closes {sight.name}")
        return steps

    def _report(self, sight: Sight, step: str) -> None:
        """The screens files do not describe this sheet: people should hear of it, and see it."""
        says = told(sight)[:12]
        self._attempt.note("a sheet that is not known lies over the app", says=says, closed_by=step)
        if not self._sheet_kept:
            self._sheet_kept = True
            self._attempt.keep_evidence("sheet.xml", sight.tree.source.encode("utf-8", "replace"))

    def _gone(self, sight: Sight, act: Callable[[], None], before: str) -> Sight:
        """Act, and wait until what lies in the way is gone or says something else."""
        name, texts = sight.name, texts_on(sight)
        act()
        # Permissions come one after the other under the same name.
        after = self._driver.until(sight, lambda s: s.name != name or texts_on(s) != texts, 3.0)
        if name.startswith("permission") and after.name and after.name == before:
            # What was asked for goes on by itself now that it is allowed.
            return self._driver.until(after, lambda s: s.name != after.name, ALLOWED_S)
        return after
