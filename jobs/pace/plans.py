"""Says beforehand what of a plan breaks the pace: it is taken all the same, and waits when its time comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from jobs.pace.days import day_bounds, quiet_span
from jobs.pace.pace import Pace
from storage.records import NewTask
from storage.store import Store
from storage.tables.account_times import UNDER_WAY
from storage.tables.posts import account_place


class Plans:
    """Compares planned times with the pace. Thread-safe."""

    def __init__(self, store: Store, pace: Pace) -> None:
        self._store = store
        self._pace = pace

    def of_tasks(self, new: Sequence[NewTask]) -> list[str]:
        """What tasks that are about to be stored break, beside those that wait already; one sentence per account and rule."""
        times: dict[tuple[str, str], list[float]] = {}
        for task in new:
            if task.username:
                times.setdefault((task.platform, task.username.casefold()), []).append(task.scheduled_at)
        return [
            sentence
            for (platform, username), mine in times.items()
            for sentence in self.of_account(
                platform, username, mine, self._others(platform, username, min(mine))
            )
        ]

    def of_account(
        self, platform: str, username: str, mine: Sequence[float], others: Sequence[float] = ()
    ) -> Iterator[str]:
        """What these times of an account break, beside those that stand already."""
        account = self._store.accounts.named(username, platform)
        limits = self._pace.limits(account)
        whom = f"@{account.username if account else username}"
        yield from self._quiet(whom, mine)
        together = sorted([*mine, *others])
        asked = set(mine)
        if limits.max_per_day:
            days = Counter(self._day(at) for at in together)
            touched = {self._day(at) for at in mine}
            over = sorted(day for day in touched if days[day] > limits.max_per_day)
            if over:
                yield (
                    f"{whom} has {days[over[0]]} posts on {over[0]}{_more(over)}, its pace allows "
                    f"{limits.max_per_day} a day: the rest waits for a later day"
                )
        if limits.gap_s:
            near = [
                (one, other)
                for one, other in pairwise(together)
                if other - one < limits.gap_s and (one in asked or other in asked)
            ]
            if near:
                one, other = (datetime.fromtimestamp(at, self._pace.where) for at in near[0])
                yield (
                    f"{whom} has posts at {one:%Y-%m-%d %H:%M} and {other:%H:%M}{_more(near)}, nearer than the "
                    f"{limits.min_gap_minutes} minutes of its pace: the later one waits"
                )

    def _quiet(self, whom: str, mine: Sequence[float]) -> Iterator[str]:
        quiet = [
            (at, found[0])
            for at in sorted(mine)
            if (found := quiet_span(at, self._pace.quiet, self._pace.where)) is not None
        ]
        if quiet:
            (first, span) = quiet[0]
            when = datetime.fromtimestamp(first, self._pace.where)
            yield f"{whom}: {when:%Y-%m-%d %H:%M}{_more(quiet)} lies in the quiet hours {span}: it waits for their end"

    def _others(self, platform: str, username: str, first: float) -> list[float]:
        """When the account is to post, and has posted, from the day on in which the first of the new ones lies."""
        places, times = [account_place(platform, username)], self._store.account_times
        since = day_bounds(first, self._pace.where)[0] - 24 * 3600.0
        found = times.planned(places, since) | times.posted(places, since)
        return [at for at, _ in found if at != UNDER_WAY]

    def _day(self, at: float) -> str:
        return datetime.fromtimestamp(at, self._pace.where).date().isoformat()


def _more(found: Sequence[object]) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""
