"""`input` and `uiautomator`: fingers, keys and text from the shell."""

from __future__ import annotations

import asyncio

from simulator.android import tree
from simulator.shell.process import Process, command

_KEYS = {
    "HOME": 3, "BACK": 4, "CALL": 5, "ENDCALL": 6, "DPAD_UP": 19, "DPAD_DOWN": 20, "DPAD_LEFT": 21, "DPAD_RIGHT": 22,
    "DPAD_CENTER": 23, "VOLUME_UP": 24, "VOLUME_DOWN": 25, "POWER": 26, "CAMERA": 27, "TAB": 61, "SPACE": 62,
    "ENTER": 66, "DEL": 67, "MENU": 82, "SEARCH": 84, "ESCAPE": 111, "MOVE_HOME": 122, "MOVE_END": 123,
    "APP_SWITCH": 187, "SLEEP": 223, "WAKEUP": 224, "VOLUME_MUTE": 164, "PASTE": 279,
}  # fmt: skip


@command("input")
async def input_(process: Process, words: list[str]) -> int:
    words = list(words)
    while words and words[0] in ("touchscreen", "keyboard", "stylus", "mouse"):
        words = words[1:]
    if words[:1] in (["-d"], ["--display"]):
        words = words[2:]
    phone = process.phone
    verb, rest = (words[0] if words else ""), words[1:]
    if phone.system.input_forbidden and verb in {"tap", "swipe", "draganddrop", "roll", "keyevent", "text"}:
        return await process.fail(
            f"\nException occurred while executing '{verb}':\njava.lang.SecurityException: Injecting to another application"
            " requires INJECT_EVENTS permission\n\tat android.os.Parcel.createExceptionOrNull(Parcel.java:2438)\n",
            255,
        )
    try:
        if verb == "tap":
            phone.tap(round(float(rest[0])), round(float(rest[1])), "input")
        elif verb in ("swipe", "draganddrop", "roll"):
            points = [round(float(word)) for word in rest[:4]]
            seconds = float(rest[4]) / 1000 if len(rest) > 4 else 0.3
            if len(points) == 4 and points[:2] == points[2:]:
                phone.tap(points[0], points[1], "input")
            else:
                phone.display.swipe(points[0], points[1], points[2], points[3], seconds)
            await asyncio.sleep(phone.scaled(seconds))
        elif verb == "keyevent":
            return await _keys(process, rest)
        elif verb == "text":
            return await _text(process, " ".join(rest))
        else:
            return await process.fail(
                f"Error: Unknown command: {verb}\n" if verb else "Usage: input [<source>] <command>\n", 255
            )
    except (ValueError, IndexError, TypeError):
        return await process.fail(f"Error: Invalid arguments for command: {verb}\n", 255)
    if phone.reply_lost():
        await phone.hang()
    return 0


async def _keys(process: Process, words: list[str]) -> int:
    for word in words:
        if word.startswith("--"):
            continue
        code = int(word) if word.isdecimal() else _KEYS.get(word.upper().removeprefix("KEYCODE_"))
        if code is None:
            return await process.fail(f"Error: Invalid arguments for command: keyevent {word}\n", 255)
        if code == 279:
            process.phone.display.insert(process.phone.system.clipboard or "")
        else:
            process.phone.press(code)
    return 0


async def _text(process: Process, text: str) -> int:
    """Characters without a key on the virtual keyboard make the real command fail, with nothing typed."""
    if not text.isascii():
        return await process.fail(
            "Exception occurred while executing 'text':\njava.lang.NullPointerException: Attempt to get length of null array\n"
            "\tat com.android.server.input.InputShellCommand.sendText(InputShellCommand.java:318)\n",
            255,
        )
    process.phone.display.insert(process.phone.typed(text.replace("%s", " ")))
    return 0


@command("uiautomator")
async def uiautomator(process: Process, words: list[str]) -> int:
    """Cannot run beside the automation server, and leaves the old file where the screen does not come to rest."""
    phone = process.phone
    if phone.automation.alive:
        return await process.fail(
            "java.lang.IllegalStateException: UiAutomationService android.accessibilityservice."
            "IAccessibilityServiceClient$Stub$Proxy@5deffd5already registered!\n",
            137,
        )
    if words[:1] != ["dump"]:
        return await process.fail("Usage: uiautomator <subcommand> [options]\n")
    names = [w for w in words[1:] if not w.startswith("-")]
    target = names[0] if names else "/sdcard/window_dump.xml"
    if phone.fault("not-idle") is not None:
        return await process.fail("ERROR: could not get idle state.\n", 0)
    xml = tree.dump_xml(phone.display.in_dump_order()[:1], compressed="--compressed" in words, sdk=phone.sdk)
    try:
        phone.files.for_writing(target, process.cwd).write_text(xml, "utf-8")
    except OSError as error:
        return await process.fail(f"ERROR: {error.strerror}\n")
    await process.out(f"UI hierchary dumped to: {target}\n")
    return 0
