"""Reports of rehearsals: what changed since the one before, and which of them stay on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.post.rehearsal.report import Report, SeenScreen, differences
from jobs.post.rehearsal.report_files import KEPT_ALIKE, ReportFiles


def report(number: int = 1, **facts: Any) -> Report:
    given: dict[str, Any] = {
        "serial": "PHONE1", "platform": "tiktok", "way": "share", "kind": "video", "state": "ready", "began_at": 1.0,
    }  # fmt: skip
    return Report(id=number, **(given | facts))


def screen(name: str, **rules: str) -> SeenScreen:
    return SeenScreen(name=name, kind="path", at_ms=0, rules=rules)


def test_the_same_screens_by_the_same_rules_are_no_change() -> None:
    one = report(screens=(screen("home", tab="rule 1"),))
    assert differences(one, report(2, screens=(screen("home", tab="rule 1"),))) == []


def test_another_rule_a_new_screen_and_another_version_are_named() -> None:
    before = report(
        app_version="43.1", screens=(screen("home", tab="rule 1"), screen("editor", next="rule 1"))
    )
    now = report(
        2, app_version="47.0", screens=(screen("home", tab="rule 2"), screen("promotion")), state="failed"
    )
    assert differences(before, now) == [
        "the app's version was 43.1, now it is 47.0",
        "the verdict was ready, now it is failed",
        "the screen editor came and does not come now",
        "the screen promotion is new",
        "tab on home is found by another rule: rule 2; before: rule 1",
    ]


def test_another_size_of_texts_is_named() -> None:
    assert differences(report(font_scale=1.0), report(2, font_scale=1.3)) == [
        "the phone's font scale was 1, now it is 1.3",
    ]


def test_another_language_of_the_app_is_named() -> None:
    assert differences(report(language="en"), report(2, language="nl")) == [
        "the app's language was English, now it is Dutch",
    ]


def test_the_newest_of_each_way_stay_and_survive_a_restart(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    for _ in range(KEPT_ALIKE + 2):
        number, folder = files.new()
        (folder / "01.xml").write_bytes(b"<tree/>")
        files.add(report(number))
    other, _ = files.new()
    files.add(report(other, way="addButton"))
    kept = [one.id for one in ReportFiles(tmp_path).all()]
    assert kept == [other, *range(KEPT_ALIKE + 2, 2, -1)]
    assert files.read(KEPT_ALIKE + 2, "01.xml") == b"<tree/>"
    assert files.read(1, "01.xml") is None
    assert not (tmp_path / "1").exists()
    assert ReportFiles(tmp_path).new()[0] == other + 1


def test_a_rehearsal_that_was_cut_off_leaves_no_report_and_no_folder(tmp_path: Path) -> None:
    ReportFiles(tmp_path).new()
    assert ReportFiles(tmp_path).all() == []
    assert list(tmp_path.iterdir()) == []


def test_no_name_leads_out_of_the_folder_of_a_report(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path / "rehearsals")
    number, _ = files.new()
    files.add(report(number))
    (tmp_path / "secret.png").write_bytes(b"secret")
    for name in ("../../secret.png", "report.json", "01.png/../report.json", ""):
        assert files.read(number, name) is None
