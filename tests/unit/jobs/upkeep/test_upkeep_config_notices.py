"""What a config switches off of what protects posts is said wherever somebody looks, and refused nowhere."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from handlers.daemon.daemon import Daemon
from jobs.hub.config_file import LoadedConfig, load_config
from jobs.hub.settings import Media, Posting, Server, Settings, Storage
from jobs.upkeep.config_notices import notices
from jobs.upkeep.doctor_all import all_findings
from jobs.upkeep.doctor_findings import Level
from tests.support.clock import FakeClock
from tikmatrixd import cli

OFF = Settings(posting=Posting(duplicate_window_minutes=0))


def keys(settings: Settings) -> list[str]:
    return [notice.key for notice in notices(settings)]


def test_a_usual_config_has_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert keys(Settings()) == []
    assert keys(Settings(posting=Posting(duplicate_window_minutes=1))) == []
    assert keys(Settings(server=Server(trusted_networks=("192.168.1.0/24", "fd00::/8")))) == []


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (OFF, "posting.duplicate_window_minutes"),
        (Settings(posting=Posting(duplicate_window_minutes=0.01)), "posting.duplicate_window_minutes"),
        (Settings(server=Server(trusted_networks=("0.0.0.0/0",))), "server.trusted_networks"),
        (Settings(server=Server(trusted_networks=("::/0",))), "server.trusted_networks"),
    ],
)
def test_what_is_switched_off_is_named_with_what_follows(settings: Settings, key: str) -> None:
    (notice,) = notices(settings)
    assert notice.key == key
    assert notice.fix


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Etc/GMT+2", "2 h behind UTC the whole year"),
        ("Etc/GMT-8", "8 h ahead of UTC the whole year"),
        ("EST", "no daylight saving: in summer every start time is an hour late in New York"),
    ],
)
def test_CLI_10_a_zone_that_is_hours_off_from_what_its_name_reads_like_is_named(name: str, said: str) -> None:
    (notice,) = notices(Settings(posting=Posting(timezone=name)))
    assert said in notice.sentence


def test_CLI_10_a_TZ_whose_sign_is_the_other_way_round_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC+2")
    (notice,) = notices(Settings())
    assert 'TZ is "UTC+2", which is 2 h behind UTC' in notice.sentence
    assert keys(Settings(posting=Posting(timezone="Europe/Berlin"))) == []


@pytest.mark.parametrize("name", ["", "Etc/UTC", "UTC", "Etc/GMT", "GMT0", "CET", "America/New_York"])
def test_a_usual_zone_has_no_notice(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert keys(Settings(posting=Posting(timezone=name))) == []


def test_check_config_says_that_nothing_keeps_media_from_being_posted_twice(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[posting]\nduplicate_window_minutes = 0\n[storage]\nstate_dir = "{tmp_path}"\n', "utf-8"
    )
    done = CliRunner().invoke(cli, ["--config", str(path), "check-config"])
    assert (done.exit_code, done.stdout) == (0, f"{path}: good\n")
    assert "nothing keeps the same media from being posted twice" in done.stderr
    assert load_config(path).settings.posting.duplicate_window_minutes == 0


def test_doctor_warns_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("adb_findings", "box_findings", "phone_findings"):
        monkeypatch.setattr(f"jobs.upkeep.doctor_all.{name}", lambda *_, **__: ())
    found = all_findings(
        OFF, FakeClock(), key_dir=tmp_path, boxes_dir=tmp_path, tokens=lambda: 0, logins=list
    )
    (finding,) = [one for one in found if one.level is Level.WARN]
    assert "posted twice" in str(finding)
    assert "duplicate_window_minutes = 10" in str(finding)


def test_a_start_writes_it_into_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(
        server=Server(listen="127.0.0.1:0"),
        storage=Storage(state_dir=str(tmp_path / "state")),
        media=Media(roots=(str(tmp_path),)),
        posting=OFF.posting,
    )
    daemon = Daemon(LoadedConfig(settings, None), FakeClock(), "0")
    with caplog.at_level(logging.WARNING):
        daemon._log_notices()
    daemon.store.close()
    assert "posted twice" in caplog.text
