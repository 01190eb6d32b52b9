"""How late a hundred tasks start that are due in the same moment, and what a long queue costs each post, with a pace too.

python -m benchmarks.due_at_once [--phones 100] [--rounds 5] [--queued 10000] [--due 100000]
Goals: 20 ms, p99, from the due time to the claim that is on disk; 5 ms of the processor more for each post with 10,000
queued behind it, also of an account that leaves a gap; 100,000 due at once take as long with a pace as without. Phones and posts do nothing here, so that the engine alone is measured. The peer in the same run is
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
from jobs.phone.protocol import PhoneSession
from jobs.task.attempt import Attempt, Verdict
from storage.records import Outcome, Stage, Task
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones, FakeScript, publish

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


def per_paced_post_s(folder: Path, queued: int, posts: int) -> float:
    """The same for posts of one account that leaves half an hour between them, on a clock that is put forward."""
    clock = FakeClock()
    bench = Bench(folder, FakePhones("A"), FakeScript(), clock, synchronised=True, min_gap_minutes=30)
    bench.jobs.workers.run = lambda call: call()  # type: ignore[method-assign]
    try:
        at = clock.now()
        bench.store.accounts.add(username="kim", platform="tiktok", serial="A")
        new = [new_task("A", at=at, stage=Stage.QUEUED, username="kim") for _ in range(queued)]
        bench.jobs.dispatcher.enqueue(bench.store.tasks.create(new))
        for number in range(posts + 5):
            if number == 5:
                began = time.process_time()
            clock.advance(1801.0)
            for _ in range(2):  # the post, and what is noted for the others after it
                bench.jobs.dispatcher.turn()
        assert len(bench.script.runs) == posts + 5
        return (time.process_time() - began) / posts
    finally:
        bench.close()


def first_turn_s(folder: Path, due: int, phones: int, gap_minutes: int = 0) -> float:
    """Processor time until each of `due` tasks that are due at once has its reason to wait; every account has just posted."""
    serials = [f"P{number}" for number in range(phones)]
    release = threading.Event()

    def works(attempt: Attempt, phone: PhoneSession) -> Verdict:
        release.wait(60.0)
        return publish(attempt, phone)

    bench = Bench(folder, FakePhones(*serials), FakeScript(works), min_gap_minutes=gap_minutes)
    at = time.time() + 2.0 + due / 20_000
    done = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": time.time()}
    tasks = bench.store.tasks
    for serial in serials:
        bench.store.accounts.add(username=f"of_{serial}", platform="tiktok", serial=serial)
    posted = tasks.create([new_task(serial, username=f"of_{serial}") for serial in serials])
    tasks.change_each({task.id: done for task in posted}, expect=[Stage.SCHEDULED])
    for start in range(0, due, 1000):
        mine = [serials[number % phones] for number in range(start, min(due, start + 1000))]
        tasks.create([new_task(s, at=at, created=at - 9.0, username=f"of_{s}") for s in mine])
    with bench:
        _PAUSE.wait(max(0.0, at - time.time()))
        began = time.process_time()
        while len(waiting := tasks.queued()) + phones < due or not all(task.waiting_for for task in waiting):
            _PAUSE.wait(0.25)
        took = time.process_time() - began
        release.set()
    return took


def p99(seconds: Sequence[float]) -> float:
    return seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=100, help="that are made with these queued")
    parser.add_argument(
        "--due", type=int, default=100_000, help="in the same moment, for the cost of the first turn"
    )
    options = parser.parse_args()
    figures = Figures("due_at_once", options)
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
        paced = [
            per_paced_post_s(Path(name) / f"paced-{queued}", queued, options.posts)
            for queued in (options.posts + 10, options.queued)
        ]
        print(
            f"the same of an account with a pace: {unit(paced[0])} with {options.posts} queued, {unit(paced[1])} with "
            f"{options.queued}: {unit(max(0.0, paced[1] - paced[0]))} more, goal 5 ms"
        )
        figures.add(f"each post of an account with a pace, {options.queued} queued", paced[1] * 1000, "ms")
        plain = first_turn_s(Path(name) / "plain", options.due, options.phones)
        held = first_turn_s(Path(name) / "held", options.due, options.phones, 600)
        print(
            f"{options.due} due at once, until each has its reason to wait: {unit(plain)} of the processor without a pace, "
            f"{unit(held)} with one"
        )
        figures.add("due at once, until all are told, without a pace", plain, "s")
        figures.add("due at once, until all are told, with a pace", held, "s")
    figures.close()


if __name__ == "__main__":
    main()
