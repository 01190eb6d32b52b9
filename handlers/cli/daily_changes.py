"""The commands of daily life that change a task, or pause phones, accounts and the hub, asked of the running daemon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import click

from handlers.cli.command_line import EX, end, filled
from handlers.cli.hub_options import TASK_ID, Hub, asks_hub
from handlers.cli.task_words import minute, state
from jobs.hub.platforms import PLATFORMS

PLATFORM = click.option(
    "--platform", type=click.Choice(list(PLATFORMS)), help="Which app, where two have the account."
)


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
@click.option(
    "--version",
    type=click.IntRange(min=0),
    help="Only while the task has this version, which `tikmatrixd task ID` shows: one look, one retry.",
)
@asks_hub
def retry(hub: Hub, task_id: int, version: int | None, **wishes: bool) -> None:
    """Run a failed task once more, with the same caption and files."""
    given = {name: "true" for name, wish in wishes.items() if wish}
    query = urlencode(given if version is None else {**given, "version": version})
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
    said = " ".join(time).strip()
    if not said:
        raise click.UsageError("TIME is empty; write `now` for now")
    _change(hub, task_id, "PATCH", "", {"start_time": "" if said == "now" else said})


def _change(hub: Hub, task_id: int, method: str, call: str, body: dict[str, Any] | None = None) -> None:
    """A call that changes a task, and one line that says how it is now."""
    data = hub.ask(method, f"/api/v1/task/{task_id}{call}", body)
    now = data.get("task", data)
    hub.show(data, lambda: [f"task {task_id}: {state(now)}"])


@click.command()
@click.argument("what", metavar="[SERIAL|@ACCOUNT]", required=False)
@click.option("--reason", default="", help="Shown wherever the pause is.")
@click.option(
    "--until", callback=filled, metavar="TIME", help="Ends by itself then: HH:MM or YYYY-MM-DD HH:MM."
)
@PLATFORM
@asks_hub
def pause(hub: Hub, what: str | None, reason: str, until: str | None, platform: str | None) -> None:
    """Start nothing new on a phone, for an account, or on the whole hub; what runs is finished."""
    path, called = _pausable(hub, what, platform)
    data = hub.ask("POST", f"{path}/pause", {"reason": reason, "until": until or ""})
    end = f" until {minute(data['paused_until'])}" if data["paused_until"] else ""
    hub.show(data, lambda: [f"{called}: paused{end}"])


@click.command()
@click.argument("what", metavar="[SERIAL|@ACCOUNT]", required=False)
@PLATFORM
@asks_hub
def resume(hub: Hub, what: str | None, platform: str | None) -> None:
    """Go on with a phone, an account, or the whole hub; of a phone also what the daemon itself had paused there."""
    path, called = _pausable(hub, what, platform)
    data = hub.ask("POST", f"{path}/resume")
    still = f", but {data['still']}" if data.get("still") else ""
    hub.show(data, lambda: [f"{called}: goes on{still}"])


def _pausable(hub: Hub, what: str | None, platform: str | None) -> tuple[str, str]:
    """The address of a phone, an account or the hub, and how it is called. Ends the program where that is not clear."""
    if what is None:
        return "/api/v1/hub", "the hub"
    if not what.startswith("@"):
        return f"/api/v1/devices/{quote(what, safe='')}", what
    found = [
        account
        for account in _accounts(hub, platform)
        if account["username"].casefold() == what.removeprefix("@").casefold()
    ]
    if not found:
        end(f"there is no account {what}{f' of {platform}' if platform else ''}", EX.NOINPUT)
    if len(found) > 1:
        end(
            f"{what} is an account of {' and of '.join(a['platform'] for a in found)}: add --platform",
            EX.USAGE,
        )
    return f"/api/v1/accounts/{found[0]['id']}", f"{what} ({found[0]['platform']})"


def _accounts(hub: Hub, platform: str | None) -> Iterator[dict[str, Any]]:
    page, more = 1, f"&platform={platform}" if platform else ""
    while True:
        data = hub.ask("GET", f"/api/v1/accounts?page_size=100&page={page}{more}")
        yield from data["accounts"]
        if page * data["page_size"] >= data["total"]:
            return
        page += 1


ALL: tuple[click.Command, ...] = (stop, retry, hold, release, move, pause, resume)
