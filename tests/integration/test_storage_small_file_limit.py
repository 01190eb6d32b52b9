"""A real refusal by the kernel: files may not grow beyond a limit (as on a full disk, but without root)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from storage.store import Store

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import resource, signal, sys
from pathlib import Path
from storage.engine import disk
from storage.errors import StoreFull
from storage.records import NewTask, Stage, Outcome
from storage.store import Store

disk.ROOM_BYTES = 4096
store = Store.open(Path(sys.argv[1]), reserve_bytes=8192)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
refused = 0
for number in range(200):
    task = NewTask(serial="A", platform="tiktok", package="p", script_config={"n": number}, scheduled_at=1.0, created_at=1.0)
    try:
        created = store.tasks.create([task])[0]
    except StoreFull:
        refused += 1
        store.maintain(float(number))
    else:
        print("created", created.id, flush=True)
assert refused, "the limit was never reached"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("created", store.tasks.create([task])[0].id, "once there is room again", flush=True)
print("refused", refused)
"""


def test_TDB_3_at_a_real_limit_tasks_are_refused_and_all_acknowledged_ones_survive(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "state")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    created = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("created")]
    assert len(created) > 20
    with Store.open(tmp_path / "state", reserve_bytes=0) as store:
        assert sorted(store.storage.tables["tasks"]) == created
