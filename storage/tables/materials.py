"""The material store: what the library knows about its files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.lists.captions import plain
from storage.records import Material, NewMaterial
from storage.tables.table import Table

TABLE = "materials"


class MaterialStore(Table[Material]):
    """All library files, in memory; thousands at most, so pages walk over them."""

    name = TABLE

    def add(self, new: NewMaterial | None = None, /, **fields: Any) -> Material:
        """Record a file, given as a record or by its fields; raises StoreFull when there is no room."""
        wanted = new or NewMaterial(**fields)

        def action(change: Transaction) -> Material:
            material_id = change.new_id(TABLE)
            return self._put(change, material_id, Material(**msgspec.structs.asdict(wanted), id=material_id))

        return self._storage.commit(action, essential=False)

    def matching(
        self, *, kind: str | None = None, tag: str | None = None, username: str | None = None, q: str = ""
    ) -> list[Material]:
        """The materials that match, newest first.

        Args:
            kind: "video" or "image".
            tag: Exactly this one.
            username: Of the only account that may post it, without "@".
            q: A part of the name, of a tag or of the caption, whatever the case.
        """
        name = None if username is None else username.casefold()
        text = plain(q)
        return [
            material
            for material in reversed(self.all())
            if kind in (None, material.kind)
            and (tag is None or tag in material.tags)
            and name in (None, material.username.casefold())
            and (not text or _holds(material, text))
        ]

    def candidates(self, kind: str, tags: Collection[str] = ()) -> list[Material]:
        """What a post may be made of, used or not, of all accounts, by sort number, then age.

        Any of the tags is enough, none means all.
        """
        wanted = set(tags)
        found = [
            material
            for material in self.all()
            if material.kind == kind and (not wanted or wanted.intersection(material.tags))
        ]
        return sorted(found, key=lambda material: (material.sort_number, material.created_at, material.id))

    def tags(self) -> set[str]:
        """Every tag in use."""
        return {tag for material in self.all() for tag in material.tags}


def _holds(material: Material, text: str) -> bool:
    """Whether the text, which is `plain`, stands in its name, a tag (with its #) or its caption."""
    tags = (f"#{tag}" for tag in material.tags)
    return any(text in plain(said) for said in (material.name, *tags, material.caption))
