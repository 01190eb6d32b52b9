"""The operator's commands besides `serve`: config, doctor, devices, inspect, backup and restore, tokens."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from jobs.clock import SystemClock
from jobs.config_file import ConfigInvalid, LoadedConfig, describe, load_config

EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG = 69, 77, 78  # sysexits.h


def tokens_path(config: LoadedConfig) -> Path:
    """Where the tokens are: as configured, else handed over by the service manager, else in the state directory."""
    settings = config.settings
    if settings.server.tokens_file:
        return Path(settings.server.tokens_file)
    credentials = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if credentials and (Path(credentials) / "tokens.json").exists():
        return Path(credentials) / "tokens.json"
    return Path(settings.storage.state_dir) / "tokens.json"


def read_config(path: Path | None) -> LoadedConfig:
    """The config, or the end of the program with every problem on standard error."""
    try:
        return load_config(path)
    except ConfigInvalid as error:
        end(str(error), EX_CONFIG)


def end(sentence: str, code: int) -> NoReturn:
    """Say one sentence and end."""
    click.echo(sentence, err=True)
    sys.exit(code)


@click.command("check-config")
@click.pass_obj
def check_config(config_path: Path | None) -> None:
    """Report every problem of the config at once; exit status 78 if there is one."""
    config = read_config(config_path)
    click.echo(f"{config.path or 'no config file, defaults'}: good")


@click.command("config")
@click.pass_obj
def show_config(config_path: Path | None) -> None:
    """Print what is in force and where each value comes from; secrets are masked."""
    click.echo(describe(read_config(config_path)))


@click.command()
@click.argument("serial", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.pass_obj
def doctor(config_path: Path | None, serial: str | None, as_json: bool) -> None:
    """Check this box and its phones; exit status 1 if posting cannot work."""
    from handlers.tokens import list_tokens
    from jobs.doctor import box_findings, can_post
    from jobs.phone import adb_server
    from jobs.phone.checkup import phone_findings

    config = read_config(config_path)
    settings = config.settings
    binary = str(adb_server.binary(settings.adb))
    findings = list(
        box_findings(settings, token_count=lambda: len(list_tokens(tokens_path(config))), adb_binary=binary)
    )
    findings += phone_findings(settings, SystemClock(), serial)
    click.echo(msgspec.json.encode(findings).decode() if as_json else "\n".join(map(str, findings)))
    good = can_post(findings)
    if not as_json:
        click.echo("posting can work" if good else "posting cannot work yet")
    sys.exit(0 if good else 1)


@click.command()
@click.pass_obj
def devices(config_path: Path | None) -> None:
    """List the phones that the adb server knows."""
    from jobs.phone.checkup import phones_of
    from jobs.phone.errors import PhoneError

    try:
        with phones_of(read_config(config_path).settings, SystemClock()) as fleet:
            for phone in fleet.inventory():
                click.echo(
                    f"{phone.serial:24} {phone.state.value:15} {phone.model:16} {phone.detail}".rstrip()
                )
    except PhoneError as error:
        end(str(error), EX_UNAVAILABLE)


@click.command()
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def inspect(config_path: Path | None, source: str, as_json: bool) -> None:
    """Say which screen a UI dump (FILE.xml, FILE.json) or a phone (SERIAL) shows, and what would be touched next."""
    from jobs.phone.checkup import phones_of
    from jobs.phone.errors import PhoneError
    from jobs.phone.tree import TreeUnreadable
    from jobs.post.inspect import inspect_file, inspect_tree
    from jobs.post.screens_file import ScreensInvalid

    settings = read_config(config_path).settings
    overlay = settings.posting.screens_dir
    try:
        if Path(source).is_file():
            report = inspect_file(source, overlay_dir=overlay)
        elif source.endswith((".xml", ".json")) or "/" in source:
            end(f"{source}: there is no such file", EX_UNAVAILABLE)
        else:
            with phones_of(settings, SystemClock()) as fleet, closing(fleet.open(source)) as session:
                report = inspect_tree(session.observe(), overlay_dir=overlay)
    except (TreeUnreadable, ScreensInvalid, PhoneError, OSError) as error:
        end(f"{source}: {error}", EX_UNAVAILABLE)
    click.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else _inspection_text(report))


def _inspection_text(report: dict[str, Any]) -> str:
    def place(element: dict[str, Any]) -> str:
        return f"{element['name']:24} {element['bounds']}  by {element['by']}"

    lines = [
        f"app      {report['platform'] or 'unknown'} ({report['package'] or 'package unknown'})",
        f"screen   {report['screen'] or 'unknown'} ({report['kind']})",
        f"next     {place(report['next']) if report['next'] else 'nothing to touch: wait or stop'}",
        "elements",
        *(f"  {place(element)}" for element in report["elements"]),
    ]
    return "\n".join(lines)


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(config_path: Path | None, target: Path) -> None:
    """Copy the state into one file, also while the daemon runs."""
    from storage import backup as backups
    from storage.errors import StoreError

    try:
        facts = backups.backup(Path(read_config(config_path).settings.storage.state_dir), target)
    except (StoreError, OSError) as error:
        end(f"no backup was made: {error}", EX_UNAVAILABLE)
    held = ", ".join(f"{count} {table}" for table, count in facts.records.items() if count)
    click.echo(f"{target}: {facts.size_bytes} bytes, {held or 'nothing stored yet'}")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def restore(config_path: Path | None, source: Path) -> None:
    """Check a backup, then put its state in place of the present one, which is kept aside. The daemon must be stopped."""
    from storage import backup as backups
    from storage.errors import StoreError

    state_dir = Path(read_config(config_path).settings.storage.state_dir)
    try:
        notes = backups.restore(source, state_dir, SystemClock().now())
    except (StoreError, OSError) as error:
        end(f"nothing was changed: {error}", EX_UNAVAILABLE)
    for note in notes:
        click.echo(note)
    click.echo(f"{state_dir} holds the state of {source}")


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of API clients."""


@token.command("new")
@click.argument("name")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Token file instead of the config's.")
@click.option("--quiet", is_flag=True, help="Print the token alone.")
@click.pass_obj
def token_new(config_path: Path | None, name: str, path: Path | None, quiet: bool) -> None:
    """Make a token; it is shown only now."""
    from handlers.tokens import TokenError, new_token

    config = read_config(config_path)
    try:
        made = new_token(path or tokens_path(config), name)
    except (TokenError, OSError) as error:
        end(f"no token was made: {error}", EX_NOPERM)
    listen = config.settings.server.listen
    click.echo(
        made
        if quiet
        else f'{made}\n\ncurl -s -H "Authorization: Bearer {made}" http://{listen}/api/v1/task/stats'
    )


@token.command("list")
@click.pass_obj
def token_list(config_path: Path | None) -> None:
    """Names and ages of the tokens; the tokens themselves are not stored."""
    from handlers.tokens import TokenError, list_tokens

    try:
        for entry in list_tokens(tokens_path(read_config(config_path))):
            click.echo(f"{entry.name:24} {entry.created_at}")
    except TokenError as error:
        end(str(error), EX_NOPERM)


@token.command("revoke")
@click.argument("name")
@click.pass_obj
def token_revoke(config_path: Path | None, name: str) -> None:
    """Take a token back; a running daemon notices at once."""
    from handlers.tokens import TokenError, revoke

    try:
        gone = revoke(tokens_path(read_config(config_path)), name)
    except (TokenError, OSError) as error:
        end(str(error), EX_NOPERM)
    if not gone:
        end(f"there is no token named {name!r}", 1)
    click.echo(f"{name}: revoked")


ALL: tuple[click.Command, ...] = (check_config, show_config, doctor, devices, inspect, backup, restore, token)
