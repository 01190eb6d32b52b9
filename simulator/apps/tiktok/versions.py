"""TikTok versions that no shipped screens file knows, and what each does otherwise than 47.0.3."""

from __future__ import annotations

from simulator.apps.kit.versions import Change

_NEXT = ("Go on", "~Fortfahren", "~Poursuivre")

CHANGES: dict[str, Change] = {
    "48.2.0": Change(words={"next": _NEXT}, says="Next is called Go on"),
    "48.5.1": Change(
        words={"next": _NEXT, "create": ("Make a post", "~Beitrag machen", "~Faire un post")},
        says="Next is called Go on, and Create is called Make a post",
    ),
    "48.8.3": Change(promotion_on="editor", says="a promotion lies over the editor"),
    "49.0.2": Change(
        words={"next": _NEXT},
        promotion_on="editor",
        says="Next is called Go on, and a promotion lies over the editor",
    ),
}
