"""Random sequences of calls against a model of the queue: the API and the model never differ (R8, R20 to R25)."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storage.records import Outcome, Stage, TaskError
from tests.support.clock import FakeClock
from tests.support.http_side import HttpSide

T = "/api/v1/task"
PHONES = ["PHONE1", "PHONE2", "PHONE3"]
_TEXTS = ["pending", "running", "completed", "failed"]

#: Which task a rule picks: by position among those ever created, or an id that never existed.
WHICH = st.integers(0, 12)


class Modelled:
    """What the model knows of one task."""

    def __init__(self, number: int, serial: str) -> None:
        self.id = number
        self.serial = serial
        self.status = 0
        self.outcome = "none"
        self.error: str | None = None
        self.retries = 0
        self.ran = False


class Queue(RuleBasedStateMachine):
    """Calls of the API, and what phones do meanwhile, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.side = HttpSide(self.folder)
        self.api = self.side.client
        self.tasks: dict[int, Modelled] = {}
        self.highest = 0
        self.keys: dict[str, list[int]] = {}

    def teardown(self) -> None:
        self.side.__exit__()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        assert self.api.good("GET", f"{T}/stats")["total"] == 0

    def pick(self, which: int) -> tuple[int, Modelled | None]:
        number = which % (self.highest + 2)
        return number, self.tasks.get(number)

    def added(self, ids: list[int], serials: list[str]) -> None:
        assert ids == list(range(self.highest + 1, self.highest + 1 + len(serials))), (
            "ids grow and are never reused"
        )
        for number, serial in zip(ids, serials, strict=True):
            self.tasks[number] = Modelled(number, serial)
        self.highest = max(ids, default=self.highest)

    # --- calls

    @rule(serials=st.lists(st.sampled_from(PHONES), min_size=1, max_size=3, unique=True), later=st.booleans())
    def create(self, serials: list[str], later: bool) -> None:
        body = self.side.body(serials=serials, **({"start_time": "23:59"} if later else {}))
        self.added(self.api.good("POST", T, body)["task_ids"], serials)

    @rule(key=st.sampled_from("ab"))
    def create_with_a_key(self, key: str) -> None:
        response = self.api.call("POST", T, self.side.body(start_time="23:58"), Idempotency_Key=key)
        ids = response.json["data"]["task_ids"]
        if key in self.keys:
            assert ids == self.keys[key]
            assert response.headers["Idempotent-Replay"] == "true"
        else:
            self.added(ids, ["PHONE1"])
            self.keys[key] = ids

    @rule(
        body=st.sampled_from(
            [{}, {"script_name": "x"}, {"script_name": "post", "serials": ["NOBODY"], "script_config": {}}]
        )
    )
    def create_nothing(self, body: dict[str, Any]) -> None:
        assert self.api.call("POST", T, body).json["code"] in {40002, 40003, 40401}

    @rule(which=WHICH)
    def stop(self, which: int) -> None:
        number, task = self.pick(which)
        if task is None:
            self.api.bad(40401, "POST", f"{T}/{number}/stop")
        elif task.status >= 2:
            self.api.bad(40001, "POST", f"{T}/{number}/stop")
        else:
            answer = self.api.good("POST", f"{T}/{number}/stop")
            assert answer["stopping"] is (task.status == 1)
            if task.status == 0:
                task.status, task.error = 3, "stopped"

    @rule(which=WHICH, force=st.booleans(), confirm=st.booleans())
    def retry(self, which: int, force: bool, confirm: bool) -> None:
        number, task = self.pick(which)
        path = f"{T}/{number}/retry?force={str(force).lower()}&confirm={int(confirm)}"
        if task is None:
            self.api.bad(40401, "POST", path)
        elif (
            task.status != 3
            or (task.outcome == "unknown" and not confirm)
            or (task.retries >= 3 and not force)
        ):
            self.api.bad(40001, "POST", path)
        else:
            assert self.api.good("POST", path)["id"] == number
            self.waits_again(task)

    @rule()
    def retry_all(self) -> None:
        answer = self.api.good("POST", f"{T}/retry-all")
        skipped = {entry["id"]: entry["reason"] for entry in answer["skipped"]}
        for task in self.tasks.values():
            if task.status != 3:
                continue
            reason = (
                "outcome_unknown" if task.outcome == "unknown"
                else "stopped" if task.error == "stopped"
                else "retry_limit" if task.retries >= 3
                else None
            )  # fmt: skip
            if reason:
                assert skipped.pop(task.id) == reason
            else:
                assert task.id in answer["task_ids"]
                self.waits_again(task)
        assert not skipped
        assert answer["retried_count"] == len(answer["task_ids"])

    def waits_again(self, task: Modelled) -> None:
        task.status, task.outcome, task.error = 0, "none", None
        task.retries += task.ran  # of one that never ran nothing is repeated (R52)

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        number, task = self.pick(which)
        if task is None:
            self.api.bad(40401, "DELETE", f"{T}/{number}")
        else:
            assert self.api.good("DELETE", f"{T}/{number}")["task_ids"] == [number]
            del self.tasks[number]

    @rule(chosen=st.lists(WHICH, min_size=1, max_size=5))
    def delete_batch(self, chosen: list[int]) -> None:
        ids = [self.pick(which)[0] for which in chosen]
        known = [number for number in dict.fromkeys(ids) if number in self.tasks]
        if not known:
            self.api.bad(40401, "DELETE", f"{T}/batch", {"task_ids": ids})
            return
        answer = self.api.good("DELETE", f"{T}/batch", {"task_ids": ids})
        assert answer["task_ids"] == known
        assert answer["deleted_count"] == len(known)
        assert set(answer["not_found"]) == set(ids) - set(known)
        for number in known:
            del self.tasks[number]

    @rule(which=WHICH)
    def mark_published(self, which: int) -> None:
        number, task = self.pick(which)
        if task is None:
            self.api.bad(40401, "POST", f"{T}/{number}/mark-published")
        elif task.outcome != "unknown":
            self.api.bad(40001, "POST", f"{T}/{number}/mark-published")
        else:
            self.api.good("POST", f"{T}/{number}/mark-published")
            task.status, task.outcome, task.error = 2, "published", None

    # --- what phones do

    @rule(which=WHICH)
    def begins(self, which: int) -> None:
        number, task = self.pick(which)
        if task is not None and task.status == 0:
            self.side.store.tasks.change(
                number, stage=Stage.PREPARING, attempt=1, started_at=self.side.clock.now()
            )
            task.status, task.ran = 1, True

    @rule(which=WHICH, end=st.sampled_from(["published", "failed", "unknown"]))
    def ends(self, which: int, end: str) -> None:
        number, task = self.pick(which)
        if task is None or task.status != 1:
            return
        stage = Stage.PUBLISHED if end == "published" else Stage.FAILED
        outcome = {"published": Outcome.PUBLISHED, "failed": Outcome.NONE, "unknown": Outcome.UNKNOWN}[end]
        error = None if end == "published" else TaskError("ui_changed", "x")
        self.side.store.tasks.change(
            number,
            stage=stage,
            outcome=outcome,
            error=error,
            finished_at=self.side.clock.now(),
            stop_requested=False,
        )
        task.status, task.outcome, task.error = (
            (2 if end == "published" else 3),
            outcome.value,
            error and error.code,
        )

    @rule(seconds=st.integers(1, 100))
    def time_passes(self, seconds: int) -> None:
        assert isinstance(self.side.clock, FakeClock)
        self.side.clock.advance(seconds)

    # --- what must always hold

    @invariant()
    def the_list_is_the_model(self) -> None:
        data = self.api.good("GET", f"{T}?page_size=100")
        assert [task["id"] for task in data["tasks"]] == sorted(self.tasks, reverse=True)[:100]
        assert data["total"] == len(self.tasks)
        for shown in data["tasks"]:
            task = self.tasks[shown["id"]]
            assert (shown["status"], shown["outcome"], shown["retry_count"], shown["serial"]) == (
                task.status, task.outcome, task.retries, task.serial
            )  # fmt: skip
            assert shown["status_text"] == _TEXTS[task.status]
            assert (shown["error"] or {}).get("code") == task.error
            assert (shown["waiting_for"] is not None) is (task.status == 0)

    @invariant()
    def the_counts_are_the_model(self) -> None:
        stats = self.api.good("GET", f"{T}/stats")
        for status, text in enumerate(_TEXTS):
            assert stats[text] == sum(task.status == status for task in self.tasks.values())
        assert stats["total"] == len(self.tasks)

    @invariant()
    def filters_are_the_model(self) -> None:
        for status, serial in itertools.product(range(4), PHONES[:2]):
            total = self.api.good("GET", f"{T}?status={status}&serial={serial}&page_size=1")["total"]
            assert total == sum(
                task.status == status and task.serial == serial for task in self.tasks.values()
            )


class TestQueue(Queue.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
class TestQueueForLong(Queue.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=600,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
