"""The screens Phones, Accounts and Slots: what is shown, and that each button does what it says."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from jobs.phone.protocol import PhoneState
from tests.support.axe import violations
from tests.support.browser import Browser
from tests.support.console import DESKTOP, PHONE, Button, Hub, phone_picture, show, showcase
from tests.support.rehearsed import met_a_promotion


def button(browser: Browser, text: str, of: str = "") -> Button:
    """Wait until there is such a button."""
    return Button(browser, text, of)


def said(browser: Browser, text: str) -> None:
    """Wait until the page says this."""
    browser.wait(f"document.body.innerText.includes({text!r})")


def fill(browser: Browser, field: str, value: str) -> None:
    """Write into a field of the open dialog."""
    browser.run(
        f"(() => {{ const one = document.querySelector('dialog [name={field}]'); one.value = {value!r}; "
        "one.dispatchEvent(new Event('input', { bubbles: true })); one.dispatchEvent(new Event('change', { bubbles: true })); })()"
    )


def confirm(browser: Browser) -> None:
    """Press the button of the dialog that does it, and wait until it is done."""
    browser.wait("document.querySelector('dialog button[type=submit]')")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    browser.wait("document.querySelector('dialog[open]') === null")


def test_a_phone_is_paused_with_a_reason_named_and_resumed(hub: Hub, browser: Browser) -> None:
    hub.phones.set("AWAY1", PhoneState.ABSENT)
    showcase(hub)
    show(browser, hub, "#/phones")
    assert [browser.has("heading", name) for name in ("Shelf A-1", "PHONE2", "PHONE3")] == [True] * 3
    said(browser, "1 not connected")
    assert not browser.has("heading", "AWAY1"), "what is not connected is folded"
    button(browser, "Pause", "PHONE2").click()
    fill(browser, "reason", "new shelf")
    confirm(browser)
    said(browser, "new shelf")
    assert next(
        one for one in hub.client.good("GET", "/api/v1/devices")["devices"] if one["serial"] == "PHONE2"
    )["paused"]
    button(browser, "Rename", "PHONE2").click()
    fill(browser, "label", "Shelf B-2")
    confirm(browser)
    button(browser, "Resume", "Shelf B-2").click()
    confirm(browser)
    button(browser, "Pause", "Shelf B-2")
    button(browser, "Pause the hub").click()
    confirm(browser)
    said(browser, "The whole hub: Paused since")
    button(browser, "Resume the hub").click()
    said(browser, "1 post whose time is over starts as soon as its phone is free")
    confirm(browser)
    button(browser, "Pause the hub")
    assert hub.client.call("GET", "/readyz").json["paused"] is False
    assert browser.faults == []


def test_a_phones_own_page_keeps_its_picture_fresh_and_names_its_accounts_and_posts(
    hub: Hub, browser: Browser
) -> None:
    ids = showcase(hub)
    hub.phones.pictures["PHONE1"] = phone_picture()
    show(browser, hub, "#/phone/PHONE1")
    browser.wait("document.querySelector('.phone-picture').naturalWidth === 270")
    first = browser.run("document.querySelector('.phone-picture').src")
    hub.phones.pictures["PHONE1"] = phone_picture(200, 400)
    browser.wait("document.querySelector('.phone-picture').naturalWidth === 200")
    assert browser.run("document.querySelector('.phone-picture').src") != first
    assert browser.has("link", f"Task {ids['failed']}")
    button(browser, "Rehearse", "Shelf A-1").click()
    fill(browser, "platform", "instagram")
    confirm(browser)
    said(browser, "Waits for the phone's turn")
    [rehearsal] = hub.client.good("GET", "/api/v1/devices/PHONE1/rehearse")["rehearsals"]
    assert (rehearsal["platform"], rehearsal["state"]) == ("instagram", "running")
    said(browser, "@alice")


def test_a_rehearsal_is_opened_read_and_saved_without_people(
    hub: Hub, browser: Browser, tmp_path: Path
) -> None:
    showcase(hub)
    report = met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    show(browser, hub, "#/phone/PHONE1")
    browser.click(f"document.querySelector('a[href=\"#/rehearsal/{report.id}\"]')")
    said(browser, "Unknown sheet")
    said(browser, "Ended here")
    browser.wait("[...document.images].every((one) => one.complete)")
    browser.find("button", "Picture: Unknown sheet").click()
    browser.wait("document.querySelector('dialog img')?.naturalWidth > 100")
    browser.press("Escape")
    browser.save_into(tmp_path)
    browser.find("button", "Save the report").click()
    assert browser.find(
        "checkbox", "Leave out people: names, captions, pictures and the serial of the phone"
    ).call("function () { return this.checked }")
    confirm(browser)
    saved = tmp_path / f"rehearsal-{report.id}-blanked.zip"
    browser.wait_for_file(saved)
    with zipfile.ZipFile(saved) as found:
        assert "PHONE1" not in found.read("report.json").decode()
    button(browser, "Rehearse again").click()
    said(browser, "Waits for the phone's turn")
    [newest, _] = hub.client.good("GET", "/api/v1/devices/PHONE1/rehearse")["rehearsals"]
    assert (newest["platform"], newest["way"], newest["state"]) == ("tiktok", "share", "running")
    browser.wait(f"location.hash === '#/rehearsal/{newest['id']}'")
    assert browser.faults == []


def test_phones_name_their_adb_server_where_there_are_several_and_one_that_is_away_stands_on_top(
    hub: Hub, browser: Browser
) -> None:
    hub.phones.set("PHONE4", PhoneState.DEVICE, adb_server="shelf-2", model="Pixel 8")
    hub.phones.set("PHONE5", PhoneState.ADB_DOWN, adb_server="shelf-3", detail="it hangs")
    show(browser, hub, "#/phones")
    said(browser, "local: 3 phones, 2 usable")
    said(browser, "shelf-2: 1 phone, 1 usable")
    said(browser, "Adb server shelf-3 is not reachable, with 1 phone: it hangs")
    said(browser, "Pixel 8 · shelf-2")
    browser.find("link", "PHONE4").click()
    said(browser, "Adb server")
    for serial in ("PHONE4", "PHONE5"):
        hub.phones.set(serial, PhoneState.DEVICE)
    show(browser, hub, "#/phones")
    said(browser, "Pixel 7")
    assert not browser.run("document.body.innerText.includes('local:')")
    assert browser.faults == []


def test_an_account_is_added_with_its_pace_changed_paused_disabled_and_removed(
    hub: Hub, browser: Browser
) -> None:
    show(browser, hub, "#/accounts")
    said(browser, "Stands in the config file")
    button(browser, "Add account").click()
    browser.wait("document.querySelector('dialog[open]')")
    fill(browser, "username", "@oak and ash")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    browser.wait("document.querySelector('dialog')?.innerText.includes('username')")
    fill(browser, "username", "@oak")
    fill(browser, "device", "PHONE2")
    fill(browser, "max_per_day", "3")
    fill(browser, "min_gap_minutes", "90")
    fill(browser, "tags", "shop, de")
    confirm(browser)
    said(browser, "0 of 3 today · 90 min apart")
    account = hub.client.good("GET", "/api/v1/accounts?tag=shop")["accounts"][0]
    assert (account["device"], account["min_gap_minutes"], account["max_per_day"]) == ("PHONE2", 90, 3)
    name = "@oak, TikTok"
    button(browser, "Edit", name).click()
    browser.wait("document.querySelector('dialog[open]')")
    fill(browser, "max_per_day", "")
    confirm(browser)
    said(browser, "0 today · 90 min apart")
    button(browser, "Pause", name).click()
    fill(browser, "reason", "holidays")
    confirm(browser)
    said(browser, "holidays")
    button(browser, "Resume", name).click()
    button(browser, "Pause", name)  # the row is drawn anew
    button(browser, "Disable", name).click()
    confirm(browser)
    late = hub.post("oak", due_s=-3600)
    button(browser, "Enable", name).click()
    said(browser, "1 post whose time is over starts as soon as its phone is free. It was due")
    browser.press("Escape")
    assert hub.store.tasks.get(late.id) == late
    browser.wait("document.querySelector('dialog') === null")
    assert hub.client.good("GET", f"/api/v1/accounts/{account['id']}")["status"] == 1
    button(browser, "Remove", name).click()
    confirm(browser)
    hub.client.bad(40401, "GET", f"/api/v1/accounts/{account['id']}")
    assert browser.faults == []


def test_a_slot_is_added_shown_with_its_week_paused_and_deleted(hub: Hub, browser: Browser) -> None:
    pool = hub.media / "pool"
    pool.mkdir()
    (pool / "one.mp4").write_bytes((hub.media / "clip.mp4").read_bytes())
    show(browser, hub, "#/slots")
    button(browser, "Add slot").click()
    browser.wait("document.querySelector('dialog[open]')")
    browser.run("document.querySelector('dialog button[type=submit]').click()")
    said(browser, "Choose at least one account.")
    fill(browser, "name", "Evenings")
    fill(browser, "times", "18:30, 21:00")
    browser.run("document.querySelector('dialog input[value=\"workshop.bench\"]').click()")
    said(browser, "Makes 14 posts a week.")
    fill(browser, "material_source", "localFolder")
    fill(browser, "material_path", str(pool))
    confirm(browser)
    said(browser, "Every day at 18:30, 21:00 for @workshop.bench")
    hub.planner.turn()
    [slot] = hub.client.good("GET", "/api/v1/slots")["slots"]
    assert (slot["name"], slot["times"], slot["usernames"]) == (
        "Evenings",
        ["18:30", "21:00"],
        ["workshop.bench"],
    )
    planned = [task for one in slot["next"] for task in one["task_ids"]]
    assert planned
    browser.wait(f"document.querySelector('.week a[href=\"#/task/{planned[0]}\"]')")
    button(browser, "Pause", "Evenings").click()
    said(browser, f"{len(planned)} planned post")
    confirm(browser)
    button(browser, "Resume", "Evenings")
    assert hub.store.tasks.get(planned[0]) is None
    button(browser, "Delete", "Evenings").click()
    confirm(browser)
    said(browser, "There is no slot yet.")
    assert hub.client.good("GET", "/api/v1/slots")["slots"] == []
    assert browser.faults == []


@pytest.mark.parametrize("size", [PHONE, pytest.param(DESKTOP, marks=pytest.mark.long)])
def test_these_screens_have_no_violation_of_wcag(hub: Hub, browser: Browser, size: tuple[int, int]) -> None:
    showcase(hub)
    hub.client.good("POST", "/api/v1/devices/PHONE2/pause", {"reason": "new shelf"})
    hub.client.good(
        "POST",
        "/api/v1/accounts",
        {"username": "oak", "device": "PHONE2", "logined": False, "tags": ["shop"]},
    )
    config = {"captions": "x", "material_source": "localFolder", "material_path": str(hub.media)}
    hub.client.good(
        "POST", "/api/v1/slots", {"usernames": ["oak"], "times": ["18:30"], "script_config": config}
    )
    for address, dialog in (
        ("#/phones", "Rename"),
        ("#/phone/PHONE1", ""),
        ("#/accounts", "Add account"),
        ("#/slots", "Add slot"),
    ):
        show(browser, hub, address, size)
        assert violations(browser) == [], address
        if dialog:
            browser.run(
                f"[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith({dialog!r})).click()"
            )
            browser.wait("document.querySelector('dialog[open]')")
            assert violations(browser) == [], f"{address}, {dialog}"
