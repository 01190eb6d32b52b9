"""Reads the vocabulary of each app: the shipped screens files with the operator's over them, checked."""

from __future__ import annotations

from pathlib import Path

from jobs.hub.platforms import PLATFORMS
from jobs.post.screens.drawn import unclear
from jobs.post.screens.file_checks import check
from jobs.post.screens.screens_file import (
    SHIPPED,
    ScreensFile,
    ScreensInvalid,
    Vocabulary,
    lay_over,
    read_file,
)


def load(platform: str, overlay_dir: str = "", *, covered_only: bool = False) -> Vocabulary:
    """The vocabulary of a platform: what is shared by all apps, the app's own, and the operator's files over it.

    Args:
        platform: which app.
        overlay_dir: folder with any of `OVERLAYS`; "" means none.
        covered_only: leave out the words of languages that are not covered: for callers that touch something.

    Raises:
        ScreensInvalid: a file is missing, malformed or contradicts itself.
    """
    merged = ScreensFile()
    where = f"{platform}.toml"
    for name in ("android", platform):
        merged = lay_over(merged, read_file(SHIPPED / f"{name}.toml"))
    if overlay_dir:
        folder = Path(overlay_dir)
        if not folder.is_dir():
            raise ScreensInvalid(overlay_dir, ["is not a folder"])
        for name in ("android", platform):
            path = folder / f"{name}.toml"
            if path.exists():
                merged = lay_over(merged, read_file(path))
                where = str(path)
    vocabulary = check(merged, where, covered_only=covered_only)
    problems = unclear(vocabulary)
    if problems:
        raise ScreensInvalid(where, problems)
    return vocabulary


def read_vocabularies(overlay_dir: str = "", language: str = "") -> dict[str, Vocabulary]:
    """The vocabulary of each platform, as posting uses it.

    Args:
        overlay_dir: as for `load`.
        language: `phones.set_app_language`; the screens must cover it.

    Raises:
        ScreensInvalid: as `load`; or the language is not covered.
    """
    found = {platform: load(platform, overlay_dir, covered_only=True) for platform in PLATFORMS}
    wanted = language.partition("-")[0]
    for platform, vocabulary in found.items():
        if wanted and wanted not in vocabulary.covered:
            raise ScreensInvalid(
                overlay_dir or f"{platform}.toml",
                [f"phones.set_app_language is {wanted!r}; covered are {', '.join(vocabulary.covered)}"],
            )
    return found
