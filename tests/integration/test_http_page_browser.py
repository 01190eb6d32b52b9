"""The status page in a real browser: its policy lets it act, with a keyboard alone, and on the width of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import Server
from storage.records import Stage
from tests.support.browser import COMMAND, Browser
from tests.support.http_side import HttpSide

pytestmark = pytest.mark.skipif(
    COMMAND is None, reason="chromium, in which the page is tried, is not installed"
)

DIALOG = "document.querySelector('dialog:not(#box)')"
FOCUS = "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent)"
SAID = "document.querySelector('#said-text').textContent"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path / "box") as built:
        yield built


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def button(name: str) -> str:
    return f"document.querySelector('button[aria-label=\"{name}\"]')"


def stage(side: HttpSide, task_id: int) -> Stage:
    found = side.store.tasks.get(task_id)
    assert found is not None
    return found.stage


def test_a_person_without_a_mouse_decides_about_a_post_of_unknown_outcome(
    side: HttpSide, browser: Browser
) -> None:
    side.task(status="unknown", username="kim")
    browser.open(f"http://127.0.0.1:{side.serve().port}/")
    browser.wait(button("retry, task 1"))
    browser.run(f"{button('retry, task 1')}.focus()")
    browser.press("Enter")
    browser.wait(f"{DIALOG}?.open && {FOCUS} === 'cancel'")
    assert browser.run(f"{DIALOG}.getAttribute('aria-label')") == "Retry task 1?"
    browser.press("Escape")
    browser.wait(f"!{DIALOG} && {FOCUS} === 'retry, task 1'")
    browser.press("Enter")
    browser.wait(f"{DIALOG}?.open && {FOCUS} === 'cancel'")
    browser.run(f"{DIALOG}.querySelector('input').focus()")
    browser.press(" ")
    browser.press("Tab")
    browser.press("Tab")
    browser.wait(f"{FOCUS} === 'post it again'")
    browser.press("Enter")
    assert "Task 1 is pending again" in browser.wait(f"!{DIALOG} && {SAID}")
    assert stage(side, 1) is Stage.SCHEDULED
    browser.wait(f"{button('stop, task 1')} && document.activeElement.dataset.of === 'task 1'")
    assert browser.complaints == []


def test_at_the_width_of_a_phone_everything_fits_and_a_double_tap_does_not_confirm_by_itself(
    side: HttpSide, browser: Browser
) -> None:
    for status in ("pending", "running", "completed", "failed", "unknown"):
        side.task(status=status, username="a_rather_long_name_of_an_account", caption="W" * 300)
    browser.open(f"http://127.0.0.1:{side.serve().port}/", width=360, height=740)
    browser.wait(button("delete, task 3"))
    assert browser.run("document.documentElement.scrollWidth") <= 360
    heights = browser.run("[...document.querySelectorAll('#tasks button')].map((one) => one.offsetHeight)")
    assert min(heights) >= 40
    browser.run(f"{button('stop, task 1')}.drawnBefore = true")
    browser.click(button("delete, task 3"))
    browser.wait(f"{DIALOG}?.open")
    # The second half of a double tap that came to lie on the dialog's own button.
    browser.run(f"{DIALOG}.querySelector('.act').dispatchEvent(new MouseEvent('click', {{ detail: 2 }}))")
    assert browser.run(f"{DIALOG}.querySelector('.act').disabled") is False, "it was taken for a confirmation"
    assert stage(side, 3) is Stage.PUBLISHED
    browser.click(f"{DIALOG}.querySelector('.act')")
    assert browser.wait(f"!{DIALOG} && {SAID}") == "Task 3 is deleted."
    browser.wait(f"!{button('delete, task 3')}")
    assert browser.run(f"{button('stop, task 1')}.drawnBefore"), "a row that did not change was drawn anew"
    assert browser.run("document.documentElement.scrollWidth") <= 360
    assert browser.complaints == []


def test_R65_a_scanned_token_leaves_the_address_at_once_and_the_device_is_remembered_only_when_asked(
    side: HttpSide, browser: Browser
) -> None:
    side.configure(server=Server(trust_loopback=False))
    side.task(status="failed", username="kim")
    token = new_token(side.tokens_file, "phone")
    page = f"http://127.0.0.1:{side.serve().port}/"
    shown, form = button("retry, task 1"), "(document.querySelector('#token-form')?.hidden === false)"
    browser.open(page)
    browser.wait(form)
    browser.run(f"location.hash = '#token={token}'")  # scanned again while the page is open
    browser.wait(shown)
    assert browser.run("location.href") == page
    assert browser.run("localStorage.length") == 0
    browser.open("about:blank")
    browser.open(f"{page}#token={token}")
    browser.wait(shown)
    assert browser.run("location.href") == page
    assert not browser.run(form)
    act = "document.querySelector('#device-act')"
    assert browser.run(f"{act}.textContent") == "remember this device"
    browser.click(act)
    browser.wait(f"{act}.textContent === 'forget this device'")
    assert browser.run("localStorage.getItem('token')") == token
    browser.run("sessionStorage.clear()")  # as in another tab, or tomorrow
    browser.open(page)
    browser.wait(shown)
    # A link with a wrong token does not shut the device out.
    browser.run("location.hash = '#token=tkm_wrong'")
    browser.wait(f"location.hash === '' && sessionStorage.length === 0 && {shown}")
    browser.wait(act)
    browser.click(act)
    browser.wait(form)
    assert browser.run("localStorage.length + sessionStorage.length") == 0
    assert [line for line in browser.complaints if "401" not in line] == []
