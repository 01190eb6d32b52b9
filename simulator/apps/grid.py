"""How a grid of a picker scrolls: by pixels, with rows that are cut off at its edges."""

from __future__ import annotations

from collections.abc import Iterator


class ScrollingGrid:
    """Where the cells of a grid lie, in the pixels of the recorded screen."""

    def __init__(self, columns: int, pitch: int, height: int, *, padding: int = 0) -> None:
        """`pitch` is from one row to the next, `height` that of the part in view, `padding` above the first row."""
        self.columns, self.pitch, self.height, self.padding = columns, pitch, height, padding
        self.offset = 0  #: how far the content is moved up

    def move(self, distance: int, cells: int) -> None:
        """Move the content up by a distance, not beyond its ends."""
        rows = -(-cells // self.columns)
        last = max(0, self.padding + rows * self.pitch - self.height)
        self.offset = min(last, max(0, self.offset + distance))

    def to_top(self) -> None:
        self.offset = 0

    def in_view(self, cells: int) -> Iterator[tuple[int, int, int]]:
        """Place, column and top of every cell of which something is in view; the top counts from the grid's own."""
        for place in range(cells):
            top = self.padding + place // self.columns * self.pitch - self.offset
            if -self.pitch < top < self.height:
                yield place, place % self.columns, top
