"""How the daemon writes about itself: plain in a terminal, priorities for the journal, JSON on request."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import msgspec

#: Facts that `context` or a log call's `extra=` may give; printed in this order.
CONTEXT_FIELDS = ("task", "serial", "step")
_FACTS: ContextVar[dict[str, Any]] = ContextVar("log_facts", default={})  # noqa: B039 - replaced, never changed
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


@contextmanager
def context(**facts: Any) -> Iterator[None]:
    """Every line that this thread logs inside carries these facts; an empty one is left out."""
    token = _FACTS.set(_FACTS.get() | facts)
    try:
        yield
    finally:
        _FACTS.reset(token)


def _context(record: logging.LogRecord) -> dict[str, Any]:
    # Handlers format on the thread that logs.
    facts = _FACTS.get() | vars(record)
    return {name: facts[name] for name in CONTEXT_FIELDS if facts.get(name) not in (None, "", 0)}


def _readable(line: str) -> str:
    """The line without what steers a terminal: `journalctl` shows a line that holds such a character as "blob data" alone."""
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)


class PlainFormatter(logging.Formatter):
    """Time, level, sentence, facts: for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        facts = "".join(f" {name}={value}" for name, value in _context(record).items())
        message = " ".join(record.getMessage().splitlines())
        text = _readable(f"{stamp} {record.levelname.lower():7} {message}{facts}")
        if record.exc_info:
            trace = self.formatException(record.exc_info).splitlines()
            text = "\n".join([text, *map(_readable, trace)])
        return text


class JournalFormatter(PlainFormatter):
    """The same with the journal's priority in front of every line; the journal stamps the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        priority = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        facts = "".join(f" {name}={value}" for name, value in _context(record).items())
        lines = [record.getMessage() + facts]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        return "\n".join(priority + _readable(part) for line in lines for part in line.splitlines() or [""])


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


def _is_journal(stream: TextIO) -> bool:
    """Whether this is the journal's stream; what a service starts in a terminal inherits the variable alone."""
    try:
        facts = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{facts.st_dev}:{facts.st_ino}"


def set_up(level: str, kind: Literal["auto", "plain", "journal", "json"]) -> None:
    """Send all logs to standard error in the given form; `auto` is the journal's under systemd, else plain."""
    if kind == "auto":
        kind = "journal" if _is_journal(sys.stderr) else "plain"
    formatter = {"plain": PlainFormatter, "journal": JournalFormatter, "json": JsonFormatter}[kind]()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries that log each call or each retry of their own.
    for noisy in ("apscheduler", "urllib3", "uiautomator2", "adbutils", "waitress", "ppadb", "PIL"):
        logging.getLogger(noisy).setLevel(logging.ERROR if level != "debug" else logging.INFO)
