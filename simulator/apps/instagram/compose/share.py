"""Instagram's share screen: caption with its own editing state, AI label, Share."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.instagram.compose.notices import NOTICES, WITH_SHARE
from simulator.apps.instagram.core import Instagram, InstagramScreen
from simulator.apps.instagram.parts import WHOLE
from simulator.apps.kit.layout import field, labelled, node

CAPTION_MAX = 2200
_LIMIT_MS = 180_000


def _open_word(text: str) -> str:
    tail = text.replace("\n", " ").rpartition(" ")[2]
    return tail if len(tail) > 1 and tail[0] in "#@" else ""


class ShareScreen(InstagramScreen):
    """The last screen before publishing."""

    name = "share"

    def __init__(self, app: Instagram) -> None:
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
        notice = next((name for name in NOTICES if not self.feed and app.phone.fault("popup", name)), "")
        if notice in app.screens:
            app.push(notice)
        elif notice:
            app.cover(notice)

    # -- caption ------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        self.editing = True
        self.keyboard(True)

    def _write(self, text: str) -> None:
        self.editing = True
        self.app.draft.caption = text[:CAPTION_MAX]
        self.keyboard(True)

    def _done(self) -> None:
        self.editing = False
        self.keyboard(False)

    def _pick(self, word: str, choice: str) -> None:
        draft = self.app.draft
        draft.caption = draft.caption[: len(draft.caption) - len(word)] + choice + " "
        self.changed()

    def back(self) -> None:
        """While the caption is edited BACK only puts the keyboard away: OK is the way out."""
        if self.editing:
            self.app.phone.show_keyboard(False)
        else:
            self.app.pop()

    def _toggle_ai(self) -> None:
        if "ai-label" not in self.app.stuck:
            self.app.draft.ai_label = not self.app.draft.ai_label
        self.changed()

    def _scroll(self, direction: int) -> None:
        self.scrolled = direction > 0
        self.changed()

    # -- Share --------------------------------------------------------------------------------------------------

    def _save_draft(self) -> None:
        app = self.app
        app.save_draft()
        app.go(0.8, lambda: app.replace("home"))

    def share(self) -> None:
        """Share: the point of no return, unless the app has something to say first."""
        app = self.app
        if not self.feed and any(row.duration_ms > _LIMIT_MS for row in app.draft.media):
            app.cover("limited-reach")
            return
        for name in WITH_SHARE:
            if app.phone.fault("popup", name):
                app.cover(name)
                return
        app.publish()

    # -- views --------------------------------------------------------------------------------------------------

    def views(self) -> list[View]:
        app = self.app
        top = 130 if self.editing or app.draft.caption or self.scrolled else 637
        content = node("LinearLayout#content_view C", (0, 130, 720, 1233)).holding(*self._content(top))
        if self.editing:
            content.on_tap = None
        scroll = node("ScrollView#scroll_view R", (0, 130, 720, 1233)).holding(content)
        scroll.on_scroll = self._scroll
        return [
            node("FrameLayout#layout_container_parent B", WHOLE).holding(
                scroll, *([] if self.editing else [self._footer()]), self._bar()
            )
        ]

    def _bar(self) -> View:
        app = self.app
        title = app.t("new_post" if self.feed else "new_reel")
        parts = [
            node("LinearLayout#action_bar_new_title_container C", (0, 39, 634 if self.editing else 707, 130)).holding(
                node("ImageView#action_bar_button_back C", (0, 39, 91, 130), desc=app.t("back"), tap=app.pop),
                node("LinearLayout#action_bar_title_and_icons", (91, 65, 275, 104)).holding(
                    node("TextView#action_bar_title", (117, 65, 255, 104), text=title, desc=title)
                ),
            )
        ]
        if self.editing:
            ok, box = app.t("ok"), (634, 52, 707, 130)
            parts.append(node("Button#action_bar_button_text C", box, text=ok, desc=ok, tap=self._done))
        return node("FrameLayout#action_bar_container", (0, 39, 720, 130)).holding(
            node("LinearLayout#action_bar C").holding(*parts)
        )

    def _footer(self) -> View:
        app = self.app
        button = "share_footer_button" if self.feed and app.major >= 446 else "share_button"
        save, save_label = (26, 1257, 347, 1329), (129, 1278, 243, 1308)
        share, share_label = (373, 1257, 694, 1329), (501, 1278, 566, 1308)
        return node("LinearLayout#share_button_container C", (0, 1233, 720, 1362)).holding(
            node("ViewGroup#footer_button_container").holding(
                node("View#footer_button_divider", (0, 1233, 720, 1234)),
                labelled("Button#save_draft_button C", save, save_label, app.t("save_draft"), self._save_draft),
                labelled(f"FrameLayout#{button} C", share, share_label, app.t("share"), self.share),
            )
        )

    def _content(self, top: int) -> list[View]:
        app = self.app
        views: list[View] = []
        if top > 130:
            views.append(
                node("FrameLayout#cover_photo_preview C", (239, 153, 480, 584)).holding(
                    node("Button#clip_thumbnail_image C", desc=app.t("edit_cover_hint")),
                    node("Button#clip_thumbnail_layout C", (254, 522, 392, 568)).holding(
                        node("TextView#clip_thumbnail_text", (274, 532, 372, 558), text=app.t("edit_cover"))
                    ),
                )
            )
        bottom = top + (191 if app.draft.caption else 78)
        hint = app.t("caption_hint_feed" if self.feed else "caption_hint")
        caption = field(
            (26, top, 694, bottom), rid="caption_input_text_view", hint=hint, content=app.draft.caption,
            focused=self.editing, tap=self._edit, write=self._write, cls="AutoCompleteTextView",
        )  # fmt: skip
        views.append(caption)
        word = _open_word(app.draft.caption) if self.editing else ""
        if word:
            return [*views, self._suggestions(word, bottom)]
        return [*views, self._chips(bottom), *self._options(bottom + 94)]

    def _suggestions(self, word: str, top: int) -> View:
        rows = []
        for place, suffix in enumerate(("", "s", "gram")):
            y = top + 90 * place
            choice = word + suffix
            pick, label = partial(self._pick, word, choice), (100, y + 20, 600, y + 70)
            rows.append(
                node("LinearLayout#row_hashtag_container C", (0, y, 720, y + 90), tap=pick).holding(
                    node("TextView#row_hashtag_textview_tag_name", label, text=choice)
                )
            )
        return node("android.widget.ListView#caption_suggestions RB", (0, top, 720, 1233)).holding(*rows)

    def _chips(self, top: int) -> View:
        app = self.app
        keys = ["hashtags", "link_reel", "poll", "prompt"] + (["rewrite"] if app.draft.caption else [])
        chips = []
        for place, key in enumerate(keys):
            left, right = 26 + 140 * place, min(720, 160 + 140 * place)
            label = (left + 24, top + 42, min(715, left + 124), top + 68)
            tap = partial(self._write, app.draft.caption + "#") if key == "hashtags" else None
            chips.append(
                node("Button C", (left, top + 13, right, top + 81), tap=tap).holding(
                    node("LinearLayout#button_layout", (left, top + 29, right, top + 81)).holding(
                        node("TextView#suggestion_text", label, text=app.t(key))
                    )
                )
            )
        return node("RecyclerView#caption_add_on_recyclerview", (0, top, 720, top + 94)).holding(*chips)

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
        friends = "close-friends" in app.left_on
        rows.append(self._row("audience", 79, sub=app.t("close_friends" if friends else "everyone")))
        if "trial" in app.left_on:
            rows.append(self._also(app.t("trial"), "CX"))
        rows.append(node("TextView", (0, 0, 720, 44), text=app.t("also_share")))
        on = {name: "CX" if name in app.left_on else "C" for name in ("threads", "facebook")}
        named = (app.me.username, on["threads"], "Threads · Public")
        rows.append(self._also(*(named if app.draft.caption else ("Threads", on["threads"]))))
        rows.append(self._also("Facebook", on["facebook"] if "facebook" in app.left_on else "C!"))
        placed, y = [], top
        for row in rows:
            height = row.bounds[3]
            if y + 60 > 1233:
                break
            _move(row, y)
            placed.append(row)
            y += height
        return placed

    def _row(self, key: str, height: int, *, sub: str = "") -> View:
        app = self.app
        words = [node("TextView#title", (85, 23, 276, 56), text=app.t(key))]
        if sub:
            words.append(node("TextView#inline_subtitle", (276, 25, 642, 54), text=sub))
        return node("Button C", (0, 0, 720, height)).holding(
            node("LinearLayout#title_container", (26, 20, 668, 59)).holding(
                node("ImageView#icon", (26, 20, 85, 59)), *words
            ),
            node("ImageView#chevron_icon", (668, 27, 694, 53)),
        )

    def _location(self) -> View:
        app = self.app
        first = node("LinearLayout#metadata_location_first_row C", (0, 0, 720, 78)).holding(
            node("ImageView#location_balloon", (26, 19, 85, 58)),
            node("TextView#location_label", (85, 0, 655, 78), text=app.t("add_location")),
        )
        education = node("TextView#map_content_education", (0, 78, 720, 134), text=app.t("map_education"))
        inner = node("LinearLayout#metadata_location_row", desc=app.t("add_location")).holding(first, education)
        return node("Button C", (0, 0, 720, 154)).holding(inner)

    def _ai_label(self) -> View:
        app = self.app
        on = "X" if app.draft.ai_label else ""
        hint = app.t("ai_label_hint")
        inner = node("ToggleButton", (0, 0, 720, 112), flags="K" + on).holding(
            node("ImageView#icon", (26, 34, 85, 73)),
            node("LinearLayout#title_inline_layout", (85, 20, 609, 53)).holding(
                node("TextView#title", (85, 20, 231, 53), text=app.t("ai_label"))
            ),
            node("TextView#subtitle", (85, 53, 583, 112), text=hint, desc=hint),
            node("ToggleButton#toggle", (609, 27, 694, 79), flags="CK" + on, tap=self._toggle_ai),
        )
        return node("LinearLayout C", (0, 0, 720, 112), tap=self._toggle_ai).holding(inner)

    def _also(self, name: str, flags: str, below: str = "") -> View:
        """A row "Also share on…": a toggle of the same id and make-up as the AI label's."""
        toggle = node("ToggleButton#toggle", (609, 30, 694, 82), flags=flags + "K")
        words = [node("TextView#title", (99, 20, 425, 60 if below else 92), text=name)]
        if below:
            words.append(node("TextView#subtitle", (99, 60, 425, 92), text=below))
        inner = node("ToggleButton K", (0, 0, 720, 112)).holding(*words, toggle)
        return node("LinearLayout C", (0, 0, 720, 112)).holding(inner)


def _move(view: View, dy: int) -> None:
    left, top, right, bottom = view.bounds
    view.bounds = (left, min(1233, top + dy), right, min(1233, bottom + dy))
    for child in view.children:
        _move(child, dy)
