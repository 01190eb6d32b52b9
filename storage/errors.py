"""What can go wrong in the store, in its own words; the layers above decide what to answer."""

from __future__ import annotations

from storage.records import Task


class StoreError(Exception):
    """Root of everything the store raises on purpose."""


class StateLocked(StoreError):
    """Another process holds the state directory."""


class NewerSchema(StoreError):
    """The files were written by a newer version of the program; they were not touched."""


class StoreDamaged(StoreError):
    """No readable generation is left; nothing was changed, a person must restore a backup."""


class StoreFull(StoreError):
    """No disk space: the change was refused, memory and disk are as before."""


class StoreFailed(StoreError):
    """The disk refused a write for another reason: the change was refused, memory and disk are as before."""


class NoStore(StoreFailed):
    """The folder holds no store: it is another one that was meant, or no daemon ever ran on it."""


class BackupUnreadable(StoreError):
    """A file is not a whole backup; nothing was changed."""


class InvalidRecord(StoreError, ValueError):
    """A record that could not be read back after writing; refused before it reaches the disk."""


class UnknownRecord(StoreError, KeyError):
    """There is no record with this id."""

    def __init__(self, table: str, doc_id: int) -> None:
        super().__init__(f"there is no record {doc_id} in {table}")
        self.table = table
        self.doc_id = doc_id

    def __str__(self) -> str:
        return str(self.args[0])


class AccountExists(StoreError):
    """The platform already has an account of this name (compared case-insensitively)."""


class StageConflict(StoreError):
    """A compare-and-set lost: the task is no longer what the caller believed. `task` is its present state."""

    def __init__(self, task: Task) -> None:
        super().__init__(f"task {task.id} is {task.stage.value}, attempt {task.attempt}")
        self.task = task
