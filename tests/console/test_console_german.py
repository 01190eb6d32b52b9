"""The console in German: what the hub says in English is said in German too, or marked as English."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from handlers.page.static_files import FOLDER
from jobs.phone.protocol import PhoneState
from jobs.upkeep.doctor_findings import fail, ok
from storage.records import Outcome, Stage, TaskError, Waiting
from tests.support.browser import Browser
from tests.support.console import PHONE, Hub, show
from tests.support.http_side import MEDIA

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
        "document.querySelector('.past-result')?.textContent.includes('Die App zeigt den neuen Post')"
    )


#: What the page makes of sentences, by its own module.
_SPOKEN = """(async (texts) => {
  const { spoken } = await import(new URL("lib/spoken.js", document.querySelector("script[type=module]").src));
  const { loadMoreTexts } = await import(new URL("lib/texts.js", document.querySelector("script[type=module]").src));
  await loadMoreTexts();
  return texts.map(spoken);
})(%s)"""
_PLACE = re.compile(r"\{(\w*)\}")
#: What stands in places that tell sentences apart, with its German.
_SAMPLES = {
    "phone": ("the phone PHONE1", "das Handy PHONE1"),
    "at": (" at the step proof", " beim Schritt proof"),
    "minutes": ("30 minutes", "30 Minuten"),
    "posts": ("2 other posts", "2 anderen Posts"),
    "language": ("Dutch", "Niederländisch"),
    "kind": ("video", "Video"),
    **dict.fromkeys(("id", "n", "percent", "least", "celsius", "most", "seconds", "size"), ("7", "7")),
}


def _filled(english: str, german: str) -> tuple[str, str]:
    """Both with the same values in their places, named ones by name and the others in order."""
    names = [name or str(at) for at, name in enumerate(_PLACE.findall(english), 1)]
    values = {name: _SAMPLES.get(name, (f"x{at}", f"x{at}")) for at, name in enumerate(names)}
    order = iter(names)
    said = _PLACE.sub(lambda _: values[next(order)][0], english)
    rest = iter(names)
    told = _PLACE.sub(lambda found: values[found[1] or next(rest)][1], german)
    return said, told[0].upper() + told[1:] if english[0].isupper() else told


def test_every_german_sentence_is_found_again_by_its_english(shown: Any, german: Browser) -> None:
    show(german, shown[0])
    known = json.loads((FOLDER / "hub_says.de.json").read_text("utf-8"))
    sentences = {
        english: text
        for section, texts in {**known["first"], **known["later"]}.items()
        if section != "parts"
        for english, text in texts.items()
        if english[0] not in " ;,:"
    }
    pairs = [_filled(*pair) for pair in sentences.items()]
    found = german.run(_SPOKEN % json.dumps([said for said, _ in pairs]))
    wrong = {said: (got, wanted) for (said, wanted), got in zip(pairs, found, strict=True) if got != wanted}
    assert wrong == {}


#: As the hub says them, put together from several of its sentences.
_SAID = {
    "usernames[0]: there is no account @bob; the list of accounts shows which there are (and 2 more problems)":
        "usernames[0]: es gibt kein Konto @bob; die Liste der Konten zeigt, welche es gibt (und 2 weitere Probleme)",
    "@alice on PHONE1 was given the same media 5 minutes ago (task 3); with force it is created all the same":
        "@alice auf PHONE1 hat dieselbe Datei schon bekommen: vor 5 Minuten (Auftrag 3); mit force wird er trotzdem angelegt",
    'tasks[0]: script_config.captions: "a#b" has 6 hashtags (#), TikTok takes 5; left out: #f':
        "tasks[0]: script_config.captions: „a#b“ hat 6 Hashtags (#), TikTok nimmt 5; weggelassen: #f",
    'no unused video is left in the material library for @alice: all 3 are used, reserved or unfit; "a.mp4" was used before':
        "kein unbenutztes Video ist mehr in der Mediathek für @alice: alle 3 sind benutzt, vorgemerkt oder ungeeignet; „a.mp4“ wurde schon benutzt",
    'start_time: "09:00" is past: it is 2027-01-01 10:00 now in the zone Europe/Berlin':
        "start_time: „09:00“ ist vorbei: Es ist jetzt 2027-01-01 10:00 in der Zone Europe/Berlin",
    'must be one of "reel", "story", not "rel"; did you mean "reel"?':
        'muss eines von "reel", "story" sein, nicht „rel“; meinten Sie „reel“?',
    '"clip.mov" is named like a JPEG image, but holds an MP4 video; rename it to clip.mp4':
        "„clip.mov“ heißt wie ein JPEG-Bild, enthält aber ein MP4-Video; benennen Sie es um in clip.mp4",
    '"a.mp4" is gone: put it back, or change the task':
        "„a.mp4“ ist weg: Legen Sie es zurück, oder ändern Sie den Auftrag",
    "Phone PHONE1: 3 tasks wait for it, long past the time: the adb server does not answer":
        "Handy PHONE1: 3 Aufträge warten darauf, lange über die Zeit: der adb-Server antwortet nicht",
    "@alice (TikTok) is not logged in on phone Shelf A-1: log in by hand.":
        "@alice (TikTok) ist auf Handy Shelf A-1 nicht angemeldet: Bitte von Hand anmelden.",
    'Slot 3 cannot plan the post of 2027-01-02 18:00 for @alice and 3 more: there is no video in "/srv/media"; put one there':
        "Serie 3 kann den Post vom 2027-01-02 18:00 für @alice und 3 weitere nicht planen: es gibt kein Video in „/srv/media“; legen Sie eines dorthin",
    "the phone did not answer in time (after 3 retries)": "das Handy antwortete nicht rechtzeitig (nach 3 weiteren Versuchen)",
    "retry 1 of 3 in 60 s: the link to the phone was lost: closed": "Versuch 1 von 3 in 60 s: die Verbindung zum Handy ging verloren: closed",
    "TikTok: video by share: ready": "TikTok: Video über share: bereit",
    "TikTok 49.0.2 in English failed its last rehearsal: some_sheet does not go away: Season of lights":
        "Die letzte Probe von TikTok 49.0.2 auf Englisch scheiterte: some_sheet geht nicht weg: Season of lights",
    "com.x speaks the phone's language, Dutch (nl-NL); posts are made in English and German only: "
    'set the language of the app or of the phone to English, or write set_app_language = "en" into [phones] of the config':
        "com.x spricht die Sprache des Handys, Niederländisch (nl-NL); Posts entstehen nur auf Englisch und Deutsch: "
        "stellen Sie die Sprache der App oder des Handys auf Englisch, oder schreiben Sie set_app_language = „en“ in der Konfiguration unter [phones]",
    'where a sheet or dialog is headed "Try it", touches "Not now" and goes on':
        "wo eine Einblendung oder ein Dialog die Überschrift „Try it“ hat, gilt: berührt „Not now“ und geht weiter",
    "this phone's screen says hello; the adb server does not answer": "this phone's screen says hello; the adb server does not answer",
    "the disk of the moon is full": "the disk of the moon is full",
}  # fmt: skip


def test_sentences_that_are_put_together_are_said_in_german(shown: Any, german: Browser) -> None:
    show(german, shown[0])
    found = german.run(_SPOKEN % json.dumps(list(_SAID)))
    assert dict(zip(_SAID, found, strict=True)) == _SAID


def _cut_off(browser: Browser) -> list[str]:
    """What is wider than the page, or than the box that hides what leaves it."""
    found: list[str] = browser.run(
        "[...document.querySelectorAll('main *')].filter((one) => one.clientWidth > 0 && one.getBoundingClientRect().right > innerWidth + 1 "
        "&& !one.closest('svg, pre, .sr')).map((one) => one.outerHTML.slice(0, 120))"
    )
    return found


def test_what_the_hub_refuses_and_warns_of_stands_in_german_beside_its_field(
    hub: Hub, german: Browser
) -> None:
    hub.library.upload([(MEDIA / "clip.mp4").read_bytes()], "clip.mp4")
    show(german, hub, "#/compose?material=1", PHONE)
    german.run("sessionStorage.clear()")
    german.run("document.querySelectorAll('.compose input[type=checkbox]')[0].click()")
    german.find("textbox", "Text").fill("Frisch #a #b #c #d #e #f")
    german.wait("document.querySelector('.compose-main .note')")
    said = german.run("document.querySelector('.compose-main .note').innerText")
    assert "hat 6 Hashtags (#), TikTok nimmt 5; kürzen Sie ihn" in said
    german.find("textbox", "Text").fill("x" * 5000)
    german.wait(
        "document.querySelector('.compose-main .note.bad')?.innerText.includes('Zeichen, die App nimmt')"
    )
    assert _cut_off(german) == []
    assert german.faults == []


def test_the_check_up_speaks_german(hub: Hub, german: Browser) -> None:
    hub.findings = [
        ok("time zone", "start times are in Europe/Berlin: 2027-01-01 10:00 now"),
        fail(
            "phone PHONE3",
            "is locked",
            "switch the screen lock off: Settings, Security, Screen lock, None",
            phone="PHONE3",
        ),
        fail("adb key", "the moon is full", "wait for the sun"),
    ]
    show(german, hub, "#/system", PHONE)
    german.find("button", "Jetzt prüfen").click()
    german.wait("document.querySelectorAll('.finding').length === 3")
    assert german.run("[...document.querySelectorAll('.finding p')].map((one) => one.textContent)") == [
        "Handy PHONE3 ist gesperrt",
        "Abhilfe: schalten Sie die Bildschirmsperre aus: Einstellungen, Sicherheit, Bildschirmsperre, Keine",
        "Adb-Schlüssel the moon is full",
        "Abhilfe: wait for the sun",
        "Zeitzone Startzeiten gelten in Europe/Berlin: jetzt 2027-01-01 10:00",
    ]
    assert "Posten geht noch nicht: 1 Fehler dieses Rechners" in german.run("document.body.innerText")
    assert german.run(
        "[...document.querySelectorAll('.finding [lang=en]')].map((one) => one.textContent)"
    ) == ["the moon is full", "wait for the sun"]
    assert _cut_off(german) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TaskError("device_timeout", "no proof and no refusal within 60 s; the phone shows an unknown screen", "proof"),
         "Weder Nachweis noch Ablehnung in 60 s; das Handy zeigt eine unbekannte Ansicht"),
        (TaskError("wrong_account", "the account bob is not among those on this phone (shown: alice)", "own_profile"),
         "Das Konto bob ist nicht unter denen auf diesem Handy (gezeigt: alice)"),
    ],
)  # fmt: skip
def test_why_a_post_failed_is_said_in_german(hub: Hub, german: Browser, error: TaskError, said: str) -> None:
    task = hub.post()
    hub.store.tasks.change(task.id, stage=Stage.PREPARING, started_at=hub.clock.now(), attempt=1)
    ended = {"outcome": Outcome.NONE, "error": error, "finished_at": hub.clock.now()}
    hub.store.tasks.change(task.id, stage=Stage.FAILED, **ended)
    show(german, hub, f"#/task/{task.id}", PHONE)
    assert said in german.run("document.querySelector('main').innerText")
    assert _cut_off(german) == []


def test_a_refusal_of_the_hub_is_told_in_german(hub: Hub, german: Browser) -> None:
    german.open(f"{hub.page}#/task/77", *PHONE)
    german.wait("document.querySelector('main .empty')?.innerText.includes('Es gibt keinen Auftrag 77')")


def test_what_a_lesson_would_do_is_said_in_german(shown: Any, german: Browser) -> None:
    hub, ids = shown
    show(german, hub, f"#/teach/{ids['lesson']}", PHONE)
    for text in ("Another day", "Ein Dialog, der im Weg steht"):
        german.run(
            f"[...document.querySelectorAll('input[type=radio]')].find((one) => one.closest('label').innerText.includes({text!r})).click()"
        )
    german.wait("document.querySelector('.proposal-facts')", 60)
    assert (
        "Wo eine Einblendung oder ein Dialog die Überschrift „Season of lights is here“ hat, gilt: berührt „Another day“ und geht weiter"
        in german.run("document.querySelector('main').innerText")
    )
    assert _cut_off(german) == []
