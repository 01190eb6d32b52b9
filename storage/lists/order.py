"""Tasks in the order of a time, kept in blocks that know their members, so that any page of any choice is found at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from storage.lists.bits import Bits, common, either

#: Members of a block; it is cut into halves then.
BLOCK = 1024
_FEW = 64


class _Block:
    """Neighbours in the order: times and ids side by side, and the ids as a set."""

    __slots__ = ("bits", "ids", "times")

    def __init__(self, times: list[float], ids: list[int]) -> None:
        self.times = times
        self.ids = ids
        self.bits = Bits.of(ids)

    def place(self, at: float, doc_id: int) -> int:
        """Where it stands, or would."""
        low = bisect_left(self.times, at)
        return bisect_left(self.ids, doc_id, low, bisect_right(self.times, at, low))


class Order:
    """Ids by a time, then by id, both ascending."""

    def __init__(self, block: int = BLOCK) -> None:
        self._most = block
        self._blocks: list[_Block] = []
        self._firsts: list[tuple[float, int]] = []  #: of each block

    def load(self, ids: Sequence[int], times: Sequence[float]) -> None:
        """Take in many ids, which ascend, with their times at once, into an empty order."""
        places = sorted(range(len(ids)), key=times.__getitem__)
        half = self._most // 2
        for start in range(0, len(ids), half):
            part = places[start : start + half]
            block = _Block([times[place] for place in part], [ids[place] for place in part])
            self._blocks.append(block)
            self._firsts.append((block.times[0], block.ids[0]))

    def add(self, at: float, doc_id: int) -> None:
        """Take in what is not there yet."""
        if not self._blocks:
            self._insert(0, _Block([at], [doc_id]))
            return
        number = max(0, bisect_right(self._firsts, (at, doc_id)) - 1)
        block = self._blocks[number]
        place = block.place(at, doc_id)
        block.times.insert(place, at)
        block.ids.insert(place, doc_id)
        block.bits.add(doc_id)
        if place == 0:
            self._firsts[number] = (at, doc_id)
        if len(block.ids) > self._most:
            self._cut(number)

    def remove(self, at: float, doc_id: int) -> None:
        """Take out what is there."""
        number = bisect_right(self._firsts, (at, doc_id)) - 1
        block = self._blocks[number]
        place = block.place(at, doc_id)
        del block.times[place]
        del block.ids[place]
        block.bits.discard(doc_id)
        if not block.ids:
            del self._blocks[number]
            del self._firsts[number]
        elif place == 0:
            self._firsts[number] = (block.times[0], block.ids[0])

    def between(self, first: float, last: float) -> Bits:
        """The ids whose time is in this range, both ends included."""
        return either(self._parts(first, last))

    def _parts(self, first: float, last: float) -> Iterator[Bits]:
        start = max(0, bisect_left(self._firsts, (first, -1)) - 1)
        end = bisect_right(self._firsts, (last, 1 << 62))
        for block in self._blocks[start:end]:
            if block.times[0] >= first and block.times[-1] <= last:
                yield block.bits
            else:
                low, high = bisect_left(block.times, first), bisect_right(block.times, last)
                yield Bits.of(block.ids[low:high])

    def page(self, wanted: Bits, skip: int, count: int, *, latest_first: bool = False) -> list[int]:
        """Up to `count` of the wanted ids in this order, after the first `skip`."""
        found: list[int] = []
        for block in reversed(self._blocks) if latest_first else self._blocks:
            size = block.bits.common_with(wanted)
            if skip >= size:
                skip -= size
                continue
            # Few are picked out at once; of many the first are soon met on a walk.
            mine: Bits | set[int] = wanted if size > _FEW else set(common([block.bits, wanted]))
            ids = reversed(block.ids) if latest_first else iter(block.ids)
            found += islice(filter(mine.__contains__, ids), skip, skip + count - len(found))
            if len(found) == count:
                break
            skip = 0
        return found

    def all(self) -> list[list[int]]:
        """Every id in this order, in pieces; a copy."""
        return [block.ids.copy() for block in self._blocks]

    def _insert(self, number: int, block: _Block) -> None:
        self._blocks.insert(number, block)
        self._firsts.insert(number, (block.times[0], block.ids[0]))

    def _cut(self, number: int) -> None:
        block = self._blocks[number]
        half = len(block.ids) // 2
        self._insert(number + 1, _Block(block.times[half:], block.ids[half:]))
        self._blocks[number] = _Block(block.times[:half], block.ids[:half])
