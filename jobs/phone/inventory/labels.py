"""Labels: the names that people give to phones, kept in the store by serial."""

from __future__ import annotations

import unicodedata
from typing import Any

from jobs.input.values import Unreadable, read_text
from storage.tables.meta import MetaStore

MAX_LABEL_CHARS = 100
#: Unicode categories of what would break a line of a list or of a message: control characters, separators of lines.
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp"})


class Labels:
    """The label of each phone, "" for a phone that has none. Thread-safe: nothing is kept outside the store."""

    def __init__(self, meta: MetaStore) -> None:
        self._meta = meta

    def get(self, serial: str) -> str:
        return str(self._meta.get(_key(serial), ""))

    def set(self, serial: str, label: str) -> None:
        """Store a label durably; "" removes it. Raises StoreError."""
        if label:
            self._meta.set(_key(serial), label)
        else:
            self._meta.remove(_key(serial))

    def named(self, serial: str) -> str:
        """How a sentence names the phone: its label and its serial, or the serial alone."""
        label = self.get(serial)
        return f"{label} ({serial})" if label else serial


def read_label(value: Any) -> str:
    """The label as it is stored, without blanks around it. Raises Unreadable."""
    text = read_text(value)
    bad = next((char for char in text if unicodedata.category(char) in _NOT_IN_A_LINE), "")
    if bad:
        raise Unreadable(f"holds the character U+{ord(bad):04X}; a label is one line of text")
    return text.strip()


def _key(serial: str) -> str:
    return f"label:{serial}"
