"""Whoever is named in the config hears of what needs a person, through a real HTTP receiver."""

import hashlib
import hmac

import pytest

from tests.support.daemon import until
from tests.support.receiver import Receiver

TELL = """
[posting]
proof_timeout_s = 4.0
auto_retry = false

[[notify]]
kind = "webhook"
url = "{url}"
secret = "s3cret"

[[notify]]
kind = "ntfy"
url = "{url}/topic"
secret = "tk_topic"
events = ["needs_hands"]
"""


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def told(receiver, name, timeout_s=40):
    return until(lambda: receiver.named(name), timeout_s, f"{name}; came: {receiver.events()}")


def hub_that_tells(hub, receiver, *options):
    one = hub(*options)
    one.config.write_text(one.config.read_text() + TELL.format(url=receiver.url))
    return one


def test_ends_of_tasks_that_nobody_asked_for_are_told_with_a_signature(hub, receiver):
    one = hub_that_tells(hub, receiver, 2)
    daemon = one.start()
    first, second = one.phones.serials
    one.phones.simctl(first, "fault", "login")
    one.phones.simctl(second, "fault", "upload-stall", "--always")
    config = {"captions": "told", "material_list": [str(one.video)], "upload_wait_time": 0}
    failed = daemon.post(serials=[first], script_config=config)
    unknown = daemon.post(serials=[second], script_config=config)
    assert daemon.ended(failed)["error"]["code"] == "not_logged_in"
    assert daemon.ended(unknown)["outcome"] == "unknown"
    assert told(receiver, "task_failed")[0]["facts"]["task_id"] == failed
    assert told(receiver, "unknown_outcome")[0]["facts"]["task_id"] == unknown
    assert told(receiver, "needs_hands")[0]["facts"]["serial"] == first
    headers, body = next(pair for pair in receiver.requests if "X-Tikmatrixd-Signature" in pair[0])
    signature = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Tikmatrixd-Signature"] == f"sha256={signature}"
    ntfy = [headers for headers, _ in receiver.requests if "Title" in headers]
    assert {(one["Title"], one["Authorization"]) for one in ntfy} == {
        ("tikmatrixd: needs_hands", "Bearer tk_topic")
    }


def test_lost_phones_and_refused_keys_are_told_and_what_comes_back_at_once_is_not(hub, receiver):
    one = hub_that_tells(hub, receiver, 3)
    daemon = one.start()
    until(
        lambda: (
            [d["state"] for d in daemon.call("GET", "/api/v1/devices")["data"]["devices"]] == ["device"] * 3
        )
    )
    gone, shut, brief = one.phones.serials
    one.phones.simctl(brief, "fault", "offline", "2")
    one.phones.simctl(gone, "fault", "offline", "60")
    one.phones.simctl(shut, "fault", "unauthorized", "60")
    assert told(receiver, "phone_lost")[0]["facts"] == {"serial": gone}
    hands = told(receiver, "needs_hands")[0]
    assert hands["facts"] == {"serial": shut, "state": "unauthorized"}
    assert brief not in str(receiver.events())


def test_an_adb_server_that_is_gone_is_one_message_and_not_one_per_phone(hub, receiver):
    one = hub_that_tells(hub, receiver, 2, "--adb-faults")
    daemon = one.start()
    until(
        lambda: (
            [d["state"] for d in daemon.call("GET", "/api/v1/devices")["data"]["devices"]] == ["device"] * 2
        )
    )
    one.phones.simctl(one.phones.serials[0], "fault", "adb-down", "40")
    (event,) = told(receiver, "hub_lost")
    assert sorted(event["facts"]["serials"]) == sorted(one.phones.serials)
    assert receiver.named("phone_lost") == []


def test_JOB_16_what_a_dead_receiver_missed_comes_after_a_restart_and_once(hub, receiver):
    one = hub_that_tells(hub, receiver, 1)
    receiver.status = 503
    daemon = one.start()
    one.phones.simctl(one.phones.serials[0], "fault", "login")
    task = daemon.post(
        serials=one.phones.serials,
        script_config={"captions": "late", "material_list": [str(one.video)], "upload_wait_time": 0},
    )
    daemon.ended(task)
    until(lambda: receiver.named("task_failed"), 10, "a try")
    daemon.kill()
    receiver.requests.clear()
    receiver.status = 200
    one.start()
    (event,) = told(receiver, "task_failed")
    assert event["facts"]["task_id"] == task
