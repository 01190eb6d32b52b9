"""What a slot says, as a caller writes it: its fields, their other names, and how they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.content.script_config import PostConfig
from jobs.hub.platforms import Platform
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, Problem
from jobs.input.values import Unreadable, shorten
from jobs.intake.start_time import StartTimeInvalid, parse_time_of_day
from jobs.intake.targets import clean_username
from storage.records import Slot

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Username = Annotated[str, Meta(min_length=1, max_length=200)]


class SlotFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a slot says; in a change, what is absent stays as it is."""

    name: Annotated[str, Meta(max_length=200, description="For people")] = ""
    usernames: Annotated[
        tuple[Username, ...], Meta(min_length=1, max_length=100, description="Accounts, with or without @")
    ] = ()
    times: Annotated[
        tuple[str, ...],
        Meta(min_length=1, max_length=48, description="HH:MM in the hub's time zone", examples=[["18:30"]]),
    ] = ()
    weekdays: Annotated[
        tuple[str, ...],
        Meta(
            max_length=7, description="mon, tue, wed, thu, fri, sat, sun; left out of a new slot: every day"
        ),
    ] = ()
    platform: Annotated[Literal[Platform, "all"] | None, Meta(description="Default: the account's")] = None
    script_config: Annotated[
        PostConfig,
        Meta(
            description="As in POST /task, with a source: a folder, or tags of the library. In a change its keys that "
            "are absent stay as they are; one that says where files come from replaces the others that do"
        ),
    ] = PostConfig()
    missed: Annotated[
        Literal["skip", "catch_up"],
        Meta(
            description="What becomes of posts whose time passed while the hub was off: left out, or the latest of "
            "each account made at once"
        ),
    ] = "skip"
    first_day: Annotated[str, Meta(description="YYYY-MM-DD; empty: today")] = ""
    last_day: Annotated[str, Meta(description="YYYY-MM-DD; empty: for ever")] = ""


_UNKNOWN = Unknown(
    other_words={
        **dict.fromkeys(("accounts", "account", "username", "users"), "usernames"),
        **dict.fromkeys(("time", "start_time", "at", "hours"), "times"),
        **dict.fromkeys(("days", "day", "weekday", "days_of_week"), "weekdays"),
        **dict.fromkeys(("from", "start_day", "start_date", "begin"), "first_day"),
        **dict.fromkeys(("until", "to", "end_day", "end_date"), "last_day"),
        **dict.fromkeys(("config", "source", "material_source"), "script_config"),
    }
)


def read_fields(raw: Any, findings: Findings, *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that are given, as a slot keeps them. Raises Invalid with all that is wrong, and what `findings` has already."""
    if not isinstance(raw, Mapping):
        raise Invalid(Problem("", "the body must be a JSON object"))
    config = raw.get("script_config")
    given = {name: value for name, value in raw.items() if name != "script_config"}
    fields = read_object(SlotFields, given, findings, unknown=_UNKNOWN, strict=True)
    for name in required:
        if name not in fields and not any(one.field.startswith(name) for one in findings.problems):
            findings.problem(name, "is missing")
    for name, read in _READERS.items():
        if name in fields:
            try:
                fields[name] = read(fields[name])
            except (Unreadable, StartTimeInvalid) as error:
                findings.problem(name, str(error))
    if "platform" in raw:
        fields["platform"] = fields.get("platform") or ""
    if config is not None:
        if isinstance(config, Mapping):
            fields["script_config"] = dict(config)
        else:
            findings.problem("script_config", "must be a JSON object")
    findings.refuse()
    return fields


def identity_of(slot: Slot) -> tuple[Any, ...]:
    """All that a caller says of a slot, where what is written otherwise but means the same is the same."""
    said = {name: getattr(slot, name) for name in SlotFields.__struct_fields__}
    said["usernames"] = sorted(name.casefold() for name in slot.usernames)
    return tuple(said.items())


def _read_weekdays(given: tuple[str, ...]) -> tuple[int, ...]:
    if not given:
        raise Unreadable("names no day; name each, or leave it out for every day")
    found = []
    for word in given:
        plain = word.strip().casefold()
        index = next(
            (i for i, day in enumerate(_DAY_NAMES) if len(plain) >= 3 and day.startswith(plain)), None
        )
        if index is None:
            known = ", ".join(WEEKDAYS)
            if plain[:3] in WEEKDAYS:
                raise Unreadable(
                    f'"{shorten(word)}" is not a weekday; write each as an entry of its own: {known}'
                )
            raise Unreadable(f'"{shorten(word)}" is not a weekday; write {known}')
        found.append(index)
    return tuple(sorted(set(found)))


def _read_times(given: tuple[str, ...]) -> tuple[str, ...]:
    times = {"{:02d}:{:02d}".format(*parse_time_of_day(text)) for text in given}
    if not times:
        raise Unreadable("name at least one time")
    return tuple(sorted(times))


def _read_usernames(given: tuple[str, ...]) -> tuple[str, ...]:
    names = {clean_username(name).casefold(): clean_username(name) for name in given}
    if not names:
        raise Unreadable("name at least one account")
    return tuple(names.values())


def _read_day(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Unreadable(f'"{shorten(text)}" is not a day; write YYYY-MM-DD') from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "weekdays": _read_weekdays,
    "times": _read_times,
    "usernames": _read_usernames,
    "first_day": _read_day,
    "last_day": _read_day,
}
