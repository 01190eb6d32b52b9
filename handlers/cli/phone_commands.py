"""The commands for one phone: `tikmatrixd phone …`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from handlers.cli.command_line import EX, end, read_config
from jobs.hub.clock import SystemClock


@click.group()
def phone() -> None:
    """Care for one phone."""


@phone.command()
@click.argument("serial")
@click.pass_obj
def restore(config_path: Path | None, serial: str) -> None:
    """Give a phone back what the daemon changed on it: its apps' languages, its screen. No task may run there."""
    from jobs.phone import app_language
    from jobs.phone.errors import PhoneError
    from jobs.upkeep.doctor_phone import phones_of

    try:
        with phones_of(read_config(config_path).settings, SystemClock()) as fleet:
            fleet.let_sleep(serial)
            with closing(fleet.open(serial)) as session:
                apps = app_language.changed_apps(session)
                for package in apps:
                    tags = app_language.restore_app(session, package)
                    session.app_stop(package)  # a running app keeps its texts
                    click.echo(f"{package}: speaks {tags or 'the language of the phone'} again")
                if not apps:
                    click.echo("nothing to give back: the daemon changed no language on this phone")
    except (PhoneError, ValueError) as error:
        end(f"{serial}: {error}", EX.UNAVAILABLE)


ALL: tuple[click.Command, ...] = (phone,)
