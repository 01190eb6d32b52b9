"""How late a hundred tasks start that are due in the same moment, and what a phone's long queue costs each post.

python -m benchmarks.due_at_once [--phones 100] [--rounds 5] [--queued 10000]
Goals: 20 ms, p99, from the due time to the claim that is on disk; 5 ms of the processor more for each post with 10,000
queued behind it. Phones and posts do nothing here, so that the engine alone is measured. The peer in the same run is
APScheduler with one job for each task, in memory: it keeps nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.record import Figures
from benchmarks.timing import unit
from storage.records import Stage, Task
from tests.support.bench import Bench, new_task
from tests.support.fake_phones import FakePhones, FakeScript

_PAUSE = threading.Event()


def lateness(folder: Path, phones: int) -> list[float]:
    """Seconds from the due time until each claim was written, ascending."""
    serials = [f"P{number}" for number in range(phones)]
    claimed: dict[int, float] = {}
    ended = threading.Semaphore(0)

    def note(changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        for task_id, before, now in changes:
            if now is None or (before is not None and before.stage is now.stage):
                continue
            if now.stage is Stage.PREPARING:
                claimed[task_id] = time.time()
            elif now.status >= 2:
                ended.release()

    with Bench(folder, FakePhones(*serials), FakeScript()) as bench:
        bench.store.storage.listen("tasks", note, replay=False)
        due = time.time() + 1.0
        bench.add(*(new_task(serial, at=due, created=due - 1.0) for serial in serials))
        for _ in serials:
            assert ended.acquire(timeout=30.0)
    return sorted(at - due for at in claimed.values())


def apschedulers(count: int) -> list[float]:
    """The same for as many jobs of APScheduler that do nothing."""
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
    scheduler.start()
    begun: list[float] = []
    due = datetime.now(UTC) + timedelta(seconds=1.0)
    for _ in range(count):
        scheduler.add_job(lambda: begun.append(time.time()), "date", run_date=due)
    while len(begun) < count:
        _PAUSE.wait(0.05)
    scheduler.shutdown()
    return sorted(at - due.timestamp() for at in begun)


def per_post_s(folder: Path, queued: int, posts: int) -> float:
    """Processor time of the engine for each post on a phone with this number of further tasks queued."""
    ended = threading.Semaphore(0)

    def note(changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        for _, before, now in changes:
            if (
                now is not None
                and now.stage is Stage.PUBLISHED
                and before is not None
                and before.stage is not now.stage
            ):
                ended.release()

    with Bench(folder, FakePhones("A"), FakeScript()) as bench:
        bench.store.tasks.create([new_task("A", at=1.0, stage=Stage.QUEUED) for _ in range(queued)])
        bench.store.storage.listen("tasks", note, replay=False)
        bench.jobs.dispatcher.enqueue(bench.store.tasks.queued())
        for _ in range(5):
            assert ended.acquire(timeout=30.0)
        began = time.process_time()
        for _ in range(posts):
            assert ended.acquire(timeout=30.0)
        return (time.process_time() - began) / posts


def p99(seconds: Sequence[float]) -> float:
    return seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=100, help="that are made with these queued")
    options = parser.parse_args()
    figures = Figures("due_at_once")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.rounds):
            ours.append(p99(lateness(Path(name) / str(number), options.phones)))
            theirs.append(p99(apschedulers(options.phones)))
        print(
            f"{options.phones} due at once, p99 to the claim: {unit(min(ours))} at least, {unit(statistics.median(ours))} "
            f"median of {options.rounds}, goal 20 ms; APScheduler to the job, nothing written: {unit(min(theirs))}, "
            f"{unit(statistics.median(theirs))}"
        )
        figures.add(f"{options.phones} due at once, p99", min(ours) * 1000, "ms")
        few = per_post_s(Path(name) / "few", options.posts + 10, options.posts)
        many = per_post_s(Path(name) / "many", options.queued, options.posts)
        print(
            f"a post that does nothing: {unit(few)} of the processor with {options.posts} queued, {unit(many)} with "
            f"{options.queued}: {unit(max(0.0, many - few))} more, goal 5 ms"
        )
        figures.add(f"each post with {options.queued} queued", many * 1000, "ms")
    figures.close()


if __name__ == "__main__":
    main()
