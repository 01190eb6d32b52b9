"""Every recorded screen is named, its next element is right, and nothing dangerous is ever next."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from jobs.phone.screen.tree import TreeUnreadable, parse_xml
from jobs.post.screens.inspect import flat_tree, inspect_file, inspect_tree, read_tree
from tests.support import eyes

DUMPS = Path(os.environ.get("TIKMATRIXD_UI_DUMPS") or Path(__file__).parents[6] / "shared" / "ui-dumps")
needs_dumps = pytest.mark.skipif(not DUMPS.is_dir(), reason="no recorded screens here")

# file, screen, kind, bounds of the element that the flow would touch (None: it waits or stops)
TABLE: list[tuple[str, str, str, list[int] | None]] = [
    ("tiktok/tt43_en_account_blocked_dialog.json", "account_blocked", "human", None),
    ("tiktok/tt43_en_camera.xml", "camera", "path", [0, 2081, 210, 2239]),
    ("tiktok/tt43_en_contacts_dialog.xml", "contacts_dialog", "interruption", [172, 1348, 539, 1473]),
    ("tiktok/tt43_en_create_tab_templates.xml", "templates", "path", [271, 2115, 437, 2233]),
    ("tiktok/tt43_en_editor_photo_add_sound.json", "editor", "path", [753, 2154, 840, 2207]),
    ("tiktok/tt43_en_editor_photo_with_sound.xml", "editor", "path", [753, 2154, 840, 2207]),
    ("tiktok/tt43_en_friends_tab_after_post.json", "home", "path", [432, 2208, 648, 2337]),
    ("tiktok/tt43_en_gallery_over_camera.xml", "picker", "path", [280, 401, 343, 464]),
    ("tiktok/tt43_en_home_feed_video.xml", "home", "path", [432, 2208, 648, 2337]),
    ("tiktok/tt43_en_launcher_widget_prompt.json", "launcher_widget_prompt", "interruption", [382, 2190, 613, 2316]),
    ("tiktok/tt43_en_own_post_just_published.json", "own_post", "success", None),
    ("tiktok/tt43_en_permission_audio.json", "permission", "interruption", [133, 1212, 947, 1317]),
    ("tiktok/tt43_en_photo_post_screen.xml", "post_screen", "path", [42, 584, 1038, 637]),
    ("tiktok/tt43_en_photo_post_title_focused.json", "post_screen", "path", [42, 524, 1038, 1059]),
    ("tiktok/tt43_en_turn_on_notifications_sheet.json", "turn_on_notifications", "interruption", [84, 2136, 529, 2252]),
    ("tiktok/tt43_fr_sound_page_excerpt.xml", "sound_page", "path", [700, 1874, 969, 2044]),
    ("tiktok/tt46_en_upload_badge_excerpt.xml", "uploading", "progress", None),
    ("tiktok/tt47_fr_video_post_screen_excerpt.xml", "post_screen", "path", [42, 270, 673, 677]),
    ("instagram/ig_en_account_disabled.xml", "account_disabled", "human", None),
    ("instagram/ig_en_audio_page_use_audio.json", "audio_page", "path", [26, 355, 694, 407]),
    ("instagram/ig_en_camera.json", "camera", "path", [0, 1243, 111, 1344]),
    ("instagram/ig_en_feed_posted.xml", "posted", "success", None),
    ("instagram/ig_en_feed_upload_pending.xml", "uploading", "progress", None),
    ("instagram/ig_en_feed_video_cant_be_posted.xml", "upload_failed", "failure", None),
    ("instagram/ig_en_gallery_add_to_story.xml", "picker_story", "path", [242, 350, 478, 769]),
    ("instagram/ig_en_gallery_new_post.xml", "picker_post", "path", [626, 0, 720, 91]),
    ("instagram/ig_en_gallery_new_reel.xml", "picker_reel", "path", [242, 274, 478, 693]),
    ("instagram/ig_en_limited_reach_dialog.json", "limited_reach", "interruption", [172, 748, 548, 828]),
    ("instagram/ig_en_logged_out_dialog.json", "logged_out", "human", None),
    ("instagram/ig_en_login_screen.json", "login", "human", None),
    ("instagram/ig_en_navigation_nux.json", "nux", "interruption", [118, 1225, 601, 1297]),
    ("instagram/ig_en_own_profile.xml", "own_profile", "path", [0, 39, 79, 130]),
    ("instagram/ig_en_permission_camera.json", "permission", "interruption", [133, 1212, 947, 1317]),
    ("instagram/ig_en_permission_photos_android14plus.json", "permission", "interruption", [133, 1328, 947, 1433]),
    ("instagram/ig_en_profile_create_sheet.xml", "create_sheet", "path", [0, 640, 720, 728]),
    ("instagram/ig_en_rate_dialog.xml", "rate_dialog", "interruption", [99, 848, 621, 926]),
    ("instagram/ig_en_reel_editor.xml", "reel_editor", "path", [579, 1292, 700, 1362]),
    ("instagram/ig_en_reels_tab_done_posting.xml", "posted", "success", None),
    ("instagram/ig_en_reels_tab_sharing.xml", "uploading", "progress", None),
    ("instagram/ig_en_share_reel_caption_editing_ok.xml", "caption_editor", "path", [634, 52, 707, 130]),
    ("instagram/ig_en_share_reel_caption_empty.xml", "share_screen", "path", [26, 637, 694, 715]),
    ("instagram/ig_en_share_reel_caption_filled.xml", "share_screen", "path", [373, 1257, 694, 1329]),
    ("instagram/ig_en_sticker_nux.json", "side_prompt", "interruption", [181, 965, 539, 1043]),
    ("instagram/ig_en_stories_archive_nux.json", "nux", "interruption", [181, 889, 539, 967]),
    ("instagram/ig_en_story_editor.json", "story_editor", "path", [20, 1271, 316, 1342]),
    ("instagram/ig_en_story_share_sheet.json", "story_share_sheet", "path", [26, 1259, 694, 1331]),
    ("instagram/ig_en_upload_your_id.json", "identity_check", "human", None),
]  # fmt: skip

# file, bounds of a neighbour whose tap would do harm
DANGEROUS: list[tuple[str, list[int]]] = [
    ("tiktok/tt43_en_camera.xml", [395, 1752, 684, 2041]),  # the record button
    ("tiktok/tt43_en_gallery_over_camera.xml", [395, 1752, 684, 2041]),
    ("tiktok/tt43_en_editor_photo_with_sound.xml", [32, 2123, 534, 2239]),  # Your Story
    ("tiktok/tt43_en_editor_photo_add_sound.json", [32, 2123, 534, 2239]),
    ("tiktok/tt43_en_photo_post_screen.xml", [32, 2179, 529, 2305]),  # Drafts
    ("tiktok/tt47_fr_video_post_screen_excerpt.xml", [32, 2179, 529, 2305]),
    ("tiktok/tt43_fr_sound_page_excerpt.xml", [28, 1873, 546, 2044]),  # Add to Story
    ("tiktok/tt43_en_create_tab_templates.xml", [32, 468, 803, 689]),  # New video
    ("tiktok/tt43_en_contacts_dialog.xml", [540, 1348, 907, 1473]),  # Open settings
    ("tiktok/tt43_en_launcher_widget_prompt.json", [634, 2190, 1051, 2316]),
    ("instagram/ig_en_gallery_new_reel.xml", [3, 274, 239, 693]),  # the camera cell
    ("instagram/ig_en_gallery_add_to_story.xml", [3, 350, 239, 769]),
    ("instagram/ig_en_permission_photos_android14plus.json", [133, 1180, 947, 1285]),  # Allow limited access
    ("instagram/ig_en_feed_video_cant_be_posted.xml", [642, 390, 720, 429]),  # discard
    ("instagram/ig_en_share_reel_caption_filled.xml", [26, 1257, 347, 1329]),  # Save draft
    ("instagram/ig_en_share_reel_caption_empty.xml", [26, 1257, 347, 1329]),
    ("instagram/ig_en_story_editor.json", [325, 1271, 620, 1342]),  # Close Friends
    ("instagram/ig_en_rate_dialog.xml", [99, 692, 621, 770]),
    ("instagram/ig_en_reel_editor.xml", [676, 1126, 720, 1197]),  # Save
]


SIGNS = ("success", "failure", "progress")


def platform(file: str) -> str:
    return file.split("/", maxsplit=1)[0]


@needs_dumps
def test_the_table_names_every_recorded_file() -> None:
    files = {f"{p.parent.name}/{p.name}" for p in DUMPS.glob("*/*") if p.suffix in (".xml", ".json")}
    labelled = {f"{label.file.parent.name}/{label.file.name}" for label in eyes.labels(DUMPS)}
    assert files == {row[0] for row in TABLE} | labelled


@needs_dumps
@pytest.mark.parametrize(("file", "screen", "kind", "bounds"), TABLE, ids=[row[0] for row in TABLE])
def test_a_recorded_screen_is_named_and_its_next_element_is_right(
    file: str, screen: str, kind: str, bounds: list[int] | None
) -> None:
    seen = inspect_file(DUMPS / file)
    assert (seen["platform"], seen["screen"], seen["kind"]) == (platform(file), screen, kind)
    assert (seen["next"] or {}).get("bounds") == bounds
    if bounds:
        assert set(seen["next"]) == {"name", "bounds", "by"}
        assert seen["next"]["by"]
    assert {"name", "bounds", "by"} == set().union(
        *(set(e) for e in seen["elements"]), {"name", "bounds", "by"}
    )


def inside(point: tuple[float, float], bounds: list[int]) -> bool:
    return bounds[0] <= point[0] < bounds[2] and bounds[1] <= point[1] < bounds[3]


@needs_dumps
@pytest.mark.parametrize(("file", "bounds"), DANGEROUS, ids=[f"{f}-{b[0]}" for f, b in DANGEROUS])
def test_a_dangerous_neighbour_is_never_next(file: str, bounds: list[int]) -> None:
    found = inspect_file(DUMPS / file)["next"]
    if found:
        x1, y1, x2, y2 = found["bounds"]
        assert not inside(((x1 + x2) / 2, (y1 + y2) / 2), bounds)


# -- the same screens as other phones and other builds would show them ------------------------------------------


def renamed_ids(text: str, rnd: random.Random) -> str:
    """Another build of the app: its own ids are other letters; Android's stay."""
    names: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        if match[2].startswith(("permission_", "widget_")) or match[2] in ("message", "button1"):
            return match[0]
        return match[1] + names.setdefault(match[2], f"z{rnd.randrange(1 << 24):x}") + match[3]

    if text.lstrip().startswith("<"):
        return re.sub(r'(resource-id="com\.[^":]*:id/)([^"]+)(")', other, text)
    return re.sub(r'("id": ")([^"]+)(")', other, text)


def moved(text: str, rnd: random.Random) -> str:
    """Another screen: scaled, and the status bar a little higher."""
    scale, down = rnd.choice([0.667, 0.75, 1.0, 1.333]), rnd.randint(0, 40)

    def other(match: re.Match[str]) -> str:
        x1, y1, x2, y2 = (int(int(v) * scale) for v in match.groups())
        return f"[{x1},{y1 + down if y1 else 0}][{x2},{y2 + down}]"

    return re.sub(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]", other, text)


def with_system_windows(text: str, rnd: random.Random) -> str:
    """A dump that holds the system's bars and a keyboard as well."""
    if not text.lstrip().startswith("<"):
        return text
    tree = parse_xml(text)
    width, height = tree.size
    bar = (
        '<node text="" resource-id="" class="android.widget.FrameLayout" package="com.android.systemui" content-desc=""'
        ' clickable="false" enabled="true" bounds="{b}">{inner}</node>'
    )
    inner = (
        '<node text="{t}" resource-id="com.android.systemui:id/{i}" class="android.widget.TextView"'
        ' package="com.android.systemui" content-desc="{d}" clickable="true" enabled="true" bounds="{b}"/>'
    )
    top = inner.format(t="66%", i="battery", d="", b="[0,0][60,40]") + inner.format(
        t="Next", i="ticker", d="Your Story", b=f"[100,0][{width},40]"
    )
    bottom = inner.format(t="", i="home", d="Home", b=f"[{width // 3},{height - 60}][{width // 2},{height}]")
    bars = bar.format(b=f"[0,0][{width},60]", inner=top) + bar.format(
        b=f"[0,{height - 60}][{width},{height}]", inner=bottom
    )
    return text.replace("</hierarchy>", bars + "</hierarchy>")


def other_package(text: str, rnd: random.Random) -> str:
    return text.replace("com.zhiliaoapp.musically", "com.ss.android.ugc.trill")


def everything(text: str, rnd: random.Random) -> str:
    return moved(with_system_windows(other_package(renamed_ids(text, rnd), rnd), rnd), rnd)


@needs_dumps
@pytest.mark.parametrize("change", [renamed_ids, moved, with_system_windows, other_package, everything])
@pytest.mark.parametrize(("file", "screen", "kind", "bounds"), TABLE, ids=[row[0] for row in TABLE])
def test_U2_19_another_build_phone_or_package_changes_nothing(
    file: str, screen: str, kind: str, bounds: list[int] | None, change: Any
) -> None:
    text = (DUMPS / file).read_text("utf-8")
    read = (lambda t: (parse_xml(t), "")) if file.endswith(".xml") else flat_tree
    rnd = random.Random(f"{file}{change.__name__}")
    tree, app = read(change(text, rnd))
    seen = inspect_tree(tree, app=app)
    if change in (renamed_ids, everything) and platform(file) == "instagram" and kind in SIGNS:
        # Instagram's indicators count by their ids alone: without these the same words could be anybody's.
        assert seen["kind"] not in SIGNS
        return
    assert (seen["screen"], seen["kind"]) == (screen, kind)
    assert (seen["next"] is None) == (bounds is None)
    # Without its id a button of a dialog may be another one that does the same.
    if bounds and change in (with_system_windows, other_package):
        known, known_app = read(text)
        assert seen["next"]["bounds"] == inspect_tree(known, app=known_app)["next"]["bounds"]


# -- what no recorded screen shows ------------------------------------------------------------------------------


def node(text: str = "", desc: str = "", bounds: str = "[0,0][100,100]", **more: str) -> str:
    attributes = {"text": text, "content-desc": desc, "bounds": bounds, "class": "android.widget.TextView"}
    attributes |= {
        "resource-id": "",
        "package": "com.zhiliaoapp.musically",
        "clickable": "false",
        "enabled": "true",
    }
    attributes |= {k.replace("_", "-"): v for k, v in more.items()}
    return "<node " + " ".join(f'{k}="{v}"' for k, v in attributes.items()) + "/>"


def screen(*nodes: str, package: str = "com.zhiliaoapp.musically") -> dict[str, Any]:
    whole = (
        f'<node bounds="[0,0][1080,2400]" class="android.widget.FrameLayout" package="{package}" text="" />'
    )
    return inspect_tree(parse_xml("<hierarchy>" + whole + "".join(nodes) + "</hierarchy>"))


def test_an_unknown_screen_stays_unknown_and_nothing_is_next() -> None:
    seen = screen(
        node("Something new", bounds="[100,1000][900,1100]"),
        node("Go", bounds="[100,2000][900,2100]", clickable="true"),
    )
    assert (seen["screen"], seen["kind"], seen["next"]) == (None, "unknown", None)
    assert seen["platform"] == "tiktok"


def test_an_empty_tree_is_unknown() -> None:
    seen = inspect_tree(parse_xml("<hierarchy rotation='0'/>"))
    assert (seen["platform"], seen["screen"], seen["kind"], seen["next"]) == (None, None, "unknown", None)


def test_a_browser_that_shows_the_same_words_is_not_the_app() -> None:
    words = [
        node("Next", bounds="[600,2150][900,2210]", package="com.android.chrome"),
        node("Your Story", bounds="[100,2150][400,2210]", package="com.android.chrome"),
    ]
    assert screen(*words, package="com.android.chrome")["kind"] == "unknown"


def test_words_in_a_caption_field_are_not_signs() -> None:
    post = [
        node("Log in to TikTok", bounds="[42,270][700,600]", **{"class": "android.widget.EditText"}, hint="Add description…"),
        node("Drafts", bounds="[32,2179][529,2305]", **{"class": "android.widget.Button"}, clickable="true"),
        node("Post", bounds="[550,2179][1048,2305]", **{"class": "android.widget.Button"}, clickable="true"),
    ]  # fmt: skip
    seen = screen(*post)
    assert (seen["screen"], seen["next"]["name"]) == ("post_screen", "post_button")


def test_a_disabled_post_button_is_not_next() -> None:
    post = [
        node(
            "Hello",
            bounds="[42,270][700,600]",
            **{"class": "android.widget.EditText"},
            hint="Add description…",
        ),
        node("Drafts", bounds="[32,2179][529,2305]", clickable="true"),
        node("Post", bounds="[550,2179][1048,2305]", clickable="true", enabled="false"),
    ]
    assert screen(*post)["next"] is None


def test_U2_11_control_characters_do_not_hide_a_screen() -> None:
    seen = screen(
        node("bell &#8; here", bounds="[0,300][900,400]"),
        node("Next", bounds="[600,2150][900,2210]"),
        node("Your Story", bounds="[100,2150][400,2210]"),
    )
    assert seen["screen"] == "editor"


def test_invisible_nodes_do_not_count() -> None:
    seen = screen(
        node("Next", bounds="[600,2150][900,2210]", visible_to_user="false"),
        node("Your Story", bounds="[100,2150][400,2210]"),
    )
    assert seen["kind"] == "unknown"


def test_your_story_is_not_next_when_next_lies_under_it() -> None:
    seen = screen(
        node("Next", bounds="[600,2150][900,2210]"),
        node("Your Story", bounds="[0,2100][1080,2300]", clickable="true"),
    )
    assert seen["next"] is None


TIKTOK_TABS = [
    node(desc="Home", bounds="[0,2208][216,2337]", clickable="true"),
    node(desc="Create", bounds="[432,2208][648,2337]", clickable="true"),
    node(desc="Profile", bounds="[864,2208][1080,2337]", clickable="true"),
]


@pytest.mark.parametrize("label", ["Photo", "Select", "Upload failed lol"])
def test_what_the_feed_shows_of_others_makes_no_other_screen_of_it(label: str) -> None:
    """Posts of photos carry the camera's word; captions say anything."""
    rid = "com.zhiliaoapp.musically:id/desc"
    seen = screen(*TIKTOK_TABS, node(label, bounds="[40,1880][400,1930]", resource_id=rid))
    assert (seen["screen"], seen["next"]["name"]) == ("home", "create_button")


def test_U2_19_a_ban_on_a_page_of_its_own_needs_a_person() -> None:
    text = "Your account was permanently banned"
    seen = screen(
        node(text, bounds="[100,900][980,1000]"), node("OK", bounds="[300,1400][800,1500]", clickable="true")
    )
    assert (seen["screen"], seen["kind"], seen["next"]) == ("account_banned", "human", None)


def test_a_french_sheet_is_a_sheet() -> None:
    sheet = node(desc="Feuille du bas", bounds="[0,564][1080,2088]").replace("/>", ">", 1)
    close = node(desc="Fermer", bounds="[941,575][1063,697]", clickable="true")
    seen = screen(f"{sheet}{node('Du nouveau', bounds='[88,1122][992,1332]')}{close}</node>")
    assert (seen["screen"], seen["next"]) == ("some_sheet", None)


def ig(text: str = "", rid: str = "", **more: str) -> str:
    return node(text, package="com.instagram.android", resource_id=rid and f"com.instagram.android:id/{rid}", **more)  # fmt: skip


FORM = [
    ig(rid="scroll_view", bounds="[0,130][1080,1850]"),
    ig("Write a caption…", "caption_input_text_view", bounds="[40,900][1040,1000]", **{"class": "android.widget.AutoCompleteTextView"}, hint="Write a caption…"),
    ig(rid="save_draft_button", desc="Save draft", bounds="[44,1912][518,2033]", clickable="true"),
    ig(rid="share_button", desc="Share", bounds="[562,1912][1036,2033]", clickable="true"),
]  # fmt: skip
DIMMER = ig(rid="background_dimmer", bounds="[0,60][1080,2090]", clickable="true")


def over_form(*nodes: str) -> dict[str, Any]:
    """A sheet in the form's own window: the form stays in the tree."""
    sheet = ig(rid="layout_container_bottom_sheet", bounds="[0,940][1080,2090]").replace("/>", ">", 1)
    handle = ig(rid="bottom_sheet_drag_handle_prism", bounds="[490,940][590,1020]")
    return screen(*FORM, DIMMER, sheet + handle + "".join(nodes) + "</node>", package="com.instagram.android")


def test_a_notice_over_the_form_is_answered_and_not_the_share_button_under_its_link() -> None:
    seen = over_form(
        ig("Others can now download and share your reels", "clips_download_privacy_nux_title", bounds="[132,1462][948,1583]"),
        ig(rid="clips_download_privacy_nux_button", desc="Continue", bounds="[44,1802][1036,1923]", clickable="true"),
        ig(rid="clips_download_privacy_nux_link", desc="Manage settings", bounds="[44,1923][1036,2044]", clickable="true"),
    )  # fmt: skip
    assert (seen["screen"], seen["next"]["name"]) == ("download_notice", "download_notice_button")


def test_a_sheet_over_the_form_that_asks_to_share_is_not_the_form() -> None:
    seen = over_form(
        ig("About Reels", bounds="[132,1100][948,1200]"),
        ig(rid="clips_nux_sheet_share_button", desc="Share", bounds="[44,1802][1036,1923]", clickable="true"),
    )
    assert (seen["screen"], seen["next"]["name"]) == ("about_reels", "go_on_button")


@pytest.mark.parametrize("choices", [["OK"], ["OK", "Cancel"], ["Delete", "Cancel"]])
@pytest.mark.parametrize("headline", ["Delete post?", "Make your account private?", "Something new"])
def test_a_dialog_that_nobody_knows_is_never_answered(headline: str, choices: list[str]) -> None:
    buttons = [
        ig(text, rid, bounds=f"[200,{1300 + 100 * n}][880,{1390 + 100 * n}]", clickable="true")
        for n, (text, rid) in enumerate(zip(choices, ["primary_button", "negative_button"], strict=False))
    ]
    seen = screen(ig(headline, "igds_headline_headline", bounds="[200,900][880,1000]"), *buttons, package="com.instagram.android")  # fmt: skip
    assert (seen["kind"], seen["next"]) == ("unknown", None)


def test_a_limit_on_the_account_is_told_also_over_the_form() -> None:
    limit = ig("Try Again Later", "igds_alert_dialog_headline", bounds="[200,900][880,1000]")
    ok = ig("OK", "igds_alert_dialog_primary_button", bounds="[200,1300][880,1390]", clickable="true")
    seen = screen(*FORM, limit, ok, package="com.instagram.android")
    assert (seen["screen"], seen["kind"], seen["next"]) == ("activity_limited", "human", None)


def test_a_reels_tab_with_a_remix_is_not_asked_to_share() -> None:
    tabs = [
        ig(rid="feed_tab", desc="Home", bounds="[0,2208][216,2337]", clickable="true"),
        ig(rid="profile_tab", desc="Profile", bounds="[864,2208][1080,2337]", clickable="true"),
    ]
    song = ig("Artist · Song (Remix) for reels", bounds="[40,1800][600,1850]")
    share = ig(desc="Share", bounds="[950,1500][1060,1600]", clickable="true")
    assert screen(*tabs, song, share, package="com.instagram.android")["screen"] == "home"


def test_a_bare_list_of_elements_is_read(tmp_path: Path) -> None:
    elements = [
        {"text": "Your Story", "desc": "", "bounds": "[100,2150][400,2210]", "clickable": False, "id": "x1"},
        {"text": "Next", "desc": "", "bounds": "[600,2150][900,2210]", "clickable": False, "id": "x2"},
        {"text": "", "desc": "", "bounds": "[0,0][1080,2400]", "clickable": False, "id": ""},
    ]
    file = tmp_path / "flat.json"
    file.write_text(json.dumps(elements))
    seen = inspect_file(file)
    assert (seen["screen"], seen["next"]["bounds"]) == ("editor", [600, 2150, 900, 2210])


def test_a_file_that_is_no_tree_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text('{"app": "x"}')
    with pytest.raises(TreeUnreadable):
        read_tree(file)
    file.write_text("hello")
    with pytest.raises(TreeUnreadable):
        read_tree(file)
