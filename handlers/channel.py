"""One connection: bodies are limited before they arrive, slowness has a price, every refusal is in the envelope."""

from __future__ import annotations

import functools
import io
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

from handlers.envelope import Code, Refusal, Reply

#: A request must arrive at least this fast, after a grace of the channel timeout: a byte now and then is not enough.
MIN_RATE_BYTES_PER_S = 4 * 1024
#: So much of a body that is too large is read and thrown away, so that the client reads our answer, not a reset.
SWALLOWED_BYTES = 16 * 1024**2
_MAX_CHUNK_LINE_BYTES = 16 * 1024
_CHECK_SPACE_EVERY_BYTES = 16 * 1024**2
#: Who sends requests ahead and leaves so much unread gets no further answer on this connection.
MAX_UNREAD_BYTES = 8 * 1024**2
MALFORMED = "malformed HTTP request: "
_METHOD = re.compile(rb"[A-Z][A-Z-]*( |\r|$)")
_TLS_HELLO = b"\x16\x03"


class Parser(HTTPRequestParser):
    """Receives one request; knows the limit of its body as soon as the headers are there."""

    error: Error | None = None

    def __init__(self, adj: Any, *, channel: Channel) -> None:
        super().__init__(adj)
        self._channel = channel
        self._limit: int | None = None
        self._refused: Refused | None = None
        self._is_http = False
        self.started = time.monotonic()
        self.wire_bytes = 0

    def received(self, data: bytes) -> int:
        if not self._is_http and not self._begins_well(data):
            return len(data)
        try:
            consumed = int(super().received(data))
        except NoRoom:
            self._end(Refused(Refusal(Code.NO_SPACE, "there is not enough disk space for this upload")))
            return len(data)
        except ValueError:  # what int() and urlsplit() refuse, waitress lets through
            self._malformed("a number or the address in it cannot be read")
            return len(data)
        self.wire_bytes += consumed
        if self.headers_finished and self.body_rcv is not None and self.error is None:
            if self._limit is None:
                self._prepare()
            self._check_size()
        return consumed

    def _begins_well(self, data: bytes) -> bool:
        """Refuse at once what is no HTTP: whoever waits for an answer to it would wait for the timeout."""
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
        if "CONTENT_LENGTH" in self.headers if self.chunked else "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding contradict each other")

    def _prepare(self) -> None:
        server = self._channel.server
        self._limit = server.app.body_limit(self._facts())
        large = self._limit > self.adj.inbuf_overflow and self.content_length > self.adj.inbuf_overflow
        if (large or self.chunked) and server.spool_dir is not None:
            # Nothing of the body has been received yet: waitress hands over what follows the headers afterwards.
            self.body_rcv.buf = Spool(self.adj.inbuf_overflow, server.spool_dir, server.min_free_bytes)

    def _facts(self) -> dict[str, Any]:
        facts = {f"HTTP_{name}": value for name, value in self.headers.items()}
        path = self.path if not self.path.startswith("/") else "/" + self.path.lstrip("/")
        return {
            **facts,
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "REMOTE_ADDR": self._channel.addr[0],
        }

    def _check_size(self) -> None:
        limit, body = self._limit, self.body_rcv
        assert limit is not None  # noqa: S101 - set by _prepare
        if self.chunked and len(body.control_line) + len(body.trailer) > _MAX_CHUNK_LINE_BYTES:
            self._end(Refused(Refusal(Code.INVALID, "a chunk of the body is malformed")))
            return
        size = max(self.content_length, len(body))
        if self._refused is None and size > limit:
            self._refused = Refused(self._channel.server.app.why_no_body(self._facts(), limit))
            body.buf.close()
            body.buf = _Nothing()
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


class Refused(Error):
    """Tells waitress to answer with an error; `ErrorAnswer` finds it here."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class NoRoom(Exception):
    """The disk that takes uploads is full."""


class _Nothing:
    """Takes bytes and forgets them."""

    def append(self, data: bytes) -> None:
        pass

    def getfile(self) -> BinaryIO:
        return io.BytesIO()

    def close(self) -> None:
        pass

    def __len__(self) -> int:
        return 0


class Spool:
    """A body's bytes: in memory while it is small, then in a nameless file beside the library, while there is room."""

    def __init__(self, memory_bytes: int, folder: Path, min_free_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._written = 0
        self._checked_at = -_CHECK_SPACE_EVERY_BYTES

    def __len__(self) -> int:
        return self._written + len(self._memory)

    def append(self, data: bytes) -> None:
        """Take more bytes. Raises NoRoom."""
        self._memory += data
        if len(self._memory) >= self._memory_bytes:
            self._flush()

    def getfile(self) -> BinaryIO:
        """The bytes as a file, from the start."""
        if self._file is None:
            return io.BytesIO(self._memory)
        self._flush()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Forget everything; idempotent."""
        if self._file is not None:
            self._file.close()
        self._memory = bytearray()

    def _flush(self) -> None:
        if self._written - self._checked_at >= _CHECK_SPACE_EVERY_BYTES:
            self._checked_at = self._written
            self._folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._folder).free < self._min_free_bytes + _CHECK_SPACE_EVERY_BYTES:
                raise NoRoom
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - lives as long as the request
            self._file.write(self._memory)
            self._file.flush()
        except OSError as error:
            raise NoRoom from error
        self._written += len(self._memory)
        self._memory.clear()


class _OneWrite:
    """Sends headers and a whole body in one piece: one system call and one packet instead of two."""

    def write(self: Any, data: bytes) -> None:
        if self.wrote_header or not self.has_body or self.content_length != len(data):
            super().write(data)  # type: ignore[misc]
            return
        header = self.build_response_header()
        self.wrote_header = True
        self.channel.write_soon(header + data)
        self.content_bytes_written += len(data)


class Answer(_OneWrite, WSGITask):
    """A request that reaches the app; while the server leaves, each answer is the last of its connection."""

    def build_response_header(self) -> bytes:
        channel = self.channel
        unread_bytes = channel.total_outbufs_len + (self.content_length or 0)
        # waitress would let the thread of the next request wait until this client has read: maybe forever (WEB-2).
        if channel.server.leaving or (len(channel.requests) > 1 and unread_bytes > MAX_UNREAD_BYTES):
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header


class ErrorAnswer(_OneWrite, ErrorTask):
    """What waitress refuses by itself, in the envelope."""

    def execute(self) -> None:
        reply = self._reply()
        self.status = reply.status_line
        self.response_headers.extend([("Content-Type", reply.content_type), *reply.headers])
        self.set_close_on_finish()
        self.content_length = len(reply.body)
        # A request may have been refused before its method was known.
        self.write(b"" if getattr(self.request, "command", "") == "HEAD" else reply.body)

    def _reply(self) -> Reply:
        app = self.channel.server.app
        error = self.request.error
        reply: Reply
        if isinstance(error, Refused):
            reply = app.refused(error.refusal)
        elif error.code >= 500 and error.code != 501:
            reply = app.crashed(RuntimeError(error.body), "the server")
        elif error.code == 413:
            reply = app.refused(Refusal(Code.TOO_LARGE, "the body is larger than any that is received here"))
        else:
            reply = app.refused(Refusal(Code.INVALID, MALFORMED + error.body))
        return reply


class Channel(HTTPChannel):
    """waitress' connection with our parser, our answers and a price on slowness."""

    task_class = Answer
    error_task_class = ErrorAnswer

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002 - waitress' name
        self.parser_class = functools.partial(Parser, channel=self)
        super().__init__(server, sock, addr, adj, map=map)

    @property
    def answering(self) -> bool:
        """A request is being worked on, or its answer is on its way."""
        return bool(self.requests or self.total_outbufs_len)

    @property
    def receiving(self) -> bool:
        """A part of a request has arrived."""
        return self.request is not None

    def handle_read(self) -> None:
        super().handle_read()
        # Each byte renews waitress' timeout, so 100 clients with a byte a minute would block everyone. Here a byte
        # buys time only at a rate.
        request = self.request
        if request is not None and not self.requests:
            arrived_s = request.wire_bytes / MIN_RATE_BYTES_PER_S if request.headers_finished else 0.0
            late_s = time.monotonic() - request.started - arrived_s
            self.last_activity = time.time() - max(0.0, late_s)
