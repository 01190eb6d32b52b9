"""The commands of daily life that change a task: stop, retry, hold, release, move, asked of the running daemon."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import click

from handlers.cli.hub_options import TASK_ID, Hub, asks_hub
from handlers.cli.task_words import state


@click.command()
@TASK_ID
@asks_hub
def stop(hub: Hub, task_id: int) -> None:
    """Stop a pending or running task; a running one ends at its next safe step."""
    data = hub.ask("POST", f"/api/v1/task/{task_id}/stop")
    said = "stops at its next safe step" if data["stopping"] else state(data)
    hub.show(data, lambda: [f"task {task_id}: {said}"])


@click.command()
@TASK_ID
@click.option("--now", is_flag=True, help="At once, neither at its planned time nor after a pause.")
@click.option("--force", is_flag=True, help="Also beyond the limit of retries.")
@click.option(
    "--confirm",
    is_flag=True,
    help="You looked at the account and the post is not there: also where the outcome is unknown.",
)
@asks_hub
def retry(hub: Hub, task_id: int, now: bool, force: bool, confirm: bool) -> None:
    """Run a failed task once more, with the same caption and files."""
    wishes = {"now": now, "force": force, "confirm": confirm}
    query = urlencode({name: "true" for name, wish in wishes.items() if wish})
    _change(hub, task_id, "POST", f"/retry{'?' if query else ''}{query}")


@click.command()
@TASK_ID
@asks_hub
def hold(hub: Hub, task_id: int) -> None:
    """Keep a pending task from starting until `release`."""
    _change(hub, task_id, "POST", "/hold")


@click.command()
@TASK_ID
@asks_hub
def release(hub: Hub, task_id: int) -> None:
    """Let a held task start at its time, or now where that is past."""
    _change(hub, task_id, "POST", "/release")


@click.command()
@TASK_ID
@click.argument("time", nargs=-1, required=True)
@asks_hub
def move(hub: Hub, task_id: int, time: tuple[str, ...]) -> None:
    """Give a pending task another TIME: HH:MM, YYYY-MM-DD HH:MM in the hub's zone, or `now`."""
    said = " ".join(time)
    _change(hub, task_id, "PATCH", "", {"start_time": "" if said == "now" else said})


def _change(hub: Hub, task_id: int, method: str, call: str, body: dict[str, Any] | None = None) -> None:
    """A call that changes a task, and one line that says how it is now."""
    data = hub.ask(method, f"/api/v1/task/{task_id}{call}", body)
    now = data.get("task", data)
    hub.show(data, lambda: [f"task {task_id}: {state(now)}"])


ALL: tuple[click.Command, ...] = (stop, retry, hold, release, move)
