"""Loop as a simulated phone draws it, with the simulator's own kit."""

from __future__ import annotations

from typing import Any, ClassVar

from simulator.apps.base import MediaRow, Post, View
from simulator.apps.kit.app import StagedApp, media_record
from simulator.apps.kit.layout import field, node
from simulator.apps.kit.stage import Screen, Splash
from tests.support.toy.app import PLATFORM


class Tabs(Screen["LoopApp"]):
    """A bar of tabs, over which another says when a post is up."""

    name = "home"

    def views(self) -> list[View]:
        app = self.app
        return [
            node("TextView#bar", (0, 2000, 1080, 2080), text=app.bar),
            node("TextView#tab_profile C", (0, 2250, 400, 2400), text="Profile", tap=lambda: app.replace("profile")),
            node("TextView#new C", (600, 2250, 1080, 2400), text="New", tap=lambda: app.push("picker")),
        ]  # fmt: skip


class Profile(Tabs):
    """The own profile names the account."""

    name = "profile"

    def views(self) -> list[View]:
        return [*super().views(), node("TextView#name", (0, 200, 600, 300), text=f"@{self.app.me.username}")]


class Picker(Screen["LoopApp"]):
    """The files of the phone, one a row, newest first."""

    name = "picker"

    def _row(self, number: int, row: MediaRow) -> View:
        top = 200 * number + 200
        box = (0, top, 1080, top + 180)
        return node("TextView#cell C", box, text=row.name, tap=lambda: self.app.push("form", row=row))

    def views(self) -> list[View]:
        return [self._row(number, row) for number, row in enumerate(self.app.phone.media())]


class Form(Screen["LoopApp"]):
    """One field for the caption, and the button that publishes."""

    name = "form"

    def __init__(self, app: LoopApp, row: MediaRow) -> None:
        super().__init__(app)
        self._row = row
        self._caption = ""
        self._focused = False

    def views(self) -> list[View]:
        return [
            node("TextView#publish C", (600, 100, 1080, 250), text="Publish", tap=self._publish),
            field(
                (0, 300, 1080, 600), rid="caption", hint="Say something", content=self._caption,
                focused=self._focused, tap=self._focus, write=self._write,
            ),
        ]  # fmt: skip

    def _focus(self) -> None:
        self._focused = True
        self.keyboard(shown=True)

    def _write(self, text: str) -> None:
        self._caption = text
        self.changed()

    def _publish(self) -> None:
        app = self.app
        post = Post(PLATFORM, app.me.username, "video", self._caption, [media_record(self._row)])
        app.go(1.0, lambda: app.replace("home"))
        app.commit(post)


class LoopApp(StagedApp):
    """Home and profile, a list of files, and a form."""

    platform = PLATFORM
    default_package = "com.example.loop"
    default_version = "1.0"
    design = (1080, 2400)
    content = (0, 0, 1080, 2400)
    logo = (300, 1000, 780, 1400)
    texts: ClassVar[dict[str, tuple[str, str, str]]] = {}
    screens: ClassVar[dict[str, Any]] = {
        "splash": Splash,
        "home": Tabs,
        "profile": Profile,
        "picker": Picker,
        "form": Form,
    }
    dialogs: ClassVar[dict[str, Any]] = {}
    bar = ""

    def frame(self, children: list[View]) -> View:
        return node("FrameLayout", self.content).holding(*children)

    def uploaded(self, upload: Any) -> None:
        self.bar = "Your loop is up"
        self.phone.changed()
