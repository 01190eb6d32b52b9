"""What both simulated apps share: a stack of screens, things that lie over it, faults, accounts and uploads."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from simulator.android.locales import foreign
from simulator.apps.base import AppAccount, AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.layout import Box, fit, node
from simulator.apps.screens import Screen, UnknownScreen
from simulator.apps.sheets import sheet, sheet_names
from simulator.apps.upload import Upload

LANGUAGES = ("en", "de", "fr")


class StagedApp:
    """An app as a stack of screens."""

    platform: ClassVar[str]
    default_package: ClassVar[str]
    default_version: ClassVar[str]
    design: ClassVar[tuple[int, int]]  #: size of the recorded screens
    texts: ClassVar[Mapping[str, tuple[str, str, str]]]  #: key -> English, German, French
    step_s: ClassVar[float] = 1.2  #: one step of an upload
    upload_class: ClassVar[type[Upload]] = Upload

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        self.phone = phone
        self.package = spec.package or self.default_package
        self.version = spec.version or self.default_version
        self.accounts = list(spec.accounts)
        self.seed = spec.seed
        self.popups = spec.popups
        self.popups_left = -1  #: how many random interruptions may still come; -1: any number
        self.rng = random.Random(f"{phone.serial} {self.platform} {spec.seed}")
        self.state: dict[str, Any] = {}
        self.stack: list[Screen] = []
        self.covers: list[Screen] = []  #: interruptions and human-needed screens, over everything
        self.busy = False  #: between two screens: taps are lost
        self.uploads: list[Upload] = []
        self._epoch = 0
        self.load_state(spec.state)

    # -- what an app fills in ---------------------------------------------------------------------------------

    def home(self) -> Screen:
        raise NotImplementedError

    def splash(self) -> Screen:
        raise NotImplementedError

    def popup(self, name: str) -> Screen:
        """The interruption of that name."""
        raise NotImplementedError

    def popups_on(self, screen: Screen) -> tuple[str, ...]:
        """The interruptions that may come by themselves when that screen is entered."""
        raise NotImplementedError

    def human(self, name: str) -> Screen:
        """The screen that needs a person, by its fault's name."""
        raise NotImplementedError

    popup_names: ClassVar[tuple[str, ...]] = ()  #: `fault popup NAME`
    human_names: ClassVar[tuple[str, ...]] = ()
    sheets_over: ClassVar[frozenset[str]] = frozenset()  #: the screens over which sheets come in their window
    user_ids: ClassVar[frozenset[str]] = frozenset()  #: ids of what other people wrote

    def frame(self, children: list[View]) -> View:
        """The window around the screens' views."""
        width, height = self.design
        return node("FrameLayout", (0, 0, width, height)).holding(*children)

    def extra_windows(self) -> list[View]:
        """Windows over the app's main one (an upload badge)."""
        return []

    def finish(self, view: View) -> None:
        """Last touch on every view (renamed ids)."""
        if not view.package:
            view.package = self.package
        words = self.state.get("words")
        if words and view.rid in self.user_ids:
            view.text = view.desc = words

    def upload_stepped(self, upload: Upload) -> None:
        """An upload came to its next step."""

    def uploaded(self, upload: Upload) -> None:
        """An upload ended well."""

    def upload_failed(self, upload: Upload) -> None:
        """An upload ended badly."""

    # -- words and people -------------------------------------------------------------------------------------

    def t(self, key: str) -> str:
        """A text in the app's language."""
        language = self.phone.language_of(self.package)
        return (
            self.texts[key][LANGUAGES.index(language)]
            if language in LANGUAGES
            else foreign(self.texts[key][0])
        )

    @property
    def me(self) -> AppAccount:
        stranger = self.state.get("stranger")
        if stranger:
            return AppAccount(stranger, stranger.title())
        active = self.state.get("active", "")
        return next((a for a in self.accounts if a.username == active), self.accounts[0])

    def mine(self) -> dict[str, Any]:
        """What the app keeps for the active account."""
        per_account = self.state.setdefault("per_account", {})
        kept: dict[str, Any] = per_account.setdefault(self.me.username, {})
        return kept

    def switch_to(self, username: str) -> None:
        self.state["active"] = username
        self.state.pop("stranger", None)

    def be_wrong_account(self) -> None:
        others = [a.username for a in self.accounts if a.username != self.me.username]
        if others:
            self.switch_to(others[0])
        else:
            self.state["stranger"] = "stranger_01"

    def permitted(self, names: list[str], then: Callable[[bool], None]) -> None:
        """Ask Android for each permission that is missing, one dialog after the other."""
        missing = [n for n in names if not self.phone.granted(self.package, f"android.permission.{n}")]
        if not missing:
            then(True)
            return

        def answered(granted: bool) -> None:
            if len(missing) > 1:
                self.permitted(missing[1:], lambda rest: then(granted and rest))
            else:
                then(granted)

        self.phone.ask_permission(self.package, f"android.permission.{missing[0]}", answered)

    def media_permission(self, *kinds: str) -> list[str]:
        """What reading media of these kinds needs on this Android."""
        if self.phone.sdk < 33:
            return ["READ_EXTERNAL_STORAGE"]
        return [f"READ_MEDIA_{'VIDEO' if kind == 'video' else 'IMAGES'}" for kind in kinds]

    # -- moving between screens -------------------------------------------------------------------------------

    @property
    def top(self) -> Screen:
        return self.stack[-1]

    @property
    def screen(self) -> str:
        if self.covers:
            return self.covers[-1].name
        return self.stack[-1].name if self.stack else "stopped"

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it later unless the app was stopped in between."""
        epoch = self._epoch

        def run() -> None:
            if epoch == self._epoch:
                action()
                self.phone.changed()

        self.phone.after(seconds, run)

    def go(self, seconds: float, action: Callable[[], None]) -> None:
        """A transition: the screen stays as it is and takes no taps until `action`."""
        self.busy = True
        self.phone.show_keyboard(False)

        def arrive() -> None:
            self.busy = False
            action()

        self.later(seconds, arrive)

    def push(self, screen: Screen) -> None:
        self.stack.append(screen)
        self._entered(screen)

    def pop(self) -> None:
        if len(self.stack) > 1:
            self.stack.pop()
        self.phone.show_keyboard(False)
        self.phone.changed()

    def replace(self, *screens: Screen) -> None:
        """These screens, and nothing under them."""
        self.stack = list(screens)
        self.phone.show_keyboard(False)
        self._entered(screens[-1])

    def cover(self, screen: Screen) -> None:
        self.covers.append(screen)
        screen.entered()
        self.phone.show_keyboard(False)
        if self.stack:
            self.stack[-1].keyboard_gone()
        self.phone.changed()

    def uncover(self) -> None:
        if self.covers:
            self.covers.pop()
        self.phone.changed()

    def crash(self) -> None:
        """The app dies: Android shows the launcher."""
        self.stop()
        self.phone.finish_app()
        self.phone.changed()

    def _entered(self, screen: Screen) -> None:
        if self.phone.fault("app-crash", screen.name):
            self.crash()
            return
        screen.entered()
        loads_s = float(self.state.get("editor-loads") or 0)
        if loads_s and screen.name == "editor":
            self.go(loads_s, lambda: None)
        if self.phone.fault("unknown-screen"):
            self.cover(UnknownScreen(self))
        elif self.rng.random() < self.popups and self.popups_left:
            self.popups_left = max(-1, self.popups_left - 1)
            self.cover(self.popup(self.rng.choice(self.popups_on(screen))))
        self.phone.changed()

    # -- App --------------------------------------------------------------------------------------------------

    def launch(self) -> None:
        if self.stack:
            self.phone.changed()
            return
        self._arrive_from_outside()
        self.stack = [self.splash()]
        self.go(2.0, lambda: self.replace(self.home()))

    def _arrive_from_outside(self) -> None:
        if self.phone.fault("wrong-account"):
            self.be_wrong_account()

    def stop(self) -> None:
        self._epoch += 1
        self.stack, self.covers, self.uploads = [], [], []
        self.busy = False
        self.state.pop("stranger", None)  # a person has put the account right meanwhile

    def windows(self) -> list[View]:
        if not self.stack:
            return []
        self._take_faults()
        # An upload's row or badge counts as seen when nothing covered it.
        front = self.covers[-1:] or self.stack[-1:]
        if front[0].dialog:
            windows = front[0].views()
        else:
            layers = list(front) if self.covers and not front[0].layered else self._layers()
            # A sheet in the app's own window is written before what it covers, and drawn after it.
            over = list(front) if self.covers and front[0].layered else []
            windows = [
                self.frame([view for screen in (*over, *layers) for view in screen.views()]),
                *self.extra_windows(),
            ]
        sx, sy = self.phone.width / self.design[0], self.phone.height / self.design[1]
        screen = (0, 0, self.phone.width, self.phone.height)
        fitted = [fit(window, sx, sy, self._finish, screen) for window in windows]
        if not self.covers:
            for upload in self.uploads:
                upload.observed()
        return fitted

    def _layers(self) -> list[Screen]:
        shown: list[Screen] = []
        for screen in reversed(self.stack):
            shown.insert(0, screen)
            if not screen.layered:
                break
        return shown

    def _finish(self, view: View) -> None:
        if self.busy:
            view.on_tap = view.on_tap_at = view.on_text = view.on_enter = None
            view.on_scroll = view.on_drag = None
        self.finish(view)

    def _take_faults(self) -> None:
        if self.busy or self.covers:
            return
        for name in self.human_names:
            if self.phone.fault(name):
                self.cover(self.human(name))
                return
        for name in self.popup_names:
            if self.phone.fault("popup", name):
                self.cover(self.popup(name))
                return
        if self.top.name in self.sheets_over:
            for name in sheet_names(self.platform):
                if self.phone.fault("popup", name):
                    self.cover(sheet(self, name))
                    return

    def back(self) -> None:
        if self.busy or not self.stack:
            return
        (self.covers[-1] if self.covers else self.stack[-1]).back()
        self.phone.changed()

    def keyboard_gone(self) -> None:
        if self.stack:
            self.stack[-1].keyboard_gone()
            self.phone.changed()

    def configure(self, key: str, value: str) -> str:
        if key == "popups":
            try:
                self.popups = float(value)
            except ValueError:
                return "popups is a chance between 0 and 1"
            return ""
        if key == "popups-left":
            if not value.isdigit():
                return "popups-left is a number"
            self.popups_left = int(value)
            return ""
        if key == "words":  # what other people are called and write, for this app's lifetime
            self.state["words"] = value.replace("_", " ")
            return ""
        if key == "uploads-hurry":  # an upload's display goes on whether anything looks at it or not
            self.state["uploads-hurry"] = value == "on"
            return ""
        if key == "editor-loads":  # so many seconds an editor drops taps after it has come
            try:
                self.state["editor-loads"] = float(value)
            except ValueError:
                return "editor-loads is a number of seconds"
            return ""
        if key == "seed":
            self.seed = int(value) if value.isdigit() else 0
            self.rng = random.Random(f"{self.phone.serial} {self.platform} {value}")
            return ""
        return f"unknown key {key}"

    def dump_state(self) -> dict[str, Any]:
        return self.state

    def load_state(self, state: dict[str, Any]) -> None:
        self.state = dict(state)

    # -- publishing -------------------------------------------------------------------------------------------

    def commit(self, post: Post) -> None:
        """The platform takes the post now; the upload's display follows, unless a fault says otherwise."""
        outcome = "done"
        if self.phone.fault("upload-fail"):
            outcome = "fail"
        elif self.phone.fault("upload-stall"):
            outcome = "stall"
        else:
            self.phone.publish(post)
        upload = self.upload_class(
            post,
            later=self.later,
            step_s=self.step_s,
            done=lambda: self._upload_over(upload, failed=False),
            failed=lambda: self._upload_over(upload, failed=True),
            stepped=lambda: self.upload_stepped(upload),
            outcome=outcome,
            media_there=lambda: self._media_there(post),
            waits=not self.state.get("uploads-hurry"),
        )
        self.uploads.append(upload)
        upload.start()

    def _media_there(self, post: Post) -> bool:
        there = {row.sha256 for row in self.phone.media()}
        return all(entry["sha256"] in there or entry["name"].startswith("recorded") for entry in post.media)

    def _upload_over(self, upload: Upload, *, failed: bool) -> None:
        if upload in self.uploads:
            self.uploads.remove(upload)
        if failed:
            self.upload_failed(upload)
        else:
            self.uploaded(upload)

    def stamp(self) -> str:
        """The phone's time as RFC 3339."""
        return (
            datetime.fromtimestamp(self.phone.now(), UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )

    def full(self) -> Box:
        width, height = self.design
        return 0, 0, width, height


def media_record(row: MediaRow) -> dict[str, Any]:
    """How a post's record names a medium."""
    return {"name": row.name, "bytes": row.size_bytes, "sha256": row.sha256}
