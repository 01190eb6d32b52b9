"""The world of `never_twice` with copies: requests that are sent again, bulks, backups and restores, and an archive."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from storage.backup import backup, restore
from storage.tables.idempotency import LIFETIME_S
from tests.support.never_twice import T, Wishes, World

BULK = f"{T}/bulk"
#: As many of the last requests may come again.
_KEPT = 30


class Request(msgspec.Struct):
    """A request that was answered with tasks, for a client that sends it again."""

    path: str
    body: dict[str, Any]
    key: str
    ids: list[int]
    at: tuple[float, float]  #: by the box's clock, and by the one that nobody sets
    lost: bool = False  #: a restore went back to before it


class Copy(msgspec.Struct):
    """A backup, with what was asked for by then."""

    file: Path
    wishes: dict[int, Wishes]
    disabled: set[tuple[str, str]]
    accounts: dict[tuple[str, str], int]


class WorldOfCopies(World):
    """A client repeats requests with their key; an operator restores a copy of some time ago; tasks leave for the archive."""

    retention_days = 0.1  #: tasks that ended leave for the archive within the hours that pass here

    def __init__(self, folder: Path, seed: int) -> None:
        self.requests: list[Request] = []
        self.copies: list[Copy] = []
        super().__init__(folder, seed)

    def _kinds(self) -> list[tuple[Callable[[], str], int]]:
        more = [
            (self.create_with_key, 10),
            (self.bulk, 4),
            (self.again, 8),
            (self.back_up, 3),
            (self.restore, 2),
        ]
        return [*super()._kinds(), *more]

    def create_with_key(self) -> str:
        return self._ask_with_key(T, self._some_body())

    def bulk(self) -> str:
        rows = [self._some_body() for _ in range(self.choice.choice((1, 2, 3)))]
        force = rows[0].pop("force")
        for row in rows[1:]:
            del row["force"]
        return self._ask_with_key(BULK, {"tasks": rows, "force": force})

    def _ask_with_key(self, path: str, body: dict[str, Any]) -> str:
        key = f"key-{self.number}"
        known = set(self.wishes)
        said = self._ask(path, body, Idempotency_Key=key)
        ids = sorted(set(self.wishes) - known)
        if ids:
            self.requests = [*self.requests[1 - _KEPT :], Request(path, body, key, ids, self._now())]
        return said

    def again(self) -> str:
        """A client sends a request again, with its key: it never heard the answer."""
        if not self.requests:
            return "nothing"
        request = self.choice.choice(self.requests)
        with self.gate:
            said = self._ask(request.path, request.body, Idempotency_Key=request.key)
            ids = sorted(number for number, mine in self.wishes.items() if mine.created == self.number)
        age_s = max(now - then for now, then in zip(self._now(), request.at, strict=True))
        if ids and not request.lost and age_s < LIFETIME_S:  # a key is known for a day
            self.wrong(f"{request.key} was sent again and made tasks {ids} beside {request.ids}")
        if ids:
            request.ids, request.at, request.lost = ids, self._now(), False
        self.counts["made anew" if ids else "answered again"] += 1
        return f"{request.key} {said}"

    def _now(self) -> tuple[float, float]:
        return self.clock.now(), self.clock.monotonic()

    def back_up(self) -> str:
        file = self.folder / f"{self.number}.tar"
        with self.gate:
            backup(self.store, file)
            made = Copy(file, copy.deepcopy(self.wishes), set(self.disabled), dict(self.accounts))
        self.copies = [*self.copies[-2:], made]
        return file.name

    def restore(self) -> str:
        """Go back to a copy: what was asked for since is forgotten, what was posted since is not."""
        if not self.copies:
            return "nothing"
        made = self.choice.choice(self.copies)
        self.close()
        told = restore(made.file, self.folder / "state", self.clock.now())
        for request in self.requests:
            request.lost = request.lost or not set(request.ids) <= set(made.wishes)
        for number, mine in copy.deepcopy(made.wishes).items():
            mine.confirmed = max(mine.confirmed, self.wishes[number].confirmed)
            self.wishes[number] = mine
        self.disabled, self.accounts = set(made.disabled), dict(made.accounts)
        self.released.clear()
        self._open()
        return f"{made.file.name} {told}"
