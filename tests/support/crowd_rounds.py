"""A crowd of clients: rounds in which several call at the same moment, and what happens between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jobs.hub.settings import Media
from storage.records import Stage
from tests.support.crowd_hub_clients import HubClients
from tests.support.crowd_task_clients import Act
from tests.support.crowd_world import DISK_S, NEVER
from tests.support.never_twice import LISTED, PHONES

FAULTS = ("final", "passing", "logged out", "refused", "lost with post", "lost without post", "hold before", "hold after",
          "gone before", "gone after")  # fmt: skip


class WorldOfCrowd(HubClients):
    """A step is a round: up to four clients call at the same moment, then something else may happen."""

    faults_known = FAULTS

    # --- rounds

    def step(self) -> None:
        self.number += 1
        self.taken.clear()
        self.disk_s = self.choice.choice((0.0, 0.0, 0.0, 0.01))
        ready = self.choice.random() < 0.35 and (self.held > 0 or self._held_attempt())
        if ready:
            acts = self._duel()
        else:
            acts = self._race_to_start() if self.choice.random() < 0.15 else self._crowd()
        if self.number % 3 == 0:
            self._file(f"pool/more-{self.number}.mp4")
        self.trace.append(f"{self.number} {' | '.join(self._at_once(acts))}")
        if self.choice.random() < 0.5:
            events, weights = zip(*self._events(), strict=True)
            [event] = self.choice.choices(events, weights)
            self.counts[event.__name__] += 1
            self.trace.append(f"{self.number} {event.__name__}: {event()}")
        self.clock.advance(self.choice.choice((0.1, 1.0, 5.0)))
        self._calm()
        self.look()

    def _crowd(self) -> list[tuple[str, Act]]:
        stages = (Stage.SCHEDULED, Stage.QUEUED), (Stage.PREPARING,), (Stage.FAILED,)
        self.focus = self.some_task(*self.choice.choice(stages))
        return self._some_acts(self._calls(), self.choice.choice((1, 2, 2, 3, 4)))

    def _in_order(self) -> tuple[str, dict[str, Any]]:
        """A phone with an account to which nothing forbids to post, and a request for a post to it."""
        serial = self.choice.choice(PHONES[:2])
        key = self.choice.choice([one for one in sorted(self.accounts) if one[0] in self.logged_in[serial]])
        self.phones.set(serial)
        self.released.set()
        if self.side.settings.media.roots[0] != self.roots[0]:
            self.set_config(msgspec.structs.replace(self.settings, media=Media(roots=self.roots[:1])))
        self._patch(key, {"enabled": True, "device": serial}, enabled=True, serial=serial)()
        for what in (serial, key):
            if self.paused[what].last:
                self._paused(what, paused=False)()
        self._calm()
        self.faults[serial].clear()
        self.current[serial, key[1]] = key[0]
        config = {"captions": "d", "upload_wait_time": 0, "material_list": [self.choice.choice(LISTED)]}
        body: dict[str, Any] = {"script_name": "post", "script_config": config, "platform": key[1]}
        body |= {"usernames": [key[0]]} if self.choice.random() < 0.6 else {"serials": [serial]}
        body["force"] = self.choice.random() < 0.7
        return serial, body

    def _held_attempt(self) -> bool:
        """Have a phone stop right before a tap; False where it did not come so far."""
        serial, body = self._in_order()
        self.faults[serial].append("hold before")
        self.released.clear()
        self._create(body)
        self._calm()
        return self.held > 0

    def _race_to_start(self) -> list[tuple[str, Act]]:
        """A task is to start at once, while somebody pauses its phone or its account."""
        serial, body = self._in_order()
        [name] = body.get("usernames", [self.current[serial, body["platform"]]])
        what = self.choice.choice((serial, (name, body["platform"])))
        self.disk_s = self.choice.choice(DISK_S[1:])
        late_s = self.disk_s * self.choice.uniform(0.0, 4.0)
        self.taken.add(what)
        return [
            ("a_create", lambda: self._create(body)),
            ("a_pause", self._late(self._paused(what, paused=True), late_s)),
            *self._some_acts([(self.a_create, 1), (self.a_toggle, 1), (self.a_retry_all, 1)], 1),
        ]

    @staticmethod
    def _late(act: Act, seconds: float) -> Act:
        def wait_and_act() -> str:
            NEVER.wait(seconds)
            return act()

        return wait_and_act

    def _duel(self) -> list[tuple[str, Act]]:
        """An attempt that is about to tap goes on, while others want something else of its task or its account."""
        self.focus = self.some_task(Stage.PREPARING)
        self.counts["duels"] += 1
        kinds = [(self.a_stop, 2), (self.a_delete, 2), (self.a_toggle, 4), (self.a_move, 3), (self.a_removal, 1),
                   (self.a_reload, 2), (self.a_create, 2), (self.a_retry_all, 1), (self.a_slot_change, 1)]  # fmt: skip
        self.disk_s, late_s = self.choice.choice(DISK_S), self.choice.choice((0.0, 0.01, 0.02, 0.04))
        against = self._some_acts(kinds, self.choice.choice((1, 1, 2, 3)))
        return [("letting_go", self._late(self.release, late_s)), *against]

    def _some_acts(
        self, calls: list[tuple[Callable[[], Act | None], int]], count: int
    ) -> list[tuple[str, Act]]:
        kinds, weights = zip(*calls, strict=True)
        chosen = self.choice.choices(kinds, weights, k=count)
        return [(kind.__name__, act) for kind in chosen if (act := kind()) is not None]

    def _calls(self) -> list[tuple[Callable[[], Act | None], int]]:
        return [
            (self.a_create, 24), (self.a_twin, 8), (self.a_keyed_pair, 6), (self.a_hang_up, 6), (self.a_retry, 16),
            (self.a_retry_all, 8), (self.a_stop, 12), (self.a_delete, 7), (self.a_delete_batch, 3), (self.a_change, 12),
            (self.a_hold, 8), (self.a_release, 6), (self.a_toggle, 8), (self.a_move, 6), (self.a_removal, 4),
            (self.a_reload, 6), (self.a_slot, 4), (self.a_slot_change, 8), (self.a_slot_end, 2), (self.planning, 20),
            (self.a_mark, 3), (self.letting_go, 16), (self.a_tick, 12), (self.a_pause, 4), (self.a_resumption, 8),
        ]  # fmt: skip

    def _events(self) -> list[tuple[Callable[[], str], int]]:
        return [(self.fault, 14), (self.release, 8), (self.by_hand, 4), (self.time_passes, 12), (self.restart, 2),
                (self.down, 2), (self.phones_back, 10)]  # fmt: skip

    # --- what happens in the middle of a round

    def letting_go(self) -> Act:
        """Phones that are held in an attempt go on."""
        return self.release

    def a_tick(self) -> Act | None:
        seconds = self.choice.choice((0.1, 1.0, 5.0))
        return (lambda: self.clock.advance(seconds) or "") if self._mine("clock") else None  # type: ignore[func-returns-value]

    # --- between rounds

    def down(self) -> str:
        """The daemon is down for hours or days."""
        self.close()
        hours = self.choice.choice((3.0, 30.0, 80.0))
        self.clock.advance(hours * 3600)
        self.released.clear()
        self._open()
        return f"{hours} h"

    def phones_back(self) -> str:
        for serial in PHONES:
            self.phones.set(serial)
        return ""
