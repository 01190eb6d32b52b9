"""Siblings of every known screen that nobody recorded: the same answer, less, or nothing of the way where it is not on top."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from jobs.phone.screen.tree import UiTree
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.inspect import vocabulary
from tests.support import eyes
from tests.support.siblings import SIBLINGS, complaint

#: A tree of fewer nodes shows no page but a part that was cut out of one.
LEAST_NODES = 20

needs_recordings = pytest.mark.skipif(
    not any(eyes.trees(folder) for folder in eyes.FOLDERS), reason="the recorded screens are not here"
)


def drawn() -> Iterator[tuple[str, UiTree, str]]:
    for platform in ("tiktok", "instagram"):
        for name, tree in drawn_trees(platform).items():
            yield name, tree, vocabulary(platform).packages[0]


def recorded(every: int, first: int) -> Iterator[tuple[str, UiTree, str]]:
    """One recorded screen of `every`, beginning with number `first`."""
    paths = [path for folder in eyes.FOLDERS for path in eyes.trees(folder)]
    for path in paths[first % every :: every]:
        tree, app = eyes.tree_of(path)
        if len(tree.nodes) >= LEAST_NODES:
            yield path.name, tree, app


def wrong(trees: Iterator[tuple[str, UiTree, str]], what: str) -> list[str]:
    found = []
    for name, tree, app in trees:
        sibling = SIBLINGS[what](tree, random.Random(f"{name} {what}"))
        said = complaint(tree, app, sibling) if sibling is not None else ""
        if said:
            found.append(f"{name}: {said}")
    return found


@pytest.mark.parametrize("what", SIBLINGS)
def test_a_sibling_of_a_drawn_screen_is_told_as_it_or_not_at_all(what: str) -> None:
    assert wrong(drawn(), what) == []


@needs_recordings
@pytest.mark.parametrize("every", [eyes.A_PART, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("what", SIBLINGS)
def test_a_sibling_of_a_recorded_screen_is_told_as_it_or_not_at_all(what: str, every: int) -> None:
    assert wrong(recorded(every, list(SIBLINGS).index(what)), what) == []
