"""A process that changes a store with several threads and says what was acknowledged, until it is killed.

Usage: storage_child.py STATE_DIR SEED THREADS ROUNDS. One line per acknowledged change: "task-id remark-number".
"""

from __future__ import annotations

import os
import random
import sys
import threading
from pathlib import Path

from storage.engine import disk
from storage.engine.files import Files
from storage.engine.hooks import hook_from
from storage.records import MediaFile, NewTask, Outcome, Stage
from storage.store import Store


def new_task(number: int) -> NewTask:
    media = MediaFile(
        path="/m/a.mp4", name="a.mp4", sha256=f"{number:064x}", size_bytes=1, kind="video", root="/m"
    )
    return NewTask(
        serial="PHONE",
        platform="tiktok",
        package="p",
        script_config={"number": number},
        scheduled_at=float(number),
        created_at=float(number),
        materials=(media,),
    )


def work(store: Store, seed: int, rounds: int, out: int) -> None:
    dice = random.Random(seed)
    mine: list[int] = []

    def say(text: str) -> None:
        os.write(out, text.encode())  # one short write to a pipe is atomic, and survives the kill

    for number in range(rounds):
        kind = dice.random()
        if kind < 0.3 or not mine:
            task = store.tasks.create([new_task(seed * 100_000 + number)])[0]
            mine.append(task.id)
            say(f"put {task.id} \n")
        elif kind < 0.9:
            task_id = dice.choice(mine)
            remark = f"{seed}-{number}"
            say(f"try {task_id} {remark}\n")
            store.tasks.change(task_id, remark=remark)
            say(f"put {task_id} {remark}\n")
        elif kind < 0.95:
            task_id = mine.pop(dice.randrange(len(mine)))
            say(f"end {task_id} \n")
            store.tasks.change(task_id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=1000.0)
            say(f"ended {task_id} \n")
        else:
            task_id = mine.pop(dice.randrange(len(mine)))
            say(f"drop {task_id} \n")
            store.tasks.remove([task_id])
            say(f"dropped {task_id} \n")


def main() -> None:
    state_dir, seed, threads, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    disk.ROOM_BYTES = 16 * 1024
    disk.MIN_JOURNAL_BYTES = 30 * 1024
    store = Store.open(state_dir, files=Files(hook_from(os.environ)), reserve_bytes=65536)
    workers = [
        threading.Thread(target=work, args=(store, seed * 100 + number, rounds, 1))
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    upkeep = 0
    while any(worker.is_alive() for worker in workers):
        upkeep += 1
        # Every fourth time so late that tasks which ended are archived.
        store.maintain(2000.0 if upkeep % 4 else 40 * 86400.0 + upkeep * 4000.0)
        workers[upkeep % threads].join(0.002)
    store.close()
    os.write(1, b"done 0 \n")


if __name__ == "__main__":
    main()
