"""What a post under way in the TikTok composer consists of, and the rules its texts obey."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.apps.base import MediaRow

HASHTAGS_MAX = 5
DESCRIPTION_MAX = 4000
TITLE_MAX = 90


@dataclass
class Draft:
    """One post being made."""

    media: list[MediaRow] = field(default_factory=list)
    title: str = ""
    description: str = ""
    sound: str = ""  #: "" is none
    chosen_sound: bool = False  #: picked by the user; TikTok does not lay its own over it
    original_volume: int | None = None  #: None: never touched
    added_volume: int | None = None
    ai_label: bool = False
    product: str = ""

    @property
    def kind(self) -> str:
        """All media are images: "photos"; else "video"."""
        return "photos" if self.media and all(row.kind == "image" for row in self.media) else "video"


def limit_hashtags(text: str, limit: int = HASHTAGS_MAX) -> str:
    """The field swallows every `#` after the fifth."""
    kept, seen = [], 0
    for char in text:
        if char == "#":
            seen += 1
            if seen > limit:
                continue
        kept.append(char)
    return "".join(kept)


def open_word(text: str) -> str:
    """The `#word` or `@word` under the cursor at the end of the text, for which suggestions are listed; else ""."""
    tail = text.replace("\n", " ").rpartition(" ")[2]
    start = max(tail.rfind("#"), tail.rfind("@"))
    if start < 0 or len(tail) < start + 2:
        return ""
    return tail[start:]


def suggestions(word: str) -> list[str]:
    """What the list over the keyboard offers for an open word."""
    return [word + suffix for suffix in ("", "s", "official", "2026")]


def with_suggestion(text: str, word: str, choice: str) -> str:
    """The text after a row of the list was tapped."""
    return text[: len(text) - len(word)] + choice + " "


def auto_sound(rows: list[MediaRow]) -> str:
    """The track that TikTok lays under imported media by itself: always for photos, for every other video."""
    if not rows:
        return ""
    if rows[0].kind == "video" and int(rows[0].sha256[:2] or "0", 16) % 2 == 0:
        return ""
    return TRACKS[int(rows[0].sha256[:4] or "0", 16) % len(TRACKS)]


TRACKS = ("Golden Hour Drive", "Paper Lanterns", "Night Bus Home", "Slow Tide", "Blue Kitchen", "Second Summer")
