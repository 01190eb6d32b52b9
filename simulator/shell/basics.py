"""Commands that have nothing to do with Android: echo, test, grep, sleep and their like (toybox)."""

from __future__ import annotations

import asyncio
import base64
import re
import time

from simulator.shell.runner import Process, Shell, ShellExit, command, command_names, run_words

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\r": "\r"}


@command("echo")
async def echo(process: Process, words: list[str]) -> int:
    newline, escapes = True, False
    while words and re.fullmatch("-[neE]+", words[0]):
        newline &= "n" not in words[0]
        escapes |= "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    if escapes:
        text = re.sub(r"\\[ntr\\]", lambda m: _ESCAPES[m[0]], text)
    await process.out(text + ("\n" if newline else ""))
    return 0


@command("printf")
async def printf(process: Process, words: list[str]) -> int:
    if not words:
        await process.err("printf: Needs 1 argument\n")
        return 1
    values = iter(words[1:])
    text = re.sub(r"\\[ntr\\]", lambda m: _ESCAPES[m[0]], words[0])
    await process.out(re.sub(r"%[sd%]", lambda m: "%" if m[0] == "%%" else next(values, ""), text))
    return 0


@command("true", ":")
async def true(process: Process, words: list[str]) -> int:
    return 0


@command("false")
async def false(process: Process, words: list[str]) -> int:
    return 1


@command("exit")
async def leave(process: Process, words: list[str]) -> int:
    raise ShellExit(int(words[0]) if words and words[0].isdigit() else 0)


@command("cd")
async def cd(process: Process, words: list[str]) -> int:
    files = process.phone.files
    target = files.canonical(words[0] if words else "/", process.cwd)
    try:
        files.listing(target)
    except OSError as error:
        await process.err(f"/system/bin/sh: cd: {words[0]}: {error.strerror}\n")
        return 2
    process.cwd = target
    return 0


@command("pwd")
async def pwd(process: Process, words: list[str]) -> int:
    await process.out(process.cwd + "\n")
    return 0


@command("export", "set")
async def export(process: Process, words: list[str]) -> int:
    for word in words:
        name, assigned, value = word.partition("=")
        if assigned:
            process.env[name] = value
    return 0


@command("sh", "su")
async def sh(process: Process, words: list[str]) -> int:
    if process.command_line.startswith("su"):
        await process.err("/system/bin/sh: su: inaccessible or not found\n")
        return 127
    text = words[1] if words[:1] == ["-c"] and len(words) > 1 else (await process.read_all()).decode()
    return await Shell(process).run(text)


@command("toybox", "exec", "nohup", "setsid", "time")
async def toybox(process: Process, words: list[str]) -> int:
    if not words:
        await process.out(" ".join(command_names()) + "\n")
        return 0
    if process.command_line.startswith("toybox") and words[0] not in command_names():
        await process.err(f"toybox: Unknown command {words[0]}\n")
        return 127
    return await run_words(process, words)


@command("timeout")
async def timeout(process: Process, words: list[str]) -> int:
    try:
        async with asyncio.timeout(float(words[0].rstrip("s"))):
            return await run_words(process, words[1:])
    except TimeoutError:
        return 124
    except (ValueError, IndexError):
        await process.err("timeout: bad argument\n")
        return 125


@command("sleep")
async def sleep(process: Process, words: list[str]) -> int:
    try:
        await asyncio.sleep(sum(float(word.rstrip("s")) for word in words))
    except ValueError:
        await process.err(f"sleep: bad number '{words[0]}'\n")
        return 1
    return 0


@command("test", "[")
async def test(process: Process, words: list[str]) -> int:
    if process.command_line.startswith("["):
        if words[-1:] != ["]"]:
            await process.err("/system/bin/sh: [: missing ]\n")
            return 2
        words = words[:-1]
    negated = words[:1] == ["!"]
    return int(_holds(process, words[1:] if negated else words) == negated)


def _holds(process: Process, words: list[str]) -> bool:
    if len(words) == 1:
        return bool(words[0])
    if len(words) == 2:
        flag, operand = words
        if flag in ("-z", "-n"):
            return bool(operand) == (flag == "-n")
        if process.phone.files.system_listing(operand) is not None:
            return flag in ("-e", "-d", "-r", "-x")
        try:
            path = process.phone.files.host_path(operand, process.cwd)
        except OSError:
            return False
        tests = {
            "-e": path.exists,
            "-f": path.is_file,
            "-d": path.is_dir,
            "-r": path.exists,
            "-w": path.exists,
        }
        if flag == "-s":
            return path.is_file() and path.stat().st_size > 0
        return tests[flag]() if flag in tests else False
    if len(words) == 3:
        left, operator, right = words
        if operator in ("=", "=="):
            return left == right
        if operator == "!=":
            return left != right
        numbers = {"-eq": "==", "-ne": "!=", "-gt": ">", "-lt": "<", "-ge": ">=", "-le": "<="}
        if operator in numbers and left.lstrip("-").isdigit() and right.lstrip("-").isdigit():
            a, b = int(left), int(right)
            return {"==": a == b, "!=": a != b, ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b}[
                numbers[operator]
            ]
    return False


@command("grep")
async def grep(process: Process, words: list[str]) -> int:
    flags = "".join(w[1:] for w in words if w.startswith("-"))
    rest = [w for w in words if not w.startswith("-")]
    if not rest:
        await process.err("grep: no REGEX\n")
        return 2
    data = b""
    for name in rest[1:]:
        data += process.phone.files.host_path(name, process.cwd).read_bytes()
    text = (data if rest[1:] else await process.read_all()).decode("utf-8", "replace")
    pattern = re.escape(rest[0]) if "F" in flags else rest[0]
    found = [
        line
        for line in text.splitlines()
        if bool(re.search(pattern, line, re.IGNORECASE if "i" in flags else 0)) != ("v" in flags)
    ]
    if "c" in flags:
        await process.out(f"{len(found)}\n")
    elif "q" not in flags:
        await process.out("".join(line + "\n" for line in found))
    return 0 if found else 1


@command("head", "tail")
async def head(process: Process, words: list[str]) -> int:
    digits = [w.lstrip("-n") for w in words if w.lstrip("-n").isdigit()]
    count = int(digits[0]) if digits else 10
    found = (await process.read_all()).splitlines(keepends=True)
    chosen = found[:count] if process.command_line.startswith("head") else found[-count:]
    await process.out(b"".join(chosen))
    return 0


@command("wc")
async def wc(process: Process, words: list[str]) -> int:
    data = await process.read_all()
    counts = {"-l": data.count(b"\n"), "-c": len(data), "-w": len(data.split())}
    chosen = [counts[w] for w in words if w in counts] or [counts["-l"], counts["-w"], counts["-c"]]
    await process.out(" ".join(map(str, chosen)) + "\n")
    return 0


@command("tr")
async def tr(process: Process, words: list[str]) -> int:
    data = (await process.read_all()).decode("utf-8", "replace")
    if words[:1] == ["-d"] and len(words) > 1:
        drop = set(words[1].replace("\\r", "\r").replace("\\n", "\n"))
        await process.out("".join(c for c in data if c not in drop))
        return 0
    await process.err("tr: only -d is simulated\n")
    return 1


@command("base64")
async def base64_(process: Process, words: list[str]) -> int:
    data = await process.read_all()
    if words[:1] == ["-d"]:
        await process.out(base64.b64decode(data, validate=False))
    else:
        await process.out(base64.encodebytes(data))
    return 0


@command("date")
async def date(process: Process, words: list[str]) -> int:
    form = next((w[1:] for w in words if w.startswith("+")), "%a %b %e %H:%M:%S %Z %Y")
    now = process.phone.now()
    moment = time.gmtime(now)
    await process.out(time.strftime(form.replace("%s", str(int(now))).replace("%Z", "UTC"), moment) + "\n")
    return 0


@command("id", "whoami")
async def identity(process: Process, words: list[str]) -> int:
    text = "uid=2000(shell) gid=2000(shell) groups=2000(shell),1015(sdcard_rw),1028(sdcard_r) context=u:r:shell:s0"
    await process.out(("shell" if process.command_line == "whoami" else text) + "\n")
    return 0


@command("uname")
async def uname(process: Process, words: list[str]) -> int:
    full = "Linux localhost 5.10.198-android13-4 #1 SMP PREEMPT aarch64 Toybox"
    await process.out((full if "-a" in words else "aarch64" if "-m" in words else "Linux") + "\n")
    return 0


@command("which", "command")
async def which(process: Process, words: list[str]) -> int:
    name = words[-1] if words else ""
    if name not in command_names() or name in ("simctl", "su"):
        return 1
    await process.out(f"/system/bin/{name}\n")
    return 0


@command("uptime")
async def uptime(process: Process, words: list[str]) -> int:
    minutes = int((process.phone.now() - process.phone.system.booted_at) // 60)
    await process.out(f" up {minutes} min,  0 users,  load average: 1.00, 1.00, 1.00\n")
    return 0
