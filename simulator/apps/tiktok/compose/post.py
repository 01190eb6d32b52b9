"""TikTok's post screen: texts, rows, Drafts and Post; what has the focus decides which Post there is, if any."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import Box, field, node
from simulator.apps.tiktok.compose.post_rows import PostRows
from simulator.apps.tiktok.draft import (
    DESCRIPTION_MAX,
    TITLE_MAX,
    limit_hashtags,
    open_word,
    suggestions,
    with_suggestion,
)
from simulator.apps.tiktok.parts import WHOLE


class PostScreen(PostRows):
    """The last screen before publishing."""

    name = "post"

    # -- texts ------------------------------------------------------------------------------------------------

    def _focus(self, name: str) -> None:
        self.focus, self.typing = name, True
        self.keyboard(True)

    def keyboard_gone(self) -> None:
        self.typing = False

    def _word(self) -> str:
        """The word that suggestions are listed for now."""
        return open_word(self.app.draft.description) if self.focus == "description" and self.typing else ""

    def _write_title(self, text: str) -> None:
        self.focus, self.typing = "title", True
        self.app.draft.title = text.replace("\n", " ")[:TITLE_MAX]
        self.keyboard(True)

    def _write(self, text: str) -> None:
        draft = self.app.draft
        if self._word() and text == draft.description + "\n":
            self._enter()
            return
        self.focus, self.typing = "description", True
        draft.description = limit_hashtags(text)[:DESCRIPTION_MAX]
        self.keyboard(True)

    def _enter(self) -> None:
        """Enter right after a hashtag takes the list's second row; elsewhere it is a line break."""
        word = self._word()
        if word:
            self._pick(suggestions(word)[1])
        else:
            self._write(self.app.draft.description + "\n")

    def _pick(self, choice: str) -> None:
        draft = self.app.draft
        draft.description = with_suggestion(draft.description, self._word(), choice)
        self.changed()

    def _append(self, text: str) -> None:
        self._write(self.app.draft.description + text)

    # -- leaving ----------------------------------------------------------------------------------------------

    def back(self) -> None:
        """BACK leaves the composer altogether; its words come back with the next post."""
        self.app.keep_unfinished()
        self.app.replace("home")

    def to_editor(self) -> None:
        self.blur()
        self.app.pop()

    def _drafts(self) -> None:
        app = self.app
        app.save_draft()
        app.go(0.8, lambda: app.replace("profile"))

    def post(self) -> None:
        """The Post button: the point of no return, unless the app has a question first."""
        app = self.app
        self.blur()
        if app.phone.fault("account-blocked"):
            app.cover("account-blocked")
        elif app.phone.fault("popup", "publish-publicly"):
            app.cover("publish-publicly")
        else:
            app.publish(app.draft.kind)

    # -- views ------------------------------------------------------------------------------------------------

    def views(self) -> list[View]:
        app = self.app
        photos = app.draft.kind == "photos"
        word = self._word()
        children: list[View] = [
            node("FrameLayout#d6t B", WHOLE, tap=self.blur if self.typing else None),
            self._header(photos=photos, listed=bool(word)),
            *(self._photo_fields() if photos else self._video_fields()),
        ]
        if word:
            children.append(self._suggestion_list(word, 1240 if photos else 810))
        else:
            children.extend(self.photo_rows() if photos else self.video_rows())
        if not self.typing:
            children.append(self._bottom())
        return [node("RelativeLayout#qre B", WHOLE).holding(*children)]

    def _header(self, *, photos: bool, listed: bool) -> View:
        second: list[View] = []
        if photos and self.typing and not listed:
            button = node("Button#qr6 C", (846, 152, 1038, 236), text=self.app.t("post"), tap=self.post)
            second = [node("LinearLayout#oyw", (846, 136, 1080, 252)).holding(button)]
        return node("FrameLayout#w_m", (0, 136, 1080, 252)).holding(
            node("LinearLayout#w1v").holding(
                node("Button#b98 C", (16, 136, 131, 252), desc="@2131888269", tap=self.to_editor), *second
            )
        )

    def _description_field(self, box: Box, hint: str) -> View:
        content, focused = self.app.draft.description, self.focus == "description"
        tap = partial(self._focus, "description")
        return field(
            box, rid="g19", hint=self.app.t(hint), content=content, focused=focused, tap=tap,
            write=self._write, enter=self._enter,
        )  # fmt: skip

    def _photo_fields(self) -> list[View]:
        app = self.app
        up = 167 if self.typing else 0  # the picture shrinks while a field has the focus
        down = 63 if self.typing else 0
        hash_, at = partial(self._append, "#"), partial(self._append, "@")
        title = field(
            (42, 584 - up, 1038, 637 - up), rid="g1c", hint=app.t("photo_title"), content=app.draft.title,
            focused=self.focus == "title", tap=partial(self._focus, "title"), write=self._write_title,
        )  # fmt: skip
        mention = "" if self.typing else app.t("mention")
        description = self._description_field((42, 691 - up, 1038, 1059), "photo_description")
        views = [
            node("ImageView#ji6 C", (42, 274, 320 - up, 552 - up)),
            node("ScrollView#fz8 R", (42, 584 - up, 1038, 1059)).holding(
                node("ViewGroup#w2j", (42, 584 - up, 1038, 670 - up)).holding(
                    title, node("View#f_f", (42, 669 - up, 1038, 670 - up))
                ),
                description,
            ),
            node("Button#awo C", (42, 1080 + down, 116, 1154 + down), tap=hash_),
            node("Button#awn C", (137, 1080 + down, 211, 1154 + down), text=mention, tap=at),
        ]
        if self.typing:
            length = f"{len(app.draft.description)}/{DESCRIPTION_MAX}"
            views += [
                node("TextView#ey5", (42, 1059, 140, 1122), text=length),
                node("Button#eyp C", (232, 1143, 596, 1217), text=app.t("ideas")),
                node("Button#afb C", (639, 1143, 713, 1217)),
                node("Button#fvu C", (964, 1143, 1038, 1217), desc=app.t("collapse"), tap=self.blur),
            ]
        else:
            views += [
                node("TextView#ji9", (42, 274, 161, 332), text=app.t("cover")),
                node("Button#eyp C", (232, 1080, 306, 1154)),
                node("Button#afb C!", (349, 1080, 590, 1154), text=app.t("ai_rewrite")),
                node("Button#fwf C", (964, 1080, 1038, 1154), tap=partial(self._focus, "description")),
            ]
        return [node("FrameLayout#fvz", (0, 253, 1080, 1169 + down)).holding(*views)]

    def _video_fields(self) -> list[View]:
        app = self.app
        hint = "description" if app.major >= 43 else "description_old"
        hash_, at = partial(self._append, "#"), partial(self._append, "@")
        return [
            node("RelativeLayout#video_header_layout", (0, 249, 1080, 803)).holding(
                self._description_field((42, 270, 673, 677), hint),
                node("ImageView#cvr C", (715, 270, 1038, 661), desc="@0000000000"),
                node("TextView#pvw", (741, 291, 872, 336), text=app.t("preview")),
                node("FrameLayout#ecv C", (715, 533, 1038, 661)).holding(
                    node("TextView#ect", (731, 533, 1022, 645), text=app.t("edit_cover"))
                ),
                node("HorizontalScrollView#hsv", (42, 719, 1054, 803)).holding(
                    node("Button#awo C", (42, 719, 289, 803), text=app.t("hashtags_button"), tap=hash_),
                    node("Button#awn C", (315, 719, 542, 803), text=app.t("mention"), tap=at),
                ),
            )
        ]

    def _suggestion_list(self, word: str, top: int) -> View:
        """Rows over everything between the field and the keyboard."""
        rows = []
        for place, choice in enumerate(suggestions(word)):
            y = top + 120 * place
            rows.append(
                node("LinearLayout#sgr C", (0, y, 1080, y + 120), tap=partial(self._pick, choice)).holding(
                    node("TextView#sgn", (42, y + 20, 700, y + 100), text=choice),
                    node("TextView#sgc", (720, y + 20, 1038, y + 100), text=f"{97 - 20 * place}.3M"),
                )
            )
        return node("RecyclerView#sgl RB", (0, top, 1080, 2337)).holding(*rows)

    def _bottom(self) -> View:
        app = self.app
        return node("RelativeLayout#bw7 B", (0, 2147, 1080, 2337)).holding(
            node("LinearLayout#fgc", (32, 2179, 1048, 2305)).holding(
                node("Button#fex C", (32, 2179, 529, 2305), text=app.t("drafts"), tap=self._drafts),
                node("View#cok", (529, 2179, 550, 2200)),
                node("Button#qrb C", (550, 2179, 1048, 2305), text=app.t("post"), tap=self.post),
            )
        )
