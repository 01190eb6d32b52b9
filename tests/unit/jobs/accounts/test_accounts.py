"""Accounts from the config file and over the API (section 9, R10, R27)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.accounts.accounts import Accounts
from jobs.hub.settings import AccountEntry, Posting, Settings
from jobs.input.refusals import Invalid, NotFound
from storage.records import Account
from storage.store import Store
from tests.support.door import refused

CONFIG = Settings(
    accounts=(
        AccountEntry(username=" @Alice ", serial="A ", tags=("x",)),
        AccountEntry(username="alice", platform="instagram", enabled=False, package="com.instagram.other"),
    )
)


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        yield Accounts(CONFIG, store)


def add(accounts: Accounts, **fields: Any) -> Any:
    return accounts.add(fields)[0]


def test_accounts_of_the_config_file_are_cleaned_and_stored(accounts: Accounts) -> None:
    found, total = accounts.page()
    assert total == 2
    assert [(a.username, a.serial, a.platform, a.package, a.enabled, a.tags, a.managed) for a in found] == [
        ("Alice", "A", "tiktok", "", True, ("x",), "config"),
        ("alice", "", "instagram", "com.instagram.other", False, (), "config"),
    ]


def test_a_reload_follows_the_file_and_keeps_what_it_does_not_say(accounts: Accounts) -> None:
    alice = accounts.page()[0][0]
    accounts.change(alice.id, {"logined": False})
    added = add(accounts, username="bob", device="B")
    accounts.reload(msgspec.structs.replace(CONFIG, accounts=(AccountEntry(username="alice", serial="C"),)))
    found, _ = accounts.page()
    assert [(a.id, a.username, a.serial, a.logged_in) for a in found] == [
        (alice.id, "alice", "C", False),
        (added.id, "bob", "B", True),
    ]


def test_accounts_of_the_file_are_changed_in_the_file(accounts: Accounts) -> None:
    alice = accounts.page()[0][0]
    for call in (lambda: accounts.change(alice.id, {"status": 1}), lambda: accounts.remove(alice.id)):
        assert "stands in the config file" in refused(call, Invalid)[""]
    assert accounts.change(alice.id, {})[0] == alice


class ReadAgain(Accounts):
    """The config is read again right after a look at an account."""

    then: Settings

    def get(self, account_id: int) -> Account:
        found = super().get(account_id)
        self.reload(self.then)
        return found


@pytest.mark.parametrize("removes", [False, True])
def test_an_account_that_the_config_takes_over_meanwhile_stays_as_the_config_says(
    tmp_path: Path, removes: bool
) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        accounts = ReadAgain(Settings(), store)
        bob = add(accounts, username="bob")
        accounts.then = Settings(accounts=(AccountEntry(username="bob", enabled=False),))
        call = (
            partial(accounts.remove, bob.id) if removes else partial(accounts.change, bob.id, {"status": 0})
        )
        assert "stands in the config file" in refused(call, Invalid)[""]
        assert [(one.managed, one.enabled) for one in store.accounts.all()] == [("config", False)]


def test_an_account_is_created_changed_and_removed(accounts: Accounts) -> None:
    account = add(
        accounts,
        username="@Bob",
        platform="instagram",
        device=" B ",
        packagename="com.instagram.lite",
        tags=["a", " a ", "b"],
        display_name="Bobby",
        status="1",
        logined=0,
    )
    assert (account.username, account.platform, account.serial) == ("Bob", "instagram", "B")
    assert (account.package, account.tags, account.display_name) == (
        "com.instagram.lite",
        ("a", "b"),
        "Bobby",
    )
    assert (account.enabled, account.logged_in, account.managed) == (False, False, "api")
    changed, warnings = accounts.change(account.id, {"enabled": "true", "device": "", "tags": "c, d", "x": 1})
    assert (changed.enabled, changed.serial, changed.tags) == (True, "", ("c", "d"))
    assert changed.username == "Bob"
    assert warnings == ["x: unknown key, ignored"]
    accounts.remove(account.id)
    refused(lambda: accounts.get(account.id), NotFound)
    refused(lambda: accounts.change(account.id, {}), NotFound)
    refused(lambda: accounts.remove(account.id), NotFound)


def test_the_platform_is_the_configured_one_unless_named(tmp_path: Path) -> None:
    with Store.open(tmp_path, reserve_bytes=0) as store:
        accounts = Accounts(Settings(posting=Posting(default_platform="instagram")), store)
        assert add(accounts, username="bob").platform == "instagram"
        assert add(accounts, username="bob", platform="tiktok").platform == "tiktok"


def test_a_name_is_unique_per_platform_whatever_the_case(accounts: Accounts) -> None:
    refused(lambda: accounts.add({"username": "@ALICE"}), Invalid)
    bob = add(accounts, username="bob")
    assert refused(lambda: accounts.change(bob.id, {"username": "alice"}), Invalid).keys() == {"username"}
    assert accounts.change(bob.id, {"username": "BOB"})[0].username == "BOB"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "username"),
        ({"username": ""}, "username"),
        ({"username": "@"}, "username"),
        ({"username": "two words"}, "username"),
        ({"username": "../x"}, "username"),
        ({"username": 5}, "username"),
        ({"username": "x" * 101}, "username"),
        ({"username": "b", "platform": "youtube"}, "platform"),
        ({"username": "b", "packagename": "not a package"}, "packagename"),
        ({"username": "b", "status": 2}, "status"),
        ({"username": "b", "enabled": []}, "enabled"),
        ({"username": "b", "enabled": "maybe"}, "enabled"),
        ({"username": "b", "logined": "maybe"}, "logined"),
        ({"username": "b", "tags": 5}, "tags"),
        ({"username": "b", "tags": ["a", ""]}, "tags[1]"),
        ({"username": "b", "device": "x\x00"}, "device"),
        ({"username": "undefined"}, "username"),
        ({"username": "@null"}, "username"),
        ({"username": "{{name}}"}, "username"),
        ({"username": "b", "device": "undefined"}, "device"),
    ],
)
def test_what_cannot_be_an_account_is_refused(accounts: Accounts, fields: dict[str, Any], field: str) -> None:
    assert refused(lambda: accounts.add(fields), Invalid).keys() == {field}


def test_all_problems_are_reported_together(accounts: Accounts) -> None:
    assert refused(lambda: accounts.add({"status": 5, "platform": "x"})).keys() == {
        "status",
        "platform",
        "username",
    }
    assert refused(lambda: accounts.add([])) == {"": "the body must be a JSON object"}


def test_passwords_are_not_kept_and_never_repeated(accounts: Accounts) -> None:
    account, warnings = accounts.add({"username": "bob", "password": "s3cret", "email": "b@example.org"})
    assert warnings == ["password: ignored; it is not kept here", "email: ignored; it is not kept here"]
    assert "s3cret" not in repr(account)


def test_accounts_are_filtered_and_paged(accounts: Accounts) -> None:
    add(accounts, username="bob", serial="B", tags=["x"], logged_in=False)
    add(accounts, username="carl", device="B")

    def names(**filters: Any) -> list[str]:
        return [a.username for a in accounts.page(**filters)[0]]

    assert names(platform="instagram") == ["alice"]
    assert names(device="B") == ["bob", "carl"]
    assert names(tag="x") == ["Alice", "bob"]
    assert names(logined=False) == ["bob"]
    assert names(enabled=False) == ["alice"]
    assert names(device="B", logined=True) == ["carl"]
    assert accounts.page(page=2, page_size=3)[1] == 4
    assert names(page=2, page_size=3) == ["carl"]
    assert names(page=9) == []


def test_a_look_at_the_phone_tells_who_is_logged_in(accounts: Accounts) -> None:
    bob = add(accounts, username="bob", device="A", display_name="Bobby B")
    carl = add(accounts, username="carl", device="A")
    add(accounts, username="far", device="B")
    matched = accounts.match("A", "tiktok", ["@ALICE", "bobby b", "stranger"])
    assert [a.username for a in matched.logged_in] == ["Alice", "bob"]
    assert [a.username for a in matched.not_shown] == ["carl"]
    assert matched.unknown == ["stranger"]
    assert not accounts.get(carl.id).logged_in
    assert accounts.get(bob.id).logged_in
    assert accounts.match("A", "tiktok", ["alice", "bob", "carl"]).not_shown == []


def test_equal_display_names_are_told_apart_by_how_often_they_are_shown(accounts: Accounts) -> None:
    for name in ("bob", "carl"):
        add(accounts, username=name, device="A", display_name="Same Name")
    both = accounts.match("A", "tiktok", ["Same Name", "same name"])
    assert [a.username for a in both.logged_in] == ["bob", "carl"]
    one = accounts.match("A", "tiktok", ["bob", "Same Name"])
    assert [a.username for a in one.logged_in] == ["bob", "carl"]
    unsure = accounts.match("A", "tiktok", ["Same Name"])
    assert [a.username for a in unsure.unsure] == ["bob", "carl"]
    assert unsure.unknown == []
    assert "@bob, @carl" in unsure.doubt


def test_where_display_names_are_shown_an_account_without_one_is_not_missed(accounts: Accounts) -> None:
    carl = add(accounts, username="carl", device="A")
    matched = accounts.match("A", "tiktok", ["alice", "Who Knows"], by_display_name=True)
    assert [a.username for a in matched.unsure] == ["carl"]
    assert accounts.get(carl.id).logged_in
    matched = accounts.match("A", "tiktok", ["alice"], by_display_name=True)
    assert [a.username for a in matched.not_shown] == ["carl"]
