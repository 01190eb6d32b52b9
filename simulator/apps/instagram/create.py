"""Ways into Instagram's creation: the Create sheet over the profile, permissions, old drafts, the camera."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, bottom_sheet
from simulator.apps.layout import node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


def open_creation(app: InstagramApp, kind: str) -> None:
    """From a button to the picker, through permissions; an old draft asks first; sometimes the camera comes instead."""
    app.compose(kind)
    wanted = ["CAMERA", "RECORD_AUDIO", *app.media_permission("video", "image")]
    app.go(1.0, lambda: app.permitted(wanted, lambda granted: _permitted(app, kind, granted=granted)))


def _permitted(app: InstagramApp, kind: str, *, granted: bool) -> None:
    from simulator.apps.instagram.feed_picker import FeedPicker
    from simulator.apps.instagram.picker import Picker

    if kind == "feed":
        app.push(FeedPicker(app, granted=granted))
    elif kind == "reel" and app.phone.fault("opens-story-editor"):
        from simulator.apps.instagram.story import StoryEditor

        app.draft.kind = "story"
        app.draft.media = app.phone.media()[:1]
        app.push(StoryEditor(app))
    elif app.phone.fault("opens-camera"):
        app.push(Camera(app, granted=granted))
    else:
        app.push(Picker(app, granted=granted))
    if kind == "reel" and app.mine().get("drafts"):
        app.cover(Dialog(app, "keep-draft", lambda dialog: _keep_draft(app, dialog)))


def _keep_draft(app: InstagramApp, dialog: Dialog) -> View:
    """Going on with the old draft would publish something else."""

    def keep() -> None:
        from simulator.apps.instagram.reel import Editor

        dialog.leave()
        app.draft.media = app.phone.media()[-1:]
        app.draft.caption = "an old draft"
        app.push(Editor(app))

    return node("FrameLayout B", (148, 560, 572, 1000)).holding(
        node("TextView#igds_headline_headline", (180, 585, 540, 680), text=app.t("keep_draft")),
        node("LinearLayout#primary_button_row C", (148, 843, 572, 921)).holding(
            node("Button#primary_button C", (181, 843, 539, 921), text=app.t("keep_editing"), tap=keep)
        ),
        node("LinearLayout#auxiliary_button_row C", (148, 922, 572, 1000)).holding(
            node(
                "Button#auxiliary_button C", (181, 922, 539, 1000), text=app.t("start_new"), tap=dialog.leave
            )
        ),
    )


class CreateSheet(InstagramScreen):
    """The sheet "Create" over the profile."""

    name = "create-sheet"
    layered = True

    def _open(self, kind: str) -> None:
        self.app.pop()
        open_creation(self.app, kind)

    def views(self) -> list[View]:
        app = self.app
        rows = []
        entries = (
            ("create_new_reel", "reel", "reel"),
            ("", "Edits", ""),
            ("create_new_post", "post", "feed"),
            ("create_new_story", "story", "story"),
            ("", "Highlight", ""),
            ("", "Ad", ""),
            ("fundraiser", "", ""),
        )
        for place, (desc, label, kind) in enumerate(entries):
            y = 658 + 88 * place
            words = app.t(label) if kind else label or "Fundraiser"
            rows.append(
                node(
                    "Button C",
                    (0, y, 720, y + 88),
                    desc=app.t(desc) if desc else words,
                    tap=(partial(self._open, kind)) if kind else None,
                ).holding(
                    node("ImageView#image", (26, y + 24, 65, y + 63)),
                    node("ViewGroup#label_container", (91, y, 694, y + 88)).holding(
                        node("TextView#label", (91, y + 27, 260, y + 60), text=words)
                    ),
                )
            )
        listed = node("RecyclerView#recycler_view", (0, 658, 720, 1362)).holding(*rows)
        return [bottom_sheet(app, 540, app.t("create"), listed)]


class Camera(InstagramScreen):
    """Instagram's camera; "Gallery" bottom left leads to the picker."""

    name = "camera"

    def __init__(self, app: InstagramApp, *, granted: bool) -> None:
        super().__init__(app)
        self.granted = granted

    def _gallery(self) -> None:
        from simulator.apps.instagram.picker import Picker

        app = self.app
        app.go(0.8, lambda: app.push(Picker(app, granted=self.granted)))

    def _suggested(self) -> None:
        """The toast at the top lays a track under the reel that nobody asked for."""
        self.app.draft.sound = "Suggested track"
        self.app.phone.changed()

    def _shoot(self) -> None:
        """The shutter takes a picture of the desk: a story or reel of it is one tap further."""
        from simulator.apps.instagram.story import StoryEditor, snapshot

        app = self.app
        app.draft.media = [snapshot(app)]
        app.go(1.0, lambda: app.push(StoryEditor(app)))

    def views(self) -> list[View]:
        app = self.app
        sound = app.draft.sound
        tools = [
            node("View", (20, 469 + 81 * i, 263, 550 + 81 * i), desc=label, flags=flags)
            for i, (label, flags) in enumerate(
                (
                    (sound or "Add audio button", "C"),
                    ("Enable effects button", ""),
                    ("Green Screen", ""),
                    ("Touch up", ""),
                    ("Change video length, currently 15 Seconds button", ""),
                )
            )
        ]
        toast = (
            []
            if sound
            else [
                node(
                    "ViewGroup#camera_sticky_toast C",
                    (193, 118, 526, 196),
                    desc="Suggested audioTap to apply",
                    tap=self._suggested,
                ).holding(
                    node("TextView#toast_message_title", (279, 131, 440, 157), text="Suggested audio"),
                    node("TextView#toast_message_subtitle", (279, 157, 440, 183), text="Tap to apply"),
                )
            ]
        )
        return [
            node("FrameLayout#quick_capture_root_container C", WHOLE).holding(
                node("View C", (341, 26, 494, 157), desc="Speed selector button"),
                node("View C", (416, 26, 494, 157), desc="Timer button"),
                node(
                    "Button#camera_utility_tool_flash_button C", (271, 31, 326, 86), desc=app.t("flash_off")
                ),
                node("Button#camera_home_button C", (0, 7, 85, 92), desc=app.t("back_home"), tap=app.pop),
                node("Button#camera_settings_gear C", (635, 7, 720, 92), desc=app.t("story_settings")),
                *tools,
                *toast,
                node(
                    "Button#camera_shutter_button C",
                    (298, 1092, 422, 1216),
                    desc=app.t("shutter"),
                    tap=self._shoot,
                ),
                node(
                    "Button#gallery_preview_button C",
                    (0, 1243, 111, 1344),
                    desc=app.t("gallery"),
                    tap=self._gallery,
                ),
                node("Button#camera_switch_button C", (609, 1243, 720, 1344), desc=app.t("switch_camera")),
                node(
                    "TextView#cam_dest_clips C",
                    (311, 1267, 408, 1323),
                    text=app.t("reel_tab"),
                    desc=app.t("reel_tab"),
                ),
                node(
                    "TextView#cam_dest_template C",
                    (408, 1267, 602, 1322),
                    text=app.t("templates_tab"),
                    desc=app.t("templates_tab"),
                ),
            )
        ]
