"""Where a form has its publishing button, told without any word: for languages and versions whose words are not known."""

from __future__ import annotations

from jobs.phone.screen.tree import UiTree
from jobs.post.screens.element import Element, holds_point, is_editable
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary


def may_publish(tree: UiTree, vocabulary: Vocabulary, point: tuple[int, int]) -> bool:
    """Whether a point of a form lies where rules look for a publishing button, whatever stands there.

    A form is recognised by a text field. Of a field itself this is never said.
    """
    width, height = tree.size
    if not width or not height:
        return False
    fields = [n for n in tree.nodes if n.visible and is_editable(n)]
    if not fields or any(holds_point(n.bounds, point) for n in fields):
        return False
    x, y = point[0] / width, point[1] / height
    return any(
        zone[0] <= x <= zone[2] and zone[1] <= y <= zone[3]
        for name in vocabulary.publishing
        for rule in vocabulary.elements.get(name, ())
        if (zone := rule.zone) is not None and rule.texts
    )


def sees_publishing(sight: Sight, vocabulary: Vocabulary) -> bool:
    """Whether it is known where this screen publishes."""
    return any(sight.has(name) for name in vocabulary.publishing)


def publishes_unbidden(
    found: Element, point: tuple[int, int], sight: Sight, vocabulary: Vocabulary, app_version: str
) -> bool:
    """Whether a touch on this point of an element may publish although no rule of the shipped files leads there."""
    shipped = vocabulary.shipped
    if shipped is None or found.name not in vocabulary.elements:
        return False
    hits = any(
        name != found.name and holds_point(other.node.bounds, point)
        for name in vocabulary.publishing
        for other in sight.index.find_all(name)
    )
    if not hits and (sees_publishing(sight, vocabulary) or not may_publish(sight.tree, vocabulary, point)):
        return False
    if found.name not in shipped.elements:
        return True
    known = ElementIndex(sight.tree, shipped, app_version=app_version).find_all(found.name)
    return all(one.node is not found.node for one in known)
