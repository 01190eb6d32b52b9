"""Reads one pasted line as data: it never comes near a shell, and what is pasted behind it does not either."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable
from typing import TypeVar

import click

from jobs.upkeep.usb_boxes.pasted import MAX_CHARS, PasteInvalid

T = TypeVar("T")
_TRIES = 3


def pasted(prompt: str, read: Callable[[str], T]) -> T | None:
    """The next line of standard input, read by `read`; None where there is none.

    Raises:
        PasteInvalid: It is another line, at a terminal for the third time.
    """
    at_terminal = sys.stdin.isatty()
    tries = _TRIES if at_terminal else 1
    for left in reversed(range(tries)):
        click.echo(prompt, err=True)
        line = sys.stdin.buffer.readline(2 * MAX_CHARS)
        if at_terminal:
            # Further lines of the same paste would be commands for the shell that comes next.
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        if not line.strip():
            return None
        try:
            return read(line.decode("ascii", "replace"))
        except PasteInvalid as error:
            if not left:
                raise
            click.echo(f"{error}. Once more:", err=True)
    return None
