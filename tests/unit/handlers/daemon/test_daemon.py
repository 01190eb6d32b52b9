"""The daemon as a whole, made of its real parts and not started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from handlers.daemon.daemon import Daemon
from jobs.hub.config_file import LoadedConfig
from jobs.hub.settings import Media, Server, Settings, Storage
from tests.support.clock import FakeClock


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    settings = Settings(
        server=Server(listen="127.0.0.1:0"),
        storage=Storage(state_dir=str(tmp_path / "state")),
        media=Media(roots=(str(tmp_path),)),
    )
    made = Daemon(LoadedConfig(settings, None, ()), FakeClock(), "0")
    yield made
    made.store.close()


def test_the_library_and_the_door_share_one_probe(daemon: Daemon) -> None:
    assert daemon.library.probe is daemon.intake.probe


def test_a_dead_http_side_is_healed_and_does_not_starve_the_watchdog(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    healed: list[bool] = []
    monkeypatch.setattr(daemon, "http", SimpleNamespace(heal=lambda: healed.append(True)))
    assert daemon.alive()
    assert healed == [True]
