"""Many create bodies at once: all of them become tasks, or none, and every problem names its row (R58)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

import msgspec

from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, NotFound, Problem, Refused
from jobs.intake.intake import Intake, Remember
from jobs.intake.planned import Created, Plan
from jobs.intake.refusing import refuse_repeats
from jobs.intake.repeat_guard import Repeat
from jobs.intake.sheets.csv_rows import Row
from jobs.intake.targets import Target
from storage.records import NewTask

#: The most rows that one call may hold, and the most tasks that they may make.
MAX_ROWS = 2_000
#: What is said at most: a person mends the first ones and sends the file again.
_MOST_PROBLEMS = 200
_MOST_WARNINGS = 200
#: A request without a key may be a repeat by mistake.
_AGAIN = (
    "the same content came within the last 24 hours: nothing new was created, this is the answer of then; to post it once more "
    "send it with an Idempotency-Key of its own"
)


def create_bulk(
    intake: Intake,
    rows: Sequence[Row],
    findings: Findings,
    *,
    body: bytes,
    idempotency_key: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    source: str = "api",
    gone: Callable[[], bool] = lambda: False,
) -> Created:
    """Create the tasks of all rows in one write.

    Args:
        intake: Checks each row as it checks a single request.
        rows: Bodies of `POST /task`.
        findings: What reading the rows has found so far; problems in it refuse the whole.
        body: The call as it came. The same one within 24 hours creates nothing new.
        idempotency_key: Stands for the call instead of its bytes.
        dry_run: Check everything, create nothing.
        force: Create also what repeats a post.
        source: Who asks, "api" or "ui".
        gone: Whether who asked has left.

    Raises:
        Refused: nothing was created. Problems of one kind keep their kind; mixed ones are Invalid.
    """
    if len(rows) > MAX_ROWS:
        raise Invalid(Problem("", f"holds {len(rows)} rows; one call takes at most {MAX_ROWS}"))
    if not rows and not findings.problems:
        raise Invalid(
            Problem(
                "",
                "holds no task: name at least one in tasks, or send a row below the first one of a CSV file",
            )
        )
    identity = hashlib.sha256(body).hexdigest()
    key = None if dry_run else idempotency_key or f"bulk-{identity}"

    def create(remember: Remember | None) -> Created:
        with ExitStack() as files:
            problems = _Problems(findings)
            new: list[NewTask] = []
            targets: list[Target] = []
            places: list[str] = []
            for row in rows:
                own = Findings()
                try:
                    plan = intake.plan(_with(row, dry_run=dry_run), source, own)
                    _refuse_own_dry_run(plan, dry_run=dry_run)
                    chosen = files.enter_context(intake.chosen(plan, own))
                except Refused as refused:
                    problems.add(row, refused)
                    continue
                made = intake.new_tasks(plan, chosen, forced=force)
                new += made
                targets += plan.targets
                places += [row.label] * len(made)
                for warning in own.warnings:
                    _warn(findings, f"{row.label}: {warning}")
            problems.refuse()
            if len(new) > MAX_ROWS:
                raise Invalid(Problem("", f"would make {len(new)} tasks; one call makes at most {MAX_ROWS}"))

            def refuse(repeats: Mapping[int, Repeat]) -> None:
                forced = [task.forced for task in new]
                refuse_repeats(targets, repeats, findings, forced=forced, places=places)

            return intake.store(new, findings, refuse, gone, remember, dry_run=dry_run)

    created = intake.once(key, identity, create)
    if not created.replayed or idempotency_key is not None:
        return created
    warnings = [*created.warnings, _AGAIN]
    return msgspec.structs.replace(
        created, warnings=warnings, answer={**created.answer, "warnings": warnings}
    )


def _with(row: Row, *, dry_run: bool) -> object:
    return {**row.body, "dry_run": True} if dry_run and isinstance(row.body, Mapping) else row.body


def _refuse_own_dry_run(plan: Plan, *, dry_run: bool) -> None:
    """A row that is only to be tried must not be created because the others are. Raises Invalid."""
    if plan.request.dry_run and not dry_run:
        raise Invalid(
            Problem("dry_run", "belongs beside tasks, or into the address: all rows are tried or none")
        )


def _warn(findings: Findings, warning: str) -> None:
    if len(findings.warnings) < _MOST_WARNINGS:
        findings.warn(warning)
    elif len(findings.warnings) == _MOST_WARNINGS:
        findings.warn("more warnings are left out")


class _Problems:
    """What is wrong with the rows so far."""

    def __init__(self, findings: Findings) -> None:
        self._found = list(findings.problems)
        self._kinds: set[type[Refused]] = {Invalid} if self._found else set()

    def add(self, row: Row, refused: Refused) -> None:
        self._kinds.add(type(refused))
        self._found += [
            Problem(_place(row, problem.field), problem.problem, problem.code) for problem in refused.problems
        ]
        if len(self._found) > _MOST_PROBLEMS:
            self.refuse()

    def refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self._found:
            kind = NotFound if self._kinds == {NotFound} else Invalid
            raise kind(self._found[:_MOST_PROBLEMS])


def _place(row: Row, field: str) -> str:
    """Where a problem is: "row 5, caption" in a file, "tasks[3].script_config.captions" in JSON."""
    if not row.columns:
        return f"{row.label}.{field}" if field else row.label
    base = field.partition("[")[0]
    name = row.columns.get(base) or field.removeprefix("script_config.")
    return f"{row.label}, {name}" if name else row.label
