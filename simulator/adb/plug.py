"""A phone's place on the bus: its links to adb servers, and the faults of the cable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from simulator.adb.link import Link, Service


class PlugOwner(Protocol):
    """What the plug needs of its phone."""

    name: str
    link_mb_s: float

    def banner(self) -> str: ...
    def service(self, name: str) -> Service | None: ...
    def later(self, seconds: float, action: Callable[[], None]) -> None: ...


class Plug:
    """The connections of one phone."""

    def __init__(self, phone: PlugOwner) -> None:
        self._phone = phone
        self._links: set[Link] = set()
        self.name = phone.name
        self.slices = False  #: answers travel in random small pieces
        self.ghost = False  #: listed as a device, answers nothing
        self.unauthorized = False  #: asks for a key and accepts none
        self.plugged = True  #: False while a fault keeps it off the bus
        self.on_change: Callable[[], None] = lambda: None  #: the host watches who is plugged in

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """An adb server connected to the phone's port."""
        if not self.plugged:
            writer.close()
            return
        link = Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run()
        except asyncio.CancelledError:
            writer.close()
        finally:
            self._links.discard(link)

    @property
    def link_mb_s(self) -> float:
        return self._phone.link_mb_s

    def banner(self) -> str:
        return self._phone.banner()

    def service(self, name: str) -> Service | None:
        return self._phone.service(name)

    def cut(self) -> None:
        """The cable is pulled and put back."""
        for link in list(self._links):
            link.cut()

    def pull(self, seconds: float) -> None:
        """Off the bus for this time."""
        self.plugged = False
        self.cut()
        self.on_change()
        self._phone.later(seconds, self._put_back)

    def _put_back(self) -> None:
        self.plugged = True
        self.on_change()

    def become_ghost(self, seconds: float) -> None:
        self.ghost = True
        self._phone.later(seconds, lambda: setattr(self, "ghost", False))

    def come_in_slices(self, seconds: float) -> None:
        self.slices = True
        self._phone.later(seconds, lambda: setattr(self, "slices", False))

    def lose_authorization(self, seconds: float) -> None:
        """Forget the box's key; the question on the screen is answered after this time."""
        self.unauthorized = True
        self.cut()
        self._phone.later(seconds, self._authorized)

    def _authorized(self) -> None:
        if self.unauthorized:
            self.unauthorized = False
            self.cut()

    def heal(self) -> None:
        """Undo the faults that last."""
        self.slices = self.ghost = False
        self._authorized()
