"""What the daemon asks of the C library, so that memory which is used for a moment is not kept."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.unit.test_import_rules import ROOT

#: Blocks such as screens, with something small between them that stays; then what the process has grown by, in MB.
SCRIPT = """
import sys
import tikmatrixd

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

if sys.argv[1] == "told":
    tikmatrixd._give_memory_back()
before, kept = resident(), []
for _ in range(3):
    large = []
    for _ in range(600):
        large.append(bytes(100_000))
        kept.append(bytes(1_000))
    del large
print(resident() - before)
"""


def grown_mb(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such settings")
def test_what_large_blocks_took_is_given_back_though_small_ones_lie_between_them() -> None:
    assert grown_mb("told") < 15.0 < grown_mb("not told")
