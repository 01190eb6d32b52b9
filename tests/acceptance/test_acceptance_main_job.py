"""The whole path on the real command: a request in, a post on the phone out, whatever happens in between."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.support.daemon import until

CAPTION = 'Fresh 🪵 "bench" it\'s \\ done\n\nthird line, ünïcode #woodwork #diy'


def config_for(hub, **more):
    return {"captions": CAPTION, "material_list": [str(hub.video)], "upload_wait_time": 0, **more}


def test_the_vendors_curl_publishes_the_file_once_and_to_the_letter(hub):
    one = hub(1)
    daemon = one.start(warm=False)
    body = json.dumps(
        {"serials": [one.phones.serials[0]], "script_name": "post", "script_config": config_for(one)}
    )
    curl = shutil.which("curl") or pytest.skip("curl is not installed")
    out = subprocess.run(
        [curl, "-sS", f"{daemon.url}/api/v1/task", "-d", body], capture_output=True, check=True, timeout=30
    ).stdout
    answer = json.loads(out)
    assert (answer["code"], answer["message"], answer["data"]["created_count"]) == (0, "success", 1)
    ended = daemon.ended(answer["data"]["task_ids"][0])
    assert ended["outcome"] == "published", ended
    (post,) = one.posts()
    assert post["caption"] == CAPTION
    assert post["media"][0]["sha256"] == hashlib.sha256(one.video.read_bytes()).hexdigest()
    assert post["account"] == one.account("tiktok")


@pytest.mark.parametrize(
    ("platform", "way", "kind"),
    [("tiktok", "share", "video"), ("tiktok", "addButton", "video"), ("instagram", "addButton", "reel")],
)
def test_every_basic_way_publishes_for_a_named_account(hub, platform, way, kind):
    one = hub(1)
    daemon = one.start()
    task = daemon.post(
        usernames=["@" + one.account(platform).upper()],
        platform=platform,
        script_config=config_for(one, post_way=way),
    )
    ended = daemon.ended(task)
    assert ended["outcome"] == "published", ended
    (post,) = one.posts()
    assert (post["app"], post["kind"], post["caption"]) == (platform, kind, CAPTION)


def test_tasks_of_one_phone_run_one_after_the_other_and_those_of_two_phones_together(hub):
    one = hub(2, "--latency", "300")
    daemon = one.start()
    first, second = (
        daemon.post(
            serials=[one.phones.serials[0]], force=True, script_config=config_for(one, captions=str(n))
        )
        for n in (1, 2)
    )
    other = daemon.post(serials=[one.phones.serials[1]], script_config=config_for(one))
    daemon.running(first)
    daemon.running(other)
    assert daemon.task(second)["waiting_for"] == "device"
    ends = [daemon.ended(task) for task in (first, second, other)]
    assert [e["outcome"] for e in ends] == ["published"] * 3
    assert ends[1]["started_at"] >= ends[0]["finished_at"]
    assert ends[2]["started_at"] < ends[0]["finished_at"]


#: Where the daemon kills itself, what may become of the task, and how many posts there are then.
KILLS = [
    ("jobs.before_preparing", {"published"}, 1),
    ("jobs.after_preparing", {"published"}, 1),
    ("jobs.before_committing", {"published"}, 1),
    ("jobs.after_committing", {"not_published"}, 0),
    ("jobs.before_verifying", {"published", "unknown"}, 1),
    ("jobs.after_verifying", {"published", "unknown"}, 1),
    ("jobs.before_published", {"published", "unknown"}, 1),
    ("jobs.after_published", {"published"}, 1),
]
#: Those around the tap, divided between the apps. The others are run by `make long`, and without an app by
#: tests/integration/test_jobs_crash_points.py.
BY_DEFAULT = {
    "tiktok": ("jobs.before_committing", "jobs.after_committing", "jobs.after_verifying"),
    "instagram": ("jobs.after_committing", "jobs.before_verifying", "jobs.before_published"),
}


@pytest.mark.parametrize(
    ("platform", "crash_at", "outcomes", "posts"),
    [
        pytest.param(platform, *kill, marks=[] if kill[0] in names else pytest.mark.long)
        for platform, names in BY_DEFAULT.items()
        for kill in KILLS
    ],
)
def test_JOB_3_a_kill_at_any_state_write_never_posts_twice_and_loses_nothing(
    hub, platform, crash_at, outcomes, posts
):
    one = hub(1)
    # A form that still stands after the crash is watched until the time for proof is over.
    one.configure("posting", "proof_timeout_s = 45.0")
    daemon = one.start(warm=False, crash_at=crash_at)
    task = 1
    # A kill at the first write may come before the answer: what is to be posted is on disk all the same.
    with contextlib.suppress(ConnectionError):
        task = daemon.post(
            usernames=[one.account(platform)],
            platform=platform,
            script_config=config_for(one, post_way="addButton"),
        )
    assert daemon.died() == -9
    again = one.start(warm=False)
    ended = again.ended(task, 120)
    assert ended["outcome"] in outcomes, ended
    assert len(one.posts()) == posts, ended


def test_a_kill_nine_in_the_middle_of_anything_is_followed_by_the_truth(hub):
    one = hub(1, "--latency", "200")
    daemon = one.start(warm=False)
    task = daemon.post(serials=one.phones.serials, script_config=config_for(one))
    for word in ("share", "editor"):
        daemon.running(task, word)
        daemon.kill()
        daemon = one.start(warm=False)
    ended = daemon.ended(task)
    assert ended["outcome"] == "published"
    assert len(one.posts()) == 1


@pytest.mark.parametrize(
    "fault",
    ["", pytest.param("shell-hangs", marks=pytest.mark.long), "automation-hangs"],
    ids=["app", "shell", "automation"],
)
def test_a_running_task_stops_within_a_second_whatever_it_waits_for(hub, fault):
    one = hub(1, "--latency", "1000")
    daemon = one.start()
    serial = one.phones.serials[0]
    task = daemon.post(serials=[serial], script_config=config_for(one))
    daemon.running(task, "share")
    if fault:
        one.phones.simctl(serial, "fault", fault, "--always")
    began = time.monotonic()
    answer = daemon.call("POST", f"/api/v1/task/{task}/stop")["data"]
    assert answer["stopping"] or answer["error"]["code"] == "stopped"  # it may have ended before the answer
    ended = daemon.ended(task, 5)
    assert time.monotonic() - began < 1.0
    assert (ended["remark"], ended["error"]["code"], ended["outcome"]) == (
        "stopped by request",
        "stopped",
        "none",
    )
    assert one.posts() == []


@pytest.mark.long
def test_a_push_stops_within_a_second_even_when_the_phone_takes_nothing_any_more(hub):
    one = hub(1)
    daemon = one.start()
    video = one.video.with_name("long.mp4")
    padding = 600 << 20
    with video.open("wb") as out:  # a free box is what a player skips
        out.write(one.video.read_bytes() + padding.to_bytes(4, "big") + b"free")
        out.truncate(out.tell() + padding - 8)
    task = daemon.post(serials=one.phones.serials, script_config=config_for(one, material_list=[str(video)]))
    daemon.running(task, "push")
    os.kill(one.phones.child.process.pid, signal.SIGSTOP)
    try:
        assert daemon.task(task)["remark"] == "push"
        began = time.monotonic()
        assert daemon.call("POST", f"/api/v1/task/{task}/stop")["code"] == 0
        ended = daemon.ended(task, 5)
        assert time.monotonic() - began < 1.0
    finally:
        os.kill(one.phones.child.process.pid, signal.SIGCONT)
    assert (ended["error"]["code"], ended["outcome"]) == ("stopped", "none")
    assert one.posts() == []


def test_hot_plug_is_noticed_within_three_seconds(hub):
    one = hub(2)
    daemon = one.start()
    serial = one.phones.serials[1]

    def state():
        devices = daemon.call("GET", "/api/v1/devices")["data"]["devices"]
        return next((d["state"] for d in devices if d["serial"] == serial), "not seen yet")

    until(lambda: state() == "device", 10, "the first look")
    one.phones.simctl(serial, "fault", "offline", "4")
    until(lambda: state() != "device", 3, "the loss")
    until(lambda: state() == "device", 10, "the return")


BAD = [
    ({"serials": ["NOBODY"]}, 40401),
    ({"script_config": {"material_list": ["/nonexistent.mp4"]}}, 40001),
    ({"script_config": {"material_list": ["/etc/passwd"]}}, 40001),
    ({"script_config": {"material_list": ["text.mp4"]}}, 40001),
    ({"script_config": {"content_type": True}}, 40001),
    ({"script_config": []}, 40001),
    ({"script_name": "follow"}, 40003),
    ({"script_name": ""}, 40002),
    (b'{"serials": [', 40001),
    (b"[]", 40001),
    (b"", 40001),
]


def test_bad_input_gets_the_contracts_error_and_creates_nothing(hub):
    one = hub(1)
    daemon = one.start()
    (one.folder / "media" / "text.mp4").write_text("not a video")
    good = {"serials": one.phones.serials, "script_name": "post", "script_config": config_for(one)}
    for change, code in BAD:
        answer = daemon.call(
            "POST", "/api/v1/task", change if isinstance(change, bytes) else {**good, **change}
        )
        assert answer["code"] == code, (change, answer)
        assert answer["message"] != "success"
    assert daemon.call("GET", "/api/v1/task/stats")["data"]["total"] == 0
    assert one.posts() == []
