"""What has become of posts with each version and language of an app: kept by every change of a task, without a walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage.engine.durable import JournalStorage
from storage.error_codes import ErrorCode
from storage.lists.task_reads import TABLE
from storage.records import ENDED, Outcome, Stage, Task


class AppKey(NamedTuple):
    """An app as people know it: what a version and a language of it can do."""

    platform: str
    version: str
    language: str  #: as "en"; "" where it was not told, or written by an older version of the daemon


#: A version and language on one phone.
_Place = tuple[AppKey, str]
#: What a task asks of the app, as far as that decides which of its screens come: way, placement, kind of its first file,
#: and whether there are more.
Asked = tuple[str, str, str, bool]


class AppVersions:
    """Last published post and failures by version, language and phone. Thread-safe."""

    def __init__(self, storage: JournalStorage) -> None:
        self._storage = storage
        self._published: dict[_Place, float] = {}
        #: One published task for each way in which it was published.
        self._known: dict[AppKey, dict[Asked, Task]] = {}
        self._failed: dict[_Place, dict[int, float]] = {}
        storage.listen(TABLE, self._update)

    def keys(self) -> set[_Place]:
        """Every version and language with the phones on which posts ended."""
        with self._storage.state_lock:
            return {*self._published, *self._failed}

    def published(self, key: AppKey) -> list[Task]:
        """Tasks published with it, on whichever phone: one for each way in which it was asked for, no more."""
        with self._storage.state_lock:
            return list(self._known.get(key, {}).values())

    def last_published(self, key: AppKey, serials: Sequence[str]) -> float | None:
        """When the newest post with it on these phones was published; None where there is none."""
        with self._storage.state_lock:
            times = [self._published.get((key, serial)) for serial in serials]
        return max((at for at in times if at is not None), default=None)

    def failures(self, key: AppKey, serials: Sequence[str]) -> list[int]:
        """The tasks that ended with it on these phones without a post, the last end first."""
        with self._storage.state_lock:
            found = [item for serial in serials for item in self._failed.get((key, serial), {}).items()]
        return [task_id for task_id, _ in sorted(found, key=lambda item: (-item[1], -item[0]))]

    def _update(self, changes: Sequence[tuple[int, Task | None, Task | None]]) -> None:
        """Under the storage's state lock."""
        for _, before, now in changes:
            if before is not None and (place := _place(before)) and place in self._failed:
                self._failed[place].pop(before.id, None)
                if not self._failed[place]:
                    del self._failed[place]
            if now is None or now.stage not in ENDED or not (place := _place(now)):
                continue
            at = now.finished_at or 0.0
            if now.stage is Stage.PUBLISHED:
                # What was published once stays so, also when its task moves to the archive.
                self._published[place] = max(at, self._published.get(place, 0.0))
                self._known.setdefault(place[0], {})[asked_of(now)] = now
            elif now.outcome is not Outcome.UNKNOWN and now.error_code not in {"", ErrorCode.STOPPED}:
                self._failed.setdefault(place, {})[now.id] = at


def asked_of(task: Task) -> Asked:
    """What this task asks of the app."""
    way, placement = (str(task.script_config.get(key, "")) for key in ("post_way", "placement"))
    kind = task.materials[0].kind if task.materials else ""
    return way, placement, kind, len(task.materials) > 1


def _place(task: Task) -> _Place | None:
    if not task.app_version:
        return None
    return AppKey(task.platform, task.app_version, task.app_language), task.serial
