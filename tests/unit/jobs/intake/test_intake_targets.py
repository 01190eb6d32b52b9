"""Whom a request is for: phones, accounts, platforms, packages (R10, R13, R16 to R18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import DuplicatePost, Invalid, NotFound
from tests.support.door import Door, refused

LIST = {"material_list": ["clip.mp4"]}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.file("clip.mp4")
        yield door


def who(door: Door, **fields: Any) -> list[tuple[str, str, str]]:
    return [(t.serial, t.username, t.platform) for t in door.create(LIST, **fields).tasks]


def test_serials_without_multi_account_use_whoever_is_logged_in(door: Door) -> None:
    door.account("alice", "A")
    assert who(door, serials=["A", "B"]) == [("A", "", "tiktok"), ("B", "", "tiktok")]


def test_multi_account_makes_one_task_for_every_enabled_account_in_order(door: Door) -> None:
    for name, facts in (("a1", {}), ("a2", {}), ("off", {"enabled": False}), ("a3", {})):
        door.account(name, "A", **facts)
    door.account("b1", "B")
    assert who(door, serials=["A", "B"], enable_multi_account=True) == [
        ("A", "a1", "tiktok"),
        ("A", "a2", "tiktok"),
        ("A", "a3", "tiktok"),
        ("B", "b1", "tiktok"),
    ]
    assert door.store.tasks.page()[0][0].enable_multi_account
    for asked in (None, "tiktok"):
        made = door.create(LIST, serials=["B"], enable_multi_account=True, platform=asked)
        assert not any("left out" in warning for warning in made.warnings), "all of them are there"


def test_R48_multi_account_without_a_platform_takes_the_configured_app_alone(door: Door) -> None:
    door.account("a1", "A")
    door.account("ig", "A", "instagram")
    created = door.create(LIST, serials=["A"], enable_multi_account=True)
    assert [(t.username, t.platform) for t in created.tasks] == [("a1", "tiktok")]
    assert (
        'serials[0]: accounts on instagram are left out; platform "all" takes them, too' in created.warnings
    )
    assert who(door, serials=["A"], enable_multi_account=True, platform="instagram") == [
        ("A", "ig", "instagram")
    ]
    assert who(door, serials=["A"], enable_multi_account=True, platform="all") == [
        ("A", "a1", "tiktok"),
        ("A", "ig", "instagram"),
    ]


def test_R48_the_configured_app_may_be_the_other_one(tmp_path: Path) -> None:
    with Door(tmp_path, default_platform="instagram") as door:
        door.file("clip.mp4")
        door.account("a1", "A")
        door.account("ig", "A", "instagram")
        assert who(door, serials=["A"], enable_multi_account=True) == [("A", "ig", "instagram")]


def test_R48_all_is_for_accounts_not_for_phones(door: Door) -> None:
    door.account("kim", "A")
    door.account("kim", "B", "instagram")
    assert who(door, serials=None, usernames=["kim"], platform="all") == [
        ("A", "kim", "tiktok"),
        ("B", "kim", "instagram"),
    ]
    assert "needs enable_multi_account" in door.errors(LIST, serials=["A"], platform="all")["platform"]


def test_multi_account_on_a_phone_without_enabled_accounts_refuses_the_whole_request(door: Door) -> None:
    door.account("a1", "A")
    door.account("off", "B", enabled=False)
    both = {"serials": ["A", "B"], "enable_multi_account": True}
    assert refused(lambda: door.create(LIST, **both), NotFound) == {
        "serials[1]": 'the phone "B" has no enabled account'
    }
    door.account("ig", "B", "instagram")
    assert refused(lambda: door.create(LIST, platform="tiktok", **both), NotFound) == {
        "serials[1]": 'the phone "B" has no enabled account on tiktok, but on instagram'
    }
    assert 'say platform "instagram" or "all"' in refused(lambda: door.create(LIST, **both))["serials[1]"]


def test_usernames_go_to_the_phones_their_accounts_live_on(door: Door) -> None:
    door.account("Alice", "A")
    door.account("bob", "B", "instagram")
    assert who(door, serials=None, usernames=[" @ALICE ", "bob"]) == [
        ("A", "Alice", "tiktok"),
        ("B", "bob", "instagram"),
    ]


def test_usernames_win_over_serials_with_a_warning(door: Door) -> None:
    door.account("alice", "A")
    created = door.create(LIST, serials=["B"], usernames=["alice"], enable_multi_account=True)
    assert [t.serial for t in created.tasks] == ["A"]
    assert created.warnings[:2] == [
        "serials: ignored, because usernames are given",
        "enable_multi_account: ignored, because usernames are given",
    ]


def test_R50_who_is_given_the_same_media_again_is_named_with_the_phone(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        door.account("alice", "A")
        for asked, who_is_it in (
            ({"serials": ["B"]}, "B"),
            ({"serials": None, "usernames": ["alice"]}, "@alice on A"),
        ):
            door.create(LIST, **asked)
            said = refused(lambda asked=asked: door.create(LIST, **asked), DuplicatePost)
            assert said["tasks[0]"].startswith(f"{who_is_it} was given the same media")


def test_empty_usernames_leave_the_serials_in_force(door: Door) -> None:
    assert who(door, serials=["A"], usernames=[]) == [("A", "", "tiktok")]


def test_what_is_named_twice_gets_one_task_with_a_warning(door: Door) -> None:
    door.account("alice", "A")
    created = door.create(LIST, serials=["A", "A "])
    assert len(created.tasks) == 1
    assert created.warnings == ['serials: "A" is named twice; it gets one task']
    created = door.create(LIST, serials=None, usernames=["@alice", "ALICE"])
    assert len(created.tasks) == 1
    assert created.warnings == ['usernames: "ALICE" is named twice; it gets one task']


def test_serials_differ_by_case(door: Door) -> None:
    assert refused(lambda: door.create(LIST, serials=["a"]), NotFound).keys() == {"serials[0]"}


def test_a_disabled_account_is_refused_but_an_unknown_one_comes_first(door: Door) -> None:
    door.account("off", "A", enabled=False)
    assert refused(lambda: door.create(LIST, serials=None, usernames=["off"]), Invalid) == {
        "usernames[0]": "the account @off is disabled"
    }
    assert refused(lambda: door.create(LIST, serials=None, usernames=["off", "who"]), NotFound) == {
        "usernames[1]": "there is no account @who; the list of accounts shows which there are"
    }


def test_an_account_without_a_phone_is_not_found(door: Door) -> None:
    door.account("loose", "")
    assert refused(lambda: door.create(LIST, serials=None, usernames=["loose"]), NotFound) == {
        "usernames[0]": "the account @loose is bound to no phone"
    }


def test_a_name_on_both_platforms_means_the_default_one_with_a_warning(door: Door) -> None:
    door.account("alice", "B", "instagram")
    door.account("alice", "A", "tiktok")
    created = door.create(LIST, serials=None, usernames=["alice"])
    assert [(t.serial, t.platform) for t in created.tasks] == [("A", "tiktok")]
    assert "instagram and tiktok; tiktok is taken" in created.warnings[0]
    assert who(door, serials=None, usernames=["alice"], platform="instagram") == [("B", "alice", "instagram")]


def test_a_platform_that_the_account_is_not_on_is_not_found(door: Door) -> None:
    door.account("alice", "A", "tiktok")
    assert refused(
        lambda: door.create(LIST, serials=None, usernames=["alice"], platform="instagram"), NotFound
    ) == {"usernames[0]": "there is no account @alice on instagram, but on tiktok"}


def test_a_phone_is_known_when_it_was_seen_or_an_account_is_bound_to_it(door: Door) -> None:
    assert "there is no phone" in refused(lambda: door.create(LIST, serials=["C"]), NotFound)["serials[0]"]
    door.account("carl", "C")
    assert who(door, serials=["C"]) == [("C", "", "tiktok")]


def test_an_own_package_wins_over_the_default(door: Door) -> None:
    door.account("asia", "A", package="com.ss.android.ugc.trill")
    tasks = door.create(LIST, serials=None, usernames=["asia"]).tasks
    assert tasks[0].package == "com.ss.android.ugc.trill"
    # Whoever is current on that phone: all its accounts use that package.
    assert door.create(LIST, serials=["A"]).tasks[0].package == "com.ss.android.ugc.trill"
    door.account("other", "A")
    assert door.create(LIST, serials=["A"]).tasks[0].package == "com.zhiliaoapp.musically"


def test_an_account_marked_as_not_logged_in_is_warned_about(door: Door) -> None:
    door.account("alice", "A", logged_in=False)
    assert door.create(LIST, serials=None, usernames=["alice"]).warnings == [
        "@alice is marked as not logged in on A"
    ]


def test_a_config_that_many_tasks_would_keep_is_refused(door: Door) -> None:
    door.serials = {f"S{n}" for n in range(300)}
    config = {**LIST, "captions": "a line of a caption\n" * 5_000, "caption_format": "multiline"}
    assert len(door.create(config, serials=["S1", "S2"]).tasks) == 2
    problems = refused(lambda: door.create(config, serials=sorted(door.serials)), Invalid)
    assert "which each of 300 tasks would keep" in problems["script_config"]
    assert len(door.store.tasks) == 2


def test_more_than_500_tasks_are_refused(door: Door) -> None:
    for number in range(251):
        door.account(f"a{number}", "A")
        door.account(f"b{number}", "B")
    assert refused(lambda: door.create(LIST, serials=["A", "B"], enable_multi_account=True), Invalid) == {
        "serials": "would make 502 tasks; one request makes at most 500"
    }
    assert len(who(door, serials=["A"], enable_multi_account=True)) == 251


def test_the_default_platform_can_be_instagram(tmp_path: Path) -> None:
    with Door(tmp_path, default_platform="instagram") as door:
        door.file("clip.mp4")
        assert who(door) == [("A", "", "instagram")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://www.tiktok.com/@alice?lang=de", 'write the name alone, "alice"'),
        ("instagram.com/alice/", 'write the name alone, "alice"'),
        ("alice,bob", "an entry of its own"),
        ("alice;bob", "an entry of its own"),
        ("alice\nbob", "U+000A"),
        ('["alice"]', "encoded twice"),
        ("alice\u200b", "U+200B"),
        ("\u202aalice", "U+202A"),
        ("{{ $json.username }}", "has not filled it in"),
        ("undefined", "holds nothing"),
        ("alicia", "the list of accounts shows which there are"),
    ],
)
def test_CLI_6_an_unknown_name_says_what_is_wrong_with_it(door: Door, name: str, said: str) -> None:
    door.account("alice")
    assert said in door.errors(LIST, usernames=[name])["usernames[0]"]


def test_CLI_6_so_does_an_unknown_phone(door: Door) -> None:
    assert "an entry of its own" in door.errors(LIST, serials=["A,B"])["serials[0]"]
    assert "U+200B" in door.errors(LIST, serials=["A\u200b"])["serials[0]"]


@pytest.mark.parametrize("joined", ["a,b", "a;b", "a\nb"])
def test_CLI_6_several_names_in_one_text_are_shown_as_the_list_they_should_be(
    door: Door, joined: str
) -> None:
    assert 'e.g. ["a", "b"]' in door.errors(LIST, usernames=joined)["usernames"]


def test_CLI_6_an_object_in_place_of_a_list_is_named_as_one(door: Door) -> None:
    assert door.errors(LIST, usernames={"0": "a"})["usernames"] == "must be a list, e.g. [...], not an object"


@pytest.mark.parametrize("given", ["TIKTOK", "TikTok ", "Tiktok"])
def test_a_platform_in_another_case_is_recognised(door: Door, given: str) -> None:
    assert 'did you mean "tiktok"?' in door.errors(LIST, platform=given)["platform"]


def test_only_accounts_of_that_phone_on_that_app_say_which_package_it_has(door: Door) -> None:
    def package() -> str:
        return door.create(LIST, serials=["A"]).tasks[0].package

    door.account("elsewhere", "B", package="com.ss.android.ugc.trill")
    door.account("off", "A", package="com.ss.android.ugc.trill", enabled=False)
    door.account("other_app", "A", "instagram", package="com.instagram.lite")
    assert package() == "com.zhiliaoapp.musically"
    door.account("here", "A", package="com.ss.android.ugc.trill")
    assert package() == "com.ss.android.ugc.trill"


def test_what_is_not_there_is_refused_with_where_to_look(door: Door) -> None:
    door.account("bob", "A", "instagram")

    def said(**fields: Any) -> str:
        (problem,) = refused(lambda: door.create(LIST, **fields), NotFound).values()
        return problem

    assert said(serials=["Z"]) == (
        'there is no phone "Z", and none was ever seen here; the list of devices shows which there are'
    )
    assert said(serials=None, usernames=["nobody"]) == (
        "there is no account @nobody; the list of accounts shows which there are"
    )
    assert said(serials=None, usernames=["bob"], platform="tiktok") == (
        "there is no account @bob on tiktok, but on instagram"
    )
    assert said(serials=["A"], enable_multi_account=True) == (
        'the phone "A" has no enabled account on tiktok, but on instagram; say platform "instagram" or "all"'
    )
    assert said(serials=["B"], enable_multi_account=True) == 'the phone "B" has no enabled account'
