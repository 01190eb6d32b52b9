"""The screens files are whole, say where each text was seen, and are refused when they contradict themselves."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import jobs.post
from jobs.post.screens.labels import Label, normalise
from jobs.post.screens.screens_file import BUILT_IN, SHIPPED, Rule, ScreensInvalid
from tests.support.vocabularies import load

CODE = Path(jobs.post.__file__).parent
OVERLAY = """
[words]
next = [{ en = "Go on", seen = "49" }]
[elements]
editor_next = [{ desc = "Forward", seen = "49" }]
[screens.home]
kind = "path"
layer = 21
all = ["create_button", "home_tab"]
next = ["create_button"]
"""


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_the_shipped_files_are_valid(platform: str) -> None:
    vocabulary = load(platform)
    assert vocabulary.platform == platform
    assert vocabulary.packages
    assert {screen.kind for _, screen in vocabulary.screens} >= {
        "path",
        "interruption",
        "human",
        "progress",
        "success",
        "failure",
    }


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda p: p.name)
def test_every_text_rule_and_screen_says_where_it_was_seen(file: Path) -> None:
    data = tomllib.loads(file.read_text("utf-8"))
    for name, entries in data["words"].items():
        assert all(entry.get("seen") for entry in entries), f"word {name}"
    for name, rules in data["elements"].items():
        assert all(rule.get("seen") for rule in rules), f"element {name}"
    for name, screen in data["screens"].items():
        assert screen.get("seen"), f"screen {name}"


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda p: p.name)
def test_every_word_is_known_in_english_and_no_word_of_another_language_is_a_guess(file: Path) -> None:
    for name, entries in tomllib.loads(file.read_text("utf-8"))["words"].items():
        assert {"en", "any"} & {language for entry in entries for language in entry}, name
        for entry in entries:
            other = entry.keys() - {"en", "any", "seen"}
            assert not other or "unseen" not in entry["seen"], f"{name}: {sorted(other)}"


def names_used(platform: str) -> set[str]:
    """Element names that the platform's code asks for by literal."""
    other = "instagram" if platform == "tiktok" else "tiktok"
    asked = {"has", "find", "need", "press", "scroll_to", "find_all", "scroll_up_to"}
    found = set()
    for file in CODE.glob("*.py"):
        shared = not file.name.startswith(("tiktok", "instagram"))
        if file.name.startswith(other) or (shared and file.name == "picking.py" and platform == "instagram"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in asked:
                found |= {
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    return found


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_every_element_that_the_code_asks_for_exists(platform: str) -> None:
    known = set(load(platform).elements) | BUILT_IN
    missing = {n for n in names_used(platform) if n not in known and " " not in n}
    assert missing <= {"back", "enter"}  # keys, not elements


def test_an_overlay_adds_words_goes_before_rules_and_replaces_screens(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text(OVERLAY)
    vocabulary = load("tiktok", str(tmp_path))
    assert vocabulary.words["next"].matches("Go on")
    assert vocabulary.words["next"].matches("Next")
    assert vocabulary.elements["editor_next"][0] == Rule(desc="Forward", seen="49")
    assert len(vocabulary.elements["editor_next"]) > 1
    assert vocabulary.screen("home").layer == 21


def test_a_file_that_notepad_saved_with_its_mark_is_read(tmp_path: Path) -> None:
    text = '\ufeff[screens.not_now]\nkind = "interruption"\nlayer = 1\noff = true\n'
    (tmp_path / "tiktok.toml").write_text(text, "utf-8")
    assert "not_now" not in dict(load("tiktok", str(tmp_path)).screens)


def test_an_overlay_can_switch_a_screen_off(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text('[screens.not_now]\nkind = "interruption"\nlayer = 1\noff = true\n')
    assert "not_now" not in dict(load("tiktok", str(tmp_path)).screens)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[words", "line 1: is not valid TOML: the bracket of a section is not closed"),
        ('[elements]\nx = [{ txet = "a" }]', "txet"),
        ('[elements]\nx = [{ text = "@nothing" }]', "unknown word '@nothing'"),
        ('[elements]\nx = [{ text = "a", right_of = "y" }]', "unknown element 'y'"),
        ('[elements]\nx = [{ seen = "43" }]', "says nothing about the node"),
        ("[elements]\nx = []", "has no rule"),
        ('[screens.x]\nkind = "path"\nlayer = 1\nall = ["nothing"]', "unknown element 'nothing'"),
        ('[screens.x]\nkind = "path"\nlayer = 1', "would fit everything"),
        ('[screens.x]\nkind = "human"\nlayer = 1\nall = ["create_button"]', "needs `error`"),
        ('[screens.x]\nkind = "wrong"\nlayer = 1', "kind"),
        ('[elements]\nx = [{ above = "y" }]\ny = [{ below = "x" }]', "explained by itself"),
        ('[words]\nx = [{ en = "/(/" }]', "does not compile"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_the_reason(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "tiktok.toml").write_text(text)
    with pytest.raises(ScreensInvalid, match=r"tiktok\.toml") as refused:
        load("tiktok", str(tmp_path))
    assert complaint in str(refused.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text('[elements]\nx = [{ text = "@no" }]\ny = [{ text = "@never" }]')
    with pytest.raises(ScreensInvalid) as refused:
        load("tiktok", str(tmp_path))
    assert len(refused.value.problems) == 2


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreensInvalid, match="is not a folder"):
        load("tiktok", str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Don\u2019t allow", "don't allow"),
        ("Add\u00a0sound", "ADD SOUND"),
        ("Write a caption\u2026", "Write a caption..."),
        ("  Next \u200f", "next"),
        ("Schlie\u00dfen", "SCHLIESSEN"),
    ],
)
def test_texts_are_compared_in_a_plain_form(one: str, two: str) -> None:
    assert normalise(one) == normalise(two)


def test_an_empty_label_matches_no_word() -> None:
    assert not Label("any", [""], [".*"]).matches("")


def test_a_whole_text_does_not_match_a_part() -> None:
    assert not Label("next", ["Next"]).matches("Next week")


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_only_languages_with_every_stop_word_are_called_covered(platform: str) -> None:
    assert load(platform).covered == ("en",)


def test_a_language_without_its_stop_words_cannot_be_called_covered(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text('covered = ["es"]\n')
    with pytest.raises(ScreensInvalid, match=r"covered: 'es' has no .*login"):
        load("tiktok", str(tmp_path))


def test_whoever_touches_something_knows_no_words_of_other_languages() -> None:
    """Guessed words led to Post on a Spanish phone, where no word for a refusal was known."""
    reads, acts = load("tiktok"), load("tiktok", covered_only=True)
    assert reads.words["post"].matches("Publier"), "from a recording"
    for text in ("Publicar", "Posten", "Publier"):
        assert not acts.words["post"].matches(text)
    assert acts.words["post"].matches("Post")
    assert acts.words["next_counted"].matches("Next (3)")


def test_an_operator_s_complete_words_make_a_language_covered(tmp_path: Path) -> None:
    shipped = tomllib.loads((SHIPPED / "tiktok.toml").read_text("utf-8"))
    names = {*shipped["words"], *tomllib.loads((SHIPPED / "android.toml").read_text("utf-8"))["words"]}
    lines = [f'{name} = [{{ nl = "{name} (nl)", seen = "mine" }}]' for name in sorted(names)]
    (tmp_path / "tiktok.toml").write_text('covered = ["nl"]\n[words]\n' + "\n".join(lines) + "\n")
    acts = load("tiktok", str(tmp_path), covered_only=True)
    assert acts.covered == ("en", "nl")
    assert acts.words["post"].matches("post (nl)")
