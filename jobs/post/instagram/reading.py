"""What Instagram's screens say: the account, the profile's numbers."""

from __future__ import annotations

import re

from jobs.post.screens.labels import without_marks
from jobs.post.screens.recognise import Sight

_NAME = re.compile(r"@?(?!.*\.\.)[\w.]{1,30}")
_COUNT = re.compile(r"\d[\d.,\u00a0\u202f' ]*")


def name_of(sight: Sight) -> str:
    """The account's name on the own profile; "" where what stands there is none, such as one that is cut off by "…"."""
    found = sight.find("profile_name") if sight.name == "own_profile" else None
    name = without_marks(found.says) if found else ""
    return name if _NAME.fullmatch(name) else ""


def post_count(sight: Sight) -> int | None:
    """How many posts the profile says it has; None when it does not, or only roughly ("1.2K")."""
    for element in ("post_count_value", "post_count"):
        found = sight.find(element)
        if found is not None:
            match = _COUNT.match(found.says.strip())
            rest = found.says.strip()[match.end() :] if match else ""
            if match and not rest[:1].upper().startswith(("K", "M")):
                return int(re.sub(r"\D", "", match[0]))
    return None


def tile_of(sight: Sight) -> str:
    """What the newest tile of the profile's grid is called."""
    found = sight.find("first_tile")
    return found.node.content_desc if found else ""
