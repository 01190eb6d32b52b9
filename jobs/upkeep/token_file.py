"""The shape of the token file: named tokens as hashes; a file that is anything else is refused as a whole."""

from __future__ import annotations

import re

import msgspec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TokenEntry(msgspec.Struct, frozen=True):
    """One token as it stands in the file."""

    name: str
    sha256: str
    created_at: str


class TokenFile(msgspec.Struct, frozen=True):
    """The whole file."""

    tokens: tuple[TokenEntry, ...] = ()
    version: int = 1


def parse_tokens(data: bytes) -> tuple[TokenEntry, ...]:
    """The tokens of a file. Raises ValueError with what is wrong."""
    try:
        entries = msgspec.json.decode(data, type=TokenFile).tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    for entry in entries:
        if not NAME.fullmatch(entry.name) or not _SHA256.fullmatch(entry.sha256):
            raise ValueError(f"{entry.name[:64]!r} is no token")
    return entries
