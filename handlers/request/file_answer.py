"""Answers with a file, or with the one range of it that was asked for (RFC 9110, sections 13 and 14); with what was kept of a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from io import BufferedRandom, BufferedReader
from urllib.parse import quote

from handlers.request.call import Call
from handlers.request.envelope import Code, Refusal, Reply

#: The server sends some of these, then waits, without a thread, until the client has read them.
_PIECE_BYTES = 64 * 1024
#: What a client may ask for in `Range`.
RANGE = re.compile(r"bytes\s*=\s{0,8}(\d{0,15})\s{0,8}-\s{0,8}(\d{0,15})\s*", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r'[^ -~]|["\\%]')
_KEPT_TYPES = {".png": "image/png", ".xml": "application/xml", ".txt": "text/plain; charset=utf-8"}
#: A phone may write a page with a script into its tree. A browser that opens it must run nothing of it: it would act here
#: as the person who is logged in.
_KEPT_HEADERS = (("Content-Security-Policy", "sandbox; default-src 'none'"),)
RANGE_HEADERS = (
    ("Range", "bytes=FIRST-LAST, bytes=FIRST- or bytes=-COUNT: only this part; several ranges get the whole file"),
    ("If-Range", "the ETag that you have seen: the range counts only while the file is still that one"),
    ("If-None-Match", "the ETag that you have seen: 304 without a body while the file is still that one"),
)  # fmt: skip


class Part:
    """Bytes of an open file, read when they are sent; closes the file."""

    def __init__(self, file: BufferedReader | BufferedRandom, first: int, count: int) -> None:
        self._file = file
        self._at = first
        self._end = first + count

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = os.pread(self._file.fileno(), min(_PIECE_BYTES, self._end - self._at), self._at)
        if not piece:
            raise StopIteration
        self._at += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


def file_reply(call: Call, file: BufferedReader, *, name: str, etag: str, kind: str) -> Reply:
    """The answer with this file, which it closes.

    Args:
        call: Whose Range, If-Range and If-None-Match count.
        file: Open for reading.
        name: Under which a browser saves it.
        etag: Says what its content is, without quotes.
        kind: Its media type.

    Raises:
        Refusal: 41601, the range lies outside the file.
    """
    size = os.fstat(file.fileno()).st_size
    quoted = f'"{etag}"'
    headers = [
        ("ETag", quoted),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", "private, no-cache"),
        ("Content-Disposition", inline(name)),
    ]
    if is_known(call, etag):
        file.close()
        return Reply(304, b"", headers, kind)
    try:
        wanted = _range(call, quoted, size)
    except Refusal:
        file.close()
        raise
    first, count = wanted or (0, size)
    if wanted is not None:
        headers.append(("Content-Range", f"bytes {first}-{first + count - 1}/{size}"))
    headers.append(("Content-Length", str(count)))
    return Reply(206 if wanted else 200, b"", headers, kind, Part(file, first, count))


def kept_reply(data: bytes, name: str, *headers: tuple[str, str]) -> Reply:
    """The answer with a picture, a tree or a text that was kept of a phone; its name says what it is."""
    kind = _KEPT_TYPES.get(name[name.rfind(".") :].lower(), "application/octet-stream")
    return Reply(200, data, (*_KEPT_HEADERS, *headers), kind)


def is_known(call: Call, etag: str) -> bool:
    """Whether the caller says that it has this content already."""
    known = call.header("If-None-Match") or ""
    return known.strip() == "*" or any(
        tag.strip().removeprefix("W/") == f'"{etag}"' for tag in known.split(",")
    )


def inline(name: str) -> str:
    """A Content-Disposition under which a browser shows the file and knows its name, whatever is in that."""
    ascii_name = _NOT_IN_NAMES.sub("_", name)
    return f"inline; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(call: Call, etag: str, size: int) -> tuple[int, int] | None:
    """First byte and number of bytes; None when the whole file is meant. Raises Refusal."""
    given = call.header("Range") if call.environ["REQUEST_METHOD"] == "GET" else None
    if given is None or call.header("If-Range") not in {None, etag}:
        return None
    match = RANGE.fullmatch(given.strip())
    if (
        match is None
        or not (match[1] or match[2])
        or (match[1] and match[2] and int(match[2]) < int(match[1]))
    ):
        return None  # several ranges, or none that RFC 9110 knows: it wants them ignored
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]), size - 1) if match[2] else size - 1
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last:
        raise Refusal(
            Code.RANGE,
            f"the file has {size} bytes; {given.strip()} lies outside of it",
            headers=(("Content-Range", f"bytes */{size}"),),
        )
    return first, last - first + 1
