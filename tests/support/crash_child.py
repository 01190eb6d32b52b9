"""A jobs core as a process of its own, to be killed: `python -m tests.support.crash_child STATE_DIR PHONES_FILE`.

The phones' record is a file that outlives every kill: one line per publishing tap, the judge of doubles. Exits
with 0 when all tasks have ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jobs.task.attempt import Attempt, Verdict
from storage.engine.files import Files
from storage.engine.hooks import hook_from
from storage.records import Outcome
from tests.support.bench import Bench
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript

SERIALS = ("A", "B")
TASKS_PER_PHONE = 2


def main(state_dir: Path, record: Path) -> None:
    hook = hook_from(os.environ)

    def run(attempt: Attempt, phone: Any) -> Verdict:
        with attempt.step("prepare"):
            attempt.check()
        attempt.enter_committing()
        hook("tap.before")
        fd = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, f"{attempt.task.id}\n".encode())
        os.close(fd)
        hook("tap.after")
        attempt.enter_verifying()
        return PUBLISHED

    def settle(attempt: Attempt, phone: Any) -> Verdict:
        hook("settle.before")
        posts = record.read_text().split() if record.exists() else []
        if str(attempt.task.id) in posts:
            return PUBLISHED
        return Verdict(Outcome.NOT_PUBLISHED, "the form is still open", passing=True)

    phones = FakePhones(*SERIALS)
    bench = Bench(state_dir, phones, FakeScript(run, settle), files=Files(hook), hook=hook, pause_s=0.01)
    tasks = bench.store.tasks.page(page_size=100)[0]
    if len(tasks) < len(SERIALS) * TASKS_PER_PHONE:
        wanted = [serial for serial in SERIALS for _ in range(TASKS_PER_PHONE)]
        tasks += [bench.now(serial) for serial in wanted[len(tasks) :]]
    bench.start()
    for task in tasks:
        bench.wait(task.id)
    bench.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
