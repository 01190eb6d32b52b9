"""Teaching in the browser: a box of an unknown screen is chosen, said what it is, taught, switched off and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Button, Hub, show
from tests.support.rehearsed import met_a_promotion
from tests.support.teaching import drawn_xml, keep

LEAVE = "“Another day” · can be tapped · known as record_button"


def said(browser: Browser, text: str) -> None:
    """Wait until the page says this."""
    browser.wait(f"document.body.innerText.includes({text!r})")


def lesson(hub: Hub) -> str:
    """The address of the promotion that ended a rehearsal."""
    report = met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    return f"#/teach/rehearsal-{report.id}-{report.screens[-1].tree.removesuffix('.xml')}"


def point_at(browser: Browser, text: str) -> None:
    """Click on the picture, in the middle of the box that says this."""
    node = browser.find("radio", text).call("function () { return this.value }")
    assert node
    browser.run("document.querySelector('.shot').scrollIntoView({ block: 'center' })")
    browser.find("radio", text).call(
        "function () { const box = [...document.querySelectorAll('.boxes .box')]; "
        "window.wanted = box.find((one) => one.dataset.node === this.value); }"
    )
    browser.click("window.wanted")


def test_a_promotion_is_taught_on_its_picture_then_switched_off_and_forgotten(
    hub: Hub, browser: Browser
) -> None:
    lesson(hub)
    show(browser, hub, "#/teach")
    browser.find("link", "Say what it is").click()
    browser.wait("document.querySelector('.shot img')?.naturalWidth > 100")
    assert browser.find("button", "Teach").disabled
    point_at(browser, "“Season of lights is here”")
    browser.find("radio", "A dialog in the way: close it here").click()
    said(browser, "This box is the heading of the sheet: choose what closes it")
    assert browser.find("button", "Teach").disabled
    point_at(browser, LEAVE)
    said(browser, 'touches "Another day" and goes on')
    said(browser, "Changes the reading of 0 of")
    browser.find("button", "Teach").click()
    Button(browser, "Rehearse again", "")
    [taught] = hub.client.good("GET", "/api/v1/taught")["taught"]
    assert (taught["means"], taught["on"], taught["platform"]) == ("dialog", True, "tiktok")
    show(browser, hub, "#/teach")
    said(browser, 'touches "Another day" and goes on')
    assert "Another day" in hub.client.call("GET", "/api/v1/taught/export?platform=tiktok").text
    assert (
        browser.find("link", "Export TikTok").call("function () { return this.download }")
        == "taught-tiktok.toml"
    )
    Button(browser, "Switch off", "lesson 1").click()
    Button(browser, "Switch on", "lesson 1")
    assert hub.client.good("GET", "/api/v1/taught")["taught"][0]["on"] is False
    Button(browser, "Delete", "lesson 1").click()
    browser.wait("document.querySelector('dialog button[type=submit]')")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    said(browser, "Nothing was taught so far.")
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 0
    assert browser.faults == []


def test_a_lesson_is_given_with_the_keyboard_alone(hub: Hub, browser: Browser) -> None:
    show(browser, hub, lesson(hub))
    first = browser.find("radio", "“Season of lights is here”")
    first.focus()
    browser.press(" ")
    for _ in range(3):  # past the body and the button that joins
        browser.press("ArrowDown")
    said(browser, "“Another day” · can be tapped")
    browser.press("Tab")
    browser.press(" ")
    said(browser, 'touches "Another day" and goes on')
    for _ in range(4):
        if browser.run("document.activeElement.textContent") == "Teach":
            break
        browser.press("Tab")
    browser.press("Enter")
    Button(browser, "Rehearse again", "")
    assert browser.run("document.activeElement.textContent") == "Rehearse again"
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 1


def test_what_the_hub_can_do_is_shown_for_all_and_for_one_phone_and_a_version_is_rehearsed_from_there(
    hub: Hub, browser: Browser
) -> None:
    report = met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    met_a_promotion().kept(
        hub.services.rehearsals.reports, "PHONE2", app_version="47.0.3", state="ready", error=""
    )
    show(browser, hub, "#/phone/PHONE1")
    browser.find("link", "What this hub can do").click()
    browser.find("heading", "TikTok 49.0.2, English, Android 14")
    assert not browser.has("heading", "TikTok 47.0.3, English, Android 13")
    assert (
        browser.find("link", "Failed").call("function () { return this.hash }") == f"#/rehearsal/{report.id}"
    )
    browser.find("link", "Show all").click()
    browser.find("heading", "TikTok 47.0.3, English, Android 13")
    said(browser, "Fails")
    Button(browser, "Rehearse", "TikTok 49.0.2, English, Android 14, Shelf A-1").click()
    said(browser, "Waits for the phone's turn")
    assert hub.client.good("GET", "/api/v1/devices/PHONE1/rehearse")["rehearsals"][0]["state"] == "running"
    assert browser.faults == []


def test_a_screen_that_was_kept_three_times_waits_as_one_and_each_can_still_be_opened(
    hub: Hub, browser: Browser
) -> None:
    for serial in ("PHONE1", "PHONE2", "PHONE1"):
        met_a_promotion().kept(hub.services.rehearsals.reports, serial)
    met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1", app_version="50.0.0")
    show(browser, hub, "#/teach")
    assert browser.names("link").count("Say what it is") == 2, "another version is another screen"
    browser.run("document.querySelector('.pending summary').scrollIntoView()")
    said(browser, "The same screen 2 more times")
    browser.click("[...document.querySelectorAll('.pending summary')].at(-1)")
    browser.find("link", "This one").click()
    browser.wait("document.querySelector('.shot img')?.naturalWidth > 100")
    assert browser.faults == []


def test_lessons_of_another_hub_are_read_from_a_file_that_first_says_what_it_would_change(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    good = tmp_path / "taught-tiktok.toml"
    show(browser, hub, lesson(hub))
    browser.find("radio", LEAVE).call("function () { this.click() }")
    browser.find("radio", "A dialog in the way: close it here").call("function () { this.click() }")
    said(browser, "goes on")
    browser.find("button", "Teach").click()
    Button(browser, "Rehearse again", "")
    good.write_text(hub.client.call("GET", "/api/v1/taught/export?platform=tiktok").text)
    hub.client.good("DELETE", "/api/v1/taught/1")
    bad = tmp_path / "bad.toml"
    bad.write_text("this is no TOML")
    show(browser, hub, "#/teach")
    browser.find("button", "Import").click()
    browser.wait("document.querySelector('dialog input[type=file]')")
    browser.choose_files("dialog input[type=file]", bad)
    browser.wait("document.querySelector('dialog [role=status] .problem')?.textContent.includes('TOML')")
    assert violations(browser) == []
    browser.choose_files("dialog input[type=file]", good)
    browser.wait("document.querySelector('dialog').innerText.includes('Changes the reading of')")
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 0, "nothing counts before it is confirmed"
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    browser.wait("document.querySelector('dialog[open]') === null")
    said(browser, "of an imported file")
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 1
    assert browser.faults == []


def test_the_texts_of_a_screen_in_another_language_are_pointed_at_one_after_the_other(
    hub: Hub, browser: Browser
) -> None:
    xml = drawn_xml("tiktok", "editor", {"Next": "Volgende", "Your Story": "Jouw verhaal"})
    (screen,) = keep(hub.services.rehearsals.reports, xml, language="nl")
    show(browser, hub, f"#/teach/{screen}")
    said(browser, "This screen is in Dutch")
    assert violations(browser) == []
    assert browser.find("button", "Teach 0 texts and rehearse again").disabled
    said(browser, 'editor next: reads "Next" in English\npoint at it now')
    point_at(browser, "“Jouw verhaal”")
    point_at(browser, "“Volgende”")
    browser.find("button", "Teach 2 texts").click()
    said(browser, "This cannot be taught:")
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 0
    for name in ("editor next", "your story"):
        browser.click(
            f"[...document.querySelectorAll('.unread-text')].find((one) => one.innerText.startsWith({name!r}))"
        )
    browser.find("button", "Teach 0 texts")
    point_at(browser, "“Jouw verhaal”")
    browser.click("document.querySelector('.unread-text')")
    point_at(browser, "“Volgende”")
    browser.find("button", "Teach 2 texts").click()
    said(browser, "Taught")
    assert hub.client.good("GET", "/api/v1/taught")["total"] == 2
    assert hub.client.good("GET", f"/api/v1/teach/screens/{screen}")["screen"]["read_as"] == "editor"
    assert browser.faults == []


def test_a_language_that_no_phone_speaks_yet_is_added(hub: Hub, browser: Browser) -> None:
    show(browser, hub, "#/teach")
    said(browser, "app speaks a language that is known.")
    browser.find("button", "Add a language").click()
    browser.wait("document.querySelector('dialog select[name=language]')")
    browser.run("document.querySelector('dialog select[name=language]').value = 'nl'")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    said(browser, "Dutch in TikTok")
    said(browser, "Type 12 wordings")
    assert browser.faults == []


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_neither_what_waits_nor_a_lesson_nor_what_the_hub_can_do_has_a_violation(
    hub: Hub, browser: Browser, size: tuple[int, int], dark: bool
) -> None:
    address = lesson(hub)
    browser.prefer(dark=dark)
    try:
        for overview in ("#/teach", "#/compat"):
            show(browser, hub, overview, size)
            assert violations(browser) == [], overview
        show(browser, hub, address, size)
        browser.find("radio", LEAVE).call("function () { this.click() }")
        browser.run("document.querySelector('.meaning input').click()")
        said(browser, "goes on")
        assert violations(browser) == []
    finally:
        browser.prefer()
