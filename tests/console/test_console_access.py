"""Who may use the console, and what they do first: log-in, tokens, sessions, set-up, and pages that must not act."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import Server
from jobs.phone.protocol import PhoneState
from jobs.upkeep.doctor_findings import fail, ok
from tests.support.browser import Browser
from tests.support.console import Button, Hub, settled, show
from tests.support.http_side import MEDIA, HttpSide


def test_a_person_logs_in_and_is_logged_out_from_elsewhere_in_the_middle(hub: Hub, browser: Browser) -> None:
    hub.configure(server=Server(listen="127.0.0.1:0", trust_loopback=False))
    token = new_token(hub.tokens_file, "tablet")
    browser.open("about:blank")
    browser.open(f"{hub.page}#/system")
    browser.find("textbox", "Token").fill("tkm_wrong")
    browser.find("button", "Log in").click()
    browser.wait("document.querySelector('form.login > .problem').textContent.includes('wrong')")
    browser.find("textbox", "Token").fill(token)
    browser.find("checkbox", "Remember this device").click()
    browser.find("button", "Log in").click()
    browser.wait("document.querySelector('main h1')?.textContent === 'System'")
    settled(browser)
    (session,) = hub.services.sessions.all()
    assert (session.remembered, session.device) == (True, "Chrome on Linux")
    assert browser.run("document.cookie") == ""
    # Another device revokes the token while the page is open: it asks to log in again by itself, and changes nothing.
    hub.client.good("POST", "/api/v1/tokens", {"name": "other"}, Authorization=f"Bearer {token}")
    hub.services.token_book.revoke("tablet", "127.0.0.1:50809")
    browser.find("textbox", "Token")
    assert hub.services.sessions.all() == []


def test_what_stands_in_an_open_dialog_outlives_a_token_that_is_revoked(hub: Hub, browser: Browser) -> None:
    hub.configure(server=Server(listen="127.0.0.1:0", trust_loopback=False))
    first, second = new_token(hub.tokens_file, "tablet"), new_token(hub.tokens_file, "other")
    task = hub.post(due_s=7200, caption="Before")
    browser.open("about:blank")
    browser.open(f"{hub.page}#token={first}")
    browser.wait("document.querySelector('main h1')?.textContent === 'Home'")
    browser.run("location.hash = '#/queue'")
    browser.find("button", "Edit").click()
    browser.find("textbox", "Caption").fill("A long text that took an hour")
    hub.services.token_book.revoke("tablet", "127.0.0.1:50809")
    browser.find("textbox", "Token").fill(second)
    browser.find("button", "Log in").click()
    browser.find("button", "Save").click()
    browser.wait("!document.querySelector('dialog')")
    changed = hub.store.tasks.get(task.id)
    assert changed is not None
    assert changed.caption == "A long text that took an hour"
    assert browser.run("location.hash") == "#/queue"


def test_a_token_is_made_with_a_code_and_revoked_in_the_console(hub: Hub, browser: Browser) -> None:
    show(browser, hub, "#/system")
    browser.find("button", "New token").click()
    browser.wait("document.querySelector('dialog input[name=name]')")
    browser.type("Kim phone")
    browser.press("Enter")
    browser.wait("document.querySelector('dialog .qr')?.naturalWidth > 50")
    token = browser.run("document.querySelector('dialog code').textContent")
    assert hub.services.tokens.verify(token) == "Kim phone"
    browser.press("Escape")
    Button(browser, "Revoke", "Kim phone").click()
    browser.find("heading", "Revoke “Kim phone”?")
    browser.find("button", "Revoke").click()
    browser.wait("!document.querySelector('dialog')")
    assert hub.services.tokens.verify(token) is None
    browser.wait("!document.body.textContent.includes('Kim phone') || document.querySelector('.toast')")
    assert browser.faults == []


def test_doctor_and_a_notification_on_trial_say_what_they_found(hub: Hub, browser: Browser) -> None:
    hub.findings = [ok("disk", "42 GiB free"), fail("phone PHONE3", "is locked", "unlock it", phone="PHONE3")]
    hub.tried = [("https://ntfy.sh/***", "answers HTTP 500")]
    show(browser, hub, "#/system")
    browser.find("button", "Check now").click()
    browser.wait("document.querySelector('.finding')?.textContent.includes('unlock it')")
    browser.wait("document.body.textContent.includes('1 thing is well')")
    browser.find("button", "Send a test").click()
    browser.wait("document.body.textContent.includes('answers HTTP 500')")
    assert (
        browser.find("link", "Download backup")
        .call("function () { return this.href }")
        .endswith("/api/v1/backup")
    )


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[HttpSide]:
    """A box to which nothing was ever connected."""
    with HttpSide(tmp_path / "empty") as side:
        side.phones.forget()
        yield side


def test_home_of_an_empty_box_leads_to_the_set_up(empty: HttpSide, browser: Browser) -> None:
    browser.open("about:blank")
    browser.open(f"http://127.0.0.1:{empty.serve().port}/")
    browser.find("link", "Set up this hub").click()
    browser.find("heading", "Set up this hub")


def test_an_empty_box_comes_to_its_first_post_step_by_step(empty: HttpSide, browser: Browser) -> None:
    browser.open("about:blank")
    browser.open(f"http://127.0.0.1:{empty.serve().port}/#/setup")
    settled(browser)
    browser.wait("document.querySelector('.setup .now h2').textContent.startsWith('Plug in a phone')")
    # The phone is plugged in; the page sees it by itself, first with its question, then without.
    empty.phones.set("R58M12ABCDE", PhoneState.UNAUTHORIZED, detail="accept the question on the phone")
    browser.wait("document.querySelector('.setup .now').textContent.includes('accept the question')")
    empty.phones.set("R58M12ABCDE", model="Pixel 7")
    browser.find("textbox", "User name").fill("alice")
    browser.find("button", "Add account").click()
    browser.wait("document.querySelector('.setup input[type=file]')")
    browser.choose_files(".setup input[type=file]", MEDIA / "clip.mp4")
    browser.find("textbox", "Caption").fill("Our first one")
    browser.find("button", "Post now to @alice").click(times=2)
    browser.find("link", "Task 1")
    (task,) = empty.store.tasks.page()[0]
    assert (task.username, task.source, task.caption) == ("alice", "ui", "Our first one")
    browser.find("heading", "This hub is set up")
    assert browser.faults == []


@pytest.fixture
def foreign() -> Iterator[str]:
    """A page of another origin."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>foreign</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_foreign_page_can_do_nothing_with_the_session_of_its_visitor(
    hub: Hub, browser: Browser, foreign: str
) -> None:
    hub.configure(server=Server(listen="127.0.0.1:0", trust_loopback=False))
    token = new_token(hub.tokens_file, "tablet")
    browser.open("about:blank")
    browser.open(f"{hub.page}#token={token}")
    settled(browser)
    task = hub.post(due_s=3600)
    browser.open(foreign)
    browser.wait("document.title === 'foreign'")
    stop = f"{hub.page}api/v1/task/{task.id}/stop"
    # The same site, as only the port differs: the browser sends the cookie, and the hub refuses all the same.
    browser.run(
        f"fetch('{stop}', {{method: 'POST', mode: 'no-cors', credentials: 'include'}}).catch(() => 0).then(() => 1)"
    )
    browser.run(
        f"(() => {{ const f = document.createElement('form'); f.method = 'post'; f.action = '{stop}'; "
        "document.body.append(f); f.submit(); })()"
    )
    browser.wait("document.body?.textContent.includes('40301')")
    assert hub.store.tasks.get(task.id) == task
    # Its own page still can.
    browser.open(f"{hub.page}#/task/{task.id}")
    settled(browser)
    browser.run(f"fetch('/api/v1/task/{task.id}/hold', {{method: 'POST'}}).then(() => 1)")
    held = hub.store.tasks.get(task.id)
    assert held is not None
    assert held.held
