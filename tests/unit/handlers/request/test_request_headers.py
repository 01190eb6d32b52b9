"""Headers that clients and proxies spell otherwise: what would make a repeat unsafe is refused, and nothing is created."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import AccountEntry
from tests.support.http_side import HttpSide

T, BULK = "/api/v1/task", "/api/v1/task/bulk"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path, accounts=(AccountEntry(username="anna", serial="PHONE1"),)) as side:
        side.serve()
        yield side


def send(side: HttpSide, headers: str, path: str = T, body: Any = None) -> dict[str, Any]:
    """The envelope that a request with just these header lines gets."""
    assert side.server is not None
    asked = side.body() if path == T else {"tasks": [side.body()]}
    data = json.dumps({**asked, **(body or {})}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(data)}\r\n"
    with socket.create_connection(("127.0.0.1", side.server.port), 10) as sock:
        sock.sendall(f"{head}{headers}\r\n".encode() + data)
        with sock.makefile("rb") as answer:
            return json.loads(answer.read().partition(b"\r\n\r\n")[2])  # type: ignore[no-any-return]


def count(side: HttpSide) -> int:
    return int(side.client.good("GET", T)["total"])


@pytest.mark.parametrize("path", [T, BULK])
@pytest.mark.parametrize(
    "line",
    [
        "Idempotency_Key: k",
        "idempotency_key: k",
        "X_Idempotency_Key: k",
        "X-Idempotency_Key: k",
        "IdempotencyKey: k",
        "X-Idempotency-Key: k",
        "Idempotency-Key: k\r\nX-Idempotency-Key: other",
        "Idempotency-Key: k\r\nIdempotency_Key: other",
        "Idempotency-Key: k\r\nIdempotency-Key: other",
        "Idempotency-Key:",
        "Idempotency-Key:   ",
        'Idempotency-Key: ""',
        "Idempotency-Key: {{$guid}}",
        "Idempotency-Key: ${KEY}",
        "Idempotency-Key: undefined",
        "Idempotency-Key: NULL",
        "Idempotency-Key: [object Object]",
    ],
)
def test_a_key_that_would_be_lost_or_be_everybodys_is_refused(side: HttpSide, path: str, line: str) -> None:
    answer = send(side, f"{line}\r\n", path)
    assert answer["code"] == 40001, answer
    assert "Idempotency-Key" in answer["message"]
    assert count(side) == 0


@pytest.mark.parametrize(
    "line",
    [
        "Idempotency-Key: k",
        "IDEMPOTENCY-KEY: k",
        "Idempotency-Key: k\r\nX-Idempotency-Key: k",
        "Idempotency-Key: k\r\nX_Request_Id: 7",
    ],
)
def test_a_key_under_its_name_makes_a_repeat_safe_whatever_stands_beside_it(
    side: HttpSide, line: str
) -> None:
    one, other = send(side, f"{line}\r\n"), send(side, f"{line}\r\n")
    assert one["code"] == other["code"] == 0
    assert one["data"]["task_ids"] == other["data"]["task_ids"]
    assert count(side) == 1


@pytest.mark.parametrize("name", ["idempotency_key", "idempotency-key", "Idempotency-Key", "xIdempotencyKey"])
def test_a_key_in_the_body_or_the_address_is_told_where_it_belongs(side: HttpSide, name: str) -> None:
    for answer in (
        send(side, "", T, {name: "k"}),
        send(side, "", f"{T}?{name}=k"),
        send(side, "", BULK, {name: "k"}),
        send(side, "", f"{BULK}?{name}=k"),
    ):
        assert answer["code"] == 40001, answer
        assert answer["message"].endswith("it belongs into the header Idempotency-Key")
    assert count(side) == 0


@pytest.mark.parametrize("name", ["If_Match", "X_Tikmatrixd_Client", "Content_Type", "content_length"])
def test_what_else_would_be_lost_for_an_underscore_is_refused(side: HttpSide, name: str) -> None:
    answer = send(side, f"{name}: 3\r\n")
    assert answer["code"] == 40001
    assert answer["data"]["errors"][0]["field"] == name
    assert count(side) == 0


def test_a_header_that_asks_for_a_trial_is_refused_as_the_call_would_be_done(side: HttpSide) -> None:
    for header in ("X-Dry-Run: true", "Dry-Run: 1", "X-DryRun: yes"):
        answer = send(side, f"{header}\r\n")
        assert answer["code"] == 40001
        assert answer["message"].endswith("dry_run stands in its body or address")
    assert count(side) == 0
    assert send(side, "X-Dry-Run: false\r\n")["code"] == 0


@pytest.mark.parametrize("version", ["77", '"0"', "", "undefined"])
def test_a_version_is_refused_where_nobody_compares_it(side: HttpSide, version: str) -> None:
    task = side.task()
    for method, path in (("POST", "/hold"), ("POST", "/stop"), ("DELETE", "")):
        answer = side.client.bad(40001, method, f"{T}/{task.id}{path}", If_Match=version)
        assert answer["data"]["errors"][0]["field"] == "If-Match"
    assert side.store.tasks.get(task.id) == task
    assert side.client.good("POST", f"{T}/{task.id}/hold", If_Match="*")["waiting_for"] == "hold"


@pytest.mark.parametrize("version", ["", "  ", '""', "undefined", "1.0", "²", "9" * 5000])
def test_a_version_that_is_none_lets_no_change_pass(side: HttpSide, version: str) -> None:
    task = side.task()
    side.client.bad(40001, "PATCH", f"{T}/{task.id}", {"captions": "new"}, If_Match=version)
    assert side.store.tasks.get(task.id) == task
    ended = side.task(status="unknown")
    for call in ("retry?confirm=true", "mark-published"):
        side.client.bad(40001, "POST", f"{T}/{ended.id}/{call}", If_Match=version)
    assert side.store.tasks.get(ended.id) == ended
