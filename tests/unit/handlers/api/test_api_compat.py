"""What this hub can do, over HTTP and in the terminal: every version that was met, and a person's word for one."""

from __future__ import annotations

import pytest

from handlers.cli.compat import lines
from storage.records import MediaFile, Outcome, Stage
from tests.support.bench import new_task
from tests.support.http_side import Client, HttpSide

ALLOW = "/api/v1/compat/allow"


def published(side: HttpSide, version: str, language: str = "en", serial: str = "PHONE1") -> None:
    file = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="0" * 64, size_bytes=1, kind="video")
    (task,) = side.store.tasks.create([new_task(serial, materials=(file,))])
    side.store.tasks.change(
        task.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=side.clock.now(),
        app_version=version, app_language=language,
    )  # fmt: skip


def test_the_newest_version_of_each_app_comes_first(side: HttpSide, api: Client) -> None:
    assert api.good("GET", "/api/v1/compat") == {"versions": [], "total": 0}
    for version in ("9.10.0", "46.6.3", "47.0.3"):
        published(side, version)
    answer = api.good("GET", "/api/v1/compat")
    assert [one["app_version"] for one in answer["versions"]] == ["47.0.3", "46.6.3", "9.10.0"]
    first = answer["versions"][0]
    assert (first["state"], first["phones"], first["failures"]) == ("ready", ["PHONE1"], 0)
    assert first["last_published_at"]
    assert first["sentence"] == "TikTok 47.0.3 in English has published"


def test_a_version_that_was_met_is_allowed_by_a_person(side: HttpSide, api: Client) -> None:
    published(side, "47.0.3", "nl")
    body = {"platform": "tiktok", "app_version": "47.0.3", "language": "nl"}
    assert api.good("POST", ALLOW, body)["allowed"] is True
    assert api.good("POST", ALLOW, body)["allowed"] is True


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"platform": "tiktok", "app_version": "1.0"}, "app_version: no phone of this hub has shown"),
        ({"platform": "tiktok", "app_version": "47.0.3", "language": "nl"}, "language: no phone of this hub"),
        ({"platform": "loop", "app_version": "47.0.3"}, "platform: "),
        ({"platform": "tiktok"}, "app_version: "),
        ({"platform": "tiktok", "app_version": "47.0.3", "lang": "en"}, "lang: is not a known key"),
    ],
)
def test_what_no_phone_has_shown_is_refused_and_changes_nothing(
    side: HttpSide, api: Client, body: dict[str, str], problem: str
) -> None:
    published(side, "47.0.3")
    refused = api.call("POST", ALLOW, body).json
    assert refused["code"] == 40001
    assert refused["message"].startswith(problem)
    assert not any(one["allowed"] for one in api.good("GET", "/api/v1/compat")["versions"])


def test_the_table_in_the_terminal_has_a_line_for_each(side: HttpSide, api: Client) -> None:
    assert "tikmatrixd rehearse SERIAL" in lines([])[0]
    published(side, "47.0.3")
    head, line = lines(api.good("GET", "/api/v1/compat")["versions"])
    assert head.split()[:3] == ["app", "version", "lang"]
    assert line.split()[:5] == ["tiktok", "47.0.3", "en", "-", "1"]
