"""MP4 files built box by box, so that a test can say exactly what is odd about them (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

#: Of the movie header and its edit lists.
TIMESCALE = 1000


def box(kind: bytes, *parts: bytes, wide: bool = False) -> bytes:
    body = b"".join(parts)
    if wide:
        return (1).to_bytes(4) + kind + (len(body) + 16).to_bytes(8) + body
    return (len(body) + 8).to_bytes(4) + kind + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes([version]), flags.to_bytes(3), *parts)


def u32(*numbers: int) -> bytes:
    return b"".join((number % 2**32).to_bytes(4) for number in numbers)


class Bits:
    """Writes single bits."""

    def __init__(self) -> None:
        self._text = ""

    def put(self, value: int, count: int) -> Bits:
        self._text += f"{value:0{count}b}"
        return self

    def golomb(self, value: int) -> Bits:
        code = f"{value + 1:b}"
        self._text += "0" * (len(code) - 1) + code
        return self

    def done(self) -> bytes:
        text = self._text + "1"
        return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8))


def avc_config(
    *, profile: int = 77, chroma: int = 1, depth: int = 8, width: int = 320, height: int = 576
) -> bytes:
    """An `avcC` box with a sequence parameter set that says this."""
    bits = Bits().put(profile, 8).put(0, 8).put(30, 8).golomb(0)
    if profile in (100, 110, 122, 244):
        bits.golomb(chroma)
        if chroma == 3:
            bits.put(0, 1)
        bits.golomb(depth - 8).golomb(depth - 8).put(0, 1).put(0, 1)
    bits.golomb(0).golomb(2).golomb(1).put(0, 1).golomb(width // 16 - 1).golomb(height // 16 - 1)
    bits.put(1, 1).put(1, 1).put(0, 1).put(0, 1)
    sps = b"\x67" + bits.done()
    return box(b"avcC", bytes([1, profile, 0, 30, 0xFF, 0xE1]), len(sps).to_bytes(2), sps, b"\1\0\2\x68\xce")


def hevc_config(*, chroma: int = 1, depth: int = 8) -> bytes:
    record = bytearray(23)
    record[0], record[1] = 1, 1
    record[16], record[17], record[18], record[21] = 0xFC | chroma, 0xF8 | depth - 8, 0xF8 | depth - 8, 0x0F
    return box(b"hvcC", bytes(record))


def vp9_config(*, profile: int = 0, depth: int = 8, chroma: int = 1) -> bytes:
    return full(b"vpcC", bytes([profile, 10, depth << 4 | chroma << 1, 1, 1, 1, 0, 0]), version=1)


def av1_config(*, profile: int = 0, high: bool = False, twelve: bool = False, chroma: str = "420") -> bytes:
    shape = {"420": 0b11, "422": 0b10, "444": 0b00}[chroma]
    return box(b"av1C", bytes([0x81, profile << 5 | 8, high << 6 | twelve << 5 | shape << 2, 0]))


def dolby_config(profile: int) -> bytes:
    return box(b"dvcC", bytes([1, 0, profile << 1, 0b101, 0x10]), bytes(19))


#: What fills samples: zeros would be taken for missing data.
_NO_ZEROS = bytes(range(1, 251))


def nal(number: int, size: int = 100) -> bytes:
    """A sample of AVC or HEVC: one NAL unit with its length before it."""
    begin = number * 7 % len(_NO_ZEROS)
    filling = (_NO_ZEROS * (size // len(_NO_ZEROS) + 2))[begin : begin + size]
    content = bytes([0x65 if number % 12 == 0 else 0x41]) + filling
    return u32(len(content)) + content


def esds(object_type: int) -> bytes:
    config = bytes([4, 13, object_type, 0x15]) + bytes(11)
    return full(b"esds", bytes([3, 3 + len(config) + 3, 0, 1, 0]), config, bytes([6, 1, 2]))


@dataclass
class Track:
    """One track; what is not said is that of 4 s of H.264 at 24 pictures a second."""

    handler: bytes = b"vide"
    entry: bytes = b"avc1"
    config: bytes = field(default_factory=avc_config)
    samples: Sequence[bytes] = field(default_factory=lambda: [nal(number) for number in range(96)])
    ticks: int = 500
    timescale: int = 12_000
    width: int = 320
    height: int = 576
    matrix: tuple[int, ...] = (1, 0, 0, 1)
    edits: Sequence[tuple[int, int]] = ()  #: length in `TIMESCALE`, where it begins in the track or -1
    duration: int | None = None  #: in the headers; None: the right one
    reference: bytes = field(default_factory=lambda: full(b"url ", flags=1))
    per_chunk: int = 12
    wide_offsets: bool = False
    one_size: bool = False
    fragmented: bool = False
    track_id: int = 1

    @property
    def length(self) -> int:
        return self.ticks * len(self.samples)

    def chunks(self) -> list[bytes]:
        if self.fragmented:
            return []
        return [
            b"".join(self.samples[at : at + self.per_chunk])
            for at in range(0, len(self.samples), self.per_chunk)
        ]

    def trak(self, offsets: Sequence[int]) -> bytes:
        duration = self.length if self.duration is None else self.duration
        a, b, c, d = (value * 65536 for value in self.matrix)
        header = full(
            b"tkhd", u32(0, 0, self.track_id, 0, duration * TIMESCALE // self.timescale, 0, 0, 0, 0),
            u32(a, b, 0, c, d, 0, 0, 0, 1 << 30), u32(self.width << 16, self.height << 16), flags=3,
        )  # fmt: skip
        edits = b""
        if self.edits:
            listed = b"".join(u32(length, begin, 65536) for length, begin in self.edits)
            edits = box(b"edts", full(b"elst", u32(len(self.edits)), listed))
        samples = [] if self.fragmented else self.samples
        sizes = [len(sample) for sample in samples]
        stsz = u32(sizes[0], len(sizes)) if self.one_size else u32(0, len(sizes), *sizes)
        table = box(
            b"stbl",
            full(b"stsd", u32(1), self._entry()),
            full(b"stts", u32(1, len(samples), self.ticks) if samples else u32(0)),
            full(b"stsc", u32(1, 1, self.per_chunk, 1) if samples else u32(0)),
            full(b"stsz", stsz),
            full(b"co64", u32(len(offsets)), *(offset.to_bytes(8) for offset in offsets))
            if self.wide_offsets
            else full(b"stco", u32(len(offsets), *offsets)),
        )
        media = box(
            b"mdia",
            full(b"mdhd", u32(0, 0, self.timescale, duration, 0x55C40000)),
            full(b"hdlr", u32(0), self.handler, bytes(12), b"x\0"),
            box(b"minf", box(b"dinf", full(b"dref", u32(1), self.reference)), table),
        )
        return box(b"trak", header, edits, media)

    def _entry(self) -> bytes:
        head = bytes(6) + (1).to_bytes(2)
        if self.handler == b"vide":
            size = self.width.to_bytes(2) + self.height.to_bytes(2)
            return box(
                self.entry,
                head,
                bytes(16),
                size,
                u32(0x480000, 0x480000, 0),
                b"\0\1",
                bytes(32),
                b"\0\x18\xff\xff",
                self.config,
            )
        if self.handler == b"soun":
            return box(self.entry, head, bytes(8), b"\0\2\0\x10", bytes(4), u32(44_100 << 16), self.config)
        return box(self.entry, head, self.config)


def sound(seconds: float = 4.0, entry: bytes = b"mp4a", config: bytes | None = None, **more: object) -> Track:
    """A track of AAC, or of what the entry says."""
    return Track(
        handler=b"soun", entry=entry, config=esds(0x40) if config is None else config,
        samples=[bytes([0x21, number % 255 + 1]) * 20 for number in range(round(seconds * 44_100 / 1024))],
        ticks=1024, timescale=44_100, width=0, height=0, track_id=2, **more,
    )  # type: ignore[arg-type]  # fmt: skip


FTYP = box(b"ftyp", b"isom", u32(512), b"isomiso2avc1mp41")


def movie(
    *tracks: Track, lead: bytes = FTYP, tail: bytes = b"", moov_first: bool = False, mdats: int = 1, wide: bool = False,
    between: bytes = b"", duration: int | None = None, more: bytes = b"", last_is_open: bool = False,
) -> bytes:  # fmt: skip
    """A whole file.

    Args:
        tracks: Their chunks follow each other in turn.
        lead: What the file begins with.
        tail: What stands behind the last box.
        moov_first: The index before the content.
        mdats: In how many boxes the content lies.
        wide: These boxes have 64-bit sizes.
        between: Boxes between index and content.
        duration: In the movie header; None: the right one.
        more: Further boxes of the index.
        last_is_open: The last box has size 0: it ends with the file.
    """
    chunks = [(track, chunk) for track in tracks for chunk in track.chunks()]
    length = (
        max(track.length * TIMESCALE // track.timescale for track in tracks) if duration is None else duration
    )
    step = -(-len(chunks) // mdats) if chunks else 1
    groups = [chunks[at : at + step] for at in range(0, len(chunks), step)]

    def moov(offsets: Callable[[Track], list[int]]) -> bytes:
        header = full(b"mvhd", u32(0, 0, TIMESCALE, length, 65536), bytes(76))
        return box(b"moov", header, *(track.trak(offsets(track)) for track in tracks), more)

    index_bytes = len(moov(lambda track: [0] * len(track.chunks())))
    at = len(lead) + (index_bytes + len(between) if moov_first else 0)
    places: dict[int, list[int]] = {id(track): [] for track in tracks}
    content = b""
    for group in groups:
        at += 16 if wide else 8
        for track, chunk in group:
            places[id(track)].append(at)
            at += len(chunk)
        content += box(b"mdat", *(chunk for _, chunk in group), wide=wide)
    index = moov(lambda track: places[id(track)])
    if last_is_open:
        if moov_first:
            content = bytes(4) + content[4:]
        else:
            index = bytes(4) + index[4:]
    parts = [index, between, content] if moov_first else [content, between, index]
    return lead + b"".join(parts) + tail


def fragments(
    track: Track,
    *,
    each: int = 24,
    base: str = "moof",
    sidx: bool = False,
    mdats: bool = True,
    init: bool = True,
) -> bytes:
    """The same track in fragments, `each` samples in one.

    Args:
        track: What they hold.
        each: Samples in a fragment.
        base: From where their places count: "moof" (its flag), "first" (no flag), "offset" (said in full).
        sidx: An index of the segments stands before them.
        mdats: With their content.
        init: With `ftyp` and `moov`.
    """
    track.fragmented = True
    trex = full(b"trex", u32(track.track_id, 1, track.ticks, 0, 0))
    head = movie(track, moov_first=True, more=box(b"mvex", trex), duration=0) if init else b""
    body, sizes = b"", []
    extra = 32 + 12 * -(-len(track.samples) // each) if sidx else 0
    for at in range(0, len(track.samples), each):
        samples = track.samples[at : at + each]

        def moof(start: int, samples: Sequence[bytes] = samples, number: int = at) -> bytes:
            flags = {"moof": 0x20000, "first": 0, "offset": 1}[base]
            place = start.to_bytes(8) if base == "offset" else b""
            tfhd = full(b"tfhd", u32(track.track_id), place, flags=flags)
            run = [full(b"trun", u32(len(samples), 0, *(len(s) for s in samples)), flags=0x201)]
            size = 8 + 16 + 8 + len(tfhd) + len(run[0])
            run = [full(b"trun", u32(len(samples), size + 8, *(len(s) for s in samples)), flags=0x201)]
            return box(b"moof", full(b"mfhd", u32(number)), box(b"traf", tfhd, *run))

        fragment = moof(len(head) + extra + len(body)) + (box(b"mdat", *samples) if mdats else b"")
        sizes.append(len(fragment))
        body += fragment
    index = b""
    if sidx:
        references = b"".join(u32(size, track.ticks * each, 0x90000000) for size in sizes)
        index = full(
            b"sidx", u32(1, track.timescale, 0, 0), (0).to_bytes(2), len(sizes).to_bytes(2), references
        )
        assert len(index) == extra
    return head + index + body
