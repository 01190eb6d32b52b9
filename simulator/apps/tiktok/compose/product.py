"""TikTok's "Add link" menu and the showcase behind it. What is in them is not known from any phone."""

from __future__ import annotations

from functools import partial

from simulator.apps.base import View
from simulator.apps.kit.layout import node
from simulator.apps.tiktok.core import TikTok, TikTokScreen
from simulator.apps.tiktok.parts import WHOLE, sheet

PRODUCTS = ("Sample product 1", "Sample product 2", "Sample product 3")


class LinkSheet(TikTokScreen):
    """Kinds of links. Products only for accounts with a shop."""

    name = "link-sheet"
    layered = True

    def _product(self) -> None:
        app = self.app
        app.go(0.8, lambda: app.replace(*app.stack[:-1], "showcase"))

    def views(self) -> list[View]:
        app = self.app
        kinds = [("event", app.pop)]
        if "product" not in app.unavailable:
            kinds.insert(0, ("product", self._product))
        rows = [
            node("LinearLayout#lkr C", (0, 1880 + 150 * i, 1080, 2030 + 150 * i), tap=tap).holding(
                node("ImageView#lki", (42, 1920 + 150 * i, 112, 1990 + 150 * i)),
                node("TextView#lkt", (150, 1920 + 150 * i, 800, 1990 + 150 * i), text=app.t(key)),
            )
            for i, (key, tap) in enumerate(kinds)
        ]
        title = node("TextView#lkh", (350, 1770, 730, 1840), text=app.t("add_link"))
        return sheet(1740, app.pop, title, *rows)


class Showcase(TikTokScreen):
    """The account's products, each with its own Add."""

    name = "showcase"

    def __init__(self, app: TikTok) -> None:
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
            y, add = 400 + 260 * place, partial(self._add, product)
            rows.append(
                node("ViewGroup#shr", (0, y, 1080, y + 260)).holding(
                    node("ImageView#shi", (42, y + 20, 262, y + 240)),
                    node("TextView#shn", (300, y + 30, 800, y + 90), text=product),
                    node("TextView#shp", (300, y + 110, 800, y + 170), text=f"€{10 + place}.00"),
                    node("Button#sha C", (820, y + 140, 1038, y + 230), text=app.t("add"), tap=add),
                )
            )
        if not rows:
            rows = [node("TextView#shz", (200, 1000, 880, 1080), text=app.t("no_products"))]
        return [
            node("FrameLayout#shw B", WHOLE).holding(
                node("Button#b98 C", (16, 136, 131, 252), desc="@2131888269", tap=app.pop),
                node("TextView#sht", (250, 160, 830, 230), text=app.t("add_product")),
                node("TextView#shc S", (42, 290, 400, 370), text=app.t("showcase")),
                *rows,
            )
        ]
