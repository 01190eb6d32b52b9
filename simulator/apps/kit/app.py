"""What both apps do: start, take faults and settings, know their accounts, ask for permissions, publish."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from simulator.apps.base import AppAccount, AppSpec, MediaRow, PhoneSide, Post, View
from simulator.apps.kit.sheets import Sheet, sheet_names
from simulator.apps.kit.stage import Screen, Stage, UnknownScreen
from simulator.apps.kit.upload import Upload
from simulator.apps.kit.versions import Change, Promotion


class StagedApp(Stage):
    """An app as a stack of screens."""

    platform: ClassVar[str]
    default_package: ClassVar[str]
    default_version: ClassVar[str]
    step_s: ClassVar[float] = 1.2  #: one step of an upload
    upload_class: ClassVar[type[Upload]] = Upload
    popup_names: ClassVar[tuple[str, ...]] = ()  #: `fault popup NAME`
    sheets_over: ClassVar[frozenset[str]] = frozenset()  #: the screens over which sheets come in their window
    user_ids: ClassVar[frozenset[str]] = frozenset()  #: ids of what other people wrote
    #: Options that a fault "NAME-unavailable" takes out of the app for one post.
    may_lack: ClassVar[tuple[str, ...]] = ()
    #: Switches of the form that a fault "left-on NAME" has on for one post.
    may_be_left_on: ClassVar[tuple[str, ...]] = ()
    #: Options that a fault "NAME-stuck" leaves there for one post, but what is chosen has no effect.
    may_stick: ClassVar[tuple[str, ...]] = ()
    #: What versions do otherwise than the recorded ones.
    changes: ClassVar[Mapping[str, Change]] = {}

    def __init__(self, phone: PhoneSide, spec: AppSpec) -> None:
        super().__init__(phone, spec.package or self.default_package)
        self.version = spec.version or self.default_version
        self.change = self.changes.get(self.version, Change())
        self.accounts = list(spec.accounts)
        self.seed = spec.seed
        self.popups = spec.popups
        self.popups_left = -1  #: how many random interruptions may still come; -1: any number
        self.rng = random.Random(f"{phone.serial} {self.platform} {spec.seed}")
        self.state: dict[str, Any] = {}
        self.uploads: list[Upload] = []
        self.unavailable: set[str] = set()
        self.stuck: set[str] = set()
        self.left_on: set[str] = set()
        self.load_state(spec.state)

    def t(self, key: str) -> str:
        renamed = self.change.words.get(key)
        return super().t(key) if renamed is None else self.translated(renamed, self.dutch.get(key, ""))

    # -- what an app fills in ---------------------------------------------------------------------------------

    def popups_on(self, screen: Screen[Any]) -> tuple[str, ...]:
        """The interruptions that may come by themselves when that screen is entered."""
        raise NotImplementedError

    def upload_stepped(self, upload: Upload) -> None:
        """An upload came to its next step."""

    def uploaded(self, upload: Upload) -> None:
        """An upload ended well."""

    def upload_failed(self, upload: Upload) -> None:
        """An upload ended badly."""

    @property
    def version_list(self) -> Mapping[str, str]:
        return {version: change.says for version, change in self.changes.items()}

    # -- people -----------------------------------------------------------------------------------------------

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

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

    def count(self, name: str) -> int:
        """One more of what is counted for the active account; how many there were."""
        mine = self.mine()
        before: int = mine.get(name, 0)
        mine[name] = before + 1
        return before

    def sheet_accounts(self) -> list[AppAccount]:
        """Who the account sheet lists: with a stranger logged in, only him."""
        return [self.me] if self.state.get("stranger") else self.accounts

    def switch_to(self, username: str) -> None:
        self.state["active"] = username
        self.state.pop("stranger", None)

    def maybe_wrong_account(self) -> None:
        """The start and the look at a profile are the moments for another account than expected to be logged in."""
        if not self.phone.fault("wrong-account"):
            return
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

    # -- starting and ending ----------------------------------------------------------------------------------

    def launch(self) -> None:
        if self.stack:
            self.phone.changed()
            return
        self.maybe_wrong_account()
        self.start()

    def start(self, *over_home: tuple[str, dict[str, Any]], seconds: float = 2.0) -> None:
        """The logo, then the home screen, with the named screens over it."""
        self.covers = []
        self.stack = [self.make("splash")]
        self.go(seconds, lambda: self.replace("home", *(self.make(name, **what) for name, what in over_home)))

    def stop(self) -> None:
        self._epoch += 1
        self.stack, self.covers, self.uploads = [], [], []
        self.busy = False
        for gone in ("stranger", "logged_out"):  # a person has put the account right meanwhile
            self.state.pop(gone, None)

    def entered(self, screen: Screen[Any]) -> None:
        if self.phone.fault("app-crash", screen.name):
            self.stop()
            self.phone.finish_app()
            self.phone.changed()
            return
        screen.entered()
        loads_s = float(self.state.get("editor-loads") or 0)
        if loads_s and screen.name == "editor":
            self.go(loads_s, lambda: None)
        if screen.name == self.change.promotion_on:
            self.cover(Promotion(self))
        elif self.phone.fault("unknown-screen"):
            self.cover(UnknownScreen(self))
        elif self.rng.random() < self.popups and self.popups_left:
            self.popups_left = max(-1, self.popups_left - 1)
            self.cover(self.rng.choice(self.popups_on(screen)))
        self.phone.changed()

    # -- what is shown ----------------------------------------------------------------------------------------

    def windows(self) -> list[View]:
        if self.stack:
            self._take_faults()
        windows = super().windows()
        # An upload's row or badge counts as seen when nothing covered it.
        if windows and not self.covers:
            for upload in self.uploads:
                upload.observed()
        return windows

    def finish(self, view: View) -> None:
        if not view.package:
            view.package = self.package
        view.rid = self.change.ids.get(view.rid, view.rid)
        words = self.state.get("words")
        if words and view.rid in self.user_ids:
            view.text = view.desc = words

    def _take_faults(self) -> None:
        if self.busy or self.covers:
            return
        for name in self.human_names:
            if self.phone.fault(name):
                self.cover(name)
                return
        for name in self.popup_names:
            if self.phone.fault("popup", name):
                self.cover(name)
                return
        if self.top.name in self.sheets_over:
            for name in sheet_names(self.platform):
                if self.phone.fault("popup", name):
                    self.cover(Sheet(self, name))
                    return

    # -- settings and what outlives a restart -----------------------------------------------------------------

    def configure(self, key: str, value: str) -> str:
        try:
            if key == "popups":
                self.popups = float(value)
            elif key == "popups-left":
                self.popups_left = int(value) if value.isdecimal() else int("")
            elif key == "words":  # what other people are called and write, for this app's lifetime
                self.state["words"] = value.replace("_", " ")
            elif key == "uploads-hurry":  # an upload's display goes on whether anything looks at it or not
                self.state["uploads-hurry"] = value == "on"
            elif key == "editor-loads":  # for these seconds an editor drops taps after it has come
                self.state["editor-loads"] = float(value)
            elif key == "seed":
                self.seed = int(value) if value.isdecimal() else 0
                self.rng = random.Random(f"{self.phone.serial} {self.platform} {value}")
            else:
                return f"unknown key {key}"
        except ValueError:
            return f"{key} is a number"
        return ""

    def dump_state(self) -> dict[str, Any]:
        return self.state

    def load_state(self, state: dict[str, Any]) -> None:
        self.state = dict(state)

    # -- publishing -------------------------------------------------------------------------------------------

    def take_option_faults(self) -> None:
        """A new post begins: which options it lacks, and which have no effect."""
        self.unavailable = {name for name in self.may_lack if self.phone.fault(f"{name}-unavailable")}
        self.left_on = {name for name in self.may_be_left_on if self.phone.fault("left-on", name)}
        self.stuck = {name for name in self.may_stick if self.phone.fault(f"{name}-stuck")}

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
            done=lambda: self._upload_over(upload, self.uploaded),
            failed=lambda: self._upload_over(upload, self.upload_failed),
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

    def _upload_over(self, upload: Upload, then: Callable[[Upload], None]) -> None:
        if upload in self.uploads:
            self.uploads.remove(upload)
        then(upload)

    def stamp(self) -> str:
        """The phone's time as RFC 3339."""
        now = datetime.fromtimestamp(self.phone.now(), UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def recorded(self, kind: str) -> MediaRow:
        """What the camera just took: in no media store, and no task asked for it."""
        body = f"recorded {self.phone.serial} {self.phone.now()}".encode()
        name, duration_ms = ("recorded.mp4", 3000) if kind == "video" else ("recorded.jpg", 0)
        digest = hashlib.sha256(body).hexdigest()
        return MediaRow(0, "", name, kind, len(body), digest, duration_ms, 1080, 1920, self.phone.now())


def media_record(row: MediaRow) -> dict[str, Any]:
    """How a post's record names a medium."""
    return {"name": row.name, "bytes": row.size_bytes, "sha256": row.sha256}
