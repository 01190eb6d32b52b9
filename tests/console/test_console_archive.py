"""Older months: what retention moved away, by month; found again, opened, and saved as a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, archive_months, settled, show, showcase

ROWS = "[...document.querySelectorAll('.old-row')]"
TOTAL = "document.querySelector('.past-top .total').textContent"


def file_of(hub: Hub, month: str) -> Path:
    return Path(hub.store.state_dir) / "archive" / f"{month}.jsonl"


def captions(browser: Browser) -> list[str]:
    return list(browser.run(f"{ROWS}.map((row) => row.querySelector('.caption').textContent)"))


def test_from_history_the_months_are_two_keys_away_and_say_what_came_of_their_posts(
    hub: Hub, browser: Browser
) -> None:
    archive_months(hub, "2026-11", "2026-10")
    show(browser, hub, "#/history")
    browser.find("link", "Older months").focus()
    browser.press("Enter")
    browser.wait("document.querySelectorAll('.month-row').length === 2")
    settled(browser)
    assert browser.run("document.title").endswith("Older months · tikmatrixd")
    assert browser.run("document.querySelector('nav [aria-current=page]').textContent") == "History"
    said = browser.run("[...document.querySelectorAll('.month-row')].map((row) => row.innerText)")
    assert said[0].startswith("November 2026")
    assert said[1].startswith("October 2026")
    for word in ("7 posts", "5 published", "1 failed", "1 may be published", " KB"):
        assert word in said[0]
    browser.find("link", "October 2026").focus()
    browser.press("Enter")
    browser.wait(f"{ROWS}.length === 7")
    assert browser.run("location.hash") == "#/archive/2026-10"
    assert browser.faults == []


def test_a_post_of_long_ago_opens_with_its_result_caption_times_and_code(hub: Hub, browser: Browser) -> None:
    archive_months(hub, "2026-11")
    show(browser, hub, "#/archive/2026-11?show=unknown")
    assert captions(browser) == ["Linseed oil, first coat"]
    assert "unknown_outcome" not in browser.run("document.querySelector('.old-row').innerText")
    browser.run("document.querySelector('.old-row button').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('dialog .gone')")
    text = browser.run("document.querySelector('dialog').innerText")
    for said in (
        "May be published", "showed neither the post nor a refusal", "@workshop.bench", "Linseed oil, first coat",
        "20 November 2026", "unknown_outcome", "proof", "Its pictures and steps are no longer kept.",
    ):  # fmt: skip
        assert said in text, said
    assert browser.run("document.querySelectorAll('dialog a').length") == 0, "its own screen is no more"
    browser.press("Escape")
    browser.wait("!document.querySelector('dialog')")
    assert browser.run("document.activeElement.closest('.old-row') !== null")


def test_a_link_to_a_post_of_long_ago_says_where_it_is(hub: Hub, browser: Browser) -> None:
    archive_months(hub, "2026-11")
    show(browser, hub, "#/task/1")
    assert "stands among the older months" in browser.run("document.querySelector('main').innerText")
    browser.find("link", "Older months").click()
    browser.wait("document.querySelectorAll('.month-row').length === 1")


def test_a_picture_that_is_still_kept_stands_in_the_details(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="failed", caption="How the dovetails were cut")
    hub.steps(task, 5, error="an unknown screen")
    hub.store.maintain(hub.clock.now() + 40 * 86_400)
    show(browser, hub, "#/archive/2027-01")
    browser.click("document.querySelector('.old-row button')")
    browser.wait("document.querySelector('dialog .whole-picture')?.naturalWidth > 0")
    assert not browser.run("document.querySelector('dialog .gone')")
    assert browser.faults == []


def test_filters_stand_in_the_address_narrow_the_list_down_and_go_into_the_files(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    archive_months(hub, "2026-11", "2026-10", count=14)
    show(browser, hub, "#/archive/2026-11?account=alice")
    assert browser.run(TOTAL) == "8 posts"
    browser.find("searchbox", "Text").fill("SLOWMADE")
    browser.wait(f"{TOTAL} === '2 posts'")
    assert browser.run("location.hash") == "#/archive/2026-11?account=alice&q=SLOWMADE"
    browser.find("link", "Published").click()
    browser.wait("location.hash === '#/archive/2026-11?show=completed&account=alice&q=SLOWMADE'")
    settled(browser)
    assert set(captions(browser)) == {"The bench that took three winters #slowmade"}
    browser.save_into(tmp_path)
    browser.find("link", "Save as CSV").click()
    browser.wait_for_file(tmp_path / "archive-2026-11.csv")
    rows = list(csv.DictReader((tmp_path / "archive-2026-11.csv").read_text("utf-8-sig").splitlines()))
    assert [row["account"] for row in rows] == ["alice"] * 2
    browser.find("link", "Save as JSON").click()
    browser.wait_for_file(tmp_path / "archive-2026-11.jsonl")
    lines = (tmp_path / "archive-2026-11.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["caption"] for line in lines] == captions(browser)
    browser.run(
        "(() => { const e = document.querySelector('select[name=month]'); e.value = '2026-10'; e.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("document.querySelector('main h1').textContent === 'October 2026'")
    settled(browser)
    assert browser.run("location.hash") == "#/archive/2026-10?show=completed&account=alice&q=SLOWMADE"
    assert browser.run(TOTAL) == "2 posts"
    browser.run("history.back()")
    browser.wait("document.querySelector('main h1').textContent === 'November 2026'")
    assert browser.faults == []


def test_a_long_month_scrolls_with_few_rows_and_few_calls(hub: Hub, browser: Browser) -> None:
    archive_months(hub, "2026-11", count=1_500)
    show(browser, hub, "#/archive/2026-11")
    assert browser.run(TOTAL) == "1,500 posts"
    browser.requests.clear()
    height = browser.run("document.querySelector('.long-list').getBoundingClientRect().height / 1500")
    for place in (900, 3, 1_490):
        browser.run(f"scrollTo(0, document.querySelector('.long-list').offsetTop + {place * height})")
        browser.wait(f"document.querySelector('.old-row[aria-posinset=\"{place + 1}\"]')")
        assert browser.run("document.querySelectorAll('.long-row').length") < 60
    assert len([one for one in browser.requests if "/api/v1/archive/" in one]) <= 8
    assert browser.faults == []


def test_what_is_empty_missing_or_damaged_is_said_where_one_looks_for_it(hub: Hub, browser: Browser) -> None:
    main = "document.querySelector('main').innerText"
    show(browser, hub, "#/archive")
    assert "No month is archived yet. Posts move here 30 days after they ended." in browser.run(main)
    archive_months(hub, "2026-11", "2026-10")
    for month, name in (("2031-12", "December 2031"), ("2026-13", "2026-13"), ("..%2Fstore", "../store")):
        show(browser, hub, f"#/archive/{month}")
        assert f"The hub keeps nothing of {name}." in browser.run(main)
        assert browser.run(
            "document.querySelectorAll('main select').length && !document.querySelector('main select').offsetParent"
        )
    show(browser, hub, "#/archive/2026-11?q=birch")
    browser.find("link", "Show the whole month").click()
    browser.wait(f"{ROWS}.length === 7")
    damaged = bytearray(file_of(hub, "2026-11").read_bytes())
    damaged[40:90] = bytes(50)
    file_of(hub, "2026-11").write_bytes(damaged)
    file_of(hub, "2026-10").unlink()
    file_of(hub, "2026-10").mkdir()
    show(browser, hub, "#/archive/2026-11")
    assert "1 line of this month's file is damaged" in browser.run(main)
    assert browser.run(f"{ROWS}.length") == 6
    show(browser, hub, "#/archive")
    assert "Its file cannot be read: it is not a regular file" in browser.run(main)
    show(browser, hub, "#/archive/2026-10")
    assert "The archive of 2026-10 cannot be read" in browser.run(main)


def test_the_months_are_counted_part_by_part(
    hub: Hub, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import archive_pages

    monkeypatch.setattr(archive_pages, "_AT_ONCE_BYTES", 1)
    archive_months(hub, "2026-11", "2026-10", "2026-09")
    show(browser, hub, "#/archive")
    said: Any = browser.run("[...document.querySelectorAll('.month-tally')].map((e) => e.innerText)")
    assert len(said) == 3
    assert all("7 posts" in one for one in said)


@pytest.mark.parametrize(
    ("size", "dark"),
    [
        (PHONE, True),
        (DESKTOP, False),
        pytest.param(PHONE, False, marks=pytest.mark.long),
        pytest.param(DESKTOP, True, marks=pytest.mark.long),
    ],
)
def test_everybody_can_use_it(hub: Hub, browser: Browser, dark: bool, size: tuple[int, int]) -> None:
    showcase(hub)
    archive_months(hub, "2026-11", "2026-10")
    damaged = bytearray(file_of(hub, "2026-10").read_bytes())
    damaged[40:90] = bytes(50)
    file_of(hub, "2026-10").write_bytes(damaged)
    browser.prefer(dark=dark)
    try:
        for address in ("#/archive", "#/archive/2026-10", "#/archive/2026-11?q=birch", "#/archive/2031-12"):
            show(browser, hub, address, size)
            assert violations(browser) == [], address
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), address
        show(browser, hub, "#/archive/2026-11", size)
        cut = f"{ROWS}.some((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)"
        assert not browser.run(cut), "every row holds what it shows"
        browser.click("document.querySelector('.old-row button')")
        browser.wait("document.querySelector('dialog .gone')")
        assert violations(browser) == []
    finally:
        browser.prefer()


def test_it_speaks_german(hub: Hub, browser: Browser) -> None:
    archive_months(hub, "2026-11")
    browser.prefer(language="de-DE")
    try:
        show(browser, hub, "#/archive/2026-11")
        assert browser.run("document.querySelector('main h1').textContent") == "November 2026"
        assert browser.find("link", "Ältere Monate")
        assert browser.find("link", "Als CSV speichern")
        show(browser, hub, "#/archive")
        assert "7 Posts" in browser.run("document.querySelector('.month-row').innerText")
    finally:
        browser.prefer()
