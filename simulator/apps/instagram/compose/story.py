"""Instagram's story editor ("Your story" publishes at one tap), its share sheet, and the chooser of old versions."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import MediaRow, View
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.parts import WHOLE, bottom_sheet
from simulator.apps.kit.layout import labelled, node

_TOOLS = (
    ("video_mute_button", "mute"), ("add_text_button", "add_text"), ("asset_button", "stickers"),
    ("camera_ar_effect_button", "camera_effects"), ("music_button", "music"),
)  # fmt: skip


class StoryEditor(InstagramScreen):
    """The story editor. It also comes up by mistake in reel runs; cancel_button leaves it."""

    name = "story-editor"

    def back(self) -> None:
        self.app.cover("discard-reel")

    def views(self) -> list[View]:
        app = self.app
        buttons = [
            node(f"Button#{rid} C", (226 + 82 * i, 26, 298 + 82 * i, 98), desc=app.t(key))
            for i, (rid, key) in enumerate(_TOOLS)
        ]

        def target(left: int, right: int, key: str) -> View:
            """Publishes at once."""
            inner = (left + 75, 1287, right - 75, 1326)
            return labelled("Button C", (left, 1271, right, 1342), inner, app.t(key), app.publish_story)

        share_to = partial(app.push, "story-share-sheet")
        return [
            node("FrameLayout#quick_capture_root_container C", WHOLE).holding(
                node("Button#cancel_button C", (12, 26, 84, 98), desc=app.t("cancel"), tap=app.pop),
                *buttons,
                node("Button#overflow_button C", (636, 26, 708, 98), desc="@2131966362"),
                node("TextView#add_caption_textview C", (0, 1193, 198, 1271), text=app.t("add_caption")),
                node("LinearLayout#story_share_controls_action_bar C", (20, 1271, 700, 1342)).holding(
                    target(20, 316, "your_story"),
                    target(325, 620, "close_friends"),
                    node("Button C", (629, 1271, 700, 1342), desc=app.t("share_to"), tap=share_to),
                ),
            )
        ]


class ShareSheet(InstagramScreen):
    """Behind "Share to": nothing is chosen at first; Share publishes to what is."""

    name = "story-share-sheet"
    layered = True

    def __init__(self, app: Instagram) -> None:
        super().__init__(app)
        self.chosen = ""

    def _choose(self, name: str) -> None:
        self.chosen = name
        self.changed()

    def _share(self) -> None:
        if self.chosen == "story":
            self.app.publish_story()

    def views(self) -> list[View]:
        app = self.app
        chosen = "S" if self.chosen == "story" else ""
        story, favorites = partial(self._choose, "story"), partial(self._choose, "favorites")
        options, message = app.t("sharing_options"), app.t("message")
        rows = [
            node("ViewGroup#row_add_to_story_container C", (0, 951, 720, 1049), flags=chosen, tap=story).holding(
                node("TextView#add_to_story_label", (124, 970, 239, 1000), text=app.t("your_story")),
                node("TextView#sharing_preferences_label", (124, 1000, 323, 1029), text=options),
            ),
            node("ViewGroup#row_add_to_story_favorites_container C", (0, 1049, 720, 1147), tap=favorites).holding(
                node("TextView#label", (124, 1068, 272, 1098), text=app.t("close_friends")),
                node("TextView C", (124, 1098, 277, 1127), text=app.t("add_people")),
            ),
            node("ViewGroup#message_row_container C", (0, 1147, 720, 1245)).holding(
                node("TextView#label", (124, 1181, 222, 1211), text=message)
            ),
            labelled(
                "Button#share_story_button C",
                (26, 1259, 694, 1331),
                (327, 1280, 392, 1310),
                app.t("share"),
                self._share,
            ),
        ]
        return [bottom_sheet(app, 833, app.t("share"), *rows)]


class ShareChooser(InstagramScreen):
    """Old versions ask where a shared file should go."""

    name = "share-chooser"

    def __init__(self, app: Instagram, row: MediaRow) -> None:
        super().__init__(app)
        self.row = row

    def _to(self, kind: str) -> None:
        app = self.app
        app.compose(kind)
        app.draft.media = [self.row]
        app.go(1.5, lambda: app.push("story-editor" if kind == "story" else "editor"))

    def views(self) -> list[View]:
        app = self.app
        entries = (("feed", "feed"), ("reels", "reel"), ("stories", "story"), ("chats", ""))
        rows = []
        for place, (key, kind) in enumerate(entries):
            y, tap = 700 + 120 * place, partial(self._to, kind) if kind else app.pop
            label = node("TextView", (140, y + 35, 500, y + 85), text=app.t(key))
            rows.append(node("LinearLayout C", (0, y, 720, y + 120), tap=tap).holding(label))
        return [node("FrameLayout#share_chooser B", WHOLE).holding(*rows)]
