"""Reads the rows of an app's account switcher from its sheet; the profile behind it does not count."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jobs.hub.platforms import facts
from jobs.phone.screen.tree import Node
from jobs.post.screens.element import Element, contains, same_row
from jobs.post.screens.labels import without_marks
from jobs.post.screens.recognise import Sight


class AccountRow(msgspec.Struct, frozen=True):
    """One account of the switcher."""

    name: str  #: a handle without "@" where the row shows one, else the display name
    current: bool  #: marked as the account that is shown now


def last_row(sheet: Sight) -> Element | None:
    """The row that ends the accounts: the one that adds another, or what follows it."""
    for element in ("add_account_row", "accounts_center_row"):
        if element in sheet.index.vocabulary.elements and (found := sheet.find(element)) is not None:
            return found
    return None


def labelled_nodes(sheet: Sight, end: Node) -> list[Node]:
    """Labelled nodes that can be account rows or parts of them, in tree order."""
    title = sheet.find("switch_title")
    first = next(_holders(end), None)
    top = title.bounds[3] if title else first.bounds[1] if first else 0
    order = title.node.order if title else 0
    return [
        node
        for node in sheet.index.nodes
        if (node.text or node.content_desc)
        and node is not end
        and not contains(end.bounds, node.bounds)
        and not contains(node.bounds, end.bounds)
        and node.bounds[1] >= top
        and node.bounds[3] <= end.bounds[1] + end.height // 2
        and node.order >= order
    ]


def account_rows(sheet: Sight) -> list[AccountRow]:
    """The accounts that the switcher shows, top to bottom; empty when its end is not in sight, and for flat trees."""
    found = last_row(sheet)
    if found is None:
        return []
    nodes = labelled_nodes(sheet, found.node)
    return next(filter(None, (_rows(sheet, nodes, holder) for holder in _holders(found.node))), [])


def _rows(sheet: Sight, nodes: list[Node], holder: Node) -> list[AccountRow]:
    """What lies within the sheet, by rows; rows are as wide as it, its grab handle is not."""
    rows: list[tuple[Node, list[Node]]] = []
    for node in nodes:
        if all(a is not holder for a in node.ancestors()):
            continue  # the profile behind
        box = _box_of(node, holder)
        if box.clickable and box.width * 2 < holder.width:
            continue
        for known, row in rows:
            if box is known or same_row(box.bounds, known.bounds):
                row.append(node)
                break
        else:
            rows.append((box, [node]))
    handles = facts(sheet.index.vocabulary.platform).rows_show_handles
    named = [
        AccountRow(_name(row, handles=handles), any(n.selected or n.checked for n in box.walk()))
        for box, row in rows
    ]
    return [row for row in named if row.name]


def _name(row: list[Node], *, handles: bool) -> str:
    """What a row says of its account: a handle before all else, then the text furthest left, then a description."""
    for node in row:
        said = without_marks(node.text)
        if said.startswith("@") and len(said) > 1:
            return said[1:].strip()
    texts = [node for node in row if node.text]
    if texts:
        return without_marks(min(texts, key=lambda n: (n.bounds[0], n.order)).text)
    described = without_marks(row[0].content_desc)
    # "name,  New notifications": there is no comma in a user name, but there may be one in a display name.
    return described.partition(",")[0].strip() if handles else described


def _box_of(node: Node, holder: Node) -> Node:
    """The widest clickable box of a label within the sheet; the label itself where nothing is clickable."""
    box = node
    for ancestor in node.ancestors():
        if ancestor is holder:
            break
        if ancestor.clickable:
            box = ancestor
    return box


def _holders(end: Node) -> Iterator[Node]:
    """What may be the sheet, smallest first: holders of the last row that are much taller than it, but not all of
    the screen. None in flat trees.
    """
    around = (a for a in end.ancestors() if a.clickable and a.height <= 4 * end.height)
    row = end if end.clickable else next(around, end)
    for holder in row.ancestors():
        if holder.height > 2 * row.height and holder.bounds[1] > 0:
            yield holder
