"""The loop that both apps share: observe, recognise, act, until the form is ready; never a tap on the unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from jobs.content.plan import Plan
from jobs.hub.clock import Deadline
from jobs.hub.settings import Posting
from jobs.phone.protocol import PhoneSession
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.driver import ScreenDriver
from jobs.post.flow.getting_files import PhoneFiles
from jobs.post.screens.element import Element
from jobs.post.screens.readback import difference, hits_limit, loses_hashtags, same_text, texts_on, told
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import Attempt, ScriptFailed
from storage.error_codes import ErrorCode

#: How often one screen may come up again, and how many steps a post may take in all, before it counts as stuck.
MAX_VISITS = 10
MAX_STEPS = 150
#: An app that was just started shows its splash for up to this long.
START_PATIENCE_S = 30.0
#: A screen with no more texts than this can be a splash.
SPLASH_LABELS = 3
#: Another app in front, such as the launcher after a crash, does not go away by itself.
FOREIGN_PATIENCE_S = 3.0
#: How long a tap may take to have its effect before it is tried once more.
EFFECT_S = 8.0
#: How long an earlier upload, that still runs when we come, is waited for.
EARLIER_UPLOAD_S = 90.0
#: An effect that an interruption delayed may come so long after its tap.
LATE_EFFECT_S = 3.0
#: After a permission was given, the app goes on with what it asked for within this time.
ALLOWED_S = 1.5
#: A dialog that stays after this many dismissals is not what we think it is.
MAX_DISMISSALS = 4
#: A dialog of another window gets its tap so often: a tap can be lost.
MAX_SAME_TAPS = 3

Handler = Callable[[Sight], Sight]


class ReadyToPublish(Exception):
    """Everything was set and read back; `button` publishes."""

    def __init__(self, sight: Sight, button: Element) -> None:
        super().__init__(f"ready: {button.name}")
        self.sight = sight
        self.button = button


class Flow:
    """Drives one app from wherever it is to the publishing button. Subclasses bring the handlers of their screens."""

    #: where a post can begin; anything else that is found at the start was left open by somebody
    starts = frozenset({"home", "own_profile", "account_sheet"})
    #: where something of ours stands that BACK would lose
    composer: frozenset[str] = frozenset()

    def __init__(
        self,
        attempt: Attempt,
        phone: PhoneSession,
        plan: Plan,
        *,
        drafts: DraftMemory,
        vocabulary: Vocabulary,
        posting: Posting,
        files: PhoneFiles,
    ) -> None:
        self.attempt = attempt
        self.phone = phone
        self.plan = plan
        self.posting = posting
        self.files = files
        self.drafts = drafts
        self.driver = ScreenDriver(attempt, phone, vocabulary)
        #: indicators of earlier uploads that stood there before ours, by screen; None until somebody looked
        self.earlier_indicators: dict[str, int] | None = None
        self.account_seen = ""  #: the visible account, once it was read
        self.found_in_front = False  #: the app was in front when we came, as a crash had left it
        self._unknown_since: float | None = None
        self._just_started = False
        self._visits: Counter[str] = Counter()
        self._dismissed: Counter[str] = Counter()
        self._fruitless: Counter[tuple[str, frozenset[str]]] = Counter()  #: taps on what says just this
        #: steps of the ladder, by what was closed
        self._steps_done: dict[tuple[str, frozenset[str]], set[str]] = {}
        self._sheet_kept = False
        self._steps = 0
        self._last_name = ""
        self._pressed: tuple[str, str, float] = ("", "", 0.0)  #: screen, element, when

    # What subclasses bring

    def handlers(self) -> dict[str, Handler]:
        """What to do on each screen of the way."""
        raise NotImplementedError

    def about_to_publish(self) -> None:
        """Called right before the commit point is written: what looking for the post after a crash will need."""
        self.drafts.note_before(self.attempt.task.id, self.earlier_indicators)

    def shows_all_indicators(self, _sight: Sight) -> bool:
        """Whether the indicators of all uploads, also of earlier ones, would stand on this screen of the app's tabs."""
        return True

    def account_switched(self) -> None:
        """Another account is in front: indicators that were seen were the other's."""
        self.earlier_indicators = None

    # Starting

    def begin(self) -> Sight:
        """Open the app and place the files; the first screen from which the post can begin."""
        self.open_app()  # it loads while the file is pushed
        if self.attempt.task.attempt > 1:
            self.files.remove_leftovers()
        self.files.place(self.plan.materials)
        return self.first_look()

    def open_app(self) -> None:
        """Bring the app to the front without waiting for it."""
        with self.attempt.step("open app"):
            self.phone.app_start(self.plan.package)
            self._just_started = True

    def fresh_start(self, why: str) -> Sight:
        """Stop the app and open it again, so that nothing unfinished is on the screen."""
        self.attempt.note(f"starting the app afresh: {why}")
        self.phone.app_stop(self.plan.package)
        self.open_app()
        self._unknown_since = None
        self._last_name = ""
        return self.driver.observe()

    def first_look(self) -> Sight:
        """The first screen of the attempt; what an earlier attempt or a person left open is closed with the app."""
        try:
            sight = self.wait_until_known(self.driver.observe())
        except ScriptFailed as failed:
            if failed.code != ErrorCode.UI_CHANGED:
                raise
            return self.fresh_start(str(failed))
        if sight.name not in self.starts:
            return self.fresh_start(f"{sight.name} was left open")
        return sight

    # The loop

    def drive(self, sight: Sight) -> ReadyToPublish:
        """Go on until a handler says that everything is ready.

        Raises:
            ScriptFailed: a person is needed, the screen stays unknown, or nothing moves forward.
        """
        handlers = self.handlers()
        while True:
            sight = self.wait_until_known(sight)
            handler = handlers.get(sight.name)
            if handler is None:
                raise self.stuck(sight, f"{sight.name} is not on the way")
            self._count(sight)
            with self.attempt.step(sight.name):
                # Caught within the step: being ready is no error of it.
                try:
                    sight = handler(sight)
                except ReadyToPublish as ready:
                    return ready

    def _count(self, sight: Sight) -> None:
        self._steps += 1
        if sight.name != self._last_name:
            self._visits[sight.name] += 1
            self._last_name = sight.name
        if self._visits[sight.name] > MAX_VISITS or self._steps > MAX_STEPS:
            raise self.stuck(sight, f"going in circles ({self._visits[sight.name]} times on {sight.name})")
        if self.attempt.deadline.expired:
            raise ScriptFailed(ErrorCode.TIMEOUT, "the attempt took too long", step=sight.name)

    def note_indicators(self, sight: Sight) -> Sight:
        """On a screen where uploads show: remember what stands there already, and let a running upload end."""
        indicators = self.driver.indicators(sight)
        running = [name for name in indicators if self.driver.vocabulary.screen(name).kind == "progress"]
        if running:
            self.attempt.note("an earlier upload is still running: waiting for it")
            name = sight.name
            sight = self.driver.until(
                sight,
                lambda s: s.name != name or not self.driver.indicators(s).keys() & set(running),
                EARLIER_UPLOAD_S,
            )
            if sight.name != name:
                return sight
            indicators = self.driver.indicators(sight)
        self.earlier_indicators = indicators
        if indicators:
            self.attempt.note("signs of an earlier upload", **indicators)
        return sight

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
            if sight.kind == "human":
                raise self.human(sight)
            if sight.kind == "interruption":
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
        configured_s = self.posting.unknown_screen_patience_s
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
                ErrorCode.APP_CRASHED,
                f"{front} is in front, not {self.plan.package}",
                step="unknown screen",
            )
        if sight.index.unclear:
            return ScriptFailed(
                ErrorCode.UI_CHANGED,
                f"{sight.index.unclear}, and it stays",
                step=self._last_name or "unknown screen",
            )
        return ScriptFailed(
            ErrorCode.UI_CHANGED,
            f"an unknown screen stayed for {self.posting.unknown_screen_patience_s:.0f} s",
            step=self._last_name or "unknown screen",
        )

    def human(self, sight: Sight) -> ScriptFailed:
        """A screen that only a person may answer, as the end of the attempt."""
        assert sight.screen is not None  # noqa: S101 - a kind comes from a screen
        return ScriptFailed(sight.screen.error, sight.screen.says or sight.name, step=sight.name)

    def stuck(self, sight: Sight, why: str) -> ScriptFailed:
        """Nothing moves forward: the app is not as the screens files say."""
        return ScriptFailed(ErrorCode.UI_CHANGED, why, step=sight.name)

    def dismiss(self, sight: Sight) -> Sight:
        """Tap the dismissing element of an interruption and wait until it is gone."""
        screen = sight.screen
        assert screen is not None  # noqa: S101 - only screens are dismissed
        if screen.phase == "after":
            raise self.stuck(sight, f"{sight.name} came before anything was published")
        return self.dismiss_any(sight)

    def dismiss_any(self, sight: Sight) -> Sight:
        """The same without asking whether we are before or after the commit.

        What lies over the app in its own window goes by a ladder: its own harmless button, a touch beside it, BACK.
        No step of it is done twice to the same sheet.

        Raises:
            ScriptFailed: it stays.
        """
        screen = sight.screen
        self._dismissed[sight.name] += 1
        if self._dismissed[sight.name] > 3 * MAX_DISMISSALS:
            raise self.stuck(sight, f"{sight.name} comes again and again")
        if sight.index.cover is not None and screen is not None and not screen.phase:
            return self._close_sheet(sight)
        if sight.next is None:
            sight = self.driver.wait_change(sight, 2.0)
            if self._dismissed[sight.name] > MAX_DISMISSALS and sight.kind == "interruption":
                raise self.stuck(sight, f"{sight.name} shows nothing to dismiss it with")
            return sight
        said = (sight.name, texts_on(sight))
        self._fruitless[said] += 1
        if self._fruitless[said] > MAX_SAME_TAPS:
            raise self.stuck(sight, f"{sight.name} does not go away")
        self.attempt.note(f"dismissing {sight.name}")
        return self._gone(sight, lambda: self.driver.tap(need_next(sight)))

    def _close_sheet(self, sight: Sight) -> Sight:
        """One more step of the ladder that was not done to this sheet yet."""
        said = told(sight)
        done = self._steps_done.setdefault((sight.name, frozenset(said)), set())
        button = sight.next if sight.next is not None and sight.next.name != "scrim" else None
        scrim = sight.find("scrim")
        steps: dict[str, Callable[[], None]] = {}
        if button is not None:
            steps["its own button"] = lambda: self.driver.tap(button)
        if scrim is not None:
            steps["a touch beside it"] = lambda: self.driver.tap(scrim)
        if self.may_go_back(sight):
            steps["BACK"] = lambda: self.driver.back(f"closes {sight.name}")
        for step, act in steps.items():
            if step in done:
                continue
            done.add(step)
            if sight.name == "some_sheet":
                self._report_sheet(sight, said, step)
            self.attempt.note(f"dismissing {sight.name}", by=step)
            return self._gone(sight, act)
        raise self.stuck(sight, f"{sight.name} does not go away: {' · '.join(said[:4])}")

    def may_go_back(self, sight: Sight) -> bool:
        """Whether BACK can lose nothing of ours should the sheet be gone already."""
        return self.driver.beneath(sight).name not in self.composer

    def _report_sheet(self, sight: Sight, said: list[str], step: str) -> None:
        """Nobody has described this sheet: people should hear of it, and see it."""
        self.attempt.note("a sheet that is not known lies over the app", says=said[:12], closed_by=step)
        if not self._sheet_kept:
            self._sheet_kept = True
            self.attempt.keep_evidence("sheet.xml", sight.tree.source.encode("utf-8", "replace"))

    def _gone(self, sight: Sight, act: Callable[[], None]) -> Sight:
        """Do something about what lies in the way, and wait until it is gone or says something else."""
        name, words = sight.name, texts_on(sight)
        act()
        # Permissions come one after the other under the same name.
        after = self.driver.until(sight, lambda s: s.name != name or texts_on(s) != words, 3.0)
        if name.startswith("permission") and after.name and after.name == self._last_name:
            # What was asked for goes on by itself now that it is allowed.
            return self.driver.until(after, lambda s: s.name != after.name, ALLOWED_S)
        return after

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
        raise self.stuck(sight, f"{element} has no effect on {name}")

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
            raise self.stuck(sight, f"{element} is not on {sight.name}")
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
                raise self.stuck(sight, f"{' or '.join(names)} does not come")
            sight = self.driver.wait_change(sight, deadline.remaining_s)

    def scroll_to(self, sight: Sight, element: str, *, tries: int = 5) -> tuple[Sight, Element | None]:
        """Scroll down until an element is there; None when the end is reached without it."""
        for _ in range(tries):
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

    # Comparing texts

    def check_text(self, wanted: str, seen: str, field: str) -> None:
        """What was typed must stand there to the letter.

        Raises:
            ScriptFailed: it does not.
        """
        if not same_text(wanted, seen):
            self.attempt.note(f"{field} reads differently", wanted=wanted, seen=seen)
            self.drafts.add(seen)
            if self.posting.hashtags == "warn" and loses_hashtags(wanted, seen):
                return  # as configured, what the app makes of too many hashtags is posted
            code = ErrorCode.CAPTION_LIMIT if hits_limit(wanted, seen) else ErrorCode.CAPTION_ALTERED
            raise ScriptFailed(
                code, f"the app changed the {field}: {difference(wanted, seen)}", step="caption"
            )


def need_next(sight: Sight) -> Element:
    """The element that a screen is left by."""
    if sight.next is None:
        raise ValueError(sight.name)
    return sight.next
