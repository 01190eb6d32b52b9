"""Ways into Instagram's creation: the Create sheet over the profile, permissions, old drafts, the camera."""

from __future__ import annotations

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

    return node(
        "FrameLayout",
        (148, 560, 572, 1000),
        node("TextView", (180, 585, 540, 680), rid="igds_headline_headline", text=app.t("keep_draft")),
        node("LinearLayout", (148, 843, 572, 921), node("Button", (181, 843, 539, 921), rid="primary_button", text=app.t("keep_editing"), flags="C", tap=keep), rid="primary_button_row", flags="C"),
        node("LinearLayout", (148, 922, 572, 1000), node("Button", (181, 922, 539, 1000), rid="auxiliary_button", text=app.t("start_new"), flags="C", tap=dialog.leave), rid="auxiliary_button_row", flags="C"),
        flags="B",
    )  # fmt: skip


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
                    "Button",
                    (0, y, 720, y + 88),
                    node("ImageView", (26, y + 24, 65, y + 63), rid="image"),
                    node("ViewGroup", (91, y, 694, y + 88), node("TextView", (91, y + 27, 260, y + 60), rid="label", text=words), rid="label_container"),
                    desc=app.t(desc) if desc else words,
                    flags="C",
                    tap=(lambda kind=kind: self._open(kind)) if kind else None,  # type: ignore[misc]
                )
            )  # fmt: skip
        listed = node("RecyclerView", (0, 658, 720, 1362), *rows, rid="recycler_view")
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
        toast = [] if sound else [
            node("ViewGroup", (193, 118, 526, 196), node("TextView", (279, 131, 440, 157), rid="toast_message_title", text="Suggested audio"),
                 node("TextView", (279, 157, 440, 183), rid="toast_message_subtitle", text="Tap to apply"),
                 rid="camera_sticky_toast", desc="Suggested audioTap to apply", flags="C", tap=self._suggested)
        ]  # fmt: skip
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("View", (341, 26, 494, 157), desc="Speed selector button", flags="C"),
                node("View", (416, 26, 494, 157), desc="Timer button", flags="C"),
                node("Button", (271, 31, 326, 86), rid="camera_utility_tool_flash_button", desc=app.t("flash_off"), flags="C"),
                node("Button", (0, 7, 85, 92), rid="camera_home_button", desc=app.t("back_home"), flags="C", tap=app.pop),
                node("Button", (635, 7, 720, 92), rid="camera_settings_gear", desc=app.t("story_settings"), flags="C"),
                *tools,
                *toast,
                node("Button", (298, 1092, 422, 1216), rid="camera_shutter_button", desc=app.t("shutter"), flags="C", tap=self._shoot),
                node("Button", (0, 1243, 111, 1344), rid="gallery_preview_button", desc=app.t("gallery"), flags="C", tap=self._gallery),
                node("Button", (609, 1243, 720, 1344), rid="camera_switch_button", desc=app.t("switch_camera"), flags="C"),
                node("TextView", (311, 1267, 408, 1323), rid="cam_dest_clips", text=app.t("reel_tab"), desc=app.t("reel_tab"), flags="C"),
                node("TextView", (408, 1267, 602, 1322), rid="cam_dest_template", text=app.t("templates_tab"), desc=app.t("templates_tab"), flags="C"),
                rid="quick_capture_root_container",
                flags="C",
            )
        ]  # fmt: skip
