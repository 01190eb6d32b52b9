"""TikTok's "Add link" menu and the showcase behind it. What is in them is not known from any phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.apps.base import View
from simulator.apps.layout import node
from simulator.apps.tiktok.parts import WHOLE, TikTokScreen
from simulator.apps.tiktok.sounds import sheet

if TYPE_CHECKING:
    from simulator.apps.tiktok.app import TikTokApp

PRODUCTS = ("Sample product 1", "Sample product 2", "Sample product 3")


class LinkSheet(TikTokScreen):
    """Kinds of links. Products only for accounts with a shop."""

    name = "link-sheet"
    layered = True

    def _product(self) -> None:
        app = self.app
        app.go(0.8, lambda: app.replace(*app.stack[:-1], Showcase(app)))

    def views(self) -> list[View]:
        app = self.app
        kinds = [("event", app.pop)]
        if "product" not in app.unavailable:
            kinds.insert(0, ("product", self._product))
        rows = [
            node(
                "LinearLayout",
                (0, 1880 + 150 * i, 1080, 2030 + 150 * i),
                node("ImageView", (42, 1920 + 150 * i, 112, 1990 + 150 * i), rid="lki"),
                node("TextView", (150, 1920 + 150 * i, 800, 1990 + 150 * i), rid="lkt", text=app.t(key)),
                rid="lkr",
                flags="C",
                tap=tap,
            )
            for i, (key, tap) in enumerate(kinds)
        ]
        title = node("TextView", (350, 1770, 730, 1840), rid="lkh", text=app.t("add_link"))
        return sheet(1740, app.pop, title, *rows)


class Showcase(TikTokScreen):
    """The account's products, each with its own Add."""

    name = "showcase"

    def __init__(self, app: TikTokApp) -> None:
        super().__init__(app)
        self.products = () if app.phone.fault("showcase-empty") else PRODUCTS

    def _add(self, product: str) -> None:
        if "product" not in self.app.stuck:
            self.app.draft.product = product
        self.app.pop()

    def views(self) -> list[View]:
        app = self.app
        rows = []
        for place, product in enumerate(self.products):
            y = 400 + 260 * place
            rows.append(
                node(
                    "ViewGroup",
                    (0, y, 1080, y + 260),
                    node("ImageView", (42, y + 20, 262, y + 240), rid="shi"),
                    node("TextView", (300, y + 30, 800, y + 90), rid="shn", text=product),
                    node("TextView", (300, y + 110, 800, y + 170), rid="shp", text=f"€{10 + place}.00"),
                    node("Button", (820, y + 140, 1038, y + 230), rid="sha", text=app.t("add"), flags="C", tap=lambda product=product: self._add(product)),  # type: ignore[misc]
                    rid="shr",
                )
            )  # fmt: skip
        if not rows:
            rows = [node("TextView", (200, 1000, 880, 1080), rid="shz", text=app.t("no_products"))]
        return [
            node(
                "FrameLayout",
                WHOLE,
                node("Button", (16, 136, 131, 252), rid="b98", desc="@2131888269", flags="C", tap=app.pop),
                node("TextView", (250, 160, 830, 230), rid="sht", text=app.t("add_product")),
                node("TextView", (42, 290, 400, 370), rid="shc", text=app.t("showcase"), flags="S"),
                *rows,
                rid="shw",
                flags="B",
            )
        ]
