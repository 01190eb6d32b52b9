"""Instagram's story editor ("Your story" publishes at one tap), its share sheet, and the chooser of old versions."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from simulator.apps.base import MediaRow, View
from simulator.apps.instagram.parts import WHOLE, InstagramScreen, bottom_sheet
from simulator.apps.instagram.reel import Editor, discard_dialog
from simulator.apps.layout import node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp


def snapshot(app: InstagramApp) -> MediaRow:
    """A picture just taken: in no media store and never what anybody asked for."""
    body = f"recorded {app.phone.serial} {app.phone.now()}".encode()
    sha256 = hashlib.sha256(body).hexdigest()
    return MediaRow(0, "", "recorded.jpg", "image", len(body), sha256, 0, 1080, 1920, app.phone.now())


class StoryEditor(InstagramScreen):
    """The story editor. It also comes up by mistake in reel runs; cancel_button leaves it."""

    name = "story-editor"

    def publish(self) -> None:
        self.app.draft.kind = "story"
        self.app.publish()

    def _sheet(self) -> None:
        self.app.push(ShareSheet(self.app, self))

    def back(self) -> None:
        app = self.app
        app.cover(Dialog(app, "discard-reel", lambda dialog: discard_dialog(app, dialog)))

    def views(self) -> list[View]:
        app = self.app
        tools = (
            ("video_mute_button", "mute"),
            ("add_text_button", "add_text"),
            ("asset_button", "stickers"),
            ("camera_ar_effect_button", "camera_effects"),
            ("music_button", "music"),
        )
        buttons = [
            node("Button C", (226 + 82 * i, 26, 298 + 82 * i, 98), rid=rid, desc=app.t(key))
            for i, (rid, key) in enumerate(tools)
        ]

        def target(left: int, right: int, key: str, *, narrow: bool = False) -> View:
            text = [] if narrow else [node("TextView", (left + 75, 1287, right - 75, 1326), text=app.t(key))]
            tap = self._sheet if narrow else self.publish
            return node("Button C", (left, 1271, right, 1342), desc=app.t(key), tap=tap).holding(*text)

        return [
            node("FrameLayout#quick_capture_root_container C", WHOLE).holding(
                node("Button#cancel_button C", (12, 26, 84, 98), desc=app.t("cancel"), tap=app.pop),
                *buttons,
                node("Button#overflow_button C", (636, 26, 708, 98), desc="@2131966362"),
                node("TextView#add_caption_textview C", (0, 1193, 198, 1271), text=app.t("add_caption")),
                node("LinearLayout#story_share_controls_action_bar C", (20, 1271, 700, 1342)).holding(
                    target(20, 316, "your_story"),
                    target(325, 620, "close_friends"),
                    target(629, 700, "share_to", narrow=True),
                ),
            )
        ]


class ShareSheet(InstagramScreen):
    """Behind "Share to": nothing is chosen at first; Share publishes to what is."""

    name = "story-share-sheet"
    layered = True

    def __init__(self, app: InstagramApp, editor: StoryEditor) -> None:
        super().__init__(app)
        self.editor = editor
        self.chosen = ""

    def _choose(self, name: str) -> None:
        self.chosen = name
        self.app.phone.changed()

    def _share(self) -> None:
        if self.chosen == "story":
            self.editor.publish()

    def views(self) -> list[View]:
        app = self.app
        flags = "CS" if self.chosen == "story" else "C"
        rows = [
            node(
                "ViewGroup#row_add_to_story_container",
                (0, 951, 720, 1049),
                flags=flags,
                tap=lambda: self._choose("story"),
            ).holding(
                node("TextView#add_to_story_label", (124, 970, 239, 1000), text=app.t("your_story")),
                node(
                    "TextView#sharing_preferences_label",
                    (124, 1000, 323, 1029),
                    text=app.t("sharing_options"),
                ),
            ),
            node(
                "ViewGroup#row_add_to_story_favorites_container C",
                (0, 1049, 720, 1147),
                tap=lambda: self._choose("favorites"),
            ).holding(
                node("TextView#label", (124, 1068, 272, 1098), text=app.t("close_friends")),
                node("TextView C", (124, 1098, 277, 1127), text=app.t("add_people")),
            ),
            node("ViewGroup#message_row_container C", (0, 1147, 720, 1245)).holding(
                node("TextView#label", (124, 1181, 222, 1211), text=app.t("message"))
            ),
            node(
                "Button#share_story_button C", (26, 1259, 694, 1331), desc=app.t("share"), tap=self._share
            ).holding(node("TextView", (327, 1280, 392, 1310), text=app.t("share"))),
        ]
        return [bottom_sheet(app, 833, app.t("share"), *rows)]


class ShareChooser(InstagramScreen):
    """Old versions ask where a shared file should go."""

    name = "share-chooser"

    def __init__(self, app: InstagramApp, row: MediaRow) -> None:
        super().__init__(app)
        self.row = row

    def _to(self, kind: str) -> None:
        app = self.app
        app.compose(kind)
        app.draft.media = [self.row]
        app.go(1.5, lambda: app.push(StoryEditor(app) if kind == "story" else Editor(app)))

    def views(self) -> list[View]:
        app = self.app
        entries = (("feed", "feed"), ("reels", "reel"), ("stories", "story"), ("chats", ""))
        rows = [
            node(
                "LinearLayout C",
                (0, 700 + 120 * i, 720, 820 + 120 * i),
                tap=(partial(self._to, kind)) if kind else app.pop,
            ).holding(node("TextView", (140, 735 + 120 * i, 500, 785 + 120 * i), text=app.t(key)))
            for i, (key, kind) in enumerate(entries)
        ]
        return [node("FrameLayout#share_chooser B", WHOLE).holding(*rows)]
