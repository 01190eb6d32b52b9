"""What all tests share: time for generated inputs, and a decoy in the place of an adb that the box may have."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


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
