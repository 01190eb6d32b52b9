"""The languages of a phone and of its apps: the phone's own, those set per app, and texts in languages that are not written here."""

from __future__ import annotations

import re

_TAGS = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "id": "in-ID", "es": "es-ES", "pt": "pt-BR"}
#: Android 13 is the first that sets a language for one app.
PER_APP_SDK = 33
_CODE = re.compile(r"[a-z]{2,3}")
_UNFILLED = re.compile(r"(\{[^}]*\})")
#: The languages that texts are written in, in the order of their tuples.
LANGUAGES = ("en", "de", "fr")
#: Written in tables of its own, for the way of a post; the rest of it reads as foreign. No screens file knows a word of it.
DUTCH = "nl"
#: Before a German or French text that has been recorded on no phone: a translation that may be wrong.
GUESS = "~"
#: Letters that read like a language of their own; every text stays of its length.
_FOREIGN = str.maketrans("abcdefghijklmnopqrstuvwxyz", "oklmidfghujcnbapqrstevwxyz")


def is_code(text: str) -> bool:
    """Whether it can be a language's code."""
    return _CODE.fullmatch(text) is not None


def tag(language: str) -> str:
    """The tag that a phone with this language names."""
    return _TAGS.get(language, f"{language}-{language.upper()[:2]}")


def spoken(text: tuple[str, str, str], language: str) -> str:
    """The text in a language; one that is none of the three reads as foreign."""
    return text[LANGUAGES.index(language)].removeprefix(GUESS) if language in LANGUAGES else foreign(text[0])


def foreign(english: str) -> str:
    """The text in a language that none of the written ones is; what is filled in later stays as it is."""
    parts = _UNFILLED.split(english)
    return "".join(part if part.startswith("{") else _translated(part) for part in parts)


def _translated(text: str) -> str:
    return "".join(
        c.translate(_FOREIGN) if c.islower() else c.lower().translate(_FOREIGN).upper() for c in text
    )


class AppLocales:
    """What `cmd locale` keeps: the languages set for single apps, and the one each app was started with."""

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self._running: dict[str, str] = {}

    def language(self, package: str, of_phone: str) -> str:
        """The language in which the app shows its texts: the one it was started with, until it is stopped."""
        if package in self._running:
            return self._running[package]
        tags = self.tags.get(package)
        return tags[0].partition("-")[0] if tags else of_phone

    def started(self, package: str, of_phone: str) -> None:
        self._running.setdefault(package, self.language(package, of_phone))

    def stopped(self, package: str) -> None:
        self._running.pop(package, None)
