"""The library in a browser: pictures, upload of many, tags, captions, use again, delete after a question."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from storage.records import Outcome, Stage
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Button, Hub, show
from tests.support.http_side import MEDIA

PLACE = "#/library"
CARDS = "[...document.querySelectorAll('.material h2')].map((one) => one.textContent)"


def button(browser: Browser, verb: str, name: str = "clip.mp4") -> Button:
    """Wait until there is such a button."""
    return Button(browser, verb, name)


def put(hub: Hub, *names: str, **fields: object) -> None:
    for name in names:
        hub.library.upload([(MEDIA / name).read_bytes()], name, fields)


@pytest.mark.parametrize("size", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.long)])
def test_many_files_are_uploaded_and_shown_with_their_pictures(
    hub: Hub, browser: Browser, size: tuple[int, int]
) -> None:
    show(browser, hub, PLACE, size)
    assert browser.run("document.querySelector('.empty').innerText").startswith("The library is empty")
    browser.choose_files(
        "input[type=file]", *(MEDIA / name for name in ("photo.jpg", "photo.png", "clip.mp4"))
    )
    browser.wait(f"{CARDS}.length === 3 && document.querySelectorAll('.chosen').length === 0")
    assert sorted(browser.run(CARDS)) == ["clip.mp4", "photo.jpg", "photo.png"]
    browser.wait(
        "[...document.querySelectorAll('.material img')].every((one) => one.complete && one.naturalWidth > 100)"
    )
    assert browser.run("document.documentElement.scrollWidth") <= size[0]
    assert browser.faults == []


def test_a_file_that_is_no_media_says_why_and_can_be_taken_away(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    show(browser, hub, PLACE)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"only words" * 100)
    browser.choose_files("input[type=file]", broken)
    assert "holds text" in browser.wait("document.querySelector('.chosen.bad')?.innerText")
    browser.find("button", "Remove broken.mp4").click()
    browser.wait("document.querySelectorAll('.chosen').length === 0")
    assert hub.library.page()[1] == 0


def test_caption_tags_and_account_are_changed_in_a_dialog(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4")
    show(browser, hub, PLACE)
    button(browser, "Edit").click()
    browser.find("textbox", "Caption").fill("{New|Fresh} bench")
    browser.find("textbox", "Tags").fill("bench, oak")
    browser.find("textbox", "Account").fill("@alice")
    browser.find("button", "Save").click()
    browser.wait("document.querySelectorAll('.material .tag').length === 3")
    material = hub.library.get(1).material
    assert (material.caption, material.tags, material.username) == (
        "{New|Fresh} bench",
        ("bench", "oak"),
        "alice",
    )
    button(browser, "Edit").click()
    browser.find("textbox", "Caption").fill("{{broken}}")
    browser.find("button", "Save").click()
    assert "caption" in browser.wait("document.querySelector('dialog [role=alert]')?.innerText")
    assert hub.library.get(1).material.caption == "{New|Fresh} bench"


def test_a_file_is_deleted_only_after_a_question(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4", "photo.jpg")
    show(browser, hub, PLACE)
    button(browser, "Delete").click()
    browser.find("button", "Cancel").click()
    browser.wait("!document.querySelector('dialog[open]')")
    assert hub.library.page()[1] == 2
    button(browser, "Delete").click()
    confirm = "[...document.querySelectorAll('dialog[open] button')].find((one) => one.textContent.trim() === 'Delete')"
    browser.wait(f"Boolean({confirm})")
    browser.click(confirm)
    browser.wait(f"{CARDS}.length === 1")
    assert [view.material.name for view in hub.library.page()[0]] == ["photo.jpg"]


def test_a_used_file_is_marked_and_can_be_used_again(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4")
    body = {"script_name": "post", "usernames": ["alice"], "platform": "tiktok", "script_config": {}}
    (number,) = hub.client.good("POST", "/api/v1/task", body)["task_ids"]
    show(browser, hub, PLACE)
    assert browser.run("document.querySelector('.material .badge').innerText") == "Reserved"
    now = hub.clock.now()
    hub.store.tasks.change(number, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=now)
    show(browser, hub, PLACE)
    assert browser.run("document.querySelector('.material .badge').innerText") == "Used"
    button(browser, "Use again").click()
    browser.wait("document.querySelector('.material .badge').innerText === 'Free'")


def test_filters_stand_in_the_address(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4", tags="bench")
    put(hub, "photo.jpg", "photo.png")
    show(browser, hub, f"{PLACE}?kind=video")
    assert browser.run(CARDS) == ["clip.mp4"]
    browser.find("combobox", "Kind").call(
        "function () { this.value = 'image'; this.dispatchEvent(new Event('change')) }"
    )
    browser.wait(f"{CARDS}.length === 2")
    assert browser.run("location.hash") == "#/library?kind=image"
    show(browser, hub, PLACE)
    browser.find("button", "#bench").click()
    browser.wait(f"{CARDS}.length === 1")
    assert browser.run("location.hash") == "#/library?tag=bench"


def test_files_are_found_by_a_part_of_name_tag_or_caption_while_one_types(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4", tags="oak")
    put(hub, "photo.jpg", caption="Soaked in oil")
    put(hub, "photo.png")
    show(browser, hub, PLACE)
    browser.find("searchbox", "Name, tag or caption").fill("OAK")
    browser.wait(f"{CARDS}.length === 2")
    assert browser.run("location.hash") == "#/library?q=OAK"
    assert browser.run("document.activeElement.value") == "OAK"
    browser.find("combobox", "Kind").call(
        "function () { this.value = 'image'; this.dispatchEvent(new Event('change')) }"
    )
    browser.wait(f"{CARDS}.length === 1")
    assert browser.run("location.hash") == "#/library?q=OAK&kind=image"
    show(browser, hub, f"{PLACE}?q=birch")
    assert browser.run("document.querySelector('.empty').innerText") == "No file is like that."
    assert browser.run("document.querySelector('input[name=q]').value") == "birch"
    assert browser.faults == []


def test_in_a_new_post_files_of_the_library_are_searched_and_what_was_ticked_before_stays_ticked(
    hub: Hub, browser: Browser
) -> None:
    put(hub, "photo.jpg", tags="oak")
    put(hub, "photo.png", caption="ash")
    put(hub, "clip.mp4")
    picks = "[...document.querySelectorAll('dialog .pick-name')].map((one) => one.textContent)"
    show(browser, hub, "#/compose")
    browser.find("button", "Choose from the library").click()
    browser.wait(f"{picks}.length === 3")
    browser.find("searchbox", "Name, tag or caption").fill("ash")
    browser.wait(f"{picks}.join() === 'photo.png'")
    browser.find("checkbox", "photo.png").call("function () { this.click() }")
    browser.find("searchbox", "Name, tag or caption").fill("oak")
    browser.press("Enter")
    browser.wait(f"{picks}.join() === 'photo.jpg'")
    assert browser.run("document.querySelector('dialog').open"), "Enter looks, it does not take"
    assert "1 chosen" in browser.run("document.querySelector('.pick-said').innerText")
    browser.find("checkbox", "photo.jpg").call("function () { this.click() }")
    browser.find("searchbox", "Name, tag or caption").fill("birch")
    browser.wait("document.querySelector('.pick-said').innerText === 'No file is like that. 2 chosen'")
    browser.find("button", "Take these").click()
    browser.wait("document.querySelectorAll('.chosen').length === 2")
    chosen = browser.run("[...document.querySelectorAll('.chosen b')].map((one) => one.textContent)")
    assert chosen == ["photo.png", "photo.jpg"], "in the order in which they were ticked"
    assert browser.faults == []


def test_a_picker_that_shows_a_part_of_a_large_library_says_so(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4", tags="oak")
    (first,) = hub.store.materials.all()
    for number in range(120):
        facts = {name: value for name, value in msgspec.structs.asdict(first).items() if name != "id"}
        hub.store.materials.add(**{**facts, "name": f"{number}.mp4", "sha256": f"{number:064x}", "tags": ()})
    show(browser, hub, "#/compose")
    browser.find("button", "Choose from the library").click()
    said = "document.querySelector('.pick-said')?.innerText"
    assert browser.wait(said) == "The newest 100 of 121: search for others."
    browser.find("searchbox", "Name, tag or caption").fill("#oak")
    browser.wait(f"{said} === ''")
    assert browser.run("document.querySelector('dialog .pick-name').textContent") == "clip.mp4"


def test_a_file_of_the_library_becomes_a_post(hub: Hub, browser: Browser) -> None:
    put(hub, "clip.mp4")
    show(browser, hub, PLACE)
    browser.find("link", "Post").click()
    browser.wait("document.querySelector('.chosen')?.innerText.includes('clip.mp4')")
    assert browser.run("document.querySelector('main h1').textContent") == "New post"
