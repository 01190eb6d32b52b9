"""TikTok as its screens know it: the post under way, what an account keeps, and what Post does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from simulator.apps.base import AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.kit.app import StagedApp, media_record
from simulator.apps.kit.layout import node
from simulator.apps.kit.sheets import Sheet
from simulator.apps.kit.stage import Screen
from simulator.apps.kit.upload import Upload
from simulator.apps.kit.versions import Change
from simulator.apps.tiktok import ids
from simulator.apps.tiktok.draft import Draft, auto_sound
from simulator.apps.tiktok.dutch import DUTCH
from simulator.apps.tiktok.texts import TEXTS
from simulator.apps.tiktok.versions import CHANGES

_TABS = ("home", "friends", "own-post", "profile", "inbox")
#: Where posts land, in turn.
_LANDINGS = ("friends", "own-post", "home")
_RETRIED = ("kind", "caption", "title", "media", "sound", "ai_label", "product_link")


class TikTok(StagedApp):
    """The app without its screens. `draft` is the post under way."""

    platform = "tiktok"
    default_package = "com.zhiliaoapp.musically"
    default_version = "43.1.4"
    design = (1080, 2400)
    content = (0, 0, 1080, 2337)
    logo = (415, 1043, 665, 1293)
    texts: ClassVar[Mapping[str, tuple[str, str, str]]] = TEXTS
    dutch: ClassVar[Mapping[str, str]] = DUTCH
    changes: ClassVar[Mapping[str, Change]] = CHANGES
    popup_names = (
        "contacts", "notifications", "widget", "eea", "link-email", "collections",
        "follow-friends", "followed-together",
    )  # fmt: skip
    human_names = ("login", "captcha", "banned")
    sheets_over = frozenset({"home", "friends", "own-post", "editor"})
    user_ids = frozenset({"title", "desc"})
    may_be_left_on = ("sms", "facebook")
    may_lack = may_stick = ("sound", "volume", "product", "ai-label")

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        self.draft = Draft()
        self.public = True  #: everyone may see the post
        super().__init__(phone, spec)

    def popups_on(self, screen: Screen[Any]) -> tuple[str, ...]:
        anywhere = ("contacts", "notifications", "eea", "link-email", "collections", "follow-friends")
        return (*anywhere, "widget", "followed-together") if screen.name in _TABS else anywhere

    def frame(self, children: list[View]) -> View:
        return node("FrameLayout", (0, 0, 1080, 2400)).holding(
            node("LinearLayout", self.content).holding(
                node("FrameLayout#android:id/content").holding(
                    node("FrameLayout").holding(node("LinearLayout#us"), node("FrameLayout#s8e").holding(*children))
                )
            ),
            node("View#android:id/navigationBarBackground", (0, 2337, 1080, 2400)),
        )

    def finish(self, view: View) -> None:
        super().finish(view)
        view.rid = ids.renamed(view.rid, self.version, self.seed)

    def extra_windows(self) -> list[View]:
        """The upload badge: a small window of its own, top left, with the percentage."""
        running = [upload for upload in self.uploads if upload.running]
        if not running or self.top.name not in _TABS:
            return []
        badge = "tvProgress" if self.version.startswith("46") else "x44"
        percent = node("TextView", (56, 344, 127, 383), rid=badge, text=f"{running[0].percent}%")
        return [
            node("ViewGroup#ub1", (32, 284, 150, 442)).holding(
                node("ImageView#ub2"),
                node("View#ub3"),
                node("FrameLayout#ub4", (37, 309, 146, 418)).holding(node("View#ub5"), percent),
            )
        ]

    # -- the composer -----------------------------------------------------------------------------------------

    def compose(self) -> None:
        """A new post begins: what an unfinished one left in the description comes back."""
        self.draft = Draft()
        unfinished = self.state.get("unfinished") or {}
        self.draft.description = unfinished.get("description", "")
        self.draft.title = unfinished.get("title", "")
        self.take_option_faults()
        self.public = not self.phone.fault("not-everyone")

    def load(self, rows: list[MediaRow]) -> None:
        """These media are the post's."""
        self.draft.media = list(rows)
        if not self.draft.chosen_sound:
            self.draft.sound = auto_sound(rows)

    def edit(self, rows: list[MediaRow]) -> None:
        """Open the editor with these media in it."""
        self.load(rows)
        self.push("editor")

    def forget_draft(self) -> None:
        self.state.pop("unfinished", None)
        self.draft = Draft()

    def keep_unfinished(self) -> None:
        """A post left half-way: its words wait for the next one."""
        if self.draft.description or self.draft.title:
            self.state["unfinished"] = {"description": self.draft.description, "title": self.draft.title}

    def composing(self) -> bool:
        return any(screen.name in ("editor", "post", "sound-sheet") for screen in self.stack)

    def save_draft(self) -> None:
        self.count("drafts")
        self.forget_draft()

    def stop(self) -> None:
        if self.composing():
            self.keep_unfinished()
        super().stop()
        self.draft = Draft()

    def _record(self, kind: str) -> Post:
        draft = self.draft
        return Post(
            app="tiktok",
            account=self.me.username,
            kind=kind,
            caption=draft.description if kind != "story" else "",
            title=draft.title if kind == "photos" else "",
            media=[media_record(row) for row in draft.media],
            sound=draft.sound,
            original_volume=draft.original_volume,
            added_volume=draft.added_volume,
            ai_label=draft.ai_label,
            product_link=bool(draft.product),
            at=self.stamp(),
        )

    def publish(self, kind: str) -> None:
        """The tap that really publishes."""
        if self.phone.fault("security-check"):  # nothing is uploaded until a person has answered
            self.go(0.6, self._ask_for_security)
            return
        if self.phone.fault("crash-on-post"):
            self._crash()
            return
        post = self._record(kind)
        landing = _LANDINGS[self.count("published") % 3]
        self.mine()["last"] = {"caption": post.caption, "title": post.title}
        self.state.pop("unfinished", None)
        self.commit(post)
        if self.stack:  # else the app did not survive its own tap
            self.go(0.6, lambda: self._landed(landing))

    def _crash(self) -> None:
        self.stop()
        self.phone.changed()
        self.phone.revive_app(lambda: self.start(seconds=0.5))

    def _ask_for_security(self) -> None:
        self._landed("home")
        self.cover(Sheet(self, "security-check"))

    def _landed(self, screen: str) -> None:
        self.draft = Draft()
        self.replace(screen)

    def uploaded(self, upload: Upload) -> None:
        self.count("posts")

    def upload_failed(self, upload: Upload) -> None:
        post = {name: getattr(upload.post, name) for name in _RETRIED}
        self.state["failed"] = {"account": upload.post.account, "post": post}

    def retry_failed(self) -> None:
        """Retry on the banner: the first try had arrived after all, so the post is there twice."""
        failed = self.state.pop("failed", None)
        for _ in range(2 if failed else 0):
            post = Post(app="tiktok", account=failed["account"], at=self.stamp(), **failed["post"])
            self.phone.publish(post)
        self.phone.changed()


TikTokScreen = Screen[TikTok]
