"""What is known of one phone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.phone.adb.dumpsys import Battery
from jobs.phone.adb.listing import Listed
from jobs.phone.inventory.remedies import Care
from jobs.phone.protocol import PhoneInfo, PhoneState

#: How many unanswered questions make a phone a ghost: listed, but dead.
GHOST_MISSES = 2


class Facts(NamedTuple):
    """What a phone says of itself."""

    identity: str = ""
    model: str = ""
    android: str = ""
    sdk: int = 0
    battery: Battery = Battery(None, None)
    booted: bool = True  #: False while Android still starts behind a working adb


class Sight(NamedTuple):
    """A phone as one adb server shows it."""

    info: PhoneInfo
    listed: bool  #: it stands in the server's list
    answers: bool  #: it said what it is since then
    doubled: bool  #: it stands there twice


@dataclass
class Entry:
    """One phone."""

    serial: str
    care: Care
    info: PhoneInfo
    listed: Listed | None = None
    verified: bool = False  #: it answered since it was listed as a device
    probing: bool = False
    mending: bool = False  #: a remedy was begun and is not over
    misses: int = 0
    next_probe_at: float = 0.0
    generation: int = 0
    facts: Facts = field(default_factory=Facts)
    complaint: str = ""  #: why a higher layer gave up on it
    complaint_until: float = 0.0
    reboot_wanted: str = ""  #: why it shall be restarted once no session uses it
    rebooted_at: float | None = None  #: monotonic, of the last restart that we asked for
    starting_since: float | None = None  #: monotonic; Android is starting, whatever restarted it
    starts_too_long: bool = False
    last_seen: float | None = None

    @property
    def sight(self) -> Sight:
        """The phone as its server shows it now."""
        listed = self.listed
        return Sight(
            self.info,
            listed is not None,
            self.verified,
            listed is not None and listed.state is PhoneState.DUPLICATE,
        )

    @property
    def rebooting(self) -> bool:
        return self.starting_since is not None

    def starts(self, now: float) -> None:
        """Android is not up yet."""
        if self.starting_since is None:
            self.starting_since = now

    def is_up(self) -> None:
        self.starting_since = None
        self.starts_too_long = False

    def care_wanted(self, network: frozenset[str]) -> bool:
        """Listed but offline, a ghost, or a network phone that is not connected."""
        if self.listed is None:
            return self.serial in network
        if self.listed.state is PhoneState.DEVICE:
            return not self.verified and self.misses >= GHOST_MISSES
        return self.listed.state is PhoneState.OFFLINE
