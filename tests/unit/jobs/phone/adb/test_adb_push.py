from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from jobs.hub.settings import Phones
from jobs.phone.errors import (
    DeadlinePassed,
    PhoneError,
    PhoneOffline,
    PhoneStorageFull,
    PushFailed,
    StopRequested,
)
from jobs.phone.session import Session
from tests.support.fake_adb import FakeAdb, FakePhone, Mangle
from tests.support.hub import Blocked, Hub

REMOTE = "/sdcard/DCIM/Camera/clip one.mp4"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(os.urandom(3_000_017))
    return path


def test_a_file_arrives_whole_under_its_name_and_nothing_else_stays(
    session: Session, phone: FakePhone, local: Path
) -> None:
    session.push(local, REMOTE)
    assert phone.files == {REMOTE: local.read_bytes()}
    assert [line.split()[0] for line in phone.commands[-5:]] == ["stat", "sha256sum", "sh", "touch", "mv"]


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 16 * 65536, 16 * 65536 + 1])
def test_every_size_arrives(session: Session, phone: FakePhone, tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(os.urandom(size))
    session.push(path, "/sdcard/x.bin")
    assert phone.files["/sdcard/x.bin"] == path.read_bytes()


def test_a_known_hash_is_what_the_phone_must_have(session: Session, phone: FakePhone, local: Path) -> None:
    session.push(local, REMOTE, sha256=hashlib.sha256(local.read_bytes()).hexdigest())
    with pytest.raises(PushFailed, match="differs"):
        session.push(local, "/sdcard/other.mp4", sha256="0" * 64)
    assert list(phone.files) == [REMOTE]


def test_PPA_5_the_phone_s_refusal_is_said_and_the_file_is_absent(
    session: Session, phone: FakePhone, local: Path
) -> None:
    phone.push_fail_at = 200_000
    phone.push_fail_text = "couldn't create file: Permission denied"
    with pytest.raises(PushFailed, match="Permission denied") as caught:
        session.push(local, REMOTE)
    assert caught.value.serial == "PHONE01"
    assert caught.value.passing
    assert not phone.files
    phone.push_fail_at = None
    session.push(local, REMOTE)  # trying again is safe
    assert list(phone.files) == [REMOTE]


def test_a_refusal_of_any_length_is_a_bounded_line(session: Session, phone: FakePhone, local: Path) -> None:
    phone.push_fail_at = 200_000
    phone.push_fail_text = "write failed:\x1b[31m\n" + "x" * 60_000 + " No space left on device"
    with pytest.raises(PhoneStorageFull, match="write failed") as caught:
        session.push(local, REMOTE)
    assert (len(str(caught.value)) <= 600, str(caught.value).isprintable()) == (True, True)


def test_PPA_5_a_full_phone_is_told_from_other_refusals(
    session: Session, phone: FakePhone, local: Path
) -> None:
    phone.push_fail_at = 1_000_000
    with pytest.raises(PhoneStorageFull, match="No space left") as caught:
        session.push(local, REMOTE)
    assert not caught.value.passing


def test_PPA_5_a_short_file_is_noticed_and_deleted(session: Session, phone: FakePhone, local: Path) -> None:
    phone.push_drop = 1
    with pytest.raises(PushFailed, match="3000016 bytes of 3000017"):
        session.push(local, REMOTE)
    assert not phone.files


def test_PPA_5_a_damaged_file_is_noticed_and_deleted(session: Session, phone: FakePhone, local: Path) -> None:
    phone.handlers["sha256sum"] = lambda *_: (0, b"0" * 64 + b"  x\n")
    with pytest.raises(PushFailed, match="differs"):
        session.push(local, REMOTE)
    assert not phone.files


def test_a_phone_without_sha256sum_is_checked_by_md5(session: Session, phone: FakePhone, local: Path) -> None:
    phone.handlers["sha256sum"] = lambda *_: (127, b"sh: sha256sum: not found\n")
    session.push(local, REMOTE)
    assert list(phone.files) == [REMOTE]
    phone.handlers["md5sum"] = lambda *_: (0, b"0" * 32 + b"  x\n")
    with pytest.raises(PushFailed, match="differs"):
        session.push(local, "/sdcard/second.mp4")


def test_PPA_5_a_link_lost_in_the_middle_leaves_nothing_once_the_phone_is_back(
    adb: FakeAdb, session: Session, phone: FakePhone, local: Path
) -> None:
    adb.mangle("sync:", Mangle(cut_after=4), times=1)
    with pytest.raises(PhoneOffline):
        session.push(local, REMOTE)
    assert not phone.files
    session.push(local, REMOTE)
    assert list(phone.files) == [REMOTE]


def test_PPA_5_silence_after_the_last_byte_ends_at_the_deadline_and_the_next_push_cleans_up(
    session: Session, phone: FakePhone, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.phone.adb.push.GRACE_S", 0.3)
    monkeypatch.setattr("jobs.phone.adb.push.MIN_BYTES_PER_S", 1e9)
    phone.push_silent_end = True
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        session.push(local, REMOTE)
    assert time.monotonic() - began < 1.5
    assert not phone.files


@pytest.mark.parametrize(
    ("setting", "patience"), [("push_slow_s", "STALL_S"), ("push_silent_end", "GRACE_S")]
)
def test_JOB_11_a_phone_that_stops_taking_a_file_gives_its_place_up_long_before_the_file_s_whole_time(
    session: Session,
    phone: FakePhone,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    patience: str,
) -> None:
    monkeypatch.setattr("jobs.phone.adb.sync_push.GRACE_S", 60.0)
    monkeypatch.setattr("jobs.phone.adb.push.MIN_BYTES_PER_S", 1e5)
    monkeypatch.setattr("jobs.phone.adb.sync_push.MIN_FLUSHED_BYTES_PER_S", 1e9)
    monkeypatch.setattr(f"jobs.phone.adb.sync_push.{patience}", 0.3)
    setattr(phone, setting, 20.0)
    with local.open("ab") as file:
        file.truncate(60_000_000)
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        session.push(local, REMOTE)  # ten minutes, by its size
    assert time.monotonic() - began < 15.0


def test_what_could_not_be_deleted_is_deleted_before_the_next_push(
    session: Session, phone: FakePhone, local: Path
) -> None:
    phone.push_drop = 5
    phone.handlers["rm"] = lambda *_: (1, b"rm: Device busy\n")
    with pytest.raises(PushFailed):
        session.push(local, REMOTE)
    assert len(phone.files) == 1
    phone.handlers.clear()
    phone.push_drop = 0
    session.push(local, REMOTE)
    assert list(phone.files) == [REMOTE]


def test_a_file_whose_share_goes_away_while_it_is_copied_is_no_fault_of_the_phone(
    session: Session, phone: FakePhone, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.preadv

    def preadv(stream: int, buffers: list[memoryview], offset: int) -> int:
        if offset:
            raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))
        return read(stream, buffers, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", preadv)
        with pytest.raises(PushFailed, match="the file cannot be read any more: Host is down") as caught:
            session.push(local, REMOTE)
    assert caught.value.passing
    assert not phone.files
    session.push(local, REMOTE)
    assert list(phone.files) == [REMOTE]


def test_a_file_that_is_not_there_is_not_worth_another_try(session: Session, tmp_path: Path) -> None:
    with pytest.raises(PushFailed, match="No such file") as caught:
        session.push(tmp_path / "missing.mp4", REMOTE)
    assert not caught.value.passing


@pytest.mark.parametrize("setting", ["push_slow_s", "push_silent_end"])
def test_a_push_against_silence_stops_at_once(
    adb: FakeAdb, session: Session, phone: FakePhone, local: Path, setting: str
) -> None:
    setattr(phone, setting, 5.0)
    with local.open("ab") as file:
        file.truncate(60_000_000)
    call = Blocked(lambda: session.push(local, REMOTE))
    assert adb.wait_until(lambda: phone.pushing == 1)
    began = time.monotonic()
    session.close()
    call.join()
    assert call.ended_at - began < 0.5
    assert isinstance(call.error, StopRequested)


def test_ADB_13_no_more_pushes_run_at_once_than_the_config_allows(tmp_path: Path) -> None:

    path = tmp_path / "x.bin"
    path.write_bytes(bytes(2_000_000))
    phones = [FakePhone(f"P{n}", transport_id=n, push_slow_s=0.05) for n in range(8)]
    running = threading.Semaphore(0)
    at_once: list[int] = []
    with FakeAdb(*phones) as adb:
        hub = Hub(adb.port, Phones(), max_concurrent_pushes=3)

        def push(serial: str) -> None:
            session = hub.session(serial)
            session.push(path, "/sdcard/x.bin")
            session.close()
            running.release()

        def watch() -> bool:
            at_once.append(sum(phone.pushing for phone in phones))
            return all("/sdcard/x.bin" in phone.files for phone in phones)

        for phone in phones:
            threading.Thread(target=push, args=(phone.serial,), daemon=True).start()
        assert adb.wait_until(watch, 20.0)
        for _ in phones:
            assert running.acquire(timeout=10.0)
        hub.fleet.stop()
    assert 2 <= max(at_once) <= 3


def test_a_push_that_waits_for_its_turn_stops_at_once(session: Session, local: Path) -> None:
    gate = session.link.route.gate
    gate.free = 0
    call = Blocked(lambda: session.push(local, REMOTE))
    threading.Event().wait(0.1)
    began = time.monotonic()
    session.close()
    call.join()
    assert call.ended_at - began < 0.5
    assert isinstance(call.error, StopRequested)


def test_only_typed_errors_escape_wherever_the_link_breaks(
    adb: FakeAdb, session: Session, phone: FakePhone, tmp_path: Path
) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(200_000))
    for request in ("host:transport", "sync:", "shell,v2,raw:stat", "shell,v2,raw:mv"):
        for cut in (0, 3, 4, 6):
            adb.mangles.clear()
            adb.mangle(request, Mangle(cut_after=cut), times=1)
            with contextlib.suppress(PhoneError):
                session.push(path, REMOTE)
    adb.mangles.clear()
    session.push(path, REMOTE)
    assert phone.files == {REMOTE: bytes(200_000)}


def swapped(local: Path, what: str, tmp_path: Path) -> None:
    """Put something else in the place of a file that was checked."""
    local.unlink()
    if what == "pipe":
        os.mkfifo(local)
    elif what == "link":
        (tmp_path / "secret").write_bytes(b"not the operator's to publish")
        local.symlink_to(tmp_path / "secret")
    elif what == "device":
        local.symlink_to("/dev/zero")
    elif what == "folder":
        local.mkdir()
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(local))
        listener.close()


@pytest.mark.parametrize("what", ["pipe", "link", "device", "folder", "socket"])
def test_what_is_swapped_in_for_a_checked_file_is_refused_at_once_and_never_read(
    session: Session, phone: FakePhone, local: Path, tmp_path: Path, what: str
) -> None:
    swapped(local, what, tmp_path)
    failed: list[PushFailed] = []

    def push() -> None:
        with pytest.raises(PushFailed, match="not a regular file any more") as caught:
            session.push(local, REMOTE)
        failed.append(caught.value)

    worker = threading.Thread(target=push, daemon=True)
    worker.start()
    worker.join(5.0)
    if worker.is_alive():  # let it go, so that the test ends
        os.close(os.open(local, os.O_RDWR | os.O_NONBLOCK))
    assert failed, "the push waits for a writer of the pipe"
    assert not failed[0].passing
    assert not phone.files


@pytest.mark.parametrize(
    ("said", "kind", "passing"),
    [
        (b"mv: /sdcard/x: No space left on device\n", PhoneStorageFull, False),
        (b"mv: /sdcard/x: Permission denied\n", PushFailed, True),
        (b"mv: /sdcard/x: Read-only file system\n", PushFailed, True),
    ],
)
def test_PPA_5_a_full_phone_is_told_from_other_refusals_of_the_last_move_too(
    session: Session, phone: FakePhone, local: Path, said: bytes, kind: type[PhoneError], passing: bool
) -> None:
    phone.handlers["mv"] = lambda *_: (1, said)
    with pytest.raises(PhoneError, match=said.decode().strip().rpartition(": ")[2]) as caught:
        session.push(local, REMOTE)
    assert type(caught.value) is kind
    assert caught.value.passing is passing
