"""The body of `POST /task`: its fields, and how a decoded JSON object is read into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.content.beyond import BEYOND
from jobs.content.config_rules import OTHER_WORDS as CONFIG_WORDS
from jobs.content.script_config import PostConfig
from jobs.hub.platforms import Platform
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown, near_name
from jobs.input.refusals import Invalid, NoScript, Problem, UnknownScript
from jobs.input.values import shorten

SCRIPT = "post"
#: The most tasks that one request may make.
MAX_TASKS = 500
_A_DAY_MIN = 24 * 60

#: What callers write for `script_name` when they guess.
_OTHER_NAMES = ("script", "task", "name")
_MISSING = {"script_config": "is missing; {} means all defaults"}

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class CreateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for; see `script_config` for the post itself."""

    script_name: Annotated[str, Meta(description="`post`, the only script")]
    script_config: Annotated[PostConfig, Meta(description="`{}` means all defaults")]
    serials: Annotated[
        tuple[Name, ...],
        Meta(max_length=MAX_TASKS, description="Phones; needed if `usernames` is absent"),
    ] = ()
    usernames: Annotated[
        tuple[Name, ...],
        Meta(
            max_length=MAX_TASKS,
            description="Accounts, with or without @, on the phones they live on; needed if `serials` is absent",
        ),
    ] = ()
    enable_multi_account: Annotated[
        bool,
        Meta(
            description="With `serials`: one task for every enabled account of each phone on the app of `platform`"
        ),
    ] = False
    start_time: Annotated[
        str,
        Meta(
            description="HH:MM or YYYY-MM-DD HH:MM in the hub's time zone, or RFC 3339 with an offset, up to 366 days "
            "ahead; empty means now. A time of day already past means tomorrow, unless configured otherwise",
            examples=["18:30", "2027-01-31 18:30", "2027-01-31T18:30:00+01:00"],
        ),
    ] = ""
    min_interval: Annotated[
        int,
        Meta(ge=0, le=_A_DAY_MIN, description="Shortest pause between the tasks of this request, in minutes"),
    ] = 0
    max_interval: Annotated[
        int,
        Meta(ge=0, le=_A_DAY_MIN, description="Longest pause between the tasks of this request, in minutes"),
    ] = 0
    platform: Annotated[
        Literal[Platform, "all"] | None,
        Meta(
            description="Default: the account's, with `serials` the configured one; `all`: the accounts on both apps"
        ),
    ] = None
    dry_run: Annotated[bool, Meta(description="Check and resolve everything, create nothing")] = False
    force: Annotated[
        bool, Meta(description="Create even if the account was given the same media a moment ago")
    ] = False


#: Keys of the request that may stand in `script_config` by mistake, and where they belong.
OUTSIDE = {
    name: "beside script_config, not in it"
    for name in CreateRequest.__struct_fields__
    if name != "script_config"
}
#: What callers write who guess.
OTHER_WORDS = {
    **{word: ours for word, ours in CONFIG_WORDS.items() if ours in PostConfig.__struct_fields__},
    **dict.fromkeys(
        ("time", "date", "datetime", "when", "at", "schedule", "scheduled_at", "schedule_at", "schedule_time",
         "scheduled_time", "scheduledtime", "publish_at", "publish_time", "post_at", "post_time", "run_at", "start_at",
         "start_date", "start"),
        "start_time",
    ),
    **dict.fromkeys(("config", "params", "args", "settings"), "script_config"),
    **dict.fromkeys(("test", "simulate", "preview", "validate_only", "dry"), "dry_run"),
    **dict.fromkeys(("app", "network"), "platform"),
    **dict.fromkeys(("account", "accounts", "user", "users", "handle", "handles"), "usernames"),
    **dict.fromkeys(("device", "devices", "phone", "phones", "device_ids", "device_serials"), "serials"),
}  # fmt: skip
#: A day beside it would be lost, and the post made today.
SINGLE = frozenset({"start_time"})
#: Where a key belongs that stands in a body.
KEY_ELSEWHERE = {"idempotency_key": "into the header Idempotency-Key"}
_UNKNOWN = Unknown(
    harmless=frozenset({"rotate_proxy"}),  # the vendor's desktop sends it
    elsewhere={
        **dict.fromkeys(PostConfig.__struct_fields__, "into script_config"),
        **KEY_ELSEWHERE,
    },
    other_words=OTHER_WORDS,
    beyond=BEYOND,
    single=SINGLE,
)


def _is_request(value: Any) -> bool:
    """Whether a program has packed the whole request into one of its own."""
    inside = value[0] if isinstance(value, list) and len(value) == 1 else value
    return isinstance(inside, Mapping) and "script_name" in inside


def _means_script_name(key: str) -> bool:
    return key in _OTHER_NAMES or near_name(key, ("script_name",)) != ""


def number_as_text(value: Any) -> Any:
    """Numbers are no start times (Unix time, 1830). As texts they are refused with what to write instead."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def read_request(raw: Any, findings: Findings) -> CreateRequest:
    """Read everything but `script_config`, which stays raw with the caller; what is wrong keeps its default.

    Raises:
        Invalid: the body is no JSON object.
        NoScript: `script_name` is missing, empty or no text.
        UnknownScript: it is another than `post`.
    """
    if not isinstance(raw, Mapping):
        raise Invalid(Problem("", "the body must be a JSON object"))
    script = raw.get("script_name")
    if not isinstance(script, str) or not script.strip():
        other = next((key for key in raw if key != "script_name" and _means_script_name(key)), None)
        around = next((key for key, value in raw.items() if _is_request(value)), None)
        hint = f'; "{other}" is not its name' if other else f'; write "{SCRIPT}"'
        if around is not None:
            hint = f'; it stands inside "{shorten(around)}": send what is in there as the body'
        raise NoScript(Problem("script_name", f"is missing{hint}"))
    if script != SCRIPT:
        raise UnknownScript(Problem("script_name", f'only "{SCRIPT}" can be run, not "{shorten(script)}"'))
    hooks = {"start_time": number_as_text}
    values = read_object(CreateRequest, raw, findings, hooks=hooks, missing=_MISSING, unknown=_UNKNOWN)
    values["script_config"] = PostConfig()
    for key in ("serials", "usernames"):
        values[key] = tuple(values.get(key, ()))
    request = CreateRequest(**values)
    wrong = {problem.field.partition("[")[0] for problem in findings.problems}
    if not request.serials and not request.usernames and wrong.isdisjoint(("serials", "usernames")):
        if raw.get("usernames") == [] and not raw.get("serials"):
            findings.problem("usernames", "names no account; name at least one, or a phone in serials")
        else:
            findings.problem("serials", "name at least one phone here, or an account in usernames")
    if request.min_interval > request.max_interval and wrong.isdisjoint(("min_interval", "max_interval")):
        findings.problem("min_interval", f"must not be larger than max_interval ({request.max_interval})")
    if raw.get("min_interval") is not None or raw.get("max_interval") is not None:
        findings.warn(
            "min_interval, max_interval: withdrawn from the original API; still obeyed here, in minutes"
        )
    return request
