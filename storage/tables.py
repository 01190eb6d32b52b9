"""Which tables there are and what a record of each is."""

from __future__ import annotations

import msgspec

from storage.accounts import TABLE as ACCOUNTS
from storage.idempotency import TABLE as IDEMPOTENCY
from storage.materials import TABLE as MATERIALS
from storage.meta import TABLE as META
from storage.posts import TABLE as POSTS
from storage.records import Account, IdempotencyEntry, Material, MetaValue, PostMark, Task, UsageMark
from storage.tasks import TABLE as TASKS
from storage.usage import TABLE as USAGE

TYPES: dict[str, type[msgspec.Struct]] = {
    TASKS: Task,
    ACCOUNTS: Account,
    MATERIALS: Material,
    USAGE: UsageMark,
    POSTS: PostMark,
    IDEMPOTENCY: IdempotencyEntry,
    META: MetaValue,
}

#: The field of a table's records that holds free JSON.
FROZEN = {TASKS: "script_config", IDEMPOTENCY: "answer"}
