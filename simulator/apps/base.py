"""What an app of a simulated phone offers to its phone, and what the phone offers to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

#: The box of a view that fills the one that holds it.
FILL = (-1, -1, -1, -1)


@dataclass(eq=False)
class View:
    """One node of a screen. Attributes are those of a uiautomator dump; `on_tap` etc. are what the app does.

    `bounds` are absolute pixels. A tap goes to the topmost (last drawn) view that contains the point and is
    clickable or has a clickable ancestor containing the point, as on Android; views under another window's opaque
    area get nothing.
    """

    cls: str = "android.widget.FrameLayout"
    bounds: tuple[int, int, int, int] = (0, 0, 0, 0)
    text: str = ""
    rid: str = ""  #: resource-id without package ("ntq"); "android:id/x" is taken as it is
    desc: str = ""
    hint: str = ""
    showing_hint: bool = False
    clickable: bool = False
    enabled: bool = True
    checkable: bool = False
    checked: bool = False
    selected: bool = False
    focusable: bool = False
    focused: bool = False
    scrollable: bool = False
    package: str = ""  #: "" means the app's own
    children: list[View] = field(default_factory=list)
    drawing: int = -1  #: order of drawing among its siblings; -1: as it is written
    on_tap: Callable[[], object] | None = None
    on_tap_at: Callable[[int, int], None] | None = None  #: seek bars: gets the point
    on_text: Callable[[str], None] | None = None  #: an editable field: gets its new whole content
    on_scroll: Callable[[int], None] | None = None  #: gets +1 (content moves up) or -1
    on_drag: Callable[[int], None] | None = None  #: gets by how many pixels the content moves up
    on_enter: Callable[[], None] | None = None  #: Enter, or the keyboard's action button in a one-line field
    blocks: bool = False  #: an opaque layer that swallows taps though a dump does not call it clickable

    def holding(self, *children: View) -> View:
        """This view with these in it."""
        self.children.extend(children)
        for child in children:
            child.fill(self.bounds)
        return self

    def fill(self, box: tuple[int, int, int, int]) -> None:
        """Take this box unless it has one of its own."""
        if self.bounds == FILL:
            self.bounds = box
            for child in self.children:
                child.fill(box)


def tap_target(windows: list[View], x: int, y: int) -> View | None:
    """The view that a tap at (x, y) reaches: topmost window first, within it the last drawn clickable view.

    A label that is not clickable passes the tap on to what lies under it, as on Android: its clickable ancestor, or
    a sibling drawn earlier. An opaque layer (`blocks`) and the area of a window above stop it. Views with `on_tap`
    take taps even where `clickable` is false: real apps have such buttons (TikTok's "Next" in its picker).
    """
    for window in reversed(windows):
        found = _touched(window, x, y)
        if found is not None:
            return found
        if _inside(window, x, y):
            return None
    return None


def as_drawn(children: list[View]) -> list[View]:
    """Siblings in the order in which they are drawn."""
    if all(child.drawing < 0 for child in children):
        return children
    places = {id(child): child.drawing if child.drawing >= 0 else n for n, child in enumerate(children)}
    return sorted(children, key=lambda child: places[id(child)])


def _touched(view: View, x: int, y: int) -> View | None:
    if not _inside(view, x, y):
        return None
    for child in reversed(as_drawn(view.children)):
        found = _touched(child, x, y)
        if found is not None:
            return found
    takes = view.clickable or view.blocks or view.on_tap is not None or view.on_tap_at is not None
    return view if takes else None


def _inside(view: View, x: int, y: int) -> bool:
    left, top, right, bottom = view.bounds
    return left <= x < right and top <= y < bottom


def scroll_target(windows: list[View], x: int, y: int) -> View | None:
    """The innermost, topmost view at a point that scrolls."""
    for window in reversed(windows):
        if _inside(window, x, y):
            return _scrolled(window, x, y)
    return None


def _scrolled(view: View, x: int, y: int) -> View | None:
    if not _inside(view, x, y):
        return None
    for child in reversed(view.children):
        found = _scrolled(child, x, y)
        if found is not None:
            return found
    return view if view.on_scroll is not None or view.on_drag is not None else None


@dataclass(frozen=True)
class AppAccount:
    """An account that is logged in to an app. `display_name` is what TikTok's account sheet shows instead of it."""

    username: str  #: without @
    display_name: str


@dataclass
class AppSpec:
    """What `make_app` builds: one app of one simulated phone."""

    platform: str  #: "tiktok" | "instagram"
    package: str  #: "" means the usual one of the platform
    version: str  #: versionName; "" means the default of the platform
    accounts: list[AppAccount]  #: the first one is active unless `state` says otherwise
    state: dict[str, Any] = field(default_factory=dict)  #: what `App.dump_state` gave before
    seed: int = 0  #: of the random interruptions and of renamed ids
    popups: float = 0.0  #: chance (0..1) that a screen, when it is entered, is covered by a random interruption


@dataclass
class MediaRow:
    """A file that the media store lists (only after a scan)."""

    id: int
    path: str
    name: str
    kind: str  #: "video" | "image"
    size_bytes: int
    sha256: str
    duration_ms: int
    width: int
    height: int
    date_added: float  #: pickers sort by it, newest first


@dataclass
class Post:
    """What a phone records when an app really publishes something: the judge of every test."""

    app: str  #: "tiktok" | "instagram"
    account: str
    kind: str  #: video | photos | reel | story | feed
    caption: str
    media: list[dict[str, Any]]  #: name, bytes, sha256
    title: str = ""
    sound: str = ""
    original_volume: int | None = None
    added_volume: int | None = None
    ai_label: bool = False
    product_link: bool = False
    at: str = ""  #: RFC 3339


class PhoneSide(Protocol):
    """What a phone offers to its apps."""

    serial: str
    width: int
    height: int
    language: str  #: the phone's: "en", "de" and "fr" are written, all others read as foreign
    sdk: int

    def now(self) -> float: ...

    def language_of(self, package: str) -> str:
        """The language in which this app shows its texts."""

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` later, on the phone's own loop (scaled by the phone's latency factor)."""

    def media(self) -> list[MediaRow]:
        """Files the media store lists, newest first."""

    def media_by_uri(self, uri: str) -> MediaRow | None: ...

    def publish(self, post: Post) -> None:
        """Record a post."""

    def changed(self) -> None:
        """The screen may have changed (wakes waiting dumps)."""

    def finish_app(self) -> None:
        """The app in front leaves to the launcher."""

    def revive_app(self, then: Callable[[], None]) -> None:
        """The program of the app in front has died; Android starts a new one for the rest of its screens, and `then` follows."""

    def fault(self, name: str, argument: str | None = None) -> Any:
        """Take the armed fault of that name: its argument (True when it has none), or None. One-shot faults are used up.

        With `argument` it is taken only if it was armed with that argument ("app-crash", "editor").
        """

    def granted(self, package: str, permission: str) -> bool: ...

    def ask_permission(self, package: str, permission: str, then: Callable[[bool], None]) -> None:
        """Show Android's permission dialog over the app; `then(granted)` follows."""

    def show_keyboard(self, shown: bool) -> None: ...


class App(Protocol):
    """An app of a simulated phone. All calls come on the phone's loop; none may block."""

    @property
    def version_list(self) -> Mapping[str, str]:
        """Versions that differ in more than ids, and in what: for `simctl update`."""

    package: str
    version: str  #: versionName

    @property
    def platform(self) -> str: ...

    @property
    def screen(self) -> str:
        """Name of the screen in front, for `simctl screen`."""

    def launch(self) -> None:
        """Brought to the front by its launcher icon (a running app keeps its screen)."""

    def intent(self, action: str, *, component: str, data: str, mime: str, extras: dict[str, str], flags: int) -> str:
        """`am start` aimed at the app. Returns "" or the error text that `am` prints."""

    def stop(self) -> None:
        """Force-stopped: unsaved state is lost, drafts may stay."""

    def windows(self) -> list[View]:
        """The windows now, bottom to top; overlapping layers are separate subtrees as in real dumps."""

    def back(self) -> None: ...

    def keyboard_gone(self) -> None:
        """The keyboard was put away by the user (BACK, another input method): the field may keep its focus."""

    def configure(self, key: str, value: str) -> str:
        """`simctl set KEY VALUE` aimed at the app. Returns "" or why it was refused."""

    def dump_state(self) -> dict[str, Any]:
        """What must outlive a restart of the simulator (posts counters, drafts, accounts)."""

    def load_state(self, state: dict[str, Any]) -> None: ...
