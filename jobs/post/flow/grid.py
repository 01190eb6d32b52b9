"""Chooses the first media of a picker's grid in order, scrolling it, and goes by the numbers that the app puts on the cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.phone.screen.tree import Node
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.screens.element import Element
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

#: Looks until the first chosen cell must be in view again, and the part of the grid's height that is moved back at once.
MAX_BACK = 24
BACK_PART = 0.6
#: After so many moves with the first chosen cell in view and nothing before it, the rest is the picker's own movement.
FIRST_LOOKS = 8
#: So many pixels beyond its end the grid is moved back, and so near to its first place a cell counts as being there.
BEYOND, AT_PLACE = 72, 3
#: Scrolls until the next cell must be in view; each moves by about a screen of the grid.
MAX_SCROLLS = 8
#: A swipe may be swallowed while the app loads thumbnails: the end of the grid is believed after this many.
END_SCROLLS = 2
#: A grid that looks the same for this time rests: a tap while it moves would hit another cell.
REST_S = 0.4
#: Looks until a grid must rest.
MAX_LOOKS = 12
#: A cell of which less is in view is cut off at an edge: its label or its tick may be hidden.
WHOLE_PART = 0.97
#: At the end of a grid, bars may lie over the last row for good: so much of a cell is enough there.
ENOUGH_PART = 0.5
#: Slower than a fling, which would carry the grid on by an unknown distance.
MS_PER_PIXEL = 1.2
#: Shorter than this, a drag may count as a tap.
MIN_PIXELS = 48
#: How long the number may take to appear on a cell that was tapped.
NUMBER_S = 4.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One medium of a grid. `number` is its place among the chosen ones, 0 where the app shows none."""

    node: Node
    number: int = 0


#: Reads the media of a grid that can be chosen, those at the edges included.
Reader = Callable[[Sight], Sequence[Cell]]


def in_reading_order(nodes: Sequence[Node]) -> list[Node]:
    """Nodes row by row, each row from the left."""
    return sorted(nodes, key=lambda n: (n.bounds[1], n.bounds[0]))


class GridWalk:
    """One walk through the grid of one picker. Pictures have no text: after a scroll only the numbers tell them apart."""

    def __init__(
        self,
        flow: Flow,
        read: Reader,
        *,
        chosen: Callable[[Sight], int],
        target: Callable[[Sight, Node], Node],
    ) -> None:
        """`read` gives the cells of this app's grid, `chosen` how many media the picker says are chosen, `target` what of a
        cell is tapped to choose it.
        """
        self._flow = flow
        self._read = read
        self._chosen = chosen
        self._target = target
        self._scrolled = False
        self._first_ends = 0  #: the lower edge of the grid's first cell while nothing was scrolled
        self._gain = 1.0  #: less where the grid goes further than the finger

    def choose(self, sight: Sight, count: int) -> Sight:
        """Choose the first `count` media in their order.

        Returns:
            The picker with all of them chosen.

        Raises:
            ScriptFailed: a number is not where it should be, the grid ends early, or the picker does not react.
        """
        if self._chosen(sight):
            raise stuck(sight, f"{self._chosen(sight)} media are chosen before anything was tapped")
        self._first_ends = next((c.node.bounds[3] for c in self._cells(sight)), 0)
        for number in range(1, count + 1):
            sight = self._choose_one(sight, number, count)
        return self._proved(sight, count)

    def _proved(self, sight: Sight, count: int) -> Sight:
        """See that the chosen media are the first of the grid, as it is now.

        A grid that still showed the gallery of before the push, or a part of it, is read anew while it is tapped: newer
        media then come in before or between those that were chosen. Where an app shows no numbers, nothing is proved.
        """
        name = sight.name
        sight = self._flow.driver.wait_change(sight, REST_S)
        went_back, without_effect, at_first = False, 0, 0
        for _ in range(MAX_BACK):
            if sight.name != name:
                sight = self._flow.reach(sight, name)
            cells = self._cells(sight)
            if not any(c.number for c in cells) and not self._scrolled:
                return sight
            self._check_order(sight, cells, count)
            first = next((c for c in cells if c.number == 1), None)
            if first is not None and not self._scrolled:
                return sight
            # Moved back further than to its place, it would lie lower if there were rows above it.
            at_top = first is not None and abs(first.node.bounds[3] - self._first_ends) <= AT_PLACE
            at_first += first is not None
            if (went_back and at_top) or without_effect >= END_SCROLLS or at_first > FIRST_LOOKS:
                break
            went_back = True
            moved = self._drag(sight, cells, -self._way_back(cells))
            without_effect = without_effect + 1 if _layout(cells) == _layout(self._cells(moved)) else 0
            sight = moved
        if not any(c.number == 1 for c in self._cells(sight)):
            raise stuck(sight, "the first of the chosen images is not found again in the picker's grid")
        return sight

    def _check_order(self, sight: Sight, cells: Sequence[Cell], count: int) -> None:
        """In view, the numbers must follow one another without a gap, with nothing before the first and after the last."""
        place = next((place for place, c in enumerate(cells) if c.number), None)
        if place is None:
            return
        whole = WHOLE_PART * max(c.node.height for c in cells)
        for number, cell in enumerate(cells, cells[place].number - place):
            hidden = cell.node.height < whole and not cell.number  # its number may be cut off
            if number < 1 or (cell.number != (number if number <= count else 0) and not hidden):
                raise stuck(
                    sight,
                    "the picker's grid has changed: the images that are chosen are not the first "
                    f"{count} of it any more",
                )

    def _way_back(self, cells: Sequence[Cell]) -> int:
        """How far the grid is moved back at once: a little beyond where the first chosen cell should be, where it ends."""
        top, bottom = min(c.node.bounds[1] for c in cells), max(c.node.bounds[3] for c in cells)
        known = next((c for c in cells if c.number), None)
        reach = int((bottom - top) * BACK_PART)
        if known is not None:
            rows = (known.number - 1) // len({c.node.bounds[0] for c in cells})
            row = max(c.node.height for c in cells)
            reach = min(reach, self._first_ends + rows * row - known.node.bounds[3] + BEYOND)
        return max(int(reach * self._gain), MIN_PIXELS)

    def _choose_one(self, sight: Sight, number: int, count: int) -> Sight:
        flow, name = self._flow, sight.name
        for _ in range(2):
            sight, node = self._next(sight, number - 1, count)
            target = self._target(sight, node)
            flow.driver.tap(Element(f"image {number} of {count}", target, "next cell of the grid"))
            sight = flow.driver.until(
                sight, lambda s: s.name != name or self._chosen(s) != number - 1, NUMBER_S
            )
            if sight.name != name:
                sight = flow.reach(sight, name)
            if self._chosen(sight) == number:
                self._check_place(sight, number)
                return sight
            if self._chosen(sight) != number - 1:
                break
        raise stuck(
            sight, f"choosing image {number} of {count} has no effect: {self._chosen(sight)} are chosen"
        )

    def _check_place(self, sight: Sight, number: int) -> None:
        """The new number must stand right behind the one before it, or another medium was chosen."""
        numbers = [cell.number for cell in self._cells(sight)]
        if not any(numbers):
            return
        place = numbers.index(number) if number in numbers else -1
        right = place == 0 if number == 1 else place > 0 and numbers[place - 1] == number - 1
        if not right:
            raise stuck(sight, f"number {number} is not on the image that was tapped")

    def _cells(self, sight: Sight) -> list[Cell]:
        return sorted(self._read(sight), key=lambda c: (c.node.bounds[1], c.node.bounds[0]))

    def _next(self, sight: Sight, last: int, count: int) -> tuple[Sight, Node]:
        """Bring the cell behind the one with the number `last` wholly into view."""
        flow, name = self._flow, sight.name
        without_effect = 0
        for _ in range(MAX_SCROLLS):
            cells = self._cells(sight)
            place = self._place_behind(cells, last)
            if place is not None and place < len(cells):
                cell = cells[place]
                needed = WHOLE_PART if without_effect < END_SCROLLS else ENOUGH_PART
                if cell.node.height >= needed * max(c.node.height for c in cells):
                    return sight, cell.node
            if without_effect >= END_SCROLLS:
                break
            if last and not self._scrolled and not any(c.number for c in cells):
                raise stuck(
                    sight,
                    f"the picker shows {len(cells)} of {count} images and no numbers on chosen ones: "
                    "after scrolling nothing would tell which is which",
                )
            moved = self._scroll(sight, cells, place)
            if moved.name != name:
                moved = flow.reach(moved, name)
            without_effect = without_effect + 1 if _layout(cells) == _layout(self._cells(moved)) else 0
            sight = moved
        if without_effect >= END_SCROLLS and self._place_behind(self._cells(sight), last) is not None:
            raise ScriptFailed(
                ErrorCode.NOT_INDEXED,
                f"the picker's grid ends after {last} of {count} images",
                step=name,
            )
        raise stuck(sight, f"the image after number {last} of {count} is not found in the picker's grid")

    def _place_behind(self, cells: Sequence[Cell], last: int) -> int | None:
        """The place in view of the cell behind number `last`, perhaps beyond the end; None when nothing tells."""
        if last == 0:
            return None if self._scrolled else 0
        for place, cell in enumerate(cells):
            if cell.number == last:
                return place + 1
        return last if not self._scrolled and not any(c.number for c in cells) else None

    def _scroll(self, sight: Sight, cells: Sequence[Cell], place: int | None) -> Sight:
        """Move the grid on, so far that the last chosen cell stays in view; or back when that was lost."""
        if not cells:
            return self._flow.driver.wait_change(sight, 3.0)
        self._scrolled = True
        top, bottom = min(c.node.bounds[1] for c in cells), max(c.node.bounds[3] for c in cells)
        row = max(c.node.height for c in cells)
        reach = int(0.7 * (bottom - top))
        if place is None:
            self._gain /= 2
            distance = min(-MIN_PIXELS, -int(min(reach, row) * self._gain))
        else:
            anchor = cells[place - 1].node if place else cells[0].node
            distance = int(min(reach, max(anchor.bounds[1] - top - row // 5, row * 2 // 5)) * self._gain)
            distance = max(distance, MIN_PIXELS)
        return self._drag(sight, cells, distance)

    def _drag(self, sight: Sight, cells: Sequence[Cell], distance: int) -> Sight:
        """Move the grid on by so many pixels, back where they are negative, and wait until it rests."""
        driver = self._flow.driver
        if not cells:
            return driver.wait_change(sight, 3.0)
        left, right = min(c.node.bounds[0] for c in cells), max(c.node.bounds[2] for c in cells)
        top, bottom = min(c.node.bounds[1] for c in cells), max(c.node.bounds[3] for c in cells)
        edge = (bottom - top) // 8
        start = bottom - edge if distance > 0 else top + edge
        x = (left + right) // 2
        duration_ms = max(300, int(abs(distance) * MS_PER_PIXEL))
        driver.drag((x, start), (x, start - distance), "the picker's grid", duration_ms=duration_ms)
        return self._at_rest(sight)

    def _at_rest(self, sight: Sight) -> Sight:
        """The first look that shows the same cells as the one before it."""
        driver = self._flow.driver
        sight = driver.observe()
        for _ in range(MAX_LOOKS):
            before = _layout(self._cells(sight))
            sight = driver.wait_change(sight, REST_S)
            if _layout(self._cells(sight)) == before:
                return sight
        raise stuck(sight, "the picker's grid does not come to rest")


def _layout(cells: Sequence[Cell]) -> list[tuple[object, ...]]:
    """Where the cells lie and what they say; equal when the grid did not move."""
    return [(c.node.bounds, c.node.content_desc, c.number) for c in cells]
