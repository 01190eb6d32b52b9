"""Watches phones, disk and ends of tasks for what a person must hear of, and tells it once per occasion."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from typing import Any

from jobs.hub.clock import Clock
from jobs.hub.once import Once
from jobs.hub.settings import EventName
from jobs.hub.supervision import Loop
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.inventory.homes import remember_homes
from jobs.phone.inventory.identities import remember_identities
from jobs.phone.inventory.labels import Labels
from jobs.phone.inventory.losses import HUB_PHONES, Lost
from jobs.phone.protocol import PhoneInfo, PhoneState, ServerInfo
from jobs.task.announcements import Tell
from storage.error_codes import code_of
from storage.store import Store

_LOG = logging.getLogger(__name__)

EVERY_S = 5.0
#: A phone that is back sooner is not reported: cables are touched, phones restart their USB.
GRACE_S = 15.0
#: The same phone is reported for the same reason again only after this time: a loose cable is one matter.
AGAIN_S = 3600.0
#: With less free disk than this many times `storage.min_free_bytes` a person should make room.
LOW_DISK_FACTOR = 10
_HANDS_STATES = frozenset(
    {PhoneState.NEEDS_HANDS, PhoneState.UNAUTHORIZED, PhoneState.NO_PERMISSIONS, PhoneState.DUPLICATE}
)


class Watch:
    """Looks every few seconds. `heard` stands between the jobs core and the outbox."""

    def __init__(
        self,
        clock: Clock,
        phones: Fleet,
        store: Store,
        tell: Tell,
        *,
        min_free_bytes: int,
    ) -> None:
        self._clock = clock
        self._phones = phones
        self._store = store
        self._named = Labels(store.meta).named
        self._tell = tell
        self._min_free_bytes = min_free_bytes
        self._once = Once(clock, AGAIN_S)
        self._seen: set[Lost] = set()
        self._lost: list[tuple[float, Lost]] = []  #: with the monotonic time at which it was noticed
        self._unwell: dict[tuple[str, str], float] = {}  #: (serial, state) -> monotonic time since when
        self._away: dict[str, float] = {}  #: adb server -> monotonic time since when it is not reachable
        self._disk_said: frozenset[str] = frozenset()
        self.loop = Loop("watch", self.turn, clock, longest_wait_s=EVERY_S)

    def heard(self, name: EventName, sentence: str, /, **facts: Any) -> None:
        """Pass an event of the jobs core on; ends that need a person are reported as that too."""
        self._tell(name, sentence, **facts)
        serial, code = str(facts.get("serial", "")), str(facts.get("code", ""))
        if code_of(code).needs_person and self._once.is_news("hands", serial, code):
            self._tell(
                "needs_hands",
                f"phone {self._named(serial)} needs a person: {sentence}",
                serial=serial,
                code=code,
            )

    def turn(self) -> float:
        """One look at everything."""
        phones = {phone.serial: phone for phone in self._phones.inventory()}
        servers = self._phones.servers()
        self._look_at_adb(servers, phones)
        self._look_at_losses(phones)
        self._look_at_states(phones)
        self._look_at_disk()
        remember_identities(self._store.meta, phones.values())
        if len(servers) > 1:
            remember_homes(self._store.meta, servers, phones.values())
        return EVERY_S

    def _look_at_adb(self, servers: Sequence[ServerInfo], phones: dict[str, PhoneInfo]) -> None:
        down: dict[str, list[PhoneInfo]] = {server.name: [] for server in servers if not server.up}
        for phone in phones.values():
            if phone.state is PhoneState.ADB_DOWN:
                down.setdefault(phone.adb_server, []).append(phone)
        if len(servers) == 1:
            down = {name: its_phones for name, its_phones in down.items() if its_phones}
        now = self._clock.monotonic()
        self._away = {name: self._away.get(name, now) for name in down}
        for server in servers:
            since = self._away.get(server.name)
            if since is None or now - since < GRACE_S or not self._once.is_news("adb", server.name):
                continue
            serials = [phone.serial for phone in down[server.name]]
            if len(servers) == 1:
                sentence = (
                    f"no phone can be reached, {len(serials)} are waiting: {down[server.name][0].detail}"
                )
                self._tell("hub_lost", sentence, serials=serials)
            else:
                self._tell("hub_lost", server.sentence, serials=serials, adb_server=server.name)

    def _look_at_losses(self, phones: dict[str, PhoneInfo]) -> None:
        now = self._clock.monotonic()
        recent = self._phones.losses()
        self._lost += [(now, loss) for loss in recent if loss not in self._seen]
        self._seen = set(recent)
        over = [loss for at, loss in self._lost if now - at >= GRACE_S]
        self._lost = [(at, loss) for at, loss in self._lost if now - at < GRACE_S]
        for loss in over:
            gone = [serial for serial in loss.serials if _is_gone(phones.get(serial))]
            if loss.hub and len(gone) >= HUB_PHONES:
                if self._once.is_news("hub", loss.server, loss.hub):
                    self._tell("hub_lost", loss.naming(self._named), serials=gone, hub=loss.hub)
                continue
            for serial in gone:
                if self._once.is_news("lost", serial):
                    detail = phones[serial].detail if serial in phones else ""
                    why = f": {detail}" if detail else ""
                    self._tell("phone_lost", f"phone {self._named(serial)} is gone{why}", serial=serial)

    def _look_at_states(self, phones: dict[str, PhoneInfo]) -> None:
        now = self._clock.monotonic()
        unwell = {(p.serial, p.state.value) for p in phones.values() if p.state in _HANDS_STATES}
        self._unwell = {key: self._unwell.get(key, now) for key in unwell}
        for (serial, state), since in self._unwell.items():
            if now - since >= GRACE_S and self._once.is_news("state", serial, state):
                detail = phones[serial].detail or state
                self._tell(
                    "needs_hands", f"phone {self._named(serial)}: {detail}", serial=serial, state=state
                )

    def _look_at_disk(self) -> None:
        said, free = disk_troubles(self._store, self._min_free_bytes)
        for sentence in sorted(said - self._disk_said):
            if self._once.is_news("disk", sentence):
                _LOG.warning("%s", sentence)
                self._tell("disk", sentence, free_bytes=free)
        self._disk_said = said


def disk_troubles(store: Store, min_free_bytes: int) -> tuple[frozenset[str], int]:
    """What people should know of the disk below the state directory, as sentences, and the bytes free there."""
    health = store.health()
    said = set(health.warnings)
    free = shutil.disk_usage(store.state_dir).free
    if health.refuses_new:
        pass  # it stands among the warnings
    elif free < min_free_bytes:
        said.add(
            f"new tasks are refused: less than {_mib(min_free_bytes)} MiB is free below {store.state_dir}"
        )
    elif free < LOW_DISK_FACTOR * min_free_bytes:
        limit = _mib(LOW_DISK_FACTOR * min_free_bytes)
        said.add(f"the disk gets full: less than {limit} MiB is free below {store.state_dir}")
    if not health.writable and not said:
        said.add("the store cannot be written")
    return frozenset(said), free


def _is_gone(phone: PhoneInfo | None) -> bool:
    """Not there and not told otherwise: the adb server and phones that need hands have words of their own."""
    return phone is None or phone.state in {PhoneState.ABSENT, PhoneState.OFFLINE}


def _mib(size: int) -> int:
    return size // 2**20
