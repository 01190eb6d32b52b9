"""Validates a create request and stores its tasks, or refuses it with every reason and changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any

from jobs.content.config_rules import parse_config
from jobs.content.selection import Chosen
from jobs.hub.clock import Clock
from jobs.hub.settings import Settings
from jobs.hub.time_zone import zone
from jobs.input.fields import Findings
from jobs.input.refusals import ClientGone, Draining, Invalid, NoSpace, Problem
from jobs.intake.choosing import Choosing
from jobs.intake.planned import Created, Plan, answer_of, tasks_of
from jobs.intake.refusing import INSIST, refuse_repeats, refuse_targets, refuse_weight
from jobs.intake.repeat_guard import Repeat, Repeats
from jobs.intake.request import OUTSIDE, CreateRequest, read_request
from jobs.intake.request_keys import Keys, body_sha256
from jobs.intake.start_time import (
    LONGEST_AHEAD_DAYS,
    Start,
    StartTimeInvalid,
    names_no_day,
    read_start,
    spread,
)
from jobs.intake.targets import TargetFinder
from jobs.media.probe import MediaProbe
from jobs.pace.pace import Pace
from jobs.pace.plans import Plans
from jobs.queue.scheduler import LOOK_S
from storage.engine.commit import Transaction
from storage.errors import StoreFull
from storage.records import IdempotencyEntry, NewTask, Task
from storage.store import Store
from storage.tables.posts import post_of

#: What starts later than this the scheduler, which looks every few seconds by itself, finds early enough unwoken.
_SOON_S = 2 * LOOK_S


#: Makes the entry by which an answer is given again to the same key.
Remember = Callable[[dict[str, Any]], IdempotencyEntry]
#: Writes more in the change that stores tasks.
Beside = Callable[[Transaction, list[Task]], None]


class Intake:
    """Takes requests for tasks. Thread-safe; `wake` is called after tasks were stored."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        store: Store,
        known_serials: Callable[[], Collection[str]],
        wake: Callable[[], None],
        *,
        choice: random.Random | None = None,
        repeats: Repeats | None = None,
        pace: Pace | None = None,
        trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`repeats` and `pace` are those that the jobs engine asks too; `trusted` says whether the wall clock may be believed."""
        self._clock = clock
        self._store = store
        self._known_serials = known_serials
        self._wake = wake
        self._choice = choice or random.Random()  # noqa: S311 - chooses captions, no secrets
        self.choosing = Choosing(settings, store, self._choice)
        self._trusted = trusted
        self.keys = Keys(store.idempotency, trusted)
        self.repeats = repeats or Repeats(store, clock, settings.posting)
        self.pace = pace or Pace(store, clock, settings.posting)
        self.plans = Plans(store, self.pace)
        self._draining = False
        self.reload(settings)

    @property
    def probe(self) -> MediaProbe:
        """Looks into files; the library uses the same one."""
        return self.choosing.probe

    def reload(self, settings: Settings) -> None:
        """Use these settings from the next request on."""
        self.settings = settings
        self.repeats.posting = settings.posting
        self.pace.reload(settings.posting)
        self.zone: tzinfo = zone(settings.posting.timezone)
        self.choosing.reload(settings)

    def drain(self) -> None:
        """Refuse everything from now on: the daemon is about to stop."""
        self._draining = True

    def create(
        self,
        raw: Any,
        *,
        source: str = "api",
        idempotency_key: str | None = None,
        body: bytes = b"",
        force: bool = False,
        gone: Callable[[], bool] = lambda: False,
        beside: Beside | None = None,
        unattended: bool = False,
    ) -> Created:
        """Create the tasks that a request asks for.

        Args:
            raw: The decoded JSON body.
            source: Who asks, "api" or "ui".
            idempotency_key: The same key with the same body gets the same answer for 24 hours.
            body: The body's bytes, by which two bodies are compared.
            force: Like the field of this name in the body.
            gone: Whether who asked has left. One that left repeats its request: then nothing is created for this one.
            beside: Writes more in the change that stores the tasks.
            unattended: A slot asks, which cannot insist; its refusals do not say how to.

        Raises:
            Refused: one of its kinds; nothing was created. Checked in the order script, shape, phones and accounts,
                files, repeated media.
        """
        return self.once(
            idempotency_key,
            "" if idempotency_key is None else body_sha256(body, raw),
            lambda remember: self._create(
                raw, source, remember, force=force, gone=gone, beside=beside, unattended=unattended
            ),
        )

    def once(self, key: str | None, identity: str, create: Callable[[Remember | None], Created]) -> Created:
        """Create what a request asks for, unless the same one was answered under this key before.

        Raises:
            Draining: the daemon is about to stop.
            KeyReused: the key stands for a request of another identity.
        """
        if self._draining:
            raise Draining(Problem("", "the daemon is about to stop; try again in a minute"))
        if key is None:
            return create(None)
        with self.keys.hold(key):
            now = self._clock.now()
            answer = self.keys.answered(key, identity, now)
            if answer is not None:
                tasks = self._store.tasks.many(answer["task_ids"])
                return Created(tasks, list(answer["warnings"]), dry_run=False, replayed=True, answer=answer)
            return create(lambda answer: self.keys.entry(key, identity, now, answer))

    def _create(
        self,
        raw: Any,
        source: str,
        remember: Remember | None,
        *,
        force: bool,
        gone: Callable[[], bool],
        beside: Beside | None,
        unattended: bool,
    ) -> Created:
        findings = Findings()
        plan = self.plan(raw, source, findings)
        with self.chosen(plan, findings) as chosen:
            new = self.new_tasks(plan, chosen, forced=force)

            def refuse(repeats: Mapping[int, Repeat]) -> None:
                forced = [task.forced for task in new]
                advice = "" if unattended else INSIST
                refuse_repeats(plan.targets, repeats, findings, forced=forced, advice=advice)

            return self.store(
                new, findings, refuse, gone, remember, dry_run=plan.request.dry_run, beside=beside
            )

    def store(
        self,
        new: Sequence[NewTask],
        findings: Findings,
        refuse: Callable[[Mapping[int, Repeat]], None],
        gone: Callable[[], bool],
        remember: Remember | None,
        *,
        dry_run: bool,
        beside: Beside | None = None,
    ) -> Created:
        """Store tasks whose files are chosen, all or none, unless `refuse` raises for what the repeat guard finds."""
        posts = [post_of(task) for task in new]
        with self.repeats.creating(posts, [task.forced for task in new]) as repeats:
            refuse(repeats)
            for warning in self.plans.of_tasks(new):
                findings.warn(warning)
            if dry_run:
                answer = answer_of(new, [], findings.warnings, self.zone) | {"dry_run": True}
                return Created([], findings.warnings, dry_run=True, replayed=False, answer=answer)

            def make_answer(tasks: Sequence[Task]) -> dict[str, Any]:
                return answer_of(tasks, [task.id for task in tasks], findings.warnings, self.zone)

            if gone():  # reading files may have taken longer than the client waited
                raise ClientGone(Problem("", "the client has hung up: nothing was created"))
            try:
                tasks = self._store.tasks.create(
                    new,
                    idempotency=None if remember is None else lambda tasks: remember(make_answer(tasks)),
                    beside=beside,
                )
            except StoreFull as error:
                raise NoSpace(Problem("", str(error))) from error
        if min(task.scheduled_at - task.created_at for task in new) < _SOON_S:
            self._wake()
        return Created(tasks, findings.warnings, dry_run=False, replayed=False, answer=make_answer(tasks))

    # --- checks before files

    def plan(self, raw: Any, source: str, findings: Findings) -> Plan:
        """Check everything of a request but its files. Raises Refused."""
        posting = self.settings.posting
        now = self._clock.now()
        request = read_request(raw, findings)
        finder = TargetFinder(self._store.accounts.all(), self._known_serials, posting, findings)
        targets = finder.find(request)
        raw_config = raw.get("script_config")
        parsed = None
        if isinstance(raw_config, Mapping):
            parsed = parse_config(raw_config, targets.platforms, findings, elsewhere=OUTSIDE)
        first = self._first_start(request, now, findings)
        if findings.problems or parsed is None:
            raise Invalid(findings.problems)
        refuse_targets(targets)
        refuse_weight(parsed, len(targets.found))
        starts = spread(first, len(targets.found), request.min_interval, request.max_interval, self._choice)
        if starts[-1] > now + LONGEST_AHEAD_DAYS * 86400:
            problem = f"the last task would start more than {LONGEST_AHEAD_DAYS} days ahead"
            raise Invalid(Problem("max_interval", problem))
        return Plan(request, parsed, targets.found, starts, now, source)

    def _first_start(self, request: CreateRequest, now: float, findings: Findings) -> float:
        if not request.start_time.strip():
            return now
        try:
            start = self.start_of(request.start_time, now)
        except StartTimeInvalid as error:
            findings.problem("start_time", str(error))
            return now
        if start.warning:
            findings.warn(f"start_time: {start.warning}")
        return start.at

    def start_of(self, text: str, now: float) -> Start:
        """The moment that a caller means. Raises StartTimeInvalid, also for a time without its day while the clock is in doubt."""
        if names_no_day(text) and not self._trusted():
            raise StartTimeInvalid(
                f'"{text}" names no day, and the clock of this box is in doubt: write the day too, e.g. '
                '"2027-01-31T18:30:00+01:00", or confirm the clock'
            )
        return read_start(text, now, self.zone, self.settings.compat.past_start_time)

    # --- files

    @contextmanager
    def chosen(self, plan: Plan, findings: Findings) -> Iterator[list[Chosen]]:
        """The choices of a plan; files that are taken for good stay taken for others until the tasks are stored."""
        dry_run = plan.request.dry_run
        with self.choosing.chosen(plan.parsed, plan.targets, findings, dry_run=dry_run) as chosen:
            yield chosen

    def new_tasks(self, plan: Plan, chosen: Sequence[Chosen], *, forced: bool) -> list[NewTask]:
        """The tasks of a plan, as they are to be stored. `forced`: the call insists, whatever the request says."""
        retries = self.settings.posting.max_retry_count
        return tasks_of(plan, chosen, forced=forced or plan.request.force, max_retry_count=retries)
