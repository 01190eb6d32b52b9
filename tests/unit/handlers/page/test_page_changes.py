"""`GET /changes`: another number whenever anything was changed, 304 else, and what it costs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from jobs.hub.settings import Compat, Server
from jobs.phone.protocol import PhoneState
from tests.support.http_side import Client, HttpSide, new_task

C = "/api/v1/changes"


def test_a_viewer_is_shown_the_state_of_the_hub(side: HttpSide, api: Client) -> None:
    side.task(status="completed")
    side.task(status="unknown")
    side.task(status="failed")
    later, sooner = (
        side.store.tasks.create([new_task("PHONE2", at=side.clock.now() + wait, username=name)])[0]
        for wait, name in ((900, "kim"), (600, "alex"))
    )
    held = side.store.tasks.create([new_task("PHONE2", at=side.clock.now() + 1)])[0]
    side.store.tasks.change(held.id, held=True)
    shown = api.good("GET", C)
    assert shown["counts"] == {
        "total": 6, "pending": 3, "running": 0, "completed": 1, "failed": 2, "unknown": 1
    }  # fmt: skip
    assert (shown["next_post"]["task_id"], shown["next_post"]["username"]) == (sooner.id, "alex")
    assert shown["next_post"]["start_time"] == "2027-01-15T09:10:00+01:00"
    assert (shown["timezone"], shown["time"]) == ("Europe/Berlin", "2027-01-15T09:00:00+01:00")
    assert shown["ready"]
    assert shown["version"] == "0.0-test"
    assert shown["needs_count"] == api.good("GET", "/api/v1/needs")["total"] == 2
    assert later.id != sooner.id


def test_nothing_new_is_304_and_every_change_is_another_number(side: HttpSide, api: Client) -> None:
    task = side.task()

    def asked(etag: str) -> tuple[int, str]:
        answer = api.call("GET", C, If_None_Match=etag)
        if answer.status_int == 304:
            assert answer.body == b""
        return answer.status_int, answer.headers["ETag"]

    def account(**changes: Any) -> None:
        if side.store.accounts.all():
            side.store.accounts.change(side.store.accounts.all()[0].id, **changes)
        else:
            api.good(
                "POST", "/api/v1/accounts", {"username": "kim", "platform": "tiktok", "device": "PHONE1"}
            )

    etag = asked("")[1]
    happened = {
        "a new task": side.task,
        "a task's move": lambda: side.store.tasks.change(task.id, held=True),
        "a new account": account,
        "an account": lambda: account(enabled=False),
        "a phone's state": lambda: side.phones.set("PHONE1", PhoneState.OFFLINE),
        "a phone's battery": lambda: side.phones.set("PHONE1", battery_percent=50),
        "a phone's label": lambda: api.good("PATCH", "/api/v1/devices/PHONE2", {"label": "Shelf"}),
        "the settings": lambda: side.configure(server=Server(hosts=("hub.example.org",))),
        "a slot": lambda: side.store.meta.set("anything", 1),
    }
    for what, happens in happened.items():
        assert asked(etag) == (304, etag), what
        assert asked(f'W/{etag}, "x"') == (304, etag)
        happens()
        status, new = asked(etag)
        assert (status, new != etag) == (200, True), what
        etag = new


def test_what_nothing_announces_is_seen_within_a_second(side: HttpSide, api: Client) -> None:
    etag = api.call("GET", C).headers["ETag"]
    side.config_notices = ["on disk but not in force: log.level"]
    side.clock.advance(1)  # type: ignore[attr-defined]
    answer = api.call("GET", C, If_None_Match=etag)
    assert answer.status_int == 200
    assert "not in force" in answer.json["data"]["notices"][0]


def test_another_process_begins_with_another_etag(side: HttpSide, api: Client, tmp_path: Any) -> None:
    etag = api.call("GET", C).headers["ETag"]
    with HttpSide(tmp_path / "other") as other:
        assert other.client.call("GET", C, If_None_Match=etag).status_int == 200


def test_304_stays_304_for_clients_that_want_200_for_refusals(side: HttpSide, api: Client) -> None:
    side.configure(compat=Compat(http_status="always_200"))
    etag = api.call("GET", C).headers["ETag"]
    assert api.call("GET", C, If_None_Match=etag).status_int == 304


def test_it_is_quick_work_and_walks_over_no_tasks(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty viewers that ask every two seconds take a few milliseconds of each second."""
    assert not side.app.is_slow("GET", C)
    new = [new_task(f"PHONE{1 + i % 3}", at=side.clock.now() + i) for i in range(5000)]
    for start in range(0, 5000, 500):
        side.store.tasks.create(new[start : start + 500])

    class NoWalk(dict[Any, Any]):
        def __iter__(self) -> Any:
            raise AssertionError("walked over all tasks")

        values = items = keys = __iter__  # type: ignore[assignment]

    monkeypatch.setattr(side.store.tasks, "_tasks", NoWalk(side.store.tasks._tasks))
    began = time.thread_time()
    for _ in range(50):
        side.clock.advance(1)  # type: ignore[attr-defined]
        api.call("GET", C)
    took_ms = (time.thread_time() - began) * 1000 / 50
    assert took_ms < 25  # of processor time, with all that a test client does
