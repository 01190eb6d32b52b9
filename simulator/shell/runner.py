"""Runs parsed command lines: expansion, redirections, pipes, exit statuses; commands are coroutines."""

from __future__ import annotations

import contextlib
import fnmatch
from dataclasses import replace

from simulator.shell import lang
from simulator.shell.process import Process, run_words
from simulator.shell.streams import Buffer, FileOut, Nothing, Out
from simulator.shell.tokens import Part, ShellSyntaxError, Word


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

    async def run(self, text: str) -> int:
        """Run a command line to its end; its exit status."""
        try:
            return await self._list(lang.parse(text), self._process)
        except ShellSyntaxError as error:
            return await self._process.fail(f"/system/bin/sh: {error}\n")
        except ShellExit as ended:
            return ended.status

    async def _list(self, parsed: lang.List, process: Process) -> int:
        for joint, commands in parsed.items:
            if (joint == "&&" and self._status != 0) or (joint == "||" and self._status == 0):
                continue
            self._status = await self._pipeline(commands, process)
        return self._status

    async def _pipeline(self, commands: list[lang.Command], process: Process) -> int:
        """One after the other, each with the whole output of the one before."""
        if len(commands) == 1:
            return await self._command(commands[0], process)
        source = process.stdin
        for item in commands[:-1]:
            output = Buffer()
            await self._command(item, replace(process, stdin=source, stdout=output))
            source = output
        return await self._command(commands[-1], replace(process, stdin=source))

    async def _command(self, item: lang.Command, process: Process) -> int:
        if isinstance(item, lang.Group):
            return await self._list(item.body, process)
        if isinstance(item, lang.Loop):
            status = 0
            for value in await self._expand(item.words, process):
                process.env[item.name] = value
                status = await self._list(item.body, process)
            return status
        with contextlib.ExitStack() as opened:
            try:
                mine = await self._redirected(item.redirects, process, opened)
            except OSError as error:
                message = f"/system/bin/sh: can't create {error.filename}: {error.strerror}\n"
                return await process.fail(message)
            return await self._simple(item, process, mine)

    async def _simple(self, item: lang.Simple, process: Process, mine: Process) -> int:
        words = await self._expand(item.words, process)
        values = {name: await self._text(word, process) for name, word in item.assignments}
        if not words:
            process.env.update(values)
            return 0
        mine = replace(mine, env=mine.env | values if values else mine.env)
        status = await run_words(mine, words)
        if words[0] == "cd":
            process.cwd = self._process.cwd = mine.cwd
        return status

    async def _redirected(
        self, redirects: list[lang.Redirect], process: Process, opened: contextlib.ExitStack
    ) -> Process:
        outs: dict[int, Out] = {1: process.stdout, 2: process.stderr}
        for redirect in redirects:
            target = await self._text(redirect.target, process)
            if redirect.operator == ">&":
                outs[redirect.fd] = outs.get(int(target) if target.isdecimal() else 1, outs[1])
            elif target == "/dev/null":
                outs[redirect.fd] = Nothing()
            else:
                outs[redirect.fd] = file = self._open(target, process, append=redirect.operator == ">>")
                opened.callback(file.close)
        return replace(process, stdout=outs[1], stderr=outs[2]) if redirects else process

    def _open(self, target: str, process: Process, *, append: bool) -> FileOut:
        files = process.phone.files
        try:
            return FileOut(files, files.for_writing(target, process.cwd), append=append)
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
            value = part.value if part.kind == "text" else await self._value(part, process)
            quoted |= part.quoted
            if part.kind == "text" or part.quoted:
                fields[-1] += value
                pattern |= not part.quoted and any(c in value for c in "*?[")
            elif pieces := value.split():
                fields[-1] += pieces[0]
                fields.extend(pieces[1:])
        return ([] if fields == [""] and not quoted else fields), pattern

    async def _text(self, word: Word, process: Process) -> str:
        parts = [p.value if p.kind == "text" else await self._value(p, process) for p in word.parts]
        return "".join(parts)

    async def _value(self, part: Part, process: Process) -> str:
        if part.kind == "var":
            return str(self._status) if part.value == "?" else process.env.get(part.value, "")
        buffer = Buffer()
        self._status = await Shell(replace(process, stdout=buffer, env=dict(process.env))).run(part.value)
        return buffer.data.decode("utf-8", "surrogateescape").rstrip("\n")

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
