"""The shape of what is stored, by version, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

#: Changes plain documents, table by table, from one version to the next.
Step = Callable[[dict[str, dict[int, Any]]], None]


class Schema(msgspec.Struct, frozen=True):
    """A version and how older ones get there: `steps[n]` leads from version n to n + 1."""

    version: int
    steps: Mapping[int, Step] = {}

    def bring(self, tables: dict[str, dict[int, Any]], version: int, to: int) -> None:
        """Change documents of an older version in place."""
        for number in range(version, to):
            self.steps[number](tables)


#: Version 1: tasks, accounts, materials, usage, idempotency, meta as in `storage.records`.
#: Raise it when a record's shape changes so that old ones no longer read or mean something else; a new field with a
#: default needs no new version. Keep a file of the old version in tests/unit/storage/data.
CURRENT = Schema(version=1)
