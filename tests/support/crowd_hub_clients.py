"""What the clients of a crowd ask of accounts, of the config and of slots."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tests.support.crowd_hub import AccountState, some_settings
from tests.support.crowd_order import Asked, History
from tests.support.crowd_task_clients import Act, TaskClients
from tests.support.never_twice import HOMES, PHONES, PLATFORMS

SLOTS = "/api/v1/slots"


class HubClients(TaskClients):
    """Clients that change what the hub is told of accounts and of times."""

    def _mine(self, thing: Any) -> bool:
        """Take something for one client of this round; False when another has it."""
        free = thing not in self.taken
        self.taken.add(thing)
        return free

    def _enter(self, name: str, platform: str) -> None:
        stamp = self.stamp()
        state = AccountState(True, True, HOMES[name])
        history = self.histories.setdefault((name, platform), History(AccountState(False)))
        entry = history.begin(state, stamp)
        unpaused = self.paused[name, platform].begin(False, stamp)
        super()._enter(name, platform)
        history.end(entry, self.stamp(), good=True)
        self.paused[name, platform].end(unpaused, self.stamp(), good=True)

    def _account(self, method: str, body: Any, **news: Any) -> Act | None:
        task = self.store.tasks.get(self.focus)
        key = (task.account_known, task.platform) if task else ("", "")
        if key not in self.accounts or self.choice.random() < 0.3:
            key = self.choice.choice(sorted(self.accounts))
        return self._patch(key, body, method, **news) if self._mine(key) else None

    def _patch(self, key: tuple[str, str], body: Any, method: str = "PATCH", **news: Any) -> Act:
        history, path = self.histories[key], f"/api/v1/accounts/{self.accounts[key]}"

        def act() -> str:
            entry = history.begin(msgspec.structs.replace(history.last, **news), self.stamp())
            code = self.api.call(method, path, body).json["code"]
            history.end(entry, self.stamp(), good=code == 0)
            if method == "DELETE":
                self._enter(*key)
            return f"{key} {body} -> {code}"

        return act

    def a_toggle(self) -> Act | None:
        enabled = self.choice.random() < 0.6
        return self._account("PATCH", {"enabled": enabled}, enabled=enabled)

    def a_move(self) -> Act | None:
        device = self.choice.choice((*PHONES[:2], *HOMES.values(), ""))
        return self._account("PATCH", {"device": device}, serial=device)

    def a_removal(self) -> Act | None:
        """Remove an account and enter it anew at once."""
        return self._account("DELETE", None, there=False)

    def a_pause(self) -> Act | None:
        return self._pause(paused=True)

    def a_resumption(self) -> Act | None:
        return self._pause(paused=False)

    def _pause(self, *, paused: bool) -> Act | None:
        """Of a phone or an account, rather of one that is not as it is to be."""
        able = [*PHONES, *sorted(self.accounts)]
        other = [one for one in able if self.paused[one].last is not paused]
        what = self.choice.choice(other or able)
        return self._paused(what, paused=paused) if self._mine(what) else None

    def _paused(self, what: Any, *, paused: bool) -> Act:
        history = self.paused[what]
        path = f"devices/{what}" if what in PHONES else f"accounts/{self.accounts[what]}"

        def act() -> str:
            entry = history.begin(paused, self.stamp())
            call, body = ("pause", {}) if paused else ("resume", None)
            code = self.api.call("POST", f"/api/v1/{path}/{call}", body).json["code"]
            self.counts[f"{call} {code}"] += 1
            history.end(entry, self.stamp(), good=code == 0)
            return f"{what} {paused} -> {code}"

        return act

    def a_reload(self) -> Act | None:
        settings = some_settings(self.settings, self.choice, self.roots)
        return (lambda: self.set_config(settings)) if self._mine("config") else None

    # --- slots

    def planning(self) -> Act | None:
        return self._plan if self._mine("planner") else None

    def _plan(self) -> str:
        self.side.planner.turn()
        return ""

    def _some_times(self) -> list[str]:
        zone = ZoneInfo(self.settings.posting.timezone)
        ahead = self.choice.sample((180.0, 600.0, 3600.0, 20_000.0, 50_000.0), 2)
        times = [datetime.fromtimestamp(self.clock.now() + s, zone).strftime("%H:%M") for s in ahead]
        return [*times, "02:30"] if self.choice.random() < 0.3 else times

    def a_slot(self) -> Act | None:
        if len(self.store.slots.all()) >= 3 or not self._mine("slots"):
            return None
        config = {
            "captions": "s",
            "upload_wait_time": 0,
            "material_source": "localFolder",
            "material_path": "pool",
        }
        body = {"usernames": self.choice.sample(sorted(HOMES), 2), "times": self._some_times(), "script_config": config,
                "platform": self.choice.choice(PLATFORMS), "missed": self.choice.choice(("skip", "catch_up"))}  # fmt: skip
        return lambda: f"{body['times']} -> {self.api.call('POST', SLOTS, body).json['code']}"

    def a_slot_change(self) -> Act | None:
        change = self.choice.choice((
            ("PATCH", "", {"times": self._some_times()}), ("PATCH", "", {"usernames": [self.choice.choice(sorted(HOMES))]}),
            ("PATCH", "", {"missed": self.choice.choice(("skip", "catch_up"))}), ("POST", "/pause", None),
            ("POST", "/resume", None), ("POST", "/resume", None),
        ))  # fmt: skip
        return self._slot(*change)

    def a_slot_end(self) -> Act | None:
        return self._slot("DELETE", "", None)

    def _slot(self, method: str, more: str, body: Any) -> Act | None:
        slots = self.store.slots.all()
        if not slots:
            return None
        number = self.choice.choice(slots).id

        def act() -> str:
            asked = Asked(f"slot {method}{more}", self.stamp(), facts={"now": self.clock.now()})
            if more != "/resume":
                self.asked_of_slots[number].append(asked)
            answer = self.api.call(method, f"{SLOTS}/{number}{more}", body).json
            return f"{number} {body} {self._answered(asked, answer)}"

        return act
