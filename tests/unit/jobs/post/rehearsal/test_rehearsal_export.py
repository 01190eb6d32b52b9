"""A report as one file: with `blank`, nothing in it names a person, and what the app says of its own is still there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jobs.phone.screen.tree import parse_xml
from jobs.post.rehearsal import export
from jobs.post.rehearsal.blanking import Blanking, shape
from jobs.post.rehearsal.report import Report, SeenOption
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.screens.recognise import recognise
from tests.support.app_phone import AppPhone
from tests.support.post_stage import THREE, AppStage, files
from tests.support.rehearsed import Rehearsed
from tests.support.vocabularies import shipped_screens

#: What other people are called and write on the simulated phones of these tests.
WORDS = "Marta Holzner shows the Skip button of her lathe"
#: Everything that names somebody: our accounts and their names, what others wrote, who follows.
NAMES = (
    "demo_01", "demo_02", "demo_03", "Demo One", "Demo Two", "Demo Three", "SIMPHONE01", "Marta", "Holzner", "her lathe",
    "user_1", "user_4", "Sample text 1",
)  # fmt: skip
CONFIGS: dict[str, dict[str, Any]] = {"tiktok": {"post_way": "share"}, "instagram": {"post_way": "addButton"}}


def rehearsed(tmp_path: Path, platform: str) -> tuple[Report, ReportFiles]:
    """The report of a rehearsal on a phone with three accounts and a talkative feed, and its files."""
    phone = AppPhone(platform, state={"words": WORDS}, **THREE)
    stage = AppStage(
        platform,
        files(tmp_path, "clip.mp4"),
        caption="A rehearsal of tikmatrixd",
        on=phone,
        **CONFIGS[platform],
    )
    reports = ReportFiles(tmp_path / "rehearsals")
    report = (
        Rehearsed(stage)
        .run()
        .kept(
            reports,
            phone.serial,
            options=(SeenOption(name="sound", offered=True, detail=f'a sheet lies over it: "{WORDS[:40]}"'),),
            notes=("account seen (account demo_01)", "accounts on the phone (rows ['Demo One', 'Demo Two'])"),
        )
    )
    return report, reports


def written(report: Report, reports: ReportFiles, *, blank: bool) -> dict[str, bytes]:
    """The files of the export."""
    made = io.BytesIO()
    export.write(
        made,
        report,
        reports,
        vocabulary=shipped_screens()[report.platform],
        names=["demo_02", "Demo Three"],
        blank=blank,
    )
    with zipfile.ZipFile(made) as found:
        return {name: found.read(name) for name in found.namelist()}


@pytest.mark.parametrize("platform", list(CONFIGS))
def test_a_blanked_report_names_nobody(tmp_path: Path, platform: str) -> None:
    report, reports = rehearsed(tmp_path, platform)
    whole = b"\n".join(written(report, reports, blank=False).values()).decode("utf-8", "replace")
    there = [name for name in NAMES if name in whole]
    assert {"demo_01", "Demo Two", "Marta"} <= set(there), "the rehearsal met nobody: this test sees nothing"
    found = written(report, reports, blank=True)
    text = b"\n".join(found.values()).decode().casefold()
    assert [name for name in there if name.casefold() in text] == []
    assert [name for name in found if name.endswith(".png")] == []


@pytest.mark.parametrize("platform", list(CONFIGS))
def test_a_blanked_tree_is_still_recognised(tmp_path: Path, platform: str) -> None:
    """What the app says of its own stays: whoever helps sees the same screens by the same rules."""
    report, reports = rehearsed(tmp_path, platform)
    found = written(report, reports, blank=True)
    vocabulary = shipped_screens()[platform]
    for screen in report.screens:
        tree = parse_xml(found[screen.tree].decode())
        assert recognise(tree, vocabulary, app_version=report.app_version).name == screen.name
        assert found[screen.tree.replace("xml", "svg")].startswith(b"<svg ")


def test_a_report_as_it_is_holds_pictures_trees_and_the_report(tmp_path: Path) -> None:
    report, reports = rehearsed(tmp_path, "tiktok")
    found = written(report, reports, blank=False)
    assert {"README.txt", "report.json", "01.png", "01.xml"} <= set(found)
    assert found["01.xml"] == reports.read(report.id, "01.xml")


SHEET = """<hierarchy rotation="0"><node class="android.widget.FrameLayout" package="com.zhiliaoapp.musically" bounds="[0,0][1080,2400]">
<node class="android.widget.FrameLayout" package="com.zhiliaoapp.musically" bounds="[0,0][1080,2400]" resource-id="a:id/feed">
<node class="android.widget.Button" text="Ann" clickable="true" package="com.zhiliaoapp.musically" bounds="[0,100][300,160]"/>
<node class="android.widget.TextView" text="Ann skips the queue" package="com.zhiliaoapp.musically" bounds="[0,200][900,260]"/>
<node class="android.widget.TextView" text="For You" package="com.zhiliaoapp.musically" bounds="[0,300][900,360]"/></node>
<node class="android.widget.FrameLayout" package="com.zhiliaoapp.musically" bounds="[0,0][1080,2400]" clickable="true"/>
<node class="android.widget.FrameLayout" package="com.zhiliaoapp.musically" bounds="[0,1300][1080,2400]">
<node class="android.widget.TextView" text="Try our new camera, Ann" package="com.zhiliaoapp.musically" bounds="[60,1350][1000,1420]"/>
<node class="android.widget.Button" text="Enable it" clickable="true" package="com.zhiliaoapp.musically" bounds="[60,1500][1000,1600]"/>
<node class="androidx.recyclerview.widget.RecyclerView" package="com.zhiliaoapp.musically" bounds="[60,1700][1000,2300]">
<node class="android.widget.Button" text="Bela" clickable="true" package="com.zhiliaoapp.musically" bounds="[60,1700][1000,1800]"/></node>
</node></node></hierarchy>"""


def test_what_a_new_sheet_says_stays_but_for_people_and_rows_of_lists() -> None:
    tree = parse_xml(SHEET)
    blanking = Blanking(shipped_screens()["tiktok"], [tree], names=["serial-1"])
    told = blanking.xml(tree)
    assert 'text="Try our new camera, xxx"' in told
    assert 'text="Enable it"' in told
    assert "Bela" not in told
    assert "queue" not in told
    assert blanking.sentence('a sheet says "Ann skips the queue" on serial-1, it cannot be planned') == (
        'a sheet says "xxx xxxxx xxx xxxxx" on xxxxxx-x, it cannot be planned'
    )


def test_an_unreadable_tree_is_left_out_of_a_blanked_report(tmp_path: Path) -> None:
    report, reports = rehearsed(tmp_path, "tiktok")
    (tmp_path / "rehearsals" / str(report.id) / "01.xml").write_bytes(b"Marta was here")
    found = written(report, reports, blank=True)
    assert "01.xml" not in found
    assert b"Marta" not in b"".join(found.values())


def test_a_shape_keeps_blanks_and_marks_alone() -> None:
    assert shape("Ünal, 12 € 🙂!") == "xxxx, xx x x!"
