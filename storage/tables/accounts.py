"""The account store: logins on phones, unique per platform and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import AccountExists
from storage.records import Account, NewAccount
from storage.tables.table import Table

TABLE = "accounts"


class AccountStore(Table[Account]):
    """All accounts. There are hundreds at most, so questions walk over them."""

    name = TABLE

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        self._by_name: dict[tuple[str, str], Account] = {}
        storage.listen(TABLE, self._update)

    def _update(self, changes: Sequence[tuple[int, Account | None, Account | None]]) -> None:
        # What is only changed stays known at every moment: `named` is asked without a lock.
        there = {_key(now): now for _, _before, now in changes if now is not None}
        self._by_name.update(there)
        for _, before, _now in changes:
            if before is not None and _key(before) not in there:
                self._by_name.pop(_key(before), None)

    def named(self, username: str, platform: str) -> Account | None:
        """The account of this name (compared case-insensitively) on a platform."""
        return self._by_name.get((platform, username.casefold()))

    def named_within(self, change: Transaction, username: str, platform: str) -> Account | None:
        """`named`, as a change that is about to be written must see it."""
        key = platform, username.casefold()
        changed: Mapping[int, Account | None] = change.changed(TABLE)
        for account in changed.values():
            if account is not None and _key(account) == key:
                return account
        present = self._by_name.get(key)
        return None if present is None or present.id in changed else present

    def find(self, username: str) -> list[Account]:
        """Accounts of this name (compared case-insensitively), on all platforms."""
        name = username.casefold()
        return [account for account in self.all() if account.username.casefold() == name]

    def add(self, new: NewAccount | None = None, /, **fields: Any) -> Account:
        """Store an account, given as a record or by its fields.

        Raises:
            AccountExists: the platform has one of this name.
            StoreFull: there is no room.
        """
        wanted = new or NewAccount(**fields)
        return self._storage.commit(lambda change: self._insert(change, wanted), essential=False)

    def sync_config(self, entries: Iterable[NewAccount]) -> None:
        """Make the accounts marked `managed="config"` equal to the config file's, in one write.

        An account of the same name that came by the API is taken over; one that left the file is removed.
        """
        wanted = {_key(entry): msgspec.structs.replace(entry, managed="config") for entry in entries}

        def action(change: Transaction) -> None:
            present = {_key(account): account for account in self._seen(change)}
            for key, account in present.items():
                if account.managed == "config" and key not in wanted:
                    change.remove(TABLE, account.id)
            for key, entry in wanted.items():
                old = present.get(key)
                if old is None:
                    self._insert(change, entry)
                    continue
                facts = {**msgspec.structs.asdict(entry), "logged_in": old.logged_in}
                if (changed := msgspec.structs.replace(old, **facts)) != old:
                    self._put(change, old.id, changed)

        self._storage.commit(action)

    def _insert(self, change: Transaction, new: NewAccount) -> Account:
        account_id = change.new_id(TABLE)
        return self._put(change, account_id, Account(**msgspec.structs.asdict(new), id=account_id))

    def _seen(self, change: Transaction) -> list[Account]:
        """The accounts as this change must see them."""
        return [change.get(TABLE, account_id) for account_id in change.ids(TABLE)]

    def _check(self, change: Transaction, doc_id: int, record: Account) -> None:
        for other in self._seen(change):
            if other.id != doc_id and _key(other) == _key(record):
                raise AccountExists(f"{record.platform} already has an account {other.username}")


def _key(account: NewAccount) -> tuple[str, str]:
    return account.platform, account.username.casefold()
