"""The archive over HTTP: months, pages, exports, and what is said when there is none or it is damaged."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import License, Posting, Storage
from storage.records import Outcome, Stage, Task, TaskError
from tests.support.http_side import Client, HttpSide

ARCHIVE = "/api/v1/archive"
JAN = 1_798_900_000.0  # 2027-01-02T14:26:40Z
DAY = 86_400.0


def archived(side: HttpSide, *ended: float, **facts: Any) -> list[Task]:
    """Tasks that ended at these times and left the store for the archive."""
    changes = {name: facts.pop(name) for name in ("stage", "outcome", "error", "remark") if name in facts}
    changes = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, **changes}
    tasks = []
    for at in ended:
        task = side.task(**facts)
        tasks.append(side.store.tasks.change(task.id, finished_at=at, started_at=at - 60, **changes))
    side.store.archive.append(tasks)
    side.store.tasks.remove([task.id for task in tasks])
    return tasks


def file_of(side: HttpSide, month: str) -> Path:
    return Path(side.store.state_dir) / "archive" / f"{month}.jsonl"


def found(api: Client, query: str, month: str = "2027-01") -> list[int]:
    return [task["id"] for task in api.good("GET", f"{ARCHIVE}/{month}?{query}")["tasks"]]


def test_a_hub_without_an_archive_says_when_there_will_be_one(side: HttpSide, api: Client) -> None:
    side.configure(storage=Storage(retention_days=14))
    assert api.good("GET", ARCHIVE) == {"months": [], "retention_days": 14.0, "complete": True}
    answer = api.bad(40401, "GET", f"{ARCHIVE}/2027-01")
    assert answer["message"] == "month: no tasks of 2027-01 are archived; no month is archived yet"


def test_the_months_come_newest_first_with_what_came_of_their_tasks(side: HttpSide, api: Client) -> None:
    archived(side, JAN, JAN + 1)
    archived(side, JAN, stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    archived(side, JAN - 40 * DAY)
    newest, older = api.good("GET", ARCHIVE)["months"]
    assert newest == {
        "month": "2027-01", "size_bytes": file_of(side, "2027-01").stat().st_size, "tasks": 3, "completed": 2,
        "failed": 1, "unknown": 1, "unreadable_lines": 0, "problem": "",
    }  # fmt: skip
    assert (older["month"], older["tasks"]) == ("2026-11", 1)


def test_an_archived_task_is_shown_as_the_list_showed_it(side: HttpSide, api: Client) -> None:
    task = side.task(
        caption="Fünf Späne", status="failed", script_config={"ai_label": True}, username="alice"
    )
    before = api.good("GET", f"/api/v1/task/{task.id}")
    side.store.archive.append([side.store.tasks.get(task.id)])  # type: ignore[list-item]
    side.store.tasks.remove([task.id])
    page = api.good("GET", f"{ARCHIVE}/{before['finished_at'][:7]}")
    assert page == {
        "month": before["finished_at"][:7], "tasks": [before], "total": 1, "page": 1, "page_size": 20,
        "unreadable_lines": 0,
    }  # fmt: skip


def test_pages_are_cut_from_what_ended_last_first(side: HttpSide, api: Client) -> None:
    one, two, three = (task.id for task in archived(side, JAN + 10, JAN + 30, JAN + 20))
    assert found(api, "") == [two, three, one]
    assert found(api, "page=2&page_size=2") == [one]
    assert found(api, "page=999999999999") == []
    assert api.good("GET", f"{ARCHIVE}/2027-01?page_size=500")["page_size"] == 100


def test_filters_narrow_down_pages_and_exports(side: HttpSide, api: Client) -> None:
    (plain,) = archived(side, JAN, username="alice", caption="Oak and ash")
    (reel,) = archived(side, JAN + 1, username="Bob", platform="instagram", serial="PHONE2", caption="OAK")
    (unknown,) = archived(side, JAN + 2, username="alice", stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    for query, wanted in (
        ("status=2", [reel, plain]),
        ("status=3", [unknown]),
        ("outcome=unknown", [unknown]),
        ("username=@Alice", [unknown, plain]),
        ("platform=instagram", [reel]),
        ("serial=PHONE2", [reel]),
        ("q=oak", [reel, plain]),
        ("q=oak&username=bob&status=2", [reel]),
        ("q=birch", []),
        ("q=", [unknown, reel, plain]),
    ):
        ids = [task.id for task in wanted]
        assert found(api, query) == ids, query
        assert api.good("GET", f"{ARCHIVE}/2027-01?{query}")["total"] == len(ids)
        lines = api.call("GET", f"{ARCHIVE}/2027-01/export?format=jsonl&{query}").text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids[::-1], query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=1", "status"), ("status=x", "status"), ("outcome=good", "outcome"), ("page=0", "page"),
        ("platform=youtube", "platform"), ("page_size=0", "page_size"), ("page=1&page=2", "page"), (f"q={'x' * 201}", "q"),
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_by_its_name(
    side: HttpSide, api: Client, query: str, field: str
) -> None:
    archived(side, JAN)
    errors = api.bad(40001, "GET", f"{ARCHIVE}/2027-01?{query}")["data"]["errors"]
    assert [error["field"] for error in errors] == [field]


def test_a_form_that_no_export_has_is_refused_and_an_unknown_filter_is_told(
    side: HttpSide, api: Client
) -> None:
    archived(side, JAN)
    assert "format" in api.bad(40001, "GET", f"{ARCHIVE}/2027-01/export?format=xlsx")["message"]
    (warning,) = api.good("GET", f"{ARCHIVE}/2027-01?acount=alice")["warnings"]
    assert warning.startswith("acount: is not known here")


@pytest.mark.parametrize(
    "month",
    ["2027-1", "2027-13", "2027-00", "27-01", "2027-01x", "x2027-01", "2027-01.jsonl", "%D9%A2%D9%A0%D9%A2%D9%A7-%D9%A0%D9%A1",
     "2027-01%0A", "2027-01%00", "..", "...", "%20", "2027_01", "-027-01", "2027-0%31x"],
)  # fmt: skip
def test_what_is_no_month_is_refused_with_the_way_to_write_one(
    side: HttpSide, api: Client, month: str
) -> None:
    archived(side, JAN)
    for path in (f"{ARCHIVE}/{month}", f"{ARCHIVE}/{month}/export"):
        answer = api.bad(40001, "GET", path)
        assert answer["data"]["errors"][0]["field"] == "month"
        assert "must be a month as 2027-01" in answer["message"]


@pytest.mark.parametrize("path", ["../store", "%2e%2e%2fstore", "2027-01%2fexport%2fx", "2027-01/../.."])
def test_no_way_leads_out_of_the_archive(side: HttpSide, api: Client, path: str) -> None:
    archived(side, JAN)
    assert api.call("GET", f"{ARCHIVE}/{path}").status_int in {400, 404}


def test_a_month_that_is_not_there_names_those_that_are(side: HttpSide, api: Client) -> None:
    for back in range(14):
        archived(side, JAN - back * 31 * DAY)
    for path in (f"{ARCHIVE}/2031-01", f"{ARCHIVE}/2031-01/export?format=jsonl"):
        message = api.bad(40401, "GET", path)["message"]
        assert message.startswith("month: no tasks of 2031-01 are archived; there are: 2027-01, 2026-12, ")
        assert message.endswith(", …")


def test_an_answer_is_known_by_its_etag_until_it_would_be_another(side: HttpSide, api: Client) -> None:
    archived(side, JAN)
    paths = (ARCHIVE, f"{ARCHIVE}/2027-01?q=x", f"{ARCHIVE}/2027-01", f"{ARCHIVE}/2027-01/export")
    tags = [api.call("GET", path).headers["ETag"] for path in paths]
    assert len(set(tags)) == 4
    for path, tag in zip(paths, tags, strict=True):
        for known in (tag, f'"x", W/{tag}'):
            again = api.call("GET", path, If_None_Match=known)
            assert (again.status_int, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert api.call("GET", path, If_None_Match='"x"').status_int == 200
    side.configure(posting=Posting(timezone="Asia/Tokyo"))
    for path, tag in zip(paths[1:], tags[1:], strict=True):
        assert api.call("GET", path, If_None_Match=tag).status_int == 200, "other times stand in it"
    side.configure(posting=Posting(timezone="Europe/Berlin"))
    archived(side, JAN + 5)
    for path, tag in zip(paths, tags, strict=True):
        assert api.call("GET", path, If_None_Match=tag).status_int == 200, path


def test_a_csv_of_a_month_has_the_columns_of_the_export_of_the_list(side: HttpSide, api: Client) -> None:
    archived(side, JAN + 60, JAN, caption="=1+1; Späne", username="alice", remark="the app shows it")
    answer = api.call("GET", f"{ARCHIVE}/2027-01/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="archive-2027-01.csv"'
    assert answer.headers["X-Tikmatrixd-Unreadable-Lines"] == "0"
    listed = api.call("GET", "/api/v1/task/export").text
    assert answer.text.splitlines()[0] == listed.splitlines()[0]
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["finished_at"] for row in rows] == ["2027-01-02 15:26:40", "2027-01-02 15:27:40"]
    assert {row["caption"] for row in rows} == {"'=1+1; Späne"}
    assert {row["status"] for row in rows} == {"completed"}


def test_json_lines_of_a_month_are_the_task_objects_of_its_pages(side: HttpSide, api: Client) -> None:
    error = TaskError("ui_changed", "an unknown screen", "caption")
    archived(side, *(JAN + n for n in range(150)), stage=Stage.FAILED, outcome=Outcome.NONE, error=error)
    answer = api.call("GET", f"{ARCHIVE}/2027-01/export?format=jsonl")
    assert answer.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="archive-2027-01.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    pages = [api.good("GET", f"{ARCHIVE}/2027-01?page_size=100&page={page}")["tasks"] for page in (1, 2)]
    assert lines == [*pages[0], *pages[1]][::-1]


def test_an_export_of_nothing_is_an_empty_file(side: HttpSide, api: Client) -> None:
    archived(side, JAN)
    assert api.call("GET", f"{ARCHIVE}/2027-01/export?format=jsonl&q=nothing").body == b""
    assert api.call("GET", f"{ARCHIVE}/2027-01/export?q=nothing").text.count("\n") == 1
    assert api.call("HEAD", f"{ARCHIVE}/2027-01/export").body == b""


def test_a_damaged_month_gives_its_good_part_and_says_what_is_missing(side: HttpSide, api: Client) -> None:
    one, _, three = archived(side, JAN, JAN + 1, JAN + 2)
    path = file_of(side, "2027-01")
    lines = path.read_bytes().splitlines()
    lines[1] = lines[1][:100] + b"\0" * 50
    path.write_bytes(b"\n".join([*lines, b'{"id":']))
    page = api.good("GET", f"{ARCHIVE}/2027-01")
    assert [task["id"] for task in page["tasks"]] == [three.id, one.id]
    assert page["unreadable_lines"] == 1
    assert api.good("GET", ARCHIVE)["months"][0]["unreadable_lines"] == 1
    export = api.call("GET", f"{ARCHIVE}/2027-01/export?format=jsonl")
    assert export.headers["X-Tikmatrixd-Unreadable-Lines"] == "1"
    assert len(export.text.splitlines()) == 2


def test_a_month_that_cannot_be_read_says_why_and_hides_no_other(side: HttpSide, api: Client) -> None:
    archived(side, JAN, JAN - 40 * DAY)
    path = file_of(side, "2027-01")
    path.unlink()
    path.mkdir()
    newest, older = api.good("GET", ARCHIVE)["months"]
    assert (newest["problem"], newest["tasks"]) == ("it is not a regular file", None)
    assert older["tasks"] == 1
    for where in (f"{ARCHIVE}/2027-01", f"{ARCHIVE}/2027-01/export"):
        message = api.bad(50001, "GET", where)["message"]
        assert message == "the archive of 2027-01 cannot be read: it is not a regular file"


def test_a_folder_that_cannot_be_read_says_so(side: HttpSide, api: Client) -> None:
    (Path(side.store.state_dir) / "archive").write_bytes(b"")
    assert api.bad(50001, "GET", ARCHIVE)["message"] == "the archive cannot be read: Not a directory"


def test_the_archive_is_read_with_what_the_list_is_read_with(side: HttpSide, api: Client) -> None:
    archived(side, JAN)
    paths = (ARCHIVE, f"{ARCHIVE}/2027-01", f"{ARCHIVE}/2027-01/export")
    for path in paths:
        api.bad(40101, "GET", path, peer="192.168.7.9")
        api.bad(40301, "GET", path, Host="elsewhere.example")
        api.bad(40501, "POST", path, {})
        api.bad(40501, "DELETE", path)
    side.configure(license=License(plan="starter"))
    for path in paths:
        api.bad(40301, "GET", path)


def test_what_retention_moves_is_there_at_once(side: HttpSide, api: Client) -> None:
    task = side.task(status="completed")
    assert api.good("GET", ARCHIVE)["months"] == []
    side.store.maintain(side.clock.now() + 40 * DAY)
    (month,) = api.good("GET", ARCHIVE)["months"]
    page = api.good("GET", f"{ARCHIVE}/{month['month']}")
    assert [one["id"] for one in page["tasks"]] == [task.id]
    assert msgspec.json.decode(file_of(side, month["month"]).read_bytes())["id"] == task.id
