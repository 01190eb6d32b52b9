"""The commands of daily life that look: status, tasks, task, log, slots, accounts, asked of the running daemon."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlencode

import click

from handlers.cli.completion import complete_accounts, complete_serials
from handlers.cli.hub_options import TASK_ID, Hub, WholeNumber, asks_hub
from handlers.cli.posting.following import Follower, hub_zone, what
from handlers.cli.tables import facts
from handlers.cli.task_words import minute, whom, why
from jobs.hub.platforms import PLATFORMS
from jobs.hub.time_zone import zone_name
from storage.lists.task_lists import Sort
from storage.records import Outcome

_STATUSES = ("pending", "running", "completed", "failed")
_TIMES = "HH:MM today, YYYY-MM-DD HH:MM or YYYY-MM-DD, in the hub's zone"
_NEEDS_SHOWN = 20
_PAGE = click.option("--page", type=WholeNumber(min=1), default=1, show_default=True)
_LIMIT = click.option(
    "--limit", type=WholeNumber(1, 100), default=20, show_default=True, help="Rows of a page."
)


@click.command()
@asks_hub
def status(hub: Hub) -> None:
    """Say whether the daemon can work, what its tasks and phones do, and what needs you; exit status 1 if it cannot work."""
    ready = hub.probe("/readyz")
    tasks = hub.ask("GET", "/api/v1/task/stats")
    devices = hub.ask("GET", "/api/v1/devices")["devices"]
    needs = hub.ask("GET", "/api/v1/needs")
    states = Counter(device["state"] for device in devices)

    def lines() -> list[str]:
        phones = ", ".join(f"{count} {state}" for state, count in states.most_common())
        told = [
            ("daemon", f"{'works' if ready['ready'] else 'cannot work'}, {hub.url}"),
            *(("reason", reason) for reason in ready["reasons"]),
            *(("notice", notice) for notice in ready["notices"]),
            *([("paused", _paused(ready))] if ready["paused"] else []),
            ("time", f"{minute(ready['time'])} {ready['timezone']}"),
            ("tasks", ", ".join(f"{tasks[name]} {name}" for name in _STATUSES)),
            ("phones", phones or "none"),
            *(("needs you", matter["sentence"]) for matter in needs["needs"][:_NEEDS_SHOWN]),
        ]
        if needs["total"] > _NEEDS_SHOWN:
            told.append(("needs you", f"and {needs['total'] - _NEEDS_SHOWN} more: --json has them"))
        return facts(told)

    hub.show({**ready, "tasks": tasks, "devices": devices, **needs}, lines)
    if not ready["ready"]:
        sys.exit(1)


@click.command()
@click.option("--status", "wanted", type=click.Choice(_STATUSES), help="Only tasks in this state.")
@click.option("--serial", shell_complete=complete_serials, help="Only tasks of this phone.")
@click.option(
    "--account",
    "--username",
    "username",
    shell_complete=complete_accounts,
    help="Only tasks of this account.",
)
@click.option("--platform", type=click.Choice(list(PLATFORMS)), help="Only tasks of this app.")
@click.option(
    "--outcome", type=click.Choice([one.value for one in Outcome]), help="Only tasks of which this is known."
)
@click.option(
    "--held/--not-held", default=None, help="Only tasks that wait for their release, or none of them."
)
@click.option("--text", "-q", "q", help="Only tasks whose caption holds this; capitals do not matter.")
@click.option("--from", "from", metavar="TIME", help=f"Only tasks planned then or later: {_TIMES}.")
@click.option("--to", metavar="TIME", help="Only tasks planned then or earlier.")
@click.option("--source", type=click.Choice(["api", "ui"]), help="Only tasks that came from there.")
@click.option(
    "--sort",
    type=click.Choice(get_args(Sort)),
    help="Newest first (-id), by planned time, or what ended last first.",
)
@_PAGE
@_LIMIT
@asks_hub
def tasks(hub: Hub, wanted: str | None, page: int, limit: int, **filters: object) -> None:
    """List tasks, newest first, with what each waits for or how it ended. Several filters must all fit."""
    wishes = {"status": wanted and _STATUSES.index(wanted), **filters}
    data = hub.ask("GET", f"/api/v1/task?{_query(wishes, page, limit)}")
    rows = [
        (
            task["id"],
            task["status_text"],
            minute(task["start_time"]),
            whom(task),
            task["serial"],
            why(task),
        )
        for task in data["tasks"]
    ]
    hub.show_table(data, ("ID", "STATUS", "START", "ACCOUNT", "PHONE", "WHY"), rows, "no such tasks")
    _say_more(hub, data, len(rows))


@click.command()
@TASK_ID
@asks_hub
def task(hub: Hub, task_id: int) -> None:
    """Show one task: its times, account, files, what it waits for or how it ended."""
    data = hub.ask("GET", f"/api/v1/task/{task_id}")
    hub.show(data, lambda: _task_lines(data))


@click.command()
@TASK_ID
@click.option("-f", "--follow", is_flag=True, help="Go on with each new step until the task has ended.")
@asks_hub
def log(hub: Hub, task_id: int, follow: bool) -> None:
    """Show every step of a task's attempts, and the names of what was kept when something failed."""
    if follow:
        Follower(hub, [task_id]).follow()
        return
    data = hub.ask("GET", f"/api/v1/task/{task_id}/log")
    where = UTC if hub.as_json else hub_zone(hub)
    rows = [
        (
            f"{datetime.fromisoformat(line['at']).astimezone(where):%Y-%m-%d %H:%M:%S}",
            line["attempt"],
            line["step"],
            _seconds(line),
            what(line),
        )
        for line in data["log"]
    ]
    none = f"task {task_id} has no step yet: `tikmatrixd task {task_id}` says what it waits for"
    titles = (f"AT {zone_name(where)}", "TRY", "STEP", "SECONDS", "WHAT")
    hub.show_table(data, titles, rows, none)
    if data["artifacts"] and not hub.as_json:
        click.echo(f"kept at {hub.url}/api/v1/task/{task_id}/artifacts/: {', '.join(data['artifacts'])}")


@click.command()
@asks_hub
def slots(hub: Hub) -> None:
    """List slots, the posts that repeat, with the next time of each."""
    data = hub.ask("GET", "/api/v1/slots")
    rows = [
        (
            slot["id"],
            "paused" if slot["paused"] else "on",
            ",".join(slot["weekdays"]),
            " ".join(slot["times"]),
            minute(slot["next"][0]["start_time"]) if slot["next"] else "",
            " ".join(f"@{name}" for name in slot["usernames"]),
            slot["name"],
            next((one["problem"] for one in slot["next"] if one["problem"]), ""),
        )
        for slot in data["slots"]
    ]
    titles = ("ID", "STATE", "DAYS", "TIMES", "NEXT", "ACCOUNTS", "NAME", "PROBLEM")
    hub.show_table(data, titles, rows, "there are no slots")


@click.command()
@click.option("--platform", type=click.Choice(list(PLATFORMS)), help="Only accounts of this app.")
@click.option("--serial", shell_complete=complete_serials, help="Only accounts that live on this phone.")
@click.option("--tag", help="Only accounts with this tag.")
@_PAGE
@_LIMIT
@asks_hub
def accounts(  # noqa: PLR0917 - one parameter per option
    hub: Hub, platform: str | None, serial: str | None, tag: str | None, page: int, limit: int
) -> None:
    """List accounts, the phones they live on and whether the app shows them as logged in."""
    wishes = {"platform": platform, "device": serial, "tag": tag}
    data = hub.ask("GET", f"/api/v1/accounts?{_query(wishes, page, limit)}")
    rows = [
        (
            f"@{one['username']}",
            one["platform"],
            one["device"],
            "online" if one["device_online"] else "offline",
            "paused" if one["paused"] else one["status_text"],
            one["logined_text"],
            ",".join(one["tags"]),
        )
        for one in data["accounts"]
    ]
    titles = ("ACCOUNT", "APP", "PHONE", "", "STATE", "LOGIN", "TAGS")
    hub.show_table(data, titles, rows, "no such accounts")
    _say_more(hub, data, len(rows))


def _paused(ready: Mapping[str, Any]) -> str:
    until = f" until {minute(ready['paused_until'])}" if ready["paused_until"] else ""
    why = f": {ready['pause_reason']}" if ready["pause_reason"] else ""
    return f"since {minute(ready['paused_since'])}{until}{why}"


def _query(wishes: Mapping[str, object], page: int, limit: int) -> str:
    given = {name: value for name, value in wishes.items() if value is not None}
    return urlencode({**given, "page": page, "page_size": limit})


def _say_more(hub: Hub, data: dict[str, Any], shown: int) -> None:
    page, total = data["page"], data["total"]
    if not hub.as_json and page * data["page_size"] < total:
        click.echo(f"{shown} of {total}; the next: --page {page + 1}", err=True)


def _task_lines(task: dict[str, Any]) -> list[str]:
    return facts(
        [
            ("task", task["id"]),
            ("status", task["status_text"]),
            ("why", why(task)),
            ("start", task["start_time"]),
            ("end", task["end_time"]),
            ("account", whom(task)),
            ("phone", task["serial"]),
            ("app", task["platform"]),
            ("caption", task["caption"]),
            ("files", ", ".join(task["materials"])),
            ("retries", f"{task['retry_count']} of {task['max_retry_count']}"),
            ("outcome", task["outcome"]),
            ("remark", task["remark"]),
            ("created", minute(task["created_at"])),
            ("version", task["version"]),
        ]
    )


def _seconds(line: dict[str, Any]) -> str:
    """How long a step took."""
    took_s = line["took_ms"] / 1000 if "took_ms" in line else line.get("seconds")
    return "" if took_s is None else f"{took_s:.1f}"


ALL: tuple[click.Command, ...] = (
    status,
    tasks,
    task,
    log,
    slots,
    accounts,
)
