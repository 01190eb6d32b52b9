"""Posts are made in languages whose stop words are known, and in no other: refused with the remedy, or set where asked to."""

from __future__ import annotations

import pytest

from tests.support.daemon import tikmatrixd, until

APPS = ("tiktok", "instagram")


def task_for(one, daemon, app):
    config = {"captions": "hello", "material_list": [str(one.video)], "upload_wait_time": 0}
    return daemon.post(usernames=[one.account(app)], platform=app, script_config=config)


@pytest.mark.parametrize("language", ["id", "de"])
def test_no_task_drives_an_app_in_a_language_that_is_not_covered(hub, language):
    one = hub(1, "--language", language)
    daemon = one.start()
    (serial,) = one.phones.serials
    tasks = [task_for(one, daemon, app) for app in APPS]
    ends = [daemon.ended(task) for task in tasks]
    assert [(end["error"]["code"], end["outcome"], end["retry_count"]) for end in ends] == [
        ("app_language", "none", 0)
    ] * 2
    for end in ends:
        assert "posts are made in English only" in end["error"]["message"]
        assert 'set_app_language = "en"' in end["error"]["message"]
    assert one.posts() == []
    assert one.phones.lines(serial, "taps") == []
    assert "launch" not in one.phones.simctl(serial, "events")
    daemon.knows(serial)
    answer = daemon.call("POST", f"/api/v1/devices/{serial}/match-accounts", {"platform": "tiktok"})
    assert answer["code"] == 0, answer

    def over():
        (found,) = daemon.call("GET", f"/api/v1/devices/{serial}/match-accounts")["data"]["matches"]
        return found["state"] != "running" and found

    found = until(over, 20, "the reading of the accounts")
    assert found["state"] == "failed"
    assert "English only" in found["detail"]


def test_the_app_is_set_to_english_where_the_config_says_so_and_gets_its_language_back(hub):
    one = hub(1, "--language", "id")
    one.configure("phones", 'set_app_language = "en"')
    daemon = one.start()
    (serial,) = one.phones.serials
    package = next(a["package"] for a in one.phones.accounts if a["platform"] == "tiktok")
    assert daemon.ended(task_for(one, daemon, "tiktok"))["outcome"] == "published"
    assert "[en]" in one.phones.shell(serial, f"cmd locale get-app-locales {package}")
    assert one.phones.simctl(serial, "set").count('"language": "id"') == 1  # the phone keeps its own

    def restore():
        return tikmatrixd("--config", one.config, "phone", "restore", serial)

    # The daemon gives the phone's own setting back after the task has ended; then it is no longer in the way.
    until(lambda: one.phones.shell(serial, "settings get global tikmatrixd_stay_on_before").strip() == "null")
    one.phones.shell(serial, "settings put global tikmatrixd_stay_on_before 2; svc power stayon true")
    done = restore()
    assert one.phones.shell(serial, "settings get global stay_on_while_plugged_in").strip() == "2"
    assert (done.returncode, done.stdout) == (0, f"{package}: speaks the language of the phone again\n"), done
    assert "[]" in one.phones.shell(serial, f"cmd locale get-app-locales {package}")
    assert "nothing to give back" in restore().stdout


def test_a_phone_that_does_not_take_the_language_is_refused_and_not_driven(hub):
    one = hub(1, "--language", "id")
    one.configure("phones", 'set_app_language = "en"')
    daemon = one.start()
    (serial,) = one.phones.serials
    one.phones.simctl(serial, "fault", "locale-refused", "--always")
    end = daemon.ended(task_for(one, daemon, "tiktok"))
    assert end["error"]["code"] == "app_language"
    assert "refused to set the app's language" in end["error"]["message"]
    assert one.posts() == []
    assert one.phones.lines(serial, "taps") == []
