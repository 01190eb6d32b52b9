"""Compares what known screens are read as before and after an addition, and where its elements would be touched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.checks.hard_words import is_hard
from jobs.post.screens.checks.zones import may_publish
from jobs.post.screens.element import holds_point, is_editable
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight, recognise
from jobs.post.screens.screens_file import Vocabulary

#: An element that is newly found on more of the known screens than this part no longer tells one from another.
MOST_PARTS, LEAST_TREES = 0.5, 8
#: The most objections of one kind that are given in full; the rest is counted.
TOLD = 4


class KnownTree(NamedTuple):
    """A screen that was drawn or kept."""

    name: str  #: for people
    tree: UiTree
    app_version: str = ""


class Change(NamedTuple):
    """A known screen that would be read otherwise."""

    screen: str
    was: str
    now: str


@dataclass
class Readings:
    """What an addition does to the known screens."""

    #: Those that were known, and are read as something else.
    changed: list[Change] = field(default_factory=list)
    recognised: list[str] = field(default_factory=list)  #: those that were unknown, and are known now
    refused: list[str] = field(default_factory=list)


def compare(
    before: Vocabulary,
    after: Vocabulary,
    elements: Collection[str],
    trees: Sequence[KnownTree],
    *,
    allowed: Collection[str] = (),
    operator: bool = False,
    known: Collection[str] = (),
    told: int = TOLD,
) -> Readings:
    """Read every tree with both vocabularies.

    Args:
        before: without the addition.
        after: with it.
        elements: those whose rules or words it changes, and those that it adds.
        trees: the known screens.
        allowed: names of trees whose reading may change: the one that the lesson is about.
        operator: an operator's own file, which may make a known screen unknown and move where a screen is touched.
        known: objections that stand already, to what was laid over earlier: they are not raised once more.
        told: the most objections of one kind that are given in full.
    """
    found = Readings()
    newly: dict[str, int] = dict.fromkeys(elements, 0)
    touches: list[str] = []
    untouched = _untouched(before, after)
    for one in trees:
        was = recognise(one.tree, before, app_version=one.app_version)
        now = recognise(one.tree, after, app_version=one.app_version)
        if was.name != now.name:
            if not was.name or was.name == "some_sheet":
                found.recognised.append(one.name)
            elif one.name not in allowed and not (operator and not now.name):
                found.changed.append(Change(one.name, was.name, now.name))
        elif not operator and one.name not in allowed and _moved(was, now):
            found.changed.append(
                Change(one.name, f"{was.name}, touched at {_where(was)}", f"touched at {_where(now)}")
            )
        touches += _forbidden_next(was, now, one.name)
        for element in elements:
            fresh = _fresh(was, now, element)
            newly[element] += bool(fresh)
            if element in after.publishing:
                touches += _other_button(was, now, element, one.name)
            if element in before.account:
                touches += _other_account(was, now, element, one.name)
            if element not in untouched:
                touches += _touches(was, now, fresh, element, one.name)
    contradictions = [
        f"it contradicts a known screen: {c.screen} is {c.was}, and would be {c.now or 'unknown'}"
        for c in found.changed
    ]
    everywhere = [
        f"{element} would be found on {count} of {len(trees)} known screens: its rule matches nearly everything"
        for element, count in newly.items()
        if len(trees) >= LEAST_TREES and count > MOST_PARTS * len(trees)
    ]
    for objections, more in (
        (contradictions, "more known screens would be read otherwise"),
        (list(dict.fromkeys(touches)), "more such touches"),
    ):
        found.refused += _some([o for o in objections if o not in known], told, more)
    found.refused += [objection for objection in everywhere if objection not in known]
    return found


def changed_elements(before: Vocabulary, after: Vocabulary) -> set[str]:
    """The elements whose rules, or whose words, differ between two vocabularies."""
    words = {
        name
        for name, label in after.words.items()
        if name not in before.words or not label.same_as(before.words[name])
    }
    return {
        name
        for name, rules in after.elements.items()
        if rules != before.elements.get(name)
        or any(t.startswith("@") and t[1:] in words for rule in rules for t in rule.texts)
    }


def publishing_nodes(sight: Sight) -> Iterator[tuple[Node, str]]:
    """What publishes on a screen, with why it must not be touched."""
    for name in sight.index.vocabulary.publishing:
        yield from ((f.node, "publishes") for f in sight.index.find_all(name))


def guarded_nodes(sight: Sight) -> Iterator[tuple[Node, str]]:
    """What must not be touched on a screen, with why."""
    vocabulary = sight.index.vocabulary
    yield from publishing_nodes(sight)
    for name in vocabulary.proof:
        yield from ((f.node, "says what became of a post") for f in sight.index.find_all(name))
    if sight.screen is not None:
        for name in sight.screen.never:
            yield from (
                (f.node, f"must never be touched on {sight.name}") for f in sight.index.find_all(name)
            )
        if sight.kind in ("human", "failure", "success", "progress"):
            for name in (*sight.screen.all, *sight.screen.any):
                yield from ((f.node, f"tells {sight.name}") for f in sight.index.find_all(name))
    for node in sight.index.visible:
        label = node.text or node.content_desc
        if label and len(label) <= 40 and not is_editable(node) and is_hard(label):
            yield node, "may publish, pay or delete"


def _moved(was: Sight, now: Sight) -> bool:
    if was.next is None or now.next is None:
        return was.next is not None
    return was.next.node is not now.next.node


def _where(sight: Sight) -> str:
    return (
        f'"{sight.next.says}"'
        if sight.next and sight.next.says
        else (sight.next.name if sight.next else "nothing")
    )


def _forbidden_next(was: Sight, now: Sight, where: str) -> list[str]:
    """Where the element to touch next is another one than before, it must not be one that is guarded."""
    if now.next is None or (was.next is not None and was.next.node is now.next.node):
        return []
    if now.next.name in now.index.vocabulary.publishing:
        return []  # what follows it is the commit point
    return [
        f"on {where} it would touch {_said(node)}, which {why}"
        for node, why in guarded_nodes(was)
        if node is now.next.node or holds_point(node.bounds, now.next.center)
        if _narrow(node, was.tree)
    ][:1]


def _fresh(was: Sight, now: Sight, element: str) -> list[Node]:
    """The nodes as which an element is found now and was not before."""
    before = (
        {id(f.node) for f in was.index.find_all(element)}
        if element in was.index.vocabulary.elements
        else set()
    )
    return [f.node for f in now.index.find_all(element) if id(f.node) not in before]


def _untouched(before: Vocabulary, after: Vocabulary) -> set[str]:
    """Elements that nothing taps, or that are tapped behind the commit point alone."""
    tapped = {e for _, s in after.screens for e in s.next}
    barred = {e for _, s in after.screens for e in s.never}
    signs = {e for e in after.elements if e not in before.elements and e not in tapped}
    return {*after.publishing, *(barred - tapped), *signs, *_like_publishing(before)}


def _like_publishing(vocabulary: Vocabulary) -> set[str]:
    """Elements that the shipped files tell by the same text as a publishing button, in another place: a tab "POST"."""
    labels = [
        vocabulary.words[t[1:]]
        for name in vocabulary.publishing
        for rule in vocabulary.elements.get(name, ())
        for t in rule.texts
        if t.startswith("@")
    ]
    texts = {text for label in labels for text in label.texts}
    return {
        name
        for name, rules in vocabulary.elements.items()
        for rule in rules
        for t in rule.texts
        if t.startswith("@") and vocabulary.words[t[1:]].texts & texts
    }


def _other_button(was: Sight, now: Sight, element: str, where: str) -> list[str]:
    """A publishing button that is known is not to become another one: what is behind the commit point must be it."""
    old = was.find(element)
    new = now.find(element)
    if old is None or new is None or old.node is new.node:
        return []
    return [f"on {where} {element} is another button: {_said(new.node)} instead of {_said(old.node)}"]


def _other_account(was: Sight, now: Sight, element: str, where: str) -> list[str]:
    """Where it is known which account is shown, nothing else is to be taken for its name."""
    old = was.find(element)
    new = now.find(element)
    if old is None or (new is not None and old.node is new.node):
        return []
    instead = _said(new.node) if new is not None else "nothing"
    return [f"on {where} {element} would tell another account: {instead} instead of {_said(old.node)}"]


def _touches(was: Sight, now: Sight, fresh: list[Node], element: str, where: str) -> list[str]:
    if not fresh:
        return []
    found = []
    guarded = [*guarded_nodes(was), *publishing_nodes(now)]
    unseen = not any(was.has(name) or now.has(name) for name in now.index.vocabulary.publishing)
    for node in fresh:
        for barred, why in guarded:
            if (barred is node or holds_point(barred.bounds, node.center)) and _narrow(barred, was.tree):
                found.append(f"on {where} {element} would be {_said(barred)}, which {why}")
                break
        else:
            if unseen and may_publish(was.tree, was.index.vocabulary, node.center):
                found.append(
                    f"on {where} {element} would be {_said(node)}, which stands where a form has its publishing button"
                )
    return found[:1]


def _narrow(node: Node, tree: UiTree) -> bool:
    """Boxes over most of the screen are no buttons."""
    width, height = tree.size
    return node.width * node.height <= 0.3 * width * height


def _said(node: Node) -> str:
    label = normalise(node.text or node.content_desc)[:40]
    return f'"{label}"' if label else (node.id_name or node.class_name)


def _some(objections: list[str], told: int, more: str) -> list[str]:
    rest = len(objections) - told
    return [f"{rest} {more}", *objections[:told]] if rest > 0 else objections
