"""doctor on phones that are set up in ways that keep them from posting: what is wrong, and what to do."""

from __future__ import annotations

import json

from tests.support.daemon import tikmatrixd


def doctor(one, serial):
    done = tikmatrixd("--config", one.config, "doctor", serial, "--json")
    found = [f for f in json.loads(done.stdout) if f.get("phone") == serial]
    return {
        level: " | ".join(
            f"{f['sentence']} -> {f.get('fix', '')}" for f in found if f["level"].lower() == level
        )
        for level in ("ok", "warn", "fail")
    }


def test_doctor_says_what_of_a_phone_s_set_up_keeps_it_from_posting(hub):
    one = hub(1)
    (serial,) = one.phones.serials
    well = doctor(one, serial)
    assert "takes touches and keys" in well["ok"]
    assert "font scale 1.0, navigation by gestures" in well["ok"]
    for word in ("font scale", "display", "dual", "Auto Blocker", "speaks", "touches"):
        assert word not in well["fail"] + well["warn"]
    taps_before = one.phones.lines(serial, "taps")

    one.phones.simctl(serial, "set", "input-forbidden", "on")
    one.phones.simctl(serial, "set", "dual-apps", "on")
    one.phones.simctl(serial, "set", "language", "id")
    one.phones.shell(
        serial,
        "settings put system font_scale 1.3; wm size 720x1600; wm density 320; "
        "settings put secure rampart_main_switch_enabled 1; settings put secure navigation_mode 0",
    )
    ill = doctor(one, serial)
    assert "refuses touches and keys" in ill["fail"]
    assert "USB debugging (Security settings)" in ill["fail"]
    assert "Samsung's Auto Blocker is on" in ill["fail"]
    assert (
        ill["fail"].count("speaks Indonesian (in-ID): no task starts in it") == 2
    )  # one for each app's account
    assert 'set_app_language = "en"' in ill["fail"]
    assert "font scale 1.3: texts are cut" in ill["warn"]
    assert "the display's size is set to 720x1600" in ill["warn"]
    assert "the display's density is set to 320" in ill["warn"]
    assert "dual apps (DualApp)" in ill["warn"]
    assert "navigation by three buttons" in ill["ok"]
    assert one.phones.lines(serial, "taps") == taps_before

    # What a running attempt set on the phone is not a command's to give back.
    before = "settings get global tikmatrixd_stay_on_before"
    one.phones.shell(serial, "settings put global tikmatrixd_stay_on_before 2; svc power stayon true")
    doctor(one, serial)
    assert one.phones.shell(serial, before).strip() == "2"

    one.configure("phones", 'set_app_language = "en"')
    assert "speaks" not in doctor(one, serial)["fail"]
