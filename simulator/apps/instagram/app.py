"""Instagram: what holds its screens together, takes its intents and publishes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from simulator.apps.base import AppAccount, AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.instagram.texts import TEXTS
from simulator.apps.layout import node
from simulator.apps.screens import Screen
from simulator.apps.stage import StagedApp, media_record
from simulator.apps.upload import Upload

_STREAM = "android.intent.extra.STREAM"
_HANDLERS = ("ShareHandlerActivity", "StoryShareHandlerActivity")
_AUDIO_LINK = re.compile(r"^/reels?/audio/(\d+)/?$")
TAILS = ("Nicely done.", "High five.", "Boom.", "Way to go.", "Way to make it happen.", "All set.")


@dataclass
class Draft:
    """One post being made."""

    kind: str = "reel"  #: reel | feed | story
    media: list[MediaRow] = field(default_factory=list)
    caption: str = ""
    sound: str = ""
    ai_label: bool = False


class ReelUpload(Upload):
    """Instagram's row: progress, then the good news for a while, then it is gone."""

    percents = (0, 30, 60, 90, 100, 100, 100)
    accepted = 4


class InstagramApp(StagedApp):
    """The app. `draft` is the post under way."""

    platform = "instagram"
    default_package = "com.instagram.android"
    default_version = "410.0.0.53.71"
    design = (720, 1440)
    texts: ClassVar[Mapping[str, tuple[str, str, str]]] = TEXTS
    upload_class = ReelUpload
    popup_names = (
        "rate",
        "navigation",
        "facebook",
        "notifications",
        "save-login",
        "contacts",
        "update",
        "sticker",
        "archive",
    )
    sheets_over = frozenset({"home", "reels", "profile", "editor"})
    user_ids = frozenset({"row_feed_photo_profile_name", "secondary_label"})
    human_names = (
        "login",
        "logged-out",
        "upload-id",
        "account-blocked",
        "suspended",
        "captcha",
        "try-again-later",
    )

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        self.draft = Draft()
        self.unavailable: set[str] = set()
        self.stuck: set[str] = set()
        super().__init__(phone, spec)

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def home(self) -> Screen:
        from simulator.apps.instagram.home import Home

        return Home(self)

    def splash(self) -> Screen:
        from simulator.apps.instagram.tabs import Splash

        return Splash(self)

    def popup(self, name: str) -> Screen:
        from simulator.apps.instagram.interruptions import popup

        return popup(self, name)

    def popups_on(self, screen: Screen) -> tuple[str, ...]:
        anywhere = ("rate", "navigation", "facebook", "notifications", "save-login", "update")
        if screen.name in ("editor", "story-editor", "picker"):
            return (*anywhere, "sticker")
        return (*anywhere, "archive") if screen.name == "home" and self.mine().get("story") else anywhere

    def human(self, name: str) -> Screen:
        from simulator.apps.instagram.human import human

        return human(self, name)

    def frame(self, children: list[View]) -> View:
        return node("FrameLayout", (0, 0, 720, 1440)).holding(
            node("LinearLayout#action_bar_root").holding(
                node("FrameLayout#android:id/content").holding(*children)
            )
        )

    # -- what the account has -----------------------------------------------------------------------------------

    def sheet_accounts(self) -> list[AppAccount]:
        """Who the account sheet lists: with a stranger logged in, only him."""
        return [self.me] if self.state.get("stranger") else self.accounts

    def tiles(self) -> list[str]:
        """What the platform has for the active account, newest first: "reel", "photo" or "photos N"."""
        kept: list[str] = self.mine().setdefault("tiles", ["reel"] * 8)
        return kept

    def shown_tiles(self) -> list[str]:
        """What the profile shows: the grid from when it was refreshed last."""
        mine = self.mine()
        shown: list[str] = mine.setdefault("shown", list(self.tiles()))
        return shown

    def refresh_profile(self) -> None:
        """Pull to refresh: the first one after a post may still bring the old grid (odd seeds)."""
        mine = self.mine()
        if mine.get("stale", 0) > 0:
            mine["stale"] -= 1
        else:
            mine["shown"] = list(self.tiles())
        self.phone.changed()

    # -- the composer -------------------------------------------------------------------------------------------

    def compose(self, kind: str, *, sound: str = "") -> None:
        self.unavailable = {"ai-label"} if self.phone.fault("ai-label-unavailable") else set()
        self.stuck = {name for name in ("sound", "ai-label") if self.phone.fault(f"{name}-stuck")}
        self.draft = Draft(kind=kind, sound="" if "sound" in self.stuck else sound)

    def save_draft(self) -> None:
        self.mine()["drafts"] = self.mine().get("drafts", 0) + 1

    def publish(self) -> None:
        """The tap that really publishes. Videos in a feed post become reels."""
        from simulator.apps.instagram.home import Home
        from simulator.apps.instagram.tabs import Reels

        draft = self.draft
        kind = draft.kind
        if kind == "feed" and len(draft.media) == 1 and draft.media[0].kind == "video":
            kind = "reel"
        post = Post(
            app="instagram",
            account=self.me.username,
            kind=kind,
            caption=draft.caption if kind != "story" else "",
            media=[media_record(row) for row in draft.media],
            sound=draft.sound,
            ai_label=draft.ai_label,
            at=self.stamp(),
        )
        mine = self.mine()
        mine["published"] = count = mine.get("published", 0) + 1
        self.commit(post)
        if not self.stack:
            return  # the app did not survive its own tap
        where = Reels if kind == "reel" and count % 2 == 0 else Home
        self.go(0.8, lambda: self._landed(where(self)))

    def _landed(self, screen: Screen) -> None:
        self.draft = Draft()
        self.replace(screen)

    def upload_stepped(self, upload: Upload) -> None:
        if upload.phase == ReelUpload.accepted:
            self._accepted(upload.post)

    def _accepted(self, post: Post) -> None:
        mine = self.mine()
        if post.kind == "story":
            mine["story"] = True
            return
        tiles = self.tiles()
        self.shown_tiles()
        count = len(post.media)
        tiles.insert(0, "reel" if post.kind == "reel" else "photo" if count == 1 else f"photos {count}")
        mine["stale"] = self.seed % 2

    def upload_failed(self, upload: Upload) -> None:
        if upload.post.kind != "story":
            self.state["failed_row"] = True

    # -- intents ------------------------------------------------------------------------------------------------

    def intent(
        self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int
    ) -> str:
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

    def _start_over(self) -> None:
        self._arrive_from_outside()
        self.covers = []
        self.stack = [self.splash()]

    def _to_story(self, uri: str) -> str:
        from simulator.apps.instagram.story import StoryEditor

        row = self._row(uri)
        self._start_over()
        if row is None:
            self.go(2.0, lambda: self.replace(self.home()))
            return ""
        self.compose("story")
        self.draft.media = [row]
        self.go(2.0, lambda: self.replace(self.home(), StoryEditor(self)))
        return ""

    def _shared(self, uri: str) -> str:
        """Versions from 400 on only come to the front; older ones ask where to share."""
        from simulator.apps.instagram.story import ShareChooser

        row = self._row(uri)
        self._start_over()
        if self.major >= 400 or row is None:
            self.go(2.0, lambda: self.replace(self.home()))
        else:
            self.go(2.0, lambda: self.replace(self.home(), ShareChooser(self, row)))
        return ""

    def _viewed(self, url: str) -> str:
        from simulator.apps.instagram.audio import AudioPage

        parts = urlsplit(url)
        if not (parts.hostname or "").endswith("instagram.com"):
            return f"Error: Activity not started, unable to resolve Intent {{ act=android.intent.action.VIEW dat={url} }}"
        self._start_over()
        match = _AUDIO_LINK.match(parts.path)
        if match:
            title = f"Audio {match.group(1)}"
            self.go(2.0, lambda: self.replace(self.home(), AudioPage(self, title)))
        else:
            self.go(2.0, lambda: self.replace(self.home()))
        return ""

    def note_profile(self) -> None:
        """The profile is looked at: the moment for another account to be logged in than expected."""
        if self.phone.fault("wrong-account"):
            self.be_wrong_account()

    def stop(self) -> None:
        super().stop()
        self.draft = Draft()

    def dump_state(self) -> dict[str, Any]:
        return self.state
