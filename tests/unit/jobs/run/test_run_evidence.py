"""Evidence is kept, found again, bounded, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.run import evidence as module
from jobs.run.evidence import Evidence
from tests.support.clock import FakeClock

QUOTA = 10_000


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return Evidence(tmp_path / "evidence", QUOTA, FakeClock(now=0.0))


def test_the_log_tells_every_line_of_every_attempt_in_order(evidence: Evidence) -> None:
    for attempt in (1, 2):
        writer = evidence.writer(7, attempt)
        writer.line("push", took_ms=12, bytes=3)
        writer.line("tap", error="PhoneOffline: gone", odd=Path("/x"))
        writer.close()
    lines = evidence.log(7)
    assert [(line["attempt"], line["step"]) for line in lines] == [
        (1, "push"),
        (1, "tap"),
        (2, "push"),
        (2, "tap"),
    ]
    assert lines[0] == {
        "at": "1970-01-01T00:00:00+00:00",
        "attempt": 1,
        "step": "push",
        "took_ms": 12,
        "bytes": 3,
    }


def test_files_carry_their_attempt_and_are_read_by_name_only(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"no")
    writer = evidence.writer(7, 2)
    writer.keep("screenshot.png", b"PNG")
    writer.line("x")
    writer.close()
    assert evidence.names(7) == ["2-screenshot.png"]
    assert evidence.read(7, "2-screenshot.png") == b"PNG"
    for name in ("../../secret", "/etc/passwd", "", ".", "..", "a/b", "missing.png"):
        assert evidence.read(7, name) is None
    with pytest.raises(ValueError, match="not a name"):
        evidence.writer(8, 1).keep("../x", b"")


def test_the_newest_picture_is_that_of_the_last_attempt_that_kept_one(evidence: Evidence) -> None:
    assert evidence.picture(7) == ""
    for attempt, name in ((2, "screenshot.png"), (10, "screenshot.png"), (11, "tree.xml")):
        writer = evidence.writer(7, attempt)
        writer.keep(name, b"x")
        writer.close()
    assert evidence.picture(7) == "10-screenshot.png"


def test_a_task_without_evidence_has_an_empty_log(evidence: Evidence) -> None:
    assert evidence.log(1) == []
    assert evidence.names(1) == []


def test_half_a_line_after_a_power_cut_hides_nothing_else(evidence: Evidence, tmp_path: Path) -> None:
    writer = evidence.writer(1, 1)
    writer.line("whole")
    writer.close()
    with (tmp_path / "evidence/1/log.jsonl").open("ab") as log:
        log.write(b'{"at":"20')
    assert [line["step"] for line in evidence.log(1)] == ["whole"]


def test_JOB_8_over_the_quota_the_oldest_go_first_and_running_tasks_keep_theirs(
    evidence: Evidence, tmp_path: Path
) -> None:
    open_writer = evidence.writer(1, 1)
    open_writer.keep("screenshot.png", b"x" * 3000)
    for task_id in (2, 3, 4):
        writer = evidence.writer(task_id, 1)
        writer.keep("screenshot.png", b"x" * 3000)
        writer.close()
    for task_id in (1, 2, 3, 4):
        os.utime(tmp_path / f"evidence/{task_id}/1-screenshot.png", (task_id, task_id))
    assert evidence.needs_cleaning
    assert evidence.clean() == 3000
    assert [task_id for task_id in (1, 2, 3, 4) if evidence.names(task_id)] == [1, 3, 4]
    assert not evidence.needs_cleaning
    writer = evidence.writer(5, 1)
    writer.keep("tree.xml", b"x" * 1500)
    assert evidence.needs_cleaning
    writer.keep("screenshot.png", b"x" * 3000)  # so far beyond the quota that it waits for the cleaning
    assert evidence.names(5) == ["1-tree.xml"]


def test_JOB_8_a_month_of_posts_stays_within_the_quota(evidence: Evidence, tmp_path: Path) -> None:
    largest = 0
    for task_id in range(1, 30 * 20):
        writer = evidence.writer(task_id, 1)
        writer.keep("screenshot.png", b"x" * 1000)
        writer.close()
        if evidence.needs_cleaning:
            evidence.clean()
        largest = max(largest, sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()))
    assert largest <= QUOTA + 2000
    assert evidence.names(30 * 20 - 1) == ["1-screenshot.png"]


def test_JOB_7_an_attempt_that_runs_in_circles_fills_no_disk(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LOG_LINES", 10)
    monkeypatch.setattr(module, "MAX_FILES", 3)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 100)
    writer = evidence.writer(1, 1)
    for number in range(10):
        writer.keep(f"{number}.png", b"x")
    writer.keep("large.png", b"x" * 101)
    for _ in range(100):
        writer.line("again")
    writer.close()
    assert len(evidence.names(1)) == 3
    assert len(evidence.log(1)) == 10


def test_a_line_with_megabytes_that_an_app_shows_is_cut_and_says_how_long_it_was(evidence: Evidence) -> None:
    writer = evidence.writer(1, 1)
    caption = "🪵" * 4000
    writer.line("caption", wanted=caption, took_ms=7)
    writer.line("caption", wanted="short", seen="y" * 3_000_000, rows=["z" * 100] * 10_000, took_ms=7)
    writer.close()
    whole, cut = evidence.log(1)
    assert whole["wanted"] == caption
    assert (cut["step"], cut["wanted"], cut["took_ms"]) == ("caption", "short", 7)
    assert cut["seen"].endswith("... (3000000 characters)")
    assert len(cut["seen"]) + len(cut["rows"]) < 10_000


def test_a_full_disk_costs_evidence_and_nothing_else(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be")
    writer = evidence.writer(1, 1)
    writer.line("x")
    writer.keep("screenshot.png", b"x")
    writer.close()
    assert evidence.warnings == ["evidence cannot be written"]
    (tmp_path / "evidence").unlink()
    writer = evidence.writer(1, 2)
    writer.line("x")
    writer.close()
    assert evidence.warnings == []


def test_late_lines_of_a_closed_attempt_are_dropped(evidence: Evidence) -> None:
    writer = evidence.writer(1, 1)
    writer.close()
    writer.close()
    writer.line("late")
    writer.keep("late.png", b"x")
    assert evidence.log(1) == []
    assert evidence.names(1) == []
