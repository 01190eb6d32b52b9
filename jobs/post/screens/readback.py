"""Compares what was typed into a phone with what stands there, and reads what a screen says."""

from __future__ import annotations

from jobs.post.screens.recognise import Sight

#: The tightest limit of characters that a text field of these apps has is higher than this.
SHORTEST_LIMIT = 50


def told(sight: Sight) -> list[str]:
    """Every text and description on a screen, each once, in the order in which a screen reader goes."""
    return list(
        dict.fromkeys(label for n in sight.index.nodes for label in (n.text, n.content_desc) if label)
    )


def texts_on(sight: Sight) -> frozenset[str]:
    """Every text and description on a screen."""
    return frozenset(told(sight))


def field_text(sight: Sight, element: str) -> str:
    """What a field holds; "" for its placeholder, and where it is not on the screen."""
    found = sight.find(element)
    return found.node.text if found is not None and not sight.index.is_empty(found.node) else ""


def same_text(wanted: str, seen: str) -> bool:
    """Whether a text read back from a tree is the one that was typed.

    Some dumpers turn line breaks into blanks; that is no change of the text. Blanks at the very end are not shown.
    """
    wanted, seen = wanted.replace("\r\n", "\n").rstrip(), seen.replace("\r\n", "\n").rstrip()
    return wanted == seen or ("\n" not in seen and wanted.replace("\n", " ") == seen)


def hits_limit(wanted: str, seen: str) -> bool:
    """Whether a text was altered as apps do at their limits: cut off, or without the `#` of every further hashtag."""
    return (len(seen) >= SHORTEST_LIMIT and wanted.startswith(seen)) or loses_hashtags(wanted, seen)


def loses_hashtags(wanted: str, seen: str) -> bool:
    """Whether the only change is that the `#` of every further hashtag is gone."""
    wanted, seen = wanted.rstrip(), seen.rstrip()
    kept = seen.count("#")
    parts = wanted.split("#")
    return 0 < kept < len(parts) - 1 and seen == "#".join(parts[: kept + 1]) + "".join(parts[kept + 1 :])


def difference(wanted: str, seen: str) -> str:
    """Where two texts part, for people."""
    same = 0
    while same < min(len(wanted), len(seen)) and wanted[same] == seen[same]:
        same += 1
    return f'after {same} characters "{wanted[same : same + 20]}" became "{seen[same : same + 20]}"'
