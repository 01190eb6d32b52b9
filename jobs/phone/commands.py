"""Android's own commands as typed calls: apps, intents, focus, keyboard, waking up."""

from __future__ import annotations

from collections.abc import Callable

from jobs.hub import settings
from jobs.phone import keep_awake
from jobs.phone.adb import dumpsys
from jobs.phone.adb.client import AdbPhone, Printed
from jobs.phone.adb.together import run_together
from jobs.phone.error_translation import INPUT_FORBIDDEN
from jobs.phone.errors import AppMissing, CommandFailed, InputForbidden, PhoneError, PhoneNotReady
from jobs.phone.protocol import Grants, Hindrance, ShellResult

_MAIN = ("-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER")
#: The flags of a launcher: a new task, or the running one brought to the front as it is.
_LAUNCHER_FLAGS = ("-f", "0x10200000")
#: How long the display may take to be on.
WAKE_TIMEOUT_S = 5.0
#: For the questions that an attempt begins with; a busy phone takes seconds for one of them.
_STATE_TIMEOUT_S = 20.0
#: Where the focused window is named; Android 10 moved it from `windows` to `displays`.
_FOCUS_DUMPS = (("window", "displays"), ("window", "windows"))


#: What an app needs to show the files that were pushed: READ_EXTERNAL_STORAGE up to Android 12, the others since.
MEDIA_PERMISSIONS = frozenset({"READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO", "READ_EXTERNAL_STORAGE"})

#: What the apps' cameras need.
CAMERA_PERMISSIONS = frozenset({"CAMERA", "RECORD_AUDIO"})


class Commands:
    """Shell commands on one phone. Raises CommandFailed and what `AdbPhone.run` raises."""

    def __init__(self, adb: AdbPhone) -> None:
        self._adb = adb
        self._grip = adb.client.grip
        self._serial = adb.serial
        self._denied: dict[str, frozenset[str]] = {}  #: package -> what it wants and may not do
        self._launchers: dict[str, str] = {}  #: package -> its launcher's activity

    def run(self, *argv: str, timeout_s: float = 10.0) -> Printed:
        return self._adb.shell_words(*argv, timeout_s=timeout_s)

    def together(self, *commands: tuple[str, ...], timeout_s: float = 10.0) -> list[Printed]:
        """Several commands in one round trip; each has its own status, and one that fails holds up none."""
        return run_together(self._adb, *commands, timeout_s=timeout_s)

    def checked(self, *argv: str, timeout_s: float = 10.0) -> str:
        """What a command printed. Raises CommandFailed when its status is not 0."""
        printed = self.run(*argv, timeout_s=timeout_s)
        if printed.exit_code:
            raise self._failed(argv[0], printed, "")
        return printed.text

    def _failed(self, name: str, printed: Printed, why: str) -> PhoneError:
        output = printed.text.strip()
        if "INJECT_EVENTS" in output:
            return InputForbidden(INPUT_FORBIDDEN, serial=self._serial)
        return CommandFailed(
            f"{name}: {why or output[:300] or f'exit status {printed.exit_code}'}",
            serial=self._serial,
            output=output,
            exit_code=printed.exit_code,
        )

    def free_bytes(self, remote_dir: str) -> int:
        printed = self.run("df", "-k", remote_dir)
        free = dumpsys.free_bytes(printed.text)
        if free is None:
            raise self._failed("df", printed, "")
        return free

    # Apps

    def app_version(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[Printed]]:
        """The app's version, and what the questions printed that go along in the same round trip. Raises AppMissing."""
        described, launcher, *answers = self.together(
            ("dumpsys", "package", package),
            _launcher_question(package),
            *questions,
            timeout_s=_STATE_TIMEOUT_S * (2 if questions else 1),
        )
        version = dumpsys.version_name(described.text)
        if not version:
            raise AppMissing(f"{package} is not installed", serial=self._serial)
        self._denied[package] = dumpsys.denied(described.text)
        self._launchers[package] = dumpsys.component(launcher.text)
        return version, answers

    def grant_media(self, package: str, *, camera: bool = False) -> Grants:
        """Let the app read pictures and videos before it can ask (PHN-5), as far as it wants to and may not yet.

        With `camera` that and the microphone, too: where Android asks in a language that the screens files do not cover. Nothing
        else is ever granted: contacts, location and notifications are the operator's to give. What the app may not
        yet do is known since `app_version`.
        """
        denied = self._denied.get(package, frozenset())
        granted: list[str] = []
        refused: list[str] = []
        # Android 13 split the permission for the shared storage; a phone lists those that it knows.
        wanted = MEDIA_PERMISSIONS | CAMERA_PERMISSIONS if camera else MEDIA_PERMISSIONS
        asked = sorted(denied & wanted)
        if not asked:
            return Grants([], [])
        commands = (("pm", "grant", package, f"android.permission.{permission}") for permission in asked)
        for permission, printed in zip(asked, self.together(*commands, timeout_s=20.0), strict=True):
            failed = bool(printed.exit_code) or "Exception" in printed.text
            (refused if failed else granted).append(permission)
        self._denied[package] = denied - set(granted)
        return Grants(granted, refused)

    def app_start(self, package: str) -> None:
        target = self._launcher_activity(package)
        if target:
            self.start_intent(*_MAIN, *_LAUNCHER_FLAGS, "-n", target)
            return
        # Phones without resolve-activity (Android 6): as uiautomator2 starts apps.
        printed = self.run("monkey", "-p", package, "-c", "android.intent.category.LAUNCHER", "1")
        if printed.exit_code or "No activities found" in printed.text:
            raise AppMissing(f"{package} has nothing to start: is it installed?", serial=self._serial)

    def _launcher_activity(self, package: str) -> str:
        """As it was found with the app's version; asked for where that is not known."""
        known = self._launchers.get(package)
        return dumpsys.component(self.run(*_launcher_question(package)).text) if known is None else known

    def app_stop(self, package: str) -> None:
        self.checked("am", "force-stop", package)

    def start_intent(self, *am_words: str) -> ShellResult:
        printed = self.run("am", "start", *am_words, timeout_s=20.0)
        failure = dumpsys.am_error(printed.text)
        if failure or printed.exit_code:
            raise self._failed("am start", printed, failure)
        return ShellResult(printed.text, printed.exit_code)

    def foreground_package(self) -> str:
        for words in (*_FOCUS_DUMPS, ("activity", "activities")):
            package = dumpsys.focused_package(self.run("dumpsys", *words).text)
            if package:
                return package
        return ""

    def keyboard_shown(self) -> bool:
        return dumpsys.keyboard_shown(self.run("dumpsys", "input_method").text)

    # Being ready

    def wake(self, limits: settings.Phones) -> keep_awake.Found:
        """Screen on, unlocked, not in a call, battery neither low nor hot, a network. Raises PhoneNotReady (U2-17).

        Returns:
            What keeps the screen on now.
        """
        dumps = self.together(
            ("dumpsys", "telephony.registry"),
            ("dumpsys", "power"),
            ("dumpsys", "window", "policy"),
            ("dumpsys", "connectivity"),
            *keep_awake.QUESTIONS,
            timeout_s=_STATE_TIMEOUT_S,
        )
        registry, power, policy, networks = (printed.text for printed in dumps[:4])
        screen = keep_awake.read(dumps[4:])
        battery = dumpsys.battery(screen.battery)
        if problem := limits.battery_problem(battery.percent, battery.celsius):
            raise self._not_ready(problem)
        self._ensure_no_call(registry)
        if dumpsys.offline(
            networks
        ):  # apps take a post that they cannot send, and say nothing of it for a while
            raise self._not_ready("it has no network: connect it to Wi-Fi or to mobile data")
        asleep = dumpsys.awake(power) is False
        if asleep:
            self.rouse()
        # A screen that was switched on just now may show the lock only since then.
        if self.locked() if asleep else dumpsys.locked(policy):
            self.unlock()
        return screen

    def clear_way(self) -> Hindrance | None:
        """Find out what hides the app and undo it where that does no harm; None when nothing does.

        Raises:
            PhoneNotReady: the phone is in a call, or locked so that only a person can unlock it.
            InputForbidden: the phone lets no program press its keys.
        """
        if not self.awake():
            self.rouse()
            return Hindrance("asleep", "the screen was off and was woken", mended=True)
        locked = self.locked()
        if not locked and self.shade_open():
            closed = self.close_shade()
            said = "the notification shade lay over the app" + ("; it was closed" if closed else " and stays")
            return Hindrance("shade", said, mended=closed)
        self.ensure_no_call()
        if locked:
            self.unlock()
            return Hindrance("asleep", "the lock screen was in front and was dismissed", mended=True)
        front = self.foreground_package()
        return Hindrance("foreign", f"{front} is in front", mended=False) if front else None

    def ensure_no_call(self) -> None:
        """Raises PhoneNotReady."""
        self._ensure_no_call(self.run("dumpsys", "telephony.registry").text)

    def _ensure_no_call(self, registry: str) -> None:
        if dumpsys.in_call(registry):
            raise self._not_ready("the phone is in a call")

    def rouse(self) -> None:
        """Switch the screen on. Raises PhoneNotReady, InputForbidden."""
        self.checked("input", "keyevent", "KEYCODE_WAKEUP")
        if not self._until(self.awake):
            raise self._not_ready("the screen stays off")

    def unlock(self) -> None:
        """Dismiss a lock screen that wants nothing. Raises PhoneNotReady."""
        self.run("wm", "dismiss-keyguard")
        if not self._until(lambda: not self.locked()):
            raise self._not_ready("the phone is locked: a person must unlock it")

    def shade_open(self) -> bool:
        """Whether the notification shade, or the quick settings, has the focus."""
        return any(dumpsys.shade_open(self.run("dumpsys", *words).text) for words in _FOCUS_DUMPS)

    def close_shade(self) -> bool:
        """Collapse it; True when it is gone."""
        self.run("cmd", "statusbar", "collapse")
        return self._until(lambda: not self.shade_open())

    def _not_ready(self, why: str) -> PhoneNotReady:
        return PhoneNotReady(why, serial=self._serial)

    def awake(self) -> bool:
        return dumpsys.awake(self.run("dumpsys", "power").text) is not False

    def locked(self) -> bool:
        return dumpsys.locked(self.run("dumpsys", "window", "policy").text)

    def _until(self, condition: Callable[[], bool]) -> bool:
        deadline = self._grip.deadline(WAKE_TIMEOUT_S)
        while True:
            if condition():
                return True
            if deadline.expired:
                return False
            self._grip.wait(deadline.within(0.3))


def _launcher_question(package: str) -> tuple[str, ...]:
    return ("cmd", "package", "resolve-activity", "--brief", *_MAIN, package)
