"""Instagram as its screens know it: the post under way, the ways into creating one, and what Share does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulator.apps.base import AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.instagram.dutch import DUTCH
from simulator.apps.instagram.texts import TEXTS
from simulator.apps.instagram.versions import CHANGES
from simulator.apps.kit.app import StagedApp, media_record
from simulator.apps.kit.layout import node
from simulator.apps.kit.stage import Screen
from simulator.apps.kit.upload import Upload
from simulator.apps.kit.versions import Change

_TAILS = ("Nicely done.", "High five.", "Boom.", "Way to go.", "Way to make it happen.", "All set.")


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


class Instagram(StagedApp):
    """The app without its screens. `draft` is the post under way."""

    platform = "instagram"
    default_package = "com.instagram.android"
    default_version = "410.0.0.53.71"
    design = (720, 1440)
    content = (0, 0, 720, 1440)
    logo = (285, 645, 435, 795)
    texts: ClassVar[Mapping[str, tuple[str, str, str]]] = TEXTS
    dutch: ClassVar[Mapping[str, str]] = DUTCH
    changes: ClassVar[Mapping[str, Change]] = CHANGES
    upload_class = ReelUpload
    popup_names = (
        "rate", "navigation", "facebook", "notifications", "save-login", "contacts", "update", "sticker", "archive",
    )  # fmt: skip
    sheets_over = frozenset({"home", "reels", "profile", "editor"})
    user_ids = frozenset({"row_feed_photo_profile_name", "secondary_label"})
    human_names = (
        "login", "logged-out", "upload-id", "account-blocked", "suspended", "captcha", "try-again-later",
    )  # fmt: skip
    may_be_left_on = ("facebook", "threads", "trial", "close-friends")
    may_lack = ("ai-label",)
    may_stick = ("sound", "ai-label")

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        self.draft = Draft()
        super().__init__(phone, spec)

    def popups_on(self, screen: Screen[Any]) -> tuple[str, ...]:
        anywhere = ("rate", "navigation", "facebook", "notifications", "save-login", "update")
        if screen.name in ("editor", "story-editor", "picker"):
            return (*anywhere, "sticker")
        return (*anywhere, "archive") if screen.name == "home" and self.mine().get("story") else anywhere

    def frame(self, children: list[View]) -> View:
        return node("FrameLayout", self.content).holding(
            node("LinearLayout#action_bar_root").holding(node("FrameLayout#android:id/content").holding(*children))
        )

    # -- what the account has -----------------------------------------------------------------------------------

    def tiles(self) -> list[str]:
        """What the platform has for the active account, newest first: "reel", "photo" or "photos N"."""
        kept: list[str] = self.mine().setdefault("tiles", ["reel"] * 8)
        return kept

    def shown_tiles(self) -> list[str]:
        """What the profile shows: the grid from when it was refreshed last."""
        shown: list[str] = self.mine().setdefault("shown", list(self.tiles()))
        return shown

    def refresh_profile(self) -> None:
        """Pull to refresh: the first one after a post may still bring the old grid (odd seeds)."""
        mine = self.mine()
        if mine.get("stale", 0) > 0:
            mine["stale"] -= 1
        else:
            mine["shown"] = list(self.tiles())
        self.phone.changed()

    def good_news(self) -> str:
        """What the row says when it is done; the tail changes from post to post."""
        return self.t("posted").format(_TAILS[self.mine().get("published", 0) % len(_TAILS)])

    # -- the composer -------------------------------------------------------------------------------------------

    def compose(self, kind: str, *, sound: str = "") -> None:
        self.take_option_faults()
        self.draft = Draft(kind=kind, sound="" if "sound" in self.stuck else sound)

    def create(self, kind: str) -> None:
        """From a button to the picker, through permissions; an old draft asks first; sometimes the camera comes instead."""
        self.compose(kind)
        self.go(1.0, lambda: self.with_camera(lambda granted: self._creating(kind, granted=granted)))

    def with_camera(self, then: Callable[[bool], None]) -> None:
        self.permitted(["CAMERA", "RECORD_AUDIO", *self.media_permission("video", "image")], then)

    def _creating(self, kind: str, *, granted: bool) -> None:
        if kind == "feed":
            self.push("feed-picker", granted=granted)
        elif kind == "reel" and self.phone.fault("opens-story-editor"):
            self.draft.kind = "story"
            self.draft.media = self.phone.media()[:1]
            self.push("story-editor")
        else:
            self.push("camera" if self.phone.fault("opens-camera") else "picker", granted=granted)
        if kind == "reel" and self.mine().get("drafts"):
            self.cover("keep-draft")

    def save_draft(self) -> None:
        self.count("drafts")

    def publish(self) -> None:
        """The tap that really publishes. Videos in a feed post become reels."""
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
        landing = "reels" if self.count("published") % 2 and kind == "reel" else "home"
        self.commit(post)
        if self.stack:  # else the app did not survive its own tap
            self.go(0.8, lambda: self._landed(landing))

    def publish_story(self) -> None:
        self.draft.kind = "story"
        self.publish()

    def _landed(self, screen: str) -> None:
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

    def stop(self) -> None:
        super().stop()
        self.draft = Draft()


InstagramScreen = Screen[Instagram]
