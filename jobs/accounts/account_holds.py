"""Says why a task has to wait for its account: it is disabled, was removed, or lives on another phone now (R51)."""

from __future__ import annotations

from collections.abc import Callable

from storage.records import Account, Task

#: Finds an account by its name and platform.
Named = Callable[[str, str], Account | None]


def account_hold(task: Task, named: Named) -> str:
    """One sentence, "" when nothing about the account keeps the task from being posted.

    For a task that names no account, the one that the app showed counts, once it was read.
    """
    name = task.account_known
    if not name:
        return ""
    account = named(name, task.platform)
    disabled = account is not None and not account.enabled
    if not task.username:
        way_out = f"enable it, or show another account on {task.serial}, then stop and retry this task"
        return f"the app shows @{name}, which is disabled: {way_out}" if disabled else ""
    if disabled:
        return f"the account @{name} is disabled: enable it, or delete this task"
    if account is None:
        return f"the account @{name} was removed: add it again, or delete this task"
    if not account.serial:
        return f"the account @{name} is bound to no phone any more; this task is for {task.serial}"
    if account.serial != task.serial:
        return (
            f"the account @{name} lives on {account.serial} now, this task is for {task.serial}: "
            "move it back, or delete this task and create it again"
        )
    return ""
