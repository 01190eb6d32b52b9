"""Tells a misspelt name of a field from one that is simply unknown: other case, camelCase, a letter too few or too many."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[^\W_]+")
#: Names shorter than this differ from others by one letter without being meant as them.
_SHORTEST = 4
#: Names longer than this are no misspelling of any field.
_LONGEST = 60
_ALIKE = 0.8


def near_name(name: str, known: tuple[str, ...], *, thorough: bool = True) -> str:
    """The known name that this one was most likely meant to be, "" when there is none.

    Args:
        name: What a caller wrote; not one of `known`.
        known: The names that there are.
        thorough: Also compare at length, which costs milliseconds.
    """
    if not 1 < len(name) <= _LONGEST:
        return ""
    index = _index(known)
    plain = _plain(name)
    for variant in (plain, _singular(name)):
        if variant in index:
            return index[variant]
    if len(plain) >= _SHORTEST - 1:
        for variant in _shorter(plain):
            if variant in index:
                return index[variant]
    if not thorough:
        return ""
    plain_names = _plain_names(known)
    near = difflib.get_close_matches(plain, plain_names, n=1, cutoff=_ALIKE)
    return plain_names[near[0]] if near else ""


def _plain(name: str) -> str:
    """Letters and digits alone, in lower case: startTime and Start-Time are start_time."""
    return "".join(char for char in name.casefold() if char.isalnum())


def _singular(name: str) -> str:
    """The same with every word in the singular: materials_list is material_list."""
    return "".join(word.removesuffix("s") for word in (w.casefold() for w in _WORD.findall(name)))


def _shorter(plain: str) -> Iterator[str]:
    """Every text with one character less. Two names that share one differ by a letter, or have two exchanged."""
    for place in range(len(plain)):
        yield plain[:place] + plain[place + 1 :]


@functools.lru_cache(maxsize=64)
def _plain_names(known: tuple[str, ...]) -> dict[str, str]:
    return {_plain(name): name for name in known}


@functools.lru_cache(maxsize=64)
def _index(known: tuple[str, ...]) -> dict[str, str]:
    index: dict[str, str] = {}
    for name in known:
        plain = _plain(name)
        if len(plain) >= _SHORTEST:
            for variant in _shorter(plain):
                index.setdefault(variant, name)
    for name in known:
        index[_singular(name)] = name
    for name in known:
        index[_plain(name)] = name
    return index
