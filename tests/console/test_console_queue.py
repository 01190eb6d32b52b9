"""The queue: what is planned is seen by day and by week, changed, moved, held, released, stopped and duplicated."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage.records import Stage, Task
from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, settled, show, showcase

ZONE = ZoneInfo("Europe/Berlin")  # where it is Friday 2027-01-15, 09:00


def plan(hub: Hub, start: str, caption: str = "Oak bench", username: str = "alice", **more: Any) -> int:
    body = {
        "usernames": [username], "platform": "tiktok", "script_name": "post", "start_time": start,
        "script_config": {"captions": caption, "material_list": ["clip.mp4"]}, **more,
    }  # fmt: skip
    return int(hub.client.good("POST", "/api/v1/task", body)["task_ids"][0])


def task_of(hub: Hub, task_id: int) -> Task:
    task = hub.store.tasks.get(task_id)
    assert task is not None
    return task


def start_of(hub: Hub, task_id: int) -> str:
    return f"{datetime.fromtimestamp(task_of(hub, task_id).scheduled_at, ZONE):%Y-%m-%d %H:%M}"


def shown(browser: Browser) -> list[str]:
    """Headings and tasks, from top to bottom."""
    return list(browser.run("[...document.querySelectorAll('.days h2, .days .task-link')].map((e) => e.textContent)"))  # fmt: skip


def button_of(place: str, name: str) -> str:
    """The button that a row or a bar calls so, as an expression; undefined while there is none."""
    text = "(e.getAttribute('aria-label') ?? e.innerText.split(',')[0]).trim()"
    return f"[...document.querySelectorAll('{place} button')].find((e) => {text} === '{name}')"


def button(task: int, name: str) -> str:
    return button_of(f'[data-task="{task}"]', name)


def press(browser: Browser, task: int, name: str) -> None:
    browser.wait(button(task, name))
    browser.click(button(task, name))


def dialog(browser: Browser) -> str:
    return str(browser.wait("document.querySelector('dialog[open]')?.innerText"))


def closed(browser: Browser) -> None:
    browser.wait("!document.querySelector('dialog')")


def test_what_is_planned_stands_by_day_and_is_held_released_and_stopped(hub: Hub, browser: Browser) -> None:
    later = plan(hub, "2027-01-18 18:30")
    today = plan(hub, "2027-01-15 18:30", "Beech chair")
    tomorrow = plan(hub, "2027-01-16 08:00", "Elm table")
    show(browser, hub, "#/queue")
    assert shown(browser) == ["Today", f"Task {today}", "Tomorrow", f"Task {tomorrow}", "Monday 18 January", f"Task {later}"]  # fmt: skip
    press(browser, today, "Hold")
    browser.wait(button(today, "Release"))
    assert task_of(hub, today).held
    press(browser, today, "Release")
    browser.wait(button(today, "Hold"))
    assert not task_of(hub, today).held
    press(browser, today, "Stop")
    browser.find("button", "Stop it").click()
    closed(browser)
    browser.wait(f"!document.querySelector('[data-task=\"{today}\"]')")
    assert task_of(hub, today).stage is Stage.FAILED
    assert shown(browser)[0] == "Tomorrow"
    assert browser.faults == []


def test_a_post_whose_time_is_over_is_released_only_after_a_word_of_that(hub: Hub, browser: Browser) -> None:
    late = hub.post(due_s=-7200).id
    soon = hub.post(due_s=7200).id
    for task in (late, soon):
        hub.client.good("POST", f"/api/v1/task/{task}/hold")
    show(browser, hub, "#/queue")
    press(browser, late, "Release")
    assert "1 post whose time is over" in browser.wait("document.querySelector('dialog')?.innerText")
    browser.press("Escape")
    closed(browser)
    assert task_of(hub, late).held
    browser.click("[...document.querySelectorAll('button')].find((e) => e.textContent === 'Select the day')")
    browser.click("[...document.querySelectorAll('.chosen button')].find((e) => e.textContent === 'Release')")
    browser.find("heading", "Release 2 tasks?")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    closed(browser)
    browser.wait(button(late, "Hold"))
    assert not task_of(hub, late).held
    assert not task_of(hub, soon).held


def test_a_week_is_planned_from_a_table_after_a_look_at_what_it_makes(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    table = tmp_path / "week.csv"
    head = "account;file;caption;start_time;platform"
    table.write_text(
        f"{head}\n@alice;clip.mp4;One;2020-01-18 18:30;tiktok\n@alice;clip.mp4;Two;2020-01-19 18:30;tiktok\n"
    )
    show(browser, hub, "#/queue")
    browser.find("button", "Plan a table").click()
    browser.choose_files("dialog input[type=file]", table)
    browser.find("button", "See what comes of it").click()
    said = browser.wait("document.querySelector('dialog form > .problem').innerText")
    assert "Row 2, start_time: " in said
    assert "Row 3, start_time: " in said
    table.write_text(
        f"{head}\n@alice;clip.mp4;One;2027-01-18 18:30;tiktok\n@alice;clip.mp4;Two;2027-01-19 9:00;tiktok\n"
    )
    browser.choose_files("dialog input[type=file]", table)
    browser.find("button", "See what comes of it").click()
    browser.find("heading", "Plan 2 posts?")
    assert "19 Jan 09:00 @alice Two" in browser.run("document.querySelector('dialog').innerText")
    assert hub.store.tasks.page()[0] == []
    browser.find("button", "Plan 2 posts").click()
    closed(browser)
    made = hub.client.good("GET", "/api/v1/task")["tasks"]
    assert [(one["caption"], one["source"]) for one in made] == [("Two", "ui"), ("One", "ui")]
    # The same table once more makes nothing new, whoever forgot that it was planned.
    browser.find("button", "Plan a table").click()
    browser.choose_files("dialog input[type=file]", table)
    browser.find("button", "See what comes of it").click()
    browser.find("button", "Plan 2 posts").click()
    browser.wait("document.querySelector('.toasts').innerText.includes('othing new was created')")
    assert len(hub.client.good("GET", "/api/v1/task")["tasks"]) == 2
    assert browser.faults == []


def test_back_leaves_no_dialog_above_another_screen(hub: Hub, browser: Browser) -> None:
    task = plan(hub, "2027-01-15 18:30")
    show(browser, hub, "#/home")
    browser.run("location.hash = '#/queue'")
    browser.find("heading", "Queue")
    press(browser, task, "Edit")
    browser.wait("document.querySelector('dialog')")
    browser.run("history.back()")
    browser.wait("document.querySelector('h1').innerText === 'Home' && !document.querySelector('dialog')")


def test_a_change_of_time_caption_and_account_is_saved(hub: Hub, browser: Browser) -> None:
    task = plan(hub, "2027-01-15 18:30")
    show(browser, hub, "#/queue")
    press(browser, task, "Edit")
    browser.find("textbox", "Caption").fill("Oak {bench} \\ once")
    browser.run("document.querySelector('dialog [name=start_time]').value = '2027-01-20T07:15'")
    browser.find("button", "Save").click()
    closed(browser)
    assert start_of(hub, task) == "2027-01-20 07:15"
    assert task_of(hub, task).caption == "Oak {bench} \\ once", "braces are no choice here"
    browser.wait(
        "[...document.querySelectorAll('.days h2')].some((e) => e.textContent === 'Wednesday 20 January')"
    )
    assert browser.faults == []


def test_what_another_window_changed_meanwhile_is_not_overwritten_but_shown(
    hub: Hub, browser: Browser
) -> None:
    task = plan(hub, "2027-01-15 18:30")
    show(browser, hub, "#/queue")
    press(browser, task, "Edit")
    caption = browser.find("textbox", "Caption")
    hub.client.good("PATCH", f"/api/v1/task/{task}", {"start_time": "2027-01-16 20:00"})
    caption.fill("Written over")
    browser.find("button", "Save").click()
    browser.wait(
        "document.querySelector('dialog form > .problem')?.textContent.includes('was changed elsewhere')"
    )
    assert "Tomorrow 20:00" in dialog(browser)
    assert (task_of(hub, task).caption, start_of(hub, task)) == ("Oak bench", "2027-01-16 20:00")
    browser.find("button", "Cancel").click()
    closed(browser)
    browser.wait("document.querySelector('.days h2')?.textContent === 'Tomorrow'")
    press(browser, task, "Edit")
    browser.find("textbox", "Caption").fill("Written after a look")
    browser.find("button", "Save").click()
    closed(browser)
    assert (task_of(hub, task).caption, start_of(hub, task)) == ("Written after a look", "2027-01-16 20:00")


def test_in_the_week_a_post_is_dragged_to_another_day_or_moved_by_keyboard(
    hub: Hub, browser: Browser
) -> None:
    task = plan(hub, "2027-01-16 18:30")
    show(browser, hub, "#/queue?view=week")
    card = f"document.querySelector('[data-task=\"{task}\"] .caption')"
    browser.wait(card)
    browser.drag(card, "document.querySelector('[data-day=\"2027-01-19\"] h2')")
    browser.wait(f'document.querySelector(\'[data-day="2027-01-19"] [data-task="{task}"]\')')
    assert start_of(hub, task) == "2027-01-19 18:30", "another day, the same time"
    browser.find("button", "Undo").click()
    browser.wait(f'document.querySelector(\'[data-day="2027-01-16"] [data-task="{task}"]\')')
    assert start_of(hub, task) == "2027-01-16 18:30"
    browser.run(button(task, "Move") + ".focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        browser.press(key)
    assert browser.run("document.querySelector('.proposal:not([hidden])').textContent") == "Monday 18 January 19:00"  # fmt: skip
    browser.press("Escape")
    assert start_of(hub, task) == "2027-01-16 18:30", "nothing is moved before it was confirmed"
    browser.press("ArrowLeft")
    browser.press("Enter")
    browser.wait(f'document.querySelector(\'[data-day="2027-01-15"] [data-task="{task}"]\')')
    assert start_of(hub, task) == "2027-01-15 18:30"
    browser.find("button", "The week after").click()
    browser.wait("document.querySelector('[data-day=\"2027-01-22\"]')")
    assert "first=2027-01-22" in browser.run("location.hash")
    assert browser.faults == []


def test_a_move_into_the_past_is_refused_in_words_and_changes_nothing(hub: Hub, browser: Browser) -> None:
    task = plan(hub, "2027-01-16 08:00")
    show(browser, hub, "#/queue?view=week")
    browser.wait(f"document.querySelector('[data-task=\"{task}\"]')")
    browser.drag(
        f"document.querySelector('[data-task=\"{task}\"] .caption')",
        "document.querySelector('[data-day=\"2027-01-15\"] h2')",
    )
    browser.wait("document.querySelector('.toast.bad')?.innerText.includes('past')")
    assert start_of(hub, task) == "2027-01-16 08:00"


def test_filters_stand_in_the_address_and_come_from_it(hub: Hub, browser: Browser) -> None:
    bench = plan(hub, "2027-01-15 18:30")
    chair = plan(hub, "2027-01-15 19:30", "Beech chair")
    show(browser, hub, "#/queue")
    browser.find("searchbox", "Text").fill("BEECH")
    browser.wait(f"!document.querySelector('[data-task=\"{bench}\"]')")
    assert shown(browser) == ["Today", f"Task {chair}"]
    assert browser.run("location.hash") == "#/queue?q=BEECH"
    show(browser, hub, "#/queue?q=oak&account=alice&phone=PHONE1")
    assert shown(browser) == ["Today", f"Task {bench}"]
    assert browser.find("combobox", "Phone").call("function () { return this.value }") == "PHONE1"
    show(browser, hub, "#/queue?q=elm")
    browser.find("link", "Show all").click()
    browser.wait(f"document.querySelector('[data-task=\"{chair}\"]')")
    assert browser.find("searchbox", "Text").call("function () { return this.value }") == ""


def test_several_are_held_and_moved_together(hub: Hub, browser: Browser) -> None:
    ids = [
        plan(hub, f"2027-01-16 {hour}:00", caption)
        for hour, caption in (("08", "Elm"), ("11", "Oak"), ("14", "Ash"))
    ]
    other = plan(hub, "2027-01-18 08:00", "Fir")
    show(browser, hub, "#/queue")
    browser.click("document.querySelector('.part-head button')")
    browser.find("checkbox", f"Select Task {ids[1]}").click()
    assert browser.run("document.querySelector('.chosen b').textContent") == "2 selected"
    browser.click(button_of(".chosen", "Hold"))
    browser.wait(button(ids[2], "Release"))
    assert [task_of(hub, task).held for task in (*ids, other)] == [True, False, True, False]
    browser.click(button_of(".chosen", "Move"))
    browser.wait("document.querySelector('dialog[open]')")
    browser.run("document.querySelector('dialog [name=start_time]').value = '2027-01-20T09:30'")
    browser.run("document.querySelector('dialog form').requestSubmit()")
    closed(browser)
    assert [start_of(hub, task) for task in ids] == ["2027-01-20 09:30", "2027-01-16 11:00", "2027-01-20 15:30"]  # fmt: skip
    assert browser.faults == []


def test_a_duplicate_is_one_post_more_with_the_same_words_made_in_the_console(
    hub: Hub, browser: Browser
) -> None:
    task = plan(hub, "2027-01-15 18:30", "Oak {bench|stool}")
    show(browser, hub, "#/queue")
    press(browser, task, "Duplicate")
    dialog(browser)
    browser.run("document.querySelector('dialog form').requestSubmit()")
    closed(browser)
    copy = task_of(hub, task + 1)
    assert (copy.caption, copy.source, copy.username) == (task_of(hub, task).caption, "ui", "alice")
    assert [file.name for file in copy.materials] == ["clip.mp4"]
    assert start_of(hub, task + 1) == "2027-01-16 18:30"
    browser.wait(f"document.querySelector('.days [data-task=\"{task + 1}\"]')")


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
    for address in ("#/queue", "#/queue?view=week", "#/queue?q=nothing+like+this"):
        show(browser, hub, address, size)
        assert violations(browser) == [], address
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), address
    show(browser, hub, "#/queue", size)
    press(browser, ids["soon"], "Edit")
    dialog(browser)
    assert violations(browser) == []
    browser.prefer()
    settled(browser)
