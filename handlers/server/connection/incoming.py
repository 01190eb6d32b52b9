"""What a client has sent: bytes that wait to be parsed, and the request that they make up."""

from __future__ import annotations

from collections.abc import Callable

from handlers.server.connection.request_parser import Parser, Site

#: How much is read at once, and how much of it the parser sees at once: it copies what it was given for each request.
_RECV_BYTES, _RECV_BODY_BYTES, _PARSE_BYTES = 16 * 1024, 64 * 1024, 8 * 1024
#: Bytes of a chunked body per turn: they may hold forty chunks, and each costs as much as a small request.
_PARSE_CHUNKS_BYTES = 256
#: What the loop answers by itself (`App.at_once`).
_ASKS_HEALTH = (b"GET /healthz", b"HEAD /healthz")
_END_OF_HEADERS = b"\r\n\r\n"
#: So much is read of a newcomer before anything is made for it.
FIRST_BYTES = 2 * 1024


def is_request(first: bytes) -> bool:
    """Whether a client sent whole headers, and little more: it waits for this side. Most requests come like that."""
    return _END_OF_HEADERS in first and len(first) < FIRST_BYTES


class Incoming:
    """One request at a time; what follows it stays unparsed.

    Attributes:
        rest: The bytes that wait to be parsed.
        parser: The request that arrives, as soon as something of it was parsed.
    """

    __slots__ = ("_address", "_site", "parser", "rest")

    def __init__(self, site: Site, address: str) -> None:
        self._site = site
        self._address = address
        self.rest = b""
        self.parser: Parser | None = None

    def __bool__(self) -> bool:
        """Whether a part of a request is there."""
        return self.parser is not None or bool(self.rest)

    @property
    def asks(self) -> bool:
        """A whole request waits, and nothing of it was parsed."""
        return self.parser is None and is_request(self.rest)

    @property
    def asks_health(self) -> bool:
        """What waits asks for what is answered at once."""
        return self.parser is None and self.rest.startswith(_ASKS_HEALTH)

    @property
    def in_body(self) -> bool:
        """The headers are parsed; the body arrives."""
        return self.parser is not None and self.parser.headers_finished

    @property
    def in_chunks(self) -> bool:
        """As `in_body`, of a body that comes in chunks."""
        return self.parser is not None and self.parser.headers_finished and self.parser.chunked

    def wanted_bytes(self, *, is_new: bool) -> int:
        """How much to read at once."""
        if is_new:
            return FIRST_BYTES
        return _RECV_BODY_BYTES if self.in_body else _RECV_BYTES

    def since(self, moved_at: float) -> tuple[float, int]:
        """When what arrives now began, and how many bytes of a body have come since then."""
        if self.parser is None:
            return moved_at, 0
        return self.parser.started, self.parser.wire_bytes if self.in_body else 0

    def waited(self, waited_s: float) -> None:
        """This side let the client wait so long."""
        if self.parser is not None:
            self.parser.started += waited_s

    def parse(self, now: float) -> Parser:
        """Parse a piece of what waits: at most to the end of the headers, or of the request. `now` is of the loop's clock."""
        parser = self.parser
        if parser is None:
            parser = self.parser = Parser(self._site, self._address, now)
        size = _PARSE_CHUNKS_BYTES if parser.chunked else _PARSE_BYTES
        data, self.rest = self.rest[:size], self.rest[size:]
        while data and not parser.completed:
            in_headers = not parser.headers_finished
            data = data[parser.received(data) :]
            if in_headers and parser.headers_finished:
                break  # what follows is the body, in pieces of its own size
        self.rest = data + self.rest
        return parser

    def give_up(self, later: Callable[[Callable[[], None]], None]) -> None:
        """The rest of the request is not waited for; see `Parser.give_up`."""
        if self.parser is not None:
            self.parser.give_up(later)
        self.parser = None
