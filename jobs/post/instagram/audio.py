"""Instagram's audio for a reel: its page by link or search, and seeing that it is in use."""

from __future__ import annotations

from jobs.hub.platforms import PostKind
from jobs.phone.errors import CommandFailed
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.instagram.reading import says_in
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

_PAGES = ("audio_page", "audio_gone")


def _not_found(message: str) -> ScriptFailed:
    return ScriptFailed(ErrorCode.SOUND_NOT_FOUND, message, step="sound")


class AudioPage:
    """The page of the audio that one post asks for."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._plan = flow.plan
        self.wanted = flow.plan.way == "useSound"  #: the page must still be visited

    def _wait_s(self, least_s: int) -> float:
        return float(max(least_s, self._plan.config.sound_wait_time))

    def open(self, sight: Sight) -> Sight:
        """Open the page by the audio's link, else by searching its name."""
        if self._plan.kind is not PostKind.REEL:
            raise ScriptFailed(
                ErrorCode.OPTION_NOT_SET,
                "an audio's page leads to reels: no audio can be put under images",
                step="sound",
            )
        if not self._plan.sound_is_link:
            return self._flow.press(sight, "search_tab")
        with self._flow.attempt.step("open audio", link=self._plan.sound):
            return self._open_link(sight)

    def _open_link(self, sight: Sight) -> Sight:
        flow, name = self._flow, sight.name
        try:
            flow.driver.ask("chooser")
            flow.phone.start_intent(
                "-a", "android.intent.action.VIEW", "-d", self._plan.sound, "-p", self._plan.package
            )
        except CommandFailed as error:
            raise _not_found(f"the link does not open: {error}") from error
        sight = flow.wait_until_known(flow.driver.until(sight, lambda s: s.name != name, 15.0))
        if (
            sight.name != name and sight.name not in _PAGES
        ):  # the app came to the front on its way to the page
            sight = flow.wait_until_known(flow.driver.until(sight, lambda s: s.name in _PAGES, 5.0))
        if sight.name not in _PAGES:
            raise _not_found("Instagram does not open the audio's link")
        return sight

    def on_search(self, sight: Sight) -> Sight:
        """Type the audio's name and ask for results."""
        flow = self._flow
        if not self.wanted:
            return flow.press(sight, "profile_tab")
        wanted = normalise(self._plan.sound)
        field = flow.need(sight, "search_field")
        if normalise(field.node.text) != wanted:
            flow.driver.enter_text(field, self._plan.sound)
            sight = flow.driver.until(
                sight, lambda s: s.name != "search" or normalise(says_in(s, "search_field")) == wanted, 3.0
            )
            if sight.name != "search":
                return sight
        flow.phone.press("enter")
        return flow.driver.until(sight, lambda s: s.name != "search", 10.0)

    def on_results(self, sight: Sight) -> Sight:
        """Choose the tab of audio and open the first hit."""
        flow = self._flow
        if not self.wanted:
            return flow.press(sight, "profile_tab")
        if not sight.has("audio_tab_chosen"):
            sight = flow.press(sight, "audio_tab", done=lambda s: s.has("audio_tab_chosen"))
            if sight.name != "search_results":
                return sight
        if not sight.has("audio_hits"):
            sight = flow.driver.until(
                sight, lambda s: s.name != "search_results" or s.has("audio_hits"), self._wait_s(5)
            )
            if sight.name != "search_results":
                return sight
        if not sight.has("audio_hits"):
            raise _not_found(f'Instagram finds no audio "{self._plan.sound}"')
        return flow.press(sight, "audio_hits", timeout_s=15.0)

    def on_gone(self, sight: Sight) -> Sight:
        """The page without its button: it may still load; else the audio is not to be had."""
        sight = self._flow.driver.until(sight, lambda s: s.name != "audio_gone", self._wait_s(3))
        if sight.name == "audio_gone":
            raise _not_found("Instagram does not offer this audio for use")
        return sight

    def on_page(self, sight: Sight) -> Sight:
        """Use the audio."""
        if self._plan.way != "useSound":
            raise stuck(sight, "an audio page came unasked")
        sight = self._flow.press(sight, "use_audio", timeout_s=15.0)
        self.wanted = False
        return sight

    def check(self, sight: Sight) -> None:
        """Camera and share screen say where no audio was chosen. Raises ScriptFailed when one was asked for."""
        if self._plan.way == "useSound" and sight.has("no_audio"):
            raise ScriptFailed(
                ErrorCode.OPTION_NOT_SET, "Instagram lost the audio that was chosen", step=sight.name
            )
