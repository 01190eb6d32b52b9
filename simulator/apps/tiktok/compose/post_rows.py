"""The rows of TikTok's post screen: place, link, audience, more options, share to."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen


class PostRows(TikTokScreen):
    """The rows, and which text has the focus: while one has it, few rows fit."""

    def __init__(self, app: TikTok) -> None:
        super().__init__(app)
        self.focus = ""  #: "" | "title" | "description"
        self.typing = False  #: the keyboard is up: the bottom bar is gone

    def blur(self) -> None:
        self.focus, self.typing = "", False
        self.keyboard(False)

    def open(self, name: str) -> None:
        """A sheet or page behind one of the rows."""
        self.blur()
        self.app.push(name)

    def _row(
        self, top: int, bottom: int, holder: str, label: str, *, desc: str, icon: str = "", below: str = "",
        opens: str = "",
    ) -> View:  # fmt: skip
        """A row: a Button with the label in a TextView of its own, in a holder of its own."""
        parts = [
            node("ImageView#j2c", (42, top + 42, 84, top + 84), desc=icon),
            node("TextView#w4m", (100, top + 38, 579, top + 88), text=label),
            node("LinearLayout#x0w", (996, top + 45, 1038, top + 102)).holding(
                node("ImageView#j2c", (996, top + 52, 1038, top + 94))
            ),
        ]
        if below:
            parts.append(node("TextView#uv6", (100, top + 104, 847, top + 146), text=below))
        tap = partial(self.open, opens) if opens else self.blur
        button = node("Button#d0z C", (0, top, 1080, bottom), desc=desc, tap=tap).holding(*parts)
        return node("LinearLayout", button.bounds, rid=holder).holding(button)

    def _place(self, top: int) -> View:
        app = self.app
        chips = []
        for number, (left, right) in enumerate(((42, 287), (308, 619), (640, 936), (957, 1080)), 1):
            label = node("TextView#voh", (left + 18, top + 133, right - 18, top + 175), text=f"Place {number}")
            chips.append(node("FrameLayout#tof C", (left, top + 117, right, top + 191)).holding(label))
        return node("ViewGroup#piy", (0, top, 1080, top + 222)).holding(
            node("ViewGroup#d0z C", (0, top, 1080, top + 117)).holding(
                node("ImageView#j2c", (42, top + 42, 84, top + 84)),
                node("TextView#w4m", (100, top + 38, 250, top + 88), text=app.t("location")),
                node("ImageView#jp4 C", (250, top + 38, 303, top + 91), desc=app.t("more_info")),
                node("ImageView#th C", (996, top + 38, 1038, top + 80)),
            ),
            node("RecyclerView#r3m R", (0, top + 117, 1080, top + 191)).holding(*chips),
        )

    def _link(self, top: int, bottom: int) -> View:
        product, add = self.app.draft.product, self.app.t("add_link")
        label, icon = product or add + " ", self.app.t("add")
        row = self._row(top, bottom, "q76", label, desc=product or add, icon=icon, opens="link-sheet")
        return node("FrameLayout C", (0, top, 1080, bottom)).holding(row)

    def _audience(self, top: int, bottom: int) -> View:
        app = self.app
        words = app.t("everyone" if app.public else "only_you")
        return self._row(top, bottom, "vp5", words, desc=words, icon=app.t("public") if app.public else "")

    def _more(self, top: int, bottom: int) -> View:
        app = self.app
        label, hint = app.t("more_options"), "" if app.major >= 47 else app.t("more_options_hint")
        desc, icon = f"{label}, {hint}" if hint else label, app.t("settings")
        return self._row(top, bottom, "f6m", label, desc=desc, icon=icon, below=hint, opens="more-options")

    def _privacy(self, top: int, bottom: int) -> View:
        """Newer versions have a row of their own for who may comment and reuse."""
        label, below = self.app.t("privacy"), self.app.t("privacy_hint")
        return self._row(top, bottom, "f6m", label, desc=f"{label}, {below}", below=below)

    def _share_row(self) -> View:
        return node("LinearLayout#lao", (0, 1773, 1080, 1920)).holding(
            node("LinearLayout C").holding(
                node("TextView#tbp", (116, 1821, 345, 1871), text=self.app.t("share_to")),
                node("ImageView#shr C", (1017, 1825, 1038, 1867)),
            )
        )

    def _share_to(self, top: int) -> View:
        return node("LinearLayout#lao", (0, top, 1080, top + 127)).holding(
            node("LinearLayout#u7w", (42, top + 37, 784, top + 89)).holding(
                node("ImageView#t_c", (42, top + 42, 84, top + 84), desc=self.app.t("share")),
                node("TextView#tbp", (100, top + 38, 244, top + 88), text=self.app.t("share_to")),
            ),
            node("RadioGroup#qzu", (784, top + 16, 1038, top + 111)).holding(
                self._radio(816, top, "sms"),
                self._radio(943, top, "facebook"),
            ),
        )

    def _radio(self, left: int, top: int, name: str) -> View:
        on = "X" if name in self.app.left_on else ""
        return node("RadioButton CK", (left, top + 16, left + 95, top + 111), desc=name, flags=on)

    def photo_rows(self) -> list[View]:
        """While a field has the focus only the first ones fit, over a layer that ends the typing."""
        if self.typing:
            parts = [node("LinearLayout#lap C", tap=self.blur), self._place(1254), self._link(1476, 1602)]
            return [node("RelativeLayout#qr5", (0, 1248, 1080, 2022)).holding(*parts)]
        return [
            node("RelativeLayout#qr5", (0, 1185, 1080, 1959)).holding(
                self._place(1191),
                self._link(1413, 1539),
                self._audience(1539, 1665),
                self._more(1665, 1832),
                self._share_to(1832),
            )
        ]

    def video_rows(self) -> list[View]:
        rows = [self._place(868), self._link(1110, 1250)]
        if self.typing:
            return rows
        rows.append(self._audience(1250, 1390))
        if self.app.major >= 47:
            return [*rows, self._privacy(1390, 1630), self._more(1630, 1773), self._share_row()]
        return [*rows, self._more(1390, 1630), self._share_to(1773)]
