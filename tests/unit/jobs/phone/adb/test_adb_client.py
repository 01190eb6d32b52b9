from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.hub.clock import SystemClock
from jobs.input.outside_text import SENTENCE_CHARS
from jobs.phone.adb import listing
from jobs.phone.adb.client import AdbClient, AdbPhone, Endpoint
from jobs.phone.adb.wire import Grip
from jobs.phone.errors import (
    AdbDown,
    DeadlinePassed,
    PhoneError,
    PhoneOffline,
    PhoneUnauthorized,
    StopRequested,
)
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle

SERIAL = "PHONE01"


@pytest.fixture
def grip() -> Iterator[Grip]:
    grip = Grip(SystemClock(), SERIAL)
    yield grip
    grip.break_off()


def client(adb: FakeAdb, grip: Grip, timeout_s: float = 5.0) -> AdbClient:
    return AdbClient(Endpoint("127.0.0.1", adb.port), grip, timeout_s=timeout_s)


def device(adb: FakeAdb, grip: Grip, timeout_s: float = 5.0) -> AdbPhone:
    return AdbPhone(client(adb, grip, timeout_s), SERIAL)


def test_PPA_1_a_list_in_slices_is_read_whole(grip: Grip) -> None:
    phones = [FakePhone(f"PHONE{n:03}", transport_id=n) for n in range(100)]
    with FakeAdb(*phones) as adb:
        adb.mangle("host:devices-l", Mangle(slices=random.Random(7)))
        for _ in range(50):
            found = listing.parse(client(adb, grip).ask("host:devices-l"))
            assert len(found.phones) == 100
            assert not found.warnings


def test_PPA_2_a_server_that_closes_after_any_byte_gives_one_kind_of_error(adb: FakeAdb, grip: Grip) -> None:
    for cut in range(12):
        adb.mangle("host:version", Mangle(cut_after=cut))
        with pytest.raises(AdbDown):
            client(adb, grip).version()


def test_PPA_2_nonsense_is_the_same_error(adb: FakeAdb, grip: Grip) -> None:
    for garbage in (
        b"HTTP/1.1 400",
        b"OKAYzzzz",
        b"OKAY0004zzzz",
        b"\0\0\0\0\0\0\0\0",
        b"OKAY-001",
        b"OKAY -1 ",
        b"OKAY+0040029",
    ):
        adb.mangle("host:version", Mangle(garbage=garbage))
        with pytest.raises(AdbDown):
            client(adb, grip).version()


def test_PPA_3_a_dribbling_answer_ends_at_the_deadline(adb: FakeAdb, grip: Grip) -> None:
    adb.mangle("host:devices-l", Mangle(dribble_s=0.1))
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        client(adb, grip, timeout_s=0.5).ask("host:devices-l")
    assert time.monotonic() - began < 1.0


def test_PPA_3_a_silent_command_ends_at_the_deadline(adb: FakeAdb, phone: FakePhone, grip: Grip) -> None:
    phone.handlers["sleep"] = lambda *_: None
    began = time.monotonic()
    with pytest.raises(DeadlinePassed) as caught:
        device(adb, grip).shell_words("sleep", "99", timeout_s=0.4)
    assert time.monotonic() - began < 1.0
    assert caught.value.serial == SERIAL


def test_ADB_5_a_server_that_accepts_but_never_answers_ends_at_the_deadline(adb: FakeAdb, grip: Grip) -> None:
    adb.mangle("host", Mangle(silent=True))
    for call in (lambda c: c.version(), lambda c: AdbPhone(c, SERIAL).shell_words("echo", "x")):
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            call(client(adb, grip, timeout_s=0.3))
        assert time.monotonic() - began < 1.0


def test_a_closed_port_means_that_adb_is_down_at_once(grip: Grip) -> None:
    with FakeAdb() as adb:
        port = adb.port
    began = time.monotonic()
    with pytest.raises(AdbDown):
        AdbClient(Endpoint("127.0.0.1", port), grip).version()
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set", PhoneUnauthorized),
        ("device offline", PhoneOffline),
        ("device 'PHONE01' not found", PhoneOffline),
        ("more than one device", PhoneOffline),
    ],
)
def test_what_adb_refuses_becomes_a_typed_error(
    adb: FakeAdb, grip: Grip, text: str, kind: type[PhoneError]
) -> None:
    adb.mangle("host:transport", Mangle(fail=text))
    with pytest.raises(kind, match="adb: ") as caught:
        device(adb, grip).shell_words("echo", "x")
    assert caught.value.serial == SERIAL


HOSTILE = "device offline\x1b[2J\nred\u202e alert " + "x" * 60_000


@pytest.mark.parametrize("request_", ["host:transport", "shell,v2", "host:version"])
def test_what_a_phone_or_a_server_says_is_a_bounded_line_in_each_sentence(
    adb: FakeAdb, phone: FakePhone, grip: Grip, request_: str
) -> None:
    adb.mangle(request_, Mangle(fail=HOSTILE))
    with pytest.raises(PhoneError, match="device offline") as caught:
        client(adb, grip).version() if request_ == "host:version" else device(adb, grip).run("true")
    said = str(caught.value)
    assert (len(said) <= SENTENCE_CHARS, said.isprintable()) == (True, True), said[:200]


@pytest.mark.parametrize("features", ["shell_v2,cmd", "cmd"])
def test_PPA_8_a_command_gives_its_output_and_status_whatever_bytes_it_prints_with_and_without_shell_v2(
    adb: FakeAdb, phone: FakePhone, grip: Grip, features: str
) -> None:
    phone.features = features
    phone.handlers["false"] = lambda *_: (3, b"no\xff such\r\nthing\n")
    printed = device(adb, grip).shell_words("false")
    assert printed.exit_code == 3
    assert printed.text == "no\N{REPLACEMENT CHARACTER} such\nthing\n"


def test_PPA_8_a_link_that_is_lost_before_the_end_of_a_command_is_no_success(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    for features in ("shell_v2", "cmd"):
        phone.features = features
        for cut in range(4, 18):
            adb.mangle("shell", Mangle(cut_after=cut))
            with pytest.raises(PhoneOffline):
                device(adb, grip).shell_words("echo", "0123456789")


def test_PPA_6_a_file_that_breaks_off_in_the_middle_is_an_error_at_once_and_costs_no_processor_time(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    phone.handlers["cat"] = lambda *_: (0, b"x" * 1_000_000)
    adb.mangle("shell", Mangle(cut_after=300_000))
    used = time.thread_time()
    with pytest.raises(PhoneOffline):  # and not DeadlinePassed: it was not waited for
        device(adb, grip).binary("cat", timeout_s=60.0)
    assert time.thread_time() - used < 0.5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_PPA_9_any_text_arrives_as_one_word_of_one_command(
    adb: FakeAdb, phone: FakePhone, grip: Grip, text: str
) -> None:
    got: list[list[str]] = []
    phone.commands.clear()
    phone.handlers["say"] = lambda _, words: (got.append(words), (0, b""))[1]
    device(adb, grip).shell_words("say", text, "$(reboot)", "; rm -rf /")
    assert got == [["say", text, "$(reboot)", "; rm -rf /"]]
    assert len(phone.commands) == 1


def test_PPA_9_a_nul_character_is_refused(adb: FakeAdb, grip: Grip) -> None:
    with pytest.raises(ValueError, match="NUL"):
        device(adb, grip).shell_words("echo", "a\0b")


def test_PPA_10_a_large_reply_arrives_whole_although_the_other_side_closes(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    data = random.Random(1).randbytes(3_000_000)
    phone.handlers["cat"] = lambda *_: (0, data)
    for features in ("shell_v2", "cmd"):
        phone.features = features
        assert device(adb, grip).binary("cat") == data


def test_ADB_17_no_descriptor_stays_open_whatever_fails(adb: FakeAdb, grip: Grip) -> None:
    rng = random.Random(3)
    ways = [
        Mangle(fail="device offline"),
        Mangle(cut_after=2),
        Mangle(garbage=b"xx"),
        Mangle(cut_after=9),
    ]
    for _ in range(300):
        where = rng.choice(["host:transport", "host-serial", "shell"])
        adb.mangles.clear()
        if rng.random() < 0.7:
            adb.mangle(where, rng.choice(ways))
        with contextlib.suppress(PhoneError):
            device(adb, grip).shell_words("echo", "x")
    assert len(grip) == 0
    assert adb.wait_until(lambda: adb.open_connections == 0, 5.0) or adb.open_connections == 0


def test_breaking_off_wakes_every_blocked_call_with_the_reason(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    phone.handlers["sleep"] = lambda *_: None
    errors: list[Exception] = []

    def call() -> None:
        try:
            device(adb, grip).shell_words("sleep", "9", timeout_s=60)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert adb.wait_until(lambda: len(phone.commands) == 5)
    began = time.monotonic()
    grip.break_off(StopRequested("shutdown"))
    for thread in threads:
        thread.join(5.0)
    assert time.monotonic() - began < 0.5
    assert [(type(e), str(e)) for e in errors] == [(StopRequested, "stopped by shutdown")] * 5
    with pytest.raises(StopRequested):
        device(adb, grip).shell_words("echo", "x")


def test_breaking_off_wakes_a_writer_whose_reader_does_not_read(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    phone.push_slow_s = 30.0
    connection = device(adb, grip).open_service("sync:", grip.deadline(60))
    threading.Timer(0.2, grip.break_off).start()
    began = time.monotonic()
    with contextlib.closing(connection):
        connection.write(b"SEND\5\0\0\0a,644")
        with pytest.raises(StopRequested):
            connection.write(bytes(50_000_000))
    assert time.monotonic() - began < 1.0


def test_PPA_4_all_bytes_are_sent_or_the_deadline_is_reported(
    adb: FakeAdb, phone: FakePhone, grip: Grip
) -> None:
    phone.push_slow_s = 30.0
    with contextlib.closing(device(adb, grip).open_service("sync:", grip.deadline(0.4))) as connection:
        connection.write(b"SEND\5\0\0\0a,644")
        with pytest.raises(DeadlinePassed):
            connection.write(bytes(50_000_000))
