"""Notifications: events for people, kept until each receiver has taken them; with backoff and without floods (JOB-16)."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from jobs.hub.clock import Clock
from jobs.hub.settings import EventName, NotifyTarget
from jobs.hub.supervision import Loop
from jobs.notify.send import Event, NotSent, send
from storage.errors import StoreError
from storage.tables.meta import MetaStore

_LOG = logging.getLogger(__name__)

#: Seconds between tries; the last one repeats until the event is too old.
BACKOFF_S = (0.0, 5.0, 30.0, 120.0, 600.0, 1800.0)
MAX_AGE_S = 3 * 86400.0
MAX_WAITING = 2000
#: At most this many events of one class within `FLOOD_S` are sent one by one; the others follow as one, later.
FLOOD_EVENTS, FLOOD_S = 10, 600.0
#: How long events of a flood are gathered before the one message about them goes out.
GATHER_S = 300.0
#: At most this many tasks of a gathered flood are named.
GATHER_TASKS = 50


#: An event that a person asked for, to see whether it arrives; every receiver gets it, whatever events it names.
TRIAL, TRIAL_SENTENCE = "test", "A notification on trial: this receiver works."


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one target, named by its URL so that a changed config cannot misdirect it."""

    event: Event
    url: str
    tries: int = 0
    next_at: float = 0.0


class Outbox:
    """Keeps events until each target has taken them, or they are three days old. Publishing never waits for it."""

    _KEY = "outbox"

    def __init__(
        self,
        targets: Sequence[NotifyTarget],
        clock: Clock,
        meta: MetaStore,
        *,
        send: Callable[[NotifyTarget, Event], None] = send,
    ) -> None:
        self._targets = tuple(targets)
        self._clock = clock
        self._meta = meta
        self._send = send
        self._lock = threading.Lock()
        self._told: dict[str, deque[float]] = {}
        self._waiting: list[Delivery] = msgspec.convert(meta.get(self._KEY, []), list[Delivery])
        self.loop = Loop("outbox", self.deliver_due, clock, longest_wait_s=60.0)

    def start(self) -> None:
        self.loop.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End the thread; what was not delivered stays in the store for the next start."""
        self.loop.stop()
        return self.loop.join(timeout_s)

    def retarget(self, targets: Sequence[NotifyTarget]) -> None:
        """Use other targets from now on; what waits for a target that is gone is dropped at its turn."""
        self._targets = tuple(targets)
        self.loop.wake()

    def tell(self, name: EventName, sentence: str, /, **facts: Any) -> None:
        """Put an event in for every target that wants it; durable when this returns, delivered later.

        When many of a class come together, all but the first few are gathered into one message.
        """
        wanted = [t for t in self._targets if t.wants(name)]
        if not wanted:
            return
        event = Event(id=uuid.uuid4().hex, name=name, sentence=sentence, at=self._clock.now(), facts=facts)
        with self._lock:
            flood = self._is_flood(name)
            for target in wanted:
                if flood:
                    self._gather(target, event)
                else:
                    self._waiting.append(Delivery(event=event, url=target.url))
            if len(self._waiting) > MAX_WAITING:
                _LOG.warning(
                    "the outbox is full: the %d oldest notifications are dropped",
                    len(self._waiting) - MAX_WAITING,
                )
                del self._waiting[:-MAX_WAITING]
            self._save()
        self.loop.wake()

    def try_out(self) -> list[tuple[str, str]]:
        """Send an event on trial to every target now, past what waits: each target, and why it did not take it ("" if it did).

        Takes as long as the targets let it wait, at most 8 s each.
        """
        event = Event(id=uuid.uuid4().hex, name=TRIAL, sentence=TRIAL_SENTENCE, at=self._clock.now())
        found: list[tuple[str, str]] = []
        for target in self._targets:
            try:
                self._send(target, event)
            except NotSent as error:
                found.append((target.shown, str(error)))
            else:
                found.append((target.shown, ""))
        return found

    def _is_flood(self, name: EventName) -> bool:
        now = self._clock.monotonic()
        told = self._told.setdefault(name, deque(maxlen=FLOOD_EVENTS))
        if len(told) == FLOOD_EVENTS and now - told[0] < FLOOD_S:
            return True
        told.append(now)
        return False

    def _gather(self, target: NotifyTarget, event: Event) -> None:
        """Add the event to the message about the flood that still waits for this target, or begin one."""
        ends = self._clock.now() + GATHER_S
        place = next((n for n, d in enumerate(self._waiting) if self._gathers(d, target, event)), None)
        if place is None:
            place = len(self._waiting)
            self._waiting.append(Delivery(event=event, url=target.url, next_at=ends))
            before: dict[str, Any] = {"count": 0, "task_ids": []}
        else:
            before = self._waiting[place].event.facts
        task_ids = [*before["task_ids"], *([event.facts["task_id"]] if "task_id" in event.facts else [])]
        told = msgspec.structs.replace(
            self._waiting[place].event,
            sentence=f"{before['count'] + 1} more like the ones before; the last: {event.sentence}",
            facts={"count": before["count"] + 1, "task_ids": task_ids[:GATHER_TASKS]},
        )
        self._waiting[place] = msgspec.structs.replace(self._waiting[place], event=told)

    def _gathers(self, delivery: Delivery, target: NotifyTarget, event: Event) -> bool:
        """Whether this is the message about the flood to which the event belongs, and was not tried yet."""
        now = self._clock.now()
        same = delivery.event.name == event.name and delivery.url == target.url
        return (
            same
            and "count" in delivery.event.facts
            and not delivery.tries
            and now < delivery.next_at <= now + GATHER_S
        )

    @property
    def waiting(self) -> int:
        """How many deliveries are not done yet."""
        return len(self._waiting)

    def _save(self) -> None:
        try:
            self._meta.set(self._KEY, msgspec.to_builtins(self._waiting))
        except StoreError as error:
            # It is still in memory, and a full disk is just what people should hear of.
            _LOG.warning("notifications cannot be stored, only sent: %s", error)

    def deliver_due(self) -> float:
        """Try everything whose time has come, once; returns the seconds until the next is due."""
        now = self._clock.now()
        with self._lock:
            # A time too far ahead is of a clock that was set back since.
            due = [d for d in self._waiting if not now < d.next_at <= now + BACKOFF_S[-1]]
        silent: set[str] = set()  #: targets that failed in this round: their other events need not be tried
        for delivery in due:
            if self.loop.stopping:
                break
            delivered = delivery.url not in silent and self._try(delivery)
            if not delivered:
                silent.add(delivery.url)
            self._settle(delivery, delivered)
        with self._lock:
            return max(0.1, min((d.next_at - self._clock.now() for d in self._waiting), default=60.0))

    def _settle(self, delivery: Delivery, delivered: bool) -> None:
        now = self._clock.now()
        with self._lock:
            if delivery not in self._waiting:
                return  # dropped meanwhile: the outbox was full
            self._waiting.remove(delivery)
            too_old = now - delivery.event.at > MAX_AGE_S
            if not delivered and too_old:
                _LOG.warning("a notification is given up after three days: %s", delivery.event.sentence)
            elif not delivered:
                tries = delivery.tries + 1
                pause_s = BACKOFF_S[min(tries, len(BACKOFF_S) - 1)]
                self._waiting.append(msgspec.structs.replace(delivery, tries=tries, next_at=now + pause_s))
            self._save()

    def _try(self, delivery: Delivery) -> bool:
        """Send once; True when it need not be sent again."""
        target = next((t for t in self._targets if t.url == delivery.url), None)
        if target is None:
            return True
        try:
            self._send(target, delivery.event)
        except NotSent as error:
            if delivery.tries == 0:
                _LOG.warning(
                    "notification %s is tried again later: %s %s", delivery.event.name, target.shown, error
                )
            return False
        except Exception as error:  # noqa: BLE001 - a fault of one receiver must not hold up the events behind it
            if delivery.tries == 0:
                # The error's own text may hold the whole address, and with it a secret.
                kind = type(error).__name__
                _LOG.error("notification %s cannot be sent: %s (%s)", delivery.event.name, target.shown, kind)
            _LOG.debug("trace of the notification that cannot be sent", exc_info=True)
            return False
        return True
