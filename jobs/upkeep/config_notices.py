"""What a config switches off that protects the operator, and zones that surprise: allowed, but not without a word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_network

import msgspec

from jobs.hub.settings import Settings
from jobs.hub.time_zone import hours_from_utc

#: Zones of three letters that have none, and whose clocks they are taken for.
_WITHOUT_SUMMER = {"EST": "New York", "MST": "Denver"}
#: A window shorter than this catches no client that repeats a call.
_SHORTEST_WINDOW_MINUTES = 1.0


class Notice(msgspec.Struct, frozen=True):
    """A setting that is good and may surprise: dotted key, what follows from it, what to write instead."""

    key: str
    sentence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}"


def notices(settings: Settings) -> Iterator[Notice]:
    """Everything that these settings switch off, of what protects posts and accounts, and a zone that is hours off."""
    window = settings.posting.duplicate_window_minutes
    fix = "duplicate_window_minutes = 10 in [posting], or more"
    if not window:
        yield Notice(
            "posting.duplicate_window_minutes",
            "is 0, so nothing keeps the same media from being posted twice on one account",
            fix,
        )
    elif window < _SHORTEST_WINDOW_MINUTES:
        yield Notice(
            "posting.duplicate_window_minutes",
            f"is {window:g}, so a client that repeats its call after {window * 60:.0f} s posts the same media twice",
            fix,
        )
    if why := _odd_zone(settings.posting.timezone):
        yield Notice("posting.timezone", why, 'write a place, e.g. timezone = "Europe/Berlin" in [posting]')
    for network in settings.server.trusted_networks:
        if ip_network(network, strict=False).prefixlen == 0:
            yield Notice(
                "server.trusted_networks",
                f"has {network}, so every machine that reaches this box may post without a token",
                "name the networks that are yours, e.g. 192.168.1.0/24",
            )


def _odd_zone(configured: str) -> str:
    """What is unexpected about the zone of start times; "" if nothing is."""
    name = configured or os.environ.get("TZ", "").removeprefix(":")
    said = f'is "{name}"' if configured else f'is not set and the variable TZ is "{name}"'
    if ahead := hours_from_utc(name):
        side = "ahead of" if ahead > 0 else "behind"
        return f"{said}, which is {abs(ahead)} h {side} UTC the whole year: the sign in such a name is the other way round"
    if place := _WITHOUT_SUMMER.get(name):
        return f"{said}, which has no daylight saving: in summer every start time is an hour late in {place}"
    return ""
