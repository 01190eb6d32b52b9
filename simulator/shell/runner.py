"""Runs parsed command lines: expansion, redirections, pipes, exit statuses; commands are coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simulator.shell import lang
from simulator.shell.streams import Buffer, FileOut, In, Nothing, Out, Pipe
from simulator.shell.tokens import Part, ShellSyntaxError, Word

if TYPE_CHECKING:
    from simulator.phone import Phone

_LOOP_LIMIT = 10_000


@dataclass
class Process:
    """What a command gets: the phone, its arguments' streams and its surroundings."""

    phone: Phone
    stdin: In
    stdout: Out
    stderr: Out
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    command_line: str = ""

    async def out(self, text: str | bytes) -> None:
        await self.stdout.write(_encoded(text) if isinstance(text, str) else text)

    async def err(self, text: str) -> None:
        await self.stderr.write(_encoded(text))

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
        for name in names:
            _COMMANDS[name] = function
        return function

    return register


def command_names() -> list[str]:
    return sorted(_COMMANDS)


class ShellExit(Exception):
    """`exit` was called."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Shell:
    """One shell: variables, the last status, the working directory."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._status = 0
        self._background: list[asyncio.Task[int]] = []

    async def run(self, text: str) -> int:
        """Run a command line to its end; its exit status."""
        process = self._process
        try:
            parsed = lang.parse(text)
        except ShellSyntaxError as error:
            await process.err(f"/system/bin/sh: {error}\n")
            return 1
        try:
            status = await self._list(parsed, process)
            if self._background:
                await asyncio.gather(*self._background)
            return status
        except ShellExit as ended:
            return ended.status
        finally:
            for task in self._background:
                task.cancel()

    async def _list(self, parsed: lang.List, process: Process) -> int:
        for joint, pipeline, background in parsed.items:
            if (joint == "&&" and self._status != 0) or (joint == "||" and self._status == 0):
                continue
            if background:
                self._background.append(asyncio.create_task(self._pipeline(pipeline, process)))
                self._status = 0
            else:
                self._status = await self._pipeline(pipeline, process)
        return self._status

    async def _pipeline(self, pipeline: lang.Pipeline, process: Process) -> int:
        if len(pipeline.commands) == 1:
            status = await self._command(pipeline.commands[0], process)
        else:
            status = await self._piped(pipeline.commands, process)
        return int(not status) if pipeline.negated else status

    async def _piped(self, commands: list[lang.Command], process: Process) -> int:
        async def run(item: lang.Command, mine: Process, pipe: Pipe | None) -> int:
            try:
                return await self._command(item, mine)
            finally:
                if pipe is not None:
                    pipe.end()

        source: In = process.stdin
        runs = []
        for number, item in enumerate(commands):
            pipe = Pipe() if number < len(commands) - 1 else None
            mine = replace(process, stdin=source, stdout=pipe or process.stdout)
            runs.append(run(item, mine, pipe))
            source = pipe or source
        return (await asyncio.gather(*runs))[-1]

    async def _command(self, item: lang.Command, process: Process) -> int:
        with contextlib.ExitStack() as opened:
            try:
                process = await self._redirected(item.redirects, process, opened)
            except OSError as error:
                await process.err(f"/system/bin/sh: can't create {error.filename}: {error.strerror}\n")
                return 1
            return await self._compound(item, process)

    async def _compound(self, item: lang.Command, process: Process) -> int:
        if isinstance(item, lang.Group):
            return await self._list(item.body, process)
        if isinstance(item, lang.Conditional):
            for condition, body in item.branches:
                if condition is None or await self._list(condition, process) == 0:
                    return await self._list(body, process)
            return 0
        if isinstance(item, lang.Loop):
            return await self._loop(item, process)
        return await self._simple(item, process)

    async def _loop(self, item: lang.Loop, process: Process) -> int:
        status = 0
        if item.condition is None:
            for value in await self._expand(item.words, process):
                process.env[item.name] = value
                status = await self._list(item.body, process)
            return status
        for _ in range(_LOOP_LIMIT):
            if (await self._list(item.condition, process) == 0) == item.until:
                break
            status = await self._list(item.body, process)
        return status

    async def _simple(self, item: lang.Simple, process: Process) -> int:
        words = await self._expand(item.words, process)
        values = [(name, await self._text(word, process)) for name, word in item.assignments]
        if not words:
            process.env.update(values)
            return 0
        env = process.env
        if values:
            env = {**env, **dict(values)}
        mine = replace(process, env=env, command_line=" ".join(words))
        status = await run_words(mine, words)
        if words[0] == "cd":
            process.cwd = self._process.cwd = mine.cwd
        return status

    async def _redirected(
        self, redirects: list[lang.Redirect], process: Process, opened: contextlib.ExitStack
    ) -> Process:
        outs: dict[int, Out] = {1: process.stdout, 2: process.stderr}
        stdin = process.stdin
        for redirect in redirects:
            target = await self._text(redirect.target, process)
            if redirect.operator in (">&", "<&"):
                outs[redirect.fd] = outs.get(int(target) if target.isdigit() else 1, outs[1])
            elif redirect.operator == "<":
                stdin = Nothing() if target == "/dev/null" else Buffer(self._open_in(target, process))
            elif target == "/dev/null":
                outs[redirect.fd] = Nothing()
            else:
                file = self._open_out(target, process, append=redirect.operator == ">>")
                opened.callback(file.close)
                outs[redirect.fd] = file
        return replace(process, stdin=stdin, stdout=outs[1], stderr=outs[2]) if redirects else process

    def _open_in(self, target: str, process: Process) -> bytes:
        try:
            return bytes(process.phone.files.host_path(target, process.cwd).read_bytes())
        except OSError as error:
            error.filename = target
            raise

    def _open_out(self, target: str, process: Process, *, append: bool) -> FileOut:
        try:
            return FileOut(
                process.phone.files, process.phone.files.for_writing(target, process.cwd), append=append
            )
        except OSError as error:
            error.filename = target
            raise

    async def _expand(self, words: list[Word], process: Process) -> list[str]:
        result: list[str] = []
        for word in words:
            fields, pattern = await self._fields(word, process)
            for text in fields:
                matches = self._glob(text, process) if pattern else []
                result.extend(matches or [text])
        return result

    async def _fields(self, word: Word, process: Process) -> tuple[list[str], bool]:
        """A word's fields (unquoted expansions are split at blanks), and whether it may hold a glob."""
        fields: list[str] = [""]
        quoted = pattern = False
        for part in word.parts:
            if part.kind == "text":
                fields[-1] += part.value
                quoted |= part.quoted
                pattern |= not part.quoted and any(c in part.value for c in "*?[")
                continue
            value = await self._value(part, process)
            if part.quoted:
                fields[-1] += value
                quoted = True
            else:
                pieces = value.split()
                if pieces:
                    fields[-1] += pieces[0]
                    fields.extend(pieces[1:])
        return ([] if fields == [""] and not quoted else fields), pattern

    async def _text(self, word: Word, process: Process) -> str:
        parts = [p.value if p.kind == "text" else await self._value(p, process) for p in word.parts]
        return "".join(parts)

    async def _value(self, part: Part, process: Process) -> str:
        if part.kind == "command":
            buffer = Buffer()
            inner = Shell(replace(process, stdout=buffer, env=dict(process.env)))
            self._status = await inner.run(part.value)
            return buffer.data.decode("utf-8", "surrogateescape").rstrip("\n")
        name, _, default = part.value.partition(":-")
        if name == "?":
            return str(self._status)
        if name == "$":
            return "2417"
        if name == "#":
            return "0"
        return process.env.get(name, "") or default

    def _glob(self, text: str, process: Process) -> list[str]:
        folder, slash, name = text.rpartition("/")
        if any(c in folder for c in "*?["):
            return []
        with contextlib.suppress(OSError):
            names = process.phone.files.listing(folder or ("/" if slash else "."), process.cwd)
            return [
                f"{folder}{slash}{n}"
                for n in names
                if fnmatch.fnmatchcase(n, name) and (n[0] != "." or name[0] == ".")
            ]
        return []


async def run_words(process: Process, words: list[str]) -> int:
    """Run one command by its words; 127 when there is none of that name."""
    name = words[0]
    short = name.removeprefix("/system/bin/")
    found = _COMMANDS.get(short)
    if found is None:
        reason = (
            "inaccessible or not found" if "/" not in name or short != name else "No such file or directory"
        )
        await process.err(f"/system/bin/sh: {name}: {reason}\n")
        return 127
    try:
        return await found(process, words[1:])
    except ConnectionError:
        raise  # the stream to the host is gone, not a file of the phone
    except OSError as error:
        await process.err(f"{short}: {error.strerror}\n")
        return 1
