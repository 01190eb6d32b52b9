"""What is found in files: real ones, broken ones, disguised ones (JOB-15, R40)."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs.hub.settings import Media, PlatformLimits
from jobs.media.kinds import sniff
from jobs.media.limits import judge
from jobs.media.looker import Looker
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaFacts, MediaProbe, check_again
from storage.records import MediaFile
from tests.support.door import MEDIA


@pytest.fixture(scope="module")
def probe() -> MediaProbe:
    return MediaProbe(20)


def rejected(probe: MediaProbe, path: Path, **limits: int) -> str:
    with pytest.raises(MediaRejected) as raised:
        probe.look(path, **limits)
    assert path.name in str(raised.value)
    return raised.value.code


@pytest.mark.parametrize(
    ("name", "kind", "size", "duration_s", "codec", "audio"),
    [
        ("clip.mp4", "video", (360, 640), 3.0, "AVC", "AAC"),
        ("clip.mov", "video", (360, 640), 3.0, "AVC", "AAC"),
        ("rotated.mp4", "video", (360, 640), 3.0, "AVC", ""),
        ("photo.jpg", "image", (360, 640), None, "", ""),
        ("photo.png", "image", (180, 320), None, "", ""),
        ("photo.webp", "image", (360, 640), None, "", ""),
    ],
)
def test_JOB_15_real_files_are_read(
    probe: MediaProbe,
    name: str,
    kind: str,
    size: tuple[int, int],
    duration_s: float | None,
    codec: str,
    audio: str,
) -> None:
    facts = probe.look(MEDIA / name)
    assert (facts.kind, (facts.width, facts.height), facts.duration_s) == (kind, size, duration_s)
    assert (facts.codec, facts.audio_codec) == (codec, audio)
    assert facts.size_bytes == (MEDIA / name).stat().st_size
    assert len(facts.sha256) == 64


@pytest.mark.parametrize("name", ["clip.M4V", "Photo.JPEG", "photo.JPG"])
def test_endings_may_be_written_in_capitals(probe: MediaProbe, tmp_path: Path, name: str) -> None:
    shutil.copy(MEDIA / ("clip.mp4" if "clip" in name else "photo.jpg"), tmp_path / name)
    assert probe.look(tmp_path / name).width == 360


def test_an_image_on_its_side_is_measured_as_it_is_shown(probe: MediaProbe, tmp_path: Path) -> None:
    with Image.open(MEDIA / "photo.jpg") as image:
        exif = image.getexif()
        exif[0x0112] = 6
        image.save(tmp_path / "side.jpg", exif=exif)
    facts = probe.look(tmp_path / "side.jpg")
    assert (facts.width, facts.height) == (640, 360)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("text.mp4", b"hello\n" * 100, "content_mismatch"),
        ("program.mp4", b"MZ\x90\x00" + b"\0" * 600, "content_mismatch"),
        ("empty.mp4", b"", "empty"),
        ("zeros.mp4", b"\0" * 2048, "content_mismatch"),
        ("short.mp4", b"\0\0\0", "content_mismatch"),
        ("program.exe", b"MZ", "unsupported_type"),
        ("animation.gif", b"GIF89a", "unsupported_type"),
    ],
)
def test_JOB_15_what_is_no_medium_is_refused_without_a_closer_look(
    probe: MediaProbe, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert rejected(probe, tmp_path / name) == code


@pytest.mark.parametrize(
    ("source", "name", "keep", "code"),
    [
        ("clip.mp4", "half.mp4", 26_000, "truncated"),
        ("clip.mp4", "head.mp4", 64, "truncated"),
        ("clip.mov", "half.mov", 26_000, "truncated"),
        ("photo.jpg", "half.jpg", 5_000, "truncated"),
        ("photo.png", "half.png", 3_000, "truncated"),
        ("photo.webp", "half.webp", 3_000, "truncated"),
        ("photo.jpg", "disguised.png", 11_267, "content_mismatch"),
        ("photo.png", "disguised.mp4", 6_602, "content_mismatch"),
        ("clip.mp4", "disguised.jpg", 52_186, "content_mismatch"),
    ],
)
def test_JOB_15_cut_off_and_disguised_files_are_refused(
    probe: MediaProbe, tmp_path: Path, source: str, name: str, keep: int, code: str
) -> None:
    (tmp_path / name).write_bytes((MEDIA / source).read_bytes()[:keep])
    assert rejected(probe, tmp_path / name) == code


def test_JOB_15_a_sparse_file_of_4_gigabytes_is_refused_at_once(probe: MediaProbe, tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    shutil.copy(MEDIA / "clip.mp4", path)
    os.truncate(path, 4 * 1024**3 + 1)
    before = time.monotonic()
    assert rejected(probe, path, max_bytes=4 * 1024**3) == "too_large"
    assert time.monotonic() - before < 1


def test_WEB_9_a_pipe_does_not_block(probe: MediaProbe, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert rejected(probe, tmp_path / "pipe.mp4") == "not_a_file"
    (tmp_path / "link.mp4").symlink_to(MEDIA / "clip.mp4")
    assert rejected(probe, tmp_path / "link.mp4") == "unreadable"
    assert rejected(probe, tmp_path / "none.mp4") == "missing"


def looker(folder: Path, then: str) -> Looker:
    """A looking process that takes its requests as the real one does, and then does this with each."""
    child = folder / "child.py"
    child.write_text(
        "import json, os, signal, socket, sys, threading\n"
        "channel = socket.socket(fileno=int(sys.argv[1]))\n"
        f"while socket.recv_fds(channel, 4096, 1)[0]:\n    {then}\n"
    )
    return Looker(child)


@pytest.mark.parametrize(
    "then", ["threading.Event().wait()", "signal.setitimer(signal.ITIMER_PROF, 0.01)\n    while True: pass"]
)
def test_JOB_15_a_look_that_hangs_is_ended_and_not_begun_again_at_once(tmp_path: Path, then: str) -> None:
    hanging = looker(tmp_path, then)
    probe = MediaProbe(1, looker=hanging)
    assert rejected(probe, MEDIA / "clip.mp4") == "probe_timeout"
    assert hanging.child is None
    before = hanging.started
    assert rejected(probe, MEDIA / "clip.mp4") == "probe_timeout"
    assert hanging.started == before


@pytest.mark.parametrize(
    "then", ["os.abort()", "channel.send(b'[]')", "channel.send(b'no json')", "raise SystemExit(3)"]
)
def test_JOB_15_a_look_that_crashes_costs_only_that_file(tmp_path: Path, then: str) -> None:
    crashing = looker(tmp_path, then)
    assert rejected(MediaProbe(5, looker=crashing), MEDIA / "clip.mp4") == "unreadable"
    crashing.close()


def test_a_process_that_died_between_two_looks_is_started_anew(tmp_path: Path) -> None:
    living = Looker()
    probe = MediaProbe(20, looker=living)
    assert probe.look(MEDIA / "clip.mp4").codec == "AVC"
    assert probe.look(MEDIA / "photo.jpg").width == 360
    assert living.started == 1
    assert living.child is not None
    living.child.kill()
    assert probe.look(MEDIA / "photo.png").width == 180
    assert living.started == 2
    living.close()
    assert living.child is None


def test_a_process_that_dies_at_the_first_try_only_is_asked_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    once = looker(
        tmp_path,
        f"if not os.path.exists({str(mark)!r}):\n        open({str(mark)!r}, 'w').close(); os.abort()\n"
        '    channel.send(b\'{"width": 7, "height": 7}\')',
    )
    assert MediaProbe(20, looker=once).look(MEDIA / "photo.jpg").width == 7
    assert once.started == 2
    once.close()


def test_who_stands_in_a_queue_that_is_too_long_is_told_so(tmp_path: Path) -> None:
    hanging = looker(tmp_path, "threading.Event().wait()")
    hanging.waiting = threading.BoundedSemaphore(1)
    with hanging.waiting:
        assert rejected(MediaProbe(5, looker=hanging), MEDIA / "photo.jpg") == "probe_timeout"
    with hanging.turn:
        assert rejected(MediaProbe(0.01, looker=hanging), MEDIA / "photo.jpg") == "probe_timeout"
    assert hanging.started == 0


def test_a_file_is_looked_into_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    shutil.copy(MEDIA / "clip.mp4", path)
    probe = MediaProbe(20)
    first = probe.look(path)
    asked: list[str] = []
    real = probe.look_anew
    monkeypatch.setattr(
        probe,
        "look_anew",
        lambda kind, name, handle, file: asked.append(name) or real(kind, name, handle, file),
    )
    assert probe.look(path) == first
    assert asked == []
    with path.open("ab") as file:
        file.write(b"\0\0\0\x08free")
    assert probe.look(path).size_bytes == first.size_bytes + 8
    assert asked == ["clip.mp4"]


def test_a_file_that_the_disk_cannot_read_is_refused_by_name(
    probe: MediaProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(MEDIA / "clip.mp4", tmp_path))
    file = MediaFile(path=str(path), name="clip.mp4", sha256="", size_bytes=path.stat().st_size, kind="video")

    def broken(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("hashlib.file_digest", broken)
    for read in (lambda: probe.digest(path), lambda: check_again(file, Media(roots=(str(tmp_path),)))):
        with pytest.raises(MediaRejected, match=r'"clip.mp4" cannot be read: Input/output error') as refused:
            read()
        assert refused.value.code == "unreadable"


def test_many_callers_share_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    shutil.copy(MEDIA / "clip.mp4", path)
    probe = MediaProbe(20)
    real, asked = MediaProbe.look_anew, []
    all_ask, coming = threading.Event(), threading.Semaphore(0)

    def count(self: MediaProbe, *request: Any) -> object:
        asked.append(request)
        assert all_ask.wait(20)
        return real(self, *request)

    def ask() -> None:
        coming.release()
        found.append(probe.look(path))

    monkeypatch.setattr(MediaProbe, "look_anew", count)
    found: list[MediaFacts] = []
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert coming.acquire(timeout=20)
    all_ask.set()
    for thread in threads:
        thread.join(20)
    assert len(found) == 20
    assert len(asked) == 1


def test_WEB_9_a_file_swapped_after_the_task_was_created_is_noticed(
    probe: MediaProbe, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = root / "clip.mp4"
    shutil.copy(MEDIA / "clip.mp4", path)
    facts = probe.look(path)
    file = MediaFile(str(path), path.name, facts.sha256, facts.size_bytes, "video")
    media = Media(roots=(str(root),))
    check_again(file, media)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(MediaRejected, match="was changed after"):
        check_again(file, media)
    path.unlink()
    with pytest.raises(MediaRejected, match="does not exist"):
        check_again(file, media)
    outside = tmp_path / "clip.mp4"
    shutil.copy(MEDIA / "clip.mp4", outside)
    path.symlink_to(outside)
    with pytest.raises(MediaRejected, match="no longer lies below"):
        check_again(file, media)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(MediaRejected, match="not a regular file"):
        check_again(file, media)


def facts(**changes: object) -> MediaFacts:
    known = {"kind": "video", "size_bytes": 1000, "sha256": "x", "codec": "AVC", "audio_codec": "AAC",
             "duration_s": 10.0, "width": 360, "height": 640}  # fmt: skip
    return MediaFacts(**{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({}, []),
        ({"duration_s": 2.9}, [("too_short", True)]),
        ({"duration_s": 3.0}, []),
        ({"duration_s": 60.0}, []),
        ({"duration_s": 60.1}, [("long", False)]),
        ({"duration_s": 90.1}, [("too_long", True)]),
        ({"codec": "MPEG-4 Visual"}, [("codec", True)]),
        ({"codec": "VP9"}, [("codec_disliked", False)]),
        ({"audio_codec": "Opus"}, [("audio_disliked", False)]),
        ({"audio_codec": ""}, []),
        ({"size_bytes": 5001}, [("too_large", True)]),
        ({"width": 99}, [("too_small", True)]),
        ({"kind": "image", "size_bytes": 601, "duration_s": None}, [("too_large", True)]),
        ({"kind": "image", "size_bytes": 600, "duration_s": None, "codec": ""}, []),
    ],
)
def test_JOB_15_limits_refuse_or_warn_with_reason_codes(
    changes: dict[str, object], verdicts: list[tuple[str, bool]]
) -> None:
    limits = PlatformLimits(
        min_video_s=3,
        warn_video_s=60,
        max_video_s=90,
        max_video_bytes=5000,
        max_image_bytes=600,
        min_width=100,
    )
    found = list(judge("x.mp4", facts(**changes), limits, "instagram"))
    assert [(code, final) for code, _, final in found] == verdicts
    assert all("Instagram" in sentence and "x.mp4" in sentence for _, sentence, _ in found)


def test_first_bytes_are_told_in_words() -> None:
    assert sniff(b"\x1a\x45\xdf\xa3rest") == "a Matroska or WebM video"
    assert sniff("ünïcode".encode() * 100) == "text"
    assert sniff(bytes(range(128, 256)) * 4) == "something else"
