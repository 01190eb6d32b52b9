"""The account store: logins on phones, unique per platform and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from storage.engine.commit import Transaction
from storage.engine.durable import JournalStorage
from storage.errors import AccountExists, UnknownRecord
from storage.records import Account, NewAccount

TABLE = "accounts"


class ConfigAccount(Protocol):
    """An account as the config file names it."""

    @property
    def username(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def serial(self) -> str: ...
    @property
    def package(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def display_name(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


class AccountStore:
    """All accounts. There are hundreds at most, so questions walk over them."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._accounts: dict[int, Account] = storage.tables[TABLE]
        self._by_name: dict[tuple[str, str], Account] = {}
        storage.listen(TABLE, self._update)

    def _update(self, changes: Sequence[tuple[int, Account | None, Account | None]]) -> None:
        for _, before, _now in changes:
            if before is not None:
                self._by_name.pop((before.platform, before.username.casefold()), None)
        for _, _before, now in changes:
            if now is not None:
                self._by_name[now.platform, now.username.casefold()] = now

    def all(self) -> list[Account]:
        """Every account, by id."""
        with self._storage.state_lock:
            return [self._accounts[account_id] for account_id in sorted(self._accounts)]

    def get(self, account_id: int) -> Account | None:
        return self._accounts.get(account_id)

    def named(self, username: str, platform: str) -> Account | None:
        """The account of this name (compared case-insensitively) on a platform."""
        return self._by_name.get((platform, username.casefold()))

    def find(self, username: str, platform: str | None = None) -> list[Account]:
        """Accounts of this name (compared case-insensitively), on one platform or all."""
        name = username.casefold()
        return [
            account
            for account in self.all()
            if account.username.casefold() == name and platform in (None, account.platform)
        ]

    def add(self, new: NewAccount | None = None, /, **fields: Any) -> Account:
        """Store an account, given as a record or by its fields.

        Raises:
            AccountExists: the platform has one of this name.
            StoreFull: there is no room.
        """
        wanted = new or NewAccount(**fields)

        def action(change: Transaction) -> Account:
            return self._put(change, change.new_id(TABLE), wanted)

        return self._storage.commit(action, essential=False)

    def change(self, account_id: int, **changes: Any) -> Account:
        """Change fields of an account.

        Raises:
            UnknownRecord: no such account.
            AccountExists: its new name is taken.
        """

        def action(change: Transaction) -> Account:
            present: Account | None = change.get(TABLE, account_id)
            if present is None:
                raise UnknownRecord(TABLE, account_id)
            changed = msgspec.structs.replace(present, **changes, id=account_id)
            self._refuse_double(change, account_id, changed.username, changed.platform)
            kept: Account = change.put(TABLE, account_id, changed)
            return kept

        return self._storage.commit(action)

    def remove(self, account_id: int) -> bool:
        """Remove an account; False when there was none."""

        def action(change: Transaction) -> bool:
            if change.get(TABLE, account_id) is None:
                return False
            change.remove(TABLE, account_id)
            return True

        return self._storage.commit(action)

    def sync_config(self, entries: Iterable[ConfigAccount]) -> None:
        """Make the accounts marked `managed="config"` equal to the config file's, in one write.

        An account of the same name that came by the API is taken over; one that left the file is removed.
        """
        wanted = {(entry.platform, entry.username.casefold()): entry for entry in entries}

        def action(change: Transaction) -> None:
            present = {
                (account.platform, account.username.casefold()): account
                for account in self._seen(change).values()
            }
            for key, account in present.items():
                if account.managed == "config" and key not in wanted:
                    change.remove(TABLE, account.id)
            for key, entry in wanted.items():
                old = present.get(key)
                new = NewAccount(
                    username=entry.username,
                    platform=entry.platform,
                    serial=entry.serial,
                    package=entry.package,
                    enabled=entry.enabled,
                    logged_in=old.logged_in if old else True,
                    tags=tuple(entry.tags),
                    managed="config",
                    display_name=entry.display_name,
                )
                if old is None:
                    self._put(change, change.new_id(TABLE), new)
                elif msgspec.structs.asdict(old) != {**msgspec.structs.asdict(new), "id": old.id}:
                    self._put(change, old.id, new)

        self._storage.commit(action)

    def _put(self, change: Transaction, account_id: int, new: NewAccount) -> Account:
        self._refuse_double(change, account_id, new.username, new.platform)
        kept: Account = change.put(TABLE, account_id, Account(**msgspec.structs.asdict(new), id=account_id))
        return kept

    def _seen(self, change: Transaction) -> dict[int, Account]:
        """The accounts as this change must see them."""
        merged: dict[int, Account | None] = {**self._accounts, **change.changed(TABLE)}
        return {account_id: account for account_id, account in merged.items() if account is not None}

    def _refuse_double(self, change: Transaction, account_id: int, username: str, platform: str) -> None:
        for other in self._seen(change).values():
            if (
                other.id != account_id
                and other.platform == platform
                and other.username.casefold() == username.casefold()
            ):
                raise AccountExists(f"{platform} already has an account {other.username}")
