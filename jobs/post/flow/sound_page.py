"""The page of the sound that a post asks for: opened by its link, or found by searching its name."""

from __future__ import annotations

from typing import ClassVar

from jobs.hub.platforms import facts
from jobs.phone.errors import CommandFailed
from jobs.post.flow.flow import Flow
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

PAGE_S = 15.0


class SoundPage:
    """What the apps have in common; subclasses name their screens and elements."""

    called: ClassVar[str]  #: what the app calls a sound
    page: ClassVar[str]
    gone: ClassVar[str]  #: the page without its button
    gone_text: ClassVar[str] = ""  #: the element that says so
    asks_for: ClassVar[tuple[str, ...]]  #: side-path screens that the link may bring
    results: ClassVar[str]
    tab: ClassVar[str]  #: of the results, with "_chosen" once it is
    hits: ClassVar[str]
    search_s: ClassVar[float] = 10.0  #: how long results may take to show

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._plan = flow.plan
        self._app = facts(flow.plan.platform).title

    def wait_s(self, least_s: int) -> float:
        """How long this post gives a sound to load."""
        return float(max(least_s, self._plan.config.sound_wait_time))

    def not_found(self, message: str) -> ScriptFailed:
        return ScriptFailed(ErrorCode.SOUND_NOT_FOUND, message, step="sound")

    def open_link(self, sight: Sight) -> Sight:
        """Open the page by the sound's link."""
        flow, name, pages = self._flow, sight.name, (self.page, self.gone)
        try:
            flow.driver.ask(*self.asks_for)
            flow.phone.start_intent(
                "-a", "android.intent.action.VIEW", "-d", self._plan.sound, "-p", self._plan.package
            )
        except CommandFailed as error:
            raise self.not_found(f"the link does not open: {error}") from error
        sight = flow.wait_until_known(flow.driver.until(sight, lambda s: s.name != name, PAGE_S))
        if sight.name != name and sight.name not in pages:  # the app came to the front on its way to the page
            sight = flow.wait_until_known(flow.driver.until(sight, lambda s: s.name in pages, PAGE_S))
        if sight.name not in pages:
            raise self.not_found(f"{self._app} does not open the {self.called}'s link")
        return sight

    def on_search(self, sight: Sight) -> Sight:
        """Type the name and ask for results."""
        flow, wanted = self._flow, normalise(self._plan.sound)

        def typed(s: Sight) -> bool:
            field = s.find("search_field")
            return field is not None and normalise(field.node.text) == wanted

        if not typed(sight):
            flow.driver.enter_text(flow.need(sight, "search_field"), self._plan.sound)
            sight = flow.driver.until(sight, lambda s: s.name != "search" or typed(s), 3.0)
            if sight.name != "search":
                return sight
        flow.phone.press("enter")
        return flow.driver.until(sight, lambda s: s.name != "search", self.search_s)

    def on_results(self, sight: Sight) -> Sight:
        """Choose the tab of sounds and open the first hit."""
        flow, chosen = self._flow, f"{self.tab}_chosen"
        if not sight.has(chosen):
            sight = flow.press(sight, self.tab, done=lambda s: s.has(chosen), timeout_s=PAGE_S)
            if sight.name != self.results:
                return sight
        if not sight.has(self.hits):
            sight = flow.driver.until(
                sight, lambda s: s.name != self.results or s.has(self.hits), self.wait_s(5)
            )
            if sight.name != self.results:
                return sight
            if not sight.has(self.hits):
                raise self.not_found(f'{self._app} finds no {self.called} "{self._plan.sound}"')
        return flow.press(sight, self.hits, timeout_s=PAGE_S)

    def on_gone(self, sight: Sight) -> Sight:
        """The page without its button: it may still load; else the sound is not to be had."""

        def told(s: Sight) -> bool:
            return bool(self.gone_text) and s.has(self.gone_text)

        if not told(sight):
            sight = self._flow.driver.until(sight, lambda s: s.name != self.gone or told(s), self.wait_s(3))
            if sight.name != self.gone:
                return sight
        raise self.not_found(f"{self._app} does not offer this {self.called} for use")
