"""What `simctl set`, `simctl screen` and `simctl reset` do."""

from __future__ import annotations

import json
from typing import Any

from simulator.android import tree
from simulator.android.locales import is_code
from simulator.phone import Phone
from simulator.shell.simctl import faults

_TRUE = ("1", "on", "true", "yes")


def values(phone: Phone) -> dict[str, Any]:
    """Every key of `simctl set` with its value."""
    system, display = phone.system, phone.display
    return {
        "battery": system.battery["level"],
        "temperature": system.battery["temperature"] / 10,
        "screen": "on" if system.screen_on else "off",
        "locked": system.locked,
        "pin": system.secure_lock,
        "unlock-pin": "(write only: what a person types)",
        "network": system.network,
        "permission-controller": system.permission_controller,
        "dual-apps": 999 in system.users,
        "plugged": bool(system.battery["plugged"]),
        "shade": display.shade,
        "call": system.call_state,
        "input-forbidden": system.input_forbidden,
        "media-broadcast": system.media_broadcast,
        "free-bytes": phone.files.free_bytes,
        "latency": phone.latency_ms,
        "language": phone.language,
        "serialno": system.serialno,
        "status-bar": display.status_bar,
        "clock": display.clock_fixed,
        "window-order": "top-first" if display.top_first else "bottom-first",
        "rotation": display.rotation,
        "crash-dialog": display.crashed,
        "app-version": {app.package: app.version for app in display.apps.values()},
        "PLATFORM.KEY": "passed on to that app (tiktok.popups 0.2)",
    }


async def change(phone: Phone, key: str, value: str) -> str:
    """Set one; "" or why not."""
    system, display = phone.system, phone.display
    yes = value.lower() in _TRUE
    try:
        if key == "battery":
            system.battery["level"] = int(value)
        elif key == "temperature":
            system.battery["temperature"] = round(float(value) * 10)
        elif key == "screen":
            display.power(yes)
        elif key == "locked":
            system.locked = yes
        elif key == "pin":
            system.secure_lock = yes
        elif key == "unlock-pin":
            display.enter_pin(value)
        elif key == "network":
            system.network = yes
        elif key == "permission-controller":
            system.permission_controller = value
        elif key == "dual-apps":
            system.users = {0: "Owner", 999: "DualApp"} if yes else {0: "Owner"}
        elif key == "plugged":
            system.battery["plugged"] = 2 if yes else 0
        elif key == "shade":
            display.show_shade(yes)
        elif key == "input-forbidden":
            system.input_forbidden = yes
        elif key == "call":
            system.call_state = int(value)
        elif key == "media-broadcast":
            system.media_broadcast = yes
        elif key == "free-bytes":
            phone.files.free_limit = None if value in ("", "-", "auto") else int(value)
        elif key == "latency":
            phone.latency_ms = float(value)
        elif key == "language":
            if not is_code(value):
                return "language is a code like en, de or id"
            phone.speak(value)
        elif key == "serialno":
            system.serialno = value
        elif key == "status-bar":
            display.status_bar = yes
        elif key == "clock":
            display.clock_fixed = value
        elif key == "window-order":
            display.top_first = value == "top-first"
        elif key == "rotation":
            display.rotation = int(value) % 4
        elif key == "crash-dialog":
            display.crashed = value
        elif key == "app-version":
            package, _, version = value.partition(" ")
            if not phone.update_app(package, version.strip()):
                return f"no app {package}"
        else:
            return _app_setting(phone, key, value)
    except ValueError:
        return f"{value!r} is not a value of {key}"
    phone.changed()
    phone.save()
    return ""


def _app_setting(phone: Phone, key: str, value: str) -> str:
    platform, dot, name = key.partition(".")
    app = next((a for a in phone.display.apps.values() if a.platform == platform), None)
    if not dot or app is None:
        return f"unknown key {key}"
    problem = app.configure(name, value)
    phone.changed()
    phone.save()
    return problem


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
