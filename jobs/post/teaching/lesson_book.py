"""The lessons of this hub: kept in the taught files, put in force after every change, switched on and off, forgotten."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.platforms import PLATFORMS
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.post.screens.screens_file import ScreensFile, ScreensInvalid, Vocabulary
from jobs.post.screens.vocabularies import Trusted, build, taught_languages, with_taught
from jobs.post.teaching import taught_files
from jobs.post.teaching.exchange import export
from jobs.post.teaching.lessons import MAX_LESSONS, Lesson, laid

_LOG = logging.getLogger(__name__)


class LessonBook:
    """All lessons, of every app. Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        folder: Path,
        *,
        trusted: Mapping[str, Trusted],
        use: Callable[[dict[str, Vocabulary]], None],
    ) -> None:
        """Reads the taught files; what cannot be read counts for nothing, and is never written over.

        Args:
            clock: the clock.
            folder: where the taught files lie.
            trusted: the shipped files with the operator's, by platform, as they are in force.
            use: puts the vocabularies in force with which posts are made; called after every change.
        """
        self._clock = clock
        self._folder = folder
        self.trusted = trusted
        self._use = use
        #: Held from the first look at the lessons to the last write of a change that follows from it.
        self.lock = threading.RLock()
        self.stand = 0  #: counts changes
        self._unreadable: dict[str, str] = {}
        self._fits: dict[str, tuple[list[Lesson], list[str]]] = {}
        self._built: dict[str, Vocabulary] = {}  #: what posts are made with
        self._lessons = self._read()

    def _read(self) -> dict[str, list[Lesson]]:
        found: dict[str, list[Lesson]] = {}
        for platform in PLATFORMS:
            try:
                found[platform] = taught_files.read(taught_files.path_of(self._folder, platform))
            except ScreensInvalid as error:
                _LOG.warning("nothing that was taught counts for %s: %s", platform, error)
                self._unreadable[platform] = str(error)
                found[platform] = []
        return found

    # -- vocabularies --------------------------------------------------------------------------------------

    def reader(self, platform: str) -> Vocabulary:
        """The vocabulary to read kept screens with: the words of all languages."""
        return build(self.trusted[platform], self.counting(platform))

    def rehearsing(self, platform: str) -> Vocabulary:
        """The vocabulary of rehearsals: words that were taught count in languages that are not covered, too."""
        taught = self.counting(platform)
        return build(self.trusted[platform], taught, covered_only=True, also=taught_languages(taught))

    def put_in_force(self, trusted: Mapping[str, Trusted] | None = None) -> None:
        """Build what posts are made with, once; lessons that do not fit are left out with a line in the log.

        `trusted`: the files after a reload; None leaves them as they are.
        """
        with self.lock:
            if trusted is not None:
                self.trusted = trusted
            self._fits.clear()
            self._built.clear()
            for sentence in self.left_out():
                _LOG.warning("%s", sentence)
            self._build()

    def _build(self) -> None:
        """Build the vocabularies that are not built yet, and hand all over."""
        self.stand += 1
        for platform, files in self.trusted.items():
            if platform not in self._built:
                self._built[platform] = build(files, self.counting(platform), covered_only=True)
        self._use(dict(self._built))

    def files(self, platform: str) -> ScreensFile:
        """All that counts of an app, as one file."""
        return with_taught(self.trusted[platform], self.counting(platform))

    def counting(self, platform: str) -> ScreensFile:
        """The lessons that count, laid over each other."""
        return laid(self.fitting(platform)[0])

    def on(self, platform: str) -> list[Lesson]:
        """The lessons that count, in the order in which they were taught."""
        return self.fitting(platform)[0]

    def fitting(self, platform: str) -> tuple[list[Lesson], list[str]]:
        """The lessons that count, and sentences about those that are on and do not."""
        with self.lock:
            if platform not in self._fits:
                self._fits[platform] = taught_files.fitting(self.trusted[platform], self._lessons[platform])
            return self._fits[platform]

    # -- lessons -------------------------------------------------------------------------------------------

    def all(self, platform: str = "") -> list[tuple[str, Lesson]]:
        """Every lesson with its app, the newest first."""
        with self.lock:
            found = [(p, lesson) for p in PLATFORMS if platform in ("", p) for lesson in self._lessons[p]]
        return sorted(found, key=lambda pair: -pair[1].id)

    def left_out(self) -> list[str]:
        """Sentences: lessons that are on and do not count, because they no longer fit the files."""
        with self.lock:
            sentences = [
                f"nothing that was taught counts for {p}: {why}" for p, why in self._unreadable.items()
            ]
            for platform in PLATFORMS:
                sentences += self.fitting(platform)[1]
        return sentences

    def switch(self, number: int, *, on: bool) -> tuple[str, Lesson]:
        """Switch a lesson on or off; whether it may be switched on was tried before. Raises NotFound, Invalid, StoreFailed."""
        with self.lock:
            platform, lesson = self.find(number)
            if lesson.on == on:
                return platform, lesson
            lesson = msgspec.structs.replace(lesson, on=on)
            self._keep(platform, [lesson if one.id == number else one for one in self._lessons[platform]])
            return platform, lesson

    def delete(self, number: int) -> None:
        """Forget a lesson. Raises NotFound, StoreFailed."""
        with self.lock:
            platform, _ = self.find(number)
            self._keep(platform, [one for one in self._lessons[platform] if one.id != number])

    def export(self, platform: str) -> str:
        """What counts of an app, as a screens file."""
        with self.lock:
            return export(platform, self.on(platform))

    def next_id(self) -> int:
        """The id of the next lesson."""
        return max((lesson.id for lessons in self._lessons.values() for lesson in lessons), default=0) + 1

    def find(self, number: int) -> tuple[str, Lesson]:
        """A lesson with its app. Raises NotFound."""
        for platform, lessons in self._lessons.items():
            for lesson in lessons:
                if lesson.id == number:
                    return platform, lesson
        raise NotFound(Problem("id", f"there is no lesson {number}"))

    def check_room(self, platform: str, more: int) -> None:
        """See that there is room for more lessons. Raises Invalid."""
        if len(self._lessons[platform]) + more > MAX_LESSONS:
            raise Invalid(
                Problem(
                    "", f"at most {MAX_LESSONS} lessons are kept of one app: delete some that nothing needs"
                )
            )

    def add(self, platform: str, lessons: Sequence[Lesson], by: str) -> list[Lesson]:
        """Keep lessons that were tried, and put them in force. Raises Invalid, StoreFailed."""
        with self.lock:
            self.check_room(platform, len(lessons))
            now = self._clock.now()
            new = [msgspec.structs.replace(lesson, taught_at=now, by=by[:60]) for lesson in lessons]
            good, bad = self.fitting(platform)
            self._keep(platform, [*self._lessons[platform], *new], ([*good, *new], bad))
        for lesson in new:
            _LOG.info("lesson %d of %s by %s: %s", lesson.id, platform, by or "unknown", lesson.sentence)
        return new

    def _keep(
        self, platform: str, lessons: list[Lesson], fits: tuple[list[Lesson], list[str]] | None = None
    ) -> None:
        """Write them, then put them in force. `fits`: what `fitting` will say, where that is known already."""
        if platform in self._unreadable:
            raise Invalid(
                Problem(
                    "",
                    f"the taught file of {platform} cannot be read, so nothing is written over it: {self._unreadable[platform]}",
                )
            )
        if len(taught_files.text_of(lessons).encode()) > taught_files.MAX_BYTES:
            raise Invalid(
                Problem("", "the taught file would become too large: delete lessons that nothing needs")
            )
        taught_files.write(self._folder, platform, lessons)
        self._lessons[platform] = lessons
        self._built.pop(platform, None)
        if fits is None:
            self._fits.pop(platform, None)
        else:
            self._fits[platform] = fits
        self._build()
