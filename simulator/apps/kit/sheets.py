"""Sheets, offers and snackbars in the app's own window: what they cover stays in the tree, and they are written before it.

Made after recordings: with and without a scrim, with a handle that takes touches and one that does not, some without a name.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.android.locales import LANGUAGES, spoken
from simulator.apps.base import View
from simulator.apps.kit.layout import Box, node
from simulator.apps.kit.stage import Screen, Stage

#: How long a snackbar stays.
SNACKBAR_S = 3.0
#: Drawn after everything else of its window, wherever it is written.
ON_TOP = 99

WORDS = {
    "offer": ("Get more from your next reel", "~Hol mehr aus deinem nächsten Reel heraus", "~Profitez plus de votre prochain reel"),
    "start": ("Get started", "~Jetzt starten", "~Commencer"),
    "edits": ("Level up your videos with Edits", "~Bring deine Videos mit Edits weiter", "~Améliorez vos vidéos avec Edits"),
    "get_app": ("Get App", "~App holen", "~Obtenir l'application"),
    "phone": ("Add phone", "~Telefon hinzufügen", "~Ajouter un téléphone"),
    "phone_body": ("Add your phone number for extra security", "~Füge deine Nummer für mehr Sicherheit hinzu", "~Ajoute ton numéro pour plus de sécurité"),
    "continue": ("Continue", "~Weitergehen", "~Poursuivre"),
    "history": ("Viewer history turned on", "~Zuschauerverlauf eingeschaltet", "~Historique des vues activé"),
    "try": ("Try it", "~Ausprobieren", "~Essayer"),
    "saved": ("Saved to your drafts", "~In deinen Ablagen gesichert", "~Gardé dans tes ébauches"),
    "resume": ("Continue editing this post?", "~Diesen Beitrag weiter bearbeiten?", "~Continuer à modifier cette publication ?"),
    "save_draft": ("Save draft", "~Entwurf speichern", "~Enregistrer le brouillon"),
    "edit": ("Edit", "~Bearbeiten", "~Modifier"),
    "security": ("Security verification", "~Sicherheitsüberprüfung", "~Vérification de sécurité"),
    "slide": ("Drag the pieces into place", "~Schieb die Teile an ihren Platz", "~Remets les pièces en place"),
    "close": ("Close", "~Schließen", "~Fermer"),
}  # fmt: skip


class Sheet(Screen[Stage]):
    """Lies over the front screen in the same window."""

    layered = True

    def __init__(self, app: Stage, name: str) -> None:
        super().__init__(app)
        self.name = name

    def t(self, key: str) -> str:
        """In the phone's language if it is one of the three, else in English."""
        language = self.app.phone.language
        return spoken(WORDS[key], language if language in LANGUAGES else "en")

    def views(self) -> list[View]:
        views = _SHEETS[self.name][1](self)
        for place, view in enumerate(views):
            view.drawing = ON_TOP + place
        return views

    def leave(self) -> None:
        if self.name != "security-check" and self in self.app.covers:
            self.app.covers.remove(self)
            self.changed()

    def back(self) -> None:
        self.leave()

    def entered(self) -> None:
        if self.name == "snackbar":
            self.app.later(SNACKBAR_S, self.leave)


def sheet_names(platform: str) -> tuple[str, ...]:
    """What `fault popup NAME` lays over a platform's screens in their own window."""
    return tuple(name for name, (platforms, _) in _SHEETS.items() if platform in platforms)


def _at(sheet: Sheet, left: float, top: float, right: float, bottom: float) -> Box:
    width, height = sheet.app.design
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def _lower(sheet: Sheet, share: float, what: str = "FrameLayout B") -> View:
    """A box at the foot of the app's window."""
    width, height = sheet.app.design
    return node(what, (0, round(height * share), width, height - round(height * 0.026)))


def _words(sheet: Sheet, key: str, box: tuple[float, float, float, float], rid: str = "") -> View:
    return node("TextView", _at(sheet, *box), rid=rid, text=sheet.t(key))


def _wrong(sheet: Sheet, what: str, box: tuple[float, float, float, float], *, text: str = "", desc: str = "") -> View:
    """What one must not tap: it leads out of the app."""
    return node(what, _at(sheet, *box), text=text, desc=desc, tap=sheet.app.phone.finish_app)


_NAMED = "FrameLayout#layout_container_bottom_sheet BC"
_ACTION = "FrameLayout#bb_primary_action_container C"


def _offer(sheet: Sheet) -> list[View]:
    """With a scrim, and a handle that takes no touches: 12 of 12 recordings."""
    start = _wrong(sheet, _ACTION, (0.04, 0.91, 0.96, 0.97)).holding(_words(sheet, "start", (0.4, 0.92, 0.6, 0.95)))
    return [
        node("Button#background_dimmer C", _at(sheet, 0, 0.035, 1, 0.974), desc="@2131954894", tap=sheet.leave),
        _lower(sheet, 0.52, _NAMED).holding(
            node("ImageView#bottom_sheet_drag_handle_prism", _at(sheet, 0.46, 0.52, 0.54, 0.55)),
            _words(sheet, "offer", (0.1, 0.74, 0.9, 0.78), "igds_headline_emphasized_headline"),
            start,
        ),
    ]


def _edits(sheet: Sheet) -> list[View]:
    """Its one button lies over Next."""
    return [
        node("Button#background_dimmer C", _at(sheet, 0, 0.027, 1, 0.974), tap=sheet.leave),
        _lower(sheet, 0.68, _NAMED).holding(
            _words(sheet, "edits", (0.2, 0.72, 0.75, 0.77), "header_primary_text"),
            _wrong(sheet, _ACTION, (0.04, 0.88, 0.96, 0.93), desc=sheet.t("get_app")),
        ),
    ]


def _add_phone(sheet: Sheet) -> list[View]:
    """Without a name and without a scrim; a cross closes it."""
    return [
        _lower(sheet, 0.5).holding(
            node("ImageView C", _at(sheet, 0.86, 0.52, 0.96, 0.56), desc=sheet.t("close"), tap=sheet.leave),
            _words(sheet, "phone", (0.15, 0.57, 0.85, 0.62)),
            _words(sheet, "phone_body", (0.1, 0.63, 0.9, 0.69)),
            _wrong(sheet, "Button C", (0.08, 0.87, 0.92, 0.92), text=sheet.t("continue")),
        )
    ]


def _history(sheet: Sheet, *before: View) -> View:
    words = _words(sheet, "history", (0.15, 0.6, 0.85, 0.65))
    button = _wrong(sheet, "Button C", (0.08, 0.87, 0.92, 0.96), text=sheet.t("try"))
    return _lower(sheet, 0.55).holding(*before, words, button)


def _viewer_history(sheet: Sheet) -> list[View]:
    """Only BACK leaves it."""
    return [_history(sheet)]


def _promo(sheet: Sheet) -> list[View]:
    """A scrim that has no name; its handle takes touches and does nothing."""
    handle = node("View C", _at(sheet, 0.45, 0.55, 0.55, 0.57), tap=lambda: None)
    return [node("View C", _at(sheet, 0, 0.05, 1, 0.974), tap=sheet.leave), _history(sheet, handle)]


def _snackbar(sheet: Sheet) -> list[View]:
    """Over what stands at the foot; goes by itself."""
    box = (0.01, 0.86, 0.99, 0.974)
    return [_wrong(sheet, "FrameLayout C", box).holding(_words(sheet, "saved", box))]


def _resume(sheet: Sheet) -> list[View]:
    """After an edit that was cut off: over the feed, above its tabs."""
    save = _at(sheet, 0.08, 0.82, 0.48, 0.87)
    return [
        node("FrameLayout B", _at(sheet, 0.03, 0.74, 0.97, 0.9)).holding(
            _words(sheet, "resume", (0.08, 0.75, 0.9, 0.79)),
            node("Button C", save, text=sheet.t("save_draft"), tap=sheet.leave),
            _wrong(sheet, "Button C", (0.52, 0.82, 0.92, 0.87), text=sheet.t("edit")),
        )
    ]


def _security(sheet: Sheet) -> list[View]:
    """TikTok's own check: only a person can answer it."""
    return [
        _lower(sheet, 0.45).holding(
            _words(sheet, "security", (0.15, 0.5, 0.85, 0.55)),
            _words(sheet, "slide", (0.15, 0.56, 0.85, 0.6)),
            node("ImageView C", _at(sheet, 0.1, 0.62, 0.9, 0.94)),
        )
    ]


_SHEETS: dict[str, tuple[tuple[str, ...], Callable[[Sheet], list[View]]]] = {
    "offer": (("instagram",), _offer),
    "edits-promo": (("instagram",), _edits),
    "add-phone": (("tiktok",), _add_phone),
    "viewer-history": (("tiktok",), _viewer_history),
    "promo": (("tiktok",), _promo),
    "snackbar": (("tiktok", "instagram"), _snackbar),
    "resume-banner": (("tiktok",), _resume),
    "security-check": ((), _security),
}
