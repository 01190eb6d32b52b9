"""Commands on files: ls, cat, rm, mv, mkdir, touch, stat, df, md5sum, sha256sum and find."""

from __future__ import annotations

import asyncio
import calendar
import fnmatch
import os
import time
from collections.abc import Awaitable, Callable, Iterator

from simulator.android.files import TOTAL_BYTES
from simulator.android.media_store import file_digest
from simulator.shell.process import Process, command

_MISSING = FileNotFoundError(2, "No such file or directory")


def _split(words: list[str]) -> tuple[str, list[str]]:
    """Flags (joined) and the rest."""
    flags = ""
    rest: list[str] = []
    for position, word in enumerate(words):
        if word == "--":
            return flags, rest + words[position + 1 :]
        if word.startswith("-") and len(word) > 1:
            flags += word[1:]
        else:
            rest.append(word)
    return flags, rest


async def _each(
    process: Process, names: list[str], act: Callable[[str], Awaitable[None]], *, quote: str = ""
) -> int:
    """Do it to each; what fails is said, and the others are done all the same."""
    status = 0
    for name in names:
        try:
            await act(name)
        except OSError as error:
            await process.err(f"{process.name}: {quote}{name}{quote}: {error.strerror}\n")
            status = 1
    return status


@command("ls")
async def ls(process: Process, words: list[str]) -> int:
    """`ls [-a|-A] [-t] [-d] NAME...`: one name a line."""
    flags, names = _split(words)

    async def show(name: str) -> None:
        await process.out("".join(f"{entry}\n" for entry in _listing(process, name, flags)))

    return await _each(process, names or [process.cwd], show)


def _listing(process: Process, name: str, flags: str) -> list[str]:
    files = process.phone.files
    system = files.system_listing(files.canonical(name, process.cwd))
    if system is not None:
        return system
    path = files.host_path(name, process.cwd)
    if not path.exists():
        raise _MISSING
    if not path.is_dir() or "d" in flags:
        return [name]
    entries = sorted(path.iterdir())
    if "t" in flags:
        entries.sort(key=lambda entry: -entry.stat().st_mtime)
    return [e.name for e in entries if not e.name.startswith(".") or "a" in flags or "A" in flags]


@command("cat")
async def cat(process: Process, words: list[str]) -> int:
    async def show(name: str) -> None:
        if name.startswith("/proc/"):
            await process.out(_proc(process, name))
            return
        with process.phone.files.host_path(name, process.cwd).open("rb") as file:
            while data := file.read(1 << 18):
                await process.out(data)

    if words:
        return await _each(process, words, show)
    await process.out(await process.read_all())
    return 0


def _proc(process: Process, name: str) -> str:
    """Of the kernel's own files: how long it has run, and of an app's program when it was started."""
    system = process.phone.system
    if name == "/proc/uptime":
        return f"{time.time() - system.booted_at:.2f} 0.00\n"
    for package in system.packages.values():
        if package.pid and name == f"/proc/{package.pid}/stat":
            ticks = int(max(0.0, package.started_at - system.booted_at) * 100)
            # A program's name is cut to 15 characters, and may hold blanks and brackets.
            return f"{package.pid} ({package.name[-15:]}) S 900 900 {'0 ' * 16}{ticks} 13000000\n"
    raise _MISSING


@command("rm", "rmdir")
async def rm(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    files = process.phone.files

    async def remove(name: str) -> None:
        path = files.for_writing(name, process.cwd)
        if path.is_dir() and not {"r", "R"} & set(flags) and process.name != "rmdir":
            raise IsADirectoryError(21, "Is a directory")
        try:
            files.remove(path)
        except FileNotFoundError:
            if "f" not in flags:
                raise _MISSING from None
            return
        process.phone.file_gone(files.canonical(name, process.cwd))

    return await _each(process, names, remove) if names else await process.fail("rm: Needs 1 argument\n")


@command("mv")
async def mv(process: Process, words: list[str]) -> int:
    _, names = _split(words)
    if len(names) < 2:
        return await process.fail("mv: Needs 2 arguments\n")
    files = process.phone.files
    target = files.for_writing(names[-1], process.cwd)

    async def move(name: str) -> None:
        source = files.host_path(name, process.cwd)
        if not source.exists():
            raise _MISSING
        source.replace(target / source.name if target.is_dir() else target)
        process.phone.file_gone(files.canonical(name, process.cwd))

    return await _each(process, names[:-1], move)


@command("mkdir")
async def mkdir(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    parents = "p" in flags

    async def make(name: str) -> None:
        process.phone.files.for_writing(name, process.cwd).mkdir(parents=parents, exist_ok=parents)

    return await _each(process, names, make, quote="'")


@command("touch")
async def touch(process: Process, words: list[str]) -> int:
    when: float | None = None
    names = []
    rest = iter(words)
    for word in rest:
        if word in ("-d", "-t"):
            when = _moment(next(rest, ""))
        elif not word.startswith("-"):
            names.append(word)

    async def stamp(name: str) -> None:
        path = process.phone.files.for_writing(name, process.cwd)
        path.touch()
        if when is not None:
            os.utime(path, (when, when))

    return await _each(process, names, stamp, quote="'")


def _moment(text: str) -> float | None:
    if text.startswith("@"):
        return float(text[1:])
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M.%S", "%Y%m%d%H%M"):
        try:
            return float(calendar.timegm(time.strptime(text, form)))
        except ValueError:
            continue
    return None


@command("md5sum", "sha256sum")
async def digest(process: Process, words: list[str]) -> int:
    brief = "-b" in words

    kind = process.name.removesuffix("sum")
    names = [w for w in words if not w.startswith("-")]

    async def show(name: str) -> None:
        path = process.phone.files.host_path(name, process.cwd)
        found = await asyncio.to_thread(file_digest, path, kind)
        await process.phone.takes_to_hash(path.stat().st_size)
        await process.out(f"{found}\n" if brief else f"{found}  {name}\n")

    return await _each(process, names, show)


@command("stat")
async def stat(process: Process, words: list[str]) -> int:
    """`stat -c FORMAT NAME...`"""
    if words[:1] != ["-c"] or len(words) < 3:
        return await process.fail("stat: only -c FORMAT is simulated\n")

    async def show(name: str) -> None:
        found = process.phone.files.host_path(name, process.cwd).stat()
        text = words[1]
        for mark, value in (("%s", found.st_size), ("%Y", int(found.st_mtime)), ("%n", name)):
            text = text.replace(mark, str(value))
        await process.out(text + "\n")

    return await _each(process, words[2:], show, quote="'")


@command("df")
async def df(process: Process, words: list[str]) -> int:
    """In units of 1024 bytes, with or without -k."""
    _, names = _split(words)
    phone = process.phone
    free = 0 if phone.faults.standing("storage-full") else max(0, phone.files.free_bytes)
    used = TOTAL_BYTES - free
    await process.out(f"{'Filesystem':<16}{'1K-blocks':>12}{'Used':>12}{'Available':>12} Use% Mounted on\n")
    for name in names or ["/sdcard"]:
        device, mount = ("/dev/block/dm-8", "/")
        if phone.files.is_shared(name):
            device, mount = ("/dev/fuse", "/storage/emulated")
        elif name.startswith("/data"):
            device, mount = ("/dev/block/dm-45", "/data")
        numbers = "".join(f"{count // 1024:>11} " for count in (TOTAL_BYTES, used, free))
        await process.out(f"{device:<16}{numbers} {used * 100 // TOTAL_BYTES:>3}% {mount}\n")
    return 0


@command("find")
async def find(process: Process, words: list[str]) -> int:
    """`find FOLDER... [-maxdepth N] [-name GLOB] [-type f|d] [-delete]`"""
    tests: dict[str, str] = {}
    rest = iter(w for w in words if w != "-delete")
    roots = []
    for word in rest:
        if word in ("-maxdepth", "-name", "-type"):
            tests[word] = next(rest, "")
        elif word.startswith("-"):
            return await process.fail(f"find: bad arg '{word}'\n")
        else:
            roots.append(word)
    files = process.phone.files

    async def look(root: str) -> None:
        for shown in list(_found(process, root, tests)):
            if "-delete" in words:
                files.remove(files.host_path(shown, process.cwd))
                process.phone.file_gone(files.canonical(shown, process.cwd))
            else:
                await process.out(shown + "\n")

    return await _each(process, roots or ["."], look)


def _found(process: Process, root: str, tests: dict[str, str]) -> Iterator[str]:
    base = process.phone.files.host_path(root, process.cwd)
    if not base.exists():
        raise _MISSING
    for path in [base, *sorted(base.rglob("*"))]:
        below = path.relative_to(base).parts
        kind = "d" if path.is_dir() else "f"
        name = path.name if below else root.rpartition("/")[2]
        if len(below) > int(tests.get("-maxdepth", "99")) or tests.get("-type", kind) != kind:
            continue
        if fnmatch.fnmatchcase(name, tests.get("-name", "*")):
            yield "/".join([root.rstrip("/"), *below])
