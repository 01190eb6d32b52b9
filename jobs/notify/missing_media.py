"""Tells people a day ahead of planned posts whose files are gone or were changed since (R53)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobs.hub.clock import Clock, utc
from jobs.hub.supervision import Loop
from jobs.queue.waiting import say_why
from jobs.task.announcements import Tell, whom
from storage.records import Task, Waiting
from storage.tables.tasks import TaskStore

#: How long before its time a task whose files are missing is reported.
AHEAD_S = 86_400.0
LOOK_EVERY_S = 600.0


class MissingMedia:
    """Looks at the files of what is due within a day. A thread of its own: a network share may hang."""

    def __init__(self, clock: Clock, tasks: TaskStore, tell: Tell) -> None:
        self._clock = clock
        self._tasks = tasks
        self._tell = tell
        self._told: dict[int, int] = {}  #: task -> its version when it was told of
        self.loop = Loop("media-watch", self.turn, clock, longest_wait_s=LOOK_EVERY_S)

    def turn(self) -> float:
        """One look at all; each task is reported once, and again when it was planned anew."""
        now = self._clock.now()
        told, self._told = self._told, {}
        labels: list[tuple[int, Waiting, str]] = []
        for task in self._tasks.due(now + AHEAD_S):
            lacks = list(_lacks(task))
            if lacks:
                sentence = f"{'; '.join(lacks)}: put it back, or change the task"
                self._told[task.id] = task.version
                if told.get(task.id) != task.version:
                    self._say(task, sentence)
                labels.append((task.id, Waiting.TIME, sentence))
            elif task.id in told:
                labels.append((task.id, Waiting.TIME, ""))
        say_why(self._tasks, now, [label for label in labels if self._waits_for_time(label[0])])
        return LOOK_EVERY_S

    def _waits_for_time(self, task_id: int) -> bool:
        task = self._tasks.get(task_id)
        return task is not None and task.waiting_for is Waiting.TIME

    def _say(self, task: Task, sentence: str) -> None:
        when = utc(task.due_at).isoformat(timespec="minutes")
        self._tell(
            "media_missing",
            f"task {task.id} for {whom(task)} is to start at {when}, and {sentence}",
            task_id=task.id,
            serial=task.serial,
            username=task.username,
            platform=task.platform,
            files=[file.path for file in task.materials],
        )


def _lacks(task: Task) -> Iterator[str]:
    """What is wrong with the files of a task, as far as a glance shows; their content is looked at when it starts."""
    for file in task.materials:
        try:
            size = Path(file.path).stat().st_size
        except OSError as error:
            why = (
                "is gone" if isinstance(error, FileNotFoundError) else f"cannot be reached ({error.strerror})"
            )
            yield f'"{file.name}" {why}'
        else:
            if size != file.size_bytes:
                yield f'"{file.name}" was changed after the task was created'
