"""The rows of the contract that change something, each on tasks of its own, against the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import AccountEntry, Posting
from tests.support.http_side import PNG, HttpSide, WireClient

T = "/api/v1/task"
#: Section 6 of the contract: what `{}` means.
DEFAULTS = {
    "content_type": 0, "image_count": 1, "captions": "", "caption_format": "spintax", "post_way": "share",
    "placement": "reel", "material_source": "materialLibrary", "material_path": "", "material_list": [], "material_ids": [],
    "materials_tags": "", "upload_wait_time": 30, "sound_wait_time": 10, "add_sound": "-1", "sound_name": "",
    "custom_sound_keyword": "", "origin_sound_volume": 50, "add_sound_volume": 50, "add_product_link": 0,
    "ai_label": False,
}  # fmt: skip
#: Section 5.1, and since when a pending task waits.
TASK_FIELDS = {
    "id", "script_name", "serial", "status", "status_text", "source", "username", "account_seen", "script_config",
    "enable_multi_account", "start_time", "end_time", "retry_count", "max_retry_count", "remark", "scheduled_at",
    "created_at", "started_at", "finished_at", "next_attempt_at", "platform", "package", "outcome", "error",
    "caption", "materials", "waiting_for", "waiting_since", "waiting_detail", "version",
}  # fmt: skip
#: Section 4.9; the last two are ours.
ACCOUNT_FIELDS = {
    "id", "username", "email", "platform", "packagename", "device", "device_online", "device_name", "logined",
    "logined_text", "status", "status_text", "tags", "display_name", "managed",
    # ours: how often it posts, what comes next, and whether a person paused it
    "min_gap_minutes", "max_per_day", "pace", "posts_today", "next_allowed_at", "pace_detail", "last_post_at",
    "next_post_at", "next_task_id", "paused", "paused_since", "paused_until", "pause_reason",
}  # fmt: skip


class Box(NamedTuple):
    side: HttpSide
    wire: WireClient


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    accounts = (AccountEntry(username="alice", serial="PHONE1"),)
    with HttpSide(tmp_path, accounts=accounts) as side:
        yield Box(side, side.serve())


class Action(NamedTuple):
    """A call on a task in some state, and what comes of it; `ends` is its status afterwards, None when it is gone."""

    name: str
    status: str
    method: str
    call: str
    code: int
    ends: int | None
    check: Callable[[Any], bool] = lambda _: True
    retries: int = 0


ACTIONS = [
    Action("stop of a pending task", "pending", "POST", "/stop", 0, 3,
           lambda d: (d["stopping"], d["error"]["code"], d["remark"], d["outcome"]) == (False, "stopped", "stopped by request", "none")),
    Action("stop of a running task", "running", "POST", "/stop", 0, 1, lambda d: d["stopping"] is True),
    Action("stop of a completed task", "completed", "POST", "/stop", 40001, 2),
    Action("stop of a failed task", "failed", "POST", "/stop", 40001, 3),
    Action("retry of a failed task", "failed", "POST", "/retry", 0, 0, lambda d: (d["retry_count"], d["waiting_for"]) == (1, "retry_delay")),
    Action("retry of a stopped task", "stopped", "POST", "/retry", 0, 0),
    Action("retry of a pending task", "pending", "POST", "/retry", 40001, 0),
    Action("retry of a running task", "running", "POST", "/retry", 40001, 1),
    Action("retry of a completed task", "completed", "POST", "/retry", 40001, 2),
    Action("retry at the limit", "failed", "POST", "/retry", 40001, 3, lambda m: "create a new task" in m, 3),
    Action("retry at the limit by force", "failed", "POST", "/retry?force=true", 0, 0, lambda d: d["retry_count"] == 4, 3),
    Action("retry of an unknown outcome", "unknown", "POST", "/retry", 40001, 3,
           lambda m: m == "may already be published; check the account, then retry with confirm=true"),
    Action("retry of an unknown outcome by force", "unknown", "POST", "/retry?force=true", 40001, 3),
    Action("retry of an unknown outcome, confirmed", "unknown", "POST", "/retry?confirm=true", 0, 0, lambda d: d["outcome"] == "none"),
    Action("an unknown outcome marked as published", "unknown", "POST", "/mark-published", 0, 2,
           lambda d: (d["outcome"], d["error"]) == ("published", None)),
    Action("a failed task marked as published", "failed", "POST", "/mark-published", 40001, 3),
    Action("retry-all: a failed task", "failed", "POST", "-all", 0, 0, lambda d: (d["retried_count"], d["skipped"]) == (1, [])),
    Action("retry-all: an unknown outcome", "unknown", "POST", "-all", 0, 3, lambda d: d["skipped"][0]["reason"] == "outcome_unknown"),
    Action("retry-all: at the limit", "failed", "POST", "-all", 0, 3, lambda d: d["skipped"][0]["reason"] == "retry_limit", 3),
    Action("retry-all: a stopped task", "stopped", "POST", "-all", 0, 3, lambda d: d["skipped"][0]["reason"] == "stopped"),
    Action("delete of a pending task", "pending", "DELETE", "", 0, None,
           lambda d: (d["deleted_count"], d["not_found"], d["warnings"]) == (1, [], [])),
    Action("delete of a running task", "running", "DELETE", "", 0, None, lambda d: d["warnings"] == []),
    Action("delete behind the point of no return", "committing", "DELETE", "", 0, None, lambda d: "may still appear" in d["warnings"][0]),
    Action("delete of a completed task", "completed", "DELETE", "", 0, None),
    Action("delete of a failed task", "failed", "DELETE", "", 0, None),
]  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS, ids=[action.name for action in ACTIONS])
def test_the_actions_of_sections_4_4_to_4_6(box: Box, action: Action) -> None:
    task = box.side.task(status=action.status, max_retry_count=3)
    if action.retries:
        box.side.store.tasks.change(task.id, retry_count=action.retries)
    path = f"{T}/retry-all" if action.call == "-all" else f"{T}/{task.id}{action.call}"
    if action.code:
        assert action.check(box.wire.bad(action.code, action.method, path)["message"])
    else:
        assert action.check(box.wire.good(action.method, path))
    if action.ends is None:
        box.wire.bad(40401, "GET", f"{T}/{task.id}")
        assert box.wire.good("GET", T)["total"] == 0
    else:
        assert box.wire.good("GET", f"{T}/{task.id}")["status"] == action.ends


def test_a_batch_names_what_is_gone_and_what_was_never_there(box: Box) -> None:
    first, second = (box.side.task(status=status).id for status in ("pending", "failed"))
    answer = box.wire.good("DELETE", f"{T}/batch", {"task_ids": [second, 99, first, first]})
    assert (answer["deleted_count"], answer["task_ids"], answer["not_found"]) == (2, [second, first], [99])
    assert box.side.task().id > second, "ids are never used again"


def test_an_empty_config_means_the_documented_defaults(box: Box) -> None:
    clip = (box.side.media / "clip.mp4").read_bytes()
    box.wire.good("POST", "/api/v1/materials?name=clip.mp4", raw=clip)
    body = {"serials": ["PHONE1"], "script_name": "post", "script_config": {}}
    [number] = box.wire.good("POST", T, body)["task_ids"]
    task = box.wire.good("GET", f"{T}/{number}")
    assert task["script_config"] == DEFAULTS
    assert set(task) == TASK_FIELDS
    assert box.wire.good("GET", T)["tasks"] == [task]


def test_a_key_an_insisting_client_and_a_repeated_post(box: Box) -> None:
    box.side.configure(posting=Posting(timezone="UTC"))
    box.side.intake.reload(box.side.settings)
    body = box.side.body()
    first = box.wire.call("POST", T, body, Idempotency_Key="k1")
    again = box.wire.call("POST", T, body, Idempotency_Key="k1")
    assert (again.json, again.headers["Idempotent-Replay"]) == (first.json, "true")
    box.wire.bad(40901, "POST", T, {**body, "start_time": "23:00"}, Idempotency_Key="k1")
    box.wire.bad(40902, "POST", T, body)
    assert box.wire.good("POST", T, {**body, "force": True})["warnings"]
    assert box.wire.good("POST", f"{T}?force=1", body)["created_count"] == 1
    assert box.wire.good("GET", f"{T}/stats")["total"] == 3


def test_accounts_are_shown_as_documented(box: Box) -> None:
    box.wire.good("POST", "/api/v1/accounts", {"username": "@ig", "platform": "instagram", "logined": 0})
    page = box.wire.good("GET", "/api/v1/accounts?page_size=1000")
    assert (page["total"], page["page"], page["page_size"]) == (2, 1, 100)
    assert all(set(account) == ACCOUNT_FIELDS for account in page["accounts"])
    for query, names in (
        ("platform=instagram", ["ig"]), ("logined=1", ["alice"]), ("device=PHONE1", ["alice"]), ("status=1", []),
        ("page=2&page_size=1", ["ig"]), ("page=3", []),
    ):  # fmt: skip
        found = box.wire.good("GET", f"/api/v1/accounts?{query}")["accounts"]
        assert [account["username"] for account in found] == names, query


def test_the_paths_of_our_own_are_there(box: Box) -> None:
    box.side.phones.pictures["PHONE1"] = PNG
    task = box.side.task(status="failed")
    writer = box.side.evidence.writer(task.id, 1)
    writer.line("begin")
    writer.keep("tree.xml", b"<hierarchy/>")
    writer.close()
    json = "application/json; charset=utf-8"
    for method, path, kind in (
        ("GET", "/healthz", "text/plain; charset=utf-8"),
        ("GET", "/readyz", json),
        ("GET", "/metrics", "text/plain; version="),
        ("GET", "/", "text/html; charset=utf-8"),
        ("GET", "/api/v1/openapi.json", json),
        ("GET", "/api/v1/devices", json),
        ("GET", "/api/v1/devices/PHONE1/screenshot", "image/png"),
        ("GET", f"{T}/{task.id}/log", json),
        ("GET", f"{T}/{task.id}/artifacts/1-tree.xml", "application/xml"),
        ("GET", "/api/v1/materials", json),
        ("POST", "/api/v1/reload", json),
    ):
        answer = box.wire.call(method, path)
        assert answer.status_int == 200, path
        assert answer.headers["Content-Type"].startswith(kind), path
    assert msgspec.json.decode(box.wire.call("GET", "/api/v1/openapi.json").body)["openapi"] == "3.1.0"


def test_R1_both_headers_carry_a_token(box: Box) -> None:
    token = new_token(box.side.tokens_file, "laptop")
    outside = {"X_Forwarded_For": "203.0.113.7"}
    for headers in ({"Authorization": f"Bearer {token}"}, {"X_Api_Key": token}):
        assert box.wire.good("GET", T, **outside, **headers)["total"] == 0
    for headers in (
        {},
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        {"X_Api_Key": token[:-1]},
    ):
        box.wire.bad(40101, "GET", T, **outside, **headers)
    own = f"http://127.0.0.1:{box.wire.port}"
    assert box.wire.good("GET", T, Origin=own)["total"] == 0


def test_R7_while_draining_reads_work_and_creates_do_not(box: Box) -> None:
    box.side.draining = True
    answer = box.wire.call("POST", T, box.side.body())
    assert (answer.status_int, answer.json["code"], answer.headers["Retry-After"]) == (503, 50301, "5")
    assert box.wire.good("GET", T)["total"] == 0
