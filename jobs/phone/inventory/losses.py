"""Groups phones that disconnect within two seconds into one event per USB hub (ADB-13)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

#: Losses within this time may have one cause.
TOGETHER_S = 2.0
#: How many phones of one USB hub must be lost together for the hub to be named.
HUB_PHONES = 2


class Lost(NamedTuple):
    """Phones that were lost at one time; `hub` is the USB path that they share, "" for single ones."""

    at: float  #: epoch seconds
    serials: tuple[str, ...]
    hub: str
    server: str = ""  #: the adb server of that hub, where there are several

    @property
    def sentence(self) -> str:
        return self.naming(str)

    def naming(self, named: Callable[[str], str]) -> str:
        """The sentence, with each phone as `named` calls it."""
        names = ", ".join(map(named, self.serials[:5])) + ("…" if len(self.serials) > 5 else "")
        if self.hub:
            where = f"{self.hub} of {self.server}" if self.server else self.hub
            return f"{len(self.serials)} phones on USB hub {where} were lost together: {names}"
        return f"the link to {names} was lost"


class Losses:
    """Collects single losses and gives them out grouped, once no more can belong to them."""

    def __init__(self, server: str = "") -> None:
        """`server` is the name of the adb server whose phones these are, where there are several."""
        self._server = server
        self._open: list[tuple[float, float, str, str]] = []
        self.recent: deque[Lost] = deque(maxlen=100)

    def lost(self, now: float, wall: float, serial: str, usb_path: str) -> None:
        """`now` is monotonic, `wall` what people read."""
        self._open.append((now, wall, serial, usb_path))

    @property
    def due_at(self) -> float | None:
        """When `grouped` has something to say."""
        return self._open[0][0] + TOGETHER_S if self._open else None

    def grouped(self, now: float) -> list[Lost]:
        """Events whose time of collecting is over."""
        if not self._open or now < self._open[0][0] + TOGETHER_S:
            return []
        batch, self._open = self._open, []
        hubs: dict[str, list[str]] = {}
        for _, _, serial, path in batch:
            hubs.setdefault(_hub(path), []).append(serial)
        events = []
        for hub, serials in hubs.items():
            unique = tuple(dict.fromkeys(serials))
            if hub and len(unique) >= HUB_PHONES:
                events.append(Lost(batch[0][1], unique, hub, self._server))
            else:
                events += [Lost(batch[0][1], (serial,), "", self._server) for serial in unique]
        self.recent.extend(events)
        return events


def _hub(usb_path: str) -> str:
    """The hub above a port: "1-2.3" hangs on "1-2", and "1-2" on bus "1"."""
    for separator in (".", "-"):
        head, found, _ = usb_path.rpartition(separator)
        if found:
            return head
    return ""
