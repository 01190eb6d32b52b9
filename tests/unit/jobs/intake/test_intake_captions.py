"""What stands in captions by mistake: places that were not filled in are refused, the rest is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.door import Door

CLIP: dict[str, Any] = {"material_list": ["clip.mp4"]}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        yield door


@pytest.mark.parametrize("given", ["{{ $json.caption }}", "Hi {{name}}!", "${caption}", "<%= x %> {{y}}"])
def test_CLI_6_a_caption_whose_places_were_not_filled_in_is_refused(door: Door, given: str) -> None:
    assert "was not filled in" in door.errors({**CLIP, "captions": given})["script_config.captions"]
    door.file("in/a.mp4")
    (door.root / "in" / "caption.txt").write_text(given, "utf-8")
    folder = {"material_source": "localFolder", "material_path": "in"}
    assert "was not filled in" in door.errors(folder)["script_config.material_path"]


@pytest.mark.parametrize("given", ["{{a|b}|c}", "{{{deep}}}", r"\{\{name\}\}", "${5|10}"])
def test_nested_and_escaped_groups_are_no_places_to_fill_in(door: Door, given: str) -> None:
    door.create({**CLIP, "captions": given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Fish &amp; chips", "is HTML"),
        ("<p>Fish</p>", "is HTML"),
        ("Fish &#x1F600;", "is HTML"),
        (r"One\nTwo", "a backslash"),
        ("CafÃ©", "Windows-1252"),
        ("РґРѕРј", "Windows-1251"),
        ("浣犲ソ", "GBK"),
        ("Hello%20world", '"%20"'),
        ("Gr%C3%BC%C3%9Fe", '"%C3%BC"'),
        ("One%0ATwo", '"%0A"'),
        ("Caf\ufffd", "lost a character"),
        ("Ã¤ \u00f0\u0178\u02dc\u20ac hi", "Windows-1252"),
        ("{name} and {a|b}", 'braces of "{name}"'),
        ("新品 \uff03木工", 'only looks like "#"'),
        ("#wood\u200bwork", "the invisible character U+200B"),
    ],
)
def test_what_was_most_likely_not_meant_in_a_caption_is_told_and_posted(
    door: Door, given: str, said: str
) -> None:
    assert [w for w in door.create({**CLIP, "captions": given}).warnings if said in w]


@pytest.mark.parametrize(
    "given",
    [
        "Fish & chips; AT&T",
        "a <3 b",
        r"C:\new",
        "Café “x” €",
        "مرحبا",
        "{a|b}",
        "дом",
        "联通",
        "你好",
        "20% off, 100%!",
    ],
)
def test_usual_captions_have_no_such_warning(door: Door, given: str) -> None:
    assert not door.create({**CLIP, "captions": given}).warnings


def test_lines_of_a_multiline_text_are_posted_as_they_stand_with_a_word_about_places(door: Door) -> None:
    made = door.create({**CLIP, "captions": "Hi {{name}}", "caption_format": "multiline"})
    assert [w for w in made.warnings if "was not filled in" in w]
