"""Everything that doctor looks at, in one order: for the command and for the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jobs.hub.clock import Clock
from jobs.hub.settings import Settings
from jobs.phone.adb import server as adb_server
from jobs.post.screens.screens_file import ScreensInvalid
from jobs.post.screens.vocabularies import read_all_trusted, vocabularies_of
from jobs.post.teaching import taught_files
from jobs.upkeep.config_notices import notices
from jobs.upkeep.doctor import box_findings
from jobs.upkeep.doctor_adb import adb_findings
from jobs.upkeep.doctor_findings import Finding, fail, ok, warn
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
    yield from (warn("config", str(notice), notice.fix) for notice in notices(settings))
    findings, covered = _screens(settings)
    yield from findings
    yield from phone_findings(settings, clock, serial, logins(), covered=covered)


def _screens(settings: Settings) -> tuple[list[Finding], dict[str, tuple[str, ...]]]:
    """What is wrong with the screens files and lessons, and the languages in which each app is driven.

    Where the operator's own files are refused, those are the languages of the shipped ones.
    """
    findings = []
    folder = settings.posting.screens_dir
    try:
        trusted = read_all_trusted(folder)
        if folder:
            findings.append(ok("screens files", f"those in {folder} are good"))
    except ScreensInvalid as error:
        fix = (
            "correct the file (docs/screens.md); until then a reload is refused, and a daemon that starts "
            "posts with the shipped screens alone"
        )
        findings += [fail("screens files", f"{error.file}: {problem}", fix) for problem in error.problems]
        trusted = read_all_trusted()
    taught = taught_files.counting(Path(settings.storage.state_dir) / taught_files.FOLDER, trusted)
    fix = "switch it off or teach it anew"
    findings += [warn("what was taught", sentence, fix) for sentence in taught.left_out]
    return findings, {p: v.covered for p, v in vocabularies_of(trusted, taught.files).items()}
