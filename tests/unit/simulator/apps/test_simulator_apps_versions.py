"""Versions and a language that no shipped screens file knows: the buttons work, the words do not, the sheet stays."""

from __future__ import annotations

import pytest
from apps_fake_phone import FakePhone, phone_with
from apps_instagram_steps import creating
from apps_tiktok_steps import at_camera, at_editor, share

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.inspect import inspect_tree
from simulator.android.tree import Window, build, dump_xml
from simulator.apps.instagram import dutch as instagram_dutch
from simulator.apps.instagram import texts as instagram_texts
from simulator.apps.instagram.versions import CHANGES as INSTAGRAM
from simulator.apps.tiktok import dutch as tiktok_dutch
from simulator.apps.tiktok import texts as tiktok_texts
from simulator.apps.tiktok.versions import CHANGES as TIKTOK


def shown(phone: FakePhone) -> dict[str, object]:
    windows = [Window(view, phone.app.package) for view in phone.app.windows()]
    tree: UiTree = parse_xml(dump_xml(build(windows, phone.width, phone.height)))
    return inspect_tree(tree)


def shared(version: str = "", language: str = "en") -> FakePhone:
    phone = phone_with("tiktok", version=version, language=language)
    phone.permissions.update(("android.permission.READ_MEDIA_VIDEO", "android.permission.READ_MEDIA_IMAGES"))
    phone.add("video")
    share(phone, 1)
    return phone


def test_a_renamed_next_leads_on_and_no_shipped_rule_finds_it() -> None:
    phone = shared("48.2.0")
    assert phone.app.screen == "editor"
    assert not phone.has("Next")
    assert not shown(phone)["next"]
    phone.tap("Go on")
    assert phone.app.screen == "post"


def test_the_picker_and_the_plus_are_renamed_too() -> None:
    phone = phone_with("tiktok", version="48.5.1")
    phone.add("video")
    phone.app.launch()
    phone.run()
    assert not phone.has("Create")
    phone.tap("Make a post")
    phone.tap(rid=gallery(phone))
    assert phone.has("Go on", cls="Button")


def gallery(phone: FakePhone) -> str:
    """The id of the thumbnail at the lower left: made up in this version."""
    return next(v.rid for v in phone.nodes() if v.bounds == (0, 2081, 210, 2239))


def test_the_promotion_stays_until_its_own_button_is_touched() -> None:
    phone = shared("48.8.3")
    assert phone.app.screen == "promotion"
    assert shown(phone)["screen"] == "some_sheet"
    assert not shown(phone)["next"], "a shipped rule knows how to close it"
    phone.back()
    assert phone.app.screen == "promotion"
    phone.tap("Another day")
    assert phone.app.screen == "editor"
    assert not phone.at_launcher
    phone.back()
    phone.tap("Discard")
    share(phone, 1)
    assert phone.app.screen == "promotion", "it comes each time"


def test_the_promotions_large_button_leaves_the_app() -> None:
    phone = shared("49.0.2")
    phone.tap("Join the fun")
    assert phone.at_launcher
    assert phone.posts == []


def test_other_versions_show_what_they_always_showed() -> None:
    phone = at_editor()
    assert phone.app.screen == "editor"
    assert phone.has("Next")
    assert at_camera(version="43.1.4").app.screen == "camera"


def test_instagrams_next_has_another_name_and_another_id() -> None:
    phone = creating("reel", version="460.0.0.31.74")
    phone.tap("Unselected .*")
    assert phone.app.screen == "editor"
    assert not phone.has(rid="clips_right_action_button")
    assert not shown(phone)["next"]
    phone.tap("Forward", cls="Button")
    assert phone.app.screen == "share"


def test_the_way_of_a_video_can_be_gone_in_dutch() -> None:
    phone = shared(language="nl")
    phone.tap("Volgende")
    assert phone.app.screen == "post"
    assert phone.has("Beschrijving toevoegen…")
    assert phone.has("Concepten")
    assert not shown(phone)["next"]
    phone.tap("Plaatsen")
    assert [post.kind for post in phone.posts] == ["video"]


@pytest.mark.parametrize(
    ("dutch", "texts"),
    [(tiktok_dutch.DUTCH, tiktok_texts.TEXTS), (instagram_dutch.DUTCH, instagram_texts.TEXTS)],
)
def test_dutch_words_are_of_texts_that_exist_and_are_not_english(
    dutch: dict[str, str], texts: dict[str, tuple[str, str, str]]
) -> None:
    assert set(dutch) <= set(texts)
    assert [key for key, word in dutch.items() if word == texts[key][0]] == []
    assert all(word.count("{}") == texts[key][0].count("{}") for key, word in dutch.items())


@pytest.mark.parametrize(
    ("changes", "texts"), [(TIKTOK, tiktok_texts.TEXTS), (INSTAGRAM, instagram_texts.TEXTS)]
)
def test_a_version_renames_words_that_exist(changes: dict, texts: dict) -> None:
    for change in changes.values():
        assert change.says
        assert set(change.words) <= set(texts)
