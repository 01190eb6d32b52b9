"""What a screen of a simulated app is, and the kinds of screens that both apps have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulator.apps.base import View
from simulator.apps.layout import Box, node


class Covered(Protocol):
    """What a screen that covers others needs of its app."""

    @property
    def design(self) -> tuple[int, int]: ...

    def full(self) -> Box: ...

    def uncover(self) -> None: ...


class Screen:
    """One screen. `views` are drawn into the app's window, from back to front."""

    name = ""
    layered = False  #: the screen under it stays in the tree, in the same window
    dialog = False  #: a window of its own: what it covers is not in the tree

    def views(self) -> list[View]:
        raise NotImplementedError

    def back(self) -> None:
        raise NotImplementedError

    def keyboard_gone(self) -> None:
        """The user put the keyboard away."""

    def entered(self) -> None:
        """The screen came to the front for the first time."""


class Dialog(Screen):
    """Lies over everything, in a window of its own; leaves when one of its buttons is tapped."""

    dialog = True

    def __init__(self, app: Covered, name: str, window: Callable[[Dialog], View]) -> None:
        self.app = app
        self.name = name
        self._window = window

    def views(self) -> list[View]:
        return [self._window(self)]

    def leave(self) -> None:
        self.app.uncover()

    def back(self) -> None:
        self.leave()


class Stuck(Dialog):
    """No button and no BACK leads out of it: a person is needed."""

    def leave(self) -> None:
        return


class UnknownScreen(Screen):
    """A screen that nobody has seen before. Only BACK leaves it."""

    name = "unknown"

    def __init__(self, app: Covered) -> None:
        self.app = app

    def views(self) -> list[View]:
        width, height = self.app.design
        middle = height // 2
        return [
            node("FrameLayout B", self.app.full()).holding(
                node("ImageView", (width // 4, middle - 300, 3 * width // 4, middle - 40)),
                node("TextView", (60, middle, width - 60, middle + 80), text="Season of lights"),
                node("Button C", (60, height - 300, width - 60, height - 200), text="Spin the wheel"),
            )
        ]

    def back(self) -> None:
        self.app.uncover()
