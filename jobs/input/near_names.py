"""Tells a misspelt name of a field from one that is simply unknown: other case, camelCase, a letter too few or too many."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

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


#: How form fields and tables write what stands inside another: a[b], a.b, a__b, a/b.
_INNER = re.compile(r"[\[./]|__")


def _flattened(name: str, known: tuple[str, ...], *, thorough: bool) -> str:
    """The known name of which this one names a part, "" when there is none: script_config[captions], usernames.0."""
    outer, *inner = _INNER.split(name, maxsplit=1)
    if not inner or not outer:
        return ""
    return outer if outer in known else near_name(outer, known, thorough=thorough)


class Beyond(msgspec.Struct, frozen=True):
    """A key that asks for something that this program does not do."""

    sentence: str
    nothing: frozenset[str]  #: values, as texts in small letters, by which it asks for nothing
    #: Values by which alone it asks for anything; where there are none, every other value does.
    only: frozenset[str] = frozenset()

    def asked(self, value: Any) -> bool:
        """Whether the value of such a key asks for anything."""
        if self.only:
            return isinstance(value, str | bool | int) and str(value).strip().casefold() in self.only
        if isinstance(value, str | bool | int | float):
            return str(value).strip().casefold() not in self.nothing
        return bool(value)


_TRIES = Beyond(
    "is not possible in this call: it would not be tried, but done", frozenset({"", "0", "false"})
)


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about the keys of an object that its struct does not have."""

    harmless: frozenset[str] = frozenset()  #: sent by known clients; ignored, however close to ours they look
    also: tuple[str, ...] = ()  #: further names under which fields are taken
    #: A known key that stands in the wrong object -> where it belongs, e.g. "script_config".
    elsewhere: Mapping[str, str] = {}
    #: A name that others use -> ours; refused where ours is absent or belongs elsewhere.
    other_words: Mapping[str, str] = {}
    #: Fields of ours beside which another word for them may not say something else.
    single: frozenset[str] = frozenset()
    #: By a name's letters and digits: what would make another post than the one meant if it was ignored.
    beyond: Mapping[str, Beyond] = {}

    def explain(self, name: str, known: tuple[str, ...], raw: Mapping[str, Any], *, thorough: bool) -> str:
        """Why this key may not be ignored, "" when it may."""
        if name in self.harmless or raw.get(name) is None:
            return ""
        near = near_name(name, (*known, *self.also), thorough=thorough)
        if near:
            return f'is not a known key; did you mean "{near}"?'
        if whole := _flattened(name, known, thorough=thorough):
            return f'is a part of "{whole}"; send that as one object or list'
        place = name if name in self.elsewhere else near_name(name, tuple(self.elsewhere), thorough=thorough)
        if place:
            where = self.elsewhere[place]
            is_told = place == name or _plain(place) in _plain(where)
            other = "" if is_told else f', and is called "{place}"'
            return f"stands in the wrong place: it belongs {where}{other}"
        ours = self.other_words.get(name.casefold().replace("-", "_"), "")
        if ours in self.elsewhere:
            return f'stands in the wrong place: it belongs {self.elsewhere[ours]}, and is called "{ours}"'
        if ours and not raw.get(ours):
            return f'is not a known key; did you mean "{ours}"?'
        if ours in self.single and raw[name] and str(raw[name]).strip() != str(raw[ours]).strip():
            return f'is not a known key and says something else than "{ours}"; send "{ours}" alone'
        plain = _plain(name)
        beyond = self.beyond.get(plain) or (_TRIES if plain == "dryrun" else None)
        return beyond.sentence if beyond is not None and beyond.asked(raw[name]) else ""
