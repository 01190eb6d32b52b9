"""The simulated screens against the recorded ones: every node that can be read or tapped has its twin."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from apps_fake_phone import FakePhone, phone_with, walk
from lxml import etree

from simulator.apps.base import View

_HERE = Path(__file__).resolve().parents[4]
DUMPS = Path(os.environ.get("TIKMATRIXD_UI_DUMPS", _HERE.parent / "shared" / "ui-dumps"))

pytestmark = pytest.mark.skipif(not DUMPS.is_dir(), reason="no recorded screens here")


class Seen(NamedTuple):
    """A recorded node. `cls` is "" where the recording has none."""

    cls: str
    rid: str
    words: str
    clickable: bool
    bounds: tuple[int, int, int, int]


def recorded(name: str) -> list[Seen]:
    path = DUMPS / name
    if path.suffix == ".xml":
        nodes = [
            (element.get("class", ""), element.get("resource-id", ""), element.get("text", ""),
             element.get("content-desc", ""), element.get("clickable") == "true", element.get("bounds", ""))
            for element in etree.parse(path).iter("node")
        ]  # fmt: skip
    else:
        entries = json.loads(path.read_text("utf-8"))["elements"]
        nodes = [("", e["id"], e["text"], e["desc"], e["clickable"], e["bounds"]) for e in entries]
    return [
        Seen(cls, rid.rpartition("/")[2], plain(text or desc), clickable, tuple(map(int, re.findall(r"-?\d+", bounds))))  # type: ignore[arg-type]
        for cls, rid, text, desc, clickable, bounds in nodes
        if text or desc or clickable
    ]  # fmt: skip


#: Words that change from phone to phone, brought to one form on both sides.
_CHANGING = [
    (r"@21\d+|@0+|  *\Z", ""),
    (r"user_self|user_\d+|demo_01|Demo One", "U"),
    (r"Sample (?:text|track|title|caption|topic|product)[^•]*|Place \d", "S"),
    (r"\b[A-Z][a-z]+ \d+, 2\d{3} \d+:\d\d [AP]M", "DATE"),
    (r"Posted! .*", "Posted!"),
    (r"\d[\d.,:]*[KM]?", "N"),
    (r"is unavailable|null\. Double.*", ""),
]


def plain(words: str) -> str:
    for pattern, instead in _CHANGING:
        words = re.sub(pattern, instead, words)
    return words.strip()


def matches(node: Seen, view: View) -> bool:
    """Words that the recording masks ("name_7") stand for any word."""
    if (
        (node.cls and node.cls != view.cls)
        or node.rid != view.rid.rpartition("/")[2]
        or node.clickable != view.clickable
    ):
        return False
    pattern = re.sub(r"name_N", r".*", re.escape(node.words))
    return re.fullmatch(pattern, plain(view.text or view.desc)) is not None


def twins(seen: list[Seen], views: list[View], ignore: str) -> list[Seen]:
    """The recorded nodes without a twin."""
    return [
        node
        for node in seen
        if not re.fullmatch(ignore, f"{node.rid}|{node.words}")
        and not any(matches(node, view) for view in views)
    ]


def app(platform: str, *taps: str, **options: object) -> FakePhone:
    phone = phone_with(platform, **options)  # type: ignore[arg-type]
    for _ in range(13):
        phone.add("image" if len(phone.rows) == 11 else "video")
    phone.app.launch()
    phone.run()
    for label in taps:
        rid, _, words = label.rpartition("=")
        phone.tap(words, rid=rid) if rid else phone.tap(words)
    return phone


def tiktok_photo() -> FakePhone:
    phone = app("tiktok", state={"select_multiple": False})
    for _ in range(3):
        phone.add("image")
    for step in ("Create", "ymg=", "Photos", "jh7=", "Next"):
        rid, _, words = step.rpartition("=")
        phone.tap(words, rid=rid)
    return phone


def cover(platform: str, name: str) -> FakePhone:
    phone = app(platform)
    phone.faults.append(("popup", name))
    phone.app.windows()
    return phone


def human(platform: str, name: str) -> FakePhone:
    phone = app(platform)
    phone.faults.append((name, ""))
    phone.app.windows()
    return phone


def tiktok_blocked() -> FakePhone:
    phone = tiktok_photo()
    phone.tap("Next")
    phone.faults.append(("account-blocked", ""))
    phone.tap("Post")
    return phone


def tiktok_photo_post(*, typing: bool = False) -> FakePhone:
    phone = tiktok_photo()
    phone.tap("Next")
    if typing:
        phone.write(phone.find(rid="g1c"), "Sample title #sample")
    return phone


def no_sound() -> FakePhone:
    phone = tiktok_photo()
    phone.tap(rid="d81")
    return phone


def landed(times: int) -> FakePhone:
    phone = app("tiktok")
    for _ in range(times):
        for step in ("Create", "ymg=", "jh7=", "Next", "Next", "Post"):
            rid, _, words = step.rpartition("=")
            phone.tap(words, rid=rid)
    return phone


def upload_badge() -> FakePhone:
    phone = app("tiktok", version="46.6.3")
    for label in ("Create",):
        phone.tap(label)
    phone.tap_at(100, 2160)
    phone.tap_at(300, 430)
    for label in ("Next", "Next", "Post"):
        phone.tap(label)
    phone.app.windows()
    return phone


def french_sound_page() -> FakePhone:
    phone = phone_with("tiktok", language="fr")
    phone.app.intent("android.intent.action.VIEW", component="", data="https://www.tiktok.com/music/Son-d-essai-1", mime="",
                     extras={}, flags=0)  # fmt: skip
    phone.run()
    return phone


def french_post_screen() -> FakePhone:
    phone = app("tiktok", "Créer", version="47.0.3", language="fr")
    phone.tap(rid="upload_hot_area")
    phone.tap(rid="l34")
    phone.tap("Suivant")
    phone.tap("Suivant")
    return phone


def instagram_share(caption: str = "", *, editing: bool = False) -> FakePhone:
    phone = app("instagram", "Profile", "Create New", "Create new reel")
    phone.tap("Unselected.*")
    phone.tap("Next")
    if caption:
        phone.write(phone.find(rid="caption_input_text_view"), caption)
        phone.tap("OK")
    if editing:
        phone.tap(rid="caption_input_text_view")
    return phone


def instagram_posted(looks: int, times: int = 1) -> FakePhone:
    phone = app("instagram")
    for _ in range(times):
        for step in ("Profile", "Create New", "Create new reel", "Unselected.*", "Next", "share_button="):
            rid, _, words = step.rpartition("=")
            phone.tap(words, rid=rid)
        if times > 1:
            phone.watch()
            times = 1
    phone.watch(looks)
    return phone


def reels_tab(looks: int) -> FakePhone:
    phone = instagram_posted(12)
    for step in ("Profile", "Create New", "Create new reel", "Unselected.*", "Next", "share_button="):
        rid, _, words = step.rpartition("=")
        phone.tap(words, rid=rid)
    phone.watch(looks)
    return phone


def failed_upload() -> FakePhone:
    phone = app("instagram")
    phone.faults.append(("upload-fail", ""))
    for step in ("Profile", "Create New", "Create new reel", "Unselected.*", "Next", "share_button="):
        rid, _, words = step.rpartition("=")
        phone.tap(words, rid=rid)
    phone.watch()
    return phone


def feed_picker() -> FakePhone:
    phone = app("instagram", "Profile", "Create New", "Create new post")
    phone.run()
    return phone


def audio_page() -> FakePhone:
    phone = phone_with("instagram")
    phone.app.intent("android.intent.action.VIEW", component="", data="https://www.instagram.com/reels/audio/12/", mime="",
                     extras={}, flags=0)  # fmt: skip
    phone.run()
    return phone


def story_editor() -> FakePhone:
    phone = app("instagram", "Profile", "Create New", "Create new story")
    phone.tap("Unselected.*")
    return phone


def story_sheet() -> FakePhone:
    phone = story_editor()
    phone.tap("Share to")
    return phone


def camera_first() -> FakePhone:
    phone = app("instagram", "Profile", "Create New")
    phone.faults.append(("opens-camera", ""))
    phone.tap("Create new reel")
    return phone


def limited_reach() -> FakePhone:
    phone = instagram_share()
    phone.rows[-1].duration_ms = 200_000
    phone.tap(rid="share_button")
    return phone


#: file -> how to get there, and what of the recording is left out (as "id|words").
SCREENS: dict[str, tuple[Callable[[], FakePhone], str]] = {
    "tiktok/tt43_en_home_feed_video.xml": (lambda: app("tiktok"), ""),
    "tiktok/tt43_en_camera.xml": (lambda: app("tiktok", "Create"), ""),
    "tiktok/tt43_en_gallery_over_camera.xml": (
        lambda: app("tiktok", "Create", "ymg=", state={"select_multiple": True}), ""),
    "tiktok/tt43_en_editor_photo_with_sound.xml": (tiktok_photo, r"ycm\|S"),
    "tiktok/tt43_en_editor_photo_add_sound.json": (no_sound, ""),
    "tiktok/tt43_en_photo_post_screen.xml": (tiktok_photo_post, ""),
    "tiktok/tt43_en_photo_post_title_focused.json": (lambda: tiktok_photo_post(typing=True), ""),
    "tiktok/tt43_en_account_blocked_dialog.json": (tiktok_blocked, ""),
    "tiktok/tt43_en_contacts_dialog.xml": (lambda: cover("tiktok", "contacts"), ""),
    "tiktok/tt43_en_create_tab_templates.xml": (lambda: app("tiktok", "Create", "CREATE"), ""),
    "tiktok/tt43_en_friends_tab_after_post.json": (lambda: landed(1), ""),
    "tiktok/tt43_en_own_post_just_published.json": (lambda: landed(2), ""),
    "tiktok/tt43_en_launcher_widget_prompt.json": (lambda: cover("tiktok", "widget"), ""),
    "tiktok/tt43_en_turn_on_notifications_sheet.json": (lambda: cover("tiktok", "notifications"), ""),
    "tiktok/tt43_fr_sound_page_excerpt.xml": (french_sound_page, ""),
    "tiktok/tt46_en_upload_badge_excerpt.xml": (upload_badge, ""),
    "tiktok/tt47_fr_video_post_screen_excerpt.xml": (french_post_screen, r"(yvj|la0)\|.*"),
    "instagram/ig_en_account_disabled.xml": (lambda: human("instagram", "account-blocked"), ""),
    "instagram/ig_en_audio_page_use_audio.json": (audio_page, r"title\|U"),
    "instagram/ig_en_camera.json": (camera_first, ""),
    "instagram/ig_en_feed_posted.xml": (
        lambda: instagram_posted(4), r"(outer_container|avatar_image_view|row_feed_profile_header)\|.*|\|"),
    "instagram/ig_en_feed_upload_pending.xml": (lambda: instagram_posted(2), ""),
    "instagram/ig_en_feed_video_cant_be_posted.xml": (failed_upload, r"row_feed.*|\|(User avatars)?"),
    "instagram/ig_en_gallery_add_to_story.xml": (
        lambda: app("instagram", "Profile", "Create New", "Create new story"), ""),
    "instagram/ig_en_gallery_new_post.xml": (feed_picker, ""),
    "instagram/ig_en_gallery_new_reel.xml": (
        lambda: app("instagram", "Profile", "Create New", "Create new reel"), ""),
    "instagram/ig_en_limited_reach_dialog.json": (limited_reach, ""),
    "instagram/ig_en_logged_out_dialog.json": (lambda: human("instagram", "logged-out"), ""),
    "instagram/ig_en_login_screen.json": (lambda: human("instagram", "login"), ""),
    "instagram/ig_en_navigation_nux.json": (lambda: cover("instagram", "navigation"), ""),
    "instagram/ig_en_own_profile.xml": (lambda: app("instagram", "Profile"), ""),
    "instagram/ig_en_profile_create_sheet.xml": (lambda: app("instagram", "Profile", "Create New"), ""),
    "instagram/ig_en_rate_dialog.xml": (lambda: cover("instagram", "rate"), ""),
    "instagram/ig_en_reel_editor.xml": (
        lambda: app("instagram", "Profile", "Create New", "Create new reel", "Unselected.*"), ""),
    "instagram/ig_en_reels_tab_done_posting.xml": (lambda: reels_tab(4), r"clips_video_container\|.*"),
    "instagram/ig_en_reels_tab_sharing.xml": (lambda: reels_tab(2), r"\|This reel .*"),
    "instagram/ig_en_share_reel_caption_editing_ok.xml": (lambda: instagram_share(editing=True), ""),
    "instagram/ig_en_share_reel_caption_empty.xml": (instagram_share, ""),
    "instagram/ig_en_share_reel_caption_filled.xml": (
        lambda: instagram_share("Sample caption text #sample #tags"), ""),
    "instagram/ig_en_sticker_nux.json": (lambda: cover("instagram", "sticker"), ""),
    "instagram/ig_en_stories_archive_nux.json": (lambda: cover("instagram", "archive"), ""),
    "instagram/ig_en_story_editor.json": (story_editor, ""),
    "instagram/ig_en_story_share_sheet.json": (story_sheet, ""),
    "instagram/ig_en_upload_your_id.json": (lambda: human("instagram", "upload-id"), r"(?s)\|We need.*"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_every_readable_or_tappable_node_of_a_recorded_screen_has_its_twin(name: str) -> None:
    go, ignore = SCREENS[name]
    missing = twins(recorded(name), list(walk(go().app.windows())), ignore)
    assert not missing, "\n".join(map(str, missing))
