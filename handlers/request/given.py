"""Reads request fields from the query or the body; unknown ones are refused, or warned about on reads (R47)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from handlers.request.body import invalid, parse_object
from jobs.content.script_config import PostConfig
from jobs.input.fields import is_flag, is_list, kind_of_field, read_value
from jobs.input.near_names import near_name
from jobs.input.refusals import Invalid, Problem
from jobs.input.values import Unreadable, shorten, shown
from jobs.intake.request import KEY_ELSEWHERE

_MAX_QUERY_FIELDS = 50
_WARNINGS = 20
_FORM = re.compile(rb"[\w.\[\]%+-]+=[^\s{\"]*")
#: Bodies that ask for nothing; PHP's json_encode of an empty array is one of them.
_NOTHING = (b"", b"{}", b"[]", b"null")


class Query:
    """The query of one request: names with their values, in the order they came."""

    def __init__(self, text: str) -> None:
        """Raises Refusal (40001) for what cannot be decoded."""
        self.values: dict[str, list[str]] = {}
        self._bare = {unquote_plus(part) for part in text.split("&") if part and "=" not in part}
        for name, value in _pairs(text):
            self.values.setdefault(name, []).append(value)

    def refuse_json(self) -> None:
        """Raises Refusal (40001) when a JSON object stands where fields should: curl -G moves the body there."""
        if any(name.lstrip().startswith(("{", "[")) for name in self.values):
            raise invalid(
                "the body stands in the address; leave out -G (--get) of curl, so that it is sent with POST",
                "query",
            )

    def unknown(self, known: Collection[str], *, ignored: bool = False) -> list[Problem]:
        """One problem for each name that is none of these, with the one that was meant."""
        return [
            Problem(shorten(name), _why_unknown(name, known, ignored=ignored))
            for name in self.values
            if name not in known and name
        ][:_WARNINGS]

    def filters(self, struct: type[msgspec.Struct]) -> tuple[dict[str, str], list[Problem]]:
        """The values of a call that reads, each once; empty ones count as absent (R19)."""
        found: dict[str, str] = {}
        problems = []
        for name in struct.__struct_encode_fields__:
            values = [value for value in self.values.get(name, ()) if value.strip()]
            if len(values) > 1:
                problems.append(Problem(name, "is given twice"))
            elif values:
                found[name] = values[0]
        return found, problems

    def wishes(
        self, struct: type[msgspec.Struct], names: Iterable[str]
    ) -> tuple[dict[str, Any], list[Problem]]:
        """The values of a call that changes something, by the types of its fields; an empty one is no absent one."""
        found: dict[str, Any] = {}
        problems = []
        for name in names:
            values = self.values.get(name)
            if values is None:
                continue
            kind = kind_of_field(struct, name)
            if kind is not None and is_list(kind):
                found[name] = _list_of(values)
            elif len(values) > 1:
                problems.append(Problem(name, "is given twice"))
            elif kind is not None and is_flag(kind) and name in self._bare:
                found[name] = True
            else:
                found[name] = values[0]
        return found, problems


def merged(
    body: Mapping[str, Any], wishes: Mapping[str, Any], struct: type[msgspec.Struct]
) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of body and query together; one that stands in both must say the same."""
    result = dict(body)
    problems = []
    for name, wish in wishes.items():
        inside = body.get(name)
        if inside is not None and not _same(struct, name, inside, wish):
            one, other = shown(wish), shown(inside)
            differ = (
                "differs in the address and in the body"
                if one == other
                else f"is {one} in the address, but {other} in the body"
            )
            problems.append(Problem(name, f"{differ}; send one of the two"))
        else:
            result[name] = wish
    return result, problems


def fields_of_nothing(body: bytes, method: str, content_type: str, known: Collection[str]) -> dict[str, Any]:
    """The body of a call that has none of its own: its fields are those of the query, anything else is refused.

    Raises:
        Refusal: the body is no JSON object (40001).
        Invalid: it asks for something that this call cannot do.
    """
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if text in _NOTHING:
        return {}
    if _FORM.fullmatch(text):
        raise invalid("the body is form-encoded; put its fields into the address, e.g. /retry?force=true")
    given = parse_object(body, method=method, content_type=content_type)
    problems = [
        Problem(shorten(name), _why_unknown(name, known))
        for name, value in given.items()
        if name not in known and value is not None
    ]
    if problems:
        raise Invalid(problems[:_WARNINGS])
    return {name: value for name, value in given.items() if value is not None}


def _why_unknown(name: str, known: Collection[str], *, ignored: bool = False) -> str:
    what = "is not known here" + (" and ignored" if ignored else "")
    if near_name(name, tuple(KEY_ELSEWHERE)):
        return f"stands in the wrong place: it belongs {KEY_ELSEWHERE['idempotency_key']}"
    near = near_name(name, tuple(known)) or _other_word(name, known)
    if near:
        return f'{what}; did you mean "{near}"?'
    if name in PostConfig.__struct_fields__ and "script_name" in known:
        return f"{what}; it belongs into script_config of the body"
    if name == "script_config":
        return "must stand in the body"
    if not known:
        return f"{what}; this call takes no fields"
    return f"{what}; known: {', '.join(sorted(known))}"


def _other_word(name: str, known: Collection[str]) -> str:
    """The field of an upload that callers guess otherwise, where this call has it."""
    meant = {"filename": "name", "file_name": "name", "file": "name", "checksum": "sha256"}.get(
        name.casefold(), ""
    )
    return meant if meant in known else ""


def _same(struct: type[msgspec.Struct], name: str, one: Any, other: Any) -> bool:
    kind = kind_of_field(struct, name)
    if kind is None:
        return bool(str(one) == str(other))
    try:
        wish = read_value(kind, other)
    except Unreadable:
        return True  # the reader refuses it, with a better sentence
    try:
        return bool(read_value(kind, one) == wish)
    except Unreadable:
        return False


def _list_of(values: list[str]) -> Any:
    """`?a=x&a=y`, `?a=x,y` and `?a=["x","y"]`."""
    if len(values) == 1 and values[0].lstrip().startswith("["):
        try:
            return json.loads(values[0])
        except (ValueError, RecursionError):  # brackets without end
            return values
    return [part for value in values for part in value.split(",") if part.strip()]


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY_FIELDS)
    except UnicodeDecodeError:
        raise invalid("is not UTF-8 (percent-encoded)", "query") from None
    except ValueError:
        raise invalid(f"must not have more than {_MAX_QUERY_FIELDS} fields", "query") from None
