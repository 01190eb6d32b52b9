"""Screens drawn for a test: each element stands where the test puts it, each touch leads where its script says, at its second.

The simulated apps show what an app does; here a test says it, to the second, and sees how long a flow waits. A step costs
a millisecond, so that what a flow decides can be asked case by case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

import msgspec
import pytest

from jobs.content.plan import make_plan
from jobs.content.script_config import PostConfig
from jobs.hub.settings import Posting
from jobs.phone.errors import CommandFailed
from jobs.phone.protocol import ShellResult
from jobs.phone.screen.tree import Bounds, Node, UiTree, parse_xml
from jobs.post.apps import APPS
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.element import Element, holds_point
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.recognise import Sight, next_element
from jobs.post.screens.screens_file import BUILT_IN
from jobs.task.attempt import ScriptFailed
from storage.records import MediaFile, Stage, Task
from tests.support.clock import WaitingClock
from tests.support.post_stage import Memory, StageAttempt
from tests.support.vocabularies import shipped_screens

WIDTH, HEIGHT, ROW = 1080, 2400, 100
PACKAGES = {"instagram": "com.instagram.android", "tiktok": "com.zhiliaoapp.musically"}
VIDEO = MediaFile(
    path="/clip.mp4", name="clip.mp4", sha256="02" * 32, size_bytes=9, kind="video", duration_s=5.0
)
IMAGE = MediaFile(path="/a.jpg", name="a.jpg", sha256="03" * 32, size_bytes=9, kind="image")


class Part(NamedTuple):
    """What is drawn in one place: the elements that find it there, and what it says."""

    names: str  #: of elements, with blanks between them; a touch on it is told by the last, which may be the test's own
    at: Bounds | None = None  #: None: a row of its own below the parts before it
    text: str = ""
    desc: str = ""
    touch: bool = True  #: a touch lands on it
    selected: bool = False
    checked: bool = False
    field: bool = False  #: a text can be typed into it


class Screen(NamedTuple):
    """One screen; "" is one that nobody knows."""

    name: str
    parts: tuple[Part, ...]


def screen(name: str, *parts: Part | str) -> Screen:
    """A screen with these parts; a bare name is a button with nothing on it."""
    return Screen(name, tuple(Part(part) if isinstance(part, str) else part for part in parts))


def draw(shown: Screen, package: str, typed: Mapping[str, str]) -> UiTree:
    """The tree of an app's screen. `typed`: what stands in the fields."""
    whole = f'package="{package}" bounds="[0,0][{WIDTH},{HEIGHT}]"'
    lines = [f"<hierarchy><node resource-id={quoteattr('of/' + shown.name)} {whole}>"]
    for number, part in enumerate(shown.parts):
        x1, y1, x2, y2 = part.at or (0, number * ROW, WIDTH, (number + 1) * ROW)
        text = typed.get(part.names, part.text)
        lines.append(
            f'<node resource-id={quoteattr("of/" + part.names)} bounds="[{x1},{y1}][{x2},{y2}]"'
            f' package="{package}" text={quoteattr(text)} content-desc={quoteattr(part.desc)}'
            f' class="{"android.widget.EditText" if part.field else "android.view.View"}"'
            f' clickable="{str(part.touch).lower()}" selected="{str(part.selected).lower()}"'
            f' checked="{str(part.checked).lower()}"/>'
        )
    return parse_xml("".join([*lines, "</node></hierarchy>"]))


class DrawnIndex(ElementIndex):
    """Finds an element where the test drew it; the rules of the screens files are not asked."""

    cover = None  # type: ignore[assignment]

    @property
    def nodes(self) -> list[Node]:  # type: ignore[override]
        return self.tree.nodes[1:]

    def find_all(self, name: str) -> tuple[Element, ...]:
        assert name in self.vocabulary.elements or name in BUILT_IN, f"no element is called {name}"
        return tuple(Element(name, node, "drawn") for node in self.nodes if name in node.id_name.split())


class DrawnDriver(ScreenDriver):
    """The product's driver; a screen has the name that the test gave it."""

    def _sight(self, tree: UiTree) -> Sight:
        if self._last is not None and self._last[0].same_as(tree):
            return self._last[2]
        index, name = DrawnIndex(tree, self.vocabulary), tree.nodes[0].id_name
        known = self.vocabulary.screen(name) if name else None
        sight = Sight(index, name, known, next_element(index, known) if known else None)
        if self._last is None or self._last[2].name != name:
            self.seen(sight)
        self._last = (tree, None, sight)
        return sight


#: What a touch leads to: a screen at once, or screens by the second after the touch; "" is no effect.
Follows = str | Mapping[float, str]


def _by_second(follows: Follows) -> Mapping[float, str]:
    return {0.0: follows} if isinstance(follows, str) else follows


class DrawnPhone:
    """Shows drawn screens; each touch leads on as the script says, and is noted."""

    serial = "SIMPHONE01"

    def __init__(self, package: str, screens: Mapping[str, Screen], at: Follows) -> None:
        """`screens` by the names that the test gives them; `at` is shown first, and what comes by itself at its second."""
        self.package = package
        self.time = WaitingClock(1000.0)
        self.screens = screens
        self.touched: list[
            str
        ] = []  #: "tap NAME", "swipe up", "key back", "type TEXT", "intent", ... in their order
        self.points: list[tuple[int, int]] = []  #: where the taps fell
        self.intents: list[tuple[str, ...]] = []
        self.intent_error: str = ""  #: what `am start` answers
        self.typed: dict[str, str] = {}  #: what stands in the fields, by the names of their parts
        self.takes_text = True
        self.in_front = package
        self._leads: dict[str, list[Follows]] = {}
        self._coming: list[tuple[float, str]] = [
            (self.time.at + second, name) for second, name in _by_second(at).items()
        ]

    def on(self, touch: str, *follows: Follows) -> None:
        """What a touch, as `touched` names it, leads to; several: the first time, the second time, ... and from then on."""
        self._leads[touch] = list(follows)

    @property
    def shown(self) -> str:
        """The test's name of the screen that is shown now."""
        return next(name for at, name in reversed(self._coming) if at <= self.time.at)

    def _then(self, touch: str) -> None:
        self.touched.append(touch)
        leads = self._leads.get(touch, [""])
        follows = leads.pop(0) if len(leads) > 1 else leads[0]
        coming = [(self.time.at + second, name) for second, name in _by_second(follows).items() if name]
        if coming:
            self._coming = sorted(
                [c for c in self._coming if c[0] <= self.time.at] + coming, key=lambda c: c[0]
            )

    def _tree(self) -> UiTree:
        return draw(self.screens[self.shown], self.package, self.typed)

    # What the product asks of the phone

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        return self._tree()

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        end = self.time.at + timeout_s
        while self._tree().same_as(last):
            coming = [at for at, _ in self._coming if at > self.time.at]
            if not coming or min(coming) > end:
                self.time.at = end
                break
            self.time.at = min(coming)
        return self._tree()

    def tap(self, x: int, y: int) -> None:
        self.points.append((x, y))
        hit = [n for n in self._tree().nodes[1:] if n.clickable and holds_point(n.bounds, (x, y))]
        self._then(f"tap {hit[-1].id_name.split()[-1] if hit else 'nothing'}")

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None:
        self._then("swipe up" if y2 < y1 else "swipe down")

    def enter_text(self, x: int, y: int, text: str, *, timeout_s: float = 20.0) -> None:
        field = [n for n in self._tree().nodes[1:] if holds_point(n.bounds, (x, y))][-1]
        if self.takes_text:
            self.typed[field.id_name] = text
        self._then(f"type {text}")

    def press(self, key: str) -> None:
        self._then(f"key {key}")

    def hide_keyboard(self) -> bool:
        self._then("hide keyboard")
        return "hide keyboard" in self._leads

    def start_intent(self, *words: str) -> ShellResult:
        self.intents.append(words)
        if self.intent_error:
            raise CommandFailed(self.intent_error, serial=self.serial)
        self._then("intent")
        return ShellResult("", 0)

    def app_start(self, package: str) -> None:
        self._then("start the app")

    def app_stop(self, package: str) -> None:
        self._then("stop the app")

    def foreground_package(self) -> str:
        return self.in_front

    def clear_way(self) -> None:
        return None

    def remarks(self) -> list[str]:
        return []


class DrawnStage:
    """A flow on a drawn phone, with a task that has these files and asks for this."""

    def __init__(
        self,
        platform: str,
        screens: Mapping[str, Screen],
        at: Follows,
        *,
        media: Sequence[MediaFile] = (VIDEO,),
        sound: str = "",
        caption: str = "Hello",
        username: str = "demo_01",
        attempt: int = 1,
        patience_s: float = 8.0,
        driver: Callable[..., ScreenDriver] = DrawnDriver,
        **config: Any,
    ) -> None:
        """`config`: keys of `script_config`; the other arguments are the task's, the flow's, and `DrawnPhone`'s."""
        package = PACKAGES[platform]
        phone: Any = DrawnPhone(package, screens, at)
        self.phone: DrawnPhone = phone
        task = Task(
            id=7, serial=phone.serial, platform=platform, package=package,
            script_config=msgspec.to_builtins(PostConfig(content_type=int(media[0].kind == "image"), **config)),
            scheduled_at=0, created_at=0, due_at=0, caption=caption, username=username, sound=sound,
            materials=tuple(media), attempt=attempt, stage=Stage.PREPARING,
        )  # fmt: skip
        self.memory: Any = Memory()
        self.attempt: Any = StageAttempt(task, phone.time)
        # What is drawn here was pushed before, and nothing came after it.
        files: Any = SimpleNamespace(placed=[], ensure_newest=lambda: None)
        vocabulary = shipped_screens()[platform]
        self.flow: Any = APPS[platform].flow(
            self.attempt,
            phone,
            make_plan(task),
            drafts=DraftMemory(self.memory, phone.serial, package),
            vocabulary=vocabulary,
            posting=Posting(unknown_screen_patience_s=patience_s),
            files=files,
            driver=driver(self.attempt, phone, vocabulary),
        )
        self._begun = phone.time.at

    def look(self) -> Sight:
        """The screen now."""
        sight: Sight = self.flow.driver.observe()
        return sight

    def ends_on(self, act: Callable[[Any, Sight], Sight]) -> str:
        """Do something with flow and screen; the name of the screen that it ends on."""
        return act(self.flow, self.look()).name

    def fails(self, act: Callable[[Any, Sight], Any]) -> tuple[str, str, str]:
        """Do something that must fail; code, step and words of the failure."""
        with pytest.raises(ScriptFailed) as failed:
            act(self.flow, self.look())
        return failed.value.code, failed.value.step, str(failed.value)

    def took_s(self) -> float:
        """How long it has taken on the phone's clock."""
        return self.phone.time.at - self._begun

    @property
    def touched(self) -> list[str]:
        return self.phone.touched
