"""A film of screens: trees taken from the simulated apps, shown one after the other by the clock; touches are noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.apps import APPS
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.flow import Flow
from jobs.task.attempt import Verdict
from simulator.apps.base import Post
from simulator.apps.instagram.core import ReelUpload
from simulator.apps.kit.sheets import Sheet
from simulator.apps.kit.stage import UnknownScreen
from simulator.apps.kit.upload import Upload
from storage.records import MediaFile, Stage
from tests.support.app_phone import AppPhone
from tests.support.post_stage import AppStage


class FilmPhone(AppPhone):
    """Shows `film`: each screen from its second on, counted from the first look. Taps lead where `leads` says."""

    def __init__(self, platform: str, film: Mapping[float, str]) -> None:
        super().__init__(platform)
        self.film = dict(film)
        self.screens = tiktok if platform == "tiktok" else instagram
        self.begun: float | None = None
        self.leads: dict[str, str] = {}  #: screen on which anything is tapped -> the screen that follows
        self.taps: list[str] = []  #: the screens on which something was tapped
        self.display.front = self.package

    def at(self) -> str:
        """The screen that is shown now."""
        if self.begun is None:
            self.begun = self.time.at
        passed = self.time.at - self.begun
        return self.film[max(second for second in self.film if second <= passed + 1e-6)]

    def call(self, name: str, shown: str = "") -> None:
        if name in self.lost:
            raise self.lost[name]
        if shown:
            self.told.append(shown)

    def _tree(self) -> UiTree:
        return self.screens(self.at())

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        self.call("observe_change")
        self.at()
        assert self.begun is not None
        end = self.time.at + timeout_s
        while self._tree().same_as(last):
            coming = [self.begun + second for second in self.film if self.begun + second > self.time.at]
            if not coming or min(coming) > end:
                self.time.at = end
                break
            self.time.at = min(coming)
        return self._tree()

    def tap(self, x: int, y: int) -> None:
        self.call("tap")
        at = self.at()
        self.taps.append(at)
        if at in self.leads:
            assert self.begun is not None
            self.film[self.time.at - self.begun] = self.leads[at]

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None:
        self.call("swipe", "swipe up" if y2 < y1 else "swipe down")

    def press(self, key: str) -> None:
        self.call("press", f"key {key}")
        self.taps.append(f"{key} on {self.at()}")


class Seen(NamedTuple):
    """What a film leads to, and after how many seconds; where a tap on a screen leads, and on which screens taps fall."""

    film: dict[float, str]
    outcome: str
    code: str
    says: str
    after_s: float
    leads: dict[str, str] = {}  # noqa: RUF012 - read only
    taps: tuple[str, ...] = ()


VIDEO = MediaFile(
    path="/clip.mp4", name="clip.mp4", sha256="02" * 32, size_bytes=9, kind="video", duration_s=5.0
)
IMAGE = MediaFile(path="/a.jpg", name="a.jpg", sha256="03" * 32, size_bytes=9, kind="image")


class FilmStage(AppStage):
    """A task whose post was just sent, or is looked for, while a film runs on the phone."""

    phone: FilmPhone

    def __init__(
        self, platform: str, film: Mapping[float, str], *, media: MediaFile = VIDEO, **task: Any
    ) -> None:
        super().__init__(platform, (media,), on=FilmPhone(platform, film), **task)

    @classmethod
    def after_crash(
        cls,
        platform: str,
        film: Mapping[float, str],
        *,
        noted: Mapping[str, Any] | None = None,
        before: dict[str, int] | None = None,
        sent: bool = True,
        passed_s: float = 0.0,
        leads: dict[str, str] | None = None,
        **task: Any,
    ) -> FilmStage:
        """A task whose attempt was cut off behind its commit point.

        Args:
            platform: which app.
            film: what the phone shows.
            noted: what the attempt noted of the app before its tap; None where it noted nothing.
            before: the indicators that it noted.
            sent: whether it noted that the tap was sent.
            passed_s: how long ago it was cut off.
            leads: where taps lead.
            task: of the task and its form.
        """
        stage = cls(platform, film, **task)
        stage.phone.leads.update(leads or {})
        stage.attempt.task = msgspec.structs.replace(
            stage.attempt.task, stage=Stage.VERIFYING if sent else Stage.COMMITTING
        )
        if noted is not None:
            memory = DraftMemory(stage.memory, stage.phone.serial, stage.phone.package)
            at = stage.phone.time.now() - passed_s
            memory.note_before(stage.attempt.task.id, before or {}, at=at, **noted)
        return stage

    def flow(self, **posting: Any) -> Flow:
        return self.script(**posting)._flow(self.attempt, self.phone)

    def watched(
        self, *, before: dict[str, int] | None = None, bend: Callable[[Any], None] = bool, **posting: Any
    ) -> Verdict:
        """What the watch after the publishing tap makes of the film. `before`: the indicators that were noted; `bend` the flow."""
        flow = self.flow(**posting)
        flow.earlier_indicators = {} if before is None else before
        bend(flow)
        sight = flow.driver.observe()
        return APPS[self.phone.app.platform].watch(flow).run(sight)

    def agrees(self, seen: Seen, verdict: Verdict) -> None:
        """Assert that the film led to what is expected of it, at its second, with these taps alone."""
        code = verdict.error.code if verdict.error else ""
        assert (verdict.outcome, code, verdict.remark) == (seen.outcome, seen.code, seen.says)
        assert self.took_s() == pytest.approx(seen.after_s)
        assert self.phone.taps == list(seen.taps)
        assert self.published == 0


def _taken(
    platform: str,
    screen: str,
    *,
    cover: str = "",
    sheet: str = "",
    mine: dict[str, Any] | None = None,
    words: str = "",
    editing: bool = False,
    typing: bool = False,
    photos: bool = False,
    phase: int | None = None,
    says: tuple[tuple[str, str], ...] = (),
    about: str = "",
    **state: Any,
) -> UiTree:
    """The tree of an app on one of its screens.

    Args:
        platform: which app.
        screen: the name of the screen.
        cover: a dialog over it.
        sheet: a sheet over it, in the app's own window.
        mine: what the app keeps for its account.
        words: what stands in the form.
        editing: the form's caption is being edited.
        typing: its description has the focus.
        photos: it is no video.
        phase: how far an upload is that runs.
        says: texts of the screen, each with what stands there instead.
        about: what the account says of itself, below the button of TikTok's own profile.
        state: what else the app keeps.
    """
    phone = AppPhone(platform)
    phone.display.front = phone.package
    app: Any = phone.app
    app.state.update(state)
    app.mine().update(mine or {})
    if platform == "tiktok":
        app.compose()
        app.draft.description = words
        if photos:
            phone.add_row("/sdcard/DCIM/Camera/a.jpg")
            app.draft.media = phone.media()
    else:
        app.compose("reel")
        app.draft.caption = words
    app.replace(screen)
    if editing:
        app.top.editing = True
    if typing:
        app.top.focus, app.top.typing = "description", True
    if phase is not None:
        app.uploads = [_running(platform, phase)]
    if cover:
        app.cover(cover)
    if sheet:
        app.cover(UnknownScreen(app) if sheet == "unknown" else Sheet(app, sheet))
    tree = AppPhone._tree(phone)
    for before, instead in says:
        tree = parse_xml(tree.source.replace(f'"{before}"', f'"{instead}"'))
    if about:
        (button,) = re.findall(r'<node [^>]*text="Edit profile"[^>]*/>', tree.source)
        words = button.replace("Edit profile", about).replace("[250,920][830,1030]", "[250,1050][830,1120]")
        tree = parse_xml(tree.source.replace(button, button + words))
    return tree


def _running(platform: str, phase: int) -> Upload:
    kind, app = ("video", Upload) if platform == "tiktok" else ("reel", ReelUpload)
    upload = app(
        Post(app=platform, account="demo_01", kind=kind, caption="", media=[]),
        later=lambda *_: None,
        step_s=1.0,
        done=lambda: None,
        failed=lambda: None,
        stepped=lambda: None,
    )
    upload._step = phase
    return upload


OURS = "Hello #world"
_TIKTOK: dict[str, dict[str, Any]] = {
    "home": {"screen": "home"},
    "friends": {"screen": "friends"},
    "profile": {"screen": "profile"},
    "profile with a handle for a name": {"screen": "profile", "says": (("Demo One", "@demo_02"),)},
    "profile with its own handle for a name": {"screen": "profile", "says": (("Demo One", "@Demo_01"),)},
    "profile with a handle in its words": {"screen": "profile", "about": "@demo_02"},
    "profile with a handle in its words alone": {
        "screen": "profile",
        "says": (("@demo_01", "demo_01"),),
        "about": "@demo_02",
    },
    "account sheet": {"screen": "account-sheet"},
    "account sheet with another name": {"screen": "account-sheet", "says": (("Demo One", "Demo Two"),)},
    "form": {"screen": "post", "words": OURS},
    "editor": {"screen": "editor"},
    "templates": {"screen": "create-tab"},
    "empty form": {"screen": "post"},
    "form with focus": {"screen": "post", "words": OURS + " ", "typing": True},
    "photo form": {"screen": "post", "words": OURS, "photos": True},
    "photo form with focus": {"screen": "post", "words": OURS, "photos": True, "typing": True},
    "another form": {"screen": "post", "words": "something else"},
    "own post": {"screen": "own-post", "mine": {"last": {"caption": OURS}}},
    "the same post of before": {
        "screen": "own-post",
        "mine": {"last": {"caption": OURS}},
        "says": (("· 2s ago", "· 3m ago"),),
    },
    "own post without words": {"screen": "own-post"},
    "a friend's post": {"screen": "own-post", "mine": {"last": {"caption": "Good morning"}}},
    "uploading": {"screen": "home", "phase": 1},
    "failed": {"screen": "home", "failed": {"account": "demo_01", "post": {}}},
    "blocked": {"screen": "post", "words": OURS, "cover": "account-blocked"},
    "login": {"screen": "home", "cover": "login"},
    "security check": {"screen": "home", "sheet": "security-check"},
    "publicly?": {"screen": "post", "words": OURS, "cover": "publish-publicly"},
    "contacts?": {"screen": "home", "cover": "contacts"},
    "contacts over form": {"screen": "post", "words": OURS, "cover": "contacts"},
    "sheet over home": {"screen": "home", "sheet": "add-phone"},
    "notifications?": {"screen": "home", "cover": "notifications"},
    "uploading in another way": {"screen": "home", "says": (("Following", "Uploading… 12%"),)},
    "a percentage on top": {"screen": "home", "says": (("Following", "37%"),)},
    "mobile data?": {
        "screen": "home",
        "cover": "notifications",
        "says": (("Turn on notifications?", "Upload over mobile data?"),),
    },
    "sheet over form": {"screen": "post", "words": OURS, "sheet": "add-phone"},
    "unknown": {"screen": "home", "sheet": "unknown"},
    "splash": {"screen": "splash"},
}
_OFFER = (("Get more from your next reel", "Now that your reel was posted, boost it"),)
_ROUGHLY = (("8", "1.2K"), ("8posts", "1.2Kposts"))
_EIGHT = {"tiles": ["reel"] * 8, "shown": ["reel"] * 8}
_NEWER = {"tiles": ["photo", *["reel"] * 7], "shown": ["photo", *["reel"] * 7]}
_INSTAGRAM: dict[str, dict[str, Any]] = {
    "offer for the post": {"screen": "home", "sheet": "offer", "says": _OFFER},
    "offer over form": {"screen": "share", "words": OURS, "sheet": "offer", "says": _OFFER},
    "home": {"screen": "home"},
    "home with own story": {"screen": "home", "mine": {"story": True}},
    "uploading": {"screen": "home", "phase": 1},
    "posted": {"screen": "home", "phase": 4},
    "failed": {"screen": "home", "failed_row": True},
    "reels": {"screen": "reels"},
    "reels uploading": {"screen": "reels", "phase": 1},
    "profile of 8": {"screen": "profile", "mine": _EIGHT},
    "profile of 9": {"screen": "profile", "mine": {"tiles": ["reel"] * 9, "shown": ["reel"] * 9}},
    "another account's profile of 9": {
        "screen": "profile",
        "mine": {"tiles": ["reel"] * 9, "shown": ["reel"] * 9},
        "says": (("demo_01", "demo_02"),),
    },
    "profile of some": {"screen": "profile", "mine": _EIGHT, "says": _ROUGHLY},
    "profile of some with a new tile": {"screen": "profile", "mine": _NEWER, "says": _ROUGHLY},
    "profile of 8 with a new tile": {"screen": "profile", "mine": _NEWER},
    "form": {"screen": "share", "words": OURS},
    "another form": {"screen": "share", "words": "something else"},
    "caption editor": {"screen": "share", "words": OURS, "editing": True},
    "story form": {"screen": "story-editor"},
    "story sheet": {"screen": "story-share-sheet"},
    "limited": {"screen": "share", "words": OURS, "cover": "limited-reach"},
    "a notice after Share": {"screen": "share", "words": OURS, "cover": "as-reels"},
    "restricted": {"screen": "home", "cover": "try-again-later"},
    "sheet over home": {"screen": "home", "sheet": "offer"},
    "sheet over form": {"screen": "share", "words": OURS, "sheet": "offer"},
    "unknown": {"screen": "home", "sheet": "unknown"},
}


@cache
def tiktok(name: str) -> UiTree:
    """A screen of TikTok by the name that these tests give it."""
    return AppPhone._tree(AppPhone("tiktok")) if name == "launcher" else _taken("tiktok", **_TIKTOK[name])


@cache
def instagram(name: str) -> UiTree:
    """A screen of Instagram by the name that these tests give it."""
    return _taken("instagram", **_INSTAGRAM[name])
