"""PHN-5: Android's questions for permissions, by whichever maker's program asks and in whichever language."""

from __future__ import annotations

import pytest

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.recognise import recognise
from simulator.android import system_views, tree
from simulator.android.system import System
from simulator.android.tree import Window, build
from tests.support.vocabularies import load

CONTROLLERS = (
    "com.google.android.permissioncontroller",
    "com.android.packageinstaller",
    "com.lbe.security.miui",
    "com.oplus.securitypermission",
    "com.coloros.securitypermission",
)
MEDIA = ("CAMERA", "RECORD_AUDIO", "READ_MEDIA_VIDEO", "READ_EXTERNAL_STORAGE")
PRIVATE = ("READ_CONTACTS", "ACCESS_FINE_LOCATION", "POST_NOTIFICATIONS")
VOCABULARY = load("tiktok", covered_only=True)


def tapped(controller: str, permission: str, language: str, sdk: int = 34) -> str:
    """The id of what would be tapped in this dialog."""
    system = System("P", sdk, language)
    system.permission_controller = controller
    view = system_views.permission_dialog(
        (1080, 2400), "TikTok", f"android.permission.{permission}", system, lambda _: None
    )
    xml = tree.dump_xml(build([Window(view, "", "dialog")], 1080, 2400), sdk=sdk)
    sight = recognise(parse_xml(xml), VOCABULARY)
    assert sight.kind == "interruption"
    assert sight.next is not None
    x, y = sight.next.center
    (hit,) = (
        n.id_name for n in parse_xml(xml).nodes if n.clickable and "button" in n.id_name
        and n.bounds[0] <= x < n.bounds[2] and n.bounds[1] <= y < n.bounds[3]
    )  # fmt: skip
    return hit


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("permission", MEDIA)
def test_what_a_post_needs_is_allowed(controller: str, permission: str) -> None:
    for sdk in (29, 34):
        assert "allow" in tapped(controller, permission, "en", sdk)
        assert "selected" not in tapped(controller, permission, "en", sdk)


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("permission", PRIVATE)
@pytest.mark.parametrize("language", ["en", "de", "fr", "id"])
def test_contacts_location_and_notifications_are_never_allowed_in_any_language(
    controller: str, permission: str, language: str
) -> None:
    assert tapped(controller, permission, language) == "permission_deny_button"


@pytest.mark.parametrize("permission", [*MEDIA, *PRIVATE])
def test_what_is_asked_in_words_that_nobody_knows_is_not_allowed(permission: str) -> None:
    assert tapped(CONTROLLERS[0], permission, "xy") == "permission_deny_button"
