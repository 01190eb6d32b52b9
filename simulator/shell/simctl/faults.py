"""The faults that `simctl fault` arms: their names, what they do, and those that strike at once."""

from __future__ import annotations

from simulator.apps import FAULTS as APP_FAULTS
from simulator.phone import Phone

#: name -> what it does. Those of the apps are taken by the apps themselves, which name further ones.
FAULTS = APP_FAULTS | {
    "locale-refused": "`cmd locale set-app-locales` changes nothing",
    "commit-lost": "the tap that publishes does so, its reply never comes",
    "automation-dies": "[METHOD]: the automation server is killed at its next call",
    "automation-hangs": "[METHOD]: the next call is never answered and has no effect",
    "automation-taken": "the next launch finds UiAutomation taken by another client",
    "dump-fails": "[empty]: dumps fail with 'UiAutomation not connected' (or are empty), ping goes on",
    "one-node-tree": "a dump shows one empty node",
    "control-chars": "a dump holds what XML forbids",
    "http-500": "[METHOD]: the call is done, then answered with HTTP 500",
    "no-reply": "[METHOD]: the call is done, then the connection closes",
    "bad-json": "[METHOD]: the call is done, its answer is no JSON",
    "truncated-body": "[METHOD]: the call is done, its answer breaks off",
    "text-twice": "typed text arrives twice",
    "broadcast-lost": "the keyboard's broadcast works but reports failure",
    "black-screenshots": "the next screenshot is black", "no-screenshots": "the next screenshot is empty",
    "not-idle": "`uiautomator dump` says that the screen is never idle",
    "not-indexed": "the next scan of the media store finds nothing",
    "storage-full": "the next push meets a full disk; df shows none left until then",
    "push-fail": "[BYTES]: the next push fails after that many bytes",
    "push-cut": "[BYTES]: the link breaks after that many bytes of the next push",
    "push-silent": "the next push is complete but never acknowledged",
    "shell-hangs": "the next shell command prints nothing and does not end",
    "silent": "[shell|sync|tcp]: the next such service says OKAY and nothing else",
    "slow": "FACTOR: apps and automation take FACTOR times as long from now on",
    "offline": "SECONDS: off the bus", "reboot": "[SECONDS]: restarts, locked",
    "ghost": "[SECONDS]: listed as a device, answers nothing",
    "unauthorized": "[SECONDS]: asks for a key that is never confirmed",
    "slices": "[SECONDS]: answers come in pieces of a few bytes",
    "kill-automation": "the automation server is killed now",
    "adb-down": "[SECONDS]: the adb server is away (all adb-\u2026 need --adb-faults)",
    "adb-hang": "[SECONDS]: the adb server takes connections and answers nothing",
    "adb-slices": "[SECONDS]: the adb server answers in pieces of a few bytes",
    "adb-version": "HEX: the adb server says that it has that version",
    "adb-track-silent": "[SECONDS]: streams that track devices tell nothing more",
    "adb-track-cut": "streams that track devices break",
    "adb-line": "SERIAL STATE: such a line is in every list of devices; without arguments they go",
    "screen-off": "the screen goes off now, as after its timeout",
    "shade": "the notification shade comes down now",
    "input-refused": "from now on every touch and key of a program is refused, as on a Xiaomi without its setting",
    "foreign-language": "from now on the phone speaks a language without known words; apps are ended",
    "link-cut": "the cable is pulled and put back now",
}  # fmt: skip
_SECONDS = 30.0
_RECONNECT_S = 0.1
#: These strike after the answer of the very command went out; all others are in force when it is answered.
_CUTS = ("adb-down", "adb-hang", "adb-track-cut")


def fault(phone: Phone, words: list[str]) -> tuple[str, int]:
    """Run `simctl fault WORDS`; what it prints and its exit status."""
    always = "--always" in words
    words = [word for word in words if word != "--always"]
    name, argument = (words[0] if words else "list"), " ".join(words[1:])
    if name == "list":
        return "".join(f"{armed}\n" for armed in phone.faults.armed), 0
    if name == "help":
        return "".join(f"{n:22} {text}\n" for n, text in FAULTS.items()), 0
    if name == "clear":
        phone.faults.clear(argument)
        if not argument:
            heal(phone)
        phone.changed()
        return "", 0
    if name not in FAULTS:
        return f"simctl: no fault {name}; `simctl fault help` lists them\n", 1
    if name.startswith("adb-"):
        return _server_fault(phone, name, argument)
    if not _strike(phone, name, argument):
        if argument and name in ("offline", "reboot", "ghost", "unauthorized", "slices", "slow"):
            return f"simctl: {name} needs a number, not {argument}\n", 1
        phone.faults.arm(name, argument, always=always)
    phone.changed()
    return "", 0


def _server_fault(phone: Phone, name: str, argument: str) -> tuple[str, int]:
    strike = phone.server_fault
    if strike is None:
        return "simctl: faults of the adb server need the option --adb-faults\n", 1
    if name in _CUTS:
        phone.later(_RECONNECT_S, lambda: strike(name, argument))
    else:
        strike(name, argument)
    return "", 0


def _strike(phone: Phone, name: str, argument: str) -> bool:
    """Do what strikes at once; False for what waits armed."""
    try:
        seconds = float(argument) if argument else _SECONDS
    except ValueError:
        return False
    if name == "offline":
        phone.later(_RECONNECT_S, lambda: phone.plug.pull(seconds))
    elif name == "reboot":
        phone.later(_RECONNECT_S, lambda: phone.reboot(seconds if argument else 5.0))
    elif name == "ghost":
        # After the answer of this very command went out.
        phone.later(_RECONNECT_S, lambda: phone.plug.become_ghost(seconds))
    elif name == "unauthorized":
        phone.later(_RECONNECT_S, lambda: phone.plug.lose_authorization(seconds))
    elif name == "slices":
        phone.plug.come_in_slices(seconds)
    elif name == "slow":
        phone.slow_factor = float(argument) if argument else 10.0
    elif name == "kill-automation":
        phone.automation.die()
    elif name == "screen-off":
        phone.display.power(False)
    elif name == "shade":
        phone.display.show_shade(True)
    elif name == "input-refused":
        phone.system.input_forbidden = True
    elif name == "foreign-language":
        phone.speak("xy")
    elif name == "link-cut":
        phone.later(_RECONNECT_S, phone.plug.cut)
    else:
        return False
    return True


def heal(phone: Phone) -> None:
    """Undo what struck at once."""
    phone.slow_factor = 1.0
    phone.system.input_forbidden = phone.display.shade = False
    if phone.language == "xy":
        phone.speak(phone.spec.language)
    phone.plug.heal()
