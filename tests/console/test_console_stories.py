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
#: A button of the page by its text.
_BUTTON = "[...document.querySelectorAll('main button')].find((one) => one.textContent.trim() === '%s' && one.offsetParent)"
#: The text that is to be pointed at.
_CURRENT = "document.querySelector('.unread-text[aria-pressed=true]')?.innerText ?? ''"
#: What a person types: the app's own words for refusals, which no rehearsal brings onto a screen.
STOP_WORDS = {
    "account_status": "Accountstatus",
    "blocked": "Het account is geblokkeerd",
    "close": "Sluiten",
    "for_you": "Voor jou",
    "login": "Log in bij TikTok\nGebruik telefoon / e-mail / gebruikersnaam",
    "post_failed": "Video kan niet worden geüpload",
    "publish_now": "Nu plaatsen",
    "restricted": "Je kunt nu niet plaatsen",
    "retry": "Opnieuw proberen",
    "security_check": "Beveiligingscontrole",
    "sheet": "Dialoogvenster",
    "verify": "Verifieer om door te gaan",
}
#: What is pointed at on the pictures, screen by screen in the order in which the rehearsals come upon it.
WAY: tuple[tuple[str, dict[str, str]], ...] = (
    ("home", {"home_tab": "Startpagina", "profile_tab": "Profiel"}),
    ("editor", {"editor_next": "Volgende", "your_story": "Jouw verhaal"}),
    (
        "post_screen",
        {
            "drafts_button": "Concepten",
            "add_link_row": "Koppeling toevoegen",
            "more_options_row": "Meer opties",
            "mention_button": "Vermelding",
            "description_empty": "Beschrijving toevoegen…",
            "post_button": "Plaatsen",
        },
    ),
    ("leave_sheet", {"discard_button": "Weggooien", "save_draft_button": "Concept opslaan"}),
)
#: The whole story takes no more clicks than these; `docs/first-hour.md` names them.
CLICKS = 30


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
        self.clicks = self.lessons = self.words = self.rehearsals = 0
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

    def teach_and_rehearse(self, button: str = "Teach and rehearse again") -> str:
        """Teach, and wait for the verdict on the page of the rehearsal that begins; the word of its badge."""
        before = self.browser.run("location.hash")
        self.browser.wait(f"{_BUTTON % button} && !{_BUTTON % button}.disabled")
        self.click("button", button)
        self.wait(f"location.hash.startsWith('#/rehearsal/') && location.hash !== {before!r}")
        self.wait(
            "document.querySelector('.rehearsal-verdict.ready, .rehearsal-verdict.failed')", REHEARSED_S
        )
        self.rehearsals += 1
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

    def point_at(self, screen: str, texts: dict[str, str]) -> str:
        """Point at the texts of the screen that is open, then teach them and rehearse; by element what it reads there."""
        self.browser.wait("document.querySelector('.unread-text')")
        if self.browser.run("document.querySelector('select[name=screen]').value") != screen:
            self.browser.run(
                "(() => { const list = document.querySelector('select[name=screen]'); "
                f"list.value = {screen!r}; list.dispatchEvent(new Event('change')); }})()"
            )
            self.clicks += 2
        for element, text in texts.items():
            asked = element.replace("_", " ")
            shown = self.browser.run(
                "[...document.querySelectorAll('.unread-text')].map((one) => one.innerText)"
            )
            assert any(text.startswith(asked) for text in shown), (
                f"{asked} is not asked for on {screen}: {shown}"
            )
            if not str(self.browser.run(_CURRENT)).startswith(asked):
                self.browser.click(
                    f"[...document.querySelectorAll('.unread-text')].find((one) => one.innerText.startsWith({asked!r}))"
                )
                self.clicks += 1
            self.box(f"“{text}”")
        self.lessons += len(texts)
        n = len(texts)
        return self.teach_and_rehearse(
            f"Teach {n if n > 1 else 'one'} text{'s' if n > 1 else ''} and rehearse again"
        )

    def type_words(self, words: dict[str, str]) -> None:
        """Give the words of refusals: a click into the first field, then from field to field by the Tab key."""
        missing = [str(name) for name in self.browser.run(
            "[...document.querySelectorAll('.words textarea')].map((one) => one.name)"
        )]  # fmt: skip
        self.browser.wait("[...document.querySelectorAll('.pending img')].every((one) => one.complete)")
        self.browser.click("document.querySelector('.language .fold summary')")
        self.browser.wait("document.querySelector('.language .fold').open")
        self.browser.click("document.querySelector('.words textarea')")
        self.browser.wait("document.activeElement === document.querySelector('.words textarea')")
        for name in missing:
            assert self.browser.run("document.activeElement.name") == name
            self.browser.ask("Input.insertText", text=words[name])
            self.browser.press("Tab")
        self.click("button", "Save these words")
        self.clicks += 2
        self.words += len(missing)
        self.browser.wait("!document.querySelector('.words textarea')")

    def told(self, story: str, capsys: pytest.CaptureFixture[str]) -> None:
        with capsys.disabled():
            print(
                f"\n{story}: {self.clicks} clicks, {self.rehearsals} rehearsals asked for, {self.lessons} texts pointed at, "
                f"{self.words} words typed, {self.waited_s / 60:.1f} minutes of waiting"
            )


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
    assert person.teach_and_rehearse() == "Failed"
    person.click("link", "Say what it is")
    person.box("“Go on”")
    person.click("radio", "A button or field that the hub looks for")
    person.choose("editor_next")
    assert person.teach_and_rehearse() == "Ready to post"
    for task in tasks:
        assert daemon.ended(task, 240)["outcome"] == "published"
    assert len(shelf.posts()) == len(tasks)
    assert browser.faults == []
    person.told("an update that renames Next and adds a promotion", capsys)


def test_a_language_that_nobody_shipped_is_taught_from_the_first_screen_to_the_published_post(
    shelf: Shelf, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = shelf.start()
    serial = shelf.phones.serials[0]
    shelf.phones.simctl(serial, "language", "tiktok", "nl")
    config = {"material_list": [str(shelf.video)], "upload_wait_time": 0, "captions": "goedemorgen #wereld"}
    task = daemon.post(serials=[serial], script_config=config)
    until(lambda: needs(daemon, "version"), REHEARSED_S, "an alarm", most_s=0.5)
    person = Person(browser, daemon)
    person.open("#/home")
    person.click("link", "Say what it is")
    person.wait("document.querySelector('.pending')")
    person.type_words(STOP_WORDS)
    person.click("link", "Say what it is")
    for screen, texts in WAY:
        verdict = person.point_at(screen, texts)
        if screen != WAY[-1][0]:
            assert verdict == "Failed"
            person.click("link", "Say what it is")
    assert verdict == "Ready to post"
    began = time.monotonic()
    ended = daemon.ended(task, 240)
    person.waited_s += time.monotonic() - began
    assert ended["outcome"] == "published"
    (post,) = shelf.posts()
    assert post["caption"] == "goedemorgen #wereld"
    assert browser.faults == []
    assert person.clicks <= CLICKS
    person.told("Dutch, from the first screen to the published post", capsys)
