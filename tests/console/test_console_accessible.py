"""Every screen and state of the console under axe-core: WCAG 2.2 AA, in both colours and at both widths."""

from __future__ import annotations

import pytest

from jobs.phone.protocol import PhoneState
from jobs.upkeep.doctor_findings import fail, ok
from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, show
from tests.support.http_side import MEDIA

SCREENS = (
    "home",
    "compose",
    "queue",
    "queue?view=week",
    "history",
    "history?show=unknown",
    "archive",
    "archive/2026-11",
    "phones",
    "accounts",
    "library",
    "slots",
    "system",
    "setup",
    "task/failed",
    "task/unknown",
    "task/running",
    "phone/PHONE1",
    "rehearsal/1",
    "compat",
    "teach",
    "teach/lesson",
)
#: Last: 1280 pixels wide with texts at 200 %, and as narrow as the guidelines ask for (WCAG 1.4.4, 1.4.10).
WINDOWS = ((*DESKTOP, 1.0), (*PHONE, 1.0), (640, 400, 2.0), (320, 640, 1.0))


def look(
    shown: tuple[Hub, dict[str, int | str]], browser: Browser, name: str, size: tuple[int, int], *, dark: bool
) -> list[str]:
    hub, ids = shown
    browser.prefer(dark=dark)
    try:
        show(browser, hub, address(name, ids), size)
        return violations(browser)
    finally:
        browser.prefer()


def address(name: str, ids: dict[str, int | str]) -> str:
    """Where a screen of the list is, on a hub with these tasks."""
    kind, _, of = name.partition("/")
    return f"#/{kind}/{ids.get(of, of)}" if of else f"#/{kind}"


@pytest.mark.parametrize("name", SCREENS)
def test_no_screen_has_a_violation_or_is_wider_than_its_window(
    shown: tuple[Hub, dict[str, int | str]], browser: Browser, name: str
) -> None:
    assert look(shown, browser, name, DESKTOP, dark=False) == []
    for width, height, scale in WINDOWS:
        browser.resize(width, height, scale)
        assert browser.run("document.documentElement.scrollWidth - innerWidth") <= 0, width


@pytest.mark.long
@pytest.mark.parametrize("name", SCREENS)
def test_no_dark_screen_on_a_phone_has_a_violation(
    shown: tuple[Hub, dict[str, int | str]], browser: Browser, name: str
) -> None:
    assert look(shown, browser, name, PHONE, dark=True) == []


def test_neither_the_log_in_nor_a_dialog_nor_an_empty_hub_has_one(hub: Hub, browser: Browser) -> None:
    hub.phones.set("PHONE3")
    show(browser, hub)
    assert violations(browser) == []
    show(browser, hub, "#/login")
    assert violations(browser) == []
    hub.post(status="failed")
    show(browser, hub, "#/task/1")
    browser.find("button", "Retry").click()
    browser.wait("document.querySelector('dialog')?.open")
    assert violations(browser) == []


@pytest.mark.parametrize("dark", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_filled_form_with_a_warning_and_a_library_with_files_have_no_violation(
    hub: Hub, browser: Browser, dark: bool
) -> None:
    for name in ("clip.mp4", "photo.jpg"):
        hub.library.upload([(MEDIA / name).read_bytes()], name, {"tags": "bench"})
    browser.prefer(dark=dark)
    try:
        show(browser, hub, "#/compose?material=1", PHONE)
        browser.find("checkbox", "@alice, TikTok Shelf A-1").call("function () { this.click() }")
        browser.find("textbox", "Caption").fill("#a #b #c #d #e #f")
        browser.wait("document.querySelector('.note.bad')")
        assert violations(browser) == []
        show(browser, hub, "#/library", DESKTOP)
        browser.wait("document.querySelectorAll('.material img').length === 2")
        assert violations(browser) == []
    finally:
        browser.run("sessionStorage.clear()")
        browser.prefer()


@pytest.mark.parametrize("dark", [True, pytest.param(False, marks=pytest.mark.long)])
def test_neither_several_boxes_with_phones_nor_the_dialogs_of_system_have_one(
    hub: Hub, browser: Browser, dark: bool
) -> None:
    hub.phones.set("PHONE4", PhoneState.DEVICE, adb_server="shelf-2", model="Pixel 8")
    hub.phones.set("PHONE5", PhoneState.ADB_DOWN, adb_server="shelf-3", detail="it hangs")
    hub.findings = [ok("disk", "42 GiB free"), fail("phone PHONE4", "is locked", "unlock it", phone="PHONE4")]
    browser.prefer(dark=dark)
    try:
        for screen in ("home", "phones", "phone/PHONE4"):
            show(browser, hub, f"#/{screen}", PHONE)
            assert violations(browser) == [], screen
        show(browser, hub, "#/system", PHONE)
        browser.find("button", "Check now").click()
        browser.wait("document.querySelector('.finding')")
        browser.find("button", "New token").click()
        browser.wait("document.querySelector('dialog input[name=name]')")
        browser.type("Kim phone")
        browser.press("Enter")
        browser.wait("document.querySelector('dialog .qr')?.naturalWidth > 50")
        assert violations(browser) == []
    finally:
        browser.prefer()
