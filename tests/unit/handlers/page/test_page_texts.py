"""The console's words: each that a script asks for is there, in both languages, with the same places to fill in."""

from __future__ import annotations

import json
import re
from typing import get_args

from handlers.page.static_files import FOLDER
from jobs.upkeep.need import Kind
from storage.error_codes import ErrorCode
from storage.records import Waiting

TEXTS: dict[str, dict[str, dict[str, str]]] = json.loads((FOLDER / "texts.json").read_text("utf-8"))
LANGUAGES = ("en", "de")
_ASKED = re.compile(r"""\bt\(\s*"([a-z_]+\.[A-Za-z_]+)\"""")
_PLACE = re.compile(r"\{(\w+)\}")


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    wrong = []
    for section, texts in TEXTS.items():
        for key, text in texts.items():
            places = {language: set(_PLACE.findall(text.get(language, ""))) for language in LANGUAGES}
            if not all(text.get(language) for language in LANGUAGES) or places["en"] != places["de"]:
                wrong.append(f"{section}.{key}: {text}")
    assert wrong == []


def test_every_text_that_a_script_asks_for_by_name_is_there() -> None:
    missing = set()
    for path in FOLDER.rglob("*.js"):
        for asked in _ASKED.findall(path.read_text("utf-8")):
            section, key = asked.split(".")
            texts = TEXTS.get(section, {})
            if key not in texts and f"{key}_other" not in texts:
                missing.add(f"{path.name}: {asked}")
    assert missing == set()


def test_readers_of_another_language_get_the_meaning_of_every_error_code() -> None:
    assert set(TEXTS["codes"]) == {code.value for code in ErrorCode}


def test_each_reason_to_wait_and_each_kind_of_matter_has_a_name() -> None:
    assert {why for why in Waiting if f"waits_{why}" not in TEXTS["tasks"]} == set()
    assert {kind for kind in get_args(Kind) if kind not in TEXTS["needs"]} == set()
