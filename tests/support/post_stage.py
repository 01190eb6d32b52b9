"""An attempt that remembers what it was told, and a stage on which the post script drives a simulated app at once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.content.script_config import PostConfig
from jobs.hub.clock import Clock, Deadline
from jobs.hub.settings import Posting, Settings
from jobs.post.screens.screens_file import Vocabulary
from jobs.post.script import PostScript
from jobs.task.attempt import ScriptFailed, Verdict
from storage.records import Account, MediaFile, Stage, Task
from tests.support.app_phone import START, AppPhone
from tests.support.vocabularies import shipped_screens

#: The lines of the log that say what was done to the phone.
_TOUCHES = (
    "tap ",
    "type ",
    "press ",
    "drag ",
    "swipe ",
    "key enter",
    "intent ",
    "push ",
    "start the app",
    "stop the app",
    "remove ",
    "PUBLISH on",
)


class StageAttempt:
    """An attempt without store, journal and threads."""

    def __init__(self, task: Task, clock: Clock, account: Account | None = None) -> None:
        self.task = task
        self.account = account
        self.clock = clock
        self.deadline = Deadline(clock, 1200)
        self.log: list[str] = []  #: steps and notes, in their order
        self.facts: dict[str, dict[str, Any]] = {}  #: what was noted with a sentence
        self.errors: list[str] = []  #: of steps that an exception left
        self.kept: dict[str, bytes] = {}
        self.seen: list[str] = []  #: what the app showed as its account
        self.stop_at_commit: Exception | None = None
        self.stop_after: str = ""  #: raises StopRequested once this was noted
        self.then_wait_s = 0.0

    def check(self) -> None:
        return None

    def wait(self, seconds: float) -> None:
        self.log.append(f"waited {seconds:g} s")
        self.clock.wait(None, seconds)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        self.log.append(f"step {name}")
        self.facts[f"step {name}"] = facts
        try:
            yield
        except BaseException as error:
            self.errors.append(f"{name}: {type(error).__name__}")
            raise

    def note(self, sentence: str, **facts: Any) -> None:
        self.log.append(sentence)
        self.facts[sentence] = facts

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        if self.stop_at_commit:
            raise self.stop_at_commit
        self.then_wait_s = then_wait_s
        self.log.append("COMMITTING")
        self.task = msgspec.structs.replace(self.task, stage=Stage.COMMITTING)

    def enter_verifying(self) -> None:
        self.log.append("VERIFYING")
        self.task = msgspec.structs.replace(self.task, stage=Stage.VERIFYING)

    def enter_published(self, remark: str) -> None:
        self.log.append("PUBLISHED")

    def see_account(self, name: str) -> None:
        self.seen.append(name)

    def set_app_version(self, version: str, language: str = "") -> None:
        self.log.append(f"version {version}")

    def keep_evidence(self, name: str, data: bytes) -> None:
        self.kept[name] = data


class Memory:
    """The daemon's small key-value store, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


def files(folder: Path, *names: str) -> tuple[MediaFile, ...]:
    """Files of the box as a task names them."""
    made = []
    for name in names:
        path = folder / name
        path.write_bytes(name.encode())
        video = name.endswith(".mp4")
        digest = hashlib.sha256(name.encode()).hexdigest()
        if video:  # TikTok lays a track of its own under a video whose digest is odd
            digest = "02" + digest[2:]
        made.append(
            MediaFile(
                path=str(path),
                name=name,
                sha256=digest,
                size_bytes=len(name),
                kind="video" if video else "image",
                duration_s=5.0 if video else None,
            )
        )
    return tuple(made)


class AppStage:
    """A simulated app and a task; tests arm faults on the phone, change the task, and run it."""

    def __init__(
        self,
        platform: str,
        materials: tuple[MediaFile, ...],
        *,
        caption: str = "Hello #world",
        title: str = "",
        username: str = "demo_01",
        sound: str = "",
        account: Account | None = None,
        phone: dict[str, Any] | None = None,
        attempt: int = 1,
        on: AppPhone | None = None,
        **config: Any,
    ) -> None:
        config.setdefault("upload_wait_time", 0)
        self.phone = on or AppPhone(platform, **(phone or {}))
        self.memory = Memory()
        self.screens: dict[str, Vocabulary] = {}  #: what posts are made with; empty: the shipped files
        images = materials[0].kind == "image"
        task = Task(
            id=7, serial=self.phone.serial, platform=platform, package=self.phone.package,
            script_config=msgspec.to_builtins(PostConfig(content_type=int(images), **config)),
            scheduled_at=0, created_at=0, due_at=0, caption=f"{title}##{caption}" if title else caption,
            username=username, sound=sound, materials=materials, attempt=attempt, stage=Stage.PREPARING,
        )  # fmt: skip
        self.attempt = StageAttempt(task, self.phone.time, account)
        self.phone.told = self.attempt.log

    def script(self, **posting: Any) -> PostScript:
        settings = Settings(posting=Posting(**({"proof_timeout_s": 60.0} | posting)))
        return PostScript(settings, self.memory, vocabularies=self.screens or shipped_screens())

    def run(self, **posting: Any) -> Verdict:
        return self.script(**posting).run(self.attempt, self.phone)

    def fails(self, **posting: Any) -> ScriptFailed:
        """Run to a failure before the commit point; nothing was published."""
        with pytest.raises(ScriptFailed) as failed:
            self.run(**posting)
        assert self.phone.posts == []
        assert "COMMITTING" not in self.attempt.log
        return failed.value

    def look_for_post(self, **posting: Any) -> Verdict:
        return self.script(**posting).look_for_post(self.attempt, self.phone)

    @property
    def way(self) -> list[str]:
        """What was done to the phone, in its order, in the words of the log."""
        return [line for line in self.attempt.log if line.startswith(_TOUCHES)]

    @property
    def published(self) -> int:
        """How often the publishing tap was made."""
        return sum(line.startswith("PUBLISH on") for line in self.attempt.log)

    def post(self) -> dict[str, Any]:
        """The one post that there is, without what differs from run to run; what is empty is left out."""
        (post,) = self.phone.posts
        facts = {**vars(post), "media": [entry["sha256"] for entry in post.media]}
        return {name: value for name, value in facts.items() if value and name not in ("app", "at")}

    def took_s(self) -> float:
        """How long it has taken on the phone's clock."""
        return self.phone.time.at - START


#: A phone on which three accounts are logged in.
THREE = {
    "accounts": (("demo_01", "Demo One"), ("demo_02", "Demo Two"), ("demo_03", "Demo Three")),
}
#: Makes a stage: faults by name and argument, then the stage's own keyword arguments.
MakeStage = Callable[..., AppStage]


def video_stages(platform: str, folder: Path) -> MakeStage:
    """Makes stages of one app, each with one video to post."""

    def stage(*faults: str, **changes: Any) -> AppStage:
        made = AppStage(platform, files(folder, "clip.mp4"), **changes)
        for fault in faults:
            name, _, argument = fault.partition(" ")
            made.phone.faults.arm(name, argument)
        return made

    return stage
