"""Sound files of local folders: one sound a line, used in order, each file with a position that outlives restarts."""

from __future__ import annotations

from pathlib import Path

from jobs.content.captions import unify_line_breaks
from jobs.input.values import Unreadable, read_typed, shorten
from jobs.media.local_folder import SOUND_NAMES, SOUND_URLS, AccountFolders
from storage.tables.meta import MetaStore


class SoundFiles:
    """Hands out the next sound of each file within one request; `keep` makes the positions last."""

    def __init__(self, memory: MetaStore) -> None:
        self._memory = memory
        self._positions: dict[str, int] = {}
        self.warnings: list[str] = []

    def next(self, folders: AccountFolders) -> tuple[str, Path] | None:
        """The next sound for this account and the file it stands in: links before names. Raises MediaRejected."""
        for name in (SOUND_URLS, SOUND_NAMES):
            found = folders.text(name)
            if found is None:
                continue
            path, text = found
            sounds = [line for line in self._lines(text, path) if self._usable(line, path)]
            if sounds:
                key = f"sound:{path}"
                position = self._positions.get(key)
                if position is None:
                    kept = self._memory.get(key, 0)
                    position = kept if isinstance(kept, int) else 0
                self._positions[key] = (position + 1) % len(sounds)
                return sounds[position % len(sounds)], path
        return None

    def keep(self) -> None:
        """Remember where each file is to go on."""
        for key, position in self._positions.items():
            self._memory.set(key, position)

    def _lines(self, text: str, path: Path) -> list[str]:
        return [line.strip() for line in unify_line_breaks(text).split("\n") if line.strip()]

    def _usable(self, line: str, path: Path) -> bool:
        good = len(line) <= 1000 and (path.name != SOUND_URLS or line.startswith("https://"))
        try:
            read_typed(line)
        except Unreadable:
            good = False
        warning = f'{path}: "{shorten(line)}" is not a sound that can be used; it is left out'
        if not good and warning not in self.warnings:
            self.warnings.append(warning)
        return good
