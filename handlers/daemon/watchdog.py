"""Whether posting and storing go on: what feeds the service watchdog."""

from __future__ import annotations

from collections.abc import Callable

from jobs.hub.clock import Clock

#: A helper thread overdue by more than this is taken for hung, and the watchdog is no longer fed.
STALE_S = 30.0
#: How long a write to the disk may take. A worn card needs many seconds, and a restart does not make it faster: it would end
#: posts in the middle, and the next start begins with a write.
DISK_STALE_S = 120.0


class Watchdog:
    """Asked every few seconds by one thread."""

    def __init__(
        self, clock: Clock, *, stuck_s: Callable[[], float], write_under_way: Callable[[], int]
    ) -> None:
        """`stuck_s` is of the slowest helper thread that waits for no disk; `write_under_way` numbers the write the disk has, 0: none."""
        self._clock = clock
        self._stuck_s = stuck_s
        self._write_under_way = write_under_way
        self._write = (0, 0.0)  #: the write to the disk last seen under way, and since when

    def content(self) -> bool:
        """Whether no helper thread and no write to the disk hangs."""
        return self._stuck_s() < STALE_S and self._writing_s() < DISK_STALE_S

    def _writing_s(self) -> float:
        """How long the disk has had the same write, as far as the looks at it can tell."""
        write = self._write_under_way()
        if not write or write != self._write[0]:
            self._write = (write, self._clock.monotonic())
        return self._clock.monotonic() - self._write[1]
