from __future__ import annotations

import pytest

from jobs.hub.platforms import PLATFORMS
from jobs.phone.screen.tree import Node
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.sheet_shapes import COVERED_HEIGHT, Parts


def on_a_walk(layer: Node, height: int) -> list[Node]:
    """What a layer says and what of it can be touched, found by looking at each node that it holds."""
    return [
        n
        for n in layer.walk()
        if (n.text or n.content_desc or n.clickable)
        and n.visible
        and n.width
        and 0 < n.height < COVERED_HEIGHT * height
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_parts_of_a_layer_are_those_that_a_walk_through_it_finds(platform: str) -> None:
    found = 0
    for tree in drawn_trees(platform).values():
        tree.nodes[-1].visible = False
        parts = Parts(tree)
        for layer in tree.nodes:
            assert parts.of(layer) == on_a_walk(layer, tree.size[1])
            found += len(parts.of(layer)) > 1
        tree.nodes[-1].visible = True
    assert found > 50
