"""Phones over HTTP."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from jobs.accounts.matching import MatchState
from jobs.phone.protocol import PhoneState
from tests.support.http_side import PNG, Client, HttpSide, ShownPhones

D = "/api/v1/devices"


def test_the_inventory_shows_every_phone_and_what_it_works_on(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.phones.set(
        "PHONE1", model="Pixel 7", android="14", battery_percent=81, battery_celsius=30.5, last_seen=1.0
    )
    side.phones.set("PHONE2", PhoneState.UNAUTHORIZED, detail="accept the key on the phone")
    task = side.task("PHONE1", status="running")
    monkeypatch.setattr(side.jobs, "current_task", lambda serial: task if serial == "PHONE1" else None)
    data = api.good("GET", D)
    assert data["total"] == 3
    first, second, third = data["devices"]
    assert first == {
        "serial": "PHONE1", "label": "", "state": "device", "detail": "", "since": "1970-01-01T01:00:00+01:00",
        "last_seen": "1970-01-01T01:00:01+01:00", "model": "Pixel 7", "android": "14", "battery_percent": 81,
        "battery_celsius": 30.5, "resumable": False, "current_task": task.id, "adb_server": "local",
        "paused": False, "paused_since": None, "paused_until": None, "pause_reason": "",
    }  # fmt: skip
    assert (second["state"], second["detail"]) == ("unauthorized", "accept the key on the phone")
    assert third["current_task"] is third["last_seen"] is third["battery_percent"] is None


def test_every_phone_names_its_adb_server_and_every_server_says_how_it_is(
    side: HttpSide, api: Client
) -> None:
    side.phones.set("PHONE2", PhoneState.ADB_DOWN, adb_server="shelf-2", detail="it hangs")
    data = api.good("GET", D)
    assert [phone["adb_server"] for phone in data["devices"]] == ["local", "shelf-2", "local"]
    local, other = data["adb_servers"]
    assert (local["name"], local["up"], local["phones"], local["usable"]) == ("local", True, 2, 2)
    assert other == {
        "name": "shelf-2", "address": "127.0.0.1:5037", "up": False, "detail": "it hangs",
        "since": "1970-01-01T01:00:00+01:00", "phones": 1, "usable": 0, "pushes": 0, "max_pushes": 4,
    }  # fmt: skip


def label(api: Client, serial: str, text: str) -> str:
    return str(api.good("PATCH", f"{D}/{serial}", {"label": text})["label"])


def test_R67_a_phone_has_the_label_that_it_was_given_until_it_is_taken_away(
    side: HttpSide, api: Client
) -> None:
    side.phones.set("192.0.2.9:5555")
    assert label(api, "PHONE1", " Shelf A-3 ") == "Shelf A-3"
    assert label(api, "192.0.2.9%3A5555", "Küche 👩‍🍳") == "Küche 👩‍🍳"
    assert [phone["label"] for phone in api.good("GET", D)["devices"]] == ["Küche 👩‍🍳", "Shelf A-3", "", ""]
    assert label(api, "PHONE1", "x" * 100) == "x" * 100
    assert label(api, "PHONE1", "") == ""
    assert api.good("PATCH", f"{D}/PHONE2?label=B", None)["label"] == "B"
    assert [phone["label"] for phone in api.good("GET", D)["devices"]] == ["Küche 👩‍🍳", "", "B", ""]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"label": "x" * 101}, "label: must not be longer than 100 characters"),
        ({"label": "Shelf\nA"}, "label: holds the character U+000A"),
        ({"label": "Shelf A\t"}, "label: holds the character U+0009"),
        ({"label": "\x1b[31m"}, "label: holds the character U+001B"),
        ({"label": "Shelf\x85A"}, "label: holds the character U+0085"),
        ({"label": "Shelf\u2028A"}, "label: holds the character U+2028"),
        ({"label": 3}, "label: must be a text, not 3"),
        ({"label": None}, "label: is missing"),
        ({}, "label: is missing"),
        ({"label": "A", "state": "device"}, "state: is not a known key"),
    ],
)
def test_R67_what_is_no_label_is_refused_and_changes_nothing(
    api: Client, body: dict[str, Any], problem: str
) -> None:
    label(api, "PHONE1", "Shelf A-3")
    assert problem in api.bad(40001, "PATCH", f"{D}/PHONE1", body)["message"]
    assert api.good("GET", D)["devices"][0]["label"] == "Shelf A-3"


def test_R67_a_phone_that_was_never_seen_gets_no_label(side: HttpSide, api: Client) -> None:
    assert "no phone nobody" in api.bad(40401, "PATCH", f"{D}/nobody", {"label": "A"})["message"]
    assert side.store.meta.get("label:nobody") is None


def test_R67_labels_are_there_after_a_restart(tmp_path: Path) -> None:
    with HttpSide(tmp_path) as side:
        label(side.client, "PHONE2", "Shelf A-3")
        label(side.client, "PHONE3", "Shelf A-4")
        label(side.client, "PHONE3", "")
    with HttpSide(tmp_path) as side:
        assert [phone["label"] for phone in side.client.good("GET", D)["devices"]] == ["", "Shelf A-3", ""]


def test_a_phone_that_starts_nothing_says_why_and_goes_on_when_somebody_says_so(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "the phone PHONE1 is paused until 10:00: 3 tasks in a row ended with device_timeout"
    monkeypatch.setattr(side.jobs.halts, "why", lambda serial: why if serial == "PHONE1" else "")
    monkeypatch.setattr(side.jobs.halts, "resume", lambda serial: [why] if serial == "PHONE1" else [])
    first, second, _ = api.good("GET", D)["devices"]
    assert ((first["state"], first["detail"]), second["detail"]) == (("device", why), "")
    monkeypatch.setattr(side.jobs.halts, "all", side.jobs.halts.resume)
    assert [phone["resumable"] for phone in api.good("GET", D)["devices"]] == [True, False, False]
    assert api.good("POST", f"{D}/PHONE1/resume") == {"serial": "PHONE1", "resumed": [why], "still": why}
    assert api.good("POST", f"{D}/PHONE2/resume")["resumed"] == []
    api.bad(40401, "POST", f"{D}/nobody/resume")


def test_a_deleted_task_is_not_shown_as_current(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = side.task("PHONE1", status="running")
    monkeypatch.setattr(side.jobs, "current_task", lambda _: side.store.tasks.get(task.id))
    api.good("DELETE", f"/api/v1/task/{task.id}")
    assert api.good("GET", D)["devices"][0]["current_task"] is None


def test_the_newest_picture_is_a_png(side: HttpSide, api: Client) -> None:
    side.phones.set("192.0.2.9:5555")
    side.phones.pictures["192.0.2.9:5555"] = PNG
    for serial in ("192.0.2.9:5555", "192.0.2.9%3A5555"):
        response = api.call("GET", f"{D}/{serial}/screenshot")
        assert (response.body, response.content_type) == (PNG, "image/png")
        assert response.headers["Cache-Control"] == "no-store"
    assert "no picture" in api.bad(40401, "GET", f"{D}/PHONE1/screenshot")["message"]
    assert "no phone" in api.bad(40401, "GET", f"{D}/nobody/screenshot")["message"]
    api.bad(40501, "POST", f"{D}/PHONE1/screenshot")


def test_WEB_3_hanging_phones_stand_before_nothing_else(side: HttpSide, monkeypatch: Any) -> None:
    entered, go_on = threading.Semaphore(0), threading.Event()

    def hang(serial: str) -> None:
        entered.release()
        go_on.wait(10)

    monkeypatch.setattr(side.phones, "cached_screenshot", hang)
    callers = [
        threading.Thread(target=side.client.call, args=("GET", f"{D}/PHONE{n}/screenshot")) for n in (1, 2)
    ]
    for caller in callers:
        caller.start()
    assert entered.acquire(timeout=5)
    assert entered.acquire(timeout=5)
    assert "other pictures" in side.client.bad(40401, "GET", f"{D}/PHONE3/screenshot")["message"]
    go_on.set()
    for caller in callers:
        caller.join(5)


def test_WEB_3_pictures_of_a_hanging_adb_servers_phones_stand_before_no_others(tmp_path: Path) -> None:
    phones = ShownPhones("PHONE1")
    phones.set("PHONE2", adb_server="shelf-2")
    phones.set("PHONE3", adb_server="shelf-2")
    entered, go_on = threading.Semaphore(0), threading.Event()

    def picture(serial: str) -> bytes:
        if serial != "PHONE1":
            entered.release()
            go_on.wait(10)
        return PNG

    phones.cached_screenshot = picture  # type: ignore[method-assign]
    with HttpSide(tmp_path, phones=phones) as side:
        caller = threading.Thread(target=side.client.call, args=("GET", f"{D}/PHONE2/screenshot"))
        caller.start()
        assert entered.acquire(timeout=5)
        assert "other pictures" in side.client.bad(40401, "GET", f"{D}/PHONE3/screenshot")["message"]
        assert side.client.call("GET", f"{D}/PHONE1/screenshot").body == PNG
        go_on.set()
        caller.join(5)


class Matcher:
    """Answers at once."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str], MatchState] = {}

    def request(self, serial: str, platform: str, *, add: bool = False) -> MatchState:
        self.last[serial, platform] = MatchState(
            serial=serial,
            platform=platform,
            state="done",
            logged_in=["kim"],
            unknown=["lee"],
        )
        return MatchState(serial=serial, platform=platform, state="running")

    def state(self, serial: str, platform: str) -> MatchState | None:
        return self.last.get((serial, platform))


def test_matching_accounts_is_asked_for_and_looked_at_later(tmp_path: Path) -> None:
    with HttpSide(tmp_path, matcher=Matcher()) as side:
        path = f"{D}/PHONE1/match-accounts"
        assert side.client.good("GET", path) == {"matches": []}
        response = side.client.call("POST", path, {"platform": "tiktok"})
        assert (response.status_int, response.json["data"]["state"]) == (202, "running")
        [match] = side.client.good("GET", path)["matches"]
        assert (match["state"], match["logged_in"], match["unknown"]) == ("done", ["kim"], ["lee"])
        side.client.bad(40001, "POST", path, {"platform": "x"})
        side.client.bad(40001, "POST", path, {})
        side.client.bad(40401, "POST", f"{D}/nobody/match-accounts", {"platform": "tiktok"})


def test_names_that_the_caller_has_read_are_noted_at_once(side: HttpSide, api: Client) -> None:
    for name in ("kim", "lee"):
        api.good("POST", "/api/v1/accounts", {"username": name, "device": "PHONE1"})
    path = f"{D}/PHONE1/match-accounts"
    answer = api.good("POST", path, {"platform": "tiktok", "accounts": ["@Kim", "stranger"]})
    assert (answer["state"], answer["logged_in"], answer["not_shown"], answer["unknown"]) == (
        "done",
        ["kim"],
        ["lee"],
        ["stranger"],
    )
    shown = {
        account["username"]: account["logined"] for account in api.good("GET", "/api/v1/accounts")["accounts"]
    }
    assert shown == {"kim": 1, "lee": 0}
    api.bad(40001, "POST", path, {"platform": "tiktok", "accounts": [""]})
    # A list that came out empty does not mean that nobody is logged in.
    assert "leave it out" in api.bad(40001, "POST", path, {"platform": "tiktok", "accounts": []})["message"]
