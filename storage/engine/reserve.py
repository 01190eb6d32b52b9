"""Disk space kept back, so that running tasks can still record their end when the disk is full."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from storage.engine.files import Files

log = logging.getLogger(__name__)

#: Thousands of task records.
RESERVE_BYTES = 4 * 1024**2

_PROBE_BYTES = 64 * 1024


class Reserve:
    """A file of allocated blocks that is given up when a write finds no room, and made again when there is some.

    Between the two the disk counts as full: nothing new is taken.
    """

    def __init__(self, path: Path, size: int, min_free_bytes: int, files: Files) -> None:
        self._path = path
        self._folder = str(path.parent)
        self._size = size
        self.min_free_bytes = min_free_bytes
        self._files = files
        self.full = False
        self._restore()

    def has_room(self) -> bool:
        """Whether something new may be stored; notices by itself when space returns."""
        try:
            if self._files.free_bytes(self._folder) < self.min_free_bytes:
                return False
        except OSError:
            return False
        return not self.full or self._restore()

    def refusal(self) -> str:
        """Why nothing new would be stored now, "" when it would; changes nothing."""
        try:
            free = self._files.free_bytes(self._folder)
        except OSError as error:
            return f"new tasks are refused: the free space of {self._folder} is not known ({error.strerror})"
        if free < self.min_free_bytes:
            least = self.min_free_bytes // 2**20
            # Without the figure of now: a sentence that changes would be told again and again.
            return f"new tasks are refused: less than {least} MiB is free below {self._folder}"
        return "the disk is full: new tasks are refused" if self.full else ""

    def release(self) -> bool:
        """Give the space up; True when there was some to give."""
        if not self.full:
            self.full = True
            log.warning("the disk is full: new tasks are refused until there is room again")
        try:
            if not self._path.exists():
                return False
            self._files.remove(self._path, "reserve")
            self._files.sync_folder(self._path.parent, "reserve")
        except OSError as error:
            log.warning("the reserved disk space cannot be released: %s", error.strerror)
            return False
        return True

    def note_full(self) -> None:
        """A write of something new found no room; the reserve stays for others."""
        if not self.full:
            self.full = True
            log.warning("the disk is full: new tasks are refused until there is room again")

    def _restore(self) -> bool:
        """Allocate the file if it is not there; False when there is no room for it, or none beside it."""
        try:
            if self._size and not (self._path.exists() and self._path.stat().st_size == self._size):
                self._allocate(self._path, self._size)
            elif self.full:
                # A quota does not show in the free space: only trying tells.
                probe = self._path.with_name("probe.tmp")
                self._allocate(probe, _PROBE_BYTES)
                probe.unlink()
        except OSError:
            self.full = True
            return False
        if self.full:
            log.warning("there is disk space again: new tasks are taken")
        self.full = False
        return True

    def _allocate(self, path: Path, size: int) -> None:
        try:
            fd = self._files.open(path, os.O_RDWR | os.O_CREAT)
            try:
                self._files.allocate(fd, size, "reserve")
            finally:
                os.close(fd)
        except OSError:
            path.unlink(missing_ok=True)
            raise
