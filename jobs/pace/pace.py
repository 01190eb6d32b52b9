"""The pace: how soon and how often an account may post, and the hub's quiet hours (R61).

What counts is what was published or may have been, also when its task is gone from the list, for the account that the app
showed. Nothing is stored about a task that waits: whether it may start follows from the posts, the limits and the time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.settings import Posting
from jobs.hub.time_zone import zone
from jobs.input.quiet_hours import Span, read_quiet_hours
from jobs.pace.days import day_bounds, quiet_span
from jobs.pace.hold import Hold, Line, clock_time
from jobs.pace.post_times import PostTimes
from jobs.pace.whose import Whose
from jobs.task.attempt import OnHold
from storage.records import Account, Task, Waiting
from storage.store import Store
from storage.tables.posts import Place

#: Steps from one obstacle to the next; more would need posts that the future already holds.
_MOST_STEPS = 50
#: How long an answer to the dispatcher is good, and how many are kept.
LATELY_S = 1.0
_IN_DOUBT = "the clock of this box is in doubt, and quiet hours and the posts of a day go by it"
_MOST_FOUND = 10_000


class Limits(msgspec.Struct, frozen=True):
    """The pace in force for an account; 0 means without limit."""

    min_gap_minutes: int
    max_per_day: int

    @property
    def gap_s(self) -> float:
        return self.min_gap_minutes * 60.0


class PaceState(msgspec.Struct, frozen=True):
    """What the pace does with an account now."""

    limits: Limits
    posts_today: int
    next_allowed_at: float  #: now, where it may post
    why: str = ""  #: why not now
    last_post_at: float | None = None
    next_post_at: float | None = None  #: when its next pending task may start, as far as it is known
    next_task_id: int | None = None


class Pace:
    """Says when an account may post next. Thread-safe; talks to no phone."""

    def __init__(
        self, store: Store, clock: Clock, posting: Posting, trusted: Callable[[], bool] = lambda: True
    ) -> None:
        """`trusted` says whether the wall clock may be believed: days and quiet hours go by it."""
        self._store = store
        self._clock = clock
        self._trusted = trusted
        self._whose = Whose(store, posting)
        self._lock = threading.Lock()
        self._committing: Counter[Place] = Counter()
        self._times = PostTimes(store, clock)
        self._changes = 0  #: of the limits
        self._found: dict[tuple[str, ...], tuple[tuple[int, ...], float, Hold | None]] = {}
        self.reload(posting)

    def reload(self, posting: Posting) -> None:
        """Use these limits from now on."""
        self._changes += 1
        self._posting = posting
        self._whose.posting = posting
        self._quiet: tuple[Span, ...] = read_quiet_hours(posting.quiet_hours)
        self._zone: tzinfo = zone(posting.timezone)

    # --- what others ask

    @property
    def where(self) -> tzinfo:
        """The zone of days and quiet hours."""
        return self._zone

    @property
    def quiet(self) -> tuple[Span, ...]:
        """The quiet hours."""
        return self._quiet

    def account(self, task: Task) -> Account | None:
        """The task's account, as far as it is known."""
        return self._whose.account(task)

    def limits(self, account: Account | None) -> Limits:
        """Those of an account: its own, else the configured ones."""
        gap, most = self._posting.min_gap_minutes, self._posting.max_per_day
        if account is not None:
            gap = gap if account.min_gap_minutes is None else account.min_gap_minutes
            most = most if account.max_per_day is None else account.max_per_day
        return Limits(gap, most)

    def hold(self, task: Task, *, lately: bool = False) -> Hold | None:
        """Why a task that is due does not start now; None when it may.

        `lately` takes what was found within a second before: it is asked for every account, whenever anything happens.
        """
        if not lately:
            return self._look(task)
        whom = (task.platform, task.username or task.account_seen, task.serial, task.package)
        now, monotonic = self._clock.now(), self._clock.monotonic()
        # Whatever may change the answer: a post, an account, the limits, a clock that was set.
        facts = (self._changes, self._times.changes, self._whose.changes, round(now - monotonic))
        found = self._found.get(whom)
        if (
            found is None
            or found[0] != facts
            or monotonic >= found[1]
            or (found[2] and now >= (found[2].until or now))
        ):
            if len(self._found) > _MOST_FOUND:
                self._found.clear()
            found = self._found[whom] = (facts, monotonic + LATELY_S, self._look(task))
        return found[2]

    def _look(self, task: Task) -> Hold | None:
        account = self._whose.account(task)
        limits = self.limits(account)
        if not (limits.gap_s or limits.max_per_day or self._quiet):
            return None
        if (limits.max_per_day or self._quiet) and not self._trusted():
            return Hold(Waiting.PACE, _IN_DOUBT)
        places = self._whose.places(task)
        now = self._clock.now()
        until, reasons = self._next(places, limits, now, whom=self._whose.called(task))
        if until <= now:
            return None
        return Hold(
            Waiting.PACE, f"{'; '.join(reasons)}: it waits until {clock_time(until, self._zone)}", until
        )

    def line(self, task: Task, hold: Hold, count: int) -> Line:
        """The reasons of the first `count` posts of the task's account while the pace holds it back: each its own moment.

        A moment is the earliest one: posts take time, and one that fails is tried again. What waits behind these is told
        of no moment, so that it need not be told anew with every post.
        """
        account = self._whose.account(task)
        limits = self.limits(account)
        if hold.until is None or not (limits.gap_s or limits.max_per_day):
            return Line((), hold)  # quiet hours alone hold all of them until the same moment
        whom, places = self._whose.called(task), self._whose.places(task)
        now, at = self._clock.now(), hold.until
        found, planned = [hold], [at]
        _, reasons = self._next(places, limits, now, whom=whom)
        for before in range(1, count):
            at, news = self._open(places, limits, now, at + limits.gap_s, whom=whom, planned=planned)
            if limits.gap_s:
                news.insert(0, self._gap_sentence(whom, limits))
            reasons = news or reasons
            planned.append(at)
            others = f"{before} other post{'s' * (before > 1)}"
            until = clock_time(at, self._zone)
            sentence = f"{'; '.join(reasons)}: behind {others} it waits until {until} at the earliest"
            found.append(Hold(Waiting.PACE, sentence, at))
        behind = f"posts of {whom} that were due before it come first"
        return Line(tuple(found), Hold(Waiting.PACE, behind, in_line=True))

    def state(self, account: Account) -> PaceState:
        """What the pace does with an account now."""
        limits, now = self.limits(account), self._clock.now()
        places = self._whose.places_of_account(account)
        until, reasons = self._next(places, limits, now, whom=f"@{account.username}")
        times = self._store.account_times
        last, following = times.last_posted(places), times.next_planned(places[:1])
        return PaceState(
            limits,
            self._times.count(places, now, day_bounds(now, self._zone)),
            until,
            "; ".join(reasons),
            last_post_at=None if last is None else min(last, now),
            next_post_at=max(following[0], until) if following else None,
            next_task_id=following[1] if following else None,
        )

    @contextmanager
    def committing(self, task: Task) -> Iterator[None]:
        """Held while the commit point is written; `task` says which account was seen.

        Raises:
            OnHold: the account has posted since, or another phone posts to it just now. Quiet hours cut nothing.
        """
        limits = self.limits(self._whose.account(task))
        places = self._whose.places(task)
        with self._lock:
            if limits.gap_s or limits.max_per_day:
                whom, now = self._whose.called(task), self._clock.now()
                if any(self._committing[place] for place in places):
                    raise OnHold(f"{whom} is being posted to by another task just now")
                if limits.max_per_day and not self._trusted():
                    raise OnHold(_IN_DOUBT)
                until, reasons = self._next(places, limits, now, whom=whom, quiet=False)
                if until > now:
                    raise OnHold(f"{'; '.join(reasons)}: it waits until {clock_time(until, self._zone)}")
            self._committing.update(places)
        try:
            yield
        finally:
            with self._lock:
                self._committing.subtract(places)
                self._committing = +self._committing

    # --- what it hears

    def moved(self, task: Task) -> None:
        """A task was moved and written."""
        self._times.moved(task)

    def clock_stepped(self) -> None:
        """The wall clock was put back, or the daemon starts."""
        self._times.clock_stepped()

    # --- inside

    def _next(
        self, places: Sequence[Place], limits: Limits, now: float, *, whom: str, quiet: bool = True
    ) -> tuple[float, list[str]]:
        """The first moment from now on at which a post may start, and what keeps it from an earlier one."""
        at = now
        reasons: list[str] = []
        last = self._times.last(places, limits.gap_s, now) if limits.gap_s else None
        if last is not None and last + limits.gap_s > at:
            at = last + limits.gap_s
            reasons.append(self._gap_sentence(whom, limits))
        at, more = self._open(places, limits, now, at, whom=whom, quiet=quiet)
        return at, [*reasons, *more]

    def _open(
        self,
        places: Sequence[Place],
        limits: Limits,
        now: float,
        at: float,
        *,
        whom: str,
        quiet: bool = True,
        planned: Sequence[float] = (),
    ) -> tuple[float, list[str]]:
        """The first moment from `at` on that quiet hours and the days' limits leave open, and which of them kept it.

        `planned` are moments of posts to come, which count on their days.
        """
        reasons: list[str] = []
        for _ in range(_MOST_STEPS):
            if quiet and (found := quiet_span(at, self._quiet, self._zone)):
                span, at = found
                reasons.append(f"quiet hours {span}")
            elif (
                limits.max_per_day
                and self._times.count(places, now, day_bounds(at, self._zone), planned) >= limits.max_per_day
            ):
                day = datetime.fromtimestamp(at, self._zone).date()
                at = day_bounds(at, self._zone)[1]
                reasons.append(
                    f"{whom} has its {limits.max_per_day} post{'s' * (limits.max_per_day > 1)} of {day}"
                )
            else:
                break
        return at, list(dict.fromkeys(reasons))

    @staticmethod
    def _gap_sentence(whom: str, limits: Limits) -> str:
        return f"{whom} leaves {_minutes(limits.min_gap_minutes)} between two posts"


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not rest and hours:
        return f"{hours} hour{'s' * (hours > 1)}"
    return f"{minutes} minute{'s' * (minutes > 1)}"
