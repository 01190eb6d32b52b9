"""Where a form has its publishing button, told without any word: for languages and versions whose words are not known."""

from __future__ import annotations

from jobs.phone.screen.tree import UiTree
from jobs.post.screens.element import holds_point, is_editable
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
