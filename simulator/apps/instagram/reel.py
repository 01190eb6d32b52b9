"""Instagram's reel editor, the filter page of images, and pages behind their tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, bottom_sheet
from simulator.apps.layout import node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


def discard_dialog(app: InstagramApp, dialog: Dialog) -> View:
    """Leaving an editor: Discard loses the reel, "Keep editing" does not."""

    def discard() -> None:
        dialog.leave()
        app.replace(app.home())

    def save() -> None:
        dialog.leave()
        app.save_draft()
        app.replace(app.home())

    return alert(
        app.t("discard_reel"),
        "",
        [
            ("igds_alert_dialog_primary_button", app.t("discard"), discard),
            ("igds_alert_dialog_secondary_button", app.t("save_draft"), save),
            ("igds_alert_dialog_cancel_button", app.t("keep_editing"), dialog.leave),
        ],
    )


def alert(title: str, body: str, buttons: list[tuple[str, str, Callable[[], None]]]) -> View:
    """Instagram's alert in the middle of the screen."""
    head = [node("TextView#igds_alert_dialog_headline", (211, 543, 509, 599), text=title)]
    if body:
        head.append(node("TextView#igds_alert_dialog_subtext", (211, 599, 509, 695), text=body))
    rows = [
        node("Button C", (172, 748 + 81 * i, 548, 828 + 81 * i), rid=rid, text=label, tap=tap)
        for i, (rid, label, tap) in enumerate(buttons)
    ]
    return node("FrameLayout B", (172, 510, 548, 760 + 81 * len(rows))).holding(*head, *rows)


class Editor(InstagramScreen):
    """The reel editor."""

    name = "editor"

    def _next(self) -> None:
        from simulator.apps.instagram.share import ShareScreen

        app = self.app
        app.go(1.2, lambda: app.push(ShareScreen(app)))

    def back(self) -> None:
        app = self.app
        app.cover(Dialog(app, "discard-reel", lambda dialog: discard_dialog(app, dialog)))

    def _tool(self, title: str) -> Callable[[], None]:
        return lambda: self.app.push(ToolSheet(self.app, title))

    def views(self) -> list[View]:
        app = self.app
        tools = (
            ("volume_controls", "add_audio"),
            ("add_text", "add_text"),
            ("add_sticker", "add_sticker"),
            ("ar_effects", "effects"),
            ("voiceover", "voiceover"),
            ("add_clips", "add_clips"),
            ("captions", "captions"),
            ("volume_controls", "volume"),
            ("save", "save"),
        )
        buttons = [
            node(
                "Button C",
                (12 + 83 * i, 1126, min(720, 83 + 83 * i), 1197),
                rid=f"clips_action_bar_{name}_button",
                desc=app.t(key),
                tap=self._tool(app.t(key)),
            )
            for i, (name, key) in enumerate(tools)
        ]
        return [
            node("FrameLayout#quick_capture_root_container CF", WHOLE).holding(
                node(
                    "FrameLayout#capture_interactive_drawable_container",
                    (0, 0, 720, 1280),
                    desc=app.t("preview_playing"),
                ),
                node(
                    "LinearLayout#clips_stacked_timeline_swipe_up_icon_container", (0, 1102, 720, 1241)
                ).holding(node("ImageView#clips_stacked_timeline_swipe_up_icon", (340, 1162, 379, 1201))),
                node("ViewGroup#clips_action_bar", (20, 1292, 700, 1362)).holding(
                    node(
                        "Button#clips_left_action_button C",
                        (20, 1292, 168, 1362),
                        desc=app.t("edit_video_hint"),
                        tap=self._tool(app.t("edit_video")),
                    ).holding(node("TextView", (46, 1314, 142, 1340), text=app.t("edit_video"))),
                    node(
                        "Button#clips_right_action_button C",
                        (579, 1292, 700, 1362),
                        desc=app.t("next"),
                        tap=self._next,
                    ).holding(node("TextView", (605, 1314, 681, 1340), text=app.t("next"))),
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

    def __init__(self, app: InstagramApp, title: str) -> None:
        super().__init__(app)
        self.title = title

    def views(self) -> list[View]:
        slider = node("SeekBar#tool_slider", (60, 900, 660, 950))
        return [bottom_sheet(self.app, 700, self.title, slider)]


class Filters(InstagramScreen):
    """The page of images between picker and share screen."""

    name = "filters"

    def _next(self) -> None:
        from simulator.apps.instagram.share import ShareScreen

        app = self.app
        app.go(1.0, lambda: app.push(ShareScreen(app)))

    def views(self) -> list[View]:
        app = self.app
        names = ("Normal", "Paris", "Los Angeles", "Oslo")
        filters = [
            node(
                "Button#filter_picker_item C", (20 + 170 * i, 1000, 170 + 170 * i, 1200), text=name, desc=name
            )
            for i, name in enumerate(names)
        ]
        return [
            node("FrameLayout#creation_root B", WHOLE).holding(
                node("ImageView#button_back C", (0, 39, 91, 130), desc=app.t("back"), tap=app.pop),
                node("ViewGroup#creation_image_container", (0, 130, 720, 850)),
                *filters,
                node(
                    "Button#creation_next_button C",
                    (560, 1270, 700, 1340),
                    desc=app.t("next"),
                    tap=self._next,
                ).holding(node("TextView", (590, 1285, 670, 1325), text=app.t("next"))),
            )
        ]
