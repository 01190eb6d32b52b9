"""What lies between the daemon and the app: a screen that goes off, the notification shade, a phone that refuses touches."""

from __future__ import annotations

import os

import pytest

from tests.support.daemon import until


def task_for(one, daemon, app, **more):
    config = {
        "captions": "hello",
        "material_list": [str(one.video)],
        "upload_wait_time": 0,
        "post_way": "addButton",
    }
    return daemon.post(usernames=[one.account(app)], platform=app, script_config=config, **more)


def setting(one, serial, name):
    return one.phones.shell(serial, f"settings get {name}").strip()


STAY_ON = "global stay_on_while_plugged_in"
BEFORE = "global tikmatrixd_stay_on_before"


@pytest.mark.parametrize("app", [pytest.param("tiktok", marks=pytest.mark.long), "instagram"])
def test_PHN_2_a_screen_that_went_off_is_woken_in_the_middle_of_a_post(hub, app):
    one = hub(1, "--latency", "150")
    daemon = one.start()
    (serial,) = one.phones.serials
    task = task_for(one, daemon, app)
    until(lambda: one.phones.lines(serial, "taps"), 30, "the first tap")
    one.phones.simctl(serial, "set", "screen", "off")
    end = daemon.ended(task)
    assert end["outcome"] == "published", daemon.log_tail(task)
    assert "the screen was off and was woken" in daemon.log_tail(task, 400)
    assert len(one.posts()) == 1


def test_PHN_2_the_screen_is_kept_on_for_the_attempt_and_given_back_at_its_end(hub):
    """The phone's own timeout is half a second: without `stayon` it would sleep before the first tap."""
    one = hub(1, "--latency", "200")
    daemon = one.start()
    (serial,) = one.phones.serials
    one.phones.shell(
        serial,
        f"settings put {STAY_ON} 2; settings put {STAY_ON} 0; settings put system screen_off_timeout 500",
    )
    task = task_for(one, daemon, "tiktok")
    until(lambda: setting(one, serial, STAY_ON) == "7", 20, "the screen is kept on")
    assert setting(one, serial, BEFORE) == "0"
    assert daemon.ended(task)["outcome"] == "published", daemon.log_tail(task)
    assert "the screen was off" not in daemon.log_tail(task, 400)
    until(lambda: setting(one, serial, BEFORE) == "null", 10, "the setting is given back")
    assert setting(one, serial, STAY_ON) == "0"
    until(lambda: '"on": false' in one.phones.simctl(serial, "screen"), 10, "the phone sleeps again")


@pytest.mark.long
def test_PHN_2_a_phone_on_its_battery_is_kept_on_by_its_timeout(hub):
    one = hub(1, "--latency", "200")
    daemon = one.start()
    (serial,) = one.phones.serials
    one.phones.simctl(serial, "set", "plugged", "off")
    one.phones.shell(serial, "settings put system screen_off_timeout 600")
    task = task_for(one, daemon, "tiktok")
    assert daemon.ended(task)["outcome"] == "published", daemon.log_tail(task)
    until(lambda: setting(one, serial, "system screen_off_timeout") == "600", 10, "the timeout is given back")
    assert setting(one, serial, "global tikmatrixd_screen_off_timeout_before") == "null"


def test_PHN_2_a_screen_that_a_crash_left_on_is_given_back_at_the_next_start(hub):
    one = hub(1, "--latency", "2000")
    daemon = one.start()
    (serial,) = one.phones.serials
    task = task_for(one, daemon, "tiktok")
    until(lambda: setting(one, serial, STAY_ON) == "7", 20, "the screen is kept on")
    daemon.call("POST", f"/api/v1/task/{task}/stop")
    os.kill(daemon.process.pid, 9)
    daemon.process.wait(10)
    # Whatever the phone was left with: it is the operator's value that comes back, not ours.
    one.phones.shell(serial, f"svc power stayon true; settings put {BEFORE} 3")
    one.start()
    until(lambda: setting(one, serial, BEFORE) == "null", 30, "the setting is given back")
    assert setting(one, serial, STAY_ON) == "3"


@pytest.mark.parametrize("app", ["tiktok", pytest.param("instagram", marks=pytest.mark.long)])
def test_PHN_3_the_notification_shade_is_closed_and_the_post_goes_on(hub, app):
    one = hub(1, "--latency", "150")
    daemon = one.start()
    (serial,) = one.phones.serials
    task = task_for(one, daemon, app)
    until(lambda: one.phones.lines(serial, "taps"), 30, "the first tap")
    one.phones.simctl(serial, "set", "shade", "on")
    end = daemon.ended(task)
    assert end["outcome"] == "published", daemon.log_tail(task)
    assert "the notification shade lay over the app; it was closed" in daemon.log_tail(task, 400)
    # One tap may have been on its way.
    assert len([tap for tap in one.phones.lines(serial, "taps") if tap["screen"] == "shade"]) <= 1
    assert len(one.posts()) == 1


def test_PHN_1_a_phone_that_refuses_touches_ends_the_task_with_the_setting_s_name(hub):
    one = hub(1)
    daemon = one.start()
    (serial,) = one.phones.serials
    one.phones.simctl(serial, "set", "input-forbidden", "on")
    end = daemon.ended(task_for(one, daemon, "tiktok"))
    assert (end["error"]["code"], end["outcome"], end["retry_count"]) == ("input_forbidden", "none", 0)
    assert "USB debugging (Security settings)" in end["error"]["message"]

    def device():
        return next(
            d for d in daemon.call("GET", "/api/v1/devices")["data"]["devices"] if d["serial"] == serial
        )

    assert until(lambda: (d := device())["state"] == "needs_hands" and d, 10, "the phone needs hands")
    assert "Security settings" in device()["detail"]
    one.phones.simctl(serial, "set", "input-forbidden", "off")
    daemon.call("POST", f"/api/v1/devices/{serial}/resume")
    assert daemon.ended(task_for(one, daemon, "tiktok", force=True))["outcome"] == "published"
    # PHN-5: what the app needs for the media was granted before it could ask, and nothing else was.
    package = next(a["package"] for a in one.phones.accounts if a["platform"] == "tiktok")
    dump = one.phones.shell(serial, f"dumpsys package {package}")
    for name in ("READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO"):
        assert f"{name}: granted=true" in dump
    for name in ("READ_CONTACTS", "ACCESS_FINE_LOCATION", "POST_NOTIFICATIONS", "READ_MEDIA_AUDIO"):
        assert f"{name}: granted=false" in dump
