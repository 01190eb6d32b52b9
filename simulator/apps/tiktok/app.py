"""TikTok put together: its screens by their names, and what it does with the intents of other apps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from simulator.apps.base import View
from simulator.apps.kit.stage import Dialog, Screen, Splash
from simulator.apps.tiktok import home, profile, search
from simulator.apps.tiktok.compose import camera, editor, options, picker, post, product, share, sounds
from simulator.apps.tiktok.core import TikTok
from simulator.apps.tiktok.dialogs import DIALOGS

SHARE = "com.ss.android.ugc.aweme.share.SystemShareActivity"
SPLASH = "com.ss.android.ugc.aweme.splash.SplashActivity"
_STREAM = "android.intent.extra.STREAM"
_GRANT_READ = 0x1
_CLEAR_TASK = 0x8000
_SOUND_LINK = re.compile(r"^/(?:[a-z-]+/)?music/(.*?)-?(\d+)$")

_SCREENS: tuple[type[Screen[Any]], ...] = (
    Splash, home.Home, home.Friends, home.OwnPost, home.Inbox, profile.Profile, profile.AccountSheet,
    search.Search, search.SoundPage, camera.Camera, camera.CreateTab, picker.Picker, share.PhotoShare,
    editor.Editor, editor.TextEditor, editor.LeaveSheet, sounds.SoundSheet, sounds.VolumeSheet, post.PostScreen,
    options.MoreOptions, options.AiInfo, product.LinkSheet, product.Showcase,
)  # fmt: skip


class TikTokApp(TikTok):
    """The app."""

    screens: ClassVar[Mapping[str, Callable[..., Screen[Any]]]] = {cls.name: cls for cls in _SCREENS}
    dialogs: ClassVar[Mapping[str, Callable[[Any, Dialog], View]]] = DIALOGS

    def intent(self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int) -> str:
        cls = component.rpartition("/")[2]
        if cls.startswith("."):
            cls = self.package + cls
        wrong = f"Error type 3\nError: Activity class {{{component}}} does not exist."
        if action.endswith(".SEND_MULTIPLE"):
            return self._shared("", flags)  # `am` cannot pass a list of uris: there is nothing to share
        if action.endswith(".SEND"):
            return wrong if cls and cls != SHARE else self._shared(extras.get(_STREAM, "") or data, flags)
        if action.endswith(".VIEW"):
            return self._viewed(data)
        if cls and cls not in (SPLASH, self.package + ".MainActivity"):
            return wrong
        if flags & _CLEAR_TASK:
            self._clear()
        self.launch()
        return ""

    def _clear(self) -> None:
        if self.composing():
            self.keep_unfinished()
        self.stack, self.covers = [], []

    def _shared(self, uri: str, flags: int) -> str:
        self.maybe_wrong_account()
        if flags & _CLEAR_TASK:
            self._clear()
        elif self.composing():
            return ""  # the post left half-way comes to the front instead
        row = self.phone.media_by_uri(uri) if uri.startswith("content://") else None
        if row is not None and not flags & _GRANT_READ:
            needed = (f"android.permission.{name}" for name in self.media_permission(row.kind))
            row = row if all(self.phone.granted(self.package, name) for name in needed) else None
        if row is None:
            self.start()
            return ""
        self.compose()
        if row.kind == "image":
            self.start(("photo-share", {"row": row}))
        else:
            self.load([row])
            self.start(("editor", {}), seconds=2.5)
        return ""

    def _viewed(self, url: str) -> str:
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith("tiktok.com"):
            return (
                f"Error: Activity not started, unable to resolve Intent {{ act=android.intent.action.VIEW dat={url} }}"
            )
        self.maybe_wrong_account()
        self.stack = self.stack[:1] or [self.make("splash")]
        match = _SOUND_LINK.match(parts.path)
        if match:
            title = match.group(1).replace("-", " ").strip() or f"sound {match.group(2)}"
            self.go(2.0, lambda: self.replace("home", self.make("sound-page", title=title)))
        else:
            self.go(2.0, lambda: self.replace("home"))
        return ""
