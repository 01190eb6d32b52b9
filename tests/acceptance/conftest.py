"""A hub for the acceptance tests: simulated phones of their own process, and daemons on their config."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.child import SimulatorChild
from tests.support.daemon import Daemon
from tests.support.simulated import Simulated, sample_video
from tests.support.warm import warm


class Hub:
    """Phones that outlive the daemons started on them."""

    def __init__(self, folder: Path, phones: int, *extra: str) -> None:
        self.folder = folder
        self.phones = Simulated(SimulatorChild(phones, folder, extra=extra, start=warm().popen))
        self.config = self.phones.child.config_path
        self.video = folder / "media" / sample_video().name
        self._daemons: list[Daemon] = []

    def configure(self, section: str, line: str) -> None:
        """One more line in the config of the daemons that start from now on."""
        text = self.config.read_text("utf-8")
        head = f"[{section}]\n"
        if head not in text:
            text = text.replace("[media]\n", f"{head}\n[media]\n", 1)
        self.config.write_text(text.replace(head, head + line + "\n", 1), "utf-8")

    def start(self, **options: object) -> Daemon:
        """A daemon that can use all phones; stopped at the end of the test."""
        daemon = Daemon(self.config, **options)  # type: ignore[arg-type]
        self._daemons.append(daemon)
        return daemon

    def account(self, platform: str, number: int = 0) -> str:
        return [a for a in self.phones.accounts if a["platform"] == platform][number]["username"]

    def posts(self) -> list[dict[str, object]]:
        return [post for serial in self.phones.serials for post in self.phones.lines(serial, "posts")]

    def stop(self) -> None:
        for daemon in self._daemons:
            daemon.stop()
        self.phones.child.stop()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """`hub(phones, *simulator_options)`."""
    made: list[Hub] = []

    def make(phones: int = 1, *extra: str) -> Hub:
        made.append(Hub(tmp_path / f"hub{len(made)}", phones, *extra))
        return made[-1]

    yield make
    for one in made:
        one.stop()
