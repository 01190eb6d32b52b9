"""A small app and a phone without adb, for the tests of the simulator's parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.adb import services
from simulator.apps.base import AppAccount, AppSpec, PhoneSide, Post, View
from simulator.phone import Phone, PhoneSpec
from simulator.shell import commands
from simulator.shell.process import Process
from simulator.shell.runner import Shell
from simulator.shell.streams import Buffer

commands.load()

PACKAGE = "com.example.notes"


@dataclass(eq=False)
class NotesApp:
    """One screen: a text field, a button that publishes what it holds, a counter that can be scrolled."""

    phone: PhoneSide
    spec: AppSpec
    package: str = PACKAGE
    platform: str = "notes"
    version: str = "1.2.3"
    screen: str = "stopped"
    content: str = ""
    focused: bool = False
    scrolled: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    version_list: dict[str, str] = field(default_factory=lambda: {"9.4.1": "the button is called Submit"})

    def __post_init__(self) -> None:
        self.version = self.spec.version or self.version

    def launch(self) -> None:
        self.screen = "edit"

    def intent(
        self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int
    ) -> str:
        self.seen.append(
            {"action": action, "component": component, "data": data, "mime": mime, "extras": extras}
        )
        self.screen = "edit"
        return "Error: refused" if data == "file:///refused" else ""

    def stop(self) -> None:
        self.screen, self.content, self.focused = "stopped", "", False

    def windows(self) -> list[View]:
        if self.screen == "stopped":
            return []
        box = View(
            cls="android.widget.EditText", bounds=(0, 200, 1080, 400), rid="note", hint="Write",
            text=self.content or "Write", showing_hint=not self.content, clickable=True, focusable=True,
            focused=self.focused, on_tap=self._focus, on_text=self._write,
        )  # fmt: skip
        label = View(cls="android.widget.TextView", bounds=(100, 2150, 400, 2250), text="Send")
        send = View(
            bounds=(0, 2100, 1080, 2300), rid="send", clickable=True, children=[label], on_tap=self._send
        )
        number = View(cls="android.widget.TextView", bounds=(0, 600, 1080, 700), text=f"row {self.scrolled}")
        rows = View(
            rid="rows",
            bounds=(0, 500, 1080, 1500),
            scrollable=True,
            children=[number],
            on_scroll=self._scroll,
        )
        return [View(bounds=(0, 0, 1080, 2400), children=[box, rows, send])]

    def _focus(self) -> None:
        self.focused = True
        self.phone.show_keyboard(True)

    def _write(self, text: str) -> None:
        self.content = text

    def _scroll(self, direction: int) -> None:
        self.scrolled = max(0, min(3, self.scrolled + direction))

    def _send(self) -> None:
        self.phone.publish(Post("notes", "me", "video", self.content, []))

    def back(self) -> None:
        self.phone.finish_app()

    def keyboard_gone(self) -> None:
        self.focused = False

    def configure(self, key: str, value: str) -> str:
        return "" if key == "colour" else f"unknown key {key}"

    def dump_state(self) -> dict[str, Any]:
        return {"scrolled": self.scrolled}

    def load_state(self, state: dict[str, Any]) -> None:
        self.scrolled = state.get("scrolled", 0)


def make_phone(folder: Path, **changes: Any) -> Phone:
    """A phone with the notes app; call it inside a running loop."""
    spec = PhoneSpec(
        "SIMPHONE01", folder, [AppSpec("notes", PACKAGE, "", [AppAccount("me", "Me")])], **changes
    )
    return Phone(spec, NotesApp, services.find)


def notes(phone: Phone) -> NotesApp:
    app = phone.display.apps[PACKAGE]
    assert isinstance(app, NotesApp)
    return app


@dataclass(frozen=True)
class Printed:
    out: str
    err: str
    status: int


async def sh(phone: Phone, text: str, stdin: bytes = b"") -> Printed:
    """Run a command line on the phone."""
    out, err = Buffer(), Buffer()
    status = await Shell(Process(phone, Buffer(stdin), out, err)).run(text)
    return Printed(out.data.decode("utf-8", "replace"), err.data.decode("utf-8", "replace"), status)
