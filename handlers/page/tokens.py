"""Tokens made and taken back in the console: `/tokens`, by the same functions as `tikmatrixd token`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
import segno
from msgspec import Meta

from handlers.access.auth import WHO, Who
from handlers.access.hosts import is_local_name, reachable_at, split_host
from handlers.access.peer import came_by_https
from handlers.access.sessions import Sessions
from handlers.access.token_book import LastToken, TokenBook
from handlers.access.tokens import NameRefused, TokenError
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code, Refusal
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import Invalid, NotFound, Problem


class NewToken(msgspec.Struct):
    """What a token is called."""

    name: Annotated[
        str,
        Meta(min_length=1, max_length=64, description="Of whom or what it is for", examples=["Kim phone"]),
    ]


class TokenObject(msgspec.Struct, frozen=True):
    """One token; what it reads is not stored."""

    name: str
    created_at: Annotated[str, Meta(description="RFC 3339 with offset")]
    sessions: Annotated[int, Meta(description="Browsers that are logged in with it")]
    current: Annotated[bool, Meta(description="The caller uses it, or a session that began with it")]


class TokenList(msgspec.Struct, frozen=True):
    """All tokens."""

    tokens: list[TokenObject]
    total: int


class MadeToken(msgspec.Struct, frozen=True):
    """A new token: the only answer that shows it."""

    name: str
    token: str
    link: Annotated[str, Meta(description="Opens the console with it; a browser sends nobody what follows #")]
    qr_code: Annotated[str, Meta(description="The link as a QR code: an SVG picture as a data: address")]


class RevokedToken(msgspec.Struct, frozen=True):
    """The token that counts no longer, and how many browsers are logged out with it."""

    name: str
    sessions_ended: int


class TokenHandlers:
    """Everything under `/tokens`."""

    def __init__(self, book: TokenBook, sessions: Sessions, listen: Callable[[], str]) -> None:
        self._book = book
        self._sessions = sessions
        self._listen = listen

    def all(self, call: Call) -> Result:
        who = _known(call)
        names = [self._sessions.name_of(session) for session in self._sessions.all()]
        try:
            shown = [
                TokenObject(entry.name, entry.created_at, names.count(entry.name), entry.name == who.name)
                for entry in self._book.entries()
            ]
        except TokenError as error:
            raise _refused(error) from error
        return TokenList(shown, len(shown))

    def new(self, call: Call) -> Result:
        _known(call)
        findings = Findings()
        wanted = read_object(NewToken, call.fields(NewToken), findings, strict=True)
        findings.refuse()
        try:
            token = self._book.new(wanted["name"])
        except NameRefused as error:
            raise Invalid(Problem("name", str(error))) from error
        except TokenError as error:
            raise _refused(error) from error
        link = f"{_address(call.environ, self._listen())}/#token={token}"
        drawn = segno.make(link, error="m", micro=False).svg_data_uri(scale=6, border=4, light="#fff")
        return MadeToken(wanted["name"], token, link, drawn)

    def revoke(self, call: Call) -> Result:
        _known(call)
        name = call.args["token"]
        names = [self._sessions.name_of(session) for session in self._sessions.all()]
        try:
            gone = self._book.revoke(name, self._listen())
        except LastToken as error:
            raise Invalid(Problem("name", str(error))) from error
        except TokenError as error:
            raise _refused(error) from error
        if not gone:
            raise NotFound(Problem("name", f"there is no token named {name!r}"))
        return RevokedToken(name, sum(one.lower() == name.lower() for one in names))

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        route = routes_below("/api/v1/tokens", "access")
        return [
            route("GET", "", self.all, "Names and ages of the tokens", TokenList),
            route("POST", "", self.new, "Make a token; this answer alone shows it", MadeToken, Code.TOO_LARGE, body=NewToken),
            route("DELETE", "/{token}", self.revoke, "Take a token back, and end its sessions", RevokedToken, Code.NOT_FOUND),
        ]  # fmt: skip


def _known(call: Call) -> Who:
    """Who calls. Raises Refusal for one who is trusted only for the network: that is no word of a person."""
    who: Who = call.environ[WHO]
    if who.how == "trusted network":
        raise Refusal(
            Code.FORBIDDEN,
            "tokens are made and taken back on the box itself, or by a client that has one: log in first",
        )
    return who


def _refused(error: TokenError) -> Refusal:
    return Refusal(Code.FORBIDDEN, str(error))


def _address(environ: Mapping[str, Any], listen: str) -> str:
    """Where the console is for another device: as the caller reached it, or where others do when that was loopback."""
    header = environ.get("HTTP_HOST", "")
    host = split_host(header)
    if host is None or is_local_name(host[0]):
        return f"http://{reachable_at(listen)}"
    return f"{'https' if came_by_https(environ) else 'http'}://{header}"
