"""Hostile and harmless operators' files: the hostile are refused with a sentence, the harmless are laid over."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.post.screens.screens_file import ScreensInvalid
from tests.support.vocabularies import load

SCREEN = '[screens.x]\nkind = "interruption"\nlayer = 86\n'
#: What is wrong with a file for TikTok, the file, and part of what is said about it.
HOSTILE = {
    "an interruption closed by any clickable": (
        (
            f'[elements]\nx_text = [{{ text = "Try it", place = "dialog" }}]\nx_any = [{{ clickable = true }}]\n{SCREEN}'
            'all = ["x_text"]\nnext = ["x_any"]\n'
        ),
        "matches nearly everything",
    ),
    "a next that reads Post": ('[words]\nnext = [{ en = "Post" }]\n', "what a publishing button reads"),
    "a Got it that reads Share to": ('[words]\ngot_it = [{ en = "Share to TikTok" }]\n', "may publish"),
    "a Close that reads everything": ('[words]\nclose = [{ en = "/./" }]\n', "reads nearly everything"),
    "a pattern that reads Post": (
        '[words]\nnext = [{ en = "/^p.st$/" }]\n',
        "what a publishing button reads",
    ),
    "a pattern that reads Buy": ('[words]\nnot_now = [{ en = "/^(buy|maybe)$/" }]\n', '"buy"'),
    "a close button that reads Post": (
        (
            f'[elements]\nx_text = [{{ text = "Try it", place = "dialog" }}]\nx_close = [{{ label = "Post" }}]\n{SCREEN}'
            'all = ["x_text"]\nnext = ["x_close"]\n'
        ),
        "what a publishing button reads",
    ),
    "a close button by the word for Post": (
        (
            f'[elements]\nx_text = [{{ text = "Try it", place = "dialog" }}]\nx_close = [{{ label = "@post" }}]\n{SCREEN}'
            'all = ["x_text"]\nnext = ["x_close"]\n'
        ),
        "the word post is what a publishing button reads",
    ),
    "a close button that deletes": (
        (
            f'[elements]\nx_text = [{{ text = "Try it", place = "dialog" }}]\nx_close = [{{ label = "Delete draft" }}]\n{SCREEN}'
            'all = ["x_text"]\nnext = ["x_close"]\n'
        ),
        "may publish, pay or delete",
    ),
    "an interruption that touches the publishing button": (
        f'{SCREEN}all = ["not_now_button"]\nnext = ["post_button"]\n',
        "post_button publishes",
    ),
    "an interruption that touches what is barred elsewhere": (
        f'{SCREEN}all = ["not_now_button"]\nnext = ["drafts_button"]\n',
        "under `never`",
    ),
    "an interruption over every screen": (
        (
            f'[elements]\nx = [{{ class = "FrameLayout", min_size = [0.5, 0.5], zone = [0.4, 0.4, 0.6, 0.6] }}]\n{SCREEN}'
            'all = ["x"]\nnext = ["sheet_close"]\n'
        ),
        "contradicts a known screen",
    ),
    "an interruption above those that stop a post": (
        '[screens.x]\nkind = "interruption"\nlayer = 200\nall = ["not_now_button"]\nnext = ["not_now_button"]\n',
        "its layer must be below 97",
    ),
    "an interruption that is answered after the tap": (
        f'{SCREEN}all = ["not_now_button"]\nnext = ["not_now_button"]\nphase = "after"\n',
        "after the publishing tap",
    ),
    "proof told by the tabs": (
        '[screens.own_post]\nkind = "success"\nlayer = 78\nall = ["create_button"]\n',
        "only the shipped file says how",
    ),
    "a new kind of proof": (
        '[screens.x]\nkind = "success"\nlayer = 79\nall = ["home_tab"]\n',
        "what counts as proof",
    ),
    "proof found by another text": (
        '[elements]\npost_age = [{ text = "Home" }]\n',
        "only the shipped file says by what it is found",
    ),
    "a word of proof": ('[words]\nage_now = [{ en = "Home" }]\n', "only the shipped file says that"),
    "a failure that is none any more": (
        '[screens.upload_failed]\nkind = "failure"\nlayer = 82\noff = true\nerror = "upload_failed"\n',
        "only the shipped file says how",
    ),
    "a ban that is none any more": (
        '[screens.account_blocked]\nkind = "human"\nlayer = 100\noff = true\nerror = "account_blocked"\n',
        "only the shipped file says how",
    ),
    "an editor that may touch the story": (
        '[screens.editor]\nkind = "path"\nlayer = 46\nall = ["editor_next", "your_story"]\nnext = ["your_story"]\n',
        "`never` has no your_story",
    ),
    "a question answered too early": (
        (
            '[screens.publish_publicly]\nkind = "interruption"\nlayer = 89\nall = ["publish_now_button"]\n'
            'next = ["publish_now_button"]\n'
        ),
        "`phase` says when",
    ),
    "a Post button that is the one for drafts": (
        '[elements]\npost_button = [{ text = "Drafts", zone = [0.0, 0.75, 1.0, 1.0] }]\n',
        "post_button is another button",
    ),
    "a Next in the place of Post": (
        "[elements]\nneutral_place = [{ clickable = true, zone = [0.5, 0.8, 1.0, 1.0], max_size = [0.6, 0.1] }]\n",
        "which publishes",
    ),
    "another app's package": ('packages = ["com.android.vending"]\n', "is not a build of tiktok"),
    "a file of another app": ('platform = "instagram"\n', "is laid over that of tiktok"),
    "ids that all begin so": ('[containers]\ndialog_ids = ["_"]\n', "too short"),
    "refusals on pages of people": ('[containers]\npeople = ["login_text"]\n', "tells a refusal"),
    "another button that publishes": ('publishing = ["home_tab"]\n', "only the shipped file says this"),
    "a rule in all apps' windows": (
        (
            '[elements]\nsheet_close = [{ package = "", class = "Button", clickable = true }, { package = [""], clickable = true, '
            "zone = [0.4, 0.4, 0.6, 0.6], max_size = [0.3, 0.1] }]\n"
        ),
        "other apps' windows",
    ),
    "a language without its refusals": ('covered = ["es"]\n', "covered: 'es' has no"),
    "a screen that needs nothing": (f"{SCREEN}cover = true\n", "would fit every sheet"),
    "a screen by people's words": (
        '[elements]\nx = [{ text = "Sad news" }]\n[screens.x]\nkind = "human"\nlayer = 97\nall = ["x"]\nerror = "person_needed"\n',
        "people's texts",
    ),
}
HARMLESS = {
    "a renamed button": '[words]\nnext = [{ en = "Go on", seen = "49.0.1" }]\n',
    "a moved button": (
        '[elements]\nsound_remove = [{ desc = "Remove", zone = [0.3, 0.0, 0.95, 0.2], seen = "49.0.1" }]\n'
    ),
    "a renamed Post": '[words]\npost = [{ en = "Publish", seen = "49.0.1" }]\n',
    "a new refusal": '[words]\nrestricted = [{ en = "You posted too much today", seen = "49.0.1" }]\n',
    "a sheet of its own": (
        '[elements]\nnew_camera_text = [{ text = "Try our new camera", place = "dialog", seen = "49.0.1" }]\n'
        'new_camera_later = [{ label = "Enable later", place = "button", seen = "49.0.1" }]\n'
        '[screens.new_camera]\nkind = "interruption"\nlayer = 86\nall = ["new_camera_text", "new_camera_later"]\n'
        'next = ["new_camera_later"]\nseen = "49.0.1"\n'
    ),
    "a screen for a person": (
        '[elements]\nx = [{ text = "Share your birthday", place = "dialog" }]\n'
        '[screens.x]\nkind = "human"\nlayer = 97\nall = ["x"]\nerror = "person_needed"\nsays = "It asks for a birthday"\n'
    ),
    "a screen of the way switched off": '[screens.not_now]\nkind = "interruption"\nlayer = 85\noff = true\n',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(tmp_path: Path, what: str) -> None:
    text, sentence = HOSTILE[what]
    (tmp_path / "tiktok.toml").write_text(text)
    with pytest.raises(ScreensInvalid) as refused:
        load("tiktok", str(tmp_path))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("what", HARMLESS)
def test_a_correction_is_laid_over(tmp_path: Path, what: str) -> None:
    (tmp_path / "tiktok.toml").write_text(HARMLESS[what])
    vocabulary = load("tiktok", str(tmp_path))
    assert vocabulary.shipped is not None


def test_what_an_operator_adds_says_nothing_of_a_post_that_was_sent(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text(HARMLESS["a sheet of its own"])
    vocabulary = load("tiktok", str(tmp_path))
    assert vocabulary.screen("new_camera").doubtful
    assert not vocabulary.screen("side_prompt").doubtful
