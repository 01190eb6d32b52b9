"""Keeps the log-in mark of accounts true by what tasks see: an app that asks to log in, or a post that is out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from storage.error_codes import ErrorCode
from storage.errors import StoreError, UnknownRecord
from storage.records import Account, Stage, Task
from storage.tables.accounts import AccountStore

_LOG = logging.getLogger(__name__)


class LoginMarks:
    """Hears of every move of a task."""

    def __init__(self, accounts: AccountStore, account_of: Callable[[Task], Account | None]) -> None:
        """`account_of` gives the account of a task, also of one that names none, where only one can be meant."""
        self._accounts = accounts
        self._account_of = account_of

    def moved(self, task: Task) -> None:
        """A task was moved and written."""
        if task.error_code == ErrorCode.NOT_LOGGED_IN:
            logged_in = False
        elif task.stage is Stage.PUBLISHED and task.account_seen:
            logged_in = True
        else:
            return
        account = self._account_of(task)
        if account is None or account.logged_in is logged_in:
            return
        try:
            self._accounts.change(account.id, logged_in=logged_in)
        except UnknownRecord:
            return  # it was removed meanwhile
        except StoreError as error:
            _LOG.warning("the log-in mark of @%s could not be stored: %s", account.username, error)
