"""The HTTP side without a network, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http_side import Client, HttpSide


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


@pytest.fixture
def api(side: HttpSide) -> Client:
    return side.client
