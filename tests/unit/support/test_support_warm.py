"""A program that is forked from a warm process is one of its own: words, environment, folder, descriptors, end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.warm import warm

SAYS = """
import json, os, sys
print(json.dumps({
    "name": __name__, "words": sys.argv[1:], "folder": os.getcwd(), "variables": dict(os.environ), "session": os.getsid(0),
    "open": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
}))
"""


@pytest.fixture
def says(tmp_path: Path) -> list[str]:
    program = tmp_path / "says.py"
    program.write_text(SAYS)
    return [sys.executable, str(program)]


def test_it_has_its_own_words_folder_environment_and_descriptors(says: list[str], tmp_path: Path) -> None:
    done = warm().run([*says, "one", "--two"], cwd=tmp_path, env={"ONLY": "this"})
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert (facts["name"], facts["words"]) == ("__main__", ["one", "--two"])
    assert (facts["folder"], facts["variables"]) == (str(tmp_path), {"ONLY": "this"})
    assert facts["open"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('the reason')", 1, "the reason\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import atexit, sys; atexit.register(sys.stderr.write, 'at its end')", 0, "at its end"),
    ],
)
def test_it_ends_as_a_program_does(tmp_path: Path, source: str, status: int, said: str) -> None:
    program = tmp_path / "ends.py"
    program.write_text(source)
    done = warm().run([sys.executable, str(program)])
    assert done.returncode == status
    assert done.stderr.endswith(said)


def test_it_can_be_waited_for_signalled_and_given_up(tmp_path: Path) -> None:
    program = tmp_path / "waits.py"
    program.write_text("import sys, threading\nprint('here', flush=True)\nthreading.Event().wait()\n")
    process = warm().popen([sys.executable, str(program)], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"here\n"
    assert os.getsid(process.pid) == process.pid
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.05)
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
    process.kill()  # it is over: nobody else gets the signal
    assert process.poll() == -signal.SIGTERM


def test_a_module_is_started_by_its_name() -> None:
    done = warm().run([sys.executable, "-m", "simulator", "--help"], env=dict(os.environ))
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m simulator")
