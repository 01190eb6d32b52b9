"""Every fault of the simulated phones and of their adb server, to be drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulator.apps import POPUPS

#: Chooses the words after `simctl fault` for a post on a platform.
Draw = Callable[[random.Random, str], str]


@dataclass(frozen=True)
class Fault:
    """One class of faults: how it is armed, and whether it can be asked to stay."""

    name: str
    draw: Draw
    lasting: bool = True  #: may be armed with --always
    shared: bool = False  #: of the adb server: strikes every phone


def _words(*choices: str) -> Draw:
    return lambda chance, _: chance.choice(choices)


_METHODS = ("", "click", "dumpWindowHierarchy", "setText", "deviceInfo", "ping")
_SCREENS = ("home", "camera", "picker", "editor", "post", "share", "create-sheet", "profile")


def _method(name: str) -> Draw:
    return lambda chance, _: f"{name} {chance.choice(_METHODS)}".strip()


def _popup(chance: random.Random, platform: str) -> str:
    return f"popup {chance.choice(POPUPS[platform])}"


def _seconds(name: str, longest_s: float) -> Draw:
    return lambda chance, _: f"{name} {chance.uniform(0.2, longest_s):.1f}"


#: Every fault of the simulated phones and of their adb server that can be armed from outside.
FAULTS: tuple[Fault, ...] = (
    Fault("popup", _popup),
    *(
        Fault(name, _words(name))
        for name in (
            "unknown-screen", "login", "captcha", "banned", "account-blocked", "logged-out", "upload-id", "suspended",
            "try-again-later", "security-check", "upload-fail", "upload-stall", "wrong-account", "sound-unavailable", "volume-unavailable",
            "ai-label-unavailable", "not-everyone", "opens-camera", "opens-story-editor", "commit-lost",
            "automation-taken", "one-node-tree", "control-chars", "text-twice", "broadcast-lost",
            "black-screenshots", "no-screenshots", "not-idle", "not-indexed", "storage-full", "push-silent", "shell-hangs",
        )
    ),
    Fault("app-crash", lambda chance, _: f"app-crash {chance.choice(_SCREENS)}"),
    *(
        Fault(name, _method(name))
        for name in ("automation-dies", "automation-hangs", "http-500", "no-reply", "bad-json", "truncated-body")
    ),
    Fault("dump-fails", _words("dump-fails", "dump-fails empty")),
    Fault("push-fail", lambda chance, _: f"push-fail {chance.randrange(1, 60_000)}"),
    Fault("push-cut", lambda chance, _: f"push-cut {chance.randrange(1, 60_000)}", lasting=False),
    Fault("silent", _words("silent", "silent shell", "silent sync", "silent tcp"), lasting=False),
    Fault("slow", _words("slow 3", "slow 8"), lasting=False),
    Fault("offline", _seconds("offline", 4), lasting=False),
    Fault("reboot", _seconds("reboot", 3), lasting=False),
    Fault("ghost", _seconds("ghost", 12), lasting=False),
    Fault("unauthorized", _seconds("unauthorized", 4), lasting=False),
    Fault("slices", _seconds("slices", 10), lasting=False),
    Fault("kill-automation", _words("kill-automation"), lasting=False),
    *(Fault(name, _words(name), lasting=False) for name in ("screen-off", "shade", "input-refused", "foreign-language")),
    Fault("link-cut", _words("link-cut"), lasting=False),
    Fault("adb-down", _seconds("adb-down", 3), lasting=False, shared=True),
    Fault("adb-hang", _seconds("adb-hang", 6), lasting=False, shared=True),
    Fault("adb-slices", _seconds("adb-slices", 5), lasting=False, shared=True),
    Fault("adb-version", _words("adb-version 0020"), lasting=False, shared=True),
    Fault("adb-track-silent", _seconds("adb-track-silent", 8), lasting=False, shared=True),
    Fault("adb-track-cut", _words("adb-track-cut"), lasting=False, shared=True),
    Fault("adb-line", _words("adb-line '????????????' 'no permissions'"), lasting=False, shared=True),
)  # fmt: skip
