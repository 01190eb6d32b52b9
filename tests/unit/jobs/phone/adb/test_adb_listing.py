from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.phone.adb.listing import parse
from jobs.phone.protocol import PhoneState


def test_every_state_of_adb_has_a_meaning() -> None:
    listing = parse(
        "A device usb:1-1.2 product:p model:Pixel_7 device:d transport_id:3\n"
        "B                      offline usb:1-3 transport_id:1\n"
        "C unauthorized usb:1-4 transport_id:4\n"
        "D authorizing transport_id:5\nE connecting transport_id:6\nF recovery transport_id:7\n"
        "G no permissions (missing udev rules? user is in the plugdev group); see "
        "[http://developer.android.com/tools/device.html] usb:1-7 transport_id:2\n"
        "H bootloader\n"
    )
    assert {serial: str(listed.state) for serial, listed in listing.phones.items()} == {
        "A": "device", "B": "offline", "C": "unauthorized", "D": "offline", "E": "offline", "F": "offline",
        "G": "no_permissions", "H": "offline",
    }  # fmt: skip
    first = listing.phones["A"]
    assert (first.usb_path, first.transport_id, first.model) == (
        "1-1.2",
        "3",
        "Pixel 7",
    )
    assert all(listed.detail for listed in listing.phones.values() if listed.serial != "A")
    assert not listing.warnings


def test_ADB_8_a_device_without_permissions_is_a_warning_and_no_phone() -> None:
    listing = parse(
        "????????????           no permissions (missing udev rules?); see [http://x/y] usb:1-4 transport_id:2\n"
        "(no serial number)     device usb:1-9 transport_id:5\n"
    )
    assert not listing.phones
    assert len(listing.warnings) == 2
    assert "udev rule" in listing.warnings[0]
    assert "USB path 1-4" in listing.warnings[0]


def test_ADB_9_phones_that_share_a_serial_are_quarantined_with_their_usb_paths() -> None:
    listing = parse("X device usb:1-1 transport_id:1\nX offline usb:1-2 transport_id:2\nY device usb:1-3\n")
    assert listing.phones["X"].state is PhoneState.DUPLICATE
    assert "1-1, 1-2" in listing.phones["X"].detail
    assert listing.phones["Y"].state is PhoneState.DEVICE


def test_phones_on_the_network_are_listed_like_others() -> None:
    listing = parse(
        "192.168.1.5:5555 device product:p transport_id:1\n"
        "adb-R5CT-abc (2)._adb-tls-connect._tcp device product:p transport_id:2\n"
        "emulator-5554 device product:p transport_id:3\n"
    )
    assert [*listing.phones] == [
        "192.168.1.5:5555",
        "adb-R5CT-abc (2)._adb-tls-connect._tcp",
        "emulator-5554",
    ]


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    for serial, listed in parse(text).phones.items():
        assert serial == listed.serial
        assert "?" not in serial


@pytest.mark.parametrize(
    "serial",
    ["[::1]:5555", "[2001:db8::17]:5555", "[fe80::1%eth0]:5555", "192.168.1.50:5555", "hub-3.lan:5555"],
)
def test_CLI_13_a_phone_on_the_network_is_one_whatever_kind_of_address_it_has(serial: str) -> None:
    listing = parse(f"{serial:<22} device product:p model:Pixel_7 device:d transport_id:3\n")
    assert not listing.warnings
    (listed,) = listing.phones.values()
    assert (listed.serial, listed.state) == (serial, PhoneState.DEVICE)


def test_a_serial_may_hold_blanks_and_what_else_stands_in_a_line() -> None:
    listing = parse(
        "adb-R5CT-abc (2)._adb-tls-connect._tcp device product:p transport_id:2\n"
        "a offline b device\nC unauthorized x:y device\nD device usb:1-1 model:A:B\nE no permissions device usb:1-2\n"
    )
    assert {serial: str(listed.state) for serial, listed in listing.phones.items()} == {
        "adb-R5CT-abc (2)._adb-tls-connect._tcp": "device", "a offline b": "device", "C unauthorized x:y": "device",
        "D": "device", "E": "no_permissions",
    }  # fmt: skip
    assert (listing.phones["D"].model, listing.phones["E"].usb_path) == ("A:B", "1-2")
    assert parse("device usb:1-1\nusb:1-1 model:x\nA\n").phones == {}


@pytest.mark.parametrize("piece", [" ", "a", " a", " no permissions", " a:b", " device", "\t", "\n"])
def test_a_list_without_sense_does_not_hold_up_the_hub(piece: str) -> None:
    for begin, end in (("a", "!"), ("a no permissions", "!"), ("a device", "")):
        began = time.thread_time()
        parse(begin + piece * (0xFFFF // len(piece)) + end)
        assert time.thread_time() - began < 0.5


def test_of_a_list_that_cannot_be_read_only_some_lines_are_told() -> None:
    listing = parse("what is this?\n" * 5_000)
    assert len(listing.warnings) == 21
    assert listing.warnings[-1] == "adb lists 4980 more devices that cannot be used"


def test_a_model_and_a_place_of_any_sort_are_bounded_lines() -> None:
    (phone,) = parse(
        f"A device usb:1\x1b[2J model:\x1b[31m{'x' * 800}\u202e transport_id:3\n"
    ).phones.values()
    for said in (phone.model, phone.usb_path):
        assert said.isprintable()
        assert len(said) <= 200
