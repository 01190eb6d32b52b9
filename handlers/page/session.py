"""Log in and out, and the browsers that are logged in: `/session` and `/sessions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers.access.auth import COOKIE, WHO, Access, Who
from handlers.access.peer import came_by_https
from handlers.access.sessions import REMEMBERED_S, Session, Sessions
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Answer, Code
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import NotFound, Problem

LOG_IN_PATH = "/api/v1/session"
#: What a stranger may send to log in.
LOG_IN_BYTES = 4096

Moment = Annotated[str, Meta(description="RFC 3339 with offset")]
#: Seconds since the epoch as such a moment.
When = Callable[[float], str]


class LogIn(msgspec.Struct):
    """What begins a session."""

    token: Annotated[str, Meta(min_length=1, max_length=200, description="A token of this box")]
    remember: Annotated[
        bool, Meta(description="For 90 days; else until the browser is closed, 24 hours at most")
    ] = False


class Caller(msgspec.Struct, frozen=True):
    """Who calls, and how this box knows."""

    how: Literal["this box", "trusted network", "token", "session"]
    name: Annotated[str, Meta(description="Of the token, also of the one the session began with; else empty")]
    session_id: int | None
    expires_at: Annotated[Moment | None, Meta(description="When the session is over")]


class SessionObject(msgspec.Struct, frozen=True):
    """One browser that is logged in."""

    id: int
    name: Annotated[str, Meta(description="Of the token it began with: revoking that ends it")]
    device: Annotated[str, Meta(description="What the browser says it is", examples=["Firefox on Android"])]
    since: Moment
    last_seen: Moment
    expires_at: Moment
    remembered: bool
    current: Annotated[bool, Meta(description="It is the one that asks")]


class SessionList(msgspec.Struct, frozen=True):
    """All sessions, the one seen last first."""

    sessions: list[SessionObject]
    total: int


class Ended(msgspec.Struct, frozen=True):
    """The session that is over; null when the caller had none."""

    id: int | None


class SessionHandlers:
    """Everything about sessions of browsers."""

    def __init__(self, access: Access, sessions: Sessions, when: When) -> None:
        self._access = access
        self._sessions = sessions
        self._when = when

    def begin(self, call: Call) -> Result:
        findings = Findings()
        wanted = read_object(LogIn, call.fields(LogIn), findings, strict=True)
        findings.refuse()
        remember = bool(wanted.get("remember", False))
        cookie, session = self._access.log_in(call.environ, wanted["token"], remember=remember)
        who = Who("session", self._sessions.name_of(session), session)
        return Answer(self._show(who), (_cookie(call, cookie, REMEMBERED_S if remember else None),))

    def who(self, call: Call) -> Result:
        return self._show(_who(call))

    def end(self, call: Call) -> Result:
        session = _who(call).session
        if session is not None:
            self._sessions.end(session.id)
        return Answer(Ended(None if session is None else session.id), (_cookie(call, "", 0.0),))

    def all(self, call: Call) -> Result:
        own = _who(call).session
        shown = [
            SessionObject(
                id=session.id,
                name=self._sessions.name_of(session),
                device=session.device,
                since=self._when(session.created_at),
                last_seen=self._when(session.seen_at),
                expires_at=self._when(session.expires_at),
                remembered=session.remembered,
                current=own is not None and own.id == session.id,
            )
            for session in self._sessions.all()
        ]
        return SessionList(shown, len(shown))

    def revoke(self, call: Call) -> Result:
        if not self._sessions.end(call.id):
            raise NotFound(Problem("id", f"there is no session {call.id}, or it is over"))
        return Ended(call.id)

    def _show(self, who: Who) -> Caller:
        session: Session | None = who.session
        ends = None if session is None else self._when(session.expires_at)
        return Caller(who.how, who.name, None if session is None else session.id, ends)

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        route = routes_below("/api/v1", "access")
        return [
            route("POST", "/session", self.begin, "Log in: a token becomes a cookie", Caller, Code.TOO_LARGE, body=LogIn,
                  token=False),
            route("GET", "/session", self.who, "Who calls, and how this box knows", Caller),
            route("DELETE", "/session", self.end, "Log out: the cookie's session is over", Ended),
            route("GET", "/sessions", self.all, "The browsers that are logged in", SessionList),
            route("DELETE", "/sessions/{id}", self.revoke, "Log another browser out", Ended, Code.NOT_FOUND),
        ]  # fmt: skip


def _who(call: Call) -> Who:
    who: Who = call.environ[WHO]
    return who


def _cookie(call: Call, value: str, max_age_s: float | None) -> tuple[str, str]:
    """The header that sets our cookie, or takes it away (0 seconds)."""
    parts = [f"{COOKIE}={value}", "Path=/", "HttpOnly", "SameSite=Strict"]
    if max_age_s is not None:
        parts.append(f"Max-Age={max_age_s:.0f}")
    if came_by_https(call.environ):
        parts.append("Secure")
    return "Set-Cookie", "; ".join(parts)
