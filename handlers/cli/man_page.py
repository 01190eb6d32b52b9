"""The man page, made of what `--help` says of each command."""

from __future__ import annotations

from collections.abc import Iterator

import click

from handlers.cli.asking import TOKEN_VARIABLE
from handlers.cli.command_line import DEFAULT_CONFIG
from handlers.cli.hub_options import URL_VARIABLE

_STATUSES = (
    ("0", "Done; with post --wait: published."),
    ("1", "The answer is no: status of a daemon that cannot work, post --wait of a post that failed."),
    ("3", "With post --wait: the post may be published, and a person has to look."),
    ("64", "The command line is wrong."),
    (
        "65",
        "Refused: what was asked is wrong, the state of a task or token does not allow it, or a file is damaged.",
    ),
    ("66", "There is no such task, account, token, box, file or store."),
    ("69", "No daemon answers, or it is about to stop."),
    ("70, 74", "An internal error, no disk space."),
    ("77", "The token is missing or wrong, or cannot be read; this user may not touch a file."),
    ("78", "The configuration is wrong."),
    ("130", "Ctrl-C; what the daemon has begun goes on."),
)
_ENVIRONMENT = (
    (TOKEN_VARIABLE, "The token that commands show to the daemon."),
    (URL_VARIABLE, "Address of the daemon instead of the config's."),
    ("COLUMNS", "Width to which tables are cut."),
)


def man_page(cli: click.Group) -> str:
    """The page in the language of man (roff), section 1."""
    context = click.Context(cli, info_name="tikmatrixd")
    lines = [
        '.TH TIKMATRIXD 1 "" "tikmatrixd" "User Commands"',
        ".SH NAME",
        f"tikmatrixd \\- {_text(_short(cli))}",
        ".SH SYNOPSIS",
        ".B tikmatrixd",
        "[\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        _text(_paragraphs(cli)[0]),
        ".PP",
        "With \\fB\\-\\-config\\fR and without a command the daemon is started (\\fBserve\\fR).",
        ".SH OPTIONS",
        *_options(cli, context),
        ".SH COMMANDS",
    ]
    for name, command, inner in _commands(cli, context, ""):
        lines += [f".SS {_text(name)}", f".B tikmatrixd {_text(name)}"]
        lines += [" ".join(map(_text, command.collect_usage_pieces(inner))), ".PP"]
        for paragraph in _paragraphs(command):
            lines += [_text(paragraph), ".PP"]
        lines += _options(command, inner)
    lines += [".SH EXIT STATUS", *_list(_STATUSES), ".SH ENVIRONMENT", *_list(_ENVIRONMENT)]
    lines += [".SH FILES", *_list([(str(DEFAULT_CONFIG), "The configuration, if no other is named.")])]
    return "\n".join(lines) + "\n"


def _commands(
    group: click.Group, context: click.Context, before: str
) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.commands[name]
        if command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands(command, inner, f"{before}{name} ")
        else:
            yield f"{before}{name}", command, inner


def _options(command: click.Command, context: click.Context) -> list[str]:
    records = [param.get_help_record(context) for param in command.get_params(context)]
    return _list([record for record in records if record is not None])


def _list(pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    return [line for name, text in pairs for line in (".TP", f"\\fB{_text(name)}\\fR", _text(text))]


def _short(command: click.Command) -> str:
    return command.get_short_help_str(200).rstrip(".")


def _paragraphs(command: click.Command) -> list[str]:
    text = (command.help or "").partition("\f")[0]
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()] or [_short(command)]


def _text(text: str) -> str:
    """Text in which roff sees nothing to obey."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


@click.command()
@click.pass_context
def man(context: click.Context) -> None:
    """Print the man page: tikmatrixd man | man -l -."""
    root = context.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - the program has commands
    click.echo(man_page(root), nl=False)


ALL: tuple[click.Command, ...] = (man,)
