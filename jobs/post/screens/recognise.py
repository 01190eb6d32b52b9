"""Names the topmost screen of a UI tree by the screens files, and the element to touch there; unknown stays unknown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from jobs.phone.screen.tree import UiTree
from jobs.post.screens.containers import free_part
from jobs.post.screens.element import Element, holds_point
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.screens_file import Screen, Vocabulary


@dataclass(frozen=True, slots=True)
class Sight:
    """One observation: the tree, the screen on top of it (None when unknown) and the element to touch next."""

    index: ElementIndex
    name: str
    screen: Screen | None
    next: Element | None = None

    @property
    def kind(self) -> str:
        return self.screen.kind if self.screen else "unknown"

    @property
    def doubtful(self) -> bool:
        """A sheet or dialog of which the shipped files do not say what it asks: it may ask something of a post that was sent."""
        return self.screen is not None and self.screen.doubtful

    @property
    def veiled(self) -> bool:
        """A screen of the way whose next element is not to be had: something that nobody sees may take its touches."""
        return (
            self.next is None and self.screen is not None and self.kind == "path" and bool(self.screen.next)
        )

    @property
    def tree(self) -> UiTree:
        return self.index.tree

    def find(self, element: str) -> Element | None:
        return self.index.find(element)

    def has(self, element: str) -> bool:
        return self.index.has(element)


def fits(index: ElementIndex, screen: Screen) -> bool:
    """Whether everything that a screen asks for is in the tree, in its topmost sheet where there is one."""
    has = index.has
    for element in screen.all:
        if not has(element):
            return False
    for element in screen.none:
        if has(element):
            return False
    if screen.cover and index.cover is None:
        return False
    return not screen.any or any(map(has, screen.any))


def next_element(index: ElementIndex, screen: Screen) -> Element | None:
    """The first of the screen's `next` elements that is there, unless it is covered or hits what is forbidden."""
    forbidden = [f.node for name in screen.never for f in index.find_all(name)]
    for name in screen.next:
        found = index.find(name)
        if found is None:
            continue
        area = free_part(index.tree, found.node, found.area)
        if area is None:
            if screen.kind == "path":  # what comes after it on the way would come too early
                return None
            continue
        if area != found.bounds:
            found = replace(found, area=area)
        if any(n is not found.node and holds_point(n.bounds, found.center) for n in forbidden):
            continue
        return found
    return None


def recognise(
    tree: UiTree,
    vocabulary: Vocabulary,
    *,
    app_version: str = "",
    ignore: Collection[str] = (),
    beneath: bool = False,
) -> Sight:
    """The topmost known screen of a tree.

    Args:
        tree: one observation.
        vocabulary: the app's screens.
        app_version: versionName of the app where known; rules bound to other versions are left out.
        ignore: kinds that do not count, e.g. the traces of an earlier upload before our own was started.
        beneath: tell what lies under the topmost sheet instead.
    """
    index = ElementIndex(tree, vocabulary, app_version=app_version, beneath=beneath)
    return name_screen(index, ignore=ignore)


def name_screen(
    index: ElementIndex,
    *,
    ignore: Collection[str] = (),
    hide: Collection[str] = (),
    asked: Collection[str] | None = None,
) -> Sight:
    """The same of a tree whose elements may be known already."""
    if index.tree.cut:
        return Sight(index, "", None)
    for name, screen in index.vocabulary.screens:
        if screen.kind in ignore or name in hide:
            continue
        if screen.asked_by and asked is not None and name not in asked:
            continue
        if fits(index, screen):
            return Sight(index, name, screen, next_element(index, screen))
    return Sight(index, "", None)
