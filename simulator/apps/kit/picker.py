"""A picker of media: a grid that scrolls by pixels, with rows cut off at its edges, and what is chosen in it."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.apps.base import MediaRow
from simulator.apps.kit.stage import AppT, Screen


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


class MediaPicker(Screen[AppT]):
    """What the media store lists, if the app may read it; a tap chooses, another one takes it out again."""

    first_cells = 0  #: cells before the first medium (the camera's)
    most = 1000  #: how many can be chosen

    def __init__(self, app: AppT, grid: ScrollingGrid, *, granted: bool) -> None:
        super().__init__(app)
        self.grid = grid
        self.granted = granted
        self.chosen: list[MediaRow] = []
        late = app.phone.fault("late-gallery")
        self.late = 0 if late is None else int(late) if str(late).isdecimal() else 1

    def rows(self) -> list[MediaRow]:
        return self.app.phone.media()[self.late :] if self.granted else []

    def read_anew(self) -> None:
        """Show what the media store lists now, a moment after a touch."""

        def show() -> None:
            self.late = 0

        if self.late:
            self.app.later(0.2, show)

    def number(self, row: MediaRow) -> int:
        """Its place among the chosen ones, from 1; 0 where it is none of them."""
        return next((place for place, chosen in enumerate(self.chosen, 1) if chosen.id == row.id), 0)

    def toggle(self, row: MediaRow) -> None:
        self.read_anew()
        if self.number(row):
            self.chosen = [chosen for chosen in self.chosen if chosen.id != row.id]
        elif len(self.chosen) < self.most:
            self.chosen.append(row)

    def drag(self, distance: int) -> None:
        """Some of the way the grid goes on by itself."""
        rest = distance // 4
        self._move(distance - rest)
        self.app.later(0.2, lambda: self._move(rest))
        self.changed()

    def _move(self, distance: int) -> None:
        self.grid.move(distance, self.first_cells + len(self.rows()))
