"""Refuses what passed the single checks of a request: unknown targets, repeated media, too large a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from jobs.content.script_config import ParsedConfig
from jobs.input.fields import Findings
from jobs.input.refusals import DuplicatePost, Invalid, NotFound, Problem
from jobs.intake.repeat_guard import Repeat
from jobs.intake.request import MAX_TASKS
from jobs.intake.targets import Targets

#: Each task keeps its own copy of `script_config`, on disk and in every list that shows it.
MAX_KEPT_BYTES = 16 * 1024**2

#: What a caller may do about a repeat, at the end of a sentence.
INSIST = "; with force it is created all the same"


def refuse_repeats(
    whom: Sequence[object],
    repeats: Mapping[int, Repeat],
    findings: Findings,
    *,
    forced: Sequence[bool],
    places: Sequence[str] = (),
    advice: str = INSIST,
) -> None:
    """Refuse, naming all, or warn.

    Args:
        whom: For each task its account or phone, as a sentence begins.
        repeats: What the guard has found, by the task's position.
        findings: Takes warnings.
        forced: For each task whether a repeat is created all the same.
        places: For each task how its caller calls it; "tasks[3]" and the like without.
        advice: What its caller may do about it, at the end of a sentence.

    Raises:
        DuplicatePost.
    """
    problems = []
    for index, repeat in repeats.items():
        sentence = f"{whom[index]} {repeat.sentence}"
        if repeat.refused and not forced[index]:
            place = places[index] if places else f"tasks[{index}]"
            problems.append(Problem(place, sentence + advice))
        else:
            findings.warn(f"{places[index]}: {sentence}" if places else sentence)
    if problems:
        raise DuplicatePost(problems)


def refuse_targets(targets: Targets) -> None:
    """Refuse names that are not known here, and more tasks than one request makes. Raises NotFound, Invalid."""
    if targets.unknown:
        raise NotFound(targets.unknown)
    if targets.refused:
        raise Invalid(targets.refused)
    if len(targets.found) > MAX_TASKS:
        raise Invalid(
            Problem(
                "serials", f"would make {len(targets.found)} tasks; one request makes at most {MAX_TASKS}"
            )
        )


def refuse_weight(parsed: ParsedConfig, count: int) -> None:
    """Refuse a config that is too large for each of `count` tasks to keep a copy. Raises Invalid."""
    size = len(msgspec.json.encode(parsed.stored()))
    if size * count > MAX_KEPT_BYTES:
        raise Invalid(
            Problem(
                "script_config",
                f"has {size} bytes, which each of {count} tasks would keep: {MAX_KEPT_BYTES} are allowed in all; "
                "send fewer captions or fewer phones at once",
            )
        )
