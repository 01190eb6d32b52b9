"""An intake on a real store with real media files, for tests."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from jobs.hub.settings import Compat, Media, Posting, Settings
from jobs.input.refusals import Refused
from jobs.intake.intake import Intake
from jobs.intake.planned import Created
from storage.records import Account, Outcome, Stage
from storage.store import Store
from tests.support.clock import FakeClock

MEDIA = Path(__file__).resolve().parents[1] / "media"
#: 2026-11-23 12:00:30 UTC.
NOON = 1_795_435_230.0


class Door:
    """Media root `root`, phones A and B known, no accounts; every key of `posting` and `media` may be set."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: FakeClock | None = None,
        seed: int = 1,
        media: Mapping[str, Any] | None = None,
        past: str = "tomorrow",
        **posting: Any,
    ) -> None:
        self.folder = folder
        self.root = folder / "media"
        self.root.mkdir(exist_ok=True)
        self.clock = clock or FakeClock(now=NOON)
        self.settings = Settings(
            media=Media(roots=(str(self.root),), **(media or {})),
            posting=Posting(**{"timezone": "UTC", **posting}),
            compat=Compat(past_start_time=past),  # type: ignore[arg-type]
        )
        self.store = Store.open(folder / "state", reserve_bytes=0, monotonic=self.clock.monotonic)
        self.trusts_clock = True
        self.serials = {"A", "B"}
        self.woken = 0
        self.intake = Intake(
            self.settings,
            self.clock,
            self.store,
            lambda: self.serials,
            self._wake,
            choice=random.Random(seed),
            trusted=lambda: self.trusts_clock,
        )

    def _wake(self) -> None:
        self.woken += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def file(self, name: str, like: str | None = None, *, unique: bool = True) -> Path:
        """A real media file below the root; with content of its own, unless told otherwise."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(
            MEDIA
            / (like or {".mp4": "clip.mp4", ".mov": "clip.mov"}.get(path.suffix, f"photo{path.suffix}")),
            path,
        )
        if unique:
            with path.open("ab") as file:
                file.write(free_box(name) if path.suffix == ".mp4" else b"\0" + name.encode())
        return path

    def account(self, username: str, serial: str = "A", platform: str = "tiktok", **facts: Any) -> Account:
        return self.store.accounts.add(username=username, serial=serial, platform=platform, **facts)

    def body(self, config: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A request for phone A; fields given as None are left out."""
        body = {"serials": ["A"], "script_name": "post", "script_config": dict(config or {}), **fields}
        return {key: value for key, value in body.items() if value is not None}

    def create(self, config: Mapping[str, Any] | None = None, **fields: Any) -> Created:
        return self.intake.create(self.body(config, **fields))

    def errors(self, config: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, str]:
        """The problems of a request that is refused, by field; nothing was created."""
        before = len(self.store.tasks)
        problems = refused(lambda: self.create(config, **fields))
        assert len(self.store.tasks) == before
        return problems

    def end(self, task_id: int, outcome: Outcome) -> None:
        """Let a task end as if its script had run."""
        stage = Stage.PUBLISHED if outcome is Outcome.PUBLISHED else Stage.FAILED
        self.store.tasks.change(task_id, stage=stage, outcome=outcome)


def refused(call: Any, kind: type[Refused] = Refused) -> dict[str, str]:
    """The problems of a call that is refused, by field."""
    try:
        call()
    except kind as error:
        return {problem.field: problem.problem for problem in error.problems}
    raise AssertionError("was not refused")


def codes(call: Any) -> dict[str, str]:
    """The reason codes of a call that is refused, by field."""
    try:
        call()
    except Refused as error:
        return {problem.field: problem.code for problem in error.problems}
    raise AssertionError("was not refused")


def free_box(name: str) -> bytes:
    """An MP4 box that players skip: makes the content unlike any other."""
    payload = name.encode()
    return (8 + len(payload)).to_bytes(4) + b"free" + payload


__all__ = ["MEDIA", "NOON", "Door", "codes", "refused"]
