"""The taught file of each app in the state directory: read with the same checks as lessons have, written whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from jobs.hub.platforms import PLATFORMS
from jobs.input.toml_reading import read_toml
from jobs.input.toml_writing import table
from jobs.post.screens.checks.additions import objections
from jobs.post.screens.drawn import unclear
from jobs.post.screens.file_checks import check
from jobs.post.screens.screens_file import ScreensFile, ScreensInvalid
from jobs.post.screens.vocabularies import Trusted, drawn_objections, reading, with_taught
from jobs.post.teaching.lessons import MAX_LESSONS, Lesson, laid
from jobs.post.teaching.toml_text import sections
from storage.engine.files import Files
from storage.errors import StoreFailed

#: The folder in the state directory, and the most bytes of one of its files.
FOLDER, MAX_BYTES = "taught", 512 * 1024
_HEAD = """\
# What was taught to this hub, one lesson after the other; docs/screens.md describes words, elements and screens.
# The console and the API write this file. By hand it may be changed only while the daemon is stopped.
"""


class _Content(msgspec.Struct, frozen=True):
    lessons: dict[str, Lesson] = {}


class Counting(msgspec.Struct, frozen=True):
    """What of the taught files counts, and what does not."""

    files: dict[str, ScreensFile]
    left_out: list[str]  #: sentences


def path_of(folder: Path, platform: str) -> Path:
    return folder / f"{platform}.toml"


def read(path: Path) -> list[Lesson]:
    """All lessons of a file in the order of their ids; [] where there is no file.

    Raises:
        ScreensInvalid: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ScreensInvalid(str(path), [f"is larger than {MAX_BYTES} bytes"])
        content = msgspec.convert(read_toml(data.decode("utf-8")), _Content, strict=False)
        lessons = [msgspec.structs.replace(lesson, id=int(key)) for key, lesson in content.lessons.items()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ScreensInvalid(str(path), [f"cannot be read: {error.strerror or error}"]) from error
    except (ValueError, RecursionError) as error:
        raise ScreensInvalid(str(path), [f"is no file of lessons: {error}"]) from error
    twice = [number for number, times in Counter(lesson.id for lesson in lessons).items() if times > 1]
    if twice:  # written back, one of them would be lost
        raise ScreensInvalid(str(path), [f"holds lesson {number} twice" for number in twice])
    return sorted(lessons, key=lambda lesson: lesson.id)


def text_of(lessons: Sequence[Lesson]) -> str:
    """The file that holds these lessons."""
    lines = [_HEAD]
    for lesson in lessons:
        facts = msgspec.to_builtins(lesson)
        about = {"on": lesson.on} | {
            key: facts[key] for key in facts if key not in ("id", "on", "words", "elements", "screens")
        }
        lines += table(f"lessons.{lesson.id}", about)
        lines += sections(lesson.part, f"lessons.{lesson.id}.")
    return "\n".join(lines)


def write(folder: Path, platform: str, lessons: Sequence[Lesson]) -> None:
    """Replace the file of an app. Raises StoreFailed; then the one before is still there."""
    data = text_of(lessons).encode("utf-8")
    try:
        files = Files()
        files.make_folder(folder)
        files.replace(path_of(folder, platform), [data], "taught file")
    except OSError as error:
        raise StoreFailed(f"what was taught cannot be kept: {error.strerror or error}") from error


def counting(folder: Path | None, trusted: Mapping[str, Trusted]) -> Counting:
    """What counts of the taught files; a lesson that does not fit any more is left out, never a reason to stop."""
    files: dict[str, ScreensFile] = {}
    left_out: list[str] = []
    for platform, base in trusted.items() if folder is not None else ():
        try:
            lessons = read(path_of(folder, platform))  # type: ignore[arg-type]
        except ScreensInvalid as error:
            left_out.append(f"nothing that was taught counts for {platform}: {error}")
            continue
        good, bad = fitting(base, lessons)
        files[platform] = laid(good)
        left_out += bad
    return Counting(files, left_out)


def speak(folder: Path, language: str) -> bool:
    """Whether a lesson, on or off, gives words in a language; a file that cannot be read may hold one."""
    try:
        taught = [lesson for platform in PLATFORMS for lesson in read(path_of(folder, platform))]
    except ScreensInvalid:
        return True
    return any(language in entry for one in taught for entries in one.words.values() for entry in entries)


def fitting(trusted: Trusted, lessons: Sequence[Lesson]) -> tuple[list[Lesson], list[str]]:
    """The lessons that are on and fit together, and sentences about those that do not.

    Each half is judged as a whole, and taken apart only where it does not fit: to judge is slow, and few lessons are unfit.
    """
    on = [lesson for lesson in lessons[:MAX_LESSONS] if lesson.on]
    good: list[Lesson] = []
    bad: list[str] = []
    parts = [on] if on else []
    while parts:
        part = parts.pop()
        problems = problems_of(trusted, [*good, *part])
        if not problems:
            good += part
        elif len(part) == 1:
            bad.append(_left_out(part[0], problems[0]))
        else:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
    bad += [
        _left_out(lesson, f"at most {MAX_LESSONS} lessons of one app count")
        for lesson in lessons[MAX_LESSONS:]
        if lesson.on
    ]
    return good, bad


def _left_out(lesson: Lesson, why: str) -> str:
    return f"lesson {lesson.id} ({lesson.name or lesson.means}) does not count: {why}"


def problems_of(trusted: Trusted, lessons: Sequence[Lesson]) -> list[str]:
    """What speaks against these lessons together, by their text and on the drawn screens."""
    taught = laid(lessons)
    named = Counter(name for lesson in lessons if lesson.on for name in lesson.screens)
    problems = [
        f"screens.{name}: another lesson says what this screen is" for name in named if named[name] > 1
    ]
    problems += objections(trusted.merged, taught, lesson=True)
    if problems:
        return problems
    try:
        after = check(with_taught(trusted, taught), "what was taught")
    except ScreensInvalid as error:
        return error.problems
    return unclear(after) or drawn_objections(reading(trusted), after)
