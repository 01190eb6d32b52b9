"""Reads a decoded JSON object into the values of a msgspec struct, kindly: every problem at once, with its field.

The types and limits stand in the struct, from which the OpenAPI document is made too. What is accepted beyond them:
numbers and booleans as texts, whole floats, 0 and 1 for booleans, null for an absent key, unknown keys (with a warning).
An unknown key that looks like a misspelt known one is a problem (R46): ignored, it would make another post than the one meant.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import inspect

from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, Problem
from jobs.input.spoilt_values import decoded_twice, explain_spoilt
from jobs.input.values import Unreadable, read_bool, read_int, read_text, shorten, shown, split_joined

#: Of one list no more problems than these are named.
_LIST_PROBLEMS = 20
_UNKNOWN_WARNINGS = 20
#: How many unknown keys are compared with the known ones at length; all are compared quickly.
_THOROUGH = 100


class Findings:
    """What was noticed while reading a request: problems refuse it, warnings go with the answer."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def problem(self, field: str, problem: str, code: str = "") -> None:
        """Note a problem once."""
        if (found := Problem(field, problem, code)) not in self.problems:
            self.problems.append(found)

    def refuse(self) -> None:
        """Raise Invalid with all problems, if there are any."""
        if self.problems:
            raise Invalid(self.problems)

    def warn(self, warning: str) -> None:
        """Note a warning once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


Hook = Callable[[Any], Any]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


def read_object(
    struct: type[msgspec.Struct],
    raw: Mapping[str, Any],
    findings: Findings,
    *,
    prefix: str = "",
    hooks: Mapping[str, Hook] | None = None,
    missing: Mapping[str, str] | None = None,
    unknown: Unknown | None = None,
    strict: bool = False,
) -> dict[str, Any]:
    """Every usable value of `raw` by field name; what is absent, null or wrong is left out.

    Args:
        struct: Says names, types and limits.
        raw: The decoded JSON object.
        findings: Takes problems and warnings.
        prefix: Stands before each field name in them, e.g. "script_config.".
        hooks: By field, called with the raw value before the type is looked at; may raise Unreadable.
        missing: By field, what to say when a required one is absent.
        unknown: What is known about keys that the struct does not have.
        strict: Refuse every other key, too.
    """
    fields = _fields(struct)
    values: dict[str, Any] = {}
    others = []
    for name, value in raw.items():
        field = fields.get(name)
        if field is None:
            others.append(name)
            continue
        if value is None:
            continue
        try:
            if hooks and name in hooks:
                value = hooks[name](value)  # noqa: PLW2901 - the hook replaces it
            values[name] = read_value(field.type, value)
        except _ListProblems as error:
            for index, problem in error.problems:
                findings.problem(f"{prefix}{name}[{index}]", problem)
        except Unreadable as error:
            findings.problem(prefix + name, str(error))
    for name, field in fields.items():
        if field.required and raw.get(name) is None:
            findings.problem(prefix + name, (missing or {}).get(name, "is missing"))
    about = unknown or Unknown()
    _judge_unknown(others, raw, about, findings, known=tuple(fields), prefix=prefix, strict=strict)
    return values


def _judge_unknown(
    names: Sequence[str],
    raw: Mapping[str, Any],
    about: Unknown,
    findings: Findings,
    *,
    known: tuple[str, ...],
    prefix: str,
    strict: bool,
) -> None:
    """Refuse keys that were meant as others; warn about the rest."""
    ignored = []
    for index, name in enumerate(names):
        problem = about.explain(name, known, raw, thorough=index < _THOROUGH)
        if problem:
            findings.problem(prefix + shorten(name), problem)
        elif strict and raw[name] is not None:
            findings.problem(prefix + shorten(name), f"is not a known key; known: {', '.join(sorted(known))}")
        else:
            ignored.append(name)
    for name in ignored[:_UNKNOWN_WARNINGS]:
        findings.warn(f"{prefix}{shorten(name)}: unknown key, ignored")
    if len(ignored) > _UNKNOWN_WARNINGS:
        findings.warn(
            f"{prefix[:-1] or 'body'}: {len(ignored) - _UNKNOWN_WARNINGS} more unknown keys, ignored"
        )


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - told by the type above
    return {field.encode_name: field for field in info.fields}


def kind_of_field(struct: type[msgspec.Struct], name: str) -> inspect.Type | None:
    """The type of one field, without what may be said instead of a value; None when there is no such field."""
    field = _fields(struct).get(name)
    return None if field is None else _bare(field.type)


def is_flag(kind: inspect.Type) -> bool:
    """Whether values are true and false."""
    return isinstance(kind, inspect.BoolType)


def is_list(kind: inspect.Type) -> bool:
    """Whether values are lists."""
    return isinstance(kind, inspect.ListType | inspect.VarTupleType)


def _bare(kind: inspect.Type) -> inspect.Type:
    match kind:
        case inspect.Metadata():
            return _bare(kind.type)
        case inspect.UnionType():
            return _bare(_only(kind))
        case _:
            return kind


class _ListProblems(Unreadable):
    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__("has unusable entries")
        self.problems = problems


def read_value(kind: inspect.Type, value: Any) -> Any:
    """The value as the type wants it. Raises Unreadable."""
    match kind:
        case inspect.Metadata():
            return read_value(kind.type, value)
        case inspect.UnionType():
            return read_value(_only(kind), value)
        case inspect.BoolType():
            return read_bool(value)
        case inspect.IntType():
            return _in_range(read_int(value), kind.ge, kind.le)
        case inspect.StrType():
            return _fitting(read_text(value), kind)
        case inspect.LiteralType():
            return _one_of(kind.values, value)
        case inspect.ListType() | inspect.VarTupleType():
            return _read_list(kind, value)
        case inspect.DictType() | inspect.StructType():
            if not isinstance(value, Mapping):
                raise Unreadable(f"must be an object, not {shown(value)}{_why_text(value, dict)}")
            return value
        case _:
            raise TypeError(f"{kind!r} is not a type of requests")


def _only(kind: inspect.UnionType) -> inspect.Type:
    """The one type that is left when null, which means an absent key, is taken away."""
    members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    if len(members) != 1:
        raise TypeError(f"{kind!r} is not a type of requests")
    return members[0]


def _in_range(number: int, low: float | None, high: float | None) -> int:
    if (low is not None and number < low) or (high is not None and number > high):
        if high is None:
            raise Unreadable(f"must be {low} or more")
        if low is not None and number < low and low == 1:
            raise Unreadable("must be 1 or more")
        raise Unreadable(f"must be between {low} and {high}")
    return number


def _fitting(text: str, kind: inspect.StrType) -> str:
    if kind.max_length is not None and len(text) > kind.max_length:
        raise Unreadable(f"must not be longer than {kind.max_length} characters")
    if kind.min_length and len(text.strip()) < kind.min_length:
        raise Unreadable("must not be empty")
    return text


def _one_of(values: Sequence[Any], value: Any) -> Any:
    if isinstance(values[0], int):
        try:
            number = read_int(value)
        except Unreadable:
            number = None
        if number in values:
            return number
        raise Unreadable(f"must be {' or '.join(map(str, sorted(values)))}, not {shown(value)}")
    if isinstance(value, str) and value in values:
        return value
    known = [str(v) for v in values]
    listed = ", ".join(f'"{v}"' for v in known)
    near = _nearest(value, known) if isinstance(value, str) else ""
    hint = f'; did you mean "{near}"?' if near else ""
    raise Unreadable(f"must be one of {listed}, not {shown(value)}{hint}")


def _nearest(text: str, known: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(text.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def _read_list(kind: inspect.ListType | inspect.VarTupleType, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Unreadable(_no_list(value, of_numbers=isinstance(kind.item_type, inspect.IntType)))
    if kind.max_length is not None and len(value) > kind.max_length:
        raise Unreadable(f"must not have more than {kind.max_length} entries")
    good: list[Any] = []
    problems: list[tuple[int, str]] = []
    for index, item in enumerate(value):
        try:
            good.append(read_value(kind.item_type, item))
        except Unreadable as error:
            problems.append((index, str(error)))
    if problems:
        raise _ListProblems(problems[:_LIST_PROBLEMS])
    return good


def _no_list(value: Any, *, of_numbers: bool) -> str:
    why = _why_text(value, list)
    if why:
        return f"must be a list, not {shown(value)}{why}"
    if isinstance(value, Mapping):
        return "must be a list, e.g. [...], not an object"
    joined = split_joined(value) if isinstance(value, str) else []
    if joined:
        parts = ", ".join(json.dumps(part) for part in joined[:3])
        return f"must be a list, e.g. [{shorten(parts)}], not {shown(value)}"
    example = "1, 2" if of_numbers and not str(value).isdecimal() else shown(value)
    return f"must be a list, e.g. [{example}], not {shown(value)}"


def _why_text(value: Any, wanted: type) -> str:
    """Why a text stands where a list or an object should, as the rest of a sentence; "" when nothing is known."""
    if not isinstance(value, str):
        return ""
    spoilt = explain_spoilt(value)
    if spoilt:
        return f": {spoilt}"
    kind = "list" if wanted is list else "object"
    if isinstance(decoded_twice(value), wanted):
        return f": this {kind} was encoded twice; send the {kind} itself, not a text that holds it"
    if value.strip().startswith(("['", "{'")):
        return f": this is Python's own text of a {kind}; send it as JSON (json=... in requests)"
    return ""
