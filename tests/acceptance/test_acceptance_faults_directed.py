"""One fault at a time on the real daemon: what becomes of the task, of the phone, of the other phones, and who is told."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak_judge import bounded_shell
from tests.support.daemon import Daemon, until
from tests.support.fault_bench import FaultBench

#: What a nominal second of the apps takes where a test must see a step while it lasts, however busy the machine is.
UNHURRIED_MS = 600

_CAPTIONS = (f"directed {number}" for number in itertools.count())


class Bench(FaultBench):
    """Three phones that recover between the tests."""

    daemon: Daemon
    captions: dict[int, str]

    def post(self, number: int = 0, platform: str = "instagram", **more: Any) -> int:
        caption = next(_CAPTIONS)
        config = {
            "captions": caption,
            "material_list": [str(self.video)],
            "upload_wait_time": 0,
            "post_way": "addButton",
        }
        body = {
            "serials": [self.serials[number]],
            "platform": platform,
            "force": True,
            "script_config": config,
        }
        task_id = self.daemon.post(**body | more)
        self.captions[task_id] = caption
        return task_id

    def published(self, task_id: int, times: int = 1) -> dict[str, Any]:
        """The task, once it has ended as published, with one post on the phone."""
        task = self.daemon.ended(task_id, 60)
        assert (task["outcome"], self.posts()[self.captions[task_id]]) == ("published", times), task
        return task

    def failed(
        self, task_id: int, *codes: str, posts: tuple[int, ...] = (0,), timeout_s: float = 60
    ) -> dict[str, Any]:
        task = self.daemon.ended(task_id, timeout_s)
        assert task["status"] == 3, task
        assert task["error"]["code"] in codes, task
        assert self.posts()[self.captions[task_id]] in posts, task
        return task

    def waits(self, task_id: int, sentence: str) -> dict[str, Any]:
        """The task, once it says that it waits for this."""
        return until(  # type: ignore[no-any-return]
            lambda: task if sentence in (task := self.daemon.task(task_id))["waiting_detail"] else None,
            30,
            f"{sentence}: {self.daemon.task(task_id)}",
        )

    def device(self, number: int) -> dict[str, Any]:
        devices = self.daemon.call("GET", "/api/v1/devices")["data"]["devices"]
        return next(d for d in devices if d["serial"] == self.serials[number])  # type: ignore[no-any-return]

    def evidence(self, task_id: int) -> set[str]:
        """The names of what was kept of a task: the number of the attempt, then what it is."""
        names = self.daemon.call("GET", f"/api/v1/task/{task_id}/log")["data"]["artifacts"]
        return {Path(name).name for name in names}

    def taps_on_app(self, number: int = 0) -> list[str]:
        return [line for line in self.simctl(self.serials[number], "taps").splitlines() if line.strip()]

    def shell(self, serial: str, words: str) -> str:
        return bounded_shell(self._direct, serial, words).strip()

    def adb_server_pid(self) -> str:
        """The process that serves the phones' adb port."""
        port = str(self.child.ready["direct_adb_port"])
        (pid,) = (
            entry.parent.name
            for entry in Path("/proc").glob("[0-9]*/cmdline")
            if Path((words := entry.read_bytes().decode().split("\0"))[0]).name.startswith("adb")
            and port in " ".join(words)
        )
        return pid

    def notices(self) -> str:
        ready = self.daemon.call("GET", "/readyz")
        return " ".join(ready["reasons"] + ready["notices"])

    def recover(self) -> None:
        """Phones and tasks as before any test; a phone whose call still hangs is let go by stopping its task."""
        self.heal()
        for task_id in self.captions:
            if self.daemon.task(task_id)["status"] < 2:
                self.daemon.call("POST", f"/api/v1/task/{task_id}/stop")
        self.captions.clear()
        for serial in self.serials:
            self.simctl(serial, "reset")
            for setting in (
                "free-bytes auto",
                "battery 90",
                "temperature 25",
                "pin off",
                "locked off",
                "call 0",
            ):
                self.simctl(serial, f"set {setting}")
            self.daemon.call("POST", f"/api/v1/devices/{serial}/resume")
        until(lambda: all(self.device(n)["state"] == "device" for n in range(3)), 30, "all phones are back")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("directed")
    decoy = folder / "bin" / "adb"
    decoy.parent.mkdir()
    decoy.write_text(f'#!/bin/sh\necho "$@" >> {folder}/decoy.log\nexec sleep 1\n')
    decoy.chmod(0o755)
    bench = Bench(folder / "phones", 3)
    bench.captions = {}
    bench.daemon = bench.start(environment={"PATH": f"{decoy.parent}:{os.environ['PATH']}"})
    yield bench
    bench.stop()


@pytest.fixture
def bench(running: Bench) -> Iterator[Bench]:
    yield running
    running.recover()


# --- the adb server and the links ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("wake", marks=pytest.mark.long),
        "push",
        pytest.param("caption", marks=pytest.mark.long),
        "commit",
    ],
)
def test_ADB_1_the_adb_server_dies_at_any_step_and_no_post_is_made_twice(bench: Bench, moment: str) -> None:
    serial = bench.serials[0]
    bench.simctl(serial, "set latency 60")
    try:
        task = bench.post()
        until(lambda: moment in (t := bench.daemon.task(task))["remark"] or t["status"] >= 2, 30, moment)
        bench.simctl(serial, "fault adb-down 2")
        until(lambda: bench.device(1)["state"] == "adb_down", 10, "the loss is noticed")
        # 5 s on a machine that does nothing else.
        until(lambda: all(bench.device(n)["state"] == "device" for n in range(3)), 2 + 15, "all are back")
        ended = bench.daemon.ended(task, 60)
        posts = bench.posts()[bench.captions[task]]
        assert posts == 1 if ended["outcome"] == "published" else posts <= 1
        assert ended["outcome"] in {"published", "unknown"}, ended
        bench.published(bench.post(1))
    finally:
        bench.simctl(serial, "set latency 0")


def test_ADB_2_another_adb_program_in_the_path_is_never_called_and_another_version_is_said(
    bench: Bench,
) -> None:
    bench.simctl(bench.serials[0], "fault adb-version 0020")
    bench.simctl(bench.serials[0], "fault adb-track-cut")
    until(lambda: "changed from version" in bench.notices(), 30, "the version is reported")
    bench.published(bench.post())
    assert not (bench.folder.parent / "decoy.log").exists()


def test_ADB_5_with_a_hanging_adb_server_every_call_of_the_api_answers_and_posts_go_on_later(
    bench: Bench,
) -> None:
    bench.simctl(bench.serials[0], "fault adb-hang 4")
    task = bench.post()
    slowest = 0.0
    ends = time.monotonic() + 4
    while time.monotonic() < ends:
        for path in ("devices", "task", f"task/{task}", "task/stats", "accounts"):
            began = time.monotonic()
            assert bench.daemon.call("GET", f"/api/v1/{path}")["code"] == 0
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1.0
    bench.published(task)


def test_ADB_7_an_unauthorized_phone_s_task_says_so_and_runs_once_the_key_is_accepted(bench: Bench) -> None:
    bench.simctl(bench.serials[0], "fault unauthorized 3")
    until(lambda: bench.device(0)["state"] == "unauthorized", 10, "the refusal is noticed")
    task = bench.post()
    bench.waits(task, "has not accepted this box")
    bench.published(task)


def test_ADB_9_a_serial_of_two_phones_is_quarantined_and_the_others_work(bench: Bench) -> None:
    twin = bench.serials[0]
    bench.simctl(bench.serials[1], f"fault adb-line {twin} device")
    bench.simctl(bench.serials[1], "fault adb-track-cut")
    until(lambda: bench.device(0)["state"] == "duplicate", 40, "the twins are noticed")
    task = bench.post(0)
    bench.waits(task, "serial")
    bench.published(bench.post(1))
    bench.simctl(bench.serials[1], "fault adb-line")
    bench.simctl(bench.serials[1], "fault adb-track-cut")
    bench.published(task)


@pytest.mark.long  # forty seconds: a ghost is found by waiting
def test_ADB_12_a_ghost_holds_nobody_else_up_and_its_task_runs_when_it_answers_again(bench: Bench) -> None:
    bench.simctl(bench.serials[0], "fault ghost 14")
    task = bench.post(0)
    bench.daemon.running(task)
    assert bench.daemon.ended(bench.post(1))["outcome"] == "published"
    assert bench.daemon.task(task)["status"] < 2
    bench.published(task)


@pytest.mark.parametrize("fault", ["reboot 2", "offline 2", "link-cut"])
def test_JOB_12_and_ADB_14_a_phone_that_goes_while_it_prepares_takes_its_task_up_again(
    bench: Bench, fault: str
) -> None:
    bench.simctl(bench.serials[0], f"set latency {UNHURRIED_MS}")
    try:
        task, other = bench.post(0), bench.post(1)
        bench.daemon.running(task, "picker")
        bench.simctl(bench.serials[0], f"fault {fault}")
        bench.simctl(bench.serials[0], "set latency 60")
        bench.published(task)
        assert bench.published(other)["retry_count"] == 0
    finally:
        bench.simctl(bench.serials[0], "set latency 0")


# --- the automation server -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        "http-500 click",
        pytest.param("no-reply click", marks=pytest.mark.long),
        pytest.param("truncated-body click", marks=pytest.mark.long),
        "commit-lost",
    ],
)
def test_U2_3_a_commit_tap_without_an_answer_is_never_repeated(bench: Bench, fault: str) -> None:
    bench.simctl(bench.serials[0], f"set latency {UNHURRIED_MS}")
    try:
        task = bench.post()
        # With or without the tap before it: the fault strikes the next click, and the next publish in any case.
        bench.daemon.running(task, "caption")
        bench.simctl(bench.serials[0], f"fault {fault}")
        bench.simctl(bench.serials[0], "set latency 60")
        ended = bench.daemon.ended(task, 60)
        posts = bench.posts()[bench.captions[task]]
        assert posts == 1 if ended["outcome"] == "published" else posts <= 1, ended
    finally:
        bench.simctl(bench.serials[0], "set latency 0")


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "fault",
    [
        "dump-fails",
        # Three times the patience of a look at the screen: half a minute each.
        *(
            pytest.param(fault, marks=pytest.mark.long)
            for fault in ("dump-fails empty", "one-node-tree", "automation-hangs dumpWindowHierarchy")
        ),
    ],
)
def test_U2_9_and_U2_10_a_phone_that_shows_no_screen_ends_in_its_time_with_a_named_reason(
    bench: Bench, fault: str
) -> None:
    bench.simctl(bench.serials[0], f"fault {fault} --always")
    task = bench.post()
    until(lambda: bench.device(0)["state"] == "needs_hands", 90, "healing gives up")
    assert "automation" in bench.device(0)["detail"]
    bench.waits(task, "automation")
    bench.published(bench.post(1))
    bench.simctl(bench.serials[0], "fault clear")
    assert bench.daemon.call("POST", f"/api/v1/devices/{bench.serials[0]}/resume")["data"]["resumed"]
    bench.published(task)


def test_U2_5_a_kill_in_the_middle_of_typing_leaves_the_phone_s_keyboard_as_it_was(bench: Bench) -> None:
    serial = bench.serials[0]

    def keyboard() -> str:
        return str(bench.shell(serial, "settings get secure default_input_method"))

    before = keyboard()
    bench.simctl(serial, f"set latency {UNHURRIED_MS}")
    task = bench.post()
    bench.daemon.running(task, "caption")
    bench.daemon.kill()
    assert keyboard() == before
    bench.simctl(serial, "set latency 0")
    bench.daemon = bench.start()
    bench.published(task)
    assert keyboard() == before


# --- the phone and its apps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "well", "why"),
    [
        (["set pin on", "set screen off", "set locked on"], "set unlock-pin 1234", "locked"),
        (["set call 2"], "set call 0", "in a call"),
        (["set network off"], "set network on", "no network"),
        (["set free-bytes 1000000"], "set free-bytes auto", "its storage is full"),
        (["set battery 5"], "set battery 60", "battery"),
        (["set temperature 51"], "set temperature 30", "battery"),
    ],
    ids=["U2_17 locked", "U2_17 in a call", "U2_17 offline", "JOB_10 full", "JOB_9 empty", "JOB_9 hot"],
)
def test_U2_17_and_JOB_9_and_JOB_10_a_phone_that_is_not_fit_gets_no_tap_and_its_task_waits_and_says_why(
    bench: Bench, words: list[str], well: str, why: str
) -> None:
    for word in words:
        bench.simctl(bench.serials[0], word)
    task = bench.post()
    assert bench.waits(task, why)["retry_count"] == 0
    assert why in until(lambda: bench.device(0)["detail"], 10, "the phone says so too")
    assert bench.taps_on_app() == []
    bench.simctl(bench.serials[0], well)
    if "battery" not in why:
        bench.daemon.call("POST", f"/api/v1/devices/{bench.serials[0]}/resume")
        assert bench.published(task)["retry_count"] == 0
        return
    # What the inventory knows of the battery is up to a minute old; plugging in anew asks at once.
    bench.simctl(bench.serials[0], "fault link-cut")
    bench.published(task)


def test_U2_19_an_unknown_screen_gets_no_tap_and_the_third_pauses_that_version_until_a_person_resumes_it(
    bench: Bench,
) -> None:
    bench.published(bench.post(2))
    bench.simctl(
        bench.serials[2], "reset"
    )  # its app, too, is opened anew: equal failures are those at one step
    for number in range(3):
        bench.simctl(bench.serials[number], "fault unknown-screen --always")
    ended = [bench.failed(bench.post(number), "ui_changed") for number in range(3)]
    assert all(task["outcome"] == "none" for task in ended)
    for number in range(3):
        bench.simctl(bench.serials[number], "reset")
    held, other = bench.post(0), bench.post(0, "tiktok")
    bench.waits(held, "is paused until")
    bench.published(other)
    assert "ui_changed" in bench.device(1)["detail"]
    assert "is paused until" in bench.notices()
    bench.daemon.call("POST", f"/api/v1/devices/{bench.serials[1]}/resume")
    bench.published(held)


@pytest.mark.parametrize(("always", "codes"), [("", ()), (" --always", ("not_indexed",))])
def test_U2_20_a_video_that_the_media_store_lists_late_is_posted_and_one_it_never_lists_is_not(
    bench: Bench, always: str, codes: tuple[str, ...]
) -> None:
    bench.simctl(bench.serials[0], f"fault not-indexed{always}")
    task = bench.post()
    if codes:
        bench.daemon.running(task, "index")
        bench.daemon.call("POST", f"/api/v1/task/{task}/stop")
        bench.failed(task, "stopped")
        assert bench.taps_on_app() == [] or bench.posts()[bench.captions[task]] == 0
    else:
        bench.published(task)


@pytest.mark.parametrize(
    ("fault", "codes", "outcomes"),
    [
        ("upload-fail", {"upload_failed"}, {"not_published"}),
        ("upload-stall", {"upload_timeout"}, {"unknown"}),
        ("login", {"not_logged_in"}, {"none"}),
        ("captcha", {"verification_needed", "person_needed", "not_logged_in"}, {"none"}),
    ],
)
def test_JOB_5_and_JOB_13_what_was_not_published_is_never_called_published(
    bench: Bench, fault: str, codes: set[str], outcomes: set[str]
) -> None:
    bench.simctl(bench.serials[0], f"fault {fault}")
    task = bench.failed(bench.post(0, "tiktok"), *codes)
    assert task["outcome"] in outcomes
    assert {"1-screenshot.png", "1-tree.xml"} <= bench.evidence(task["id"])


def test_a_form_that_the_app_did_not_send_and_brings_up_again_does_not_stop_the_posts_after_it(
    bench: Bench,
) -> None:
    bench.simctl(bench.serials[0], "fault account-blocked")
    assert bench.failed(bench.post(0, "tiktok"), "account_blocked")["outcome"] == "not_published"
    bench.simctl(bench.serials[0], "reset")  # the account is well again, the text in the form is still there
    bench.published(bench.post(0, "tiktok"))


@pytest.mark.parametrize("fault", ["text-twice", "broadcast-lost", "no-reply setText"])
def test_U2_4_and_JOB_14_a_caption_is_posted_to_the_letter_or_not_at_all(bench: Bench, fault: str) -> None:
    bench.simctl(bench.serials[0], f"fault {fault}")
    task = bench.post(0)
    ended = bench.daemon.ended(task, 60)
    if ended["outcome"] == "published":
        bench.published(task)
    else:
        bench.failed(task, "caption_altered")


def test_U2_16_a_black_picture_is_no_evidence_and_the_tree_is_kept_beside_it(bench: Bench) -> None:
    bench.simctl(bench.serials[0], "fault black-screenshots --always")
    bench.simctl(bench.serials[0], "fault login")
    task = bench.failed(bench.post(0, "tiktok"), "not_logged_in")
    assert bench.evidence(task["id"]) == {"1-tree.xml"}


# --- the whole -----------------------------------------------------------------------------------------------


def test_WEB_3_with_every_phone_hanging_the_api_stays_quick(bench: Bench) -> None:
    """Measured against the same calls before, for other programs take their share of the processors, too."""
    well_s = slowest_s(bench)
    for number, serial in enumerate(bench.serials):
        bench.simctl(serial, "fault automation-hangs --always")
        bench.post(number)
    assert slowest_s(bench) < max(0.3, 5 * well_s)


def slowest_s(bench: Bench) -> float:
    """What all but one in a hundred calls of the API stay under, for three seconds."""
    taken: list[float] = []
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        for path in ("devices", "task?page_size=100", "task/stats", "accounts", "materials"):
            began = time.monotonic()
            assert bench.daemon.call("GET", f"/api/v1/{path}")["code"] == 0
            taken.append(time.monotonic() - began)
    return sorted(taken)[int(len(taken) * 0.99)]


def test_APS_8_a_stop_with_every_phone_hanging_is_over_in_seconds_and_loses_nothing(bench: Bench) -> None:
    for serial in bench.serials:
        bench.simctl(serial, "fault automation-hangs --always")
    tasks = [bench.post(number) for number in range(3)]
    for task in tasks:
        bench.daemon.running(task)
    began = time.monotonic()
    try:
        assert bench.daemon.stop() == 0
        taken_s = time.monotonic() - began
    finally:
        for serial in bench.serials:
            bench.simctl(serial, "reset")
        bench.daemon = bench.start()
    # At rest it is done in two seconds. Waiting for a hanging phone to its deadline would take tens.
    assert taken_s < 10
    for task in tasks:
        bench.published(task)


def test_TDB_6_a_kill_right_after_the_answer_forgets_no_task(bench: Bench) -> None:
    for serial in bench.serials:
        bench.simctl(serial, "set call 2")  # no post gets to its commit point
    tasks = [bench.post(number % 3) for number in range(9)]
    bench.daemon.kill()
    for serial in bench.serials:
        bench.simctl(serial, "set call 0")
    bench.daemon = bench.start()
    listed = bench.daemon.call("GET", "/api/v1/task?page_size=100")["data"]["tasks"]
    assert set(tasks) <= {task["id"] for task in listed}
    for task in tasks:
        bench.published(task)


def test_JOB_17_and_ADB_4_kills_and_starts_leave_the_adb_server_and_come_up_quickly_with_a_hundred_phones_away(
    bench: Bench,
) -> None:
    bench.daemon.stop()
    config = bench.child.config_path
    before = config.read_text()
    absent = ", ".join(f'"ABSENT{number:03}"' for number in range(100))
    config.write_text(f"{before}\n[phones]\nknown = [{absent}]\n")
    adb_server = bench.adb_server_pid()
    try:
        for _ in range(4):
            began = time.monotonic()
            bench.daemon = bench.start()
            # Waiting for each of the absent phones would take minutes; a busy machine needs some seconds.
            assert time.monotonic() - began < 15
            bench.daemon.kill()
        assert bench.adb_server_pid() == adb_server
    finally:
        config.write_text(before)
        bench.daemon = bench.start()
    bench.published(bench.post())
