"""What `devices` prints."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from handlers.cli.commands import devices
from jobs.phone.protocol import PhoneState
from jobs.upkeep import doctor_phone
from tests.support.http_side import HttpSide


@pytest.fixture
def side(tmp_path, monkeypatch):
    with HttpSide(tmp_path) as built:

        @contextmanager
        def phones_of(*_):
            yield built.phones

        monkeypatch.setattr(doctor_phone, "phones_of", phones_of)
        built.phones.set("PHONE1", model="Pixel 7")
        yield built


def printed(folder: Path, port: int) -> list[str]:
    config = folder / "config.toml"
    config.write_text(f'[server]\nlisten = "127.0.0.1:{port}"\n')
    done = CliRunner().invoke(devices, obj=config)
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.output.splitlines()]


def test_R67_labels_that_the_daemon_knows_stand_beside_the_serials(side, tmp_path):
    port = side.serve().port
    plain = ["PHONE1 device Pixel 7", "PHONE2 device", "PHONE3 device"]
    assert printed(tmp_path, port) == plain
    side.client.good("PATCH", "/api/v1/devices/PHONE1", {"label": "Shelf A-3"})
    assert printed(tmp_path, port) == ["PHONE1 Shelf A-3 device Pixel 7", *plain[1:]]


def test_without_a_daemon_the_phones_are_listed_all_the_same(side, tmp_path):
    assert printed(tmp_path, 1)[0] == "PHONE1 device Pixel 7"


def test_of_several_adb_servers_each_phone_names_its_own_and_those_away_are_named_below(side, tmp_path):
    side.phones.set("PHONE2", adb_server="shelf-2")
    side.phones.set("PHONE3", PhoneState.ADB_DOWN, adb_server="shelf-3", detail="it hangs")
    assert printed(tmp_path, 1) == [
        "PHONE1 local device Pixel 7",
        "PHONE2 shelf-2 device",
        "PHONE3 shelf-3 adb_down it hangs",
        "adb server shelf-3 is not reachable: 1 phone (it hangs)",
    ]


def test_of_a_daemon_that_is_named_its_own_phones_are_listed_and_not_those_of_this_machine(
    side, tmp_path, monkeypatch
):
    @contextmanager
    def nothing_here(*_):
        raise AssertionError("the adb servers of this machine were asked")
        yield

    monkeypatch.setattr(doctor_phone, "phones_of", nothing_here)
    side.phones.set("PHONE2", adb_server="shelf-2")
    side.phones.set("PHONE3", PhoneState.ADB_DOWN, adb_server="shelf-3", detail="it hangs")
    url = f"http://127.0.0.1:{side.serve().port}"
    for words, environment in ((["--url", url], {}), ([], {"TIKMATRIXD_URL": url})):
        done = CliRunner().invoke(devices, words, env=environment)
        assert [" ".join(line.split()) for line in done.output.splitlines()] == [
            "PHONE1 local device Pixel 7",
            "PHONE2 shelf-2 device",
            "PHONE3 shelf-3 adb_down it hangs",
            "adb server shelf-3 is not reachable: it hangs",
        ]


def test_what_an_adb_server_says_of_a_phone_steers_no_terminal(side, tmp_path):
    side.phones.set("PHONE1", model="Pixel \x9b31m7", detail="says \x1b[2J\u202e")
    lines = printed(tmp_path, 1)
    assert lines[0] == "PHONE1 device Pixel 31m7 says [2J"
