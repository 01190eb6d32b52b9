"""The API contract as a table: one row per rule, against the real server over the network."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from jobs.hub.settings import AccountEntry, Phones, Server
from tests.support.http_side import HttpSide, WireClient

T = "/api/v1/task"
LOCAL = {"script_config": {"material_source": "localFolder", "material_path": "folder"}}


class Row(NamedTuple):
    """What is sent and what must come back; `check` looks at `data`, or at the message when there is none."""

    name: str
    method: str
    path: str
    body: Any
    code: int
    check: Callable[[Any], Any] | None = None
    raw: bytes | None = None
    headers: Mapping[str, str] = MappingProxyType({})


def post(name: str, code: int, check: Callable[[Any], Any] | None = None, /, **changes: Any) -> Row:
    """A create request: a good one, changed in some fields (None leaves a field out)."""
    config: Any = {"captions": "hello", "material_list": ["clip.mp4"]}
    if "script_config" in changes:
        given = changes.pop("script_config")
        config = {**config, **given} if isinstance(given, dict) else given
    body = {"serials": ["PHONE1"], "script_name": "post", "script_config": config, "dry_run": True, **changes}
    return Row(name, "POST", T, {key: value for key, value in body.items() if value is not None}, code, check)


def config(name: str, code: int, check: Callable[[Any], Any] | None = None, /, **keys: Any) -> Row:
    """A create request with these keys of script_config."""
    return post(name, code, check, script_config=keys)


def raw(name: str, body: bytes, code: int, **headers: str) -> Row:
    return Row(name, "POST", T, None, code, None, body, headers)


def fields(*names: str) -> Callable[[Any], bool]:
    """The refusal names exactly these fields."""
    return lambda data: {error["field"] for error in data["errors"]} == set(names)


def tasks(count: int) -> Callable[[Any], bool]:
    return lambda data: len(data["tasks"]) == count


def warned(word: str) -> Callable[[Any], bool]:
    return lambda data: any(word in warning for warning in data["warnings"])


def starts(time_of_day: str) -> Callable[[Any], bool]:
    return lambda data: data["tasks"][0]["start_time"][11:] == time_of_day


GOOD = json.dumps({"serials": ["PHONE1"], "script_name": "post", "script_config": {"material_list": ["clip.mp4"]}, "dry_run": True}).encode()  # fmt: skip
SECTION_1 = [
    raw("JSON without a content type", GOOD, 0),
    raw("JSON as a form, as curl -d sends it", GOOD, 0, Content_Type="application/x-www-form-urlencoded"),
    raw("JSON as plain text", GOOD, 0, Content_Type="text/plain"),
    Row("an unknown route", "GET", "/api/v1/nothing", None, 40401),
    Row("an unknown route of another version", "POST", "/api/v2/task", {}, 40401),
    Row("a wrong method", "PUT", T, {}, 40501),
    Row("a wrong method on a path with an id", "PUT", f"{T}/1", {}, 40501),
    raw("a body of more than 1 MiB", b"[" + b" " * 1_100_000 + b"]", 41301),
    raw("a body of nearly 1 MiB", GOOD[:-1] + b', "x": "' + b"y" * 1_000_000 + b'"}', 0),
    Row("a trailing slash", "GET", f"{T}/", None, 0),
    Row("a trailing slash on a create", "POST", f"{T}/", json.loads(GOOD), 0),
    raw("NaN", b'{"script_name": NaN}', 40001),
    raw("Infinity", b'{"script_name": "post", "x": Infinity}', 40001),
    raw("a duplicate key", b'{"script_name": "post", "script_name": "post"}', 40001),
    raw("65 levels", b'{"a":' * 65 + b"1" + b"}" * 65, 40001),
    raw("50,000 levels", b"[" * 50_000, 40001),
    Row("a foreign Host", "GET", T, None, 40301, None, None, {"Host": "evil.example"}),
    Row("a foreign Origin", "POST", T, json.loads(GOOD), 40301, None, None, {"Origin": "http://evil.example"}),
    Row("through a proxy on the box, without a token", "GET", T, None, 40101, None, None, {"X-Forwarded-For": "203.0.113.7"}),
    Row("through a proxy on the box, the other header", "GET", T, None, 40101, None, None, {"Forwarded": "for=203.0.113.7"}),
]  # fmt: skip
SECTION_4 = [
    post("serials", 0, tasks(1)),
    post("two serials", 0, tasks(2), serials=["PHONE1", "PHONE2"]),
    post("usernames", 0, lambda d: d["tasks"][0]["serial"] == "PHONE1", serials=None, usernames=["@alice"]),
    post("usernames without @, other case, blanks", 0, tasks(1), serials=None, usernames=[" ALICE "]),
    post("two usernames", 0, tasks(2), serials=None, usernames=["@alice", "@carol"]),
    post("multi-account: one task per enabled account", 0,
         lambda d: [t["username"] for t in d["tasks"]] == ["alice", "bob", "carol"],
         serials=["PHONE1", "PHONE2"], enable_multi_account=True),
    post("multi-account as text", 0, tasks(2), enable_multi_account="true"),
    post("multi-account, a phone without accounts", 40401, fields("serials[0]"), serials=["PHONE3"], enable_multi_account=True),
    post("multi-account off: the current account", 0, lambda d: d["tasks"][0]["username"] == ""),
    post("usernames win over serials", 0, warned("serials"), usernames=["@carol"]),
    post("neither serials nor usernames", 40001, None, serials=None),
    post("empty lists", 40001, None, serials=[], usernames=[]),
    post("null counts as absent", 0, tasks(1), serials=None, usernames=["@alice"], start_time=None),
    post("the same serial twice", 0, lambda d: tasks(1)(d) and warned("twice")(d), serials=["PHONE1", "PHONE1"]),
    post("the same username twice", 0, tasks(1), serials=None, usernames=["@alice", "Alice"]),
    post("a disabled account", 40001, fields("usernames[0]"), serials=None, usernames=["@off"]),
    post("an account without a phone", 40401, fields("usernames[0]"), serials=None, usernames=["@homeless"]),
    post("unknown accounts, all of them named", 40401, fields("usernames[0]", "usernames[2]"), serials=None, usernames=["x", "alice", "y"]),
    post("unknown serials, all of them named", 40401, fields("serials[0]", "serials[1]"), serials=["X", "Y"]),
    post("a phone that was never seen, but configured", 0, tasks(1), serials=["KNOWN1"]),
    post("more than 500 names", 40001, None, serials=[f"S{n}" for n in range(501)]),
    post("a list that is none", 40001, fields("serials"), serials="PHONE1"),
    post("start_time", 0, starts("18:30:00"), start_time="18:30"),
    post("start_time empty means now", 0, starts("09:00:00"), start_time=""),
    post("start_time null means now", 0, starts("09:00:00"), start_time=None),
    post("start_time of the current minute means now", 0, lambda d: d["tasks"][0]["start_time"] == "2027-01-15 09:00:00", start_time="09:00"),
    post("start_time in the past means tomorrow", 0, lambda d: d["tasks"][0]["start_time"] == "2027-01-16 08:59:00", start_time="08:59"),
    post("start_time without a leading zero", 0, starts("07:05:00"), start_time="7:05"),
    *[post(f"start_time {text!r}", 40001, fields("start_time"), start_time=text)
      for text in ("24:00", "12:60", "12", "12:00:00", "25:10", "-1:00", "noon", "1\uff12:00")],
    post("start_time as a number", 40001, fields("start_time"), start_time=12),
    post("intervals are obeyed with a warning", 0, warned("withdrawn"), serials=["PHONE1", "PHONE2"], min_interval=5, max_interval=5),
    post("min_interval above max_interval", 40001, fields("min_interval"), min_interval=5, max_interval=1),
    post("a negative interval", 40001, fields("min_interval"), min_interval=-1),
    post("platform", 0, tasks(1), platform="instagram"),
    post("an unknown platform", 40001, fields("platform"), platform="youtube"),
    post("an account of another platform", 40401, fields("usernames[0]"), serials=None, usernames=["alice"], platform="instagram"),
    post("an unknown key", 0, warned("nonsense"), nonsense=1),
    post("two mistakes at once", 40001, fields("script_config.image_count", "start_time"),
         start_time="25:10", script_config={"content_type": 1, "image_count": 0, "material_list": ["photo.jpg"]}),
    Row("script_name comes before shape", "POST", T, {"serials": 5}, 40002),
    Row("shape comes before unknown phones", "POST", T, {"script_name": "post", "serials": ["X"], "script_config": {"content_type": 9}}, 40001),
    Row("unknown phones come before files", "POST", T, {"script_name": "post", "serials": ["X"], "script_config": {"material_list": ["no"]}}, 40401),
    Row("the list", "GET", T, None, 0, lambda d: set(d) == {"tasks", "total", "page", "page_size"}),
    Row("the list, page size 100,000", "GET", f"{T}?page_size=100000", None, 0, lambda d: d["page_size"] == 100),
    Row("the list, page past the end", "GET", f"{T}?page=1000", None, 0, lambda d: d["tasks"] == [] and d["total"] > 0),
    Row("the list, empty filters", "GET", f"{T}?status=&serial=&script_name=&source=&page=&page_size=", None, 0),
    Row("the list by status", "GET", f"{T}?status=3", None, 0, lambda d: all(t["status"] == 3 for t in d["tasks"])),
    Row("the list by serial", "GET", f"{T}?serial=PHONE2", None, 0, lambda d: {t["serial"] for t in d["tasks"]} == {"PHONE2"}),
    Row("the list by script", "GET", f"{T}?script_name=other", None, 0, lambda d: d["total"] == 0),
    Row("the list by source", "GET", f"{T}?source=ui", None, 0, lambda d: d["total"] == 0),
    Row("stats", "GET", f"{T}/stats", None, 0, lambda d: d["total"] == d["pending"] + d["running"] + d["completed"] + d["failed"]),
    Row("the probe", "GET", "/api/v1/license/check", None, 0, lambda d: set(d) == {"plan_name", "api_enabled", "device_limit", "message"}),
    Row("accounts", "GET", "/api/v1/accounts", None, 0, lambda d: set(d) == {"accounts", "total", "page", "page_size"}),
    Row("GET on batch", "GET", f"{T}/batch", None, 40501),
    Row("retry of an unknown task", "POST", f"{T}/999999/retry", None, 40401),
    Row("stop of an unknown task", "POST", f"{T}/999999/stop", None, 40401),
    Row("delete of an unknown task", "DELETE", f"{T}/999999", None, 40401),
    Row("batch of unknown tasks", "DELETE", f"{T}/batch", {"task_ids": [999998, 999999]}, 40401),
    Row("batch with numbers as texts", "DELETE", f"{T}/batch", {"task_ids": ["999999"]}, 40401),
    Row("batch with an empty list", "DELETE", f"{T}/batch", {"task_ids": []}, 40001),
    Row("batch with no numbers", "DELETE", f"{T}/batch", {"task_ids": ["x", 1.5, True]}, 40001),
    Row("batch without a list", "DELETE", f"{T}/batch", {}, 40001),
]  # fmt: skip
SECTION_6 = [
    *[config(f"content_type {value!r}", 40001, fields("script_config.content_type"), content_type=value) for value in (2, "x", 0.5, True, -1)],
    config("content_type '1'", 0, content_type="1", material_list=["photo.jpg"]),
    config("content_type 1.0", 0, content_type=1.0, material_list=["photo.jpg"]),
    *[config(f"add_sound {value!r}", 0, add_sound=value) for value in (-1, "-1", 0, "0", 1, "1")],
    config("add_sound custom", 0, add_sound="custom", custom_sound_keyword="song"),
    config("add_sound custom without a keyword", 40001, fields("script_config.custom_sound_keyword"), add_sound="custom"),
    config("add_sound 2", 40001, fields("script_config.add_sound"), add_sound=2),
    *[config(f"origin_sound_volume {value!r}", 40001, fields("script_config.origin_sound_volume"), origin_sound_volume=value) for value in (101, -1, "x", 1.5, False)],
    *[config(f"origin_sound_volume {value!r}", 0, origin_sound_volume=value) for value in (0, 100, "60", 60.0)],
    config("upload_wait_time", 0, upload_wait_time="1800"),
    config("upload_wait_time too long", 40001, fields("script_config.upload_wait_time"), upload_wait_time=1801),
    config("sound_wait_time too long", 40001, fields("script_config.sound_wait_time"), sound_wait_time=301),
    config("useSound without a name", 40001, fields("script_config.sound_name"), post_way="useSound"),
    config("useSound", 0, post_way="useSound", sound_name="song"),
    config("old spellings", 0, post_way="add_button"),
    config("an unknown way", 40001, fields("script_config.post_way"), post_way="mail"),
    config("localFolder without a path", 40001, fields("script_config.material_path"), material_source="localFolder", material_list=[]),
    config("caption_format", 0, lambda d: d["tasks"][0]["caption"] == "one", captions="one\ntwo", caption_format="multiline"),
    config("spintax is the default", 0, lambda d: d["tasks"][0]["caption"] in {"a b\nc", "x b\nc"}, captions="{a|x} b\nc"),
    config("36 images on TikTok", 40001, None, content_type=1, material_list=["photo.jpg"] * 36),
    config("ai_label", 0, ai_label="true"),
    config("ai_label as a number", 40001, fields("script_config.ai_label"), ai_label=2),
    config("a misspelt key", 40001, fields("script_config.caption"), caption="x"),
    config("a key of the desktop", 0, warned("post_caption"), post_caption="x"),
]  # fmt: skip
SECTION_10 = [
    raw("an empty body", b"", 40001),
    raw("a list", b"[]", 40001),
    raw("a text", b'"x"', 40001),
    raw("broken JSON", b'{"script_name": ', 40001),
    Row("no script_name", "POST", T, {}, 40002),
    Row("an empty script_name", "POST", T, {"script_name": ""}, 40002),
    Row("a number as script_name", "POST", T, {"script_name": 5}, 40002),
    Row("null as script_name", "POST", T, {"script_name": None}, 40002),
    Row("another script, with nothing else", "POST", T, {"script_name": "other"}, 40003),
    Row("post without targets", "POST", T, {"script_name": "post"}, 40001, fields("script_config", "serials")),
    Row("without script_config", "POST", T, {"script_name": "post", "serials": ["PHONE1"]}, 40001, fields("script_config")),
    post("a list as script_config", 40001, fields("script_config"), script_config=[]),
    *[config(f"material_list with {name}", 40001, fields("script_config.material_list[1]"), material_list=["clip.mp4", name])
      for name in ("missing.mp4", "folder", "../outside.mp4", "link.mp4", "tool.exe", "text.mp4", "http://x/y.mp4", "", "pipe.mp4")],
    config("material_list with the absolute path", 0, material_list=["MEDIA/clip.mp4"]),
    *[Row(f"GET ?{query}", "GET", f"{T}?{query}", None, 40001) for query in ("page=0", "page=x", "status=9", "source=x", "page_size=-1")],
    *[Row(f"GET /{word}", "GET", f"{T}/{word}", None, 40401) for word in ("0", "abc", "999999", "-1", "1.0")],
    Row("stop on completed", "POST", f"{T}/COMPLETED/stop", None, 40001),
    Row("stop on failed", "POST", f"{T}/FAILED/stop", None, 40001),
    Row("retry on pending", "POST", f"{T}/PENDING/retry", None, 40001),
    Row("retry on running", "POST", f"{T}/RUNNING/retry", None, 40001),
    Row("retry on completed", "POST", f"{T}/COMPLETED/retry", None, 40001),
    Row("retry of an unknown outcome", "POST", f"{T}/UNKNOWN/retry", None, 40001),
    Row("batch without a body", "DELETE", f"{T}/batch", None, 40001),
]  # fmt: skip
SECTION_5 = [
    Row("a pending task", "GET", f"{T}/PENDING", None, 0, lambda d: (d["status"], d["status_text"], d["waiting_for"]) == (0, "pending", "time")),
    Row("a running task", "GET", f"{T}/RUNNING", None, 0, lambda d: (d["status"], d["status_text"], d["waiting_for"]) == (1, "running", None)),
    Row("a completed task", "GET", f"{T}/COMPLETED", None, 0, lambda d: (d["status"], d["status_text"], d["outcome"]) == (2, "completed", "published")),
    Row("a failed task", "GET", f"{T}/FAILED", None, 0, lambda d: (d["status"], d["status_text"], d["error"]["code"]) == (3, "failed", "ui_changed")),
    Row("an unknown outcome", "GET", f"{T}/UNKNOWN", None, 0, lambda d: (d["status"], d["outcome"]) == (3, "unknown")),
]  # fmt: skip
SECTION_9 = [
    Row("a username is required", "POST", "/api/v1/accounts", {}, 40001, fields("username")),
    Row("a username is unique", "POST", "/api/v1/accounts", {"username": "ALICE"}, 40001, fields("username")),
    Row("accounts of one phone", "GET", "/api/v1/accounts?device=PHONE1", None, 0, lambda d: [a["username"] for a in d["accounts"]] == ["alice", "bob", "off"]),
    Row("disabled accounts", "GET", "/api/v1/accounts?status=1", None, 0, lambda d: [a["status_text"] for a in d["accounts"]] == ["disabled"]),
    Row("no e-mail, no password", "GET", "/api/v1/accounts", None, 0, lambda d: all(a["email"] is None and "password" not in a for a in d["accounts"])),
    Row("the default app is null", "GET", "/api/v1/accounts?tag=shop", None, 0, lambda d: [a["packagename"] for a in d["accounts"]] == [None]),
]  # fmt: skip
ROWS = [
    (section, row)
    for section, rows in (
        ("1", SECTION_1), ("4", SECTION_4), ("5", SECTION_5), ("6", SECTION_6), ("9", SECTION_9), ("10", SECTION_10)
    )
    for row in rows
]  # fmt: skip


class Box(NamedTuple):
    side: HttpSide
    wire: WireClient
    words: dict[str, str]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One server for all rows; every create row is a dry run, so rows do not disturb each other."""
    accounts = (
        AccountEntry(username="alice", serial="PHONE1", tags=("shop",)),
        AccountEntry(username="@bob", serial="PHONE1"),
        AccountEntry(username="off", serial="PHONE1", enabled=False),
        AccountEntry(username="carol", serial="PHONE2"),
        AccountEntry(username="homeless"),
    )
    folder = tmp_path_factory.mktemp("box")
    with HttpSide(
        folder,
        accounts=accounts,
        server=Server(listen="127.0.0.1:0"),
        phones_settings=Phones(known=("KNOWN1",)),
    ) as side:
        (side.media / "folder").mkdir()
        (folder / "outside.mp4").write_bytes((side.media / "clip.mp4").read_bytes())
        (side.media / "link.mp4").symlink_to(folder / "outside.mp4")
        (side.media / "text.mp4").write_text("no video")
        (side.media / "tool.exe").write_bytes(b"MZ")
        os.mkfifo(side.media / "pipe.mp4")
        ids = {
            status.upper(): str(side.task("PHONE2", status=status).id)
            for status in ("pending", "running", "completed", "failed", "unknown")
        }
        yield Box(side, side.serve(), {**ids, "MEDIA": str(side.media)})


@pytest.mark.parametrize(
    ("section", "row"), ROWS, ids=[f"{section}: {row.name}"[:80] for section, row in ROWS]
)
def test_the_contract_holds(box: Box, section: str, row: Row) -> None:
    path = row.path
    text = json.dumps(row.body) if row.body is not None else None
    for word, value in box.words.items():
        path = path.replace(f"/{word}", f"/{value}")
        text = text.replace(f"{word}/", f"{value}/") if text else text
    body = None if text is None else json.loads(text)
    before = len(box.side.store.tasks)
    if row.code == 0:
        data = box.wire.good(row.method, path, body, raw=row.raw, **row.headers)
    else:
        data = box.wire.bad(row.code, row.method, path, body, raw=row.raw, **row.headers)["data"]
    if row.check is not None:
        assert row.check(data), data
    assert len(box.side.store.tasks) == before
