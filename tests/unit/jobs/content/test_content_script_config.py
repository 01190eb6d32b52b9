"""script_config as a whole: any JSON at all is read or refused, what is stored can be read again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.content.config_rules import parse_config
from jobs.content.script_config import PostConfig, load_config, wants_sound, way
from jobs.input.fields import Findings, read_object
from jobs.input.values import Unreadable, read_bool, read_int

FIELDS = PostConfig.__struct_fields__
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        ["share", "useSound", "add_button", "custom", "story", "localFolder", "multiline", "-1", "0", "1"]
    ),
)
json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
configs = st.dictionaries(st.sampled_from([*FIELDS, "unknown", "Captions"]), json, max_size=8)
platforms = st.sets(st.sampled_from(["tiktok", "instagram"]), min_size=1)


def parse(raw: dict[str, Any], *on: str) -> tuple[PostConfig, Findings]:
    findings = Findings()
    return parse_config(raw, on or ("tiktok",), findings).config, findings


def test_an_empty_config_means_all_defaults_of_the_contract() -> None:
    config, findings = parse({}, "tiktok", "instagram")
    assert msgspec.to_builtins(config) == {
        "content_type": 0,
        "image_count": 1,
        "captions": "",
        "caption_format": "spintax",
        "post_way": "share",
        "placement": "reel",
        "material_source": "materialLibrary",
        "material_path": "",
        "material_list": (),
        "material_ids": (),
        "materials_tags": "",
        "upload_wait_time": 30,
        "sound_wait_time": 10,
        "add_sound": "-1",
        "sound_name": "",
        "custom_sound_keyword": "",
        "origin_sound_volume": 50,
        "add_sound_volume": 50,
        "add_product_link": 0,
        "ai_label": False,
    }
    assert findings.problems == []
    assert findings.warnings == []


@given(raw=configs, on=platforms)
def test_any_json_is_read_or_refused_never_a_crash(raw: dict[str, Any], on: set[str]) -> None:
    config, findings = parse(raw, *on)
    for problem in findings.problems:
        assert problem.field.startswith("script_config.")
        assert len(problem.problem) < 300
    if not findings.problems:
        stored = msgspec.json.decode(msgspec.json.encode(config))
        assert load_config(stored) == config
        again, more = parse(stored, *on)
        assert again == config
        assert more.problems == []


@given(raw=configs)
def test_a_wrong_value_never_reaches_the_config(raw: dict[str, Any]) -> None:
    config, findings = parse(raw)
    wrong = {p.field.removeprefix("script_config.").partition("[")[0] for p in findings.problems}
    # A misspelt key is refused by its own name, which the config does not have.
    for name in wrong & set(raw) & set(FIELDS):
        given_value, kept = raw[name], getattr(config, name)
        default = getattr(PostConfig(), name)
        # Rules between keys complain about values that are fine alone.
        assert kept in (default, given_value) or isinstance(given_value, str | int | float | list)


@pytest.mark.parametrize(
    ("raw", "platform", "gone", "sound"),
    [
        ({}, "tiktok", "share", ""),
        ({}, "instagram", "addButton", ""),
        ({"post_way": "useSound", "sound_name": "x"}, "tiktok", "useSound", "sound_name"),
        ({"post_way": "useSound", "sound_name": "x"}, "instagram", "useSound", "sound_name"),
        ({"post_way": "useSound", "placement": "story"}, "instagram", "addButton", ""),
        (
            {"post_way": "useSound", "placement": "story", "sound_name": "x"},
            "tiktok",
            "useSound",
            "sound_name",
        ),
        ({"add_sound": "custom", "custom_sound_keyword": "x"}, "tiktok", "share", "custom_sound_keyword"),
        ({"add_sound": "custom", "custom_sound_keyword": "x"}, "instagram", "addButton", ""),
        (
            {"add_sound": "custom", "custom_sound_keyword": "y", "post_way": "useSound", "sound_name": "x"},
            "tiktok",
            "useSound",
            "sound_name",
        ),
    ],
)
def test_the_way_and_the_sound_depend_on_the_platform(
    raw: dict[str, Any], platform: str, gone: str, sound: str
) -> None:
    config, findings = parse(raw, platform)
    assert findings.problems == []
    assert (way(config, platform), wants_sound(config, platform)) == (gone, sound)


def test_tags_are_split_trimmed_and_named_once() -> None:
    assert parse({"materials_tags": " a, b ,,a , "})[0].tags == ("a", "b")
    assert parse({"materials_tags": ["a ", "b"]})[0].tags == ("a", "b")


@given(number=st.integers(-(10**17), 10**17))
def test_whole_numbers_are_read_in_every_spelling(number: int) -> None:
    assert read_int(number) == read_int(str(number)) == read_int(f" {number} ") == number
    if abs(number) < 2**53:
        assert read_int(float(number)) == number


@pytest.mark.parametrize(
    "value", [True, False, 1.5, "1.5", "", "0x10", "1e3", "\u0661", None, [], {}, float("nan")]
)
def test_nothing_else_is_a_whole_number(value: object) -> None:
    with pytest.raises(Unreadable, match="must be a whole number"):
        read_int(value)


@pytest.mark.parametrize("value", [2, -1, "yes", "", None, [], 0.5, float("nan")])
def test_nothing_else_is_true_or_false(value: object) -> None:
    with pytest.raises(Unreadable, match="must be true or false"):
        read_bool(value)


def test_problems_of_long_lists_are_limited() -> None:
    findings = Findings()
    read_object(PostConfig, {"material_list": [5] * 500}, findings)
    assert len(findings.problems) == 20
    findings = Findings()
    read_object(PostConfig, {"material_list": ["x"] * 501}, findings)
    assert [p.problem for p in findings.problems] == ["must not have more than 500 entries"]


@pytest.mark.parametrize(
    ("raw", "warning"),
    [
        ({"placement": "story", "captions": "hello"}, "captions: ignored, a story has no caption"),
    ],
)
def test_what_instagram_cannot_do_is_warned_about_before(raw: dict[str, Any], warning: str) -> None:
    assert any(warning in given for given in parse(raw, "instagram")[1].warnings)
    assert not any(warning in given for given in parse(raw, "tiktok")[1].warnings)
