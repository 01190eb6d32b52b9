"""What `simctl set`, `simctl screen` and `simctl reset` do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from simulator.android import tree
from simulator.android.locales import is_code, tag
from simulator.apps.base import App
from simulator.phone import Phone
from simulator.shell.simctl import faults

_TRUE = ("1", "on", "true", "yes")


def _yes(value: str) -> bool:
    return value.lower() in _TRUE


#: Settings that are one attribute: whose, its name, and how a value is read.
_PLAIN: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "locked": ("system", "locked", _yes),
    "pin": ("system", "secure_lock", _yes),
    "network": ("system", "network", _yes),
    "permission-controller": ("system", "permission_controller", str),
    "call": ("system", "call_state", int),
    "input-forbidden": ("system", "input_forbidden", _yes),
    "media-broadcast": ("system", "media_broadcast", _yes),
    "serialno": ("system", "serialno", str),
    "status-bar": ("display", "status_bar", _yes),
    "clock": ("display", "clock_fixed", str),
    "rotation": ("display", "rotation", lambda value: int(value) % 4),
    "crash-dialog": ("display", "crashed", str),
    "latency": ("", "latency_ms", float),
    "link-mb-s": ("", "link_mb_s", float),
    "hash-mb-s": ("", "hash_mb_s", float),
}


def _owner(phone: Phone, name: str) -> object:
    return getattr(phone, name) if name else phone


def values(phone: Phone) -> dict[str, Any]:
    """Every key of `simctl set` with its value."""
    system, display = phone.system, phone.display
    return {
        **{key: getattr(_owner(phone, owner), name) for key, (owner, name, _) in _PLAIN.items()},
        "battery": system.battery["level"],
        "temperature": system.battery["temperature"] / 10,
        "plugged": bool(system.battery["plugged"]),
        "screen": "on" if system.screen_on else "off",
        "unlock-pin": "(write only: what a person types)",
        "dual-apps": 999 in system.users,
        "shade": display.shade,
        "free-bytes": phone.files.free_bytes,
        "language": phone.language,
        "window-order": "top-first" if display.top_first else "bottom-first",
        "app-version": {app.package: app.version for app in display.apps.values()},
        "PLATFORM.KEY": "passed on to that app (tiktok.popups 0.2)",
    }


def change(phone: Phone, key: str, value: str) -> str:
    """Set one; "" or why not."""
    try:
        problem = _changed(phone, key, value)
    except ValueError:
        return f"{value!r} is not a value of {key}"
    if not problem:
        phone.changed()
        phone.save()
    return problem


def _changed(phone: Phone, key: str, value: str) -> str:
    system, display = phone.system, phone.display
    if key in _PLAIN:
        owner, name, read = _PLAIN[key]
        setattr(_owner(phone, owner), name, read(value))
    elif key == "battery":
        system.battery["level"] = int(value)
    elif key == "temperature":
        system.battery["temperature"] = round(float(value) * 10)
    elif key == "plugged":
        system.battery["plugged"] = 2 if _yes(value) else 0
    elif key == "screen":
        display.power(_yes(value))
    elif key == "unlock-pin":
        display.enter_pin(value)
    elif key == "dual-apps":
        system.users = {0: "Owner", 999: "DualApp"} if _yes(value) else {0: "Owner"}
    elif key == "shade":
        display.show_shade(_yes(value))
    elif key == "free-bytes":
        phone.files.free_limit = None if value in ("", "-", "auto") else int(value)
    elif key == "language":
        if not is_code(value):
            return "language is a code like en, de or id"
        phone.speak(value)
    elif key == "window-order":
        display.top_first = value == "top-first"
    elif key == "app-version":
        package, _, version = value.partition(" ")
        return "" if phone.update_app(package, version.strip()) else f"no app {package}"
    else:
        platform, dot, name = key.partition(".")
        app = next((a for a in display.apps.values() if a.platform == platform), None)
        return app.configure(name, value) if dot and app is not None else f"unknown key {key}"
    return ""


def _app(phone: Phone, name: str) -> App | None:
    """By package or platform."""
    return next((a for a in phone.display.apps.values() if name in (a.package, a.platform)), None)


def update(phone: Phone, words: list[str]) -> tuple[str, str]:
    """`simctl update APP [VERSION]`: what it prints, and why not."""
    app = _app(phone, words[0]) if words else None
    if app is None:
        return "", f"no app {words[0]}" if words else "update needs an app: tiktok, instagram or a package"
    if len(words) == 1:
        return "".join(f"{version:16} {says}\n" for version, says in app.version_list.items()), ""
    if re.fullmatch(r"\d+(\.\d+)*", words[1]) is None:
        return "", f"{words[1]!r} is no version"
    phone.update_app(app.package, words[1])
    phone.changed()
    phone.save()
    return "", ""


def language(phone: Phone, words: list[str]) -> tuple[str, str]:
    """`simctl language [APP] CODE`: what it prints, and why not."""
    code = words[-1] if words else ""
    if code != "-" and not is_code(code):
        return "", "language takes a code like en, de or nl"
    if len(words) == 1:
        if code == "-":
            return "", "only an app can follow the phone"
        phone.speak(code)
    else:
        app = _app(phone, words[0])
        if app is None:
            return "", f"no app {words[0]}"
        if not phone.speak_in(app.package, "" if code == "-" else tag(code)):
            return "", "this Android sets no language for one app"
    phone.save()
    return "", ""


def screen(phone: Phone, *, as_xml: bool) -> str:
    """What is in front."""
    display = phone.display
    if as_xml:
        return tree.dump_xml(display.in_dump_order(), sdk=phone.sdk) + "\n"
    package, activity = display.focused
    facts = {
        "screen": display.screen_name,
        "package": package,
        "activity": activity,
        "windows": [window.kind for window in display.windows()],
        "keyboard": display.keyboard_shown,
        "on": phone.system.screen_on,
        "locked": phone.system.locked,
    }
    return json.dumps(facts) + "\n"


def reset(phone: Phone) -> None:
    """As good as new, but for what was published and installed."""
    phone.faults.clear()
    faults.heal(phone)
    phone.record.taps.clear()
    phone.record.events.clear()
    for package in list(phone.display.apps):
        phone.stop_app(package)
    phone.system.screen_on, phone.system.locked = True, False
    phone.display.crashed = ""
    phone.display.shade = False
    phone.system.input_forbidden = False
    phone.display.questions.clear()
    phone.changed()
