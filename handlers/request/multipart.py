"""Finds the parts of a multipart/form-data body that lies in a file, without copying them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from handlers.request.body import invalid
from handlers.request.disposition import parameters

#: A body is read in steps of this size.
STEP_BYTES = 1024 * 1024
_MAX_PARTS = 50
_MAX_HEADER_BYTES = 8 * 1024
_MAX_FIELD_BYTES = 64 * 1024
_ANY_FILE = ("application/octet-stream", "binary/octet-stream", "application/mp4")
_FOLDED = re.compile(r"\r\n[ \t]+")
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})"?', re.IGNORECASE)


class Part(msgspec.Struct, frozen=True):
    """One part: its form name, its file name (None where it has none), its Content-Type, and where its bytes lie."""

    name: str
    filename: str | None
    content_type: str
    start: int
    end: int

    @property
    def is_file(self) -> bool:
        """Whether it was sent as a file: by its name, or by a type that no text field has."""
        if self.filename is None:
            return self.content_type.startswith(("video/", "image/")) or self.content_type in _ANY_FILE
        return bool(self.filename) or self.end > self.start

    @property
    def is_empty_choice(self) -> bool:
        """What a browser sends for a file field in which nothing was chosen."""
        return not self.filename and self.filename is not None and self.end == self.start


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart/form-data content type; None for any other type. Raises Refusal."""
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return None
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise invalid("the Content-Type names no boundary; let the client make it (curl -F does)", "file")
    return match[1]


def find_parts(body: BinaryIO, boundary: str) -> list[Part]:
    """Every part. Raises Refusal (40001) for a body that is cut off or malformed."""
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    # A body of nothing but boundaries has hundreds of millions: no more are collected than may be.
    edges = list(itertools.islice(_edges(body, mark), _MAX_PARTS + 2))
    if len(edges) > _MAX_PARTS + 1:
        raise invalid(f"the form has more than {_MAX_PARTS} parts", "file")
    parts = [_read_part(body, start + len(mark), end) for start, end in itertools.pairwise(edges)]
    if not edges or not _is_last(body, edges[-1] + len(mark)):
        raise invalid("the multipart form is cut off or its boundary is wrong", "file")
    return parts


def read_field(body: BinaryIO, part: Part) -> str:
    """The text of a plain field. Raises Refusal."""
    if part.end - part.start > _MAX_FIELD_BYTES:
        raise invalid(f"is longer than {_MAX_FIELD_BYTES} bytes", part.name)
    body.seek(part.start)
    try:
        return body.read(part.end - part.start).decode()
    except UnicodeDecodeError:
        raise invalid("is not UTF-8 text", part.name) from None


def chunks_of(body: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    """The bytes between two places, in pieces; `end` None reads to the end of the body."""
    body.seek(start)
    left = end - start if end is not None else None
    while left is None or left > 0:
        chunk = body.read(STEP_BYTES if left is None else min(left, STEP_BYTES))
        if not chunk:
            return
        if left is not None:
            left -= len(chunk)
        yield chunk


def _edges(body: BinaryIO, mark: bytes) -> Iterator[int]:
    """Where each boundary begins, at its line break; the first may have none, so it may begin at -2."""
    body.seek(0)
    window = b"\r\n"
    offset = -2
    while True:
        chunk = body.read(STEP_BYTES)
        window += chunk
        place = window.find(mark)
        while place >= 0:
            yield offset + place
            place = window.find(mark, place + len(mark))
        if not chunk:
            return
        keep = min(len(window), len(mark) - 1)
        offset += len(window) - keep
        window = window[len(window) - keep :]


def _is_last(body: BinaryIO, after: int) -> bool:
    body.seek(after)
    return body.read(2) == b"--"


def _read_part(body: BinaryIO, start: int, end: int) -> Part:
    body.seek(start)
    head = body.read(min(_MAX_HEADER_BYTES, max(0, end - start)))
    length = head.find(b"\r\n\r\n")
    if length < 0 or not head.startswith(b"\r\n"):
        raise invalid("a part of the form has no or too long headers", "file")
    headers = _headers(head[2 : length + 2])
    told = parameters(headers.get("content-disposition", ""))
    name = told.get("name", "")
    if not name:
        raise invalid("a part of the form has no name", "file")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Part(name, told.get("filename"), kind, start + length + 4, end)


def _headers(lines: bytes) -> dict[str, str]:
    """Names in lower case. Most clients write UTF-8, which headers otherwise do not know; old ones Latin-1."""
    try:
        text = lines.decode()
    except UnicodeDecodeError:
        text = lines.decode("cp1252", "replace")
    found: dict[str, str] = {}
    for line in _FOLDED.sub(" ", text).split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found
