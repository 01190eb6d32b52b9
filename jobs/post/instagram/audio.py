"""Instagram's audio for a reel: its page by link or search, and seeing that it is in use."""

from __future__ import annotations

from jobs.hub.platforms import PostKind
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.flow.sound_page import PAGE_S, SoundPage
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


class AudioPage(SoundPage):
    """The page of the audio that one post asks for."""

    called = "audio"
    page, gone, results = "audio_page", "audio_gone", "search_results"
    asks_for = ("chooser",)
    tab, hits = "audio_tab", "audio_hits"

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        self.wanted = flow.plan.way == "useSound"  #: the page must still be visited

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
            return self.open_link(sight)

    def on_search(self, sight: Sight) -> Sight:
        return super().on_search(sight) if self.wanted else self._flow.press(sight, "profile_tab")

    def on_results(self, sight: Sight) -> Sight:
        return super().on_results(sight) if self.wanted else self._flow.press(sight, "profile_tab")

    def on_page(self, sight: Sight) -> Sight:
        """Use the audio."""
        if self._plan.way != "useSound":
            raise stuck(sight, "an audio page came unasked")
        sight = self._flow.press(sight, "use_audio", timeout_s=PAGE_S)
        self.wanted = False
        return sight

    def check(self, sight: Sight) -> None:
        """Camera and share screen say where no audio was chosen. Raises ScriptFailed when one was asked for."""
        if self._plan.way == "useSound" and sight.has("no_audio"):
            raise ScriptFailed(
                ErrorCode.OPTION_NOT_SET, "Instagram lost the audio that was chosen", step=sight.name
            )
