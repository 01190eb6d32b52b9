"""Several accounts on one phone: each post goes out under the name that was asked for, or not at all."""

from __future__ import annotations

import re

import pytest


def config_for(hub, caption):
    return {
        "captions": caption,
        "material_list": [str(hub.video)],
        "post_way": "addButton",
        "upload_wait_time": 0,
    }


def names(hub, app):
    return [account["username"] for account in hub.phones.accounts if account["platform"] == app]


def recorded(hub):
    return [(post["app"], post["account"], post["caption"]) for post in hub.posts()]


@pytest.mark.parametrize(
    ("app", "language"),
    [
        ("tiktok", "en"),
        ("instagram", "fr"),
        pytest.param("tiktok", "fr", marks=pytest.mark.long),
        pytest.param("instagram", "en", marks=pytest.mark.long),
    ],
)
def test_three_accounts_of_a_phone_post_one_after_the_other_under_their_own_names(hub, app, language):
    one = hub(1, "--accounts", "3", "--language", language)
    one.configure("phones", 'set_app_language = "en"')
    daemon = one.start()
    order = [names(one, app)[n] for n in (2, 0, 1)]
    answer = daemon.call(
        "POST",
        "/api/v1/task",
        {
            "usernames": order,
            "platform": app,
            "script_name": "post",
            "script_config": config_for(one, "for @all"),
        },
    )
    ends = [daemon.ended(task) for task in answer["data"]["task_ids"]]
    assert [end["outcome"] for end in ends] == ["published"] * 3, [end["remark"] for end in ends]
    assert recorded(one) == [(app, name, "for @all") for name in order]


@pytest.mark.parametrize("way", [pytest.param("share", marks=pytest.mark.long), "useSound"])
def test_ways_that_begin_outside_the_app_look_at_the_account_too(hub, way):
    one = hub(1, "--accounts", "2")
    daemon = one.start()
    name = names(one, "tiktok")[1]
    task = daemon.post(
        usernames=[name.upper()],
        platform="tiktok",
        script_config={**config_for(one, ""), "post_way": way, "sound_name": "Slow Tide"},
    )
    assert daemon.ended(task)["outcome"] == "published"
    assert recorded(one) == [("tiktok", name, "")]


def test_without_known_display_names_each_row_is_tried_and_checked_by_the_handle(hub):
    one = hub(1, "--accounts", "3")
    text = re.sub(r"(?m)^display_name = .*\n", "", one.config.read_text())
    one.config.write_text(text)
    daemon = one.start()
    order = [names(one, "tiktok")[n] for n in (2, 1)]
    for name in order:
        task = daemon.post(usernames=[name], platform="tiktok", script_config=config_for(one, name))
        end = daemon.ended(task)
        assert end["outcome"] == "published", daemon.log_tail(task)
    assert recorded(one) == [("tiktok", name, name) for name in order]


@pytest.mark.parametrize("app", ["instagram", pytest.param("tiktok", marks=pytest.mark.long)])
def test_JOB_13_another_account_of_the_phone_in_front_is_switched_away(hub, app):
    one = hub(1, "--accounts", "3")
    daemon = one.start()
    one.phones.simctl(one.phones.serials[0], "fault", "wrong-account")
    name = names(one, app)[0]
    task = daemon.post(usernames=[name], platform=app, script_config=config_for(one, "mine"))
    assert daemon.ended(task)["outcome"] == "published"
    assert recorded(one) == [(app, name, "mine")]


@pytest.mark.parametrize("app", ["tiktok", pytest.param("instagram", marks=pytest.mark.long)])
def test_JOB_13_a_strangers_account_gets_nothing(hub, app):
    one = hub(1)
    daemon = one.start()
    serial = one.phones.serials[0]
    one.phones.simctl(serial, "fault", "wrong-account")
    name = names(one, app)[0]
    task = daemon.post(usernames=[name], platform=app, script_config=config_for(one, "mine"))
    end = daemon.ended(task)
    assert (end["outcome"], end["error"]["code"]) == ("none", "wrong_account"), daemon.log_tail(task)
    assert one.posts() == []
    # A person logs in with the right account again.
    one.phones.simctl(serial, "reset")
    task = daemon.post(usernames=[name], platform=app, script_config=config_for(one, "mine"))
    assert daemon.ended(task)["outcome"] == "published"
    assert recorded(one) == [(app, name, "mine")]


@pytest.mark.parametrize("app", ["instagram", pytest.param("tiktok", marks=pytest.mark.long)])
def test_JOB_13_an_account_that_is_not_on_the_phone_posts_nothing_and_spoils_nothing(hub, app):
    one = hub(1, "--accounts", "3")
    daemon = one.start()
    answer = daemon.call(
        "POST",
        "/api/v1/accounts",
        {"username": "elsewhere", "platform": app, "serial": one.phones.serials[0], "display_name": "Else"},
    )
    assert answer["code"] == 0, answer
    lost = daemon.post(usernames=["elsewhere"], platform=app, script_config=config_for(one, "lost"))
    name = names(one, app)[1]
    kept = daemon.post(usernames=[name], platform=app, script_config=config_for(one, "kept"))
    end = daemon.ended(lost)
    assert (end["outcome"], end["error"]["code"]) == ("none", "wrong_account"), daemon.log_tail(lost)
    assert daemon.ended(kept)["outcome"] == "published", daemon.log_tail(kept)
    assert recorded(one) == [(app, name, "kept")]
