"""What the commands of daily life share: how they find the running daemon, and how its answer is printed."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from handlers.cli.asking import (
    TOKEN_VARIABLE,
    DaemonSilent,
    NoAnswer,
    ask_url,
    exchange,
    may_be_token,
    token_of_environment,
)
from handlers.cli.command_line import EX, end, json_text, read_config, status_of
from handlers.cli.completion import complete_tasks
from handlers.cli.tables import shown, table, terminal_width
from jobs.hub.addresses import own_url
from jobs.hub.clock import SystemClock
from storage.engine.files import refuse_no_file

#: Between the tries of a call whose answer was lost: the daemon is back after a restart in a few seconds.
PAUSES_S = (0.5, 2.0, 5.0)
URL_VARIABLE = "TIKMATRIXD_URL"


class WholeNumber(click.IntRange):
    """A number of a command line; click calls what is none "not a valid integer range"."""

    name = "whole number"


TASK_ID = click.argument("task_id", metavar="ID", type=WholeNumber(min=1), shell_complete=complete_tasks)


class Hub:
    """The running daemon, as the options of a command name it."""

    def __init__(self, url: str, token: str, *, as_json: bool, named: bool = False) -> None:
        self.url = url
        self.named = named  #: by its address, so that it may be on another machine; else it is the config's, on this one
        self.clock = SystemClock()
        self._token = token
        self.as_json = as_json

    def ask(
        self, method: str, path: str, body: dict[str, Any] | bytes | None = None, **more: Any
    ) -> dict[str, Any]:
        """The data of one API call; `more` is that of `exchange`. Raises DaemonSilent."""
        return ask_url(self.url, self._token, method, path, body, **more)

    def ask_surely(
        self, method: str, path: str, body: dict[str, Any] | bytes | None = None, **more: Any
    ) -> dict[str, Any]:
        """A call that may be repeated without harm, made again when it or its answer was lost. Raises DaemonSilent."""
        for pause_s in PAUSES_S:
            try:
                return self.ask(method, path, body, **more)
            except NoAnswer:
                self.pause(pause_s)
        return self.ask(method, path, body, **more)

    def pause(self, seconds: float) -> None:
        """Let the daemon have time."""
        self.clock.wait(threading.Event(), seconds)

    def save(self, path: str, target: Path) -> None:
        """Write what a call answers into a file, or leave that as it is. Raises DaemonSilent."""
        part = target.with_name(f"{target.name}.part")

        def write(piece: bytes) -> None:
            try:
                file.write(piece)
            except OSError as error:
                raise _unwritable(target, error) from error

        try:
            refuse_no_file(target)
            with part.open("wb") as file:
                exchange(self.url, self._token, "GET", path, timeout_s=60.0, into=write)
            part.replace(target)
        except OSError as error:
            raise _unwritable(target, error) from error
        finally:
            part.unlink(missing_ok=True)

    def probe(self, path: str) -> dict[str, Any]:
        """The whole answer of a call outside the API. Raises DaemonSilent."""
        return exchange(self.url, self._token, "GET", path)

    def show(self, data: dict[str, Any], lines: Callable[[], Sequence[str]]) -> None:
        """Print the data for programs, or these lines for people; warnings of the daemon go to standard error."""
        if self.as_json:
            click.echo(json_text(data, indent=2))
            return
        for line in lines():
            click.echo(shown(line))
        for warning in data.get("warnings", ()):
            click.echo(shown(f"warning: {warning}"), err=True)

    def show_table(
        self, data: dict[str, Any], titles: Sequence[str], rows: Sequence[Sequence[object]], none: str
    ) -> None:
        """The same as a table, or the sentence that says that there is nothing to show."""
        if rows or self.as_json:
            self.show(data, lambda: table(titles, rows, terminal_width()))
        else:
            click.echo(none, err=True)


def _unwritable(target: Path, error: OSError) -> DaemonSilent:
    return DaemonSilent(f"{target} cannot be written: {error.strerror}", status_of(error))


def asks_hub(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that find the daemon, and end it with one sentence when that refuses or is silent."""

    @click.option("--json", "as_json", is_flag=True, help="The API's data, for programs.")
    @click.option(
        "--url",
        envvar=URL_VARIABLE,
        help=f"Address of the daemon instead of the config's; also {URL_VARIABLE}.",
    )
    @click.option(
        "--ready-file",
        type=click.Path(path_type=Path),
        help="Take the address from the file that `serve --ready-file` wrote.",
    )
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        help=f"File that holds the token; else the variable {TOKEN_VARIABLE}.",
    )
    @click.pass_obj
    def run(
        config_path: Path | None,
        /,
        as_json: bool,
        url: str | None,
        ready_file: Path | None,
        token_file: Path | None,
        **more: Any,
    ) -> None:
        address, named = _address(config_path, url, ready_file), bool(url or ready_file)
        hub = Hub(address, _token(token_file), as_json=as_json, named=named)
        try:
            command(hub, **more)
        except DaemonSilent as error:
            end(str(error), error.status)

    return functools.update_wrapper(run, command)


def hub_at(url: str) -> Hub:
    """The daemon at this address, asked with the token of the environment."""
    return Hub(_address(None, url, None), token_of_environment(), as_json=False)


def _address(config_path: Path | None, url: str | None, ready_file: Path | None) -> str:
    if ready_file is not None:
        try:
            url = json.loads(ready_file.read_text("utf-8"))["url"]
        except FileNotFoundError:
            end(
                f"{ready_file} does not exist: no daemon that was given this --ready-file is up",
                EX.UNAVAILABLE,
            )
        except OSError as error:
            end(f"{ready_file} cannot be read: {error.strerror}", status_of(error))
        except (ValueError, KeyError, TypeError):
            end(f"{ready_file} is not a file that `serve --ready-file` wrote", EX.DATAERR)
    if not url:
        return own_url(read_config(config_path).settings.server.listen)
    return _checked(url)


def _checked(url: str) -> str:
    """The address as calls are put behind it. Raises UsageError for what no call could reach, running or not."""
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"an address of the daemon begins with http:// or https://, not {url!r}")
    try:
        parts = urlsplit(url)
        good = (
            bool(parts.hostname)
            and parts.port != 0
            and url.isascii()
            and not re.search(r"[\s\x00-\x1f]", url)
        )
    except ValueError:
        good = False
    if not good:
        raise click.UsageError(f"{url!r} is no address; write e.g. http://127.0.0.1:50809")
    alone = f"{parts.scheme}://{parts.netloc}"
    if url.rstrip("/") != alone:
        raise click.UsageError(f"an address of the daemon ends behind its port: write {alone}, not {url}")
    return alone


def _token(file: Path | None) -> str:
    if file is None:
        return token_of_environment()
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        end(
            f"the token cannot be read from {file}: {getattr(error, 'strerror', None) or 'not a text'}",
            EX.NOPERM,
        )
    if not may_be_token(token):
        end(f"{file} holds no token: it must hold one and nothing else", EX.DATAERR)
    return token
