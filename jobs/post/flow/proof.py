"""Watches after the publishing tap until the app shows proof or refusal; when in doubt the outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jobs.hub.clock import Deadline
from jobs.post.flow.flow import Flow
from jobs.post.flow.indicators import UploadIndicators
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict
from storage.error_codes import ErrorCode
from storage.records import Outcome, TaskError

#: The app is back at its tabs without any sign of an upload: after this long that is an answer too.
QUIET_AFTER_PROGRESS_S = 0.3
QUIET_WITHOUT_PROGRESS_S = 6.0
#: How long the form must still stand after the tap until that counts.
FORM_STAYS_S = 60.0
Asks = Callable[[Sight], bool]
#: Human-needed screens after the tap that are the app's answer to it.
_REFUSALS = frozenset({ErrorCode.ACCOUNT_BLOCKED, ErrorCode.ACCOUNT_RESTRICTED})


def _never(_: Sight) -> bool:
    return False


def published(remark: str) -> Verdict:
    return Verdict(Outcome.PUBLISHED, remark)


def refused(code: ErrorCode, message: str, *, step: str) -> Verdict:
    """The app refused. Never repeated by itself: a tap was on its way, and only a person may judge that it is gone."""
    return Verdict(Outcome.NOT_PUBLISHED, message, TaskError(code, message, step))


def started_anew() -> Verdict:
    """The app has come back to its tabs because it crashed, or Android had ended it."""
    return unknown(
        ErrorCode.UNPROVEN,
        "the app was started anew after the tap, so its quiet tabs do not say what became of the post",
    )


def unknown(code: ErrorCode, message: str, *, step: str = "proof") -> Verdict:
    return Verdict(Outcome.UNKNOWN, message, TaskError(code, message, step))


@dataclass(eq=False, slots=True)
class Watch:
    """What was seen since the tap; the apps differ in the questions they answer."""

    flow: Flow
    at_home: Asks  #: whether a sight shows the app's tabs
    on_form: Asks  #: whether a sight still shows the form that was sent
    quiet_is_proof: bool  #: whether "form gone, upload seen and gone, tabs back" counts as proof in this app
    #: asked when the app is quiet at its tabs: goes and looks at the profile, without changing anything
    look_deeper: Callable[[Sight, Watch], Verdict | None]
    look_at_once: Callable[[Sight], Verdict | None] = lambda _: None  #: what already proves it at the tabs
    doubtful: Asks = _never  #: whether a sight of the tabs shows something that keeps quiet from being proof
    quiet_s: float = QUIET_WITHOUT_PROGRESS_S  #: quiet at the tabs when no upload was seen at all
    is_ours: Asks = _never  #: whether a post that is shown holds what this task wanted to post
    is_older: Asks = _never  #: whether a post that is shown was there before the tap
    #: What an interruption says of the post that was sent, by screen.
    tells: Mapping[str, str] = field(default_factory=dict)
    offered: Asks = _never  #: whether a sheet speaks of the post as published
    #: whether the app was started anew since this monotonic time: then its tabs say nothing of what it was told before
    restarted: Callable[[float], bool] = lambda _: False
    indicators: UploadIndicators = field(init=False)
    left_form: bool = field(init=False, default=False)
    hit_dialog: bool = field(init=False, default=False)
    #: a sheet that the screens files do not describe was closed: it may have asked something of the post
    closed_unknown: bool = field(init=False, default=False)
    sent: float = field(
        init=False
    )  #: when the watch began, right after the tap, by the clock's monotonic time
    _seen_running: float = field(init=False, default=0.0)  #: when our own upload was last seen, by the same
    _quiet: Deadline | None = field(init=False, default=None)
    _form: Deadline | None = field(init=False, default=None)
    _first: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        flow = self.flow
        self.indicators = UploadIndicators(
            flow.driver, flow.earlier_indicators, shows_all=flow.shows_all_indicators
        )
        self.sent = flow.attempt.clock.monotonic()

    @property
    def saw_progress(self) -> bool:
        """Our own upload showed that it runs."""
        return self.indicators.saw_progress

    def run(self, sight: Sight) -> Verdict:
        """Watch until there is a verdict; the caller turns exceptions into an unknown outcome."""
        flow = self.flow
        flow.driver.ignore = frozenset()
        clock = flow.attempt.clock
        deadline = Deadline(clock, flow.posting.proof_timeout_s)
        sight = flow.driver.wait_change(sight, 5.0)
        while True:
            verdict, wait_s = self.judge(sight)
            if verdict is not None:
                return verdict
            if deadline.expired or flow.attempt.deadline.expired:
                return self._timed_out(sight)
            if sight.kind == "interruption" and not self._asks_of_the_post(sight):
                if sight.name in self.tells:
                    flow.tell(self.tells[sight.name])
                sight = flow.dismiss(sight)
                continue
            sight = flow.driver.wait_change(sight, min(wait_s or 5.0, max(0.05, deadline.remaining_s)))

    def judge(self, sight: Sight) -> tuple[Verdict | None, float]:
        """What one sight means, and how long to wait for the next when it settles nothing."""
        kind, first = sight.kind, self._first
        self._first = False
        if kind == "interruption":
            self.hit_dialog = self.hit_dialog or first
            self.closed_unknown = self.closed_unknown or sight.doubtful
            if (
                self.offered(sight)
                and self.indicators.clear
                and not self.on_form(self.flow.driver.beneath(sight))
            ):
                return published("the app speaks of the post as published"), 0
            return None, 0.0
        if kind == "human":
            return self._human(sight), 2.0
        had_progress = self.saw_progress
        sight = self.indicators.ours(sight)
        kind = sight.kind
        if kind == "failure":
            screen = sight.screen
            return refused(
                screen.error if screen else ErrorCode.UPLOAD_FAILED,
                screen.says if screen else "",
                step=sight.name,
            ), 0
        # Without a running upload before it, a post that is a moment old may be another account's.
        if kind == "success" and sight.screen and (sight.screen.trace or self._shows_own_post(sight)):
            return published(f"the app shows it: {sight.name}"), 0
        if kind == "progress":
            if not had_progress:
                self.flow.attempt.note("upload in progress")
            self.left_form = True
            self._seen_running = self.flow.attempt.clock.monotonic()
            self._quiet = self._form = None
            return None, 30.0
        if self.on_form(sight):
            return self._on_form()
        self._form = None
        if self.at_home(sight):
            self.left_form = True
            return self._at_home(sight)
        self._quiet = None
        return None, 10.0

    def _shows_own_post(self, sight: Sight) -> bool:
        ours = (self.saw_progress or self.is_ours(sight)) and not self.is_older(sight)
        return ours and not self.indicators.failure_stands(sight)

    def _asks_of_the_post(self, sight: Sight) -> bool:
        """An unknown sheet over the form that was sent: closing it could take the post back."""
        return sight.doubtful and self.on_form(self.flow.driver.beneath(sight))

    def _human(self, sight: Sight) -> Verdict | None:
        screen = sight.screen
        if screen is None:
            return None
        if screen.error in _REFUSALS and not self.saw_progress:
            return refused(screen.error, screen.says, step=sight.name)
        return unknown(screen.error, f"after the tap: {screen.says}", step=sight.name)

    def _on_form(self) -> tuple[Verdict | None, float]:
        """The form still stands: the app may be slow, so only the whole time for proof makes that an answer.

        Where an interruption lay in the way of the tap, a shorter time does. A form that comes after the app had left
        it says nothing: it may be another account's.
        """
        if self.left_form:
            return None, 10.0
        if self._form is None:
            stays_s = FORM_STAYS_S if self.hit_dialog else self.flow.posting.proof_timeout_s
            self._form = Deadline(self.flow.attempt.clock, stays_s)
        if self._form.expired:
            return self._not_sent(), 0
        return None, min(10.0, self._form.remaining_s)

    @staticmethod
    def _not_sent() -> Verdict:
        return refused(
            ErrorCode.PUBLISH_REFUSED, "the form still stands: the tap did not publish", step="proof"
        )

    def _at_home(self, sight: Sight) -> tuple[Verdict | None, float]:
        if self.doubtful(sight):
            self._quiet = None
            return None, 5.0
        clock = self.flow.attempt.clock
        if self._quiet is None:
            self._quiet = Deadline(clock, QUIET_AFTER_PROGRESS_S if self.saw_progress else self.quiet_s)
        verdict = self.look_at_once(sight)
        if verdict is not None:
            return verdict, 0
        if not self._quiet.expired:
            return None, self._quiet.remaining_s
        clear = self.indicators.clear and not self.indicators.failure_stands(sight)
        if self.saw_progress and self.quiet_is_proof and clear:
            if self.restarted(self._seen_running):
                return started_anew(), 0
            return published("the upload ran to its end and the app is back at its tabs"), 0
        verdict = self.look_deeper(sight, self)
        self._quiet = None
        return verdict, 5.0

    def _timed_out(self, sight: Sight) -> Verdict:
        timeout_s = self.flow.posting.proof_timeout_s
        if self._form is not None and not self.saw_progress and self.on_form(sight):
            return self._not_sent()
        if self.saw_progress:
            return unknown(ErrorCode.UPLOAD_TIMEOUT, f"the upload did not end within {timeout_s:.0f} s")
        seen = sight.name or "an unknown screen"
        return unknown(
            ErrorCode.UPLOAD_TIMEOUT,
            f"no proof and no refusal within {timeout_s:.0f} s; the phone shows {seen}",
        )
