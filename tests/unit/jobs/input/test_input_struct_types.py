"""Structs are known to msgspec before threads decode them: the first use by two threads at once ends the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from jobs.input.struct_types import prepare_struct_types

ROOT = Path(__file__).parents[4]
#: Without the preparation about one such process in ten ends with a segmentation fault.
FIRST_USE = """
import sys, threading
import msgspec
from jobs.input.struct_types import prepare_struct_types
from jobs.post.rehearsal.report import Report
prepare_struct_types()
sys.setswitchinterval(1e-6)
ready = threading.Barrier(8)
report = Report(id=1, serial="a", platform="t", way="s", kind="v", state="ready", began_at=1.0)
data = msgspec.json.encode(report)
def read():
    ready.wait()
    for _ in range(50):
        msgspec.json.decode(data, type=Report)
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_many_threads_may_be_the_first_to_read_a_report() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", FIRST_USE], cwd=ROOT, timeout=60, check=False)
        assert done.returncode == 0


class Base(msgspec.Struct):
    """A struct that another one extends."""


class Extended(Base):
    """The other one."""

    inner: Base


def test_structs_that_extend_others_are_prepared_too() -> None:
    def below(kind: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    assert Extended in below(msgspec.Struct)
    assert prepare_struct_types() == len(below(msgspec.Struct)) - 1
