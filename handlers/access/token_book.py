"""The tokens of both files: the operator's, and the one that the daemon writes for the console.

The service may not write beside its config, where an installed hub keeps its tokens. What the console makes or
takes back then stands in a file of the state directory; a token counts when it is in one of the two and was not taken back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from handlers.access.tokens import TokenError, new_token, read_tokens, write_tokens
from jobs.hub.addresses import is_loopback, split_listen
from jobs.upkeep.token_file import TokenEntry, TokenFile, console_tokens

LAST = (
    "this is the last token and the LAN is served, so the daemon would not start again: make another one first, or "
    "listen on 127.0.0.1 only"
)


class LastToken(TokenError):
    """This is the last token: without it no browser and no program on the LAN could log in."""


class TokenBook:
    """Both files as one. Nothing is kept: each call reads them."""

    def __init__(self, main: Path | Callable[[], Path], state_dir: Path) -> None:
        """`main` may be a function: the place of the file may change while the daemon runs."""
        self._main = main if callable(main) else lambda: main
        self._own = console_tokens(state_dir)

    @property
    def paths(self) -> tuple[Path, Path]:
        """The operator's file and the daemon's own."""
        return self._main(), self._own

    def entries(self) -> tuple[TokenEntry, ...]:
        """The tokens that count. Raises TokenError when a file cannot be read: then none does."""
        main, own = read_tokens(self._main()), read_tokens(self._own)
        return (*(entry for entry in main.tokens if entry.sha256 not in own.revoked), *own.tokens)

    def new(self, name: str) -> str:
        """Add a token and return it: the only moment at which it can be read. Raises TokenError."""
        return new_token(self._target(), name, others=self.entries())

    def revoke(self, name: str, listen: str) -> bool:
        """Take back the token of this name; False when there is none. A running daemon notices at once.

        Raises:
            LastToken: the daemon serves more than this box at `listen` and would not start without a token.
            TokenError: a file cannot be read or written.
        """
        named = {entry.sha256 for entry in self.entries() if entry.name.lower() == name.lower()}
        if not named:
            return False
        if len(self.entries()) == len(named) and not is_loopback(split_listen(listen)[0]):
            raise LastToken(LAST)
        main, own = read_tokens(self._main()), read_tokens(self._own)
        kept = tuple(entry for entry in own.tokens if entry.sha256 not in named)
        elsewhere = {entry.sha256 for entry in main.tokens} & named
        if elsewhere and may_write(self._main()):
            left = tuple(entry for entry in main.tokens if entry.sha256 not in named)
            write_tokens(self._main(), msgspec.structs.replace(main, tokens=left))
            elsewhere = set()
        if elsewhere or kept != own.tokens:
            # Of those taken back only what still stands in the operator's file need be known.
            present = {entry.sha256 for entry in main.tokens}
            revoked = tuple(sorted((set(own.revoked) & present) | elsewhere))
            write_tokens(self._own, TokenFile(kept, revoked=revoked))
        return True

    def _target(self) -> Path:
        main = self._main()
        return main if may_write(main) else self._own


def may_write(path: Path) -> bool:
    """Whether this process may replace the file: a new one is written beside it."""
    folder = next((parent for parent in path.parents if parent.exists()), path.parent)
    return os.access(folder, os.W_OK)
