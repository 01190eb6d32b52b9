"""Walks to the filled form, reads it back, opens its options, and leaves by the app's own discard. It never publishes."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from jobs.hub.clock import Deadline
from jobs.phone.errors import LeaseLost, PhoneError, StopRequested
from jobs.post.flow.app import App, FormOption, WayBack
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.prepare import prepare
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.rehearsal.report import SeenOption
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed

#: How long a step out of the composer may take: editors ask before they close.
LEAVE_S = 8.0
#: More steps than this lead out of no composer.
MAX_LEAVES = 14
#: What comes back when it was closed so often is no passing interruption: it asks what becomes of the form.
MAX_CLOSED = 2
#: How long the app is watched at its tabs for a post that must not have been made.
WATCH_S = 6.0


class Rehearsal:
    """One walk. What it finds stands in its attributes, also when it ends with an error."""

    def __init__(self, flow: Flow, app: App[Any], *, set_language: str) -> None:
        """`set_language`: `phones.set_app_language`. Raises LookupError for an app without a way back from its form."""
        self._flow = flow
        self.back: WayBack[Any] = app.back
        self._set_language = set_language
        self.options: list[SeenOption] = []
        self.caption_read = False
        self.left = False  #: the app's tabs were reached again by steps that are known
        self.discarded = False  #: the app asked, and was told to throw the form away
        self.file_removed = False
        self.nothing_published = False
        self.doubt = ""  #: what speaks for a post that must not have been made

    def run(self) -> None:
        """Walk there and back.

        Raises:
            ScriptFailed: the way to the form or back is not as the screens files say, or something was published.
            PhoneError, StopRequested, LeaseLost: as the phone's session and the turn raise them.
        """
        flow = self._flow
        try:
            ready = prepare(flow, self._set_language, publishes=False)
            # The flow compares every text with what it typed before it says that all is ready.
            self.caption_read = True
            sight = self._tour(ready.sight)
            with flow.attempt.step("leave the form"):
                self._leave(sight)
        except (ScriptFailed, PhoneError):
            flow.driver.failed()
            with contextlib.suppress(PhoneError, ScriptFailed):
                self._leave_anyhow()
            raise
        finally:
            with contextlib.suppress(PhoneError, ScriptFailed, StopRequested, LeaseLost):
                self._remove_files()
        with flow.attempt.step("check that nothing was published"):
            self._check()

    # --- the options ---------------------------------------------------------------------------------------

    def _tour(self, sight: Sight) -> Sight:
        """Open each option that the form offers, and close it again."""
        for option in self.back.options:
            if sight.name not in self.back.form:
                break
            with self._flow.attempt.step(f"option: {option.name}"):
                sight = self._try(sight, option)
        return sight

    def _try(self, sight: Sight, option: FormOption) -> Sight:
        flow, form = self._flow, sight.name
        sight, row = flow.scroll_to(sight, option.row)
        if row is None:
            self.options.append(SeenOption(name=option.name, offered=False))
            return sight
        if not option.sheets:
            self.options.append(SeenOption(name=option.name, offered=True))
            return sight
        try:
            sight = flow.press(sight, option.row, timeout_s=LEAVE_S)
            sight = flow.reach(sight, *option.sheets)
            self.options.append(SeenOption(name=option.name, offered=True, opened=True))
        except ScriptFailed as failed:
            self.options.append(SeenOption(name=option.name, offered=True, detail=str(failed)))
            sight = flow.driver.observe()
        if sight.name == form:
            return sight
        return flow.close_sheets(sight, form, by="sheet_close")

    # --- the way out ---------------------------------------------------------------------------------------

    def _leave(self, sight: Sight) -> None:
        """Leave by what the app itself offers.

        Raises:
            ScriptFailed: no step leads out.
        """
        flow, kept = self._flow, False
        closed: Counter[str] = Counter()
        for _ in range(MAX_LEAVES):
            sight = self._known(sight)
            if sight.name in flow.starts:
                if kept and not self.discarded:
                    kept = False
                    sight = self._to_where_it_is_discarded(sight)
                    continue
                self.left = True
                return
            kept = kept or bool(self.back.discards_at and sight.name in self.back.form)
            element = self.back.leaves.get(sight.name)
            if element is None:
                if sight.kind != "interruption":
                    raise stuck(
                        sight, f"{sight.name or 'an unknown screen'} is not on the way out of the form"
                    )
                closed[sight.name] += 1
                if closed[sight.name] > MAX_CLOSED:
                    raise stuck(sight, f"{sight.name} comes back each time that the form is left")
                if sight.screen is not None and sight.screen.phase:
                    # Its own button may publish; BACK takes back what it asks about.
                    flow.driver.back(f"closes {sight.name}")
                    sight = flow.driver.until(sight, _other_than(sight.name), LEAVE_S)
                else:
                    sight = flow.dismiss(sight)
                continue
            name = sight.name
            if element:
                self.discarded = self.discarded or element == "discard_button"
                flow.driver.tap(flow.need(sight, element))
            else:
                flow.driver.back(f"leaves {name}")
            sight = flow.driver.until(sight, _other_than(name), LEAVE_S)
        raise stuck(sight, "no step leads out of the form")

    def _to_where_it_is_discarded(self, sight: Sight) -> Sight:
        """Begin the post once more, up to the screen on which the app lets the texts that it kept be thrown away.

        Raises:
            ScriptFailed: that screen does not come.
        """
        flow = self._flow
        flow.begin_again()
        handlers = flow.handlers()
        for _ in range(MAX_LEAVES):
            sight = flow.wait_until_known(sight)
            if sight.name == self.back.discards_at or sight.name in self.back.form:
                return sight
            handler = handlers.get(sight.name)
            if handler is None:
                break
            sight = handler(sight)
        raise stuck(sight, f"the texts that the app kept cannot be thrown away: {sight.name} came instead")

    def _known(self, sight: Sight) -> Sight:
        """Let an unknown moment pass; an interruption of the way out is looked at by its name."""
        if sight.kind != "unknown":
            return sight
        return self._flow.driver.until(sight, lambda s: s.kind != "unknown", LEAVE_S)

    def _leave_anyhow(self) -> None:
        """After a failure: the way out as far as it is known, then the app is closed."""
        flow = self._flow
        with contextlib.suppress(ScriptFailed), flow.attempt.step("leave after the failure"):
            self._leave(flow.driver.observe())
        if self.may_keep_texts:
            # The app died, or stands elsewhere: it brings the texts up in its next form, unless they are thrown away.
            with contextlib.suppress(ScriptFailed), flow.attempt.step("throw away what the app kept"):
                flow.fresh_start("its form was left by a failure")
                self._leave(self._to_where_it_is_discarded(flow.driver.observe()))
        flow.phone.app_stop(flow.package)

    @property
    def may_keep_texts(self) -> bool:
        """Whether the app may bring what was typed up in its next form: that was reached, and nothing was thrown away."""
        driver = self._flow.driver
        came = driver.came if isinstance(driver, RehearsalDriver) else set()
        return bool(self.back.discards_at) and not self.discarded and not came.isdisjoint(self.back.form)

    def _remove_files(self) -> None:
        with self._flow.attempt.step("remove the file"):
            self._flow.files.remove_all()
            self.file_removed = True

    # --- afterwards ----------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Watch the app at its tabs: neither a post nor an upload may show that was not there before.

        Raises:
            ScriptFailed: something shows, or the app did not come to its tabs.
        """
        flow = self._flow
        flow.driver.ignore = frozenset()
        sight = flow.driver.observe()
        deadline = Deadline(flow.attempt.clock, WATCH_S)
        while True:
            seen: str = self.back.shows_new_post(flow, sight)
            if seen:
                self.doubt = seen
                raise stuck(sight, f"something may have been published during the rehearsal: {seen}")
            if deadline.expired:
                break
            sight = flow.driver.wait_change(flow.driver.observe(), deadline.remaining_s)
        self.nothing_published = True


def _other_than(name: str) -> Callable[[Sight], bool]:
    return lambda sight: sight.name != name
