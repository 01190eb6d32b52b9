"""The index of an MP4 or MOV file: its tracks with their coding, length, and where their samples lie."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from operator import attrgetter

from jobs.media.look.boxes import Box, child, children, number, numbers
from jobs.media.look.codecs import Coding, audio_name, video_coding
from jobs.media.look.seen import Source, Unfit

#: Hours of video have an index of a few megabytes.
_INDEX_MAX_BYTES = 64 * 1024**2
_NO_BYTES = memoryview(b"")
#: A difference between two samples of half the range is a negative one that an encoder wrote by mistake.
_NEGATIVE = 1 << 31


class Samples:
    """Where a run of samples lies: they follow each other from `offset` on."""

    __slots__ = ("count", "first", "offset")

    def __init__(self, offset: int, first: int, count: int) -> None:
        self.offset = offset
        self.first = first  #: number of its first sample in the track
        self.count = count


class Track:
    """One track; fragments add to it."""

    def __init__(self, body: memoryview, movie_timescale: int) -> None:
        header, media = child(body, b"tkhd"), child(body, b"mdia")
        wide = number(header, 0, 1) == 1
        self.track_id = number(header, 20 if wide else 12)
        matrix = numbers(header, 52 if wide else 40, 9)
        #: Whether it is shown turned by 90 or 270 degrees.
        self.sideways = len(matrix) == 9 and not matrix[0] and not matrix[4] and bool(matrix[1] or matrix[3])
        self._shown = (number(header, 88 if wide else 76) >> 16, number(header, 92 if wide else 80) >> 16)
        head = child(media, b"mdhd")
        self.timescale = number(head, 20 if number(head, 0, 1) == 1 else 12)
        self.handler = bytes(child(media, b"hdlr")[8:12])
        info = child(media, b"minf")
        table = child(info, b"stbl")
        self.entry, self.entry_body = next(children(child(table, b"stsd"), 8), (b"", _NO_BYTES))
        references = [content for _, content in children(child(info, b"dinf", b"dref"), 8)]
        which = number(self.entry_body, 6, 2)
        #: Whether its samples lie in this file.
        self.is_here = not 0 < which <= len(references) or bool(number(references[which - 1], 0) & 1)
        self.ticks = _ticks(child(table, b"stts"))
        self._sizes, self._size, self.count = _sizes(table)
        self._ends: list[int] | None = None
        self.runs = _runs(table, self.count)
        self._edits = _Edits(child(body, b"edts", b"elst"), movie_timescale, self.timescale)
        if child(table, b"ctts"):
            self._edits.skipped_s = 0.0  # it makes good for pictures that are shown later than decoded

    @cached_property
    def coding(self) -> Coding:
        """Of a video track. Raises nothing: what cannot be read stays empty."""
        coding = video_coding(self.entry, self.entry_body)
        width, height = self._shown
        return coding if coding.width and coding.height else coding._replace(width=width, height=height)

    @cached_property
    def audio_name(self) -> str:
        return audio_name(self.entry, self.entry_body)

    @property
    def duration_s(self) -> float:
        """As its samples say; where an edit list shows less of them, that."""
        media_s = self.ticks / self.timescale if self.timescale else 0.0
        edits = self._edits
        most_s = max(0.0, media_s - edits.skipped_s) + edits.empty_s
        return min(most_s, edits.length_s) if edits.length_s else most_s

    @property
    def end(self) -> int:
        """Where in the file its last sample ends."""
        return max((run.offset + self._bytes(run.first, run.count) for run in self.runs), default=0)

    def add(self, offset: int, ticks: int, sizes: array[int]) -> int:
        """A run of samples of a fragment; returns where it ends."""
        self.runs.append(Samples(offset, self.count, len(sizes)))
        if self._size:  # until now all samples had one size
            self._sizes = array("I", [self._size]) * min(self.count, _INDEX_MAX_BYTES)
            self._size = 0
        self._sizes.extend(sizes)
        self._ends = None
        self.count += len(sizes)
        self.ticks += ticks
        return offset + sum(sizes)

    def sample(self, index: int) -> tuple[int, int]:
        """Offset and size of a sample."""
        at = bisect_right(self.runs, index, key=_first) - 1
        if at < 0:
            return 0, 0
        run = self.runs[at]
        before = self._bytes(run.first, index - run.first)
        return run.offset + before, self._bytes(index, 1)

    def _bytes(self, first: int, count: int) -> int:
        if self._size:
            return self._size * count
        if self._ends is None:
            self._ends = [0, *accumulate(self._sizes)]
        last = len(self._ends) - 1
        return self._ends[min(first + count, last)] - self._ends[min(first, last)]


class Movie:
    """What the `moov` box says."""

    def __init__(self, source: Source, box: Box) -> None:
        """Raises Unfit when no phone could read it."""
        if box.end - box.body > _INDEX_MAX_BYTES:
            raise Unfit("unreadable", f"is damaged: its index has {box.end - box.body} bytes")
        data = memoryview(source.read(box.body, box.end - box.body))
        if child(data, b"cmov"):
            raise Unfit("unreadable", "has a compressed index, which phones cannot read; re-mux it")
        header = child(data, b"mvhd")
        timescale = number(header, 20 if number(header, 0, 1) == 1 else 12)
        self.tracks = [Track(content, timescale) for kind, content in children(data) if kind == b"trak"]
        #: Defaults of fragments by track: ticks and size of a sample.
        self.defaults = {
            number(content, 4): (number(content, 12), number(content, 16))
            for kind, content in children(child(data, b"mvex"))
            if kind == b"trex"
        }

    def add_fragment(self, source: Source, box: Box) -> None:
        """The samples that a `moof` box adds (ISO/IEC 14496-12, 8.8)."""
        if box.end - box.body > _INDEX_MAX_BYTES:
            raise Unfit("unreadable", f"is damaged: a fragment's index has {box.end - box.body} bytes")
        data = memoryview(source.read(box.body, box.end - box.body))
        at = box.start
        for kind, content in children(data):
            if kind == b"traf":
                at = self._add_track_fragment(content, box.start, at)

    def _add_track_fragment(self, data: memoryview, moof: int, at: int) -> int:
        header = child(data, b"tfhd")
        flags, track_id = number(header, 0) & 0xFFFFFF, number(header, 4)
        track = next((track for track in self.tracks if track.track_id == track_id), None)
        ticks, size = self.defaults.get(track_id, (0, 0))
        place = 8
        base = moof if flags & 0x20000 else at
        if flags & 0x1:
            base = number(header, place, 8)
            place += 8
        if flags & 0x2:
            place += 4
        if flags & 0x8:
            ticks = number(header, place)
            place += 4
        if flags & 0x10:
            size = number(header, place)
        end = base
        for kind, content in children(data):
            if kind == b"trun":
                end = _add_run(track, content, base, end, (ticks, size))
        return end


_first = attrgetter("first")


def _add_run(track: Track | None, data: memoryview, base: int, at: int, defaults: tuple[int, int]) -> int:
    flags, count = number(data, 0) & 0xFFFFFF, number(data, 4)
    ticks, size = defaults
    place = 8
    if flags & 0x1:
        offset = number(data, place)
        at = base + (offset - (1 << 32) if offset >= _NEGATIVE else offset)
        place += 4
    if flags & 0x4:
        place += 4
    fields = [flag for flag in (0x100, 0x200, 0x400, 0x800) if flags & flag]
    if fields:
        count = min(count, (len(data) - place) // (4 * len(fields)))
    count = min(count, _INDEX_MAX_BYTES)
    values = numbers(data, place, count * len(fields))
    sizes = values[fields.index(0x200) :: len(fields)] if 0x200 in fields else array("I", [size]) * count
    total = sum(_positive(values[fields.index(0x100) :: len(fields)])) if 0x100 in fields else ticks * count
    return at + sum(sizes) if track is None else track.add(max(0, at), total, sizes)


def _positive(differences: array[int]) -> list[int]:
    return [ticks if ticks < _NEGATIVE else 0 for ticks in differences]


def _ticks(stts: memoryview) -> int:
    entries = numbers(stts, 8, 2 * number(stts, 4))
    return sum(count * ticks for count, ticks in zip(entries[::2], _positive(entries[1::2]), strict=False))


def _sizes(table: memoryview) -> tuple[array[int], int, int]:
    """Sizes of samples, the one size of all, how many there are."""
    stsz = child(table, b"stsz")
    if stsz:
        size, count = number(stsz, 4), number(stsz, 8)
        sizes = array("I") if size else numbers(stsz, 12, count)
        return sizes, size, count if size else len(sizes)
    small = child(table, b"stz2")
    bits, count = number(small, 7, 1), number(small, 8)
    data = bytes(small[12:])
    if bits == 16:
        sizes = array("I", (number(small, 12 + 2 * at, 2) for at in range(min(count, len(data) // 2))))
    elif bits == 4:
        sizes = array("I", (half for byte in data for half in (byte >> 4, byte & 15)))[:count]
    else:
        sizes = array("I", data[:count])
    return sizes, 0, len(sizes)


def _runs(table: memoryview, samples: int) -> list[Samples]:
    """The chunks with their samples."""
    stco = child(table, b"stco")
    wide = stco or child(table, b"co64")
    offsets = numbers(wide, 8, number(wide, 4), 4 if stco else 8)
    stsc = child(table, b"stsc")
    entries = numbers(stsc, 8, 3 * number(stsc, 4))
    runs: list[Samples] = []
    first = 0
    for at in range(0, len(entries) - 2, 3):
        begin = entries[at] - 1
        end = entries[at + 3] - 1 if at + 3 < len(entries) else len(offsets)
        count = entries[at + 1]
        for offset in offsets[max(0, begin) : end]:
            if first >= samples:
                return runs
            runs.append(Samples(offset, first, min(count, samples - first)))
            first += count
    return runs


class _Edits:
    """What an edit list shows, in seconds.

    `length_s` is how much in all (0: all there is), `empty_s` how much of that is empty, `skipped_s` how much of the
    track is left out at its beginning.
    """

    def __init__(self, elst: memoryview, movie_timescale: int, timescale: int) -> None:
        self.length_s = self.empty_s = self.skipped_s = 0.0
        wide = number(elst, 0, 1) == 1
        size, step = (8, 20) if wide else (4, 12)
        if not movie_timescale or not timescale:
            return
        skipped: int | None = None
        length = empty = 0
        for at in range(8, min(len(elst) - step + 1, 8 + step * min(number(elst, 4), 10_000)), step):
            shown, begin = number(elst, at, size), number(elst, at + size, size)
            length += shown
            if begin >> (8 * size - 1):  # -1
                empty += shown
            elif skipped is None:
                skipped = begin
        self.length_s = length / movie_timescale
        self.empty_s = empty / movie_timescale
        self.skipped_s = (skipped or 0) / timescale
