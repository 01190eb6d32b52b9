"""The command that shows with which versions and languages of the apps this hub can post."""

from __future__ import annotations

from typing import Any

import click

from handlers.cli.hub_options import Hub, asks_hub
from handlers.cli.tables import table, terminal_width


@click.command()
@asks_hub
def compat(hub: Hub) -> None:
    """Show by app, version, language and Android what this hub has rehearsed and published."""
    answer = hub.ask("GET", "/api/v1/compat")
    hub.show(answer, lambda: lines(answer["versions"]))


def lines(versions: list[dict[str, Any]]) -> list[str]:
    """The table, or that there is nothing to show."""
    if not versions:
        return ["no app of this hub has posted or been rehearsed yet: `tikmatrixd rehearse SERIAL`"]
    rows = [
        [
            one["platform"],
            one["app_version"],
            one["language"] or "-",
            one["android"] or "-",
            len(one["phones"]),
            one["state"],
            (one["last_published_at"] or "-")[:16],
            one["failures"],
            one["taught_rules"],
            one["sentence"],
        ]
        for one in versions
    ]
    titles = [
        "app",
        "version",
        "lang",
        "android",
        "phones",
        "state",
        "last post",
        "failed",
        "taught",
        "what is known",
    ]
    return table(titles, rows, terminal_width())


ALL: tuple[click.Command, ...] = (compat,)
