"""Headers that were meant as ours: under another name one would be lost without a word, and a repeat would not be safe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jobs.input.refusals import Invalid, Problem
from jobs.input.values import shorten
from jobs.intake.request_keys import refuse_bad_key

#: What is noted in the environ: names of headers with an underscore. The parser drops those, as a proxy could not tell them
#: from the same name with a hyphen.
UNDERSCORED = "tikmatrixd.underscored_headers"
KEY, VERSION = "Idempotency-Key", "If-Match"
#: Without one of these a call does something else than was meant.
_MEANT = {
    name.casefold(): name
    for name in (
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "If-Match",
        "Transfer-Encoding",
        "X-Tikmatrixd-Client",
    )
}


def refuse_underscored(environ: Mapping[str, Any]) -> None:
    """Raise Invalid for a header that is ours but for an underscore, as many clients make one of a variable's name."""
    for name in environ.get(UNDERSCORED, ()):
        meant = KEY if _is_key(name) else _MEANT.get(name.replace("_", "-").casefold())
        if meant:
            raise Invalid(Problem(shorten(name), f"is not a known header; it is called {meant}"))


def refuse_condition(environ: Mapping[str, Any], taken: Collection[str]) -> None:
    """Raise Invalid for a version that this call would not compare: a program that names one relies on it."""
    if VERSION not in taken and environ.get("HTTP_IF_MATCH", "*").strip() != "*":
        raise Invalid(Problem(VERSION, "is not compared by this call; leave it out"))


def refuse_trial(environ: Mapping[str, Any]) -> None:
    """Raise Invalid for a header that asks for a trial: ignored, what was to be tried would be done."""
    for name, value in environ.items():
        if name.startswith("HTTP_") and "DRYRUN" in name.replace("_", "") and _asks(value):
            said = name.removeprefix("HTTP_").replace("_", "-").title()
            raise Invalid(
                Problem(
                    shorten(said),
                    "is not a known header: where a call can be tried, dry_run stands in its body or address",
                )
            )


def _asks(value: object) -> bool:
    """Whether a header's value is another than one for no."""
    return str(value).strip().casefold() not in {"", "0", "false", "no", "off"}


def version_of(environ: Mapping[str, Any]) -> int | None:
    """The version of the task that the caller has seen, None when it does not say. Raises Invalid."""
    text = str(environ.get("HTTP_IF_MATCH", "*")).strip().removeprefix("W/").strip('"')
    if text == "*":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Invalid(Problem(VERSION, "must be the version of a task, e.g. 3, or *"))
    return int(text)


def seen_version(environ: Mapping[str, Any], queried: int | None) -> int | None:
    """The version that the caller has seen, from the header or the query; None for any. Raises Invalid where both differ."""
    named = version_of(environ)
    if None not in {named, queried} and named != queried:
        raise Invalid(Problem(VERSION, f"names version {named}, but the query field version names {queried}"))
    return queried if named is None else named


def key_of(environ: Mapping[str, Any]) -> str | None:
    """The key by which a repeat of this request is known, None where it has none.

    Raises:
        Invalid: it is no key, or has another name: the sender would believe that a repeat is safe.
    """
    key: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    for name, value in environ.items():
        # The same key under a second name does no harm.
        if name.startswith("HTTP_") and name != "HTTP_IDEMPOTENCY_KEY" and _is_key(name) and value != key:
            said = name.removeprefix("HTTP_").replace("_", "-").title()
            other = (
                "is not a known header" if key is None else f"differs from {KEY}, and is not a known header"
            )
            raise Invalid(Problem(shorten(said), f"{other}; it is called {KEY}"))
    if key is not None:
        refuse_bad_key(key)
    return key


def _is_key(name: str) -> bool:
    return "idempoten" in name.casefold()
