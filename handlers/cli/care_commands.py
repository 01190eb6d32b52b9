"""The commands that care for what is stored: backup, restore, export, import, archive, materials, the clock."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
import msgspec

from handlers.cli.command_line import (
    DEFAULT_CONFIG,
    EX,
    GivenFile,
    adb_key_dir,
    end,
    filled,
    read_config,
    status_of,
    tokens_are_beside,
    tokens_path,
    usb_boxes_dir,
)
from handlers.cli.hub_options import Hub, asks_hub
from handlers.cli.tables import clean
from jobs.hub.clock import SystemClock, utc
from storage.errors import (
    BackupUnreadable,
    NewerSchema,
    NoStore,
    StateLocked,
    StoreDamaged,
    StoreError,
    StoreFailed,
)
from storage.records import Task

_STOP_FIRST = "nothing was changed: the daemon runs; stop it first: systemctl stop tikmatrixd"
_ADB_DIR_OPTION = click.option(
    "--adb-dir",
    type=click.Path(path_type=Path),
    help="Folder of the adb key; default: the service's, else ~/.android.",
)


def _status_of(error: StoreError | OSError) -> EX:
    """The exit status: a store that is missing, one that is damaged or too new, and a failing disk each have their own."""
    if isinstance(error, NoStore):
        return EX.NOINPUT
    return EX.DATAERR if isinstance(error, StoreDamaged | NewerSchema) else status_of(error)


@click.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--library", is_flag=True, help="Uploaded materials too; they may be large.")
@_ADB_DIR_OPTION
@click.pass_obj
def backup(config_path: Path | None, target: Path, library: bool, adb_dir: Path | None) -> None:
    """Copy state, config, tokens and the adb key into one file, also while the daemon runs. It holds secrets."""
    from jobs.upkeep.backup import Places, back_up
    from jobs.upkeep.usb_boxes.box_key import fetch_all
    from jobs.upkeep.usb_boxes.folder import Boxes

    config = read_config(config_path)
    boxes_dir = usb_boxes_dir(config)
    for sentence in fetch_all(Boxes(boxes_dir)):
        click.echo(f"adb key of a USB box: {sentence}", err=True)
    places = Places(tokens_path(config), tokens_are_beside(config), adb_dir or adb_key_dir(config), boxes_dir)
    try:
        made = back_up(config, places, target, SystemClock().now(), library=library)
    except (StoreError, OSError) as error:
        end(f"no backup was made: {error}", _status_of(error))
    held = ", ".join(f"{count} {table}" for table, count in made.store.records.items() if count)
    click.echo(f"{target}: {made.size_bytes} bytes, {', '.join([held or 'nothing stored yet', *made.holds])}")
    for sentence in made.missing:
        click.echo(f"not in it: {sentence}", err=True)


@click.command()
@click.argument("source", type=GivenFile())
@_ADB_DIR_OPTION
@click.option("--dry-run", is_flag=True, help="Only check the backup and show what would be written.")
@click.option(
    "--take-paths",
    is_flag=True,
    help="Take over the paths of the backup's config where this box's are others.",
)
@click.pass_obj
def restore(
    config_path: Path | None, source: Path, adb_dir: Path | None, dry_run: bool, take_paths: bool
) -> None:
    """Check a backup, show what it will write, then put everything in its place; what was there is kept aside.

    The daemon must be stopped. A backup whose config names other paths than this box's is refused.
    """
    from jobs.upkeep.backup_archive import unpack
    from jobs.upkeep.restore import make_plan, put_back

    # On a new box there may be no config yet: then the one in the backup is the first.
    present = read_config(config_path if config_path is not None and config_path.exists() else None)
    target = config_path or (DEFAULT_CONFIG if DEFAULT_CONFIG.parent.exists() and os.geteuid() == 0 else None)
    try:
        with tempfile.TemporaryDirectory(prefix="tikmatrixd-restore-") as folder:
            unpacked = unpack(source, Path(folder), target)
            own = present if present.path is not None else unpacked.config or present
            key_dir = adb_dir or adb_key_dir(own)
            plan = make_plan(unpacked, present, config_path=target, adb_dir=key_dir)
            for line in plan.lines():
                click.echo(line)
            if plan.other_paths and not take_paths:
                end(
                    "nothing was changed: the config in the backup names other paths than this box's (above); give "
                    "--take-paths if they are right",
                    EX.DATAERR,
                )
            if dry_run:
                return
            notes = put_back(plan, SystemClock().now())
    except BackupUnreadable as error:
        end(f"nothing was changed: {error}", EX.DATAERR)
    except StateLocked:
        end(_STOP_FIRST, EX.UNAVAILABLE)
    except StoreFailed as error:
        end(str(error), _status_of(error))
    except (StoreError, OSError) as error:
        end(f"nothing was changed: {error}", _status_of(error))
    for note in notes:
        click.echo(note)
    for name in plan.usb_boxes:
        click.echo(
            f"the link to the USB box {name} starts with: systemctl enable --now tikmatrixd-usb-link@{name}"
        )
    click.echo(
        f"restored as of {unpacked.made_at}; the adb key counts after: systemctl restart tikmatrixd-adb"
    )


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export_state(config_path: Path | None, target: Path) -> None:
    """Write all records as one JSON file that plain TinyDB opens, also while the daemon runs."""
    from storage.backup import export_json

    try:
        export_json(Path(read_config(config_path).settings.storage.state_dir), target.absolute())
    except StoreError as error:
        end(f"nothing was exported: {error}", _status_of(error))
    click.echo(f"{target}: {target.stat().st_size} bytes")


@click.command("import")
@click.argument("source", type=GivenFile())
@click.pass_obj
def import_state(config_path: Path | None, source: Path) -> None:
    """Put the records of a file in TinyDB's JSON format in the place of the present ones, which are kept aside.

    The daemon must be stopped. Tasks whose time has come may have been posted, so they wait for a person.
    """
    from storage.backup import import_json

    state_dir = Path(read_config(config_path).settings.storage.state_dir)
    try:
        notes = import_json(source, state_dir, SystemClock().now())
    except BackupUnreadable as error:
        end(f"nothing was changed: {error}", EX.DATAERR)
    except StateLocked:
        end(_STOP_FIRST, EX.UNAVAILABLE)
    except (StoreError, OSError) as error:
        end(str(error), _status_of(error))
    for note in notes:
        click.echo(note)
    click.echo(f"{source}: imported")


@click.command()
@click.argument("month", required=False, metavar="[YYYY-MM]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per task.")
@click.pass_obj
def archive(config_path: Path | None, month: str | None, as_json: bool) -> None:
    """List finished tasks that retention moved out of the store; without a month, the months there are."""
    from storage.archive_pages import ArchivePages
    from storage.state_dir import ARCHIVE

    settings = read_config(config_path).settings
    pages = ArchivePages(Path(settings.storage.state_dir) / ARCHIVE)
    try:
        months = sorted(pages.names())
        if month is None:
            for name in months:
                with pages.open(name) as opened:
                    click.echo(f"{name}  {opened.page({}, 1, 1)[1]} tasks")
            if not months:
                click.echo("nothing is archived yet", err=True)
            return
        if month not in months:
            end(f"no tasks of {month} are archived; there are: {', '.join(months) or 'none'}", EX.NOINPUT)
        with pages.open(month) as opened:
            for task in opened.every({}):
                click.echo(msgspec.json.encode(task) if as_json else _archived_line(task))
    except PermissionError as error:
        end(f"{error.filename} cannot be read by this user: try sudo", EX.NOPERM)


def _archived_line(task: Task) -> str:
    ended = utc(task.ended_at).isoformat(timespec="seconds")
    whom = f"@{task.username}" if task.username else task.serial
    return clean(f"{ended}  {task.id:>8}  {task.outcome:13}  {task.platform:9}  {whom}  {task.remark}")


@click.group()
def materials() -> None:
    """Care for the used marks of media files."""


@materials.command("reset-used")
@click.argument("folder", required=False, callback=filled)
@asks_hub
def reset_used(hub: Hub, folder: str | None) -> None:
    """Let used files be chosen again: those of the material library, or those of a media FOLDER. Asks the running daemon."""
    if folder is not None and hub.named and not folder.startswith("/"):
        raise click.UsageError("FOLDER is one of the daemon's machine: write its whole path, from /")
    path = folder if folder is None or hub.named else str(Path(folder).resolve())
    answer = hub.ask("POST", "/api/v1/materials/reset-used", {} if path is None else {"path": path})
    hub.show(answer, lambda: [f"{answer['reset_count']} used marks were taken away"])


@click.command("confirm-clock")
@asks_hub
def confirm_clock(hub: Hub) -> None:
    """Say that the time of the daemon's box is right, so that it starts what it holds because it doubts that."""
    answer = hub.ask("POST", "/api/v1/clock/confirm", {})
    doubt = answer["doubt"] or "nothing"
    hub.show(answer, lambda: [f"{answer['time']} is taken for right; what was in doubt: {doubt}"])


ALL: tuple[click.Command, ...] = (
    backup,
    restore,
    export_state,
    import_state,
    archive,
    materials,
    confirm_clock,
)
