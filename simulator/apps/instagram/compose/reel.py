"""Instagram's reel editor, the filter page of images, and pages behind their tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.parts import WHOLE, bottom_sheet
from simulator.apps.kit.layout import labelled, node

_TOOLS = (
    ("volume_controls", "add_audio"), ("add_text", "add_text"), ("add_sticker", "add_sticker"), ("ar_effects", "effects"),
    ("voiceover", "voiceover"), ("add_clips", "add_clips"), ("captions", "captions"), ("volume_controls", "volume"),
    ("save", "save"),
)  # fmt: skip


class Editor(InstagramScreen):
    """The reel editor."""

    name = "editor"

    def _next(self) -> None:
        self.app.go(1.2, lambda: self.app.push("share"))

    def back(self) -> None:
        self.app.cover("discard-reel")

    def _tool(self, title: str) -> Callable[[], None]:
        return partial(self.app.push, "tool", title=title)

    def _button(self, place: int, name: str, key: str) -> View:
        left, label = 12 + 83 * place, self.app.t(key)
        box = (left, 1126, min(720, left + 71), 1197)
        return node(f"Button#clips_action_bar_{name}_button C", box, desc=label, tap=self._tool(label))

    def views(self) -> list[View]:
        app, following = self.app, self.app.t("next")
        buttons = [self._button(place, *tool) for place, tool in enumerate(_TOOLS)]
        playing, edit = app.t("preview_playing"), app.t("edit_video")
        left = node(
            "Button#clips_left_action_button C",
            (20, 1292, 168, 1362),
            desc=app.t("edit_video_hint"),
            tap=self._tool(edit),
        )
        right, label = (579, 1292, 700, 1362), (605, 1314, 681, 1340)
        return [
            node("FrameLayout#quick_capture_root_container CF", WHOLE).holding(
                node("FrameLayout#capture_interactive_drawable_container", (0, 0, 720, 1280), desc=playing),
                node("LinearLayout#clips_stacked_timeline_swipe_up_icon_container", (0, 1102, 720, 1241)).holding(
                    node("ImageView#clips_stacked_timeline_swipe_up_icon", (340, 1162, 379, 1201))
                ),
                node("ViewGroup#clips_action_bar", (20, 1292, 700, 1362)).holding(
                    left.holding(node("TextView", (46, 1314, 142, 1340), text=edit)),
                    labelled("Button#clips_right_action_button C", right, label, following, self._next),
                ),
                node("RecyclerView#creation_toolbar_recyclerview R", (0, 1094, 720, 1197)).holding(*buttons),
                node("LinearLayout#edit_buttons_toolbar", (7, 20, 713, 105)).holding(
                    node("Button#cancel_button C", (12, 26, 84, 98), desc=app.t("cancel"), tap=self.back),
                    node("Button#overflow_button C", (636, 26, 708, 98), desc="@2131966362"),
                ),
            )
        ]


class ToolSheet(InstagramScreen):
    """Behind a tool of the editor: nothing that a post needs."""

    name = "tool"
    layered = True

    def __init__(self, app: Instagram, title: str) -> None:
        super().__init__(app)
        self.title = title

    def views(self) -> list[View]:
        slider = node("SeekBar#tool_slider", (60, 900, 660, 950))
        return [bottom_sheet(self.app, 700, self.title, slider)]


class Filters(InstagramScreen):
    """The page of images between picker and share screen."""

    name = "filters"

    def _next(self) -> None:
        self.app.go(1.0, lambda: self.app.push("share"))

    def views(self) -> list[View]:
        app = self.app
        names = ("Normal", "Paris", "Los Angeles", "Oslo")
        filters = [
            node("Button#filter_picker_item C", (20 + 170 * i, 1000, 170 + 170 * i, 1200), text=name, desc=name)
            for i, name in enumerate(names)
        ]
        button, label = (560, 1270, 700, 1340), (590, 1285, 670, 1325)
        return [
            node("FrameLayout#creation_root B", WHOLE).holding(
                node("ImageView#button_back C", (0, 39, 91, 130), desc=app.t("back"), tap=app.pop),
                node("ViewGroup#creation_image_container", (0, 130, 720, 850)),
                *filters,
                labelled("Button#creation_next_button C", button, label, app.t("next"), self._next),
            )
        ]
