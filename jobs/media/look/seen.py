"""Defines the result of a look into a media file: facts about it, or the reason why it cannot be posted."""

from __future__ import annotations

import os
from typing import Any

#: What is reported of a file: `container`, `codec`, `audio_codec`, `duration_s`, `width`, `height`, and `notes`, pairs of a
#: reason code and a sentence without its subject. A refused file has `refused` instead, such a pair.
Seen = dict[str, Any]

TRUNCATED = "is cut off: its end is missing"
ZEROS = "holds zeros where its content should be: the copy or download did not finish"


class Unfit(Exception):
    """The file cannot be posted. `code` is a stable word; the text completes the sentence "NAME ..."."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def damaged(what: str) -> Unfit:
    return Unfit("unreadable", f"is damaged: {what}")


class Source:
    """An open file that is read at any place."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = os.fstat(fd).st_size

    def read(self, at: int, count: int) -> bytes:
        """At most `count` bytes; fewer where the file ends. Raises Unfit when the disk cannot read it."""
        parts: list[bytes] = []
        try:
            while count > 0 and (part := os.pread(self._fd, min(count, 1 << 24), at)):
                parts.append(part)
                at += len(part)
                count -= len(part)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "a place beyond any file"
            raise Unfit("unreadable", f"cannot be read: {reason}") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)


def zeros_from(data: bytes) -> int:
    """Where the zeros begin with which the data ends; its length when there are none."""
    return len(data.rstrip(b"\0"))
