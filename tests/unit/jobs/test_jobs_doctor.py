"""doctor: each thing that keeps a box from posting has a sentence and a fix."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from jobs import doctor
from jobs.doctor import Level, box_findings, can_post
from jobs.settings import Adb, Media, Server, Settings, Storage


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


def look(settings, *, tokens=0, adb="/nonexistent/adb"):
    return list(box_findings(settings, token_count=lambda: tokens, adb_binary=adb))


def about(findings, subject):
    return next(f for f in findings if f.subject == subject)


def test_a_missing_adb_binary_is_a_failure_with_a_fix(settings):
    found = look(settings)
    assert about(found, "adb binary").level is Level.FAIL
    assert "adb.binary" in about(found, "adb binary").fix
    assert not can_post(found)


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


def test_a_full_disk_is_a_failure(settings):
    full = msgspec.structs.replace(
        settings, storage=Storage(state_dir=settings.storage.state_dir, min_free_bytes=2**60)
    )
    assert about(look(full), "disk").level is Level.FAIL


def test_serving_the_lan_without_a_token_is_a_failure(settings, unused_port):
    lan = msgspec.structs.replace(settings, server=Server(listen=f"0.0.0.0:{unused_port}"))
    assert about(look(lan), "tokens").level is Level.FAIL
    assert about(look(lan, tokens=1), "tokens").level is Level.OK


@pytest.mark.parametrize(
    ("body", "level", "subject"), [(b'{"ready": true}', Level.OK, "daemon"), (b"<html>", Level.FAIL, "port")]
)
def test_the_daemon_is_told_from_another_program_on_its_port(settings, body, level, subject):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        here = msgspec.structs.replace(settings, server=Server(listen=f"127.0.0.1:{server.server_port}"))
        found = look(here)
        server.shutdown()
        thread.join()
    assert about(found, subject).level is level


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
    (only,) = doctor._usb_permissions(tmp_path, nodes)
    assert only.level is Level.WARN
    node = nodes / "999" / "001"
    node.parent.mkdir(parents=True)
    node.touch(0o600)
    complaint, _ = doctor._usb_permissions(tmp_path, nodes)
    assert complaint.level is Level.FAIL
    assert "70-tikmatrixd-adb.rules" in complaint.fix
    node.chmod(0o660)
    (only,) = doctor._usb_permissions(tmp_path, nodes)
    assert only.level is Level.OK


def test_a_finding_prints_as_two_lines_with_the_fix():
    text = str(doctor.fail("port", "is taken", "stop the other one"))
    assert text.splitlines() == ["FAIL  port: is taken", "      fix: stop the other one"]
    assert json.dumps(msgspec.to_builtins(doctor.ok("x", "y")))
