"""Measures the store against a raw append, TinyDB's default storage and sqlite, side by side in one run.

    python -m benchmarks.storage [--sizes 1000,10000,100000] [--folder DIR] [--update docs/storage.md]

Ratios are of medians that were taken in turns of a few operations each, so that a busy machine hits all alike.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tinydb import TinyDB, where

from benchmarks.record import Figures
from benchmarks.storage_peers import RawFile, Sqlite, new_task
from benchmarks.timing import ROUNDS, WRITERS, in_turns, ratio, show, timed, together_in_turns, unit
from storage.records import Status, Task
from storage.store import Store

#: The first figure of a row, and how its times are kept.
_FIGURE = re.compile(r"([0-9.e+]+)(?: (µs|ms|s|MB|bytes))?")
_KEPT = {"µs": ("ms", 0.001), "s": ("ms", 1000.0)}
_MARKS = ("<!-- benchmark: begin -->", "<!-- benchmark: end -->")


def measure(folder: Path, size: int) -> dict[str, str]:
    """All numbers for one size, by row."""
    rows: dict[str, str] = {}
    store = Store.open(folder / "ours")
    for start in range(0, size, 500):
        store.tasks.create([new_task(number) for number in range(start, min(size, start + 500))])
    store.storage.snapshot()
    tasks = store.tasks.many(range(1, size + 1))
    line = (
        b'00000000 {"seq":100000,"batch":100000,"put":{"tasks":{"100000":'
        + msgspec.json.encode(tasks[0])
        + b"}}}\n"
    )
    store.close()
    rows["bytes per record"] = str(len(line))
    raw = RawFile(folder / "raw", line)
    sqlite = Sqlite(folder / "sqlite", tasks)
    plain = TinyDB(folder / "plain.json")
    plain.insert_multiple(msgspec.to_builtins(task) for task in tasks)
    picks = [1 + (number * 7919) % size for number in range(ROUNDS * 2)]
    changed = [msgspec.structs.replace(task, remark="changed") for task in store.tasks.many(picks[:ROUNDS])]

    rows.update(start_up(folder, size))
    run = Run(Store.open(folder / "ours"), raw, sqlite, plain, picks, changed)
    rows.update(writes(run))
    rows.update(reads(run))
    rows.update(crowd(run))
    rows.update(beside_snapshot(run.store))
    run.store.close()
    sqlite.close()
    plain.close()
    return rows


class Run(NamedTuple):
    """What one size is measured on."""

    store: Store
    raw: RawFile
    sqlite: Sqlite
    plain: TinyDB
    picks: list[int]  #: ids, well mixed
    changed: list[Task]


def writes(run: Run) -> dict[str, str]:
    """Durable changes from one thread."""
    rows: dict[str, str] = {}
    store, raw, sqlite, plain, picks, changed = run
    create = in_turns(
        {
            "raw": raw.append,
            "ours": lambda number: store.tasks.create([new_task(number)]),
            "sqlite": sqlite.create,
        }
    )
    update = in_turns(
        {
            "raw": raw.append,
            "ours": partial(remark, store, picks),
            "sqlite": lambda number: sqlite.update(changed[number]),
        }
    )
    few = [timed(partial(plain.insert, msgspec.to_builtins(new_task(number)))) for number in range(3)]
    rows["raw append + fdatasync"] = show(create["raw"])
    rows["create: ours"] = show(create["ours"])
    rows["create: ours / raw"] = ratio(create["ours"], create["raw"])
    rows["create: sqlite / raw"] = ratio(create["sqlite"], create["raw"])
    rows["create: TinyDB / raw"] = ratio(few, create["raw"])
    few = [timed(partial(plain.update, {"remark": "x"}, doc_ids=[pick])) for pick in picks[:3]]
    rows["update: ours"] = show(update["ours"])
    rows["update: ours / raw"] = ratio(update["ours"], update["raw"])
    rows["update: sqlite / raw"] = ratio(update["sqlite"], update["raw"])
    rows["update: TinyDB / raw"] = ratio(few, update["raw"])
    return rows


def remark(store: Store, picks: list[int], number: int) -> None:
    """The update that is measured."""
    store.tasks.change(picks[number], remark=f"changed {number}")


def reads(run: Run) -> dict[str, str]:
    """What the API asks."""
    store, _, sqlite, plain, picks, _ = run
    taken = in_turns(
        {
            "get: ours": lambda number: store.tasks.get(picks[number]),
            "get: sqlite": lambda number: sqlite.get(picks[number]),
            "page of 20 by status: ours": lambda _: store.tasks.page(status=Status.COMPLETED),
            "page of 20 by status and phone: ours": lambda _: store.tasks.page(
                status=Status.COMPLETED, serial="R58M0007"
            ),
            "page of 20 by status: sqlite": lambda _: sqlite.page(),
            "counts: ours": lambda _: store.tasks.counts(),
            "counts: sqlite": lambda _: sqlite.counts(),
        },
        rounds=200,
    )
    rows = {name: show(values) for name, values in taken.items()}
    rows["get: TinyDB"] = unit(timed(lambda: plain.get(doc_id=picks[0])))
    rows["page by status: TinyDB"] = unit(timed(lambda: plain.search(where("stage") == "published")[-20:]))
    return rows


def crowd(run: Run) -> dict[str, str]:
    """Durable changes from many threads at once."""
    store, picks = run.store, run.picks
    taken = together_in_turns(
        {
            "raw": run.raw.append,
            "create": lambda number: store.tasks.create([new_task(number)]),
            "update": partial(remark, store, picks),
        }
    )
    return {
        f"{what}, {WRITERS} writers: ours / raw under a lock": f"{taken[what] / taken['raw']:.2f}"
        for what in ("create", "update")
    }


def beside_snapshot(store: Store) -> dict[str, str]:
    """Creates while snapshots are written, and the longest time that writers were held up by the switch."""
    done = threading.Event()
    lasted: list[float] = []

    def work() -> None:
        lasted.extend(timed(store.storage.snapshot) for _ in range(3))
        done.set()

    thread = threading.Thread(target=work)
    taken: list[float] = []
    thread.start()
    number = 0
    while not done.is_set():
        number += 1
        begin = time.perf_counter()
        store.tasks.create([new_task(number)])
        taken.append(time.perf_counter() - begin)
    thread.join()
    return {"snapshot": unit(statistics.median(lasted)), "create during snapshots: ours": show(taken)}


def start_up(folder: Path, size: int) -> dict[str, str]:
    """What opening costs: medians of fresh processes."""
    found = []
    for _ in range(5 if size < 100_000 else 3):
        command = [sys.executable, "-m", "benchmarks.storage", "--open", str(folder / "ours")]
        done = subprocess.run(command, capture_output=True, check=True, timeout=300)
        found.append(json.loads(done.stdout))
    load, loads, memory, collection = (statistics.median(values) for values in zip(*found, strict=True))
    snapshot_bytes = max((folder / "ours" / "store").glob("snapshot-*.json")).stat().st_size
    return {
        "load: ours": unit(load),
        "load: ours / json.loads of the same bytes": f"{load / loads:.2f}",
        "memory per task: ours": f"{memory / size:.0f} bytes",
        "full garbage collection: ours": unit(collection),
        "file: ours (snapshot)": f"{snapshot_bytes / 1e6:.2f} MB",
        "file: TinyDB": f"{(folder / 'plain.json').stat().st_size / 1e6:.2f} MB",
        "file: sqlite": f"{(folder / 'sqlite').stat().st_size / 1e6:.2f} MB",
    }


def open_once(folder: Path) -> list[float]:
    """In a fresh process: the numbers of `start_up`."""
    before = resident_bytes()
    began = time.perf_counter()
    store = Store.open(folder)
    load = time.perf_counter() - began
    memory = resident_bytes() - before
    collection = timed(gc.collect)
    store.close()
    text = max((folder / "store").glob("snapshot-*.json")).read_bytes()
    gc.disable()  # as the store does while it loads
    return [load, timed(lambda: json.loads(text)), memory, collection]


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def table(results: dict[int, dict[str, str]]) -> str:
    """The results as a Markdown table."""
    sizes = list(results)
    lines = [
        "| | " + " | ".join(f"{size:,} tasks" for size in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    lines += [
        f"| {row} | " + " | ".join(results[size][row] for size in sizes) + " |"
        for row in sorted(results[sizes[0]])
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and put it into a document if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--folder", help="where to write; use the disk that matters, not a tmpfs")
    parser.add_argument("--update", type=Path, help="document whose table is replaced")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    chosen: Any = parser.parse_args(arguments)
    if chosen.open:
        print(json.dumps(open_once(chosen.open)))
        return
    results = {}
    for size in map(int, chosen.sizes.split(",")):
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            results[size] = measure(Path(folder), size)
        print(f"{size} done", file=sys.stderr)
    text = table(results)
    print(text)
    figures = Figures("storage", chosen)
    for size, rows in results.items():
        for name, value in rows.items():
            if "ours" in name and (found := _FIGURE.match(value)):
                kept_unit, factor = _KEPT.get(found[2], (found[2] or "", 1.0))
                figures.add(f"{name}, {size} tasks", float(found[1]) * factor, kept_unit)
    figures.close()
    if chosen.update:
        document = chosen.update.read_text(encoding="utf-8")
        head, _, rest = document.partition(_MARKS[0])
        _, _, tail = rest.partition(_MARKS[1])
        facts = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
        chosen.update.write_text(f"{head}{_MARKS[0]}\n{facts}\n\n{text}\n{_MARKS[1]}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
