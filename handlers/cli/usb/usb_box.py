"""`tikmatrixd usb-box …`: other boxes with phones, added to this hub, listed and removed; on such a box, lets the hub in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from handlers.access.hosts import reachable_at
from handlers.cli.command_line import DEFAULT_CONFIG, EX, end, read_config, status_of, usb_boxes_dir
from handlers.cli.hub_options import WholeNumber
from handlers.cli.tables import table, terminal_width
from handlers.cli.usb.pasting import pasted
from jobs.hub.addresses import is_loopback, split_listen
from jobs.hub.clock import SystemClock
from jobs.hub.config_file import LoadedConfig
from jobs.phone.adb.version import adb_version
from jobs.upkeep.usb_boxes import box_key, box_side, link
from jobs.upkeep.usb_boxes.folder import ADB_KEYS, Boxes, UsbBox
from jobs.upkeep.usb_boxes.pasted import PasteInvalid, check_host, check_name, read_box_line, read_hub_line
from jobs.upkeep.usb_boxes.programs import BoxesFailed

#: How long `add` waits for a link.
_LINK_S = 20.0
_PORT = WholeNumber(1, 65535)


@click.group("usb-box")
def usb_box() -> None:
    """Use the phones of other boxes, each over its own ssh link."""


@usb_box.command()
@click.argument("name")
@click.option(
    "--local-port", type=_PORT, help="Port of the link on this box; default: the first free one from 5038."
)
@click.option("--no-start", is_flag=True, help="Only write the files; start no link.")
@click.pass_obj
def add(config_path: Path | None, name: str, local_port: int | None, no_start: bool) -> None:
    """Print the line for the box NAME, take the line that the box prints, and start the link.

    Called again it prints the same line: so it may be ended in between, and be repeated when the box has another address.
    """
    config = read_config(config_path)
    boxes = Boxes(usb_boxes_dir(config))
    _check_words(check_name, name)
    try:
        click.echo(
            "Paste this line on the other box, where systemd/install.sh --usb-box asks for it:\n", err=True
        )
        click.echo(boxes.begin(name))
        line = pasted("\nThen paste the line that it prints here:", read_box_line)
        if line is None:
            click.echo(f"no line was pasted; later: tikmatrixd usb-box add {name}", err=True)
            return
        box = boxes.finish(name, line, _ports_of(config), local_port)
    except PasteInvalid as error:
        end(f"nothing was changed: {error}", EX.DATAERR)
    except BoxesFailed as error:
        end(str(error), status_of(error))
    _say_what_the_config_needs(config, box)
    if not no_start:
        _start(boxes, box)


def _check_words(check: Callable[[str], object], word: str) -> None:
    """See that a word of the command line may be what it is given as; the end of the program where it may not."""
    try:
        check(word)
    except PasteInvalid as error:
        end(f"nothing was changed: {error}", EX.USAGE)


def _start(boxes: Boxes, box: UsbBox) -> None:
    """Bring up the link and take what backups want of the box; the end of the program where it does not come up."""
    try:
        link.switch_on(box)
        version = link.wait_for(box, SystemClock(), _LINK_S)
    except BoxesFailed as error:
        end(f"{box.name}: {error}", EX.UNAVAILABLE)
    click.echo(
        f"{box.name}: the link to {box.host} is up, its adb server answers (version {version})", err=True
    )
    try:
        box_key.fetch(boxes, box)
    except BoxesFailed as error:
        click.echo(f"its adb key is not in backups yet: {error}", err=True)
    else:
        click.echo("its adb key was fetched, for backups of this hub", err=True)


def _say_what_the_config_needs(config: LoadedConfig, box: UsbBox) -> None:
    if box.local_port in _ports_of(config):
        return
    where = config.path or DEFAULT_CONFIG
    click.echo(f"Add this to {where}, then: systemctl restart tikmatrixd\n", err=True)
    click.echo(box.entry)


def _ports_of(config: LoadedConfig) -> set[int]:
    """Ports of this box on which the config expects an adb server."""
    return {config.settings.adb.port, *(server.port for server in config.settings.adb_servers)}


@usb_box.command("list")
@click.pass_obj
def list_boxes(config_path: Path | None) -> None:
    """List the boxes, their links, and whether their adb servers answer."""
    config = read_config(config_path)
    boxes = Boxes(usb_boxes_dir(config))
    configured = _ports_of(config)
    rows = []
    for name in boxes.names():
        box = boxes.find(name)
        if box is None:
            rows.append((name, "", "", "", "its line was not pasted yet: tikmatrixd usb-box add " + name))
            continue
        said = [_answer_of(box)]
        if box.local_port not in configured:
            said.append("not in the config")
        if not all((boxes.of(name) / key).exists() for key in ADB_KEYS):
            said.append("its adb key is not in backups")
        rows.append((name, box.host, str(box.local_port), link.state(box), "; ".join(said)))
    if rows:
        click.echo(
            "\n".join(table(("NAME", "ADDRESS", "PORT", "LINK", "ADB SERVER"), rows, terminal_width()))
        )
    else:
        click.echo("there are no other boxes: tikmatrixd usb-box add NAME", err=True)


def _answer_of(box: UsbBox) -> str:
    try:
        return f"answers, version {adb_version('127.0.0.1', box.local_port)}"
    except (OSError, ValueError) as error:
        return f"does not answer: {error}"


@usb_box.command()
@click.argument("name")
@click.pass_obj
def remove(config_path: Path | None, name: str) -> None:
    """End the link to the box NAME, and delete its keys on this box; backups keep them."""
    config = read_config(config_path)
    boxes = Boxes(usb_boxes_dir(config))
    _check_words(check_name, name)
    try:
        box = boxes.find(name)
        if box is not None:
            link.switch_off(name)
        if not boxes.remove(name):
            end(f"there is no box {name!r}; there are: {', '.join(boxes.names()) or 'none'}", EX.NOINPUT)
    except BoxesFailed as error:
        end(str(error), status_of(error))
    click.echo(f"{name}: removed; on that box: systemd/install.sh --remove")
    if box is not None and box.local_port in _ports_of(config):
        click.echo(f"take its [[adb_servers]] entry (port {box.local_port}) out of the config, too", err=True)


@usb_box.command("let-in")
@click.option(
    "--address", help="Under which the hub reaches this box; default: the one with which it goes out."
)
@click.option("--port", type=_PORT, help="Of ssh, where the hub must use another than sshd's own.")
def let_in(address: str | None, port: int | None) -> None:
    """On a USB box: take the line of the hub, let that hub in and no other, and print the line for the hub.

    systemd/install.sh --usb-box calls it. Without a line it prints that of the box again, for the hub that is known.
    """
    if os.geteuid() != 0:
        end("only root lets a hub in: try sudo", EX.NOPERM)
    if address is not None:
        _check_words(check_host, address)
    try:
        host = check_host(address or split_listen(reachable_at("0.0.0.0:1"))[0])
        if address is None and is_loopback(host):
            end("this box has no address in a network yet; else name one: --address", EX.UNAVAILABLE)
        if wrong := list(box_side.problems()):
            end("\n".join(wrong), EX.CONFIG)
        line = pasted("Paste the line that `tikmatrixd usb-box add NAME` printed on the hub:", read_hub_line)
        if line is not None and box_side.let_in(line):
            click.echo("the hub of before may not come in any more", err=True)
        if not box_side.has_hub():
            click.echo(
                "no line was pasted: no hub may come in yet; later: tikmatrixd usb-box let-in", err=True
            )
            return
        answer = box_side.box_line(host, port)
    except PasteInvalid as error:
        end(f"nothing was changed: {error}", EX.DATAERR)
    except BoxesFailed as error:
        end(str(error), status_of(error))
    click.echo("Paste this line on the hub, where `tikmatrixd usb-box add` waits for it:\n", err=True)
    click.echo(answer)


ALL: tuple[click.Command, ...] = (usb_box,)
