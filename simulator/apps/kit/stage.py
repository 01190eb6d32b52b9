"""A screen, and a stack of them in one window: how an app moves between its screens and what it shows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from simulator.android.locales import DUTCH, spoken
from simulator.apps.base import PhoneSide, View
from simulator.apps.kit.layout import Box, fit, node

AppT = TypeVar("AppT", bound="Stage")


class Screen(Generic[AppT]):
    """One screen. `views` are drawn into the app's window, from back to front."""

    name = ""
    layered = False  #: the screen under it stays in the tree, in the same window
    dialog = False  #: a window of its own: what it covers is not in the tree

    def __init__(self, app: AppT) -> None:
        self.app = app

    def views(self) -> list[View]:
        raise NotImplementedError

    def back(self) -> None:
        self.app.pop()

    def keyboard_gone(self) -> None:
        """The user put the keyboard away."""

    def entered(self) -> None:
        """The screen came to the front for the first time."""

    def changed(self) -> None:
        """What is shown may have changed."""
        self.app.phone.changed()

    def keyboard(self, shown: bool) -> None:
        self.app.phone.show_keyboard(shown)
        self.changed()


class Dialog(Screen["Stage"]):
    """Lies over everything, in a window of its own; leaves when one of its buttons is tapped."""

    dialog = True

    def __init__(self, app: Stage, name: str) -> None:
        super().__init__(app)
        self.name = name

    def views(self) -> list[View]:
        return [self.app.dialogs[self.name](self.app, self)]

    def leave(self) -> None:
        self.app.uncover()

    def back(self) -> None:
        self.leave()


class Stuck(Dialog):
    """No button and no BACK leads out of it: a person is needed."""

    def leave(self) -> None:
        return


class Splash(Screen["Stage"]):
    """The logo while the app starts."""

    name = "splash"

    def views(self) -> list[View]:
        return [node("FrameLayout B", self.app.content).holding(node("ImageView", self.app.logo))]

    def back(self) -> None:
        self.app.phone.finish_app()


class UnknownScreen(Screen["Stage"]):
    """A screen that no test and no recording knows. Only BACK leaves it."""

    name = "unknown"

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


class Stage:
    """The stack of screens, what covers it, and the words that they are written in."""

    design: ClassVar[tuple[int, int]]  #: size of the recorded screens
    content: ClassVar[Box]  #: the app's part of them
    logo: ClassVar[Box]
    texts: ClassVar[Mapping[str, tuple[str, str, str]]]  #: key -> English, German, French
    dutch: ClassVar[Mapping[str, str]] = {}  #: key -> Dutch, as far as it is written
    screens: ClassVar[Mapping[str, Callable[..., Screen[Any]]]]  #: by their names
    dialogs: ClassVar[Mapping[str, Callable[[Any, Dialog], View]]]  #: what draws the dialog of that name
    human_names: ClassVar[tuple[str, ...]] = ()  #: the dialogs that only a person can answer

    def __init__(self, phone: PhoneSide, package: str) -> None:
        self.phone = phone
        self.package = package
        self.stack: list[Screen[Any]] = []
        self.covers: list[Screen[Any]] = []  #: interruptions and human-needed screens, over everything
        self.busy = False  #: between two screens: taps are lost
        self._epoch = 0

    # -- what an app fills in ---------------------------------------------------------------------------------

    def frame(self, children: list[View]) -> View:
        """The window around the screens' views."""
        raise NotImplementedError

    def extra_windows(self) -> list[View]:
        """Windows over the app's main one (an upload badge)."""
        return []

    def finish(self, view: View) -> None:
        """Last touch on every view (renamed ids)."""

    # -- words ------------------------------------------------------------------------------------------------

    def t(self, key: str) -> str:
        """A text in the app's language."""
        return self.translated(self.texts[key], self.dutch.get(key, ""))

    def translated(self, text: tuple[str, str, str], dutch: str) -> str:
        """A text in the app's language; `dutch` is "" where it is not written."""
        language = self.phone.language_of(self.package)
        return dutch if dutch and language == DUTCH else spoken(text, language)

    # -- moving between screens -------------------------------------------------------------------------------

    @property
    def top(self) -> Screen[Any]:
        return self.stack[-1]

    @property
    def screen(self) -> str:
        if self.covers:
            return self.covers[-1].name
        return self.stack[-1].name if self.stack else "stopped"

    def make(self, name: str, **what: Any) -> Screen[Any]:
        """A new screen of that name."""
        return self.screens[name](self, **what)

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

    def push(self, name: str, **what: Any) -> None:
        """Open the screen of that name."""
        self.stack.append(self.make(name, **what))
        self.entered(self.top)

    def pop(self) -> None:
        if len(self.stack) > 1:
            self.stack.pop()
        self.phone.show_keyboard(False)
        self.phone.changed()

    def swap(self, name: str, **what: Any) -> None:
        """Another page in the place of the one in front."""
        self.stack[-1] = self.make(name, **what)
        self.phone.changed()

    def replace(self, *screens: Screen[Any] | str) -> None:
        """These screens, and nothing under them."""
        self.stack = [self.make(screen) if isinstance(screen, str) else screen for screen in screens]
        self.phone.show_keyboard(False)
        self.entered(self.top)

    def cover(self, screen: Screen[Any] | str) -> None:
        """Lay a screen, or the dialog of that name, over what is shown."""
        if isinstance(screen, str):
            screen = (Stuck if screen in self.human_names else Dialog)(self, screen)
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

    def entered(self, screen: Screen[Any]) -> None:
        """A screen came to the front."""
        screen.entered()
        self.phone.changed()

    def back(self) -> None:
        if self.busy or not self.stack:
            return
        (self.covers[-1] if self.covers else self.stack[-1]).back()
        self.phone.changed()

    def keyboard_gone(self) -> None:
        if self.stack:
            self.stack[-1].keyboard_gone()
            self.phone.changed()

    # -- what is shown ----------------------------------------------------------------------------------------

    def full(self) -> Box:
        width, height = self.design
        return 0, 0, width, height

    def windows(self) -> list[View]:
        if not self.stack:
            return []
        front = self.covers[-1:] or self.stack[-1:]
        if front[0].dialog:
            windows = front[0].views()
        else:
            layers = list(front) if self.covers and not front[0].layered else self._layers()
            # A sheet in the app's own window is written before what it covers, and drawn after it.
            over = list(front) if self.covers and front[0].layered else []
            views = [view for screen in (*over, *layers) for view in screen.views()]
            windows = [self.frame(views), *self.extra_windows()]
        sx, sy = self.phone.width / self.design[0], self.phone.height / self.design[1]
        screen = (0, 0, self.phone.width, self.phone.height)
        return [fit(window, sx, sy, self._finish, screen) for window in windows]

    def _layers(self) -> list[Screen[Any]]:
        shown: list[Screen[Any]] = []
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
