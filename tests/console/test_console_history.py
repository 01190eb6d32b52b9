"""History: what ended, with its picture, its result and its reasons; a list of any length; what the export holds."""

from __future__ import annotations

from typing import Any

import pytest

from storage.records import Outcome, Stage
from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, show, showcase
from tests.support.http_side import new_task


def rows(browser: Browser) -> list[str]:
    return list(browser.run("[...document.querySelectorAll('.past-row .task-link')].map((e) => e.textContent)"))  # fmt: skip


def test_each_kind_of_end_has_its_own_list_and_its_own_buttons(hub: Hub, browser: Browser) -> None:
    ids = showcase(hub)
    show(browser, hub, "#/history")
    assert rows(browser) == [f"Task {ids[name]}" for name in ("unknown", "failed", "reel", "published")]
    browser.find("link", "Published").click()
    browser.wait("document.querySelectorAll('.past-row').length === 2")
    assert rows(browser) == [f"Task {ids[name]}" for name in ("reel", "published")]
    browser.find("link", "May be published").click()
    browser.wait("document.querySelectorAll('.past-row').length === 1")
    assert browser.run("location.hash") == "#/history?show=unknown"
    browser.click("document.querySelector('.past-acts button')")
    browser.wait("!document.querySelector('.past-row')")
    task = hub.store.tasks.get(ids["unknown"])
    assert task is not None
    assert task.outcome is Outcome.PUBLISHED
    assert browser.faults == []


def test_retrying_all_says_how_many_whatever_is_filtered_and_how_old_they_are(
    hub: Hub, browser: Browser
) -> None:
    hub.post(status="failed", due_s=-20 * 86_400)
    hub.post("workshop.bench", platform="instagram", status="failed", due_s=-60)
    show(browser, hub, "#/history?account=workshop.bench")
    browser.find("button", "Retry failed").click()
    said = browser.wait("document.querySelector('dialog')?.innerText")
    assert "2 failed tasks, whatever the filters show" in said
    assert "the oldest was planned for 26 Dec" in said
    assert browser.run("[...document.querySelectorAll('.past-row')].every((e) => e.scrollHeight <= e.parentElement.clientHeight + 1)")  # fmt: skip


def test_no_row_is_cut_on_a_phone_whatever_its_phone_is_called(hub: Hub, browser: Browser) -> None:
    showcase(hub)
    for serial in ("PHONE1", "PHONE2"):
        hub.client.good("PATCH", f"/api/v1/devices/{serial}", {"label": f"{serial}, the one behind the router on the third shelf"})  # fmt: skip
    show(browser, hub, "#/history", PHONE)
    names = (
        "[...document.querySelectorAll('.past-row .who b')].every((e) => e.scrollWidth <= e.clientWidth + 1)"
    )
    assert browser.run(names), "the account is never shortened"
    cut = "[...document.querySelectorAll('.long-row')].filter((e) => e.scrollHeight > e.clientHeight + 1).length"
    assert browser.run(cut) == 0


def test_a_failure_shows_its_picture_and_folds_code_and_step_away(hub: Hub, browser: Browser) -> None:
    ids = showcase(hub)
    show(browser, hub, "#/history?show=failed")
    row = f"document.querySelector('[data-task=\"{ids['failed']}\"]')"
    assert "ui_changed" not in browser.run(f"{row}.innerText")
    assert "Try the new editor" in browser.run(f"{row}.innerText")
    browser.wait(f"{row}.querySelector('.past-picture img')?.naturalWidth > 0")
    browser.click(f"{row}.querySelector('.past-acts button:last-child')")
    text = browser.wait("document.querySelector('dialog[open]')?.innerText")
    assert "ui_changed" in text
    assert "post_screen" in text
    assert browser.faults == []


def test_filters_stand_in_the_address_and_bound_the_export_too(hub: Hub, browser: Browser) -> None:
    ids = showcase(hub)
    show(browser, hub, "#/history?account=workshop.bench&month=2027-01")
    assert rows(browser) == [f"Task {ids['reel']}"]
    address = browser.run("document.querySelector('a[download]').getAttribute('href')")
    exported = hub.client.call("GET", address).text
    assert exported.count("A minute at the lathe") == 1
    assert "dovetails" not in exported
    browser.run(
        "(() => { const e = document.querySelector('select[name=month]'); e.value = '2026-12'; e.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("!document.querySelector('.past-row')")
    assert browser.run("location.hash") == "#/history?account=workshop.bench&month=2026-12"


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_long_list_scrolls_with_few_rows_and_few_calls(hub: Hub, browser: Browser, count: int) -> None:
    at = hub.clock.now() - 86_400
    for start in range(0, count, 1000):
        made = hub.store.tasks.create([new_task("PHONE1", at=at, username="alice", caption=f"No. {n}") for n in range(start, start + 1000)])  # fmt: skip
        ends: dict[int, dict[str, Any]] = {
            task.id: {
                "stage": Stage.PUBLISHED,
                "outcome": Outcome.PUBLISHED,
                "finished_at": at + task.id,
            }
            for task in made
        }
        hub.store.tasks.change_each(ends, expect=[Stage.SCHEDULED])
    show(browser, hub, "#/history")
    assert rows(browser)[0] == f"Task {count}"
    browser.requests.clear()
    height = browser.run(f"document.querySelector('.long-list').getBoundingClientRect().height / {count}")
    for place in (count * 5 // 8, 3, count - 10):
        browser.run(f"scrollTo(0, document.querySelector('.long-list').offsetTop + {place * height})")
        browser.wait(f"[...document.querySelectorAll('.past-row .task-link')].some((e) => e.textContent === 'Task {count - place}')")  # fmt: skip
        assert browser.run("document.querySelectorAll('.long-row').length") < 60
    assert len([one for one in browser.requests if "/api/v1/task?" in one]) <= 8
    assert browser.faults == []


#: In light and wide, each screen is looked at in test_console_accessible.
@pytest.mark.parametrize(
    ("size", "dark"),
    [
        (PHONE, True),
        pytest.param(PHONE, False, marks=pytest.mark.long),
        pytest.param(DESKTOP, True, marks=pytest.mark.long),
        pytest.param(DESKTOP, False, marks=pytest.mark.long),
    ],
)
def test_everybody_can_use_it(hub: Hub, browser: Browser, dark: bool, size: tuple[int, int]) -> None:
    ids = showcase(hub)
    browser.prefer(dark=dark)
    show(browser, hub, "#/history", size)
    assert violations(browser) == []
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    names = (
        "[...document.querySelectorAll('.past-row .who b')].every((e) => e.scrollWidth <= e.clientWidth + 1)"
    )
    assert browser.run(names), "the account is never shortened"
    cut = "[...document.querySelectorAll('.past-row')].some((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)"
    assert not browser.run(cut), "every row holds what it shows"
    row = f"document.querySelector('[data-task=\"{ids['failed']}\"]')"
    browser.wait(f"{row}.querySelector('.past-picture')")  # the list is drawn anew once it has come
    browser.click(f"{row}.querySelector('.past-acts button:last-child')")
    browser.wait("document.querySelector('dialog[open]')")
    assert violations(browser) == []
    browser.prefer()
