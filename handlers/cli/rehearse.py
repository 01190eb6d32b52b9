"""The command that rehearses a post on a phone: the way to the filled form and back, without publishing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from handlers.cli.command_line import EX, end
from handlers.cli.completion import complete_serials
from handlers.cli.hub_options import Hub, asks_hub
from handlers.cli.tables import shown
from jobs.hub.platforms import PLATFORMS

_LOOK_EVERY_S = 1.0


@click.command()
@click.argument("serial", shell_complete=complete_serials)
@click.option(
    "--app",
    "platform",
    type=click.Choice(list(PLATFORMS)),
    help="Which app; else `posting.default_platform`.",
)
@click.option(
    "--way",
    type=click.Choice(["share", "addButton"]),
    help="How the post begins; else the first way of the app.",
)
@click.option(
    "--kind",
    type=click.Choice(["video", "images", "story"]),
    default="video",
    show_default=True,
    help="What would be posted; a story on Instagram only.",
)
@click.option(
    "--no-wait", is_flag=True, help="Only ask for it; `rehearsals` of the API has the report later."
)
@click.option("--last", is_flag=True, help="Take the last rehearsal of this phone instead of a new one.")
@click.option(
    "--export",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report with its trees and pictures into this zip file.",
)
@click.option(
    "--blank",
    is_flag=True,
    help="With --export: leave out names, texts of people, the serial and all pictures.",
)
@asks_hub
def rehearse(
    hub: Hub,
    serial: str,
    *,
    platform: str | None,
    way: str | None,
    kind: str,
    no_wait: bool,
    last: bool,
    target: Path | None,
    blank: bool,
) -> None:
    """Walk the way of a post on the phone SERIAL up to the filled form and back. Nothing is published.

    Waits for the phone's turn and prints what came on the screen; exit status 1 if the way is not ready.
    """
    if blank and target is None:
        raise click.UsageError("--blank says what --export writes: give a file with --export")
    if target is not None and no_wait:
        raise click.UsageError("--export needs the report, and --no-wait does not wait for it")
    path = f"/api/v1/devices/{quote(serial, safe='')}/rehearse"
    if last:
        found = hub.ask("GET", path)["rehearsals"]
        if not found:
            end(f"{serial} was not rehearsed yet", EX.NOINPUT)
        report = found[0]
    else:
        wish = {"kind": kind, "way": way or "", **({"platform": platform} if platform else {})}
        report = hub.ask("POST", path, wish)
    said = ""
    while report["state"] == "running" and not no_wait:
        if report["sentence"] != said and not hub.as_json:
            said = report["sentence"]
            click.echo(shown(f"rehearsal {report['id']}: {said}"))
        hub.pause(_LOOK_EVERY_S)
        report = hub.ask_surely("GET", f"/api/v1/rehearsals/{report['id']}")
    hub.show(report, lambda: lines(report))
    if target is not None:
        hub.save(f"/api/v1/rehearsals/{report['id']}/export{'?blank=true' if blank else ''}", target)
        click.echo(f"written to {target}", err=True)
    if report["state"] == "failed":
        sys.exit(1)


def lines(report: dict[str, Any]) -> list[str]:
    """The report for people."""
    if report["state"] == "running":
        return [f"rehearsal {report['id']}: {report['sentence']}"]
    told = [
        f"  {screen['at_ms'] / 1000:6.1f} s  {screen['name'] or 'an unknown screen'}"
        + ("" if screen["kind"] == "path" else f" ({screen['kind']})")
        for screen in report["screens"]
    ]
    for option in report["options"]:
        if not option["offered"]:
            told.append(f"  option {option['name']}: the form does not offer it")
        elif option["detail"]:
            told.append(f"  option {option['name']}: did not open: {option['detail']}")
        else:
            told.append(f"  option {option['name']}: there")
    account = f"as @{report['account']}" if report["account"] else "its account could not be read"
    told.append(
        f"  {report['package']} {report['app_version']}, Android {report['android'] or '?'}, {account}"
    )
    if report["nothing_published"]:
        told.append(
            "  nothing was published; the form was left" + (" and discarded" if report["discarded"] else "")
        )
    told += [f"  changed: {sentence}" for sentence in report["changed"]]
    return [f"rehearsal {report['id']}: {report['sentence']}", *told]


ALL: tuple[click.Command, ...] = (rehearse,)
