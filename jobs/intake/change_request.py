"""The body of `PATCH /task/{id}`: what may be changed about a pending task, and how a decoded JSON object is read (R54)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

from jobs.content.beyond import BEYOND
from jobs.content.config_rules import parse_config
from jobs.content.script_config import PREFIX, ParsedConfig, PostConfig
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, Problem
from jobs.intake.request import OTHER_WORDS, OUTSIDE, SINGLE, Name, number_as_text

#: Keys of `script_config` that are said beside it as well, because they are changed most.
SHORT = ("captions", "material_list", "material_ids")
#: Keys that say where files come from. A change that gives one of them replaces all that were given before.
SOURCES = ("material_list", "material_ids", "material_source", "material_path", "materials_tags")
NAMED = ("material_list", "material_ids")
#: Keys with which other files are needed.
MEDIA_KEYS = frozenset({*SOURCES, "content_type", "image_count"})
#: What a task is from its beginning to its end.
_FIXED = ("id", "script_name", "serial", "serials", "device", "platform", "package", "enable_multi_account", "source",
          "min_interval", "max_interval", "status")  # fmt: skip


if TYPE_CHECKING:
    ChangedConfig = PostConfig
else:
    #: The same keys without defaults: a generated client must not send what its caller has not said.
    ChangedConfig = msgspec.defstruct(
        "ChangedConfig",
        [
            (key, kind | UnsetType, UNSET)
            for key, kind in get_type_hints(PostConfig, include_extras=True).items()
        ],
        namespace={"__doc__": "Keys of script_config that change; the others stay as they are."},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed; what is absent stays as it is."""

    start_time: (
        Annotated[
            str,
            Meta(
                description="As in a create call; empty means now",
                examples=["18:30", "2027-01-31 18:30", "2027-01-31T18:30:00+01:00"],
            ),
        ]
        | UnsetType
    ) = UNSET
    username: (
        Annotated[
            Name,
            Meta(
                description="Another account of the same app, with or without @; its phone does the task then"
            ),
        ]
        | UnsetType
    ) = UNSET
    captions: (
        Annotated[str, Meta(description="As in script_config; wins over a caption that a file brings along")]
        | UnsetType
    ) = UNSET
    material_list: (
        Annotated[
            tuple[Annotated[str, Meta(max_length=4096)], ...],
            Meta(max_length=500, description="As in script_config: exactly these files"),
        ]
        | UnsetType
    ) = UNSET
    material_ids: (
        Annotated[
            tuple[Annotated[int, Meta(ge=1)], ...],
            Meta(max_length=500, description="As in script_config: exactly these items of the library"),
        ]
        | UnsetType
    ) = UNSET
    script_config: (
        Annotated[ChangedConfig, Meta(description="Its keys that change; the others stay as they are")]
        | UnsetType
    ) = UNSET
    force: Annotated[bool, Meta(description="Although the account was given the same media a moment ago")] = (
        False
    )


class Change(msgspec.Struct, frozen=True):
    """A change as it was asked for."""

    values: dict[str, Any]  #: start_time, username, force, where they were given
    given: dict[str, Any]  #: keys of script_config


_FIELDS = ChangeRequest.__struct_fields__
_UNKNOWN = Unknown(
    elsewhere={
        **dict.fromkeys(
            (key for key in PostConfig.__struct_fields__ if key not in SHORT), "into script_config"
        ),
        "version": "into the header If-Match",  # ignored, it would let every change pass
    },
    other_words={
        **{word: ours for word, ours in OTHER_WORDS.items() if ours in _FIELDS},
        **{word: "username" for word, ours in OTHER_WORDS.items() if ours == "usernames"},
    },
    beyond=BEYOND,
    single=SINGLE,
)


def read_change(raw: Any, findings: Findings) -> Change:
    """Read everything but the keys of `script_config`, which stay raw. Raises Invalid: the body is no JSON object."""
    if not isinstance(raw, Mapping):
        raise Invalid(Problem("", "the body must be a JSON object"))
    for name in _FIXED:
        if raw.get(name) is not None:
            findings.problem(name, "cannot be changed: delete the task and create another")
    rest = {name: value for name, value in raw.items() if name not in _FIXED}
    values = read_object(
        ChangeRequest, rest, findings, hooks={"start_time": number_as_text}, unknown=_UNKNOWN
    )
    given = {key: value for key, value in values.pop("script_config", {}).items() if value is not None}
    for key in SHORT:
        if key in values and given.setdefault(key, values[key]) != values.pop(key):
            findings.problem(key, f"differs here and in script_config.{key}; send one of the two")
    sources = {key for key in SOURCES if key in given}
    for key in NAMED:
        if key in given and not given[key] and sources <= set(NAMED) and not any(given.get(k) for k in NAMED):
            # Taken for absent it would mean any file of the library.
            findings.problem(
                key,
                "names no file; name some, or say with material_source, material_path or materials_tags where they come from",
            )
    if not findings.problems and not given and not values.keys() - {"force"}:
        findings.problem(
            "", f"says nothing to change; known: {', '.join(name for name in _FIELDS if name != 'force')}"
        )
    return Change(values, given)


def changed_config(
    stored: Mapping[str, Any], given: Mapping[str, Any], platform: str, findings: Findings
) -> ParsedConfig:
    """The config of a task with these keys changed; problems and warnings go to `findings`."""
    defaults = ParsedConfig(PostConfig(), frozenset()).stored()
    dropped: tuple[str, ...] = ()
    if any(given.get(key) for key in NAMED):
        dropped = SOURCES
    elif any(key in given for key in SOURCES):
        dropped = NAMED
    kept = {
        key: value
        for key, value in stored.items()
        if key in defaults and value != defaults[key] and key not in dropped
    }
    return parse_config({**kept, **given}, {platform}, findings, elsewhere=OUTSIDE)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The keys of two stored configs that differ, as fields of a request."""
    defaults = ParsedConfig(PostConfig(), frozenset()).stored()
    return [PREFIX + key for key, value in now.items() if before.get(key, defaults[key]) != value]
