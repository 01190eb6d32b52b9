"""What a command of the phone's shell gets, how commands are registered, and how one is run by its words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from simulator.phone import Phone
from simulator.shell.streams import In, Out


@dataclass
class Process:
    """What a command gets: the phone, its arguments' streams and its surroundings."""

    phone: Phone
    stdin: In
    stdout: Out
    stderr: Out
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    name: str = ""  #: by which it was called

    async def out(self, text: str | bytes) -> None:
        await self.stdout.write(_encoded(text) if isinstance(text, str) else text)

    async def err(self, text: str) -> None:
        await self.stderr.write(_encoded(text))

    async def fail(self, text: str, status: int = 1) -> int:
        """Print an error; the exit status to end with."""
        await self.err(text)
        return status

    async def read_all(self) -> bytes:
        parts = []
        while data := await self.stdin.read():
            parts.append(data)
        return b"".join(parts)


def _encoded(text: str) -> bytes:
    """Names that were no UTF-8 come back as they were; half characters that a client sent are passed on."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


Command = Callable[[Process, list[str]], Awaitable[int]]
_COMMANDS: dict[str, Command] = {}


def command(*names: str) -> Callable[[Command], Command]:
    """Register a command under its names."""

    def register(function: Command) -> Command:
        _COMMANDS.update(dict.fromkeys(names, function))
        return function

    return register


async def run_words(process: Process, words: list[str]) -> int:
    """Run one command by its words; 127 when there is none of that name."""
    name = words[0]
    process.name = short = name.removeprefix("/system/bin/")
    found = _COMMANDS.get(short)
    if found is None:
        known = "/" in name and short == name
        reason = "No such file or directory" if known else "inaccessible or not found"
        return await process.fail(f"/system/bin/sh: {name}: {reason}\n", 127)
    try:
        return await found(process, words[1:])
    except ConnectionError:
        raise  # the stream to the host is gone, not a file of the phone
    except OSError as error:
        return await process.fail(f"{short}: {error.strerror}\n")
