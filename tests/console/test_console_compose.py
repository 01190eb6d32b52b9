"""New post in a browser: upload, choose, mend what the hub warns of, post; exactly once whatever is lost on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, settled, show
from tests.support.http_side import MEDIA
from tests.support.lossy_proxy import LossyProxy

NEW = "#/compose"
ARRIVED = "document.querySelector('.chosen')?.innerText.includes('In the library')"
#: The hub was asked what it thinks of the form, and has answered.
SAID = "performance.getEntriesByName(location.origin + '/api/v1/task/bulk').length"


@pytest.fixture(autouse=True)
def fresh(hub: Hub, browser: Browser) -> None:
    """Nothing of the test before is left in the browser."""
    browser.open(hub.page + "healthz")
    browser.run("sessionStorage.clear(), new Promise((r) => { const d = indexedDB.deleteDatabase('tikmatrixd-uploads'); d.onsuccess = d.onblocked = r })")  # fmt: skip


@pytest.fixture
def proxy(hub: Hub) -> Iterator[LossyProxy]:
    assert hub.page
    assert hub.server is not None
    with LossyProxy(hub.server.port) as proxy:
        yield proxy


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return Path(shutil.copy(MEDIA / "clip.mp4", tmp_path / "clip.mp4"))


def tasks(hub: Hub) -> list[dict[str, Any]]:
    """As the API shows them, oldest first."""
    found: list[dict[str, Any]] = hub.client.good("GET", "/api/v1/task")["tasks"]
    return found[::-1]


def reload(browser: Browser) -> None:
    """Load the page anew in the same tab."""
    address = browser.run("location.href")
    browser.open("about:blank")
    browser.open(address, *DESKTOP)
    settled(browser)


def choose(browser: Browser, *files: Path) -> None:
    browser.choose_files("input[type=file]", *files)


def tick(browser: Browser, *names: str) -> None:
    for name in names:
        box = browser.find("checkbox", name)
        box.call(
            "function () { this.scrollIntoView({ block: 'center' }) }"
        )  # not below the bar with the button
        box.click()


ALICE_TT, ALICE_IG, BENCH = (
    "@alice, TikTok Shelf A-1",
    "@alice, Instagram Shelf A-1",
    "@workshop.bench, Instagram PHONE2",
)


@pytest.mark.parametrize("size", [PHONE, pytest.param(DESKTOP, marks=pytest.mark.long)])
def test_a_clip_is_uploaded_and_posted_to_three_accounts_after_a_warning_was_mended(
    hub: Hub, browser: Browser, clip: Path, size: tuple[int, int]
) -> None:
    show(browser, hub, NEW, size)
    assert browser.find("button", "Post to 0 accounts").disabled
    choose(browser, clip)
    browser.wait(ARRIVED)
    tick(browser, ALICE_TT, ALICE_IG, BENCH)
    caption = browser.find("textbox", "Caption")
    caption.fill("{Fresh|New} from the workshop #a #b #c #d #e #f")
    note = browser.wait("document.querySelector('.note')?.innerText")
    assert "6 hashtags" in note
    assert note.startswith("@alice, TikTok: ")
    caption.fill("{Fresh|New} from the workshop #bench")
    browser.wait("!document.querySelector('.note') && document.querySelectorAll('.preview').length === 3")
    previews = browser.run("[...document.querySelectorAll('.preview')].map((one) => one.innerText)")
    assert all("from the workshop #bench" in one and "{" not in one for one in previews)
    browser.find("button", "Tomorrow 18:00").click()
    assert browser.find("radio", "At").call("function () { return this.checked }")
    browser.find("button", "Post to 3 accounts").click()
    browser.find("link", "Task 3")
    assert "Tomorrow 18:00" in browser.run("document.querySelector('[role=status] .made').innerText")
    made = tasks(hub)
    assert [(task["username"], task["platform"]) for task in made] == [
        ("alice", "tiktok"), ("alice", "instagram"), ("workshop.bench", "instagram"),
    ]  # fmt: skip
    assert {task["source"] for task in made} == {"ui"}
    assert {tuple(task["script_config"]["material_ids"]) for task in made} == {(1,)}
    assert browser.faults == []


def test_a_double_tap_whose_first_answer_is_lost_makes_one_post_for_each_account(
    hub: Hub, browser: Browser, clip: Path, proxy: LossyProxy
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    browser.open(f"http://127.0.0.1:{proxy.port}/{NEW}?material=1", *DESKTOP)
    settled(browser)
    tick(browser, ALICE_TT, ALICE_IG)
    browser.find("textbox", "Caption").fill("{Once|One time}")
    browser.wait("document.querySelector('.preview')")
    proxy.lose("POST /api/v1/task/bulk ")
    browser.find("button", "Post to 2 accounts").click(times=2)
    browser.find("link", "Task 2")
    assert proxy.lost == 1
    assert len(tasks(hub)) == 2
    assert {"Task 1", "Task 2"} <= set(browser.names("link"))


def test_a_page_that_is_loaded_again_before_the_answer_came_makes_one_post_and_shows_it(
    hub: Hub, browser: Browser, clip: Path, proxy: LossyProxy
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    browser.open(f"http://127.0.0.1:{proxy.port}/{NEW}?material=1", *DESKTOP)
    settled(browser)
    tick(browser, ALICE_TT)
    browser.find("textbox", "Caption").fill("{Once|One time}")
    browser.wait("document.querySelector('.preview')")
    proxy.lose("POST /api/v1/task/bulk ", 1000)
    browser.find("button", "Post to 1 account").click()
    while not proxy.lost:
        browser.run("new Promise(requestAnimationFrame)")
    browser.open("about:blank")
    # Else the page before, which asks again, hears the answer.
    browser.wait("location.href === 'about:blank'")
    assert len(tasks(hub)) == 1
    proxy.lose_no_more()
    browser.open(f"http://127.0.0.1:{proxy.port}/{NEW}", *DESKTOP)
    settled(browser)
    browser.find("link", "Task 1")
    assert len(tasks(hub)) == 1
    reload(browser)
    assert browser.find("textbox", "Caption").call("function () { return this.value }") == ""
    assert len(tasks(hub)) == 1


def test_what_was_changed_after_an_earlier_try_arrived_is_another_post_only_when_a_person_says_so(
    hub: Hub, browser: Browser, clip: Path, proxy: LossyProxy
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    browser.open(f"http://127.0.0.1:{proxy.port}/{NEW}?material=1", *DESKTOP)
    settled(browser)
    tick(browser, ALICE_TT)
    browser.find("textbox", "Caption").fill("{Once|One time}")
    browser.wait("document.querySelector('.preview')")
    proxy.lose("POST /api/v1/task/bulk ", 20)
    browser.find("button", "Post to 1 account").click()
    browser.wait("document.querySelector('.compose-bar [role=alert]').innerText.includes('No answer')")
    proxy.lose_no_more()
    browser.find("textbox", "Caption").fill("Twice?")
    browser.find("button", "Post to 1 account").click()
    browser.find("button", "Post it as another one")
    assert len(tasks(hub)) == 1


def test_a_reload_in_the_middle_of_an_upload_goes_on_where_it_was(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes((MEDIA / "photo.jpg").read_bytes() + b"\0" * (12 * 1024**2))
    show(browser, hub, NEW)
    tick(browser, ALICE_IG)
    browser.find("textbox", "Caption").fill("Slowly")
    slow(browser, 1_500_000)
    choose(browser, large)
    browser.wait("document.querySelector('.chosen progress')?.value > 0.15")
    browser.requests.clear()
    reload(browser)
    slow(browser, -1)
    browser.wait(ARRIVED, 60)
    sent = [line for line in browser.requests if "/materials/uploads" in line]
    assert not any(line.startswith("POST ") for line in sent), "it began anew"
    assert browser.find("textbox", "Caption").call("function () { return this.value }") == "Slowly"
    assert hub.library.page()[0][0].material.size_bytes == large.stat().st_size
    browser.find("button", "Post to 1 account").click()
    browser.find("link", "Task 1")


def test_where_the_browser_kept_no_file_the_same_one_is_asked_for_and_goes_on(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes((MEDIA / "photo.jpg").read_bytes() + b"\0" * (12 * 1024**2))
    show(browser, hub, NEW)
    slow(browser, 1_500_000)
    choose(browser, large)
    browser.wait("document.querySelector('.chosen progress')?.value > 0.15")
    browser.run(
        "new Promise((done) => { const asked = indexedDB.open('tikmatrixd-uploads'); asked.onsuccess = () => "
        "{ const all = asked.result.transaction('files', 'readwrite'); all.objectStore('files').clear(); all.oncomplete = done } })"
    )
    reload(browser)
    slow(browser, -1)
    browser.wait("document.querySelector('.chosen').innerText.includes('Choose the same file again')")
    assert "did not arrive" in browser.run("document.querySelector('.compose-summary').innerText")
    browser.requests.clear()
    choose(browser, large)
    browser.wait(ARRIVED, 60)
    assert not any(line.startswith("POST ") and "uploads" in line for line in browser.requests)
    assert browser.run("document.querySelectorAll('.chosen').length") == 1


def test_a_connection_that_is_lost_in_the_middle_of_an_upload_is_waited_for(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes((MEDIA / "photo.jpg").read_bytes() + b"\0" * (12 * 1024**2))
    show(browser, hub, NEW)
    slow(browser, 1_500_000)
    choose(browser, large)
    browser.wait("document.querySelector('.chosen progress')?.value > 0.1")
    browser.connect(False)
    browser.wait("document.querySelector('.chosen').innerText.includes('No connection')", 60)
    browser.connect(True)
    browser.wait(ARRIVED, 60)


def test_images_are_posted_in_the_order_in_which_they_are_shown(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    names = ["photo.jpg", "photo.png"]
    show(browser, hub, NEW)
    choose(browser, *(MEDIA / name for name in names))
    browser.wait(
        "[...document.querySelectorAll('.chosen')].filter((one) => one.innerText.includes('In the library')).length === 2"
    )
    browser.find("button", "photo.png earlier").click()
    tick(browser, ALICE_IG)
    browser.find("textbox", "Caption").fill("Two")
    browser.find("button", "Post to 1 account").click()
    browser.find("link", "Task 1")
    (task,) = tasks(hub)
    config: dict[str, Any] = task["script_config"]
    assert [hub.library.get(n).material.name for n in config["material_ids"]] == ["photo.png", "photo.jpg"]
    assert (config["content_type"], config["image_count"]) == (1, 2)


def test_files_that_make_no_post_together_and_files_that_are_no_media_are_said_before_anything_is_posted(
    hub: Hub, browser: Browser, clip: Path, tmp_path: Path
) -> None:
    show(browser, hub, NEW)
    tick(browser, ALICE_IG)
    choose(browser, clip, MEDIA / "photo.jpg")
    browser.wait("document.querySelector('.compose-summary').innerText.startsWith('A post is one video')")
    assert browser.find("button", "Post to 1 account").disabled
    browser.find("button", "Remove photo.jpg").click()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all, only words" * 40)
    browser.find("button", "Remove clip.mp4").click()
    choose(browser, broken)
    said = browser.wait("document.querySelector('.chosen.bad')?.innerText")
    assert "holds text" in said
    assert browser.find("button", "Post to 1 account").disabled
    assert tasks(hub) == []


def test_options_are_shown_only_where_an_app_has_them_and_reach_only_that_app(
    hub: Hub, browser: Browser, clip: Path
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    show(browser, hub, f"{NEW}?material=1")
    assert not browser.has("combobox", "Music on TikTok")
    assert not browser.has("combobox", "Publish on Instagram as")
    tick(browser, ALICE_TT)
    assert browser.has("combobox", "Music on TikTok")
    assert not browser.has("combobox", "Publish on Instagram as")
    tick(browser, ALICE_IG)
    browser.find("combobox", "Publish on Instagram as").call(
        "function () { this.value = 'story'; this.dispatchEvent(new Event('change')) }"
    )
    browser.find("button", "Post to 2 accounts").click()
    browser.find("link", "Task 2")
    placements = {task["platform"]: task["script_config"]["placement"] for task in tasks(hub)}
    assert placements == {"tiktok": "reel", "instagram": "story"}


@pytest.mark.parametrize(
    "field", [".choice input[type=search]", "[name=soundName]", "[name=start]", "[type=checkbox]"]
)
def test_enter_in_a_field_posts_nothing(hub: Hub, browser: Browser, clip: Path, field: str) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    for number in range(10):
        hub.client.good("POST", "/api/v1/accounts", {"username": f"more_{number}", "platform": "tiktok", "device": "PHONE1"})  # fmt: skip
    show(browser, hub, f"{NEW}?material=1")
    tick(browser, ALICE_TT)
    browser.run("(e => { e.value = 'custom'; e.dispatchEvent(new Event('change')) })(document.querySelector('[name=sound]'))")  # fmt: skip
    browser.find("textbox", "Name or link of the music").fill("Oak")
    assert not browser.find("button", "Post to 1 account").disabled
    browser.run(f"document.querySelector({field!r}).focus()")
    browser.press("Enter")
    browser.wait(f"{SAID} > 0")
    assert tasks(hub) == []
    assert not browser.run("document.querySelector('form.compose').hidden")
    browser.find("button", "Post to 1 account").focus()
    browser.press("Enter")
    browser.find("link", "Task 1")


def test_a_start_that_was_emptied_is_asked_for_and_never_means_now(
    hub: Hub, browser: Browser, clip: Path
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    show(browser, hub, f"{NEW}?material=1")
    tick(browser, ALICE_TT)
    browser.find("radio", "At").click()
    browser.run("(e => { e.value = ''; e.dispatchEvent(new Event('input')) })(document.querySelector('[name=start]'))")  # fmt: skip
    assert browser.find("button", "Post to 1 account").disabled
    assert "Choose when it starts" in browser.run("document.querySelector('.compose-summary').innerText")
    browser.find("button", "Tomorrow 18:00").click()
    browser.find("button", "Post to 1 account").click()
    browser.find("link", "Task 1")
    assert tasks(hub)[0]["scheduled_at"][11:16] == "18:00"


def test_a_file_that_is_taken_away_while_the_post_waits_for_it_makes_no_post_of_another_file(
    hub: Hub, browser: Browser, clip: Path, tmp_path: Path
) -> None:
    hub.library.upload([clip.read_bytes()], "other.mp4")
    large = tmp_path / "large.jpg"
    large.write_bytes((MEDIA / "photo.jpg").read_bytes() + b"\0" * (12 * 1024**2))
    show(browser, hub, NEW)
    tick(browser, ALICE_IG)
    slow(browser, 1_500_000)
    choose(browser, large)
    browser.wait("document.querySelector('.chosen progress')?.value > 0.05")
    browser.find("button", "Post to 1 account").click()
    browser.find("button", "Remove large.jpg").click()
    slow(browser, -1)
    browser.wait("document.querySelector('.compose-summary').innerText.startsWith('Choose a file')")
    assert tasks(hub) == []


def test_leaving_while_the_post_waits_for_its_file_says_that_nothing_was_posted(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes((MEDIA / "photo.jpg").read_bytes() + b"\0" * (12 * 1024**2))
    show(browser, hub, NEW)
    tick(browser, ALICE_IG)
    slow(browser, 1_500_000)
    choose(browser, large)
    browser.wait("document.querySelector('.chosen progress')?.value > 0.05")
    browser.find("button", "Post to 1 account").click()
    browser.find("link", "Queue").click()
    browser.wait("document.querySelector('.toast.bad')?.innerText.includes('Not posted yet')")
    slow(browser, -1)
    assert tasks(hub) == []


def test_an_answer_that_comes_after_the_form_was_left_is_told_where_one_is(
    hub: Hub, browser: Browser, clip: Path, proxy: LossyProxy
) -> None:
    hub.library.upload([clip.read_bytes()], "clip.mp4")
    browser.open(f"http://127.0.0.1:{proxy.port}/{NEW}?material=1", *DESKTOP)
    settled(browser)
    tick(browser, ALICE_TT)
    browser.find("textbox", "Caption").fill("{Once|One time}")
    browser.wait("document.querySelector('.preview')")
    proxy.lose("POST /api/v1/task/bulk ", 1000)
    browser.find("button", "Post to 1 account").click()
    while not proxy.lost:
        browser.run("new Promise(requestAnimationFrame)")
    browser.run("location.hash = '#/queue'")
    browser.wait("document.querySelector('h1').innerText === 'Queue'")
    proxy.lose_no_more()
    browser.wait("document.querySelector('.toast')?.innerText.includes('Task 1')")
    assert len(tasks(hub)) == 1


def slow(browser: Browser, bytes_per_s: int) -> None:
    """What the page sends from now on; -1: as fast as it goes."""
    browser.ask(
        "Network.emulateNetworkConditions",
        offline=False,
        latency=0,
        downloadThroughput=-1,
        uploadThroughput=bytes_per_s,
    )
