"""What all tests share: their distribution, bytecode, time for generated inputs, and a decoy for an adb of the box."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.bytecode import keep_bytecode

keep_bytecode()
# A worker is given the width of a terminal; what the commands print to a program has none.
os.environ.pop("COLUMNS", None)
# Generated inputs are the same in every run, so that a run can be repeated; `make long` draws this many new ones for each test.
_drawn = int(os.environ.get("TIKMATRIXD_EXAMPLES", "0"))
settings.register_profile(
    "tests",
    max_examples=_drawn or 100,
    derandomize=not _drawn,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How xdist's workers share the tests."""
    from tests.support.scheduling import MixedScheduling

    return MixedScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def decoy_adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An `adb` first in the PATH of every test and of what it starts, as on a box with Debian's; nothing may run it."""
    folder = tmp_path_factory.mktemp("decoy")
    calls = folder / "calls"
    decoy = folder / "adb"
    decoy.write_text(f'#!/bin/sh\necho "$PPID: $*" >> {calls}\nexit 1\n')
    decoy.chmod(0o755)
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{folder}:{before}"
    yield decoy
    os.environ["PATH"] = before
    assert not calls.exists(), f"the adb of the PATH was run instead of the locked one: {calls.read_text()}"
