"""Ways into Instagram's creation: the Create sheet over the profile, and the camera."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.parts import WHOLE, bottom_sheet, destinations
from simulator.apps.kit.layout import node

#: Key of its description, label (a key where it leads somewhere), and what is created.
_ENTRIES = (
    ("create_new_reel", "reel", "reel"),
    ("", "Edits", ""),
    ("create_new_post", "post", "feed"),
    ("create_new_story", "story", "story"),
    ("", "Highlight", ""),
    ("", "Ad", ""),
    ("fundraiser", "Fundraiser", ""),
)
_TOOLS = (
    "Add audio button", "Enable effects button", "Green Screen", "Touch up",
    "Change video length, currently 15 Seconds button",
)  # fmt: skip


class CreateSheet(InstagramScreen):
    """The sheet "Create" over the profile."""

    name = "create-sheet"
    layered = True

    def _open(self, kind: str) -> None:
        self.app.pop()
        self.app.create(kind)

    def _row(self, place: int, desc: str, label: str, kind: str) -> View:
        y, words = 658 + 88 * place, self.app.t(label) if kind else label
        said, tap = self.app.t(desc) if desc else words, partial(self._open, kind) if kind else None
        return node("Button C", (0, y, 720, y + 88), desc=said, tap=tap).holding(
            node("ImageView#image", (26, y + 24, 65, y + 63)),
            node("ViewGroup#label_container", (91, y, 694, y + 88)).holding(
                node("TextView#label", (91, y + 27, 260, y + 60), text=words)
            ),
        )

    def views(self) -> list[View]:
        rows = [self._row(place, *entry) for place, entry in enumerate(_ENTRIES)]
        listed = node("RecyclerView#recycler_view", (0, 658, 720, 1362)).holding(*rows)
        return [bottom_sheet(self.app, 540, self.app.t("create"), listed)]


class Camera(InstagramScreen):
    """Instagram's camera; "Gallery" bottom left leads to the picker."""

    name = "camera"

    def __init__(self, app: Instagram, *, granted: bool) -> None:
        super().__init__(app)
        self.granted = granted

    def _gallery(self) -> None:
        self.app.go(0.8, lambda: self.app.push("picker", granted=self.granted))

    def _suggested(self) -> None:
        """The toast at the top lays a track under the reel that no task asked for."""
        self.app.draft.sound = "Suggested track"
        self.changed()

    def _shoot(self) -> None:
        """The shutter takes a picture of the desk: a story or reel of it is one tap further."""
        app = self.app
        app.draft.media = [app.recorded("image")]
        app.go(1.0, lambda: app.push("story-editor"))

    def views(self) -> list[View]:
        app = self.app
        sound = app.draft.sound
        tools = [
            node("View", (20, 469 + 81 * i, 263, 550 + 81 * i), desc=label, flags="" if i else "C")
            for i, label in enumerate((sound or _TOOLS[0], *_TOOLS[1:]))
        ]
        title, below = "Suggested audio", "Tap to apply"
        toast = node("ViewGroup#camera_sticky_toast C", (193, 118, 526, 196), desc=title + below, tap=self._suggested)
        toast.holding(
            node("TextView#toast_message_title", (279, 131, 440, 157), text=title),
            node("TextView#toast_message_subtitle", (279, 157, 440, 183), text=below),
        )
        return [
            node("FrameLayout#quick_capture_root_container C", WHOLE).holding(
                node("View C", (341, 26, 494, 157), desc="Speed selector button"),
                node("View C", (416, 26, 494, 157), desc="Timer button"),
                node("Button#camera_utility_tool_flash_button C", (271, 31, 326, 86), desc=app.t("flash_off")),
                node("Button#camera_home_button C", (0, 7, 85, 92), desc=app.t("back_home"), tap=app.pop),
                node("Button#camera_settings_gear C", (635, 7, 720, 92), desc=app.t("story_settings")),
                *tools,
                *([] if sound else [toast]),
                node("Button#camera_shutter_button C", (298, 1092, 422, 1216), desc=app.t("shutter"), tap=self._shoot),
                node("Button#gallery_preview_button C", (0, 1243, 111, 1344), desc=app.t("gallery"), tap=self._gallery),
                node("Button#camera_switch_button C", (609, 1243, 720, 1344), desc=app.t("switch_camera")),
                *destinations(app, ("clips", "reel_tab", 311, 408), top=1267, bottom=1323),
                *destinations(app, ("template", "templates_tab", 408, 602), top=1267, bottom=1322),
            )
        ]
