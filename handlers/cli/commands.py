"""The commands that look: check-config, config, doctor, devices, inspect."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click
import msgspec

from handlers.cli.asking import DaemonSilent, ask_daemon
from handlers.cli.command_line import (
    EX,
    adb_key_dir,
    end,
    json_text,
    read_config,
    status_of,
    tokens_path,
    usb_boxes_dir,
)
from handlers.cli.hub_options import URL_VARIABLE, Hub, asks_hub, hub_at
from handlers.cli.tables import shown as steerless
from jobs.hub.clock import SystemClock
from jobs.hub.config_file import ConfigInvalid, LoadedConfig, describe, listen_of, load_config
from jobs.hub.settings import Server, Settings

if TYPE_CHECKING:
    from jobs.upkeep.doctor_phone import Login


@click.command("check-config")
@click.pass_obj
def check_config(config_path: Path | None) -> None:
    """Report every problem of the config and of the screens files at once; exit status 78 if there is one."""
    from jobs.post.screens.screens_file import OVERLAYS, ScreensInvalid
    from jobs.post.screens.vocabularies import check_language, read_all_trusted, vocabularies_of
    from jobs.post.teaching import taught_files
    from jobs.upkeep.config_notices import notices

    config = read_config(config_path)
    screens_dir = config.settings.posting.screens_dir
    try:
        trusted = read_all_trusted(screens_dir)
        taught = taught_files.counting(Path(config.settings.storage.state_dir) / taught_files.FOLDER, trusted)
        vocabularies = vocabularies_of(trusted, taught.files)
        check_language(vocabularies, config.settings.phones.set_app_language, screens_dir)
    except ScreensInvalid as error:
        end("\n".join(f"{error.file}: {problem}" for problem in error.problems), EX.CONFIG)
    for sentence in taught.left_out:
        click.echo(sentence, err=True)
    for name in _others_in(screens_dir, OVERLAYS):
        click.echo(
            f"{screens_dir}/{name} is not read; screens files are named {', '.join(OVERLAYS)}", err=True
        )
    for notice in notices(config.settings):
        click.echo(str(notice), err=True)
    click.echo(f"{config.path or 'no config file, defaults'}: good")


def _others_in(folder: str, known: Collection[str]) -> list[str]:
    """Visible files of another name: often one that was meant to be read."""
    try:
        names = [path.name for path in Path(folder).iterdir()] if folder else []
    except OSError:  # it may be entered but not listed
        return []
    return sorted(name for name in names if name not in known and not name.startswith("."))


@click.command("config")
@click.option(
    "--url",
    envvar=URL_VARIABLE,
    help=f"Ask the daemon at this address, not that of the config; also {URL_VARIABLE}.",
)
@click.pass_obj
def show_config(config_path: Path | None, url: str | None) -> None:
    """Print what is in force and where each value comes from; secrets are masked."""
    if url:
        try:
            _show_in_force(hub_at(url).ask("GET", "/api/v1/config"))
        except DaemonSilent as error:
            end(str(error), error.status)
        return
    try:
        config = load_config(config_path)
    except ConfigInvalid as error:
        _show_config_of_daemon(config_path, error)
    try:
        answer = ask_daemon(config, "GET", "/api/v1/config")
    except DaemonSilent as error:
        click.echo(describe(config))
        click.echo(f"this is what the file says; what a daemon has in force is not known: {error}", err=True)
        return
    _show_in_force(answer)


def _show_in_force(answer: dict[str, Any]) -> None:
    click.echo(answer["text"])
    for notice in answer["notices"]:
        click.echo(notice, err=True)


def _show_config_of_daemon(path: Path | None, error: ConfigInvalid) -> NoReturn:
    """The file has mistakes: a daemon that runs still has the one before."""
    try:
        answer = ask_daemon(
            LoadedConfig(Settings(server=Server(listen=listen_of(path)))), "GET", "/api/v1/config"
        )
        click.echo(answer["text"])
    except DaemonSilent as silent:
        click.echo(f"what a daemon has in force is not known: {silent}", err=True)
    end(str(error), EX.CONFIG)


@click.command()
@click.argument("serial", required=False)
@click.option("--problems", is_flag=True, help="Only what fails or needs a look.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.pass_obj
def doctor(config_path: Path | None, serial: str | None, problems: bool, as_json: bool) -> None:
    """Check this box and its phones, failures first; exit status 1 if no phone can post."""
    from handlers.access.token_book import TokenBook
    from handlers.access.tokens import TokenError
    from jobs.upkeep.doctor_all import all_findings
    from jobs.upkeep.doctor_findings import Level, verdict, worst_first

    config = read_config(config_path)
    settings = config.settings

    def tokens() -> int:
        try:
            return len(TokenBook(tokens_path(config), Path(settings.storage.state_dir)).entries())
        except TokenError as error:
            raise ValueError(str(error)) from error

    findings = list(
        all_findings(
            settings,
            SystemClock(),
            key_dir=adb_key_dir(config),
            boxes_dir=usb_boxes_dir(config),
            tokens=tokens,
            logins=lambda: _logins(config),
            serial=serial,
        )
    )
    judged = verdict(findings)
    shown = [one for one in worst_first(findings) if not (problems and one.level is Level.OK)]
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
    else:
        click.echo(steerless("\n".join([*map(str, shown), str(judged)])))
    sys.exit(0 if judged.can_post else 1)


def _logins(config: LoadedConfig) -> list[Login]:
    """The accounts as the running daemon knows them; those of the config when it does not answer."""
    from jobs.upkeep.doctor_phone import Login

    try:
        found: list[Login] = []
        page = 1
        while True:
            answer = ask_daemon(config, "GET", f"/api/v1/accounts?page={page}&page_size=100")
            found += [
                Login(
                    a["username"],
                    a["platform"],
                    a["device"],
                    a["packagename"],
                    not a["status"],
                    bool(a["logined"]),
                )
                for a in answer["accounts"]
            ]
            if len(answer["accounts"]) < 100 or page == 100:
                return found
            page += 1
    except DaemonSilent:
        return [
            Login(entry.username, entry.platform, entry.serial, entry.package, entry.enabled, None)
            for entry in config.settings.accounts
        ]


@click.command()
@asks_hub
def devices(hub: Hub) -> None:
    """List the phones that the adb servers know, with their labels; with --json or --url what the running daemon knows."""
    from jobs.phone.errors import PhoneError
    from jobs.upkeep.doctor_phone import phones_of

    if hub.as_json:
        hub.show(hub.ask("GET", "/api/v1/devices"), list)
        return
    if hub.named:
        _list_devices(*_known_to(hub))
        return
    settings = read_config(click.get_current_context().obj).settings
    try:
        with phones_of(settings, SystemClock()) as fleet:
            phones, labels = fleet.inventory(), _labels(hub)
            lines = [
                _Line(
                    phone.serial,
                    labels.get(phone.serial, ""),
                    phone.adb_server,
                    phone.state.value,
                    phone.model,
                    phone.detail,
                )
                for phone in phones
            ]
            servers = fleet.servers()
            _list_devices(lines, len(servers), [away.sentence for away in servers if not away.up])
    except PhoneError as error:
        end(str(error), EX.UNAVAILABLE)


class _Line(NamedTuple):
    """What is printed of one phone."""

    serial: str
    label: str
    adb_server: str
    state: str
    model: str
    detail: str


def _known_to(hub: Hub) -> tuple[list[_Line], int, list[str]]:
    """The phones of a daemon that was named: it may be on another machine, whose adb servers are not this one's."""
    data = hub.ask("GET", "/api/v1/devices")
    lines = [_Line(*(phone[name] for name in _Line._fields)) for phone in data["devices"]]
    servers = data["adb_servers"]
    away = [f"adb server {one['name']} is not reachable: {one['detail']}" for one in servers if not one["up"]]
    return lines, len(servers), away


def _list_devices(lines: Sequence[_Line], servers: int, away: Sequence[str]) -> None:
    # Without labels, and with one adb server, no column of them.
    width = max((len(line.label) for line in lines if line.label), default=-1) + 1
    where = max((len(line.adb_server) for line in lines), default=0) + 1 if servers > 1 else 0
    for line in lines:
        label = f"{line.label:<{width}}"
        server = f"{line.adb_server:<{where}}" if where else ""
        text = f"{line.serial:24} {label}{server}{line.state:15} {line.model:16} {line.detail}"
        click.echo(steerless(text.rstrip()))
    for sentence in away:
        click.echo(steerless(sentence), err=True)
    if not lines:
        click.echo("no phone is connected, and the config names none: see `doctor`", err=True)


def _labels(hub: Hub) -> dict[str, str]:
    """The phones that have a label, as the running daemon knows them; none when it does not answer."""
    try:
        found = hub.ask("GET", "/api/v1/devices")["devices"]
    except DaemonSilent:
        return {}
    return {phone["serial"]: phone["label"] for phone in found if phone.get("label")}


@click.command()
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def inspect(config_path: Path | None, source: str, as_json: bool) -> None:
    """Say which screen a UI dump (FILE.xml, FILE.json) or a phone (SERIAL) shows, and what would be touched next."""
    from jobs.phone.errors import PhoneError
    from jobs.phone.screen.tree import TreeUnreadable
    from jobs.post.screens.inspect import inspect_file, inspect_tree
    from jobs.post.screens.screens_file import ScreensInvalid
    from jobs.post.teaching import taught_files
    from jobs.upkeep.doctor_phone import phones_of

    settings = read_config(config_path).settings
    overlay = settings.posting.screens_dir
    taught = str(Path(settings.storage.state_dir) / taught_files.FOLDER)
    try:
        if Path(source).is_file():
            report = inspect_file(source, overlay_dir=overlay, taught_dir=taught)
        elif source.endswith((".xml", ".json")) or "/" in source:
            end(f"{source}: there is no such file", EX.NOINPUT)
        else:
            with phones_of(settings, SystemClock()) as fleet, closing(fleet.open(source)) as session:
                report = inspect_tree(session.observe(), overlay_dir=overlay, taught_dir=taught)
    except PhoneError as error:
        end(f"{source}: {error}", EX.UNAVAILABLE)
    except ScreensInvalid as error:
        end(str(error), EX.CONFIG)
    except (TreeUnreadable, OSError) as error:
        end(f"{source}: {error}", status_of(error, EX.DATAERR))
    click.echo(json_text(report, indent=2) if as_json else steerless(_inspection_text(report)))


def _inspection_text(report: dict[str, Any]) -> str:
    def place(element: dict[str, Any]) -> str:
        return f"{element['name']:24} {element['bounds']}  by {element['by']}"

    lines = [
        f"app      {report['platform'] or 'unknown'} ({report['package'] or 'package unknown'})",
        f"screen   {report['screen'] or 'unknown'} ({report['kind']})",
        f"next     {place(report['next']) if report['next'] else 'nothing to touch: wait or stop'}",
        *([f"why      {report['unclear']}"] if report["unclear"] else []),
        "elements",
        *(f"  {place(element)}" for element in report["elements"]),
    ]
    return "\n".join(lines)


ALL: tuple[click.Command, ...] = (check_config, show_config, doctor, devices, inspect)
