"""waitress' request parser with a limit for each body, known before the body arrives, and refusals in the envelope."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import Error

from handlers.api.app import App
from handlers.request.envelope import Code, Refusal
from handlers.server.connection.spool import Discarded, Spool

#: So much of a body that is too large is read and thrown away, so that the client reads our answer, not a reset.
SWALLOWED_BYTES = 16 * 1024**2
HEADER_BYTES = 32 * 1024
MALFORMED = "malformed HTTP request: "
#: How waitress' sentences begin, and ours. What is not here is plain enough.
_PLAIN_WORDS = (
    (
        "Bad URI",
        "the address holds a letter beyond ASCII: write it percent-encoded, as %C3%BC for \u00fc (curl: -G --data-urlencode)",
    ),
    (
        "Start line is invalid",
        "its first line is a method, an address and HTTP/1.1, with one blank between; a blank in the address is written %20",
    ),
    ("exceeds max_header", f"its address and headers have more than {HEADER_BYTES} bytes together"),
    ("Invalid header", "a line of its headers is not NAME: VALUE"),
    ("Transfer-Encoding requested is not supported", "Transfer-Encoding must be chunked, once"),
    ("Content-Length is invalid", "Content-Length must be a number of bytes, once"),
    ("Invalid chunk size", "a chunk of the body does not begin with its size"),
    ("Chunk not properly terminated", "a chunk of the body is longer or shorter than its size"),
)
_MAX_CHUNK_LINE_BYTES = 16 * 1024
_METHOD = re.compile(rb"[A-Z][A-Z-]*( |\r|$)")
_ENCODING = re.compile(rb"\ntransfer-encoding:([^\r\n]*)", re.IGNORECASE)
#: waitress drops these headers without a word.
_UNDERSCORED = re.compile(rb"\n([!-9;-~]*_[!-9;-~]*):")
_TLS_HELLO = b"\x16\x03"
#: waitress receives a body here before its `Spool` is in place; nothing that long ever comes before.
_UNLIMITED = 2**62


class Site:
    """What all requests of a server share."""

    def __init__(self, app: App, host: str, port: int, spool_dir: Path, min_free_bytes: int) -> None:
        self.app = app
        self.server_name = host
        self.effective_port = port
        self.spool_dir = spool_dir
        self.min_free_bytes = min_free_bytes
        self.leaving = False  #: each answer is the last of its connection
        # Of waitress only the parser and the task are used: nothing here is about its loop and sockets.
        self.adj = Adjustments(
            max_request_header_size=HEADER_BYTES,
            max_request_body_size=_UNLIMITED,  # each request has its own limit, see Parser
            inbuf_overflow=_UNLIMITED,
            # They tell that a proxy on this box speaks for another machine; `Access` must see them.
            clear_untrusted_proxy_headers=False,
            ident=None,
        )


class Parser(HTTPRequestParser):
    """Receives one request; knows the limit of its body as soon as the headers are there.

    Attributes:
        started: Seconds of the loop's clock at the first byte.
        underscored: Names of headers that are dropped for their underscore.
        wire_bytes: Received so far.
    """

    error: Error | None = None

    def __init__(self, site: Site, peer: str, started: float) -> None:
        super().__init__(site.adj)
        self._peer = peer
        self._site = site
        self._limit: int | None = None
        self._refused: Refused | None = None
        self._is_http = False
        self.started = started
        self.wire_bytes = 0
        self.underscored: tuple[str, ...] = ()

    @property
    def spool(self) -> Spool | None:
        """Where the body goes, when it has one that is wanted."""
        buf = None if self.body_rcv is None else self.body_rcv.buf
        return buf if isinstance(buf, Spool) else None

    def received(self, data: bytes) -> int:
        if not self._is_http and not self._begins_well(data):
            return len(data)
        try:
            consumed = int(super().received(data))
        except ValueError:  # what int() and urlsplit() refuse, waitress lets through
            self._malformed("a number or the address in it cannot be read")
            return len(data)
        self.wire_bytes += consumed
        if self.headers_finished and self.body_rcv is not None and self.error is None:
            if self._limit is None:
                self._prepare()
            self._check_size()
        if self.completed:
            self.expect_continue = False
        return consumed

    def no_room(self) -> None:
        """The body cannot be kept."""
        self._end(Refused(no_space()))

    def give_up(self, later: Callable[[Callable[[], None]], None]) -> None:
        """The body is not wanted any more. `later` runs beside the loop: removing a large file may take a while."""
        if self.spool is not None and self.spool.on_disk:
            self.spool.forget()
            later(self.spool.close)

    def _begins_well(self, data: bytes) -> bool:
        """Refuse at once what is not HTTP: its sender would wait for the timeout."""
        line, end, _ = (self.header_plus + data).lstrip(b"\r\n").partition(b"\n")
        if line.startswith(_TLS_HELLO):
            self._malformed("this port speaks plain HTTP; write http:// instead of https://")
        elif line and not _METHOD.match(line):
            self._malformed("it does not begin with a method and a path, such as GET /api/v1/task HTTP/1.1")
        elif end and not line.endswith(b"\r"):
            self._malformed("its lines must end in CR LF")
        elif end and b" HTTP/" not in line:
            self._malformed("its first line must end in HTTP/1.1, as in GET /api/v1/task HTTP/1.1")
        self._is_http = bool(end)
        return not self.completed

    def _malformed(self, how: str) -> None:
        self._end(Refused(Refusal(Code.INVALID, MALFORMED + how)))

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress does it, but a body has one length: two would let a request hide behind another in a proxy.

        The hidden one would come without the headers by which `Access` knows that it is not from this box.
        """
        super().parse_header(header_plus)
        self.underscored = tuple(name.decode("latin-1") for name in _UNDERSCORED.findall(header_plus))
        if "CONTENT_LENGTH" in self.headers if self.chunked else "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding contradict each other")
        # waitress takes the header out once it has read it. Servers differ in what they make of two encodings.
        if self.chunked and [word.strip().lower() for word in _ENCODING.findall(header_plus)] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding must be chunked, once")

    def _prepare(self) -> None:
        self._limit = self._site.app.body_limit(self._facts())
        # Nothing of the body has been received yet: waitress takes what follows the headers in the next call.
        self.body_rcv.buf = Spool(self._site.spool_dir, self._site.min_free_bytes)

    def _facts(self) -> dict[str, Any]:
        facts = {f"HTTP_{name}": value for name, value in self.headers.items()}
        path = self.path if not self.path.startswith("/") else "/" + self.path.lstrip("/")
        return {**facts, "REQUEST_METHOD": self.command, "PATH_INFO": path, "REMOTE_ADDR": self._peer}

    def _check_size(self) -> None:
        limit, body = self._limit, self.body_rcv
        assert limit is not None  # noqa: S101 - set by _prepare
        if self.chunked and len(body.control_line) + len(body.trailer) > _MAX_CHUNK_LINE_BYTES:
            self._end(Refused(Refusal(Code.INVALID, "a chunk of the body is malformed")))
            return
        size = max(self.content_length, len(body))
        if self._refused is None and size > limit:
            self._refused = Refused(self._site.app.why_no_body(self._facts(), limit))
            body.buf.close()
            body.buf = Discarded()
        if self._refused is not None and (
            self.completed
            or self.expect_continue
            or size > limit + SWALLOWED_BYTES
            or self.wire_bytes > limit + SWALLOWED_BYTES
        ):
            self._end(self._refused)

    def _end(self, refused: Refused) -> None:
        self.error = refused
        self.completed = True
        self.expect_continue = False


def in_plain_words(said: str) -> str:
    """What waitress says about a request that it cannot read, in words that its sender understands."""
    return next((ours for theirs, ours in _PLAIN_WORDS if said.startswith(theirs)), said)


class Refused(Error):
    """The error of a request that is refused before the app sees it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def no_space() -> Refusal:
    """50701, for a body."""
    return Refusal(Code.NO_SPACE, "there is not enough disk space for this upload")
