"""Completion of command lines in bash and zsh: names of options, and serials, accounts and ids of the running daemon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from handlers.cli.asking import ask_url, token_of_environment
from handlers.cli.command_line import DEFAULT_CONFIG
from handlers.cli.tables import clean
from handlers.cli.task_words import minute, whom
from jobs.hub.addresses import own_url
from jobs.hub.config_file import load_config

#: Who pressed the tabulator waits no longer.
_TIMEOUT_S = 1.0
_SHELLS = ("bash", "zsh")
_NAME = "tikmatrixd"

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _from_hub(path: str, items: Callable[[dict[str, Any]], list[tuple[str, str]]]) -> Completer:
    """Completes what a call of the API tells, as pairs of a word and its meaning; nothing where no daemon answers."""

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            url, token = _hub(context)
            found = items(ask_url(url, token, "GET", path, timeout_s=_TIMEOUT_S))
        # A broken completion must not write into the line that is typed.
        except Exception:  # noqa: BLE001
            return []
        return [CompletionItem(word, help=clean(text)) for word, text in found if _begins(word, begun)]

    return complete


def _begins(word: str, begun: str) -> bool:
    return word.casefold().startswith(begun.casefold())


def _hub(context: click.Context) -> tuple[str, str]:
    """Address and token, as the options that stand in the line already say."""
    given = context.params
    file = given.get("token_file")
    token = token_of_environment() if file is None else Path(file).read_text("utf-8").strip()
    if given.get("url"):
        return str(given["url"]).rstrip("/"), token
    config = context.find_root().params.get("config_path") or context.obj
    if config is None and DEFAULT_CONFIG.exists():
        config = DEFAULT_CONFIG
    return own_url(load_config(config).settings.server.listen), token


def _devices(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["serial"], one["label"] or one["model"]) for one in data["devices"]]


def _accounts(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f"@{one['username']}", f"{one['platform']}, {one['device']}") for one in data["accounts"]]


def _tasks(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(one["id"]), f"{one['status_text']} {minute(one['start_time'])} {whom(one)}")
        for one in data["tasks"]
    ]


complete_serials = _from_hub("/api/v1/devices", _devices)
complete_accounts = _from_hub("/api/v1/accounts?page_size=100", _accounts)
complete_tasks = _from_hub("/api/v1/task?page_size=50", _tasks)


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options, serials, accounts and ids.

    For bash: source <(tikmatrixd completion bash). For zsh, before compinit, as the file _tikmatrixd in a folder of fpath.
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click knows both
    # `source` would first start the shell to ask for its version.
    script = made(context.find_root().command, {}, _NAME, f"_{_NAME.upper()}_COMPLETE")
    click.echo(script.source_template % script.source_vars())


ALL: tuple[click.Command, ...] = (completion,)
