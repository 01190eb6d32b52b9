"""Changes that race the moment at which their task is due: never a mix of old and new, never one lost (R54, R55).

Each round plans a task, changes it without a pause while the clock passes its time, and compares what the phone posted
with the last change that was acknowledged. CHANGE_RACES sets how many changes the long form makes.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.task.attempt import Attempt, Verdict
from jobs.task.states import ENDED
from tests.support.clock import FakeClock
from tests.support.door import free_box
from tests.support.fake_phones import GUARD_S, PUBLISHED, FakeScript
from tests.support.http_side import HttpSide, WireClient

T = "/api/v1/task"
FILES = 4
PHONES = ("PHONE1", "PHONE2", "PHONE3")


class Race:
    """The API on a port, scripted phones, and what they posted."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.choice = random.Random(seed)
        self.clock = FakeClock()
        self.posts: dict[int, list[tuple[str, str, float]]] = {}
        self.changed = threading.Condition()
        self.changes = self.refusals = 0
        self.side = HttpSide(folder, clock=self.clock, script=FakeScript(self._post))
        for number in range(FILES):
            path = self.side.media / f"{number}.mp4"
            path.write_bytes((self.side.media / "clip.mp4").read_bytes() + free_box(path.name))
        self.side.store.storage.listen("tasks", self._noticed, replay=False)
        self.side.run_jobs()
        self.api: WireClient = self.side.serve()

    def close(self) -> None:
        self.side.__exit__()

    def _noticed(self, _changes: Any) -> None:
        with self.changed:
            self.changed.notify_all()

    def _post(self, attempt: Attempt, phone: Any) -> Verdict:
        begun = attempt.task
        attempt.see_account("ann")
        attempt.enter_committing()
        phone.tap_once()
        task = attempt.task
        assert (task.caption, task.materials, task.due_at) == (begun.caption, begun.materials, begun.due_at)
        with self.changed:
            post = (task.caption, task.materials[0].name, self.clock.now())
            self.posts.setdefault(task.id, []).append(post)
        attempt.enter_verifying()
        return PUBLISHED

    def await_end(self, task_id: int) -> None:
        def over() -> bool:
            task = self.side.store.tasks.get(task_id)
            return task is not None and task.stage in ENDED

        with self.changed:
            assert self.changed.wait_for(over, GUARD_S), self.side.store.tasks.get(task_id)

    # --- a round

    def plan(self) -> tuple[int, float]:
        """A task that is due in a minute."""
        due_at = self.clock.now() + 60
        body = {
            "serials": [self.choice.choice(PHONES)],
            "script_name": "post",
            "start_time": _rfc3339(due_at),
            "script_config": {"captions": "0", "material_list": ["0.mp4"], "upload_wait_time": 0},
        }
        return self.api.good("POST", T, body)["task_ids"][0], due_at

    def ask(self, method: str, path: str, body: Any = None) -> bool:
        """Whether a change was acknowledged; it may be refused because the task has begun, for no other reason."""
        answer = self.api.call(method, path, body).json
        assert answer["code"] == 0 or "only a pending task" in answer["message"], answer
        self.changes += answer["code"] == 0
        self.refusals += answer["code"] != 0
        return bool(answer["code"] == 0)

    def during(self, work: Callable[[threading.Event], None]) -> None:
        """Pass the due moment while the work goes on."""
        begun = threading.Event()
        worker = threading.Thread(target=work, args=(begun,))
        worker.start()
        assert begun.wait(GUARD_S)
        self.clock.advance(61)
        worker.join(GUARD_S)
        assert not worker.is_alive()

    def content(self) -> None:
        """Caption and file are changed together until the task has begun."""
        task_id, _ = self.plan()
        head_start = self.choice.randrange(3)
        last = 0

        def work(begun: threading.Event) -> None:
            nonlocal last
            number = 0
            while True:
                if number == head_start:
                    begun.set()
                number += 1
                wishes = {"captions": str(number), "material_list": [f"{number % FILES}.mp4"]}
                if not self.ask("PATCH", f"{T}/{task_id}", wishes):
                    return
                last = number

        self.during(work)
        self.await_end(task_id)
        assert [post[:2] for post in self.posts[task_id]] == [(str(last), f"{last % FILES}.mp4")]

    def time(self) -> None:
        """One change takes the task to another hour at the very moment at which it is due."""
        task_id, due_at = self.plan()
        later = due_at + 3600
        moved = False

        def work(begun: threading.Event) -> None:
            nonlocal moved
            begun.set()
            moved = self.ask("PATCH", f"{T}/{task_id}", {"start_time": _rfc3339(later)})

        self.during(work)
        self._waits_if(task_id, waits=moved, until=later, go_on=lambda: self.clock.advance(3600))

    def hold(self) -> None:
        """The task is held at the very moment at which it is due, and released later."""
        task_id, _ = self.plan()
        held = False

        def work(begun: threading.Event) -> None:
            nonlocal held
            begun.set()
            held = self.ask("POST", f"{T}/{task_id}/hold")

        self.during(work)
        go_on = lambda: (self.clock.advance(600), self.ask("POST", f"{T}/{task_id}/release"))  # noqa: E731
        self._waits_if(task_id, waits=held, until=self.clock.now() + 600, go_on=go_on)

    def _waits_if(self, task_id: int, *, waits: bool, until: float, go_on: Callable[[], Any]) -> None:
        """It was posted once: not before `until` if a change that says so was acknowledged, else at once."""
        if waits:
            other, _ = self.plan()  # what the engine does next shows that it has passed the first one by
            self.clock.advance(61)
            self.await_end(other)
            assert task_id not in self.posts
            go_on()
        self.await_end(task_id)
        [(_, _, at)] = self.posts[task_id]
        assert (at >= until) is waits


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


@pytest.fixture
def race(tmp_path: Path) -> Iterator[Race]:
    made = Race(tmp_path, seed=int(os.environ.get("CHANGE_SEED") or 20261130))
    yield made
    made.close()


def run(race: Race, changes: int) -> None:
    while race.changes + race.refusals < changes:
        race.choice.choice((race.content, race.content, race.time, race.hold))()
    assert all(len(posts) == 1 for posts in race.posts.values())
    assert race.refusals, "no change came too late: nothing was raced"


def test_R54_fifty_changes_that_race_the_due_moment_never_post_a_mix_and_lose_none(race: Race) -> None:
    run(race, 50)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_R54_a_thousand_changes_that_race_the_due_moment_never_post_a_mix_and_lose_none(race: Race) -> None:
    run(race, int(os.environ.get("CHANGE_RACES") or 1000))
    print(f"{race.changes} changes acknowledged, {race.refusals} too late, {len(race.posts)} posts")
