"""What the phone's kernel says of an app's program: since when it runs, and that it is another one after a crash."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from jobs.phone.app_age import oldest_s
from simulator.phone import Phone
from tests.unit.simulator.phonebench import PACKAGE, make_phone, sh

ASKED = f"for p in $(pidof {PACKAGE}); do cat /proc/$p/stat; done; cat /proc/uptime"


def on_phone(folder: Path, steps: Callable[[Phone], Awaitable[None]]) -> None:
    async def run() -> None:
        phone = make_phone(folder)
        await steps(phone)
        phone.close()

    asyncio.run(run())


async def age(phone: Phone) -> float | None:
    return oldest_s((await sh(phone, f"sh -c '{ASKED}'")).out)


def test_an_app_that_runs_has_an_age_and_one_that_does_not_has_none(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert await age(phone) is None
        phone.launch(PACKAGE)
        phone.system.packages[PACKAGE].started_at = time.time() - 60
        assert 59 < (await age(phone) or 0) < 70
        begun = asyncio.Event()
        phone.revive_app(begun.set)
        assert await age(phone) is None
        await begun.wait()
        young = await age(phone)
        assert young is not None
        assert young < 9
        assert "No such file" in (await sh(phone, "cat /proc/99999/stat")).err

    on_phone(tmp_path, steps)
