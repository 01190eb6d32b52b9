"""Instagram's share screen: caption with its own editing state, AI label, Share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.instagram.notices import (
    WITH_SHARE,
    DownloadNotice,
    before_share,
    limited_reach,
    remix_notice,
)
from simulator.apps.instagram.parts import WHOLE, InstagramScreen
from simulator.apps.layout import field, node
from simulator.apps.screens import Dialog

if TYPE_CHECKING:
    from simulator.apps.instagram.app import InstagramApp

CAPTION_MAX = 2200
_LIMIT_MS = 180_000


def _open_word(text: str) -> str:
    tail = text.replace("\n", " ").rpartition(" ")[2]
    return tail if len(tail) > 1 and tail[0] in "#@" else ""


class ShareScreen(InstagramScreen):
    """The last screen before publishing."""

    name = "share"

    def __init__(self, app: InstagramApp) -> None:
        super().__init__(app)
        self.editing = False
        self.scrolled = False

    @property
    def feed(self) -> bool:
        draft = self.app.draft
        return draft.kind == "feed" and not (len(draft.media) == 1 and draft.media[0].kind == "video")

    def entered(self) -> None:
        """Notices that come with the form."""
        app = self.app
        if not self.feed and app.phone.fault("popup", "download-notice"):
            app.push(DownloadNotice(app))
        elif not self.feed and app.phone.fault("popup", "remix-notice"):
            app.cover(Dialog(app, "remix-notice", lambda dialog: remix_notice(app, dialog)))

    # -- caption ------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        self.editing = True
        self.app.phone.show_keyboard(True)
        self.app.phone.changed()

    def _write(self, text: str) -> None:
        self.editing = True
        self.app.draft.caption = text[:CAPTION_MAX]
        self.app.phone.show_keyboard(True)
        self.app.phone.changed()

    def _done(self) -> None:
        self.editing = False
        self.app.phone.show_keyboard(False)
        self.app.phone.changed()

    def _pick(self, word: str, choice: str) -> None:
        draft = self.app.draft
        draft.caption = draft.caption[: len(draft.caption) - len(word)] + choice + " "
        self.app.phone.changed()

    def back(self) -> None:
        """While the caption is edited BACK only puts the keyboard away: OK is the way out."""
        if self.editing:
            self.app.phone.show_keyboard(False)
        else:
            self.app.pop()

    def _toggle_ai(self) -> None:
        if "ai-label" not in self.app.stuck:
            self.app.draft.ai_label = not self.app.draft.ai_label
        self.app.phone.changed()

    def _scroll(self, direction: int) -> None:
        self.scrolled = direction > 0
        self.app.phone.changed()

    # -- Share --------------------------------------------------------------------------------------------------

    def _save_draft(self) -> None:
        app = self.app
        app.save_draft()
        app.go(0.8, lambda: app.replace(app.home()))

    def share(self) -> None:
        """Share: the point of no return, unless the app has something to say first."""
        app = self.app
        if not self.feed and any(row.duration_ms > _LIMIT_MS for row in app.draft.media):
            app.cover(Dialog(app, "limited-reach", lambda dialog: limited_reach(app, dialog)))
            return
        for name in WITH_SHARE:
            if app.phone.fault("popup", name):
                app.cover(Dialog(app, name, lambda dialog, name=name: before_share(app, dialog, name)))  # type: ignore[misc]
                return
        app.publish()

    # -- views --------------------------------------------------------------------------------------------------

    def views(self) -> list[View]:
        app = self.app
        top = 130 if self.editing or app.draft.caption or self.scrolled else 637
        content = node(
            "LinearLayout", (0, 130, 720, 1233), *self._content(top), rid="content_view", flags="C"
        )
        if self.editing:
            content.on_tap = None
        scroll = node("ScrollView", (0, 130, 720, 1233), content, rid="scroll_view", flags="R")
        scroll.on_scroll = self._scroll
        return [
            node(
                "FrameLayout",
                WHOLE,
                scroll,
                *([] if self.editing else [self._footer()]),
                self._bar(),
                rid="layout_container_parent",
                flags="B",
            )
        ]

    def _bar(self) -> View:
        app = self.app
        title = app.t("new_post" if self.feed else "new_reel")
        parts = [
            node(
                "LinearLayout",
                (0, 39, 634 if self.editing else 707, 130),
                node("ImageView", (0, 39, 91, 130), rid="action_bar_button_back", desc=app.t("back"), flags="C", tap=app.pop),
                node("LinearLayout", (91, 65, 275, 104), node("TextView", (117, 65, 255, 104), rid="action_bar_title", text=title, desc=title), rid="action_bar_title_and_icons"),
                rid="action_bar_new_title_container",
                flags="C",
            )
        ]  # fmt: skip
        if self.editing:
            parts.append(node("Button", (634, 52, 707, 130), rid="action_bar_button_text", text=app.t("ok"), desc=app.t("ok"), flags="C", tap=self._done))  # fmt: skip
        return node(
            "FrameLayout",
            (0, 39, 720, 130),
            node("LinearLayout", (0, 39, 720, 130), *parts, rid="action_bar", flags="C"),
            rid="action_bar_container",
        )

    def _footer(self) -> View:
        app = self.app
        button = "share_footer_button" if self.feed and app.major >= 446 else "share_button"
        label = node("TextView", (501, 1278, 566, 1308), text=app.t("share"))
        return node(
            "LinearLayout",
            (0, 1233, 720, 1362),
            node(
                "ViewGroup",
                (0, 1233, 720, 1362),
                node("View", (0, 1233, 720, 1234), rid="footer_button_divider"),
                node("Button", (26, 1257, 347, 1329), node("TextView", (129, 1278, 243, 1308), text=app.t("save_draft")), rid="save_draft_button", desc=app.t("save_draft"), flags="C", tap=self._save_draft),
                node("FrameLayout", (373, 1257, 694, 1329), label, rid=button, desc=app.t("share"), flags="C", tap=self.share),
                rid="footer_button_container",
            ),
            rid="share_button_container",
            flags="C",
        )  # fmt: skip

    def _content(self, top: int) -> list[View]:
        app = self.app
        views: list[View] = []
        if top > 130:
            views.append(
                node(
                    "FrameLayout",
                    (239, 153, 480, 584),
                    node("Button", (239, 153, 480, 584), rid="clip_thumbnail_image", desc=app.t("edit_cover_hint"), flags="C"),
                    node("Button", (254, 522, 392, 568), node("TextView", (274, 532, 372, 558), rid="clip_thumbnail_text", text=app.t("edit_cover")), rid="clip_thumbnail_layout", flags="C"),
                    rid="cover_photo_preview",
                    flags="C",
                )
            )  # fmt: skip
        bottom = top + (191 if app.draft.caption else 78)
        views.append(
            field(
                (26, top, 694, bottom),
                rid="caption_input_text_view",
                content=app.draft.caption,
                hint=app.t("caption_hint_feed" if self.feed else "caption_hint"),
                focused=self.editing,
                tap=self._edit,
                write=self._write,
                cls="AutoCompleteTextView",
            )
        )
        word = _open_word(app.draft.caption) if self.editing else ""
        if word:
            return [*views, self._suggestions(word, bottom)]
        return [*views, self._chips(bottom), *self._options(bottom + 94)]

    def _suggestions(self, word: str, top: int) -> View:
        rows = []
        for place, suffix in enumerate(("", "s", "gram")):
            y = top + 90 * place
            choice = word + suffix
            rows.append(
                node("LinearLayout", (0, y, 720, y + 90), node("TextView", (100, y + 20, 600, y + 70), rid="row_hashtag_textview_tag_name", text=choice),
                     rid="row_hashtag_container", flags="C", tap=lambda choice=choice: self._pick(word, choice))  # type: ignore[misc]
            )  # fmt: skip
        return node(
            "android.widget.ListView", (0, top, 720, 1233), *rows, rid="caption_suggestions", flags="RB"
        )

    def _chips(self, top: int) -> View:
        app = self.app
        keys = ["hashtags", "link_reel", "poll", "prompt"] + (["rewrite"] if app.draft.caption else [])
        chips = [
            node(
                "Button",
                (26 + 140 * i, top + 13, min(720, 160 + 140 * i), top + 81),
                node("LinearLayout", (26 + 140 * i, top + 29, min(720, 160 + 140 * i), top + 81),
                     node("TextView", (50 + 140 * i, top + 42, min(715, 150 + 140 * i), top + 68), rid="suggestion_text", text=app.t(key)), rid="button_layout"),
                flags="C",
                tap=(lambda: self._write(app.draft.caption + "#")) if key == "hashtags" else None,
            )
            for i, key in enumerate(keys)
        ]  # fmt: skip
        return node("RecyclerView", (0, top, 720, top + 94), *chips, rid="caption_add_on_recyclerview")

    def _options(self, top: int) -> list[View]:
        """Rows under the caption, as far as they fit on the screen."""
        app = self.app
        rows = [
            self._row("tag_people", 79),
            self._location(),
            self._row("rename_audio", 79, sub=app.draft.sound or app.t("original_audio")),
        ]
        if self.feed:
            rows = rows[:2]
        # In newer layouts the label stands further down, behind a scroll.
        late = app.major >= 446 and not self.scrolled
        if not late and "ai-label" not in app.unavailable:
            rows.append(self._ai_label())
        rows.append(self._row("audience", 79, sub=app.t("everyone")))
        rows.append(node("TextView", (0, 0, 720, 44), text=app.t("also_share")))
        rows.append(
            self._also(app.me.username, "C", "Threads · Public")
            if app.draft.caption
            else self._also("Threads", "C")
        )
        rows.append(self._also("Facebook", "C!"))
        placed, y = [], top
        for row in rows:
            height = row.bounds[3]
            if y + 60 > 1233:
                break
            _move(row, y)
            placed.append(row)
            y += height
        return placed  # fmt: skip

    def _row(self, key: str, height: int, *, sub: str = "") -> View:
        app = self.app
        words = [node("TextView", (85, 23, 276, 56), rid="title", text=app.t(key))]
        if sub:
            words.append(node("TextView", (276, 25, 642, 54), rid="inline_subtitle", text=sub))
        return node(
            "Button",
            (0, 0, 720, height),
            node("LinearLayout", (26, 20, 668, 59), node("ImageView", (26, 20, 85, 59), rid="icon"), *words, rid="title_container"),
            node("ImageView", (668, 27, 694, 53), rid="chevron_icon"),
            flags="C",
        )  # fmt: skip

    def _location(self) -> View:
        app = self.app
        first = node(
            "LinearLayout",
            (0, 0, 720, 78),
            node("ImageView", (26, 19, 85, 58), rid="location_balloon"),
            node("TextView", (85, 0, 655, 78), rid="location_label", text=app.t("add_location")),
            rid="metadata_location_first_row",
            flags="C",
        )
        education = node(
            "TextView", (0, 78, 720, 134), rid="map_content_education", text=app.t("map_education")
        )
        inner = node("LinearLayout", (0, 0, 720, 154), first, education, rid="metadata_location_row", desc=app.t("add_location"))  # fmt: skip
        return node("Button", (0, 0, 720, 154), inner, flags="C")

    def _ai_label(self) -> View:
        app = self.app
        on = "X" if app.draft.ai_label else ""
        hint = app.t("ai_label_hint")
        inner = node(
            "ToggleButton",
            (0, 0, 720, 112),
            node("ImageView", (26, 34, 85, 73), rid="icon"),
            node("LinearLayout", (85, 20, 609, 53), node("TextView", (85, 20, 231, 53), rid="title", text=app.t("ai_label")), rid="title_inline_layout"),
            node("TextView", (85, 53, 583, 112), rid="subtitle", text=hint, desc=hint),
            node("ToggleButton", (609, 27, 694, 79), rid="toggle", flags="CK" + on, tap=self._toggle_ai),
            flags="K" + on,
        )  # fmt: skip
        return node("LinearLayout", (0, 0, 720, 112), inner, flags="C", tap=self._toggle_ai)

    def _also(self, name: str, flags: str, below: str = "") -> View:
        """A row "Also share on…": a toggle of the same id and make-up as the AI label's."""
        toggle = node("ToggleButton", (609, 30, 694, 82), rid="toggle", flags=flags + "K")
        words = [node("TextView", (99, 20, 425, 60 if below else 92), rid="title", text=name)]
        if below:
            words.append(node("TextView", (99, 60, 425, 92), rid="subtitle", text=below))
        inner = node("ToggleButton", (0, 0, 720, 112), *words, toggle, flags="K")
        return node("LinearLayout", (0, 0, 720, 112), inner, flags="C")


def _move(view: View, dy: int) -> None:
    left, top, right, bottom = view.bounds
    view.bounds = (left, min(1233, top + dy), right, min(1233, bottom + dy))
    for child in view.children:
        _move(child, dy)
