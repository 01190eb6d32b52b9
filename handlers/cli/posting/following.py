"""Follows tasks of the running daemon: prints each step as it happens, until all of them have ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from handlers.cli.asking import NoAnswer
from handlers.cli.command_line import json_text
from handlers.cli.hub_options import Hub
from handlers.cli.tables import clean, cut, terminal_width
from handlers.cli.task_words import state
from jobs.hub.clock import Deadline
from jobs.hub.time_zone import ZoneInvalid, zone

#: Exit statuses of what waits for the end of posts.
PUBLISHED, FAILED, UNKNOWN = 0, 1, 3
_LOOK_EVERY_S, _LOOK_SELDOM_S = 1.0, 5.0
#: A daemon that is away for longer is not waited for.
_SILENT_S = 600.0


class Follower:
    """Prints what is new of some tasks."""

    def __init__(self, hub: Hub, task_ids: Sequence[int]) -> None:
        self._hub = hub
        self._open = list(task_ids)
        self._several = len(task_ids) > 1
        self._lines = dict.fromkeys(task_ids, 0)
        self._states: dict[int, str] = {}
        self._zone = hub_zone(hub)
        self.ended: dict[int, dict[str, Any]] = {}

    def follow(self) -> None:
        """Return when all have ended. Raises DaemonSilent when the daemon is away for too long."""
        silent: Deadline | None = None
        while self._open:
            try:
                for task_id in list(self._open):
                    self._look(task_id)
                silent = None
            except NoAnswer:
                if silent is None:
                    silent = Deadline(self._hub.clock, _SILENT_S)
                    click.echo("the daemon does not answer; asking again", err=True)
                elif silent.expired:
                    raise
            if self._open:
                busy = any(text.startswith("running") for text in self._states.values())
                self._hub.pause(_LOOK_EVERY_S if busy or len(self._open) == 1 else _LOOK_SELDOM_S)

    def _look(self, task_id: int) -> None:
        # The task first: what it did before it ended is then in the log already.
        task = self._hub.ask("GET", f"/api/v1/task/{task_id}")
        log = self._hub.ask("GET", f"/api/v1/task/{task_id}/log")["log"]
        for line in log[self._lines[task_id] :]:
            self._say(task_id, line)
        self._lines[task_id] = len(log)
        said = state(task)
        if self._states.get(task_id) != said:
            self._states[task_id] = said
            if not self._hub.as_json:
                click.echo(f"task {task_id}: {said}")
        if task["status_text"] in {"completed", "failed"}:
            self._open.remove(task_id)
            self._states.pop(task_id)
            self.ended[task_id] = task

    def _say(self, task_id: int, line: dict[str, Any]) -> None:
        if self._hub.as_json:
            click.echo(json_text({"task_id": task_id, **line}))
            return
        at = datetime.fromisoformat(line["at"]).astimezone(self._zone)
        parts = [f"{at:%H:%M:%S}", f"task {task_id}" if self._several else "", line["step"], what(line)]
        click.echo(cut(clean("  ".join(part for part in parts if part)), terminal_width()))


def exit_status(tasks: Sequence[dict[str, Any]]) -> int:
    """Of a command that waited for these: 3 if one may be published, else 1 if one was not, else 0."""
    outcomes = {task["outcome"] for task in tasks}
    if "unknown" in outcomes:
        return UNKNOWN
    return PUBLISHED if outcomes <= {"published"} else FAILED


def hub_zone(hub: Hub) -> tzinfo:
    """The hub's zone, or UTC where this machine does not know it. Raises DaemonSilent."""
    try:
        return zone(hub.probe("/readyz")["timezone"])
    except ZoneInvalid:
        return UTC


def what(line: dict[str, Any]) -> str:
    """What else a step of a log says: what failed or was noted, then its facts."""
    known = {"at", "attempt", "step", "seconds", "took_ms", "error", "note"}
    said = [line[name] for name in ("error", "note") if line.get(name)]
    return ", ".join([*said, *_facts({name: fact for name, fact in line.items() if name not in known})])


def _facts(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, fact in facts.items():
        if isinstance(fact, Mapping):
            yield from _facts(fact)
        else:
            yield f"{name} {fact if not isinstance(fact, bool) else 'yes' if fact else 'no'}"
