"""The whole jobs core with its threads, on a real store and scripted phones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.hub.supervision import Loop
from jobs.phone.errors import PhoneOffline
from jobs.phone.protocol import PhoneState
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.errors import StoreFailed
from storage.records import MediaFile, Outcome, Stage, Status, TaskError, Waiting
from storage.store import Store
from storage.tables.posts import account_place
from tests.support.bench import Bench, new_task
from tests.support.clock import FakeClock
from tests.support.fake_phones import PUBLISHED, FakePhones, FakeScript, publish
from tests.support.storage_samples import ended


def test_a_task_goes_the_whole_way_and_is_published_once(tmp_path: Path) -> None:
    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript()) as bench:
        task = bench.wait(bench.now().id)
        assert task.stage is Stage.PUBLISHED
        assert task.outcome is Outcome.PUBLISHED
        assert phones.taps == {"A": 1}
        assert bench.history[task.id] == [
            Stage.SCHEDULED,
            Stage.QUEUED,
            Stage.PREPARING,
            Stage.COMMITTING,
            Stage.VERIFYING,
            Stage.PUBLISHED,
        ]
        assert task.started_at is not None
        assert task.finished_at is not None
        assert bench.evidence.log(task.id)[0]["step"] == "prepare"


def test_tasks_of_one_phone_run_one_after_the_other_by_start_time_then_id(tmp_path: Path) -> None:
    running: list[int] = []
    most = 0

    def play(attempt: Attempt, phone: Any) -> Verdict:
        nonlocal most
        running.append(attempt.task.id)
        most = max(most, len(running))
        verdict = publish(attempt, phone)
        running.remove(attempt.task.id)
        return verdict

    script = FakeScript(play)
    with Bench(tmp_path, FakePhones("A"), script) as bench:
        tasks = [bench.now() for _ in range(10)]
        for task in tasks:
            bench.wait(task.id)
    assert most == 1
    assert script.runs == sorted(script.runs)


def test_JOB_11_a_hung_phone_holds_back_nobody_else(tmp_path: Path) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        if phone.serial == "HUNG":
            phone.hang()
        return publish(attempt, phone)

    with Bench(tmp_path, FakePhones("HUNG", "B", "C"), FakeScript(play)) as bench:
        hung = bench.now("HUNG")
        others = [bench.now(serial) for serial in ("B", "C") for _ in range(5)]
        assert all(bench.wait(task.id).stage is Stage.PUBLISHED for task in others)
        assert bench.task(hung.id).stage is Stage.PREPARING


def test_an_error_that_can_pass_is_tried_again_after_a_pause(tmp_path: Path) -> None:
    clock = FakeClock()
    fails = [True]

    def play(attempt: Attempt, phone: Any) -> Verdict:
        if fails:
            fails.pop()
            raise PhoneOffline("the cable was pulled", serial=phone.serial)
        return publish(attempt, phone)

    script = FakeScript(play)
    with Bench(tmp_path, FakePhones("A"), script, clock, pause_s=30) as bench:
        task = bench.now()
        script.await_run()
        waiting = bench.wait(task.id, {Stage.SCHEDULED}, retries=1)
        assert waiting.retry_count == 1
        assert waiting.waiting_for == "retry_delay"
        clock.advance(29)
        assert len(script.runs) == 1
        clock.advance(1.1)
        assert bench.wait(task.id).stage is Stage.PUBLISHED
        assert bench.evidence.names(task.id) == ["1-screenshot.png", "1-tree.xml"]


def test_a_final_error_fails_the_task_with_its_code_and_step(tmp_path: Path) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        with attempt.step("read the account"):
            raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, "the app shows somebody else")

    with Bench(tmp_path, FakePhones("A"), FakeScript(play)) as bench:
        task = bench.wait(bench.now().id)
    assert task.status is Status.FAILED
    assert task.outcome is Outcome.NONE
    assert task.error == TaskError("wrong_account", "the app shows somebody else", "read the account")
    assert task.retry_count == 0


@pytest.mark.parametrize(
    "error", [PhoneOffline("gone"), RuntimeError("odd"), ScriptFailed(ErrorCode.TIMEOUT, "y", passing=True)]
)
def test_JOB_4_whatever_fails_after_the_tap_is_unknown_and_never_repeated(
    tmp_path: Path, error: Exception
) -> None:
    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        phone.tap_once()
        raise error

    phones = FakePhones("A")
    with Bench(tmp_path, phones, FakeScript(play)) as bench:
        task = bench.wait(bench.now().id)
    assert task.stage is Stage.FAILED
    assert task.outcome is Outcome.UNKNOWN
    assert phones.taps == {"A": 1}


def test_JOB_12_a_phone_that_reboots_before_the_commit_point_gets_its_task_again(tmp_path: Path) -> None:
    clock = FakeClock()
    phones = FakePhones("A", "B")
    serials: list[str] = []

    def play(attempt: Attempt, phone: Any) -> Verdict:
        serials.append(phone.serial)
        if len(serials) == 1:
            phones.set("A", PhoneState.ABSENT)
            raise PhoneOffline("it reboots", serial="A")
        return publish(attempt, phone)

    with Bench(tmp_path, phones, FakeScript(play), clock) as bench:
        task = bench.now("A")
        bench.wait(task.id, {Stage.SCHEDULED}, retries=1)
        clock.advance(6)
        bench.wait(task.id, {Stage.QUEUED})
        phones.set("A")
        assert bench.wait(task.id).stage is Stage.PUBLISHED
    assert serials == ["A", "A"]


def test_ends_that_nobody_asked_for_are_told_and_no_others(tmp_path: Path) -> None:
    told: list[tuple[str, Any]] = []

    def tell(name: str, sentence: str, /, **facts: Any) -> None:
        told.append((name, facts.get("code")))
        raise StoreFailed("the outbox cannot be written")

    def play(attempt: Attempt, phone: Any) -> Verdict:
        if attempt.task.id == 1:
            raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, "somebody else")
        attempt.enter_committing()
        return (
            Verdict(Outcome.UNKNOWN, "?", TaskError("automation_lost", "?"))
            if attempt.task.id == 2
            else PUBLISHED
        )

    with Bench(tmp_path, FakePhones("A"), FakeScript(play), tell=tell) as bench:
        for _ in range(3):
            bench.wait(bench.now().id)
        stopped = bench.now("NOWHERE")
        bench.wait(stopped.id, {Stage.QUEUED})
        bench.control.stop(stopped.id)
    assert told == [
        ("task_failed", "wrong_account"),
        ("unknown_outcome", "automation_lost"),
        ("task_published", None),
    ]


def test_R64_a_published_post_is_told_once_when_its_picture_is_there(tmp_path: Path) -> None:
    told: list[tuple[str, str, Any]] = []
    early: list[int] = []

    def tell(name: str, sentence: str, /, **facts: Any) -> None:
        told.append((name, sentence, facts))

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.see_account("kim.two")
        attempt.enter_committing()
        attempt.enter_published("posted")
        early.append(len(told))
        attempt.keep_evidence("tree.xml", b"<hierarchy/>")
        attempt.keep_evidence("screenshot.png", b"picture")
        return Verdict(Outcome.PUBLISHED, "posted")

    with Bench(tmp_path, FakePhones("A"), FakeScript(play), tell=tell) as bench:
        bench.wait(bench.now(caption="Fresh").id)
    assert early == [0]
    assert told == [
        ("task_published", "task 1 for @kim.two: posted",
         {"task_id": 1, "serial": "A", "username": "", "account_seen": "kim.two", "platform": "tiktok",
          "caption": "Fresh", "picture": "/api/v1/task/1/artifacts/1-screenshot.png"}),
    ]  # fmt: skip


def test_R64_a_post_that_a_person_found_is_told_too(tmp_path: Path) -> None:
    told: list[tuple[str, Any]] = []

    def tell(name: str, _: str, /, **facts: Any) -> None:
        told.append((name, facts.get("picture")))

    def play(attempt: Attempt, phone: Any) -> Verdict:
        attempt.enter_committing()
        return Verdict(Outcome.UNKNOWN, "?", TaskError("automation_lost", "?"))

    with Bench(tmp_path, FakePhones("A"), FakeScript(play), tell=tell) as bench:
        task = bench.wait(bench.now().id)
        bench.control.mark_published(task.id)
    assert told == [
        ("unknown_outcome", None),
        ("task_published", "/api/v1/task/1/artifacts/1-screenshot.png"),
    ]


def test_a_box_without_a_thread_left_keeps_the_task_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.run.starts.BEGIN_PAUSE_S", 0.01)
    with Bench(tmp_path, FakePhones("A"), FakeScript()) as bench:
        good, left = bench.jobs.workers.run, [2]

        def run(call: Any) -> None:
            if left[0]:
                left[0] -= 1
                raise RuntimeError("can't start new thread")
            good(call)

        monkeypatch.setattr(bench.jobs.workers, "run", run)
        task = bench.wait(bench.now().id)
    assert (task.stage, task.interruptions, task.retry_count) == (Stage.PUBLISHED, 0, 0)


@pytest.mark.long
def test_a_hundred_tasks_due_at_once_are_claimed_within_25_ms(tmp_path: Path) -> None:
    serials = [f"P{number:03}" for number in range(100)]

    def play(attempt: Attempt, phone: Any) -> Verdict:
        phone.hang()
        raise AssertionError("unreachable")

    with Bench(tmp_path, FakePhones(*serials), FakeScript(play)) as bench:
        at = bench.clock.now() + 1.0
        tasks = bench.add(*[new_task(serial, at=at) for serial in serials])
        late_ms = sorted((bench.wait(t.id, {Stage.PREPARING}).started_at - at) * 1000 for t in tasks)
    assert late_ms[98] <= 25, late_ms


def test_APS_4_a_clock_in_doubt_holds_tasks_until_a_person_confirms_it(tmp_path: Path) -> None:
    clock = FakeClock()
    Bench(tmp_path, FakePhones("A"), FakeScript(), clock).close()
    with Store.open(tmp_path, reserve_bytes=0) as store:
        store.meta.set("jobs.last_stamp", clock.now() + 86400.0)
    bench = Bench(tmp_path, FakePhones("A"), FakeScript(), clock)
    (task,) = bench.add(new_task("A", at=clock.now() + 60, created=clock.now()))
    clock.advance(61)
    bench.jobs.scheduler.turn()
    assert bench.task(task.id).stage is Stage.SCHEDULED
    assert "is wrong" in bench.jobs.confirm_clock()
    assert bench.jobs.confirm_clock() == ""
    bench.jobs.scheduler.turn()
    assert bench.task(task.id).stage is Stage.QUEUED
    bench.close()


def test_APS_4_nothing_is_forgotten_or_put_away_by_a_clock_that_is_in_doubt(tmp_path: Path) -> None:
    clock = FakeClock()
    file = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="a" * 64, size_bytes=1, kind="video")
    place = account_place("tiktok", "anna")
    before = Bench(tmp_path, FakePhones(), FakeScript(), clock)
    posted, deleted = [
        ended(before.store, clock.now(), outcome=Outcome.PUBLISHED, materials=(file,), username="anna")
        for _ in range(2)
    ]
    before.store.tasks.remove([deleted.id])
    before.jobs.pauses.set("hub", reason="holidays", until=clock.now() + 86400.0)
    before.jobs.maintenance.turn()
    before.close()
    clock.step_wall(400 * 86400.0)
    bench = Bench(tmp_path, FakePhones(), FakeScript(), clock)
    bench.jobs.maintenance.turn()
    assert not bench.jobs.trust.trusted
    assert [mark.task_id for mark in bench.store.tasks.posts("a" * 64, [place])] == [posted.id, deleted.id]
    assert bench.task(posted.id).stage is Stage.PUBLISHED
    assert bench.store.meta.keys("pause:") == ["pause:hub"]
    bench.jobs.confirm_clock()
    for _ in range(2):  # what goes to the archive leaves a mark behind, which is as old
        bench.jobs.maintenance.turn()
    assert bench.store.tasks.posts("a" * 64, [place]) == []
    assert bench.store.archived.names() == ["2027-01"]
    assert bench.store.meta.keys("pause:") == []
    bench.close()


def test_APS_4_a_pause_does_not_end_by_a_clock_that_is_in_doubt(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, FakePhones("A"), FakeScript(), clock)
    task = bench.now(stage=Stage.QUEUED)
    bench.jobs.dispatcher.enqueue([task])
    bench.jobs.pauses.set("hub", reason="holidays", until=clock.now() + 86400.0)
    clock.step_wall(400 * 86400.0)
    for _ in range(2):  # before the step is noticed, and while the time is held for it
        bench.jobs.dispatcher.turn()
        assert bench.task(task.id).waiting_for is Waiting.PAUSE
        bench.jobs.scheduler.turn()
        assert not bench.jobs.trust.trusted
    clock.step_wall(-400 * 86400.0)
    bench.jobs.scheduler.turn()
    clock.advance(86_401.0)
    bench.jobs.scheduler.turn()
    bench.jobs.dispatcher.turn()
    assert bench.wait(task.id).stage is Stage.PUBLISHED
    bench.close()


def test_APS_4_upkeep_between_a_step_of_the_clock_and_the_look_that_notices_it_forgets_nothing(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, FakePhones(), FakeScript(), clock)
    posted = ended(bench.store, clock.now())
    clock.step_wall(400 * 86400.0)
    bench.jobs.maintenance.turn()
    assert bench.task(posted.id) == posted
    clock.step_wall(-400 * 86400.0)
    bench.jobs.maintenance.turn()
    assert not bench.store.archived.names()
    clock.advance(31 * 86400.0)
    bench.jobs.maintenance.turn()
    assert bench.store.archived.names() == ["2027-01"]
    bench.close()


def test_a_helper_thread_that_hangs_at_what_it_waits_for_is_said(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, FakePhones(), FakeScript(), clock)
    bench.jobs.supervisor.revive(Loop("slots", lambda: 60.0, clock, longest_wait_s=60.0))
    clock.advance(600.0)
    assert bench.jobs.notices == []
    clock.advance(61.0)
    (notice,) = bench.jobs.notices
    assert notice.startswith("the thread slots has not come round")
    bench.close()
