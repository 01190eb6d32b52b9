"""One browser for each worker, a page without a past for each module; a hub for each test, and one that is only looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import COMMAND, Browser
from tests.support.console import Hub, archive_months, showcase
from tests.support.rehearsed import met_a_promotion


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if COMMAND is None:
        pytest.skip("chromium, in which the console is tried, is not installed")
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    chromium.renew()
    chromium.prefer()
    return chromium


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(tmp_path / "hub") as built:
        yield built


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, dict[str, int | str]]]:
    """A hub in the middle of its day, with the ids of its tasks and of a screen to teach, for tests that change nothing."""
    with Hub(tmp_path_factory.mktemp("shown")) as built:
        report = met_a_promotion().kept(built.services.rehearsals.reports, "PHONE1")
        ids: dict[str, int | str] = {
            **showcase(built),
            "lesson": f"rehearsal-{report.id}-{report.screens[-1].tree.removesuffix('.xml')}",
        }
        archive_months(built, "2026-11", "2026-10")
        label = "A very long name that somebody gave this phone, on the third shelf from the left, behind the router"
        built.client.good("PATCH", "/api/v1/devices/PHONE2", {"label": label})
        built.post("a_rather_long_name_of_an_account", caption="W" * 300, serial="PHONE1")
        yield built, ids
