"""Files of planned posts that are gone: told a day ahead, once, and shown with the task (R53)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.intake.start_time import LONGEST_AHEAD_DAYS
from jobs.notify.missing_media import AHEAD_S, LOOK_EVERY_S, MissingMedia
from storage.records import Task
from tests.support.door import NOON, Door

DAY_S = 86_400.0


class Told:
    """A door, the look at its tasks' files, and what was told."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.look = MissingMedia(door.clock, door.store.tasks, self._tell)

    def _tell(self, name: str, sentence: str, /, **facts: Any) -> None:
        self.events.append((name, sentence, facts))

    def planned(self, start_time: str, name: str = "one.mp4") -> Task:
        self.door.file(name)
        return self.door.create({"material_list": [name]}, start_time=start_time).tasks[0]

    def turn(self) -> list[str]:
        """What a look tells anew."""
        self.events.clear()
        assert self.look.turn() == LOOK_EVERY_S
        return [sentence for _, sentence, _ in self.events]

    def detail(self, task: Task) -> str:
        found = self.door.store.tasks.get(task.id)
        assert found is not None
        return found.waiting_detail


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with Door(tmp_path) as door:
        yield Told(door)


def test_R53_a_file_that_is_gone_is_told_of_a_day_before_it_is_due_and_not_before(told: Told) -> None:
    task = told.planned("2027-11-01 18:30")
    assert task.due_at - NOON > 300 * DAY_S
    (told.door.root / "one.mp4").unlink()
    told.door.clock.advance(task.due_at - NOON - AHEAD_S - 1)
    assert told.turn() == []
    told.door.clock.advance(1)
    [sentence] = told.turn()
    assert sentence == (
        f"task {task.id} for A is to start at 2027-11-01T18:30+00:00, and "
        '"one.mp4" is gone: put it back, or change the task'
    )
    name, _, facts = told.events[0]
    assert (name, facts["task_id"], facts["files"]) == ("media_missing", task.id, [task.materials[0].path])


def test_what_is_gone_is_told_of_once_and_shown_as_long_as_it_is_so(told: Told) -> None:
    task = told.planned("18:30")
    kept = (told.door.root / "one.mp4").read_bytes()
    (told.door.root / "one.mp4").unlink()
    assert len(told.turn()) == 1
    assert told.turn() == []
    assert told.detail(task) == '"one.mp4" is gone: put it back, or change the task'
    (told.door.root / "one.mp4").write_bytes(kept)
    assert told.turn() == []
    assert told.detail(task) == ""


def test_a_file_of_another_length_is_told_of_as_changed(told: Told) -> None:
    told.planned("18:30")
    told.door.file("one.mp4", "clip.mov")
    assert '"one.mp4" was changed after the task was created' in told.turn()[0]


def test_a_task_that_was_planned_anew_and_still_lacks_its_file_is_told_of_again(told: Told) -> None:
    task = told.planned("18:30")
    (told.door.root / "one.mp4").unlink()
    assert len(told.turn()) == 1
    told.door.store.tasks.change(task.id, scheduled_at=task.due_at + 60, due_at=task.due_at + 60)
    assert len(told.turn()) == 1


def test_files_that_are_there_and_tasks_that_are_held_are_no_news(told: Told) -> None:
    told.planned("18:30")
    held = told.planned("18:40", "two.mp4")
    told.door.store.tasks.change(held.id, held=True)
    (told.door.root / "two.mp4").unlink()
    assert told.turn() == []


def test_R53_dates_reservations_and_marks_hold_for_a_year(told: Told) -> None:
    """Retention takes only what has ended, whatever else happens in the year."""
    told.door.file("pool/a.mp4")
    config = {"material_source": "localFolder", "material_path": "pool"}
    task = told.door.create(config, start_time="2027-11-23 12:00").tasks[0]
    store = told.door.store
    for _ in range(LONGEST_AHEAD_DAYS - 1):
        told.door.clock.advance(DAY_S)
        store.maintain(told.door.clock.now())
    assert store.tasks.get(task.id) == task
    [file] = task.materials
    mark = store.usage.holder(file.root, file.sha256)
    assert mark is not None
    assert (mark.use.value, mark.task_id) == ("reserved", task.id)
    assert told.door.errors(config)["script_config.material_path"].startswith("no unused video is left")
