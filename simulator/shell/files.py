"""Commands on files: ls, cat, rm, mv, cp, mkdir, touch, stat, df, md5sum and their like."""

from __future__ import annotations

import asyncio
import calendar
import fnmatch
import os
import shutil
import time
from pathlib import Path

from simulator.android.files import TOTAL_BYTES
from simulator.android.media_store import file_digest
from simulator.shell.runner import Process, command


def _split(words: list[str]) -> tuple[str, list[str]]:
    """Flags (joined) and the rest."""
    flags, rest = "", []
    for position, word in enumerate(words):
        if word == "--":
            rest.extend(words[position + 1 :])
            break
        if word.startswith("-") and len(word) > 1:
            flags += word[1:]
        else:
            rest.append(word)
    return flags, rest


@command("ls")
async def ls(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    status = 0
    for name in names or [process.cwd]:
        try:
            await process.out(_listing(process, name, flags, many=len(names) > 1))
        except OSError as error:
            await process.err(f"ls: {name}: {error.strerror}\n")
            status = 1
    return status


def _listing(process: Process, name: str, flags: str, *, many: bool) -> str:
    files = process.phone.files
    system = files.system_listing(files.canonical(name, process.cwd))
    if system is not None:
        return "".join(f"{entry}\n" for entry in system)
    path = files.host_path(name, process.cwd)
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory")
    entries = (
        [(name, path)] if not path.is_dir() or "d" in flags else [(e.name, e) for e in sorted(path.iterdir())]
    )
    if "a" not in flags:
        entries = [entry for entry in entries if not entry[1].name.startswith(".") or entry[0] == name]
    if "t" in flags:
        entries.sort(key=lambda entry: -entry[1].stat().st_mtime)
    head = f"{name}:\n" if many and path.is_dir() else ""
    if "l" not in flags:
        return head + "".join(f"{entry}\n" for entry, _ in entries)
    total = f"total {sum(e.stat().st_size for _, e in entries) // 1024}\n" if path.is_dir() else ""
    return head + total + "".join(_long(entry, found) for entry, found in entries)


def _long(name: str, path: Path) -> str:
    found = path.stat()
    kind = "drwxrws---" if path.is_dir() else "-rw-rw----"
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(found.st_mtime))
    return f"{kind} 1 u0_a190 media_rw {found.st_size:>9} {when} {name}\n"


@command("cat")
async def cat(process: Process, words: list[str]) -> int:
    if not words or words == ["-"]:
        while data := await process.stdin.read():
            await process.out(data)
        return 0
    status = 0
    for name in words:
        try:
            with process.phone.files.host_path(name, process.cwd).open("rb") as file:
                while data := file.read(1 << 18):
                    await process.out(data)
        except OSError as error:
            await process.err(f"cat: {name}: {error.strerror}\n")
            status = 1
    return status


@command("rm", "rmdir", "unlink")
async def rm(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    status = 0
    for name in names:
        try:
            path = process.phone.files.for_writing(name, process.cwd)
            if (
                path.is_dir()
                and "r" not in flags
                and "R" not in flags
                and not process.command_line.startswith("rmdir")
            ):
                raise IsADirectoryError(21, "Is a directory")
            process.phone.files.remove(path)
            process.phone.file_gone(process.phone.files.canonical(name, process.cwd))
        except FileNotFoundError:
            if "f" not in flags:
                await process.err(f"rm: {name}: No such file or directory\n")
                status = 1
        except OSError as error:
            await process.err(f"rm: {name}: {error.strerror}\n")
            status = 1
    if not names:
        await process.err("rm: Needs 1 argument\n")
        status = 1
    return status


@command("mv", "cp")
async def mv(process: Process, words: list[str]) -> int:
    _, names = _split(words)
    verb = process.command_line.partition(" ")[0]
    if len(names) < 2:
        await process.err(f"{verb}: Needs 2 arguments\n")
        return 1
    files = process.phone.files
    target = files.for_writing(names[-1], process.cwd)
    for name in names[:-1]:
        try:
            source = files.host_path(name, process.cwd)
            if not source.exists():
                raise FileNotFoundError(2, "No such file or directory")
            destination = target / source.name if target.is_dir() else target
            if verb == "cp":
                await asyncio.to_thread(shutil.copyfile, source, destination)
            else:
                source.replace(destination)
                process.phone.file_gone(files.canonical(name, process.cwd))
        except OSError as error:
            await process.err(f"{verb}: {name}: {error.strerror}\n")
            return 1
    return 0


@command("mkdir")
async def mkdir(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    for name in names:
        try:
            process.phone.files.for_writing(name, process.cwd).mkdir(
                parents="p" in flags, exist_ok="p" in flags
            )
        except OSError as error:
            await process.err(f"mkdir: '{name}': {error.strerror}\n")
            return 1
    return 0


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
    for name in names:
        try:
            path = process.phone.files.for_writing(name, process.cwd)
            path.touch()
            if when is not None:
                os.utime(path, (when, when))
        except OSError as error:
            await process.err(f"touch: '{name}': {error.strerror}\n")
            return 1
    return 0


def _moment(text: str) -> float | None:
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M.%S", "%Y%m%d%H%M", "@%s"):
        if form == "@%s" and text.startswith("@"):
            return float(text[1:])
        try:
            return float(calendar.timegm(time.strptime(text, form)))
        except ValueError:
            continue
    return None


@command("md5sum", "sha1sum", "sha256sum")
async def digest(process: Process, words: list[str]) -> int:
    algorithm = {"md5": "md5", "sha1": "sha1", "sha25": "sha256"}[process.command_line.partition("sum")[0].split()[-1].rpartition("/")[2][:5]]  # fmt: skip
    brief = "-b" in words
    status = 0
    for name in [w for w in words if not w.startswith("-")]:
        try:
            path = process.phone.files.host_path(name, process.cwd)
            found = await asyncio.to_thread(file_digest, path, algorithm)
            await process.out(f"{found}\n" if brief else f"{found}  {name}\n")
        except OSError as error:
            await process.err(f"{algorithm}sum: {name}: {error.strerror}\n")
            status = 1
    return status


@command("stat")
async def stat(process: Process, words: list[str]) -> int:
    form, names = "", []
    rest = iter(words)
    for word in rest:
        if word in ("-c", "--format"):
            form = next(rest, "")
        elif not word.startswith("-"):
            names.append(word)
    status = 0
    for name in names:
        try:
            found = process.phone.files.host_path(name, process.cwd).stat()
        except OSError as error:
            await process.err(f"stat: '{name}': {error.strerror}\n")
            status = 1
            continue
        values = {
            "%s": str(found.st_size),
            "%Y": str(int(found.st_mtime)),
            "%n": name,
            "%a": "660",
            "%F": "regular file",
        }
        if form:
            text = form
            for mark, value in values.items():
                text = text.replace(mark, value)
            await process.out(text + "\n")
        else:
            await process.out(
                f"  File: {name}\n  Size: {found.st_size}\t Blocks: {found.st_size // 512}\t regular file\n"
            )
    return status


@command("du")
async def du(process: Process, words: list[str]) -> int:
    for name in [w for w in words if not w.startswith("-")]:
        path = process.phone.files.host_path(name, process.cwd)
        found = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
        await process.out(f"{sum(p.stat().st_size for p in found) // 1024}\t{name}\n")
    return 0


@command("df")
async def df(process: Process, words: list[str]) -> int:
    flags, names = _split(words)
    phone = process.phone
    free = 0 if phone.faults.standing("storage-full") else max(0, phone.files.free_bytes)
    used = TOTAL_BYTES - free
    unit, suffix = 1024, ""
    title = "1K-blocks"
    if "h" in flags:
        unit, suffix, title = 1024**3, "G", "Size"
    share = used * 100 // TOTAL_BYTES
    await process.out(f"{'Filesystem':<16}{title:>12}{'Used':>12}{'Available':>12} Use% Mounted on\n")
    for name in names or ["/sdcard"]:
        system = not phone.files.is_shared(name) and not name.startswith("/data")
        device, mount = ("/dev/block/dm-8", "/") if system else ("/dev/fuse", "/storage/emulated")
        if name.startswith("/data"):
            device, mount = "/dev/block/dm-45", "/data"
        await process.out(
            f"{device:<16}{TOTAL_BYTES // unit:>11}{suffix:1}{used // unit:>11}{suffix:1}{free // unit:>11}{suffix:1} {share:>3}% {mount}\n"
        )
    return 0


@command("find")
async def find(process: Process, words: list[str]) -> int:
    """FOLDER [-maxdepth N] [-name GLOB] [-type f|d] [-delete]"""
    tests: dict[str, str] = {}
    delete = "-delete" in words
    rest = iter(w for w in words if w not in ("-delete", "-print"))
    roots = []
    for word in rest:
        if word in ("-maxdepth", "-name", "-type", "-iname"):
            tests[word] = next(rest, "")
        elif word.startswith("-"):
            await process.err(f"find: bad arg '{word}'\n")
            return 1
        else:
            roots.append(word)
    files = process.phone.files
    for root in roots or ["."]:
        try:
            base = files.host_path(root, process.cwd)
            if not base.exists():
                raise FileNotFoundError(2, "No such file or directory")
        except OSError as error:
            await process.err(f"find: {root}: {error.strerror}\n")
            return 1
        depth = int(tests.get("-maxdepth", "99"))
        for path in [base, *sorted(base.rglob("*"))]:
            below = path.relative_to(base).parts
            kind = "d" if path.is_dir() else "f"
            name = path.name if below else root.rpartition("/")[2]
            if len(below) > depth or tests.get("-type", kind) != kind:
                continue
            if not fnmatch.fnmatchcase(name, tests.get("-name", "*")):
                continue
            shown = "/".join([root.rstrip("/"), *below])
            if delete:
                files.remove(path)
                process.phone.file_gone(files.canonical(shown, process.cwd))
            else:
                await process.out(shown + "\n")
    return 0


@command("chmod", "chown", "sync", "restorecon")
async def chmod(process: Process, words: list[str]) -> int:
    return 0
