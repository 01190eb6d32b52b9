"""Sends one notification to one receiver, once: signed webhooks, ntfy messages, and apprise where it is installed."""

from __future__ import annotations

import hashlib
import hmac
import importlib
from typing import Any

import msgspec
import requests

from jobs.hub.clock import utc
from jobs.hub.settings import NotifyTarget

SEND_TIMEOUT_S = (3.0, 5.0)  # connect, read
#: Events that are sent with high priority, so that the telephone rings.
_URGENT = frozenset({"unknown_outcome", "hub_lost", "needs_hands", "disk"})


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should know. `at` is seconds since the epoch; `facts` are plain JSON values."""

    id: str
    name: str
    sentence: str
    at: float
    facts: dict[str, Any] = {}


class NotSent(Exception):
    """The receiver did not take it; the message says why."""


def send(target: NotifyTarget, event: Event) -> None:
    """Raises NotSent when it has to be sent again."""
    if target.kind == "apprise":
        _send_by_apprise(target, event)
        return
    if target.kind == "ntfy":
        body = event.sentence.encode()
        headers = {
            "Title": f"tikmatrixd: {event.name}",
            "Priority": "high" if event.name in _URGENT else "default",
            "Tags": event.name,
        }
        if target.secret:
            headers["Authorization"] = f"Bearer {target.secret}"
    else:
        body = webhook_body(event)
        headers = {
            "Content-Type": "application/json",
            "X-Tikmatrixd-Event": event.name,
            "X-Tikmatrixd-Id": event.id,
        }
        if target.secret:
            headers["X-Tikmatrixd-Signature"] = sign(target.secret, body)
    try:
        with requests.post(
            target.url, data=body, headers=headers, timeout=SEND_TIMEOUT_S, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    # ValueError: what of an address or a token cannot be written into a request passes requests' own checks.
    except (requests.RequestException, ValueError) as error:
        # Its text may hold the whole address, and with it a secret.
        raise NotSent(f"cannot be reached ({type(error).__name__})") from error
    if status >= 300:
        raise NotSent(f"answers HTTP {status}")


def _send_by_apprise(target: NotifyTarget, event: Event) -> None:
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        raise NotSent("needs the package apprise, which is not installed") from None
    receiver = apprise.Apprise()
    if not receiver.add(target.url):
        raise NotSent("is not an address that apprise knows")
    if not receiver.notify(title=f"tikmatrixd: {event.name}", body=event.sentence):
        raise NotSent("did not take it from apprise")


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
