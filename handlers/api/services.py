"""Lists the parts of the daemon that the HTTP handlers use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from handlers.access.sessions import Sessions
from handlers.access.token_book import TokenBook
from handlers.access.tokens import Tokens
from handlers.api.objects.hub import Reloaded
from jobs.accounts.accounts import Accounts
from jobs.accounts.matching import Matcher
from jobs.compat.compat import Compat
from jobs.hub.clock import Clock
from jobs.hub.settings import Settings
from jobs.hub.time_zone import zone as zone_of
from jobs.intake.intake import Intake
from jobs.intake.pending_changes import Planning
from jobs.library.library import Library
from jobs.phone.protocol import PhoneInfo, PhoneListener, ServerInfo
from jobs.post.rehearsal.rehearsals import Rehearsals
from jobs.post.teaching.teaching import Teaching
from jobs.run.control import Control
from jobs.run.engine import Jobs
from jobs.run.evidence import Evidence
from jobs.slots.slots import Slots
from jobs.upkeep.backup import Made
from jobs.upkeep.doctor_run import DoctorRun
from jobs.upkeep.needs import Needs
from storage.store import Store


class Phones(Protocol):
    """The inventory, without the way to sessions: handlers never touch a phone and never wait for one."""

    def inventory(self) -> Sequence[PhoneInfo]: ...
    def info(self, serial: str) -> PhoneInfo | None: ...
    def subscribe(self, listener: PhoneListener) -> None: ...
    def cached_screenshot(self, serial: str) -> bytes | None: ...
    def health(self) -> Collection[str]: ...
    def servers(self) -> Sequence[ServerInfo]: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """All collaborators of the HTTP side."""

    settings: Callable[[], Settings]  #: those in force now: a reload replaces them
    clock: Clock
    store: Store
    tokens: Tokens
    token_book: TokenBook
    sessions: Sessions
    intake: Intake
    control: Control
    planning: Planning
    slots: Slots
    rehearsals: Rehearsals
    teaching: Teaching
    compat: Compat
    needs: Needs
    doctor: DoctorRun
    back_up: Callable[[Path, bool], Made]  #: into this file, with the library or without
    accounts: Accounts
    library: Library
    phones: Phones
    jobs: Jobs
    evidence: Evidence
    draining: Callable[[], bool]
    reload: Callable[[], Reloaded]
    config_notices: Callable[[], list[str]]  #: in what the files on disk differ from what is in force
    config_text: Callable[[], str]  #: what is in force, as TOML without secrets
    matcher: Matcher
    notifications_waiting: Callable[[], int]
    try_notifications: Callable[[], list[tuple[str, str]]]
    overdue_s: Callable[[], float]  #: of the slowest helper thread
    version: str

    def zone(self) -> tzinfo:
        """The zone of all times that people see."""
        return _zone(self.settings().posting.timezone)


@functools.lru_cache(maxsize=4)
def _zone(name: str) -> tzinfo:
    return zone_of(name)
