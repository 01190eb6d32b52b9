"""What goes wrong in the simulated apps on request or by chance."""

# ruff: noqa: RUF001 - TikTok writes this apostrophe

from __future__ import annotations

import json

import pytest
from apps_fake_phone import FakePhone
from apps_instagram_steps import shared, statuses
from apps_instagram_steps import started as instagram
from apps_tiktok_steps import at_post
from apps_tiktok_steps import started as tiktok

from simulator.apps import FAULTS, POPUPS, make_app
from simulator.apps.base import AppAccount, AppSpec
from simulator.apps.instagram.app import InstagramApp
from simulator.apps.tiktok.app import TikTokApp

START = {"tiktok": tiktok, "instagram": instagram}


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(ValueError, match="no such platform"):
        make_app(FakePhone(), AppSpec("orkut", "", "", [AppAccount("a", "A")]))


@pytest.mark.parametrize(("platform", "name"), [(p, n) for p, app in (("tiktok", TikTokApp), ("instagram", InstagramApp)) for n in app.popup_names])  # fmt: skip
def test_an_interruption_hides_the_screen_and_goes(platform: str, name: str) -> None:
    phone = START[platform]()
    below = phone.labels()
    phone.faults.append(("popup", name))
    covered = phone.labels()
    assert phone.app.screen == name
    assert covered
    assert not set(covered) & (set(below) - {"Like"})
    phone.back()
    assert phone.labels() == below


@pytest.mark.parametrize(
    ("platform", "name", "button"),
    [
        ("tiktok", "contacts", "Don’t allow"),
        ("tiktok", "notifications", "Not now"),
        ("tiktok", "widget", "Cancel"),
        ("tiktok", "eea", "Got it"),
        ("tiktok", "link-email", "Not now"),
        ("instagram", "rate", "No, thanks"),
        ("instagram", "navigation", "Got it"),
        ("instagram", "facebook", "OK"),
        ("instagram", "notifications", "Not now"),
        ("instagram", "save-login", "Not now"),
        ("instagram", "update", "Not now"),
        ("instagram", "sticker", "Not now"),
        ("instagram", "archive", "OK"),
    ],
)
def test_the_harmless_button_of_an_interruption(platform: str, name: str, button: str) -> None:
    phone = START[platform]()
    phone.faults.append(("popup", name))
    phone.tap(button)
    assert phone.app.screen == "home"
    assert not phone.at_launcher


@pytest.mark.parametrize(("platform", "name", "button"), [("tiktok", "contacts", "Open settings"), ("instagram", "rate", "Rate Instagram"), ("instagram", "facebook", "Learn more")])  # fmt: skip
def test_the_other_button_leads_away(platform: str, name: str, button: str) -> None:
    phone = START[platform]()
    phone.faults.append(("popup", name))
    phone.tap(button, cls="Button")
    assert phone.at_launcher


def test_the_widget_prompt_belongs_to_the_launcher() -> None:
    phone = tiktok()
    phone.faults.append(("popup", "widget"))
    assert {view.package for view in phone.nodes()} == {"com.android.launcher3"}


def test_an_interruption_while_typing_ends_the_typing() -> None:
    phone = at_post()
    phone.tap(rid="g19")
    phone.faults.append(("popup", "eea"))
    phone.tap("Got it")
    assert not phone.keyboard
    assert phone.has("Post")


def test_publish_publicly_comes_with_post_and_its_button_publishes() -> None:
    phone = at_post()
    phone.faults.append(("popup", "publish-publicly"))
    phone.app.windows()
    assert phone.app.screen == "post"
    phone.tap("Post")
    assert phone.posts == []
    phone.tap("Publish now")
    assert len(phone.posts) == 1


@pytest.mark.parametrize(("platform", "name"), [(p, n) for p, app in (("tiktok", TikTokApp), ("instagram", InstagramApp)) for n in app.human_names])  # fmt: skip
def test_a_screen_for_a_person_stays_until_the_app_is_stopped(platform: str, name: str) -> None:
    phone = START[platform]()
    phone.faults.append((name, ""))
    assert phone.labels()
    assert phone.app.screen == name
    phone.back()
    assert phone.app.screen == name
    phone.app.stop()
    phone.app.launch()
    phone.run()
    assert phone.app.screen == "home"


def test_a_blocked_account_gets_an_alert_instead_of_a_post() -> None:
    phone = at_post()
    phone.faults.append(("account-blocked", ""))
    phone.tap("Post")
    assert phone.has("The account has been blocked")
    phone.tap("OK")
    assert phone.app.screen == "post"
    assert phone.posts == []


def test_an_unknown_screen_covers_the_next_one_and_back_leaves_it() -> None:
    phone = tiktok()
    phone.faults.append(("unknown-screen", ""))
    phone.tap("Create")
    assert phone.app.screen == "unknown"
    phone.back()
    assert phone.app.screen == "camera"


def test_the_app_dies_when_it_enters_a_screen() -> None:
    phone = tiktok()
    phone.faults.append(("app-crash", "camera"))
    phone.tap("Create")
    assert phone.at_launcher
    assert phone.app.screen == "stopped"
    assert phone.app.windows() == []


def test_a_failed_tiktok_upload_leaves_a_banner_whose_retry_posts_twice() -> None:
    phone = at_post()
    phone.faults.append(("upload-fail", ""))
    phone.tap("Post")
    phone.watch()
    assert phone.posts == []
    assert phone.has("Couldn’t upload video")
    phone.tap("Retry")
    assert len(phone.posts) == 2
    assert not phone.has("Retry")


def test_a_failed_instagram_upload_leaves_a_row_that_stays() -> None:
    phone = instagram()
    phone.faults.append(("upload-fail", ""))
    for label in ("Profile", "Create New", "Create new reel", "Unselected .*", "Next"):
        phone.tap(label)
    phone.tap("Share", rid="share_button")
    assert statuses(phone)[-1] == "Video can't be posted"
    phone.app.stop()
    phone.app.launch()
    phone.run()
    assert phone.has("Video can't be posted")
    assert phone.posts == []
    phone.tap(rid="row_pending_media_discard_button")
    assert not phone.has("Video can't be posted")


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_a_stalled_upload_stands_still_and_publishes_nothing(platform: str) -> None:
    if platform == "tiktok":
        phone = at_post()
        phone.faults.append(("upload-stall", ""))
        phone.tap("Post")
        phone.watch(20)
        assert phone.has("66%")
    else:
        phone = instagram()
        phone.faults.append(("upload-stall", ""))
        for label in ("Profile", "Create New", "Create new reel", "Unselected .*", "Next"):
            phone.tap(label)
        phone.tap("Share", rid="share_button")
        assert statuses(phone, 20)[-1] == "Keep Instagram open to finish posting…"
    assert phone.posts == []


def test_an_upload_whose_file_was_removed_never_ends() -> None:
    phone = shared()
    phone.rows.clear()
    assert statuses(phone, 20)[-1] == "Keep Instagram open to finish posting…"


@pytest.mark.parametrize(("platform", "own"), [("tiktok", "@demo_01"), ("instagram", "demo_01")])
def test_with_one_account_a_stranger_is_logged_in_until_the_app_is_stopped(platform: str, own: str) -> None:
    phone = START[platform]()
    phone.faults.append(("wrong-account", ""))
    phone.tap("Profile")
    assert not phone.has(own)
    assert phone.has("@?stranger_01")
    phone.app.stop()
    phone.app.launch()
    phone.run()
    phone.tap("Profile")
    assert phone.has(own)


def test_with_two_accounts_the_other_one_is_active() -> None:
    phone = tiktok(accounts=(("one", "One"), ("two", "Two")))
    phone.faults.append(("wrong-account", ""))
    phone.tap("Profile")
    assert phone.has("@two")
    phone.tap("Two")
    phone.tap("One")
    phone.tap("Profile")
    assert phone.has("@one")


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_random_interruptions_follow_the_seed(platform: str) -> None:
    def seen(seed: int) -> list[str]:
        phone = START[platform](seed=seed, popups=0.5)
        names = []
        for _ in range(10):
            for label in ("Profile", "Home"):
                if phone.app.screen in POPUPS[platform]:
                    names.append(phone.app.screen)
                    phone.back()
                phone.tap(label)
                names.append("")
        return names

    assert seen(3) == seen(3)
    assert seen(3) != seen(4)
    assert 2 <= sum(bool(name) for name in seen(3)) <= 18


def test_what_can_be_set() -> None:
    phone = tiktok()
    assert phone.app.configure("popups", "0.3") == ""
    assert phone.app.configure("popups", "often") != ""
    assert phone.app.configure("seed", "7") == ""
    assert phone.app.configure("colour", "blue") == "unknown key colour"


def test_every_human_needed_screen_is_a_named_fault() -> None:
    assert {*TikTokApp.human_names, *InstagramApp.human_names} <= set(FAULTS)


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_the_state_is_json(platform: str) -> None:
    phone = shared() if platform == "instagram" else at_post()
    if platform == "tiktok":
        phone.tap("Post")
    phone.watch()
    state = phone.app.dump_state()
    assert json.loads(json.dumps(state)) == state


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_every_cover_can_be_drawn_in_every_language(platform: str, language: str) -> None:
    phone = START[platform](language=language)
    app = {"tiktok": TikTokApp, "instagram": InstagramApp}[platform]
    for name in (*app.popup_names, *app.human_names):
        phone.faults.append(("popup", name) if name in app.popup_names else (name, ""))
        assert phone.labels()
        phone.app.stop()
        phone.app.launch()
        phone.run()
