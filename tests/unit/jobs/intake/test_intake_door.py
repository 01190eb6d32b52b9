"""The door by itself: what is stored and answered, who is woken, what a dry run leaves, and how it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Media, Posting
from jobs.input.fields import Findings
from jobs.input.refusals import ClientGone, Draining, DuplicatePost, Invalid, NoSpace
from jobs.intake import refusing
from jobs.intake.start_time import LONGEST_AHEAD_DAYS
from jobs.media.paths import MediaRejected
from jobs.queue.scheduler import LOOK_S
from storage.engine.commit import Transaction
from storage.errors import StoreFull
from storage.records import Stage, Task
from tests.support.door import NOON, Door, refused

LIST = {"material_list": ["clip.mp4"]}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        yield door


def test_a_task_is_stored_with_all_that_was_asked_for(door: Door) -> None:
    door.account("anna")
    made = door.intake.create(
        door.body({"captions": "Hello", "post_way": "addButton", **LIST}, serials=None, usernames=["anna"]),
        source="ui",
    )
    (task,) = made.tasks
    assert door.store.tasks.get(task.id) == task
    assert (task.serial, task.platform, task.package) == ("A", "tiktok", "com.zhiliaoapp.musically")
    assert (task.username, task.caption, task.source, task.script_name) == ("anna", "Hello", "ui", "post")
    assert (task.scheduled_at, task.created_at, task.due_at) == (NOON, NOON, NOON)
    assert (task.max_retry_count, task.placement, task.forced) == (3, "video", False)
    assert [file.name for file in task.materials] == ["clip.mp4"]
    assert task.script_config["post_way"] == "addButton"
    assert task.script_config["upload_wait_time"] == 30, "defaults are kept with the task"
    assert (made.dry_run, made.replayed) == (False, False)
    assert door.create(LIST, force=True).tasks[0].source == "api", "nobody said who asks"


def test_the_answer_names_each_task_and_its_time_in_the_zone_of_the_config(tmp_path: Path) -> None:
    with Door(tmp_path, timezone="Europe/Berlin") as door:
        door.file("clip.mp4")
        made = door.create({"captions": "Hello", **LIST}, start_time="2026-11-24 09:30")
        (task,) = made.tasks
        assert made.answer == {
            "task_ids": [task.id],
            "created_count": 1,
            "warnings": made.warnings,
            "timezone": "Europe/Berlin",
            "tasks": [
                {
                    "id": task.id,
                    "serial": "A",
                    "username": "",
                    "start_time": "2026-11-24 09:30:00",
                    "caption": "Hello",
                    "materials": ["clip.mp4"],
                }
            ],
        }


def test_a_dry_run_answers_as_if_and_leaves_nothing(door: Door) -> None:
    made = door.create({"captions": "Hello", **LIST}, dry_run=True)
    assert (made.tasks, made.dry_run, made.replayed) == ([], True, False)
    assert made.answer["dry_run"] is True
    assert (made.answer["task_ids"], made.answer["created_count"]) == ([], 0)
    assert [(task["id"], task["caption"]) for task in made.answer["tasks"]] == [(None, "Hello")]
    assert len(door.store.tasks) == 0
    assert door.woken == 0
    assert "dry_run" not in door.create({"captions": "Hello", **LIST}).answer


def test_a_dry_run_shows_times_in_the_zone_of_the_config(tmp_path: Path) -> None:
    with Door(tmp_path, timezone="Asia/Tokyo") as door:
        door.file("clip.mp4")
        dry, made = (
            door.create(LIST, start_time="2026-11-24 09:30", dry_run=dry_run).answer
            for dry_run in (True, False)
        )
        assert dry["timezone"] == "Asia/Tokyo"
        assert dry["tasks"][0]["start_time"] == made["tasks"][0]["start_time"] == "2026-11-24 09:30:00"


@pytest.mark.parametrize(("past", "starts"), [("tomorrow", NOON - 30.0 + 23.5 * 3600.0), ("now", NOON)])
def test_a_time_of_day_that_is_past_means_what_the_config_says(
    tmp_path: Path, past: str, starts: float
) -> None:
    with Door(tmp_path, past=past) as door:
        door.file("clip.mp4")
        assert door.create(LIST, start_time="11:30").tasks[0].scheduled_at == starts


def test_a_time_of_day_that_is_past_is_refused_where_the_config_says_so(tmp_path: Path) -> None:
    with Door(tmp_path, past="reject") as door:
        door.file("clip.mp4")
        assert door.errors(LIST, start_time="11:30") == {"start_time": "11:30 is already past today"}


def test_what_is_to_be_written_beside_the_tasks_is_written_in_the_same_change_or_not_at_all(
    door: Door,
) -> None:
    """By this a slot knows which of its times has its task."""
    written: list[list[int]] = []

    def beside(change: Transaction, tasks: list[Task]) -> None:
        written.append([task.id for task in tasks])
        assert all(door.store.tasks.get(task.id) is None for task in tasks), "the change is not over yet"

    made = door.intake.create(door.body(LIST), beside=beside)
    assert written == [[task.id for task in made.tasks]]
    with pytest.raises(DuplicatePost):
        door.intake.create(door.body(LIST), beside=beside)
    door.intake.create(door.body(LIST, dry_run=True), force=True, beside=beside)
    assert len(written) == 1


def test_the_engine_is_woken_for_what_starts_soon_alone(door: Door) -> None:
    door.create(LIST, start_time="2026-11-25 09:30")
    assert door.woken == 0
    door.file("other.mp4")
    door.create({"material_list": ["other.mp4"]})
    assert door.woken == 1


def test_a_daemon_that_is_about_to_stop_takes_nothing(door: Door) -> None:
    door.intake.drain()
    said = refused(lambda: door.create(LIST), Draining)
    assert said == {"": "the daemon is about to stop; try again in a minute"}
    assert refused(lambda: door.intake.create(door.body(LIST), idempotency_key="k", body=b"x"), Draining)


def test_nothing_is_created_for_a_client_that_has_hung_up(door: Door) -> None:
    said = refused(lambda: door.intake.create(door.body(LIST), gone=lambda: True), ClientGone)
    assert said == {"": "the client has hung up: nothing was created"}
    assert len(door.store.tasks) == 0
    assert door.woken == 0
    assert door.intake.create(door.body(LIST), gone=lambda: False).tasks


def test_a_store_that_is_full_is_told_as_that(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("12 MB are free")

    monkeypatch.setattr(door.store.tasks, "create", full)
    assert refused(lambda: door.create(LIST), NoSpace) == {"": "12 MB are free"}


def test_the_same_media_on_the_same_phone_is_refused_with_the_task_and_forced_by_argument_or_field(
    door: Door,
) -> None:
    first = door.create(LIST).tasks[0]
    (problem,) = refused(lambda: door.create(LIST), DuplicatePost).items()
    assert problem[0] == "tasks[0]"
    assert f"task {first.id}" in problem[1]
    assert problem[1].endswith("; with force it is created all the same")
    assert door.intake.create(door.body(LIST), force=True).tasks[0].forced
    forced = door.create(LIST, force=True)
    assert forced.tasks[0].forced
    assert any(f"task {first.id}" in warning or "the same" in warning for warning in forced.warnings)


def test_files_of_a_folder_are_free_again_after_a_refusal_and_after_a_dry_run(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        door.file("folder/one.mp4")
        config = {"material_source": "localFolder", "material_path": str(door.root / "folder")}
        assert door.create(config, dry_run=True).answer["tasks"][0]["materials"] == ["one.mp4"]
        with pytest.raises(ClientGone):
            door.intake.create(door.body(config), gone=lambda: True)
        assert door.intake.choosing.in_flight == set()
        assert door.create(config).tasks[0].materials[0].name == "one.mp4"
        assert door.intake.choosing.in_flight == set()
        assert door.errors(config), "it is used up"


def test_a_series_that_would_end_too_far_ahead_is_refused_with_the_field(door: Door) -> None:
    last = datetime.fromtimestamp(NOON + LONGEST_AHEAD_DAYS * 86400 - 90, UTC)
    start = last.strftime("%Y-%m-%d %H:%M:%S")
    said = door.errors(LIST, serials=["A", "B"], start_time=start, min_interval=10, max_interval=10)
    assert said == {"max_interval": f"the last task would start more than {LONGEST_AHEAD_DAYS} days ahead"}
    assert door.create(LIST, start_time=start).tasks


@pytest.mark.parametrize(("pause_min", "taken"), [(10, True), (11, False)])
def test_the_last_of_a_series_may_start_at_the_very_end_of_the_time_ahead(
    door: Door, pause_min: int, taken: bool
) -> None:
    first = datetime.fromtimestamp(NOON + LONGEST_AHEAD_DAYS * 86400 - 600, UTC).isoformat()
    series = {
        "serials": ["A", "B"],
        "start_time": first,
        "min_interval": pause_min,
        "max_interval": pause_min,
    }
    if taken:
        assert len(door.create(LIST, **series).tasks) == 2
    else:
        assert door.errors(LIST, **series).keys() == {"max_interval"}


def test_every_problem_is_told_at_once(door: Door) -> None:
    said = door.errors({"material_list": ["clip.mp4"], "ai_label": "perhaps"}, start_time="soon")
    assert "start_time" in said
    assert any("ai_label" in field for field in said)
    with pytest.raises(Invalid):
        door.intake.create({"serials": ["A"], "script_name": "post"})


def test_a_time_without_its_day_is_not_taken_while_the_clock_is_in_doubt(door: Door) -> None:
    door.file("a.mp4")
    door.trusts_clock = False
    problems = door.errors({"material_list": ["a.mp4"]}, start_time="18:30")
    assert problems.keys() == {"start_time"}
    assert problems["start_time"] == (
        '"18:30" names no day, and the clock of this box is in doubt: write the day too, e.g. '
        '"2027-01-31T18:30:00+01:00", or confirm the clock'
    )
    door.create({"material_list": ["a.mp4"]}, start_time="2026-11-23T18:30:00+00:00")
    door.trusts_clock = True
    door.file("b.mp4")
    door.create({"material_list": ["b.mp4"]}, start_time="18:30")


def test_a_reload_counts_from_the_next_request_on(door: Door) -> None:
    settings = msgspec.structs.replace(
        door.settings,
        posting=Posting(timezone="Asia/Tokyo", max_retry_count=7),
        media=Media(roots=door.settings.media.roots, max_pixels=1234, probe_timeout_s=2.5),
    )
    door.intake.reload(settings)
    made = door.create(LIST)
    assert (made.answer["timezone"], made.tasks[0].max_retry_count) == ("Asia/Tokyo", 7)
    assert made.answer["tasks"][0]["start_time"] == "2026-11-23 21:00:30"
    assert (door.intake.probe.timeout_s, door.intake.probe.max_pixels) == (2.5, 1234)
    assert door.intake.repeats.posting is settings.posting


def test_tasks_of_a_series_start_one_after_the_other(door: Door) -> None:
    made = door.create(LIST, serials=["A", "B"], min_interval=10, max_interval=10)
    first, second = (task.scheduled_at for task in made.tasks)
    assert (first, second) == (NOON, NOON + 600.0)
    assert [task.serial for task in made.tasks] == ["A", "B"]
    assert {task.stage for task in made.tasks} == {Stage.SCHEDULED}


def test_the_scheduler_finds_unwoken_what_starts_after_two_of_its_looks(door: Door) -> None:
    at = datetime.fromtimestamp(NOON + 2 * LOOK_S, UTC).strftime("%Y-%m-%d %H:%M:%S")
    door.create(LIST, start_time=at)
    assert door.woken == 0


def test_R50_reel_and_story_of_one_file_are_two_posts(door: Door) -> None:
    door.account("anna", platform="instagram")
    asked = {"serials": None, "usernames": ["anna"], "platform": "instagram"}
    made = [door.create({"placement": place, **LIST}, **asked).tasks[0] for place in ("reel", "story")]
    assert [task.placement for task in made] == ["reel", "story"]
    for place in ("reel", "story"):
        assert refused(lambda p=place: door.create({"placement": p, **LIST}, **asked), DuplicatePost)


def test_one_request_makes_so_many_tasks_and_not_one_more(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "MAX_TASKS", 2)
    door.serials = {"A", "B", "C"}
    said = door.errors(LIST, serials=["A", "B", "C"])
    assert said == {"serials": "would make 3 tasks; one request makes at most 2"}
    assert len(door.create(LIST, serials=["A", "B"]).tasks) == 2


def kept(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The config as a task keeps it."""
    folder.mkdir()
    with Door(folder) as door:
        door.file("clip.mp4")
        return door.create(config).tasks[0].script_config


def test_a_config_is_refused_where_its_copies_would_take_too_much(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"captions": "Hello", **LIST}
    size = len(msgspec.json.encode(kept(tmp_path / "other", config)))
    monkeypatch.setattr(refusing, "MAX_KEPT_BYTES", 2 * size)
    assert door.create(config, serials=["A", "B"], dry_run=True)
    monkeypatch.setattr(refusing, "MAX_KEPT_BYTES", 2 * size - 1)
    (said,) = door.errors(config, serials=["A", "B"]).items()
    assert said == (
        "script_config",
        (
            f"has {size} bytes, which each of 2 tasks would keep: {2 * size - 1} are allowed in all; "
            "send fewer captions or fewer phones at once"
        ),
    )


def test_a_request_that_hangs_at_a_folder_holds_up_no_other_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.intake.choosing.TURN_S", 0.05)
    folder = {"material_source": "localFolder", "material_path": "."}
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        hangs.set()
        assert goes_on.wait(30)
        raise MediaRejected("unreadable", "the share is gone")

    with Door(tmp_path, duplicate_window_minutes=0, duplicate_warning_hours=0) as door:
        door.file("1.mp4")
        findings = Findings()
        plan = door.intake.plan(door.body(folder), "api", findings)
        with door.intake.chosen(plan, findings) as chosen:
            with monkeypatch.context() as share:
                share.setattr("jobs.content.selection.resolve_folder", hang)
                hung = threading.Thread(target=lambda: refused(lambda: door.create(folder)))
                hung.start()
                assert hangs.wait(30)
            problem = door.errors(folder)["script_config.material_source"]
            assert "another request has been choosing files" in problem
            assert len(door.create({"material_list": ["1.mp4"]}).tasks) == 1
        assert len(chosen) == 1, "and who has chosen comes to an end"
        goes_on.set()
        hung.join(30)
        assert door.create(folder).tasks
