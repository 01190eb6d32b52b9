"""The sheet that lists the accounts of an app; a tap on another one switches to it."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from simulator.apps.base import AppAccount, View
from simulator.apps.kit.app import StagedApp
from simulator.apps.kit.stage import Screen

StagedT = TypeVar("StagedT", bound=StagedApp)


class AccountSheet(Screen[StagedT]):
    """Rows of one height between the sheet's head and the foot of the app."""

    name = "account-sheet"
    layered = True
    foot: int
    head: int
    pitch: int
    others: tuple[str, ...]  #: rows after the accounts: all of them lead to the log-in
    switch_s: float
    then: str  #: the screen after a switch

    def _switch(self, username: str) -> None:
        app = self.app
        if username == app.me.username:
            app.pop()
            return
        app.switch_to(username)
        app.go(self.switch_s, lambda: app.replace(self.then))

    def views(self) -> list[View]:
        app = self.app
        accounts = app.sheet_accounts()
        top = self.foot - self.head - self.pitch * (len(accounts) + len(self.others))
        below = range(top + self.head, self.foot, self.pitch)
        rows = []
        for place, account in enumerate(accounts):
            row = self.row(place, below[place], account, current=account.username == app.me.username)
            row.on_tap = partial(self._switch, account.username)
            rows.append(row)
        for y, key in zip(below[len(accounts) :], self.others, strict=True):
            row = self.other(y, app.t(key))
            row.on_tap = partial(app.cover, "login")
            rows.append(row)
        return self.sheet(top, rows)

    def sheet(self, top: int, rows: list[View]) -> list[View]:
        raise NotImplementedError

    def row(self, place: int, y: int, account: AppAccount, *, current: bool) -> View:
        raise NotImplementedError

    def other(self, y: int, label: str) -> View:
        raise NotImplementedError
