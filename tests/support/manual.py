"""The commands that the manuals show, as a reader would copy them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(document: str) -> list[str]:
    """Every command of every bash block, in order; one that goes over several lines is one."""
    found = []
    for block in _BLOCK.findall((ROOT / document).read_text("utf-8")):
        lines: list[str] = []
        for line in block.splitlines():
            lines.append(line)
            text = "\n".join(lines)
            # Complete as soon as no quote is open.
            if text.strip() and text.count("'") % 2 == 0 and not text.endswith("\\"):
                found.append(text)
                lines = []
        assert not "".join(lines).strip(), f"{document}: a command without an end: {lines}"
    return found


def blocks_of(document: str, language: str) -> list[str]:
    """Every fenced block of another language."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands_by_place(document: str) -> list[tuple[str, str]]:
    """The commands of all sh blocks that say in their first line where they are run, in order: place and command."""
    found = []
    for block in blocks_of(document, "sh"):
        first, *lines = block.splitlines()
        if first.startswith("# on the "):
            found += [(first.removeprefix("# on the "), line) for line in lines if line]
    return found


def is_for_the_box(command: str) -> bool:
    """Needs root, systemd or the installed program: run where a real systemd is."""
    return command.split(maxsplit=1)[0] in {"sudo", "systemctl", "journalctl", "tikmatrixd"}
