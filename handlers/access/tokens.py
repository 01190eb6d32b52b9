"""API tokens: named, stored as hashes in their own file; `tikmatrixd.py token new NAME` makes one.

A token is 256 random bits, so one round of SHA-256 protects it: there is nothing to guess that a slow hash would slow down.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from jobs.hub.clock import utc
from jobs.upkeep.token_file import NAME, TokenEntry, TokenFile, parse_tokens
from storage.engine.files import Files

_LOG = logging.getLogger(__name__)
_PREFIX = "tkm_"  #: lets secret scanners recognise a token that was committed by mistake


class TokenError(Exception):
    """The token file or the request about it cannot be used; the message says what to do."""


class NameRefused(TokenError):
    """A token cannot be called so."""


class NameTaken(NameRefused):
    """Another token is called so."""


def new_token(path: Path, name: str, others: Iterable[TokenEntry] = ()) -> str:
    """Add a token and return it: the only moment at which it can be read. Names of `others` are taken as well.

    Raises:
        NameRefused, NameTaken, TokenError: Nothing was changed.
    """
    if not NAME.fullmatch(name):
        raise NameRefused(
            f"{name!r} is not a name for a token: use 1 to 64 letters, digits, spaces and . _ @ -, starting with a letter or digit"
        )
    file = read_tokens(path)
    if any(entry.name.lower() == name.lower() for entry in (*file.tokens, *others)):
        raise NameTaken(f"there is a token named {name!r} already: revoke it first or take another name")
    token = _PREFIX + secrets.token_urlsafe(32)
    created_at = utc(time.time()).isoformat(timespec="seconds")
    entry = TokenEntry(name, secret_digest(token), created_at)
    write_tokens(path, msgspec.structs.replace(file, tokens=(*file.tokens, entry)))
    return token


def read_tokens(path: Path) -> TokenFile:
    """The whole file; an empty one when there is none. Raises TokenError when it cannot be read."""
    try:
        return parse_tokens(path.read_bytes())
    except FileNotFoundError:
        return TokenFile()
    except OSError as error:
        raise TokenError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TokenError(f"{path} is damaged ({error}): move it away and make new tokens") from error


class Entries(Protocol):
    """Files of tokens: where they are, and what counts in them."""

    @property
    def paths(self) -> Sequence[Path]: ...

    def entries(self) -> tuple[TokenEntry, ...]: ...


class Tokens:
    """The tokens as the running daemon sees them; a changed file is read again at the next look."""

    def __init__(self, files: Entries) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._stamp: object = "never"
        self._entries: tuple[tuple[str, bytes], ...] = ()
        self._problem = ""

    def __len__(self) -> int:
        return len(self._current())

    @property
    def problem(self) -> str:
        """Why no token is accepted; "" while the files can be read, or where there are none."""
        self._current()
        return self._problem

    def verify(self, token: str) -> str | None:
        """The name of a good token, None for any other. Takes equally long for all wrong ones."""
        given = secret_digest(token).encode()
        found = None
        for name, digest in self._current():
            if hmac.compare_digest(given, digest):
                found = name
        return found

    def digest_of(self, token: str) -> str | None:
        """The hash under which a good token is stored, None for any other."""
        return secret_digest(token) if self.verify(token) is not None else None

    def name_of(self, digest: str) -> str | None:
        """The name of the token with this hash, None when there is none, or no longer."""
        return next((name for name, stored in self._current() if stored == digest.encode()), None)

    def _current(self) -> tuple[tuple[str, bytes], ...]:
        present = [(path, _facts(path)) for path in self._files.paths]
        stamp = [
            (path, facts and (facts.st_mtime_ns, facts.st_size, facts.st_ino)) for path, facts in present
        ]
        with self._lock:
            if stamp != self._stamp or self._problem:
                for path, facts in present:
                    if facts is not None and _is_open_to_others(facts) and not self._problem:
                        _LOG.warning("%s can be read by others: chmod 600 %s", path, path)
                self._load()
                # What could not be read is tried again at the next look: the trouble may have passed.
                self._stamp = stamp
            return self._entries

    def _load(self) -> None:
        before, self._problem = self._problem, ""
        try:
            self._entries = tuple((entry.name, entry.sha256.encode()) for entry in self._files.entries())
        except TokenError as error:
            # Closed rather than open: without readable files no token is good.
            self._entries = ()
            self._problem = f"no token is accepted: {error}"
            if self._problem != before:
                _LOG.error("%s", self._problem)


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_open_to_others(facts: os.stat_result) -> bool:
    """The owner's group may read it where the daemon itself reads it as a member of that group."""
    own = facts.st_uid == os.geteuid()
    return bool(facts.st_mode & (0o077 if own else 0o027))


def secret_digest(secret: str) -> str:
    """By what a token or a cookie is known without being kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def write_tokens(path: Path, file: TokenFile) -> None:
    """Replace the file as a whole, readable by its owner and the service only, durable before it returns.

    Raises:
        TokenError: It was not replaced.
    """
    data = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with Files().replacing(path, "tokens", 0o600) as fd:
            os.write(fd, data)
            # Before the file gets its name: root adds a token for the service's user, who must be able to read it.
            os.fchmod(fd, _take_owner(fd, path))
    except OSError as error:
        raise TokenError(f"{path} cannot be written: {error.strerror}") from error


def _take_owner(descriptor: int, path: Path) -> int:
    """Give the new file to whom the present one belongs; returns the mode that it may have then.

    A first one beside the config of a service is read by the same group as the config (root:tikmatrixd, 0640).
    """
    present, config = path, path.with_name("config.toml")
    like = next((each for each in (present, config) if each.exists()), path.parent).stat()
    by_group = stat.S_ISREG(like.st_mode) and like.st_mode & 0o044 == 0o040
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, like.st_uid, like.st_gid)
        elif by_group:
            os.fchown(descriptor, -1, like.st_gid)
    except PermissionError:
        by_group = False
    return 0o640 if by_group else 0o600
