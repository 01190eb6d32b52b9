"""TikTok's sound sheet (recommended, favourites, search) and its volume sheet.

The facts know little of these: tabs "For You" and "Favorites", a second tap on the chosen row takes the sound off
again, both volumes run from 0 to 100. The rest is made up.
"""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.kit.search import Searching, found
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.draft import TRACKS
from simulator.apps.tiktok.parts import artist, favourites, sheet, toggle_favourite
from simulator.apps.tiktok.search import ENDINGS


class SoundSheet(Searching[TikTok]):
    """The bottom sheet behind the chip."""

    name = "sound-sheet"
    layered = True

    def __init__(self, app: TikTok) -> None:
        super().__init__(app)
        self.tab = "for_you"
        self.searching = False
        self.results: list[str] | None = None

    def back(self) -> None:
        if self.searching:
            self._end_search()
        else:
            self.app.pop()

    def _end_search(self) -> None:
        self.searching = self.typing = False
        self.query, self.results = "", None
        self.keyboard(False)

    def _start_search(self) -> None:
        self.searching, self.results = True, None
        self.focus()

    def write(self, text: str) -> None:
        self.results = None
        super().write(text)

    def arrived(self) -> None:
        self.results = [] if "sound" in self.app.unavailable else found(self.query, ENDINGS)

    def _choose_tab(self, tab: str) -> None:
        self.tab = tab
        self.changed()

    def choose(self, title: str) -> None:
        """A tap on the row of the sound that is on takes it off."""
        draft = self.app.draft
        if "sound" in self.app.stuck:
            return
        if draft.sound == title:
            draft.sound, draft.chosen_sound = "", False
        else:
            draft.sound, draft.chosen_sound = title, True
        self.changed()

    def _rows(self) -> list[str]:
        if self.searching:
            return self.results or []
        if self.tab == "sound_favorites":
            return favourites(self.app)
        return [] if "sound" in self.app.unavailable else list(TRACKS)

    def _row(self, place: int, title: str) -> View:
        app = self.app
        y, marked = 1500 + 150 * place, title in favourites(app)
        on = "S" if app.draft.sound == title else ""
        mark, flags = app.t("remove_favorite" if marked else "add_favorite"), "S" if marked else ""
        toggle = partial(toggle_favourite, app, title)
        box, choose = (0, y, 1080, y + 150), partial(self.choose, title)
        return node("LinearLayout#sdr C", box, flags=on, tap=choose).holding(
            node("ImageView#sdc", (42, y + 20, 152, y + 130)),
            node("TextView#sdt", (180, y + 25, 800, y + 75), text=title, flags=on),
            node("TextView#sda", (180, y + 80, 800, y + 125), text=f"{artist(title)} · 00:30"),
            node("ImageView#sdf C", (930, y + 35, 1010, y + 115), desc=mark, flags=flags, tap=toggle),
        )

    def _tab(self, left: int, key: str) -> View:
        box, chosen, label = (left, 1330, left + 250, 1440), "S" if key == self.tab else "", self.app.t(key)
        return node("FrameLayout C", box, desc=label, flags=chosen, tap=partial(self._choose_tab, key)).holding(
            node("TextView", (left, 1350, left + 250, 1420), text=label)
        )

    def _head(self) -> list[View]:
        app = self.app
        if self.searching:
            return [
                self.search_field((42, 1330, 800, 1440), "sdq"),
                node("TextView#sdk C", (840, 1330, 1048, 1440), text=app.t("cancel"), tap=self._end_search),
            ]
        tabs = [self._tab(42, "for_you"), self._tab(300, "sound_favorites")]
        search = node("ImageView#sds C", (600, 1340, 690, 1430), desc=app.t("search"), tap=self._start_search)
        editing = any(screen.name == "editor" for screen in app.stack)
        if not (editing and app.draft.sound) or "volume" in app.unavailable:
            return [*tabs, search]
        volume = partial(app.push, "volume-sheet")
        button = node("Button#sdv C", (800, 1340, 1048, 1430), text=app.t("volume"), tap=volume)
        return [*tabs, search, button]

    def views(self) -> list[View]:
        app = self.app
        rows = [self._row(place, title) for place, title in enumerate(self._rows()[:5])]
        if self.searching and self.results == []:
            rows = [node("TextView#sdn", (200, 1600, 880, 1680), text=app.t("no_results"))]
        return sheet(1290, app.pop, *self._head(), *rows)


class VolumeSheet(TikTokScreen):
    """Two sliders; a photo post has no sound of its own, so only one."""

    name = "volume-sheet"
    layered = True

    def _slider(self, y: int, label: str, name: str) -> list[View]:
        """The slider of one of the draft's two volumes."""
        kept = getattr(self.app.draft, name)
        value = 100 if kept is None else kept

        def slide(x: int, _y: int) -> None:
            if "volume" not in self.app.stuck:
                setattr(self.app.draft, name, max(0, min(100, round((x - 300) * 100 / 700))))
            self.changed()

        bar = node("SeekBar#vsb", (300, y, 1000, y + 90), text=f"{float(value)}")
        bar.on_tap_at = slide
        return [
            node("TextView#vsl", (42, y + 15, 290, y + 75), text=self.app.t(label)),
            bar,
            node("TextView#vsn", (1005, y + 15, 1075, y + 75), text=str(value)),
        ]

    def views(self) -> list[View]:
        app = self.app
        video = app.draft.kind == "video"
        sliders = self._slider(1850, "original_sound", "original_volume") if video else []
        sliders += self._slider(2000, "added_sound", "added_volume")
        title = node("TextView#vst", (400, 1720, 680, 1790), text=app.t("volume"))
        done = node("Button#vsd C", (840, 1710, 1048, 1800), text=app.t("done"), tap=app.pop)
        return sheet(1690, app.pop, title, done, *sliders)
