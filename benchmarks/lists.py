"""How long finding one page of 100,000 tasks takes inside the store, for each kind of question, and over HTTP.

python -m benchmarks.lists [--tasks 100000] [--seconds 6]
Goal inside the store, with nothing kept from the last question: 10 ms for any combination, also for the 101st phone. Peers in the
same run: a walk over all tasks, and SQLite with indexes on phone, account and time. Times are of the processor, so that a busy
machine hits them less. Goal over HTTP, for lists that were asked for before: 1.7x of /healthz. The loop answers that one by itself,
so the license check stands beside it: the barest call that goes to a worker and through the check of who asks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.http_api import Caller, get, post, serve
from benchmarks.record import Figures
from storage.lists.finder import TaskFinder
from storage.records import Outcome, Stage, Status, Task

_NOW = 1.8e9
_HEALTH = "/healthz, answered by the loop"
_CHECK = "license check, the barest call of a worker"
#: The loop answers 100 of these in a second from one address; more wait like other calls.
_HEALTH_GAP_S = 0.012
_STAGES = (Stage.PUBLISHED, Stage.FAILED, Stage.SCHEDULED)


def make(count: int) -> dict[int, Task]:
    """Tasks of 100 phones and 250 accounts, a third of each kind, planned over a month in no order."""
    dice = random.Random(1)
    tasks = {}
    for number in range(1, count + 1):
        stage = _STAGES[number % 3]
        at = _NOW + dice.random() * 86_400 * 30
        tasks[number] = Task(
            id=number,
            serial=f"PHONE{number % 100:03}",
            username=f"account_{number % 250}",
            platform=("tiktok", "instagram")[number // 250 % 2],
            package="x",
            script_config={},
            scheduled_at=at,
            due_at=at,
            created_at=_NOW,
            caption=f"Fresh from the workshop, bench {number} #woodwork",
            stage=stage,
            outcome=Outcome.PUBLISHED if stage is Stage.PUBLISHED else Outcome.NONE,
            finished_at=None if stage is Stage.SCHEDULED else at + 60,
        )
    return tasks


def sqlite(tasks: dict[int, Task]) -> sqlite3.Connection:
    """The same facts in a table with the indexes that these questions want."""
    base = sqlite3.connect(":memory:")
    base.execute(
        "create table t (id integer primary key, status, serial, username, platform, at, ended, caption)"
    )
    base.executemany(
        "insert into t values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                task.id,
                task.status.value,
                task.serial,
                task.username,
                task.platform,
                task.scheduled_at,
                task.finished_at,
                task.caption,
            )
            for task in tasks.values()
        ),
    )
    for columns in ("serial, ended", "username, at", "at", "status, at"):
        base.execute(f"create index i{columns.replace(', ', '_')} on t ({columns})")
    return base


def median_ms(call: Callable[[int], object], rounds: int) -> float:
    taken = []
    for number in range(rounds):
        began = time.process_time()
        call(number)
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def over_http(count: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each call, taken in turns over one connection, with `count` tasks stored."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, Path(folder), count, 0))
        process.start()
        theirs.close()
        caller = Caller(ours.recv())
        phones = [get(f"/api/v1/task?serial=PHONE{number:03}") for number in range(100)]
        calls = {
            _HEALTH: [get("/healthz")],
            _CHECK: [get("/api/v1/license/check")],
            "newest 20, asked before": [get("/api/v1/task")],
            "20 by status, phone, script and source, asked before": [
                get("/api/v1/task?status=3&serial=PHONE004&script_name=post&source=api")
            ],
            "20 of each phone in turn, asked before": phones,
            "1 of each phone in turn, asked before": [
                request.replace(b" HTTP", b"&page_size=1 HTTP", 1) for request in phones
            ],
        }
        flips = [post(f"/api/v1/task/{count}/{what}", {}) for what in ("hold", "release")]
        changed = "20 of each phone in turn, after a change"
        times: dict[str, list[float]] = {name: [] for name in (*calls, changed)}

        def ask(name: str, request: bytes) -> None:
            began = time.perf_counter()
            answer = caller.call(request)
            times[name].append((time.perf_counter() - began) * 1000)
            assert answer == b"ok\n" or answer.startswith(b'{"code":0,'), answer[:300]

        for requests in calls.values():
            for request in requests:
                caller.call(request)
        asked, ends, number = float("-inf"), time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            number += 1
            for name, requests in calls.items():
                if name == _HEALTH:
                    if time.monotonic() - asked < _HEALTH_GAP_S:
                        continue
                    asked = time.monotonic()
                ask(name, requests[number % len(requests)])
            if number % 50 == 0:
                caller.call(flips[number // 50 % 2])
                ask(changed, phones[number // 50 % 100])
                for name, requests in calls.items():
                    for request in requests if name != _HEALTH else ():
                        caller.call(request)
        ours.send("stop")
        process.join(30)
    return times


def show_http(times: dict[str, list[float]], figures: Figures) -> None:
    """Medians, and how they compare with both bare calls."""
    health, check = (statistics.median(times[name]) for name in (_HEALTH, _CHECK))
    for name, found in times.items():
        median = statistics.median(found)
        print(
            f"{name:52} {median:7.3f} ms   {median / health:5.2f}x of /healthz   {median / check:5.2f}x of the license check"
        )
        figures.add(f"over HTTP: {name}", median, "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=6.0, help="for the calls over HTTP")
    options = parser.parse_args()
    figures = Figures("lists", options)
    tasks = make(options.tasks)
    finder = TaskFinder(tasks, threading.Lock())
    finder.lists.update([(number, None, task) for number, task in tasks.items()])
    base = sqlite(tasks)
    flip = tasks[1]

    def asked(**question: Any) -> Callable[[int], object]:
        def ask(number: int) -> object:
            nonlocal flip
            now = msgspec.structs.replace(flip, held=not flip.held)  # a change: no answer is kept
            tasks[1] = now
            finder.lists.update([(1, flip, now)])
            flip = now
            return finder.page(**{k: v(number) if callable(v) else v for k, v in question.items()})

        return ask

    def told(where: str, order: str, *values: Callable[[int], object]) -> Callable[[int], object]:
        def ask(number: int) -> object:
            given = [value(number) for value in values]
            base.execute(f"select count(*) from t where {where}", given).fetchone()  # noqa: S608 - our own texts
            rows = f"select id from t where {where} order by {order} limit 20"  # noqa: S608 - our own texts
            return base.execute(rows, given).fetchall()

        return ask

    def phone(number: int) -> str:
        return f"PHONE{number % 100:03}"

    def account(number: int) -> str:
        return f"account_{number % 250}"

    rows: list[tuple[str, Callable[[int], object], Callable[[int], object] | None]] = [
        ("newest of all", asked(), told("1", "id desc")),
        ("newest failed", asked(status=Status.FAILED), told("status = 3", "id desc")),
        ("each phone in turn, newest", asked(serial=phone), told("serial = ?", "id desc", phone)),
        ("each phone in turn, ended last", asked(serial=phone, sort="-finished_at"), told("serial = ?", "ended desc", phone)),
        ("each account, app and outcome, by planned time",
         asked(username=account, platform="tiktok", outcome=Outcome.NONE, sort="scheduled_at"),
         told("username = ? and platform = 'tiktok' and status <> 2", "at", account)),
        ("a week of one phone, by planned time",
         asked(serial=phone, sort="scheduled_at", planned_from=_NOW + 6e5, planned_to=_NOW + 12e5),
         told("serial = ? and at between 1800600000 and 1801200000", "at", phone)),
        ("page 4,000 by planned time", asked(sort="scheduled_at", page=4000), None),
        ("a text that was asked for before", asked(q="BENCH 99"), told("caption like '%BENCH 99%'", "id desc")),
    ]  # fmt: skip
    walk = median_ms(lambda n: [t.id for t in tasks.values() if t.serial == phone(n)], 5)
    first = median_ms(lambda n: finder.page(q=f"bench {n + 1000}"), 5)
    print(f"{'a walk over all, one comparison each':50} {walk:8.2f} ms")
    print(f"{'a text for the first time, in steps':50} {first:8.2f} ms")
    for name, ours, theirs in rows:
        mine = median_ms(ours, 30)
        peer = "" if theirs is None else f"   SQLite {median_ms(theirs, 10):8.2f} ms"
        print(f"{name:50} {mine:8.2f} ms{peer}", flush=True)
        figures.add(name, mine, "ms")
    show_http(over_http(options.tasks, options.seconds), figures)
    figures.close()


if __name__ == "__main__":
    main()
