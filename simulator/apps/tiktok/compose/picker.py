"""TikTok's media picker, drawn over the camera whose nodes stay in the tree."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import MediaRow, View
from simulator.apps.kit.layout import node
from simulator.apps.kit.picker import MediaPicker, ScrollingGrid
from simulator.apps.tiktok.core import TikTok
from simulator.apps.tiktok.parts import WHOLE

#: The grid of the recorded screen: rows of three, not quite five of them in view.
_GRID = (0, 380, 1080, 2137)
_PITCH = 362


class Picker(MediaPicker[TikTok]):
    """The grid, newest first. A cell has two targets: its tick selects, its body does more."""

    name = "picker"
    layered = True
    most = 35

    def __init__(self, app: TikTok, *, granted: bool) -> None:
        super().__init__(app, ScrollingGrid(3, _PITCH, _GRID[3] - _GRID[1], padding=5), granted=granted)
        self.tab = "all"
        self.preview: MediaRow | None = None

    @property
    def multiple(self) -> bool:
        """The checkbox keeps its state from last time."""
        return bool(self.app.state.get("select_multiple", self.app.seed % 2 == 1))

    def back(self) -> None:
        if self.preview:
            self.preview = None
            return
        self.app.pop()

    def rows(self) -> list[MediaRow]:
        if self.tab == "ai_gallery":
            return []
        wanted = {"videos": "video", "photos": "image"}.get(self.tab)
        return [row for row in super().rows() if wanted is None or row.kind == wanted]

    def choose_tab(self, tab: str) -> None:
        self.tab = tab
        self.grid.to_top()
        self.changed()

    def _toggle_multiple(self) -> None:
        self.app.state["select_multiple"] = not self.multiple
        self.chosen = self.chosen[:1]
        self.changed()

    def tick(self, row: MediaRow) -> None:
        if not self.multiple and not self.number(row):
            self.chosen = []
        self.toggle(row)
        self.changed()

    def _body(self, row: MediaRow) -> None:
        """Editor at once, or a preview with "Select multiple", or (47 and later) just a tick."""
        if self.app.major >= 47:
            self.tick(row)
        elif self.multiple:
            self.preview = row
            self.changed()
        else:
            self._edit([row])

    def _edit(self, rows: list[MediaRow]) -> None:
        app = self.app
        app.go(2.5, lambda: app.edit(rows))

    def _next(self) -> None:
        if self.chosen:
            self._edit(self.chosen)

    def cell(self, row: MediaRow, left: int, top: int) -> View:
        box, number = (left, top, left + 354, top + 357), self.number(row)
        tick = node("Button#jh7 C", (left + 275, top + 16, left + 338, top + 79), tap=partial(self.tick, row))
        tick.text = str(number or "")
        corner = node("FrameLayout#h9t C", (left + 238, top, left + 354, top + 116), tap=tick.on_tap)
        body = node("FrameLayout C", box, tap=partial(self._body, row))
        return body.holding(node("ImageView#mub"), corner.holding(tick))

    def _tab(self, key: str, left: int, right: int) -> View:
        chosen, label, choose = ("S" if key == self.tab else "", self.app.t(key), partial(self.choose_tab, key))
        return node("FrameLayout", (left, 262, right, 380), desc=label, flags=chosen or "C", tap=choose).holding(
            node("TextView", (left + 26, 262, right - 26, 380), text=label, flags=chosen)
        )

    def _preview_views(self, row: MediaRow) -> list[View]:
        app, select = self.app, partial(self._select_previewed, row)
        return [
            node("FrameLayout B", (0, 136, 1080, 2137)).holding(
                node("ImageView#pvi", (0, 262, 1080, 2137)),
                node("ImageView#pvx C", (42, 167, 105, 230), desc=app.t("close"), tap=self.back),
                node("TextView#pvs C", (820, 2040, 1048, 2110), text=app.t("select"), tap=select),
            )
        ]

    def _select_previewed(self, row: MediaRow) -> None:
        self.preview = None
        self.tick(row)

    def views(self) -> list[View]:
        app = self.app
        rows = self.rows()
        cells = [
            self.cell(rows[place], (5, 364, 722)[column], _GRID[1] + offset)
            for place, column, offset in self.grid.in_view(len(rows))
        ]
        tabs = (("all", 42, 254), ("videos", 254, 501), ("photos", 501, 751), ("ai_gallery", 751, 1038))
        following = app.t("next")
        if self.chosen and self.multiple:
            following += f" ({len(self.chosen)})"
        grid = node("GridView#i8o R", _GRID).holding(*cells)
        grid.on_drag = self.drag
        empty = [] if self.granted else [node("TextView#nmt", (100, 1100, 980, 1200), text=app.t("no_media"))]
        return [
            node("ViewGroup#s2q B", WHOLE).holding(
                node("FrameLayout#d6t"),
                node("LinearLayout#f0u").holding(
                    node("RelativeLayout#aiw", (0, 136, 1080, 262)).holding(
                        node("ImageView#b9b C", (42, 167, 105, 230), desc=app.t("close"), tap=app.pop),
                        node("LinearLayout#d2t C", (403, 151, 676, 246)).holding(
                            node("TextView#yc0", (445, 173, 586, 223), text=app.t("recents")),
                            node("ImageView#kun", (602, 177, 644, 219), desc=app.t("down")),
                        ),
                        node("LinearLayout#vt1 C", (906, 151, 1059, 246)).holding(
                            node("ImageView", (932, 180, 969, 217), desc=app.t("description_ideas")),
                            node("TextView", (974, 179, 1033, 218), text=app.t("text")),
                        ),
                    ),
                    node("HorizontalScrollView#mua", (0, 262, 1080, 380)).holding(*(self._tab(*tab) for tab in tabs)),
                    node("ViewPager#zpi R", (0, 380, 1080, 2137)).holding(grid, *empty),
                    node("LinearLayout#nbr", (0, 2137, 1080, 2337)).holding(
                        node("RelativeLayout#nbv C", (32, 2137, 354, 2337), tap=self._toggle_multiple).holding(
                            node("CheckBox#nbk", (32, 2211, 95, 2274), flags="KX" if self.multiple else "K"),
                            node("TextView#nbu", (111, 2214, 354, 2261), text=app.t("select_multiple")),
                        ),
                        node("Button#uyb", (550, 2179, 1048, 2295), text=following, tap=self._next),
                    ),
                ),
                *(self._preview_views(self.preview) if self.preview else []),
            )
        ]
