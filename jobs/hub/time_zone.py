"""The zone that times without an offset are in: an IANA name, or what the C library makes of the TZ variable."""

from __future__ import annotations

import difflib
import io
import os
import re
import struct
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_LOCALTIME = Path("/etc/localtime")
_ZONEINFO = "/zoneinfo/"
_LONGEST_ABBREVIATION = 5  #: letters: CEST, AEDT, CHAST
#: POSIX TZ: a name of three letters or more (or in <>), an offset, and maybe the same for summer with its rules.
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET = r"[+-]?\d{1,2}(?::\d{1,2}){0,2}"
_POSIX = re.compile(
    rf"{_NAME}{_OFFSET}(?P<summer>{_NAME}(?:{_OFFSET})?(?P<rules>,[^\s,]+,[^\s,]+)?)?", re.ASCII
)
_HOURS = re.compile(r"(?:ETC/)?(?:GMT|UTC)(?P<sign>[+-])(?P<hours>\d{1,2})", re.ASCII | re.IGNORECASE)
#: What the C library takes where the summer time has no rules.
_DEFAULT_RULES = ",M3.2.0,M11.1.0"


class ZoneInvalid(ValueError):
    """There is no such zone; the message says where it was asked for."""


def zone(name: str) -> tzinfo:
    """The zone of this IANA name; "" means the system's, with its rules for daylight saving. Raises ZoneInvalid."""
    if not name:
        return system_zone()
    found = _iana(name)
    if found is None:
        raise ZoneInvalid(f'"{name}" is not a time zone{_near(name) or "; write e.g. Europe/Berlin"}')
    return found


def system_zone() -> tzinfo:
    """The zone of the box: the TZ variable where it is set, else /etc/localtime, else UTC.

    Raises:
        ZoneInvalid: TZ cannot be understood. The C library would take UTC without a word, and every start time would
            be hours off.
    """
    variable = os.environ.get("TZ")
    if variable is None:
        return _from_file(_LOCALTIME) or UTC
    wanted = variable.removeprefix(":")
    if not wanted:
        return UTC
    found = _from_file(Path(wanted)) if wanted.startswith("/") else _iana(wanted) or _posix(wanted)
    if found is None:
        raise ZoneInvalid(
            f'the variable TZ is "{variable}", which is not a time zone{_near(wanted)}; '
            "correct or remove it, or set posting.timezone, e.g. to Europe/Berlin"
        )
    return found


def zone_name(where: tzinfo) -> str:
    """What people call this zone: Europe/Berlin, UTC, or the text of TZ."""
    return str(where)


def _iana(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def hours_from_utc(name: str) -> int:
    """By how many hours a zone such as Etc/GMT+2 or UTC+2 is ahead of UTC: the sign in such names is the other way round.

    0 for every other name.
    """
    found = _HOURS.fullmatch(name)
    return -int(found["sign"] + found["hours"]) if found else 0


def _near(name: str) -> str:
    """The zone that was most likely meant. Abbreviations are not taken for misspellings of each other, as CEST of EST."""
    if ahead := -hours_from_utc(re.sub(r"\s|(?<=\d):00$", "", name).upper()):
        sign = "-" if ahead > 0 else "+"
        return (
            f'; write a place, e.g. Europe/Berlin ("Etc/GMT{sign}{abs(ahead)}" is {abs(ahead)} h '
            f"{'ahead of' if ahead > 0 else 'behind'} UTC the whole year)"
        )
    wanted = re.sub(r"[\s-]+", "_", name.strip()).casefold()
    names = {known.casefold(): known for known in sorted(available_timezones())}
    cities = {known.rpartition("/")[2]: full for known, full in names.items() if "/" in known}
    found = names.get(wanted) or cities.get(wanted, "")
    if not found and len(wanted) > _LONGEST_ABBREVIATION:
        near = difflib.get_close_matches(wanted, [*names, *cities], n=1, cutoff=0.8)
        found = next((names.get(one) or cities[one] for one in near), "")
    return f'; did you mean "{found}"?' if found else ""


def _from_file(file: Path) -> tzinfo | None:
    try:
        real = str(file.resolve(strict=True))
        if _ZONEINFO in real:
            return ZoneInfo(real.partition(_ZONEINFO)[2].removeprefix("posix/").removeprefix("right/"))
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key=str(file))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _posix(text: str) -> tzinfo | None:
    """The zone of a POSIX TZ text such as CET-1CEST,M3.5.0,M10.5.0/3.

    `zoneinfo` reads such texts at the end of its files (RFC 8536, 3.3), so it is given a file with nothing else in it.
    """
    found = _POSIX.fullmatch(text)
    if not found:
        return None
    rules = _DEFAULT_RULES if found["summer"] and not found["rules"] else ""
    head = b"TZif3" + bytes(15) + struct.pack(">6L", 0, 0, 0, 0, 1, 4)
    only_utc = struct.pack(">lBB", 0, 0, 0) + b"UTC\0"
    file = (head + only_utc) * 2 + b"\n" + (text + rules).encode() + b"\n"
    try:
        return ZoneInfo.from_file(io.BytesIO(file), key=text)
    except ValueError:
        return None
