"""Plans the occurrences of slots 48 hours ahead, each once, as ordinary tasks (R60)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import tzinfo

import msgspec

from jobs.content.captions import unify_line_breaks
from jobs.hub.clock import Clock, utc
from jobs.hub.once import Once
from jobs.hub.supervision import Loop
from jobs.input.refusals import ClientGone, Draining, NoSpace, Refused
from jobs.intake.intake import Intake
from jobs.intake.request import SCRIPT
from jobs.slots.calendar import Due, due, makes, number_of, occurrences
from jobs.task.announcements import Tell, quietly
from storage.errors import StoreError
from storage.records import Occurrence, Slot
from storage.store import Store
from storage.tables.slots import Key, OccurrenceKnown, key_of

_LOG = logging.getLogger(__name__)

#: How far ahead occurrences become tasks: they can be seen, changed and held as any other.
AHEAD_S = 48 * 3600.0
#: What is due up to this long ago still counts as in time: the planner looks once a minute.
GRACE_S = 120.0
#: What was due longer ago is never looked at again.
BACK_S = 31 * 24 * 3600.0
EVERY_S = 60.0
#: An occurrence that cannot be planned is reported again after this time.
AGAIN_S = 24 * 3600.0
MISSED = "missed: its time passed before it could be planned"


class Planner:
    """The thread that turns slots into tasks. Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        intake: Intake,
        *,
        zone: Callable[[], tzinfo],
        trusted: Callable[[], bool],
        tell: Tell,
    ) -> None:
        """`trusted` says whether the wall clock may be believed; `tell` announces occurrences that cannot be planned."""
        self._clock = clock
        self._slots = store.slots
        self._intake = intake
        self._zone = zone
        self._trusted = trusted
        self._tell = tell
        self._lock = threading.Lock()
        self._troubles: dict[Key, str] = {}
        self._zone_followed = ""  #: the zone in which what is planned was last looked at
        self._once = Once(clock, AGAIN_S)
        self.loop = Loop("slots", self.turn, clock, longest_wait_s=EVERY_S)

    def trouble(self, key: Key) -> str:
        """Why an occurrence that is to come could not be planned so far, "" when nothing is known."""
        return self._troubles.get(key, "")

    @property
    def troubles(self) -> dict[Key, str]:
        """Every occurrence to come that could not be planned so far, with the reason."""
        return self._troubles.copy()

    def exclusively(self, change: Callable[[], Slot | None]) -> Slot | None:
        """Change a slot while nothing is being planned; what it makes is planned at once afterwards."""
        with self._lock:
            changed = change()
            self._troubles.clear()
        self.loop.wake()
        return changed

    def turn(self) -> float:
        """Plan what is due within 48 hours; returns the seconds until the next look."""
        if not self._trusted():
            return EVERY_S
        now = self._clock.now()
        self._follow_zone(now)
        for slot in self._slots.all():
            if self.loop.stopping:
                break
            if not slot.paused:
                self._plan(slot, now)
        return EVERY_S

    def _follow_zone(self, now: float) -> None:
        """Take back what was planned in another zone, so that it is planned anew at its time on the clock of this one.

        What a person holds or has changed stays at its moment, as after any change of a slot.
        """
        zone = self._zone()
        if str(zone) == self._zone_followed:
            return
        try:
            for slot in self._slots.all():
                with self._lock:
                    if not slot.paused and any(
                        one.at > now and one.task_ids and one.at != due(one.day, one.time, zone).at
                        for one in self._slots.of_slot(slot.id)
                    ):
                        self._slots.change(slot.id, now, makes, planned_from=now)
                        _LOG.warning("slot %d: planned anew, in the zone %s", slot.id, zone)
        except StoreError as error:
            _LOG.warning("what slots have planned stays in the zone before for now: %s", error)
        else:
            self._zone_followed = str(zone)

    def _plan(self, slot: Slot, now: float) -> None:
        missed: list[Occurrence] = []
        late = now - GRACE_S
        for one, username in self._unplanned(slot, now):
            occurrence = Occurrence(slot_id=slot.id, day=one.day, time=one.time, username=username, at=one.at)
            if one.at < late:
                missed.append(occurrence)
            else:
                self._make(slot, occurrence, now, start=one.at)
        latest: dict[str, Occurrence] = {}
        if slot.missed == "catch_up":
            open_ones = [one for one in missed if one.at >= slot.catch_up_from]
            latest = {one.username: one for one in sorted(open_ones, key=lambda one: one.at)}
        # First what is left out: were it noted last, a crash in between would have the next turn catch up another one.
        self._note_missed(slot, [one for one in missed if one is not latest.get(one.username)])
        self._note_missed(slot, [one for one in latest.values() if not self._make(slot, one, now, start=now)])

    def _unplanned(self, slot: Slot, now: float) -> Iterator[tuple[Due, str]]:
        zone = self._zone()
        for one in occurrences(slot, max(slot.planned_from, now - BACK_S), now + AHEAD_S, zone):
            for username in slot.usernames:
                if not self._slots.knows((slot.id, one.day, one.time, username.casefold())):
                    yield one, username

    def _make(self, slot: Slot, occurrence: Occurrence, now: float, *, start: float) -> bool:
        """Create the tasks of one occurrence; what refuses them is tried again until its time has passed."""
        try:
            with self._lock:
                if self._slots.get(slot.id) is not slot:
                    return True  # it was changed meanwhile: the next turn plans what it says now
                self._intake.create(
                    request(
                        slot,
                        occurrence.username,
                        start if start > now else None,
                        number=number_of(slot, occurrence.day, occurrence.time, self._zone()),
                    ),
                    beside=lambda change, tasks: self._slots.note(
                        change,
                        msgspec.structs.replace(occurrence, task_ids=tuple(task.id for task in tasks)),
                    ),
                    unattended=True,
                )
        except OccurrenceKnown:
            return True
        except (Draining, NoSpace, ClientGone, StoreError) as error:
            _LOG.warning("slot %d, %s %s: %s; tried again", slot.id, occurrence.day, occurrence.time, error)
            return False
        except Refused as refused:
            self._refused(slot, occurrence, str(refused))
            return False
        except Exception as error:  # noqa: BLE001 - what breaks at one slot's files must not keep the others from being planned
            self.loop.report(error)
            self._refused(slot, occurrence, f"this broke: {type(error).__name__}: {error}")
            return False
        self._troubles.pop(key_of(occurrence), None)
        return True

    def _refused(self, slot: Slot, occurrence: Occurrence, why: str) -> None:
        self._troubles[key_of(occurrence)] = why
        if not self._once.is_news(slot.id, occurrence.username, why):
            return
        sentence = (
            f"slot {slot.id} ({slot.name or 'without a name'}) cannot plan the post of {occurrence.day} "
            f"{occurrence.time} for @{occurrence.username}: {why}"
        )
        _LOG.warning("%s", sentence)
        quietly(self._tell, "slot", sentence, slot_id=slot.id, username=occurrence.username, at=occurrence.at)

    def _note_missed(self, slot: Slot, missed: list[Occurrence]) -> None:
        reasons = [self._troubles.pop(key_of(one), "") for one in missed]
        with self._lock:
            if self._slots.get(slot.id) is slot:
                self._slots.note_missed(
                    [
                        msgspec.structs.replace(one, reason=f"not made: {why}" if why else MISSED)
                        for one, why in zip(missed, reasons, strict=True)
                    ]
                )


def request(
    slot: Slot, username: str, start: float | None, *, number: int | None = None
) -> dict[str, object]:
    """The create request of one occurrence; it starts at once without `start`.

    `number` counts the slot's times: of several captions each is used in turn, and each account begins with another.
    """
    config = dict(slot.script_config)
    if number is not None and config.get("caption_format") == "multiline":
        lines = [
            line for line in unify_line_breaks(str(config.get("captions") or "")).split("\n") if line.strip()
        ]
        if lines:
            config["captions"] = lines[(number + slot.usernames.index(username)) % len(lines)]
    return {
        "script_name": SCRIPT,
        "usernames": [username],
        "platform": slot.platform or None,
        "script_config": config,
        "start_time": "" if start is None else utc(start).isoformat(timespec="seconds"),
    }
