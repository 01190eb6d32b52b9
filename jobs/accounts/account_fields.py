"""What callers may say about an account, and the fields of a stored one that a request names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from jobs.hub.config_checks import MAX_GAP_MINUTES, MAX_PER_DAY
from jobs.hub.platforms import Platform
from jobs.input.fields import Findings, Tag, read_object
from jobs.input.name_hints import unfilled_problem, username_problem
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, Problem
from jobs.input.values import Unreadable, read_bool, read_int, read_tags
from jobs.intake.targets import clean_username

_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
#: Other names under which clients may send a field.
_ALIASES = {"serial": "device", "package": "packagename", "logged_in": "logined", "enabled": "status"}
OTHER_NAMES = tuple(_ALIASES)
#: Never kept, whatever comes; said to the caller without the value.
_SECRETS = ("password", "email", "totp", "cookie", "cookies")
#: What our own answers show besides: a client may send back the whole object it has read.
_SHOWN = frozenset(
    {
        *("id", "device_online", "device_name", "logined_text", "status_text", "managed"),
        *(
            "pace",
            "posts_today",
            "next_allowed_at",
            "pace_detail",
            "last_post_at",
            "next_post_at",
            "next_task_id",
        ),
        *("paused", "paused_since", "paused_until", "pause_reason"),
        *_SECRETS,
    }
)
_UNKNOWN = Unknown(
    harmless=_SHOWN,
    also=OTHER_NAMES,
    other_words={
        **dict.fromkeys(("name", "user", "account", "login", "handle"), "username"),
        **dict.fromkeys(("phone", "device_id"), "device"),
        **dict.fromkeys(("app", "network"), "platform"),
    },
)


class AccountFields(msgspec.Struct, frozen=True, kw_only=True):
    """What callers may say about an account; in a change, what is absent stays as it is."""

    username: Annotated[str, Meta(min_length=1, max_length=101, description="With or without @")] = ""
    platform: Annotated[Platform | None, Meta(description="Default: the configured one")] = None
    device: Annotated[str, Meta(max_length=200, description="Serial of the phone it lives on")] = ""
    packagename: Annotated[
        str, Meta(max_length=200, description="Its app, where it is not the platform's default")
    ] = ""
    status: Annotated[int, Meta(ge=0, le=1, description="0 enabled, 1 disabled")] = 0
    logined: Annotated[bool, Meta(description="Whether it is logged in on the phone")] = True
    display_name: Annotated[
        str, Meta(max_length=200, description="What TikTok's account switcher shows, where it differs")
    ] = ""
    tags: Annotated[tuple[Tag, ...], Meta(max_length=100)] = ()
    min_gap_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_GAP_MINUTES)] | None,
        Meta(description="Between two of its posts; 0: none; null: the configured value"),
    ] = None
    max_per_day: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_PER_DAY)] | None,
        Meta(description="Posts in a day; 0: any number; null: the configured value"),
    ] = None


CHANGEABLE = AccountFields.__struct_fields__


def names_something(raw: Any) -> bool:
    """Whether a body asks for anything beside what is never kept."""
    return isinstance(raw, Mapping) and any(
        value is not None for key, value in raw.items() if key not in _SECRETS
    )


def read_account(raw: Any, findings: Findings) -> dict[str, Any]:
    """The fields of a stored account that a decoded JSON body names. Raises Invalid."""
    if not isinstance(raw, Mapping):
        raise Invalid(Problem("", "the body must be a JSON object"))
    plain: dict[str, Any] = {}
    for key, value in raw.items():
        if key in _SECRETS:
            if value is not None:
                findings.warn(f"{key}: ignored; it is not kept here")
            continue
        name = str(_ALIASES.get(key, key))
        meant = _status_of(value, findings) if key == "enabled" else value
        _refuse_two_words(key, name, meant, raw.get(name), findings)
        if meant is not None or name not in plain:
            plain[name] = meant
    values = read_object(AccountFields, plain, findings, hooks=_HOOKS, unknown=_UNKNOWN)
    fields: dict[str, Any] = {}
    for name in ("username", "platform", "display_name"):
        if name in values:
            fields[name] = values[name].strip()
    for name in ("min_gap_minutes", "max_per_day"):
        if name in values or (name in plain and plain[name] is None):
            fields[name] = values.get(name)
    if "tags" in values:
        fields["tags"] = tuple(dict.fromkeys(tag.strip() for tag in values["tags"]))
    if "status" in values:
        fields["enabled"] = not values["status"]
    if "logined" in values:
        fields["logged_in"] = values["logined"]
    if "device" in values:
        fields["serial"] = values["device"].strip()
        if unfilled := unfilled_problem(fields["serial"]):
            findings.problem("device", unfilled)
    if "packagename" in values:
        fields["package"] = values["packagename"].strip()
        if fields["package"] and not _PACKAGE.fullmatch(fields["package"]):
            findings.problem("packagename", "is not a package name, e.g. com.instagram.android")
    return fields


def _refuse_two_words(key: str, name: str, value: Any, other: Any, findings: Findings) -> None:
    """A field that came under two of its names must be the same in both."""
    if key != name and None not in (value, other) and str(value) != str(other):
        findings.problem(key, f'says something else than "{name}"; send one of the two')


def _status_of(enabled: Any, findings: Findings) -> int | None:
    if enabled is None:
        return None
    try:
        return 0 if read_bool(enabled) else 1
    except Unreadable as error:
        findings.problem("enabled", str(error))
        return None


def read_username(value: Any) -> Any:
    """A user name without @; another type than text is refused elsewhere. Raises Unreadable."""
    if not isinstance(value, str):
        return value
    name = clean_username(value)
    problem = username_problem(name)
    if problem:
        raise Unreadable(problem)
    return name


def _read_status(value: Any) -> Any:
    words = {"enabled": 0, "disabled": 1}
    return words[value] if isinstance(value, str) and value in words else read_int(value)


_HOOKS = {"username": read_username, "tags": read_tags, "status": _read_status}
