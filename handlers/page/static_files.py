"""The console's files: read once at start, answered from memory under an address that changes with their content."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from handlers.page.first_screen import PREFIX, at_once, by_language
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Code, Refusal, Reply

FOLDER = Path(__file__).parent / "static"
INDEX = "index.html"
#: Nothing from elsewhere, nothing inline, no plug-ins, no frame around it, no form that is sent somewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOR_EVER = ("Cache-Control", "public, max-age=31536000, immutable")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
}
#: These are packed already.
_NOT_PACKED = frozenset({".ico", ".png", ".woff2"})
_REFERENCE = re.compile(rf"""(?<=["'=]){PREFIX}(?=[\w.-])""")


class StaticFile(msgspec.Struct, frozen=True, dict=True):
    """One file as it is answered."""

    content: bytes
    media_type: str
    etag: str
    packs: bool

    @functools.cached_property
    def packed(self) -> bytes:
        """Its gzip form, made when a browser asks for it; empty where that would not be smaller."""
        packed = gzip.compress(self.content, 9, mtime=0) if self.packs else b""
        return packed if len(packed) < len(self.content) else b""

    def reply(self, call: Call, *headers: tuple[str, str]) -> Reply:
        """The answer to this request: 304 where the client has this very content, gzip where it can read that."""
        headers = (*headers, ("ETag", self.etag), ("Vary", "Accept-Encoding"))
        if call.holds(self.etag):
            return Reply(304, b"", headers, self.media_type)
        if _reads_gzip(call.header("Accept-Encoding") or "") and self.packed:
            return Reply(200, self.packed, (*headers, ("Content-Encoding", "gzip")), self.media_type)
        return Reply(200, self.content, headers, self.media_type)


class StaticFiles:
    """`GET /` and `GET /ui/DIGEST/PATH`. No request reaches the file system: a path is looked up among the files known."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises OSError when a file cannot be read."""
        files = _read(folder)
        index = files.pop(INDEX).decode()
        by_language(index, files)
        index = at_once(index, files)
        self.digest = _digest({**files, INDEX: index.encode()})
        self._files = {path: _file(path, content) for path, content in files.items()}
        self._index = _file(INDEX, _REFERENCE.sub(f"{PREFIX}{self.digest}/", index).encode(), self.digest)

    def index(self, call: Call) -> Result:
        return self._index.reply(
            call,
            ("Content-Security-Policy", POLICY),
            ("Cache-Control", "no-cache"),
            # Not "no-referrer": under that some browsers send "Origin: null" with the page's own calls.
            ("Referrer-Policy", "same-origin"),
            ("X-Frame-Options", "DENY"),
        )

    def file(self, call: Call) -> Result:
        file = self._files.get(call.args["path"]) if call.args["digest"] == self.digest else None
        if file is None:
            raise Refusal(Code.NOT_FOUND, "the console has no such file; reload the page")
        return file.reply(call, _FOR_EVER, ("Content-Security-Policy", POLICY))

    def routes(self) -> list[Route]:
        """Both hold no data, so they need no token."""
        return [
            Route(method="GET", path="/", call=self.index, summary="The console, for people with a browser",
                  tag="health", media_type="text/html", token=False),
            Route(method="GET", path="/ui/{digest}/{path}", call=self.file, summary="A file of the console",
                  tag="health", media_type="*/*", token=False, hidden=True),
        ]  # fmt: skip


def _read(folder: Path) -> dict[str, bytes]:
    """Every file below the folder of a type that browsers load, by its path with slashes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


def _digest(files: Mapping[str, bytes]) -> str:
    """One short name for exactly these files: whatever changes, every address changes."""
    total = hashlib.sha256()
    for path, content in sorted(files.items()):
        total.update(f"{path}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def _file(path: str, content: bytes, etag: str = "") -> StaticFile:
    suffix = Path(path).suffix
    etag = etag or hashlib.sha256(content).hexdigest()[:16]
    return StaticFile(content, _TYPES[suffix], f'"{etag}"', packs=suffix not in _NOT_PACKED)


def _reads_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding names gzip and does not refuse it by `q=0`."""
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", quality)
    return False
