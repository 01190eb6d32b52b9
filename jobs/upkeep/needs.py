"""Everything that needs a person now, in one list: for the console, for `tikmatrixd status`, for scripts."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from jobs.compat.new_versions import NewVersions
from jobs.hub.clock import Clock
from jobs.hub.platforms import facts
from jobs.hub.settings import Settings
from jobs.notify.watch import disk_troubles
from jobs.phone.inventory.labels import Labels
from jobs.phone.protocol import PhoneInfo, Phones, PhoneState
from jobs.run.engine import Jobs
from jobs.slots.planner import Planner
from jobs.task.announcements import whom
from jobs.task.ending import UNKNOWN_ADVICE
from jobs.upkeep.need import RANK, Act, Kind, Need
from storage.error_codes import ErrorCode, Scope
from storage.records import Outcome, Task
from storage.store import Store

#: How many matters are listed; the total counts all.
MOST = 100
#: How long a failed task that only a person can mend is listed; older ones are of no use.
ENDS_SHOWN_S = 7 * 86400.0

#: What the log-in marks of accounts and the states of phones say better.
_SAID_ELSEWHERE = frozenset({ErrorCode.NOT_LOGGED_IN, ErrorCode.UNAUTHORIZED})
_HANDS = frozenset(
    {PhoneState.UNAUTHORIZED, PhoneState.NEEDS_HANDS, PhoneState.NO_PERMISSIONS, PhoneState.DUPLICATE}
)


class NeedList(NamedTuple):
    """The first matters, most urgent first, and how many there are."""

    needs: list[Need]
    total: int


class Needs:
    """Asks every part; waits for none, and walks over no list of tasks. Thread-safe."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        clock: Clock,
        store: Store,
        *,
        phones: Phones,
        jobs: Jobs,
        planner: Planner,
        versions: NewVersions,
        config_notices: Callable[[], list[str]],
        token_problem: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._labels = Labels(store.meta)
        self._phones = phones
        self._jobs = jobs
        self._planner = planner
        self._versions = versions
        self._config_notices = config_notices
        self._token_problem = token_problem
        self._lock = threading.Lock()
        self._first_seen: dict[str, float] = {}

    def all(self) -> NeedList:
        """What needs a person now."""
        phones = self._phones.inventory()
        unknown = [self._unknown(task) for task in self._store.attention.unknown(MOST)]
        others = [
            *self._box(phones),
            *self._of_phones(phones),
            *self._accounts(),
            *self._apps(),
            *self._new_versions(),
            *self._ends(),
            *self._slots(),
        ]
        total = len(others) + max(len(unknown), self._store.attention.unknown_count)
        ordered = sorted([*unknown, *others], key=lambda need: RANK[need.kind])
        return NeedList(self._dated(ordered[:MOST]), total)

    # --- the matters --------------------------------------------------------------------------------------

    def _unknown(self, task: Task) -> Need:
        # What to do stands here once, with the buttons that do it.
        remark = task.remark.removesuffix(UNKNOWN_ADVICE).removesuffix("; ")
        return Need(
            kind="unknown_outcome",
            key=f"unknown_outcome:{task.id}",
            sentence=f"Task {task.id} for {whom(task)} may be published: {remark or 'nothing proved it'}. "
            "Look at the account.",
            since=task.finished_at,
            task_id=task.id,
            serial=task.serial,
            actions=(
                Act("It is there", "POST", f"/api/v1/task/{task.id}/mark-published?version={task.version}"),
                Act(
                    "It is not there",
                    "POST",
                    f"/api/v1/task/{task.id}/retry?confirm=true&version={task.version}",
                ),
            ),
        )

    def _box(self, phones: Iterable[PhoneInfo]) -> Iterator[Need]:
        servers = self._phones.servers()
        down = next((info for info in phones if info.state is PhoneState.ADB_DOWN), None)
        if down is not None and len(servers) == 1:
            yield Need(
                kind="adb", key="adb", sentence=f"No phone can be reached: {down.detail}", since=down.since
            )
        for server in servers if len(servers) > 1 else ():
            if not server.up:
                yield Need(
                    kind="adb",
                    key=f"adb:{server.name}",
                    sentence=f"{_upper(server.sentence)}.",
                    since=server.since,
                )
        said, _ = disk_troubles(self._store, self._settings().storage.min_free_bytes)
        for sentence in sorted(said):
            yield Need(kind="disk", key=f"disk:{sentence}", sentence=_upper(sentence))
        if doubt := self._jobs.trust.reason:
            yield Need(
                kind="clock",
                key="clock",
                sentence=f"{_upper(doubt)}. Tasks with a start time are held until the time is confirmed.",
                actions=(Act("The time is right", "POST", "/api/v1/clock/confirm"),),
            )
        if problem := self._token_problem():
            yield Need(kind="tokens", key="tokens", sentence=_upper(problem))
        for notice in self._config_notices():
            reload = () if "restart" in notice else (Act("Read it again", "POST", "/api/v1/reload"),)
            yield Need(kind="config", key=f"config:{notice}", sentence=_upper(notice), actions=reload)

    def _of_phones(self, phones: Iterable[PhoneInfo]) -> Iterator[Need]:
        late = self._jobs.late
        for info in phones:
            if info.state in _HANDS:
                resume = Act("Go on", "POST", f"/api/v1/devices/{quote(info.serial, safe='')}/resume")
                yield Need(
                    kind="accept_key" if info.state is PhoneState.UNAUTHORIZED else "phone",
                    key=f"phone:{info.serial}:{info.state}",
                    sentence=f"Phone {self._labels.named(info.serial)}: {info.detail or info.state.value}",
                    since=info.since,
                    serial=info.serial,
                    actions=(resume,) if info.state is PhoneState.NEEDS_HANDS else (),
                )
            elif info.state is PhoneState.DEVICE and (why := self._unfit(info)):
                yield Need(
                    kind="phone",
                    key=f"phone:{info.serial}:unfit",
                    sentence=f"Phone {self._labels.named(info.serial)}: {why}",
                    serial=info.serial,
                )
            elif info.serial in late:
                task, waiting = late[info.serial]
                if self._still_waits(task):
                    many = f"{waiting} tasks wait" if waiting > 1 else f"task {task.id} waits"
                    yield Need(
                        kind="phone",
                        key=f"phone:{info.serial}:late",
                        sentence=f"Phone {self._labels.named(info.serial)}: {many} for it, long past the time: {task.waiting_detail}",
                        since=task.due_at,
                        task_id=task.id,
                        serial=info.serial,
                    )

    def _unfit(self, info: PhoneInfo) -> str:
        """A battery that is low or hot: no word from here mends that."""
        return self._settings().phones.battery_problem(info.battery_percent, info.battery_celsius)

    def _still_waits(self, task: Task) -> bool:
        """It is looked for once a minute only."""
        now = self._store.tasks.get(task.id)
        return now is not None and not now.deleted and now.stage is task.stage

    def _accounts(self) -> Iterator[Need]:
        for account in self._store.accounts.all():
            if not account.enabled or account.logged_in:
                continue
            look: tuple[Act, ...] = ()
            if account.serial:
                path = f"/api/v1/devices/{quote(account.serial, safe='')}/match-accounts"
                look = (Act("Look again", "POST", path, {"platform": account.platform}),)
            where = f" on phone {self._labels.named(account.serial)}" if account.serial else ""
            yield Need(
                kind="log_in",
                key=f"log_in:{account.id}",
                sentence=f"@{account.username} ({facts(account.platform).title}) is not logged in{where}: log in by hand.",
                account_id=account.id,
                serial=account.serial,
                actions=(
                    *look,
                    Act("It is logged in", "PATCH", f"/api/v1/accounts/{account.id}", {"logined": True}),
                ),
            )

    def _apps(self) -> Iterator[Need]:
        for paused in self._jobs.breaker.paused():
            task = self._store.tasks.get(paused.task_id)
            serial = task.serial if task is not None else ""
            resume = Act("Go on now", "POST", f"/api/v1/devices/{quote(serial, safe='')}/resume")
            yield Need(
                kind="app" if paused.scope in {Scope.APP, Scope.APP_ON_PHONE} else "task",
                key=f"paused:{paused.name}:{paused.code}",
                sentence=_upper(paused.sentence),
                since=task.finished_at if task is not None else None,
                task_id=task.id if task is not None else None,
                serial=serial,
                actions=(resume,) if serial else (),
            )

    def _new_versions(self) -> Iterator[Need]:
        """Versions that keep tasks waiting: a rehearsal that runs settles itself."""
        for trial in self._versions.trials():
            unread = self._versions.lacks_words(trial)
            if trial.running or not (trial.red or trial.why or unread):
                continue
            key = trial.way.key
            again: tuple[Act, ...] = ()
            if trial.serial and not unread:
                path = f"/api/v1/devices/{quote(trial.serial, safe='')}/rehearse"
                wish: dict[str, bool | str] = {
                    "platform": key.platform,
                    "way": trial.way.way,
                    "kind": trial.way.kind,
                }
                if trial.red is not None:
                    wish["package"] = trial.red.package
                again = (Act("Rehearse again", "POST", path, wish),)
            named: dict[str, bool | str] = {
                "platform": key.platform,
                "app_version": key.version,
                "language": key.language,
            }
            yield Need(
                kind="version",
                key=f"version:{key.platform}:{key.version}:{key.language}:{trial.way.way}:{trial.way.kind}",
                sentence=self._versions.sentence(trial),
                since=trial.red.ended_at if trial.red is not None else None,
                serial=trial.serial,
                actions=(*again, Act("Post anyway", "POST", "/api/v1/compat/allow", named)),
            )

    def _ends(self) -> Iterator[Need]:
        oldest = self._clock.now() - ENDS_SHOWN_S
        alike: dict[tuple[str, str], list[Task]] = defaultdict(list)
        for task in self._store.attention.ends():
            if (task.finished_at or 0.0) < oldest or task.error_code in _SAID_ELSEWHERE:
                continue
            if (
                task.outcome is Outcome.UNKNOWN
            ):  # its own matter asks whether it is there: no Retry beside that
                continue
            if task.error_code == ErrorCode.UI_CHANGED:
                alike[task.package, task.error.step if task.error else ""].append(task)
            else:
                yield _end(task, f"Task {task.id} for {whom(task)}: {task.remark}", "task", f"task:{task.id}")
        for (package, step), tasks in alike.items():
            task = tasks[0]
            more = f", on {len(tasks)} phones" if len(tasks) > 1 else ""
            at = f" at the step {step}" if step else ""
            sentence = (
                f"{facts(task.platform).title} showed a screen that is not known{at}{more}: task {task.id} for {whom(task)} was not "
                "posted. Look at its picture: the app may ask something, or its new version has to be taught."
            )
            yield _end(task, sentence, "screen", f"screen:{package}:{step}")

    def _slots(self) -> Iterator[Need]:
        by_slot: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for (slot_id, day, time, username), why in self._planner.troubles.items():
            by_slot[slot_id].append((f"{day} {time} for @{username}", why))
        for slot_id, troubles in by_slot.items():
            slot = self._store.slots.get(slot_id)
            if slot is None or slot.paused:
                continue
            first, why = min(troubles)
            more = f" and {len(troubles) - 1} more" if len(troubles) > 1 else ""
            name = slot.name or f"slot {slot_id}"
            yield Need(
                kind="slot",
                key=f"slot:{slot_id}:{why}",
                sentence=f"{_upper(name)} cannot plan the post of {first}{more}: {why}",
                slot_id=slot_id,
            )

    # --- inside -------------------------------------------------------------------------------------------

    def _dated(self, needs: list[Need]) -> list[Need]:
        """Give those that no part dates the time at which they were first seen."""
        now = self._clock.now()
        with self._lock:
            seen = {need.key: self._first_seen.get(need.key, now) for need in needs if need.since is None}
            self._first_seen = seen
        return [
            need if need.since is not None else msgspec.structs.replace(need, since=seen[need.key])
            for need in needs
        ]


def _end(task: Task, sentence: str, kind: Kind, key: str) -> Need:
    return Need(
        kind=kind,
        key=key,
        sentence=sentence,
        since=task.finished_at,
        task_id=task.id,
        serial=task.serial,
        actions=(Act("Retry", "POST", f"/api/v1/task/{task.id}/retry"),),
    )


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
