"""Lines and keys of USB boxes that were never made by one."""

from __future__ import annotations

import base64
import hashlib


def key(number: int) -> str:
    """A public Ed25519 key in base64, as far as its form goes."""
    return base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes([number]) * 32).decode()


def signed(text: str) -> str:
    """A line with the sum that fits it, whatever stands in it."""
    return f"{text} {hashlib.sha256(text.encode()).hexdigest()[:8]}"
