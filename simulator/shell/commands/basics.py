"""Commands that have nothing to do with Android: echo, cd, sh, sleep and their like (toybox)."""

from __future__ import annotations

import asyncio
import time

from simulator.shell.process import Process, command, run_words
from simulator.shell.runner import Shell, ShellExit


@command("echo")
async def echo(process: Process, words: list[str]) -> int:
    newline = words[:1] != ["-n"]
    await process.out(" ".join(words if newline else words[1:]) + ("\n" if newline else ""))
    return 0


@command("true", ":")
async def true(process: Process, words: list[str]) -> int:
    return 0


@command("false")
async def false(process: Process, words: list[str]) -> int:
    return 1


@command("exit")
async def leave(process: Process, words: list[str]) -> int:
    raise ShellExit(int(words[0]) if words and words[0].isdecimal() else 0)


@command("cd")
async def cd(process: Process, words: list[str]) -> int:
    files = process.phone.files
    target = files.canonical(words[0] if words else "/", process.cwd)
    try:
        files.listing(target)
    except OSError as error:
        return await process.fail(f"/system/bin/sh: cd: {words[0]}: {error.strerror}\n", 2)
    process.cwd = target
    return 0


@command("pwd")
async def pwd(process: Process, words: list[str]) -> int:
    await process.out(process.cwd + "\n")
    return 0


@command("sh")
async def sh(process: Process, words: list[str]) -> int:
    """`sh -c LINE`; without it the lines come on stdin."""
    text = words[1] if words[:1] == ["-c"] and len(words) > 1 else (await process.read_all()).decode()
    return await Shell(process).run(text)


@command("toybox")
async def toybox(process: Process, words: list[str]) -> int:
    return await run_words(process, words) if words else 0


@command("sleep")
async def sleep(process: Process, words: list[str]) -> int:
    try:
        await asyncio.sleep(sum(float(word.rstrip("s")) for word in words))
    except ValueError:
        return await process.fail(f"sleep: bad number '{words[0]}'\n")
    return 0


@command("head")
async def head(process: Process, words: list[str]) -> int:
    """`head -n N` of what comes on stdin."""
    count = int(words[1]) if words[:1] == ["-n"] and words[1:2] and words[1].isdecimal() else 10
    await process.out(b"".join((await process.read_all()).splitlines(keepends=True)[:count]))
    return 0


@command("date")
async def date(process: Process, words: list[str]) -> int:
    form = next((w[1:] for w in words if w.startswith("+")), "%a %b %e %H:%M:%S %Z %Y")
    now = process.phone.now()
    text = time.strftime(form.replace("%s", str(int(now))).replace("%Z", "UTC"), time.gmtime(now))
    await process.out(text + "\n")
    return 0
