"""The console in German: what the hub says in English is said in German too, or marked as English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.phone.protocol import PhoneState
from storage.records import Outcome, Stage, Waiting
from tests.support.browser import Browser
from tests.support.console import Hub, show

DETAIL = "the phone has not accepted this box: unlock it and confirm the question about USB debugging"


@pytest.fixture
def german(browser: Browser) -> Iterator[Browser]:
    browser.prefer(language="de-DE")
    yield browser
    browser.prefer()


@pytest.mark.parametrize(
    ("waits", "detail", "german_detail"),
    [
        (Waiting.DEVICE, "the phone PHONE1 works on task 3", "das Handy PHONE1 arbeitet an Auftrag 3"),
        (Waiting.PAUSE, "the hub is paused since 22:30 until 23:30: new shelf", "der Hub ist seit 22:30 bis 23:30 angehalten: new shelf"),
        (Waiting.PACE, "@alice leaves 30 minutes between two posts; quiet hours 22:00-06:00: it waits until 06:00",
         "@alice lässt 30 Minuten zwischen zwei Posts; Ruhezeit 22:00-06:00: er wartet bis 06:00"),
    ],
)  # fmt: skip
def test_why_a_post_waits_is_said_in_german(
    hub: Hub, german: Browser, waits: Waiting, detail: str, german_detail: str
) -> None:
    task = hub.post()
    hub.store.tasks.change(task.id, stage=Stage.QUEUED)
    hub.store.tasks.set_waiting({task.id: (waits, hub.clock.now(), detail)})
    show(german, hub, "#/queue")
    assert german_detail in german.run("document.querySelector('.task-why').textContent")
    assert german.run("document.documentElement.lang") == "de"


def test_what_needs_a_person_is_said_in_german_and_what_is_not_known_is_marked_as_english(
    hub: Hub, german: Browser
) -> None:
    hub.phones.complaints.append("the moon is full")
    hub.phones.set("PHONE3", PhoneState.UNAUTHORIZED, detail=DETAIL)
    hub.phones.set("PHONE2", PhoneState.NEEDS_HANDS, detail="its charger smokes")
    show(german, hub)
    cards = german.run("[...document.querySelectorAll('.matter-text > p')].map((one) => one.textContent)")
    assert (
        "Handy PHONE3: das Handy hat diesen Rechner nicht zugelassen: Entsperren Sie es und bestätigen Sie die Frage nach dem USB-Debugging"
        in cards
    )
    assert "Handy PHONE2: its charger smokes" in cards
    show(german, hub, "#/system")
    assert german.run("[...document.querySelectorAll('[lang=en]')].map((one) => one.textContent)") == [
        "the moon is full"
    ]


def test_a_published_post_says_its_proof_in_german(hub: Hub, german: Browser) -> None:
    ended = {
        "outcome": Outcome.PUBLISHED,
        "remark": "the app shows the new post",
        "finished_at": hub.clock.now(),
    }
    hub.store.tasks.change(hub.post().id, stage=Stage.PUBLISHED, **ended)
    show(german, hub, "#/history")
    german.wait(
        "document.querySelector('.past-result')?.textContent.includes('die App zeigt den neuen Post')"
    )
