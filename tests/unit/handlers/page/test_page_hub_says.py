"""What the hub says in English and the console in German: no sentence of a console screen without its German, no German without its sentence."""

from __future__ import annotations

import ast
import functools
import json
import re
from pathlib import Path

import pytest

from handlers.page.first_screen import by_language
from handlers.page.static_files import FOLDER
from tests.support import hub_sentences
from tests.support.hub_sentences import PLACE, ROOT, normal

_FILE = json.loads((FOLDER / "hub_says.de.json").read_text("utf-8"))
#: Section -> English -> German.
SECTIONS: dict[str, dict[str, str]] = {**_FILE["first"], **_FILE["later"]}
#: Sentences that the hub puts together from smaller parts of its code, and parts of which one word is chosen: the words alone are looked for.
PUT_TOGETHER = ("composed", "parts")
#: So many of them, as the next one may be of another part.
_WORDS = 5
#: Texts in the code that are no sentences for people, or of which every form has its German under "composed".
NO_SENTENCES = frozenset(
    {
        # how programs call the API; the console does not do these
        ", or one of the paths below /api/v1, such as /api/v1/task",
        "This contract as OpenAPI 3.1",
        "the path is not UTF-8 (percent-encoded)",
        "API access enabled",
        "1 to 128 visible characters; the same key and body within 24 h get the first answer again",
        'a person makes it, so `source` is "ui", as it is in a session; else it is "api"',
        "the `version` that you have seen; with another nothing is done (41201)",
        ": this {} was encoded twice; send the {} itself, not a text that holds it",
        ": this is Python's own text of a {}; send it as JSON (json=... in requests)",
        "is what PowerShell leaves of nested values; add -Depth 10 to ConvertTo-Json",
        "is what JavaScript makes of an object that is joined with a text; use JSON.stringify for the whole body",
        "is what Python makes of an object; send its value",
        'is a part of "{}"; send that as one object or list',
        '; it stands inside "{}": send what is in there as the body',
        "holds {} rows; one call takes at most {}",
        "holds no task: name at least one in tasks, or send a row below the first one of a CSV file",
        "into the header If-Match",
        "would make {} tasks; one call makes at most {}",
        "belongs beside tasks, or into the address: all rows are tried or none",
        "Keys of script_config that change; the others stay as they are",
        "into the header Idempotency-Key",
        "is a call of its own: POST /api/v1/accounts/{}/{}",
        "is not possible in this call: it would not be tried, but done",
        'is not a known key and says something else than "{}"; send "{}" alone',
        "says nothing that can be changed; known: {}",
        "names no account; leave it out to have the phone read",
        "min_interval, max_interval: withdrawn from the original API; still obeyed here, in minutes",
        "the + of the offset became a blank; in an address it is written %2B",
        'in JavaScript give the name, too: form.append("file", blob, "clip.mp4")',
        "the ETag of the last answer: 304 without a body while it is still right",
        # names, keys, commands, what is looked for, and what is only logged
        "the server",
        "the archive",
        "the archive of {}",
        "{}captions: {}",
        "start_time: {}",
        "caption: {}",
        "usernames ({})",
        "elements.{} rule {}",
        "elements.{}: {}",
        "{} rule {}: {}",
        "ready: {}",
        "tells {}",
        "MPEG Audio",
        "tikmatrixd: {}",
        "adb: {}",
        "port {}",
        "exit status {}",
        "{} of {}",
        "{} at {} %",
        "line {}: ",
        "the phone ",
        "unknown means",
        "No activities found",
        "_display_name IN ({})",
        " OR date_modified>={}",
        "for p in $(pidof {}); do cat /proc/$p/stat; done",
        "; cat /proc/uptime",
        "Active default network: ",
        "Current Networks:",
        "ai label",
        "A rehearsal of tikmatrixd",
        "a video of us",
        "3 of 5",
        "it is raining",
        "# What was taught to a hub for {}; docs/screens.md describes this form",
        'platform = "{}"',
        "# {}, by {}, from {}: {}",
        "language of the app",
        "not told",
        "the new post itself",
        "mark sound as favourite",
        "remove sound",
        "add recommended sound",
        "add named sound",
        "{} ({} bytes) was not kept",
        "{}... ({} characters)",
        "evidence cannot be written",
        "not a name for evidence: {}",
        "tikmatrixd.py token new NAME",
        "docs/operator.md, section 9",
        r"version 1\.0\.(\d+)",
        "slot {} ({}) cannot plan the post of {} {} for @{}: {}",
        # faults of the program itself, and of the talk between the hub and a phone: details for support
        "closed after {} of {} bytes",
        "the command is too long for adb",
        "the adb server has no version: {}",
        "a shell word cannot hold a NUL character",
        "HTTP request failed: {}",
        "the answer is not JSON-RPC",
        "already registered",
        "no such key: {}",
        "after the commit point a task must not be recorded as not published",
        "a task that is {} cannot have the outcome {}",
        "no move leads from {} to {}",
        # the first half of what "composed" has whole
        "is {}",
        "the phone {} {}",
        "{} task {}",
        # what a button says: the console has its own words for each
        "It is there",
        "It is not there",
        "The time is right",
        "Read it again",
        "Go on",
        "Look again",
        "It is logged in",
        "Go on now",
        "Rehearse again",
        "Post anyway",
    }
)


@functools.cache
def _said() -> dict[str, str]:
    """Each sentence of the hub that a screen may show, with where it stands."""
    found = hub_sentences.of_screens_files()
    for path in hub_sentences.shown_modules():
        for text, line in hub_sentences.of_code(path).items():
            found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def test_every_sentence_that_a_screen_of_the_console_may_show_has_its_german() -> None:
    known = {normal(english) for sentences in SECTIONS.values() for english in sentences}
    composed = [
        re.compile(".*?".join(map(re.escape, re.split(r"\{\w*\}", english))))
        for english in SECTIONS["composed"]
        if english[0].isalnum() or english[0] == "{"
    ]
    missing = {
        f"{where}: {said}"
        for said, where in _said().items()
        if said not in NO_SENTENCES | known and not any(pattern.fullmatch(said) for pattern in composed)
    }
    assert missing == set()


def test_no_german_is_kept_for_a_sentence_that_the_hub_does_not_say_any_more() -> None:
    said = _said()
    code = "\n".join(
        [path.read_text("utf-8") for path in (ROOT / "jobs").rglob("*.toml")]
        + [text for path in (ROOT / "jobs").rglob("*.py") for text in _texts(path)]
    ).lower()
    lost = []
    for section, sentences in SECTIONS.items():
        for english in sentences:
            if normal(english) in said:
                continue
            words = max((part.strip(" .:;,()\"'@") for part in re.split(r"\{\w*\}", english)), key=len)
            begin = " ".join(words.lower().split()[:_WORDS])
            if section not in PUT_TOGETHER or begin not in code:
                lost.append(english)
    assert lost == []


def _texts(path: Path) -> list[str]:
    """Every text of a module, whatever it is for, with a mark where a value is filled in."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            found.append(
                "".join(str(one.value) if isinstance(one, ast.Constant) else "\0" for one in node.values)
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_what_is_named_as_no_sentence_still_stands_in_the_code() -> None:
    assert NO_SENTENCES - set(_said()) == set()


def test_the_german_fills_in_what_the_english_does() -> None:
    def places(text: str) -> list[str]:
        return re.findall(r"\{(\w*)\}", text)

    wrong = []
    for sentences in SECTIONS.values():
        for english, german in sentences.items():
            names = [name or str(at) for at, name in enumerate(places(english), 1)]
            own = places(german)
            own = [name or names[at] for at, name in enumerate(own) if name or at < len(names)]
            one = re.search(r"\{n\} post\b", english)  # "its 1 post" has no number in German
            if sorted(own) != sorted(names) and not one:
                wrong.append(english)
    assert wrong == []


def test_the_rest_of_what_the_hub_says_is_a_file_of_its_own_that_home_does_not_wait_for() -> None:
    files = {path.name: path.read_bytes() for path in (FOLDER / "texts.json", FOLDER / "hub_says.de.json")}
    by_language("", files)
    assert json.loads(files["texts.de.json"])["hub_says"] == _FILE["first"]
    assert json.loads(files["later.de.json"])["hub_says"] == _FILE["later"]
    assert "hub_says" not in json.loads(files["texts.en.json"])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('raise Unreadable(f"must be {low} or more")', {"must be {} or more"}),
        ('f\'{field}: {n} file{"s" if n > 1 else ""} left\'', {"{} file left", "{} files left"}),
        ('warn("usernames: ignored, because " + why + ".")', {"ignored, because {}"}),
        ('text += "; say more" if asked else "; say less"', {"; say more", "; say less"}),
        ('_LOG.info("nobody reads this")', set()),
        ('def one():\n    """Nor this text."""', set()),
    ],
)
def test_sentences_are_found_in_code(tmp_path: Path, code: str, said: set[str]) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)
    assert set(hub_sentences.of_code(module)) == said


def test_places_have_one_mark() -> None:
    assert normal("{what} is paused{until}{why}.") == f"{PLACE} is paused{PLACE}"
