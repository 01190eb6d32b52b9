"""Mutated files never reach the daemon: the looking process refuses, dies or is ended, and the next look works."""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from jobs.media.looker import Looker
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaProbe
from tests.support.door import MEDIA
from tests.support.eyes import SHARED
from tests.support.mp4_files import Track, av1_config, fragments, hevc_config, movie, nal, sound, vp9_config

#: Seconds; 1800 is the full form.
DURATION_S = float(os.environ.get("TIKMATRIXD_FUZZ_S", "60"))
CODES = {
    "truncated",
    "unreadable",
    "too_large",
    "no_picture",
    "codec",
    "content_mismatch",
    "probe_timeout",
    "empty",
}
#: What numbers in headers become.
EDGES = (
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\1",
    b"\0\x01\0\0",
    b"\xff\xff\0\0",
)


def seeds() -> list[tuple[str, bytes]]:
    """Real files and built ones, by ending."""
    found = [(path.suffix, path.read_bytes()) for path in sorted(MEDIA.iterdir()) if path.suffix != ".md"]
    if (SHARED / "cases").is_dir():
        cases = sorted((SHARED / "cases").iterdir())
        found += [(path.suffix, path.read_bytes()) for path in cases if path.suffix != ".md"]
    image = Image.effect_noise((90, 120), 60).convert("RGB")
    for kind, ending, how in (
        ("JPEG", ".jpg", {"progressive": True}),
        ("JPEG", ".jpg", {"restart_marker_blocks": 2}),
        ("PNG", ".png", {"optimize": True}),
        ("WEBP", ".webp", {"lossless": True}),
        ("WEBP", ".webp", {"save_all": True, "append_images": [image.rotate(90)]}),
    ):
        file = io.BytesIO()
        image.save(file, kind, **how)
        found.append((ending, file.getvalue()))
    found += [
        (".mp4", movie(Track(edits=[(1000, -1), (4000, 0)]), sound(), moov_first=True)),
        (".mp4", fragments(Track(), sidx=True)),
        (".mp4", fragments(Track(samples=[nal(n) for n in range(12)]), each=1, base="offset")),
        (".mov", movie(Track(entry=b"hvc1", config=hevc_config()), wide=True)),
        (".mp4", movie(Track(entry=b"av01", config=av1_config(), samples=[b"\x12\0" * 9] * 9), mdats=3)),
        (".mp4", movie(Track(entry=b"vp09", config=vp9_config(), samples=[b"\x82" * 9] * 9, one_size=True))),
    ]
    return found


def mutate(data: bytes, others: list[tuple[str, bytes]], choice: random.Random) -> bytes:
    """The file with one to eight things wrong."""
    changed = bytearray(data)
    for _ in range(choice.choice((1, 1, 1, 2, 3, 8))):
        if not changed:
            break
        # Headers are where a decoder can be led astray: most of the time at the front or at the back.
        at = min(len(changed) - 1, int(choice.choice((len(changed), 600, 64)) * choice.random()))
        at = len(changed) - 1 - at if choice.random() < 0.4 else at
        size = choice.choice((1, 2, 4, 16, 200, 4000))
        match choice.randrange(9):
            case 0:
                changed[at] ^= 1 << choice.randrange(8)
            case 1:
                changed[at : at + 4] = choice.choice(EDGES)
            case 2:
                changed[at : at + size] = choice.randbytes(len(changed[at : at + size]))
            case 3:
                changed[at : at + size] = bytes(len(changed[at : at + size]))
            case 4:
                del changed[at : at + size]
            case 5:
                changed[at:at] = changed[at : at + size]
            case 6:
                changed[at:at] = choice.randbytes(size)
            case 7:
                other = choice.choice(others)[1]
                start = choice.randrange(len(other))
                changed[at : at + size] = other[start : start + size]
            case _:
                del changed[at + 1 :]
    return bytes(changed)


def held_mb(pid: int | str = "self") -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def fuzz(folder: Path, go_on: Callable[[], bool], seed: int) -> Counter[str]:
    """Look into mutated files as long as `go_on` says; returns how often which answer came."""
    choice = random.Random(seed)
    originals = seeds()
    looker = Looker()
    probe = MediaProbe(10, looker=looker)
    answers: Counter[str] = Counter()
    held_most_mb = 0.0
    before_mb = held_mb()
    while go_on():
        ending, data = choice.choice(originals)
        mutated = mutate(data, originals, choice)
        path = folder / f"mutated{ending}"
        path.unlink(missing_ok=True)
        path.write_bytes(mutated)
        try:
            facts = probe.look(path)
        except MediaRejected as error:
            answers[error.code] += 1
            if error.code == "probe_timeout" or "cannot be looked into" in str(error):
                shutil.copy(path, folder / f"kept-{sum(answers.values())}{ending}")
                answers["kept"] += 1
        else:
            answers["accepted"] += 1
            assert facts.width > 0
            assert facts.height > 0
            assert facts.kind == "image" or facts.duration_s
        if looker.child is not None:
            held_most_mb = max(held_most_mb, held_mb(looker.child.pid))
    assert answers.keys() <= {"accepted", "kept", *CODES}
    answers["processes"] = looker.started
    assert held_most_mb < 512
    assert held_mb() - before_mb < 100
    assert probe.look(MEDIA / "clip.mp4").codec == "AVC"
    probe.close()
    print(dict(answers), f"the looking process held {held_most_mb:.0f} MB at most")
    return answers


@pytest.fixture
def seed() -> int:
    number = int(os.environ.get("TIKMATRIXD_FUZZ_SEED", "0")) or time.time_ns() % 2**32
    print(f"TIKMATRIXD_FUZZ_SEED={number}")
    return number


def test_two_hundred_mutated_files_are_answered_or_refused(tmp_path: Path) -> None:
    left = iter(range(200))
    answers = fuzz(tmp_path, lambda: next(left, None) is not None, seed=1)
    assert answers["accepted"] > 10
    assert answers["truncated"] > 10
    assert not answers["kept"]


@pytest.mark.long
@pytest.mark.timeout(DURATION_S + 300)
def test_mutated_files_for_as_long_as_wished(tmp_path: Path, seed: int) -> None:
    """TIKMATRIXD_FUZZ_S=1800 for half an hour; what kills or hangs the looking process is kept in the test's folder."""
    until = time.monotonic() + DURATION_S
    answers = fuzz(tmp_path, lambda: time.monotonic() < until, seed)
    assert answers["accepted"]
    assert answers["kept"] <= sum(answers.values()) // 100
