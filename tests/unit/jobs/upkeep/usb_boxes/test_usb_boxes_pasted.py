"""The two pasted lines: what was written is read back, and nothing else is taken."""

from __future__ import annotations

import base64
import hashlib
import shlex

import pytest

from jobs.upkeep.usb_boxes.pasted import (
    MAX_CHARS,
    BoxLine,
    HubLine,
    PasteInvalid,
    check_host,
    check_name,
    read_box_line,
    read_hub_line,
)
from tests.support.usb_boxes import key, signed

HUB = HubLine("shelf-b", key(1), key(2))
BOX = BoxLine("192.168.1.20", 22, key(3))


def test_what_was_written_is_read_back_also_with_blanks_and_line_ends_around_it() -> None:
    for around in ("{}", "{}\n", "  {}\r\n", "\t{} "):
        assert read_hub_line(around.format(HUB)) == HUB
        assert read_box_line(around.format(BOX)) == BOX


def test_a_line_means_nothing_to_a_shell() -> None:
    for line in (str(HUB), str(BOX)):
        assert shlex.split(line) == line.split(" ")
        assert not set(line) & set("`$;&|<>()'\"\\*?[]{}~!#\n")


@pytest.mark.parametrize("cut", [1, 10, 40, 90])
def test_a_line_that_lost_a_part_is_refused_as_incomplete(cut: int) -> None:
    with pytest.raises(PasteInvalid, match="incomplete"):
        read_hub_line(str(HUB)[:-cut])
    with pytest.raises(PasteInvalid, match="incomplete"):
        read_box_line(str(BOX).replace("192.168.1.20", "192.168.1.2", 1))


def test_the_line_of_the_other_side_is_told_apart() -> None:
    with pytest.raises(PasteInvalid, match="it is that of a box"):
        read_hub_line(str(BOX))
    with pytest.raises(PasteInvalid, match="it is that of a hub"):
        read_box_line(str(HUB))
    with pytest.raises(PasteInvalid, match="another version"):
        read_hub_line(signed(str(HUB).replace(" 1 ", " 2 ", 1)))


@pytest.mark.parametrize(
    "host",
    [
        "-oProxyCommand=id", "a;id", "$(id)", "`id`", "a b", "a\nb", "host/../x", "%h", "ho%st", "0.0.0.0", "::", "224.0.0.1",
        "fe80::1%eth0", "10.0.0", "1", "Host", "a..b", ".a", "a.", "-a", "a-", "x" * 64, "a@b", "[::1]", "", "ä", "10.0.0.1:22",
    ],
)  # fmt: skip
def test_a_host_that_could_be_anything_else_is_refused(host: str) -> None:
    with pytest.raises(PasteInvalid):
        check_host(host)
    with pytest.raises(PasteInvalid):
        read_box_line(signed(f"tikmatrixd-box 1 {host} 22 {key(3)}"))


@pytest.mark.parametrize(
    "host", ["192.168.1.20", "fd00::2", "usb-box-2.lan", "usb2", "xn--bcher-kva.example"]
)
def test_addresses_and_names_of_machines_are_taken(host: str) -> None:
    assert check_host(host) == host
    assert read_box_line(str(BoxLine(host, 2222, key(3)))) == BoxLine(host, 2222, key(3))


@pytest.mark.parametrize("port", ["0", "65536", "-1", "22x", "022", "+22", "2 2", "٢٢"])
def test_what_is_not_a_port_is_refused(port: str) -> None:
    with pytest.raises(PasteInvalid):
        read_box_line(signed(f"tikmatrixd-box 1 10.0.0.2 {port} {key(3)}"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        "A",
        "a_b",
        "a.b",
        "../x",
        "a/b",
        "a b",
        "a\n",
        "%i",
        "x" * 33,
        "ä",
        "@",
        "a;b",
        "local",
    ],
)
def test_a_name_that_would_mean_something_to_a_path_a_unit_or_a_config_is_refused(name: str) -> None:
    with pytest.raises(PasteInvalid):
        check_name(name)


def rsa() -> str:
    return base64.b64encode(b"\0\0\0\7ssh-rsa" + b"\0" * 40).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        rsa(),
        key(1)[:-4],
        key(1) + "AAAA",
        key(1)[:-1] + "!",
        base64.b64encode(base64.b64decode(key(1)) + b"x").decode(),
        "",
        "AAAA",
        key(1).rstrip("=") + "\u200b",
        'x"\tcommand="id',
    ],
)
def test_a_key_is_an_ed25519_key_and_nothing_more(wrong: str) -> None:
    with pytest.raises(PasteInvalid):
        read_hub_line(signed(f"tikmatrixd-hub 1 shelf-b {wrong} {key(2)}"))
    with pytest.raises(PasteInvalid):
        read_box_line(signed(f"tikmatrixd-box 1 10.0.0.2 22 {wrong}"))


def test_one_key_for_both_purposes_is_refused() -> None:
    with pytest.raises(PasteInvalid, match="the same"):
        read_hub_line(str(HubLine("a", key(1), key(1))))


@pytest.mark.parametrize(
    "text", ["", "x", "tikmatrixd-hub", " " * 1000, "a" * (MAX_CHARS + 1), "\x00", "\x1b[2J"]
)
def test_anything_else_is_refused(text: str) -> None:
    for read in (read_hub_line, read_box_line):
        with pytest.raises(PasteInvalid):
            read(text)


def test_the_sum_at_the_end_is_over_all_that_stands_before_it() -> None:
    body, _, end = str(BOX).rpartition(" ")
    assert end == hashlib.sha256(body.encode()).hexdigest()[:8]
