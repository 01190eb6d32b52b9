"""doctor: each thing that keeps a box from posting has a sentence and a fix."""

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from jobs.hub.settings import Adb, AdbServerEntry, Media, Server, Settings, Storage
from jobs.phone.adb.server import binary as adb_server_binary
from jobs.upkeep import doctor, doctor_adb
from jobs.upkeep.doctor import box_findings
from jobs.upkeep.doctor_adb import adb_findings
from jobs.upkeep.doctor_findings import Level, OnPhone, fail, ok, verdict, warn, worst_first


@pytest.fixture
def settings(tmp_path, unused_port):
    media, state = tmp_path / "media", tmp_path / "state"
    media.mkdir()
    state.mkdir()
    return Settings(
        server=Server(listen=f"127.0.0.1:{unused_port}"),
        adb=Adb(port=1),
        media=Media(roots=(str(media),)),
        storage=Storage(state_dir=str(state), min_free_bytes=0),
    )


@pytest.fixture
def unused_port():
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port


def look(settings, *, tokens=0, adb="/nonexistent/adb", key_dir="/nonexistent"):
    return [
        *adb_findings(settings, str(adb), Path(key_dir)),
        *box_findings(settings, tokens=tokens),
    ]


def about(findings, subject):
    return next(f for f in findings if f.subject == subject)


def test_a_missing_adb_binary_is_a_failure_with_a_fix(settings):
    found = look(settings)
    assert about(found, "adb binary").level is Level.FAIL
    assert "adb.binary" in about(found, "adb binary").fix
    assert not verdict(found).can_post


def test_a_silent_adb_server_is_a_warning_where_the_daemon_starts_it_itself(settings):
    assert about(look(settings), "adb server").level is Level.WARN
    own_unit = msgspec.structs.replace(settings, adb=Adb(port=1, start_server=False))
    found = about(look(own_unit), "adb server")
    assert found.level is Level.FAIL
    assert "systemctl start tikmatrixd-adb.socket" in found.fix


def test_a_media_root_that_is_missing_says_which_command_makes_it(settings, tmp_path):
    gone = msgspec.structs.replace(settings, media=Media(roots=(str(tmp_path / "none"),)))
    found = about(look(gone), "media root")
    assert found.level is Level.FAIL
    assert found.fix.startswith("mkdir -p")


def test_R53_the_zone_of_start_times_is_named_and_a_TZ_that_is_none_is_a_failure(settings, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    found = about(look(settings), "time zone")
    assert found.level is Level.OK
    assert found.sentence.startswith("start times are in Asia/Tokyo: 2")
    monkeypatch.setenv("TZ", "Asia/Tokio")
    found = about(look(settings), "time zone")
    assert found.level is Level.FAIL
    assert 'did you mean "Asia/Tokyo"?' in found.sentence


def test_R53_a_daemon_in_another_zone_than_this_command_is_told(settings, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setattr(
        "jobs.upkeep.doctor.readiness_of", lambda _: {"ready": True, "timezone": "Europe/Berlin"}
    )
    found = about(look(settings), "time zone")
    assert found.level is Level.WARN
    assert "in Europe/Berlin, as the running daemon says" in found.sentence


def test_a_full_disk_is_a_failure(settings):
    full = msgspec.structs.replace(
        settings, storage=Storage(state_dir=settings.storage.state_dir, min_free_bytes=2**60)
    )
    assert about(look(full), "disk").level is Level.FAIL


def test_serving_the_lan_without_a_token_is_a_failure(settings, unused_port):
    lan = msgspec.structs.replace(settings, server=Server(listen=f"0.0.0.0:{unused_port}"))
    assert about(look(lan), "tokens").level is Level.FAIL
    assert about(look(lan, tokens=1), "tokens").level is Level.OK


@contextmanager
def listening(server):
    """The server, answering while inside."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def http(status, body, **headers):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize(
    ("server", "level", "subject", "word"),
    [
        (lambda: http(200, b'{"ready": true, "reasons": []}'), Level.OK, "daemon", "runs and answers"),
        (
            lambda: http(503, b'{"ready": false, "reasons": ["the disk is full"]}'),
            Level.WARN,
            "daemon",
            "the disk is full",
        ),
        (lambda: http(401, b"{}", WWW_Authenticate="Bearer"), Level.OK, "daemon", "runs and answers"),
        (lambda: http(200, b"<html>"), Level.FAIL, "port", "another program"),
        (lambda: http(503, b"<html>a proxy's own page"), Level.FAIL, "port", "another program"),
        (lambda: http(404, b"{}"), Level.FAIL, "port", "another program"),
    ],
)
def test_the_daemon_is_told_from_another_program_on_its_port(settings, server, level, subject, word):
    with listening(server()) as port:
        here = msgspec.structs.replace(settings, server=Server(listen=f"127.0.0.1:{port}"))
        found = about(look(here), subject)
    assert found.level is level
    assert word in found.sentence


def adb_server(answer):
    """Something that takes host:version and answers this."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.rfile.read(len("000chost:version"))
            self.wfile.write(answer)

    return socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize(
    ("answer", "level", "word"),
    [
        (b"OKAY00040029", Level.OK, "protocol version 41"),
        (b"OKAY00040020", Level.WARN, "protocol version 32, our adb speaks 41"),
        (b"OKAY0004zzzz", Level.FAIL, "does not answer"),
        (b"HTTP/1.1 400", Level.FAIL, "something else than an adb server"),
    ],
)
def test_ADB_2_a_server_of_another_version_is_named_before_it_cuts_every_phone(settings, answer, level, word):
    with listening(adb_server(answer)) as port:
        here = msgspec.structs.replace(settings, adb=Adb(port=port, start_server=False))
        found = about(look(here, adb=adb_server_binary(Adb())), "adb server")
    assert found.level is level
    assert word in found.sentence


def test_each_further_adb_server_is_looked_at_and_one_that_is_away_stops_its_own_phones_alone(settings):
    phone = ok("phone A", "Pixel", phone="A")
    with listening(adb_server(b"OKAY00040029")) as port:
        here = msgspec.structs.replace(
            settings,
            adb=Adb(port=port, start_server=False),
            adb_servers=(AdbServerEntry(name="shelf-2", port=port), AdbServerEntry(name="shelf-3", port=1)),
        )
        found = look(here, adb=adb_server_binary(Adb()))
    assert about(found, "adb server shelf-2").level is Level.OK
    away = about(found, "adb server shelf-3")
    assert away.level is Level.FAIL
    assert "its phones wait, all others work" in away.fix
    assert verdict([phone, away]).can_post
    assert not verdict(
        [
            phone,
            about(
                look(msgspec.structs.replace(here, adb_servers=(), adb=Adb(port=1, start_server=False))),
                "adb server",
            ),
        ]
    ).can_post


def test_a_program_that_is_no_adb_is_a_failure(settings):
    found = about(look(settings, adb="/bin/true"), "adb binary")
    assert found.level is Level.FAIL
    assert found.sentence == "/bin/true is no adb"


def test_the_key_that_phones_know_is_there_and_nobody_elses(settings, tmp_path):
    assert about(look(settings), "adb key").level is Level.WARN
    key = tmp_path / "adbkey"
    key.touch(0o644)
    assert about(look(settings, key_dir=tmp_path), "adb key").fix == f"chmod 600 {key}"
    key.chmod(0o600)
    assert about(look(settings, key_dir=tmp_path), "adb key").level is Level.OK
    elsewhere = msgspec.structs.replace(settings, adb=Adb(host="192.0.2.1", port=1))
    assert "adb key" not in {finding.subject for finding in adb_findings(elsewhere, "/none", tmp_path)}


def test_a_usb_device_that_its_group_may_not_use_names_the_udev_rule(tmp_path):
    device = tmp_path / "1-2"
    interface = tmp_path / "1-2:1.0"
    for folder in (device, interface):
        folder.mkdir()
    for name, text in (("bInterfaceClass", "ff"), ("bInterfaceSubClass", "42"), ("bInterfaceProtocol", "01")):
        (interface / name).write_text(text + "\n")
    (device / "busnum").write_text("999\n")
    (device / "devnum").write_text("1\n")
    nodes = tmp_path / "dev"
    # Its device node does not exist: it was unplugged while we looked, so there is nothing to complain about.
    (only,) = doctor_adb.usb_permissions(tmp_path, nodes)
    assert only.level is Level.WARN
    node = nodes / "999" / "001"
    node.parent.mkdir(parents=True)
    node.touch(0o600)
    complaint, _ = doctor_adb.usb_permissions(tmp_path, nodes)
    assert complaint.level is Level.FAIL
    assert "70-tikmatrixd-adb.rules" in complaint.fix
    node.chmod(0o660)
    (only,) = doctor_adb.usb_permissions(tmp_path, nodes)
    assert only.level is Level.OK


def test_a_finding_prints_as_two_lines_with_the_fix():
    text = str(doctor.fail("port", "is taken", "stop the other one"))
    assert text.splitlines() == ["FAIL  port: is taken", "      fix: stop the other one"]
    assert json.dumps(msgspec.to_builtins(doctor.ok("x", "y")))


def test_one_phone_that_can_post_is_enough_and_the_others_are_counted():
    found = [
        ok("phone A", "Pixel", phone="A"),
        fail("phone B", "battery at 3 %", "charge it", phone="B"),
        warn("phone C", "is locked", phone="C"),
    ]
    judged = verdict(found)
    assert judged.can_post
    assert str(judged) == "posting can work: 2 of 3 phones can post"


def test_a_phone_can_post_as_long_as_one_of_its_accounts_can():
    a = OnPhone("A")
    logged_out = msgspec.structs.replace(a.fail("@x: the app was seen logged out", "log in"), account="@x")
    fine = msgspec.structs.replace(a.ok("@y: no task has seen it logged out"), account="@y")
    assert verdict([logged_out, fine]).able == ("A",)
    assert verdict([logged_out]).able == ()
    assert str(verdict([logged_out])) == "posting cannot work yet: 0 of 1 phone can post"


def test_a_failure_of_the_box_stops_every_phone_and_one_of_two_folders_does_not(settings, tmp_path):
    phone = ok("phone A", "Pixel", phone="A")
    assert str(verdict([phone, fail("disk", "full", "free some space")])) == (
        "posting cannot work yet: 1 failure of this box"
    )
    roots = (*settings.media.roots, str(tmp_path / "none"))
    one_missing = msgspec.structs.replace(settings, media=Media(roots=roots))
    found = [finding for finding in look(one_missing) if finding.subject == "media root"]
    assert [finding.level for finding in found] == [Level.OK, Level.FAIL]
    assert verdict([phone, *found]).can_post


def test_failures_stand_first_then_warnings_in_the_order_they_were_found():
    found = [ok("a", ""), warn("b", ""), fail("c", "", "x"), ok("d", ""), fail("e", "", "x")]
    assert "".join(finding.subject for finding in worst_first(found)) == "cebad"


def test_R66_names_of_a_proxy_and_trust_in_loopback_are_a_warning_with_the_setting(settings, unused_port):
    def proxy(**server):
        with_server = msgspec.structs.replace(
            settings, server=Server(listen=f"127.0.0.1:{unused_port}", **server)
        )
        return [finding for finding in look(with_server) if finding.subject == "proxy"]

    assert proxy() == proxy(hosts=("hub.example.org",), trust_loopback=False) == []
    (found,) = proxy(hosts=("hub.example.org",))
    assert found.level is Level.WARN
    assert "trust_loopback = false" in found.fix


def test_R66_where_the_box_itself_needs_a_token_there_must_be_one(settings, unused_port):
    strict = msgspec.structs.replace(
        settings, server=Server(listen=f"127.0.0.1:{unused_port}", trust_loopback=False)
    )
    assert about(look(strict), "tokens").level is Level.FAIL
    assert about(look(strict, tokens=1), "tokens").level is Level.OK
