"""Slots as people manage them: checked before they are stored, and shown with what they will make (R60)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from jobs.hub.clock import Clock
from jobs.input.fields import Findings
from jobs.input.refusals import NoSpace, NotFound, Problem, Refused
from jobs.intake.change_request import SOURCES
from jobs.intake.intake import Intake
from jobs.slots.calendar import makes, occurrences
from jobs.slots.planner import Planner, request
from jobs.slots.slot_fields import identity_of, read_fields
from storage.errors import StoreFull, UnknownRecord
from storage.records import Slot
from storage.store import Store

MAX_SLOTS = 200
#: What one slot may make in a day.
MAX_A_DAY = 500
#: How far what a slot will make is shown, and how many past occurrences.
SHOWN_AHEAD_S = 7 * 24 * 3600.0
SHOWN_PAST = 20


class Shown(msgspec.Struct, frozen=True):
    """One occurrence of a slot, planned or to come, made or not."""

    day: str
    time: str
    username: str
    at: float  #: when it is due by the slot
    starts_at: float  #: the planned start of its task, which may have been moved; else `at`
    task_ids: tuple[int, ...] = ()
    problem: str = ""  #: why it was not made, or could not be planned so far


class Slots:
    """Creates, changes, pauses and removes slots. Thread-safe."""

    def __init__(
        self, clock: Clock, store: Store, intake: Intake, planner: Planner, zone: Callable[[], tzinfo]
    ) -> None:
        self._clock = clock
        self._slots = store.slots
        self._tasks = store.tasks
        self._accounts = store.accounts
        self._intake = intake
        self._planner = planner
        self._zone = zone

    def all(self) -> list[Slot]:
        """Every slot, by id."""
        return self._slots.all()

    def get(self, slot_id: int) -> Slot:
        """Raises NotFound."""
        slot = self._slots.get(slot_id)
        if slot is None:
            raise NotFound(Problem("slot_id", f"there is no slot {slot_id}"))
        return slot

    def add(self, raw: Any) -> tuple[Slot, list[str]]:
        """Store a slot; what it will make in the next 48 hours is planned at once.

        Where a slot says the same already, that slot is returned: most likely the call was repeated, as its answer was
        lost, and two slots would post twice at each time.

        Raises:
            Refused: one of its kinds; nothing was stored.
        """
        findings = Findings()
        fields = read_fields(raw, findings, required=("usernames", "times"))
        if len(self._slots.all()) >= MAX_SLOTS:
            findings.problem("", f"there are {MAX_SLOTS} slots already, as many as are taken")
        now = self._clock.now()
        wanted = Slot(id=0, created_at=now, planned_from=now, **{"name": "", "script_config": {}, **fields})
        self._check(wanted, findings)
        new = {name: getattr(wanted, name) for name in Slot.__struct_fields__ if name != "id"}

        def store() -> Slot:
            same = next((one for one in self._slots.all() if identity_of(one) == identity_of(wanted)), None)
            if same is None:
                return self._slots.add(**new)
            how = "is paused, and was left so" if same.paused else "was left as it is"
            findings.warn(f"slot {same.id} says the same and {how}: nothing was created")
            return same

        return self._stored(store), findings.warnings

    def change(self, slot_id: int, raw: Any) -> tuple[Slot, list[str]]:
        """Change a slot: its tasks that wait for their time are taken back and planned anew.

        Raises:
            Refused: one of its kinds; nothing was changed.
        """
        findings = Findings()
        present = self.get(slot_id)
        fields = read_fields(raw, findings)
        if "script_config" in fields:
            fields["script_config"] = _changed(present.script_config, fields["script_config"])
        self._check(msgspec.structs.replace(present, **fields), findings)
        return self._write(slot_id, **fields), findings.warnings

    def pause(self, slot_id: int, *, paused: bool) -> Slot:
        """Stop or go on with planning; pausing takes back the tasks that wait for their time. Raises NotFound."""
        slot = self.get(slot_id)
        return slot if slot.paused is paused else self._write(slot_id, paused=paused)

    def remove(self, slot_id: int) -> None:
        """Forget a slot and take back its tasks that wait for their time. Raises NotFound."""
        self.get(slot_id)
        now = self._clock.now()
        self._planner.exclusively(lambda: self._slots.remove(slot_id, now))

    def next(self, slot: Slot) -> list[Shown]:
        """What a slot has planned and will make in the coming week, and why some of it is in danger."""
        now = self._clock.now()
        known = {(one.day, one.time, one.username.casefold()): one for one in self._slots.of_slot(slot.id)}
        found = []
        for due in () if slot.paused else occurrences(slot, now, now + SHOWN_AHEAD_S, self._zone()):
            for username in slot.usernames:
                key = (due.day, due.time, username.casefold())
                one = known.pop(key, None)
                problem = self._planner.trouble((slot.id, *key)) if one is None else one.reason
                task_ids = one.task_ids if one else ()
                starts_at = self._starts_at(due.at, task_ids)
                found.append(Shown(due.day, due.time, username, due.at, starts_at, task_ids, problem))
        return sorted(found, key=lambda one: (one.starts_at, one.username))

    def past(self, slot: Slot) -> list[Shown]:
        """The latest occurrences whose time has come, newest first."""
        now = self._clock.now()
        over = [one for one in self._slots.of_slot(slot.id) if one.at <= now]
        return [
            Shown(
                one.day,
                one.time,
                one.username,
                one.at,
                self._starts_at(one.at, one.task_ids),
                one.task_ids,
                one.reason,
            )
            for one in reversed(over[-SHOWN_PAST:])
        ]

    # --- inside

    def _starts_at(self, at: float, task_ids: tuple[int, ...]) -> float:
        """When the tasks of an occurrence are planned to start now: each keeps its own time, whatever the slot says."""
        tasks = [task for task in self._tasks.many(task_ids) if not task.deleted]
        return min((task.scheduled_at for task in tasks), default=at)

    def _write(self, slot_id: int, **changes: Any) -> Slot:
        now = self._clock.now()
        try:
            return self._stored(lambda: self._slots.change(slot_id, now, makes, **changes, planned_from=now))
        except UnknownRecord:
            raise NotFound(Problem("slot_id", f"there is no slot {slot_id}")) from None

    def _stored(self, write: Callable[[], Slot]) -> Slot:
        try:
            slot = self._planner.exclusively(write)
        except StoreFull as error:
            raise NoSpace(Problem("", str(error))) from error
        assert slot is not None  # noqa: S101 - only a removal gives none
        return slot

    def _check(self, slot: Slot, findings: Findings) -> None:
        """What a create request for its accounts would say, but for files. Raises Refused."""
        if slot.first_day and slot.last_day and slot.last_day < slot.first_day:
            findings.problem("last_day", f"lies before first_day ({slot.first_day})")
        if len(slot.usernames) * len(slot.times) > MAX_A_DAY:
            findings.problem("times", f"make more than {MAX_A_DAY} posts a day with so many accounts")
        for key in ("material_list", "material_ids"):
            if slot.script_config.get(key):
                findings.problem(
                    f"script_config.{key}",
                    "names files that each time would post again; use a folder or tags of the library",
                )
        findings.refuse()
        if (
            slot.last_day
            and slot.last_day < f"{datetime.fromtimestamp(self._clock.now(), self._zone()):%Y-%m-%d}"
        ):
            findings.warn(f"last_day: {slot.last_day} is past: the slot plans nothing")
        config = slot.script_config
        if (
            config.get("material_source") != "localFolder"
            and not str(config.get("materials_tags") or "").strip()
        ):
            findings.warn(
                "script_config.materials_tags: names no tag, so each post takes any unused file of the library, also one that "
                "came there for another post that was deleted"
            )
        for username in slot.usernames:
            own = Findings()
            try:
                self._intake.plan(request(slot, username, None), "api", own)
            except Refused as refused:
                raise type(refused)(
                    [Problem(_field(one.field, username), one.problem, one.code) for one in refused.problems]
                ) from None
            for warning in own.warnings:
                findings.warn(warning)
            for warning in self._pace(slot, username):
                findings.warn(warning)

    def _pace(self, slot: Slot, username: str) -> Iterator[str]:
        """What a week of this slot breaks of an account's pace, beside its other slots."""
        now = self._clock.now()
        others = [
            other
            for other in self._slots.all()
            if other.id != slot.id
            and not other.paused
            and username.casefold() in {name.casefold() for name in other.usernames}
        ]

        def times(one: Slot) -> list[float]:
            return [due.at for due in occurrences(one, now, now + SHOWN_AHEAD_S, self._zone())]

        for account in self._accounts.find(username):
            if slot.platform in {"", "all", account.platform}:
                same = [one for one in others if one.platform in {"", "all", account.platform}]
                beside = [at for one in same for at in times(one)]
                yield from self._intake.plans.of_account(
                    account.platform, account.username, times(slot), beside
                )


def _changed(present: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The config with these keys changed. One that says where files come from replaces the others that do."""
    said = {key: value for key, value in given.items() if value is not None}
    dropped = {key for key in SOURCES if any(key in said for key in SOURCES)}
    if "material_path" in said:  # another folder, in place of the one before
        dropped.discard("material_source")
    return {**{key: value for key, value in present.items() if key not in dropped}, **said}


def _field(name: str, username: str) -> str:
    return f"usernames ({username})" if name.startswith("usernames") else name
