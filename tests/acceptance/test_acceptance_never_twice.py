"""The real daemon on simulated phones under random calls, faults, stops and kills; the phones' own records are the judge."""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

import pytest

from simulator.child import SimulatorChild
from tests.support.daemon import Daemon, until
from tests.support.door import free_box
from tests.support.simulated import Simulated, sample_video

T = "/api/v1/task"
CONFIG = """
[posting]
retry_pause_min_s = 0.1
retry_pause_max_s = 0.5
unknown_screen_patience_s = 1.5
proof_timeout_s = 8.0
attempt_timeout_s = 60.0
duplicate_window_minutes = 1440.0
"""
FAULTS = (
    "login",
    "upload-fail",
    "commit-lost",
    "unknown-screen",
    "automation-dies",
    "account-blocked",
    "push-fail",
    "wrong-account",
)


class RealWorld:
    """A daemon, its phones, and what was asked of each task. The window is a day: within the run no plan lies apart."""

    def __init__(self, folder: Path, seed: int, phones: int = 3) -> None:
        self.choice = random.Random(seed)
        self.child = SimulatorChild(phones, folder, extra=("--accounts", "2"))
        self.phones = Simulated(self.child)
        self.media = folder / "media"
        path = self.child.config_path
        path.write_text(re.sub(r"(?ms)^\[\[accounts\]\]\n.*?(?=^\[|\Z)", "", path.read_text()) + CONFIG)
        self.daemon = Daemon(path)
        self.accounts: dict[int, dict[str, Any]] = {}
        for account in self.phones.accounts:
            body = {
                "username": account["username"],
                "platform": account["platform"],
                "device": account["serial"],
            }
            made = self.call("POST", "/api/v1/accounts", body)["data"]["account"]
            self.accounts[made["id"]] = made
        self.files: list[str] = []
        self.captions: dict[str, int] = {}  #: caption -> task
        self.created: dict[int, int] = {}  #: task -> step
        self.forced: set[int] = set()
        self.confirmed: dict[int, int] = {}  #: task -> step of its last retry with confirm=true
        self.withdrawn: dict[int, str] = {}  #: tasks that were withdrawn before their commit point
        self.unnamed: set[int] = set()  #: completed tasks whose log says why they name no account
        self.number = 0
        self.counts: Counter[str] = Counter()
        self.trace: deque[str] = deque(maxlen=40)

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self.daemon.call(method, path, body)

    def stop(self) -> None:
        self.daemon.stop()
        self.child.stop()

    # --- steps ----------------------------------------------------------------------------------------------

    def step(self) -> None:
        self.number += 1
        kinds = [
            (self.create, 20), (self.retry, 14), (self.retry_all, 4), (self.stop_one, 9), (self.delete, 5), (self.toggle, 6),
            (self.move, 2), (self.fault, 5), (self.restart, 1), (self.mend, 10), (self.look, 22),
        ]  # fmt: skip
        [act] = self.choice.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        self.counts[act.__name__] += 1
        self.trace.append(f"{self.number} {act.__name__}: {act()}")

    def some_task(self, *statuses: int) -> int:
        wanted = "" if not statuses else f"&status={self.choice.choice(statuses)}"
        tasks = self.call("GET", f"{T}?page_size=20{wanted}")["data"]["tasks"]
        return self.choice.choice(tasks)["id"] if tasks else 0

    def create(self) -> str:
        choice = self.choice
        if not self.files or choice.random() < 0.6:
            name = f"{self.number}.mp4"
            (self.media / name).write_bytes(sample_video().read_bytes() + free_box(name))
            self.files.append(name)
        platform = choice.choice(("tiktok", "instagram"))
        lines = [f"n{self.number} {index}" for index in range(6)]
        config: dict[str, Any] = {
            "captions": "\n".join(lines), "caption_format": "multiline", "upload_wait_time": 0,
            "material_list": [choice.choice(self.files[-4:])],
        }  # fmt: skip
        body: dict[str, Any] = {"script_name": "post", "script_config": config, "platform": platform}
        mine = [a["username"] for a in self.accounts.values() if a["platform"] == platform]
        mode = choice.random()
        if mode < 0.4:
            body["serials"] = choice.sample(self.phones.serials, choice.choice((1, 2)))
        elif mode < 0.85:
            body["usernames"] = choice.sample(mine, choice.choice((1, 2)))
        else:
            body |= {"serials": [choice.choice(self.phones.serials)], "enable_multi_account": True}
        body["force"] = choice.random() < 0.08
        answer = self.call("POST", T, body)
        ids = answer["data"]["task_ids"] if answer["code"] == 0 else []
        for task in answer["data"]["tasks"] if ids else []:
            self.captions[task["caption"]] = task["id"]
            self.created[task["id"]] = self.number
            if body["force"]:
                self.forced.add(task["id"])
        self.counts[f"create {answer['code']}"] += 1
        self.counts["created"] += len(ids)
        return f"{body} -> {answer['code']} {ids}"

    def retry(self) -> str:
        number = self.some_task(3)
        confirm = self.choice.random() < 0.3
        answer = self.call("POST", f"{T}/{number}/retry?force=true&confirm={int(confirm)}")
        if answer["code"] == 0:
            self.withdrawn.pop(number, None)
            self.counts["retried"] += 1
            if confirm:
                self.confirmed[number] = self.number
        elif "same media" in answer["message"]:
            self.counts["retry refused as a repeat"] += 1
        return f"{number} confirm={confirm} -> {answer['code']} {answer['message']}"

    def retry_all(self) -> str:
        data = self.call("POST", f"{T}/retry-all")["data"]
        for number in data["task_ids"]:
            self.withdrawn.pop(number, None)
        self.counts["retry-all skipped as a repeat"] += sum(
            s["reason"] == "already_posted" for s in data["skipped"]
        )
        return str(data["task_ids"])

    def stop_one(self) -> str:
        number = self.some_task(0, 1)
        before = self.posted().get(number, 0)
        answer = self.call("POST", f"{T}/{number}/stop")
        if answer["code"] == 0 and answer["data"]["outcome"] == "none" and not answer["data"]["stopping"]:
            self.withdrawn[number] = f"stopped in step {self.number} after {before} posts"
        return f"{number} -> {answer['code']}"

    def delete(self) -> str:
        number = self.some_task()
        answer = self.call("DELETE", f"{T}/{number}")
        return f"{number} -> {answer['code']} {answer.get('data')}"

    def toggle(self) -> str:
        account = self.choice.choice(list(self.accounts.values()))
        enabled = self.choice.random() < 0.6
        return f"{account['username']} {enabled} -> {self.call('PATCH', self._path(account), {'enabled': enabled})['code']}"

    def move(self) -> str:
        account = self.choice.choice(list(self.accounts.values()))
        device = self.choice.choice([*self.phones.serials, account["device"], account["device"]])
        return f"{account['username']} to {device} -> {self.call('PATCH', self._path(account), {'device': device})['code']}"

    @staticmethod
    def _path(account: dict[str, Any]) -> str:
        return f"/api/v1/accounts/{account['id']}"

    def fault(self) -> str:
        serial, fault = self.choice.choice(self.phones.serials), self.choice.choice(FAULTS)
        self.phones.simctl(serial, "fault", fault)
        return f"{serial} {fault}"

    def mend(self) -> str:
        """A person looks at a phone: apps are as they should be, and its accounts live there and take part."""
        serial = self.choice.choice(self.phones.serials)
        self.phones.simctl(serial, "reset")
        for account in self.accounts.values():
            if account["device"] == serial:
                self.call("PATCH", self._path(account), {"logined": True, "enabled": True, "device": serial})
        return f"{serial} {self.call('POST', f'/api/v1/devices/{serial}/resume')['code']}"

    def restart(self) -> str:
        kill = self.choice.random() < 0.5
        if kill:
            self.daemon.kill()
        else:
            self.daemon.stop()
        self.daemon = Daemon(self.child.config_path)
        return "killed" if kill else "stopped"

    def look(self) -> str:
        """Time passes until something has ended, or a moment."""

        def ended() -> int:
            stats = self.call("GET", f"{T}/stats")["data"]
            return int(stats["completed"] + stats["failed"])

        before, ends = ended(), time.monotonic() + self.choice.choice((1.0, 3.0, 6.0))
        until(lambda: ended() != before or time.monotonic() > ends, 10)
        self.check()
        return ""

    # --- the judge ------------------------------------------------------------------------------------------

    def posts(self) -> list[dict[str, Any]]:
        return [post | {"serial": s} for s in self.phones.serials for post in self.phones.lines(s, "posts")]

    def posted(self) -> Counter[int]:
        return Counter(
            self.captions.get(post["caption"] or post.get("title", ""), 0) for post in self.posts()
        )

    def check(self) -> None:
        """Raises AssertionError with everything that is wrong."""
        wrong = []
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        accounts_of: dict[int, set[str]] = {}
        for post in sorted(self.posts(), key=lambda post: post["at"]):
            sha = "+".join(medium["sha256"] for medium in post["media"])
            groups.setdefault((post["app"], post["account"], post["kind"], sha), []).append(post)
            number = self.captions.get(post["caption"], 0)
            accounts_of.setdefault(number, set()).add(post["account"].lstrip("@"))
            if not number:
                wrong.append(f"nothing asks for {post}")
        for key, group in groups.items():
            numbers = [self.captions.get(post["caption"], 0) for post in group]
            for index, number in enumerate(numbers[1:], 1):
                allowed = number in self.forced or any(
                    self.confirmed.get(number, -1) > self.created[other] for other in numbers[:index]
                )
                if not allowed:
                    wrong.append(f"task {number} repeats {numbers[:index]} on {key[:3]}")
        total = Counter(
            number
            for numbers in groups.values()
            for number in (self.captions.get(p["caption"], 0) for p in numbers)
        )
        for number, sentence in self.withdrawn.items():
            if total[number] > int(sentence.split(" after ")[1].split()[0]):
                wrong.append(f"task {number} was posted, though it was {sentence}")
        for task in self.call("GET", f"{T}?status=2&page_size=50")["data"]["tasks"]:
            if not task["account_seen"]:
                self.unnamed.add(task["id"])
                log = self.daemon.log_tail(task["id"], 80)
                if "the account cannot be read" not in log:
                    wrong.append(f"task {task['id']} is completed and names no account:\n{log}")
            elif (
                task["id"] in accounts_of and task["account_seen"].lstrip("@") not in accounts_of[task["id"]]
            ):
                wrong.append(
                    f"task {task['id']} names {task['account_seen']}, the phone {accounts_of[task['id']]}"
                )
        self.counts["posts"], self.counts["unnamed"] = sum(total.values()), len(self.unnamed)
        assert not wrong, wrong


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_R49_R50_R51_the_phones_record_nothing_twice_and_nothing_unasked(tmp_path: Path) -> None:
    seed = int(os.environ.get("NEVER_TWICE_SEED") or random.randrange(1 << 30))
    steps = int(os.environ.get("NEVER_TWICE_STEPS") or 1000)
    report = os.environ.get("NEVER_TWICE_REPORT")
    print(f"NEVER_TWICE_SEED={seed}")
    world = RealWorld(tmp_path, seed)
    try:
        for number in range(1, steps + 1):
            try:
                world.step()
            except AssertionError as error:
                raise AssertionError(
                    f"seed {seed}, step {number}\n" + "\n".join(world.trace) + f"\n{error}"
                ) from error
            if report and number % 25 == 0:
                Path(report).write_text(f"seed {seed}: {number} steps, {json.dumps(world.counts)}\n")
        world.check()
        assert world.counts["posts"]
    finally:
        world.stop()
