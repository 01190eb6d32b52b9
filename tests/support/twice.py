"""Runs the tests; what fails beside others runs once more by itself and is named on the last line.

`python -m tests.support.twice [pytest's arguments]`, or with STRICT=1 in the environment: then there is no second run,
and what failed fails. A test that fails only beside others is a fault of the test or a race in the product: the second
run tells which tests those are, it does not excuse them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FAILED_TESTS = 1  #: pytest's exit status when tests ran and some failed
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def pytest_run(arguments: list[str]) -> int:
    """One run of pytest in a process of its own; its exit status."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def failed_tests(cache: Path = LAST_FAILED) -> list[str]:
    """The ids of the tests that failed in the last run, as pytest's cache has them."""
    return sorted(json.loads(cache.read_text("utf-8"))) if cache.exists() else []


def run_twice(
    arguments: list[str],
    run: Callable[[list[str]], int] = pytest_run,
    failed: Callable[[], list[str]] = failed_tests,
    *,
    strict: bool = False,
) -> int:
    """Run everything, then what failed alone. Returns the exit status for the caller."""
    status = run(arguments)
    if status != FAILED_TESTS:
        return status
    first = failed()
    if strict:
        print("failed, and STRICT=1 allows no second run: " + " ".join(first))
        return status
    print("once more, alone: what failed", flush=True)
    status = run(["-n", "0", "--last-failed", "--last-failed-no-failures", "none", *arguments])
    again = failed() if status == FAILED_TESTS else []
    if only_beside_others := [test for test in first if test not in again]:
        print("failed only beside others, which is a fault to be found: " + " ".join(only_beside_others))
    return status


if __name__ == "__main__":
    sys.exit(run_twice(sys.argv[1:], strict=os.environ.get("STRICT", "") not in {"", "0"}))
