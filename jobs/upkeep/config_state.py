"""What of the config is in force in the running daemon, and in what the files on disk differ from it by now."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from jobs.hub.config_file import ConfigInvalid, ConfigProblem, LoadedConfig, describe, load_config
from jobs.hub.reload import Change, merge
from jobs.hub.settings import Settings
from jobs.post.screens.screens_file import OVERLAYS, ScreensInvalid, Vocabulary
from jobs.post.screens.vocabularies import (
    Trusted,
    check_language,
    read_all_trusted,
    read_usable,
    vocabularies_of,
)
from jobs.post.teaching import taught_files

_LOG = logging.getLogger(__name__)

_RELOAD = "systemctl reload tikmatrixd"
_RESTART = "systemctl restart tikmatrixd"
#: Keys named in one sentence; the command `config` has all.
_KEYS_SHOWN = 6


class Candidate(msgspec.Struct, frozen=True):
    """What the files say now, checked as a whole: it may be put in force."""

    loaded: LoadedConfig
    change: Change
    trusted: dict[str, Trusted]  #: the screens files of each app
    vocabularies: dict[str, Vocabulary]
    screens: dict[str, bytes]  #: SHA-256 of each file laid over the shipped ones
    screens_changed: bool


class ConfigState:
    """Reads the files again when asked, or when they have changed; never puts anything in force by itself. Thread-safe."""

    def __init__(self, config: LoadedConfig) -> None:
        """An operator's screens file that is refused is left out: the hub posts with the shipped ones, and says so.

        An update may judge more strictly than the version before, and a hub that does not start says nothing to anybody.
        Raises ScreensInvalid when a shipped file cannot be used, or `phones.set_app_language` is not covered.
        """
        self._lock = threading.Lock()
        self._in_force = config
        settings = config.settings
        self._screens = _sums(settings.posting.screens_dir)
        self.trusted, refused = read_usable(settings.posting.screens_dir)
        self._left_out = _left_out(refused)
        for sentence in self._left_out:
            _LOG.error("%s", sentence)
        self.vocabularies = self._vocabularies(settings, self.trusted, lenient=bool(refused))
        self._stamp: tuple[object, ...] = ()  # not looked at yet: the file may have changed since it was read
        self._notices: list[str] = []
        self._waiting: frozenset[str] = frozenset()

    def read(self) -> Candidate:
        """The files as they are now. Raises ConfigInvalid with every problem, those of screens files too."""
        before = self._in_force
        loaded = load_config(before.path).overridden(before.command_line)
        change = merge(before.settings, loaded.settings)
        folder = change.settings.posting.screens_dir
        screens = _sums(folder)
        try:
            trusted = read_all_trusted(folder)
            vocabularies = self._vocabularies(change.settings, trusted)
        except ScreensInvalid as error:
            problems = [ConfigProblem("", f"{error.file}: {problem}") for problem in error.problems]
            raise ConfigInvalid(None, problems) from error
        return Candidate(loaded, change, trusted, vocabularies, screens, screens != self._screens)

    @staticmethod
    def _vocabularies(
        settings: Settings, trusted: dict[str, Trusted], *, lenient: bool = False
    ) -> dict[str, Vocabulary]:
        """The vocabularies with what was taught. Raises ScreensInvalid.

        `lenient`: a language to which apps are set may be missing, since a file that may cover it was left out.
        """
        folder = settings.posting.screens_dir
        lessons = Path(settings.storage.state_dir) / taught_files.FOLDER
        vocabularies = vocabularies_of(trusted, taught_files.counting(lessons, trusted).files)
        language = settings.phones.set_app_language
        try:
            check_language(vocabularies, language, folder)
        except ScreensInvalid as error:
            # Lessons that are off or fit no more are no reason to stop: no app is set to what is not covered.
            if not lenient and not taught_files.speak(lessons, language.partition("-")[0]):
                raise
            what = "a screens file was left out" if lenient else "what was taught for it does not count"
            _LOG.warning("%s: %s; until it does count no app is set to it", error, what)
        return vocabularies

    def take(self, candidate: Candidate) -> None:
        """From now on this is in force."""
        with self._lock:
            settings = candidate.change.settings
            self._in_force = msgspec.structs.replace(candidate.loaded, settings=settings)
            self.trusted, self.vocabularies = candidate.trusted, candidate.vocabularies
            self._screens = candidate.screens
            self._left_out = []
            self._stamp = ()  # looked at anew: some of it may wait for a restart

    def notices(self) -> list[str]:
        """In what the files differ from what is in force, in sentences for people. Reads only files that have changed."""
        with self._lock:
            self._look()
            return [*self._left_out, *self._notices]

    def text(self) -> str:
        """What is in force as TOML, with the source of each value; secrets masked."""
        with self._lock:
            self._look()
            return describe(self._in_force, self._waiting)

    def _look(self) -> None:
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            candidate = self.read()
        except ConfigInvalid as error:
            if self._left_out and error.path is None:  # the screens files: said above
                self._notices, self._waiting = [], frozenset()
                return
            first, more = error.problems[0], len(error.problems) - 1
            also = f" (and {more} more)" if more else ""
            where = f"{error.path}: " if error.path else ""
            self._notices = [
                f"the config on disk has mistakes, so what was read before stays in force: {where}{first}{also}"
            ]
            self._waiting = frozenset()
            return
        waiting = candidate.change.restart_needed
        changed = [key for key in candidate.change.changed if key not in waiting]
        if candidate.screens_changed and "posting.screens_dir" not in changed:
            changed.append("the screens files")
        self._notices = []
        if not changed and not waiting:  # comments at most: the lines may be others
            settings = self._in_force.settings
            self._in_force = msgspec.structs.replace(candidate.loaded, settings=settings)
        if changed:
            self._notices.append(f"on disk but not in force: {_shown(changed)}; take it over with: {_RELOAD}")
        if waiting:
            self._notices.append(f"on disk but not in force before a restart: {_shown(waiting)}: {_RESTART}")
        self._waiting = frozenset((*changed, *waiting))

    def _stamp_now(self) -> tuple[object, ...]:
        folder = self._in_force.settings.posting.screens_dir
        overlays = [Path(folder) / name for name in OVERLAYS] if folder else []
        config = [] if self._in_force.path is None else [self._in_force.path]
        return tuple(_stamp(path) for path in (*config, *overlays))


def _left_out(refused: Sequence[ScreensInvalid]) -> list[str]:
    """One sentence for each file; one that all apps share is refused for each of them."""
    said = dict.fromkeys(
        f"{error.file} is refused and left out, posts go with the shipped screens: {error.problems[0]}"
        + (f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else "")
        + f"; check-config names all; once it is good: {_RELOAD}"
        for error in refused
    )
    return list(said)


def _sums(folder: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in (Path(folder) / name for name in OVERLAYS if folder):
        with contextlib.suppress(OSError):  # the next read says why it cannot be read
            found[path.name] = hashlib.sha256(path.read_bytes()).digest()
    return found


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        facts = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    return facts.st_mtime_ns, facts.st_size, facts.st_ino, facts.st_ctime_ns


def _shown(keys: list[str]) -> str:
    more = len(keys) - _KEYS_SHOWN
    return ", ".join(keys[:_KEYS_SHOWN]) + (f" and {more} more" if more > 0 else "")
