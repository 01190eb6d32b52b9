"""Instagram's audio for a reel: its page by link or search, and seeing that it is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.content.plan import PostKind
from jobs.phone.errors import CommandFailed
from jobs.post.instagram.reading import says_in
from jobs.post.screens.labels import plain
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed

if TYPE_CHECKING:
    from jobs.post.instagram.flow import InstagramFlow


def open_audio(flow: InstagramFlow, sight: Sight) -> Sight:
    """Open the page of the audio that was asked for: by its link, else by searching its name."""
    if flow.plan.kind is not PostKind.REEL:
        raise ScriptFailed(
            "option_not_set",
            "an audio's page leads to reels: no audio can be put under images",
            step="sound",
        )
    if not flow.plan.sound_is_link:
        return flow.press(sight, "search_tab")
    name = sight.name
    with flow.attempt.step("open audio", link=flow.plan.sound):
        try:
            flow.hands.ask("chooser")
            flow.phone.start_intent(
                "-a", "android.intent.action.VIEW", "-d", flow.plan.sound, "-p", flow.plan.package
            )
        except CommandFailed as error:
            raise ScriptFailed("sound_not_found", f"the link does not open: {error}", step="sound") from error
        pages = ("audio_page", "audio_gone")
        sight = flow.hands.until(sight, lambda s: s.name != name, 15.0)
        sight = flow.settled(sight)
        if sight.name != name and sight.name not in pages:  # the app came to the front on its way to the page
            sight = flow.settled(flow.hands.until(sight, lambda s: s.name in pages, 5.0))
        if sight.name not in pages:
            raise ScriptFailed("sound_not_found", "Instagram does not open the audio's link", step="sound")
        return sight


def on_search(flow: InstagramFlow, sight: Sight) -> Sight:
    """Type the audio's name and ask for results."""
    if flow.audio_used:
        return flow.press(sight, "profile_tab")
    field = flow.need(sight, "search_field")
    wanted = plain(flow.plan.sound)
    if plain(field.node.text) != wanted:
        flow.hands.enter_text(field, flow.plan.sound)
        sight = flow.hands.until(
            sight, lambda s: s.name != "search" or plain(says_in(s, "search_field")) == wanted, 3.0
        )
        if sight.name != "search":
            return sight
    flow.phone.press("enter")
    return flow.hands.until(sight, lambda s: s.name != "search", 10.0)


def on_search_results(flow: InstagramFlow, sight: Sight) -> Sight:
    """Choose the tab of audio and open the first hit."""
    if flow.audio_used:
        return flow.press(sight, "profile_tab")
    if not sight.has("audio_tab_chosen"):
        sight = flow.press(sight, "audio_tab", done=lambda s: s.has("audio_tab_chosen"))
        if sight.name != "search_results":
            return sight
    if not sight.has("audio_hits"):
        wait_s = float(max(5, flow.plan.config.sound_wait_time))
        sight = flow.hands.until(sight, lambda s: s.name != "search_results" or s.has("audio_hits"), wait_s)
        if sight.name != "search_results":
            return sight
    if not sight.has("audio_hits"):
        raise ScriptFailed("sound_not_found", f'Instagram finds no audio "{flow.plan.sound}"', step="sound")
    return flow.press(sight, "audio_hits", timeout_s=15.0)


def on_audio_gone(flow: InstagramFlow, sight: Sight) -> Sight:
    """An audio page without its button: it may still load; else the audio is not to be had."""
    wait_s = float(max(3, flow.plan.config.sound_wait_time))
    sight = flow.hands.until(sight, lambda s: s.name != "audio_gone", wait_s)
    if sight.name == "audio_gone":
        raise ScriptFailed("sound_not_found", "Instagram does not offer this audio for use", step="sound")
    return sight


def on_audio_page(flow: InstagramFlow, sight: Sight) -> Sight:
    if flow.plan.way != "useSound":
        raise flow.stuck(sight, "an audio page came unasked")
    sight = flow.press(sight, "use_audio", timeout_s=15.0)
    flow.audio_used = True
    return sight


def check_audio(flow: InstagramFlow, sight: Sight) -> None:
    """Camera and share screen say where no audio was chosen. Raises ScriptFailed when one was asked for."""
    if flow.plan.way == "useSound" and sight.has("no_audio"):
        raise ScriptFailed("option_not_set", "Instagram lost the audio that was chosen", step=sight.name)
