"""What a video or audio track is coded in, from its sample description; names as MediaInfo writes them."""

from __future__ import annotations

from typing import NamedTuple

from jobs.media.look.bits import BitReader, unescaped
from jobs.media.look.boxes import child, children, number

#: Sample entries of video tracks.
VIDEO_ENTRIES = {
    b"avc1": "AVC", b"avc2": "AVC", b"avc3": "AVC", b"avc4": "AVC", b"dva1": "AVC", b"dvav": "AVC",
    b"hvc1": "HEVC", b"hev1": "HEVC", b"dvh1": "HEVC", b"dvhe": "HEVC",
    b"vvc1": "VVC", b"vvi1": "VVC",
    b"vp08": "VP8", b"vp09": "VP9", b"av01": "AV1", b"dav1": "AV1",
    b"mp4v": "MPEG-4 Visual", b"xvid": "MPEG-4 Visual", b"XVID": "MPEG-4 Visual", b"DIVX": "MPEG-4 Visual",
    b"s263": "H.263", b"h263": "H.263", b"H263": "H.263",
    b"jpeg": "JPEG", b"mjpa": "JPEG", b"mjpb": "JPEG", b"mjp2": "JPEG 2000",
    b"png ": "PNG", b"gif ": "GIF", b"raw ": "RGB", b"rle ": "QuickTime Animation", b"SVQ3": "Sorenson",
    b"apcn": "ProRes", b"apch": "ProRes", b"apcs": "ProRes", b"apco": "ProRes", b"ap4h": "ProRes",
    b"ap4x": "ProRes", b"aprn": "ProRes RAW", b"aprh": "ProRes RAW",
    b"AVdn": "VC-3", b"AVdh": "VC-3", b"CFHD": "CineForm", b"vc-1": "VC-1", b"icpf": "Canopus",
}  # fmt: skip
_AUDIO = {
    b"mp4a": "AAC", b".mp3": "MPEG Audio", b"ms\0U": "MPEG Audio", b"Opus": "Opus", b"ac-3": "AC-3",
    b"ec-3": "E-AC-3", b"ac-4": "AC-4", b"alac": "ALAC", b"fLaC": "FLAC", b"samr": "AMR", b"sawb": "AMR",
    b"sowt": "PCM", b"twos": "PCM", b"lpcm": "PCM", b"in24": "PCM", b"in32": "PCM", b"fl32": "PCM", b"raw ": "PCM",
    b"ipcm": "PCM", b"fpcm": "PCM", b"NONE": "PCM", b"ulaw": "G.711", b"alaw": "G.711", b"dtsc": "DTS", b"dtse": "DTS",
    b"QDM2": "QDesign",
}  # fmt: skip
#: Object types of `esds` (ISO/IEC 14496-1 and its registration authority).
OBJECT_TYPES = {
    0x20: "MPEG-4 Visual", 0x21: "AVC", 0x23: "HEVC", 0x6C: "JPEG", 0x6D: "PNG", 0x6A: "MPEG Video",
    0x40: "AAC", 0x66: "AAC", 0x67: "AAC", 0x68: "AAC", 0x69: "MPEG Audio", 0x6B: "MPEG Audio",
    0xA5: "AC-3", 0xA6: "E-AC-3", 0xA9: "DTS", 0xAD: "Opus", 0xDD: "Vorbis",
} | dict.fromkeys(range(0x60, 0x66), "MPEG Video")  # fmt: skip
#: Sample entries of protected content (ISO/IEC 23001-7, Apple's FairPlay).
_PROTECTED = (b"encv", b"enca", b"drmi", b"drms")
_CHROMA = ("4:0:0", "4:2:0", "4:2:2", "4:4:4")
_AVC_WITH_CHROMA = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244)
_DOLBY_ENTRIES = (b"dvh1", b"dvhe", b"dva1", b"dvav", b"dav1")


class Coding(NamedTuple):
    """How a track is coded. `length_bytes` is the size of the length before each NAL unit, 0 where there is none."""

    name: str
    width: int = 0
    height: int = 0
    length_bytes: int = 0
    chroma: str = ""
    bits: int = 0
    protected: bool = False
    dolby_vision: bool = False

    @property
    def unplayable(self) -> str:
        """Why no Android phone decodes it; "" when phones do, as far as its name can tell."""
        bits_most = {"AVC": 8, "HEVC": 10, "VP9": 10, "AV1": 10}.get(self.name)
        if bits_most is None:
            return ""
        if self.chroma in ("4:2:2", "4:4:4"):
            return f"has {self.name} video with {self.chroma} colour, which Android phones cannot play; convert it to 4:2:0"
        if self.bits > bits_most:
            return (
                f"has {self.name} video with {self.bits} bits per colour, which Android phones cannot play; "
                "convert it to 8 bits"
            )
        return ""


def video_coding(entry: bytes, body: memoryview) -> Coding:
    """From a sample entry: its type and what follows it."""
    coding = Coding(
        VIDEO_ENTRIES.get(entry) or VIDEO_ENTRIES.get(entry.lower()) or _shown(entry),
        number(body, 24, 2),
        number(body, 26, 2),
    )
    if entry in _PROTECTED:
        return coding._replace(protected=True)
    boxes = dict(children(body, 78))
    if b"avcC" in boxes:
        coding = _avc(coding, boxes[b"avcC"])
    elif b"hvcC" in boxes:
        record = boxes[b"hvcC"]
        chroma = _CHROMA[number(record, 16, 1) & 3] if len(record) > 21 else ""
        bits = max(number(record, 17, 1) & 7, number(record, 18, 1) & 7) + 8
        coding = coding._replace(
            name="HEVC", length_bytes=(number(record, 21, 1) & 3) + 1, chroma=chroma, bits=bits
        )
    elif b"vpcC" in boxes:
        packed = number(boxes[b"vpcC"], 6, 1)
        chroma = ("4:2:0", "4:2:0", "4:2:2", "4:4:4")[min(3, packed >> 1 & 7)]
        coding = coding._replace(chroma=chroma, bits=packed >> 4)
    elif b"av1C" in boxes:
        coding = _av1(coding, number(boxes[b"av1C"], 1, 1), number(boxes[b"av1C"], 2, 1))
    elif b"esds" in boxes:
        coding = coding._replace(name=OBJECT_TYPES.get(_object_type(boxes[b"esds"]), coding.name))
    return coding._replace(dolby_vision=_is_dolby(entry, boxes))


def audio_name(entry: bytes, body: memoryview) -> str:
    """The name of an audio track's coding, from a sample entry: its type and what follows it."""
    name = _AUDIO.get(entry, _shown(entry))
    if entry == b"mp4a":
        # QuickTime writes longer entries (versions 1 and 2) and puts the description into `wave`.
        at = {1: 44, 2: 64}.get(number(body, 8, 2), 28)
        esds = child(body[at:], b"esds") or child(body[at:], b"wave", b"esds") or child(body[28:], b"esds")
        name = OBJECT_TYPES.get(_object_type(esds), name)
    return name


def _avc(coding: Coding, record: memoryview) -> Coding:
    coding = coding._replace(name="AVC", length_bytes=(number(record, 4, 1) & 3) + 1)
    if not number(record, 5, 1) & 31:
        return coding
    sps = bytes(record[8 : 8 + number(record, 6, 2)])
    try:
        chroma, bits, width, height = _avc_sequence(sps)
    except (EOFError, ValueError):
        return coding
    coding = coding._replace(chroma=_CHROMA[chroma], bits=bits)
    return coding if coding.width and coding.height else coding._replace(width=width, height=height)


def _avc_sequence(sps: bytes) -> tuple[int, int, int, int]:
    """Chroma format, bits, width, height of a sequence parameter set (ITU-T H.264, 7.3.2.1.1)."""
    bits = BitReader(unescaped(sps[1:]))
    profile = bits.read(8)
    bits.read(16)
    bits.golomb()
    chroma, depth = 1, 8
    separate = False
    if profile in _AVC_WITH_CHROMA:
        chroma = bits.golomb()
        if chroma > 3:
            raise ValueError(chroma)
        separate = chroma == 3 and bool(bits.read(1))
        depth = 8 + max(bits.golomb(), bits.golomb())
        bits.read(1)
        if bits.read(1):  # scaling lists
            for number_ in range(12 if chroma == 3 else 8):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if number_ < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(255, bits.golomb())):
            bits.golomb()
    bits.golomb()
    bits.read(1)
    width = (bits.golomb() + 1) * 16
    rows = bits.golomb() + 1
    frames_only = bits.read(1)
    height = rows * 16 * (2 - frames_only)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    if bits.read(1):
        step_x = 1 if chroma in (0, 3) or separate else 2
        step_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= step_x * (bits.golomb() + bits.golomb())
        height -= step_y * (bits.golomb() + bits.golomb())
    return chroma, depth, max(0, width), max(0, height)


def _skip_scaling_list(bits: BitReader, count: int) -> None:
    last = scale = 8
    for _ in range(count):
        if scale:
            step = bits.golomb()
            scale = (last + ((step + 1) // 2 if step % 2 else -(step // 2))) % 256
        last = scale or last


def _av1(coding: Coding, profile: int, packed: int) -> Coding:
    bits = 8 if not packed & 0x40 else 12 if packed & 0x20 else 10
    chroma = "4:0:0" if packed & 0x10 else ("4:4:4", "4:2:2", "4:2:0")[(packed >> 3 & 1) + (packed >> 2 & 1)]
    return coding._replace(name="AV1", chroma="4:4:4" if profile >> 5 == 1 else chroma, bits=bits)


def _is_dolby(entry: bytes, boxes: dict[bytes, memoryview]) -> bool:
    """Whether only phones that know Dolby Vision show its colours: entries of its own, or profile 5 (no base layer)."""
    record = boxes.get(b"dvcC") or boxes.get(b"dvvC") or memoryview(b"")
    return entry in _DOLBY_ENTRIES or number(record, 2, 1) >> 1 == 5


def _object_type(esds: memoryview) -> int:
    """The object type of the decoder in an `esds` box; 0 when it cannot be found (ISO/IEC 14496-1, 7.2.6)."""
    at = 4
    for tag, fixed in ((3, 3), (4, 0)):
        if number(esds, at, 1) != tag:
            return 0
        at += 1
        while number(esds, at, 1) & 0x80 and at < len(esds):
            at += 1
        at += 1
        if tag == 3:
            flags = number(esds, at + 2, 1)
            at += fixed + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
            if flags & 0x40:
                at += 1 + number(esds, at, 1)
    return number(esds, at, 1)


def _shown(entry: bytes) -> str:
    return entry.decode("ascii", "replace").strip().replace("\ufffd", "?") or "unknown"
