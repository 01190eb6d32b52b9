"""A QR code for a terminal: how a token gets to a phone without being typed."""

from __future__ import annotations

import io

import segno

#: Light modules are drawn: without colours the code shows right on a dark terminal only.
_DARK_GROUND, _PLAIN = "\x1b[40;97m", "\x1b[0m"


def qr_lines(text: str, *, colours: bool) -> list[str]:
    """The code as lines of half blocks; with `colours` it is right on a light terminal, too."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    return [f"{_DARK_GROUND}{line}{_PLAIN}" for line in lines] if colours else lines
