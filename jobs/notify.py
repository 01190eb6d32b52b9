"""Notifications: signed webhooks and ntfy messages per event, through a durable outbox with backoff (JOB-16)."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import msgspec
import requests

from jobs.clock import Clock, utc
from jobs.settings import NotifyTarget

_LOG = logging.getLogger(__name__)

EventName = Literal[
    "task_failed", "unknown_outcome", "phone_lost", "hub_lost", "disk", "clock", "needs_hands"
]

#: Seconds between tries; the last one repeats until the event is too old.
BACKOFF_S = (0.0, 5.0, 30.0, 120.0, 600.0, 1800.0)
MAX_AGE_S = 3 * 86400.0
MAX_WAITING = 2000
SEND_TIMEOUT_S = (3.0, 5.0)  # connect, read


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should know. `at` is seconds since the epoch; `facts` are plain JSON values."""

    id: str
    name: str
    sentence: str
    at: float
    facts: dict[str, Any] = {}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one target, named by its URL so that a changed config cannot misdirect it."""

    event: Event
    url: str
    tries: int = 0
    next_at: float = 0.0


class Meta(Protocol):
    """The store's small key-value part."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


class Outbox:
    """Keeps events until each target has taken them, or they are three days old. Publishing never waits for it."""

    _KEY = "outbox"

    def __init__(
        self,
        targets: Sequence[NotifyTarget],
        clock: Clock,
        meta: Meta,
        *,
        post: Callable[..., requests.Response] = requests.post,
    ) -> None:
        self._targets = tuple(targets)
        self._clock = clock
        self._meta = meta
        self._post = post
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopping = False
        self._waiting: list[Delivery] = msgspec.convert(meta.get(self._KEY, []), list[Delivery])
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread; what was not delivered stays in the store for the next start."""
        self._stopping = True
        self._changed.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def retarget(self, targets: Sequence[NotifyTarget]) -> None:
        """Use other targets from now on; what waits for a target that is gone is dropped at its turn."""
        self._targets = tuple(targets)
        self._changed.set()

    def tell(self, name: EventName, sentence: str, **facts: Any) -> None:
        """Put an event in for every target that wants it; durable when this returns, delivered later."""
        wanted = [t for t in self._targets if not t.events or name in t.events]
        if not wanted:
            return
        event = Event(id=uuid.uuid4().hex, name=name, sentence=sentence, at=self._clock.now(), facts=facts)
        with self._lock:
            self._waiting += [Delivery(event=event, url=target.url) for target in wanted]
            if len(self._waiting) > MAX_WAITING:
                _LOG.warning(
                    "the outbox is full: the %d oldest notifications are dropped",
                    len(self._waiting) - MAX_WAITING,
                )
                del self._waiting[:-MAX_WAITING]
            self._save()
        self._changed.set()

    @property
    def waiting(self) -> int:
        """How many deliveries are not done yet."""
        return len(self._waiting)

    def _save(self) -> None:
        self._meta.set(self._KEY, msgspec.to_builtins(self._waiting))

    def _run(self) -> None:
        while True:
            self._changed.clear()
            if self._stopping:
                return
            pause_s = self.deliver_due()
            self._clock.wait(self._changed, pause_s)

    def deliver_due(self) -> float:
        """Try everything whose time has come, once; returns the seconds until the next is due."""
        now = self._clock.now()
        with self._lock:
            due = [d for d in self._waiting if d.next_at <= now]
        for delivery in due:
            if self._stopping:
                break
            self._settle(delivery, self._try(delivery))
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
                _LOG.warning(
                    "notification %s to %s is given up after three days", delivery.event.name, delivery.url
                )
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
            answer = self._send(target, delivery.event)
        except requests.RequestException as error:
            if delivery.tries == 0:
                _LOG.warning(
                    "notification %s does not reach %s (tried again later): %s",
                    delivery.event.name,
                    target.url,
                    error,
                )
            return False
        if answer.status_code >= 300 and delivery.tries == 0:
            _LOG.warning(
                "notification %s: %s answers HTTP %d (tried again later)",
                delivery.event.name,
                target.url,
                answer.status_code,
            )
        return answer.status_code < 300

    def _send(self, target: NotifyTarget, event: Event) -> requests.Response:
        if target.kind == "ntfy":
            urgent = event.name in {"unknown_outcome", "hub_lost", "needs_hands"}
            headers = {
                "Title": f"tikmatrixd: {event.name}",
                "Priority": "high" if urgent else "default",
                "Tags": event.name,
            }
            return self._post(
                target.url,
                data=event.sentence.encode(),
                headers=headers,
                timeout=SEND_TIMEOUT_S,
                allow_redirects=False,
            )
        body = webhook_body(event)
        headers = {
            "Content-Type": "application/json",
            "X-Tikmatrixd-Event": event.name,
            "X-Tikmatrixd-Id": event.id,
        }
        if target.secret:
            headers["X-Tikmatrixd-Signature"] = sign(target.secret, body)
        return self._post(
            target.url, data=body, headers=headers, timeout=SEND_TIMEOUT_S, allow_redirects=False
        )


def webhook_body(event: Event) -> bytes:
    """The JSON a webhook gets; the same bytes at each try of the same event, so that receivers can drop repeats by `id`."""
    return msgspec.json.encode(
        {
            "id": event.id,
            "event": event.name,
            "message": event.sentence,
            "at": utc(event.at).isoformat(),
            "facts": event.facts,
        }
    )


def sign(secret: str, body: bytes) -> str:
    """The value of X-Tikmatrixd-Signature: `sha256=` and the HMAC-SHA256 of the body in hex."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
