"""Rehearsals on simulated phones through the real daemon: the report says what came, and nothing is published."""

from __future__ import annotations

import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

import tikmatrixd
from tests.support.daemon import until

WAYS = [
    {"platform": "tiktok"},
    {"platform": "tiktok", "way": "addButton", "kind": "images"},
    {"platform": "instagram"},
    {"platform": "instagram", "kind": "story"},
]
FORMS = {"tiktok": {"post_screen"}, "instagram": {"share_screen", "story_editor"}}


def ended(daemon, serial, wish):
    """Ask for a rehearsal and wait for its report."""
    daemon.knows(serial)
    answer = daemon.call("POST", f"/api/v1/devices/{serial}/rehearse", wish)
    assert answer["code"] == 0, answer
    path = f"/api/v1/rehearsals/{answer['data']['id']}"
    return until(
        lambda: report if (report := daemon.call("GET", path)["data"])["state"] != "running" else None,
        150,
        path,
        most_s=0.3,
    )


@pytest.mark.timeout(240)
@pytest.mark.parametrize("ways", [WAYS[1:3], pytest.param(WAYS, marks=pytest.mark.long)], ids=["two", "all"])
def test_every_way_is_rehearsed_and_posts_follow_on_a_clean_phone(hub, ways):
    one = hub(len(ways))
    daemon = one.start()
    with ThreadPoolExecutor(len(ways)) as pool:
        reports = list(
            pool.map(lambda pair: ended(daemon, *pair), zip(one.phones.serials, ways, strict=True))
        )
    for report, wish in zip(reports, ways, strict=True):
        assert report["state"] == "ready", report
        assert report["nothing_published"]
        assert report["left"]
        assert report["file_removed"]
        assert report["account"]
        assert FORMS[wish["platform"]] & {screen["name"] for screen in report["screens"]}
        assert all(screen["rules"] for screen in report["screens"] if screen["kind"] == "path")
        picture = next(screen["picture"] for screen in report["screens"] if screen["picture"])
        with urllib.request.urlopen(f"{daemon.url}/api/v1/rehearsals/{report['id']}/{picture}") as answer:
            assert answer.read(8) == b"\x89PNG\r\n\x1a\n"
    assert one.posts() == []
    for serial in one.phones.serials:
        assert "tkmd-" not in one.phones.shell(serial, "ls /sdcard/DCIM/Camera")
    config = {"captions": "after the rehearsal", "material_list": [str(one.video)], "upload_wait_time": 0}
    task = daemon.post(serials=[one.phones.serials[0]], script_config=config)
    assert daemon.ended(task)["outcome"] == "published"
    assert [post["caption"] for post in one.posts()] == ["after the rehearsal"]


@pytest.mark.timeout(240)
def test_the_command_says_on_which_screen_a_way_ends_and_saves_the_report(hub, tmp_path):
    """A log-in page is a person's matter: the report names it, and the exit status is 1."""
    one = hub(1)
    daemon = one.start()
    one.phones.simctl(one.phones.serials[0], "fault", "login")
    done = CliRunner().invoke(
        tikmatrixd.cli,
        ["rehearse", one.phones.serials[0], "--app", "tiktok", "--ready-file", str(daemon.ready_file)],
    )
    assert done.exit_code == 1, done.output
    assert "rehearsal 1: TikTok: video by share: " in done.output
    assert "(human)" in done.output
    assert one.posts() == []
    again = [
        *("rehearse", one.phones.serials[0], "--last", "--ready-file", str(daemon.ready_file)),
        *("--export", str(tmp_path / "report.zip")),
    ]
    assert "rehearsal 1: " in CliRunner().invoke(tikmatrixd.cli, again).output
    with zipfile.ZipFile(tmp_path / "report.zip") as whole:
        assert one.phones.serials[0] in whole.read("report.json").decode()
        assert any(name.endswith(".png") for name in whole.namelist())
    CliRunner().invoke(tikmatrixd.cli, [*again, "--blank"])
    with zipfile.ZipFile(tmp_path / "report.zip") as blanked:
        text = b"".join(blanked.read(name) for name in blanked.namelist()).decode()
    names = {account["username"] for account in one.phones.accounts}
    assert [name for name in (*names, *one.phones.serials) if name in text] == []
    assert "report.zip.part" not in {path.name for path in tmp_path.iterdir()}
