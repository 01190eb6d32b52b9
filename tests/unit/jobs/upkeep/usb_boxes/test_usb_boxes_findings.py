"""doctor says which adb server everybody reaches, and which link does not work."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handlers.access.hosts import reachable_at
from jobs.hub.addresses import is_loopback, split_listen
from jobs.hub.settings import Adb, Settings
from jobs.upkeep.doctor_findings import Finding, Level, verdict
from jobs.upkeep.usb_boxes import findings as module
from jobs.upkeep.usb_boxes.findings import box_link_findings
from jobs.upkeep.usb_boxes.folder import Boxes
from jobs.upkeep.usb_boxes.pasted import BoxLine
from tests.support.usb_boxes import key


@contextmanager
def adb_server(address: str = "127.0.0.1") -> Iterator[int]:
    """Answers `host:version`, as far as doctor asks."""
    with socket.create_server((address, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                with link:
                    if link.recv(64) == b"000chost:version":
                        link.sendall(b"OKAY00040029")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def added(folder: Path, host: str, port: int) -> Boxes:
    boxes = Boxes(folder)
    boxes.begin("shelf-b")
    boxes.finish("shelf-b", BoxLine(host, 22, key(3)), (), port)
    return boxes


def look(settings: Settings, boxes: Boxes) -> list[Finding]:
    return list(box_link_findings(settings, boxes))


def test_a_box_alone_on_loopback_has_nothing_to_say(tmp_path: Path) -> None:
    with adb_server() as port:
        assert look(Settings(adb=Adb(port=port)), Boxes(tmp_path)) == []


def test_an_adb_server_of_this_box_that_listens_openly_is_a_failure_with_what_to_do(tmp_path: Path) -> None:
    with adb_server("0.0.0.0") as port:
        (found,) = look(Settings(adb=Adb(port=port)), Boxes(tmp_path))
    assert found.level is Level.FAIL
    assert found.sentence.startswith(f"it listens on 0.0.0.0, port {port}; adb has no password")
    assert f"ss -ltnp 'sport = :{port}'" in found.fix
    assert verdict([found]).box_failures == 0, "phones can post all the same"


def test_an_adb_server_elsewhere_is_explained(tmp_path: Path) -> None:
    (found,) = look(Settings(adb=Adb(host="192.168.1.9")), Boxes(tmp_path))
    assert found.level is Level.WARN
    assert found.sentence.startswith("192.168.1.9:5037 is not on this box; adb has no password")
    assert "tikmatrixd usb-box add NAME" in found.fix


@pytest.fixture(autouse=True)
def systemd(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What systemd says of links; a machine that runs tests has none."""
    said = ["active"]
    monkeypatch.setattr(module, "state", lambda _: said[0])
    return said


def test_an_adb_server_in_the_place_of_a_link_is_no_link(tmp_path: Path, systemd: list[str]) -> None:
    systemd[0] = "activating"
    with adb_server() as port:
        found = look(Settings(adb=Adb(port=free_port())), added(tmp_path, "127.0.0.1", port))[0]
    assert found.level is Level.FAIL
    assert found.sentence.startswith(f"something else than its link answers on 127.0.0.1:{port}")
    assert "ss -ltnp" in found.fix


def test_a_link_that_works_is_well_and_its_box_wants_its_entry_and_its_key(tmp_path: Path) -> None:
    with adb_server() as port:
        boxes = added(tmp_path, "127.0.0.1", port)
        up, unused, unkept = look(Settings(adb=Adb(port=free_port())), boxes)
        assert (up.level, up.subject) == (Level.OK, "USB box shelf-b")
        assert up.sentence == "its link to 127.0.0.1 is up, adb protocol version 41"
        assert "the config does not name it" in unused.sentence
        assert f"port = {port}" in unused.fix
        assert "backup" in unkept.fix
        for name in ("adbkey", "adbkey.pub"):
            (boxes.of("shelf-b") / name).touch()
        assert [one.level for one in look(Settings(adb=Adb(port=port)), boxes)] == [Level.OK]


def test_a_link_that_is_down_is_a_failure_of_that_box_alone(tmp_path: Path) -> None:
    port = free_port()
    found = look(Settings(adb=Adb(port=port)), added(tmp_path, "127.0.0.1", port))[0]
    assert found.level is Level.FAIL
    assert found.partial
    assert "its link does not work" in found.sentence
    assert "journalctl -u tikmatrixd-usb-link@shelf-b.service" in found.fix


def test_a_box_whose_adb_server_answers_without_the_link_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outward = split_listen(reachable_at("0.0.0.0:1"))[0]
    if is_loopback(outward):
        pytest.skip("this machine has no address beside loopback's")
    with adb_server("0.0.0.0") as port:
        monkeypatch.setattr(module, "ADB_PORT", port)
        found = look(Settings(adb=Adb(port=free_port())), added(tmp_path, outward, port))
    assert found[0].level is Level.FAIL
    assert f"its adb server answers on {outward}:{port} without the link" in found[0].sentence
    assert "systemd/install.sh --usb-box" in found[0].fix
