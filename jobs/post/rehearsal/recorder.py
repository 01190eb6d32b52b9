"""Keeps what comes on the screen during a rehearsal: picture, UI tree, rules and times, in a folder of its own."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from jobs.hub.clock import Clock
from jobs.phone.errors import PhoneError
from jobs.phone.protocol import PhoneSession
from jobs.post.rehearsal.report import SeenScreen
from jobs.post.screens.recognise import Sight

_LOG = logging.getLogger(__name__)

#: Screens of which picture and tree are kept.
MAX_SCREENS = 40
MAX_FILE_BYTES = 4 * 1024**2
PICTURE_S = 5.0


class Recorder:
    """Records one rehearsal; used by its own thread alone."""

    def __init__(self, folder: Path, phone: PhoneSession, clock: Clock) -> None:
        """`folder` exists already."""
        self._folder = folder
        self._phone = phone
        self._clock = clock
        self._began = clock.monotonic()
        self._screens: list[SeenScreen] = []
        self.size: tuple[int, int] = (0, 0)

    def screen(self, sight: Sight) -> None:
        """A screen that has another name than the one before."""
        self._end_last()
        if len(self._screens) >= MAX_SCREENS:
            return
        number = len(self._screens) + 1
        self.size = sight.tree.size
        named = [*sight.screen.all, *sight.screen.any] if sight.screen else []
        found = {name: sight.find(name) for name in named}
        self._screens.append(
            SeenScreen(
                name=sight.name,
                kind=sight.kind,
                at_ms=self._now_ms(),
                rules={name: element.matched_rule for name, element in found.items() if element},
                tree=self._keep(f"{number:02d}.xml", sight.tree.source.encode("utf-8", "replace")),
                picture=self._picture(f"{number:02d}.png"),
            )
        )

    def screens(self) -> tuple[SeenScreen, ...]:
        """All that came, once it is over."""
        self._end_last()
        return tuple(self._screens)

    def _end_last(self) -> None:
        if self._screens and not self._screens[-1].stayed_ms:
            last = self._screens[-1]
            self._screens[-1] = msgspec.structs.replace(last, stayed_ms=max(1, self._now_ms() - last.at_ms))

    def _picture(self, name: str) -> str:
        try:
            picture = self._phone.screenshot(timeout_s=PICTURE_S)
        except PhoneError as error:  # the walk itself will meet what is wrong with the phone
            _LOG.debug("%s: no picture for the rehearsal: %s", self._phone.serial, error)
            return ""
        return self._keep(name, picture) if picture else ""

    def _keep(self, name: str, data: bytes) -> str:
        if len(data) > MAX_FILE_BYTES:
            return ""
        try:
            (self._folder / name).write_bytes(data)
        except OSError as error:
            _LOG.warning("%s of a rehearsal cannot be kept: %s", name, error.strerror)
            return ""
        return name

    def _now_ms(self) -> int:
        return round((self._clock.monotonic() - self._began) * 1000)
