"""A daemon with phones on several real adb servers, each of them with a simulator of its own, and the judge of their posts."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from simulator.child import SimulatorChild
from tests.support.daemon import Daemon, until
from tests.support.simulated import Simulated, sample_video

#: How the boxes are called in the config; the first is the one that the daemon runs on.
BOXES = ("local", "b", "c")


def adb_pid(port: int) -> int:
    """The adb server that listens on this port."""
    (pid,) = (
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if Path((words := _words(entry))[0]).name.startswith("adb") and f"tcp:localhost:{port}" in words
    )
    return pid


def _words(cmdline: Path) -> list[str]:
    try:
        return cmdline.read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:  # it ended
        return [""]


class Box:
    """One adb server with its simulated phones."""

    def __init__(self, name: str, child: SimulatorChild, prefix: tuple[str, ...]) -> None:
        self.name = name
        self.phones = Simulated(child, prefix)
        self.serials = self.phones.serials
        self.host, self.port = "127.0.0.1", self.phones.adb_port  #: where the daemon finds it

    def signal(self, number: int) -> None:
        os.kill(adb_pid(self.phones.adb_port), number)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """The adb server takes connections and says nothing, as one that is stopped does."""
        pid = adb_pid(self.phones.adb_port)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """Its service starts it again after half a second."""
        self.signal(signal.SIGKILL)


class Farm:
    """Boxes with as many phones each, and one daemon for all of them."""

    def __init__(
        self,
        folder: Path,
        phones: int,
        *,
        names: Sequence[str] = BOXES,
        extra: Sequence[str] = (),
        within: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`extra` are words for the simulators, `within` those before their command, by box."""
        self.folder = folder

        def start(number: int) -> SimulatorChild:
            name = names[number]
            words = ("--first", str(1 + number * phones), *extra)
            prefix = (within or {}).get(name, ())
            return SimulatorChild(phones, folder / name, extra=words, prefix=prefix, timeout_s=180)

        # A simulator ends with the thread that started it, so these threads stay as long as the farm.
        self._starters = ThreadPoolExecutor(len(names))
        children = list(self._starters.map(start, range(len(names))))
        self.boxes = [
            Box(name, child, (within or {}).get(name, ()))
            for name, child in zip(names, children, strict=True)
        ]
        self.by_name = {box.name: box for box in self.boxes}
        self.video = folder / names[0] / "media" / sample_video().name
        self.config = children[0].config_path
        self.daemon: Daemon
        self._daemons: list[Daemon] = []

    def configure(self, more: str = "", entries: Mapping[str, str] | None = None) -> None:
        """Name the further boxes, and all accounts, in the daemon's config; `entries` are further lines of a box."""
        lines = [self.config.read_text("utf-8")]
        for box in self.boxes[1:]:
            lines += ["[[adb_servers]]", f'name = "{box.name}"', f'host = "{box.host}"', f"port = {box.port}"]
            lines += [(entries or {}).get(box.name, ""), ""]
            for account in box.phones.accounts:
                lines += [
                    "[[accounts]]",
                    *(f"{key} = {json.dumps(value)}" for key, value in account.items()),
                    "",
                ]
        self.config.write_text("\n".join([*lines, more]), "utf-8")

    def start(self, usable_s: float = 60.0) -> Daemon:
        """The daemon, once all phones of all boxes are usable."""
        self.daemon = Daemon(self.config)
        self._daemons.append(self.daemon)
        wanted = {serial for box in self.boxes for serial in box.serials}
        until(lambda: self.usable() >= wanted, usable_s, "all phones are usable")
        return self.daemon

    def devices(self) -> dict[str, Any]:
        return self.daemon.call("GET", "/api/v1/devices")["data"]  # type: ignore[no-any-return]

    def usable(self) -> set[str]:
        return {one["serial"] for one in self.devices()["devices"] if one["state"] == "device"}

    def post(self, box: Box, name: str, serials: Sequence[str] | None = None) -> list[int]:
        """One post on each phone of a box, which says its name; the tasks."""
        config = {
            "captions": name,
            "material_list": [str(self.video)],
            "upload_wait_time": 0,
            "post_way": "share",
        }
        body = {
            "script_name": "post", "serials": list(serials or box.serials), "platform": "tiktok", "force": True,
            "script_config": config,
        }  # fmt: skip
        answer = self.daemon.call("POST", "/api/v1/task", body)
        assert answer["code"] == 0, answer
        return list(answer["data"]["task_ids"])

    def finish(self, ids: Sequence[int], timeout_s: float = 120.0) -> list[dict[str, Any]]:
        """The tasks, once all have ended."""
        left, done = set(ids), []
        ends = time.monotonic() + timeout_s
        while left:
            tasks = self._page(min(left))
            now = [tasks[number] for number in left if number in tasks and tasks[number]["status"] >= 2]
            done += now
            left -= {task["id"] for task in now}
            assert time.monotonic() < ends, [self.daemon.task(number) for number in left]
            if left:
                threading.Event().wait(0.1)
        return sorted(done, key=lambda task: int(task["id"]))

    def _page(self, oldest: int) -> dict[int, dict[str, Any]]:
        """All tasks from this one on."""
        found: dict[int, dict[str, Any]] = {}
        page = 1
        while True:
            tasks = self.daemon.call("GET", f"/api/v1/task?page={page}&page_size=100")["data"]["tasks"]
            found.update((int(task["id"]), task) for task in tasks)
            if len(tasks) < 100 or min(found) <= oldest:
                return found
            page += 1

    def judge(self, tasks: Sequence[Mapping[str, Any]]) -> list[str]:
        """What is wrong: posts that were made twice or never, tasks that say otherwise; nothing where all is well."""
        posts = {box.name: {s: self._posts(box, s) for s in box.serials} for box in self.boxes}
        there = {serial: found for of_box in posts.values() for serial, found in of_box.items()}
        wrong = []
        for task in tasks:
            count = there[str(task["serial"])][str(task["caption"])]
            if count > 1:
                wrong.append(f"{count} posts of {task}")
            if task["outcome"] == "published" and count != 1:
                wrong.append(f"published, but {count} posts of {task}")
            if task["outcome"] in {"none", "not_published"} and count:
                wrong.append(f"{task['outcome']}, but {count} posts of {task}")
        return wrong

    @staticmethod
    def _posts(box: Box, serial: str) -> Counter[str]:
        return Counter(str(post["caption"]) for post in box.phones.lines(serial, "posts"))

    def stop(self) -> None:
        for daemon in self._daemons:
            daemon.stop()
        for box in self.boxes:
            box.phones.child.stop()
        self._starters.shutdown()
