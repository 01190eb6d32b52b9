"""TikTok's camera, its CREATE tab, and what the record button really does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from simulator.apps.base import MediaRow, View
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen, sound_chip, tool

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp


class Camera(TikTokScreen):
    """The camera. The gallery is the unlabelled thumbnail bottom left; the middle button records."""

    name = "camera"

    def __init__(self, app: TikTokApp) -> None:
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
        body = f"recorded {app.phone.serial} {app.phone.now()}".encode()
        name = "recorded.jpg" if self.mode == "photo" else "recorded.mp4"
        kind = "image" if self.mode == "photo" else "video"
        row = MediaRow(
            0, "", name, kind, len(body), hashlib.sha256(body).hexdigest(), 3000, 1080, 1920, app.phone.now()
        )
        app.go(1.0, lambda: app.push(app.edit([row])))

    def _gallery(self) -> None:
        from simulator.apps.tiktok.picker import Picker

        app = self.app
        asked = app.media_permission("video", "image")
        app.go(0.8, lambda: app.permitted(asked, lambda granted: app.push(Picker(app, granted=granted))))

    def _sound(self) -> None:
        from simulator.apps.tiktok.sounds import SoundSheet

        self.app.push(SoundSheet(self.app))

    def _create_tab(self) -> None:
        self.app.stack[-1] = CreateTab(self.app)
        self.app.phone.changed()

    def _mode(self, mode: str) -> None:
        self.mode = mode
        self.app.phone.changed()

    def views(self) -> list[View]:
        app = self.app
        record = node(
            "FrameLayout",
            (388, 1640, 692, 2337),
            node(
                "Button", (395, 1752, 684, 2041), rid="r3r", desc="@2131888184", flags="C", tap=self._record
            ),
            node("FrameLayout", (435, 1792, 645, 2002), rid="d9a"),
            rid="eaa",
        )
        if self.recording:
            return [node("FrameLayout", WHOLE, record, rid="nor", flags="B")]

        def mode(left: int, right: int, label: str, name: str) -> View:
            flags = "S" if name == self.mode else ""
            return node("TextView", (left, 1655, right, 1742), rid="v5w", text=label, flags=flags, tap=lambda: self._mode(name))  # fmt: skip

        gallery = node(
            "FrameLayout",
            (0, 2081, 210, 2239),
            node("ImageView", (53, 2121, 158, 2226), rid="kwk"),
            rid="ymg",
            flags="C",
            tap=self._gallery,
        )
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("RelativeLayout", (0, 1778, 1080, 2041), rid="ntm"),
                record,
                node(
                    "RelativeLayout",
                    (0, 1504, 1080, 2239),
                    gallery,
                    node("FrameLayout", (408, 1504, 671, 2239), rid="r8s"),
                    rid="rzd",
                ),
                node("View", (637, 1797, 831, 1991), flags="C"),
                node("View", (831, 1797, 1025, 1991), flags="C"),
                node("View", (1025, 1797, 1080, 1991), flags="C"),
                sound_chip(app, editor=False, tap=self._sound, remove=lambda: None),
                node("ImageView", (32, 193, 148, 309), rid="jix", desc="@2131888272", flags="C", tap=self.back),
                node(
                    "LinearLayout",
                    (0, 1628, 1080, 1770),
                    mode(46, 188, "10m", "10m"),
                    mode(188, 316, "60s", "60s"),
                    mode(316, 444, "15s", "15s"),
                    mode(444, 637, app.t("photo"), "photo"),
                    mode(637, 793, app.t("text_mode"), "text"),
                    rid="e52",
                ),
                _bottom_tabs(app, "post_tab", self._create_tab),
                node("LinearLayout", (933, 193, 1080, 467), tool(app, 193, "flip"), tool(app, 330, "flash"), rid="h52"),
                node(
                    "LinearLayout",
                    (933, 502, 1080, 1050),
                    tool(app, 502, "timer"),
                    tool(app, 639, "layout"),
                    tool(app, 776, "ratio"),
                    tool(app, 913, "retouch"),
                    rid="tte",
                ),
                node("ImageView", (969, 1076, 1043, 1134), rid="w8r", desc=app.t("dropdown"), flags="C"),
                rid="nor",
                flags="B",
            )
        ]  # fmt: skip


def _bottom_tabs(app: TikTokApp, current: str, switch: object) -> View:
    """POST and CREATE under the camera."""
    left = 457 if current == "post_tab" else 271

    def tab(x: int, width: int, key: str) -> View:
        chosen = key == current
        tap = switch if callable(switch) and not chosen else None
        return node("TextView", (x, 2115, x + width, 2233), rid="v5w", text=app.t(key), flags="S" if chosen else "", tap=tap)  # fmt: skip

    return node(
        "LinearLayout",
        (198 if current == "post_tab" else 0, 2110, 1080, 2239),
        tab(left, 166, "post_tab"),
        tab(left + 166, 207, "create_tab"),
        rid="e52",
    )


class CreateTab(TikTokScreen):
    """The CREATE tab: templates. It looks like the camera's neighbour and is a trap."""

    name = "create-tab"

    def _post_tab(self) -> None:
        self.app.stack[-1] = Camera(self.app)
        self.app.phone.changed()

    def views(self) -> list[View]:
        app = self.app

        def entry(left: int, label: str, icon: str = "") -> View:
            return node(
                "Button",
                (left, 273, left + 184, 468),
                node("ImageView", (left + 60, 294, left + 123, 357), rid="g1f", desc=icon),
                node("TextView", (left + 30, 378, left + 160, 415), rid="g1g", text=label),
                desc=label,
                flags="C",
            )

        return [
            node(
                "FrameLayout",
                WHOLE,
                node("ImageView", (53, 173, 116, 236), rid="g10", desc=app.t("close"), flags="C", tap=self.back),
                node("Button", (11, 273, 211, 465), node("ImageView", (11, 273, 211, 465), rid="g1h"), flags="C"),
                entry(211, "Photo editor", "Edit image"),
                entry(395, "AutoCut"),
                entry(579, "Captions", "Captions"),
                entry(763, "AI Video"),
                entry(947, "Cutout"),
                node(
                    "FrameLayout",
                    (32, 468, 803, 689),
                    node("TextView", (316, 581, 519, 639), rid="nqd", text=app.t("new_video")),
                    rid="nqb",
                    flags="C",
                ),
                node(
                    "FrameLayout",
                    (827, 468, 1048, 689),
                    node("ImageView", (903, 513, 971, 581), desc=app.t("drafts")),
                    node("TextView", (876, 586, 999, 644), text=app.t("drafts")),
                    rid="a4s",
                    flags="C",
                ),
                node("TextView", (32, 757, 277, 823), rid="title", text=app.t("templates")),
                node("ImageView", (964, 748, 1048, 832), rid="sdb", desc=app.t("search"), flags="C"),
                *_template_tabs(),
                *_templates(),
                node("ImageView", (0, 0, 1080, 1080), rid="fyp", desc="End of year background"),
                _bottom_tabs(app, "create_tab", self._post_tab),
                rid="fys",
                flags="B",
            )
        ]  # fmt: skip


def _template_tabs() -> list[View]:
    tabs = [
        node("FrameLayout", (5, 832, 110, 937), flags="C"),
        node("FrameLayout", (572, 832, 829, 937), flags="C"),
    ]
    for left, right, label in (
        (110, 295, "For You"),
        (295, 572, "🎄Christmas"),
        (829, 1057, "Viral Song"),
        (1057, 1080, "Trendy"),
    ):
        chosen = label == "For You"
        text = node("TextView", (left + 20, 832, right, 937), text=label, flags="S" if chosen else "")
        tabs.append(
            node("FrameLayout", (left, 832, right, 937), text, desc=label, flags="S" if chosen else "C")
        )
    return tabs


def _templates() -> list[View]:
    views = []
    for left, right, counts in ((32, 529, "33.8K videos • 1 clip"), (551, 1048, "229.4K videos • 11 clips")):
        name = node("TextView", (left + 11, 1653, right - 200, 1700), rid="vlt", text="Sample text 1")
        below = node("TextView", (left + 11, 1705, right, 1744), rid="vl3", text=counts)
        views.append(node("ViewGroup", (left, 969, right, 1744), name, below, flags="C"))
    return views
