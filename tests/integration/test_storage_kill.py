"""The store in a process of its own that is killed: at random moments and at every named point."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.engine.hooks import ENVIRONMENT
from storage.records import Stage
from storage.store import Store
from tests.support.storage_samples import archived
from tests.support.warm import Process, warm

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("storage_child.py")


class Ledger:
    """What the killed processes acknowledged, and what they were about to do."""

    def __init__(self) -> None:
        self.remarks: dict[int, str] = {}
        self.maybe: dict[int, set[str]] = {}
        self.ended: set[int] = set()
        self.dropped: set[int] = set()
        self.leaving: set[int] = set()
        self.changes = 0

    def read(self, said: bytes) -> bool:
        """Take in a child's words; whether it came to its end."""
        self.maybe = {task_id: {remark} for task_id, remark in self.remarks.items()}
        self.leaving = set()
        for line in said.decode().splitlines():
            word, number, remark = line.split(" ")
            task_id = int(number)
            if word == "put":
                self.remarks[task_id] = remark
                self.maybe[task_id] = {remark}
            elif word == "try":
                self.maybe[task_id].add(remark)
            elif word in ("end", "drop"):
                self.leaving.add(task_id)
            elif word in ("ended", "dropped"):
                self.leaving.discard(task_id)
                (self.ended if word == "ended" else self.dropped).add(task_id)
            self.changes += word in ("put", "ended", "dropped")
        return said.endswith(b"done 0 \n")

    def check(self, store: Store) -> None:
        """Nothing acknowledged is missing, nothing that was refused or undone is there."""
        listed = archived(store.archived)
        put_away = {task.id: task for task in listed}
        assert len(put_away) == len(listed), "a task is listed twice"
        for task_id in list(self.remarks):
            task = store.tasks.get(task_id)
            if task_id in self.dropped:
                assert task is None
                assert task_id not in put_away
            elif task_id in self.ended:
                kept = task or put_away.get(task_id)
                assert kept is not None, f"task {task_id} ended and is gone"
                assert kept.stage is Stage.PUBLISHED
            elif task_id not in self.leaving:
                assert task is not None, f"task {task_id} is lost"
                assert task.remark in self.maybe[task_id], f"a change of task {task_id} is lost"
                assert store.usage.state("/m", task.materials[0].sha256) == "reserved"
                self.remarks[task_id] = task.remark
            elif task is not None:
                self.remarks[task_id] = task.remark
                if task.stage is Stage.PUBLISHED:
                    self.ended.add(task_id)
            elif task_id in put_away:
                self.ended.add(task_id)
            else:
                self.dropped.add(task_id)
        assert not [text for text in store.health().warnings if "lost" in text or "unreadable" in text]
        assert not store.storage.lost_changes


def start(state_dir: Path, seed: int, rounds: int, crash_at: str = "") -> Process:
    return warm().popen(
        [sys.executable, str(CHILD), str(state_dir), str(seed), "4", str(rounds)],
        stdout=subprocess.PIPE,
        stderr=2,
        env={**os.environ, ENVIRONMENT: crash_at},
    )


def run_until(child: Process, bytes_said: int | None) -> bytes:
    """Read what the child says; kill it once it has said so much."""
    assert child.stdout is not None
    said = b""
    guard = threading.Timer(60, child.kill)
    guard.start()
    try:
        while part := child.stdout.read1(4096):  # type: ignore[attr-defined]
            said += part
            if bytes_said is not None and len(said) >= bytes_said:
                child.send_signal(signal.SIGKILL)
        child.wait()
    finally:
        guard.cancel()
        child.stdout.close()
    return said[: said.rfind(b"\n") + 1]


def kill_series(folder: Path, kills: int, seed: int) -> None:
    """Kill again and again; every 100 times on a new store, since each start is checked task by task."""
    dice = random.Random(seed)
    killed = changes = 0
    while killed < kills:
        if killed % 100 == 0:
            state_dir, ledger = folder / f"state-{killed}", Ledger()
        before = ledger.changes
        child = start(state_dir, seed + killed, 100_000)
        assert not ledger.read(run_until(child, dice.randrange(1, 20_000)))
        killed += child.returncode == -signal.SIGKILL
        assert child.returncode == -signal.SIGKILL
        with Store.open(state_dir, reserve_bytes=0) as store:
            ledger.check(store)
            assert store.unclean_starts >= 1
        changes += ledger.changes - before
        gc.collect()  # hundreds of opened stores would add up to gigabytes
    print(f"{killed} kills, {changes} acknowledged changes, none lost")


def test_TDB_1_five_random_kills_lose_no_acknowledged_change(tmp_path: Path):
    kill_series(tmp_path, 5, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_TDB_1_five_hundred_random_kills_lose_no_acknowledged_change(tmp_path: Path):
    kill_series(tmp_path, 500, seed=1000)


POINTS = [
    f"{when} {what}"
    for when in ("before", "after")
    for what in (
        "write journal",
        "fsync journal",
        "write new journal",
        "fsync new journal",
        "rename new journal",
        "fsync folder new journal",
        "write snapshot",
        "fsync snapshot",
        "rename snapshot",
        "fsync folder snapshot",
        "remove old snapshot",
        "remove old journal",
        "write room",
        "fsync room",
        "write archive",
        "fsync archive",
        "fsync folder archive",
        "allocate reserve",
    )
]


def names_passed(state_dir: Path) -> set[str]:
    """Every point that a run of the child passes."""
    script = (
        "import sys, runpy, atexit, storage.engine.hooks as h\n"
        "from tests.support.recorder import Recorder\nr = Recorder(); h.hook_from = lambda e: r\n"
        f"sys.argv = ['child', {str(state_dir)!r}, '1', '4', '400']\n"
        f"runpy.run_path({str(CHILD)!r}, run_name='__main__')\n"
        "sys.stderr.write('\\n'.join(sorted(set(r.names))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stderr.decode().splitlines())


def test_every_point_of_a_run_is_in_the_list_of_points(tmp_path: Path):
    passed = names_passed(tmp_path / "state")
    assert {name for name in passed if "truncate" not in name and "journal" in name} <= {
        *POINTS,
        "before rename journal",
        "after rename journal",
        "before fsync folder journal",
        "after fsync folder journal",
    }
    assert set(POINTS) <= passed


@pytest.mark.parametrize("count", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("point", POINTS)
def test_TDB_2_a_kill_at_a_named_point_loses_nothing(tmp_path: Path, point: str, count: int):
    state_dir = tmp_path / "state"
    ledger = Ledger()
    child = start(state_dir, 3, 400, crash_at=f"{point}:{count}")
    came_to_its_end = ledger.read(run_until(child, None))
    assert came_to_its_end or child.returncode == -signal.SIGKILL
    with Store.open(state_dir, reserve_bytes=0) as store:
        ledger.check(store)
    child = start(state_dir, 4, 20)
    assert ledger.read(run_until(child, None))
    with Store.open(state_dir, reserve_bytes=0) as store:
        ledger.check(store)
