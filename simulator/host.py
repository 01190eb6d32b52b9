"""Runs many phones and their adb server in one process, and keeps them connected."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.adb import services
from simulator.adb.proxy import AdbProxy
from simulator.adb.server import AdbServer, AdbServerFailed, free_port
from simulator.apps.base import AppAccount, AppSpec
from simulator.kept import load, write_atomically
from simulator.phone import AppFactory, Phone, PhoneSpec

log = logging.getLogger("simulator")

_SAMPLE = Path(__file__).parent / "media" / "sample.mp4"
_PACKAGES = {"tiktok": "com.zhiliaoapp.musically", "instagram": "com.instagram.android"}
_SHORT = {"tiktok": "tt", "instagram": "ig"}
_CONNECTS_AT_ONCE = 8
_RETRY_S = 0.5


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    phones: int
    state_dir: Path
    first: int = 1  #: number of the first phone, so that those of several simulators are different ones
    port: int = 0  #: of the first phone; 0 means any free ones
    adb_port: int = 0
    seed: int = 0
    latency_ms: float = 0.0
    accounts: int = 1  #: per app and phone
    #: The first phone takes the first of each list, the next one the next, and so on from the start again.
    languages: tuple[str, ...] = ("en",)
    tiktok_versions: tuple[str, ...] = ("",)
    tiktok_packages: tuple[str, ...] = ("",)
    instagram_versions: tuple[str, ...] = ("",)
    sdk: int = 34
    popups: float = 0.0
    adb_faults: bool = False  #: clients reach the adb server through a proxy that can make it fail


class Host:
    """All phones of one simulator."""

    def __init__(self, options: Options, make_app: AppFactory) -> None:
        self.options = options
        self._make_app = make_app
        self._state_path = options.state_dir / "simulator.json"
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._replug = asyncio.Event()
        self.phones: list[Phone] = []
        self.addresses: list[str] = []  #: what adb calls each phone
        self.adb: AdbServer
        self.proxy: AdbProxy | None = None
        self.listen_port = 0

    async def start(self) -> None:
        """Phones listen, the adb server runs, every phone is a device. Raises OSError, AdbServerFailed."""
        options = self.options
        options.state_dir.mkdir(parents=True, exist_ok=True)
        kept = load(self._state_path)
        ports: list[int] = kept.get("ports", [])
        for number in range(options.phones):
            phone = Phone(self._spec(number), self._make_app, services.find)
            phone.plug.on_change = self._replug.set
            phone.server_fault = self._server_fault if options.adb_faults else None
            self.phones.append(phone)
            kept_port = ports[number] if number < len(ports) else 0
            wanted = options.port + number if options.port else kept_port
            self.addresses.append(f"127.0.0.1:{await self._listen(phone, wanted)}")
        self.listen_port = kept.get("listen_port") or free_port()
        await self._start_adb(0 if options.adb_faults else options.adb_port or kept.get("adb_port", 0))
        if options.adb_faults:
            self.proxy = AdbProxy(options.adb_port or kept.get("adb_port", 0), self.adb.port)
            await self.proxy.start()
        self._save()
        self._tasks.append(asyncio.create_task(self._keep_adb(), name="adb-server"))
        self._tasks.append(asyncio.create_task(self._keep_connected(), name="replug"))
        await self._all_connected()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.proxy is not None:
            await self.proxy.stop()
        if hasattr(self, "adb"):
            await self.adb.stop()
        for server in self._servers:
            server.close()
        for phone in self.phones:
            phone.close()

    def _spec(self, number: int) -> PhoneSpec:
        options = self.options
        name = f"SIMPHONE{options.first + number:02d}"
        apps = [
            AppSpec(
                platform, packages[number % len(packages)] or _PACKAGES[platform], versions[number % len(versions)],
                self._accounts(platform, number), seed=options.seed, popups=options.popups,
            )
            for platform, packages, versions in (
                ("tiktok", options.tiktok_packages, options.tiktok_versions),
                ("instagram", ("",), options.instagram_versions),
            )
        ]  # fmt: skip
        return PhoneSpec(
            name, options.state_dir / "phones" / name, apps, sdk=options.sdk,
            language=options.languages[number % len(options.languages)], latency_ms=options.latency_ms,
        )  # fmt: skip

    def _accounts(self, platform: str, number: int) -> list[AppAccount]:
        short = _SHORT[platform]
        names = [
            f"demo_{short}_{self.options.first + number:02d}{chr(ord('a') + k) if k else ''}"
            for k in range(self.options.accounts)
        ]
        return [AppAccount(name, name.replace("_", " ").title()) for name in names]

    def accounts(self) -> list[dict[str, str]]:
        """Every account with the phone it lives on."""
        return [
            {
                "username": account.username, "platform": spec.platform, "serial": address,
                "display_name": account.display_name, "package": spec.package,
            }
            for phone, address in zip(self.phones, self.addresses, strict=True)
            for spec in phone.spec.apps
            for account in spec.accounts
        ]  # fmt: skip

    @property
    def adb_port(self) -> int:
        """Where clients find the adb server."""
        return self.adb.port if self.proxy is None else self.proxy.port

    def ready(self) -> dict[str, Any]:
        """The content of the ready file. `direct_adb_port` is the server itself, past its proxy."""
        return {
            "adb_port": self.adb_port, "direct_adb_port": self.adb.port, "serials": self.addresses,
            "accounts": self.accounts(), "pid": os.getpid(),
        }  # fmt: skip

    def media_root(self) -> Path:
        """A folder with the sample video, as a media root for a daemon."""
        folder = self.options.state_dir / "media"
        folder.mkdir(exist_ok=True)
        if not (folder / _SAMPLE.name).exists():
            shutil.copyfile(_SAMPLE, folder / _SAMPLE.name)
        return folder

    # -- ports and the adb server -----------------------------------------------------------------------------

    def _save(self) -> None:
        kept = load(self._state_path).get("ports", [])
        ports = [int(address.rpartition(":")[2]) for address in self.addresses]
        content = {
            "ports": ports + kept[len(ports) :],
            "adb_port": self.adb_port,
            "listen_port": self.listen_port,
        }
        write_atomically(self._state_path, json.dumps(content))

    async def _listen(self, phone: Phone, port: int) -> int:
        server = await asyncio.start_server(phone.plug.connected, "127.0.0.1", port, limit=2**22)
        self._servers.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def _start_adb(self, fixed: int) -> None:
        home = self.options.state_dir / "adb"
        for attempt in range(3):
            self.adb = AdbServer(fixed or free_port(), home)
            try:
                await self.adb.start()
                return
            except AdbServerFailed:
                if fixed or attempt == 2:
                    raise

    async def _keep_adb(self) -> None:
        """An adb server that dies is started again on the same port, as its service manager would."""
        while True:
            status = await self.adb.ended()
            log.warning("the adb server ended with status %s; starting it again", status)
            await asyncio.sleep(_RETRY_S)
            try:
                await self.adb.start()
            except AdbServerFailed as error:
                log.error("%s", error)  # noqa: TRY400 - the message says it all
            self._replug.set()

    async def _keep_connected(self) -> None:
        """Plug in what should be plugged in, unplug what should not, at every change."""
        states: dict[str, str] = {}
        tracker: asyncio.Task[None] | None = None

        async def track() -> None:
            async for now in self.adb.states():
                states.clear()
                states.update(now)
                self._replug.set()
            states.clear()

        try:
            while True:
                if tracker is None or tracker.done():
                    tracker = asyncio.create_task(track())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_RETRY_S if self._all_settled(states) is False else 5.0):
                        await self._replug.wait()
                self._replug.clear()
                await self._plug(dict(states))
        finally:
            if tracker is not None:
                tracker.cancel()

    def _all_settled(self, states: dict[str, str]) -> bool:
        return all(
            (states.get(address) in ("device", "unauthorized")) == phone.plug.plugged
            for phone, address in zip(self.phones, self.addresses, strict=True)
        )

    async def _plug(self, states: dict[str, str]) -> None:
        gate = asyncio.Semaphore(_CONNECTS_AT_ONCE)

        async def settle(phone: Phone, address: str) -> None:
            state = states.get(address)
            async with gate:
                if not phone.plug.plugged:
                    if state is not None:
                        await self.adb.disconnect(address)
                elif state is None:
                    await self.adb.connect(address)
                elif state == "offline":
                    # adb retries by itself only every ten seconds; a cable that is put back works at once.
                    await self.adb.disconnect(address)
                    await self.adb.connect(address)

        await asyncio.gather(*(settle(p, a) for p, a in zip(self.phones, self.addresses, strict=True)))

    def _server_fault(self, name: str, argument: str) -> None:
        """A fault of the adb server that a phone's `simctl` asked for."""
        proxy = self.proxy
        if proxy is None:
            return
        seconds = float(argument) if argument.replace(".", "", 1).isdecimal() else 10.0
        loop = asyncio.get_running_loop()
        if name == "adb-down":
            self._tasks.append(asyncio.create_task(proxy.down(seconds)))
        elif name == "adb-hang":
            proxy.set_hang(True)
            loop.call_later(seconds, proxy.set_hang, False)
        elif name == "adb-slices":
            proxy.slices = True
            loop.call_later(seconds, setattr, proxy, "slices", False)
        elif name == "adb-version":
            proxy.version = argument
        elif name == "adb-track-silent":
            proxy.track_silent = True
            loop.call_later(seconds, setattr, proxy, "track_silent", False)
        elif name == "adb-track-cut":
            proxy.cut(tracking_only=True)
        elif name == "adb-line":
            serial, _, state = argument.partition(" ")
            proxy.extra = [*proxy.extra, (serial, state)] if serial else []

    async def _all_connected(self) -> None:
        async for states in self.adb.states():
            if all(states.get(address) == "device" for address in self.addresses):
                return
