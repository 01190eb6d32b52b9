"""What was taught as one screens file for another hub, and such a file taken apart into lessons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from jobs.hub.clock import utc
from jobs.input.toml_reading import TomlInvalid, read_toml
from jobs.post.screens.screens_file import Rule, ScreensFile, as_plain
from jobs.post.teaching.lessons import Lesson, laid
from jobs.post.teaching.refusals import Refused
from jobs.post.teaching.toml_text import screens_toml

#: The most bytes of a file that is imported.
MAX_IMPORT = 256 * 1024
#: A name that a lesson gave itself.
_OWN = re.compile(r"taught_(dialog|person)_[0-9]{1,9}")


def export(platform: str, lessons: Sequence[Lesson]) -> str:
    """The lessons that are on, as an operator's screens file with a remark about each."""
    on = [lesson for lesson in lessons if lesson.on]
    lines = [
        f"# What was taught to a hub for {platform}; docs/screens.md describes this form.",
        f'platform = "{platform}"',
        "",
    ]
    for lesson in on:
        when = utc(lesson.taught_at).date().isoformat()
        lines.append(
            f"# {when}, by {_plain(lesson.by) or 'unknown'}, from {lesson.screen or 'no picture'}: {_plain(lesson.sentence)}"
        )
    return "\n".join(lines) + "\n\n" + screens_toml(laid(on))


def taken_apart(platform: str, text: str, *, first: int, present: Sequence[Lesson]) -> list[Lesson]:
    """The lessons of a file: each new screen with its elements, and each further word and rule by itself.

    Args:
        platform: which app.
        text: the file.
        first: the id of the first lesson.
        present: lessons that count already; what says the same is left out.

    Raises:
        Refused: it is no screens file, has nothing in it, or more than words, elements and screens.
    """
    if len(text.encode("utf-8", "replace")) > MAX_IMPORT:
        raise Refused("toml", f"is larger than {MAX_IMPORT} bytes")
    try:
        file = msgspec.convert(read_toml(text.removeprefix("\ufeff")), ScreensFile, strict=False)
    except TomlInvalid as error:
        where = f"line {error.line}: " if error.line else ""
        raise Refused("toml", f"{where}{error}") from error
    except msgspec.ValidationError as error:
        raise Refused("toml", str(error).replace("`$.", "`")) from error
    if file.platform and file.platform != platform:
        raise Refused("toml", f"is a file for {file.platform}, not for {platform}")
    if as_plain(file) != ScreensFile():
        raise Refused(
            "toml",
            "has more than words, elements and screens: what else there is belongs into an operator's own file",
        )
    lessons = list(_parts(file))
    if not lessons:
        raise Refused("toml", "holds no word, no element and no screen")
    known = [_says(lesson) for lesson in present]
    new = [lesson for lesson in lessons if _says(lesson) not in known]
    return [_renamed(lesson, first + number) for number, lesson in enumerate(new)]


def _says(lesson: Lesson) -> object:
    """What a lesson adds, without the names that lessons give themselves and the remarks."""
    part = msgspec.to_builtins(_renamed(lesson, 0))
    return _without_remarks({key: part.get(key, {}) for key in ("words", "elements", "screens")})


def _without_remarks(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_remarks(v) for key, v in value.items() if key != "seen"}
    return [_without_remarks(v) for v in value] if isinstance(value, list | tuple) else value


def _renamed(lesson: Lesson, number: int) -> Lesson:
    """The lesson with an id, and with its own names made of that: two hubs give the same names to different things."""
    names: dict[str, str] = {}
    for name, screen in lesson.screens.items():
        if match := _OWN.fullmatch(name):
            names[name] = f"taught_{match[1]}_{number}"
            names |= {
                element: names[name] + element.removeprefix(name)
                for element in (*screen.all, *screen.any, *screen.next)
                if element.startswith(f"{name}_")
            }
    facts = msgspec.to_builtins(lesson)
    for key in ("elements", "screens"):
        facts[key] = _with_names(facts.get(key, {}), names)
    facts |= {"id": number, "name": names.get(lesson.name, lesson.name)}
    return msgspec.convert(facts, Lesson, strict=False)


def _with_names(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        return {names.get(key, key): _with_names(v, names) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


def _parts(file: ScreensFile) -> Iterator[Lesson]:
    taken: set[str] = set()
    for name, screen in file.screens.items():
        named = {*screen.all, *screen.any, *screen.none, *screen.next, *screen.never}
        own: dict[str, list[Rule]] = {e: r for e, r in file.elements.items() if e in named and e not in taken}
        taken |= own.keys()
        yield Lesson(
            name=name, sentence=f"the screen {name} of an imported file", screens={name: screen}, elements=own
        )
    for name, rules in file.elements.items():
        if name not in taken:
            yield Lesson(name=name, sentence=f"rules for {name} of an imported file", elements={name: rules})
    for name, entries in file.words.items():
        for entry in entries:
            languages = [key for key in entry if key != "seen"]
            yield Lesson(
                name=name,
                sentence=f'wordings of "{name}" of an imported file',
                words={name: [entry]},
                language=languages[0] if len(languages) == 1 else "",
            )


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
