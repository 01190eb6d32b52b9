"""Spintax, multiline captions, title and description, lengths (sections 7.1 and 7.2, R37 to R39)."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.content.captions import (
    MAX_DEPTH,
    MAX_TEMPLATE,
    CaptionInvalid,
    count_hashes,
    length_problems,
    length_warnings,
    parse_spintax,
    split_lines,
    split_title,
    trim_hashtags,
    utf16_length,
)


def every_text(template: str, tries: int = 400) -> set[str]:
    choice = random.Random(7)
    parsed = parse_spintax(template)
    return {parsed.expand(choice) for _ in range(tries)}


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("plain", {"plain"}),
        ("", {""}),
        ("{a|b|c}", {"a", "b", "c"}),
        ("{a|b}-{1|2}", {"a-1", "a-2", "b-1", "b-2"}),
        ("{a|{b|c}d}", {"a", "bd", "cd"}),
        ("x{|y}", {"x", "xy"}),
        ("{a|}", {"a", ""}),
        ("{}", {""}),
        ("{word}", {"word"}),
        ("{{{deep}}}", {"deep"}),
        ("a|b", {"a|b"}),
        (r"\{a\|b\}", {"{a|b}"}),
        (r"{a\|b|c}", {"a|b", "c"}),
        (r"{a\}|b}", {"a}", "b"}),
        (r"\\{a|b}", {"\\a", "\\b"}),
        (r"C:\new", {r"C:\new"}),
        ("end\\", {"end\\"}),
        ("{a|b", {"{a|b"}),
        ("a}b", {"a}b"}),
        ("{a|{b}", {"{a|b"}),
        ("}{a|b}{", {"}a{", "}b{"}),
        ("line one\r\nline two\rthree", {"line one\nline two\nthree"}),
        ("{🪵|✨} #woodwork", {"🪵 #woodwork", "✨ #woodwork"}),
    ],
)
def test_a_template_describes_these_texts(template: str, texts: set[str]) -> None:
    assert every_text(template) == texts


def test_every_level_is_chosen_uniformly_and_independently() -> None:
    choice = random.Random(3)
    parsed = parse_spintax("{a|{b|c}}")
    counts = Counter(parsed.expand(choice) for _ in range(4000))
    assert 0.45 < counts["a"] / 4000 < 0.55
    assert 0.2 < counts["b"] / 4000 < 0.3


def test_the_random_source_can_be_seeded() -> None:
    template = parse_spintax("{a|b|c|d}{a|b|c|d}{a|b|c|d}")
    assert template.expand(random.Random(5)) == template.expand(random.Random(5))


def test_lonely_braces_and_line_marks_are_warned_about() -> None:
    assert parse_spintax("{a|b} }").warnings == ("brace without a partner is taken literally (character 7)",)
    assert '"###" is a line break only' in parse_spintax("a###b").warnings[0]
    assert parse_spintax("a###b").expand(random.Random(1)) == "a###b"
    assert parse_spintax(r"\} a ## b {x}").warnings == ()


def test_length_and_depth_have_limits() -> None:
    assert parse_spintax("x" * MAX_TEMPLATE)
    with pytest.raises(CaptionInvalid, match="10000 characters"):
        parse_spintax("x" * (MAX_TEMPLATE + 1))
    deepest = "{" * MAX_DEPTH + "x" + "}" * MAX_DEPTH
    assert parse_spintax(deepest).expand(random.Random(1)) == "x"
    with pytest.raises(CaptionInvalid, match="32 levels"):
        parse_spintax("{" + deepest + "}")
    # Braces without partners nest nothing.
    assert len(parse_spintax("{" * MAX_TEMPLATE).expand(random.Random(1))) == MAX_TEMPLATE


words = st.text(alphabet="ab \n#@é🪵", max_size=6)
templates = st.recursive(
    words,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "{" + "|".join(parts) + "}"),
    ),
    max_leaves=12,
)


@given(template=templates, seed=st.integers(0, 99))
def test_a_well_formed_template_loses_all_its_signs(template: str, seed: int) -> None:
    text = parse_spintax(template).expand(random.Random(seed))
    assert not set(text) & set("{}|")
    assert not [w for w in parse_spintax(template).warnings if "brace" in w]


@given(text=st.text(max_size=200), seed=st.integers(0, 9))
def test_any_text_at_all_can_be_parsed_and_expanded(text: str, seed: int) -> None:
    parse_spintax(text).expand(random.Random(seed))


@given(text=st.text(alphabet="ab{}|\\#\n", max_size=60))
def test_an_escaped_text_comes_out_unchanged(text: str) -> None:
    escaped = "".join("\\" + c if c in "{}|\\" else c for c in text)
    assert parse_spintax(escaped).expand(random.Random(1)) == text


@given(text=st.text(alphabet="ab #@.,\n\\é🪵", max_size=80))
def test_a_text_without_signs_comes_out_unchanged(text: str) -> None:
    plain = text.replace("\\\\", "")
    assert parse_spintax(plain).expand(random.Random(1)) == plain


@pytest.mark.parametrize(
    ("text", "captions"),
    [
        ("one\ntwo", ["one", "two"]),
        ("one\r\n\r\n  \ntwo\n", ["one", "two"]),
        ("first###second", ["first\nsecond"]),
        ("a######b", ["a\n\nb"]),
        ("text####tag", ["text\n#tag"]),
        ("{a|b}", ["{a|b}"]),
        ("title##text###more", ["title##text\nmore"]),
        ("", []),
        (" \n ", []),
        ("a\u2028b", ["a\u2028b"]),
    ],
)
def test_a_multiline_text_holds_these_captions(text: str, captions: list[str]) -> None:
    assert split_lines(text) == captions


@pytest.mark.parametrize(
    ("caption", "title", "description"),
    [
        ("Title##Text", "Title", "Text"),
        ("Title ## Text #tag", "Title", "Text #tag"),
        ("no split", "", "no split"),
        ("a###b", "", "a###b"),
        ("a####b", "", "a####b"),
        ("a###b##c", "a###b", "c"),
        ("a##b##c", "a", "b##c"),
        ("##only text", "", "only text"),
        ("only title##", "only title", ""),
        ("##", "", ""),
        ("", "", ""),
        ("one\ntwo##three\nfour", "one\ntwo", "three\nfour"),
    ],
)
def test_a_photo_post_on_tiktok_has_title_and_description(caption: str, title: str, description: str) -> None:
    split = split_title(caption, "tiktok", "image")
    assert (split.title, split.description) == (title, description)
    assert split.warnings == ()


def test_elsewhere_the_parts_stand_on_lines_of_one_text() -> None:
    assert split_title("Title##Text", "tiktok", "video").description == "Title\nText"
    assert split_title("Title##Text", "tiktok", "video").warnings == ()
    on_instagram = split_title("Title##Text", "instagram", "video")
    assert (on_instagram.title, on_instagram.description) == ("", "Title\nText")
    assert "line break" in on_instagram.warnings[0]
    assert split_title("##Text", "instagram", "image").description == "Text"


@given(caption=st.text(alphabet="ab#\n ", max_size=30), platform=st.sampled_from(["tiktok", "instagram"]))
def test_a_split_loses_nothing_but_two_signs_and_blanks(caption: str, platform: str) -> None:
    split = split_title(caption, platform, "image")

    def bare(text: str) -> str:
        return text.replace(" ", "").replace("\n", "")

    before, after = bare(caption), bare(split.joined)
    assert after in (before, before.replace("##", "", 1)) or len(after) == len(before) - 2


@pytest.mark.parametrize(
    ("text", "units"),
    [("abc", 3), ("🪵", 2), ("👩‍👩‍👧‍👦", 11), ("e\u0301", 2), ("שלום", 4), ("", 0)],
)
def test_JOB_14_lengths_are_counted_as_the_apps_count(text: str, units: int) -> None:
    assert utf16_length(text) == units == len(text.encode("utf-16-le")) // 2


def test_JOB_14_the_limit_is_fine_and_one_more_is_warned_about() -> None:
    def warned(text: str, tags: int = 30) -> list[str]:
        return length_warnings(split_title(text, "tiktok", "video"), 2200, tags)

    assert warned("x" * 2200) == []
    assert warned("x" * 2201) == ["has 2201 characters, some versions of the app take 2200"]
    assert warned("🪵" * 1100) == []
    assert warned("🪵" * 1100 + "x") == ["has 2201 characters, some versions of the app take 2200"]
    assert warned("#tag " * 30) == []
    assert warned("#tag " * 31) == ["has 31 hashtags, the app takes 30"]
    assert warned("#tag " * 6, tags=5) == ["has 6 hashtags, the app takes 5"]
    assert warned("# no tag, 50# no tag") == []


def test_R63_what_the_app_cuts_off_is_a_problem() -> None:
    title = split_title("t" * 91 + "##text", "tiktok", "image")
    assert length_problems(title, 2200) == ["has a title of 91 characters, the app takes 90; shorten it"]
    assert length_problems(split_title("t" * 90 + "##text", "tiktok", "image"), 2200) == []
    long = split_title("🪵" * 1100 + "x", "instagram", "video")
    assert length_problems(long, 2200) == ["has 2201 characters, the app takes 2200; shorten it"]
    assert length_problems(long, 2201) == []


@pytest.mark.parametrize(
    ("caption", "most", "kept", "dropped"),
    [
        ("a #b #c #d", 2, "a #b #c", ["#d"]),
        ("#a text #b more #c end", 2, "#a text #b more end", ["#c"]),
        ("#a#b#c", 1, "#a", ["#b", "#c"]),
        ("#a\n#b\n#c", 2, "#a\n#b", ["#c"]),
        ("C# and #x", 1, "C# and", ["#x"]),
        ("#größe #日本", 1, "#größe", ["#日本"]),
        ("none", 0, "none", []),
    ],
)
def test_R63_surplus_hashtags_can_be_left_out(caption: str, most: int, kept: str, dropped: list[str]) -> None:
    split = split_title(caption, "tiktok", "video")
    trimmed, gone = trim_hashtags(split, most)
    assert (trimmed.description, gone) == (kept, dropped)
    assert count_hashes(trimmed) == min(most, count_hashes(split))


def test_R63_hashtags_of_the_title_count_first() -> None:
    trimmed, gone = trim_hashtags(split_title("t #a ## #b #c", "tiktok", "image"), 2)
    assert (trimmed.title, trimmed.description, gone) == ("t #a", "#b", ["#c"])
