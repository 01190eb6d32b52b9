"""Random calls of the whole HTTP API against scripted phones, with a judge of its own for what was posted (R49 to R52)."""

from __future__ import annotations

import collections
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from jobs.hub.settings import Posting
from jobs.phone.errors import DeadlinePassed, StopRequested
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.records import Outcome, Stage, Task, TaskError
from storage.store import Store
from storage.tables.posts import content_of
from tests.support.clock import FakeClock
from tests.support.door import free_box
from tests.support.fake_phones import FakeScript
from tests.support.http_side import HttpSide, ShownPhones, WireClient

T = "/api/v1/task"
PHONES = ("PHONE1", "PHONE2", "PHONE3")
#: Who is logged in where, by platform: two phones know the same accounts, one knows an account that is not entered here.
LOGGED_IN = {"PHONE1": ("ann", "ben"), "PHONE2": ("ann", "ben", "cas"), "PHONE3": ("stranger",)}
HOMES = {"ann": "PHONE1", "ben": "PHONE1", "cas": "PHONE2"}
PLATFORMS = ("tiktok", "instagram")
LISTED = ("one.mp4", "two.mp4")
WINDOW_S = 600.0
FAULTS = (
    "final",
    "passing",
    "logged out",
    "refused",
    "lost with post",
    "lost without post",
    "hold before",
    "hold after",
)
#: Real seconds that a step gives the engine to do what there is to do.
CALM_S = 0.25


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What the phones' record holds of one tap that published."""

    task: Task
    platform: str
    account: str
    retried: bool
    at: float  #: by the box's clock
    step: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.platform, self.account, self.task.placement, content_of(self.task.materials)


class Wishes(msgspec.Struct):
    """What the calls have asked of one task."""

    created: int  #: the step
    forced: bool
    retried: bool = False
    confirmed: int = -1  #: the step of the last retry with confirm=true
    withdrawn: bool = False  #: stopped or deleted before its commit point, and not asked for again
    held: bool = False
    #: caption, files and account of the last change that was acknowledged
    plan: tuple[str, list[str], str] | None = None


class World:
    """The API, the phones, and the judge. `step` makes one random call; `violations` is what must stay empty."""

    retention_days = 30.0
    faults_known: tuple[str, ...] = FAULTS

    def __init__(self, folder: Path, seed: int, now: float = 1_800_000_000.0) -> None:
        self.folder = folder
        self.seed = seed
        self.choice = random.Random(seed)
        self.clock = FakeClock(now)
        self.phones = ShownPhones(*PHONES)
        self.logged_in = dict(LOGGED_IN)
        self.current = {(serial, p): LOGGED_IN[serial][0] for serial in PHONES for p in PLATFORMS}
        self.faults: collections.defaultdict[str, collections.deque[str]] = collections.defaultdict(
            collections.deque
        )
        self.released = threading.Event()
        self.gate = (
            threading.RLock()
        )  #: a call that must keep posts from being made, and a tap, exclude each other
        self.posts: list[Post] = []
        self.wishes: dict[int, Wishes] = {}
        self.disabled: set[tuple[str, str]] = set()
        self.marked: set[int] = set()  #: tasks that a person called published: whose account may be unknown
        self.violations: list[str] = []
        self.trace: collections.deque[str] = collections.deque(maxlen=40)
        self.counts: collections.Counter[str] = collections.Counter()
        self.number = 0
        self.changed = threading.Event()
        self.held = 0
        self.accounts: dict[tuple[str, str], int] = {}
        self._open()
        for number in range(60):
            self._file(f"pool/{number}.mp4")
        for name in LISTED:
            self._file(name)
        for name in HOMES:
            for platform in PLATFORMS:
                self._enter(name, platform)

    # --- the box --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.side = self._hub(FakeScript(self._run, self._settle), self.choice.randrange(1 << 30))
        self.store: Store = self.side.store
        self.store.storage.listen("tasks", self._noticed, replay=False)
        self.side.run_jobs()
        self.api: WireClient = self.side.serve()

    def _hub(self, script: FakeScript, seed: int) -> HttpSide:
        return HttpSide(
            self.folder,
            clock=self.clock,
            script=script,
            phones=self.phones,
            seed=seed,
            retention_days=self.retention_days,
            posting=Posting(timezone="UTC", duplicate_window_minutes=WINDOW_S / 60),
        )

    def _noticed(self, _changes: Any) -> None:
        self.changed.set()

    def close(self) -> None:
        """Stop the daemon; its waits are waits for the clock, which goes on meanwhile."""
        self.released.set()
        ending = threading.Thread(target=self.side.__exit__)
        ending.start()
        while ending.is_alive():
            self.clock.advance(1.0)
            ending.join(0.005)

    def _file(self, name: str) -> None:
        path = self.side.media / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((self.side.media / "clip.mp4").read_bytes() + free_box(name))

    def _enter(self, name: str, platform: str) -> None:
        body = {"username": name, "platform": platform, "device": HOMES[name]}
        self.accounts[name, platform] = self.api.good("POST", "/api/v1/accounts", body)["account"]["id"]

    # --- the phones -----------------------------------------------------------------------------------------

    def _run(self, attempt: Attempt, phone: Any) -> Verdict:
        task = attempt.task
        fault = self.faults[task.serial].popleft() if self.faults[task.serial] else ""
        account = self._show(task, fault)
        attempt.see_account(account)
        self._fail_before(attempt, fault)
        with self.gate:
            attempt.enter_committing()
            if fault not in {"refused", "lost without post"}:
                phone.tap_once()
                self._published(attempt.task, account)
        attempt.enter_verifying()
        return self._end(attempt, fault)

    def _show(self, task: Task, fault: str) -> str:
        """The account that the app shows, which is the task's where it names one."""
        place = task.serial, task.platform
        if fault == "logged out":
            raise ScriptFailed(ErrorCode.NOT_LOGGED_IN, "the app asks to log in")
        if task.username and self.current[place] != task.username:
            if task.username not in self.logged_in[task.serial]:
                raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, f"{task.username} is not on this phone")
            self.current[place] = task.username
        return self.current[place]

    def _fail_before(self, attempt: Attempt, fault: str) -> None:
        """What may go wrong before the tap."""
        if fault == "final":
            raise ScriptFailed(ErrorCode.UI_CHANGED, "an unknown screen")
        if fault == "passing":
            raise DeadlinePassed("the phone does not answer")
        if fault == "hold before":
            self._hold(attempt)

    def _end(self, attempt: Attempt, fault: str) -> Verdict:
        """What the app shows after the tap."""
        if fault == "hold after":
            try:
                self._hold(attempt)
            except StopRequested:
                return Verdict(Outcome.UNKNOWN, "cut off", TaskError("stopped", "cut off"))
        if fault == "refused":
            return Verdict(Outcome.NOT_PUBLISHED, "the app refused", TaskError("media_rejected", "refused"))
        if fault.startswith("lost"):
            return Verdict(Outcome.UNKNOWN, "no proof", TaskError("upload_timeout", "no proof"))
        return Verdict(Outcome.PUBLISHED, "it is there")

    def _hold(self, attempt: Attempt) -> None:
        self.held += 1
        try:
            while not self.released.is_set():
                attempt.wait(0.5)
        finally:
            self.held -= 1

    def _settle(self, attempt: Attempt, phone: Any) -> Verdict:
        there = any(
            post.task.id == attempt.task.id and post.task.attempt == attempt.task.attempt
            for post in self.posts
        )
        return Verdict(Outcome.PUBLISHED if there else Outcome.UNKNOWN, "looked")

    # --- the judge ------------------------------------------------------------------------------------------

    def _published(self, task: Task, account: str) -> None:
        wishes = self.wishes.get(task.id)
        if wishes is None:  # its create call has not returned yet
            wishes = Wishes(self.number, forced=task.forced)
        # A task that never ran and keeps its planned time is as it was before.
        retried = task.retry_count > 0 or (wishes.retried and task.due_at != task.scheduled_at)
        post = Post(
            task=task,
            platform=task.platform,
            account=account,
            retried=retried,
            at=self.clock.now(),
            step=self.number,
        )
        if wishes.withdrawn:
            self.wrong(f"task {task.id} was posted, though nothing asks for it")
        if wishes.held:
            self.wrong(f"task {task.id} was posted, though it is held")
        plan = (task.caption, [file.name for file in task.materials], task.username)
        if wishes.plan is not None and wishes.plan != plan:
            self.wrong(f"task {task.id} posted {plan}, and its last change says {wishes.plan}")
        if (account, task.platform) in self.disabled:
            self.wrong(f"task {task.id} was posted to @{account}, which is disabled")
        if task.username not in {"", account}:
            self.wrong(f"task {task.id} for @{task.username} was posted to @{account}")
        for earlier in self.posts:
            if earlier.key == post.key and not self._may_repeat(post, wishes, earlier):
                self.wrong(
                    f"task {task.id} repeats task {earlier.task.id} on @{account}: {post.key[2]}, {task.materials[0].name}; "
                    f"planned {task.scheduled_at:.0f}, due {task.due_at:.0f}, retried {retried}, {wishes}; the earlier one "
                    f"was due {earlier.task.due_at:.0f}, posted {earlier.at:.0f}"
                )
            pooled = {f.sha256 for f in post.task.materials if f.root} & {
                f.sha256 for f in earlier.task.materials if f.root
            }
            denied = self._wishes(earlier).confirmed >= earlier.step  # a person said that it is not there
            asked = wishes.forced or denied or wishes.confirmed > self._created(earlier)
            if pooled and not asked and earlier.key != post.key:
                self.wrong(f"task {task.id} uses the pooled file of task {earlier.task.id} again")
        self.posts.append(post)
        self.counts["posts"] += 1

    def _may_repeat(self, post: Post, wishes: Wishes, earlier: Post) -> bool:
        """Whether a person or the plan allows this post beside the earlier one."""
        if wishes.forced or wishes.confirmed > self._created(earlier):
            return True
        if earlier.task.id == post.task.id:
            return wishes.confirmed >= earlier.step
        return self._planned_apart(post, earlier)

    @staticmethod
    def _planned_apart(post: Post, earlier: Post) -> bool:
        """Whether both were planned, far enough from each other."""
        apart_s = abs(post.task.due_at - earlier.task.due_at)
        if not post.retried:
            return apart_s > WINDOW_S
        slot_s = abs(post.task.scheduled_at - earlier.task.due_at)
        before = earlier.at < post.task.scheduled_at - WINDOW_S and earlier.task.id < post.task.id
        return min(apart_s, slot_s) > WINDOW_S and before

    def _wishes(self, post: Post) -> Wishes:
        return self.wishes.get(post.task.id) or Wishes(post.step, forced=False)

    def _created(self, post: Post) -> int:
        return self._wishes(post).created

    def wrong(self, sentence: str) -> None:
        self.violations.append(f"step {self.number}: {sentence}")

    def look(self) -> None:
        """What the API says of tasks must be what the phones know."""
        posted = {(post.task.id, post.task.attempt): post for post in self.posts[-200:]}
        for shown in self.api.good("GET", f"{T}?page_size=30")["tasks"]:
            task = self.store.tasks.get(shown["id"])
            post = None if task is None else posted.get((task.id, task.attempt))
            if post is not None and self._is_denied(post):
                post = None  # a person said that it is not there, or that it does not matter
            self._look_at(shown, task, post)

    def _is_denied(self, post: Post) -> bool:
        """Whether a person has said that a post is not there."""
        return self.wishes[post.task.id].confirmed >= post.step

    def _look_at(self, shown: dict[str, Any], task: Task | None, post: Post | None) -> None:
        """What is shown of a task must be true of its post, if it made one."""
        if shown["status"] == 2:
            self.counts["completed seen"] += 1
            if not shown["account_seen"] and shown["id"] not in self.marked:
                self.wrong(f"task {shown['id']} is completed and does not say on which account")
            elif post is not None and shown["account_seen"] != post.account:
                self.wrong(f"task {shown['id']} names @{shown['account_seen']}, it was @{post.account}")
        if (
            shown["status"] == 3
            and shown["outcome"] != "unknown"
            and post is not None
            and (
                task is not None
                and task.stage in {Stage.FAILED, Stage.REJECTED}
                and task.outcome is not Outcome.UNKNOWN
            )
        ):
            self.wrong(f"task {shown['id']} says {shown['outcome']}, but was posted")
        if shown["status"] == 0 and not shown["waiting_for"]:
            self.counts["pending without a reason"] += 1

    # --- steps ----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One random call or event, then a look."""
        self.number += 1
        kinds = self._kinds()
        [act] = self.choice.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        self.counts[act.__name__] += 1
        self.trace.append(f"{self.number} {act.__name__}: {act()}")
        self.clock.advance(self.choice.choice((0.1, 1.0, 5.0)))
        self._calm()
        self.look()

    def _kinds(self) -> list[tuple[Callable[[], str], int]]:
        """What can happen, and how often."""
        return [
            (self.create, 32), (self.retry, 13), (self.retry_all, 5), (self.stop, 8), (self.delete, 5),
            (self.delete_batch, 1), (self.toggle, 7), (self.move, 3), (self.remove, 2), (self.fault, 14),
            (self.release, 6), (self.by_hand, 4), (self.time_passes, 10), (self.set_clock, 2), (self.restart, 1),
            (self.mark_published, 2), (self.change, 12), (self.hold, 14), (self.let_go, 5),
        ]  # fmt: skip

    def _calm(self) -> None:
        """Let the engine do what there is to do, for a moment at most."""
        until = time.monotonic() + CALM_S
        # No lock is held meanwhile: the store calls `_noticed` under its own, for which the questions here wait.
        while time.monotonic() < until:
            self.changed.clear()
            if self._is_calm():
                break
            self.changed.wait(0.005)

    def _is_calm(self) -> bool:
        turns, tasks = self.side.jobs.turns, self.store.tasks
        if len(turns.all()) > self.held or tasks.due(self.clock.now()):
            return False
        return all(task.waiting_for is not None for task in tasks.queued())

    def some_task(self, *stages: Stage) -> int:
        """A task of late, rather in one of these stages; 0 when there is none."""
        newest = self._newest()
        late = [number for number in range(max(1, newest - 40), newest + 1) if self.store.tasks.get(number)]
        fitting = [
            number for number in late if (task := self.store.tasks.get(number)) and task.stage in stages
        ]
        pick = fitting if fitting and self.choice.random() < 0.85 else late
        return self.choice.choice(pick) if pick else 0

    def _newest(self) -> int:
        return max(self.wishes, default=0)

    def create(self) -> str:
        return self._ask(T, self._some_body())

    def _some_body(self) -> dict[str, Any]:
        choice = self.choice
        platform = choice.choice(PLATFORMS)
        config: dict[str, Any] = {"captions": "x", "upload_wait_time": 0}
        if choice.random() < 0.3:
            config |= {"material_source": "localFolder", "material_path": "pool"}
        else:
            config["material_list"] = [choice.choice(LISTED)]
        if platform == "instagram" and choice.random() < 0.4:
            config |= {"placement": "story", "captions": ""}
        body: dict[str, Any] = {"script_name": "post", "script_config": config, "platform": platform}
        mode = choice.random()
        if mode < 0.45:
            body["serials"] = choice.sample(PHONES, choice.choice((1, 1, 2)))
        elif mode < 0.9:
            body["usernames"] = choice.sample(sorted(HOMES), choice.choice((1, 1, 2)))
        else:
            body |= {"serials": [choice.choice(PHONES[:2])], "enable_multi_account": True}
        if choice.random() < 0.3:
            at = self.clock.now() + choice.choice((120.0, 660.0, 3600.0))
            body["start_time"] = (
                datetime.fromtimestamp(at).astimezone(self.side.services.zone()).strftime("%H:%M")
            )
        body["force"] = choice.random() < 0.1
        return body

    def _ask(self, path: str, body: dict[str, Any], **headers: str) -> str:
        """Ask for posts; a task that was answered before is no new one."""
        with self.gate:
            answer = self.api.call("POST", path, body, **headers).json
            ids = answer["data"]["task_ids"] if answer["code"] == 0 else []
            for number in ids:
                self.wishes.setdefault(number, Wishes(self.number, forced=body["force"]))
        self.counts["created"] += len(ids)
        self.counts[f"create {answer['code']}"] += 1
        if answer["code"] not in {0, 40902, 40001, 40401}:
            self.wrong(f"create answered {answer}")
        return f"{body} -> {answer['code']} {ids}"

    def retry(self) -> str:
        number = self.some_task(Stage.FAILED, Stage.REJECTED)
        wishes = {
            name: self.choice.random() < share
            for name, share in (("confirm", 0.35), ("force", 0.5), ("now", 0.3))
        }
        query = "&".join(f"{name}=true" for name, wished in wishes.items() if wished)
        with self.gate:
            answer = self.api.call("POST", f"{T}/{number}/retry?{query}").json
            if answer["code"] == 0:
                mine = self.wishes[number]
                mine.retried, mine.withdrawn, mine.held = True, False, False
                if wishes["confirm"]:
                    mine.confirmed = self.number
                self.counts["retried"] += 1
        if answer["code"] and "same media" in answer["message"]:
            self.counts["retry refused as a repeat"] += 1
        return f"{number} {query} -> {answer['code']} {answer['message']}"

    def retry_all(self) -> str:
        with self.gate:
            data = self.api.good("POST", f"{T}/retry-all")
            for number in data["task_ids"]:
                self.wishes[number].retried, self.wishes[number].held = True, False
                if self.wishes[number].withdrawn:
                    self.wrong(f"retry-all took task {number}, which was stopped")
        self.counts["retry-all skipped as a repeat"] += sum(
            s["reason"] == "already_posted" for s in data["skipped"]
        )
        return f"{data['task_ids']} skipped {[(s['id'], s['reason']) for s in data['skipped']]}"

    def stop(self) -> str:
        number = self.some_task(
            Stage.SCHEDULED, Stage.QUEUED, Stage.PREPARING, Stage.COMMITTING, Stage.VERIFYING
        )
        with self.gate:
            answer = self.api.call("POST", f"{T}/{number}/stop").json
            if answer["code"] == 0 and answer["data"]["outcome"] == "none":
                self.wishes[number].withdrawn = True
        return f"{number} -> {answer['code']}"

    def change(self) -> str:
        """Change some of a pending task's caption, files, time and account."""
        number, body = self.some_task(Stage.SCHEDULED, Stage.QUEUED), self._some_change()
        with self.gate:
            answer = self.api.call("PATCH", f"{T}/{number}", body).json
            if answer["code"] == 0:
                task = answer["data"]["task"]
                self.wishes[number].plan = (task["caption"], task["materials"], task["username"])
        self.counts[f"change {answer['code']}"] += 1
        if answer["code"] not in {0, 40902, 40001, 40401}:
            self.wrong(f"change answered {answer}")
        return f"{number} {body} -> {answer['code']} {answer['message']}"

    def _some_change(self) -> dict[str, Any]:
        choice = self.choice
        body: dict[str, Any] = {}
        if choice.random() < 0.5:
            body["captions"] = f"caption {self.number}"
        if choice.random() < 0.5:
            body["material_list"] = [choice.choice(LISTED)]
        if choice.random() < 0.4:
            at = self.clock.now() + choice.choice((0.0, 120.0, 660.0, 3600.0))
            body["start_time"] = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
        if choice.random() < 0.25 or not body:
            body["username"] = choice.choice(sorted(HOMES))
        return body

    def hold(self) -> str:
        number = self.some_task(Stage.SCHEDULED, Stage.QUEUED)
        with self.gate:
            answer = self.api.call("POST", f"{T}/{number}/hold").json
            if answer["code"] == 0:
                self.wishes[number].held = True
        self.counts[f"hold {answer['code']}"] += 1
        return f"{number} -> {answer['code']}"

    def let_go(self) -> str:
        """Release a task that is held, or one that is not."""
        held = [number for number, wishes in self.wishes.items() if wishes.held]
        number = self.choice.choice(held) if held else self.some_task(Stage.SCHEDULED)
        with self.gate:
            answer = self.api.call("POST", f"{T}/{number}/release").json
            if answer["code"] == 0 or number in self.wishes:
                self.wishes[number].held = False
        return f"{number} -> {answer['code']}"

    def delete(self) -> str:
        number = self.some_task(*Stage)
        with self.gate:
            answer = self.api.call("DELETE", f"{T}/{number}").json
            if answer["code"] == 0 and not answer["data"]["warnings"]:
                self.wishes[number].withdrawn = True
        return f"{number} -> {answer['code']}"

    def delete_batch(self) -> str:
        ids = sorted({self.some_task(*Stage) for _ in range(4)} - {0})
        with self.gate:
            answer = self.api.call("DELETE", f"{T}/batch", {"task_ids": ids or [1]}).json
            warned = " ".join(answer["data"]["warnings"]) if answer["code"] == 0 else ""
            for number in answer["data"]["task_ids"] if answer["code"] == 0 else []:
                self.wishes[number].withdrawn = f"task {number} " not in warned
        return f"{ids} -> {answer['code']}"

    def toggle(self) -> str:
        """Disable an account, or enable one that is disabled."""
        key = self.choice.choice(sorted(self.accounts))
        enable = key in self.disabled or self.choice.random() < 0.3
        with self.gate:
            answer = self.api.call(
                "PATCH", f"/api/v1/accounts/{self.accounts[key]}", {"enabled": enable}
            ).json
            if answer["code"] == 0:
                (self.disabled.discard if enable else self.disabled.add)(key)
        return f"{key} enabled={enable} -> {answer['code']}"

    def move(self) -> str:
        key = self.choice.choice(sorted(self.accounts))
        device = self.choice.choice((*PHONES[:2], HOMES[key[0]], ""))
        with self.gate:
            answer = self.api.call("PATCH", f"/api/v1/accounts/{self.accounts[key]}", {"device": device}).json
        return f"{key} to {device!r} -> {answer['code']}"

    def remove(self) -> str:
        """Remove an account and enter it anew a little later, or at once."""
        key = self.choice.choice(sorted(self.accounts))
        with self.gate:
            self.api.good("DELETE", f"/api/v1/accounts/{self.accounts[key]}")
            self.disabled.discard(key)
            self._enter(*key)
        return str(key)

    def fault(self) -> str:
        serial, fault = self.choice.choice(PHONES), self.choice.choice(self.faults_known)
        if fault.startswith("hold"):
            self.released.clear()
        if len(self.faults[serial]) < 3:
            self.faults[serial].append(fault)
        return f"{serial} {fault}"

    def release(self) -> str:
        self.released.set()
        return "all that hold"

    def by_hand(self) -> str:
        """Somebody shows another account in an app."""
        serial, platform = self.choice.choice(PHONES), self.choice.choice(PLATFORMS)
        with self.gate:
            if not self.side.jobs.dispatcher.busy.get(serial):
                self.current[serial, platform] = self.choice.choice(self.logged_in[serial])
        return f"{serial} {platform} {self.current[serial, platform]}"

    def time_passes(self) -> str:
        seconds = self.choice.choice((30.0, 90.0, 700.0, 700.0, 4000.0))
        self.clock.advance(seconds)
        return f"{seconds} s"

    def set_clock(self) -> str:
        seconds = self.choice.choice((-3600.0, -300.0, 300.0, 3600.0))
        self.clock.step_wall(seconds)
        return f"{seconds} s"

    def restart(self) -> str:
        self.close()
        self.released.clear()
        self._open()
        return ""

    def mark_published(self) -> str:
        number = self.some_task(Stage.FAILED)
        self.marked.add(number)
        answer = self.api.call("POST", f"{T}/{number}/mark-published").json
        return f"{number} -> {answer['code']}"


W = TypeVar("W", bound=World)


def walk(world: W, steps: int, report: Path | None = None) -> W:
    """Let so many things happen, then close the world; `report` is written as it goes on. Fails at the first violation."""
    try:
        for number in range(steps):
            world.step()
            if report is not None and (number % 100 == 99 or world.violations):
                facts = dict(sorted(world.counts.items()))
                report.write_text(
                    f"seed {world.seed}: {number + 1} steps, {len(world.violations)} violations, {facts}\n"
                )
            story = "\n".join(world.trace)
            assert not world.violations, f"seed {world.seed}\n{story}\n\n" + "\n".join(world.violations)
    finally:
        world.close()
    assert not world.violations, f"seed {world.seed}, at its end: {world.violations}"
    return world


def long_walk(make: Callable[[Path, int], W], folder: Path, usual_steps: int) -> tuple[W, int]:
    """`walk` with what NEVER_TWICE_SEED, NEVER_TWICE_STEPS and NEVER_TWICE_REPORT say; the world and how many steps it took."""
    seed = int(os.environ.get("NEVER_TWICE_SEED") or random.randrange(1 << 30))
    steps = int(os.environ.get("NEVER_TWICE_STEPS") or usual_steps)
    report = os.environ.get("NEVER_TWICE_REPORT")
    print(f"NEVER_TWICE_SEED={seed}")
    world = walk(make(folder, seed), steps, Path(report) if report else None)
    print(world.counts)
    return world, steps
