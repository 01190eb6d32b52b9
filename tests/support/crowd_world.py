"""The world of `never_twice` with a config that changes, slots and phones that go, and with the order of all that was written."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from jobs.hub.settings import Media, Settings
from jobs.media.paths import MediaRejected
from jobs.media.probe import check_again
from jobs.phone.errors import PhoneOffline
from jobs.phone.protocol import PhoneState
from jobs.slots.planner import GRACE_S
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.engine.files import Files
from storage.error_codes import ErrorCode
from storage.records import Occurrence, Outcome, Stage, Task, TaskError
from tests.support.crowd_hub import (
    CONFIGURED,
    AccountState,
    ReloadedHub,
    first_posting,
    some_accounts,
    state_in,
)
from tests.support.crowd_order import Asked, History
from tests.support.fake_phones import FakeScript
from tests.support.never_twice import WINDOW_S, World

#: The evenings before the nights in which Europe's clocks change, in 2027.
EVENINGS = (1_806_177_600.0, 1_824_926_400.0)
#: By how much the clock may go on in the middle of a round.
ROUND_S = 10.0
#: Real seconds that a write may take.
DISK_S = (0.0, 0.0, 0.01, 0.03)
NEVER = threading.Event()


class CrowdHub(World):
    """The hub and its phones; its store tells when what was written."""

    side: ReloadedHub

    def __init__(self, folder: Path, seed: int) -> None:
        self.stamp = itertools.count(1).__next__
        self.asked: defaultdict[int, list[Asked]] = defaultdict(list)  #: by task
        self.asked_of_all: list[Asked] = []
        self.asked_of_slots: defaultdict[int, list[Asked]] = defaultdict(list)
        self.histories: dict[tuple[str, str], History[AccountState]] = {}
        self.paused: defaultdict[Any, History[bool]] = defaultdict(
            lambda: History(False)
        )  #: phones and accounts
        self.claims: dict[int, int] = {}
        self.born: dict[int, tuple[int, str]] = {}  #: of each task, and the caption that it had
        self.readied: dict[int, int] = {}
        self.commits: dict[int, tuple[int, float]] = {}
        self.occurrences: dict[int, Occurrence] = {}  #: by task
        self.caught_up: set[tuple[int, str, float]] = set()
        self.disk_s = 0.0
        self.judging = threading.Lock()
        self.roots = str(folder / "media"), str(folder / "other")
        Path(self.roots[1]).mkdir(parents=True)
        self.settings = Settings(posting=first_posting(WINDOW_S), media=Media(roots=self.roots[:1]))
        self.configs = History(self.settings)
        super().__init__(folder, seed, now=EVENINGS[seed % len(EVENINGS)])
        self.logged_in = {serial: (*names, *(n for (n, _), where in CONFIGURED.items() if serial in where))
                          for serial, names in self.logged_in.items()}  # fmt: skip
        self.set_config(msgspec.structs.replace(self.settings, accounts=some_accounts(self.choice)))

    def _hub(self, script: FakeScript, seed: int) -> ReloadedHub:
        settings = self.settings
        hub = ReloadedHub(
            self.folder,
            clock=self.clock,
            script=script,
            phones=self.phones,
            seed=seed,
            accounts=settings.accounts,
            posting=settings.posting,
            media=settings.media,
            files=Files(self._disk),
        )
        hub.on_disk = hub.settings
        hub.store.storage.listen("tasks", self._tasks_changed, replay=False)
        hub.store.storage.listen("occurrences", self._occurrences_changed, replay=False)
        return hub

    def _disk(self, point: str, /) -> None:
        """A disk that takes its time: what waits for it meanwhile is written together."""
        if point.startswith("before fsync"):
            NEVER.wait(self.disk_s)

    def set_config(self, settings: Settings) -> str:
        """Write a config and have it read: one client at a time does that."""
        stamp = self.stamp()
        entries = [(history, history.begin(state_in(settings, key), stamp))
                   for key, history in self.histories.items() if key in CONFIGURED]  # fmt: skip
        config = self.configs.begin(settings, stamp)
        self.settings = self.side.on_disk = msgspec.structs.replace(
            self.side.settings, posting=settings.posting, media=settings.media, accounts=settings.accounts
        )
        code = self.api.call("POST", "/api/v1/reload").json["code"]
        stamp = self.stamp()
        self.configs.end(config, stamp, good=code == 0)
        for history, entry in entries:
            history.end(entry, stamp, good=code == 0)
        if code:
            self.wrong(f"a good config was refused: {code}")
        return f"{settings.posting.timezone} {settings.media.roots} {settings.accounts}"

    # --- what the store tells, under its lock

    def _tasks_changed(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        stamp = self.stamp()
        for number, before, now in changes:
            if now is None or (before is not None and before.stage is now.stage):
                continue
            if before is None:
                self.born[number] = stamp, now.caption
            if now.stage is Stage.QUEUED:
                self.readied.setdefault(number, stamp)
            if now.stage is Stage.PREPARING:
                self.claims[number] = stamp
            if now.stage is Stage.COMMITTING:
                self.commits[number] = stamp, self.clock.now()

    def _occurrences_changed(
        self, changes: Sequence[tuple[int, Occurrence | None, Occurrence | None]]
    ) -> None:
        for _, before, now in changes:
            if now is None or before is not None:
                continue
            self.occurrences |= dict.fromkeys(now.task_ids, now)
            if now.task_ids and self.clock.now() - now.at > GRACE_S + ROUND_S:
                slot = self.side.store.slots.get(now.slot_id)
                turn = now.slot_id, now.username, self.clock.now()
                if slot is None or slot.missed == "skip":
                    self.wrong(f"slot {now.slot_id} skips what it misses, and made {now} late")
                elif turn in self.caught_up:
                    self.wrong(f"slot {now.slot_id} caught up twice at once: {now}")
                self.caught_up.add(turn)

    # --- the phones

    def _run(self, attempt: Attempt, phone: Any) -> Verdict:
        task = attempt.task
        fault = self.faults[task.serial].popleft() if self.faults[task.serial] else ""
        try:
            for file in task.materials:
                check_again(file, self.side.settings.media)
        except MediaRejected as error:
            raise ScriptFailed(ErrorCode.MEDIA_REJECTED, str(error)) from error
        account = self._show(task, fault)
        attempt.see_account(account)
        self._fail_before(attempt, fault)
        asked = self.stamp()
        attempt.enter_committing()
        if fault not in {"refused", "lost without post"}:
            phone.tap_once()
            with self.judging:
                try:
                    self._judge(attempt.task, account, asked)
                except Exception as error:  # noqa: BLE001 - the engine would take it for a fault of the script
                    self.wrong(f"the judge broke: {error!r}")
        attempt.enter_verifying()
        return self._end(attempt, fault)

    def _hold(self, attempt: Attempt) -> None:
        """Let go in the middle of a round, not only when the clock moves."""
        self.held += 1
        try:
            while not self.released.wait(0.005):
                attempt.check()
        finally:
            self.held -= 1

    def _end(self, attempt: Attempt, fault: str) -> Verdict:
        if fault == "gone after":
            self.phones.set(attempt.task.serial, PhoneState.OFFLINE)
            return Verdict(Outcome.UNKNOWN, "the phone went", TaskError("device_offline", "the phone went"))
        return super()._end(attempt, fault)

    def _fail_before(self, attempt: Attempt, fault: str) -> None:
        if fault == "gone before":
            self.phones.set(attempt.task.serial, PhoneState.OFFLINE)
            raise PhoneOffline("it boots", serial=attempt.task.serial)
        super()._fail_before(attempt, fault)

    def _newest(self) -> int:
        return max(self.born, default=0)

    def _judge(self, task: Task, account: str, began: int) -> None:
        """A post was made, whose attempt asked for its commit point at `began`."""
        raise NotImplementedError
