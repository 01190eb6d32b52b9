"""Names of files and folders as people mean them: NFC and NFD are one name, and near misses are recognised."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

#: Invisible characters: marks of direction (Windows puts U+202A before copied paths), zero-width ones, BOM.
INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
)
_EDGES = INVISIBLE + " \t\r\n\u00a0\u3000"
_TEXT_SUFFIXES = ("txt", "text", "md", "rtf", "doc", "docx", "odt", "pages", "csv", "log")
#: What a copy of a file gets behind its name: "caption (1).txt", "caption - Kopie.txt".
_COPY = re.compile(r"(\(\d+\)|[-_ ]+(copy|kopie|copie)( \d+)?)+$")
#: Names that copying programs and browsers give a file until it is whole.
_UNFINISHED = (
    ".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp", ".temp", ".!ut", ".!qb",
    ".aria2", ".unconfirmed", ".sb", ".swp",
)  # fmt: skip


def plain(name: str) -> str:
    """The form in which two names are compared: macOS stores NFD, all others write NFC; case as it is."""
    return unicodedata.normalize("NFC", name)


def is_utf8(name: str) -> bool:
    """Whether a name that the system gave can be written down; others hold bytes of another encoding."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def shown(name: str) -> str:
    """A name for people: bytes that are no UTF-8 by their value, characters that cannot be seen by their number."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def unfinished(name: str) -> str:
    """For the name of a file that is not whole yet, the name that it will have; "" for all others."""
    lower = name.lower()
    for suffix in _UNFINISHED:
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return name.lstrip("~") if name.startswith("~") else ""


def as_stored(path: str) -> str:
    """The path with each part as the file system has it, where the parts differ in their Unicode form only.

    A part that several names of its folder fit stays as it is.
    """
    parts = [part for part in path.split("/") if part]
    found = "/"
    for number, part in enumerate(parts):
        step = os.path.join(found, part)  # noqa: PTH118 - names that are no UTF-8 pass
        if not os.path.lexists(step):
            other = _only(name for name in _names(found) if plain(name) == plain(part))
            if not other:
                return os.path.join(step, *parts[number + 1 :])  # noqa: PTH118
            step = os.path.join(found, other)  # noqa: PTH118
        found = step
    return found


def similar(folder: str, name: str) -> str:
    """The name in a folder that differs from one that is not there by case, blanks or what cannot be seen; or ""."""
    wanted = _loose(name)
    return _only(other for other in _names(folder) if is_utf8(other) and _loose(other) == wanted)


def trimmed(text: str) -> str:
    """A path without what comes along when it is copied: invisible marks, blanks and quotes around it."""
    text = text.strip(_EDGES)
    for quote in ('"', "'"):
        if len(text) > 2 and text[0] == quote == text[-1]:
            return text[1:-1].strip(_EDGES)
    return text


def near_text_file(name: str, wanted: str) -> bool:
    """Whether a name looks like the text file `wanted` and is not: captions.txt, caption.txt.txt, caption.md."""
    first, *suffixes = _loose(name).split(".")
    stem = _COPY.sub("", first).rstrip(" _-")
    if not suffixes and name.casefold() != stem:
        return False
    if any(suffix.strip() not in _TEXT_SUFFIXES for suffix in suffixes):
        return False
    letters = re.sub(r"[\W_]", "", stem)
    right = re.sub(r"[\W_]", "", wanted.partition(".")[0])
    return letters.rstrip("s") == right.rstrip("s") or _one_slip(letters, right)


def account_key(name: str) -> str:
    """What the names of an account's folder have in common, however it was written: "@Alice ", "alice", "\uff20alice"."""
    return _loose(name).replace(" ", "").lstrip("@")


def _loose(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if c not in INVISIBLE).strip()


def _one_slip(one: str, two: str) -> bool:
    """Whether one letter is missing, too many, another, or two have changed places."""
    if one == two or abs(len(one) - len(two)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )
    a, b = one[start:], two[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names only, of folders that may hold very many
    except OSError:
        return []


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""


def real(path: str) -> Path:
    """The real path, its parts as the file system has them. Raises OSError for links that go in circles."""
    resolved = os.path.realpath(path)
    return Path(resolved if os.path.lexists(resolved) else os.path.realpath(as_stored(resolved)))
