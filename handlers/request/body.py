"""Request bodies: read raw, whatever the content type says, and decode JSON strictly."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any, BinaryIO, NoReturn, cast

from handlers.request.body_hints import explain_no_json, explain_no_object, explain_syntax
from handlers.request.envelope import Code, Refusal
from jobs.input.values import shorten

MAX_DEPTH = 64
#: Texts and brackets. A text that is never closed fits too: a pattern that fails at its end would be tried again from
#: every quote in it, which takes hours for 1 MiB.
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_CHUNK_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
#: "deflate" means zlib's format; some send bare deflate data under this name.
_WINDOW_BITS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
_GZIP_MARK = b"\x1f\x8b\x08"


def read_body(environ: dict[str, Any], limit_bytes: int) -> bytes:
    """The whole body, unpacked. Raises Refusal (41301) beyond the limit, whatever Content-Length said."""
    return unpacked(_read(environ, limit_bytes), environ.get("HTTP_CONTENT_ENCODING", ""), limit_bytes)


def _read(environ: dict[str, Any], limit_bytes: int) -> bytes:
    declared = environ.get("CONTENT_LENGTH") or "0"
    if declared.isascii() and declared.isdigit() and int(declared) > limit_bytes:
        raise too_large(limit_bytes)
    stream = cast("BinaryIO", environ["wsgi.input"])
    parts: list[bytes] = []
    size = 0
    # A server that does not end the stream with the body (webtest's does) must not be read past it.
    remaining = None if environ.get("wsgi.input_terminated") else int(declared or 0)
    while remaining is None or remaining > 0:
        chunk = stream.read(_CHUNK_BYTES if remaining is None else min(remaining, _CHUNK_BYTES))
        if not chunk:
            break
        size += len(chunk)
        if remaining is not None:
            remaining -= len(chunk)
        if size > limit_bytes:
            raise too_large(limit_bytes)
        parts.append(chunk)
    return b"".join(parts)


def too_large(limit_bytes: int) -> Refusal:
    """41301."""
    return Refusal(Code.TOO_LARGE, f"the body is larger than the {limit_bytes} bytes allowed here")


def parse_object(body: bytes, *, method: str = "POST", content_type: str = "") -> dict[str, Any]:
    """A JSON object. Raises Refusal (40001) with a sentence that says what to change.

    Refused beyond what JSON itself forbids: NaN and Infinity, numbers out of range, a key given twice, more than
    `MAX_DEPTH` levels, unpaired surrogates, anything but UTF-8.
    """
    text = _decode(body, method, content_type)
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_not_a_number,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as error:
        raise invalid(explain_syntax(text, error, content_type)) from None
    if _SURROGATE_ESCAPE.search(body):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise invalid(
                "the body holds half a surrogate pair (\\ud800 to \\udfff); write the character itself in UTF-8"
            ) from None
    if not isinstance(value, dict):
        raise invalid(explain_no_object(value))
    return value


def invalid(message: str, field: str = "") -> Refusal:
    """40001 with this one problem."""
    text = f"{field}: {message}" if field else message
    return Refusal(Code.INVALID, text, data={"errors": [{"field": field, "problem": message}]})


def unpacked(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    """A body as it was before its Content-Encoding. What unpacks to more than the limit is not unpacked further.

    Raises Refusal: 41301, or 40001 for an encoding that is not known here and for a body that is not what it says.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if not names:
        return body
    if len(names) > 1 or names[0] not in _WINDOW_BITS:
        raise Refusal(
            Code.INVALID,
            f"Content-Encoding {shorten(encoding)} is not taken; send the body as it is, or use gzip or deflate",
            data={"errors": [{"field": "Content-Encoding", "problem": "use gzip, deflate or none"}]},
            headers=(("Accept-Encoding", "gzip, deflate"),),
        )
    for bits in _WINDOW_BITS[names[0]]:
        try:
            return _inflate(body, bits, limit_bytes)
        except zlib.error:
            continue
    raise invalid(f"the body is not what Content-Encoding says: it is no {names[0]} data, or is cut off")


def _inflate(body: bytes, window_bits: int, limit_bytes: int) -> bytes:
    """Raises zlib.error, and Refusal beyond the limit."""
    result = b""
    while True:
        unpacker = zlib.decompressobj(window_bits)
        result += unpacker.decompress(body, limit_bytes + 1 - len(result))
        if len(result) > limit_bytes:
            raise too_large(limit_bytes)
        if not unpacker.eof:
            raise zlib.error("cut off")
        body = unpacker.unused_data
        if not body:
            return result
        if window_bits != _GZIP:  # gzip data may follow gzip data (RFC 1952)
            raise zlib.error("something follows")


def _decode(body: bytes, method: str, content_type: str) -> str:
    if body.startswith(_GZIP_MARK):
        raise invalid("the body is compressed with gzip: say so with the header Content-Encoding: gzip")
    hint = explain_no_json(body, method, content_type)
    if hint:
        raise invalid(hint)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid(
            f"the body is not UTF-8 text (byte {error.start + 1} is 0x{body[error.start]:02x}); "
            "save the file as UTF-8, or let the client encode as UTF-8"
        ) from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise invalid(f"the body is nested deeper than {MAX_DEPTH} levels")
        elif token[0] in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise invalid(f"the key {json.dumps(key)} is given twice", key if key.isprintable() else "")
            seen.add(key)
    return result


def _not_a_number(word: str) -> NoReturn:
    raise invalid(f"{word} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise invalid(f"the number {text[:20]} is out of range")
    return number


def _bounded(text: str) -> int:
    # Python itself refuses more than 4,300 digits, and nothing here counts beyond 64 bits.
    if len(text) > 20:
        raise invalid(f"the number {text[:20]}... is out of range")
    return int(text)
