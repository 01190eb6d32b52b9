"""What all commands share: exit statuses, the config, the place of the tokens, the one sentence at the end."""

from __future__ import annotations

import io
import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from handlers.cli.tables import shown
from jobs.hub.config_file import ConfigInvalid, LoadedConfig, load_config
from jobs.upkeep.usb_boxes.folder import FOLDER

#: What is installed by systemd/install.sh.
DEFAULT_CONFIG = Path("/etc/tikmatrixd/config.toml")
TOKENS_NAME = "tokens.json"
_CONFIG_GIVEN = "tikmatrixd.config_given"
#: The home of the adb service's user.
_ADB_SERVICE_DIR = Path("/var/lib/tikmatrixd-adb/.android")


class EX(IntEnum):
    """Exit statuses of sysexits.h; the service unit knows those after which starting again cannot help."""

    USAGE = 64
    DATAERR = 65
    NOINPUT = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    IOERR = 74
    NOPERM = 77
    CONFIG = 78


# A command line that is wrong stays wrong: starting it again does not help.
click.UsageError.exit_code = EX.USAGE


def tokens_path(config: LoadedConfig) -> Path:
    """Where the tokens are: as configured; else beside the config file, where the installer puts them; else in the state directory."""
    settings = config.settings
    if settings.server.tokens_file:
        return Path(settings.server.tokens_file)
    if tokens_are_beside(config):
        return beside_config(config)
    return Path(settings.storage.state_dir) / TOKENS_NAME


def tokens_are_beside(config: LoadedConfig) -> bool:
    """Whether the tokens stand beside the config file, as in an installed hub."""
    return (
        not config.settings.server.tokens_file and config.path is not None and beside_config(config).exists()
    )


def beside_config(config: LoadedConfig) -> Path:
    """The token file of an installed hub."""
    return (config.path or DEFAULT_CONFIG).with_name(TOKENS_NAME)


def adb_key_dir(config: LoadedConfig) -> Path:
    """Where the adb server keeps the key that the phones know: its service's home, by hand that of whoever starts it."""
    own_unit = not config.settings.adb.start_server and _ADB_SERVICE_DIR.parent.exists()
    return _ADB_SERVICE_DIR if own_unit else Path.home() / ".android"


def usb_boxes_dir(config: LoadedConfig) -> Path:
    """Where the hub keeps what it knows of other boxes: beside its config file."""
    return (config.path or DEFAULT_CONFIG).with_name(FOLDER)


def take_config_anywhere(command: click.Command) -> None:
    """Let the command, and those below it, take `--config FILE` as the program itself does before it."""

    def take(context: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is None:
            return
        root = context.find_root()
        before = root.meta.get(_CONFIG_GIVEN)
        if before not in {None, value}:
            raise click.UsageError(f"two config files are named: {before} and {value}", context)
        root.meta[_CONFIG_GIVEN] = context.obj = value

    option = click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=take,
        help="Config file, as before the command.",
    )
    command.params.append(option)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        take_config_anywhere(below)


def note_config(context: click.Context, path: Path | None) -> None:
    """Remember which config file was named before the command; without one the installed one is meant, if it is there."""
    context.meta[_CONFIG_GIVEN] = path
    context.obj = DEFAULT_CONFIG if path is None and DEFAULT_CONFIG.exists() else path


def config_is_named(context: click.Context) -> bool:
    """Whether the command line names a config file, before the command or behind it."""
    return context.find_root().meta.get(_CONFIG_GIVEN) is not None


def read_config(path: Path | None) -> LoadedConfig:
    """The config, or the end of the program with every problem on standard error."""
    try:
        return load_config(path)
    except ConfigInvalid as error:
        end(str(error), EX.NOPERM if isinstance(error.__cause__, PermissionError) else EX.CONFIG)


class _NotThere(click.BadParameter):
    exit_code = EX.NOINPUT


class GivenFile(click.Path):
    """A file that must be there: without it the command line is right, and its exit status is that of a missing file."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False)

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        raise _NotThere(message, ctx=ctx, param=param)


def status_of(error: BaseException, otherwise: EX = EX.IOERR) -> EX:
    """The exit status of an error by the file that was behind it; `otherwise` where none was.

    A missing right, a missing file and a failing disk each have an exit status of their own.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    match cause:
        case PermissionError():
            return EX.NOPERM
        case FileNotFoundError() | IsADirectoryError() | NotADirectoryError():
            return EX.NOINPUT
        case OSError():
            return EX.IOERR
        case _:
            return otherwise


def print_what_the_terminal_can() -> None:
    """Let a terminal or a pipe of another encoding than UTF-8 show a sign in the place of what it cannot, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not _is_unicode(stream):
            stream.reconfigure(errors="replace")


def json_text(data: Any, indent: int | None = None) -> str:
    """JSON for programs; where the output has another encoding than UTF-8 in ASCII alone, so that nothing of it is lost."""
    return json.dumps(data, ensure_ascii=not _is_unicode(sys.stdout), indent=indent)


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").casefold().replace("_", "-").startswith("utf")


def end(sentence: str, code: int) -> NoReturn:
    """Say one sentence and end."""
    click.echo(shown(sentence), err=True)
    sys.exit(code)


def was_printing(error: OSError) -> bool:
    """Whether the output of a command could not be written: its disk is full, or its terminal is gone."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_globals.get("__name__") == "click.utils"


def filled(_context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """An option as it was given: an empty one is most likely a variable of a script that is not set. Raises BadParameter."""
    if value is not None and not value.strip():
        raise click.BadParameter("is empty; give it a value, or leave it out", param=option)
    return value
