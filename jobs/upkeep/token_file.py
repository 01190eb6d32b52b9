"""The shape of the token file: named tokens as hashes; a file that is anything else is refused as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TokenEntry(msgspec.Struct, frozen=True):
    """One token as it stands in the file."""

    name: str
    sha256: str
    created_at: str


class TokenFile(msgspec.Struct, frozen=True):
    """The whole file. `revoked` are hashes of tokens that stand in another file, where the daemon may not write."""

    tokens: tuple[TokenEntry, ...] = ()
    version: int = 1
    revoked: tuple[str, ...] = ()


def console_tokens(state_dir: Path) -> Path:
    """The file that the daemon writes itself: an installed hub's other one stands where it may not."""
    return state_dir / "console-tokens.json"


def parse_tokens(data: bytes) -> TokenFile:
    """What a file says. Raises ValueError with what is wrong."""
    try:
        file = msgspec.json.decode(data, type=TokenFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    for entry in file.tokens:
        if not NAME.fullmatch(entry.name) or not _SHA256.fullmatch(entry.sha256):
            raise ValueError(f"{entry.name[:64]!r} is no token")
    return file
