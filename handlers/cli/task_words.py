"""A task in a few words: what it is, whose it is, what it waits for or how it ended."""

from __future__ import annotations

from typing import Any

from handlers.cli.tables import clean


def state(task: dict[str, Any]) -> str:
    """What a task is and why, in a few words."""
    planned = f", {minute(task['start_time'])}" if task["status_text"] == "pending" else ""
    return clean(", ".join(part for part in (task["status_text"] + planned, why(task)) if part))


def whom(task: dict[str, Any]) -> str:
    """The account that was asked for, else the one that the app showed."""
    name = task["username"] or task["account_seen"]
    return f"@{name}" if name else ""


def why(task: dict[str, Any]) -> str:
    """What a task waits for, does, or ended with."""
    if task["status_text"] == "pending":
        return ": ".join(part for part in (task["waiting_for"], task["waiting_detail"]) if part)
    if error := task["error"]:
        return f"{error['code']}: {error['message']}"
    return str(task["outcome"] if task["status_text"] == "completed" else task["remark"])


def minute(time: str) -> str:
    """A time of the API without seconds and offset."""
    return time[:16].replace("T", " ")
