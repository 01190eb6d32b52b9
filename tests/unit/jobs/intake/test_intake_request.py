"""What a request may look like, and what is said about one that may not: sections 4.1 and 10 of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.input.refusals import Draining, Invalid, NoScript, NotFound, Refused, UnknownScript
from tests.support.door import Door, refused


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with Door(tmp_path_factory.mktemp("door"), duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.file("clip.mp4")
        yield door


LIST = {"material_list": ["clip.mp4"]}


def test_the_example_of_the_contract_is_answered_as_written_there(door: Door) -> None:
    config = {
        "content_type": 0,
        "captions": "{New|New} from the workshop #woodwork",
        "upload_wait_time": 60,
        **LIST,
    }
    created = door.create(config, start_time="18:30")
    task = created.tasks[0]
    assert created.answer == {
        "task_ids": [task.id],
        "created_count": 1,
        "warnings": [],
        "timezone": "UTC",
        "tasks": [
            {
                "id": task.id,
                "serial": "A",
                "username": "",
                "start_time": "2026-11-23 18:30:00",
                "caption": "New from the workshop #woodwork",
                "materials": ["clip.mp4"],
            }
        ],
    }
    assert task.script_config["upload_wait_time"] == 60
    assert task.script_config["sound_wait_time"] == 10
    assert task.platform == "tiktok"
    assert task.package == "com.zhiliaoapp.musically"


def test_R53_a_start_in_months_is_planned_and_shown_in_the_zone_of_the_hub(door: Door) -> None:
    created = door.create(LIST, start_time="2027-07-01T18:30:00+02:00")
    assert created.answer["tasks"][0]["start_time"] == "2027-07-01 16:30:00"
    assert created.warnings == []
    assert "is past" in door.errors(LIST, start_time="2026-07-01 18:30")["start_time"]


def test_R53_a_time_of_day_that_means_tomorrow_is_told(door: Door) -> None:
    [warning] = door.create(LIST, start_time="11:59").warnings
    assert warning.startswith("start_time: 11:59 is past today (it is 12:00 in UTC): it means tomorrow")


def test_two_mistakes_are_reported_together_the_first_one_in_the_message(door: Door) -> None:
    with pytest.raises(Invalid) as raised:
        door.create({"image_count": 0, **LIST}, start_time="25:10")
    assert str(raised.value) == "script_config.image_count: must be 1 or more (and 1 more problem)"
    assert [(p.field, p.problem) for p in raised.value.problems] == [
        ("script_config.image_count", "must be 1 or more"),
        ("start_time", '"25:10" is not a time of day HH:MM'),
    ]


@pytest.mark.parametrize("body", [[], "x", 5, None])
def test_a_body_that_is_no_object_is_invalid(door: Door, body: Any) -> None:
    assert refused(lambda: door.intake.create(body), Invalid) == {"": "the body must be a JSON object"}


@pytest.mark.parametrize(
    "script", [{}, {"script_name": ""}, {"script_name": 5}, {"script_name": None}, {"script_name": " "}]
)
def test_without_a_script_name_nothing_else_is_looked_at(door: Door, script: dict[str, Any]) -> None:
    assert refused(lambda: door.intake.create({"serials": 5, **script}), NoScript) == {
        "script_name": 'is missing; write "post"'
    }


def test_another_script_is_told_from_a_missing_one(door: Door) -> None:
    assert refused(lambda: door.intake.create({"script_name": "other"}), UnknownScript)


def test_shape_comes_before_unknown_phones_and_those_before_files(door: Door) -> None:
    bad_file = {"material_list": ["missing.mp4"]}
    assert refused(
        lambda: door.create({**bad_file, "content_type": 2}, serials=["NOPE"]), Invalid
    ).keys() == {"script_config.content_type"}
    assert refused(lambda: door.create(bad_file, serials=["NOPE", "A", "ALSO"]), NotFound).keys() == {
        "serials[0]",
        "serials[2]",
    }
    assert refused(lambda: door.create(bad_file), Invalid).keys() == {"script_config.material_list[0]"}


@pytest.mark.parametrize("value", [2, "x", 0.5, True, -1, [], {}, "1.5", "", "٣"])
def test_content_type_that_is_neither_0_nor_1_is_refused(door: Door, value: Any) -> None:
    assert door.errors({"content_type": value, **LIST}).keys() == {"script_config.content_type"}


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("content_type", "0", 0),
        ("content_type", 0.0, 0),
        ("upload_wait_time", 60.0, 60),
        ("upload_wait_time", " 45 ", 45),
        ("upload_wait_time", 0, 0),
        ("upload_wait_time", 1800, 1800),
        ("sound_wait_time", "300", 300),
        ("add_sound", -1, "-1"),
        ("add_sound", "-1", "-1"),
        ("add_sound", 0, "0"),
        ("add_sound", "1", "1"),
        ("add_sound", 1.0, "1"),
        ("ai_label", "true", True),
        ("ai_label", "False", False),
        ("ai_label", 1, True),
        ("ai_label", "0", False),
        ("post_way", "add_button", "addButton"),
        ("post_way", "addButton", "addButton"),
        ("materials_tags", ["a", "b"], "a,b"),
        ("add_product_link", "1", 1),
        ("image_count", 35, 35),
        ("captions", None, ""),
        ("sound_name", None, ""),
    ],
)
def test_values_are_read_kindly(door: Door, key: str, value: Any, kept: Any) -> None:
    assert door.create({key: value, **LIST}).tasks[0].script_config[key] == kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image_count", 0),
        ("image_count", 36),
        ("image_count", True),
        ("image_count", 1.5),
        ("image_count", float("inf")),
        ("image_count", 10**30),
        ("image_count", "9" * 5000),
        ("upload_wait_time", 1801),
        ("upload_wait_time", -1),
        ("sound_wait_time", 301),
        ("origin_sound_volume", 101),
        ("origin_sound_volume", -1),
        ("add_sound_volume", 101),
        ("add_sound", 2),
        ("add_sound", True),
        ("add_sound", "loud"),
        ("add_product_link", 2),
        ("add_product_link", True),
        ("ai_label", 2),
        ("ai_label", "yes"),
        ("post_way", "addbutton"),
        ("placement", "feed"),
        ("material_source", "cloud"),
        ("material_list", "clip.mp4"),
        ("material_list", {"a": 1}),
        ("captions", 5),
        ("captions", ["a"]),
        ("captions", "bell \x07"),
        ("captions", "lone \ud800"),
        ("captions", "x" * 10_001),
        ("captions", "{" * 33 + "}" * 33),
        ("caption_format", "markdown"),
        ("materials_tags", 7),
        ("materials_tags", [1]),
        ("sound_name", "http://example.org/x"),
        ("sound_name", "two\nlines"),
    ],
)
def test_values_out_of_range_or_of_another_type_are_refused(door: Door, key: str, value: Any) -> None:
    errors = door.errors({"material_list": ["clip.mp4"], key: value})
    assert errors.keys() == {f"script_config.{key}"}


def test_each_bad_entry_of_a_list_is_named(door: Door) -> None:
    assert door.errors(LIST, serials=["A", 5, ""]) == {
        "serials[1]": "must be a text, not 5",
        "serials[2]": "must not be empty",
    }


def test_a_near_miss_is_named(door: Door) -> None:
    assert (
        'did you mean "addButton"?' in door.errors({"post_way": "addbuton", **LIST})["script_config.post_way"]
    )


def test_TDB_8_what_no_phone_can_show_is_refused_at_the_door(door: Door) -> None:
    assert door.errors(LIST, serials=["A\x00"]).keys() == {"serials[0]"}
    assert "U+D83D" in door.errors({"captions": "half an emoji \ud83d", **LIST})["script_config.captions"]


@pytest.mark.parametrize(
    "fields",
    [
        {"serials": None},
        {"serials": []},
        {"serials": [], "usernames": None},
    ],
)
def test_a_request_without_targets_is_refused(door: Door, fields: dict[str, Any]) -> None:
    assert door.errors(LIST, **fields).keys() == {"serials"}


def test_an_empty_list_of_accounts_is_named_itself(door: Door) -> None:
    errors = door.errors(LIST, serials=None, usernames=[])
    assert errors == {"usernames": "names no account; name at least one, or a phone in serials"}


def test_a_forgotten_or_misplaced_config_is_refused(door: Door) -> None:
    assert door.errors(LIST, script_config=None) == {"script_config": "is missing; {} means all defaults"}
    assert door.errors(script_config=[]) == {"script_config": "must be an object, not a list"}
    assert refused(lambda: door.intake.create({**door.body(LIST), "script_config": None})).keys() == {
        "script_config"
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"enable_multi_account": "maybe"}, "enable_multi_account"),
        ({"start_time": 1830}, "start_time"),
        ({"start_time": "24:00"}, "start_time"),
        ({"start_time": "12:60"}, "start_time"),
        ({"start_time": "12"}, "start_time"),
        ({"start_time": "12:00:00"}, "start_time"),
        ({"start_time": "7:5"}, "start_time"),
        ({"platform": "youtube"}, "platform"),
        ({"dry_run": 5}, "dry_run"),
        ({"min_interval": -1}, "min_interval"),
        ({"min_interval": 2, "max_interval": 1}, "min_interval"),
        ({"min_interval": 2}, "min_interval"),
        ({"serials": "A"}, "serials"),
        ({"serials": [str(n) for n in range(501)]}, "serials"),
        ({"usernames": {"a": 1}}, "usernames"),
    ],
)
def test_other_fields_are_checked_too(door: Door, fields: dict[str, Any], field: str) -> None:
    assert door.errors(LIST, **fields).keys() == {field}


def test_null_is_the_same_as_absent(door: Door) -> None:
    fields = dict.fromkeys(
        ("usernames", "enable_multi_account", "start_time", "min_interval", "platform", "dry_run", "force")
    )
    created = door.intake.create({**door.body(LIST), **fields})
    assert created.warnings == []
    assert created.tasks[0].scheduled_at == door.clock.now()


def test_R46_keys_that_look_like_no_known_one_are_ignored_with_a_warning(door: Door) -> None:
    warnings = door.create({"zzz": 1, **LIST}, hurry=True).warnings
    assert "script_config.zzz: unknown key, ignored" in warnings
    assert "hurry: unknown key, ignored" in warnings


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("startTime", "start_time"),
        ("StartTime", "start_time"),
        ("start-time", "start_time"),
        ("starttime", "start_time"),
        ("start_tiem", "start_time"),
        ("start_time ", "start_time"),
        ("scheduled_at", "start_time"),
        ("dryRun", "dry_run"),
        ("dry_runn", "dry_run"),
        ("dry-run", "dry_run"),
        ("platfrom", "platform"),
        ("Force", "force"),
        ("username", "usernames"),
        ("serials[]", "serials"),
        ("enableMultiAccount", "enable_multi_account"),
        ("min_intervall", "min_interval"),
    ],
)
def test_R46_CLI_3_a_misspelt_key_of_the_request_is_refused_naming_both(
    door: Door, key: str, meant: str
) -> None:
    body = door.body(LIST) | {key: "23:59"}
    if meant == "serials":
        del body["serials"]
    problem = refused(lambda: door.intake.create(body), Invalid)[key]
    assert f'did you mean "{meant}"?' in problem


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("materials_list", "material_list"),
        ("materialList", "material_list"),
        ("ai_lable", "ai_label"),
        ("aiLabel", "ai_label"),
        ("caption", "captions"),
        ("Captions", "captions"),
        ("captoins", "captions"),
        ("imageCount", "image_count"),
        ("upload_time", "upload_wait_time"),
        ("placment", "placement"),
        ("files", "material_list"),
        ("description", "captions"),
    ],
)
def test_R46_CLI_4_a_misspelt_key_of_the_config_is_refused_naming_both(
    door: Door, key: str, meant: str
) -> None:
    config = {key: "x"} if meant == "material_list" else {key: "x", **LIST}
    assert f'did you mean "{meant}"?' in door.errors(config)[f"script_config.{key}"]


def test_R46_a_key_in_the_wrong_object_is_refused_and_says_where_it_belongs(door: Door) -> None:
    errors = door.errors({"dry_run": True, "startTime": "23:59", **LIST}, captions="x", aiLabel=True)
    assert errors["script_config.dry_run"].endswith("belongs beside script_config, not in it")
    assert 'is called "start_time"' in errors["script_config.startTime"]
    assert errors["captions"] == "stands in the wrong place: it belongs into script_config"
    assert 'is called "ai_label"' in errors["aiLabel"]


def test_R46_what_the_desktop_of_the_vendor_sends_stays_ignored_with_a_warning(door: Door) -> None:
    desktop = {"scheduledTime": "09:00", "post_caption": "", "videos_folder": "", "repeat_times": 1}
    created = door.create({**desktop, **LIST}, rotate_proxy=False)
    assert len(created.warnings) == len(desktop) + 1
    assert all(warning.endswith("unknown key, ignored") for warning in created.warnings)


def test_R46_another_word_for_a_key_that_is_given_too_is_only_a_warning(door: Door) -> None:
    assert door.create({"captions": "x", "description": "for us", **LIST}).warnings == [
        "script_config.description: unknown key, ignored"
    ]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("draft", True, "every task publishes"),
        ("saveAsDraft", "true", "every task publishes"),
        ("publish", False, "every task publishes"),
        ("hold", True, "still to come, then hold it"),
        ("paused", 1, "still to come, then hold it"),
        ("enabled", "false", "still to come, then hold it"),
        ("privacy", "private", "the account's own setting"),
        ("privacy_level", "SELF_ONLY", "the account's own setting"),
        ("visibility", "friends", "the account's own setting"),
        ("allow_comments", False, "the account's own setting"),
        ("disable_duet", True, "the account's own setting"),
        ("brand_content_toggle", True, "by hand"),
        ("cover_time", 2, "made without it"),
        ("collaborators", ["kim"], "made without it"),
        ("delay", 30, '"start_time" is the time itself'),
        ("timezone", "UTC", "write its offset"),
        ("repeat", "daily", "slots plan posts that repeat"),
        ("hashtags", "#bench", 'in "captions"'),
        ("media_type", "STORIES", '"placement"'),
        ("story", True, '"placement"'),
        ("music", "song", '"sound_name"'),
        ("status", "Draft", "not to be posted, or not yet"),
        ("post_status", "on hold", "not to be posted, or not yet"),
        ("approved", False, "not to be posted, or not yet"),
        ("approved", 0, "not to be posted, or not yet"),
        ("approval", "pending", "not to be posted, or not yet"),
        ("requires_approval", "true", "not to be posted, or not yet"),
        ("skip", "yes", "not to be posted, or not yet"),
    ],
)
def test_R46_what_would_make_another_post_if_it_was_ignored_is_refused_in_both_objects(
    door: Door, key: str, value: object, said: str
) -> None:
    assert said in door.errors(LIST, **{key: value})[key]
    assert said in door.errors({key: value, **LIST})[f"script_config.{key}"]


def test_R46_what_asks_for_nothing_and_a_client_s_own_notes_are_ignored_with_a_warning_as_any_unknown_key(
    door: Door,
) -> None:
    nothing: dict[str, object] = {
        "draft": False,
        "publish": True,
        "paused": "false",
        "enabled": 1,
        "privacy": "PUBLIC_TO_EVERYONE",
        "allow_comments": True,
        "delay": "0",
        "hashtags": "",
        "collaborators": [],
        "media_type": "REELS",
        "comment": "a note of the client's own",
        "title": "Bench",
        "status": "scheduled",
        "state": 0,
        "approved": True,
        "ready": "yes",
        "skip": False,
    }
    created = door.create({**nothing, **LIST}, **nothing)
    assert len(created.warnings) == 2 * len(nothing)
    assert all(warning.endswith("unknown key, ignored") for warning in created.warnings)


def test_R46_a_day_beside_the_time_is_not_lost(door: Door) -> None:
    errors = door.errors(LIST, start_time="18:30", date="2026-12-24")
    assert errors == {
        "date": 'is not a known key and says something else than "start_time"; send "start_time" alone'
    }
    assert door.create(LIST, start_time="18:30", schedule_time="18:30").tasks


def test_R46_another_word_for_a_key_that_is_given_but_empty_is_refused(door: Door) -> None:
    assert door.errors(LIST, start_time="", scheduled_at="18:30").keys() == {"scheduled_at"}
    assert door.errors({}, params=LIST).keys() == {"params"}
    assert 'called "materials_tags"' in door.errors({}, tags="bench")["tags"]


def test_R46_a_misspelt_key_without_a_value_asks_for_nothing(door: Door) -> None:
    assert door.create({"caption": None, **LIST}, startTime=None).tasks


def test_R46_a_misspelt_key_among_thousands_is_found(door: Door) -> None:
    errors = door.errors({**{f"k{n}": n for n in range(5000)}, "ai_lable": True, **LIST})
    assert errors.keys() == {"script_config.ai_lable"}


def test_thousands_of_unknown_keys_do_not_make_thousands_of_warnings(door: Door) -> None:
    warnings = door.create({**{f"k{n}": n for n in range(5000)}, **LIST}).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "script_config: 4980 more unknown keys, ignored"


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"post_way": "useSound"}, "sound_name"),
        ({"post_way": "use_sound", "sound_name": " "}, "sound_name"),
        ({"add_sound": "custom"}, "custom_sound_keyword"),
        ({"material_source": "localFolder", "material_list": []}, "material_path"),
    ],
)
def test_keys_that_need_another_one_say_so(door: Door, config: dict[str, Any], field: str) -> None:
    errors = door.errors({**LIST, **config})
    assert errors.keys() == {f"script_config.{field}"}
    assert "is needed" in errors[f"script_config.{field}"]


def test_use_sound_overrides_add_sound_with_a_warning(door: Door) -> None:
    created = door.create({"post_way": "useSound", "sound_name": "Rain", "add_sound": "custom", **LIST})
    assert created.tasks[0].sound == "Rain"
    assert created.warnings == ['script_config.add_sound: ignored, because post_way is "useSound"']


def test_what_instagram_does_not_have_is_ignored_with_a_warning_each(door: Door) -> None:
    config = {
        "post_way": "share",
        "add_sound": "1",
        "origin_sound_volume": 75,
        "add_sound_volume": 25,
        "add_product_link": 1,
        **LIST,
    }
    created = door.create(config, platform="instagram")
    assert created.tasks[0].platform == "instagram"
    assert created.tasks[0].package == "com.instagram.android"
    assert created.warnings == [
        "script_config.add_sound: ignored on Instagram",
        "script_config.origin_sound_volume: ignored on Instagram",
        "script_config.add_sound_volume: ignored on Instagram",
        "script_config.add_product_link: ignored on Instagram",
        'script_config.post_way: "share" becomes "addButton" on Instagram',
    ]


def test_a_story_takes_only_the_add_button(door: Door) -> None:
    config = {"post_way": "useSound", "sound_name": "Rain", "placement": "story", **LIST}
    created = door.create(config, platform="instagram")
    assert created.tasks[0].sound == ""
    assert 'script_config.post_way: "useSound" becomes "addButton" for a story' in created.warnings
    assert door.create({**config, "sound_name": ""}, platform="instagram").tasks


def test_a_story_on_tiktok_is_ignored_with_a_warning(door: Door) -> None:
    assert door.create({"placement": "story", **LIST}).warnings == [
        "script_config.placement: ignored on TikTok"
    ]
    # The vendor's form sends it always.
    assert door.create({"placement": "reel", **LIST}).warnings == []


def test_the_number_of_images_depends_on_the_platform(door: Door) -> None:
    config = {"content_type": 1, "image_count": 21, "materials_tags": "none-such"}
    assert "at most 20" in door.errors(config, platform="instagram")["script_config.image_count"]
    assert door.errors(config).keys() == {"script_config.materials_tags"}


def test_two_images_are_too_many_for_a_story(door: Door) -> None:
    config = {"content_type": 1, "image_count": 2, "placement": "story"}
    assert door.errors(config, platform="instagram").keys() == {"script_config.image_count"}


def test_a_volume_without_music_is_warned_about(door: Door) -> None:
    assert door.create({"origin_sound_volume": 80, **LIST}).warnings == [
        "script_config.origin_sound_volume: has no effect, because no music is added"
    ]
    assert door.create({"origin_sound_volume": 80, "add_sound": 1, **LIST}).warnings == []


def test_a_dry_run_answers_like_the_real_one_and_creates_nothing(door: Door) -> None:
    before, woken = len(door.store.tasks), door.woken
    dry = door.create({"captions": "hello", **LIST}, serials=["A", "B"], dry_run="true")
    assert dry.dry_run
    assert dry.tasks == []
    assert dry.answer["task_ids"] == []
    assert dry.answer["created_count"] == 0
    assert dry.answer["dry_run"] is True
    assert [(t["id"], t["serial"], t["caption"]) for t in dry.answer["tasks"]] == [
        (None, "A", "hello"),
        (None, "B", "hello"),
    ]
    assert len(door.store.tasks) == before
    assert door.woken == woken


def test_what_starts_in_hours_wakes_nobody(door: Door) -> None:
    woken = door.woken
    assert door.create(LIST, serials=["A"], start_time="00:00").tasks
    assert door.woken == woken


def test_the_scheduler_is_woken_once_per_request(door: Door) -> None:
    woken = door.woken
    door.create(LIST, serials=["A", "B"])
    assert door.woken == woken + 1


def test_a_draining_daemon_takes_nothing(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        door.intake.drain()
        refused(lambda: door.create(LIST), Draining)


def test_withdrawn_intervals_are_obeyed_with_a_warning(door: Door) -> None:
    created = door.create(LIST, serials=["A", "B"], min_interval="10", max_interval=20)
    first, second = (task.scheduled_at for task in created.tasks)
    assert first == door.clock.now()
    assert 600 <= second - first <= 1200
    assert created.warnings[0].startswith("min_interval, max_interval: withdrawn")


def test_R53_pauses_do_not_lead_further_than_a_start_time_may(tmp_path: Path) -> None:
    with Door(tmp_path, duplicate_window_minutes=0) as many:
        many.file("clip.mp4")
        many.serials = {f"P{number}" for number in range(400)}
        body = {"serials": sorted(many.serials), "min_interval": 1440, "max_interval": 1440}
        assert many.errors(LIST, **body) == {
            "max_interval": "the last task would start more than 366 days ahead"
        }


def test_R59_a_sound_that_nothing_uses_is_told(door: Door) -> None:
    created = door.create({"sound_name": "Rain", "custom_sound_keyword": "Sun", **LIST})
    assert created.warnings == [
        'script_config.sound_name: not used, because post_way is "share"',
        'script_config.custom_sound_keyword: not used, because add_sound is "-1"',
    ]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["A", "B", "@a", "18:30", "tiktok", "instagram", "clip.mp4", "true", "0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
bodies = st.fixed_dictionaries(
    {
        "script_name": st.just("post"),
        "script_config": values | st.just({"material_list": ["clip.mp4"]}),
        "dry_run": st.just(True),
    },
    optional=dict.fromkeys(
        (
            "serials",
            "usernames",
            "enable_multi_account",
            "start_time",
            "min_interval",
            "max_interval",
            "platform",
            "force",
            "x",
        ),
        values,
    ),
)


@given(body=bodies)
def test_any_json_is_answered_or_refused_never_a_crash(door: Door, body: dict[str, Any]) -> None:
    before = len(door.store.tasks)
    try:
        answer = door.intake.create(body).answer
    except Refused as error:
        answer = {"refused": error.problems}
    assert all(problem.field for problem in answer.get("refused", ()))
    assert answer.get("tasks") or answer["refused"]
    assert len(door.store.tasks) == before


@pytest.mark.parametrize("word", ["schedule", "publish_at", "time", "scheduled_time"])
def test_CLI_3_a_time_within_script_config_does_not_post_at_once(door: Door, word: str) -> None:
    problem = door.errors({**LIST, word: "18:00"})[f"script_config.{word}"]
    assert 'belongs beside script_config, not in it, and is called "start_time"' in problem


@pytest.mark.parametrize("word", ["files", "video", "media_url", "video_url"])
def test_CLI_4_files_beside_script_config_do_not_post_another_video(door: Door, word: str) -> None:
    assert "belongs into script_config" in door.errors({}, **{word: "clip.mp4"})[word]


@pytest.mark.parametrize(("word", "ours"), [("accounts", "usernames"), ("devices", "serials")])
def test_CLI_4_other_words_for_targets_are_named(door: Door, word: str, ours: str) -> None:
    assert f'did you mean "{ours}"?' in door.errors(LIST, serials=None, **{word: ["A"]})[word]


@pytest.mark.parametrize("number", [1_766_599_200, 1_766_599_200_000, 1_766_599_200.5])
def test_R53_unix_time_as_a_number_says_what_to_write(door: Door, number: float) -> None:
    assert 'write "18:30"' in door.errors(LIST, start_time=number)["start_time"]


def test_content_type_says_its_values_also_for_words(door: Door) -> None:
    assert (
        door.errors({**LIST, "content_type": "video"})["script_config.content_type"]
        == 'must be 0 or 1, not "video"'
    )


def test_a_number_too_large_is_called_so(door: Door) -> None:
    assert "too large" in door.errors({**LIST, "image_count": "9" * 20})["script_config.image_count"]


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        ("{{sound}}", "was not filled in"),
        ("undefined", "has no value"),
        ("[object Object]", "is what JavaScript makes of an object"),
        ("www.tiktok.com/music/song-1", "a link must start with https://"),
        ("tiktok.com/music/song-1", "a link must start with https://"),
    ],
)
def test_a_sound_that_a_program_has_spoilt_is_not_searched_for(door: Door, sound: str, said: str) -> None:
    by_name = {"post_way": "useSound", "sound_name": sound, **LIST}
    assert said in door.errors(by_name)["script_config.sound_name"]
    added = {"add_sound": "custom", "custom_sound_keyword": sound, **LIST}
    assert said in door.errors(added)["script_config.custom_sound_keyword"]


@pytest.mark.parametrize("sound", ["m.A.A.d city", "100%", "Instagram", "a {b} c", "https://vm.tiktok.com/x"])
def test_a_sound_may_be_called_as_it_is(door: Door, sound: str) -> None:
    assert door.create({"post_way": "useSound", "sound_name": sound, **LIST}).tasks
