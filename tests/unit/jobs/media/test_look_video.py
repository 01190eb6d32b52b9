"""Videos are judged as phones judge them: by their boxes, tracks and samples (MED-6, MED-8, MED-10 to MED-16)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Media
from jobs.media.limits import judge
from jobs.media.look import video
from jobs.media.look.seen import Source, Unfit
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaFacts, MediaProbe
from tests.support.door import MEDIA
from tests.support.mp4_files import (
    FTYP,
    Track,
    av1_config,
    avc_config,
    box,
    dolby_config,
    esds,
    fragments,
    full,
    hevc_config,
    movie,
    nal,
    sound,
    u32,
    vp9_config,
)

ROOT = Path(__file__).resolve().parents[4]
TEXT = b"MediaInfo said that this file would be cut off.\r\n"


@pytest.fixture(scope="module")
def probe() -> MediaProbe:
    return MediaProbe(20)


@pytest.fixture
def look(probe: MediaProbe, tmp_path: Path) -> Callable[..., MediaFacts]:
    def look(data: bytes, name: str = "clip.mp4") -> MediaFacts:
        path = tmp_path / name
        path.write_bytes(data)
        return probe.look(path)

    return look


@pytest.fixture
def refusal(look: Callable[..., MediaFacts], tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Code and sentence with which a file is refused."""

    def refusal(data: bytes, name: str = "clip.mp4") -> tuple[str, str]:
        with pytest.raises(MediaRejected) as raised:
            look(data, name)
        assert str(tmp_path) not in str(raised.value)
        return raised.value.code, str(raised.value)

    return refusal


def bare(data: bytes) -> dict[str, Any]:
    """A look without process and cache, for many."""
    fd = os.memfd_create("clip")
    try:
        os.write(fd, data)
        return video.look(Source(fd))
    finally:
        os.close(fd)


def test_a_file_built_here_is_seen_as_it_was_built(look: Callable[..., MediaFacts]) -> None:
    facts = look(movie(Track(), sound()))
    assert (facts.codec, facts.audio_codec, facts.duration_s) == ("AVC", "AAC", 4.0)
    assert (facts.width, facts.height, facts.notes) == (320, 576, ())


SOUND = {
    "MED-10: text behind the last box": movie(Track(), sound(), tail=TEXT),
    "MED-10: zeros behind it": movie(Track(), tail=bytes(5000)),
    "MED-10: a few bytes behind it": movie(Track(), tail=b"\0\0\0"),
    "MED-10: something behind it": movie(Track(), tail=bytes(range(256)) * 4),
    "MED-10: half a box behind it": movie(Track(), tail=box(b"free", bytes(100))[:50]),
    "MED-10: text behind an index in front": movie(Track(), tail=TEXT, moov_first=True),
    "MED-11: begins with free": movie(Track(), lead=box(b"free", bytes(20)) + FTYP),
    "MED-11: begins with skip": movie(Track(), lead=box(b"skip", bytes(20)) + FTYP),
    "MED-11: begins with uuid": movie(Track(), lead=box(b"uuid", bytes(40)) + FTYP),
    "MED-11: begins with styp": movie(Track(), lead=box(b"styp", b"msdh", u32(0)) + FTYP),
    "MED-11: begins with pdin": movie(Track(), lead=full(b"pdin", u32(1, 2)) + FTYP),
    "MED-11: begins with wide": movie(Track(), lead=box(b"wide")),
    "MED-11: begins with its index": movie(Track(), lead=b"", moov_first=True),
    "MED-11: begins with its content": movie(Track(), lead=b""),
    "MED-11: a first box of 64 bits": movie(Track(), lead=box(b"free", bytes(8), wide=True) + FTYP),
    "index in front": movie(Track(), sound(), moov_first=True),
    "boxes between": movie(Track(), between=box(b"free", bytes(9)) + full(b"emsg", bytes(30)), moov_first=True),
    "several mdat": movie(Track(), sound(), mdats=5),
    "64-bit sizes": movie(Track(), wide=True, mdats=2),
    "64-bit places": movie(Track(wide_offsets=True), moov_first=True),
    "the last box, an index, ends with the file": movie(Track(), last_is_open=True),
    "the last box, content, ends with the file": movie(Track(), moov_first=True, last_is_open=True),
    "MED-12: no length in any header": movie(Track(duration=0), sound(duration=0), duration=0),
    "fragments": fragments(Track()),
    "fragments counted without a flag": fragments(Track(), base="first"),
    "fragments with places in full": fragments(Track(), base="offset"),
    "fragments with an index": fragments(Track(), sidx=True),
    "a fragment per picture": fragments(Track(), each=1),
    "text behind fragments": fragments(Track()) + TEXT,
    "subtitles and timecode": movie(
        Track(),
        Track(handler=b"text", entry=b"tx3g", config=b"", samples=[b"\0\2hi"], track_id=3),
        Track(handler=b"tmcd", entry=b"tmcd", config=b"", samples=[bytes(4)], track_id=4),
    ),
    "one size for all samples": movie(Track(samples=[nal(1)] * 96, one_size=True)),
    "empty samples": movie(Track(samples=[nal(n) if n % 5 else b"" for n in range(96)])),
    "HEVC hvc1": movie(Track(entry=b"hvc1", config=hevc_config())),
    "HEVC hev1, 10 bits": movie(Track(entry=b"hev1", config=hevc_config(depth=10))),
    "VP9": movie(Track(entry=b"vp09", config=vp9_config(), samples=[b"\x82\x49\x83" * 9] * 96)),
    "VP9, 10 bits": movie(Track(entry=b"vp09", config=vp9_config(profile=2, depth=10), samples=[b"\x92" * 40] * 96)),
    "AV1": movie(Track(entry=b"av01", config=av1_config(), samples=[b"\x12\0\x0a\x0b" * 9] * 96)),
    "AV1, 10 bits": movie(Track(entry=b"av01", config=av1_config(high=True), samples=[b"\x12\0\x0a" * 9] * 96)),
    "High profile": movie(Track(config=avc_config(profile=100))),
    "grey": movie(Track(config=avc_config(profile=100, chroma=0))),
    "parameter sets within the pictures": movie(
        Track(entry=b"avc3", config=box(b"avcC", b"\1\x64\0\x1e\xff\xe0\0"))
    ),
    "a cover in the metadata": movie(Track(), more=box(b"udta", box(b"meta", bytes(4), b"covr" * 99))),
    "an index of pictures that nobody knows": movie(Track(), more=box(b"\xa9xyz", bytes(30))),
}  # fmt: skip


@pytest.mark.parametrize("case", SOUND)
def test_sound_files_are_accepted(look: Callable[..., MediaFacts], case: str) -> None:
    facts = look(SOUND[case])
    assert (facts.duration_s, facts.width, facts.height) == (4.0, 320, 576)


WHOLE = movie(Track(), sound())
FIRST = movie(Track(), sound(), moov_first=True)
FRAGMENTED = fragments(Track())
END_OF_VIDEO = WHOLE.index(b"moov")


def zeroed(data: bytes, begin: float, end: float = 1.0) -> bytes:
    start, stop = int(len(data) * begin), int(len(data) * end)
    return data[:start] + bytes(stop - start) + data[stop:]


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (WHOLE[: len(WHOLE) // 2], "truncated", "cut off"),
        (WHOLE[: END_OF_VIDEO + 200], "truncated", "cut off"),
        (WHOLE[:-1], "truncated", "cut off"),
        (FIRST[: len(FIRST) // 2], "truncated", "cut off"),
        (FIRST[:-1], "truncated", "cut off"),
        (FIRST[:60], "truncated", "cut off"),
        (FTYP, "truncated", "cut off"),
        (FRAGMENTED[: len(FRAGMENTED) * 3 // 4], "truncated", "cut off"),
        (FRAGMENTED[:-1], "truncated", "cut off"),
        (FRAGMENTED[: FRAGMENTED.rindex(b"moof") + 30], "truncated", "cut off"),
        (FRAGMENTED[: FRAGMENTED.rindex(b"mdat") - 4], "truncated", "cut off"),
        (fragments(Track(), mdats=False), "truncated", "cut off"),
        (zeroed(FIRST, 0.5), "truncated", "zeros"),
        (zeroed(WHOLE, 0.5), "truncated", "zeros"),
        (zeroed(FIRST, 0.4, 0.6), "truncated", "zeros"),
        (zeroed(movie(Track(), moov_first=True), 0.97), "truncated", "zeros"),
        (zeroed(FRAGMENTED, 0.6, 0.62), "truncated", "zeros"),
        (fragments(Track(), init=False), "truncated", "its index is missing"),
        (movie(Track(fragmented=True, samples=[])), "truncated", "pictures are missing"),
    ],
)  # fmt: skip
def test_MED_8_MED_10_what_is_really_cut_off_or_never_came_is_refused(
    refusal: Callable[..., tuple[str, str]], data: bytes, code: str, says: str
) -> None:
    found, sentence = refusal(data)
    assert (found, says in sentence) == (code, True), sentence


def test_fragments_that_end_between_two_are_missed_by_the_index_of_segments(
    refusal: Callable[..., tuple[str, str]],
) -> None:
    data = fragments(Track(), sidx=True)
    assert refusal(data[: data.rindex(b"moof") - 4])[0] == "truncated"


@pytest.mark.parametrize(
    "whole", [WHOLE, FIRST, FRAGMENTED, movie(Track(), moov_first=True, last_is_open=True)]
)
def test_no_beginning_of_a_file_passes_for_the_whole(whole: bytes) -> None:
    bare(whole)
    for length in [*range(0, len(whole) - 1, 97), len(whole) - 1]:
        with pytest.raises(Unfit):
            bare(whole[:length])


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "rotated.mp4"])
def test_a_real_file_passes_with_anything_behind_it_and_no_beginning_of_it_does(name: str) -> None:
    whole = (MEDIA / name).read_bytes()
    seen = bare(whole)
    for tail in (TEXT, bytes(999), b"\xff" * 9, box(b"free", bytes(9)), box(b"mdat", bytes(500))[:100]):
        assert bare(whole + tail) == seen
    for length in range(0, len(whole), 1013):
        with pytest.raises(Unfit):
            bare(whole[:length])


PICTURE = [nal(0, 700)]


@pytest.mark.parametrize(
    ("data", "duration_s"),
    [
        (movie(Track(samples=PICTURE), sound(15)), 15.0),
        (movie(sound(15), Track(samples=PICTURE)), 15.0),
        (movie(Track(samples=PICTURE, duration=0), sound(15, duration=0), duration=0), 15.0),
        (movie(Track(), sound(4000)), 4000.0),
        (movie(Track(), sound(2)), 4.0),
        (movie(Track(edits=[(1500, 0)]), moov_first=True), 1.5),
        (movie(Track(edits=[(1000, -1), (4000, 0)])), 5.0),
        (movie(Track(edits=[(0, 0)])), 4.0),
        (movie(Track(edits=[(99_000, 0)])), 4.0),
    ],
)
def test_MED_13_the_longest_track_says_how_long_a_video_is(
    look: Callable[..., MediaFacts], data: bytes, duration_s: float
) -> None:
    assert look(data).duration_s == pytest.approx(duration_s, abs=0.05)


def test_MED_13_the_upper_limit_counts_the_longest_track_too(look: Callable[..., MediaFacts]) -> None:
    facts = look(movie(Track(), sound(4000)))
    assert [code for code, _, refused in judge("x", facts, Media().tiktok, "tiktok") if refused] == [
        "too_long"
    ]


def test_variable_frame_rate_is_summed_up(look: Callable[..., MediaFacts]) -> None:
    data = movie(Track())
    same = full(b"stts", u32(1, 96, 500))
    assert same in data
    varied = full(b"stts", u32(1, 96, 750))
    assert look(data.replace(same, varied)).duration_s == 6.0


THUMBNAIL = Track(
    entry=b"jpeg", config=b"", samples=[b"\xff\xd8" + b"x" * 90], track_id=7, width=160, height=90
)


@pytest.mark.parametrize(
    "tracks",
    [
        (THUMBNAIL, Track()),
        (Track(), THUMBNAIL),
        (Track(samples=[nal(0)], track_id=5, width=64, height=64), Track()),
        (Track(entry=b"mp4v", config=esds(0x6C), samples=[b"\xff\xd8x" * 9], track_id=5, width=99), Track()),
        (Track(entry=b"png ", config=b"", samples=[b"\x89PNG" * 9], track_id=5, width=99), Track()),
    ],
)
def test_MED_14_the_track_with_the_frames_counts_and_no_thumbnail(
    look: Callable[..., MediaFacts], tracks: tuple[Track, ...]
) -> None:
    facts = look(movie(*tracks))
    assert (facts.codec, facts.width, facts.duration_s) == ("AVC", 320, 4.0)


def test_motion_jpeg_alone_is_named(look: Callable[..., MediaFacts]) -> None:
    data = movie(Track(entry=b"jpeg", config=b"", samples=[b"\xff\xd8" + b"x" * 90] * 96))
    assert look(data).codec == "JPEG"


@pytest.mark.parametrize(
    ("track", "says"),
    [
        (Track(config=avc_config(profile=244, chroma=3)), "AVC video with 4:4:4"),
        (Track(config=avc_config(profile=122, chroma=2)), "AVC video with 4:2:2"),
        (Track(config=avc_config(profile=110, depth=10)), "AVC video with 10 bits"),
        (Track(entry=b"hvc1", config=hevc_config(chroma=2)), "HEVC video with 4:2:2"),
        (Track(entry=b"hev1", config=hevc_config(chroma=3)), "HEVC video with 4:4:4"),
        (Track(entry=b"hvc1", config=hevc_config(depth=12)), "HEVC video with 12 bits"),
        (Track(entry=b"vp09", config=vp9_config(profile=1, chroma=3), samples=[b"\xa2" * 40] * 9), "VP9 video with 4:4:4"),
        (Track(entry=b"vp09", config=vp9_config(profile=2, depth=12), samples=[b"\xa2" * 40] * 9), "VP9 video with 12"),
        (Track(entry=b"av01", config=av1_config(profile=1, chroma="444"), samples=[b"\x12\0" * 9] * 9), "AV1 video with 4:4:4"),
        (Track(entry=b"av01", config=av1_config(profile=2, chroma="422"), samples=[b"\x12\0" * 9] * 9), "AV1 video with 4:2:2"),
        (Track(entry=b"encv"), "protected"),
    ],
)  # fmt: skip
def test_MED_15_what_no_android_phone_plays_is_refused_and_named(
    refusal: Callable[..., tuple[str, str]], track: Track, says: str
) -> None:
    code, sentence = refusal(movie(track))
    assert (code, says in sentence) == ("codec", True), sentence


@pytest.mark.parametrize(
    ("entry", "config", "name"),
    [
        (b"apcn", b"", "ProRes"), (b"AVdh", b"", "VC-3"), (b"CFHD", b"", "CineForm"), (b"s263", b"", "H.263"),
        (b"mp4v", esds(0x20), "MPEG-4 Visual"), (b"mp4v", esds(0x61), "MPEG Video"), (b"zzzz", b"", "zzzz"),
        (b"vp08", b"", "VP8"), (b"\0\0\0\0", b"", "unknown"),
    ],
)  # fmt: skip
def test_other_codecs_are_named_so_that_the_limits_can_refuse_them(
    look: Callable[..., MediaFacts], entry: bytes, config: bytes, name: str
) -> None:
    facts = look(movie(Track(entry=entry, config=config, samples=[b"\x01x" * 40] * 96)))
    assert facts.codec == (name if name != "unknown" else facts.codec)
    assert [code for code, _, refused in judge("x", facts, Media().tiktok, "tiktok") if refused] == ["codec"]


@pytest.mark.parametrize(
    ("entry", "config", "name"),
    [
        (b"mp4a", esds(0x40), "AAC"), (b"mp4a", esds(0x6B), "MPEG Audio"), (b"mp4a", esds(0xA5), "AC-3"),
        (b".mp3", b"", "MPEG Audio"), (b"Opus", b"", "Opus"), (b"ac-3", b"", "AC-3"), (b"sowt", b"", "PCM"),
        (b"samr", b"", "AMR"), (b"alac", b"", "ALAC"), (b"fLaC", b"", "FLAC"),
    ],
)  # fmt: skip
def test_sound_is_named(look: Callable[..., MediaFacts], entry: bytes, config: bytes, name: str) -> None:
    assert look(movie(Track(), sound(entry=entry, config=config))).audio_codec == name


@pytest.mark.parametrize(
    ("track", "noted"),
    [
        (Track(entry=b"dvh1", config=hevc_config(depth=10)), True),
        (Track(entry=b"hvc1", config=hevc_config(depth=10) + dolby_config(5)), True),
        (Track(entry=b"hvc1", config=hevc_config(depth=10) + dolby_config(8)), False),
    ],
)
def test_dolby_vision_without_a_base_layer_is_warned_about(
    look: Callable[..., MediaFacts], track: Track, noted: bool
) -> None:
    facts = look(movie(track))
    assert facts.codec == "HEVC"
    assert [code for code, _, refused in judge("x", facts, Media().tiktok, "tiktok")] == [
        "dolby_vision"
    ] * noted


@pytest.mark.parametrize(
    ("matrix", "size"),
    [
        ((0, 1, -1, 0), (576, 320)),
        ((0, -1, 1, 0), (576, 320)),
        ((-1, 0, 0, -1), (320, 576)),
        ((0, 1, 1, 0), (576, 320)),
    ],
)
def test_a_turned_video_is_measured_as_it_is_shown(
    look: Callable[..., MediaFacts], matrix: tuple[int, ...], size: tuple[int, int]
) -> None:
    facts = look(movie(Track(matrix=matrix)))
    assert (facts.width, facts.height) == size


def test_a_size_that_only_the_coded_pictures_say_is_found(look: Callable[..., MediaFacts]) -> None:
    facts = look(movie(Track(width=0, height=0)))
    assert (facts.width, facts.height) == (320, 576)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (movie(sound()), "no_picture", "holds only sound"),
        (movie(Track(handler=b"text", entry=b"tx3g", config=b"", samples=[b"\0\1x"])), "no_picture", "holds no video"),
        (movie(Track(reference=full(b"url ", b"other.mov\0"))), "unreadable", "in another file"),
        (movie(Track(ticks=0), duration=0), "no_picture", "re-mux"),
        (movie(Track(ticks=1, timescale=900_000_000), duration=0), "no_picture", "re-mux"),
        (FTYP + box(b"moov", box(b"cmov", bytes(99))), "unreadable", "compressed index"),
        (FTYP + box(b"mdat", bytes(10)) + box(b"moov"), "no_picture", "holds no video"),
        (movie(Track(samples=[b"\xff" * 90] * 96)), "unreadable", "damaged"),
        (movie(Track(samples=[nal(n) if n != 50 else u32(999_999) + b"x" * 90 for n in range(96)])), "unreadable", "damaged"),
    ],
)  # fmt: skip
def test_what_holds_no_video_says_why(
    refusal: Callable[..., tuple[str, str]], data: bytes, code: str, says: str
) -> None:
    found, sentence = refusal(data)
    assert (found, says in sentence) == (code, True), sentence


def ftyp(major: bytes, *others: bytes) -> bytes:
    return box(b"ftyp", major, u32(0), *others) + box(b"meta", bytes(300))


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize(
    ("head", "what"),
    [
        (ftyp(b"heic", b"mif1", b"heic"), "an HEIC image"),
        (ftyp(b"mif1", b"mif1", b"heic"), "an HEIC image"),
        (box(b"free", bytes(20)) + ftyp(b"heix"), "an HEIC image"),
        (ftyp(b"msf1", b"hevc"), "an HEIC image sequence"),
        (ftyp(b"avif", b"mif1"), "an AVIF image"),
        (ftyp(b"mif1", b"miaf", b"avif"), "an AVIF image"),
        (ftyp(b"mif1", b"miaf"), "an HEIF image"),
        (ftyp(b"crx ", b"isom"), "a Canon raw image"),
    ],
)
def test_MED_6_brands_are_named_whatever_the_file_is_called(
    refusal: Callable[..., tuple[str, str]], name: str, head: bytes, what: str
) -> None:
    code, sentence = refusal(head, name)
    assert code == "content_mismatch"
    assert f"but holds {what}; convert it to JPEG" in sentence


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x1a\x45\xdf\xa3" + bytes(600), "Matroska or WebM video; convert it to MP4"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(600), "an AVI video; convert it"),
        (b"FLV\x01\5" + bytes(600), "a Flash video; convert it"),
        ((b"\x47\x40\0\x10" + bytes(184)) * 9, "an MPEG transport stream; convert it"),
        (b"ID3\4" + bytes(600), "an MP3 sound"),
        (b"\xff\xfb\x90\0" + bytes(600), "an MP3 or AAC sound"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(600), "a WAV sound"),
        (b"GIF89a" + bytes(600), "a GIF image; convert it to MP4"),
        (b"hello\n" * 200, "text"),
        (b"x", "text"),
        (b"\xff", "something else"),
        (b"\0", "nothing but zeros"),
    ],
)
def test_other_files_named_mp4_are_named(
    refusal: Callable[..., tuple[str, str]], data: bytes, says: str
) -> None:
    code, sentence = refusal(data)
    assert (code, f"holds {says}" in sentence or f"holds a {says}" in sentence) == (
        "content_mismatch",
        True,
    ), sentence


def test_3gp_named_mp4_is_what_phones_play(look: Callable[..., MediaFacts]) -> None:
    assert look(movie(Track(), lead=box(b"ftyp", b"3gp4", u32(512), b"3gp4"))).codec == "AVC"


def test_MED_16_neither_the_locale_nor_the_name_matters(tmp_path: Path) -> None:
    folder = tmp_path / "Größe 日本"
    folder.mkdir()
    path = folder / "vidéo 🎬 \u202e.mp4"
    path.write_bytes(movie(Track()))
    program = (
        "import sys; from pathlib import Path; from jobs.media.probe import MediaProbe\n"
        "print(MediaProbe(20).look(Path(sys.argv[1])).codec)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == (b"AVC\n", 0), done.stderr


def test_an_index_that_says_it_were_huge_costs_nothing(
    refusal: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "sparse.mp4"
    with path.open("wb") as file:
        file.write(FTYP + (1 << 31).to_bytes(4) + b"moov")
        file.truncate(1 << 31 | 1000)
    with pytest.raises(MediaRejected) as raised:
        MediaProbe(20).look(path)
    assert raised.value.code == "unreadable"


@pytest.mark.parametrize(
    "kind", [b"stsz", b"stts", b"stsc", b"stco", b"stsd", b"tkhd", b"mdhd", b"hdlr", b"elst", b"dref"]
)
def test_tables_with_nonsense_in_them_are_survived(kind: bytes) -> None:
    data = movie(Track(edits=[(4000, 0)]), sound(), moov_first=True)
    at = data.index(kind)
    for junk in (b"\xff" * 16, bytes(16), b"\x7f\xff\xff\xff" * 4):
        for offset in (4, 8, 12):
            broken = data[: at + offset] + junk + data[at + offset + 16 :]
            try:
                bare(broken)
            except Unfit as unfit:
                assert unfit.code  # noqa: PT017 - either answer is right, another error is not
