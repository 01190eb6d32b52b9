"""What the System screen asks for: doctor while it looks, a backup to keep, a notification on trial."""

from __future__ import annotations

import io
import tarfile
import threading
from pathlib import Path

import pytest

from handlers.access.tokens import new_token
from jobs.hub.settings import Server
from jobs.upkeep.backup_archive import unpack
from jobs.upkeep.doctor_findings import fail, ok
from storage.errors import StoreFull
from tests.support.http_side import AppClient, Client, HttpSide

LAN = "192.0.2.50"


def test_doctor_reports_failures_first_and_whether_a_phone_can_post(side: HttpSide, api: Client) -> None:
    side.findings = [ok("disk", "9 MiB free"), fail("phone PHONE1", "is locked", "unlock it", phone="PHONE1")]
    report = api.good("GET", "/api/v1/doctor")
    assert [one["level"] for one in report["findings"]] == ["FAIL", "ok"]
    assert report["findings"][0]["fix"] == "unlock it"
    assert (report["complete"], report["can_post"]) == (True, False)
    assert report["verdict"] == "posting cannot work yet: 0 of 1 phone can post"
    assert side.app.is_slow("GET", "/api/v1/doctor")


def test_a_backup_is_a_whole_one_and_leaves_nothing_behind(
    side: HttpSide, api: Client, tmp_path: Path
) -> None:
    side.task()
    new_token(side.tokens_file, "laptop")
    answer = api.call("GET", "/api/v1/backup")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tikmatrixd-2027-01-15.tar"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    kept = tmp_path / "kept.tar"
    kept.write_bytes(answer.body)
    (tmp_path / "unpacked").mkdir()
    whole = unpack(kept, tmp_path / "unpacked", None)
    assert whole.tokens == ("laptop",)
    assert whole.facts.records["tasks"] == 1
    assert list((side.store.state_dir / "spool").iterdir()) == []
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as tar:
        assert "tokens/in-state-dir.json" in tar.getnames()


def test_a_backup_holds_secrets_so_it_is_for_the_box_and_for_who_has_a_token(
    side: HttpSide, api: Client
) -> None:
    side.configure(server=Server(trusted_networks=("192.0.2.0/24",)))
    token = new_token(side.tokens_file, "laptop")
    api.bad(40301, "GET", "/api/v1/backup", peer=LAN)
    api.bad(40101, "GET", "/api/v1/backup", peer="203.0.113.1")
    assert api.call("GET", "/api/v1/backup", peer=LAN, X_Api_Key=token).status_int == 200


def test_a_backup_that_cannot_be_made_says_why_and_one_is_made_at_a_time(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = next(one for one in side.app.table if one.path == "/api/v1/backup")
    handlers = route.call.__self__  # type: ignore[attr-defined]

    def full(target: Path, library: bool) -> None:
        raise StoreFull("no room")

    monkeypatch.setattr(handlers, "back_up", full)
    assert "no room" in api.bad(50701, "GET", "/api/v1/backup")["message"]
    begun, go_on = threading.Event(), threading.Event()

    def slow(target: Path, library: bool) -> None:
        begun.set()
        assert go_on.wait(20)
        raise StoreFull("enough")

    monkeypatch.setattr(handlers, "back_up", slow)
    first = threading.Thread(target=lambda: AppClient(side.app).call("GET", "/api/v1/backup"))
    first.start()
    assert begun.wait(20)
    assert "another backup" in api.bad(40001, "GET", "/api/v1/backup")["message"]
    go_on.set()
    first.join(20)


def test_a_notification_on_trial_tells_of_each_receiver_what_became_of_it(
    side: HttpSide, api: Client
) -> None:
    side.tried = [("https://ntfy.sh/***", ""), ("https://x/***", "answers HTTP 500")]
    assert api.good("POST", "/api/v1/notify/test") == {
        "receivers": [
            {"receiver": "https://ntfy.sh/***", "problem": ""},
            {"receiver": "https://x/***", "problem": "answers HTTP 500"},
        ]
    }
