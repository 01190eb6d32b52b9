"""Posts under random faults and random kills on the real daemon."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import adbutils

from benchmarks.soak_faults import FAULTS, Fault
from benchmarks.soak_judge import ENDED, Posting, Verdicts, bounded_shell
from simulator.child import SimulatorChild
from tests.support.daemon import Daemon, until
from tests.support.simulated import Simulated, sample_video
from tests.support.warm import warm

#: Times in which faults become visible, shortened from the defaults' minutes so that a thousand of them fit an hour.
QUICK = """
[posting]
retry_pause_min_s = 0.1
retry_pause_max_s = 0.5
unknown_screen_patience_s = 1.5
proof_timeout_s = {proof_s}
attempt_timeout_s = 90.0
max_interruptions = {interruptions}
"""


class FaultBench:
    """Simulated phones behind a proxy that can fail, daemons on them, and the judge."""

    def __init__(
        self,
        folder: Path,
        phones: int,
        *,
        proof_s: float = 6.0,
        interruptions: int = 3,
        latency_ms: float = 0,
    ) -> None:
        self.folder = folder
        extra = ("--adb-faults", "--accounts", "1", "--latency", f"{latency_ms:g}")
        self.child = SimulatorChild(phones, folder, extra=extra, start=warm().popen)
        self.phones = Simulated(self.child)
        self.serials = self.phones.serials
        self.video = folder / "media" / sample_video().name
        self._direct = adbutils.AdbClient(port=int(self.child.ready["direct_adb_port"]))
        config = self.child.config_path.read_text()
        self.child.config_path.write_text(config + QUICK.format(proof_s=proof_s, interruptions=interruptions))
        self._daemons: list[Daemon] = []

    def start(self, **options: Any) -> Daemon:
        daemon = Daemon(self.child.config_path, **options)
        self._daemons.append(daemon)
        return daemon

    def stop(self) -> None:
        for daemon in self._daemons:
            daemon.stop()
        self.child.stop()

    def simctl(self, serial: str, words: str) -> str:
        """Past the proxy, and again while the phone is off the bus: the judge must always get its answer."""
        refusals: Counter[str] = Counter()

        def ask() -> str | None:
            try:
                answer = bounded_shell(self._direct, serial, f"simctl {words}")
            except (adbutils.AdbError, OSError) as error:
                refusals[repr(error)] += 1
                return None
            assert not answer.startswith("simctl:"), answer
            return answer + "\n"

        try:
            return str(until(ask, 240, f"simctl {words} on {serial}", most_s=1.0))
        except AssertionError as error:
            raise AssertionError(f"{error}; {dict(refusals)}; {self._states()}") from error

    def _states(self) -> str:
        """How the adb server past the proxy lists every phone."""
        try:
            return str({one.serial: one.state for one in self._direct.list()})
        except (adbutils.AdbError, OSError) as error:
            return repr(error)

    def posts(self) -> Counter[str]:
        """How often each caption was published, by what the phones themselves wrote down."""
        found: Counter[str] = Counter()
        for serial in self.serials:
            found.update(
                json.loads(line)["caption"]
                for line in self.simctl(serial, "posts").splitlines()
                if line.strip()
            )
        return found

    def body(self, posting: Posting) -> dict[str, Any]:
        config = {"captions": posting.caption, "material_list": [str(self.video)], "upload_wait_time": 0}
        if posting.platform == "tiktok":
            config["post_way"] = "share" if zlib.crc32(posting.caption.encode()) % 2 else "addButton"
        return {
            "serials": [posting.serial],
            "platform": posting.platform,
            "force": True,
            "script_config": config,
        }

    def heal(self) -> None:
        """Everything that was armed is gone, and every phone answers."""
        for serial in self.serials:
            self.simctl(serial, "fault clear")
            self.simctl(serial, "fault adb-line")
            self.simctl(serial, "fault adb-version")
            self.simctl(serial, "set locked off")


class FaultRun:
    """Posts on every phone at once, each with a fault of its own, drawn from a seed.

    A fault that does not go by itself lasts `lasting_s`, then a person mends the phone: what is measured from there is
    how long the daemon takes to publish again. From then on every task must come to its end within `patience_s`.
    """

    def __init__(
        self,
        bench: FaultBench,
        seed: int,
        posts: int,
        *,
        faults: Sequence[Fault] = FAULTS,
        lasting_s: float = 8.0,
        patience_s: float = 60.0,
    ) -> None:
        self.bench = bench
        self.daemon = bench.start()
        self.lasting_s = lasting_s
        self.patience_s = patience_s
        self._seed = seed
        self._lock = threading.Lock()
        self._left = posts
        self._deck: list[Fault] = []
        self._faults = faults
        self._chance = random.Random(seed)
        self.postings: list[Posting] = []

    def run(self) -> Verdicts:
        """All posts, then a time without faults in which everything must come to its end."""
        errors: list[BaseException] = []

        def guarded(serial: str) -> None:
            try:
                self._phone(serial)
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                errors.append(error)

        threads = [
            threading.Thread(target=guarded, args=(s,), name=f"poster-{s}") for s in self.bench.serials
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        self.bench.heal()
        for one in self.postings:
            one.end = self._end(one)
        return self.judge()

    def judge(self) -> Verdicts:
        total = self.daemon.call("GET", "/api/v1/task/stats")["data"]["total"]
        return Verdicts(self.postings, self.bench.posts(), total, all_over=True)

    def _end(self, one: Posting) -> dict[str, Any]:
        """The task once it has ended, or as it is when patience is over. A phone that needs a person gets one."""
        began = time.monotonic()
        mended = not one.lasting
        pause = threading.Event()
        while (task := self.daemon.task(one.task_id))["status"] < ENDED:
            waited_s = time.monotonic() - began
            if not mended and waited_s >= self.lasting_s:
                self._mend(one)
                mended = True
            elif task["status"] == 0 and self._needs_hands(one):
                self._mend(one)
                pause.wait(0.5)
            if waited_s >= self.patience_s + (self.lasting_s if one.lasting else 0.0):
                break
            pause.wait(0.05)
        return task

    def _mend(self, one: Posting) -> None:
        """What a person does: sees to the phone and says that it is well."""
        self.bench.simctl(one.serial, "reset")
        self.daemon.call("POST", f"/api/v1/devices/{one.serial}/resume")
        if one.lasting:
            one.struck_at = time.time()

    def _needs_hands(self, one: Posting) -> bool:
        """What a person would see on the console and do something about."""
        device = next(
            d
            for d in self.daemon.call("GET", "/api/v1/devices")["data"]["devices"]
            if d["serial"] == one.serial
        )
        if device["state"] != "needs_hands" and not (device["state"] == "device" and device["detail"]):
            return False
        one.hands = device["detail"]
        return True

    def _phone(self, serial: str) -> None:
        while (one := self._next(serial)) is not None:
            self._strike(one)
            one.end = self._end(one)
            one.met = (
                one.words.partition(" ")[0] not in self.bench.simctl(serial, "fault list") or one.lasting
            )
            last = one
            if one.lasting or one.end.get("outcome") != "published":
                # The next post on this phone, without a fault, tells when it works again. What an app asks of a person
                # (a log-in, a captcha) is done by a person.
                self._mend(one)
                last = self._posting(serial)
                last.task_id = self.daemon.post(**self.bench.body(last))
                last.end = self._end(last)
            self.bench.simctl(serial, "fault clear")
            if last.end.get("outcome") == "published":
                one.recovery_s = time.time() - one.struck_at

    def _strike(self, one: Posting) -> None:
        """Arm the fault before the post, or some moment into it."""
        chance = random.Random(f"{self._seed} {one.caption}")
        late = chance.random() < 0.5
        if not late:
            self.bench.simctl(one.serial, f"fault {one.words}")
            one.struck_at = time.time()
        one.task_id = self.daemon.post(**self.bench.body(one))
        if late:
            threading.Event().wait(chance.uniform(0.0, 0.6))
            self.bench.simctl(one.serial, f"fault {one.words}")
            one.struck_at = time.time()

    def _next(self, serial: str) -> Posting | None:
        """A post with a fault of its own; None when all were made."""
        with self._lock:
            if self._left <= 0:
                return None
            self._left -= 1
        one = self._posting(serial)
        with self._lock:
            if not self._deck:
                # Every class comes once before any comes again.
                self._deck = list(self._faults)
                self._chance.shuffle(self._deck)
            fault = self._deck.pop()
            one.fault, one.words = fault.name, fault.draw(self._chance, one.platform)
            if fault.lasting and self._chance.random() < 0.3:
                one.words, one.lasting = f"{one.words} --always", True
        return one

    def _posting(self, serial: str) -> Posting:
        with self._lock:
            platform = self._chance.choice(("tiktok", "instagram"))
            one = Posting(f"post {len(self.postings)} of run {self._seed}", serial, platform)
            self.postings.append(one)
        return one


def _looks(task: dict[str, Any]) -> bool:
    """Whether a running task is a post of unknown fate: one that is looked for, or waits for that."""
    return task["outcome"] == "unknown" and task["remark"] not in {"commit", "proof"}


class KillRun:
    """Posts without a pause while the daemon is killed at random moments and started again."""

    def __init__(self, bench: FaultBench, seed: int, kills: int) -> None:
        self.bench = bench
        self.kills = kills
        self._longest_life_s = 0.0
        self._chance = random.Random(seed)
        self._seed = seed
        self._over = threading.Event()
        self.daemon = bench.start()
        self.postings: list[Posting] = []
        self.killed_in: Counter[str] = Counter()  #: what the tasks that were running said they did
        self.starts_s: list[float] = []  #: from the start of the process to its ready line

    def run(self) -> Verdicts:
        self._longest_life_s = 1.5 * self._time_a_post()
        creator = threading.Thread(target=self._create, name="creator")
        creator.start()
        try:
            for _ in range(self.kills):
                self._await_moment()
                self._kill()
        finally:
            self._over.set()
            creator.join()
        for one in self.postings:
            one.end = self.daemon.ended(one.task_id, 180)
        total = self.daemon.call("GET", "/api/v1/task/stats")["data"]["total"]
        return Verdicts(self.postings, self.bench.posts(), total, all_over=True)

    def _time_a_post(self) -> float:
        """How long a post takes on this machine when all phones post: kills are to fall into all of its parts."""
        for number in range(2):  # the first starts the automation servers and answers permissions
            began = time.monotonic()
            batch = [
                Posting(f"warm-up {number} on {s}, kills {self._seed}", s, "tiktok")
                for s in self.bench.serials
            ]
            self.postings += batch
            for one in batch:
                one.task_id = self.daemon.post(**self.bench.body(one))
            for one in batch:
                self.daemon.ended(one.task_id, 120)
        return time.monotonic() - began

    def _await_moment(self) -> None:
        """Any moment at which posts are being made, or (every other time) one at a commit point or in wait for proof.

        First the daemon looks for what the kills before left: one that is killed again and again while it looks gets
        nowhere, and proves nothing. Where at most a third of the phones still look, a kill may fall into that too.
        """
        pause = threading.Event()
        moments = {"commit", "proof"} if self._chance.random() < 0.5 else set()
        phones = len(self.bench.serials)

        def busy() -> bool:
            running = self._running()
            posting = sum(not _looks(task) for task in running)
            return posting * 2 >= phones and (len(running) - posting) * 3 <= phones

        until(busy, 120, "half of the phones post and at most a third look for lost posts")
        ends = time.monotonic() + self._chance.uniform(0.0, self._longest_life_s)
        while time.monotonic() < ends:
            if moments.intersection(self._posting()):
                return
            pause.wait(0.01)

    def _posting(self) -> list[str]:
        """What the tasks say that are on their way to a post."""
        return [task["remark"] for task in self._running() if not _looks(task)]

    def _running(self) -> list[dict[str, Any]]:
        return self.daemon.call("GET", "/api/v1/task?status=1&page_size=100")["data"]["tasks"]  # type: ignore[no-any-return]

    def _kill(self) -> None:
        self.killed_in.update(task["remark"] for task in self._running())
        self.daemon.kill()
        began = time.monotonic()
        self.daemon = self.bench.start()
        self.starts_s.append(time.monotonic() - began)

    def _create(self) -> None:
        """Keeps every phone busy; a call that the kill cut off is repeated under its key until it is answered."""
        number = 0
        pause = threading.Event()
        while not self._over.is_set():
            serial = self.bench.serials[number % len(self.bench.serials)]
            one = Posting(f"post {number} of kills {self._seed}", serial, ("tiktok", "instagram")[number % 2])
            while not self._created(one):
                pause.wait(0.05)
            self.postings.append(one)
            number += 1
            while not self._over.is_set() and self._waiting() > 2 * len(self.bench.serials):
                pause.wait(0.05)

    def _created(self, one: Posting) -> bool:
        request = urllib.request.Request(
            f"{self.daemon.url}/api/v1/task",
            data=json.dumps({"script_name": "post", **self.bench.body(one)}).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": one.caption.replace(" ", "-")},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 503:  # it is about to be there
                raise
            return False
        except (OSError, http.client.HTTPException, ValueError):
            return False
        (one.task_id,) = answer["data"]["task_ids"]
        return True

    def _waiting(self) -> int:
        try:
            stats = self.daemon.call("GET", "/api/v1/task/stats")["data"]
        except (OSError, http.client.HTTPException, ValueError):
            return 1 << 30
        return int(stats["pending"] + stats["running"])
