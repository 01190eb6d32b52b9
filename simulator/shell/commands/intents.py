"""`am` and `monkey`: starting and stopping apps, broadcasts."""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from simulator.android.display import uses_adb_keyboard
from simulator.android.locales import tag as locale_tag
from simulator.shell.process import Process, command

_FLAGS = {"--grant-read-uri-permission": 0x1, "--grant-write-uri-permission": 0x2, "--activity-clear-task": 0x8000,
          "--activity-clear-top": 0x04000000, "--activity-single-top": 0x20000000, "--activity-new-task": 0x10000000,
          "--include-stopped-packages": 0x20, "--activity-brought-to-front": 0x400000,
          "--activity-multiple-task": 0x08000000}  # fmt: skip
_EXTRAS = {"--es", "-e", "--eu", "--ei", "--ez", "--el", "--ef", "--ecn", "--esa", "--eia", "--ela"}
_NOT_STARTED = "Error: Activity not started, unable to resolve Intent {{ act={action}{data}{mime} flg=0x10000000{target} }}\n"


@dataclass
class Intent:
    """What the words of `am` describe."""

    action: str = ""
    data: str = ""
    mime: str = ""
    component: str = ""
    package: str = ""
    categories: list[str] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    flags: int = 0
    wait: bool = False
    stop: bool = False
    problem: str = ""

    def as_text(self) -> str:
        parts = [f"act={self.action}" if self.action else ""]
        parts += [
            f"cat=[{','.join(self.categories)}]" if self.categories else "",
            f"dat={self.data}" if self.data else "",
        ]
        parts += [f"typ={self.mime}" if self.mime else "", f"flg={self.flags:#x}" if self.flags else ""]
        parts += [
            f"pkg={self.package}" if self.package else "",
            f"cmp={self.component}" if self.component else "",
        ]
        parts += ["(has extras)" if self.extras else ""]
        return "Intent { " + " ".join(filter(None, parts)) + " }"


def parse_intent(words: list[str]) -> Intent:
    """Read the words as Android's Intent.parseCommandArgs does."""
    intent = Intent()
    rest = iter(words)
    for word in rest:
        if word == "-a":
            intent.action = next(rest, "")
        elif word == "-d":
            intent.data = next(rest, "")
        elif word == "-t":
            intent.mime = next(rest, "")
        elif word == "-n":
            intent.component = next(rest, "")
            if "/" not in intent.component:
                intent.problem = f"java.lang.IllegalArgumentException: Bad component name: {intent.component}"
        elif word == "-p":
            intent.package = next(rest, "")
        elif word == "-c":
            intent.categories.append(next(rest, ""))
        elif word == "-f":
            value = next(rest, "0")
            try:
                intent.flags |= int(value, 0)
            except ValueError:
                intent.problem = f'java.lang.NumberFormatException: For input string: "{value}"'
        elif word in _EXTRAS:
            name = next(rest, "")
            intent.extras[name] = next(rest, "")
        elif word in ("--user", "--display", "--windowingMode", "--receiver-permission"):
            next(rest, "")
        elif word in _FLAGS:
            intent.flags |= _FLAGS[word]
        elif word == "-W":
            intent.wait = True
        elif word == "-S":
            intent.stop = True
        elif word.startswith("-"):
            intent.problem = f"java.lang.IllegalArgumentException: Unknown option: {word}"
        elif "/" in word and ":" not in word:
            intent.component = word
        elif ":" in word:
            intent.data = word
        else:
            intent.package = word
    if intent.component and "/" in intent.component:
        package, _, name = intent.component.partition("/")
        intent.component = f"{package}/{package + name if name.startswith('.') else name}"
    return intent


@command("am")
async def am(process: Process, words: list[str]) -> int:
    verb, rest = (words[0] if words else ""), words[1:]
    phone = process.phone
    if verb in ("start", "start-activity"):
        return await _start(process, parse_intent(rest))
    if verb == "broadcast":
        return await _broadcast(process, parse_intent(rest))
    if verb == "force-stop":
        names = [w for w in rest if not w.startswith("-") and not w.isdecimal()]
        if not names:
            return await process.fail("Error: Argument expected after force-stop\n", 255)
        phone.stop_app(names[-1])
        return 0
    if verb == "get-config":
        tag, _, region = locale_tag(phone.language).partition("-")
        await process.out(
            f"config: mcc310-mnc260-{tag}-r{region}-ldltr-sw411dp-w411dp-h866dp-normal-long-notround-lowdr-nowidecg-port-notnight-"
            f"420dpi-finger-keysexposed-nokeys-navhidden-nonav-v{phone.sdk}\nabi: arm64-v8a,armeabi-v7a,armeabi\n"
        )
        return 0
    await process.err(f"Unknown command: {verb}\n" if verb else "Activity manager (activity) commands:\n")
    return 255


async def _start(process: Process, intent: Intent) -> int:
    phone = process.phone
    if intent.problem:
        return await process.fail(f"\nException occurred while executing 'start':\n{intent.problem}\n", 255)
    await process.out(f"Starting: {intent.as_text()}\n")
    package = intent.component.partition("/")[0] or intent.package
    if package and package not in phone.system.packages and intent.component:
        return await process.fail(
            f"Error type 3\nError: Activity class {{{intent.component}}} does not exist.\n"
        )
    if not package:
        package = _by_link(process, intent)
    if package not in phone.display.apps:
        if package in phone.system.packages and not intent.data:
            phone.display.home()
            return 0
        await process.err(_unresolved(intent))
        return 1
    if intent.stop:
        phone.stop_app(package)
    app = phone.display.apps[package]
    if intent.action in ("", "android.intent.action.MAIN") and not intent.data:
        activity = phone.system.packages[package].activity
        if intent.component and intent.component.partition("/")[2] != activity:
            return await process.fail(
                f"Error type 3\nError: Activity class {{{intent.component}}} does not exist.\n"
            )
        phone.launch(package)
    else:
        facts: dict[str, Any] = {
            "action": intent.action, "component": intent.component, "data": intent.data, "mime": intent.mime,
            "extras": intent.extras, "flags": intent.flags,
        }  # fmt: skip
        problem = phone.send_intent(app.package, facts)
        if problem:
            await process.err(problem if problem.endswith("\n") else problem + "\n")
            return 1
    phone.record.event("start", package=package, action=intent.action)
    if intent.wait:
        await asyncio.sleep(phone.scaled(0.4))
        component = intent.component or f"{package}/{phone.system.packages[package].activity}"
        await process.out(
            f"Status: ok\nLaunchState: COLD\nActivity: {component}\nTotalTime: 412\nWaitTime: 431\nComplete\n"
        )
    return 0


def _by_link(process: Process, intent: Intent) -> str:
    """The app that claims a web link, as Android's verified links do."""
    host = urlsplit(intent.data).hostname or ""
    for name, app in process.phone.display.apps.items():
        if f"{app.platform}.com" in host:
            return name
    return ""


def _unresolved(intent: Intent) -> str:
    return _NOT_STARTED.format(
        action=intent.action,
        data=f" dat={intent.data}" if intent.data else "",
        mime=f" typ={intent.mime}" if intent.mime else "",
        target=f" pkg={intent.package}" if intent.package else "",
    )


async def _broadcast(process: Process, intent: Intent) -> int:
    if intent.problem:
        return await process.fail(
            f"\nException occurred while executing 'broadcast':\n{intent.problem}\n", 255
        )
    await process.out(f"Broadcasting: {intent.as_text()}\n")
    result = 0
    data = ""
    phone = process.phone
    if intent.action == "android.intent.action.MEDIA_SCANNER_SCAN_FILE":
        parts = urlsplit(intent.data)
        if parts.scheme == "file" and phone.system.media_broadcast:
            phone.scan_later(unquote(parts.path))
    elif intent.action.startswith("ADB_KEYBOARD_"):
        result, data = _keyboard(process, intent)
    tail = f', data="{data}"' if data else ""
    await process.out(f"Broadcast completed: result={result}{tail}\n")
    return 0


def _keyboard(process: Process, intent: Intent) -> tuple[int, str]:
    """uiautomator2's keyboard: it answers only while it is the input method in use."""
    phone = process.phone
    if not uses_adb_keyboard(phone.system):
        return 0, ""
    action = intent.action.removeprefix("ADB_KEYBOARD_")
    text = ""
    if "text" in intent.extras:
        try:
            text = base64.b64decode(intent.extras["text"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return 0, "bad base64"
    field = phone.display.focused_field()
    if action in ("INPUT_TEXT", "SET_TEXT", "CLEAR_TEXT") and field is None:
        return 0, ""
    if action == "INPUT_TEXT":
        phone.display.insert(phone.typed(text))
    elif action == "SET_TEXT" and field is not None:
        phone.display.write(field, phone.typed(text))
    elif action == "CLEAR_TEXT" and field is not None:
        phone.display.write(field, "")
    elif action == "HIDE":
        phone.display.hide_keyboard()
    elif action in ("EDITOR_CODE", "SMART_ENTER"):
        phone.display.type_key("ENTER")
    elif action == "GET_CLIPBOARD":
        return -1, base64.b64encode((phone.system.clipboard or "").encode()).decode()
    else:
        return 0, ""
    if phone.fault("broadcast-lost") is not None:
        return 0, ""
    return -1, "success"


@command("monkey")
async def monkey(process: Process, words: list[str]) -> int:
    package = words[words.index("-p") + 1] if "-p" in words and words.index("-p") + 1 < len(words) else ""
    if not process.phone.launch(package):
        await process.out("** No activities found to run, monkey aborted.\n")
        return 252
    await process.out(
        "Events injected: 1\n## Network stats: elapsed time=12ms (0ms mobile, 0ms wifi, 12ms not connected)\n"
    )
    return 0
