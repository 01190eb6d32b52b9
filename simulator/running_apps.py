"""How a phone starts, shows, asks for and ends its apps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from simulator.android.display import Display
from simulator.android.locales import PER_APP_SDK
from simulator.android.system import System

#: A program takes so long to start, however fast the app is.
REVIVED_S = 0.5


class RunningApps:
    """The part of a phone that its apps run on."""

    system: System
    display: Display
    language: str

    def changed(self) -> None:
        """The screen may have changed."""
        raise NotImplementedError

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it after real seconds, whatever the latency."""
        raise NotImplementedError

    def launch(self, package: str) -> bool:
        """By the launcher icon; False when there is no such app."""
        app = self.display.apps.get(package)
        if app is None:
            return False
        self._to_front(package)
        app.launch()
        self.changed()
        return True

    def send_intent(self, package: str, intent: dict[str, Any]) -> str:
        """`am start` aimed at an app: "" or what `am` prints."""
        app = self.display.apps[package]
        self._to_front(package)
        problem = app.intent(intent.pop("action"), **intent)
        if problem:
            self.display.front = ""
        self.changed()
        return problem

    def _to_front(self, package: str) -> None:
        found = self.system.packages[package]
        if not found.pid:
            found.pid, found.started_at = self.system.next_pid(), time.time()
        self.system.app_locales.started(package, self.language)
        self.display.front = package
        self.display.keyboard_shown = False

    def stop_app(self, package: str) -> None:
        """`am force-stop`."""
        found = self.system.packages.get(package)
        if found is not None:
            found.pid = 0
        self.system.app_locales.stopped(package)
        app = self.display.apps.get(package)
        if app is not None:
            app.stop()
            self.display.app_stopped(package)

    def finish_app(self) -> None:
        """The app in front leaves; one that died is no process any more."""
        app = self.display.apps.get(self.display.front)
        if app is not None and app.screen == "stopped":
            self.system.packages[app.package].pid = 0
        self.display.front = ""
        self.display.keyboard_shown = False
        self.changed()

    def revive_app(self, then: Callable[[], None]) -> None:
        """The program of the app in front has died; Android starts a new one for the rest of its screens, and `then` follows."""
        found = self.system.packages[self.display.front]
        found.pid = 0
        self.display.keyboard_shown = False

        def start() -> None:
            found.pid, found.started_at = self.system.next_pid(), time.time()
            then()

        self.later(REVIVED_S, start)

    def speak(self, language: str) -> None:
        """As chosen in the settings: apps are ended and speak it from their next start on."""
        self.language = self.system.language = self.system.chosen_language = language
        for package in self.display.apps:
            self.stop_app(package)
        self.changed()

    def speak_in(self, package: str, tag: str) -> bool:
        """As chosen in Android's settings for one app; "" follows the phone. False where Android cannot (before 13)."""
        if self.system.sdk < PER_APP_SDK:
            return False
        if tag:
            self.system.app_locales.tags[package] = [tag]
        else:
            self.system.app_locales.tags.pop(package, None)
        self.stop_app(package)  # Android starts its pages anew; ours begin at the first one
        self.changed()
        return True

    def language_of(self, package: str) -> str:
        return self.system.app_locales.language(package, self.language)

    def granted(self, package: str, permission: str) -> bool:
        return self.system.granted(package, permission)

    def ask_permission(self, package: str, permission: str, then: Callable[[bool], None]) -> None:
        self.display.ask_permission(package, permission, then)

    def show_keyboard(self, shown: bool) -> None:
        if self.display.keyboard_shown != shown:
            self.display.keyboard_shown = shown
            self.changed()
