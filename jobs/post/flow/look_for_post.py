"""Looks for the post of an attempt that died after its commit point: read-only, and in doubt the outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from jobs.hub.clock import Deadline
from jobs.post.flow.flow import Flow
from jobs.post.flow.indicators import UploadIndicators
from jobs.post.flow.proof import refused, unknown
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict
from storage.error_codes import ErrorCode
from storage.records import Stage

#: A form must have stood still for this long before it counts at all. Ours must stand until the time for proof is over,
#: counted from the tap: a power cut between the tap and the note of it leaves no note, and a slow app may still publish.
FORM_STANDS_S = 20.0
#: A look for a lost post takes at least this time: a shorter one ends before its own questions are answered.
LOOK_S = 40.0


@dataclass(eq=False, slots=True)
class PostSearch:
    """One look for a post. The apps differ in where their tabs are and in what they show there."""

    flow: Flow  #: of the attempt that looks
    tabs: Collection[str]  #: the screens with the app's tab bar
    forms: Collection[str]  #: the screens from which posts are sent
    quiet_s: float  #: how long the app must show no upload at its tabs before it is asked more closely
    quiet_after_progress_s: float  #: the same after our own upload was seen
    is_proof: Callable[[Sight], Verdict | None]  #: what a sight proves at once
    at_tabs: Callable[
        [Sight, PostSearch], Verdict
    ]  #: asked when the app is quiet at its tabs; changes nothing
    #: whether a form that stands holds what this task wanted to post; one without words may be anybody's
    is_our_form: Callable[[Sight], bool]
    indicators: UploadIndicators = field(init=False)
    #: a sheet that the screens files do not describe was closed: it may have asked something of the post
    closed_unknown: bool = field(init=False, default=False)
    _form: Deadline | None = field(init=False, default=None)
    _quiet: Deadline | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        flow = self.flow
        before = flow.drafts.indicators_before(flow.attempt.task.id)
        self.indicators = UploadIndicators(flow.driver, before, shows_all=flow.shows_all_indicators)

    def run(self) -> Verdict:
        """Look until there is a verdict or the time for proof is over."""
        flow = self.flow
        deadline = Deadline(flow.attempt.clock, max(LOOK_S, flow.posting.proof_timeout_s))
        sight = flow.driver.observe()
        while not deadline.expired:
            if sight.kind == "interruption":
                screen = sight.screen
                asks = sight.doubtful and flow.driver.beneath(sight).name in self.forms
                if asks or (screen is not None and screen.phase in ("after", "posting")):
                    return unknown(ErrorCode.UPLOAD_TIMEOUT, f"the app asks: {sight.name}", step=sight.name)
                if sight.doubtful:
                    self.closed_unknown = True
                    flow.drafts.note_changed(flow.attempt.task.id)
                sight = flow.dismiss(sight)
                continue
            verdict = self._judge(sight)
            if verdict is not None:
                return verdict
            wait_s = min(5.0, max(0.1, deadline.remaining_s))
            for limit in (self._form, self._quiet):
                if limit is not None and not limit.expired:
                    wait_s = min(wait_s, max(0.1, limit.remaining_s))
            sight = flow.driver.wait_change(sight, wait_s)
        if sight.name in self.forms and self._form is not None and self._form.expired:
            return self._form_stands(sight)
        return unknown(
            ErrorCode.UPLOAD_TIMEOUT,
            f"nothing on the phone says what became of the post; it shows {sight.name or 'an unknown screen'}",
        )

    def _judge(self, sight: Sight) -> Verdict | None:
        sight = self.indicators.ours(sight)
        screen, clock = sight.screen, self.flow.attempt.clock
        if screen is not None and sight.kind == "human":
            return unknown(screen.error, screen.says, step=sight.name)
        if screen is not None and sight.kind == "failure":
            return refused(screen.error, screen.says, step=sight.name)
        verdict = self.is_proof(sight)
        if verdict is not None:
            return verdict
        if sight.name in self.forms:
            self._quiet = None
            self._form = self._form or Deadline(clock, FORM_STANDS_S)
            if not self._form.expired:
                return None
            if not self.is_our_form(sight):
                return _another_form()
            return self._form_stands(sight) if self._proof_is_over() else None
        self._form = None
        if sight.name not in self.tabs or sight.veiled:
            self._quiet = None
            return None
        if self._quiet is None:
            after = self.indicators.saw_progress
            self._quiet = Deadline(clock, self.quiet_after_progress_s if after else self.quiet_s)
        return self.at_tabs(sight, self) if self._quiet.expired else None

    def _proof_is_over(self) -> bool:
        """Whether the form has stood since the tap for as long as a watch would have given it."""
        flow = self.flow
        since_tap_s = flow.drafts.since_tap_s(flow.attempt.task.id, flow.attempt.clock.now())
        return since_tap_s is not None and since_tap_s >= max(LOOK_S, flow.posting.proof_timeout_s)

    @property
    def _was_sent(self) -> bool:
        return self.flow.attempt.task.stage is Stage.VERIFYING

    def _form_stands(self, sight: Sight) -> Verdict:
        if not self.is_our_form(sight):
            return _another_form()
        code, why = ErrorCode.PUBLISH_REFUSED, "the tap did not publish"
        if not self._was_sent:
            code, why = ErrorCode.INTERRUPTED, "the publishing tap was not sent, or did not publish"
        return refused(code, f"the filled form still stands: {why}", step="settle")


def _another_form() -> Verdict:
    return unknown(ErrorCode.UPLOAD_TIMEOUT, "a form is open that is not known to be this post's")
