"""How the daemon writes about itself: plain in a terminal, priorities for the journal, JSON on request."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

#: Facts that a log call may give as `extra=`; printed in this order.
CONTEXT_FIELDS = ("task", "serial", "step")
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


def _context(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: value for name in CONTEXT_FIELDS if (value := getattr(record, name, None)) not in (None, "")
    }


class PlainFormatter(logging.Formatter):
    """Time, level, sentence, facts: for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        facts = "".join(f" {name}={value}" for name, value in _context(record).items())
        text = f"{stamp} {record.levelname.lower():7} {record.getMessage()}{facts}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


class JournalFormatter(PlainFormatter):
    """The same with the journal's priority in front of every line; the journal stamps the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        priority = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        facts = "".join(f" {name}={value}" for name, value in _context(record).items())
        lines = [record.getMessage() + facts]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        return "\n".join(priority + part for line in lines for part in line.splitlines() or [""])


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{
                name: value if isinstance(value, int) else str(value)
                for name, value in _context(record).items()
            },
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def set_up(level: str, kind: Literal["auto", "plain", "journal", "json"]) -> None:
    """Send all logs to standard error in the given form; `auto` is the journal's under systemd, else plain."""
    if kind == "auto":
        kind = "journal" if os.environ.get("JOURNAL_STREAM") else "plain"
    formatter = {"plain": PlainFormatter, "journal": JournalFormatter, "json": JsonFormatter}[kind]()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries that log each call or each retry of their own.
    for noisy in ("apscheduler", "urllib3", "uiautomator2", "adbutils", "waitress", "ppadb", "PIL"):
        logging.getLogger(noisy).setLevel(logging.ERROR if level != "debug" else logging.INFO)
