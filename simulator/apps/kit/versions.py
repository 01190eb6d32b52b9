"""What a version of an app does otherwise than the recorded ones: renamed buttons, renamed ids, a sheet in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.apps.base import View
from simulator.apps.kit.layout import Box, node
from simulator.apps.kit.sheets import ON_TOP
from simulator.apps.kit.stage import Screen, Stage

#: English, German, French; other languages read as foreign.
Words = tuple[str, str, str]

_TITLE: Words = ("Season of lights is here", "~Die Lichterzeit ist da", "~La saison des lumières est là")
_BODY: Words = (
    "Decorate this clip and win stars",
    "~Schmück diesen Clip und gewinn Sterne",
    "~Décore ce clip et gagne des étoiles",
)
_TAKE: Words = ("Join the fun", "~Mach mit", "~Participer")
_LEAVE: Words = ("Another day", "~Ein andermal", "~Un autre jour")
_LEAVE_NL = {
    "title": "De lichtjestijd is er",
    "body": "Versier deze clip en win sterren",
    "take": "Doe mee",
    "leave": "Een andere keer",
}


@dataclass(frozen=True)
class Change:
    """One version's differences. A promotion lies over the named screen whenever that is opened."""

    words: Mapping[str, Words] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    promotion_on: str = ""
    says: str = ""  #: for `simctl update`


class Promotion(Screen[Stage]):
    """A sheet in the app's window that only its own small button closes: no scrim, and BACK does nothing."""

    name = "promotion"
    layered = True

    def back(self) -> None:
        """Swallowed, as such sheets do."""

    def _leave(self) -> None:
        if self in self.app.covers:
            self.app.covers.remove(self)
            self.changed()

    def _t(self, key: str, words: Words) -> str:
        return self.app.translated(words, _LEAVE_NL[key])

    def _box(self, left: float, top: float, right: float, bottom: float) -> Box:
        width, height = self.app.design
        return round(left * width), round(top * height), round(right * width), round(bottom * height)

    def views(self) -> list[View]:
        take = self.app.phone.finish_app
        sheet = node("FrameLayout B", self._box(0, 0.5, 1, 0.974)).holding(
            node("ImageView", self._box(0.3, 0.52, 0.7, 0.62)),
            node("TextView", self._box(0.1, 0.64, 0.9, 0.69), text=self._t("title", _TITLE)),
            node("TextView", self._box(0.1, 0.7, 0.9, 0.74), text=self._t("body", _BODY)),
            node("Button C", self._box(0.08, 0.79, 0.92, 0.85), text=self._t("take", _TAKE), tap=take),
            node("Button C", self._box(0.3, 0.88, 0.7, 0.94), text=self._t("leave", _LEAVE), tap=self._leave),
        )
        sheet.drawing = ON_TOP
        return [sheet]
