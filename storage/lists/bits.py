"""Sets of ids as long integers: two sets of 100,000 ids have their common members found in microseconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice

#: Each integer holds the ids of one range of 4,096.
_SHIFT = 12
_SIZE = 1 << _SHIFT
#: Up to this many members are taken off one by one; more are read by writing the integer out.
_FEW = 128
_DIGITS = bytes.maketrans(b"01", b"\x00\x01")


class Bits:
    """A set of ids. Ranges without a member take no memory."""

    __slots__ = ("chunks",)

    def __init__(self, chunks: dict[int, int] | None = None) -> None:
        self.chunks = {} if chunks is None else chunks  #: number of the range -> its members, never 0

    @classmethod
    def of(cls, ids: Iterable[int]) -> Bits:
        """A set of many ids at once."""
        numbers: defaultdict[int, list[int]] = defaultdict(list)
        for doc_id in ids:
            numbers[doc_id >> _SHIFT].append(doc_id & (_SIZE - 1))
        return cls({number: _packed(places) for number, places in numbers.items()})

    def add(self, doc_id: int) -> None:
        number = doc_id >> _SHIFT
        self.chunks[number] = self.chunks.get(number, 0) | 1 << (doc_id & (_SIZE - 1))

    def discard(self, doc_id: int) -> None:
        number = doc_id >> _SHIFT
        chunk = self.chunks.get(number, 0)
        left = chunk & ~(1 << (doc_id & (_SIZE - 1)))
        if left:
            self.chunks[number] = left
        elif chunk:
            del self.chunks[number]

    def __contains__(self, doc_id: int) -> bool:
        return bool(self.chunks.get(doc_id >> _SHIFT, 0) >> (doc_id & (_SIZE - 1)) & 1)

    def __bool__(self) -> bool:
        return bool(self.chunks)

    def __len__(self) -> int:
        return sum([chunk.bit_count() for chunk in self.chunks.values()])

    def __iter__(self) -> Iterator[int]:
        """The ids, largest first."""
        return iter(self.newest(0, len(self)))

    def common_with(self, other: Bits) -> int:
        """How many ids are in both."""
        theirs = other.chunks
        return sum(
            [
                (chunk & theirs[number]).bit_count()
                for number, chunk in self.chunks.items()
                if number in theirs
            ]
        )

    def without(self, other: Bits) -> Bits:
        """The ids that are not in the other."""
        theirs = other.chunks
        return Bits(
            {
                number: left
                for number, chunk in self.chunks.items()
                if (left := chunk & ~theirs.get(number, 0))
            }
        )

    def newest(self, skip: int, count: int) -> list[int]:
        """Up to `count` ids, largest first, after the `skip` largest."""
        found: list[int] = []
        for number in sorted(self.chunks, reverse=True):
            chunk = self.chunks[number]
            size = chunk.bit_count()
            if skip >= size:
                skip -= size
                continue
            found += _largest(number, chunk, skip, count - len(found))
            if len(found) == count:
                break
            skip = 0
        return found


def _packed(places: list[int]) -> int:
    """The integer with these bits."""
    if len(places) <= _FEW:
        bits = 0
        for place in places:
            bits |= 1 << place
        return bits
    digits = bytearray(b"0" * _SIZE)
    for place in places:
        digits[~place] = 49
    return int(digits, 2)


def common(sets: Sequence[Bits]) -> Bits:
    """The ids that are in all of these; a set of its own."""
    first, *others = sorted(sets, key=lambda one: len(one.chunks))
    chunks = dict(first.chunks)
    for other in others:
        theirs = other.chunks
        chunks = {number: both for number, chunk in chunks.items() if (both := chunk & theirs.get(number, 0))}
    return Bits(chunks)


def either(sets: Iterable[Bits]) -> Bits:
    """The ids that are in any of these; a set of its own."""
    chunks: dict[int, int] = {}
    for one in sets:
        for number, chunk in one.chunks.items():
            chunks[number] = chunks.get(number, 0) | chunk
    return Bits(chunks)


def _largest(number: int, chunk: int, skip: int, count: int) -> list[int]:
    base = number << _SHIFT
    if skip + count <= _FEW:
        found: list[int] = []
        while chunk and len(found) < skip + count:
            top = chunk.bit_length() - 1
            chunk ^= 1 << top
            found.append(base + top)
        return found[skip:]
    digits = f"{chunk:b}".encode().translate(_DIGITS)
    ids = range(base + len(digits) - 1, base - 1, -1)
    return list(islice(compress(ids, digits), skip, skip + count))
