"""Everything that doctor looks at, in one order: for the command and for the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jobs.hub.clock import Clock
from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Settings
from jobs.phone.adb import server as adb_server
from jobs.post.screens.screens_file import ScreensInvalid
from jobs.post.screens.vocabularies import load
from jobs.upkeep.doctor import Finding, box_findings
from jobs.upkeep.doctor_adb import adb_findings
from jobs.upkeep.doctor_phone import Login, phone_findings
from jobs.upkeep.usb_boxes.findings import box_link_findings
from jobs.upkeep.usb_boxes.folder import Boxes


def all_findings(
    settings: Settings,
    clock: Clock,
    *,
    key_dir: Path,
    boxes_dir: Path,
    tokens: Callable[[], int],
    logins: Callable[[], Sequence[Login]],
    serial: str | None = None,
) -> Iterator[Finding]:
    """About adb, the box and its phones (or the one named), as they are found.

    `key_dir` is where adb's server keeps its key, `boxes_dir` what is known of other boxes; `tokens` counts them, and raises ValueError with why nobody can tell.
    """
    yield from adb_findings(settings, str(adb_server.binary(settings.adb)), key_dir)
    yield from box_link_findings(settings, Boxes(boxes_dir))
    count, problem = 0, ""
    try:
        count = tokens()
    except ValueError as error:
        problem = str(error)
    yield from box_findings(settings, tokens=count, token_problem=problem)
    yield from phone_findings(settings, clock, serial, logins(), covered=_covered(settings))


def _covered(settings: Settings) -> list[str]:
    """The languages in which both apps are driven; of the shipped files where the operator's own are broken."""
    try:
        both = [load(platform, settings.posting.screens_dir).covered for platform in PLATFORMS]
    except ScreensInvalid:
        both = [load(platform).covered for platform in PLATFORMS]
    return [language for language in both[0] if language in both[1]]
