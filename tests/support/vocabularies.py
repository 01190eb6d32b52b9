"""The vocabulary of an app, read from the shipped screens files and those laid over them."""

from __future__ import annotations

from functools import lru_cache

from jobs.post.screens.screens_file import Vocabulary
from jobs.post.screens.vocabularies import build, read_all_trusted, read_trusted, vocabularies_of


def load(platform: str, overlay_dir: str = "", *, covered_only: bool = False) -> Vocabulary:
    """As recognising and inspecting read it; `covered_only` as posting does. Raises ScreensInvalid."""
    return build(read_trusted(platform, overlay_dir), covered_only=covered_only)


@lru_cache(maxsize=1)
def shipped_screens() -> dict[str, Vocabulary]:
    """The shipped screens files, read once."""
    return vocabularies_of(read_all_trusted())
