"""Reads the vocabulary of each app: the shipped screens files, what was taught, the operator's files over both, checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from jobs.hub.platforms import PLATFORMS
from jobs.post.screens.checks.additions import objections
from jobs.post.screens.checks.guarded import missing_words
from jobs.post.screens.checks.readings import KnownTree, changed_elements, compare
from jobs.post.screens.drawn import drawn_trees, unclear
from jobs.post.screens.file_checks import check
from jobs.post.screens.screens_file import (
    SHIPPED,
    ScreensFile,
    ScreensInvalid,
    Vocabulary,
    as_addition,
    lay_over,
    read_file,
)

#: What was taught, by platform: lessons that are on and fit, laid over each other.
Taught = Mapping[str, ScreensFile]
_NOTHING = ScreensFile()


@lru_cache(maxsize=8)
def shipped_file(platform: str) -> ScreensFile:
    """What is shipped: all apps' shared screens with the app's own over them. Raises ScreensInvalid."""
    merged = ScreensFile()
    for name in ("android", platform):
        merged = lay_over(merged, read_file(SHIPPED / f"{name}.toml"))
    return merged


@lru_cache(maxsize=16)
def shipped_vocabulary(platform: str, covered_only: bool = False, also: tuple[str, ...] = ()) -> Vocabulary:
    """The vocabulary of what is shipped. Raises ScreensInvalid."""
    where = f"{platform}.toml"
    vocabulary = check(shipped_file(platform), where, covered_only=covered_only, also=also)
    problems = unclear(vocabulary)
    if problems:
        raise ScreensInvalid(where, problems)
    return vocabulary


def operators_file(platform: str, overlay_dir: str) -> tuple[ScreensFile | None, str]:
    """What an operator lays over the shipped files, and which file it is; None where there is nothing.

    Raises:
        ScreensInvalid: it cannot be read, or it must not be laid over them.
    """
    if not overlay_dir:
        return None, ""
    folder = Path(overlay_dir)
    if not folder.is_dir():
        raise ScreensInvalid(overlay_dir, ["is not a folder"])
    found: ScreensFile | None = None
    where = ""
    for name in ("android", platform):
        path = folder / f"{name}.toml"
        if path.exists():
            found = lay_over(found or _NOTHING, read_file(path))
            where = str(path)
    return (None if found is None else as_addition(found)), where


class Trusted(msgspec.Struct, frozen=True):
    """What lessons are laid into: the shipped files of an app, and the operator's over them, once that was judged."""

    platform: str
    shipped: ScreensFile
    above: ScreensFile | None  #: the operator's
    merged: ScreensFile
    where: str  #: the topmost file, for people


def read_trusted(platform: str, overlay_dir: str = "") -> Trusted:
    """The files of an app as they are on the disk.

    Raises:
        ScreensInvalid: a file is missing, malformed, contradicts itself, or reaches what nothing may reach.
    """
    shipped = shipped_file(platform)
    above, where = operators_file(platform, overlay_dir)
    if above is None:
        return Trusted(platform, shipped, None, shipped, f"{platform}.toml")
    merged = lay_over(shipped, above)
    vocabulary = check(merged, where)  # first, since a file that is no good in itself is not worth judging
    problems = unclear(vocabulary) + objections(shipped, above)
    if not problems:
        problems = drawn_objections(shipped_vocabulary(platform), vocabulary, operator=True)
    if problems:
        raise ScreensInvalid(where, problems)
    return Trusted(platform, shipped, above, merged, where)


def reading(trusted: Trusted) -> Vocabulary:
    """The vocabulary of the files alone, with the words of all languages."""
    if trusted.above is None:
        return shipped_vocabulary(trusted.platform)
    return check(trusted.merged, trusted.where)


def drawn_objections(before: Vocabulary, after: Vocabulary, *, operator: bool = False) -> list[str]:
    """What an addition does to the drawn screens that it must not do."""
    trees = [KnownTree(f"the drawn {name}", tree) for name, tree in drawn_trees(before.platform).items()]
    return compare(before, after, changed_elements(before, after), trees, operator=operator).refused


def taught_languages(taught: ScreensFile) -> tuple[str, ...]:
    """The languages in which lessons gave words."""
    spoken = {key for entries in taught.words.values() for entry in entries for key in entry}
    return tuple(sorted(spoken - {"seen", "any"}))


def with_taught(trusted: Trusted, taught: ScreensFile | None) -> ScreensFile:
    """Lessons between the shipped files and the operator's; a language whose last guarded word was taught is covered."""
    if taught is None or taught == _NOTHING:
        return trusted.merged
    base = lay_over(trusted.shipped, as_addition(taught))
    merged = base if trusted.above is None else lay_over(base, trusted.above)
    new = [
        language
        for language in taught_languages(taught)
        if language not in trusted.merged.covered and not missing_words(merged, language)
    ]
    return msgspec.structs.replace(merged, covered=(*merged.covered, *new))


def build(
    trusted: Trusted,
    taught: ScreensFile | None = None,
    *,
    covered_only: bool = False,
    also: tuple[str, ...] = (),
) -> Vocabulary:
    """The vocabulary of an app.

    Args:
        trusted: its files.
        taught: lessons that count.
        covered_only: leave out the words of languages that are not covered: for callers that touch something.
        also: languages whose words count although they are not covered: for rehearsals, which publish nothing.

    Raises:
        ScreensInvalid: what was taught does not fit.
    """
    file = with_taught(trusted, taught)
    shipped = shipped_vocabulary(trusted.platform, covered_only, also)
    if file is trusted.shipped:
        return shipped
    vocabulary = check(file, trusted.where, covered_only=covered_only, also=also)
    problems = unclear(vocabulary)
    if problems:
        raise ScreensInvalid(trusted.where, problems)
    return msgspec.structs.replace(vocabulary, shipped=shipped)


def of_package(vocabulary: Vocabulary, package: str) -> Vocabulary:
    """The app's screens for a package; one that is named counts as the app."""
    if package in vocabulary.packages:
        return vocabulary
    return msgspec.structs.replace(vocabulary, packages=(*vocabulary.packages, package))


def read_all_trusted(overlay_dir: str = "") -> dict[str, Trusted]:
    """The files of every app. Raises ScreensInvalid, as `read_trusted`."""
    return {platform: read_trusted(platform, overlay_dir) for platform in PLATFORMS}


def read_usable(overlay_dir: str) -> tuple[dict[str, Trusted], list[ScreensInvalid]]:
    """The files of every app, without the operator's for an app where those are refused, and what speaks against them.

    Raises:
        ScreensInvalid: a shipped file is no good.
    """
    found: dict[str, Trusted] = {}
    refused: list[ScreensInvalid] = []
    for platform in PLATFORMS:
        try:
            found[platform] = read_trusted(platform, overlay_dir)
        except ScreensInvalid as error:
            found[platform] = read_trusted(platform)  # what is shipped may be what is no good
            refused.append(error)
    return found, refused


def vocabularies_of(trusted: Mapping[str, Trusted], taught: Taught | None = None) -> dict[str, Vocabulary]:
    """The vocabulary of each platform, as posting uses it, of files that were read. Raises ScreensInvalid, as `build`."""
    return {
        platform: build(files, (taught or {}).get(platform), covered_only=True)
        for platform, files in trusted.items()
    }


def check_language(vocabularies: Mapping[str, Vocabulary], language: str, overlay_dir: str = "") -> None:
    """See that the language to which apps are set is covered. Raises ScreensInvalid."""
    wanted = language.partition("-")[0]
    for platform, vocabulary in vocabularies.items():
        if wanted and wanted not in vocabulary.covered:
            raise ScreensInvalid(
                overlay_dir or f"{platform}.toml",
                [f"phones.set_app_language is {wanted!r}; covered are {', '.join(vocabulary.covered)}"],
            )
