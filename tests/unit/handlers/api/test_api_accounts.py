"""The account endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import AccountEntry
from jobs.phone.protocol import PhoneState
from tests.support.http_side import Client, HttpSide

A = "/api/v1/accounts"
FIELDS = {
    "id", "username", "email", "platform", "packagename", "device", "device_online", "device_name", "logined",
    "logined_text", "status", "status_text", "tags", "display_name", "managed",
    "min_gap_minutes", "max_per_day", "pace", "posts_today", "next_allowed_at", "pace_detail", "last_post_at",
    "next_post_at", "next_task_id", "paused", "paused_since", "paused_until", "pause_reason",
}  # fmt: skip


def add(api: Client, **fields: object) -> dict[str, object]:
    account: dict[str, object] = api.good("POST", A, {"username": "@kim", "device": "PHONE1", **fields})[
        "account"
    ]
    return account


def test_an_account_is_shown_as_documented(side: HttpSide, api: Client) -> None:
    side.phones.set("PHONE1", model="Pixel 7")
    add(api, tags=["de", "shop"], packagename="com.ss.android.ugc.trill")
    data = api.good("GET", A)
    assert (data["total"], data["page"], data["page_size"]) == (1, 1, 20)
    [account] = data["accounts"]
    assert set(account) == FIELDS
    assert account["username"] == "kim"
    assert account["email"] is None
    assert account["platform"] == "tiktok"
    assert account["packagename"] == "com.ss.android.ugc.trill"
    assert (account["device"], account["device_online"], account["device_name"]) == (
        "PHONE1",
        True,
        "Pixel 7",
    )
    assert (account["logined"], account["logined_text"]) == (1, "logged_in")
    assert (account["status"], account["status_text"]) == (0, "enabled")
    assert account["tags"] == ["de", "shop"]
    assert api.good("GET", f"{A}/{account['id']}") == account


def test_an_offline_phone_has_no_name(side: HttpSide, api: Client) -> None:
    side.phones.set("PHONE1", PhoneState.OFFLINE, model="Pixel 7")
    account = add(api)
    assert (account["device_online"], account["device_name"], account["packagename"]) == (False, "", None)
    assert add(api, username="nobody", device="")["device_online"] is False


def test_passwords_are_never_kept(side: HttpSide, api: Client) -> None:
    data = api.good("POST", A, {"username": "kim", "password": "hunter2", "email": "a@b.c"})
    assert len(data["warnings"]) == 2
    assert "hunter2" not in str(data)
    assert "hunter2" not in api.call("GET", A).text
    side.store.storage.snapshot()
    assert not any(
        b"hunter2" in path.read_bytes() for path in (side.folder / "state").rglob("*") if path.is_file()
    )


def test_filters_combine(side: HttpSide, api: Client) -> None:
    add(api, username="a", tags=["x"])
    add(api, username="b", platform="instagram", status=1)
    add(api, username="c", device="PHONE2", logined=False, tags=["x", "y"])

    def names(query: str) -> list[str]:
        return [account["username"] for account in api.good("GET", f"{A}?{query}")["accounts"]]

    assert names("") == ["a", "b", "c"]
    assert names("platform=instagram") == ["b"]
    assert names("device=PHONE2") == ["c"]
    assert names("logined=0") == ["c"]
    assert names("logined=1&status=0") == ["a"]
    assert names("status=1") == ["b"]
    assert names("tag=x&device=PHONE1") == ["a"]
    assert names("tag=X") == []
    assert names("page=2&page_size=2") == ["c"]
    assert api.good("GET", f"{A}?page=9")["total"] == 3
    for query in ("platform=x", "logined=2", "status=enabled", "page=0", "page_size=x"):
        api.bad(40001, "GET", f"{A}?{query}")


def test_accounts_change_and_go(side: HttpSide, api: Client) -> None:
    number = add(api)["id"]
    changed = api.good("PATCH", f"{A}/{number}", {"status": 1, "device": "PHONE2"})["account"]
    assert (changed["status_text"], changed["device"], changed["username"]) == ("disabled", "PHONE2", "kim")
    assert api.good("DELETE", f"{A}/{number}") == {"id": number}
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        api.bad(40401, method, f"{A}/{number}", body)


def test_a_name_exists_once_per_platform(api: Client) -> None:
    add(api)
    api.bad(40001, "POST", A, {"username": "KIM"})
    add(api, platform="instagram")


def test_bad_accounts_are_refused_with_every_problem(api: Client) -> None:
    answer = api.bad(40001, "POST", A, {"username": "", "platform": "myspace", "status": 7, "tags": [""]})
    assert {error["field"].partition("[")[0] for error in answer["data"]["errors"]} == {
        "username",
        "platform",
        "status",
        "tags",
    }
    api.bad(40001, "POST", A, {})
    api.bad(40001, "POST", A, [])
    api.bad(40001, "POST", A)


@pytest.mark.parametrize("name", ["kim\u200b", "\u2068kim", "k\u202eim", "ki\xadm"])
def test_a_name_with_an_invisible_character_is_refused(api: Client, name: str) -> None:
    assert "invisible character U+" in api.bad(40001, "POST", A, {"username": name})["message"]


def test_a_wide_at_sign_is_no_part_of_a_name(api: Client) -> None:
    said = api.bad(40001, "POST", A, {"username": "\uff20kim"})["message"]
    assert "a wide sign that only looks like @" in said


def test_accounts_of_the_config_file_change_only_there(tmp_path: Path) -> None:
    with HttpSide(tmp_path, accounts=(AccountEntry(username="@alice", serial="PHONE1"),)) as side:
        [account] = side.client.good("GET", A)["accounts"]
        assert account["managed"] == "config"
        side.client.bad(40001, "PATCH", f"{A}/{account['id']}", {"status": 1})
        assert "config file" in side.client.bad(40001, "DELETE", f"{A}/{account['id']}")["message"]


@pytest.mark.parametrize("body", [{"paused": True}, {"paused": True, "status": 0}])
def test_a_wish_to_pause_is_no_change_of_an_account_and_is_not_ignored(
    side: HttpSide, api: Client, body: dict[str, Any]
) -> None:
    number = add(api)["id"]
    said = api.bad(40001, "PATCH", f"{A}/{number}", body)["data"]["errors"][0]
    assert (said["field"], said["problem"]) == (
        "paused",
        "is a call of its own: POST /api/v1/accounts/{id}/pause",
    )
    api.bad(40001, "POST", A, {"username": "lou", "paused": True})
    # The whole object may come back as it was read.
    api.good("PATCH", f"{A}/{number}", api.good("GET", f"{A}/{number}"))


def test_a_change_that_names_nothing_that_can_be_changed_is_no_success(side: HttpSide, api: Client) -> None:
    number = add(api)["id"]
    for body in ({"status_text": "disabled"}, {"pace": {"max_per_day": 1}}, {"colour": "red"}):
        said = api.bad(40001, "PATCH", f"{A}/{number}", body)["message"]
        assert said.startswith("says nothing that can be changed; known: username, platform")


def test_a_disabled_account_takes_part_in_nothing(side: HttpSide, api: Client) -> None:
    add(api, status=1)
    api.bad(40001, "POST", "/api/v1/task", side.body(serials=None, usernames=["@Kim"]))
    api.bad(40401, "POST", "/api/v1/task", side.body(enable_multi_account=True))


def test_CLI_12_an_account_on_a_phone_that_was_never_seen_is_taken_with_a_word(
    side: HttpSide, api: Client
) -> None:
    side.phones.set("PHONE1", model="Pixel 7")
    made = api.good("POST", A, {"username": "@kim", "device": "PHONE1"})
    assert made["warnings"] == []
    told = api.good("PATCH", f"{A}/{made['account']['id']}", {"device": "PHONEI"})["warnings"]
    assert told == ['device: no phone "PHONEI" was ever seen here; tasks of this account wait for it']
    assert told == api.good("POST", A, {"username": "@lee", "device": "PHONEI"})["warnings"]
