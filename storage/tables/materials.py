"""The material store: what the library knows about its files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import UnknownRecord
from storage.records import Material, NewMaterial

TABLE = "materials"


class MaterialStore:
    """All library files, in memory; thousands at most, so pages walk over them."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._materials: dict[int, Material] = storage.tables[TABLE]

    def get(self, material_id: int) -> Material | None:
        return self._materials.get(material_id)

    def all(self) -> list[Material]:
        """Every material, by id."""
        with self._storage.state_lock:
            return [self._materials[material_id] for material_id in sorted(self._materials)]

    def add(self, new: NewMaterial | None = None, /, **fields: Any) -> Material:
        """Record a file, given as a record or by its fields; raises StoreFull when there is no room."""
        wanted = new or NewMaterial(**fields)

        def action(change: Transaction) -> Material:
            material_id = change.new_id(TABLE)
            kept: Material = change.put(
                TABLE, material_id, Material(**msgspec.structs.asdict(wanted), id=material_id)
            )
            return kept

        return self._storage.commit(action, essential=False)

    def change(self, material_id: int, **changes: Any) -> Material:
        """Change fields of a material; raises UnknownRecord."""

        def action(change: Transaction) -> Material:
            present: Material | None = change.get(TABLE, material_id)
            if present is None:
                raise UnknownRecord(TABLE, material_id)
            kept: Material = change.put(
                TABLE, material_id, msgspec.structs.replace(present, **changes, id=material_id)
            )
            return kept

        return self._storage.commit(action)

    def remove(self, material_id: int) -> Material | None:
        """Forget a material; returns what it was, None when there was none."""

        def action(change: Transaction) -> Material | None:
            present: Material | None = change.get(TABLE, material_id)
            if present is not None:
                change.remove(TABLE, material_id)
            return present

        return self._storage.commit(action)

    def page(
        self,
        *,
        kind: str | None = None,
        tag: str | None = None,
        username: str | None = None,
        page: int = 1,
        page_size: int = 20,
    ) -> tuple[list[Material], int]:
        """One page of the materials that match, newest first, and how many match in all."""
        name = None if username is None else username.casefold()
        found = [
            material
            for material in reversed(self.all())
            if kind in (None, material.kind)
            and (tag is None or tag in material.tags)
            and name in (None, material.username.casefold())
        ]
        start = (page - 1) * page_size
        return found[start : start + page_size], len(found)

    def candidates(
        self, kind: str, tags: Collection[str] = (), username: str | None = None
    ) -> list[Material]:
        """What a post may be made of, best first, used or not.

        Any of the tags is enough, none means all. Materials of the account come before those of nobody, those of
        another account never (None: those of all accounts); within that the sort number decides, then age.
        """
        wanted = set(tags)
        names = None if username is None else ("", username.casefold())
        found = [
            material
            for material in self.all()
            if material.kind == kind
            and (not wanted or wanted.intersection(material.tags))
            and (names is None or material.username.casefold() in names)
        ]
        return sorted(
            found,
            key=lambda material: (
                material.username == "",
                material.sort_number,
                material.created_at,
                material.id,
            ),
        )

    def tags(self) -> set[str]:
        """Every tag in use."""
        return {tag for material in self.all() for tag in material.tags}
