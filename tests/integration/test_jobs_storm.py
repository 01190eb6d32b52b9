"""Many posts, random faults, and people who stop, retry and delete meanwhile: nothing twice, nothing stuck."""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import Refused
from jobs.phone.errors import PhoneOffline, TapUncertain
from jobs.phone.protocol import PhoneState
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.records import ENDED, PENDING, Outcome, Stage
from tests.support.bench import Bench
from tests.support.clock import FastClock
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakePhones, FakeScript

PHONES = [f"P{number:02}" for number in range(20)]


class World:
    """The phones' side: how often each task was published or refused, and a fault for each attempt."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.taps: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()
        self.at_work: defaultdict[str, list[Any]] = defaultdict(list)  #: serial -> sessions of its workers
        self.overlaps = 0

    def draw(self, faults: list[str]) -> str:
        with self.lock:
            return self.random.choice(faults) if self.random.random() < 0.5 else ""

    def run(self, attempt: Attempt, phone: Any) -> Verdict:
        sessions = self.at_work[phone.serial]
        with self.lock:
            # A worker that was given up can touch nothing more: its session is closed before its phone is given on.
            self.overlaps += any(not session.closed.is_set() for session in sessions)
            sessions.append(phone)
        try:
            return self._run(attempt, phone)
        finally:
            with self.lock:
                sessions.remove(phone)

    def _run(self, attempt: Attempt, phone: Any) -> Verdict:
        match self.draw(["offline", "final", "bug", "slow", "hang"]):
            case "offline":
                raise PhoneOffline("gone")
            case "final":
                raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, "somebody else")
            case "bug":
                raise KeyError("bug")
            case "slow":
                attempt.wait(20)
            case "hang":
                phone.hang()
        attempt.enter_committing()
        with self.lock:
            self.taps[attempt.task.id] += 1
        match self.draw(["uncertain", "bug", "refused", "hang", "unknown"]):
            case "uncertain":
                raise TapUncertain("?")
            case "bug":
                raise KeyError("bug")
            case "refused":
                attempt.enter_verifying()
                with self.lock:
                    self.refused[attempt.task.id] += 1
                return Verdict(Outcome.NOT_PUBLISHED, "try later", passing=True)
            case "hang":
                phone.hang()
            case "unknown":
                return Verdict(Outcome.UNKNOWN, "nothing seen")
        attempt.enter_verifying()
        return PUBLISHED


SPEED = 300.0  #: seconds of the bench's clock in a real one


def storm(folder: Path, seed: int, tasks: int) -> None:
    world = World(seed)
    chance = random.Random(seed + 1)
    phones = FakePhones(*PHONES)
    clock = FastClock(SPEED)
    bench = Bench(
        folder, phones, FakeScript(world.run), clock, slots=12, attempt_timeout_s=120.0, proof_timeout_s=60.0
    )
    bench.start()
    ids = [bench.now(chance.choice(PHONES)).id for _ in range(tasks)]
    over = threading.Event()

    def people() -> None:
        while not over.wait(0.002):
            action = chance.choice(["stop", "retry", "delete", "flap"])
            task_id = chance.choice(ids)
            serial = chance.choice(PHONES)
            try:
                if action == "stop":
                    bench.control.stop(task_id)
                elif action == "retry":
                    bench.control.retry(task_id)
                elif action == "delete" and chance.random() < 0.2:
                    bench.control.delete([task_id])
                elif action == "flap":
                    phones.set(serial, chance.choice([PhoneState.OFFLINE, PhoneState.DEVICE]))
            except Refused:
                pass

    person = threading.Thread(target=people, name="people")
    person.start()
    over.wait(2.0)
    over.set()
    person.join(GUARD_S)
    for serial in PHONES:
        phones.set(serial)
    with bench.changed:
        done = bench.changed.wait_for(
            lambda: all((t := bench.store.tasks.get(i)) is None or t.stage in ENDED for i in ids),
            300,  # a pause of an account is an hour, 12 s here; a busy machine makes more of them
        )
    left = [t for i in ids if (t := bench.store.tasks.get(i)) is not None and t.stage not in ENDED]
    assert done, [(t.id, t.stage, t.waiting_for, t.waiting_detail, t.remark) for t in left]
    for task_id in ids:
        assert world.taps[task_id] <= 1 + world.refused[task_id], f"task {task_id} was published twice"
        task = bench.store.tasks.get(task_id)
        if task is None:
            continue
        if task.stage is Stage.PUBLISHED:
            assert world.taps[task_id] > world.refused[task_id]
        if task.outcome in (Outcome.NONE, Outcome.NOT_PUBLISHED):
            assert world.taps[task_id] == world.refused[task_id]
        assert task.stage not in PENDING
        assert task.stage is Stage.PUBLISHED or task.error is not None
    assert world.overlaps == 0
    assert bench.jobs.stop(SPEED * GUARD_S)  # on the bench's clock
    assert bench.jobs.workers.join(GUARD_S * 300)
    assert bench.jobs.dispatcher.busy == {}
    assert bench.jobs.turns.all() == []
    assert bench.jobs.turns.hanging == []
    bench.store.close()


def test_a_storm_of_faults_and_people_publishes_nothing_twice_and_leaves_nothing_stuck(
    tmp_path: Path,
) -> None:
    storm(tmp_path, seed=1, tasks=150)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_thousand_posts_with_a_fault_in_every_other(tmp_path: Path, seed: int) -> None:
    storm(tmp_path, seed, tasks=1000)
