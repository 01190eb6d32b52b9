"""Every task endpoint, on a real store, intake and control."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.hub.settings import Compat, License, Media, Posting, Server
from storage.records import Outcome, Stage
from tests.support.http_side import Client, HttpSide, new_task

T = "/api/v1/task"
FIELDS = {
    "id", "script_name", "serial", "status", "status_text", "source", "username", "account_seen", "script_config", "enable_multi_account",
    "start_time", "end_time", "retry_count", "max_retry_count", "remark", "scheduled_at", "created_at", "started_at",
    "finished_at", "next_attempt_at", "platform", "package", "outcome", "error", "caption", "materials", "waiting_for",
    "waiting_since", "waiting_detail", "version",
}  # fmt: skip


def test_a_created_task_is_answered_with_what_was_resolved(side: HttpSide, api: Client) -> None:
    data = api.good("POST", T, side.body(start_time="18:30"))
    assert data["created_count"] == 1
    [task] = data["tasks"]
    assert data["task_ids"] == [task["id"]]
    assert data["warnings"] == []
    assert task["serial"] == "PHONE1"
    assert task["caption"] == "hello"
    assert task["materials"] == ["clip.mp4"]
    assert task["start_time"].endswith(" 18:30:00")


def test_a_task_object_has_exactly_the_fields_of_the_contract(side: HttpSide, api: Client) -> None:
    created = api.good("POST", T, side.body(start_time="18:30"))
    task = api.good("GET", f"{T}/{created['task_ids'][0]}")
    assert set(task) == FIELDS
    assert task["status"] == 0
    assert task["status_text"] == "pending"
    assert task["source"] == "api"
    assert task["waiting_for"] == "time"
    assert task["start_time"] == created["tasks"][0]["start_time"]
    assert task["scheduled_at"] == task["next_attempt_at"] == task["start_time"].replace(" ", "T") + "+01:00"
    assert task["waiting_since"] == task["created_at"]
    assert task["end_time"] is task["started_at"] is task["finished_at"] is task["error"] is None
    assert task["outcome"] == "none"
    assert task["script_config"]["captions"] == "hello"
    assert task["script_config"]["upload_wait_time"] == 30


def test_the_start_time_becomes_the_real_one_once_the_task_has_begun(side: HttpSide, api: Client) -> None:
    task = side.task(status="running")
    side.store.tasks.change(task.id, started_at=task.scheduled_at + 90)
    shown = api.good("GET", f"{T}/{task.id}")
    assert shown["status_text"] == "running"
    assert shown["start_time"] == shown["started_at"][:19].replace("T", " ")
    assert shown["started_at"] != shown["scheduled_at"]
    assert shown["waiting_for"] is None
    assert shown["next_attempt_at"] is None


def test_a_failed_task_says_why(side: HttpSide, api: Client) -> None:
    shown = api.good("GET", f"{T}/{side.task(status='failed').id}")
    assert shown["error"] == {"code": "ui_changed", "message": "unknown screen", "step": "find"}
    assert shown["end_time"] == shown["finished_at"][:19].replace("T", " ")


def test_a_changed_task_is_shown_changed(side: HttpSide, api: Client) -> None:
    task = side.task()
    assert api.good("GET", f"{T}/{task.id}")["remark"] == ""
    side.store.tasks.change(task.id, remark="new")
    assert api.good("GET", f"{T}/{task.id}")["remark"] == "new"
    assert api.good("GET", T)["tasks"][0]["remark"] == "new"


def test_a_changed_time_zone_shows_at_once(side: HttpSide, api: Client) -> None:
    task = side.task()
    assert api.good("GET", f"{T}/{task.id}")["created_at"].endswith("+01:00")
    side.configure(posting=Posting(timezone="America/New_York"))
    assert api.good("GET", f"{T}/{task.id}")["created_at"].endswith("-05:00")


def test_the_list_has_the_newest_first_and_counts_all_matches(side: HttpSide, api: Client) -> None:
    ids = [side.task().id for _ in range(25)]
    first = api.good("GET", T)
    assert [task["id"] for task in first["tasks"]] == ids[:4:-1]
    assert (first["total"], first["page"], first["page_size"]) == (25, 1, 20)
    second = api.good("GET", f"{T}?page=2")
    assert [task["id"] for task in second["tasks"]] == ids[4::-1]
    beyond = api.good("GET", f"{T}?page=99999999")
    assert (beyond["tasks"], beyond["total"]) == ([], 25)


def test_a_page_larger_than_100_is_cut(side: HttpSide, api: Client) -> None:
    side.task()
    assert api.good("GET", f"{T}?page_size=100000")["page_size"] == 100


def test_filters_combine_and_empty_ones_count_as_absent(side: HttpSide, api: Client) -> None:
    side.task("PHONE1", status="failed")
    wanted = side.task("PHONE2", status="failed")
    side.task("PHONE2")
    found = api.good("GET", f"{T}?status=3&serial=PHONE2&source=api&script_name=post")
    assert [task["id"] for task in found["tasks"]] == [wanted.id]
    assert api.good("GET", f"{T}?status=&serial=&page=&source=&script_name=&page_size=")["total"] == 3
    assert api.good("GET", f"{T}?status=0&nonsense=1")["total"] == 1
    assert api.good("GET", f"{T}?serial=nobody")["total"] == 0
    assert api.good("GET", f"{T}?source=ui")["total"] == 0


def test_a_list_a_count_and_an_export_take_the_same_filters(side: HttpSide, api: Client) -> None:
    """Nine tasks of which each filter leaves out another one."""
    at = datetime(2027, 1, 15, 18, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    facts = {
        "serial": "PHONE1", "username": "anna", "platform": "tiktok", "at": at, "caption": "An Oak bench",
    }  # fmt: skip
    others: list[dict[str, Any]] = [
        {"serial": "PHONE2"}, {"username": "ben"}, {"platform": "instagram"}, {"at": at - 60}, {"at": at + 60},
        {"caption": "A beech chair"},
    ]  # fmt: skip
    new = [new_task(**{**facts, **other}) for other in [*others, {}, {}, {}]]
    *_, published, held, wanted = (task.id for task in side.store.tasks.create(new))
    side.store.tasks.change(published, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    side.store.tasks.change(held, held=True)
    query = (
        "username=@Anna&serial=PHONE1&platform=tiktok&outcome=none&held=false&q=OAK&status=0"
        "&from=2027-01-15+18:30&to=2027-01-15T18:30:00%2B01:00"
    )
    assert [task["id"] for task in api.good("GET", f"{T}?{query}")["tasks"]] == [wanted]
    assert api.good("GET", f"{T}/stats?{query}") == {
        "total": 1, "pending": 1, "running": 0, "completed": 0, "failed": 0,
    }  # fmt: skip
    exported = api.call("GET", f"{T}/export?{query}").text.splitlines()
    assert [line.count("An Oak bench") for line in exported] == [0, 1]
    for left_out in query.split("&"):
        fewer = "&".join(part for part in query.split("&") if part != left_out)
        # The one that is published is left out by its status and by its outcome.
        total = 1 if left_out in {"status=0", "outcome=none"} else 2
        assert api.good("GET", f"{T}?{fewer}")["total"] == total, left_out
    assert api.good("GET", f"{T}?outcome=published")["total"] == 1
    assert api.good("GET", f"{T}?held=1")["tasks"][0]["id"] == held


def test_a_list_can_be_in_the_order_of_start_or_of_end(side: HttpSide, api: Client) -> None:
    new = [new_task("PHONE1", at=2e9 + seconds) for seconds in (30, 10, 20)]
    first, second, third = (task.id for task in side.store.tasks.create(new))
    side.store.tasks.change(second, stage=Stage.FAILED, finished_at=100.0)
    side.store.tasks.change(third, stage=Stage.FAILED, finished_at=200.0)
    for sort, ids in {
        "": [third, second, first],
        "-id": [third, second, first],
        "scheduled_at": [second, third, first],
        "-finished_at": [third, second, first],
    }.items():
        assert [task["id"] for task in api.good("GET", f"{T}?sort={sort}")["tasks"]] == ids, sort
        paged = [api.good("GET", f"{T}?sort={sort}&page_size=1&page={page}")["tasks"] for page in (1, 2, 3)]
        assert [task["id"] for [task] in paged] == ids
    assert "did you mean" in api.bad(40001, "GET", f"{T}?sort=scheduled")["message"]


def test_days_and_times_of_day_bound_a_list(side: HttpSide, api: Client) -> None:
    """It is 2027-01-15 in Berlin; both ends belong to the range."""
    zone = ZoneInfo("Europe/Berlin")
    times = [
        datetime(2027, 1, 14, 23, 59, tzinfo=zone),
        datetime(2027, 1, 15, tzinfo=zone),
        datetime(2027, 1, 15, 12, tzinfo=zone),
        datetime(2027, 1, 16, tzinfo=zone),
    ]
    side.store.tasks.create([new_task("PHONE1", at=time.timestamp()) for time in times])
    for query, total in {
        "from=2027-01-15": 3, "to=2027-01-15": 3, "from=2027-01-15&to=2027-01-15": 2, "from=12:00": 2,
        "to=12:00": 3, "to=11:59": 2, "from=2027-01-15T23:00:00Z": 1,
    }.items():  # fmt: skip
        assert api.good("GET", f"{T}?{query}")["total"] == total, query


def test_bad_query_values_are_refused_with_their_names(api: Client) -> None:
    for query, field in {
        "page=0": "page", "page=x": "page", "page=-1": "page", "page=1.5": "page", "status=9": "status",
        "status=x": "status", "status=true": "status", "page_size=0": "page_size", "source=x": "source",
        "page=%EF%BC%91": "page", "status=0&status=1": "status", "platform=youtube": "platform", "outcome=lost": "outcome",
        "held=maybe": "held", "sort=id": "sort", "from=tomorrow": "from", "to=2027-02-30": "to", "from=25:00": "from",
        "from=2027-01-31T18:30:00+01:00": "from", "from=2027-01-02&to=2027-01-01": "to", "to=0000-01-01": "to",
        "to=9999-12-31": "to", f"q={'x' * 201}": "q", "held=true&held=true": "held",
    }.items():  # fmt: skip
        for path in (T, f"{T}/stats", f"{T}/export"):
            if path == T or field not in {"page", "page_size", "sort"}:
                [error] = api.bad(40001, "GET", f"{path}?{query}")["data"]["errors"]
                assert error["field"] == field, query
    assert len(api.bad(40001, "GET", f"{T}?page=0&status=9")["data"]["errors"]) == 2
    api.bad(40001, "GET", f"{T}?serial=%ff")


def test_ids_are_digits_only_and_unknown_ones_are_not_found(api: Client) -> None:
    for word in ("0", "abc", "999999", "-1", "1.0", "1e3", "%D9%A1", "9" * 30, "%ff1", "0x1", "1%20"):
        api.bad(40401, "GET", f"{T}/{word}")
        api.bad(40401, "POST", f"{T}/{word}/stop")
        api.bad(40401, "POST", f"{T}/{word}/retry")
        api.bad(40401, "GET", f"{T}/{word}/log")


def test_words_of_the_routing_trap_keep_their_methods(api: Client) -> None:
    api.good("GET", f"{T}/stats")
    assert api.bad(40501, "GET", f"{T}/batch")
    assert api.bad(40501, "GET", f"{T}/retry-all")
    assert api.bad(40501, "DELETE", f"{T}/stats")
    assert api.bad(40501, "DELETE", f"{T}/retry-all")


def test_a_wrong_method_names_the_right_ones(api: Client) -> None:
    response = api.call("PUT", T)
    assert response.json["code"] == 40501
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert "GET, HEAD, POST" in response.json["message"]
    api.bad(40501, "GET", f"{T}/1/stop")
    api.bad(40501, "OPTIONS", T)
    assert api.call("GET", f"{T}/1/retry").headers["Allow"] == "POST"
    assert T in api.bad(40501, "POST", "/", {})["message"], "who forgot the path is told it"


def test_a_trailing_slash_changes_nothing(side: HttpSide, api: Client) -> None:
    task = side.task()
    for path in (f"{T}/", f"{T}/stats/", f"{T}/{task.id}/", "/api/v1/license/check/"):
        api.good("GET", path)
    api.good("POST", f"{T}/", side.body())


def test_head_answers_without_a_body(api: Client) -> None:
    response = api.call("HEAD", T)
    assert response.status_int == 200
    assert response.body == b""


def test_an_unknown_path_names_the_near_miss(api: Client) -> None:
    assert "did you mean /api/v1/task?" in api.bad(40401, "GET", "/api/v1/tasks")["message"]
    assert "did you mean /api/v1/task?" in api.bad(40401, "POST", "/task", {})["message"]
    assert "did you mean /api/v1/task?" in api.bad(40401, "POST", "/api/task", {})["message"]
    for word in ("retry", "stop", "release"):  # and not /api/v1/task/retry-all, which retries every one
        said = api.bad(40401, "POST", f"{T}/{word}", {"task_ids": [4]})["message"]
        assert said.endswith(f"did you mean {T}/{{id}}/{word}?")
    assert "e.g. [1, 2]" in api.bad(40001, "DELETE", f"{T}/batch", {"task_ids": "all"})["message"]
    assert 'e.g. ["4"]' in api.bad(40001, "DELETE", f"{T}/batch", {"task_ids": "4"})["message"]
    assert "openapi.json" in api.bad(40401, "GET", "/api/v1/something/else/altogether")["message"]
    api.bad(40401, "GET", "/api/v2/task/%00%ff")


def test_stats_count_by_status(side: HttpSide, api: Client) -> None:
    for status in ("pending", "pending", "running", "completed", "failed", "unknown", "stopped"):
        side.task(status=status)
    assert api.good("GET", f"{T}/stats") == {
        "total": 7,
        "pending": 2,
        "running": 1,
        "completed": 1,
        "failed": 3,
    }


def test_a_pending_task_that_is_stopped_never_starts(side: HttpSide, api: Client) -> None:
    task = side.task()
    stopped = api.good("POST", f"{T}/{task.id}/stop")
    assert set(stopped) == FIELDS | {"stopping"}
    assert stopped["status"] == 3
    assert stopped["stopping"] is False
    assert stopped["remark"] == "stopped by request"
    assert stopped["error"]["code"] == "stopped"


def test_a_running_task_is_asked_to_stop(side: HttpSide, api: Client) -> None:
    stopped = api.good("POST", f"{T}/{side.task(status='running').id}/stop")
    assert stopped["stopping"] is True
    assert stopped["status"] == 1


def test_what_has_ended_cannot_be_stopped(side: HttpSide, api: Client) -> None:
    for status in ("completed", "failed"):
        api.bad(40001, "POST", f"{T}/{side.task(status=status).id}/stop")


def test_only_failed_tasks_can_be_retried(side: HttpSide, api: Client) -> None:
    for status in ("pending", "running", "completed"):
        api.bad(40001, "POST", f"{T}/{side.task(status=status).id}/retry")
    task = side.task(status="failed")
    retried = api.good("POST", f"{T}/{task.id}/retry")
    assert (retried["id"], retried["status"], retried["retry_count"]) == (task.id, 0, 1)
    assert retried["waiting_for"] == "retry_delay"
    pause_s = side.store.tasks.get(task.id).due_at - side.clock.now()  # type: ignore[union-attr]
    assert 5 <= pause_s <= 60


def test_the_retry_limit_needs_force(side: HttpSide, api: Client) -> None:
    task = side.task(status="failed")
    side.store.tasks.change(task.id, retry_count=3)
    assert "new task" in api.bad(40001, "POST", f"{T}/{task.id}/retry")["message"]
    api.bad(40001, "POST", f"{T}/{task.id}/retry?force=maybe")
    assert api.good("POST", f"{T}/{task.id}/retry?force=true")["retry_count"] == 4


def test_an_unknown_outcome_needs_confirmation(side: HttpSide, api: Client) -> None:
    task = side.task(status="unknown")
    refused = api.bad(40001, "POST", f"{T}/{task.id}/retry")
    assert refused["message"] == "may already be published; check the account, then retry with confirm=true"
    api.bad(40001, "POST", f"{T}/{task.id}/retry?force=1")
    assert api.good("POST", f"{T}/{task.id}/retry?confirm=true")["status"] == 0


@pytest.mark.parametrize("by", ["query", "header"])
def test_a_confirmation_counts_for_the_end_that_was_looked_at_and_no_later_one(
    side: HttpSide, api: Client, by: str
) -> None:
    task = side.task(status="unknown")

    def call(seen: int, what: str) -> tuple[str, dict[str, str]]:
        if by == "header":
            return f"{T}/{task.id}/{what}", {"If_Match": str(seen)}
        return f"{T}/{task.id}/{what}{'&' if '?' in what else '?'}version={seen}", {}

    def post(expected: int, seen: int, what: str) -> dict[str, Any]:
        path, headers = call(seen, what)
        if expected:
            return api.bad(expected, "POST", path, **headers)
        return api.good("POST", path, **headers)

    assert post(0, 0, "retry?confirm=true")["version"] == 1
    side.store.tasks.change(task.id, stage=Stage.FAILED, outcome=Outcome.UNKNOWN, attempt=2)
    before = api.good("GET", f"{T}/{task.id}")
    for what in (
        "retry?confirm=true",
        "mark-published",
    ):  # a repeat, or somebody who looked at the first attempt
        assert "look at it again" in post(41201, 0, what)["message"]
    assert api.good("GET", f"{T}/{task.id}") == before
    (matter,) = api.good("GET", "/api/v1/needs")["needs"]
    there, not_there = (act["path"] for act in matter["actions"])
    assert there.endswith("/mark-published?version=1")
    assert (
        "7 is none of it" in api.bad(41201, "POST", f"{T}/{task.id}/retry?confirm=true&version=7")["message"]
    )
    assert api.good("POST", not_there)["version"] == 2


def test_a_held_task_is_released_as_it_was_looked_at_or_not_at_all(side: HttpSide, api: Client) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    seen = api.good("POST", f"{T}/{task_id}/hold")["version"]
    api.good("PATCH", f"{T}/{task_id}", {"captions": "another"})
    api.bad(41201, "POST", f"{T}/{task_id}/release?version={seen}")
    assert api.good("GET", f"{T}/{task_id}")["waiting_for"] == "hold"
    assert api.good("POST", f"{T}/{task_id}/release?version={seen + 1}")["waiting_for"] == "time"
    repeated = api.good("POST", f"{T}/{task_id}/release?version={seen + 1}")
    assert repeated["waiting_for"] == "time", "a call whose answer was lost may be repeated"


@pytest.mark.parametrize("query", ["version=", "version=x", "version=-1", "attempt=1", "versions=0"])
def test_a_version_that_is_none_retries_nothing(side: HttpSide, api: Client, query: str) -> None:
    task = side.task(status="unknown")
    api.bad(40001, "POST", f"{T}/{task.id}/retry?confirm=true&{query}")
    api.bad(40001, "POST", f"{T}/{task.id}/retry?confirm=true&version=0", If_Match="1")
    assert side.store.tasks.get(task.id) == task


def test_an_unknown_outcome_can_be_marked_as_published(side: HttpSide, api: Client) -> None:
    marked = api.good("POST", f"{T}/{side.task(status='unknown').id}/mark-published")
    assert (marked["status"], marked["outcome"]) == (2, "published")
    api.bad(40001, "POST", f"{T}/{side.task(status='failed').id}/mark-published")
    api.bad(40401, "POST", f"{T}/999/mark-published")


def test_retry_all_says_what_it_left_alone(side: HttpSide, api: Client) -> None:
    failed = side.task(status="failed")
    unknown = side.task(status="unknown")
    stopped = side.task(status="stopped")
    worn = side.task(status="failed")
    side.store.tasks.change(worn.id, retry_count=3)
    side.task()
    assert api.good("POST", f"{T}/retry-all") == {
        "retried_count": 1,
        "task_ids": [failed.id],
        "skipped": [
            {"id": unknown.id, "reason": "outcome_unknown"},
            {"id": stopped.id, "reason": "stopped"},
            {"id": worn.id, "reason": "retry_limit"},
        ],
    }


def test_a_deleted_task_is_in_no_list(side: HttpSide, api: Client) -> None:
    task = side.task()
    assert api.good("DELETE", f"{T}/{task.id}") == {
        "deleted_count": 1, "task_ids": [task.id], "not_found": [], "warnings": []
    }  # fmt: skip
    api.bad(40401, "GET", f"{T}/{task.id}")
    api.bad(40401, "DELETE", f"{T}/{task.id}")
    assert api.good("GET", T)["total"] == 0


def test_a_running_task_leaves_every_list_when_deleted(side: HttpSide, api: Client) -> None:
    task, late = side.task(status="running"), side.task("PHONE2", status="committing")
    assert api.good("DELETE", f"{T}/{task.id}")["warnings"] == []
    [warning] = api.good("DELETE", f"{T}/{late.id}")["warnings"]
    assert "may still appear" in warning
    api.bad(40401, "GET", f"{T}/{task.id}")
    assert api.good("GET", T)["total"] == 0
    assert api.good("GET", f"{T}/stats")["total"] == 0


def test_a_batch_deletes_what_it_finds(side: HttpSide, api: Client) -> None:
    one, three = side.task(), side.task()
    answer = api.good("DELETE", f"{T}/batch", {"task_ids": [one.id, 77, three.id]})
    assert answer == {"deleted_count": 2, "task_ids": [one.id, three.id], "not_found": [77], "warnings": []}
    api.bad(40401, "DELETE", f"{T}/batch", {"task_ids": [one.id, 77]})


def test_a_batch_without_good_ids_is_refused(side: HttpSide, api: Client) -> None:
    side.task()
    for body in (
        {"task_ids": []},
        {"task_ids": "1"},
        {"task_ids": [1.5]},
        {"task_ids": [True]},
        {"task_ids": [None]},
        {"task_ids": [1], "dry_run": True},
        {},
        [],
    ):
        api.bad(40001, "DELETE", f"{T}/batch", body)
    assert api.good("GET", f"{T}/stats")["total"] == 1
    assert "proxies" in api.bad(40001, "DELETE", f"{T}/batch")["message"]
    assert api.good("GET", T)["total"] == 1


def test_log_and_evidence_of_a_task_can_be_read(side: HttpSide, api: Client) -> None:
    task = side.task(status="failed")
    writer = side.evidence.writer(task.id, 1)
    writer.line("open app", seconds=1.5)
    writer.keep("screenshot.png", b"png")
    writer.keep("tree.xml", b"<hierarchy/>")
    writer.close()
    log = api.good("GET", f"{T}/{task.id}/log")
    assert log["task_id"] == task.id
    assert log["log"][0]["step"] == "open app"
    assert sorted(log["artifacts"]) == ["1-screenshot.png", "1-tree.xml"]
    picture = api.call("GET", f"{T}/{task.id}/artifacts/1-screenshot.png")
    assert (picture.body, picture.content_type) == (b"png", "image/png")
    tree = api.call("GET", f"{T}/{task.id}/artifacts/1-tree.xml")
    assert tree.content_type == "application/xml"
    assert "sandbox" in tree.headers["Content-Security-Policy"]
    for name in ("nothing.png", "..%2F..%2Ftokens.json", "log.jsonl", ".", "%2e%2e"):
        api.bad(40401, "GET", f"{T}/{task.id}/artifacts/{name}")
    api.good("DELETE", f"{T}/{task.id}")
    assert api.good("GET", f"{T}/{task.id}/log")["log"], "the log of a deleted task is kept"


def test_a_task_without_evidence_has_an_empty_log(side: HttpSide, api: Client) -> None:
    task = side.task()
    assert api.good("GET", f"{T}/{task.id}/log") == {"task_id": task.id, "log": [], "artifacts": []}
    api.bad(40401, "GET", f"{T}/999/log")


def test_WEB_8_the_same_key_and_body_get_the_first_answer_again(side: HttpSide, api: Client) -> None:
    body = side.body()
    first = api.call("POST", T, body, Idempotency_Key="abc")
    again = api.call("POST", T, body, Idempotency_Key="abc")
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.json == first.json
    assert api.good("GET", T)["total"] == 1
    api.bad(40901, "POST", T, side.body(start_time="18:30"), Idempotency_Key="abc")
    for key in ("", "a b", "x" * 129, "ä"):
        api.bad(40001, "POST", T, body, Idempotency_Key=key)


def test_WEB_8_the_same_media_for_the_same_phone_is_refused_unless_forced(
    side: HttpSide, api: Client
) -> None:
    side.intake.reload(side.settings.__class__(media=side.settings.media, posting=Posting(timezone="UTC")))
    api.good("POST", T, side.body())
    refused = api.bad(40902, "POST", T, side.body())
    assert "with force" in refused["message"]
    api.good("POST", T, side.body(force=True))
    api.good("POST", f"{T}?force=true", side.body())
    assert api.good("GET", T)["total"] == 3


def test_a_dry_run_creates_nothing(side: HttpSide, api: Client) -> None:
    data = api.good("POST", T, side.body(dry_run=True))
    assert (data["task_ids"], data["created_count"], data["dry_run"]) == ([], 0, True)
    assert data["tasks"][0]["id"] is None
    assert api.good("GET", T)["total"] == 0


def test_while_draining_reads_work_and_creates_are_refused(side: HttpSide, api: Client) -> None:
    task = side.task()
    side.draining = True
    response = api.call("POST", T, side.body())
    assert response.json["code"] == 50301
    assert response.status_int == 503
    assert int(response.headers["Retry-After"]) > 0
    assert api.good("GET", T)["total"] == 1
    api.good("POST", f"{T}/{task.id}/stop")


def test_without_room_new_tasks_are_refused_and_old_ones_can_end(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = side.task()
    monkeypatch.setattr(side.store.storage, "has_room", lambda: False)
    api.bad(50701, "POST", T, side.body())
    api.good("POST", f"{T}/{task.id}/stop")


def test_on_the_starter_plan_every_task_endpoint_is_forbidden(side: HttpSide, api: Client) -> None:
    side.task()
    side.configure(license=License(plan="starter"))
    for method, path in (
        ("GET", T), ("POST", T), ("GET", f"{T}/1"), ("DELETE", f"{T}/1"), ("DELETE", f"{T}/batch"), ("GET", f"{T}/stats"),
        ("POST", f"{T}/retry-all"), ("POST", f"{T}/1/stop"), ("POST", f"{T}/1/retry"), ("GET", f"{T}/1/log"),
        ("GET", f"{T}/1/artifacts/x"), ("POST", f"{T}/1/mark-published"), ("GET", "/api/v1/license/check"),
    ):  # fmt: skip
        assert api.bad(40301, method, path)["message"] == "API access requires the Pro plan or higher"
    api.good("GET", "/api/v1/accounts")
    api.good("GET", "/api/v1/devices")


def test_the_probe_tells_plan_and_limit(side: HttpSide, api: Client) -> None:
    for plan, number in (("pro", 20), ("team", 50), ("business", 100)):
        side.configure(license=License(plan=plan))  # type: ignore[arg-type]
        assert api.good("GET", "/api/v1/license/check") == {
            "plan_name": plan.title(), "api_enabled": True, "device_limit": number, "message": "API access enabled"
        }  # fmt: skip
    side.configure(phones=side.settings.phones.__class__(max_concurrent_devices=7))
    assert api.good("GET", "/api/v1/license/check")["device_limit"] == 7


def test_always_200_is_for_clients_that_throw(side: HttpSide, api: Client) -> None:
    side.configure(compat=Compat(http_status="always_200"))
    for method, path, code in (
        ("GET", f"{T}/999", 40401),
        ("POST", T, 40001),
        ("PUT", T, 40501),
        ("GET", "/api/v1/x", 40401),
    ):
        response = api.call(method, path)
        assert (response.status_int, response.json["code"]) == (200, code)
    assert api.call("GET", T, peer="192.0.2.1").status_int == 200
    assert api.call("GET", "/readyz").status_int == 200
    for path, status in (("/readyz", 401), ("/metrics", 401), ("/nothing", 401)):
        assert api.call("GET", path, peer="192.0.2.1").status_int == status, "a probe is told the truth"
    assert api.call("GET", "/nothing").status_int == 404


def test_a_crash_is_answered_with_an_incident_and_logged_under_it(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(side.store.tasks, "counts", explode)
    answer = api.bad(50001, "GET", f"{T}/stats")
    incident = answer["data"]["incident"]
    assert incident in answer["message"]
    assert "secret" not in str(answer)
    assert incident in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_the_largest_body_is_1_MiB_and_more_is_refused(side: HttpSide, api: Client) -> None:
    filled = side.body(script_config={"captions": "x"})
    filled["padding"] = "y" * 900_000
    api.good("POST", T, filled)
    filled["padding"] = "y" * 1_100_000
    api.bad(41301, "POST", T, filled)
    side.configure(server=Server(max_json_bytes=1024))
    api.bad(41301, "POST", T, side.body(script_config={"captions": "x" * 2000}))


def test_files_outside_the_media_roots_are_refused(side: HttpSide, api: Client) -> None:
    side.configure(media=Media(roots=(str(side.media),)))
    (side.folder / "outside.mp4").write_bytes(b"x")
    (side.media / "link.mp4").symlink_to(side.folder / "outside.mp4")
    (side.media / "text.mp4").write_text("no video")
    (side.media / "folder.mp4").mkdir()
    (side.media / "tool.exe").write_bytes(b"MZ")
    for name in (
        "missing.mp4",
        "link.mp4",
        "../outside.mp4",
        str(side.folder / "outside.mp4"),
        "text.mp4",
        "folder.mp4",
        "tool.exe",
    ):
        errors = api.bad(40001, "POST", T, side.body(script_config={"material_list": ["clip.mp4", name]}))[
            "data"
        ]["errors"]
        assert [error["field"] for error in errors] == ["script_config.material_list[1]"], name
    assert api.good("GET", T)["total"] == 0


def test_R52_a_retry_with_now_starts_a_task_that_was_planned_for_later(side: HttpSide, api: Client) -> None:
    made = api.good("POST", T, side.body(start_time="23:59"))["task_ids"][0]
    api.good("POST", f"{T}/{made}/stop")
    kept = api.good("POST", f"{T}/{made}/retry")
    assert (kept["retry_count"], kept["waiting_for"], kept["scheduled_at"][11:16]) == (0, "time", "23:59")
    api.good("POST", f"{T}/{made}/stop")
    at_once = api.good("POST", f"{T}/{made}/retry?now=true")
    assert at_once["next_attempt_at"] < kept["scheduled_at"]


def test_R49_the_account_that_was_seen_stands_in_the_task_and_in_the_list(
    side: HttpSide, api: Client
) -> None:
    task = side.task(status="completed")
    side.store.tasks.change(task.id, account_seen="anna")
    shown = api.good("GET", f"{T}/{task.id}")
    assert (shown["username"], shown["account_seen"]) == ("", "anna")
    assert api.good("GET", T)["tasks"][0]["account_seen"] == "anna"


def test_R55_hold_and_release_answer_the_task(side: HttpSide, api: Client) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    held = api.good("POST", f"{T}/{task_id}/hold")
    assert set(held) == FIELDS
    assert (held["status"], held["waiting_for"], held["next_attempt_at"]) == (0, "hold", None)
    assert api.good("GET", f"{T}/{task_id}") == held
    released = api.good("POST", f"{T}/{task_id}/release")
    assert (released["waiting_for"], released["next_attempt_at"]) == ("time", held["scheduled_at"])
    assert released["version"] == held["version"] + 1


def test_R55_what_runs_or_has_ended_is_neither_held_nor_released(side: HttpSide, api: Client) -> None:
    for status in ("running", "completed", "failed"):
        task = side.task(status=status)
        for action in ("hold", "release"):
            answer = api.bad(40001, "POST", f"{T}/{task.id}/{action}")
            assert f"task {task.id} is {status}" in answer["message"]
    for action in ("hold", "release"):
        api.bad(40401, "POST", f"{T}/99/{action}")
        api.bad(40501, "GET", f"{T}/1/{action}")


def test_R54_a_change_answers_the_task_and_what_is_new_about_it(side: HttpSide, api: Client) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    data = api.good(
        "PATCH", f"{T}/{task_id}", {"captions": "other", "script_config": {"upload_wait_time": 90}}
    )
    assert set(data) == {"task", "changed", "warnings", "timezone"}
    assert set(data["task"]) == FIELDS
    assert data["changed"] == ["caption", "script_config.captions", "script_config.upload_wait_time"]
    assert data["timezone"] == "Europe/Berlin"
    assert api.good("GET", f"{T}/{task_id}") == data["task"]


def test_R47_a_field_of_a_change_may_stand_in_the_address(side: HttpSide, api: Client) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    data = api.good("PATCH", f"{T}/{task_id}?start_time=19:00")
    assert data["changed"] == ["start_time"]
    assert data["task"]["start_time"].endswith(" 19:00:00")
    api.bad(40001, "PATCH", f"{T}/{task_id}?starttime=20:00", {"captions": "x"})


@pytest.mark.parametrize("seen", ["0", '"0"', 'W/"0"'])
def test_R54_if_match_lets_only_the_version_pass_that_was_seen(
    side: HttpSide, api: Client, seen: str
) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    assert api.good("PATCH", f"{T}/{task_id}", {"captions": "x"}, If_Match=seen)["task"]["version"] == 1
    answer = api.bad(41201, "PATCH", f"{T}/{task_id}", {"captions": "y"}, If_Match=seen)
    assert "has version 1 by now, not 0" in answer["message"]
    assert api.good("PATCH", f"{T}/{task_id}", {"captions": "y"}, If_Match="*")["task"]["caption"] == "y"
    api.bad(40001, "PATCH", f"{T}/{task_id}", {"captions": "z"}, If_Match="soon")


def test_R54_a_version_in_the_body_would_let_every_change_pass_and_is_refused(
    side: HttpSide, api: Client
) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    said = api.bad(40001, "PATCH", f"{T}/{task_id}", {"captions": "x", "version": 0})["data"]["errors"]
    assert said == [
        {"field": "version", "problem": "stands in the wrong place: it belongs into the header If-Match"}
    ]


def test_R54_a_change_that_is_refused_names_every_problem_and_changes_nothing(
    side: HttpSide, api: Client
) -> None:
    task_id = api.good("POST", T, side.body(start_time="18:30"))["task_ids"][0]
    before = api.good("GET", f"{T}/{task_id}")
    answer = api.bad(40001, "PATCH", f"{T}/{task_id}", {"start_time": "25:10", "serial": "X", "caption": "y"})
    assert {error["field"] for error in answer["data"]["errors"]} == {"start_time", "serial", "caption"}
    api.bad(40001, "PATCH", f"{T}/{task_id}", {})
    api.bad(40001, "PATCH", f"{T}/{task_id}", raw=b"[]")
    assert api.good("GET", f"{T}/{task_id}") == before
    api.bad(40401, "PATCH", f"{T}/99", {"captions": "y"})
    api.bad(40001, "PATCH", f"{T}/{side.task(status='running').id}", {"captions": "y"})
