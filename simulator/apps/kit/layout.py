"""Builds views in the pixels of the recorded screens and scales them to a phone."""

from __future__ import annotations

from collections.abc import Callable

from simulator.apps.base import FILL, View

Box = tuple[int, int, int, int]  #: left, top, right, bottom in the recorded screen's pixels

_PACKAGES = {
    "View": "android.view.",
    "ViewGroup": "android.view.",
    "SurfaceView": "android.view.",
    "TextureView": "android.view.",
    "RecyclerView": "androidx.recyclerview.widget.",
    "ViewPager": "androidx.viewpager.widget.",
    "LinearLayoutCompat": "androidx.appcompat.widget.",
    "TuxTextLayoutView": "com.bytedance.tux.input.",
    "MetaComposeView": "com.facebook.compose.view.",
}


def node(
    what: str,
    box: Box = FILL,
    *,
    rid: str = "",
    text: str = "",
    desc: str = "",
    flags: str = "",
    tap: Callable[[], object] | None = None,
) -> View:
    """A view. `what` is "Class#id FLAGS": the class's last part unless it has a dot; id and flags may be missing.

    `flags` adds those that depend on something: C clickable and focusable (c, f: only that), K checkable, X checked,
    S selected, F focused, R scrollable, B blocks taps, ! disabled. Without a box it fills the view that holds it.
    """
    head, _, letters = what.partition(" ")
    cls, _, name = head.partition("#")
    flags += letters
    return View(
        cls=cls if "." in cls else _PACKAGES.get(cls, "android.widget.") + cls,
        bounds=box,
        text=text,
        rid=rid or name,
        desc=desc,
        clickable="C" in flags or "c" in flags,
        enabled="!" not in flags,
        checkable="K" in flags,
        checked="X" in flags,
        selected="S" in flags,
        focusable="C" in flags or "F" in flags or "f" in flags,
        focused="F" in flags,
        scrollable="R" in flags,
        blocks="B" in flags,
        on_tap=tap if "!" not in flags else None,
    )


def labelled(what: str, box: Box, inner: Box, text: str, tap: Callable[[], object] | None = None) -> View:
    """A button whose words stand in its description, and in a text view of their own within it."""
    return node(what, box, desc=text, tap=tap).holding(node("TextView", inner, text=text))


def field(
    box: Box,
    *,
    rid: str,
    hint: str,
    content: str = "",
    focused: bool = False,
    tap: Callable[[], None] = lambda: None,
    write: Callable[[str], None] = lambda _: None,
    enter: Callable[[], None] | None = None,
    cls: str = "EditText",
) -> View:
    """A text field: empty it shows its hint as its text, as Android's accessibility does."""
    view = node(cls, box, rid=rid, text=content or hint, flags="CF" if focused else "C", tap=tap)
    view.hint, view.showing_hint = hint, not content
    view.on_text, view.on_enter = write, enter
    return view


def fit(view: View, sx: float, sy: float, finish: Callable[[View], None], within: Box) -> View:
    """Scale a tree in place from recorded to phone pixels and clip it to the screen, as dumps are.

    `finish` sets what an app sets on every view; `within` is in phone pixels.
    """
    left, top, right, bottom = view.bounds
    x1, x2 = (min(within[2], max(within[0], round(x * sx))) for x in (left, right))
    y1, y2 = (min(within[3], max(within[1], round(y * sy))) for y in (top, bottom))
    view.bounds = (x1, y1, x2, y2)
    seek = view.on_tap_at
    if seek is not None:
        view.on_tap_at = lambda x, y: seek(round(x / sx), round(y / sy))
    drag = view.on_drag
    if drag is not None:
        view.on_drag = lambda distance: drag(round(distance / sy))
    finish(view)
    for child in view.children:
        fit(child, sx, sy, finish, within)
    return view
