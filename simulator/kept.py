"""Small files that a simulator keeps: written whole or not at all, read as far as they are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by one with this text. Raises OSError."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def load(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one where there is none, or no readable one."""
    try:
        loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded
