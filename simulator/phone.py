"""A simulated phone: Android's parts put together, what it offers to its apps, and its link to the adb server."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.adb.link import Service
from simulator.adb.plug import Plug
from simulator.android import keys, picture
from simulator.android.display import Display
from simulator.android.files import PhoneFiles
from simulator.android.media_store import MediaStore
from simulator.android.screen_timeout import ScreenTimeout
from simulator.android.system import System, package_of
from simulator.apps.base import App, AppSpec, MediaRow, PhoneSide, Post
from simulator.automation.server import AutomationServer
from simulator.faults import Faults
from simulator.kept import load, write_atomically
from simulator.record import Record
from simulator.running_apps import RunningApps

log = logging.getLogger("simulator")

AppFactory = Callable[[PhoneSide, AppSpec], App]
#: What answers an adb service of a phone by its name; None refuses it.
ServiceFinder = Callable[["Phone", str], Service | None]

_FEATURES = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir,fixed_push_symlink_timestamp,sendrecv_v2"
_REBOOT_S = 5.0
_SAVE_S = 0.2


@dataclass
class PhoneSpec:
    """What a phone is made of."""

    name: str  #: ro.serialno
    folder: Path
    apps: Sequence[AppSpec] = ()
    sdk: int = 34
    language: str = "en"
    latency_ms: float = 0.0  #: length of one nominal second of the apps
    size: tuple[int, int] = (1080, 2400)


@dataclass(eq=False)
class Phone(RunningApps):
    """One phone. Everything happens on the event loop that it was started on."""

    spec: PhoneSpec
    make_app: AppFactory
    find_service: ServiceFinder

    def __post_init__(self) -> None:
        spec = self.spec
        self.name = self.serial = spec.name
        self.width, self.height = spec.size
        self.language, self.sdk = spec.language, spec.sdk
        self.latency_ms = spec.latency_ms
        self.slow_factor = 1.0
        self.link_mb_s = self.hash_mb_s = (
            0.0  #: millions of bytes a second that its cable and its sums take; 0: no limit
        )
        spec.folder.mkdir(parents=True, exist_ok=True)
        self.faults = Faults()
        self.record = Record(spec.folder)
        self.files = PhoneFiles(spec.folder)
        self.media_store = MediaStore(spec.folder / "media.db", self.files)
        self.system = System(spec.name, spec.sdk, spec.language)
        self.display = Display(self.system, self.record, *spec.size)
        self.display.on_change = self._screen_changed
        self.display.launch = self.launch
        self.media_store.changed = self.changed
        self.screen_timeout = ScreenTimeout(self.system, self.display.power)
        self.display.touched = self.screen_timeout.touched
        self.automation = AutomationServer(self)
        self.plug = Plug(self)
        #: The host's, when it has a proxy before adb.
        self.server_fault: Callable[[str, str], None] | None = None
        self._screen_change = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._scans: set[asyncio.Task[str]] = set()
        self._lose_reply = False
        self._in_gesture = False
        self._state_path = spec.folder / "state.json"
        state = load(self._state_path)
        #: Package -> the version that it was updated to.
        self.updated: dict[str, str] = dict(state.get("updated", {}))
        for app_spec in spec.apps:
            self._install(app_spec, state.get("apps", {}))
        for package, version in list(self.updated.items()):
            self.update_app(package, version)
        self.system.load_state(state.get("system", {}))

    # -- life -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write what outlives a restart (posts and files are on disk already)."""
        state = {
            "system": self.system.dump_state(),
            "apps": {app.package: app.dump_state() for app in self.display.apps.values()},
            "updated": self.updated,
        }
        try:
            write_atomically(self._state_path, json.dumps(state))
        except OSError as error:
            # The box's disk is full or the folder was removed: the phone itself works on.
            log.warning("%s: its state could not be kept: %s", self.name, error)

    def _install(self, spec: AppSpec, states: dict[str, Any]) -> None:
        app = self.make_app(self, spec)
        if app.package in states:
            app.load_state(states[app.package])
        self.display.apps[app.package] = app
        self.system.packages[app.package] = package_of(app)

    def update_app(self, package: str, version: str) -> bool:
        """Another version of an installed app, as after an update; its data stays."""
        old = self.display.apps.get(package)
        spec = next((s for s in self.spec.apps if old is not None and s.platform == old.platform), None)
        if old is None or spec is None:
            return False
        self.stop_app(package)
        granted = self.system.packages[package].granted
        self._install(
            AppSpec(spec.platform, spec.package, version, spec.accounts, seed=spec.seed, popups=spec.popups),
            {package: old.dump_state()},
        )
        self.system.packages[package].granted = granted
        self.updated[package] = version
        return True

    def close(self) -> None:
        self.save()
        for timer in self._timers:
            timer.cancel()
        self.plug.cut()
        self.media_store.close()

    # -- adb --------------------------------------------------------------------------------------------------

    async def takes_to_hash(self, size: int) -> None:
        """As long as a slow phone takes for a sum over so many bytes."""
        if self.hash_mb_s > 0:
            await asyncio.sleep(size / (self.hash_mb_s * 1e6))

    def banner(self) -> str:
        props = self.system.props()
        named = ("ro.product.name", "ro.product.model", "ro.product.device")
        facts = "".join(f"{k}={props[k]};" for k in named)
        return f"device::{facts}features={_FEATURES}"

    def service(self, name: str) -> Service | None:
        return self.find_service(self, name)

    def reboot(self, seconds: float = _REBOOT_S) -> None:
        """Everything that runs ends; the screen is locked when it comes back."""
        self.record.event("reboot")
        self.automation.die()
        for package in list(self.display.apps):
            self.stop_app(package)
        self.system.boot_completed = False
        self.system.screen_on, self.system.locked = True, True
        self.system.booted_at = time.time()
        self.plug.pull(seconds)
        self.later(seconds + min(1.0, seconds / 2), self._booted)

    def _booted(self) -> None:
        self.system.boot_completed = True
        self.changed()

    async def hang(self) -> None:
        """Never return; the stream's end cancels it."""
        await asyncio.get_running_loop().create_future()

    def pushed(self, path: str, size_bytes: int) -> None:
        self.record.event("push", path=path, bytes=size_bytes)

    def file_gone(self, path: str) -> None:
        """Shared storage tells the media store of deletions (Android 11 and later)."""
        if self.files.is_shared(path):
            self.media_store.forget(path)

    async def scan(self, path: str) -> str:
        """Let the media store look at a file; its uri or ""."""
        missed = self.faults.take("not-indexed") is not None
        uri = "" if missed else await self.media_store.scan(path)
        self.record.event("scan", path=path, uri=uri, **({"fault": "not-indexed"} if missed else {}))
        return uri

    def scan_later(self, path: str) -> None:
        """The scan that a broadcast asks for: no caller waits for it."""

        def begin() -> None:
            task = asyncio.get_running_loop().create_task(self.scan(path))
            self._scans.add(task)
            task.add_done_callback(self._scans.discard)

        self.later(self.scaled(0.5), begin)

    # -- for the apps (PhoneSide) -----------------------------------------------------------------------------

    def now(self) -> float:
        return time.time()

    def scaled(self, seconds: float) -> float:
        """Nominal seconds of the apps as real ones."""
        if self.slow_factor > 1.0 and not self.latency_ms:
            return seconds * (self.slow_factor - 1.0) / 10
        return seconds * self.latency_ms / 1000 * self.slow_factor

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        delay = self.scaled(seconds)
        self.record.event("app-wait", nominal=seconds, seconds=delay)
        self.later(delay, action)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it after real seconds, whatever the latency."""

        def run() -> None:
            self._timers.discard(handle)
            action()
            self.changed()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(handle)

    def media(self) -> list[MediaRow]:
        return self.media_store.rows()

    def media_by_uri(self, uri: str) -> MediaRow | None:
        tail = uri.rstrip("/").rpartition("/")[2]
        if uri.startswith("content://media/") and tail.isdecimal():
            return self.media_store.row(int(tail))
        return None

    def publish(self, post: Post) -> None:
        self.record.publish(post)
        self.record.event("publish", app=post.app, account=post.account, kind=post.kind)
        if self._in_gesture and self.faults.take("commit-lost") is not None:
            self._lose_reply = True
        # The app goes on to change what it keeps (its count of posts).
        self.later(_SAVE_S, self.save)

    def changed(self) -> None:
        self.display.changed()

    def fault(self, name: str, argument: str | None = None) -> Any:
        found = self.faults.take(name, argument)
        if found is not None:
            self.record.event("fault", name=name, argument=found)
        return found

    # -- for the shell and the automation server --------------------------------------------------------------

    def tap(self, x: int, y: int, via: str) -> None:
        """A tap; its sender may find the reply lost (`reply_lost`)."""
        self._in_gesture = True
        try:
            self.display.tap(x, y, via)
        finally:
            self._in_gesture = False

    def reply_lost(self) -> bool:
        """True once after a gesture that published under the fault commit-lost."""
        lost, self._lose_reply = self._lose_reply, False
        return lost

    def press(self, keycode: int) -> bool:
        """A key of the phone or of its keyboard."""
        self.record.event("key", code=keycode)
        keys.press(self.display, keycode)
        return True

    def typed(self, text: str) -> str:
        """What arrives when a program types `text`."""
        return text * 2 if self.fault("text-twice") is not None else text

    async def picture(self, kind: str, quality: int = 80, scale: float = 1.0) -> bytes:
        """The screen as PNG or JPEG, b"" when the phone gives none."""
        if self.fault("no-screenshots") is not None:
            return b""
        boxes = [] if self.fault("black-screenshots") is not None else picture.boxes(self.display.roots())
        size = (self.width, self.height)
        return await asyncio.to_thread(picture.draw, boxes, size, kind, quality, scale)

    async def screen_changes(self, timeout_s: float) -> bool:
        """Wait until the screen may have changed; False at the end of the time."""
        changed = self._screen_change
        try:
            async with asyncio.timeout(timeout_s):
                await changed.wait()
        except TimeoutError:
            return False
        return True

    def _screen_changed(self) -> None:
        """Wake who waits now; who asks from now on waits for the next change."""
        self._screen_change.set()
        self._screen_change = asyncio.Event()
