"""CLI-6, CLI-7, CLI-9: what clients send in place of a value is named by its cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from handlers.request.body import parse_object
from handlers.request.envelope import Refusal
from jobs.input.refusals import Invalid, NoScript
from jobs.input.spoilt_values import decoded_twice, explain_spoilt
from tests.support.door import Door, refused


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with Door(tmp_path_factory.mktemp("door"), duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.file("clip.mp4")
        yield door


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("@{captions=x; material_list=System.Object[]}", "-Depth 10"),
        ("@{}", "-Depth 10"),
        ("System.Object[]", "-Depth 10"),
        ("System.String[]", "-Depth 10"),
        ("System.Collections.Hashtable", "-Depth 10"),
        ("System.Collections.Specialized.OrderedDictionary", "-Depth 10"),
        ("[object Object]", "JSON.stringify"),
        ("[object Object],[object File]", "JSON.stringify"),
        ("<__main__.Post object at 0x7f00dead>", "Python"),
        *(
            (text, "a spreadsheet")
            for text in (
                "#N/A",
                "#REF!",
                "#WERT!",
                "#NAME?",
                "#DIV/0!",
                " #VALEUR! ",
                "#NV",
                "#N/B",
                "#N/D",
                "#ÜBERLAUF!",
                "#FELD!",
                "#NAAM?",
                "#NOME?",
                "Err:502",
                "#" * 20,
            )
        ),
        *(
            (text, "")
            for text in ("#SALE!", "#WOW!", "#NEW #REF!", "#na", "#nv", "#NV trip", "Err: no", "###")
        ),
        ("hello @{name}", ""),
        ("@{a|b}", ""),
        ("my System.Object[] went missing", ""),
        ("why [object Object]?", ""),
        ("", ""),
    ],
)
def test_a_value_that_a_program_could_not_encode_is_recognised(text: str, cause: str) -> None:
    found = explain_spoilt(text)
    assert (cause in found) if cause else (found == "")


@pytest.mark.parametrize(
    ("body", "field", "cause"),
    [
        ({"usernames": '["a"]', "serials": None}, "usernames", "this list was encoded twice"),
        ({"usernames": "['a']", "serials": None}, "usernames", "Python's own text of a list"),
        ({"serials": "System.Object[]"}, "serials", "-Depth 10"),
        ({"serials": ["[object Object]"]}, "serials[0]", "JSON.stringify"),
        ({"serials": "A,B"}, "serials", 'e.g. ["A", "B"]'),
        ({"script_config": '{"captions": "x"}'}, "script_config", "this object was encoded twice"),
        ({"script_config": "@{captions=x}"}, "script_config", "-Depth 10"),
        ({"script_config": "{'captions': 'x'}"}, "script_config", "Python's own text"),
        ({"script_config": "[object Object]"}, "script_config", "JSON.stringify"),
        ({"script_config": {"material_list": "System.Object[]"}}, "script_config.material_list", "-Depth 10"),
        ({"script_config": {"captions": "@{text=x}"}}, "script_config.captions", "-Depth 10"),
        (
            {"script_config": {"material_list": ["file:///srv/media/clip.mp4"]}},
            "script_config.material_list[0]", 'write the path alone: "/srv/media/clip.mp4"',
        ),
    ],
)  # fmt: skip
def test_CLI_6_CLI_7_CLI_9_the_refusal_names_what_to_change_in_the_program(
    door: Door, body: dict[str, Any], field: str, cause: str
) -> None:
    config = body.pop("script_config", {"material_list": ["clip.mp4"]})
    serials = {"serials": ["A"]} | body
    request = {"script_name": "post", "script_config": config, **serials}
    assert cause in refused(lambda: door.intake.create(request))[field]


@pytest.mark.parametrize(
    ("body", "cause"),
    [(b"[object Object]", "JSON.stringify"), (b"System.Collections.Hashtable", "ConvertTo-Json")],
)
def test_CLI_9_the_same_as_the_whole_body_is_named_too(body: bytes, cause: str) -> None:
    with pytest.raises(Refusal, match=cause):
        parse_object(body)


def test_only_lists_and_objects_can_be_encoded_twice() -> None:
    assert decoded_twice(' ["a"] ') == ["a"]
    assert decoded_twice("[a]") is None
    assert decoded_twice("5") is None


def test_brackets_without_end_are_refused_as_anything_else() -> None:
    deep = "[" * 200_000
    assert decoded_twice(deep) is None
    with pytest.raises(Refusal, match="not a text"):
        parse_object(f'"{deep}"'.encode())


@pytest.mark.parametrize(
    "text", ["undefined", "null", "None", "NaN", " nil ", "<nil>", "(null)", '"undefined"']
)
@pytest.mark.parametrize("form", ["spintax", "multiline"])
def test_a_caption_that_a_program_did_not_have_is_refused(door: Door, text: str, form: str) -> None:
    config = {"captions": text, "caption_format": form, "material_list": ["clip.mp4"]}
    assert "where it has no value" in door.errors(config)["script_config.captions"]


@pytest.mark.parametrize("text", ["null and void", "None of this", "Undefined!", "na"])
def test_a_caption_about_nothing_is_posted(door: Door, text: str) -> None:
    assert not door.create({"captions": text, "material_list": ["clip.mp4"]}).warnings


@pytest.mark.parametrize(
    "name",
    [
        "script_config.captions",
        "script_config[captions]",
        "script_config__captions",
        "scriptConfig.captions",
        "serials[0]",
        "usernames.0",
    ],
)
def test_a_part_of_an_object_or_list_under_a_name_of_its_own_is_refused(door: Door, name: str) -> None:
    body = {**door.body({"material_list": ["clip.mp4"]}), name: "x"}
    found = refused(lambda: door.intake.create(body), Invalid)
    assert "is a part of" in found[name] or "did you mean" in found[name]


@pytest.mark.parametrize("around", ["body", "json", "data", "payload", "request"])
@pytest.mark.parametrize("in_a_list", [False, True])
def test_a_request_that_a_program_has_packed_into_one_of_its_own_is_told_so(
    door: Door, around: str, in_a_list: bool
) -> None:
    inside = door.body({"material_list": ["clip.mp4"]})
    body = {around: [inside] if in_a_list else inside, "headers": {}}
    assert (
        f'it stands inside "{around}"' in refused(lambda: door.intake.create(body), NoScript)["script_name"]
    )
