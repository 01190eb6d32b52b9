"""Bodies: strict JSON, and a sentence that says what to change."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.request.body import MAX_DEPTH, parse_object, unpacked
from handlers.request.envelope import Refusal
from tests.support.http_side import Client, HttpSide

T = "/api/v1/task"

#: What a newcomer sends, and a word that the answer must hold.
MISTAKES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "curl found no such file"),
    ("blanks", b"  \r\n ", "the body is empty"),
    ("file name without @", b"task.json", "-d @task.json"),
    ("path without @", b"/home/kim/task.json", "-d @/home/kim/task.json"),
    ("@ taken literally", b"@task.json", "-d @task.json"),
    ("form", b"script_name=post&serials=A", "form-encoded"),
    ("form with JSON in it", b"data=%7B%7D", "form-encoded"),
    ("urlencoded JSON", b"%7B%22script_name%22%3A%22post%22%7D", "URL-encoded"),
    (
        "curl -F",
        b'--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name="x"\r\n\r\n',
        "multipart form",
    ),
    ("cmd.exe: single quotes", b"'{script_name:", "single quote"),
    ("PowerShell eats quotes", b"{script_name: post}", "the shell may have removed them"),
    ("PowerShell eats quotes of values", b'{"script_name": post}', "the shell may have removed them"),
    ("backslashes before quotes", b'{\\"script_name\\": \\"post\\"}', "backslash stands before a quote"),
    ("Python's repr", b"{'script_name': 'post'}", "double quotes"),
    ("Python's repr of values", b"{\"script_name\": 'post'}", "double quotes"),
    ("Python's True", b'{"enable_multi_account": True}', "true, false and null"),
    ("Windows path", b'{"script_config": {"material_list": ["C:\\Videos\\clip.mp4"]}}', "C:/Videos"),
    ("missing closing brace", b'{"script_name": "post"', "closing brace or bracket is missing"),
    ("missing quote at the end", b'{"script_name": "post}', "closing quote is missing"),
    ("missing quote, line break", b'{"script_name": "post,\n"serials": []}', "closing quote is missing"),
    ("missing comma", b'{"script_name": "post" "serials": []}', "a comma"),
    ("trailing comma", b'{"script_name": "post",}', "comma stands before the closing brace"),
    ("trailing comma in a list", b'{"serials": ["A",]}', "comma stands before the closing bracket"),
    ("quotes from a document", '{"serials": [“A”]}'.encode(), 'straight "'),
    ("keys in quotes from a document", "{„script_name“: 1}".encode(), 'straight "'),
    ("no braces", b'"script_name": "post"', "braces around the object are missing"),
    ("something after the end", b'{"script_name": "post"} x', "after the end"),
    ("two objects", b'{"a": 1}{"b": 2}', "after the end"),
    ("only the beginning", b"{", "closing brace is missing"),
    ("HTML", b"<html></html>", "XML or HTML"),
    ("UTF-16 of PowerShell", '{"script_name": "post"}'.encode("utf-16"), "UTF-16"),
    ("UTF-16 without a mark", '{"script_name": "post"}'.encode("utf-16-le"), "UTF-16"),
    ("latin-1", '{"captions": "schön"}'.encode("latin-1"), "UTF-8"),
    ("list", b"[]", "not a list"),
    ("text", b'"x"', "not a text"),
    ("number", b"5", "not a number"),
    ("null", b"null", "not null"),
    ("true", b"true", "not true or false"),
    ("encoded twice", json.dumps(json.dumps({"script_name": "post"})).encode(), "encoded twice"),
    ("NaN", b'{"a": NaN}', "NaN"),
    ("Infinity", b'{"a": -Infinity}', "Infinity"),
    ("number out of range", b'{"a": 1e999}', "out of range"),
    ("endless integer", b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
    ("duplicate key", b'{"a": 1, "a": 2}', "given twice"),
    ("nested duplicate key", b'{"x": {"serials": [], "serials": []}}', "given twice"),
    ("half a surrogate pair", b'{"captions": "\\ud83d"}', "surrogate"),
    ("raw surrogate", b'{"captions": "\xed\xa0\xbd"}', "UTF-8"),
    ("tab in a text", b'{"captions": "a\tb"}', "\\t"),
    ("NUL", b'{"name\0": 1}', "closing quote"),
]


@pytest.mark.parametrize(("body", "word"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_WEB_5_a_mistake_is_explained(body: bytes, word: str, side: HttpSide, api: Client) -> None:
    for content_type in ("application/x-www-form-urlencoded", "application/json"):
        answer = api.bad(40001, "POST", T, raw=body, Content_Type=content_type)
        assert word in answer["message"], answer["message"]
        assert answer["data"]["errors"]
    assert api.good("GET", T)["total"] == 0


def test_R2_json_is_read_whatever_the_content_type_says(side: HttpSide, api: Client) -> None:
    body = json.dumps(side.body()).encode()
    for content_type in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json; charset=utf-8",
        "garbage",
        "",
    ):
        api.good("POST", T, raw=body, Content_Type=content_type)
    api.good("POST", T, raw=b"\xef\xbb\xbf" + body)  # the mark that Windows editors put before UTF-8
    api.good("POST", T, raw=b"\r\n  " + body + b"\n")


def test_everything_json_allows_is_read() -> None:
    text = json.dumps({"a": ["ä", "😀", "\u2028", 1.5, -3, True, None, {"b": {}}], "": ""})
    assert parse_object(text.encode()) == json.loads(text)
    assert parse_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}
    assert parse_object(b'{"a": "\\\\ud83d"}') == {"a": "\\ud83d"}


def test_64_levels_are_read_and_65_are_not() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert parse_object(nested(MAX_DEPTH))
    # Many values beside each other are wide, not deep.
    wide = {"lists": [[{}] for _ in range(10 * MAX_DEPTH)]}
    assert parse_object(json.dumps(wide).encode()) == wide
    for levels in (MAX_DEPTH + 1, 50_000):
        with pytest.raises(Refusal, match="deeper than 64"):
            parse_object(nested(levels))


def test_texts_that_never_end_take_no_longer_than_others() -> None:
    """A search for whole texts would begin again at each of these quotes; then the test ends by its timeout."""
    for body in (b"[" * 70 + b'\\"' * 500_000, b'{"a": ' + b"[" * 60 + b'"' + b'[\\"' * 330_000):
        with pytest.raises(Refusal):
            parse_object(body)


def test_brackets_inside_texts_do_not_count() -> None:
    assert parse_object(json.dumps({"a": "[{" * 5000, "b": '\\"[' * 100}).encode())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_every_object_comes_back_as_it_was(value: dict[str, Any]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]":,\\ntruefalse0123456789.eE- ', max_size=60).map(str.encode)
)
def test_any_bytes_give_an_object_or_a_sentence(body: bytes) -> None:
    try:
        outcome: Any = parse_object(body)
    except Refusal as error:
        outcome = error.code
    assert isinstance(outcome, dict) or outcome == 40001


BODY = json.dumps(
    {"serials": ["Z"], "script_name": "post", "script_config": {"captions": "sch\u00f6n " * 50}}
).encode()


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
        ("x-gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", bare(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
    ids=["gzip", "two gzips", "x-gzip", "zlib", "bare deflate", "identity", "none"],
)
def test_CLI_5_a_compressed_body_is_read(api: Client, encoding: str, body: bytes) -> None:
    assert unpacked(body, encoding, 10_000) == BODY
    answer = api.call("POST", T + "?dry_run=true", raw=body, Content_Encoding=encoding).json
    assert "there is no phone" in answer["message"]  # it was read: the test has none of this name


@pytest.mark.parametrize(
    ("encoding", "body", "word"),
    [
        ("br", b"x", "use gzip or deflate"),
        ("zstd", b"x", "use gzip or deflate"),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY)), "use gzip or deflate"),
        ("gzip", BODY, "it is no gzip data"),
        ("gzip", gzip.compress(BODY)[:-9], "cut off"),
        ("gzip", gzip.compress(BODY) + b"more", "it is no gzip data"),
        ("deflate", zlib.compress(BODY) + b"more", "it is no deflate data"),
        ("gzip", b"", "it is no gzip data"),
        ("", gzip.compress(BODY), "Content-Encoding: gzip"),
    ],
    ids=["br", "zstd", "twice", "plain", "cut", "more", "more zlib", "empty", "unsaid"],
)
def test_CLI_5_what_cannot_be_unpacked_is_named(api: Client, encoding: str, body: bytes, word: str) -> None:
    assert word in api.bad(40001, "POST", T, raw=body, Content_Encoding=encoding)["message"]


def test_CLI_5_what_unpacks_to_more_than_is_allowed_is_not_unpacked(side: HttpSide, api: Client) -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < 300_000
    api.bad(41301, "POST", T, raw=bomb, Content_Encoding="gzip")
    api.bad(41301, "POST", T, raw=zlib.compress(b" " * 50_000_000), Content_Encoding="deflate")


def test_CLI_5_files_are_taken_as_they_are(api: Client) -> None:
    answer = api.bad(
        40001, "POST", "/api/v1/materials?name=a.mp4", raw=gzip.compress(b"x"), Content_Encoding="gzip"
    )
    assert "without Content-Encoding" in answer["message"]
