"""Checks a screens file: what it refers to exists, its languages are complete, and its stop words cannot be people's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from jobs.post.screens.labels import Label, label_from_entries
from jobs.post.screens.screens_file import (
    BUILT_IN,
    Rule,
    Screen,
    ScreensFile,
    ScreensInvalid,
    Vocabulary,
)
from storage.error_codes import ErrorCode


def explained_by(names: Iterable[str], elements: Mapping[str, Sequence[Rule]]) -> set[str]:
    """These elements and those by which they are explained, over however many steps."""
    todo, seen = list(names), set[str]()
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            todo += [n for rule in elements.get(name, ()) for n in rule.refers_to]
    return seen


def _circles(elements: Mapping[str, Sequence[Rule]]) -> list[str]:
    return [
        f"elements.{name}: is explained by itself"
        for name, rules in elements.items()
        if name in explained_by((n for rule in rules for n in rule.refers_to), elements)
    ]


def _rule_problems(where: str, rule: Rule, words: dict[str, Label], elements: Collection[str]) -> list[str]:
    problems = [
        f"{where}: unknown word {text!r}"
        for text in rule.texts
        if text.startswith("@") and text[1:] not in words
    ]
    problems += [f"{where}: unknown element {name!r}" for name in rule.refers_to if name not in elements]
    if rule.corner and not rule.inside:
        problems.append(f"{where}: `corner` needs `inside`")
    if rule == Rule(pick=rule.pick, versions=rule.versions, seen=rule.seen):
        problems.append(f"{where}: says nothing about the node")
    return problems


def stop_words(file: ScreensFile) -> set[str]:
    """The words by which screens are recognised where a post ends: refusals, and what only a person may answer."""
    named = (
        element
        for screen in file.screens.values()
        if screen.kind in ("human", "failure") and not screen.off
        for element in (*screen.all, *screen.any)
    )
    return {
        text[1:]
        for name in explained_by(named, file.elements)
        for rule in file.elements.get(name, ())
        for text in rule.texts
        if text.startswith("@")
    }


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
    if rule.id or rule.place or rule.package or not rule.texts:
        return True
    if rule.inside or rule.row_of or rule.below or rule.above or rule.left_of or rule.right_of:
        return True
    zone = rule.zone
    return zone is not None and (zone[2] - zone[0]) * (zone[3] - zone[1]) <= CORNER


def _loose_words(file: ScreensFile) -> list[str]:
    """Screens that end an attempt or decide about a post, recognised by words that people may have written."""
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
                f"screens.{name}: is recognised by words alone, which people's texts may hold: "
                "give a rule of `all` an `id`, a `place` or an element beside it"
            )
    return problems


def _words(file: ScreensFile, languages: frozenset[str] | None, problems: list[str]) -> dict[str, Label]:
    words = {}
    for name, entries in file.words.items():
        try:
            words[name] = label_from_entries(name, entries, languages)
        except ValueError as error:
            problems.append(str(error))
            words[name] = Label(name, ())
    return words


def _screen_problems(name: str, screen: Screen, elements: Collection[str]) -> list[str]:
    named = (*screen.all, *screen.any, *screen.none, *screen.next, *screen.never, *screen.asked_by)
    problems = [
        f"screens.{name}: unknown element {element!r}"
        for element in named
        if element not in elements and element not in BUILT_IN
    ]
    if screen.off:
        return problems
    if not screen.all and not screen.any and not screen.cover:
        problems.append(f"screens.{name}: needs `all` or `any`, else it would fit everything")
    if screen.kind in ("human", "failure") and screen.error is ErrorCode.INTERNAL:
        problems.append(f"screens.{name}: a screen of kind {screen.kind} needs `error`")
    return problems


def check(
    file: ScreensFile, where: str, *, covered_only: bool = False, also: Collection[str] = ()
) -> Vocabulary:
    """A vocabulary from a merged file.

    Args:
        file: what was laid over each other.
        where: what people know it by.
        covered_only: leave out the words of languages that are not covered.
        also: further languages whose words count then.

    Raises:
        ScreensInvalid: with every problem at once.
    """
    problems: list[str] = []
    words = _words(file, frozenset((*file.covered, *also)) if covered_only else None, problems)
    for name, rules in file.elements.items():
        if not rules:
            problems.append(f"elements.{name}: has no rule")
        for number, rule in enumerate(rules, 1):
            problems += _rule_problems(f"elements.{name} rule {number}", rule, words, file.elements)
    problems += _circles(file.elements)
    problems += _gaps(file)
    for name, screen in file.screens.items():
        problems += _screen_problems(name, screen, file.elements)
    if not problems:
        problems += _loose_words(file)
    problems += [
        f"{key}: unknown element {e!r}"
        for key, names in (("publishing", file.publishing), ("proof", file.proof), ("account", file.account))
        for e in names
        if e not in file.elements
    ]
    problems += [
        f"containers.people: unknown element {e!r}" for e in file.containers.people if e not in file.elements
    ]
    title = file.containers.titles
    if title and title.removeprefix("@") not in words:
        problems.append(f"containers.titles: unknown word {title!r}")
    if problems:
        raise ScreensInvalid(where, problems)
    return Vocabulary(
        platform=file.platform,
        packages=file.packages,
        covered=file.covered,
        words=words,
        elements={name: tuple(rules) for name, rules in file.elements.items()},
        screens=tuple(
            sorted(((n, s) for n, s in file.screens.items() if not s.off), key=lambda item: -item[1].layer)
        ),
        containers=file.containers,
        publishing=file.publishing,
        proof=file.proof,
        account=file.account,
    )
