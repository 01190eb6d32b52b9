"""Probes, metrics, the console, reload."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handlers.api.objects.hub import Reloaded
from jobs.hub.config_file import ConfigInvalid, ConfigProblem
from jobs.phone.protocol import PhoneState
from tests.support.http_side import Client, HttpSide


def test_liveness_tells_nothing(api: Client) -> None:
    for peer in ("127.0.0.1", "203.0.113.1"):
        response = api.call("GET", "/healthz", peer=peer, Host="whatever.example")
        assert (response.status_int, response.body) == (200, b"ok\n")


def test_the_daemon_is_ready_with_a_store_and_a_phone(side: HttpSide, api: Client) -> None:
    response = api.call("GET", "/readyz")
    assert (response.status_int, response.json["ready"], response.json["reasons"]) == (200, True, [])


def test_R53_readiness_names_the_zone_and_what_its_clocks_show(side: HttpSide, api: Client) -> None:
    ready = api.call("GET", "/readyz").json
    assert (ready["timezone"], ready["time"]) == ("Europe/Berlin", "2027-01-15T09:00:00+01:00")


def test_without_a_usable_phone_it_is_not_ready(side: HttpSide, api: Client) -> None:
    for serial in ("PHONE1", "PHONE2", "PHONE3"):
        side.phones.set(serial, PhoneState.OFFLINE)
    side.phones.complaints = ["adb: the server does not answer"]
    response = api.call("GET", "/readyz")
    assert response.status_int == 503
    assert response.json["reasons"] == [
        "adb: the server does not answer",
        "no phone is usable; 3 known, the list of devices says why",
    ]


def test_a_sick_phone_beside_a_good_one_is_only_a_notice(side: HttpSide, api: Client) -> None:
    side.phones.set("PHONE2", PhoneState.UNAUTHORIZED)
    side.phones.complaints = ["PHONE2: accept the key"]
    response = api.call("GET", "/readyz")
    assert response.status_int == 200
    assert "PHONE2: accept the key" in response.json["notices"]


def test_a_full_disk_is_a_reason_as_long_as_creates_are_refused(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = side.store.storage.disk.reserve
    with monkeypatch.context() as patch:
        patch.setattr(reserve, "min_free_bytes", 2**60)
        api.bad(50701, "POST", "/api/v1/task", side.body())
        response = api.call("GET", "/readyz")
        assert (response.status_int, response.json["ready"]) == (503, False)
        (reason,) = response.json["reasons"]
        assert reason.startswith("new tasks are refused: ")
        assert reason not in response.json["notices"]
    api.good("POST", "/api/v1/task", side.body())
    assert api.call("GET", "/readyz").json["ready"]
    reserve.note_full()  # as after a write that found no room, e.g. for a quota
    assert api.call("GET", "/readyz").json["reasons"] == ["the disk is full: new tasks are refused"]


def test_draining_is_a_reason(side: HttpSide, api: Client) -> None:
    side.draining = True
    assert api.call("GET", "/readyz").json["reasons"] == ["the daemon is about to stop"]


def test_metrics_tell_how_long_the_slowest_helper_thread_is_overdue(side: HttpSide, api: Client) -> None:
    side.overdue_s = 42.0
    assert "tikmatrixd_helper_overdue_seconds 42.0" in api.call("GET", "/metrics").text


def test_metrics_have_fixed_labels(side: HttpSide, api: Client) -> None:
    side.phones.set("BOX2", PhoneState.ADB_DOWN, adb_server="shelf-2")
    side.task(status="failed")
    side.task()
    for number in range(5):
        api.call("GET", f"/api/v1/task/{number}")
        api.call("GET", f"/api/v1/nonsense{number}")
        api.call("PUT", f"/api/v1/task/{number}")
    first = api.call("GET", "/metrics").text
    assert 'tikmatrixd_tasks{status="failed"} 1.0' in first
    assert 'tikmatrixd_tasks{status="pending"} 1.0' in first
    assert 'tikmatrixd_phones{state="device"} 3.0' in first
    assert 'tikmatrixd_adb_server_up{adb_server="local"} 1.0' in first
    assert 'tikmatrixd_adb_server_up{adb_server="shelf-2"} 0.0' in first
    assert 'tikmatrixd_adb_server_phones{adb_server="local"} 3.0' in first
    assert 'tikmatrixd_adb_server_phones_usable{adb_server="shelf-2"} 0.0' in first
    assert "tikmatrixd_store_writable 1.0" in first
    assert re.search(r'requests_total\{method="GET",route="/api/v1/task/\{id\}",status="4xx"\} 3.0', first)
    assert 'tikmatrixd_info{version="0.0-test"} 1.0' in first
    for number in range(50):
        api.call("GET", f"/api/v1/task/{number + 100}")
        api.call("GET", f"/api/v1/other{number}")
    second = api.call("GET", "/metrics").text
    assert len(first.splitlines()) == len(second.splitlines())


def test_who_is_refused_at_the_door_is_counted_too(api: Client) -> None:
    def refused() -> float:
        text = api.call("GET", "/metrics").text
        found = re.search(r'requests_total\{method="other",route="other",status="4xx"\} (\S+)', text)
        return float(found[1]) if found else 0.0

    before = refused()
    api.call("GET", "/api/v1/task", peer="203.0.113.1")
    api.call("GET", "/api/v1/task", Host="rebound.example")
    assert refused() == before + 2


def test_the_console_has_a_strict_policy_and_nothing_inline(api: Client) -> None:
    response = api.call("GET", "/")
    page, policy = response.text, response.headers["Content-Security-Policy"]
    assert response.content_type == "text/html"
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert not re.search(r"\son\w+=|style=\"|<style|<script>", page)
    # Under "no-referrer" some browsers send "Origin: null" with the page's own calls, which would be refused.
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert api.call("GET", address).status_int == 200, address
    api.bad(40501, "POST", "/")


def test_reload_tells_what_changed(side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    side.reloaded = Reloaded(["server.hosts", "server.listen"], ["server.listen"])
    assert api.good("POST", "/api/v1/reload") == {
        "changed": ["server.hosts", "server.listen"], "restart_needed": ["server.listen"]
    }  # fmt: skip


def test_a_bad_config_file_is_refused_with_every_problem(tmp_path: Path) -> None:
    with HttpSide(tmp_path) as side:
        problems = [
            ConfigProblem("server.liste", "unknown key", 3),
            ConfigProblem("log.level", "must be ...", 9),
        ]

        def refuse() -> Reloaded:
            raise ConfigInvalid(Path("/etc/x.toml"), problems)

        object.__setattr__(side.services, "reload", refuse)
        answer = side.client.bad(40001, "POST", "/api/v1/reload")
        assert "line 3" in answer["message"]
        assert [error["field"] for error in answer["data"]["errors"]] == ["server.liste", "log.level"]


def test_a_person_can_say_that_the_time_is_right(side: HttpSide, api: Client) -> None:
    nothing = api.good("POST", "/api/v1/clock/confirm", {})
    assert nothing["doubt"] == ""
    side.jobs.trust.reason = "the clock of this box may be wrong"
    assert api.good("POST", "/api/v1/clock/confirm", {})["doubt"] == "the clock of this box may be wrong"
    assert side.jobs.trust.trusted
