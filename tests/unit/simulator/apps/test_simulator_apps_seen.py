"""What the apps lay over their screens is named by the posting code's data and answered harmlessly; in other languages, not at all."""

from __future__ import annotations

import pytest
from apps_fake_phone import FakePhone, phone_with

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.inspect import inspect_tree
from simulator.android.tree import Window, build, dump_xml
from simulator.apps import POPUPS
from simulator.apps.instagram.app import InstagramApp
from simulator.apps.tiktok.app import TikTokApp

APPS = {"tiktok": TikTokApp, "instagram": InstagramApp}
FOREIGN = ("de", "fr")


def seen(phone: FakePhone) -> dict[str, object]:
    windows = [Window(view, phone.app.package) for view in phone.app.windows()]
    return inspect_tree(parse_xml(dump_xml(build(windows, phone.width, phone.height))))


def started(platform: str, language: str) -> FakePhone:
    phone = phone_with(platform, language=language)
    phone.app.launch()
    phone.run()
    return phone


@pytest.mark.parametrize(("platform", "name"), [(p, n) for p in APPS for n in APPS[p].popup_names])
def test_U2_19_an_interruption_is_told_and_dismissed(platform: str, name: str) -> None:
    phone = started(platform, "en")
    before = seen(phone)["screen"]
    phone.faults.append(("popup", name))
    found = seen(phone)
    assert found["kind"] == "interruption", found
    x1, y1, x2, y2 = found["next"]["bounds"]  # type: ignore[index]
    phone.tap_at((x1 + x2) // 2, (y1 + y2) // 2)
    phone.run()
    assert not phone.at_launcher, f"{found} left the app"
    assert seen(phone)["screen"] == before


@pytest.mark.parametrize(("platform", "name"), [(p, n) for p in APPS for n in APPS[p].human_names])
def test_U2_19_what_needs_a_person_is_told(platform: str, name: str) -> None:
    phone = started(platform, "en")
    phone.faults.append((name, ""))
    found = seen(phone)
    assert (found["kind"], found["next"]) == ("human", None), found


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize(
    ("platform", "name"), [(p, n) for p in APPS for n in (*APPS[p].popup_names, *APPS[p].human_names)]
)
def test_in_another_language_nothing_beneath_it_is_told_and_no_button_of_it_touched(
    platform: str, name: str, language: str
) -> None:
    """Shapes and ids tell that something lies over the app; its words are not known, so none of them is answered."""
    phone = started(platform, language)
    phone.faults.append(("popup", name) if name in APPS[platform].popup_names else (name, ""))
    found = seen(phone)
    assert found["kind"] in ("interruption", "unknown", "human"), found
    if found["next"] and found["next"]["name"] != "scrim":  # type: ignore[index]
        x1, y1, x2, y2 = found["next"]["bounds"]  # type: ignore[index]
        phone.tap_at((x1 + x2) // 2, (y1 + y2) // 2)
        phone.run()
        assert not phone.at_launcher, f"{found} left the app"


def test_every_interruption_has_a_name_that_simctl_takes() -> None:
    for platform, app in APPS.items():
        assert set(app.popup_names) <= set(POPUPS[platform])
