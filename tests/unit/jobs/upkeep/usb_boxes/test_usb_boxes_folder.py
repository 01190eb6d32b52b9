"""What the hub keeps of a box: made once, complete only with the box's line, and never what a stranger wrote."""

from __future__ import annotations

import re
import socket
import stat
from pathlib import Path

import pytest

from jobs.upkeep.usb_boxes import folder as module
from jobs.upkeep.usb_boxes.folder import (
    FIRST_PORT,
    MODES,
    Boxes,
    BoxesFailed,
    UsbBox,
    check_file,
    parse_addresses,
)
from jobs.upkeep.usb_boxes.pasted import BoxLine, PasteInvalid, read_hub_line
from tests.support.usb_boxes import key

LINE = BoxLine("192.168.1.20", 22, key(3))


@pytest.fixture
def boxes(tmp_path: Path) -> Boxes:
    return Boxes(tmp_path / "etc" / "usb-boxes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_line_of_the_hub_is_the_same_each_time_and_can_be_read_by_a_box(boxes: Boxes) -> None:
    first = boxes.begin("shelf-b")
    assert read_hub_line(str(first)) == first == boxes.begin("shelf-b")
    assert first != boxes.begin("shelf-c")
    assert boxes.names() == ["shelf-b", "shelf-c"]
    assert boxes.all() == []
    assert not list(boxes.folder.glob(".new-*"))


def test_a_box_counts_once_its_line_was_taken_and_its_files_have_their_modes(boxes: Boxes) -> None:
    boxes.begin("shelf-b")
    box = boxes.finish("shelf-b", LINE, ())
    assert boxes.all() == [box] == [boxes.find("shelf-b")]
    assert (boxes.of("shelf-b") / "known_hosts").read_text() == f"shelf-b ssh-ed25519 {key(3)}\n"
    assert (boxes.of("shelf-b") / "link.env").read_text() == (
        f"HOST=192.168.1.20\nSSH_PORT=22\nLOCAL_PORT={box.local_port}\n"
    )
    assert {path.name: mode(path) for path in boxes.files("shelf-b")} == {
        name: MODES[name] for name in MODES if not name.startswith("adbkey")
    }
    assert mode(boxes.of("shelf-b")) == mode(boxes.folder) == 0o755
    assert mode(boxes.of("shelf-b") / "link") == mode(boxes.of("shelf-b") / "backup") == 0o600


def test_each_box_has_a_port_of_its_own_that_it_keeps(boxes: Boxes) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", FIRST_PORT))
            taken.listen()
        except OSError:
            pass  # something else has it, which is as good
        for name in ("a", "b"):
            boxes.begin(name)
        a = boxes.finish("a", LINE, {FIRST_PORT + 1})
        b = boxes.finish("b", LINE, ())
    assert a.local_port != b.local_port
    assert FIRST_PORT not in {a.local_port, b.local_port}
    assert a.local_port != FIRST_PORT + 1
    moved = boxes.finish("a", BoxLine("10.0.0.9", 2222, key(4)), ())
    assert (moved.local_port, moved.host, moved.ssh_port) == (a.local_port, "10.0.0.9", 2222)
    assert boxes.finish("a", LINE, (), 6000).local_port == 6000


def test_a_box_that_is_removed_leaves_nothing(boxes: Boxes) -> None:
    boxes.begin("a")
    assert boxes.remove("a")
    assert not boxes.remove("a")
    assert boxes.names() == []
    with pytest.raises(PasteInvalid):
        boxes.remove("../etc")


def test_a_disk_that_refuses_is_said_with_its_file(boxes: Boxes) -> None:
    boxes.folder.parent.mkdir(parents=True)
    boxes.folder.write_text("a file in the way")
    with pytest.raises(BoxesFailed, match="usb-boxes"):
        boxes.begin("a")


def test_without_ssh_it_is_said_how_to_get_it(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BoxesFailed, match="apt-get install openssh-client"):
        boxes.begin("a")
    assert boxes.names() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HOST=10.0.0.2\nSSH_PORT=22\n",
        "HOST=-oProxyCommand=id\nSSH_PORT=22\nLOCAL_PORT=5038\n",
        "HOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=5038\nLD_PRELOAD=/tmp/x.so\n",
        "LD_PRELOAD=/tmp/x.so\nHOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=5038\n",
        'HOST="10.0.0.2"\nSSH_PORT=22\nLOCAL_PORT=5038\n',
        "HOST=10.0.0.2\nSSH_PORT=0\nLOCAL_PORT=5038\n",
        "HOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=99999\n",
        "HOST=10.0.0.2 SSH_PORT=22\nLOCAL_PORT=5038\n",
    ],
)
def test_addresses_that_were_written_otherwise_are_no_box(boxes: Boxes, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        parse_addresses("a", text)
    boxes.begin("a")
    (boxes.of("a") / "link.env").write_text(text)
    assert boxes.find("a") is None
    assert boxes.all() == []


def test_what_is_written_for_a_unit_is_read_back() -> None:
    for box in (UsbBox("a", "10.0.0.2", 22, 5038), UsbBox("b", "fd00::2", 2222, 5137)):
        assert parse_addresses(box.name, box.addresses()) == box


def files_of(boxes: Boxes) -> dict[str, bytes]:
    boxes.begin("a")
    boxes.finish("a", LINE, ())
    return {path.name: path.read_bytes() for path in boxes.files("a")}


def test_files_of_a_backup_may_be_put_back_only_as_what_they_are(boxes: Boxes) -> None:
    adb = b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
    good = {**files_of(boxes), "adbkey": adb, "adbkey.pub": b"QAAAAA== root@usb"}
    assert good.keys() == MODES.keys()
    for name, data in good.items():
        check_file("a", name, data)
        for wrong in (
            b"",
            b"Host *\n ProxyCommand id\n",
            b"\xff\xfe",
            data + b"\nProxyCommand id\n",
            b"A" * 20_000 + b"\n",
        ):
            with pytest.raises(ValueError):  # noqa: PT011
                check_file("a", name, wrong)
    with pytest.raises(ValueError, match="has no file"):
        check_file("a", "config", b"Host *\n")
    with pytest.raises(ValueError, match="cannot be a box's name"):
        check_file("..", "link.env", good["link.env"])
    other = good["known_hosts"].replace(b"a ", b"* ", 1)
    with pytest.raises(ValueError, match="this box alone"):
        check_file("a", "known_hosts", other)


def test_the_names_in_the_unit_are_those_of_the_files() -> None:
    unit = (Path(__file__).parents[5] / "systemd" / "tikmatrixd-usb-link@.service").read_text()
    named = set(re.findall(rf"/etc/tikmatrixd/{module.FOLDER}/%i/([\w.]+)", unit))
    assert named == {module.ADDRESSES, module.LINK, module.KNOWN_HOSTS}
    variables = set(re.findall(r"\$\{(\w+)\}", unit)) - {"CREDENTIALS_DIRECTORY"}
    assert variables == {line.partition("=")[0] for line in UsbBox("a", "b", 1, 2).addresses().splitlines()}
