"""Files that people reported, where the folder with them is at hand (MED-1 to MED-15)."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.hub.settings import Media
from jobs.media.limits import judge
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaProbe
from tests.support.eyes import SHARED

CASES = SHARED / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not here")


def verdict(path: Path) -> tuple[str, ...]:
    """The codes of all that is said of a file, its length at the end; one that is refused has "no" before its code."""
    try:
        facts = MediaProbe(20).look(path)
    except MediaRejected as error:
        return "no", error.code, *(["its folder"] if str(path.parent) in str(error) else [])
    said = [code for code, _, _ in judge(path.name, facts, Media().tiktok, "tiktok")]
    return *said, f"{facts.duration_s:g} s" if facts.duration_s else ""


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("plain.mp4", ("4 s",)),
        ("plain.jpg", ("",)),
        ("text_over_1mib.png", ("",)),
        ("orientation_byte.jpg", ("",)),
        ("orientation_ascii.jpg", ("",)),
        ("bad_crc_text.png", ("",)),
        ("no_eoi.jpg", ("",)),
        ("heic_named.jpg", ("no", "content_mismatch")),
        ("animated.webp", ("animated", "")),
        ("half_zeros.jpg", ("no", "truncated")),
        ("trail_text.mp4", ("4 s",)),
        ("lead_free.mp4", ("4 s",)),
        ("lead_uuid.mp4", ("4 s",)),
        ("zero_headers.mp4", ("4 s",)),
        ("yuv444.mp4", ("no", "codec")),
    ],
)
def test_a_reported_file_is_judged_rightly(name: str, right: tuple[str, ...]) -> None:
    assert verdict(CASES / name) == right
