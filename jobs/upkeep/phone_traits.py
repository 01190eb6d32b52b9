"""How a phone is set up that changes what apps show or what may be touched, for `doctor`; nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobs.phone.app_language import setting
from jobs.phone.error_translation import INPUT_FORBIDDEN
from jobs.phone.protocol import PhoneSession
from jobs.upkeep.doctor_findings import Finding, OnPhone

#: From here on texts are cut and rows leave the screen.
MAX_FONT_SCALE = 1.15
_NAVIGATION = {"0": "three buttons", "1": "two buttons", "2": "gestures"}
_OVERRIDE = re.compile(r"^Override (size|density): (\S+)", re.MULTILINE)
_USER = re.compile(r"UserInfo\{(\d+):([^:}]*):")
#: Samsung's name inside for Auto Blocker; it switches USB debugging off after a while.
_AUTO_BLOCKER = "rampart_main_switch_enabled"


def findings(on: OnPhone, session: PhoneSession) -> Iterator[Finding]:
    """What keeps this phone from being driven, or makes its screens look otherwise than known ones."""
    yield _touches(on, session)
    yield from _looks(on, session)
    if setting(session, "secure", _AUTO_BLOCKER) == "1":
        yield on.fail(
            "Samsung's Auto Blocker is on: it ends USB debugging",
            "switch it off: Settings, Security and privacy, Auto Blocker",
        )
    users = _USER.findall(session.shell("pm", "list", "users").output)
    if others := [who for number, who in users if number != "0"]:
        yield on.warn(
            f"has a second space or dual apps ({', '.join(others)}): only the apps of the main space are driven",
            "switch dual apps off for TikTok and Instagram, or log in to the main one",
        )


def _touches(on: OnPhone, session: PhoneSession) -> Finding:
    """One key that does nothing: does the phone let programs press any (PHN-1)?"""
    pressed = session.shell("input", "keyevent", "0")
    if "INJECT_EVENTS" in pressed.output:
        what, _, remedy = INPUT_FORBIDDEN.partition(": ")
        return on.fail(what.removeprefix("the phone "), remedy)
    if pressed.exit_code:
        return on.warn(f"a harmless key was refused: {pressed.output.strip()[:100]}", "look at the phone")
    return on.ok("takes touches and keys")


def _looks(on: OnPhone, session: PhoneSession) -> Iterator[Finding]:
    scale = setting(session, "system", "font_scale") or "1.0"
    overridden = dict(
        _OVERRIDE.findall(session.shell("wm", "size").output + session.shell("wm", "density").output)
    )
    mode = setting(session, "secure", "navigation_mode")
    if re.fullmatch(r"\d+(\.\d+)?", scale) and float(scale) > MAX_FONT_SCALE:
        yield on.warn(
            f"font scale {scale}: texts are cut and rows leave the screen",
            "set the font size to its default: Settings, Display, Font size",
        )
    for what, value in sorted(overridden.items()):
        yield on.warn(
            f"the display's {what} is set to {value}, other than it was made",
            f"`adb -s {on.serial} shell wm {what} reset`, or Settings, Display, Screen zoom",
        )
    yield on.ok(f"font scale {scale}, navigation by {_NAVIGATION.get(mode, 'unknown means')}")
