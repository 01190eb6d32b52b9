"""Why nothing may start on a phone now: it works, it is not ready, works under another name, may show a lost post, or no slot is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from jobs.hub.clock import Clock
from jobs.pace.hold import Hold
from jobs.phone.protocol import NO_IDENTITY, PhoneInfo, Phones, PhoneState
from jobs.queue.lane import Lane
from jobs.queue.turn import Turn
from storage.records import AFTER_COMMIT, Stage, Waiting
from storage.tables.tasks import TaskStore

_SENTENCES = {
    PhoneState.DEVICE: "ready",
    PhoneState.UNAUTHORIZED: "it has not accepted this box's adb key: confirm its dialog",
    PhoneState.OFFLINE: "it is connected but does not answer",
    PhoneState.NO_PERMISSIONS: "this box may not open its USB device: check the udev rules",
    PhoneState.DUPLICATE: "two phones answer to this serial",
    PhoneState.ABSENT: "it is not connected",
    PhoneState.NEEDS_HANDS: "it needs hands: repairs from here did not help",
    PhoneState.ADB_DOWN: "the adb server does not answer",
}


class PhoneObstacles:
    """What is in a phone's way, whatever waits for it. Asked by the dispatcher, under its lock."""

    def __init__(
        self,
        clock: Clock,
        tasks: TaskStore,
        phones: Phones,
        unfit: Callable[[PhoneInfo], str],
        busy: Mapping[str, Turn],
    ) -> None:
        """`unfit` says why a phone that is there starts nothing now; `busy` holds what works on which phone, kept by the dispatcher."""
        self._clock = clock
        self._tasks = tasks
        self._phones = phones
        self._unfit = unfit
        self._busy = busy
        self._at_work: dict[str, str] = {}  #: what phones at work are called -> under which serial they work
        #: phones, by whatever they are called, on which a task may have been published, and no turn looks
        self._lost: dict[str, int] = {}

    def begin_round(self) -> None:
        """Read what does not change while one round is handed out."""
        self._at_work = {name: own for serial in self._busy for name, own in self._names_of(serial)}
        self._lost = {
            name: task.id
            for task in self._tasks.active()
            if task.stage in AFTER_COMMIT and task.serial not in self._busy
            for name in (task.serial, *(name for name, _ in self._names_of(task.serial)))
        }

    def begun(self, serial: str) -> None:
        """A turn was given this phone in the round."""
        self._at_work.update(self._names_of(serial))

    def of(self, lane: Lane, limit: int) -> Hold | None:
        """Why nothing of this lane may start now; None when its head may. `limit`: how many phones may work at once."""
        if why := self._at_phone(lane):
            return Hold(Waiting.DEVICE, why)
        if len(self._busy) >= limit:
            return Hold(Waiting.SLOT, f"{limit} phones work already, which is the limit")
        return None

    def _at_phone(self, lane: Lane) -> str:
        serial = lane.serial
        turn = self._busy.get(serial)
        if turn is not None:
            task = self._tasks.get(turn.task_id)
            published = task is not None and task.stage is Stage.PUBLISHED
            rest = ", which is published: it cleans up and leaves the app its upload_wait_time"
            return f"the phone {serial} {turn.doing}{rest if published else ''}"
        info = self._phones.info(serial)
        if info is None:
            return f"the phone {serial} is not connected"
        if info.state is not PhoneState.DEVICE:
            return f"the phone {serial} is not ready: {info.detail or _SENTENCES[info.state]}"
        if unfit := self._unfit(info):
            return f"the phone {serial} is not ready: {unfit}"
        if self._clock.monotonic() < lane.not_before:
            return f"the phone {serial} is not ready: {lane.door}"
        if twin := self._at_work.get(info.identity):
            return f"the phone {serial} is also connected as {twin} and works there"
        lost = self._lost.get(serial) or self._lost.get(info.identity)
        if lost and not lane.looks:
            # `Recovery` asks for the look within a second. What a post or a rehearsal leaves there would be taken for it.
            return f"the phone {serial} is looked at first: task {lost} may have been published there"
        return ""

    def _names_of(self, serial: str) -> Iterator[tuple[str, str]]:
        """What a phone at work is called otherwise, beside the serial under which it works."""
        info = self._phones.info(serial)
        if info is not None:
            yield serial, serial
            if info.identity not in NO_IDENTITY:
                yield info.identity, serial
