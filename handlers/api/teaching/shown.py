"""What the console shows of a screen to teach from: its nodes, and the elements that a lesson may name."""

from __future__ import annotations

from handlers.api.teaching import objects as o
from jobs.phone.screen.tree import Node
from jobs.post.screens.checks.guarded import Guarded
from jobs.post.screens.checks.readings import guarded_nodes
from jobs.post.screens.element import is_editable
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import ScreensFile

#: Nodes of one screen that are shown, and characters of a text.
MAX_NODES, MAX_TEXT = 1500, 200


def nodes(sight: Sight) -> list[o.NodeObject]:
    """The nodes of a screen in the order of its tree, with the elements that are found there."""
    found: dict[int, list[str]] = {}
    for element in sight.index.every():
        found.setdefault(id(element.node), []).append(element.name)
    never = {id(node) for node, _ in guarded_nodes(sight)}
    position = {id(node): number for number, node in enumerate(sight.tree.nodes)}

    def show(number: int, node: Node) -> o.NodeObject:
        parent = position.get(id(node.parent), -1) if node.parent is not None else -1
        return o.NodeObject(
            node=number,
            parent=parent,
            bounds=node.bounds,
            text=node.text[:MAX_TEXT],
            desc=node.content_desc[:MAX_TEXT],
            hint=node.hint[:MAX_TEXT],
            resource_id=node.resource_id[:MAX_TEXT],
            class_name=node.class_name[:MAX_TEXT],
            clickable=node.clickable,
            editable=is_editable(node),
            never=id(node) in never,
            elements=found.get(id(node), []),
        )

    return [show(number, node) for number, node in enumerate(sight.tree.nodes[:MAX_NODES])]


def elements(file: ScreensFile) -> list[o.ElementChoice]:
    """Each element under every screen that names it, then those that no screen names."""
    guarded = Guarded(file)
    sealed = guarded.sealed | guarded.account
    choices: list[o.ElementChoice] = []
    named: set[str] = set()
    for screen, facts in file.screens.items():
        for name in dict.fromkeys((*facts.all, *facts.any, *facts.next, *facts.never)):
            if name in file.elements:
                named.add(name)
                choices.append(o.ElementChoice(screen, name, name in sealed, reads(file, name)))
    choices += [
        o.ElementChoice("", name, name in sealed, reads(file, name))
        for name in file.elements
        if name not in named
    ]
    return choices


def reads(file: ScreensFile, element: str) -> str:
    """What an element is, in words: its name, and how it reads in English where it has a word."""
    for rule in file.elements[element]:
        for text in rule.texts:
            for entry in file.words.get(text[1:], []) if text.startswith("@") else ():
                value = entry.get("en", "")
                wording = value if isinstance(value, str) else next(iter(value), "")
                if wording and not wording.startswith("/"):
                    return f'{words(element)}: reads "{wording}" in English'
    return words(element)


def words(name: str) -> str:
    """A name of the screens files for people."""
    return name.replace("_", " ")
