"""The loop that every app shares: from wherever the app is to the publishing button, by the handlers of its screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from jobs.content.plan import Plan
from jobs.hub.settings import Posting
from jobs.phone.errors import ElementMissing
from jobs.phone.protocol import PhoneSession
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.driver import ScreenDriver, stuck
from jobs.post.flow.getting_files import PhoneFiles
from jobs.post.flow.obstacles import Obstacles
from jobs.post.flow.screen_walk import ScreenWalk
from jobs.post.screens.element import Element
from jobs.post.screens.readback import difference, field_text, hits_limit, loses_hashtags, same_text
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import Attempt, ScriptFailed
from storage.error_codes import ErrorCode

#: How often one screen may come up again, and how many steps a post may take in all, before it counts as stuck.
MAX_VISITS = 10
MAX_STEPS = 150
#: How long an earlier upload, that still runs when we come, is waited for.
EARLIER_UPLOAD_S = 90.0

Handler = Callable[[Sight], Sight]


class ReadyToPublish(Exception):
    """Everything was set and read back; `button` publishes."""

    def __init__(self, sight: Sight, button: Element) -> None:
        super().__init__(f"ready: {button.name}")
        self.sight = sight
        self.button = button


class Flow(ScreenWalk):
    """Drives one app from wherever it is to the publishing button. Subclasses bring the handlers of their screens."""

    attempt: Attempt
    #: where something of ours stands that BACK would lose
    composer: frozenset[str] = frozenset()
    #: where a post can begin; anything else that is found at the start was left open by a person or an earlier attempt
    starts = frozenset({"home", "own_profile", "account_sheet"})

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
        driver: ScreenDriver | None = None,
    ) -> None:
        super().__init__(
            attempt,
            phone,
            plan.package,
            vocabulary=vocabulary,
            patience_s=posting.unknown_screen_patience_s,
            driver=driver,
        )
        self.plan = plan
        self._obstacles = Obstacles(attempt, self.driver, self.composer)
        self.posting = posting
        self.files = files
        self.drafts = drafts
        #: indicators of earlier uploads that stood there before ours, by screen; None until they were looked for
        self.earlier_indicators: dict[str, int] | None = None
        self.account_seen = ""  #: the visible account, once it was read
        self.told: list[str] = []  #: what of the post is not as usual, for the remark on its outcome
        self.found_in_front = False  #: the app was in front when we came, as a crash had left it
        self._visits: Counter[str] = Counter()
        self._steps = 0

    def dismiss(self, sight: Sight) -> Sight:
        return self._obstacles.dismiss(sight, before=self.last_name)

    # What subclasses bring

    def handlers(self) -> dict[str, Handler]:
        """What to do on each screen of the way."""
        raise NotImplementedError

    def about_to_publish(self) -> None:
        """Called right before the commit point is written: what looking for the post after a crash will need."""
        self.drafts.note_before(self.attempt.task.id, self.earlier_indicators, at=self.attempt.clock.now())

    def begin_again(self) -> None:
        """Forget how far the composer had come: it was left, and the post begins anew."""

    def shows_all_indicators(self, _sight: Sight) -> bool:
        """Whether the indicators of all uploads, also of earlier ones, would stand on this screen of the app's tabs."""
        return True

    def account_switched(self) -> None:
        """Another account is in front: indicators that were seen were the other's."""
        self.earlier_indicators = None

    def tell(self, sentence: str) -> None:
        """Say with the outcome what of the post is not as usual although nobody asked for it; it begins with "; "."""
        if sentence not in self.told:
            self.told.append(sentence)
            self.attempt.note(sentence.removeprefix("; "))

    # Starting

    def begin(self) -> Sight:
        """Open the app and place the files; the first screen from which the post can begin."""
        self.open_app()  # it loads while the file is pushed
        if self.attempt.task.attempt > 1:
            self.files.remove_leftovers()
        self.files.place(self.plan.materials)
        return self.first_look()

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
        self.arrived = True
        handlers = self.handlers()
        while True:
            sight = self.wait_until_known(sight)
            handler = handlers.get(sight.name)
            if handler is None:
                raise stuck(sight, f"{sight.name} is not on the way")
            self._count(sight)
            with self.attempt.step(sight.name):
                # Caught within the step: being ready is no error of it.
                try:
                    sight = handler(sight)
                except ReadyToPublish as ready:
                    return ready

    def _count(self, sight: Sight) -> None:
        self._steps += 1
        if sight.name != self.last_name:
            self._visits[sight.name] += 1
            self.last_name = sight.name
        if self._visits[sight.name] > MAX_VISITS or self._steps > MAX_STEPS:
            raise stuck(sight, f"going in circles ({self._visits[sight.name]} times on {sight.name})")
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

    def close_account_sheet(self, sight: Sight) -> Sight:
        """Leave the account switcher, which an earlier attempt or a person left open."""
        self.driver.back("the account sheet was left open")
        return self.driver.until(sight, lambda s: s.name != "account_sheet", 4.0)

    # Texts

    def is_left_by_us(self, text: str, ours: str) -> bool:
        """Whether a text that stands in a form was typed by an attempt that was cut off; `ours` is about to be typed."""
        again = self.attempt.task.attempt > 1 and ours.startswith(text.strip())
        return again or self.drafts.knows(text)

    def type_text(self, sight: Sight, element: str, text: str, *screens: str) -> Sight:
        """Fill a field and read it back, at most twice; `screens` are those on which the field stands.

        Raises:
            ScriptFailed: it reads differently.
            ElementMissing: twice no field took it.
        """
        what = element.partition("_")[0]
        with self.attempt.step(f"type {what}"):
            for number in (1, 2):
                try:
                    self.driver.enter_text(self.need(sight, element), text)
                except ElementMissing as error:
                    # Something came over the field between the look and the tap: it is met, and closed, on the way back.
                    if number > 1:
                        raise
                    self.attempt.note(f"the {what} took no text: {error}")
                    sight = self.reach(self.driver.observe(), *screens)
                    continue
                sight = self.driver.until(sight, lambda s: same_text(text, field_text(s, element)), 3.0)
                sight = self.reach(sight, *screens)
                if same_text(text, field_text(sight, element)):
                    return sight
                self.attempt.note(f"the {what} does not read as typed", tried=number)
            self.check_text(text, field_text(sight, element), what)
        return sight

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
