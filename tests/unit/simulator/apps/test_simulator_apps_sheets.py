"""Sheets, offers and snackbars over the apps' screens, in their own window: told, never tapped through, closed harmlessly."""

from __future__ import annotations

import pytest
from apps_fake_phone import FakePhone, phone_with
from apps_tiktok_steps import at_editor

from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.screens.inspect import inspect_tree
from simulator.android.tree import Window, build, dump_xml
from simulator.apps.kit.sheets import sheet_names
from tests.support import eyes

#: Words that decide about a post or an account where the app says them.
WORDS = (
    "Can't post today",
    "Not now",
    "Your account has been suspended",
    "Posted! Nicely done.",
    "Couldn't upload video",
    "Security verification",
    "Log in to TikTok",
    "Try Again Later",
    "· 1s ago",
    "66%",
)


def tree_of(phone: FakePhone) -> UiTree:
    windows = [Window(view, phone.app.package) for view in phone.app.windows()]
    return parse_xml(dump_xml(build(windows, phone.width, phone.height)))


def at_home(platform: str, language: str) -> FakePhone:
    phone = phone_with(platform, language=language)
    phone.app.launch()
    phone.run()
    return phone


def tap_next(phone: FakePhone, found: dict[str, object]) -> None:
    x1, y1, x2, y2 = found["next"]["bounds"]  # type: ignore[index]
    phone.tap_at((x1 + x2) // 2, (y1 + y2) // 2)


@pytest.mark.parametrize(
    ("platform", "name"),
    [(p, n) for p in ("tiktok", "instagram") for n in sheet_names(p) if n != "snackbar"],
)
def test_a_sheet_over_the_tabs_is_told_and_closed_without_leaving_the_app(platform: str, name: str) -> None:
    phone = at_home(platform, "en")
    before = inspect_tree(tree_of(phone))["screen"]
    phone.faults.append(("popup", name))
    found = inspect_tree(tree_of(phone))
    assert found["kind"] == "interruption", found
    if found["next"]:
        tap_next(phone, found)
    else:
        phone.back()
    assert not phone.at_launcher, f"{found} left the app"
    assert inspect_tree(tree_of(phone))["screen"] == before


@pytest.mark.parametrize("name", ["promo", "viewer-history", "add-phone"])
def test_a_sheet_over_the_editor_is_not_the_editor(name: str) -> None:
    phone = at_editor()
    assert inspect_tree(tree_of(phone))["screen"] == "editor"
    phone.faults.append(("popup", name))
    found = inspect_tree(tree_of(phone))
    assert found["kind"] == "interruption", found


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_a_snackbar_over_the_tabs_leaves_nothing_to_tap_until_it_is_gone(platform: str) -> None:
    phone = at_home(platform, "en")
    before = inspect_tree(tree_of(phone))
    assert before["next"]
    phone.faults.append(("popup", "snackbar"))
    assert inspect_tree(tree_of(phone))["next"] is None
    phone.run()
    assert inspect_tree(tree_of(phone))["next"] == before["next"]


def test_the_security_check_after_post_is_a_matter_for_a_person() -> None:
    from simulator.apps.kit.sheets import Sheet

    phone = at_home("tiktok", "en")
    phone.app.cover(Sheet(phone.app, "security-check"))  # type: ignore[attr-defined,arg-type]
    found = inspect_tree(tree_of(phone))
    assert (found["screen"], found["kind"], found["next"]) == ("security_check", "human", None)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_what_other_people_are_called_and_write_changes_no_answer(platform: str, words: str) -> None:
    phone = at_home(platform, "en")
    before = eyes.answer(inspect_tree(tree_of(phone)))
    assert phone.app.configure("words", words.replace(" ", "_")) == ""
    tree = tree_of(phone)
    assert any(words in (n.text, n.content_desc) for n in tree.nodes)
    assert eyes.answer(inspect_tree(tree)) == before
