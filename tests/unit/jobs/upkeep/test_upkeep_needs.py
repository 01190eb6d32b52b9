"""What needs a person: every kind of matter appears with what to do about it, and goes when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from handlers.access.tokens import new_token
from jobs.phone.protocol import PhoneState
from jobs.task.ending import UNKNOWN_ADVICE
from jobs.upkeep.needs import ENDS_SHOWN_S, MOST
from storage.records import NewAccount, Stage, TaskError, Waiting
from tests.support.http_side import Client, HttpSide

N = "/api/v1/needs"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


@pytest.fixture
def api(side: HttpSide) -> Client:
    return side.client


def matters(api: Client, kind: str = "") -> list[dict[str, Any]]:
    found = api.good("GET", N)["needs"]
    return [one for one in found if not kind or one["kind"] == kind]


def act(api: Client, matter: dict[str, Any], call: str) -> None:
    """Press the button of a matter."""
    found = next(one for one in matter["actions"] if one["call"] == call)
    api.good(found["method"], found["path"], found["body"])


def test_a_hub_that_is_well_needs_nobody(side: HttpSide, api: Client) -> None:
    side.task()
    side.task(status="completed")
    assert api.good("GET", N) == {"needs": [], "total": 0}


def test_an_unknown_outcome_says_once_what_to_do(side: HttpSide, api: Client) -> None:
    task = side.task(status="unknown", username="kim")
    side.store.tasks.change(task.id, remark=f"no answer to the tap; {UNKNOWN_ADVICE}")
    (matter,) = matters(api)
    assert (
        matter["sentence"] == "Task 1 for @kim may be published: no answer to the tap. Look at the account."
    )


@pytest.mark.parametrize(("answer", "status"), [("It is there", 2), ("It is not there", 0)])
def test_an_unknown_outcome_is_settled_by_either_answer(
    side: HttpSide, api: Client, answer: str, status: int
) -> None:
    task = side.task(status="unknown", username="kim")
    (matter,) = matters(api)
    assert (matter["kind"], matter["task_id"], matter["serial"]) == ("unknown_outcome", task.id, "PHONE1")
    assert "@kim may be published" in matter["sentence"]
    assert matter["since"] == "2027-01-15T09:00:00+01:00"
    act(api, matter, answer)
    assert matters(api) == []
    assert api.good("GET", f"/api/v1/task/{task.id}")["status"] == status


@pytest.mark.parametrize(
    ("state", "kind", "resumable"),
    [
        (PhoneState.UNAUTHORIZED, "accept_key", False),
        (PhoneState.NEEDS_HANDS, "phone", True),
        (PhoneState.NO_PERMISSIONS, "phone", False),
        (PhoneState.DUPLICATE, "phone", False),
    ],
)
def test_a_phone_that_needs_hands_is_named_with_its_label(
    side: HttpSide, api: Client, state: PhoneState, kind: str, resumable: bool
) -> None:
    api.good("PATCH", "/api/v1/devices/PHONE2", {"label": "Shelf 3"})
    side.phones.set("PHONE2", state, detail="do this")
    (matter,) = matters(api)
    assert (matter["kind"], matter["serial"]) == (kind, "PHONE2")
    assert matter["sentence"] == "Phone Shelf 3 (PHONE2): do this"
    assert bool(matter["actions"]) is resumable
    if resumable:
        act(api, matter, "Go on")
        assert matters(api) == []


def test_a_phone_that_is_merely_absent_needs_nobody_until_a_task_has_waited_long(
    side: HttpSide, api: Client
) -> None:
    side.phones.set("PHONE3", PhoneState.ABSENT, detail="not connected")
    assert matters(api) == []
    waiting = [side.task("PHONE3") for _ in range(2)]
    for task in waiting:
        side.store.tasks.change(task.id, stage=Stage.QUEUED)
    sentence = "PHONE3: it is not connected"
    side.store.tasks.set_waiting({t.id: (Waiting.DEVICE, side.clock.now(), sentence) for t in waiting})
    side.clock.advance(700)  # type: ignore[attr-defined]
    side.jobs.overdue.turn()
    (matter,) = matters(api)
    assert (matter["kind"], matter["serial"]) == ("phone", "PHONE3")
    assert "2 tasks wait for it" in matter["sentence"]
    for task in waiting:
        api.good("POST", f"/api/v1/task/{task.id}/stop")
    assert matters(api) == []


def test_a_low_battery_is_a_matter_for_hands(side: HttpSide, api: Client) -> None:
    side.phones.set("PHONE1", battery_percent=1)
    (matter,) = matters(api)
    assert (matter["kind"], matter["actions"]) == ("phone", [])
    assert "battery" in matter["sentence"]


def test_an_account_that_is_logged_out_can_be_looked_at_again_or_marked(side: HttpSide, api: Client) -> None:
    new = NewAccount(username="kim", platform="tiktok", serial="PHONE1", logged_in=False)
    account = side.store.accounts.add(new)
    side.store.accounts.add(msgspec.structs.replace(new, username="off", enabled=False))
    (matter,) = matters(api)
    assert (matter["kind"], matter["account_id"]) == ("log_in", account.id)
    assert [one["call"] for one in matter["actions"]] == ["Look again", "It is logged in"]
    act(api, matter, "It is logged in")
    assert matters(api) == []


def test_the_clock_the_config_and_the_tokens(side: HttpSide, api: Client) -> None:
    side.jobs.trust.reason = "the clock of this box is wrong"
    side.config_notices = ["on disk but not in force: log.level; take it over with: systemctl reload tikmatrixd",
                           "on disk but not in force before a restart: server.listen: systemctl restart tikmatrixd"]  # fmt: skip
    side.tokens_file.write_text("{")
    found = matters(api)
    assert [one["kind"] for one in found] == ["clock", "tokens", "config", "config"]
    assert [[act["call"] for act in one["actions"]] for one in found] == [
        ["The time is right"], [], ["Read it again"], []
    ]  # fmt: skip
    first_seen = found[2]["since"]
    side.clock.advance(60)  # type: ignore[attr-defined]
    assert matters(api)[2]["since"] == first_seen
    act(api, found[0], "The time is right")
    side.config_notices = []
    side.tokens_file.unlink()
    new_token(side.tokens_file, "laptop")
    assert matters(api) == []


def test_three_tasks_that_end_alike_pause_an_app_which_can_go_on(side: HttpSide, api: Client) -> None:
    for _ in range(3):
        task = side.task(status="failed", username="kim")
        side.jobs.breaker.moved(side.store.tasks.change(task.id, app_version="1.2"))
    found = matters(api)
    assert [one["kind"] for one in found] == ["app", "screen"]
    assert "is paused until" in found[0]["sentence"]
    act(api, found[0], "Go on now")
    assert [one["kind"] for one in matters(api)] == ["screen"]


def test_the_same_unknown_screen_on_several_phones_is_one_matter(side: HttpSide, api: Client) -> None:
    for serial in ("PHONE1", "PHONE2"):
        side.task(serial, status="failed")
    (matter,) = matters(api)
    assert matter["kind"] == "screen"
    assert "at the step find, on 2 phones" in matter["sentence"]
    side.clock.advance(ENDS_SHOWN_S + 1)  # type: ignore[attr-defined]
    assert matters(api) == []


def test_an_account_that_must_be_verified_names_its_task(side: HttpSide, api: Client) -> None:
    task = side.task(status="failed", username="kim")
    error = TaskError("verification_needed", "a captcha")
    side.store.tasks.change(task.id, error=error, remark="a captcha")
    (matter,) = matters(api)
    assert (matter["kind"], matter["task_id"]) == ("task", task.id)
    assert matter["sentence"] == f"Task {task.id} for @kim: a captcha"
    act(api, matter, "Retry")
    assert matters(api) == []


def test_a_post_that_may_be_out_is_asked_about_once_and_offers_no_retry_beside_it(
    side: HttpSide, api: Client
) -> None:
    task = side.task(status="unknown", username="kim")
    error = TaskError("security_check", "asks for its security check", "proof")
    side.store.tasks.change(task.id, error=error, remark=error.message)
    (matter,) = matters(api)
    assert (matter["kind"], matter["task_id"]) == ("unknown_outcome", task.id)


def test_a_slot_that_cannot_plan_names_the_first_post_and_why(side: HttpSide, api: Client) -> None:
    side.store.accounts.add(NewAccount(username="kim", platform="tiktok", serial="PHONE1"))
    slot = {
        "name": "mornings",
        "usernames": ["kim"],
        "times": ["10:00"],
        "script_config": {"materials_tags": ["none"]},
    }
    slot_id = api.good("POST", "/api/v1/slots", slot)["slot"]["id"]
    side.planner.turn()
    (matter,) = matters(api)
    assert (matter["kind"], matter["slot_id"]) == ("slot", slot_id)
    assert matter["sentence"].startswith(
        "Mornings cannot plan the post of 2027-01-15 10:00 for @kim and 1 more: "
    )
    api.good("POST", f"/api/v1/slots/{slot_id}/pause")
    assert matters(api) == []


def test_more_than_a_hundred_are_counted_and_the_urgent_ones_come_first(side: HttpSide, api: Client) -> None:
    for _ in range(MOST + 5):
        side.task(status="unknown")
    side.jobs.trust.reason = "the clock of this box is wrong"
    found = api.good("GET", N)
    assert (len(found["needs"]), found["total"]) == (MOST, MOST + 6)
    assert found["needs"][0]["kind"] == "clock"


def test_an_adb_server_that_is_away_is_one_matter_whatever_it_has(side: HttpSide, api: Client) -> None:
    side.phones.set("PHONE1", PhoneState.ADB_DOWN, detail="it hangs")
    (matter,) = [one for one in matters(api) if one["kind"] == "adb"]
    assert matter["sentence"] == "No phone can be reached: it hangs"
    side.phones.set("PHONE1")
    side.phones.set("PHONE2", PhoneState.ADB_DOWN, adb_server="shelf-2", detail="it hangs")
    side.phones.set("PHONE3", PhoneState.ADB_DOWN, adb_server="shelf-2", detail="it hangs")
    side.phones.empty["shelf-3"] = "no adb server answers"
    assert [(one["key"], one["sentence"]) for one in matters(api, "adb")] == [
        ("adb:shelf-2", "Adb server shelf-2 is not reachable: 2 phones (it hangs)."),
        ("adb:shelf-3", "Adb server shelf-3 is not reachable: 0 phones (no adb server answers)."),
    ]
