"""The frame of the console: navigation, address, log-in, a hub that does not answer, and what it costs the hub."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import Server
from jobs.phone.protocol import PhoneState
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, settled, show, showcase

MAIN = ["Home", "New post", "Queue", "History", "Phones", "Accounts", "Library", "Slots", "System"]


def navigation(browser: Browser) -> list[str]:
    return [str(name) for name in browser.run("[...document.querySelectorAll('nav[aria-label=Main] a .nav-text')].map((a) => a.textContent)")]  # fmt: skip


def test_every_screen_of_the_navigation_opens_by_keyboard_and_says_its_name(
    hub: Hub, browser: Browser
) -> None:
    show(browser, hub)
    assert navigation(browser) == MAIN
    for name in [*MAIN[1:], "Home"]:
        browser.find("link", name).focus()
        browser.press("Enter")
        browser.wait(f"document.querySelector('main h1')?.textContent === '{name}'")
        settled(browser)
        assert browser.run("document.title") == f"(1) {name} · tikmatrixd", "one phone waits for its key"
        assert browser.run("document.querySelector('nav [aria-current=page] .nav-text').textContent") == name
        assert browser.run("document.activeElement.tagName") in {"H1", "INPUT"}
    assert browser.faults == []


def test_a_screen_looks_the_same_whatever_was_open_before(hub: Hub, browser: Browser) -> None:
    showcase(hub)
    show(browser, hub, "#/history")
    height = "document.querySelector('.past-top').offsetHeight"
    alone = browser.run(height)
    for name in ("New post", "Slots", "Library", "Queue", "History"):
        browser.find("link", name).click()
        browser.wait(f"document.querySelector('main h1')?.textContent === '{name}'")
        settled(browser)
    counting = (
        "[...document.styleSheets].filter((one) => !one.disabled).map((one) => one.href.split('/').at(-1))"
    )
    assert browser.run(counting) == ["first.css", "history.css"]
    assert browser.run(height) == alone


def test_on_the_width_of_a_phone_the_bar_has_five_and_the_rest_stands_behind_more(
    hub: Hub, browser: Browser
) -> None:
    showcase(hub)
    show(browser, hub, size=PHONE)
    visible = "[...document.querySelectorAll('nav[aria-label=Main] a')].filter((a) => a.offsetParent).map((a) => a.querySelector('.nav-text').textContent)"
    assert browser.run(visible) == MAIN[:5]
    browser.find("button", "More").click()
    assert browser.run(visible) == MAIN
    browser.press("Escape")
    assert browser.run(visible) == MAIN[:5]
    browser.find("button", "More").click()
    browser.find("link", "System").click()
    browser.wait("document.querySelector('main h1')?.textContent === 'System'")
    assert browser.run(visible) == MAIN[:5]
    assert browser.faults == []


@pytest.mark.long  # from the widest window on, each screen is looked at in test_console_accessible
@pytest.mark.parametrize("loaded", [PHONE, DESKTOP])
def test_nothing_is_wider_than_the_window(hub: Hub, browser: Browser, loaded: tuple[int, int]) -> None:
    ids = showcase(hub)
    hub.post("a_rather_long_name_of_an_account", caption="W" * 300, serial="PHONE1")
    screens = [f"#/{name}" for name in ("home", "compose", "queue", "history", "phones", "accounts", "library", "slots", "system", "setup")]  # fmt: skip
    for address in (*screens, f"#/task/{ids['failed']}", f"#/task/{ids['unknown']}", "#/phone/PHONE1"):
        show(browser, hub, address, loaded)
        for size in (DESKTOP, PHONE, (320, 640)):
            browser.resize(*size)
            assert browser.run("document.documentElement.scrollWidth") <= size[0], (address, size)


def test_the_frame_is_painted_in_the_chosen_colours_and_language_before_any_module_has_come(
    hub: Hub, browser: Browser
) -> None:
    show(browser, hub)
    browser.run("localStorage.setItem('theme', 'dark'), localStorage.setItem('language', 'de')")
    try:
        browser.forget()
        browser.block("*/app.js")
        browser.open(f"{hub.page}?frame#/queue")
        browser.wait("performance.getEntriesByName('first-contentful-paint').length === 1")
        assert browser.run("document.querySelector('.side .brand').textContent.trim()") == "tikmatrixd"
        root = "document.documentElement"
        assert browser.run(f"[{root}.lang, {root}.style.colorScheme]") == ["de", "dark"]
        browser.block()
        show(browser, hub, "#/queue")
        asked = [request.rpartition("/")[2] for request in browser.requests]
        assert "texts.de.json" in asked
        assert "texts.en.json" not in asked[asked.index("texts.de.json") :]
    finally:
        browser.block()
        browser.run("localStorage.clear()")


def test_a_phone_of_that_name_is_shown_as_text_not_as_markup(hub: Hub, browser: Browser) -> None:
    hub.client.good("PATCH", "/api/v1/devices/PHONE2", {"label": "<img src=x onerror=alert(1)>"})
    show(browser, hub, "#/phones")
    assert browser.has("heading", "<img src=x onerror=alert(1)>")
    assert browser.run("document.querySelectorAll('main img').length") == 0
    assert browser.faults == []


def test_a_hub_that_cannot_work_says_so_on_every_screen(hub: Hub, browser: Browser) -> None:
    for serial in ("PHONE1", "PHONE2", "PHONE3"):
        hub.phones.set(serial, PhoneState.OFFLINE)
    show(browser, hub)
    assert browser.find("link", "Cannot work").text == "Cannot work"


@pytest.mark.parametrize(("address", "title"), [("#/slots", "Slots"), ("#/compose", "New post")])
def test_a_screen_that_is_chosen_while_the_hub_is_away_opens_once_it_is_back(
    hub: Hub, browser: Browser, address: str, title: str
) -> None:
    show(browser, hub)
    browser.forget()
    browser.connect(False)
    try:
        browser.run(f"location.hash = {address!r}")
        browser.wait("document.querySelector('main').innerText.includes('opens by itself')")
    finally:
        browser.connect(True)
    browser.wait(f"document.querySelector('main h1')?.innerText === {title!r}")


def test_while_the_hub_does_not_answer_the_page_is_grey_and_says_since_when_and_goes_on_by_itself(
    hub: Hub, browser: Browser
) -> None:
    show(browser, hub)
    banner = "document.querySelector('.banner').textContent"
    browser.connect(False)
    try:
        browser.wait(f"document.body.classList.contains('stale') && {banner}")
        assert re.search(r"No connection to the hub since \d\d:\d\d:\d\d", browser.run(banner))
        hub.post(caption="made while nobody could see it", due_s=3600)
    finally:
        browser.connect(True)
    browser.wait(f"!document.body.classList.contains('stale') && {banner} === ''")
    browser.wait("document.querySelector('main').innerText.includes('made while nobody could see it')")


def test_a_viewer_costs_less_than_one_call_a_second_also_while_everything_changes(
    hub: Hub, browser: Browser
) -> None:
    showcase(hub)
    show(browser, hub)
    # The last thing that Home asks for at first.
    browser.wait("document.querySelector('.matter-picture img')?.complete")
    began, changes = time.monotonic(), 0
    browser.requests.clear()
    # At least eight seconds; on a busy box as many changes take longer.
    while (lasted_s := time.monotonic() - began) < 8.0 or changes <= 20:
        changes += 1
        hub.store.tasks.set_remark(5, f"step {changes}")
        browser.run("new Promise((done) => setTimeout(done, 200))")
    assert len(browser.requests) <= lasted_s, browser.requests
    assert any("status=1" in request for request in browser.requests), "what runs was not followed"


def test_R65_the_token_of_a_link_leaves_the_address_at_once_and_becomes_a_cookie_that_scripts_cannot_read(
    hub: Hub, browser: Browser
) -> None:
    address = f"{hub.page}#/queue"
    hub.configure(server=Server(trust_loopback=False))
    token = new_token(hub.tokens_file, "phone")
    browser.open("about:blank")
    browser.open(address)
    browser.find("textbox", "Token").fill("tkm_wrong")
    browser.find("button", "Log in").click()
    browser.wait("document.querySelector('form.login > .problem').textContent.includes('token')")
    browser.find("textbox", "Token").fill(token)
    browser.find("button", "Log in").click()
    browser.wait("document.querySelector('main h1')?.textContent === 'Queue'")  # back to where one was
    assert browser.run("document.cookie + localStorage.length + sessionStorage.length") == "00"
    hub.client.good("DELETE", "/api/v1/sessions/1", peer="127.0.0.1", Authorization=f"Bearer {token}")
    browser.find("textbox", "Token")  # the session was revoked: the page notices by itself
    browser.run(f"location.hash = '#token={token}'")
    settled(browser)
    browser.wait("!document.querySelector('form.login')")
    assert token not in browser.run("location.href")
    assert "token" not in browser.run("location.href")


def test_a_plan_without_task_calls_is_said_on_the_screen(hub: Hub, browser: Browser) -> None:
    from jobs.hub.settings import License

    hub.configure(license=License(plan="starter"))
    browser.open("about:blank")
    browser.open(hub.page + "#/queue")
    said: Any = browser.wait("document.querySelector('main .screen-problem')?.textContent")
    assert "requires the Pro plan" in said
