"""What a language still lacks until tasks may run in it, and what was given for it already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from jobs.phone.app_language import name_of
from jobs.post.screens.checks.guarded import Guarded, missing_words, speaks
from jobs.post.screens.screens_file import ScreensFile
from jobs.post.teaching.lessons import Lesson


class Missing(msgspec.Struct, frozen=True):
    """A word without which no task runs in a language."""

    word: str
    kind: Literal["stop", "publish"]
    english: list[str]  #: its wordings in English; between slashes: patterns
    sentence: str  #: where the app says it, and how it is given


class Given(msgspec.Struct, frozen=True):
    """A guarded word that a language has."""

    word: str
    kind: str
    texts: list[str]
    id: int  #: the lesson that gave it, 0 when a file did


class Language(msgspec.Struct, frozen=True):
    """One language of one app."""

    platform: str
    language: str
    name: str
    covered: bool  #: tasks run in it
    shipped: bool  #: the files cover it, without any lesson
    missing: list[Missing]
    given: list[Given]


def language_state(
    platform: str, language: str, trusted: ScreensFile, merged: ScreensFile, lessons: Sequence[Lesson]
) -> Language:
    """How far a language is.

    Args:
        platform: which app.
        language: a bare code.
        trusted: the shipped files and the operator's.
        merged: the same with what was taught.
        lessons: those that are on.
    """
    missing = missing_words(merged, language)
    covered = language in merged.covered
    kinds = Guarded(trusted).words
    given = [
        Given(word, kind, texts, _taught_by(lessons, word, language))
        for word, kind in sorted(kinds.items())
        if kind != "proof" and _has(merged, word, language) and (texts := speaks(merged, word, language))
    ]
    return Language(
        platform=platform,
        language=language,
        name=name_of(language),
        covered=covered,
        shipped=language in trusted.covered,
        missing=[_missing(trusted, word, kind) for word, kind in missing.items()],  # type: ignore[arg-type]
        given=given,
    )


def _has(file: ScreensFile, word: str, language: str) -> bool:
    """Whether a word has a wording of this very language, beside those that count in every one."""
    return any(language in entry for entry in file.words.get(word, ()))


def _missing(file: ScreensFile, word: str, kind: Literal["stop", "publish"]) -> Missing:
    says = next((s for e in _elements_of(file, word) for s in _screens_of(file, e)), "")
    if kind == "publish":
        sentence = "what a button that publishes reads: taught from a picture on which it stands, as the element it is"
    elif says:
        sentence = f"what the app writes when {says[0].lower() + says[1:] if not says.startswith(('TikTok', 'Instagram')) else says}"
    else:
        sentence = "a part of the screens by which refusals are recognised"
    return Missing(word, kind, speaks(file, word, "en"), sentence)


def _elements_of(file: ScreensFile, word: str) -> list[str]:
    return [name for name, rules in file.elements.items() if any(f"@{word}" in rule.texts for rule in rules)]


def _screens_of(file: ScreensFile, element: str) -> list[str]:
    return [
        screen.says
        for screen in file.screens.values()
        if screen.kind in ("human", "failure") and element in (*screen.all, *screen.any) and screen.says
    ]


def _taught_by(lessons: Sequence[Lesson], word: str, language: str) -> int:
    return next(
        (lesson.id for lesson in lessons if any(language in entry for entry in lesson.words.get(word, ()))), 0
    )
