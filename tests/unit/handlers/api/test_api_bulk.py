"""Many tasks in one call, from JSON and CSV, and back (R58)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import AccountEntry, Posting
from tests.support.http_side import Client, HttpSide

BULK = "/api/v1/task/bulk"
PEOPLE = tuple(
    AccountEntry(username=f"@{name}", serial=serial)
    for name, serial in (("anna", "PHONE1"), ("ben", "PHONE2"), ("cleo", "PHONE3"))
)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    posting = Posting(timezone="Europe/Berlin")
    with HttpSide(tmp_path, accounts=PEOPLE, posting=posting) as built:
        yield built


def sheet(*rows: str) -> dict[str, Any]:
    return {"raw": "\n".join(rows).encode(), "Content_Type": "text/csv"}


def count(api: Client) -> int:
    return int(api.good("GET", "/api/v1/task/stats")["total"])


def fields(answer: dict[str, Any]) -> dict[str, str]:
    return {error["field"]: error["problem"] for error in answer["data"]["errors"]}


WEEK = (
    "account;file;caption;start_time",
    "@anna;clip.mp4;Hi Anna;31.01.2027 18:30",
    "@ben;clip.mp4;Hi Ben;01.02.2027 9:05",
)


def test_every_row_of_a_german_sheet_becomes_a_task_of_its_time(side: HttpSide, api: Client) -> None:
    made = api.good("POST", BULK, **sheet(*WEEK))
    assert made["created_count"] == 2
    assert [(task["username"], task["caption"], task["start_time"]) for task in made["tasks"]] == [
        ("anna", "Hi Anna", "2027-01-31 18:30:00"),
        ("ben", "Hi Ben", "2027-02-01 09:05:00"),
    ]
    assert [task["id"] for task in made["tasks"]] == made["task_ids"]


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ({"start_time": "18:30"}, "it belongs into each of tasks"),
        ({"startTime": "18:30"}, 'it belongs into each of tasks, and is called "start_time"'),
        ({"schedule": "18:30"}, 'it belongs into each of tasks, and is called "start_time"'),
        ({"usernames": ["anna"]}, "it belongs into each of tasks"),
        ({"platform": "instagram"}, "it belongs into each of tasks"),
        ({"captions": "Hi"}, "it belongs into script_config of each of tasks"),
        ({"draft": True}, "every task publishes"),
    ],
)
def test_a_field_of_the_rows_that_stands_beside_them_is_not_lost(
    side: HttpSide, api: Client, around: dict[str, Any], said: str
) -> None:
    (problem,) = fields(api.bad(40001, "POST", BULK, {"tasks": [side.body()], **around})).values()
    assert said in problem
    assert count(api) == 0
    assert (
        api.good("POST", BULK, {"tasks": [side.body()], "script_name": "post", "week": 3})["created_count"]
        == 1
    )


def test_a_row_without_its_files_beside_rows_that_name_theirs_is_refused(side: HttpSide, api: Client) -> None:
    def row(**config: Any) -> dict[str, Any]:
        return {"usernames": ["ben"], "script_name": "post", "script_config": config}

    found = fields(
        api.bad(40001, "POST", BULK, {"tasks": [side.body(), row(captions="Hi"), row(material_list=[])]})
    )
    assert {"tasks[1].script_config", "tasks[2].script_config"} <= set(found)
    assert "means any file of the library" in found["tasks[1].script_config"]
    # Where no row names files, or this one says that the library is meant, its own checks are the only ones.
    library = row(material_source="materialLibrary")
    assert "tasks[1].script_config" not in fields(
        api.bad(40001, "POST", BULK, {"tasks": [side.body(), library]})
    )


def test_json_takes_the_bodies_of_single_calls(side: HttpSide, api: Client) -> None:
    tasks = [side.body(), side.body(serials=["PHONE2"], start_time="18:30")]
    assert api.good("POST", BULK, {"tasks": tasks})["created_count"] == 2
    assert count(api) == 2


def test_one_bad_row_keeps_all_from_being_created_and_every_problem_names_its_row(
    side: HttpSide, api: Client
) -> None:
    rows = (*WEEK, "@nobody;clip.mp4;Hi;11:00", "@cleo;gone.mp4;Hi;yesterday", "@cleo;clip.mp4;;12:00")
    found = fields(api.bad(40001, "POST", BULK, **sheet(*rows)))
    assert set(found) == {"row 4, account", "row 5, start_time"}
    assert count(api) == 0
    found = fields(api.bad(40001, "POST", BULK, {"tasks": [side.body(), {"script_name": "post"}, 7]}))
    assert {name.partition(".")[0] for name in found} == {"tasks[1]", "tasks[2]"}
    assert count(api) == 0


def test_a_missing_file_names_its_row_and_column(side: HttpSide, api: Client) -> None:
    found = fields(api.bad(40001, "POST", BULK, **sheet(*WEEK, "@cleo;gone.mp4;Hi;12:00")))
    assert list(found) == ["row 4, file"]


def test_only_unknown_accounts_are_not_found(side: HttpSide, api: Client) -> None:
    found = api.bad(40401, "POST", BULK, **sheet("account,file", "@nobody,clip.mp4"))
    assert "row 2, account" in fields(found)


def test_the_same_file_again_creates_nothing_new_and_gets_the_same_answer(
    side: HttpSide, api: Client
) -> None:
    first = api.call("POST", BULK, **sheet(*WEEK))
    again = api.call("POST", BULK, **sheet(*WEEK))
    (warning,) = again.json["data"].pop("warnings")
    assert "nothing new was created" in warning
    assert {**first.json["data"], "warnings": None} == {**again.json["data"], "warnings": None}
    assert again.headers["Idempotent-Replay"] == "true"
    assert count(api) == 2
    api.bad(40902, "POST", BULK, **sheet(*WEEK, ""))  # other bytes, the same posts


def test_a_key_stands_for_the_call_whatever_its_bytes(side: HttpSide, api: Client) -> None:
    api.good("POST", BULK, **sheet(*WEEK), Idempotency_Key="week-5")
    api.bad(40901, "POST", BULK, **sheet(*WEEK[:2]), Idempotency_Key="week-5")


def test_a_dry_run_checks_all_creates_nothing_and_is_not_remembered(side: HttpSide, api: Client) -> None:
    tried = api.good("POST", f"{BULK}?dry_run=true", **sheet(*WEEK))
    assert (tried["dry_run"], tried["task_ids"], len(tried["tasks"])) == (True, [], 2)
    assert count(api) == 0
    assert api.good("POST", BULK, **sheet(*WEEK))["created_count"] == 2


def test_the_same_post_twice_in_one_file_is_refused_and_on_another_day_is_not(
    side: HttpSide, api: Client
) -> None:
    twice = (*WEEK, "@anna;clip.mp4;Again;31.01.2027 18:40")
    assert "twice" in fields(api.bad(40902, "POST", BULK, **sheet(*twice)))["row 4"]
    assert count(api) == 0
    later = (*WEEK, "@anna;clip.mp4;Again;07.02.2027 18:40")
    assert api.good("POST", BULK, **sheet(*later))["created_count"] == 3


def test_force_stands_in_the_address_or_in_its_row(side: HttpSide, api: Client) -> None:
    head = f"{WEEK[0]};force"
    rows = (head, f"{WEEK[1]};", "@anna;clip.mp4;Again;31.01.2027 18:40;ja")
    assert api.good("POST", BULK, **sheet(*rows))["created_count"] == 2
    assert api.good("POST", f"{BULK}?force=1", **sheet(*WEEK))["created_count"] == 2


def test_files_of_a_folder_are_given_to_one_row_each(side: HttpSide, api: Client) -> None:
    rows = (
        "account,content_type,material_source,material_path",
        f"@anna,1,localFolder,{side.media}",
        f"@ben,1,localFolder,{side.media}",
    )
    for name in ("anna", "ben"):
        (side.media / f"@{name}").mkdir()
    (side.media / "photo.jpg").rename(side.media / "@anna" / "photo.jpg")
    (side.media / "photo.png").rename(side.media / "@ben" / "photo.png")
    made = api.good("POST", BULK, **sheet(*rows))
    assert [task["materials"] for task in made["tasks"]] == [["photo.jpg"], ["photo.png"]]


def test_more_rows_than_one_call_takes_are_refused_at_once(side: HttpSide, api: Client) -> None:
    rows = ("account,file", *["@anna,clip.mp4"] * 2001)
    assert "2000" in api.bad(40001, "POST", BULK, **sheet(*rows))["message"]


def test_a_body_of_more_than_a_megabyte_is_read(side: HttpSide, api: Client) -> None:
    caption = "x" * 2000
    rows = ["account;caption;file;start_time"]
    rows += [
        f"@anna;{caption};clip.mp4;{1 + day % 28}.{3 + day // 28}.2027 {10 + hour}:00"
        for day in range(60)
        for hour in range(10)
    ]
    assert api.good("POST", BULK, **sheet(*rows))["created_count"] == 600


def test_an_export_is_a_bulk_again(side: HttpSide, api: Client) -> None:
    rows = (
        "account;file;caption;start_time;ai_label;upload_wait_time",
        '@anna;clip.mp4;"=1+1; \\{braces\\}, ""quotes""',
        'and a line";31.01.2027 18:30;ja;0',
        "@ben;clip.mp4;Hi Ben;01.02.2027 9:05;;",
    )
    made = api.good("POST", BULK, **sheet(*rows))
    exported = api.call("GET", "/api/v1/task/export?format=csv")
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(exported.body.decode("utf-8-sig"))))
    assert [row["start_time"] for row in table] == ["2027-01-31 18:30", "2027-02-01 09:05"]
    assert table[0]["caption"].startswith("'=")
    assert table[0]["status"] == "pending"
    before = api.good("GET", "/api/v1/task")["tasks"]
    api.good("DELETE", "/api/v1/task/batch", {"task_ids": made["task_ids"]})
    again = api.good("POST", BULK, raw=exported.body, Content_Type="text/csv")
    assert [(task["caption"], task["start_time"], task["materials"]) for task in again["tasks"]] == [
        (task["caption"], task["start_time"], task["materials"]) for task in made["tasks"]
    ]
    assert '=1+1; {braces}, "quotes"\nand a line' in [task["caption"] for task in again["tasks"]]
    after = api.good("GET", "/api/v1/task")["tasks"]
    left_out = ("captions", "material_list")
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in old["script_config"].items() if k not in left_out} == {
            k: v for k, v in new["script_config"].items() if k not in left_out
        }


def test_an_export_says_why_a_task_does_not_start_and_a_bulk_makes_no_planned_post_of_a_held_one(
    side: HttpSide, api: Client
) -> None:
    rows = (
        "account;file;caption;start_time",
        "@anna;clip.mp4;One;31.01.2027 18:30",
        "@ben;clip.mp4;Two;01.02.2027 9:05",
    )
    held, other = api.good("POST", BULK, **sheet(*rows))["task_ids"]
    api.good("POST", f"/api/v1/task/{held}/hold")
    exported = api.call("GET", "/api/v1/task/export").body
    first, second = csv.DictReader(io.StringIO(exported.decode("utf-8-sig")))
    shown = api.good("GET", f"/api/v1/task/{held}")
    assert (first["waiting_for"], first["waiting_detail"]) == ("hold", shown["waiting_detail"])
    assert (first["on_phone"], first["retry_count"], first["error"]) == (shown["serial"], "0", "")
    assert second["waiting_for"] == "time"
    api.good("DELETE", "/api/v1/task/batch", {"task_ids": [held, other]})
    said = api.bad(40001, "POST", BULK, raw=exported, Content_Type="text/csv")
    assert [error["field"] for error in said["data"]["errors"]] == ["row 2, waiting_for"]
    assert "take the row out" in said["message"]
    emptied = exported.replace(b",hold,", b",,")
    assert api.good("POST", BULK, raw=emptied, Content_Type="text/csv")["created_count"] == 2


def test_a_row_of_somebody_s_plan_that_is_not_to_be_posted_yet_is_refused(api: Client) -> None:
    head = "account;file;caption;start_time;status"
    draft = sheet(
        head, "@anna;clip.mp4;One;31.01.2027 18:30;Draft", "@ben;clip.mp4;Two;01.02.2027 9:05;geplant"
    )
    said = api.bad(40001, "POST", BULK, **draft)["data"]["errors"]
    assert said == [
        {
            "field": "row 2, status",
            "problem": 'is "Draft", but every row is posted: take the row out, or empty this cell',
        }
    ]
    other = sheet(head, "@anna;clip.mp4;One;31.01.2027 18:30;completed", "@ben;clip.mp4;;01.02.2027 9:05;")
    warnings = api.good("POST", f"{BULK}?dry_run=true", **other)["warnings"]
    assert "row 3: the caption is empty: unless the file brings one along, the post has none" in warnings


def test_a_bar_in_the_name_of_a_file_and_the_second_of_two_hours_come_back_from_an_export(
    side: HttpSide, api: Client
) -> None:
    (side.media / "a|b.mp4").write_bytes((side.media / "clip.mp4").read_bytes())
    rows = (
        "account;file;start_time",
        "@anna;a\\|b.mp4;2027-10-31T02:30+02:00",
        "@ben;clip.mp4;2027-10-31T02:30+01:00",
    )
    made = api.good("POST", BULK, **sheet(*rows))["tasks"]
    times = [api.good("GET", f"/api/v1/task/{task['id']}")["scheduled_at"] for task in made]
    exported = api.call("GET", "/api/v1/task/export?format=csv&status=0").body
    api.good("DELETE", "/api/v1/task/batch", {"task_ids": [task["id"] for task in made]})
    again = api.good("POST", BULK, raw=exported, Content_Type="text/csv")["tasks"]
    assert {task["materials"][0] for task in again} == {"a|b.mp4", "clip.mp4"}
    assert sorted(api.good("GET", f"/api/v1/task/{task['id']}")["scheduled_at"] for task in again) == sorted(
        times
    )


def test_an_export_takes_the_filters_of_the_list(side: HttpSide, api: Client) -> None:
    api.good("POST", BULK, **sheet(*WEEK))
    exported = api.call("GET", "/api/v1/task/export?serial=PHONE2")
    assert [row["account"] for row in csv.DictReader(io.StringIO(exported.body.decode("utf-8-sig")))] == [
        "ben"
    ]


def test_R47_a_misspelt_filter_of_an_export_is_refused_as_a_file_has_no_place_for_a_warning(
    api: Client,
) -> None:
    said = api.bad(40001, "GET", "/api/v1/task/export?stauts=0")
    assert fields(said) == {"stauts": 'is not known here; did you mean "status"?'}


def test_a_misspelt_query_and_a_misspelt_header_are_refused(side: HttpSide, api: Client) -> None:
    api.bad(40001, "POST", f"{BULK}?dryrun=true", **sheet(*WEEK))
    api.bad(40001, "POST", BULK, **sheet(*WEEK), X_Idempotency_Key="week")
    assert count(api) == 0


def test_json_is_told_from_csv_whatever_curl_says_of_it(side: HttpSide, api: Client) -> None:
    form = "application/x-www-form-urlencoded"
    assert api.good("POST", BULK, raw="\n".join(WEEK).encode(), Content_Type=form)["created_count"] == 2
    body = msgspec.json.encode({"tasks": [side.body(serials=["PHONE3"])]})
    assert api.good("POST", BULK, raw=body, Content_Type=form)["created_count"] == 1


def test_a_table_inside_a_form_or_on_one_line_is_told_how_it_is_sent(api: Client) -> None:
    table = "\n".join(WEEK).encode()
    form = b'--b0und\r\nContent-Disposition: form-data; name="file"; filename="week.csv"\r\n\r\n%b\r\n--b0und--\r\n'
    for body, kind, said in (
        (form % table, "multipart/form-data; boundary=b0und", "multipart form (curl -F)"),
        (form % table, "text/csv", "multipart form (curl -F)"),
        # What `curl -d @week.csv` makes of the file.
        (table.replace(b"\n", b""), "application/x-www-form-urlencoded", "takes the line breaks out"),
    ):
        answer = api.bad(40001, "POST", BULK, raw=body, Content_Type=kind)
        assert said in answer["message"]
        assert "--data-binary @week.csv" in answer["message"]
    assert count(api) == 0


def test_a_row_that_is_only_to_be_tried_is_not_created_because_the_others_are(
    side: HttpSide, api: Client
) -> None:
    tasks = [side.body(), side.body(serials=["PHONE2"], dry_run=True)]
    assert "tasks[1].dry_run" in fields(api.bad(40001, "POST", BULK, {"tasks": tasks}))
    assert count(api) == 0


def test_an_export_names_library_files_by_their_ids_and_a_bulk_takes_them(
    side: HttpSide, api: Client
) -> None:
    clip = (side.media / "clip.mp4").read_bytes()
    item = api.call("POST", "/api/v1/materials?name=clip.mp4", raw=clip, Content_Type="video/mp4").json
    number = item["data"]["material"]["id"]
    api.good("POST", "/api/v1/task", {**side.body(), "script_config": {"material_ids": [number]}})
    exported = api.call("GET", "/api/v1/task/export")
    (row,) = csv.DictReader(io.StringIO(exported.body.decode("utf-8-sig")))
    assert (row["file"], row["material_ids"]) == ("", str(number))
    again = api.good("POST", f"{BULK}?force=true", raw=exported.body, Content_Type="text/csv")
    assert again["tasks"][0]["materials"] == ["clip.mp4"]
