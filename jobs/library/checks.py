"""What an upload must pass: a usable name, and a platform that takes the content."""

from __future__ import annotations

import os

from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Media
from jobs.input.fields import Findings
from jobs.input.values import Unreadable, read_text, shorten
from jobs.media.limits import judge
from jobs.media.paths import IMAGE_SUFFIXES, VIDEO_SUFFIXES, kind_of
from jobs.media.probe import MediaFacts

_LONGEST_NAME = 200
#: How browsers name what FormData is given without a name.
_BLOB = 'in JavaScript give the name, too: form.append("file", blob, "clip.mp4")'


def check_name(filename: str, findings: Findings) -> tuple[str, str]:
    """The name to show and its lower-case ending. Folders that a browser sends along are dropped."""
    name = filename.replace("\\", "/").rpartition("/")[2].strip()
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - only a name, no path
    try:
        read_text(name)
        if not name or name.startswith("."):
            findings.problem("name", "is missing")
        elif len(name) > _LONGEST_NAME:
            findings.problem("name", f"must not be longer than {_LONGEST_NAME} characters")
        elif not kind_of(name):
            known = ", ".join(VIDEO_SUFFIXES + IMAGE_SUFFIXES)
            hint = f"; {_BLOB}" if name == "blob" else ""
            findings.problem(
                "name", f'"{shorten(name)}" must end in one of {known}{hint}', "unsupported_type"
            )
    except Unreadable as error:
        findings.problem("name", str(error))
    return name, suffix


def check_limits(name: str, facts: MediaFacts, media: Media, findings: Findings) -> None:
    """Refuse what no platform takes; warn about what only one takes or dislikes."""
    refused: list[tuple[str, str]] = []
    for platform in PLATFORMS:
        verdicts = list(judge(name, facts, media.limits(platform), platform))
        bad = [(code, sentence) for code, sentence, final in verdicts if final]
        refused += bad[:1]
        for code, sentence, _ in verdicts:
            findings.warn(f"{sentence} [{code}]")
    if len(refused) > 1:
        for code, sentence in refused:
            findings.problem("file", sentence, code)
