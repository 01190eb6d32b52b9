"""R46 and R47: a field is obeyed wherever it stands, and what is not understood is refused or told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.http_side import MEDIA, Client, HttpSide

T, A, M, D = "/api/v1/task", "/api/v1/accounts", "/api/v1/materials", "/api/v1/devices"
CLIP = (MEDIA / "clip.mp4").read_bytes()


def errors(answer: dict[str, Any]) -> dict[str, str]:
    """The problems of a refusal by field."""
    return {error["field"]: error["problem"] for error in answer["data"]["errors"]}


# --- the query of a request that changes something


def test_CLI_1_a_dry_run_asked_for_in_the_address_creates_nothing(side: HttpSide, api: Client) -> None:
    for query in ("?dry_run=true", "?dry_run=1", "?dry_run"):
        assert api.good("POST", T + query, side.body())["dry_run"] is True
    assert api.good("GET", T)["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("dryRun=true", "dryRun"),
        ("dry-run", "dry-run"),
        ("startTime=23:59", "startTime"),
        ("captions=x", "captions"),
        ("script_config={}", "script_config"),
        ("nonsense=1", "nonsense"),
        ("dry_run=", "dry_run"),
        ("dry_run=yes", "dry_run"),
        ("dry_run=true&dry_run=false", "dry_run"),
        ("start_time=25:00", "start_time"),
    ],
)
def test_R47_a_query_field_that_cannot_be_obeyed_refuses_a_create(
    side: HttpSide, api: Client, query: str, field: str
) -> None:
    assert field in errors(api.bad(40001, "POST", f"{T}?{query}", side.body()))
    assert api.good("GET", T)["total"] == 0


def test_R47_a_refused_query_field_names_the_one_that_was_meant(side: HttpSide, api: Client) -> None:
    found = errors(api.bad(40001, "POST", f"{T}?dryRun=1&captions=x", side.body()))
    assert 'did you mean "dry_run"?' in found["dryRun"]
    assert "script_config of the body" in found["captions"]


def test_R47_every_field_of_a_create_may_stand_in_the_address(side: HttpSide, api: Client) -> None:
    body = side.body()
    del body["serials"]
    address = f"{T}?serials=PHONE1&serials=PHONE2&start_time=23:59&platform=instagram&max_interval=0"
    created = api.good("POST", address, body)
    assert [task["serial"] for task in created["tasks"]] == ["PHONE1", "PHONE2"]
    task = api.good("GET", f"{T}/{created['task_ids'][0]}")
    assert (task["platform"], task["start_time"][11:]) == ("instagram", "23:59:00")
    assert len(api.good("POST", f"{T}?serials=PHONE1,PHONE2&dry_run=1", body)["tasks"]) == 2
    assert len(api.good("POST", f'{T}?serials=["PHONE3"]&dry_run=1', body)["tasks"]) == 1


def test_R47_what_address_and_body_say_differently_is_refused(side: HttpSide, api: Client) -> None:
    found = errors(api.bad(40001, "POST", f"{T}?dry_run=true", side.body(dry_run=False)))
    assert found == {"dry_run": 'is "true" in the address, but false in the body; send one of the two'}
    assert errors(api.bad(40001, "POST", f"{T}?start_time=", side.body(start_time="23:59"))).keys() == {
        "start_time"
    }
    same = api.good("POST", f"{T}?dry_run=1&serials=PHONE1", side.body(dry_run=True))
    assert same["dry_run"] is True


def test_R47_the_same_key_with_another_address_is_another_request(side: HttpSide, api: Client) -> None:
    body = side.body()
    api.good("POST", f"{T}?start_time=23:58", body, Idempotency_Key="k")
    api.bad(40901, "POST", f"{T}?start_time=23:59", body, Idempotency_Key="k")
    again = api.call("POST", f"{T}?start_time=23:58", body, Idempotency_Key="k")
    assert again.headers["Idempotent-Replay"] == "true"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{T}/ID/retry?confrim=true", None),
        ("POST", f"{T}/ID/retry?task_id=5", None),
        ("POST", f"{T}/ID/retry", {"force": "maybe"}),
        ("POST", f"{T}/ID/retry", {"confrim": True}),
        ("POST", f"{T}/ID/retry", {"start_time": "23:59"}),
        ("POST", f"{T}/ID/stop?dry_run=true", None),
        ("POST", f"{T}/retry-all", {"task_ids": [1]}),
        ("POST", f"{T}/retry-all?serial=PHONE1", None),
        ("DELETE", f"{T}/ID?dry_run=true", None),
        ("DELETE", f"{T}/ID", {"task_ids": [1]}),
        ("DELETE", f"{T}/batch", {"task_id": [1]}),
        ("DELETE", f"{T}/batch", {"ids": [1]}),
        ("DELETE", f"{T}/batch?status=3", {"task_ids": [1]}),
        ("POST", f"{T}/retry-all", "force"),
        ("PATCH", f"{A}/1?stauts=1", {}),
        ("PATCH", f"{A}/1", {"enabeld": False}),
        ("PATCH", f"{A}/1", {"displayName": "x"}),
        ("PATCH", f"{A}/1", {"enabled": False, "status": 0}),
        ("PATCH", f"{A}/1", {"device": "PHONE1", "serial": "PHONE2"}),
        ("POST", A, {"username": "x", "platfrom": "instagram"}),
        ("POST", A, {"name": "x"}),
        ("POST", f"{M}/reset-used", {"pth": "/srv"}),
        ("POST", f"{M}/reset-used", {"folder": "/srv"}),
        ("POST", f"{M}/reset-used?folder=/srv", None),
        ("POST", f"{M}/reset-used", {"material_ids": [1]}),
        ("POST", f"{D}/PHONE1/match-accounts", {"platform": "tiktok", "account": ["x"]}),
        ("POST", f"{D}/PHONE1/resume?serial=PHONE2", None),
        ("POST", "/api/v1/reload", {"path": "x"}),
    ],
)
def test_R46_R47_no_call_that_changes_something_ignores_what_was_meant(
    side: HttpSide, api: Client, method: str, path: str, body: Any
) -> None:
    task = side.task(status="failed")
    api.good("POST", A, {"username": "kim", "device": "PHONE1"})
    api.bad(40001, method, path.replace("ID", str(task.id)), body)
    assert side.store.tasks.get(task.id) == task
    assert api.good("GET", A)["accounts"][0]["status"] == 0


def test_R46_wishes_for_a_retry_are_obeyed_in_the_body_too(side: HttpSide, api: Client) -> None:
    unknown = side.task(status="unknown")
    api.bad(40001, "POST", f"{T}/{unknown.id}/retry?confirm=false", {"confirm": True})
    assert api.good("POST", f"{T}/{unknown.id}/retry", {"confirm": True})["status"] == 0


@pytest.mark.parametrize("raw", [b"", b"{}", b" {} ", b"[]", b"null", b"\xef\xbb\xbf{}"])
def test_R46_a_body_that_asks_for_nothing_is_no_obstacle(side: HttpSide, api: Client, raw: bytes) -> None:
    """What axios, PowerShell, PHP and n8n send when nothing was to be sent."""
    task = side.task()
    assert api.good("POST", f"{T}/{task.id}/stop", raw=raw)["status"] == 3
    api.good("POST", f"{T}/retry-all", raw=raw)


def test_R46_a_form_in_place_of_wishes_is_refused(side: HttpSide, api: Client) -> None:
    task = side.task(status="unknown")
    answer = api.bad(40001, "POST", f"{T}/{task.id}/retry", raw=b"confirm=true")
    assert "form-encoded" in answer["message"]


def test_R47_accounts_and_batches_take_their_fields_from_the_address(side: HttpSide, api: Client) -> None:
    api.good("POST", f"{A}?username=kim&device=PHONE1&tags=a,b")
    [account] = api.good("GET", A)["accounts"]
    assert (account["username"], account["device"], account["tags"]) == ("kim", "PHONE1", ["a", "b"])
    changed = api.good("PATCH", f"{A}/{account['id']}?enabled=false")
    assert changed["account"]["status_text"] == "disabled"
    tasks = [side.task().id for _ in range(3)]
    gone = api.good("DELETE", f"{T}/batch?task_ids={tasks[0]},{tasks[2]}")
    assert gone["task_ids"] == [tasks[0], tasks[2]]


def test_R46_an_account_sent_back_as_it_was_read_is_no_misspelling(side: HttpSide, api: Client) -> None:
    account = api.good("POST", A, {"username": "kim", "device": "PHONE1"})["account"]
    changed = api.good("PATCH", f"{A}/{account['id']}", {**account, "status": 1})
    assert changed["account"]["status"] == 1


def test_R47_a_form_upload_obeys_the_address_too(side: HttpSide, api: Client) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    body = (
        head % (b"file", b'; filename="clip.mp4"', CLIP)
        + head % (b"tags", b"", b"a")
        + head % (b"tags", b"", b"b")
        + b"--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    api.bad(40001, "POST", f"{M}?tgas=x", raw=body, Content_Type=kind)
    api.bad(40001, "POST", f"{M}?tags=x", raw=body, Content_Type=kind)
    sent = api.good("POST", f"{M}?caption=hello", raw=body, Content_Type=kind)["material"]
    assert (sent["caption"], sent["tags"]) == ("hello", ["a", "b"])


def test_R46_a_misspelt_part_of_a_form_is_refused(api: Client) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    body = head % (b"file", b'; filename="clip.mp4"', CLIP) + head % (b"captions", b"", b"x") + b"--b--\r\n"
    found = errors(api.bad(40001, "POST", M, raw=body, Content_Type="multipart/form-data; boundary=b"))
    assert 'did you mean "caption"?' in found["captions"]


def test_R46_an_idempotency_key_under_another_name_is_refused(side: HttpSide, api: Client) -> None:
    for name in ("X_Idempotency_Key", "Idempotent_Key"):
        found = errors(api.bad(40001, "POST", T, side.body(), **{name: "k"}))
        assert list(found.values()) == ["is not a known header; it is called Idempotency-Key"]
    for key in ("idempotency_key", "idempotencyKey"):
        assert (
            "into the header Idempotency-Key" in api.bad(40001, "POST", T, side.body(**{key: "k"}))["message"]
        )
    assert api.good("GET", T)["total"] == 0


# --- the query of a read


@pytest.mark.parametrize(
    ("path", "warning"),
    [
        (f"{T}?stauts=3", 'stauts: is not known here and ignored; did you mean "status"?'),
        (f"{T}?Status=3", 'Status: is not known here and ignored; did you mean "status"?'),
        (f"{T}?colour=x&page=1", "colour: is not known here and ignored; known: "),
        (f"{T}/stats?stauts=3", 'stauts: is not known here and ignored; did you mean "status"?'),
        (f"{A}?serial=PHONE1", "serial: is not known here and ignored; known: "),
        (f"{M}?tags=x", 'tags: is not known here and ignored; did you mean "tag"?'),
        (f"{D}?state=device", "state: is not known here and ignored"),
        ("/api/v1/license/check?x", "x: is not known here and ignored"),
    ],
)
def test_CLI_2_a_filter_that_is_not_known_is_never_silently_no_filter(
    api: Client, path: str, warning: str
) -> None:
    [told] = api.good("GET", path)["warnings"]
    assert told.startswith(warning)


def test_R47_a_read_without_unknown_fields_has_no_warnings(side: HttpSide, api: Client) -> None:
    side.task()
    assert "warnings" not in api.good("GET", f"{T}?status=0&page=1&source=")
    assert "warnings" not in api.good("GET", f"{T}/1")
    assert api.good("GET", f"{T}/1?verbose=1")["warnings"]


@pytest.mark.parametrize("path", [T, f"{T}/stats", A, D, "/api/v1/license/check"])
def test_CLI_2_a_get_with_a_body_says_use_post(api: Client, path: str) -> None:
    for method in ("GET",):
        answer = api.bad(40001, method, path, {"script_name": "post"})
        assert "use POST" in answer["message"]


def test_CLI_2_a_body_moved_into_the_address_is_found(side: HttpSide, api: Client) -> None:
    """`curl -G -d '{...}'`: the shell's quotes are right, the flag is wrong."""
    for path in (
        T + "?%7B%22script_name%22:%20%22post%22%7D",
        T + '?{"serials":["PHONE1"],"script_name":"post"}',
    ):
        for method in ("GET", "POST"):
            assert "-G" in api.bad(40001, method, path)["message"]


def test_CLI_9_a_large_body_with_a_wrong_method_is_told_the_method(side: HttpSide) -> None:
    refusal = side.app.why_no_body(
        {
            "REQUEST_METHOD": "PUT",
            "PATH_INFO": T,
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:50809",
        },
        1024,
    )
    assert (int(refusal.code), dict(refusal.headers)["Allow"]) == (40501, "GET, HEAD, POST")


def test_brackets_without_end_are_refused_wherever_they_stand(side: HttpSide, api: Client) -> None:
    api.bad(40001, "POST", T, {**side.body(), "serials": "[" * 100_000})
    answer = api.call("POST", f"{T}?serials={'[' * 20_000}", side.body())
    assert answer.json["code"] in {40001, 40401}
