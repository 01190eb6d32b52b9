"""Remembers which adb server each phone belongs to, so that after a start the phones of one that is away are not unknown."""

from __future__ import annotations

import logging
from collections.abc import Collection

from jobs.hub.settings import LOCAL_SERVER
from jobs.phone.protocol import PhoneInfo, PhoneState, ServerInfo
from storage.errors import StoreError
from storage.tables.meta import MetaStore

_LOG = logging.getLogger(__name__)
_KEY = "adb_servers"


def known_homes(meta: MetaStore) -> dict[str, str]:
    """The adb server of each phone that belongs to a further one, by serial."""
    return {str(serial): str(server) for serial, server in dict(meta.get(_KEY, {})).items()}


def remember_homes(meta: MetaStore, servers: Collection[ServerInfo], phones: Collection[PhoneInfo]) -> None:
    """Store what changed, durably. A phone that its server has no more is forgotten; of one that is away nothing is."""
    away = {server.name for server in servers if not server.up}
    homes = {
        phone.serial: phone.adb_server
        for phone in phones
        if phone.adb_server != LOCAL_SERVER
        and (phone.adb_server in away or phone.state is not PhoneState.ABSENT)
    }
    if homes == known_homes(meta):
        return
    try:
        meta.set(_KEY, homes)
    except StoreError as error:
        _LOG.warning("which adb server each phone belongs to could not be stored: %s", error)
