"""TikTok's "More options" sheet with the AI label. What is in it is not known from any phone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import sheet


class MoreOptions(TikTokScreen):
    """Switches in a list that must be scrolled to reach the AI label."""

    name = "more-options"
    layered = True

    def __init__(self, app: TikTok) -> None:
        super().__init__(app)
        self.scrolled = 0
        self.switches = {"allow_comments": True, "allow_reuse": True, "save_device": False}

    def _flip(self, key: str) -> None:
        self.switches[key] = not self.switches[key]
        self.changed()

    def _ai(self) -> None:
        app = self.app
        if "ai-label" in app.stuck:
            return
        if app.draft.ai_label:
            app.draft.ai_label = False
        elif app.mine().get("ai_info_seen"):
            app.draft.ai_label = True
        else:
            app.push("ai-info")
        app.phone.changed()

    def _scroll(self, direction: int) -> None:
        self.scrolled = max(0, min(3, self.scrolled + 3 * direction))
        self.changed()

    def _row(self, y: int, key: str, on: bool | None, tap: Callable[[], None] | None, hint: str) -> View:
        label = self.app.t(key)
        parts = [node("TextView#mot", (42, y + 30, 800, y + 80), text=label)]
        if hint:
            parts.append(node("TextView#moh", (42, y + 85, 800, y + 140), text=self.app.t(hint)))
        if on is not None:
            box, flags = (920, y + 40, 1038, y + 110), "X" if on else ""
            parts.append(node("android.widget.Switch#mos K", box, desc=label, flags=flags))
        return node("LinearLayout#mor C", (0, y, 1080, y + 150), tap=tap).holding(*parts)

    def views(self) -> list[View]:
        app = self.app
        rows: list[tuple[str, bool | None, Callable[[], None] | None, str]] = [
            (key, self.switches.get(key), partial(self._flip, key) if key in self.switches else None, "")
            for key in ("allow_comments", "allow_reuse", "disclosure", "quality", "save_device")
        ]
        if "ai-label" not in app.unavailable:
            rows.append(("ai_content", app.draft.ai_label, self._ai, "ai_content_hint"))
        shown = rows[self.scrolled : self.scrolled + 4]
        views = [self._row(1640 + 160 * place, *row) for place, row in enumerate(shown)]
        listed = node("ScrollView#mol R", (0, 1630, 1080, 2337)).holding(*views)
        listed.on_scroll = self._scroll
        title = node("TextView#moo", (300, 1530, 780, 1600), text=app.t("more_options"))
        close = node("ImageView#mox C", (960, 1530, 1040, 1610), desc=app.t("close"), tap=app.pop)
        return sheet(1500, app.pop, title, close, listed)


class AiInfo(TikTokScreen):
    """Shown once per account before the label can be turned on."""

    name = "ai-info"
    layered = True

    def _accept(self) -> None:
        app = self.app
        app.mine()["ai_info_seen"] = True
        app.draft.ai_label = True
        app.pop()

    def views(self) -> list[View]:
        app = self.app
        return sheet(
            1500,
            app.pop,
            node("TextView#ait", (100, 1560, 980, 1640), text=app.t("ai_info_title")),
            node("TextView#aib", (100, 1660, 980, 1860), text=app.t("ai_info_body")),
            node("Button#aio C", (84, 2050, 996, 2160), text=app.t("turn_on"), tap=self._accept),
            node("Button#aic C", (84, 2180, 996, 2290), text=app.t("cancel"), tap=app.pop),
        )
