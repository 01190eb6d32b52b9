"""The commands that make, list and revoke tokens."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handlers.cli.command_line import EX, end, read_config, status_of, tokens_path
from jobs.hub.addresses import is_loopback, split_listen
from jobs.hub.config_file import LoadedConfig
from jobs.upkeep.token_file import console_tokens

if TYPE_CHECKING:
    from handlers.access.token_book import TokenBook


#: What the console says beside a token (`system.token_once` and `system.scan` of its texts), as nobody reads both.
ONCE = "It is shown only now: this hub keeps a hash of it."
SCAN = "Scan it with the phone that is to log in."
KEEP = (
    "Whoever has this code, text or link can use the hub until you revoke the token: keep it to yourself, and make one for "
    "each device."
)
#: Light modules are drawn: without colours the code shows right on a dark terminal only.
_DARK_GROUND, _PLAIN = "\x1b[40;97m", "\x1b[0m"


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of API clients."""


@token.command("new")
@click.argument("name")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Token file instead of the config's.")
@click.option("--quiet", is_flag=True, help="Print the token alone.")
@click.option("--url", help="Address of the console in the QR code, e.g. https://hub.example.org of a proxy.")
@click.pass_obj
def token_new(config_path: Path | None, name: str, path: Path | None, quiet: bool, url: str | None) -> None:
    """Make a token; it is shown only now, also as a QR code that opens the console with it."""
    from handlers.access.hosts import reachable_at
    from handlers.access.tokens import NameRefused, NameTaken, TokenError, new_token, read_tokens

    config = read_config(config_path)
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.UsageError("--url begins with http:// or https://")
    try:
        others = () if path else read_tokens(console_tokens(Path(config.settings.storage.state_dir))).tokens
        made = new_token(path or tokens_path(config), name, others)
    except NameTaken as error:
        end(f"no token was made: {error}", EX.DATAERR)
    except NameRefused as error:
        end(f"no token was made: {error}", EX.USAGE)
    except (TokenError, OSError) as error:
        end(f"no token was made: {error}", status_of(error, EX.DATAERR))
    if quiet:
        click.echo(made)
        return
    there = reachable_at(config.settings.server.listen)
    # What follows # stays in the browser: no server and no log sees it.
    link = f"{(url or f'http://{there}').partition('#')[0].rstrip('/')}/#token={made}"
    click.echo(f"{made}\n\n{ONCE}\n")
    said = f"{SCAN} {KEEP}" if _show_code(link) else KEEP
    if url is None and is_loopback(split_listen(config.settings.server.listen)[0]):
        click.echo("that address works on this box alone; to serve others, set server.listen", err=True)
    click.echo(
        f'{link}\n\n{said}\n\ncurl -s -H "Authorization: Bearer {made}" http://{there}/api/v1/task/stats'
    )


def _show_code(link: str) -> bool:
    """Draw the code; False where this terminal has no such characters: the link stands below."""
    lines = "\n".join(qr_lines(link, colours=sys.stdout.isatty()))
    try:
        lines.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    click.echo(f"{lines}\n")
    return True


def _book(config: LoadedConfig) -> TokenBook:
    from handlers.access.token_book import TokenBook

    return TokenBook(tokens_path(config), Path(config.settings.storage.state_dir))


@token.command("list")
@click.pass_obj
def token_list(config_path: Path | None) -> None:
    """Names and ages of the tokens; the tokens themselves are not stored."""
    from handlers.access.tokens import TokenError

    try:
        for entry in _book(read_config(config_path)).entries():
            click.echo(f"{entry.name:24} {entry.created_at}")
    except TokenError as error:
        end(str(error), status_of(error, EX.DATAERR))


@token.command("revoke")
@click.argument("name")
@click.pass_obj
def token_revoke(config_path: Path | None, name: str) -> None:
    """Take a token back: a running daemon refuses it at once."""
    from handlers.access.token_book import LastToken
    from handlers.access.tokens import TokenError

    config = read_config(config_path)
    try:
        gone = _book(config).revoke(name, config.settings.server.listen)
    except LastToken as error:
        end(str(error), EX.DATAERR)
    except (TokenError, OSError) as error:
        end(str(error), status_of(error, EX.DATAERR))
    if not gone:
        end(f"there is no token named {name!r}", EX.NOINPUT)
    click.echo(f"{name}: revoked")


ALL: tuple[click.Command, ...] = (token,)


def qr_lines(text: str, *, colours: bool) -> list[str]:
    """The code as lines of half blocks; with `colours` it is right on a light terminal, too."""
    import segno

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    return [f"{_DARK_GROUND}{line}{_PLAIN}" for line in lines] if colours else lines
