"""Uploads files of this machine into the library of the running daemon, in pieces, with progress on a terminal."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from handlers.cli.asking import DaemonSilent
from handlers.cli.command_line import EX, end, status_of
from handlers.cli.hub_options import Hub

_UPLOADS = "/api/v1/materials/uploads"
#: The last piece is answered when the daemon has looked into the file.
_TIMEOUT_S = 180.0


class Sent(NamedTuple):
    """A material of the library, and whether this command has put it there."""

    id: int
    new: bool


def take_back(hub: Hub, sent: Sequence[Sent]) -> None:
    """Remove what was uploaded for nothing: a slot would post it one day. What a task needs by now stays."""
    for one in sent:
        if one.new:
            with contextlib.suppress(DaemonSilent):
                hub.ask("DELETE", f"/api/v1/materials/{one.id}")


def upload(hub: Hub, file: Path) -> Sent:
    """The material that a file becomes; content that is in the library already is sent only where its upload is forgotten.

    Raises DaemonSilent; ends the program when the file cannot be read.
    """
    try:
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.tell()
            if not size:
                end(f"{file} is empty", EX.DATAERR)
            begun = _begin(hub, {"name": file.name, "size_bytes": size, "sha256": sha256})
            with click.progressbar(
                length=size, label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty() or hub.as_json
            ) as bar:
                while not begun["material_id"]:
                    bar.update(begun["offset"] - bar.pos)
                    begun = _send(hub, begun, content)
                bar.update(size - bar.pos)
    except OSError as error:
        end(f"{file} cannot be read: {error.strerror or error}", status_of(error))
    return Sent(begun["material_id"], new=begun.get("created") is True)


def _begin(hub: Hub, announced: dict[str, Any]) -> dict[str, Any]:
    begun = hub.ask_surely("POST", _UPLOADS, announced)
    if begun["material_id"]:
        try:
            hub.ask_surely("GET", f"/api/v1/materials/{begun['material_id']}")
        except DaemonSilent as error:
            if error.status is not EX.NOINPUT:
                raise
            # It was uploaded before and removed since: its upload is still remembered.
            hub.ask_surely("DELETE", f"{_UPLOADS}/{begun['id']}")
            begun = hub.ask_surely("POST", _UPLOADS, announced)
    return begun


def _send(hub: Hub, begun: dict[str, Any], content: Any) -> dict[str, Any]:
    """The next piece; the daemon then says how far it is."""
    first, size = begun["offset"], begun["size_bytes"]
    content.seek(first)
    piece = content.read(begun["piece_bytes"])
    if not piece:
        end(f"{content.name} became shorter while it was sent", EX.DATAERR)
    headers = {"Content-Range": f"bytes {first}-{first + len(piece) - 1}/{size}"}
    return hub.ask_surely("PUT", f"{_UPLOADS}/{begun['id']}", piece, headers=headers, timeout_s=_TIMEOUT_S)
