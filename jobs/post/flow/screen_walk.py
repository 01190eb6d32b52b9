"""Moves from screen to screen on one visit to an app: waits until a screen is known, taps, and waits for the effect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from jobs.hub.clock import Deadline
from jobs.phone.protocol import PhoneSession
from jobs.post.flow.driver import ScreenDriver, stuck
from jobs.post.screens.element import Element
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode

#: An app that was just started shows its splash for up to this long.
START_PATIENCE_S = 30.0
#: A screen with no more texts than this can be a splash.
SPLASH_LABELS = 3
#: Another app in front, such as the launcher after a crash, does not go away by itself.
FOREIGN_PATIENCE_S = 3.0
#: How long a tap may take to have its effect before it is tried once more.
EFFECT_S = 8.0
#: How long after its tap an effect may come that an interruption delayed.
LATE_EFFECT_S = 3.0


class ScreenWalk:
    """One app, from screen to screen; never a tap on the unknown."""

    def __init__(
        self,
        attempt: Visit,
        phone: PhoneSession,
        package: str,
        *,
        vocabulary: Vocabulary,
        patience_s: float,
        driver: ScreenDriver | None = None,
    ) -> None:
        """Prepare.

        Args:
            attempt: whose time this is.
            phone: the phone.
            package: the app.
            vocabulary: the app's screens.
            patience_s: how long a screen may stay unknown.
            driver: what looks and touches; None makes the usual one.
        """
        self.attempt = attempt
        self.phone = phone
        self.driver = driver or ScreenDriver(attempt, phone, vocabulary)
        self.package = package
        self._patience_s = patience_s
        self._unknown_since: float | None = None
        self._just_started = False
        self.last_name = ""  #: of the last screen of the way
        #: what the app asks from here on it asks of this attempt; what it shows at first may be another post's, half sent
        self.arrived = False
        self._pressed: tuple[str, str, float] = ("", "", 0.0)  #: screen, element, when

    # Starting

    def open_app(self) -> None:
        """Bring the app to the front without waiting for it."""
        with self.attempt.step("open app"):
            self.phone.app_start(self.package)
            self._just_started = True

    def fresh_start(self, why: str) -> Sight:
        """Stop the app and open it again, so that nothing unfinished is on the screen."""
        self.attempt.note(f"starting the app afresh: {why}")
        self.phone.app_stop(self.package)
        self.open_app()
        self._unknown_since = None
        self.last_name = ""
        return self.driver.observe()

    # Waiting

    def wait_until_known(self, sight: Sight) -> Sight:
        """Wait through unknown moments and dismiss interruptions until a screen of the way is on top.

        Raises:
            ScriptFailed: a person is needed, or the screen stays unknown.
        """
        while True:
            self.attempt.check()
            if sight.kind == "unknown":
                sight = self._wait_known(sight)
                continue
            self._unknown_since = None
            if sight.kind == "human" and sight.screen is not None:
                raise ScriptFailed(sight.screen.error, sight.screen.says or sight.name, step=sight.name)
            if sight.kind == "interruption":
                phase = sight.screen.phase if sight.screen is not None else ""
                if phase == "after":
                    raise stuck(sight, f"{sight.name} came before anything was published")
                if phase == "posting" and not self.arrived:
                    raise stuck(sight, f"{sight.name} asks something of a post that was begun before")
                sight = self.dismiss(sight)
                continue
            self._just_started = False
            return sight

    def _wait_known(self, sight: Sight) -> Sight:
        patience_s = self._patience_for(sight)
        if self._unknown_since is None:
            self._unknown_since = self.attempt.clock.monotonic()
        left_s = self._unknown_since + patience_s - self.attempt.clock.monotonic()
        if left_s <= 0:
            raise self._unknown(sight)
        return self.driver.wait_change(sight, left_s)

    def _patience_for(self, sight: Sight) -> float:
        """How long an unknown screen may stay: a splash long, another app's screen not at all, all else as configured."""
        configured_s = self._patience_s
        own = [n for n in sight.index.visible if n.package in self.driver.vocabulary.packages]
        said = [n for n in own if n.text or n.content_desc]
        splash = len(said) <= SPLASH_LABELS and not any(n.clickable for n in said)
        if self._just_started and splash:
            return max(configured_s, START_PATIENCE_S)
        return configured_s if own else min(configured_s, FOREIGN_PATIENCE_S)

    def _unknown(self, sight: Sight) -> ScriptFailed:
        front = self.phone.foreground_package()
        if front and front not in self.driver.vocabulary.packages:
            return ScriptFailed(
                ErrorCode.APP_CRASHED, f"{front} is in front, not {self.package}", step="unknown screen"
            )
        unclear = sight.index.unclear
        why = (
            f"{unclear}, and it stays"
            if unclear
            else f"an unknown screen stayed for {self._patience_s:.0f} s"
        )
        return ScriptFailed(ErrorCode.UI_CHANGED, why, step=self.last_name or "unknown screen")

    def dismiss(self, sight: Sight) -> Sight:
        """Do one thing about an interruption, and give it time. Raises ScriptFailed when it stays."""
        raise NotImplementedError

    # Acting

    def press(
        self,
        sight: Sight,
        element: str,
        *,
        done: Callable[[Sight], bool] | None = None,
        timeout_s: float = EFFECT_S,
        tries: int = 2,
        past: Collection[str] = (),
    ) -> Sight:
        """Tap an element and wait for its effect: another screen, or `done`. Tried again only after a long silence.

        Args:
            sight: the screen now.
            element: what to tap.
            done: an effect that leaves the same screen standing.
            timeout_s: how long the effect may take.
            tries: how often it is tapped.
            past: screens that lie beneath this one and show through for a moment when it closes; no effect yet.

        Raises:
            ScriptFailed: the element is not there, or nothing happens.
        """
        found = self.need(sight, element)
        name = sight.name
        before = sight.tree

        def effect(s: Sight) -> bool:
            return (s.name != name and s.name not in past) or (done is not None and done(s))

        sight = self._let_it_work(sight, element, effect)
        if effect(sight):
            return sight
        for number in range(1, tries + 1):
            self._pressed = (name, element, self.attempt.clock.monotonic())
            self.driver.tap(found)
            sight = self.driver.until(sight, effect, timeout_s)
            if effect(sight) or sight.name != name:
                return sight
            self.attempt.note(
                f"no effect of {element} within {timeout_s:.0f} s",
                tried=number,
                changed=not sight.tree.same_as(before),
            )
            found = self.need(sight, element)
        raise stuck(sight, f"{element} has no effect on {name}")

    def _let_it_work(self, sight: Sight, element: str, effect: Callable[[Sight], bool]) -> Sight:
        """An interruption came between this tap and its effect: the effect may still come by itself.

        Tapping again at once could hit what lies in the same place on the next screen, such as Post under Next.
        """
        name, last, at = self._pressed
        elapsed_s = self.attempt.clock.monotonic() - at
        if (name, last) != (sight.name, element) or elapsed_s >= LATE_EFFECT_S:
            return sight
        return self.driver.until(sight, effect, LATE_EFFECT_S - elapsed_s)

    def need(self, sight: Sight, element: str) -> Element:
        """An element that must be there."""
        found = sight.find(element)
        if found is None:
            raise stuck(sight, f"{element} is not on {sight.name}")
        return found

    def reach(self, sight: Sight, *names: str, timeout_s: float = EFFECT_S) -> Sight:
        """Wait until one of these screens is on top, through interruptions and unknown moments.

        Raises:
            ScriptFailed: it does not come in time.
        """
        deadline = Deadline(self.attempt.clock, timeout_s)
        while True:
            sight = self.wait_until_known(sight)
            if sight.name in names:
                return sight
            if deadline.expired:
                raise stuck(sight, f"{' or '.join(names)} does not come")
            sight = self.driver.wait_change(sight, deadline.remaining_s)

    def scroll_to(self, sight: Sight, element: str) -> tuple[Sight, Element | None]:
        """Scroll down until an element is there; None when the end is reached without it."""
        for _ in range(5):
            found = sight.find(element)
            if found is not None:
                return sight, found
            before = sight.tree
            self.driver.swipe_up(sight)
            sight = self.driver.wait_change(sight, 1.5)
            if sight.tree.same_as(before):
                break
        return sight, sight.find(element)

    def close_sheets(self, sight: Sight, screen: str, *, by: str) -> Sight:
        """Close what lies over a screen: by its own button, else by BACK, which closes the sheet on top."""
        for _ in range(3):
            sight = self.wait_until_known(sight)
            if sight.name == screen:
                return sight
            name = sight.name
            if sight.has(by):
                sight = self.press(sight, by, timeout_s=5.0)
                continue
            self.driver.back(f"closing {name}")
            sight = self.driver.until(sight, lambda s, n=name: s.name != n, 5.0)  # type: ignore[misc]
        return self.reach(sight, screen)

    @contextmanager
    def option(self, name: str) -> Iterator[None]:
        """A step that sets an option that was asked for: when it cannot be done, the post must not go out."""
        with self.attempt.step(name):
            try:
                yield
            except ScriptFailed as error:
                if error.code != ErrorCode.UI_CHANGED:
                    raise
                raise ScriptFailed(
                    ErrorCode.OPTION_NOT_SET, f"{name}: {error}", step=error.step or name
                ) from error
