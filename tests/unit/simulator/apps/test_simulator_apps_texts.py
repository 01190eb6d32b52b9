"""What is known of the apps' words: a German or French text that no recording shows is marked as a guess."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.android import system_views
from simulator.android.locales import GUESS, spoken
from simulator.apps.instagram.texts import TEXTS as INSTAGRAM
from simulator.apps.kit import sheets
from simulator.apps.tiktok.texts import TEXTS as TIKTOK

Texts = Mapping[str, tuple[str, str, str]]

#: Each table with the keys whose French somebody has recorded.
TABLES: list[tuple[Texts, set[str]]] = [
    (
        TIKTOK,
        {
            "create", "add_sound", "use_sound", "add_to_story", "share_sound", "search", "posts_count", "video_word",
            "description", "post", "drafts", "preview", "hashtags_button", "publish_now",
        },
    ),
    (INSTAGRAM, {"create", "create_new", "ok", "your_story"}),
    (sheets.WORDS, set()),
    (system_views.TEXTS, {"ask", "once", "deny", "foreground"}),
    (system_views.WHAT, {"CAMERA"}),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "recorded"), TABLES)
def test_what_nobody_recorded_is_marked_as_a_guess(texts: Texts, recorded: set[str]) -> None:
    assert not [key for key, (english, _, _) in texts.items() if english.startswith(GUESS)]
    assert not [key for key, (_, german, _) in texts.items() if not german.startswith(GUESS)]
    assert {key for key, (_, _, french) in texts.items() if not french.startswith(GUESS)} == recorded


def test_the_mark_is_never_shown() -> None:
    for texts, _ in TABLES:
        for key, text in texts.items():
            assert not [
                language for language in ("en", "de", "fr", "id") if GUESS in spoken(text, language)
            ], key
