"""Android's own state: properties, settings, packages, permissions, input methods, power; kept across restarts."""

from __future__ import annotations

import random
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.android import locales
from simulator.apps.base import App

LAUNCHER = "com.google.android.apps.nexuslauncher"
SYSTEM_UI = "com.android.systemui"
PERMISSIONS = "com.google.android.permissioncontroller"
KEYBOARD = "com.google.android.inputmethod.latin"
KEYBOARD_IME = f"{KEYBOARD}/com.android.inputmethod.latin.LatinIME"
#: The keyboard that uiautomator2 installs to type by broadcast.
ADB_KEYBOARD = "com.github.uiautomator"
ADB_KEYBOARD_IME = f"{ADB_KEYBOARD}/.AdbKeyboard"

_RELEASES = {28: "9", 29: "10", 30: "11", 31: "12", 32: "12", 33: "13", 34: "14", 35: "15", 36: "16"}
_SYSTEM_PACKAGES = (
    "android", LAUNCHER, SYSTEM_UI, PERMISSIONS, KEYBOARD, "com.android.settings", "com.android.shell",
    "com.android.providers.media.module", "com.google.android.gms", "com.android.vending",
)  # fmt: skip
#: Asked of the user at run time; what `pm grant` accepts.
RUNTIME_PERMISSIONS = (
    "android.permission.CAMERA", "android.permission.RECORD_AUDIO", "android.permission.READ_MEDIA_IMAGES",
    "android.permission.READ_MEDIA_VIDEO", "android.permission.READ_MEDIA_VISUAL_USER_SELECTED",
    "android.permission.READ_EXTERNAL_STORAGE", "android.permission.WRITE_EXTERNAL_STORAGE",
    "android.permission.READ_CONTACTS", "android.permission.POST_NOTIFICATIONS",
    "android.permission.ACCESS_FINE_LOCATION", "android.permission.ACCESS_COARSE_LOCATION",
    "android.permission.READ_MEDIA_AUDIO",
)  # fmt: skip


_SINCE_13 = ("READ_MEDIA_", "POST_NOTIFICATIONS")
_UNTIL_12 = ("READ_EXTERNAL_STORAGE", "WRITE_EXTERNAL_STORAGE")


def permissions_of(sdk: int) -> list[str]:
    """The runtime permissions of an app that a phone of this API level knows."""
    other = _UNTIL_12 if sdk >= 33 else _SINCE_13
    return [p for p in RUNTIME_PERMISSIONS if not p.rpartition(".")[2].startswith(other)]


@dataclass
class Package:
    """An installed app."""

    name: str
    version: str
    version_code: int
    system: bool
    label: str = ""
    activity: str = ""
    granted: set[str] = field(default_factory=set)
    pid: int = 0  #: 0 while it does not run
    started_at: float = 0.0  #: when its program was started, in epoch seconds


_ACTIVITIES = {
    "tiktok": "com.ss.android.ugc.aweme.splash.SplashActivity",
    "instagram": "com.instagram.mainactivity.InstagramMainActivity",
}
_LABELS = {"tiktok": "TikTok", "instagram": "Instagram"}


def package_of(app: App) -> Package:
    """An app as Android knows it."""
    digits = app.version.replace(".", "")
    return Package(
        app.package,
        app.version,
        int(digits) * 100 if digits.isdecimal() else 1,
        system=False,
        label=_LABELS.get(app.platform, app.package),
        activity=_ACTIVITIES.get(app.platform, ".MainActivity"),
    )


class System:
    """The state of one phone's Android."""

    def __init__(self, name: str, sdk: int, language: str) -> None:
        self.name, self.sdk, self.language = name, sdk, language
        self.chosen_language = ""  #: in the settings; "" on a phone that has the language it was set up with
        self.app_locales = locales.AppLocales()
        self.rng = random.Random(name)
        self.packages: dict[str, Package] = {}
        for package in _SYSTEM_PACKAGES:
            self.packages[package] = Package(package, _RELEASES.get(sdk, "14"), sdk, system=True)
        self.packages[LAUNCHER].activity = ".NexusLauncherActivity"
        self.settings: dict[str, dict[str, str]] = {
            "system": {"screen_off_timeout": "600000", "screen_brightness": "128", "screen_brightness_mode": "0",
                       "accelerometer_rotation": "0", "user_rotation": "0"},
            "secure": {"default_input_method": KEYBOARD_IME, "enabled_input_methods": KEYBOARD_IME,
                       "user_setup_complete": "1", "navigation_mode": "2", "android_id": f"{self.rng.getrandbits(64):016x}"},
            "global": {"adb_enabled": "1", "airplane_mode_on": "0", "device_name": name, "wifi_on": "1",
                       "stay_on_while_plugged_in": "0", "window_animation_scale": "1.0"},
        }  # fmt: skip
        self.installed_imes = [KEYBOARD_IME]
        self.battery = {"level": 87, "temperature": 268, "plugged": 2, "health": 2, "voltage": 4180}
        self.screen_on, self.locked, self.secure_lock = True, False, False
        self.network = True
        self.permission_controller = PERMISSIONS  #: the package that asks; makers have their own
        self.display_overrides: dict[str, str] = {}  #: of `wm size` and `wm density`
        self.users = {0: "Owner"}
        self.input_forbidden = False  #: "USB debugging (Security settings)" is off, as on a new Xiaomi
        self.call_state = 0
        self.media_broadcast = (
            sdk <= 34
        )  #: whether the scan broadcast still works; Android 15 and later ignore it
        self.booted_at = time.time() - 86_400.0
        self.boot_completed = True
        self.serialno = name
        self.clipboard: str | None = None
        self.toast: str | None = None
        self._next_pid = 3000

    def next_pid(self) -> int:
        self._next_pid += self.rng.randint(3, 40)
        return self._next_pid

    @property
    def stays_on(self) -> bool:
        """Whether the screen never times out: what it is plugged into is among what keeps it on."""
        kept = self.settings["global"].get("stay_on_while_plugged_in", "0")
        return bool(self.battery["plugged"] & int(kept)) if kept.isdecimal() else False

    @property
    def ime(self) -> str:
        """The input method in use."""
        return self.settings["secure"].get("default_input_method", "")

    @property
    def enabled_imes(self) -> list[str]:
        return [i for i in self.settings["secure"].get("enabled_input_methods", "").split(":") if i]

    def set_enabled_imes(self, imes: list[str]) -> None:
        self.settings["secure"]["enabled_input_methods"] = ":".join(imes)

    def reset_imes(self) -> None:
        self.settings["secure"]["default_input_method"] = KEYBOARD_IME
        self.set_enabled_imes([KEYBOARD_IME])

    def props(self) -> dict[str, str]:
        """What `getprop` lists."""
        release = _RELEASES.get(self.sdk, "14")
        return {
            "dalvik.vm.heapsize": "512m",
            "gsm.sim.state": "ABSENT,ABSENT",
            # Set by a choice of language in the settings: empty on most phones.
            "persist.sys.locale": self.chosen_language and locales.tag(self.chosen_language),
            # The maker's choice for the shop where it was sold.
            "ro.product.locale": "en-US",
            "persist.sys.timezone": "Etc/UTC",
            "ro.boot.serialno": self.serialno,
            "ro.build.characteristics": "nosdcard",
            "ro.build.fingerprint": f"google/oriole/oriole:{release}/UQ1A.240205.002/11224170:user/release-keys",
            "ro.build.id": "UQ1A.240205.002",
            "ro.build.type": "user",
            "ro.build.version.release": release,
            "ro.build.version.sdk": str(self.sdk),
            "ro.product.brand": "google",
            "ro.product.cpu.abi": "arm64-v8a",
            "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi",
            "ro.product.device": "oriole",
            "ro.product.manufacturer": "Google",
            "ro.product.model": "Pixel 6 (simulated)",
            "ro.product.name": "oriole",
            "ro.secure": "1",
            "ro.serialno": self.serialno,
            "ro.sf.lcd_density": "420",
            "service.adb.tcp.port": "",
            "sys.boot_completed": "1" if self.boot_completed else "",
            "sys.usb.config": "adb",
            "sys.usb.state": "adb",
        }

    def grant(self, package: str, permission: str) -> None:
        self.packages[package].granted.add(permission)

    def granted(self, package: str, permission: str) -> bool:
        found = self.packages.get(package)
        return found is not None and permission in found.granted

    def install_apk(self, path: Path) -> str:
        """`pm install`: "" or the failure. Only the keyboard of uiautomator2 can run here."""
        try:
            with zipfile.ZipFile(path) as archive:
                manifest = archive.read("AndroidManifest.xml")
        except (OSError, zipfile.BadZipFile, KeyError):
            return f"INSTALL_PARSE_FAILED_NOT_APK: Failed to parse {path.name}"
        if ADB_KEYBOARD.encode("utf-16-le") not in manifest and ADB_KEYBOARD.encode() not in manifest:
            return "INSTALL_FAILED_VERIFICATION_FAILURE: simulated phones run no foreign code"
        self.packages[ADB_KEYBOARD] = Package(ADB_KEYBOARD, "2.4.0", 2004000, system=False)
        if ADB_KEYBOARD_IME not in self.installed_imes:
            self.installed_imes.append(ADB_KEYBOARD_IME)
        return ""

    def uninstall(self, package: str) -> bool:
        found = self.packages.get(package)
        if found is None or found.system:
            return False
        del self.packages[package]
        self.installed_imes = [i for i in self.installed_imes if not i.startswith(package + "/")]
        self.set_enabled_imes([i for i in self.enabled_imes if i in self.installed_imes])
        if self.ime not in self.installed_imes:
            self.settings["secure"]["default_input_method"] = KEYBOARD_IME
        return True

    def dump_state(self) -> dict[str, Any]:
        """What outlives a restart of the simulator."""
        return {
            "settings": self.settings,
            "installed_imes": self.installed_imes,
            "app_locales": self.app_locales.tags,
            "granted": {p.name: sorted(p.granted) for p in self.packages.values() if p.granted},
            "adb_keyboard": ADB_KEYBOARD in self.packages,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.settings.update(state.get("settings", {}))
        if state.get("adb_keyboard"):
            self.packages[ADB_KEYBOARD] = Package(ADB_KEYBOARD, "2.4.0", 2004000, system=False)
        self.installed_imes = state.get("installed_imes", self.installed_imes)
        self.app_locales.tags.update(state.get("app_locales", {}))
        for package, permissions in state.get("granted", {}).items():
            if package in self.packages:
                self.packages[package].granted.update(permissions)
