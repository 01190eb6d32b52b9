"""TikTok's camera, its CREATE tab, and what the record button really does."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import WHOLE, sound_chip, tool


class Camera(TikTokScreen):
    """The camera. The gallery is the unlabelled thumbnail bottom left; the middle button records."""

    name = "camera"

    def __init__(self, app: TikTok) -> None:
        super().__init__(app)
        self.recording = False
        self.mode = "photo"

    def back(self) -> None:
        if self.recording:
            self._record()
            return
        self.app.pop()

    def _record(self) -> None:
        """The first tap begins a recording, the second ends in the editor with the recorded clip."""
        app = self.app
        if not self.recording:
            self.recording = True
            app.phone.changed()
            return
        self.recording = False
        row = app.recorded("image" if self.mode == "photo" else "video")
        app.go(1.0, lambda: app.edit([row]))

    def _gallery(self) -> None:
        app = self.app
        asked = app.media_permission("video", "image")
        app.go(0.8, lambda: app.permitted(asked, lambda granted: app.push("picker", granted=granted)))

    def _mode(self, mode: str) -> None:
        self.mode = mode
        self.changed()

    def views(self) -> list[View]:
        app = self.app
        record = node("FrameLayout#eaa", (388, 1640, 692, 2337)).holding(
            node("Button#r3r C", (395, 1752, 684, 2041), desc="@2131888184", tap=self._record),
            node("FrameLayout#d9a", (435, 1792, 645, 2002)),
        )
        if self.recording:
            return [node("FrameLayout#nor B", WHOLE).holding(record)]

        def mode(left: int, right: int, label: str, name: str) -> View:
            flags, box = "S" if name == self.mode else "", (left, 1655, right, 1742)
            return node("TextView#v5w", box, text=label, flags=flags, tap=partial(self._mode, name))

        gallery = node("FrameLayout#ymg C", (0, 2081, 210, 2239), tap=self._gallery).holding(
            node("ImageView#kwk", (53, 2121, 158, 2226))
        )
        return [
            node("FrameLayout#nor B", WHOLE).holding(
                node("RelativeLayout#ntm", (0, 1778, 1080, 2041)),
                record,
                node("RelativeLayout#rzd", (0, 1504, 1080, 2239)).holding(
                    gallery, node("FrameLayout#r8s", (408, 1504, 671, 2239))
                ),
                node("View C", (637, 1797, 831, 1991)),
                node("View C", (831, 1797, 1025, 1991)),
                node("View C", (1025, 1797, 1080, 1991)),
                sound_chip(app, tap=partial(app.push, "sound-sheet")),
                node("ImageView#jix C", (32, 193, 148, 309), desc="@2131888272", tap=self.back),
                node("LinearLayout#e52", (0, 1628, 1080, 1770)).holding(
                    mode(46, 188, "10m", "10m"),
                    mode(188, 316, "60s", "60s"),
                    mode(316, 444, "15s", "15s"),
                    mode(444, 637, app.t("photo"), "photo"),
                    mode(637, 793, app.t("text_mode"), "text"),
                ),
                _bottom_tabs(app, "post_tab"),
                node("LinearLayout#h52", (933, 193, 1080, 467)).holding(
                    tool(app, 193, "flip"), tool(app, 330, "flash")
                ),
                node("LinearLayout#tte", (933, 502, 1080, 1050)).holding(
                    tool(app, 502, "timer"),
                    tool(app, 639, "layout"),
                    tool(app, 776, "ratio"),
                    tool(app, 913, "retouch"),
                ),
                node("ImageView#w8r C", (969, 1076, 1043, 1134), desc=app.t("dropdown")),
            )
        ]


def _bottom_tabs(app: TikTok, current: str) -> View:
    """POST and CREATE under the camera."""
    left, begin = (457, 198) if current == "post_tab" else (271, 0)

    def tab(x: int, width: int, key: str, opens: str) -> View:
        box = (x, 2115, x + width, 2233)
        if key == current:
            return node("TextView#v5w S", box, text=app.t(key))
        return node("TextView#v5w", box, text=app.t(key), tap=partial(app.swap, opens))

    return node("LinearLayout#e52", (begin, 2110, 1080, 2239)).holding(
        tab(left, 166, "post_tab", "camera"), tab(left + 166, 207, "create_tab", "create-tab")
    )


class CreateTab(TikTokScreen):
    """The CREATE tab: templates. It looks like the camera's neighbour and is a trap."""

    name = "create-tab"

    def views(self) -> list[View]:
        app = self.app

        def entry(left: int, label: str, icon: str = "") -> View:
            return node("Button C", (left, 273, left + 184, 468), desc=label).holding(
                node("ImageView#g1f", (left + 60, 294, left + 123, 357), desc=icon),
                node("TextView#g1g", (left + 30, 378, left + 160, 415), text=label),
            )

        return [
            node("FrameLayout#fys B", WHOLE).holding(
                node("ImageView#g10 C", (53, 173, 116, 236), desc=app.t("close"), tap=self.back),
                node("Button C", (11, 273, 211, 465)).holding(node("ImageView#g1h")),
                entry(211, "Photo editor", "Edit image"),
                entry(395, "AutoCut"),
                entry(579, "Captions", "Captions"),
                entry(763, "AI Video"),
                entry(947, "Cutout"),
                node("FrameLayout#nqb C", (32, 468, 803, 689)).holding(
                    node("TextView#nqd", (316, 581, 519, 639), text=app.t("new_video"))
                ),
                node("FrameLayout#a4s C", (827, 468, 1048, 689)).holding(
                    node("ImageView", (903, 513, 971, 581), desc=app.t("drafts")),
                    node("TextView", (876, 586, 999, 644), text=app.t("drafts")),
                ),
                node("TextView#title", (32, 757, 277, 823), text=app.t("templates")),
                node("ImageView#sdb C", (964, 748, 1048, 832), desc=app.t("search")),
                *_template_tabs(),
                *_templates(),
                node("ImageView#fyp", (0, 0, 1080, 1080), desc="End of year background"),
                _bottom_tabs(app, "create_tab"),
            )
        ]


def _template_tabs() -> list[View]:
    tabs = [node("FrameLayout C", (5, 832, 110, 937)), node("FrameLayout C", (572, 832, 829, 937))]
    labels = ((110, 295, "For You"), (295, 572, "🎄Christmas"), (829, 1057, "Viral Song"), (1057, 1080, "Trendy"))
    for left, right, label in labels:
        chosen = label == "For You"
        text = node("TextView", (left + 20, 832, right, 937), text=label, flags="S" if chosen else "")
        box = (left, 832, right, 937)
        tabs.append(node("FrameLayout", box, desc=label, flags="S" if chosen else "C").holding(text))
    return tabs


def _templates() -> list[View]:
    views = []
    for left, right, counts in ((32, 529, "33.8K videos • 1 clip"), (551, 1048, "229.4K videos • 11 clips")):
        name = node("TextView#vlt", (left + 11, 1653, right - 200, 1700), text="Sample text 1")
        below = node("TextView#vl3", (left + 11, 1705, right, 1744), text=counts)
        views.append(node("ViewGroup C", (left, 969, right, 1744)).holding(name, below))
    return views
