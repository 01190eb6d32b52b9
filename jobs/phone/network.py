"""Whether a phone can reach anything: apps take a post that they cannot send, and say nothing of it for a while."""

from __future__ import annotations

from jobs.phone.adb.dumpsys import offline
from jobs.phone.protocol import PhoneSession


def is_offline(phone: PhoneSession) -> bool:
    """Whether the phone has no network at all; False where it does not tell. Raises what a phone's shell raises."""
    return offline(phone.shell("dumpsys", "connectivity").output)
