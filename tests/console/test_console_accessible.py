"""Every screen and state of the console under axe-core: WCAG 2.2 AA, in both colours and at both widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, show, showcase
from tests.support.http_side import MEDIA
from tests.support.rehearsed import met_a_promotion

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
SCREENS = (
    "home",
    "compose",
    "queue",
    "history",
    "history?show=unknown",
    "phones",
    "accounts",
    "library",
    "slots",
    "system",
    "task/failed",
    "task/unknown",
    "task/running",
    "phone/PHONE1",
    "rehearsal/1",
)
#: 1280 pixels wide with texts at 200 %, and as narrow as the guidelines ask for (WCAG 1.4.4, 1.4.10).
ZOOMED = ((640, 400, 2.0), (320, 640, 1.0))

pytestmark = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed: make node_modules/.ready"
)


def violations(browser: Browser) -> list[str]:
    """Each rule that the page breaks, with the elements that break it."""
    browser.run(AXE.read_text("utf-8") + "; true")
    found: Any = browser.run(f"axe.run(document, {{ runOnly: {TAGS}, resultTypes: ['violations'] }}).then((all) => all.violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? ''))]))")  # fmt: skip
    return [f"{rule}: {text}: {nodes[:3]}" for rule, text, nodes in found]


def look(hub: Hub, browser: Browser, name: str, size: tuple[int, int], *, dark: bool) -> list[str]:
    ids = showcase(hub)
    met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    browser.prefer(dark=dark)
    try:
        show(browser, hub, address(name, ids), size)
        return violations(browser)
    finally:
        browser.prefer()


def address(name: str, ids: dict[str, int]) -> str:
    """Where a screen of the list is, on a hub with these tasks."""
    kind, _, of = name.partition("/")
    return f"#/{kind}/{ids.get(of, of)}" if of else f"#/{kind}"


@pytest.mark.parametrize("name", SCREENS)
def test_no_screen_has_a_violation(hub: Hub, browser: Browser, name: str) -> None:
    assert look(hub, browser, name, DESKTOP, dark=False) == []


@pytest.mark.long
@pytest.mark.parametrize("name", SCREENS)
def test_no_dark_screen_on_a_phone_has_a_violation(hub: Hub, browser: Browser, name: str) -> None:
    assert look(hub, browser, name, PHONE, dark=True) == []


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


@pytest.mark.parametrize("dark", [False, True])
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


def test_no_screen_is_wider_than_its_window_at_twice_the_size_or_320_pixels(
    hub: Hub, browser: Browser
) -> None:
    ids = showcase(hub)
    met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    wide = []
    for name in SCREENS:
        show(browser, hub, address(name, ids))
        for width, height, scale in ZOOMED:
            browser.resize(width, height, scale)
            if over := browser.run("document.documentElement.scrollWidth - innerWidth"):
                wide.append(f"{name} at {width}: {over}")
    assert wide == []
