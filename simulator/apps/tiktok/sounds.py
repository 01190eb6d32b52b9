"""TikTok's sound sheet (recommended, favourites, search) and its volume sheet.

The facts know little of these: tabs "For You" and "Favorites", a second tap on the chosen row takes the sound off
again, both volumes run from 0 to 100. The rest is made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import field, node
from simulator.apps.tiktok.draft import TRACKS
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp

Favourites = list[str]


def found(query: str) -> list[str]:
    """What the sound search lists for a query, best first. Words without any sound: "nosuch"."""
    words = " ".join(query.split())
    if not words or "nosuch" in words.lower():
        return []
    return [words, f"{words} (sped up)", f"{words} - remix"]


def artist(title: str) -> str:
    """Who made a track, always the same."""
    return f"Artist {int(hashlib.sha256(title.encode()).hexdigest()[:2], 16)}"


def favourites(app: TikTokApp) -> Favourites:
    """The active account's favourite sounds, newest first."""
    kept: Favourites = app.mine().setdefault("favourites", [])
    return kept


def toggle_favourite(app: TikTokApp, title: str) -> None:
    kept = favourites(app)
    if title in kept:
        kept.remove(title)
    else:
        kept.insert(0, title)
    app.phone.changed()


class SoundSheet(TikTokScreen):
    """The bottom sheet behind the chip."""

    name = "sound-sheet"
    layered = True

    def __init__(self, app: TikTokApp) -> None:
        super().__init__(app)
        self.tab = "for_you"
        self.searching = False
        self.typing = False
        self.query = ""
        self.results: list[str] | None = None

    def back(self) -> None:
        if self.searching:
            self._end_search()
        else:
            self.app.pop()

    def keyboard_gone(self) -> None:
        self.typing = False

    def _end_search(self) -> None:
        self.searching = self.typing = False
        self.query, self.results = "", None
        self.app.phone.show_keyboard(False)
        self.app.phone.changed()

    def _start_search(self) -> None:
        self.searching, self.results = True, None
        self._focus()

    def _focus(self) -> None:
        self.typing = True
        self.app.phone.show_keyboard(True)
        self.app.phone.changed()

    def _write(self, text: str) -> None:
        self.query = text.replace("\n", "")
        self.results = None
        if text.endswith("\n"):
            self._submit()
        else:
            self._focus()

    def _submit(self) -> None:
        def arrived() -> None:
            self.results = [] if "sound" in self.app.unavailable else found(self.query)

        self.typing = False
        self.app.go(1.0, arrived)

    def _choose_tab(self, tab: str) -> None:
        self.tab = tab
        self.app.phone.changed()

    def choose(self, title: str) -> None:
        """A tap on the row of the sound that is on takes it off."""
        draft = self.app.draft
        if "sound" in self.app.stuck:
            return
        if draft.sound == title:
            draft.sound, draft.chosen_sound = "", False
        else:
            draft.sound, draft.chosen_sound = title, True
        self.app.phone.changed()

    def _rows(self) -> list[str]:
        if self.searching:
            return self.results or []
        if self.tab == "sound_favorites":
            return favourites(self.app)
        return [] if "sound" in self.app.unavailable else list(TRACKS)

    def _row(self, place: int, title: str) -> View:
        app = self.app
        y = 1500 + 150 * place
        on = app.draft.sound == title
        marked = title in favourites(app)
        return node(
            "LinearLayout#sdr",
            (0, y, 1080, y + 150),
            flags="CS" if on else "C",
            tap=lambda: self.choose(title),
        ).holding(
            node("ImageView#sdc", (42, y + 20, 152, y + 130)),
            node("TextView#sdt", (180, y + 25, 800, y + 75), text=title, flags="S" if on else ""),
            node("TextView#sda", (180, y + 80, 800, y + 125), text=f"{artist(title)} · 00:30"),
            node(
                "ImageView#sdf",
                (930, y + 35, 1010, y + 115),
                desc=app.t("remove_favorite" if marked else "add_favorite"),
                flags="CS" if marked else "C",
                tap=lambda: toggle_favourite(app, title),
            ),
        )

    def _head(self) -> list[View]:
        app = self.app
        if self.searching:
            return [
                field(
                    (42, 1330, 800, 1440),
                    rid="sdq",
                    content=self.query,
                    hint=app.t("search"),
                    focused=self.typing,
                    tap=self._focus,
                    write=self._write,
                    enter=self._submit,
                ),
                node("TextView#sdk C", (840, 1330, 1048, 1440), text=app.t("cancel"), tap=self._end_search),
            ]
        tabs = [
            node(
                "FrameLayout",
                (left, 1330, left + 250, 1440),
                desc=app.t(key),
                flags="CS" if key == self.tab else "C",
                tap=partial(self._choose_tab, key),
            ).holding(node("TextView", (left, 1350, left + 250, 1420), text=app.t(key)))
            for left, key in ((42, "for_you"), (300, "sound_favorites"))
        ]
        search = node("ImageView#sds C", (600, 1340, 690, 1430), desc=app.t("search"), tap=self._start_search)
        editing = any(screen.name == "editor" for screen in app.stack)
        if not (editing and app.draft.sound) or "volume" in app.unavailable:
            return [*tabs, search]
        volume = node("Button#sdv C", (800, 1340, 1048, 1430), text=app.t("volume"), tap=self._volume)
        return [*tabs, search, volume]

    def _volume(self) -> None:
        self.app.push(VolumeSheet(self.app))

    def views(self) -> list[View]:
        app = self.app
        rows = [self._row(place, title) for place, title in enumerate(self._rows()[:5])]
        if self.searching and self.results == []:
            rows = [node("TextView#sdn", (200, 1600, 880, 1680), text=app.t("no_results"))]
        return sheet(1290, app.pop, *self._head(), *rows)


def sheet(top: int, close: Callable[[], None], *children: View) -> list[View]:
    """A bottom sheet over a dimmed screen; a tap above it closes it."""
    return [
        node("FrameLayout#eag", WHOLE).holding(
            node("View#wh2 C", (0, 0, 1080, top), tap=close),
            node("FrameLayout#f0u B", (0, top, 1080, 2337), desc="Bottom sheet").holding(*children),
        )
    ]


class VolumeSheet(TikTokScreen):
    """Two sliders; a photo post has no sound of its own, so only one."""

    name = "volume-sheet"
    layered = True

    def _slider(self, y: int, label: str, value: int, change: Callable[[int], None]) -> list[View]:
        bar = node("SeekBar#vsb", (300, y, 1000, y + 90), text=f"{float(value)}")
        bar.on_tap_at = lambda x, _y: change(max(0, min(100, round((x - 300) * 100 / 700))))
        return [
            node("TextView#vsl", (42, y + 15, 290, y + 75), text=self.app.t(label)),
            bar,
            node("TextView#vsn", (1005, y + 15, 1075, y + 75), text=str(value)),
        ]

    def _original(self, value: int) -> None:
        if "volume" not in self.app.stuck:
            self.app.draft.original_volume = value
        self.app.phone.changed()

    def _added(self, value: int) -> None:
        if "volume" not in self.app.stuck:
            self.app.draft.added_volume = value
        self.app.phone.changed()

    def views(self) -> list[View]:
        app, draft = self.app, self.app.draft
        sliders: list[View] = []
        if draft.kind == "video":
            value = 100 if draft.original_volume is None else draft.original_volume
            sliders += self._slider(1850, "original_sound", value, self._original)
        value = 100 if draft.added_volume is None else draft.added_volume
        sliders += self._slider(2000, "added_sound", value, self._added)
        title = node("TextView#vst", (400, 1720, 680, 1790), text=app.t("volume"))
        done = node("Button#vsd C", (840, 1710, 1048, 1800), text=app.t("done"), tap=app.pop)
        return sheet(1690, app.pop, title, done, *sliders)
