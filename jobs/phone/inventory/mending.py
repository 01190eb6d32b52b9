"""Tries to bring a phone back: has the adb server connect to it anew, or restarts it."""

from __future__ import annotations

import contextlib
import logging

from jobs.phone.adb import dumpsys
from jobs.phone.adb.client import AdbClient, AdbPhone, Endpoint
from jobs.phone.adb.wire import Grip
from jobs.phone.error_translation import boundary
from jobs.phone.errors import PhoneError, PhoneOffline, StopRequested
from jobs.phone.inventory.remedies import Remedy
from jobs.phone.inventory.sayings import Sayings

log = logging.getLogger(__name__)

#: `host:connect` makes the adb server wait for the network.
CONNECT_TIMEOUT_S = 15.0


def mend(endpoint: Endpoint, grip: Grip, serial: str, remedy: Remedy, sayings: Sayings) -> None:
    """Carry one remedy out; the log hears of it through `sayings`, also why it failed."""
    client = AdbClient(endpoint, grip, timeout_s=CONNECT_TIMEOUT_S)
    try:
        with boundary(serial):
            if remedy is Remedy.REBOOT:
                log.warning("%s: restarting the phone", serial)
                AdbPhone(client, serial).reboot()
            elif remedy is Remedy.RECONNECT:
                sayings.say(serial, "reconnect", "asking the adb server to reconnect it")
                client.ask(f"host-serial:{serial}:reconnect")
            else:
                with contextlib.suppress(PhoneOffline):
                    client.ask(f"host:disconnect:{serial}")
                # The text is happy or not for reasons of its own (ADB-16): only the list counts.
                sayings.say(serial, "connect", dumpsys.one_line(client.ask(f"host:connect:{serial}")))
    except StopRequested:
        return
    except PhoneError as error:
        sayings.say(serial, "care", str(error))
