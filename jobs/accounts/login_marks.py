"""Keeps the log-in mark of accounts true by what tasks see: an app that asks to log in, or a post that is out."""

from __future__ import annotations

import logging

from storage.error_codes import ErrorCode
from storage.errors import StoreError, UnknownRecord
from storage.records import Account, Stage, Task
from storage.tables.accounts import AccountStore

_LOG = logging.getLogger(__name__)


class LoginMarks:
    """Hears of every move of a task."""

    def __init__(self, accounts: AccountStore) -> None:
        self._accounts = accounts

    def moved(self, task: Task) -> None:
        """A task was moved and written."""
        if task.error_code == ErrorCode.NOT_LOGGED_IN:
            logged_in = False
        elif task.stage is Stage.PUBLISHED and task.account_seen:
            logged_in = True
        else:
            return
        account = self._account(task)
        if account is None or account.logged_in is logged_in:
            return
        try:
            self._accounts.change(account.id, logged_in=logged_in)
        except UnknownRecord:
            return  # it was removed meanwhile
        except StoreError as error:
            _LOG.warning("the log-in mark of @%s could not be stored: %s", account.username, error)

    def _account(self, task: Task) -> Account | None:
        """The task's account; where it names none and none was seen, the only one that lives in this app on this phone."""
        name = task.account_known
        if name:
            return self._accounts.named(name, task.platform)
        here = [
            account
            for account in self._accounts.all()
            if (account.serial, account.platform) == (task.serial, task.platform)
            and account.package in {"", task.package}
        ]
        return here[0] if len(here) == 1 else None
