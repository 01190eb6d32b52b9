"""Judges an MP4, MOV or M4V file as a phone does: by its index, and by whether the samples are where that says."""

from __future__ import annotations

from collections.abc import Iterator

from jobs.media.look.boxes import Box, number, numbers, top_boxes
from jobs.media.look.codecs import Coding
from jobs.media.look.movie import Movie, Track
from jobs.media.look.seen import TRUNCATED, ZEROS, Seen, Source, Unfit, damaged

#: Samples that are read, spread over the track: enough to find a hole of one percent.
_SAMPLES = 200
_SAMPLE_BYTES = 64
#: Tracks of still pictures: thumbnails and covers, where there is another track.
_STILL = ("JPEG", "PNG", "GIF", "JPEG 2000")
_RE_MUX = 're-mux it, for example with "ffmpeg -i IN -c copy OUT"'


def look(source: Source) -> Seen:
    """What the file holds. Raises Unfit."""
    movie, shorter = _read(source)
    video = _pick(movie.tracks)
    sounds = [track for track in movie.tracks if track.handler == b"soun" and track.count]
    # Phones play the one that they know: beside it there may be spatial sound or a commentary.
    sound = next((track for track in sounds if track.audio_name == "AAC"), sounds[0] if sounds else None)
    coding = video.coding
    if coding.protected:
        raise Unfit("codec", "is protected against copying")
    if not video.is_here:
        raise Unfit("unreadable", "refers to pictures in another file; export it as one file")
    for track in (video, sound):
        if track is not None and track.is_here and (shorter or track.end > source.size):
            raise Unfit("truncated", _what_is_missing(source))
    _check_pictures(source, video, coding)
    if sound is not None and sound.is_here:
        _check_sound(source, sound)
    if coding.unplayable:
        raise Unfit("codec", coding.unplayable)
    duration_s = round(max(track.duration_s for track in (video, sound) if track is not None), 3)
    if not duration_s:
        raise Unfit("no_picture", f"says nowhere how long its pictures last; {_RE_MUX}")
    if not coding.width or not coding.height:
        raise Unfit("no_picture", f"does not say how large its pictures are; {_RE_MUX}")
    seen: Seen = {
        "container": "MPEG-4",
        "codec": coding.name,
        "audio_codec": "" if sound is None else sound.audio_name,
        "duration_s": duration_s,
        "width": coding.height if video.sideways else coding.width,
        "height": coding.width if video.sideways else coding.height,
    }
    if coding.dolby_vision:
        seen["notes"] = [
            ("dolby_vision", "is Dolby Vision without a base layer: most phones show false colours")
        ]
    return seen


def _read(source: Source) -> tuple[Movie, bool]:
    """The index with all fragments, and whether the file ends before it says so itself."""
    movie: Movie | None = None
    fragments: list[Box] = []
    cut: Box | None = None
    promised = 0
    content = False
    for box in top_boxes(source):
        if box.end > source.size:
            cut = box
        if box.kind == b"moov" and movie is None and box is not cut:
            movie = Movie(source, box)
        elif box.kind == b"moof":
            fragments.append(box)
        elif box.kind == b"sidx":
            promised = max(promised, _promised(source, box))
        content = content or box.kind in (b"mdat", b"moof", b"moov")
    if movie is None:
        if cut is None and not content:
            raise Unfit("truncated", TRUNCATED)
        raise Unfit("truncated", _what_is_missing(source, "index"))
    if not movie.tracks:
        raise Unfit("no_picture", "holds no video that can be read")
    for box in fragments:
        if box.end > source.size:
            return movie, True
        movie.add_fragment(source, box)
    return movie, bool(fragments) and promised > source.size


def _promised(source: Source, box: Box) -> int:
    """Where the last segment ends that an index of segments (`sidx`) names."""
    data = memoryview(source.read(box.body, min(box.end - box.body, 1 << 20)))
    wide = number(data, 0, 1) == 1
    offset, place = (number(data, 20, 8), 28) if wide else (number(data, 16), 20)
    references = numbers(data, place + 4, 3 * number(data, place + 2, 2))
    return box.end + offset + sum(size & 0x7FFFFFFF for size in references[::3])


def _what_is_missing(source: Source, what: str = "") -> str:
    if source.size >= 4096 and not any(source.read(source.size - 4096, 4096)):
        return ZEROS
    if what:
        return f"is cut off: its {what} is missing (the copy or the recording did not finish)"
    return TRUNCATED


def _pick(tracks: list[Track]) -> Track:
    """The video track with the frames. Raises Unfit when there is none."""
    videos = [track for track in tracks if track.handler == b"vide" and track.entry]
    if not videos:
        sound = any(track.handler == b"soun" for track in tracks)
        raise Unfit("no_picture", "holds only sound" if sound else "holds no video that can be read")
    if not any(track.count for track in videos):
        raise Unfit("truncated", "is cut off: its pictures are missing")
    moving = [track for track in videos if track.coding.name not in _STILL] or videos
    return max(moving, key=lambda t: (t.count, t.duration_s, t.coding.width * t.coding.height))


def _check_pictures(source: Source, track: Track, coding: Coding) -> None:
    """Raises Unfit when samples are not what they must be."""
    for data, size in _some_samples(source, track):
        if len(data) >= 16 and not any(data):
            raise Unfit("truncated", ZEROS)
        if coding.length_bytes:
            wrong = not _is_nal_unit(data, size, coding.length_bytes)
        elif coding.name == "VP9":
            wrong = data[0] >> 6 != 2
        elif coding.name == "AV1":
            wrong = not 0 < data[0] >> 3 < 16
        else:
            wrong = False
        if wrong:
            raise damaged("some of its pictures are not what they should be")


def _check_sound(source: Source, track: Track) -> None:
    """Raises Unfit when samples hold nothing; only coded sound, as silence may be zeros elsewhere."""
    if track.audio_name != "AAC":
        return
    for data, _ in _some_samples(source, track):
        if len(data) >= 32 and not any(data):
            raise Unfit("truncated", ZEROS)


def _some_samples(source: Source, track: Track) -> Iterator[tuple[bytes, int]]:
    """The first bytes of some samples, and the size of each; empty ones are left out."""
    last = track.count - 1
    step = max(1, last // _SAMPLES)
    for index in {*range(0, last + 1, step), *range(max(0, last - 3), last + 1)}:
        offset, size = track.sample(index)
        data = source.read(offset, min(size, _SAMPLE_BYTES))
        if data:
            yield data, size


def _is_nal_unit(data: bytes, size: int, length_bytes: int) -> bool:
    """Whether a sample begins with a NAL unit that ends within it; empty ones before it are skipped."""
    at = 0
    while at + length_bytes < len(data):
        length = int.from_bytes(data[at : at + length_bytes])
        at += length_bytes
        if length:
            return at + length <= size and not data[at] & 0x80
    return at + length_bytes >= size or len(data) < size
