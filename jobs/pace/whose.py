"""Whose posts count for a task: those of its account, or, while that is unknown, of the app on its phone."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.hub.settings import Posting
from storage.records import Account, Task
from storage.store import Store
from storage.tables.account_times import unread_place
from storage.tables.posts import Place, account_place, phone_place


class Whose:
    """Finds accounts of tasks, and the places at which their posts are found. Thread-safe."""

    def __init__(self, store: Store, posting: Posting) -> None:
        self._posting = posting
        self._accounts = store.accounts
        self._bound: dict[tuple[str, str], list[Account]] | None = None
        self.changes = 0  #: of accounts; what was read before one is not kept
        store.storage.listen("accounts", lambda _: self._forget(), replay=False)

    @property
    def posting(self) -> Posting:
        """Replaced at a reload."""
        return self._posting

    @posting.setter
    def posting(self, posting: Posting) -> None:
        self._posting = posting
        self._forget()

    def account(self, task: Task) -> Account | None:
        """The account that the task names, else the one that the app showed, else the only account in this app on this phone."""
        name = task.account_known
        if name:
            return self._accounts.named(name, task.platform)
        bound = self.living(task.serial, task.package)
        return bound[0] if len(bound) == 1 else None

    def called(self, task: Task) -> str:
        """How a sentence names it."""
        name = task.account_known
        if not name and (account := self.account(task)):
            name = account.username
        return f"@{name}" if name else f"the account on {task.serial}"

    def places(self, task: Task) -> list[Place]:
        """Where posts of the same account are found.

        Posts of which it is not known whose they are count for an account that is the only one there.
        """
        name = task.account_known
        bound = self.living(task.serial, task.package)
        if name:
            alone = not bound or [one.username.casefold() for one in bound] == [name.casefold()]
            unread = [unread_place(task.serial, task.package)] if alone else []
            return [account_place(task.platform, name), *unread]
        only = [account_place(one.platform, one.username) for one in bound] if len(bound) == 1 else []
        return [phone_place(task.serial, task.package), *only]

    def places_of_account(self, account: Account) -> list[Place]:
        """The same for a task that names this account."""
        own = account_place(account.platform, account.username)
        package = account.package or self.posting.package(account.platform)
        if not account.serial or [one.id for one in self.living(account.serial, package)] != [account.id]:
            return [own]
        return [own, unread_place(account.serial, package)]

    def living(self, serial: str, package: str) -> Sequence[Account]:
        """The enabled accounts of an app on a phone."""
        bound = self._bound
        if bound is None:
            bound, changes = {}, self.changes
            for account in self._accounts.all():
                if account.enabled and account.serial:
                    own = account.package or self.posting.package(account.platform)
                    bound.setdefault((account.serial, own), []).append(account)
            if changes == self.changes:
                self._bound = bound
        return bound.get((serial, package), [])

    def _forget(self) -> None:
        self.changes += 1
        self._bound = None
