"""Pauses and the pace over the API (R61, R62)."""

from __future__ import annotations

from typing import Any

import pytest

from storage.records import Outcome, Stage
from tests.support.http_side import Client, HttpSide

PATHS = ("/api/v1/hub", "/api/v1/devices/PHONE1", "/api/v1/accounts/1")
NOTHING = {"paused": False, "paused_since": None, "paused_until": None, "pause_reason": ""}


@pytest.fixture(autouse=True)
def kim(api: Client) -> Any:
    return api.good("POST", "/api/v1/accounts", {"username": "kim", "device": "PHONE1"})["account"]


def facts(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in NOTHING}


def shown(api: Client, path: str) -> dict[str, Any]:
    """The pause as the object itself shows it."""
    if path.endswith("hub"):
        return facts(api.call("GET", "/readyz").json)
    if "devices" in path:
        devices = api.good("GET", "/api/v1/devices")["devices"]
        return facts(next(one for one in devices if one["serial"] == "PHONE1"))
    return facts(api.good("GET", path))


@pytest.mark.parametrize("path", PATHS)
def test_R62_a_pause_is_shown_until_it_is_resumed(api: Client, path: str) -> None:
    assert shown(api, path) == NOTHING
    data = api.good("POST", f"{path}/pause", {"reason": "new shelf", "until": "22:00"})
    wanted = {
        "paused": True,
        "paused_since": "2027-01-15T09:00:00+01:00",
        "paused_until": "2027-01-15T22:00:00+01:00",
        "pause_reason": "new shelf",
    }
    assert facts(data) == shown(api, path) == wanted
    [notice] = [one for one in api.call("GET", "/readyz").json["notices"] if "is paused since" in one]
    assert notice.endswith("since 2027-01-15 09:00 until 2027-01-15 22:00: new shelf")
    api.good("POST", f"{path}/resume")
    assert shown(api, path) == NOTHING


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "2027-01-14 10:00"}, "until"),
        ({"until": "soon"}, "until"),
        ({"until": "09:00"}, "until"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "a\nb"}, "reason"),
        ({"resaon": "a"}, "resaon"),
        ({"forever": True}, "forever"),
    ],
)
def test_R62_what_is_no_pause_is_refused_and_pauses_nothing(
    api: Client, path: str, body: dict[str, Any], field: str
) -> None:
    answer = api.bad(40001, "POST", f"{path}/pause", body)
    assert field in answer["message"]
    assert shown(api, path) == NOTHING


def test_R62_what_is_not_there_cannot_be_paused(api: Client) -> None:
    for path in ("/api/v1/devices/NONE", "/api/v1/accounts/99"):
        api.bad(40401, "POST", f"{path}/pause", {})
        api.bad(40401, "POST", f"{path}/resume")


def test_R62_resuming_a_phone_names_the_pause_that_it_ends(side: HttpSide, api: Client) -> None:
    api.good("POST", "/api/v1/devices/PHONE1/pause", {"reason": "new battery"})
    device = api.good("GET", "/api/v1/devices")["devices"][0]
    assert (device["resumable"], device["detail"]) == (
        True,
        "the phone PHONE1 is paused since 2027-01-15 09:00: new battery",
    )
    assert api.good("POST", "/api/v1/devices/PHONE1/resume")["resumed"] == [device["detail"]]


def test_R62_a_paused_task_says_until_when(side: HttpSide, api: Client) -> None:
    task = side.task("PHONE1", stage=Stage.QUEUED, username="kim")
    side.jobs.dispatcher.enqueue([task])
    api.good("POST", "/api/v1/accounts/1/pause", {"until": "22:00"})
    side.jobs.dispatcher.turn()
    shown_task = api.good("GET", f"/api/v1/task/{task.id}")
    assert (shown_task["waiting_for"], shown_task["next_attempt_at"]) == (
        "pause",
        "2027-01-15T22:00:00+01:00",
    )
    api.good("POST", "/api/v1/accounts/1/pause", {})
    side.jobs.dispatcher.turn()
    shown_task = api.good("GET", f"/api/v1/task/{task.id}")
    assert (shown_task["waiting_for"], shown_task["next_attempt_at"]) == ("pause", None)


def test_R61_an_account_shows_its_pace_and_takes_its_own(side: HttpSide, api: Client) -> None:
    path = "/api/v1/accounts/1"
    account = api.good("GET", path)
    assert (account["min_gap_minutes"], account["max_per_day"]) == (None, None)
    assert account["pace"] == {"min_gap_minutes": 0, "max_per_day": 0}
    done = side.task("PHONE1", username="kim")
    side.store.tasks.change(
        done.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=side.clock.now()
    )
    account = api.good("PATCH", path, {"min_gap_minutes": 90, "max_per_day": "3"})["account"]
    assert account["pace"] == {"min_gap_minutes": 90, "max_per_day": 3}
    assert (account["posts_today"], account["next_allowed_at"]) == (1, "2027-01-15T10:30:00+01:00")
    assert account["pace_detail"] == "@kim leaves 90 minutes between two posts"
    task = side.task("PHONE1", stage=Stage.QUEUED, username="kim")
    side.jobs.dispatcher.enqueue([task])
    side.jobs.dispatcher.turn()
    waits = api.good("GET", f"/api/v1/task/{task.id}")
    assert (waits["waiting_for"], waits["next_attempt_at"]) == ("pace", "2027-01-15T10:30:00+01:00")
    assert waits["waiting_detail"].endswith("it waits until 2027-01-15 10:30")
    assert api.good("PATCH", path, account)["account"]["max_per_day"] == 3  # as read, so sent back
    account = api.good("PATCH", path, {"min_gap_minutes": None})["account"]
    assert (account["min_gap_minutes"], account["max_per_day"]) == (None, 3)


@pytest.mark.parametrize(
    "body",
    [{"min_gap_minutes": -1}, {"min_gap_minutes": 10081}, {"max_per_day": 1001}, {"max_per_day": "many"}],
)
def test_R61_a_pace_that_cannot_be_is_refused(api: Client, body: dict[str, Any]) -> None:
    answer = api.bad(40001, "PATCH", "/api/v1/accounts/1", body)
    assert next(iter(body)) in answer["message"]


def test_R61_a_bulk_and_a_slot_that_break_the_pace_are_taken_with_a_warning(
    side: HttpSide, api: Client
) -> None:
    api.good("PATCH", "/api/v1/accounts/1", {"max_per_day": 1})
    config = {
        "captions": "x",
        "material_source": "localFolder",
        "content_type": 1,
        "material_path": str(side.media),
    }
    row = {
        "script_name": "post",
        "usernames": ["kim"],
        "script_config": {"captions": "x", "material_list": [str(side.media / "clip.mp4")]},
    }
    rows = [{**row, "start_time": f"2027-01-16 1{hour}:00"} for hour in range(2)]
    created = api.good("POST", "/api/v1/task/bulk", {"tasks": rows})
    assert created["created_count"] == 2
    assert created["warnings"] == [
        "@kim has 2 posts on 2027-01-16, its pace allows 1 a day: the rest waits for a later day"
    ]
    slot = api.good(
        "POST", "/api/v1/slots", {"usernames": ["kim"], "times": ["10:00", "18:00"], "script_config": config}
    )
    assert any(
        "@kim has 2 posts on 2027-01-15 (and 6 more), its pace allows 1 a day" in one
        for one in slot["warnings"]
    )
