"""One request and its answer: a worker asks the app, the loop sends what comes, piece by piece."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

from waitress.task import WSGITask

from handlers.api.app import KNOWN, REFUSED
from handlers.request.envelope import Code, Refusal, Reply
from handlers.request.headers import UNDERSCORED
from handlers.server.connection.request_parser import (
    MALFORMED,
    Parser,
    Refused,
    Site,
    in_plain_words,
    no_space,
)
from handlers.server.connection.spool import NoRoom

_LOG = logging.getLogger(__name__)

#: A worker makes so much of a large answer at a time; the next when the client has read this.
PIECE_BYTES = 256 * 1024


class Exchange(WSGITask):
    """A request with its answer. waitress' task makes the environ and the header; it writes nothing by itself.

    Attributes:
        done: Nothing of the answer follows.
    """

    content_length: int | None
    chunked_response: bool

    def __init__(self, site: Site, addr: tuple[str, int], request: Parser) -> None:
        super().__init__(
            self, request
        )  # what waitress takes for the channel: `server`, `addr` and `adj` are asked of it
        self.server, self.adj, self.addr = site, site.adj, addr
        self.cancelled = False
        self.connection: socket.socket | None = None  #: asked only whether the client has closed it
        self.done = False
        self.known = self.refused = False
        self.last = False  #: the connection ends with this answer
        self._body: Iterator[bytes] | None = None
        self._close_body: Any = None

    def check_client_disconnected(self) -> bool:
        """For the environ, as waitress has it: whether the client has closed the connection, or its half of it.

        The loop does not read from a connection whose request is with a worker, so the end of what the client sends
        is looked for here.
        """
        if self.cancelled or self.connection is None:
            return self.cancelled
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    # --- in a worker

    def work(self) -> list[bytes]:
        """The next piece of the answer, the first one with the header."""
        try:
            pieces = self._first() if self._body is None else []
            pieces += self._more(PIECE_BYTES)
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            pieces = self._failed(error)
        if self.done:
            self._close()
        return pieces

    def cancel(self) -> None:
        """The connection is gone: the rest of the answer is not made."""
        self._close()

    def _first(self) -> list[bytes]:
        self.start()
        environ = self.get_environment()
        environ[UNDERSCORED] = self.request.underscored
        answer = self.server.app(environ, self._start_response)
        self._close_body = getattr(answer, "close", None)
        self.known, self.refused = KNOWN in environ, REFUSED in environ
        if self.content_length is None and isinstance(answer, list | tuple):
            self.content_length = sum(map(len, answer))
        self._body = iter(answer)
        return [self._header()]

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info and self.wrote_header:
            raise exc_info[1]
        self.status = status
        self.response_headers = list(headers)
        for name, value in headers:
            if name.lower() == "content-length":
                self.content_length = int(value)
        return self._no_write

    def _no_write(self, data: bytes) -> None:
        raise NotImplementedError("bottle yields its body; it never calls write")

    def _more(self, wanted_bytes: int) -> list[bytes]:
        pieces: list[bytes] = []
        size = 0
        assert self._body is not None  # noqa: S101 - `_first` ran
        while size < wanted_bytes:
            piece = next(self._body, None)
            if piece is None:
                self.done = True
                break
            size += len(piece)
            if piece and self.has_body:
                pieces.append(b"%X\r\n%b\r\n" % (len(piece), piece) if self.chunked_response else piece)
        self.content_bytes_written += size
        if self.done and self.chunked_response:
            pieces.append(b"0\r\n\r\n")
        too_few = self.content_length is not None and self.content_bytes_written < self.content_length
        if self.done and too_few and self.has_body and self.request.command != "HEAD":
            _LOG.warning("the answer to %s is shorter than announced", self.request.path)
            self.close_on_finish = True  # the client must not wait for the rest
        return pieces

    def _failed(self, error: Exception) -> list[bytes]:
        self._body = self._body or iter(())
        if self.wrote_header:
            _LOG.error("the answer to %s broke off", self.request.path, exc_info=error)
            self.done = self.close_on_finish = True
            return []
        self.content_length = None
        self.chunked_response = False
        if isinstance(error, NoRoom):
            return self.reply(self.server.app.refused(no_space()))
        return self.reply(self.server.app.crashed(error, "the server"))

    def _close(self) -> None:
        try:
            if self._close_body is not None:
                self._close_body()
        finally:
            self._close_body = None
            self.request.close()

    # --- in the loop or in a worker

    def reply(self, reply: Reply) -> list[bytes]:
        """The whole of an answer that needs no worker."""
        self.start()
        self.done = True
        self.status = reply.status_line
        self.response_headers = [("Content-Type", reply.content_type), *reply.headers]
        self.content_length = len(reply.body)
        header = self._header()
        # A request may have been refused before its method was known.
        return [header] if getattr(self.request, "command", "") == "HEAD" else [header, reply.body]

    def refuse(self) -> list[bytes]:
        """The answer to what the parser refused; the connection ends with it."""
        self.refused = self.last = True
        return self.reply(self._why())

    def _why(self) -> Reply:
        app, error = self.server.app, self.request.error
        reply: Reply
        if isinstance(error, Refused):
            reply = app.refused(error.refusal)
        elif error.code == 413:
            reply = app.refused(Refusal(Code.TOO_LARGE, "the body is larger than any that is received here"))
        else:
            reply = app.refused(Refusal(Code.INVALID, MALFORMED + in_plain_words(error.body)))
        return reply

    def _header(self) -> bytes:
        if self.last or self.server.leaving:
            self.set_close_on_finish()
        header: bytes = self.build_response_header()
        self.wrote_header = True
        return header
