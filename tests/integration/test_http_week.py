"""A week of ten accounts planned from one CSV, with the commands of docs/operator.md as they stand there."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs.hub.settings import AccountEntry, Posting
from tests.support.http_side import HttpSide
from tests.support.manual import blocks_of
from tikmatrixd import cli

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
OPERATOR = "docs/operator.md"
BOX = "http://127.0.0.1:50809"
MONDAY = date(2027, 2, 1)
DAYS = [MONDAY + timedelta(days=number) for number in range(7)]
ACCOUNTS = tuple(
    AccountEntry(
        username=f"@shop_{number:02}",
        platform="tiktok" if number <= 5 else "instagram",
        serial=f"PHONE{number % 3 + 1}",
    )
    for number in range(1, 11)
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path / "hub", accounts=ACCOUNTS, posting=Posting(timezone="Europe/Berlin")) as side:
        clip = (side.media / "clip.mp4").read_bytes()
        for day in DAYS:  # an empty box of MP4 at the end makes each a video of its own
            (side.media / f"{day:%a}.mp4").write_bytes(clip + b"\0\0\0\x09free" + bytes([day.day]))
        side.serve()
        yield side


def sheet() -> list[str]:
    """A header and 70 rows: each account once a day, at minutes of its own."""
    return [
        "account;file;caption;start_time",
        *(
            f'{account.username};{day:%a}.mp4;"Grüße aus der Werkstatt; {{heute|gleich}} offen";{day:%d.%m.%Y} 18:{number:02}'
            for day in DAYS
            for number, account in enumerate(ACCOUNTS)
        ),
    ]


def save(folder: Path, rows: list[str]) -> None:
    """As a spreadsheet in German saves "CSV UTF-8": a mark at the start, semicolons, lines that end in CR LF."""
    (folder / "week.csv").write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())


def shown(word: str) -> list[str]:
    """The commands of the chapter that begin with this word."""
    text = "".join(blocks_of(OPERATOR, "shell"))
    return [line.strip() for line in text.splitlines() if line.startswith(word)]


def send(hub: HttpSide, folder: Path, command: str) -> dict[str, Any]:
    assert hub.server is not None
    line = command.replace(BOX, f"http://127.0.0.1:{hub.server.port}")
    done = subprocess.run(["/bin/sh", "-c", line], cwd=folder, check=True, capture_output=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def total(hub: HttpSide) -> int:
    return int(hub.client.good("GET", "/api/v1/task/stats")["total"])


def test_a_week_of_ten_accounts_is_planned_from_one_sheet_with_the_commands_of_the_manual(
    hub: HttpSide, tmp_path: Path
) -> None:
    dry_run, create = shown("curl")
    assert "dry_run=true" in dry_run

    rows = sheet()
    assert len(rows) == 71
    good = rows[32]
    rows[32] = good.replace(".mp4", ".mp")
    save(tmp_path, rows)
    for command in (dry_run, create):
        refused = send(hub, tmp_path, command)
        assert refused["code"] == 40001
        assert [error["field"] for error in refused["data"]["errors"]] == ["row 33, file"]
    assert total(hub) == 0

    rows[32] = good
    save(tmp_path, rows)
    planned = send(hub, tmp_path, dry_run)
    assert planned["code"] == 0, planned
    assert (planned["data"]["created_count"], len(planned["data"]["tasks"])) == (0, 70)
    assert planned["data"]["warnings"] == []
    assert total(hub) == 0

    made = send(hub, tmp_path, create)
    assert made["data"]["created_count"] == 70, made
    again = send(hub, tmp_path, create)
    assert "nothing new was created" in again["data"].pop("warnings")[0]
    assert again["data"].items() < made["data"].items()
    assert total(hub) == 70

    (list_day,) = shown("tikmatrixd tasks")
    assert hub.server is not None
    url = f"http://127.0.0.1:{hub.server.port}"
    for day in DAYS:
        words = shlex.split(list_day.replace(f"{MONDAY}", f"{day}"))[1:]
        done = CliRunner().invoke(cli, [*words, "--url", url, "--json"])
        assert done.exit_code == 0, done.output
        tasks = json.loads(done.stdout)["tasks"]
        assert [(task["start_time"], f"@{task['username']}", task["materials"]) for task in tasks] == [
            (f"{day} 18:{number:02}:00", account.username, [f"{day:%a}.mp4"])
            for number, account in enumerate(ACCOUNTS)
        ]
        assert all(task["caption"].startswith("Grüße aus der Werkstatt; ") for task in tasks)
