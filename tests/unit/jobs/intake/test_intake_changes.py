"""Changes of a pending task: what may be changed, with all checks of a create call, and what follows from it (R54)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Settings
from jobs.input.refusals import DuplicatePost, Invalid, NotFound, VersionChanged
from jobs.intake.changer import Changer
from jobs.intake.pending_changes import Changed, Planning
from jobs.task.states import Mover
from storage.records import Outcome, Stage, Task, Use, Waiting
from tests.support.door import NOON, Door, refused


class Desk(Door):
    """A door with the desk at which tasks are changed beside it."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, **more)
        self.mover = Mover(self.store.tasks, self.clock)
        self.planning = Planning(
            self.clock, self.store, self.mover, self._wake, Changer(self.clock, self.store, self.intake)
        )
        for name in ("one.mp4", "two.mp4", "three.mp4"):
            self.file(name)

    def planned(self, config: dict[str, Any] | None = None, **fields: Any) -> Task:
        """A task for tomorrow."""
        config = {"captions": "hello", "material_list": ["one.mp4"]} if config is None else config
        return self.create(config, **{"start_time": "2026-11-24 18:30", **fields}).tasks[0]

    def change(self, task: Task, **wishes: Any) -> Changed:
        return self.planning.change(task.id, wishes)

    def refused(self, task: Task, kind: type[Exception] = Invalid, **wishes: Any) -> dict[str, str]:
        """The problems of a change that is refused, by field; the task is as it was."""
        before = self.store.tasks.get(task.id)
        problems = refused(lambda: self.change(task, **wishes), kind)  # type: ignore[arg-type]
        assert self.store.tasks.get(task.id) is before
        return problems

    def use(self, name: str, root: str) -> Use:
        digest = self.intake.probe.digest(self.root / name, max_bytes=10**9)
        return self.store.usage.state(root, digest)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        yield made


# --- one field at a time


def test_R54_another_time(desk: Desk) -> None:
    task = desk.planned()
    done = desk.change(task, start_time="2026-11-25 07:05")
    assert done.changed == ["start_time"]
    assert done.task.scheduled_at == done.task.due_at == task.scheduled_at + 12 * 3600 + 35 * 60
    assert done.task.remark == "changed, as asked for: start_time"
    assert desk.store.tasks.due_times() == [done.task.due_at]


def test_R54_an_empty_time_means_now_and_wakes_the_scheduler(desk: Desk) -> None:
    task = desk.planned()
    desk.woken = 0
    assert desk.change(task, start_time="").task.due_at == NOON
    assert desk.woken == 1


def test_R53_a_time_of_day_that_means_tomorrow_is_warned_about(desk: Desk) -> None:
    done = desk.change(desk.planned(), start_time="07:05")
    assert done.warnings == [
        "start_time: 07:05 is past today (it is 12:00 in UTC): it means tomorrow, 2026-11-24 07:05"
    ]


def test_R54_another_caption_keeps_the_files_and_the_time(desk: Desk) -> None:
    task = desk.planned()
    done = desk.change(task, captions="good bye")
    assert done.changed == ["caption", "script_config.captions"]
    assert (done.task.caption, done.task.script_config["captions"]) == ("good bye", "good bye")
    assert (done.task.materials, done.task.due_at) == (task.materials, task.due_at)
    assert done.task.version == task.version + 1


def test_R54_other_files(desk: Desk) -> None:
    done = desk.change(desk.planned(), material_list=["two.mp4"])
    assert done.changed == ["materials", "script_config.material_list"]
    assert [file.name for file in done.task.materials] == ["two.mp4"]
    assert done.task.caption == "hello"


def test_R54_a_file_that_was_replaced_on_the_disk_is_looked_at_anew(desk: Desk) -> None:
    task = desk.planned()
    desk.file("one.mp4", "clip.mp4", unique=False)
    done = desk.change(task, material_list=["one.mp4"])
    assert done.changed == ["materials"]
    assert done.task.materials[0].sha256 != task.materials[0].sha256


def test_R54_options_change_one_by_one(desk: Desk) -> None:
    task = desk.planned({"material_list": ["one.mp4"], "ai_label": True, "upload_wait_time": 60})
    done = desk.change(task, script_config={"upload_wait_time": "90"})
    assert done.changed == ["script_config.upload_wait_time"]
    assert done.task.script_config == {**task.script_config, "upload_wait_time": 90}


def test_R54_another_account_takes_the_task_to_its_phone(desk: Desk) -> None:
    desk.account("ann", "A")
    desk.account("ben", "B", package="com.ss.android.ugc.trill")
    task = desk.planned(serials=None, usernames=["ann"])
    desk.store.tasks.change(task.id, account_seen="ann", confirmed_repeats=(9,))
    done = desk.change(task, username="@Ben")
    assert done.changed == ["serial", "username"]
    assert (done.task.serial, done.task.username, done.task.package) == (
        "B",
        "ben",
        "com.ss.android.ugc.trill",
    )
    assert (done.task.account_seen, done.task.confirmed_repeats) == ("", ())
    assert done.task.materials == task.materials


def test_R51_naming_the_account_of_a_task_again_takes_it_to_the_phone_it_lives_on_now(desk: Desk) -> None:
    account = desk.account("ann", "A")
    task = desk.planned(serials=None, usernames=["ann"])
    desk.store.accounts.change(account.id, serial="B")
    assert desk.change(task, username="ann").task.serial == "B"


@pytest.mark.parametrize("moved", [{"serial": "B"}, {"package": "com.ss.android.ugc.trill"}, {}], ids=str)
def test_R50_what_was_seen_and_confirmed_of_another_account_phone_or_app_is_forgotten(
    desk: Desk, moved: dict[str, str]
) -> None:
    account = desk.account("ann", "A")
    desk.account("ben", "A")
    task = desk.planned(serials=None, usernames=["ann"])
    desk.store.tasks.change(task.id, account_seen="ann", confirmed_repeats=(9,))
    if moved:
        desk.store.accounts.change(account.id, **moved)
    done = desk.change(task, username="ann" if moved else "ben")
    assert (done.task.account_seen, done.task.confirmed_repeats) == ("", ())


def test_R54_a_sound_is_changed_with_the_way_it_is_used(desk: Desk) -> None:
    task = desk.planned()
    done = desk.change(task, script_config={"post_way": "useSound", "sound_name": "waves"})
    assert done.task.sound == "waves"
    assert desk.change(done.task, script_config={"post_way": "share"}).task.sound == ""


def test_R36_a_way_that_needs_a_sound_is_refused_where_no_file_of_the_folder_names_one(desk: Desk) -> None:
    desk.file("pool/a.mp4")
    task = desk.planned({"material_source": "localFolder", "material_path": "pool"})
    problems = desk.refused(task, script_config={"post_way": "useSound"})
    assert problems == {"script_config.sound_name": "is needed"}


# --- what is chosen, not named


def folder(desk: Desk, account: str, name: str) -> None:
    desk.file(f"pool/@{account}/{name}")


POOL = {"material_source": "localFolder", "material_path": "pool", "captions": "hello"}


def test_R44_files_of_a_folder_are_freed_and_reserved_with_the_change(desk: Desk) -> None:
    desk.account("ann")
    folder(desk, "ann", "a.mp4")
    task = desk.planned(POOL, serials=None, usernames=["ann"])
    root = task.materials[0].root
    assert desk.use("pool/@ann/a.mp4", root) is Use.RESERVED
    done = desk.change(task, material_list=["two.mp4"])
    assert desk.use("pool/@ann/a.mp4", root) is Use.FREE
    back = desk.change(done.task, script_config={"material_source": "localFolder", "material_path": "pool"})
    assert [file.name for file in back.task.materials] == ["a.mp4"]
    assert back.task.script_config["material_list"] == []
    assert desk.use("pool/@ann/a.mp4", root) is Use.RESERVED
    desk.end(task.id, Outcome.PUBLISHED)
    assert desk.use("pool/@ann/a.mp4", root) is Use.USED


def test_the_only_file_of_a_folder_may_be_chosen_again_for_the_task_that_has_it(desk: Desk) -> None:
    desk.file("pool/a.mp4")
    task = desk.planned(POOL)
    done = desk.change(task, script_config={"material_path": str(desk.root / "pool")})
    assert done.changed == ["script_config.material_path"]
    assert done.task.materials == task.materials


def test_another_account_gets_a_file_of_its_own_folder(desk: Desk) -> None:
    for name in ("ann", "ben"):
        desk.account(name)
        folder(desk, name, f"{name}.mp4")
    task = desk.planned(POOL, serials=None, usernames=["ann"])
    done = desk.change(task, username="ben")
    assert [file.name for file in done.task.materials] == ["ben.mp4"]
    assert desk.use("pool/@ann/ann.mp4", task.materials[0].root) is Use.FREE


def test_a_caption_that_the_new_files_bring_along_is_taken_and_one_that_is_said_alone_wins(
    desk: Desk,
) -> None:
    desk.file("pool/a.mp4")
    (desk.root / "pool" / "caption.txt").write_text("from the folder")
    task = desk.planned()
    moved = desk.change(task, script_config={"material_source": "localFolder", "material_path": "pool"}).task
    assert moved.caption == "from the folder"
    assert desk.change(moved, captions="said").task.caption == "said"


def test_a_caption_that_was_chosen_by_chance_stays_when_other_things_change(desk: Desk) -> None:
    text = "{" + "|".join(f"caption {n}" for n in range(100)) + "}"
    task = desk.planned({"captions": text, "material_list": ["one.mp4"]})
    for wishes in ({"start_time": "19:00"}, {"material_list": ["two.mp4"]}, {"captions": text}):
        assert desk.change(task, **wishes).task.caption == task.caption


# --- nothing, twice, at the wrong moment


def test_R54_the_same_change_again_changes_nothing(desk: Desk) -> None:
    task = desk.planned()
    wishes: dict[str, Any] = {"start_time": "19:00", "captions": "x", "material_list": ["two.mp4"]}
    first = desk.change(task, **wishes)
    again = desk.change(task, **wishes)
    assert (again.task, again.changed) == (first.task, [])


def test_R54_a_change_of_another_version_than_the_one_that_was_seen_is_refused(desk: Desk) -> None:
    task = desk.planned()
    desk.change(task, captions="by somebody else")
    with pytest.raises(VersionChanged, match="has version 1 by now, not 0"):
        desk.planning.change(task.id, {"captions": "mine"}, version=0)
    assert desk.planning.change(task.id, {"captions": "mine"}, version=1).task.caption == "mine"
    # Its answer was lost, and the caller asks again.
    assert desk.planning.change(task.id, {"captions": "mine"}, version=1).changed == []


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.COMMITTING, Stage.PUBLISHED, Stage.FAILED])
def test_R54_what_has_begun_or_ended_is_not_changed(desk: Desk, stage: Stage) -> None:
    task = desk.planned()
    desk.store.tasks.change(task.id, stage=stage)
    assert "only a pending task" in desk.refused(task, captions="late")[""]


def test_a_queued_task_waits_for_its_new_time(desk: Desk) -> None:
    task = desk.planned()
    desk.store.tasks.change(task.id, stage=Stage.QUEUED)
    done = desk.change(task, start_time="19:00").task
    assert (done.stage, done.waiting_for) == (Stage.SCHEDULED, Waiting.TIME)


def test_a_held_task_stays_held_through_a_change(desk: Desk) -> None:
    task = desk.planned()
    held = desk.planning.hold(task.id)
    done = desk.change(task, start_time="19:00", captions="x").task
    assert (done.held, done.waiting_for, done.waiting_detail) == (True, Waiting.HOLD, held.waiting_detail)


def test_a_retry_pause_goes_on_through_a_change_of_the_caption_and_ends_with_a_new_time(desk: Desk) -> None:
    task = desk.planned()
    facts = {"due_at": NOON + 30, "retry_count": 1, "waiting_for": Waiting.RETRY_DELAY}
    desk.store.tasks.change(task.id, **facts)
    paused = desk.change(task, captions="x").task
    assert (paused.due_at, paused.waiting_for) == (NOON + 30, Waiting.RETRY_DELAY)
    moved = desk.change(task, start_time="19:00").task
    assert (moved.waiting_for, moved.due_at) == (Waiting.TIME, moved.scheduled_at)
    assert moved.retry_count == 1


# --- refusals


def test_R54_every_problem_is_named_and_nothing_changes(desk: Desk) -> None:
    task = desk.planned()
    problems = desk.refused(
        task, start_time="25:10", script_config={"image_count": 0, "caption": "x"}, serials=["B"]
    )
    assert problems.keys() == {"start_time", "script_config.image_count", "script_config.caption", "serials"}
    assert problems["serials"] == "cannot be changed: delete the task and create another"


@pytest.mark.parametrize(
    ("wishes", "field", "says"),
    [
        ({}, "", "says nothing to change"),
        ({"force": True}, "", "says nothing to change"),
        ({"caption": "x"}, "caption", 'did you mean "captions"'),
        ({"usernames": ["x"]}, "usernames", 'did you mean "username"'),
        ({"time": "18:30"}, "time", 'did you mean "start_time"'),
        ({"account": "x"}, "account", 'did you mean "username"'),
        ({"ai_label": True}, "ai_label", "it belongs into script_config"),
        ({"start_time": "2026-11-22 10:00"}, "start_time", "is past"),
        ({"start_time": "2028-01-01 10:00"}, "start_time", "366 days ahead"),
        ({"material_list": ["none.mp4"]}, "script_config.material_list[0]", "none.mp4"),
        ({"captions": "a", "script_config": {"captions": "b"}}, "captions", "send one of the two"),
        ({"script_config": {"start_time": "18:30"}}, "script_config.start_time", "beside script_config"),
        ({"captions": "#a #b #c #d #e #f"}, "script_config.captions", "6 hashtags"),
    ],
)  # fmt: skip
def test_R54_the_checks_are_those_of_a_create_call(
    desk: Desk, wishes: dict[str, Any], field: str, says: str
) -> None:
    assert says in desk.refused(desk.planned(), **wishes)[field]


def test_R54_an_unknown_or_disabled_account_is_refused_after_what_is_wrong_with_the_fields(
    desk: Desk,
) -> None:
    desk.account("off", enabled=False)
    task = desk.planned()
    assert "no account @nobody" in desk.refused(task, NotFound, username="nobody")["username"]
    assert "is disabled" in desk.refused(task, username="off")["username"]
    assert desk.refused(task, username="nobody", start_time="x").keys() == {"start_time"}


def test_R54_an_account_of_the_other_app_is_refused(desk: Desk) -> None:
    desk.account("ann", platform="instagram")
    assert "on tiktok, but on instagram" in desk.refused(desk.planned(), NotFound, username="ann")["username"]


def test_there_is_no_task_to_change(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.planning.change(7, {"captions": "x"})


def test_R50_a_change_that_would_repeat_a_post_needs_force_and_is_exempt_then(desk: Desk) -> None:
    desk.create({"material_list": ["two.mp4"]})
    task = desk.planned()
    assert desk.change(task, material_list=["two.mp4"]).changed  # planned for another day
    problem = desk.refused(task, DuplicatePost, start_time="")["tasks[0]"]
    assert "was given the same media" in problem
    forced = desk.change(task, start_time="", force=True)
    assert forced.task.forced
    assert any("was given the same media" in warning for warning in forced.warnings)


@pytest.mark.parametrize(
    ("of_other", "wish"),
    [
        ({"usernames": ["ann"], "file": "two.mp4"}, {"material_list": ["two.mp4"]}),
        ({"usernames": ["ben"], "file": "one.mp4"}, {"username": "ben"}),
    ],
    ids=["files", "account"],
)
def test_R50_other_files_or_another_account_alone_are_asked_for_what_they_repeat(
    desk: Desk, of_other: dict[str, Any], wish: dict[str, Any]
) -> None:
    desk.account("ann", "A")
    desk.account("ben", "A")
    config = {"material_list": [of_other.pop("file")]}
    desk.planned(config, serials=None, **of_other)
    task = desk.planned(serials=None, usernames=["ann"])
    assert "was given the same media" in desk.refused(task, DuplicatePost, **wish)["tasks[0]"]
    assert "forced" not in desk.change(task, force=True, **wish).changed


def test_R50_a_task_does_not_repeat_itself(desk: Desk) -> None:
    task = desk.planned()
    assert desk.change(task, start_time="", captions="again").task.due_at == NOON


def test_the_settings_in_force_count(desk: Desk) -> None:
    task = desk.planned()
    desk.intake.reload(Settings(media=desk.settings.media, posting=desk.settings.posting))
    desk.clock.advance(86_400)
    assert desk.change(task, start_time="2026-11-25 10:00").task.due_at == NOON + 2 * 86_400 - 7230


def test_R53_a_planned_moment_stays_where_it_is_when_the_hub_s_zone_is_changed(tmp_path: Path) -> None:
    with Desk(tmp_path, timezone="Europe/Berlin") as desk:
        summer, winter = (desk.planned(start_time=f"2027-{date} 18:30") for date in ("07-01", "11-01"))
        assert datetime.fromtimestamp(summer.due_at, UTC).isoformat() == "2027-07-01T16:30:00+00:00"
        assert datetime.fromtimestamp(winter.due_at, UTC).isoformat() == "2027-11-01T17:30:00+00:00"
        posting = msgspec.structs.replace(desk.settings.posting, timezone="America/New_York")
        desk.intake.reload(msgspec.structs.replace(desk.settings, posting=posting))
        assert [task.due_at for task in desk.store.tasks.many([summer.id, winter.id])] == [
            summer.due_at,
            winter.due_at,
        ]
        # The same words mean another moment from now on, and the change says so.
        assert desk.change(summer, start_time="2027-07-01 18:30").task.due_at == summer.due_at + 6 * 3600
        # Europe has put its clocks back by then, America has not.
        assert desk.change(winter, start_time="2027-11-01 18:30").task.due_at == winter.due_at + 5 * 3600


def test_R53_a_time_that_the_clocks_skip_is_changed_into_the_first_one_after_it(tmp_path: Path) -> None:
    with Desk(tmp_path, timezone="Europe/Berlin") as desk:
        done = desk.change(desk.planned(), start_time="2027-03-28 02:30")
        assert datetime.fromtimestamp(done.task.due_at, UTC).isoformat() == "2027-03-28T01:00:00+00:00"
        assert done.warnings == [
            "start_time: 02:30 does not exist on 2027-03-28, clocks are put forward: 03:00 is taken"
        ]


@pytest.mark.parametrize("key", ["material_list", "material_ids"])
def test_a_list_of_no_files_does_not_mean_any_file_of_the_library(desk: Desk, key: str) -> None:
    task = desk.planned()
    for wishes in ({key: []}, {"script_config": {key: []}}, {"material_list": [], "material_ids": []}):
        assert all("names no file" in said for said in desk.refused(task, **wishes).values())


def test_a_list_of_no_files_beside_another_source_means_that_source(desk: Desk) -> None:
    desk.file("in/four.mp4")
    config = {"material_list": [], "material_source": "localFolder", "material_path": "in"}
    done = desk.change(desk.planned(), script_config=config)
    assert [file.name for file in done.task.materials] == ["four.mp4"]
