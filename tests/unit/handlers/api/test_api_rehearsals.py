"""Rehearsals over HTTP: what is asked for, and what is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.support.http_side import Client, HttpSide

D = "/api/v1/devices/PHONE1/rehearse"


def test_a_phone_has_one_rehearsal_at_a_time(side: HttpSide, api: Client) -> None:
    first = api.good("POST", D, {"platform": "instagram"})
    assert (first["state"], first["way"], first["kind"]) == ("running", "addButton", "video")
    assert api.good("POST", D, {"platform": "tiktok"})["id"] == first["id"]
    assert [one["id"] for one in api.good("GET", D)["rehearsals"]] == [first["id"]]
    assert api.good("GET", f"/api/v1/rehearsals/{first['id']}")["sentence"].startswith(
        "waits for the phone's turn"
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"platform": "tiktok", "kind": "story"}, "kind: posts on TikTok are video, images"),
        ({"platform": "instagram", "way": "share"}, "way: Instagram can be rehearsed by addButton"),
        ({"platform": "loop"}, "platform: "),
        ({"platform": "tiktok", "package": "com.x; reboot"}, "package: is not a package name"),
        ({"kinds": "video"}, 'kinds: is not a known key; did you mean "kind"?'),
    ],
)
def test_what_no_app_can_rehearse_is_refused_by_its_field(
    api: Client, body: dict[str, str], problem: str
) -> None:
    refused = api.call("POST", D, body).json
    assert refused["code"] == 40001
    assert refused["message"].startswith(problem)
    assert api.good("GET", "/api/v1/rehearsals")["total"] == 0


def test_the_app_of_an_account_in_another_package_is_rehearsed(api: Client) -> None:
    found = api.good("POST", D, {"platform": "tiktok", "package": "com.ss.android.ugc.trill"})
    assert found["package"] == "com.ss.android.ugc.trill"


def test_an_unknown_phone_report_or_file_is_not_found(api: Client) -> None:
    assert api.call("POST", "/api/v1/devices/NOPHONE/rehearse", {}).json["code"] == 40401
    assert api.call("GET", "/api/v1/rehearsals/9").json["code"] == 40401
    number = api.good("POST", D, {})["id"]
    assert api.call("GET", f"/api/v1/rehearsals/{number}/01.png").json["code"] == 40401


def test_a_stop_that_comes_while_a_rehearsal_is_asked_for_ends_it_and_blocks_nothing(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side.jobs, "ask", lambda turn: turn.end("the daemon stopped"))
    api.good("POST", D, {"platform": "tiktok"})
    (report,) = api.good("GET", D)["rehearsals"]
    assert (report["state"], report["sentence"]) == ("failed", "the daemon stopped")


def test_a_report_is_one_file_once_the_rehearsal_has_ended(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = api.good("POST", D, {"platform": "tiktok"})["id"]
    assert "still runs" in api.bad(40001, "GET", f"/api/v1/rehearsals/{number}/export")["message"]
    monkeypatch.setattr(side.jobs, "ask", lambda turn: turn.end("PHONE2 was unplugged"))
    number = api.good("POST", "/api/v1/devices/PHONE2/rehearse", {"platform": "tiktok"})["id"]
    answer = api.call("GET", f"/api/v1/rehearsals/{number}/export?blank=true")
    assert answer.headers["Content-Type"] == "application/zip"
    assert f'filename="rehearsal-{number}-blanked.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
        report = found.read("report.json").decode()
    assert "PHONE2" not in report
    assert "was unplugged" in report
    kept = side.rehearsals.reports.folder / str(number) / "01.xml"
    kept.write_text(
        "<hierarchy><s:script xmlns:s='http://www.w3.org/1999/xhtml'>alert(1)</s:script></hierarchy>"
    )
    tree = api.call("GET", f"/api/v1/rehearsals/{number}/01.xml")
    assert tree.content_type == "application/xml"
    assert tree.headers["Content-Security-Policy"] == "sandbox; default-src 'none'", "a browser would run it"
    assert api.call("GET", "/api/v1/rehearsals/9/export").json["code"] == 40401
    assert "blank" in api.bad(40001, "GET", f"/api/v1/rehearsals/{number}/export?blank=perhaps")["message"]
