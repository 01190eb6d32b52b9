"""TikTok: what holds its screens together, takes its intents and publishes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from simulator.apps.base import AppAccount, AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.layout import node
from simulator.apps.screens import Screen
from simulator.apps.sheets import sheet
from simulator.apps.stage import StagedApp, media_record
from simulator.apps.tiktok import ids
from simulator.apps.tiktok.draft import Draft, auto_sound
from simulator.apps.tiktok.texts import TEXTS
from simulator.apps.upload import Upload

SHARE = "com.ss.android.ugc.aweme.share.SystemShareActivity"
SPLASH = "com.ss.android.ugc.aweme.splash.SplashActivity"
_STREAM = "android.intent.extra.STREAM"
_GRANT_READ = 0x1
_CLEAR_TASK = 0x8000
_SOUND_LINK = re.compile(r"^/(?:[a-z-]+/)?music/(.*?)-?(\d+)$")

_TABS = ("home", "friends", "own-post", "profile", "inbox")

#: Options that a fault "<name>-unavailable" takes out of the app for one post; "<name>-stuck" leaves them there, but
#: what is chosen has no effect.
OPTIONS = ("sound", "volume", "product", "ai-label")


class TikTokApp(StagedApp):
    """The app. `draft` is the post under way."""

    platform = "tiktok"
    default_package = "com.zhiliaoapp.musically"
    default_version = "43.1.4"
    design = (1080, 2400)
    texts: ClassVar[Mapping[str, tuple[str, str, str]]] = TEXTS
    popup_names = (
        "contacts",
        "notifications",
        "widget",
        "eea",
        "link-email",
        "collections",
        "follow-friends",
        "followed-together",
    )
    human_names = ("login", "captcha", "banned")
    sheets_over = frozenset({"home", "friends", "own-post", "editor"})
    user_ids = frozenset({"title", "desc"})

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        self.draft = Draft()
        self.unavailable: set[str] = set()
        self.stuck: set[str] = set()
        self.public = True  #: everyone may see the post
        super().__init__(phone, spec)

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def home(self) -> Screen:
        from simulator.apps.tiktok.home import Home

        return Home(self)

    def splash(self) -> Screen:
        from simulator.apps.tiktok.home import Splash

        return Splash(self)

    def popup(self, name: str) -> Screen:
        from simulator.apps.tiktok.interruptions import popup

        return popup(self, name)

    def popups_on(self, screen: Screen) -> tuple[str, ...]:
        anywhere = ("contacts", "notifications", "eea", "link-email", "collections", "follow-friends")
        return (*anywhere, "widget", "followed-together") if screen.name in _TABS else anywhere

    def human(self, name: str) -> Screen:
        from simulator.apps.tiktok.human import human

        return human(self, name)

    def frame(self, children: list[View]) -> View:
        return node("FrameLayout", (0, 0, 1080, 2400)).holding(
            node("LinearLayout", (0, 0, 1080, 2337)).holding(
                node("FrameLayout#android:id/content").holding(
                    node("FrameLayout").holding(
                        node("LinearLayout#us"), node("FrameLayout#s8e").holding(*children)
                    )
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
        box = (32, 284, 150, 442)
        return [
            node("ViewGroup#ub1", box).holding(
                node("ImageView#ub2"),
                node("View#ub3"),
                node("FrameLayout#ub4", (37, 309, 146, 418)).holding(
                    node("View#ub5"),
                    node(
                        "TextView", (56, 344, 127, 383), rid=self._badge_id(), text=f"{running[0].percent}%"
                    ),
                ),
            )
        ]

    def _badge_id(self) -> str:
        return "tvProgress" if self.version.startswith("46") else "x44"

    def note_profile(self) -> None:
        """The profile is looked at: the moment for another account to be logged in than expected."""
        if self.phone.fault("wrong-account"):
            self.be_wrong_account()

    def sheet_accounts(self) -> list[AppAccount]:
        """Who the account sheet lists: with a stranger logged in, only him."""
        return [self.me] if self.state.get("stranger") else self.accounts

    # -- the composer -----------------------------------------------------------------------------------------

    def compose(self) -> None:
        """A new post begins: what an unfinished one left in the description comes back."""
        self.draft = Draft()
        unfinished = self.state.get("unfinished") or {}
        self.draft.description = unfinished.get("description", "")
        self.draft.title = unfinished.get("title", "")
        self.unavailable = {name for name in OPTIONS if self.phone.fault(f"{name}-unavailable")}
        self.stuck = {name for name in OPTIONS if self.phone.fault(f"{name}-stuck")}
        self.public = not self.phone.fault("not-everyone")

    def edit(self, rows: list[MediaRow]) -> Screen:
        """The editor with these media in it."""
        from simulator.apps.tiktok.editor import Editor

        self.draft.media = list(rows)
        if not self.draft.chosen_sound:
            self.draft.sound = auto_sound(rows)
        return Editor(self)

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
        mine = self.mine()
        mine["drafts"] = mine.get("drafts", 0) + 1
        self.forget_draft()

    def stop(self) -> None:
        if self.composing():
            self.keep_unfinished()
        super().stop()
        self.draft = Draft()

    def record(self, kind: str) -> Post:
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
        from simulator.apps.tiktok.home import Friends, Home, OwnPost

        if self.phone.fault("security-check"):  # nothing is uploaded until a person has answered
            self.go(0.6, self._ask_for_security)
            return
        post = self.record(kind)
        mine = self.mine()
        landing = mine.get("published", 0)
        mine["published"] = landing + 1
        mine["last"] = {"caption": post.caption, "title": post.title}
        self.state.pop("unfinished", None)
        self.commit(post)
        if not self.stack:
            return  # the app did not survive its own tap
        where = (Friends, OwnPost, Home)[landing % 3]
        self.go(0.6, lambda: self._landed(where(self)))

    def _ask_for_security(self) -> None:
        self._landed(self.home())
        self.cover(sheet(self, "security-check"))

    def _landed(self, screen: Screen) -> None:
        self.draft = Draft()
        self.replace(screen)

    def uploaded(self, upload: Upload) -> None:
        mine = self.mine()
        mine["posts"] = mine.get("posts", 0) + 1

    def upload_failed(self, upload: Upload) -> None:
        self.state["failed"] = {
            "account": upload.post.account,
            "post": {
                name: getattr(upload.post, name)
                for name in ("kind", "caption", "title", "media", "sound", "ai_label", "product_link")
            },
        }

    def retry_failed(self) -> None:
        """Retry on the banner: the first try had arrived after all, so the post is there twice."""
        failed = self.state.pop("failed", None)
        if failed:
            for _ in range(2):
                self.phone.publish(
                    Post(
                        app="tiktok",
                        account=failed["account"],
                        at=self.stamp(),
                        **cast("Any", failed["post"]),
                    )
                )
        self.phone.changed()

    # -- intents ----------------------------------------------------------------------------------------------

    def intent(
        self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int
    ) -> str:
        cls = component.rpartition("/")[2]
        if cls.startswith("."):
            cls = self.package + cls
        if action.endswith(".SEND_MULTIPLE"):
            # `am` cannot pass a list of uris: the app finds nothing to share.
            return self._shared("", flags)
        if action.endswith(".SEND"):
            if cls and cls != SHARE:
                return f"Error type 3\nError: Activity class {{{component}}} does not exist."
            return self._shared(extras.get(_STREAM, "") or data, flags)
        if action.endswith(".VIEW"):
            return self._viewed(data)
        if cls and cls not in (SPLASH, self.package + ".MainActivity"):
            return f"Error type 3\nError: Activity class {{{component}}} does not exist."
        if flags & _CLEAR_TASK:
            self._clear()
        self.launch()
        return ""

    def _clear(self) -> None:
        if self.composing():
            self.keep_unfinished()
        self.stack, self.covers = [], []

    def _shared(self, uri: str, flags: int) -> str:
        from simulator.apps.tiktok.share import PhotoShare

        self._arrive_from_outside()
        if flags & _CLEAR_TASK:
            self._clear()
        elif self.composing():
            return ""  # the post left half-way comes to the front instead
        row = self.phone.media_by_uri(uri) if uri.startswith("content://") else None
        readable = row is not None and (
            flags & _GRANT_READ
            or all(
                self.phone.granted(self.package, f"android.permission.{name}")
                for name in self.media_permission(row.kind)
            )
        )
        self.covers = []
        self.stack = [self.splash()]
        if row is None or not readable:
            self.go(2.0, lambda: self.replace(self.home()))
            return ""
        self.compose()
        if row.kind == "image":
            self.go(2.0, lambda: self.replace(self.home(), PhotoShare(self, row)))
        else:
            self.go(2.5, lambda: self.replace(self.home(), self.edit([row])))
        return ""

    def _viewed(self, url: str) -> str:
        from simulator.apps.tiktok.search import SoundPage

        parts = urlsplit(url)
        if not (parts.hostname or "").endswith("tiktok.com"):
            return f"Error: Activity not started, unable to resolve Intent {{ act=android.intent.action.VIEW dat={url} }}"
        self._arrive_from_outside()
        match = _SOUND_LINK.match(parts.path)
        base = self.stack or [self.splash()]
        self.stack = base[:1]
        if match:
            title = match.group(1).replace("-", " ").strip() or f"sound {match.group(2)}"
            self.go(2.0, lambda: self.replace(self.home(), SoundPage(self, title)))
        else:
            self.go(2.0, lambda: self.replace(self.home()))
        return ""
