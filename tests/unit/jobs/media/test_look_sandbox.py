"""What the looking process cannot do, whatever a file makes of it."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = """
import os, resource, socket, subprocess, sys
from jobs.media.look.sandbox import MEMORY_BYTES, lock_down
filtered = lock_down(starts_programs=len(sys.argv) > 2)

def refused(action):
    try:
        action()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "allowed"

def fork():
    child = os.fork()
    if not child:
        os._exit(0)

print({
    "filtered": filtered,
    "memory": refused(lambda: bytearray(MEMORY_BYTES)),
    "file": refused(lambda: os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b"x")),
    "network": refused(lambda: socket.socket(socket.AF_INET)),
    "local": refused(lambda: socket.socket(socket.AF_UNIX)),
    "pair": refused(socket.socketpair),
    "program": refused(lambda: subprocess.run(["/bin/true"])),
    "fork": refused(fork),
    "signal": refused(lambda: os.kill(os.getppid(), 0)),
}, flush=True)
"""


filters_calls = pytest.mark.skipif(
    platform.machine() not in {"x86_64", "aarch64"}, reason="calls are filtered on x86_64 and aarch64"
)


def tried(*arguments: str) -> dict[str, object]:
    """What became of each action of the program above."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    assert done.stdout, done.stderr
    found: dict[str, object] = eval(done.stdout, {})  # noqa: S307 - what was printed just above
    return found


@filters_calls
def test_the_looking_process_has_no_network_no_programs_little_memory_and_writes_no_file(
    tmp_path: Path,
) -> None:
    found = tried(str(tmp_path / "file"))
    assert found.pop("filtered") is True
    assert found.pop("memory") == "MemoryError"
    assert found.pop("file") == "OSError"
    assert set(found.values()) == {"PermissionError"}, found


@filters_calls
def test_what_makes_pictures_of_videos_starts_a_program_and_has_the_same_limits_otherwise(
    tmp_path: Path,
) -> None:
    found = tried(str(tmp_path / "file"), "starts programs")
    assert (found["memory"], found["file"]) == ("MemoryError", "OSError")
    assert [found[name] for name in ("program", "fork")] == ["allowed", "allowed"]
    assert {found[name] for name in ("network", "local", "pair", "signal")} == {"PermissionError"}
