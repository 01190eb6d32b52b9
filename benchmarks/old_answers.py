"""What looking for old answers to repeated requests costs each minute, with 100,000 of them kept.

python -m benchmarks.old_answers [--keys 100000] [--rounds 20]
Goal: 5 ms a minute. In each round as many are too old as came in one of the day's minutes. The peer in the same run is
SQLite with an index on the age, in WAL mode with full sync.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.record import Figures
from benchmarks.timing import unit
from storage.records import IdempotencyEntry
from storage.store import Store
from storage.tables.idempotency import LIFETIME_S

_ANSWER = {"code": 0, "message": "success", "data": {"task_ids": [1], "count": 1}}


def filled_store(folder: Path, keys: int) -> Store:
    """A store with one answer for each part of a day."""
    store = Store.open(folder)
    for begin in range(0, keys, 1000):

        def action(change: object, begin: int = begin) -> None:
            for number in range(begin, min(keys, begin + 1000)):
                age = number * LIFETIME_S / keys
                store.idempotency.put(change, IdempotencyEntry(f"key-{number}", "0" * 64, age, _ANSWER))  # type: ignore[arg-type]

        store.storage.commit(action)
    return store


def filled_sqlite(path: Path, keys: int) -> sqlite3.Connection:
    """The same in SQLite."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE answers(key TEXT PRIMARY KEY, at REAL, answer TEXT); CREATE INDEX ages ON answers(at);"
    )
    db.execute("BEGIN")
    rows = ((f"key-{n}", n * LIFETIME_S / keys, str(_ANSWER)) for n in range(keys))
    db.executemany("INSERT INTO answers VALUES(?, ?, ?)", rows)
    db.execute("COMMIT")
    return db


def taken(action: Callable[[float], object], rounds: int) -> list[float]:
    """Seconds of each call, with the time at which it happens a minute after the one before."""
    seconds = []
    for number in range(1, rounds + 1):
        began = time.perf_counter()
        action(LIFETIME_S + 60.0 * number)
        seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    figures = Figures("old_answers", options)
    with tempfile.TemporaryDirectory() as name:
        store = filled_store(Path(name) / "store", options.keys)
        ours = taken(store.idempotency.expire, options.rounds)
        store.close()
        db = filled_sqlite(Path(name) / "peer.sqlite", options.keys)
        peer = taken(
            lambda now: db.execute("DELETE FROM answers WHERE at <= ?", (now - LIFETIME_S,)), options.rounds
        )
        db.close()
    print(
        f"{options.keys} answers kept, old ones dropped each minute: {unit(min(ours))} at least, "
        f"{unit(statistics.median(ours))} median, goal 5 ms; SQLite {unit(min(peer))}, {unit(statistics.median(peer))}"
    )
    figures.add(f"old answers of {options.keys}, each minute", min(ours) * 1000, "ms")
    figures.close()


if __name__ == "__main__":
    main()
