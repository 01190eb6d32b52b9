"""The status page's own script, run by Node against the real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.tokens import new_token
from jobs.phone.protocol import PhoneState
from jobs.settings import License
from storage.records import Outcome, Waiting
from tests.support.http_side import HttpSide

PAGE = Path(__file__).parents[2] / "handlers" / "static" / "index.html"
RUNNER = Path(__file__).parent / "clients" / "page.mjs"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


def show(side: HttpSide, **environment: str) -> dict[str, Any]:
    box = f"http://127.0.0.1:{side.serve().port}"
    done = subprocess.run(
        ["node", str(RUNNER), str(PAGE)],
        env={**os.environ, "BOX": box, **environment}, capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_page_shows_health_phones_and_why_tasks_wait_or_failed(side: HttpSide) -> None:
    side.phones.set("PHONE1", model="Pixel 7", android="14", battery_percent=81, battery_celsius=29.0)
    side.phones.set("PHONE2", PhoneState.UNAUTHORIZED, detail="accept the key on the phone")
    waiting = side.task("PHONE2", username="kim", caption="<b>hello</b>")
    side.store.tasks.set_waiting({waiting.id: (Waiting.DEVICE, side.clock.now(), "PHONE2 is unauthorized")})
    side.task("PHONE1", status="unknown")
    verifying = side.task("PHONE1", status="committing")
    side.store.tasks.change(verifying.id, outcome=Outcome.UNKNOWN, remark="proof")
    failed = side.task("PHONE1", status="failed")
    writer = side.evidence.writer(failed.id, 1)
    writer.line("open app", seconds=1.5)
    writer.close()
    shown = show(side)
    assert shown["first"] == "refreshed"
    page = shown["before"]
    assert page["state"] == "● ready"
    assert page["problem"] == ""
    assert page["token-form"] is None
    for text in ("PHONE1", "Pixel 7, Android 14", "81 %, 29 °C", "unauthorized: accept the key on the phone"):
        assert text in page["phones"]
    for text in ("waits for its phone: PHONE2 is unauthorized (since 2027-01-15 09:00)", "@kim , tiktok", "<b>hello</b>",
                 "may be published", "mark it as published", "[ui_changed at find]", "unknown screen",
                 "running past the point of no return, step: proof"):  # fmt: skip
        assert text in page["tasks"]
    assert page["tasks"].count("may be published") == 1
    assert page["phone-counts"] == "0 working, 2 free, 1 not usable"
    assert " ".join(page["counts"].split()) == "4 all 1 pending 1 running 0 completed 2 failed"
    assert page["page"] == "page 1 of 1, 4 tasks"
    assert "09:00:00.000  1  open app" in shown["log"]  # the box's own time, as everywhere on the page
    assert "seconds=1.5" in shown["log"]


def test_the_page_says_why_the_daemon_cannot_work(side: HttpSide) -> None:
    for serial in ("PHONE1", "PHONE2", "PHONE3"):
        side.phones.set(serial, PhoneState.OFFLINE)
    page = show(side)["before"]
    assert page["state"] == "● cannot work"
    assert "no phone is usable" in page["health"]


def test_the_page_asks_for_a_token_and_works_with_it(side: HttpSide) -> None:
    side.task()
    token = new_token(side.tokens_file, "laptop")
    shown = show(side, FORWARDED="203.0.113.7", TOKEN=token)
    assert shown["first"] == "locked"
    assert shown["before"]["token-form"] is not None
    assert "token" in shown["before"]["problem"]
    assert shown["after"]["state"] == "● ready"
    assert shown["after"]["token-form"] is None
    assert shown["after"]["page"] == "page 1 of 1, 1 task"


def test_the_page_works_on_a_plan_without_task_calls(side: HttpSide) -> None:
    side.configure(license=License(plan="starter"))
    page = show(side)["before"]
    assert "PHONE1" in page["phones"]
    assert "requires the Pro plan" in page["problem"]
