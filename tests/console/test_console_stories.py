"""Two mornings with real phones' troubles, told through the page: an update of an app, and a language nobody shipped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Hub as Shelf
from tests.support.browser import Browser
from tests.support.console import settled
from tests.support.daemon import Daemon, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
#: How long one rehearsal may take here, on a machine that has much else to do.
REHEARSED_S = 240.0


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Two simulated phones; what is new to the hub is rehearsed first."""
    made = Shelf(tmp_path / "shelf", 2)
    made.configure("posting", "rehearse_new_versions = true")
    yield made
    made.stop()


class Person:
    """Who sits before the page: counts clicks, and the seconds in which there is nothing to do but wait."""

    def __init__(self, browser: Browser, daemon: Daemon) -> None:
        self.browser = browser
        self.daemon = daemon
        self.clicks = 0
        self.waited_s = 0.0

    def open(self, address: str) -> None:
        self.browser.open("about:blank")
        self.browser.open(self.daemon.url + "/" + address, 1280, 900)
        settled(self.browser)

    def click(self, role: str, name: str) -> None:
        found = self.browser.find(role, name)
        if role == "radio":  # the last that is drawn: earlier ones are of the picture's list
            found.call("function () { this.scrollIntoView({ block: 'center' }) }")
        found.click()
        self.clicks += 1

    def choose(self, element: str) -> None:
        """One element of the list that is open: a click on the list, and one on the line."""
        self.browser.run(
            "(() => { const list = [...document.querySelectorAll('.meaning select[name=element]')].find((one) => one.offsetParent); "
            f"list.value = [...list.options].find((one) => one.value.endsWith('/{element}')).value; "
            "list.dispatchEvent(new Event('change')); })()"
        )
        self.clicks += 2

    def wait(self, condition: str, seconds: float = 30.0) -> None:
        began = time.monotonic()
        self.browser.wait(condition, seconds)
        self.waited_s += time.monotonic() - began

    def rehearse_again(self) -> str:
        """Press the button and wait for the verdict on the page that it opens; the word of the badge."""
        before = self.browser.run("location.hash")
        self.click("button", "Rehearse again")
        self.wait(f"location.hash.startsWith('#/rehearsal/') && location.hash !== {before!r}")
        self.wait(
            "document.querySelector('.rehearsal-verdict.ready, .rehearsal-verdict.failed')", REHEARSED_S
        )
        return str(self.browser.run("document.querySelector('.rehearsal-head .badge').innerText"))

    def box(self, text: str) -> None:
        """Choose the box that says this, on the picture."""
        self.browser.wait("document.querySelector('.shot img')?.naturalWidth > 0")
        self.browser.run(
            "(() => { const line = [...document.querySelectorAll('.box-line')].find((one) => "
            f"one.innerText.startsWith({text!r})); const node = line.querySelector('input').value; "
            "window.wanted = [...document.querySelectorAll('.boxes .box')].find((one) => one.dataset.node === node); })()"
        )
        self.browser.click("window.wanted")
        self.clicks += 1

    def teach(self) -> None:
        self.browser.wait("!document.querySelector('.lesson button[type=submit]').disabled")
        self.click("button", "Teach")

    def translate(self, *lessons: tuple[str, str]) -> None:
        """Say of texts of the screen that is open, as they stand there, which elements they are in the app's language."""
        for place, (text, element) in enumerate(lessons):
            if place:
                self.click("button", "Teach more on this screen")
            self.box(f"“{text}”")
            if not place:
                self.click("radio", "A known text in another language")
            self.choose(element)
            self.teach()
            self.browser.find("button", "Teach more on this screen")

    def told(self, story: str, capsys: pytest.CaptureFixture[str]) -> None:
        with capsys.disabled():
            print(f"\n{story}: {self.clicks} clicks, {self.waited_s / 60:.1f} minutes of waiting")


def rehearsed(daemon: Daemon, serial: str, wish: dict[str, Any]) -> dict[str, Any]:
    """A rehearsal that was asked for and has ended."""
    path = (
        f"/api/v1/rehearsals/{daemon.call('POST', f'/api/v1/devices/{serial}/rehearse', wish)['data']['id']}"
    )
    report: dict[str, Any] = until(
        lambda: found if (found := daemon.call("GET", path)["data"])["state"] != "running" else None,
        REHEARSED_S,
        path,
        most_s=0.5,
    )
    return report


def needs(daemon: Daemon, kind: str) -> bool:
    return any(one["kind"] == kind for one in daemon.call("GET", "/api/v1/needs")["data"]["needs"])


def test_an_update_that_renames_next_and_adds_a_promotion_is_taught_and_what_waited_is_published(
    shelf: Shelf, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = shelf.start()
    first = shelf.phones.serials[0]
    assert rehearsed(daemon, first, {"platform": "tiktok"})["state"] == "ready"
    for serial in shelf.phones.serials:
        shelf.phones.simctl(serial, "update", "tiktok", "49.0.2")
    config = {"material_list": [str(shelf.video)], "upload_wait_time": 0}
    tasks = [
        daemon.post(serials=[serial], script_config={**config, "captions": f"the morning after {place}"})
        for place, serial in enumerate(shelf.phones.serials)
    ]
    until(lambda: needs(daemon, "version"), REHEARSED_S, "an alarm", most_s=0.5)
    assert all(daemon.task(task)["waiting_for"] == "rehearsal" for task in tasks)
    person = Person(browser, daemon)
    person.open("#/home")
    person.click("link", "Say what it is")
    person.wait("document.querySelector('.pending')")
    person.click("link", "Say what it is")
    person.box("“Another day”")
    person.click("radio", "A dialog in the way: close it here")
    person.teach()
    assert person.rehearse_again() == "Failed"
    person.click("link", "Say what it is")
    person.box("“Go on”")
    person.click("radio", "A button or field that the hub looks for")
    person.choose("editor_next")
    person.teach()
    assert person.rehearse_again() == "Ready to post"
    for task in tasks:
        assert daemon.ended(task, 240)["outcome"] == "published"
    assert len(shelf.posts()) == len(tasks)
    assert browser.faults == []
    person.told("an update that renames Next and adds a promotion", capsys)


def test_a_language_that_nobody_shipped_is_taught_screen_by_screen_up_to_the_form(
    shelf: Shelf, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = shelf.start()
    serial = shelf.phones.serials[0]
    shelf.phones.simctl(serial, "language", "tiktok", "nl")
    config = {"material_list": [str(shelf.video)], "upload_wait_time": 0, "captions": "goedemorgen"}
    task = daemon.post(serials=[serial], script_config=config)
    until(lambda: needs(daemon, "version"), REHEARSED_S, "an alarm", most_s=0.5)
    person = Person(browser, daemon)
    person.open("#/home")
    person.click("link", "Say what it is")
    person.wait("document.querySelector('.pending')")
    person.click("link", "Say what it is")
    person.translate(("Profiel", "profile_tab"), ("Startpagina", "home_tab"))
    assert person.rehearse_again() == "Failed"
    person.click("link", "Say what it is")
    person.translate(("Jouw verhaal", "your_story"), ("Volgende", "editor_next"))
    assert person.rehearse_again() == "Failed"
    person.click("link", "Say what it is")
    person.translate(
        ("Beschrijving toevoegen…", "description_field"),
        ("Concepten", "drafts_button"),
        ("Plaatsen", "post_button"),
    )
    assert person.rehearse_again() == "Failed"
    newest = daemon.call("GET", "/api/v1/rehearsals")["data"]["rehearsals"][0]
    assert {"home", "editor", "post_screen"} <= {screen["name"] for screen in newest["screens"]}
    assert daemon.task(task)["waiting_for"] == "rehearsal"
    assert shelf.posts() == []
    assert browser.faults == []
    person.told("Dutch, up to the form", capsys)
