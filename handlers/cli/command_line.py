"""What all commands share: exit statuses, the config, the place of the tokens, the one sentence at the end."""

from __future__ import annotations

import http.client
import io
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from handlers.cli.tables import shown
from handlers.request.envelope import Code
from jobs.hub.addresses import own_url
from jobs.hub.config_file import ConfigInvalid, LoadedConfig, load_config
from jobs.input.outside_text import sentence
from jobs.upkeep.usb_boxes.folder import FOLDER

#: What is installed by systemd/install.sh.
DEFAULT_CONFIG = Path("/etc/tikmatrixd/config.toml")
TOKENS_NAME = "tokens.json"
#: The token that commands show to a daemon which serves the LAN only, and so takes this box for any other.
TOKEN_VARIABLE = "TIKMATRIXD_TOKEN"  # noqa: S105 - a variable's name
_PIECE_BYTES = 64 * 1024
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


class DaemonSilent(Exception):
    """No answer, or a refusal, from the daemon; the message says what to do, `status` is the fitting exit status."""

    def __init__(self, message: str, status: EX = EX.UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


class NoAnswer(DaemonSilent):
    """The call or its answer was lost on the way: it may be made again."""


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a call that changes something would become one that asks, and the token would go along anywhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


#: Exit statuses of refusals by their HTTP status; what else is refused is a matter of what was asked.
_REFUSED = {
    401: EX.NOPERM,
    403: EX.NOPERM,
    404: EX.NOINPUT,
    500: EX.SOFTWARE,
    503: EX.UNAVAILABLE,
    507: EX.IOERR,
}


def ask_daemon(
    config: LoadedConfig, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One API call to the daemon of this config on this box; the answer's data. Raises DaemonSilent.

    A token in the variable TIKMATRIXD_TOKEN is shown: a daemon that listens on an address of the LAN only wants one,
    and so does one that does not trust loopback.
    """
    return ask_url(own_url(config.settings.server.listen), token_of_environment(), method, path, body)


def token_of_environment() -> str:
    """The token that commands show, or nothing. Ends the program for what no request could carry."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and not may_be_token(token):
        end(f"the variable {TOKEN_VARIABLE} holds no token: it must hold one and nothing else", EX.DATAERR)
    return token


def may_be_token(text: str) -> bool:
    """Whether a request can carry it as a token."""
    return text.isascii() and text.isprintable() and len(text.split()) == 1


def ask_url(
    url: str, token: str, method: str, path: str, body: dict[str, Any] | bytes | None = None, **more: Any
) -> dict[str, Any]:
    """One API call to the daemon at this address; the answer's data. See `exchange`. Raises DaemonSilent."""
    answer = exchange(url, token, method, path, body, **more)
    if "code" not in answer or "data" not in answer:
        raise DaemonSilent(f"{url}{path} answers something else: is that tikmatrixd?")
    data: dict[str, Any] = answer["data"]
    return data


def exchange(
    url: str,
    token: str,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    into: Callable[[bytes], object] | None = None,
) -> dict[str, Any]:
    """The whole answer, which is an envelope for all but the probes.

    Args:
        url: Address of the daemon.
        token: Shown to it; empty: none.
        method: Of the call.
        path: Of the call, with its query.
        body: An object is sent as JSON, bytes as they are.
        headers: Further ones.
        timeout_s: Longest silence of the daemon.
        into: Takes the body of a success piece by piece, for a call that answers with a file; nothing is returned then.

    Raises:
        NoAnswer: the call or its answer was lost.
        DaemonSilent: the daemon refuses, or something else answers.
    """
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {"Content-Type": kind, **(headers or {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # The daemon is on this box or in its LAN: a proxy of the environment has no part in that.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere)
    try:
        request = urllib.request.Request(url + path, data, headers, method=method)  # noqa: S310 - checked by callers
        with direct.open(request, timeout=timeout_s) as response:
            if into is not None:
                while piece := response.read(_PIECE_BYTES):
                    into(piece)
                return {}
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400 and (there := error.headers.get("Location")):
            raise DaemonSilent(
                f"{url}{path} sends to {sentence(there, 200)}; name the address that it leads to"
            ) from error
        try:
            answer = json.load(error)
        except ValueError:
            raise DaemonSilent(f"{url}{path} answers HTTP {error.code}: is that tikmatrixd?") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)  # urllib wraps what the socket said
        raise NoAnswer(f"the daemon does not answer at {url}: is it running? ({why})") from error
    if not isinstance(answer, dict):
        raise DaemonSilent(f"{url}{path} answers something else: is that tikmatrixd?")
    code = answer.get("code", 0)
    if code == Code.UNAUTHORIZED and token:
        raise DaemonSilent(
            f"the daemon does not take the token that this command shows: {answer.get('message')}. "
            "Another is made on its box with: tikmatrixd.py token new NAME",
            EX.NOPERM,
        )
    if code == Code.UNAUTHORIZED:
        raise DaemonSilent(
            "the daemon takes this box for any other machine (it listens on an address of the LAN alone, or "
            f"server.trust_loopback is false), so this command needs a token: set {TOKEN_VARIABLE} (made with: "
            f"tikmatrixd.py token new NAME). The daemon says: {answer.get('message')}",
            EX.NOPERM,
        )
    if code:
        status = _REFUSED.get(code // 100, EX.DATAERR)
        raise DaemonSilent(f"the daemon refuses: {answer.get('message')}", status)
    return answer


def filled(_context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """An option as it was given: an empty one is most likely a variable of a script that is not set. Raises BadParameter."""
    if value is not None and not value.strip():
        raise click.BadParameter("is empty; give it a value, or leave it out", param=option)
    return value
