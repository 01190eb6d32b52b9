"""The console in a browser: a hub with scripted phones and posts in every state, and what tests do with its pages."""

from __future__ import annotations

import functools
import itertools
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.hub.settings import AccountEntry
from jobs.phone.protocol import PhoneState
from storage.records import Outcome, Stage, Task, TaskError, Waiting
from tests.support.browser import Browser
from tests.support.http_side import HttpSide, ShownPhones

_LOADS = itertools.count(1)
DESKTOP, PHONE = (1280, 800), (390, 844)
_TIKTOK, _INSTAGRAM = "com.zhiliaoapp.musically", "com.instagram.android"
_HOUR = 3600.0

#: What the log of a post looks like, step by step, with the seconds between them.
STEPS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (1.4, "wake", {"took_ms": 1400}),
    (6.2, "push", {"took_ms": 6100, "file": "tkmd-1.mp4", "bytes": 20_971_520}),
    (0.4, "index", {"took_ms": 380, "file": "tkmd-1.mp4"}),
    (1.8, "", {"note": "screen: home", "kind": "path"}),
    (2.5, "own_profile", {"note": "account seen", "account": "alice"}),
    (9.0, "post_screen", {"took_ms": 8200}),
    (0.2, "", {"note": "ready to publish"}),
    (0.3, "commit", {"note": "commit point written"}),
    (0.1, "commit", {"note": "tap sent"}),
    (12.0, "proof", {"took_ms": 12000}),
    (0.1, "", {"note": "published: the app shows it"}),
)


class Hub(HttpSide):
    """The HTTP side with three accounts on two of three phones. `page` is its address, once it is served."""

    def __init__(self, folder: Path, **more: Any) -> None:
        accounts = (
            AccountEntry(username="alice", platform="tiktok", serial="PHONE1"),
            AccountEntry(username="alice", platform="instagram", serial="PHONE1"),
            AccountEntry(username="workshop.bench", platform="instagram", serial="PHONE2"),
        )
        phones = ShownPhones("PHONE1", "PHONE2", "PHONE3")
        super().__init__(folder, accounts=accounts, phones=phones, **more)
        self.phones.set("PHONE1", model="Pixel 7", android="14", battery_percent=81, battery_celsius=29.0)
        self.phones.set("PHONE2", model="Galaxy A54", android="13", battery_percent=64, battery_celsius=31.0)
        self.phones.set("PHONE3", PhoneState.UNAUTHORIZED, detail="accept this computer's key on the phone")
        self.phones.since(self.clock.now() - 7200)
        self.client.good("PATCH", "/api/v1/devices/PHONE1", {"label": "Shelf A-1"})

    @property
    def page(self) -> str:
        if self.server is None:
            self.serve()
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}/"

    def post(
        self, username: str = "alice", *, due_s: float = 0.0, platform: str = "tiktok", **facts: Any
    ) -> Task:
        """A task that is due so many seconds from now."""
        package = _TIKTOK if platform == "tiktok" else _INSTAGRAM
        serial = facts.pop("serial", "PHONE2" if username == "workshop.bench" else "PHONE1")
        task = self.task(serial, username=username, platform=platform, package=package, **facts)
        return self.store.tasks.change(
            task.id, scheduled_at=self.clock.now() + due_s, due_at=self.clock.now() + due_s
        )

    def steps(self, task: Task, count: int, *, error: str = "", attempt: int = 1) -> None:
        """Write the first steps of an attempt into the log of a task, and a picture where it failed."""
        writer = self.evidence.writer(task.id, attempt)
        for seconds, step, facts in STEPS[:count]:
            self.clock.step_wall(seconds)  # type: ignore[attr-defined]
            writer.line(step, **facts)
        if error:
            writer.line(STEPS[count][1], error=error)
            writer.keep("screenshot.png", phone_picture())
        writer.close()


def showcase(hub: Hub) -> dict[str, int]:
    """A hub in the middle of its day: posts that ran, run and are planned, one unknown outcome. Answers some tasks' ids."""
    ids: dict[str, int] = {}

    def ended(
        name: str, stage: Stage, outcome: Outcome, count: int, error: TaskError | None, **facts: Any
    ) -> None:
        task = hub.post(**facts)
        hub.store.tasks.change(task.id, stage=Stage.PREPARING, started_at=hub.clock.now(), attempt=1)
        hub.steps(task, count, error=error.message if error else "")
        remark = "the app shows it: posted" if error is None else error.message
        hub.store.tasks.change(
            task.id, stage=stage, outcome=outcome, finished_at=hub.clock.now(), error=error, remark=remark
        )
        hub.clock.step_wall(1500)  # type: ignore[attr-defined]
        ids[name] = task.id

    good = (Stage.PUBLISHED, Outcome.PUBLISHED, len(STEPS), None)
    ended("published", *good, caption="Fresh from the workshop: bench no. 7, oiled twice #woodwork #diy")
    ended("reel", *good, username="workshop.bench", platform="instagram", caption="A minute at the lathe")
    ended("failed", Stage.FAILED, Outcome.NONE, 5, TaskError("ui_changed", "The app showed a screen that is not known: “Try the new editor”", "post_screen"),
          username="alice", platform="instagram", caption="How the dovetails were cut")  # fmt: skip
    ended("unknown", Stage.FAILED, Outcome.UNKNOWN, 9, TaskError("unknown_outcome", "After the publishing tap the app showed neither the post nor a refusal", "proof"),
          caption="Shavings, slowly #slowmade #oak")  # fmt: skip
    running = hub.post(
        username="workshop.bench", platform="instagram", caption="The smell of fresh oak in the morning"
    )
    hub.store.tasks.change(
        running.id,
        stage=Stage.PREPARING,
        started_at=hub.clock.now(),
        attempt=1,
        account_seen="workshop.bench",
    )
    hub.steps(running, 6)
    hub.store.tasks.set_remark(running.id, "share_screen")
    ids["running"] = running.id
    waiting = hub.post(due_s=-60, caption="Before and after: the kitchen table")
    hub.store.tasks.change(waiting.id, stage=Stage.QUEUED)
    hub.store.tasks.set_waiting(
        {waiting.id: (Waiting.DEVICE, hub.clock.now(), "PHONE1 is busy with another post")}
    )
    ids["waiting"] = waiting.id
    for name, hours, facts in (
        ("soon", 2.0, {"caption": "Three ways to sharpen a chisel"}),
        ("evening", 9.5, {"username": "workshop.bench", "platform": "instagram", "caption": "Golden hour at the bench"}),
        ("tomorrow", 26.0, {"platform": "instagram", "caption": "What is in the box? Guess before Sunday"}),
        ("later", 74.0, {"caption": "Part two of the stool"}),
    ):  # fmt: skip
        ids[name] = hub.post(due_s=hours * _HOUR, **facts).id
    for name in ("soon", "evening", "tomorrow", "later"):
        task = hub.store.tasks.get(ids[name])
        assert task is not None
        hub.store.tasks.set_waiting({task.id: (Waiting.TIME, hub.clock.now(), "")})
    return ids


#: What is in the archive, again and again: whose post, what it said, and what came of it.
_LONG_AGO: tuple[tuple[str, str, str, TaskError | None], ...] = (
    ("alice", "tiktok", "Sharpening a plane iron in four minutes #woodwork #diy", None),
    ("workshop.bench", "instagram", "Sunday light on a stack of oak boards", None),
    ("alice", "instagram", "Mortise and tenon, by hand and without a word. Which joint should come next?\nWrite it below.", None),
    ("alice", "tiktok", "", TaskError("not_logged_in", "TikTok shows its log-in page: nobody is logged in", "own_profile")),
    ("alice", "tiktok", "The bench that took three winters #slowmade", None),
    ("workshop.bench", "instagram", "Linseed oil, first coat", TaskError("unknown_outcome", "After the publishing tap the app showed neither the post nor a refusal", "proof")),
    ("", "tiktok", "Whose hands are these?", None),
)  # fmt: skip


def archive_months(hub: Hub, *months: str, count: int = 7) -> None:
    """So many posts that ended in each of these months, moved to the archive as retention moves them."""
    for month in months:
        begun = datetime.fromisoformat(f"{month}-01T09:00:00+00:00").timestamp()
        tasks = []
        for number in range(count):
            username, platform, caption, error = _LONG_AGO[number % len(_LONG_AGO)]
            task = hub.post(username, platform=platform, caption=caption)
            at = begun + number * 27 * 86_400 / count
            outcome = Outcome.PUBLISHED if error is None else Outcome.NONE
            tasks.append(
                hub.store.tasks.change(
                    task.id,
                    stage=Stage.PUBLISHED if error is None else Stage.FAILED,
                    outcome=Outcome.UNKNOWN if error and error.code == "unknown_outcome" else outcome,
                    scheduled_at=at - 120,
                    created_at=at - 86_400,
                    started_at=at - 90,
                    finished_at=at,
                    error=error,
                    remark="the app shows it: posted" if error is None else error.message,
                )
            )
        hub.store.archive.append(tasks)
        hub.store.tasks.remove([task.id for task in tasks])


@functools.cache
def phone_picture(width: int = 270, height: int = 570) -> bytes:
    """A PNG of the shape of a phone: bars and blocks, as an app's form has them."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            bar = y < 40 or y > height - 56
            block = 70 < y < 300 and 24 < x < width - 24
            line = 330 < y < 470 and (y // 14) % 2 == 0 and 24 < x < width - 24 - (y * 7) % 90
            rows += (
                b"\x22\x26\x33"
                if bar
                else b"\x8f\x9b\xd9"
                if block
                else b"\xd0\xd3\xdc"
                if line
                else b"\xf7\xf7\xfa"
            )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def show(browser: Browser, hub: Hub, address: str = "#/home", size: tuple[int, int] = DESKTOP) -> None:
    """Open a screen anew, and wait until it was drawn."""
    # An address of its own loads the page anew; an empty page between costs as much as the page.
    browser.open(f"{hub.page}?load={next(_LOADS)}{address}", *size)
    settled(browser)


def settled(browser: Browser) -> None:
    """Wait until the screen that the address names is there with its data."""
    browser.wait(
        "document.querySelector('main h1') && document.querySelector('main')?.dataset.loaded === 'true'"
    )


class Button:
    """The button of the screen with this text whose description says that it is about `of`, once it can be pressed."""

    def __init__(self, browser: Browser, text: str, of: str) -> None:
        self._browser = browser
        self._element = (
            f"[...document.querySelectorAll('main button')].find((one) => one.textContent.trim() === {text!r} "
            f"&& !one.disabled && (one.getAttribute('aria-description') ?? '') === {of!r})"
        )
        browser.wait(f"Boolean({self._element})")

    def click(self) -> None:
        self._browser.click(self._element)
