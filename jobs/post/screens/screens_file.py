"""The shape of a screens file: words, elements and screens as TOML, checked when read and laid over each other."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from jobs.post.screens.labels import Word, word_from_entries

Kind = Literal["path", "interruption", "human", "progress", "success", "failure"]
Texts = str | tuple[str, ...]
Side = Literal["left", "right", "top", "bottom"]
Pick = Literal["first", "last", "left", "right", "top", "bottom", "smallest"]

#: Files that an operator may lay over the shipped ones.
OVERLAYS = ("android.toml", "tiktok.toml", "instagram.toml")
PLATFORMS = ("tiktok", "instagram")
SHIPPED = Path(__file__).parent
#: Elements that no rule explains: what lies beside the topmost sheet, and closes it.
BUILT_IN = frozenset({"scrim"})


class ScreensInvalid(ValueError):
    """A screens file cannot be used; `problems` says all that is wrong with it."""

    def __init__(self, file: str, problems: list[str]) -> None:
        super().__init__(f"{file}: " + "; ".join(problems))
        self.file = file
        self.problems = problems


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way to find an element: a node for which everything that is given here holds.

    Texts are a literal or "@word"; a list means any of them. The words of this struct are explained in docs/screens.md.
    """

    text: Texts = ()
    desc: Texts = ()
    label: Texts = ()  #: text or content-desc
    hint: Texts = ()
    id: Texts = ()  #: resource-id without package
    cls: Texts = msgspec.field(default=(), name="class")  #: end of the class name
    package: Texts = ()  #: part of the package name ("=x": all of it); lifts the limit to the app's own nodes
    clickable: bool | None = None
    enabled: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    selected: bool | None = None
    focused: bool | None = None
    scrollable: bool | None = None
    editable: bool | None = None  #: a text field
    empty: bool | None = None  #: shows nothing but its placeholder
    labelled: bool | None = None  #: has a text or content-desc of its own
    #: where people's texts cannot stand: "dialog" the heading of a sheet or dialog, or an id that only dialogs have;
    #: "app" there, or on a page that shows nothing that people wrote; "button" alone on a button of these
    place: Literal["", "dialog", "app", "button"] = ""
    zone: tuple[float, float, float, float] | None = None  #: the centre lies in it; fractions of the screen
    min_size: tuple[float, float] | None = None  #: fractions of the screen
    max_size: tuple[float, float] | None = None
    touches: Side | None = None
    inside: str = ""  #: lies within that element
    corner: Literal["", "top-right", "top-left", "bottom-right", "bottom-left"] = (
        ""  #: of the element of `inside`
    )
    holds: str = ""  #: that element lies within the node
    row_of: str = ""  #: shares the height of that element
    column_of: str = ""  #: has the left edge of that element
    right_of: str = ""
    left_of: str = ""
    above: str = ""
    below: str = ""
    without: tuple[str, ...] = ()  #: none of these elements is the node, lies in it or holds it
    pick: Pick = "first"
    versions: tuple[str, ...] = ()  #: holds only for app versions that start like one of these
    seen: str = ""


class Containers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an app names what lies over its screens, in the same window."""

    boxes: tuple[str, ...] = ()  #: resource-ids of sheets and dialogs
    scrims: tuple[str, ...] = ()  #: resource-ids of what takes the touches beside a sheet
    titles: str = ""  #: "@word": what a box calls itself to a screen reader
    dialog_ids: tuple[
        str, ...
    ] = ()  #: ids that only dialogs have; one that ends with "_" stands for all that begin so
    people: tuple[str, ...] = ()  #: elements of pages that show what people wrote

    def over(self, below: Containers) -> Containers:
        """The names of both."""
        return Containers(
            boxes=(*below.boxes, *self.boxes),
            scrims=(*below.scrims, *self.scrims),
            titles=self.titles or below.titles,
            dialog_ids=(*below.dialog_ids, *self.dialog_ids),
            people=(*below.people, *self.people),
        )


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a screen is told, and what is tapped there."""

    kind: Kind
    layer: int  #: the screen with the highest layer that fits is the one on top
    all: tuple[str, ...] = ()  #: each of these elements must be there
    any: tuple[str, ...] = ()  #: one of these
    none: tuple[str, ...] = ()  #: none of these
    next: tuple[str, ...] = ()  #: the first of these that is there is tapped
    never: tuple[str, ...] = ()  #: a tap here must not hit any of these
    #: `next` may be tapped only after the commit, or while posting: before and after it, but not in search of a lost post
    phase: Literal["", "after", "posting"] = ""
    #: a sheet or dialog lies over the app; a screen that asks for nothing else is any of them
    cover: bool = False
    #: on a side path: legal only after one of these elements was tapped, or the flow has asked for it
    asked_by: tuple[str, ...] = ()
    error: str = ""  #: stable error word of a human-needed or failure screen
    says: str = ""  #: sentence for people
    trace: bool = (
        False  #: a sign of an upload that may stand there from an earlier one; `all` begins with its element
    )
    seen: str = ""
    off: bool = False  #: an overlay can switch a shipped screen off


class ScreensFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file as written."""

    platform: str = ""
    packages: tuple[str, ...] = ()
    covered: tuple[
        str, ...
    ] = ()  #: languages whose words are complete, stop words included; no other is driven
    containers: Containers = Containers()
    words: dict[str, list[dict[str, str | list[str]]]] = {}
    elements: dict[str, list[Rule]] = {}
    screens: dict[str, Screen] = {}


class Vocabulary(msgspec.Struct, frozen=True):
    """Everything known about the screens of one app, checked and ready to be matched."""

    platform: str
    packages: tuple[str, ...]
    covered: tuple[str, ...]
    words: dict[str, Word]
    elements: dict[str, tuple[Rule, ...]]
    screens: tuple[tuple[str, Screen], ...]  #: by layer, topmost first
    containers: Containers = Containers()

    def screen(self, name: str) -> Screen:
        return dict(self.screens)[name]


def read_file(path: Path) -> ScreensFile:
    """Read one screens file. Raises ScreensInvalid with what is wrong and where."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), ScreensFile, strict=False)
    except OSError as error:
        raise ScreensInvalid(str(path), [f"cannot be read: {error.strerror or error}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ScreensInvalid(str(path), [f"is not TOML: {error}"]) from error
    except msgspec.ValidationError as error:
        raise ScreensInvalid(str(path), [str(error).replace("`$.", "`")]) from error


def lay_over(below: ScreensFile, above: ScreensFile) -> ScreensFile:
    """Merge two files by name: words add up, rules of `above` are tried first, screens of `above` replace."""
    words = dict(below.words)
    for name, entries in above.words.items():
        words[name] = [*words.get(name, []), *entries]
    elements = dict(below.elements)
    for name, rules in above.elements.items():
        elements[name] = [*rules, *elements.get(name, [])]
    return ScreensFile(
        platform=above.platform or below.platform,
        packages=tuple(dict.fromkeys((*below.packages, *above.packages))),
        covered=tuple(dict.fromkeys((*below.covered, *above.covered))),
        containers=above.containers.over(below.containers),
        words=words,
        elements=elements,
        screens={**below.screens, **above.screens},
    )


def _texts(value: Texts) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _named(rule: Rule) -> list[str]:
    """The elements that a rule refers to."""
    places = (rule.inside, rule.holds, rule.row_of, rule.column_of, rule.right_of, rule.left_of)
    return [name for name in (*places, rule.above, rule.below, *rule.without) if name]


def _circles(elements: dict[str, list[Rule]]) -> list[str]:
    """Elements that are explained by themselves, over however many steps."""
    refers = {name: {n for rule in rules for n in _named(rule)} for name, rules in elements.items()}
    problems = []
    for name, direct in refers.items():
        seen: set[str] = set()
        todo = set(direct)
        while todo:
            step = todo.pop()
            if step not in seen:
                seen.add(step)
                todo |= refers.get(step, set())
        if name in seen:
            problems.append(f"elements.{name}: is explained by itself")
    return problems


def _rule_problems(where: str, rule: Rule, words: dict[str, Word], elements: dict[str, object]) -> list[str]:
    problems = [
        f"{where}: unknown word {text!r}"
        for field in (rule.text, rule.desc, rule.label, rule.hint)
        for text in _texts(field)
        if text.startswith("@") and text[1:] not in words
    ]
    problems += [f"{where}: unknown element {name!r}" for name in _named(rule) if name not in elements]
    if rule.corner and not rule.inside:
        problems.append(f"{where}: `corner` needs `inside`")
    if rule == Rule(pick=rule.pick, versions=rule.versions, seen=rule.seen):
        problems.append(f"{where}: says nothing about the node")
    return problems


def stop_words(file: ScreensFile) -> set[str]:
    """The words by which screens are told where a post ends: refusals, and what only a person may answer."""
    todo = [
        element
        for screen in file.screens.values()
        if screen.kind in ("human", "failure") and not screen.off
        for element in (*screen.all, *screen.any)
    ]
    seen: set[str] = set()
    words: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for rule in file.elements.get(name, ()):
            todo += _named(rule)
            for field in (rule.text, rule.desc, rule.label, rule.hint):
                words |= {text[1:] for text in _texts(field) if text.startswith("@")}
    return words


def _gaps(file: ScreensFile) -> list[str]:
    """Languages that are called covered while stop words are missing in them."""
    problems = []
    for language in file.covered:
        missing = [
            word
            for word in sorted(stop_words(file))
            if not any({language, "any"} & entry.keys() for entry in file.words.get(word, ()))
        ]
        if missing:
            problems.append(f"covered: {language!r} has no {', '.join(missing)}")
    return problems


#: A corner of the screen no larger than this is the app's own; people's texts take more room.
CORNER = 0.06


def _tied(rule: Rule) -> bool:
    """Whether a rule looks only where people's texts cannot stand: at an id, a place, a window or a part of the app's."""
    if rule.id or rule.place or rule.package or not (rule.text or rule.desc or rule.label or rule.hint):
        return True
    if rule.inside or rule.row_of or rule.below or rule.above or rule.left_of or rule.right_of:
        return True
    zone = rule.zone
    return zone is not None and (zone[2] - zone[0]) * (zone[3] - zone[1]) <= CORNER


def _loose_words(file: ScreensFile) -> list[str]:
    """Screens that end an attempt or decide about a post, told by words that could be anybody's."""
    problems = []
    for name, screen in file.screens.items():
        decides = screen.kind in ("human", "failure") or screen.trace
        if screen.off or not decides:
            continue
        tied = [e for e in screen.all if e in file.elements and all(_tied(r) for r in file.elements[e])]
        if not tied and (
            screen.all or not all(_tied(r) for e in screen.any for r in file.elements.get(e, ()))
        ):
            problems.append(
                f"screens.{name}: is told by words alone, which people's texts may hold: "
                "give a rule of `all` an `id`, a `place` or an element beside it"
            )
    return problems


def check(file: ScreensFile, where: str, *, covered_only: bool = False) -> Vocabulary:
    """A vocabulary from a merged file. Raises ScreensInvalid with every problem at once."""
    languages = frozenset(file.covered) if covered_only else None
    problems: list[str] = []
    words: dict[str, Word] = {}
    for name, entries in file.words.items():
        try:
            words[name] = word_from_entries(name, entries, languages)
        except ValueError as error:
            problems.append(str(error))
            words[name] = Word(name, ())
    for name, rules in file.elements.items():
        if not rules:
            problems.append(f"elements.{name}: has no rule")
        for number, rule in enumerate(rules, 1):
            problems += _rule_problems(f"elements.{name} rule {number}", rule, words, dict(file.elements))
    problems += _circles(file.elements)
    problems += _gaps(file)
    for name, screen in file.screens.items():
        for element in (
            *screen.all,
            *screen.any,
            *screen.none,
            *screen.next,
            *screen.never,
            *screen.asked_by,
        ):
            if element not in file.elements and element not in BUILT_IN:
                problems.append(f"screens.{name}: unknown element {element!r}")
        if not screen.all and not screen.any and not screen.cover and not screen.off:
            problems.append(f"screens.{name}: needs `all` or `any`, else it would fit everything")
        if screen.kind in ("human", "failure") and not screen.error and not screen.off:
            problems.append(f"screens.{name}: a screen of kind {screen.kind} needs `error`")
    if not problems:
        problems += _loose_words(file)
    problems += [
        f"containers.people: unknown element {e!r}" for e in file.containers.people if e not in file.elements
    ]
    title = file.containers.titles
    if title and title.removeprefix("@") not in words:
        problems.append(f"containers.titles: unknown word {title!r}")
    if problems:
        raise ScreensInvalid(where, problems)
    screens = sorted(((n, s) for n, s in file.screens.items() if not s.off), key=lambda item: -item[1].layer)
    return Vocabulary(
        platform=file.platform,
        packages=file.packages,
        covered=file.covered,
        words=words,
        elements={name: tuple(rules) for name, rules in file.elements.items()},
        screens=tuple(screens),
        containers=file.containers,
    )


def load(platform: str, overlay_dir: str = "", *, covered_only: bool = False) -> Vocabulary:
    """The vocabulary of a platform: what is shared by all apps, the app's own, and the operator's files over it.

    Args:
        platform: "tiktok" or "instagram".
        overlay_dir: folder with `android.toml`, `tiktok.toml`, `instagram.toml` (each optional); "" means none.
        covered_only: leave out the words of languages that are not covered: for whoever touches something.

    Raises:
        ScreensInvalid: a file is missing, malformed or contradicts itself.
    """
    merged = ScreensFile()
    where = f"{platform}.toml"
    for name in ("android", platform):
        merged = lay_over(merged, read_file(SHIPPED / f"{name}.toml"))
    if overlay_dir:
        folder = Path(overlay_dir)
        if not folder.is_dir():
            raise ScreensInvalid(overlay_dir, ["is not a folder"])
        for name in ("android", platform):
            path = folder / f"{name}.toml"
            if path.exists():
                merged = lay_over(merged, read_file(path))
                where = str(path)
    vocabulary = check(merged, where, covered_only=covered_only)
    from jobs.post.screens.drawn import unclear  # it looks at trees, which needs all of this module

    problems = unclear(vocabulary)
    if problems:
        raise ScreensInvalid(where, problems)
    return vocabulary


def read_vocabularies(overlay_dir: str = "", language: str = "") -> dict[str, Vocabulary]:
    """The vocabulary of each platform, as posting uses it.

    Args:
        overlay_dir: as for `load`.
        language: `phones.set_app_language`; the screens must cover it.

    Raises:
        ScreensInvalid: as `load`; or the language is not covered.
    """
    found = {platform: load(platform, overlay_dir, covered_only=True) for platform in PLATFORMS}
    wanted = language.partition("-")[0]
    for platform, vocabulary in found.items():
        if wanted and wanted not in vocabulary.covered:
            raise ScreensInvalid(
                overlay_dir or f"{platform}.toml",
                [f"phones.set_app_language is {wanted!r}; covered are {', '.join(vocabulary.covered)}"],
            )
    return found
