"""Sessions of browsers: a token becomes a cookie that scripts cannot read; it ends with its token, its time, or by hand.

The file in the state directory holds hashes. A cookie is 256 random bits, as a token is.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from pathlib import Path

import msgspec

from handlers.access.tokens import Tokens, secret_digest
from jobs.hub.clock import Clock
from storage.engine.files import Files
from storage.errors import StoreFailed

_LOG = logging.getLogger(__name__)

NAME = "sessions.json"
REMEMBERED_S = 90 * 86400.0
#: A session that is not remembered: the browser forgets its cookie when it is closed, and this box after this time.
SHORT_S = 86400.0
#: The session seen longest ago ends when there would be more.
MAX_SESSIONS = 100
#: When it was last seen is written this often at most: each look of a browser would cost a write.
SEEN_EVERY_S = 3600.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One browser that logged in. Times are seconds since the epoch."""

    id: int
    sha256: str  #: of the cookie
    token_sha256: str  #: of the token it began with
    device: str
    created_at: float
    seen_at: float
    expires_at: float
    remembered: bool


class _File(msgspec.Struct, frozen=True):
    sessions: tuple[Session, ...] = ()
    next_id: int = 1
    version: int = 1


class Sessions:
    """All sessions of this box. Thread-safe; a look costs no disk operation but that of the token file."""

    def __init__(self, path: Path, tokens: Tokens, clock: Clock) -> None:
        """`path` is read once: nothing else writes it."""
        self._path = path
        self._tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        file = _read(path)
        self._next_id = file.next_id
        self._sessions = {session.sha256: session for session in file.sessions}
        self._written_seen = {session.id: session.seen_at for session in file.sessions}

    def begin(self, token: str, device: str, *, remember: bool) -> tuple[str, Session] | None:
        """Begin a session: the cookie's value, which can be read only now. None for a wrong token."""
        token_sha256 = self._tokens.digest_of(token)
        if token_sha256 is None:
            return None
        cookie = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._lock:
            session = Session(
                id=self._next_id,
                sha256=secret_digest(cookie),
                token_sha256=token_sha256,
                device=device,
                created_at=now,
                seen_at=now,
                expires_at=now + (REMEMBERED_S if remember else SHORT_S),
                remembered=remember,
            )
            self._next_id += 1
            self._sessions[session.sha256] = session
            self._tidy(now)
            try:
                self._write()
            except StoreFailed as error:
                # People must get in to see why the disk refuses; such a session is over with the next start.
                _LOG.warning("the session of %s is not kept over a restart: %s", device, error)
        return cookie, session

    def verify(self, cookie: str) -> Session | None:
        """The session of this cookie; None when there is none, its time is over, or its token was revoked."""
        now = self._clock.now()
        with self._lock:
            session = self._sessions.get(secret_digest(cookie))
            if session is None or not self._lives(session, now):
                return None
            if now != session.seen_at:
                session = msgspec.structs.replace(session, seen_at=now)
                self._sessions[session.sha256] = session
            if abs(now - self._written_seen.get(session.id, 0.0)) >= SEEN_EVERY_S:
                try:
                    self._write()
                except StoreFailed as error:
                    _LOG.warning("when sessions were last seen is not kept: %s", error)
                    self._written_seen[session.id] = now  # tried again in an hour
            return session

    def name_of(self, session: Session) -> str:
        """The name of the token with which it began."""
        return self._tokens.name_of(session.token_sha256) or ""

    def all(self) -> list[Session]:
        """Those that live, the one seen last first."""
        now = self._clock.now()
        with self._lock:
            living = [session for session in self._sessions.values() if self._lives(session, now)]
        return sorted(living, key=lambda session: (-session.seen_at, -session.id))

    def end(self, session_id: int) -> bool:
        """End a session for good; False when there is none of this id.

        Raises:
            StoreFailed: it is over, but would be back after a restart.
        """
        with self._lock:
            found = next((one for one in self._sessions.values() if one.id == session_id), None)
            if found is None:
                return False
            del self._sessions[found.sha256]
            self._tidy(self._clock.now())
            self._write()
        return True

    def _lives(self, session: Session, now: float) -> bool:
        return now < session.expires_at and self._tokens.name_of(session.token_sha256) is not None

    def _tidy(self, now: float) -> None:
        """Drop what is over, and what is too much. While the token file cannot be read no token is known to be revoked."""
        readable = not self._tokens.problem
        for session in list(self._sessions.values()):
            over = now >= session.expires_at
            if over or (readable and not self._lives(session, now)):
                del self._sessions[session.sha256]
        for session in sorted(self._sessions.values(), key=lambda one: one.seen_at)[:-MAX_SESSIONS]:
            del self._sessions[session.sha256]

    def _write(self) -> None:
        file = _File(tuple(self._sessions.values()), self._next_id)
        data = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
        try:
            with Files().replacing(self._path, "sessions", 0o600) as fd:
                os.write(fd, data)
        except OSError as error:
            raise StoreFailed(f"{self._path} cannot be written: {error.strerror}") from error
        self._written_seen = {session.id: session.seen_at for session in file.sessions}


def _read(path: Path) -> _File:
    """What the file holds; nothing where it cannot be used: people log in again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, msgspec.DecodeError) as error:
        _LOG.warning("%s cannot be used, so all browsers have to log in again: %s", path, error)
        return _File()
