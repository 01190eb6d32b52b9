"""Which tables there are and what a record of each is."""

from __future__ import annotations

import msgspec

from storage.lists.task_reads import TABLE as TASKS
from storage.records import (
    Account,
    IdempotencyEntry,
    Material,
    MetaValue,
    Occurrence,
    PostMark,
    Slot,
    Task,
    UsageMark,
)
from storage.tables.accounts import TABLE as ACCOUNTS
from storage.tables.idempotency import TABLE as IDEMPOTENCY
from storage.tables.materials import TABLE as MATERIALS
from storage.tables.meta import TABLE as META
from storage.tables.posts import TABLE as POSTS
from storage.tables.slots import OCCURRENCES, SLOTS
from storage.tables.usage import TABLE as USAGE

TYPES: dict[str, type[msgspec.Struct]] = {
    TASKS: Task,
    ACCOUNTS: Account,
    MATERIALS: Material,
    USAGE: UsageMark,
    POSTS: PostMark,
    IDEMPOTENCY: IdempotencyEntry,
    META: MetaValue,
    SLOTS: Slot,
    OCCURRENCES: Occurrence,
}

#: The field of a table's records that holds free JSON.
FROZEN = {TASKS: "script_config", IDEMPOTENCY: "answer", SLOTS: "script_config"}
