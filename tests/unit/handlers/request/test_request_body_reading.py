"""Bodies by themselves, to the byte and to the word: how much is read, what is unpacked, what is refused."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from typing import Any

import pytest

from handlers.request.body import MAX_DEPTH, invalid, parse_object, read_body, too_large, unpacked
from handlers.request.envelope import Code, Refusal

CHUNK = 64 * 1024


class Stream(io.BytesIO):
    """What the server gives to read from; remembers how much was asked for at a time."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[int | None] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.append(size)
        return super().read(size)


def request(data: bytes, length: object = None, *, ends: bool = False, encoding: str = "") -> dict[str, Any]:
    environ: dict[str, Any] = {"wsgi.input": Stream(data)}
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    if ends:
        environ["wsgi.input_terminated"] = True
    if encoding:
        environ["HTTP_CONTENT_ENCODING"] = encoding
    return environ


def refused(environ: dict[str, Any], limit: int) -> Refusal:
    with pytest.raises(Refusal) as error:
        read_body(environ, limit)
    return error.value


def test_a_body_is_read_to_its_declared_length_and_not_beyond() -> None:
    environ = request(b"abcdef", 4)
    assert read_body(environ, 100) == b"abcd"
    assert environ["wsgi.input"].asked == [4]
    large = request(b"x" * (CHUNK + 5), CHUNK + 3)
    assert len(read_body(large, 10**6)) == CHUNK + 3
    assert large["wsgi.input"].asked == [CHUNK, 3]


@pytest.mark.parametrize("length", [None, "", 0])
def test_a_body_without_a_length_is_empty_where_the_stream_does_not_end(length: object) -> None:
    environ = request(b"abc", length)
    assert read_body(environ, 100) == b""
    assert environ["wsgi.input"].asked == []


def test_a_stream_that_ends_is_read_to_its_end_whatever_was_declared() -> None:
    environ = request(b"x" * (CHUNK + 1), ends=True)
    assert len(read_body(environ, 10**6)) == CHUNK + 1
    assert environ["wsgi.input"].asked == [CHUNK, CHUNK, CHUNK]
    assert read_body(request(b"abcdef", 4, ends=True), 100) == b"abcdef"


def test_a_body_that_ends_early_is_what_came() -> None:
    assert read_body(request(b"ab", 10), 100) == b"ab"


def test_a_body_as_large_as_the_limit_is_read_and_one_byte_more_is_not() -> None:
    assert read_body(request(b"x" * 10, 10), 10) == b"x" * 10
    assert read_body(request(b"x" * 10, ends=True), 10) == b"x" * 10
    for environ in (request(b"x" * 11, 11), request(b"x" * 11, ends=True), request(b"x" * 11, 9, ends=True)):
        error = refused(environ, 10)
        assert (error.code, str(error)) == (
            Code.TOO_LARGE,
            "the body is larger than the 10 bytes allowed here",
        )
    # What is declared too large is not read at all.
    environ = request(b"x" * 11, 11)
    refused(environ, 10)
    assert environ["wsgi.input"].asked == []
    assert (too_large(7).code, str(too_large(7))) == (
        Code.TOO_LARGE,
        "the body is larger than the 7 bytes allowed here",
    )


def test_a_compressed_body_is_unpacked_and_its_limit_counts_afterwards() -> None:
    body = b"x" * 1000
    assert read_body(request(gzip.compress(body), 10**3, ends=True, encoding="gzip"), 1000) == body
    error = refused(request(gzip.compress(body), ends=True, encoding="gzip"), 999)
    assert (error.code, str(error)) == (Code.TOO_LARGE, "the body is larger than the 999 bytes allowed here")


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("encoding", ["", " ", "identity", "Identity, ,", ",identity"])
def test_a_body_that_is_not_encoded_stays_as_it_is(encoding: str) -> None:
    assert unpacked(b"abc", encoding, 1) == b"abc"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (" GZip ", gzip.compress(b"abc", mtime=0)),
        ("identity, gzip", gzip.compress(b"abc", mtime=0)),
        (
            "x-gzip",
            gzip.compress(b"a", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"bc", mtime=0),
        ),
        ("deflate", zlib.compress(b"abc")),
        ("deflate", bare(b"abc")),
    ],
)
def test_each_encoding_unpacks_to_as_much_as_the_limit(encoding: str, body: bytes) -> None:
    assert unpacked(body, encoding, 3) == b"abc"
    with pytest.raises(Refusal) as error:
        unpacked(body, encoding, 2)
    assert error.value.code is Code.TOO_LARGE


def test_an_unknown_encoding_is_named_and_what_is_taken_instead() -> None:
    for encoding in ("br", "gzip, deflate"):
        with pytest.raises(Refusal) as error:
            unpacked(b"x", encoding, 10)
        assert str(error.value) == (
            f"Content-Encoding {encoding} is not taken; send the body as it is, or use gzip or deflate"
        )
        assert error.value.code is Code.INVALID
        assert error.value.data == {
            "errors": [{"field": "Content-Encoding", "problem": "use gzip, deflate or none"}]
        }
        assert error.value.headers == (("Accept-Encoding", "gzip, deflate"),)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"abc", mtime=0)[:-1]),
        ("gzip", gzip.compress(b"abc", mtime=0) + b"x"),
        ("gzip", zlib.compress(b"abc")),
        ("gzip", b""),
        ("deflate", zlib.compress(b"abc")[:-1]),
        ("deflate", zlib.compress(b"abc") + zlib.compress(b"abc")),
        ("deflate", bare(b"abc") + b"x"),
    ],
)
def test_what_is_not_what_its_encoding_says_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(Refusal) as error:
        unpacked(body, encoding, 100)
    sentence = f"the body is not what Content-Encoding says: it is no {encoding} data, or is cut off"
    assert str(error.value) == sentence
    assert error.value.data == {"errors": [{"field": "", "problem": sentence}]}


def test_a_refusal_names_its_field_in_the_message_and_in_the_data() -> None:
    error = invalid("is no number", "retries")
    assert (error.code, str(error)) == (Code.INVALID, "retries: is no number")
    assert error.data == {"errors": [{"field": "retries", "problem": "is no number"}]}
    assert (str(invalid("bad")), invalid("bad").data) == (
        "bad",
        {"errors": [{"field": "", "problem": "bad"}]},
    )


NINES = "9" * 21


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b'{"a": NaN}', "", "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "", "-Infinity is not a JSON number"),
        (b'{"a": 1e999}', "", "the number 1e999 is out of range"),
        (b'{"a": -1.5e99999999999999999999}', "", "the number -1.5e999999999999999 is out of range"),
        (f'{{"a": {NINES}}}'.encode(), "", f"the number {NINES[:20]}... is out of range"),
        (b'{"a": 1, "b": 2, "a": 1}', "a", 'the key "a" is given twice'),
        (b'{"a\\n": 1, "a\\n": 1}', "", 'the key "a\\n" is given twice'),
        (
            b'{"a": "\\uD83d"}',
            "",
            "the body holds half a surrogate pair (\\ud800 to \\udfff); write the character itself in UTF-8",
        ),
        (
            b'{"\\udfff": 1}',
            "",
            "the body holds half a surrogate pair (\\ud800 to \\udfff); write the character itself in UTF-8",
        ),
        (
            b'{"a": "\xe9t"}',
            "",
            "the body is not UTF-8 text (byte 8 is 0xe9); save the file as UTF-8, or let the client encode as UTF-8",
        ),
        (
            b"\x1f\x8b\x08abc",
            "",
            "the body is compressed with gzip: say so with the header Content-Encoding: gzip",
        ),
        (b"[" * (MAX_DEPTH + 1), "", "the body is nested deeper than 64 levels"),
        (b"[{" * 33, "", "the body is nested deeper than 64 levels"),
    ],
)
def test_what_goes_beyond_strict_json_is_refused_in_these_words(
    body: bytes, field: str, problem: str
) -> None:
    with pytest.raises(Refusal) as error:
        parse_object(body)
    assert error.value.code is Code.INVALID
    assert error.value.data == {"errors": [{"field": field, "problem": problem}]}
    assert str(error.value) == (f"{field}: {problem}" if field else problem)


def test_what_is_just_within_the_bounds_is_read() -> None:
    assert parse_object(b'{"a": ' + b"9" * 20 + b"}") == {"a": int("9" * 20)}
    assert parse_object(b'{"a": -' + b"9" * 19 + b', "b": 1.5, "c": 1e308}') == {
        "a": -int("9" * 19),
        "b": 1.5,
        "c": 1e308,
    }
    assert parse_object(b'\xef\xbb\xbf{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    # As deep as allowed, with more brackets than levels, in texts and side by side.
    levels = MAX_DEPTH - 1
    deep = b'{"a": ' + b"[" * levels + b"]" * levels + b', "b": [{}, {}, "[[[{{{\\"[["]}'
    assert parse_object(deep)["b"] == [{}, {}, '[[[{{{"[[']


def test_a_missing_body_is_explained_for_the_method_that_sent_it() -> None:
    for method, word in (("DELETE", "this DELETE needs a JSON body"), ("POST", "the body is empty")):
        with pytest.raises(Refusal, match=word):
            parse_object(b"", method=method)
    with pytest.raises(Refusal, match="the body is empty"):
        parse_object(b"")


def test_what_is_no_object_or_no_json_is_explained() -> None:
    with pytest.raises(Refusal, match="not a list"):
        parse_object(b"[]")
    with pytest.raises(Refusal, match="a comma"):
        parse_object(b'{"a": 1 "b": 2}')


def test_a_single_byte_is_read_and_parts_count_together() -> None:
    assert read_body(request(b"a", 1), 10) == b"a"
    three_parts = b"x" * (3 * CHUNK)
    assert len(read_body(request(three_parts, ends=True), 3 * CHUNK)) == 3 * CHUNK
    assert refused(request(three_parts, ends=True), 2 * CHUNK).code is Code.TOO_LARGE


def test_what_unpacks_to_far_more_than_the_limit_is_never_in_memory() -> None:
    bomb = zlib.compress(bytes(64 * 1024**2), 9)
    tracemalloc.start()
    try:
        with pytest.raises(Refusal):
            unpacked(bomb, "deflate", 10_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1024**2


def test_members_of_one_gzip_body_share_the_limit() -> None:
    members = gzip.compress(b"a" * 60) + gzip.compress(b"b" * 40)
    assert unpacked(members, "gzip", 100) == b"a" * 60 + b"b" * 40
    with pytest.raises(Refusal, match="larger than the 99 bytes"):
        unpacked(members, "gzip", 99)


@pytest.mark.parametrize("opened", [b"[[[]", b"[[]", b"[[[]]"])
def test_levels_that_were_closed_do_not_count_and_those_that_are_open_do(opened: bytes) -> None:
    open_levels = opened.count(b"[") - opened.count(b"]")
    too_deep = opened + b"[" * (MAX_DEPTH + 1 - open_levels)
    with pytest.raises(Refusal, match="nested deeper than 64 levels"):
        parse_object(too_deep)
    with pytest.raises(Refusal, match="not valid JSON"):
        parse_object(too_deep[:-1])


def test_the_key_that_is_given_twice_is_the_one_that_is_named() -> None:
    with pytest.raises(Refusal, match='the key "b" is given twice'):
        parse_object(b'{"a": 1, "b": 2, "c": 3, "b": 4}')
