"""Rehearsals under random faults on the real daemon, and the judge of what they leave behind."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.soak_faults import FAULTS, Fault
from storage.error_codes import Scope, code_of
from tests.support.fault_bench import FaultBench

#: Every way that can be rehearsed.
WAYS = (
    {"platform": "tiktok", "way": "share", "kind": "video"},
    {"platform": "tiktok", "way": "addButton", "kind": "video"},
    {"platform": "tiktok", "way": "addButton", "kind": "images"},
    {"platform": "instagram", "way": "addButton", "kind": "video"},
    {"platform": "instagram", "way": "addButton", "kind": "images"},
    {"platform": "instagram", "way": "addButton", "kind": "story"},
)
#: Screens on which something of ours stands half-way.
COMPOSER = frozenset(
    {
        "picker", "feed-picker", "editor", "text-editor", "leave-sheet", "post", "share", "more-options", "link-sheet",
        "story-editor", "story-share-sheet", "photo-share", "filters", "sound-sheet", "volume-sheet", "promotion",
    }
)  # fmt: skip
WORDS = "words in the next form"
#: A way that has no end by then is stuck.
END_S = 240.0
#: So often a rehearsal without a fault of its own is begun anew when the link is lost all the same.
CLEAN_TRIES = 6
#: A fault of the adb server strikes all phones at once. With ten phones such faults are in every sixth deck, with more in fewer,
#: so that most rehearsals meet their own fault.
DECKS_PER_PHONE = 0.6


@dataclass
class Tried:
    """One rehearsal with its fault, and what stood on the phone after it."""

    serial: str
    words: str
    wish: dict[str, str]
    report: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    excused: bool = False  #: the phone could not be reached when it should have been cleared


class RehearsalRun:
    """Rehearsals on every phone at once, each with a fault of its own, each followed by one without.

    What a rehearsal may leave behind when its phone is gone, the next session on that phone clears: so the judge looks after both.
    """

    def __init__(
        self, bench: FaultBench, seed: int, rehearsals: int, *, faults: Sequence[Fault] = FAULTS
    ) -> None:
        self.bench = bench
        self.daemon = bench.start()
        self._seed = seed
        self._left = rehearsals
        self._faults = faults
        self._deck: list[Fault] = []
        self._decks = 0
        self._lock = threading.Lock()
        self._chance = random.Random(seed)
        self.tried: list[Tried] = []
        self.problems: list[str] = []

    def run(self) -> list[str]:
        """All of them; what is wrong, [] when nothing is."""
        errors: list[BaseException] = []

        def guarded(serial: str) -> None:
            one = None
            try:
                while (one := self._next(serial)) is not None:
                    self._one(one)
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                if one is not None:
                    error.add_note(
                        f"{one.serial} {one.wish} under `{one.words}`, rehearsal {one.report.get('id')}"
                    )
                print(time.strftime("%H:%M:%S"), repr(error), getattr(error, "__notes__", ""), flush=True)
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(s,)) for s in self.bench.serials]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return self.problems

    def figures(self) -> str:
        """What became of them, for people."""
        states = Counter(one.report["error"] or one.report["state"] for one in self.tried)
        left = Counter(what for one in self.tried for what in one.left)
        unclear = [
            f"`{one.words}`: {one.report['sentence']}"
            for one in self.tried
            if one.report["error"] == "internal"
        ]
        return (
            f"{len(self.tried)} rehearsals with a fault: {dict(states)}; left until the next session: {dict(left)}"
            f"; without a code of their own: {unclear}"
        )

    # --- one phone -----------------------------------------------------------------------------------------

    def _one(self, one: Tried) -> None:
        chance = random.Random(f"{self._seed} {one.serial} {len(self.tried)}")
        late = chance.random() < 0.7
        if not late:
            self.bench.simctl(one.serial, f"fault {one.words}")
        began = self._begin(one.serial, one.wish)
        if late:
            threading.Event().wait(chance.uniform(0.0, 4.0))
            self.bench.simctl(one.serial, f"fault {one.words}")
        one.report = self._ended(began)
        if one.report["state"] == "running":
            self._say(one, f"has no end after {END_S:.0f} s")
        code = code_of(one.report["error"]) if one.report["error"] else None
        one.excused = not one.report["file_removed"] or (code is not None and code.scope is Scope.PHONE)
        one.left = self._what_is_left(one.serial)
        if one.report["state"] == "ready" and one.left:
            self._say(one, f"is ready and left {one.left}")
        # An app that came back in a language without known words offers no way to throw its texts away: that is said.
        told = one.left == [WORDS] and "may stand in the next form" in one.report["sentence"]
        if one.left and not (one.excused or told):
            self._say(one, f"left {one.left} on a phone that could be reached")
        if one.report["state"] == "ready" and not (one.report["nothing_published"] and one.report["left"]):
            self._say(one, "is ready without having looked")
        clean = self._clean(one)
        if clean["state"] != "ready":
            self._say(one, f"the one without a fault after it: {clean['sentence']}")
        if after := self._what_is_left(one.serial):
            self._say(one, f"after the one without a fault there is still {after}")
        self._never(one)
        with self._lock:
            self.tried.append(one)

    def _clean(self, one: Tried) -> dict[str, Any]:
        """A rehearsal without a fault of its own.

        It may be repeated: the adb server's faults of another phone can strike it, and what the fault brought onto the screen
        (an account that is blocked, a puzzle) still stands there where the one before lost its phone, or was over when it
        came. It is told, once.
        """
        may_show_it = True
        for _ in range(CLEAN_TRIES):
            self._mend(one.serial)
            report = self._ended(self._begin(one.serial, one.wish))
            code = code_of(report["error"]) if report["error"] else None
            if report["state"] == "ready":
                break
            if code is None or code.scope is not Scope.PHONE:
                if not may_show_it:
                    break
                may_show_it = False
        return report

    def _never(self, one: Tried) -> None:
        """What no fault excuses."""
        if posts := self.bench.simctl(one.serial, "posts").split("\n")[0].strip():
            self._say(one, f"published: {posts}")
        for app, kept in self._kept(one.serial).items():
            if any(of.get("drafts") for of in kept.get("per_account", {}).values()):
                self._say(one, f"{app} keeps a draft")

    def _what_is_left(self, serial: str) -> list[str]:
        found = []
        if "tkmd-" in self.bench.simctl(serial, "media"):
            found.append("a file")
        if json.loads(self.bench.simctl(serial, "screen"))["screen"] in COMPOSER:
            found.append("a form")
        if any(kept.get("unfinished") for kept in self._kept(serial).values()):
            found.append(WORDS)
        return found

    def _kept(self, serial: str) -> dict[str, Any]:
        return json.loads(self.bench.simctl(serial, "kept"))  # type: ignore[no-any-return]

    def _mend(self, serial: str) -> None:
        """What a person does: the app stands as it was left, only what was armed goes."""
        self.bench.simctl(serial, "fault clear")
        for words in ("set locked off", "set screen on", "set shade off", "set input-forbidden off"):
            self.bench.simctl(serial, words)
        self.daemon.call("POST", f"/api/v1/devices/{serial}/resume")

    def _begin(self, serial: str, wish: dict[str, str]) -> int:
        deadline = time.monotonic() + 60
        while True:
            answer = self.daemon.call("POST", f"/api/v1/devices/{serial}/rehearse", wish)
            if answer["code"] == 0:
                return int(answer["data"]["id"])
            assert time.monotonic() < deadline, answer
            threading.Event().wait(0.5)

    def _ended(self, number: int) -> dict[str, Any]:
        deadline = time.monotonic() + END_S
        while True:
            report: dict[str, Any] = self.daemon.call("GET", f"/api/v1/rehearsals/{number}")["data"]
            if report["state"] != "running" or time.monotonic() > deadline:
                return report
            threading.Event().wait(0.2)

    def _say(self, one: Tried, problem: str) -> None:
        report = one.report
        said = f"{one.serial} {one.wish} under `{one.words}`: {problem}; rehearsal {report.get('id')}: {report.get('sentence')}"
        print(said, flush=True)
        with self._lock:
            self.problems.append(said)

    def _next(self, serial: str) -> Tried | None:
        with self._lock:
            if self._left <= 0:
                return None
            self._left -= 1
            if not self._deck:
                every = max(1, round(DECKS_PER_PHONE * len(self.bench.serials)))
                shared = self._decks % every == every - 1
                self._decks += 1
                self._deck = [fault for fault in self._faults if shared or not fault.shared]
                self._chance.shuffle(self._deck)
            wish = dict(self._chance.choice(WAYS))
            fault = self._deck.pop()
            return Tried(serial, fault.draw(self._chance, wish["platform"]), wish)
