"""Instagram put together: its screens by their names, and what it does with the intents of other apps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from simulator.apps.base import MediaRow, View
from simulator.apps.instagram import audio, home, profile, tabs
from simulator.apps.instagram.compose import create, feed_picker, notices, picker, reel, share, story
from simulator.apps.instagram.core import Instagram
from simulator.apps.instagram.dialogs import DIALOGS
from simulator.apps.kit.stage import Dialog, Screen, Splash

_STREAM = "android.intent.extra.STREAM"
_HANDLERS = ("ShareHandlerActivity", "StoryShareHandlerActivity")
_AUDIO_LINK = re.compile(r"^/reels?/audio/(\d+)/?$")

_SCREENS: tuple[type[Screen[Any]], ...] = (
    Splash, home.Home, tabs.Reels, home.Direct, audio.Search, profile.Profile, profile.AccountSheet, audio.AudioPage,
    create.CreateSheet, create.Camera, picker.Picker, feed_picker.FeedPicker, reel.Editor, reel.ToolSheet, reel.Filters,
    share.ShareScreen, notices.DownloadNotice, tabs.SendSheet, story.StoryEditor, story.ShareSheet, story.ShareChooser,
)  # fmt: skip


class InstagramApp(Instagram):
    """The app."""

    screens: ClassVar[Mapping[str, Callable[..., Screen[Any]]]] = {cls.name: cls for cls in _SCREENS}
    dialogs: ClassVar[Mapping[str, Callable[[Any, Dialog], View]]] = DIALOGS | notices.DIALOGS

    def intent(self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int) -> str:
        cls = component.rpartition(".")[2]
        if action.endswith(".ADD_TO_STORY"):
            return self._to_story(data)
        if action.endswith(".SEND"):
            if cls and cls not in _HANDLERS:
                return f"Error type 3\nError: Activity class {{{component}}} does not exist."
            uri = extras.get(_STREAM, "") or data
            return self._to_story(uri) if cls == _HANDLERS[1] else self._shared(uri)
        if action.endswith(".VIEW"):
            return self._viewed(data)
        if flags & 0x8000:
            self.stack, self.covers = [], []
        self.launch()
        return ""

    def _row(self, uri: str) -> MediaRow | None:
        return self.phone.media_by_uri(uri) if uri.startswith("content://") else None

    def _start_over(self, *over_home: tuple[str, dict[str, Any]]) -> str:
        self.maybe_wrong_account()
        self.start(*over_home)
        return ""

    def _to_story(self, uri: str) -> str:
        row = self._row(uri)
        if row is None:
            return self._start_over()
        self._start_over(("story-editor", {}))
        self.compose("story")
        self.draft.media = [row]
        return ""

    def _shared(self, uri: str) -> str:
        """Versions from 400 on only come to the front; older ones ask where to share."""
        row = self._row(uri)
        return self._start_over(*([("share-chooser", {"row": row})] if self.major < 400 and row else []))

    def _viewed(self, url: str) -> str:
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith("instagram.com"):
            return (
                f"Error: Activity not started, unable to resolve Intent {{ act=android.intent.action.VIEW dat={url} }}"
            )
        match = _AUDIO_LINK.match(parts.path)
        return self._start_over(*([("audio-page", {"title": f"Audio {match[1]}"})] if match else []))
