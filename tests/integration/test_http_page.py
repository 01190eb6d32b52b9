"""The status page's own scripts, run by Node against the real server: what it shows, and what a person does there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import License
from jobs.phone.protocol import PhoneState
from storage.records import Outcome, Stage, Task, Waiting
from tests.support.http_side import HttpSide

RUNNER = Path(__file__).parent / "clients" / "page.mjs"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="node, which runs the page's scripts, is not installed"
)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path) as built:
        yield built


def show(side: HttpSide, **environment: str) -> dict[str, Any]:
    box = f"http://127.0.0.1:{side.serve().port}"
    done = subprocess.run(
        ["node", str(RUNNER)],
        env={**os.environ, "BOX": box, **environment}, capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_page_shows_health_phones_and_why_tasks_wait_or_failed(side: HttpSide) -> None:
    side.phones.set("PHONE1", model="Pixel 7", android="14", battery_percent=81, battery_celsius=29.0)
    side.phones.set("PHONE2", PhoneState.UNAUTHORIZED, detail="accept the key on the phone")
    waiting = side.task("PHONE2", username="kim", caption="<b>hello</b>")
    side.store.tasks.change(waiting.id, stage=Stage.QUEUED)
    side.store.tasks.set_waiting({waiting.id: (Waiting.DEVICE, side.clock.now(), "PHONE2 is unauthorized")})
    side.task("PHONE1", status="unknown")
    verifying = side.task("PHONE1", status="committing")
    side.store.tasks.change(verifying.id, outcome=Outcome.UNKNOWN, remark="proof")
    failed = side.task("PHONE1", status="failed")
    writer = side.evidence.writer(failed.id, 1)
    writer.line("open app", seconds=1.5)
    writer.close()
    shown = show(side)
    assert shown["first"] == "refreshed"
    page = shown["before"]
    assert page["state"] == "● ready"
    assert page["problem"] == ""
    assert page["token-form"] is None
    for text in ("PHONE1", "Pixel 7, Android 14", "81 %, 29 °C", "unauthorized: accept the key on the phone"):
        assert text in page["phones"]
    for text in ("waits for its phone: PHONE2 is unauthorized (since 09:00:00)", "@kim , tiktok", "<b>hello</b>",
                 "may be published", "say what you saw: retry, or it is published", "[ui_changed at find]", "unknown screen",
                 "running past the point of no return, step: proof"):  # fmt: skip
        assert text in page["tasks"]
    assert page["tasks"].count("may be published") == 1
    assert page["refreshed"] == (
        "as of 2027-01-15 09:00:00. All times are those of the hub, in its zone Europe/Berlin."
    )
    assert page["phone-counts"] == "0 working, 2 free, 1 not usable"
    assert " ".join(page["counts"].split()) == "4 all 1 pending 1 running 0 completed 2 failed"
    assert page["page"] == "page 1 of 1, 4 tasks"
    assert "09:00:00.000  1  open app" in shown["log"]  # the box's own time, as everywhere on the page
    assert "seconds=1.5" in shown["log"]


@pytest.mark.parametrize(
    ("reason", "stage", "held", "said"),
    [
        (Waiting.ACCOUNT, Stage.QUEUED, False, "waits for its account: @kim is disabled"),
        (Waiting.SLOT, Stage.QUEUED, False, "waits for a free slot: @kim is disabled"),
        (Waiting.HOLD, Stage.SCHEDULED, True, "waits for its release: @kim is disabled"),
    ],
)
def test_the_page_has_words_for_every_reason_to_wait(
    side: HttpSide, reason: Waiting, stage: Stage, *, held: bool, said: str
) -> None:
    waiting = side.task(username="kim")
    side.store.tasks.change(waiting.id, stage=stage, held=held)
    side.store.tasks.set_waiting({waiting.id: (reason, side.clock.now(), "@kim is disabled")})
    assert said in show(side)["before"]["tasks"]


def test_R67_phones_and_tasks_show_the_label_beside_the_serial(side: HttpSide) -> None:
    side.client.good("PATCH", "/api/v1/devices/PHONE1", {"label": "Shelf <A-3>"})
    side.task("PHONE1", username="kim")
    side.task("PHONE2", username="kim")
    page = show(side)["before"]
    assert "Shelf <A-3> PHONE1" in " ".join(page["phones"].split())
    assert "Shelf <A-3> (PHONE1)" in page["tasks"]
    assert "undefined" not in page["phones"] + page["tasks"]
    assert "(PHONE2)" not in page["tasks"]


def test_the_page_says_why_the_daemon_cannot_work(side: HttpSide) -> None:
    for serial in ("PHONE1", "PHONE2", "PHONE3"):
        side.phones.set(serial, PhoneState.OFFLINE)
    page = show(side)["before"]
    assert page["state"] == "● cannot work"
    assert "no phone is usable" in page["health"]


def test_the_page_asks_for_a_token_and_works_with_it(side: HttpSide) -> None:
    side.task()
    token = new_token(side.tokens_file, "laptop")
    shown = show(side, FORWARDED="203.0.113.7", TOKEN=token)
    assert shown["first"] == "locked"
    assert shown["before"]["token-form"] is not None
    assert "token" in shown["before"]["problem"]
    assert shown["after"]["state"] == "● ready"
    assert shown["after"]["token-form"] is None
    assert shown["after"]["page"] == "page 1 of 1, 1 task"


def test_the_page_works_on_a_plan_without_task_calls(side: HttpSide) -> None:
    side.configure(license=License(plan="starter"))
    page = show(side)["before"]
    assert "PHONE1" in page["phones"]
    assert "requires the Pro plan" in page["problem"]


def act(side: HttpSide, *steps: list[str], **environment: str) -> dict[str, Any]:
    return show(side, STEPS=json.dumps(steps), **environment)


def stage(side: HttpSide, task: Task) -> Stage:
    found = side.store.tasks.get(task.id)
    assert found is not None
    return found.stage


def test_what_can_be_done_depends_on_the_task_and_on_the_phone(side: HttpSide) -> None:
    side.phones.set("PHONE2", PhoneState.NEEDS_HANDS, detail="three restarts did not help")
    side.phones.set("PHONE3", PhoneState.OFFLINE, detail="does not answer")
    for status in ("pending", "running", "completed", "failed", "unknown"):
        side.task(status=status)
    found = show(side)["buttons"]
    assert [name for name in found if name.endswith(", PHONE1")] == ["screen, PHONE1"]
    assert [name for name in found if name.endswith(", PHONE2")] == ["I looked at it: go on, PHONE2"]
    assert not [name for name in found if name.endswith(", PHONE3")]
    of = {
        number: [name.split(",")[0] for name in found if name.endswith(f", task {number}")]
        for number in range(1, 6)
    }
    assert of == {1: ["log", "stop"], 2: ["log", "stop"], 3: ["log", "delete"], 4: ["log", "retry", "delete"],
                  5: ["log", "retry", "it is published", "delete"]}  # fmt: skip


def test_a_post_of_unknown_outcome_is_repeated_only_after_a_person_says_that_it_is_not_there(
    side: HttpSide,
) -> None:
    task = side.task(status="unknown", username="kim", caption="hello")
    shown = act(side, ["press", "retry, task 1"], ["tick"], ["send", "post it again"])
    asked, ticked, done = shown["steps"]
    for text in ("@kim, TikTok, PHONE1", "hello", "This post may already be out", "Look at @kim in TikTok first",
                 "I have looked at @kim: the post is not there."):  # fmt: skip
        assert text in asked["dialog"]
    assert (asked["disabled"], asked["focus"]) == (["post it again"], "cancel")
    assert ticked["disabled"] == []
    assert done["dialog"] is None
    assert "Task 1 is pending again, next try at " in done["said"]
    assert shown["sent"] == ["POST /api/v1/task/1/retry?confirm=true"]
    assert stage(side, task) is Stage.SCHEDULED
    assert "stop, task 1" in shown["buttons"]


def test_a_person_who_found_the_post_says_so(side: HttpSide) -> None:
    task = side.task(status="unknown", username="kim")
    shown = act(side, ["press", "it is published, task 1"], ["send", "it is published"])
    assert "Look at @kim in TikTok first" in shown["steps"][0]["dialog"]
    assert shown["steps"][1]["said"] == "Task 1 is completed: published, as a person confirmed."
    assert stage(side, task) is Stage.PUBLISHED


def test_nothing_is_done_to_a_task_that_has_changed_since_a_person_read_about_it(side: HttpSide) -> None:
    task = side.task(status="unknown")
    shown = act(side, ["press", "retry, task 1"], ["tick"], ["meanwhile", "POST", "/api/v1/task/1/mark-published"],
                ["send", "post it again"], ["press", "cancel"])  # fmt: skip
    refused = shown["steps"][3]
    assert "Nothing was done: task 1 has changed since you read it, it is completed now." in refused["dialog"]
    assert refused["disabled"] == []
    assert (shown["sent"], stage(side, task)) == ([], Stage.PUBLISHED)


def test_a_failed_task_is_retried_and_beyond_its_limit_only_with_a_word_about_it(side: HttpSide) -> None:
    first, second = side.task(status="failed"), side.task(status="failed")
    side.store.tasks.change(second.id, retry_count=3)
    shown = act(
        side, ["press", "retry, task 1"], ["send", "retry"], ["press", "retry, task 2"], ["send", "retry"]
    )
    assert "Nothing was published" in shown["steps"][0]["dialog"]
    assert "limit" not in shown["steps"][0]["dialog"]
    assert "It was retried 3 times, which is its limit" in shown["steps"][2]["dialog"]
    assert shown["sent"] == ["POST /api/v1/task/1/retry", "POST /api/v1/task/2/retry?force=true"]
    assert stage(side, first) is stage(side, second) is Stage.SCHEDULED


def test_tasks_are_stopped_and_deleted(side: HttpSide) -> None:
    pending, done = side.task(), side.task(status="completed")
    shown = act(
        side,
        ["press", "stop, task 1"],
        ["send", "stop it"],
        ["press", "delete, task 2"],
        ["send", "delete it"],
    )
    assert shown["steps"][1]["said"] == "Task 1: stopped by request"
    assert shown["steps"][3]["said"] == "Task 2 is deleted."
    assert stage(side, pending) is Stage.FAILED
    assert side.store.tasks.get(done.id) is None
    assert "#2" not in shown["end"]["tasks"]
    assert "retry, task 1" in shown["buttons"]


def test_a_refusal_is_shown_in_the_daemon_s_own_words(side: HttpSide) -> None:
    side.task()
    shown = act(
        side, ["press", "stop, task 1"], ["meanwhile", "POST", "/api/v1/task/1/stop"], ["send", "stop it"]
    )
    assert "task 1 has already ended (failed)" in shown["steps"][2]["dialog"]


def test_a_button_pressed_twice_sends_once(side: HttpSide) -> None:
    side.task(status="failed")
    shown = act(side, ["press", "retry, task 1"], ["send twice", "retry"])
    assert shown["sent"] == ["POST /api/v1/task/1/retry"]
    assert "pending again" in shown["steps"][1]["said"]


def test_without_an_answer_the_page_does_not_pretend_to_know(side: HttpSide) -> None:
    side.task()
    shown = act(side, ["press", "stop, task 1"], ["cut"], ["send", "stop it"])
    assert "It may or may not have been done" in shown["steps"][2]["dialog"]
    assert shown["end"]["state"] == "not reachable"


def test_a_phone_that_needs_hands_goes_on_after_a_look(side: HttpSide) -> None:
    side.phones.set("PHONE2", PhoneState.NEEDS_HANDS, detail="three restarts did not help")
    button = "I looked at it: go on"
    shown = act(side, ["press", f"{button}, PHONE2"], ["send", button])
    assert "three restarts did not help" in shown["steps"][0]["dialog"]
    assert (
        "On PHONE2 this pause is over:\nthree restarts did not help\nPHONE2 goes on."
        in shown["steps"][1]["said"]
    )
    assert "PHONE2 ready, nothing to do" in " ".join(shown["end"]["phones"].replace("screen", "").split())


def test_a_phone_that_starts_nothing_for_now_says_why(side: HttpSide) -> None:
    side.phones.set("PHONE1", battery_percent=3)
    page = show(side)
    assert "starts nothing for now: " in page["before"]["phones"]
    assert page["before"]["phone-counts"] == "0 working, 2 free, 1 held up, 0 not usable"
    # A look does not charge it: no button promises that it goes on.
    assert "I looked at it: go on, PHONE1" not in page["buttons"]


def test_an_action_that_needs_a_token_leads_to_the_question_for_it(side: HttpSide) -> None:
    task = side.task()
    shown = act(side, ["press", "stop, task 1"], ["send from elsewhere", "stop it"])
    assert shown["steps"][1]["dialog"] is None
    assert shown["end"]["token-form"] is not None
    assert "a token is needed" in shown["end"]["problem"]
    assert stage(side, task) is Stage.SCHEDULED


def test_actions_carry_the_token(side: HttpSide) -> None:
    task = side.task()
    token = new_token(side.tokens_file, "tablet")
    act(side, ["press", "stop, task 1"], ["send", "stop it"], FORWARDED="203.0.113.7", TOKEN=token)
    assert stage(side, task) is Stage.FAILED
