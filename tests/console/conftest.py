"""One browser for each module, one hub for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import COMMAND, Browser
from tests.support.console import Hub


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if COMMAND is None:
        pytest.skip("chromium, in which the console is tried, is not installed")
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.prefer()
        yield opened


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(tmp_path / "hub") as built:
        yield built
