"""What a person does about a post: from Home, from its own page, by keyboard and by thumb."""

from __future__ import annotations

import pytest

from jobs.phone.protocol import PhoneState
from storage.records import Outcome, Stage, Task, TaskError
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Hub, settled, show
from tests.support.daemon import until

DIALOG = "document.querySelector('dialog')"
TOAST = "document.querySelector('.toasts')?.innerText"
FOCUS = "document.activeElement.textContent"
FIRST_VERDICT = (
    "[...document.querySelectorAll('main button')].find((one) => one.textContent === 'It is there')"
)
MIDDLE = "(e) => { e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }"
#: For as long as a test may need to tap a button that has just moved.
HOLDS_LONGER = "(() => { const real = setTimeout; window.setTimeout = (act, ms, ...more) => real(act, ms === 500 ? 600000 : ms, ...more); })()"
MOVED = "'button[data-moved]'"
UNDO_IS_OVER = "new Promise((done) => setTimeout(() => done(true), 6500))"


def now(hub: Hub, task: Task) -> Task:
    found = hub.store.tasks.get(task.id)
    assert found is not None
    return found


def test_a_post_of_unknown_outcome_is_settled_on_home_with_one_press_when_it_is_there(
    hub: Hub, browser: Browser
) -> None:
    hub.phones.set("PHONE3")
    task = hub.post(status="unknown", caption="Is it there?")
    hub.steps(task, 9, error="neither the post nor a refusal")
    show(browser, hub)
    browser.wait(
        "document.title.startsWith('(1) ') && document.querySelector('.matter-picture img')?.complete"
    )
    browser.find("button", "It is there").click()
    browser.wait(
        "document.querySelector('main').innerText.includes('Nothing needs you. No post is planned.')"
    )
    assert now(hub, task).outcome is Outcome.PUBLISHED
    browser.wait("document.title === 'Home · tikmatrixd'")
    assert browser.faults == []


def test_without_a_mouse_a_person_says_that_it_is_not_there_and_it_is_posted_again(
    hub: Hub, browser: Browser
) -> None:
    task = hub.post(status="unknown")
    show(browser, hub, "#/task/1")
    browser.find("button", "It is not there").focus()
    browser.press("Enter")
    browser.wait(f"{DIALOG}?.open && {FOCUS} === 'Cancel'")
    assert "it would appear twice" in browser.run(f"{DIALOG}.innerText")
    browser.press("Escape")
    browser.wait(f"!{DIALOG} && {FOCUS}.startsWith('It is not there')")
    assert now(hub, task).stage is Stage.FAILED
    browser.press("Enter")
    browser.wait(f"{DIALOG}?.open && {FOCUS} === 'Cancel'")
    browser.press("Tab")
    assert browser.run(FOCUS) == "Post it again"
    browser.press("Enter")
    assert "Task 1 is planned again" in browser.wait(f"!{DIALOG} && {TOAST}")
    assert now(hub, task).stage is Stage.SCHEDULED
    browser.find("button", "Stop")
    assert browser.faults == []


def test_a_double_tap_neither_confirms_by_itself_nor_sends_twice(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="completed")
    show(browser, hub, "#/task/1", PHONE)
    browser.find("button", "Delete").click()
    browser.wait(f"{DIALOG}?.open")
    # The second half of a double tap that came to lie on the dialog's own button.
    browser.run(
        f"{DIALOG}.querySelector('.danger').dispatchEvent(new MouseEvent('click', {{ detail: 2, cancelable: true, bubbles: true }}))"
    )
    assert browser.run(f"{DIALOG}?.open"), "it was taken for a confirmation"
    assert not now(hub, task).deleted
    browser.requests.clear()
    browser.run(f"(() => {{ const act = {DIALOG}.querySelector('.danger'); act.click(); act.click(); }})()")
    assert browser.wait(f"!{DIALOG} && {TOAST}").startswith("Task 1 is deleted.")
    assert len([request for request in browser.requests if request.startswith("DELETE")]) == 1


def test_nothing_is_done_to_a_task_that_has_changed_since_a_person_read_about_it(
    hub: Hub, browser: Browser
) -> None:
    task = hub.post(status="failed")
    show(browser, hub, "#/task/1")
    browser.find("button", "Retry").click()
    browser.wait(f"{DIALOG}?.open")
    hub.store.tasks.change(task.id, retry_count=1)
    browser.find("button", "Retry").click()
    said = browser.wait(f"{DIALOG}.querySelector('.problem').textContent")
    assert said.startswith("Nothing was done: Task 1 has changed since you read it.")
    assert now(hub, task).stage is Stage.FAILED


def test_what_was_said_to_be_there_can_be_taken_back_for_a_moment(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="unknown")
    show(browser, hub, "#/task/1")
    browser.find("button", "It is there").click()
    assert "Task 1 counts as published: @" in browser.wait(TOAST)
    browser.requests.clear()
    browser.find("button", "Undo").click()
    browser.wait(f"!{TOAST}")
    browser.wait(UNDO_IS_OVER)
    assert not [request for request in browser.requests if request.startswith("POST")]
    assert now(hub, task).outcome is Outcome.UNKNOWN
    browser.find("button", "It is there").click()
    browser.wait(f"{TOAST}.includes('as a person confirmed')")
    assert now(hub, task).outcome is Outcome.PUBLISHED


def test_a_page_that_is_left_while_it_could_be_taken_back_has_said_it(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="unknown")
    show(browser, hub, "#/task/1")
    browser.find("button", "It is there").click()
    browser.find("button", "Undo")
    browser.open("about:blank")
    until(lambda: now(hub, task).outcome is Outcome.PUBLISHED)


def test_a_tap_says_nothing_of_the_post_that_has_just_moved_under_the_finger(
    hub: Hub, browser: Browser
) -> None:
    for size in (DESKTOP, PHONE):
        seen = hub.post(status="unknown", caption="Seen")
        hub.phones.set("PHONE3")
        show(browser, hub, size=size)
        browser.find("button", "It is there")
        browser.run(HOLDS_LONGER)
        x, y = browser.run(f"(({MIDDLE})({FIRST_VERDICT}))")
        came = hub.post(status="unknown", caption="Came in above")
        hub.store.tasks.change(came.id, finished_at=hub.clock.now() + 1)  # what ended last stands first
        browser.wait(f"document.elementFromPoint({x}, {y})?.closest({MOVED})")
        browser.requests.clear()
        for kind in ("mousePressed", "mouseReleased"):
            browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        browser.run("new Promise((done) => setTimeout(done, 300))")
        assert not browser.run(TOAST)
        assert not [request for request in browser.requests if request.startswith("POST")]
        assert {now(hub, task).outcome for task in (seen, came)} == {Outcome.UNKNOWN}
        for task in (seen, came):
            hub.client.good("POST", f"/api/v1/task/{task.id}/mark-published")


def test_a_double_tap_says_nothing_of_the_post_that_moves_up(hub: Hub, browser: Browser) -> None:
    tasks = [hub.post(status="unknown") for _ in range(3)]
    show(browser, hub, "#/history?show=unknown")
    button = "document.querySelector('.past-acts button')"
    browser.wait("document.querySelectorAll('.past-row').length === 3")
    browser.run(HOLDS_LONGER)
    x, y = browser.run(f"(({MIDDLE})({button}))")
    browser.click(button)
    browser.wait("document.querySelectorAll('.past-row').length === 2")
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.run("new Promise((done) => setTimeout(done, 300))")
    assert "counts as published" not in browser.run(TOAST)
    assert [now(hub, task).outcome for task in tasks].count(Outcome.PUBLISHED) == 1


def test_a_retry_on_home_asks_as_it_does_elsewhere(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="failed")
    error = TaskError("verification_needed", "TikTok asks for a verification (captcha)", "own_profile")
    hub.store.tasks.change(task.id, error=error, finished_at=hub.clock.now())
    show(browser, hub)
    browser.find("button", "Retry").click()
    browser.find("heading", "Retry Task 1?")
    browser.press("Escape")
    browser.wait(f"!{DIALOG}")
    assert now(hub, task).stage is Stage.FAILED


def test_a_retry_beyond_the_limit_says_so(hub: Hub, browser: Browser) -> None:
    task = hub.store.tasks.change(hub.post(status="failed").id, retry_count=3)
    show(browser, hub, "#/task/1")
    browser.find("button", "Retry").click()
    assert "It was retried 3 times, which is its limit" in browser.wait(f"{DIALOG}?.innerText")
    browser.find("button", "Retry").click()
    browser.wait(f"!{DIALOG} && {TOAST}")
    assert now(hub, task).stage is Stage.SCHEDULED


def test_without_an_answer_the_console_does_not_pretend_to_know(hub: Hub, browser: Browser) -> None:
    hub.post(status="failed")
    show(browser, hub, "#/task/1")
    browser.find("button", "Retry").click()
    browser.wait(f"{DIALOG}?.open")
    browser.block("*/retry*")
    try:
        browser.find("button", "Retry").click()
        said = browser.wait(f"{DIALOG}.querySelector('.problem').textContent")
    finally:
        browser.block()
    assert said.startswith("No answer from the hub. It may or may not have been done")
    assert browser.run(f"{DIALOG}.open")


def test_a_task_is_held_released_and_stopped_in_place(hub: Hub, browser: Browser) -> None:
    task = hub.post(due_s=7200)
    show(browser, hub, "#/queue")
    browser.find("button", "Hold").click()
    browser.find("button", "Release")
    assert now(hub, task).held
    browser.find("button", "Release").click()
    browser.find("button", "Hold")
    browser.find("button", "Stop").click()
    assert "A retry keeps its planned time" in browser.wait(f"{DIALOG}?.innerText")
    browser.find("button", "Stop it").click()
    browser.wait(f"!{DIALOG} && {TOAST}")
    assert now(hub, task).stage is Stage.FAILED


def test_the_steps_say_how_far_it_came_and_the_picture_stands_where_it_failed(
    hub: Hub, browser: Browser
) -> None:
    task = hub.post(status="failed", caption="<b>hello</b>")
    hub.steps(task, 5, error="unknown screen")
    show(browser, hub, "#/task/1")
    steps = browser.run(
        "[...document.querySelectorAll('.stepper > li')].map((li) => [li.className, li.querySelector('.step-name').firstChild.textContent])"
    )
    assert steps == [
        ["done", "Phone opened"], ["done", "File sent"], ["done", "App opened"], ["done", "Account checked"],
        ["failed", "Form filled"], ["open", "Publishing tap"], ["open", "Proof"],
    ]  # fmt: skip
    failed = "document.querySelector('.stepper > .failed')"
    assert browser.run(f"{failed}.querySelector('.evidence img').src").endswith(
        "/api/v1/task/1/artifacts/1-screenshot.png"
    )
    assert "Unknown screen" in browser.run(f"{failed}.innerText")
    assert not browser.run("document.querySelector('.log').closest('details').open"), "the log is not folded"
    assert "ui_changed" in browser.run(f"{failed}.textContent")
    assert "<b>hello</b>" in browser.run("document.querySelector('.task-columns > :last-child').innerText")
    assert browser.faults == []


def test_a_running_post_is_followed_step_by_step(hub: Hub, browser: Browser) -> None:
    task = hub.post(status="running")
    show(browser, hub, "#/task/1")
    hub.steps(task, 3)
    hub.store.tasks.set_remark(task.id, "open app")
    browser.wait(
        "document.querySelector('.stepper > .now .step-name')?.firstChild.textContent === 'App opened'", 15
    )
    assert browser.run("document.querySelector('.verdict').textContent") == "Opening the app"


@pytest.mark.parametrize("status", ["completed", "failed", "running"])
def test_a_task_that_does_not_exist_any_more_says_so(hub: Hub, browser: Browser, status: str) -> None:
    hub.client.good("DELETE", f"/api/v1/task/{hub.post(status=status).id}")
    show_missing = hub.page + "#/task/1"
    browser.open("about:blank")
    browser.open(show_missing)
    said = browser.wait("document.querySelector('main .empty')?.textContent")
    assert "no task 1" in said
    assert "It was deleted, or it ended long ago" in said


def test_a_phone_that_needs_hands_goes_on_after_a_look(hub: Hub, browser: Browser) -> None:
    hub.phones.set("PHONE2", PhoneState.NEEDS_HANDS, detail="three restarts did not help")
    show(browser, hub, "#/phone/PHONE2")
    assert "Three restarts did not help" in browser.run("document.querySelector('main').innerText")
    browser.find("button", "Resume").click()
    browser.wait(f"{DIALOG}?.open")
    browser.find("button", "Resume").click()
    assert browser.wait(f"!{DIALOG} && {TOAST}")


def test_the_console_speaks_german_to_a_german_browser_and_as_was_chosen(hub: Hub, browser: Browser) -> None:
    hub.phones.set("PHONE3")
    browser.prefer(language="de-DE")
    try:
        show(browser, hub)
        assert browser.run("document.documentElement.lang") == "de"
        assert browser.find("link", "Planung").text.strip() == "Planung"
        show(browser, hub, "#/system")
        browser.find("radio", "English").click()
        browser.wait(
            "document.documentElement?.lang === 'en' && document.querySelector('main h1')?.textContent === 'System'"
        )
        settled(browser)
    finally:
        browser.run("localStorage.clear()")
        browser.prefer()
