"""The accounts that an app shows as logged in are read from the phone by the real daemon, and nothing else is touched."""

import pytest

from tests.support.daemon import until

APPS = ["tiktok", "instagram"]
#: Every tap on the way to the switcher: the profile tab, the name on the profile.
WAY = {"tiktok": ["tiktok/home", "tiktok/profile"], "instagram": ["instagram/home", "instagram/profile"]}


def ask(daemon, serial, platform):
    daemon.knows(serial)
    answer = daemon.call("POST", f"/api/v1/devices/{serial}/match-accounts", {"platform": platform})
    assert (answer["code"], (answer["data"] or {}).get("state")) == (0, "running"), answer
    return answer["data"]


def result(daemon, serial, platform, timeout_s=60):
    def over():
        matches = daemon.call("GET", f"/api/v1/devices/{serial}/match-accounts")["data"]["matches"]
        return next((m for m in matches if m["platform"] == platform and m["state"] != "running"), None)

    return until(over, timeout_s, f"the reading of {platform}")


def marks(daemon, platform, serial):
    path = f"/api/v1/accounts?platform={platform}&device={serial}&page_size=100"
    return {a["username"]: a["logined"] for a in daemon.call("GET", path)["data"]["accounts"]}


def names_on(hub, serial, platform):
    return [a["username"] for a in hub.phones.accounts if (a["platform"], a["serial"]) == (platform, serial)]


def touched(hub, serial):
    """Screens that were tapped, in order; and keys other than BACK."""
    keys = [e["code"] for e in hub.phones.lines(serial, "events", "1000") if e["what"] == "key"]
    return [tap["screen"] for tap in hub.phones.lines(serial, "taps")], [code for code in keys if code != 4]


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.long), "de"])
def test_both_apps_are_read_on_request_and_nothing_else_is_touched(hub, language):
    one = hub(1, "--accounts", "3", "--language", language)
    one.configure("phones", 'set_app_language = "en"')
    daemon = one.start()
    (serial,) = one.phones.serials
    for platform in APPS:
        other = {"username": "gone", "platform": platform, "device": serial, "display_name": "Gone G"}
        assert daemon.call("POST", "/api/v1/accounts", other)["code"] == 0
        ask(daemon, serial, platform)
    for platform in APPS:
        names = names_on(one, serial, platform)
        found = result(daemon, serial, platform)
        assert found == {
            "serial": serial, "platform": platform, "state": "done", "detail": "", "logged_in": names,
            "not_shown": ["gone"], "unknown": [], "added": [],
        }  # fmt: skip
        assert len(names) == 3
        assert marks(daemon, platform, serial) == {**dict.fromkeys(names, 1), "gone": 0}
    assert touched(one, serial) == (WAY["tiktok"] + WAY["instagram"], [])
    assert "profile" in one.phones.simctl(serial, "screen")  # the sheet is closed
    assert one.posts() == []


@pytest.mark.parametrize("platform", [pytest.param("tiktok", marks=pytest.mark.long), "instagram"])
def test_a_running_task_comes_first_and_is_not_disturbed(hub, platform):
    one = hub(1, "--accounts", "3", "--latency", "300")
    daemon = one.start()
    (serial,) = one.phones.serials
    names = names_on(one, serial, platform)
    body = {"captions": "x", "material_list": [str(one.video)], "upload_wait_time": 0}
    task = daemon.post(usernames=[names[1]], platform=platform, script_config=body)
    daemon.running(task)
    assert ask(daemon, serial, platform)["detail"].startswith("waits for the phone's turn")
    waiting = until(
        lambda: "works on task" in (seen := ask(daemon, serial, platform))["detail"] and seen,
        10,
        "the reason",
    )
    assert waiting["detail"] == f"waits for the phone's turn; the phone {serial} works on task {task}"
    assert daemon.task(task)["status"] == 1
    assert daemon.ended(task)["outcome"] == "published"
    found = result(daemon, serial, platform)
    assert (found["state"], found["not_shown"], found["unknown"]) == ("done", [], []), found
    assert found["logged_in"] == names
    (post,) = one.posts()
    assert post["account"] == names[1]
    assert one.phones.lines(serial, "taps")[-1]["screen"] == f"{platform}/profile"  # it switched nothing back


def test_a_phone_where_another_account_is_logged_in_is_reported(hub):
    one = hub(2)
    daemon = one.start()
    for serial, platform in zip(one.phones.serials, APPS, strict=True):
        one.phones.simctl(serial, "fault", "wrong-account")
        ask(daemon, serial, platform)
    for serial, platform in zip(one.phones.serials, APPS, strict=True):
        found = result(daemon, serial, platform)
        assert (found["state"], found["logged_in"]) == ("done", []), found
        assert found["not_shown"] == names_on(one, serial, platform)
        assert len(found["unknown"]) == 1


#: app, fault, what the answer says of it
IN_THE_WAY = (
    ("tiktok", "login", "TikTok asks to log in"),
    ("instagram", "login", "Instagram asks to log in"),
    ("tiktok", "captcha", "TikTok asks for a verification (captcha)"),
    (
        "tiktok",
        "popup notifications",
        "TikTok shows turn_on_notifications: close it on the phone, then ask again",
    ),
    ("instagram", "popup rate", "close it on the phone, then ask again"),
)


def test_what_stands_in_the_way_is_reported_and_not_touched(hub):
    one = hub(len(IN_THE_WAY), "--accounts", "2")
    daemon = one.start()
    for serial, (platform, fault, _) in zip(one.phones.serials, IN_THE_WAY, strict=True):
        one.phones.simctl(serial, "fault", *fault.split(), "--always")
        ask(daemon, serial, platform)
    for serial, (platform, _, says) in zip(one.phones.serials, IN_THE_WAY, strict=True):
        found = result(daemon, serial, platform)
        assert found["state"] == "failed", found
        assert says in found["detail"]
        assert found["logged_in"] == found["not_shown"] == []
        screens, keys = touched(one, serial)
        assert keys == []
        assert set(screens) <= set(WAY[platform])
        assert set(marks(daemon, platform, serial).values()) == {1}


def test_a_phone_that_is_away_is_waited_for(hub):
    one = hub(1)
    daemon = one.start()
    (serial,) = one.phones.serials
    path = "/api/v1/devices/{}/match-accounts"
    assert daemon.call("POST", path.format("NOBODY"), {"platform": "tiktok"})["code"] == 40401
    assert daemon.call("POST", path.format(serial), {"platform": "x"})["code"] == 40001
    one.phones.simctl(serial, "fault", "offline", "3")
    devices = "/api/v1/devices"
    until(lambda: daemon.call("GET", devices)["data"]["devices"][0]["state"] != "device", 5, "the loss")
    until(lambda: "is not ready" in ask(daemon, serial, "tiktok")["detail"], 2, "the reason")
    assert result(daemon, serial, "tiktok")["state"] == "done"
