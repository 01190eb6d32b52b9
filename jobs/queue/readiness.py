"""Whether a phone that answers is fit to start a task, by what its last probe said (JOB-9)."""

from __future__ import annotations

from jobs.hub.settings import Phones
from jobs.phone.protocol import PhoneInfo


def unfit(info: PhoneInfo, limits: Phones) -> str:
    """Why the phone starts nothing now, "" when it may. What is not known is no obstacle here.

    Storage, the screen's lock and calls are looked at by the session when an attempt begins (`PhoneSession.wake`).
    """
    percent, celsius = info.battery_percent, info.battery_celsius
    if percent is not None and percent < limits.min_battery_percent:
        return f"its battery is at {percent} %, tasks start from {limits.min_battery_percent} %"
    if celsius is not None and celsius > limits.max_battery_celsius:
        return f"its battery has {celsius:.0f} °C, tasks start below {limits.max_battery_celsius:.0f} °C"
    return ""
