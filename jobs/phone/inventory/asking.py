"""Asks a phone what it is."""

from __future__ import annotations

from jobs.phone.adb import dumpsys
from jobs.phone.adb.client import AdbClient, AdbPhone, Endpoint
from jobs.phone.adb.wire import Grip
from jobs.phone.inventory.record import Facts

#: How long a phone may take for each answer.
TIMEOUT_S = 5.0


def ask_phone(endpoint: Endpoint, grip: Grip, serial: str) -> Facts:
    """What the phone says of itself. Raises PhoneError, also when it takes longer than `TIMEOUT_S`."""
    phone = AdbPhone(AdbClient(endpoint, grip, timeout_s=TIMEOUT_S), serial)
    said = dumpsys.properties(phone.shell_words("getprop", timeout_s=TIMEOUT_S).text)
    power = phone.shell_words("dumpsys", "battery", timeout_s=TIMEOUT_S).text
    sdk = said.get("ro.build.version.sdk", "")
    return Facts(
        identity=dumpsys.one_line(said.get("ro.serialno", "")),
        model=dumpsys.one_line(said.get("ro.product.model", "")),
        android=dumpsys.one_line(said.get("ro.build.version.release", "")),
        sdk=int(sdk) if sdk.isdecimal() and len(sdk) < 5 else 0,
        battery=dumpsys.battery(power),
        booted=said.get("sys.boot_completed") == "1",
    )
