"""Remembers which phone answers at each address of the network, so that another one that gets the address is not taken for it."""

from __future__ import annotations

import logging
from collections.abc import Collection

from jobs.phone.inventory.shown import tells
from jobs.phone.protocol import PhoneInfo, PhoneState
from storage.errors import StoreError
from storage.tables.meta import MetaStore

_LOG = logging.getLogger(__name__)
_KEY = "phone_identities"


def known_identities(meta: MetaStore) -> dict[str, str]:
    """What the phone at each address said of itself, by serial."""
    return {str(serial): str(identity) for serial, identity in dict(meta.get(_KEY, {})).items()}


def remember_identities(meta: MetaStore, phones: Collection[PhoneInfo]) -> None:
    """Store what changed, durably: of phones that are in use. Of one that is away nothing is forgotten."""
    known = known_identities(meta)
    now = known | {
        phone.serial: phone.identity
        for phone in phones
        if phone.state is PhoneState.DEVICE and tells(phone.serial, phone.identity)
    }
    if now == known:
        return
    try:
        meta.set(_KEY, now)
    except StoreError as error:
        _LOG.warning("which phone answers at each address could not be stored: %s", error)
