"""Instagram versions that no shipped screens file knows, and what each does otherwise than 446."""

from __future__ import annotations

from simulator.apps.kit.versions import Change

_NEXT = ("Forward", "~Vorwärts", "~Avancer")
_IDS = {"clips_right_action_button": "clips_primary_cta", "creation_next_button": "creation_primary_cta"}

CHANGES: dict[str, Change] = {
    "460.0.0.31.74": Change(words={"next": _NEXT}, ids=_IDS, says="Next is called Forward, and its id is another one"),
    "462.0.0.12.90": Change(promotion_on="editor", says="a promotion lies over a reel's editor"),
}
