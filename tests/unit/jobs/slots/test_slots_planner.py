"""Slots become tasks 48 hours ahead, each occurrence once (R60)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.hub.settings import AccountEntry, Posting
from jobs.slots.planner import Planner
from storage.records import Outcome, Stage
from tests.support.clock import FakeClock
from tests.support.http_side import HttpSide

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = (AccountEntry(username="@anna", serial="PHONE1"), AccountEntry(username="@ben", serial="PHONE2"))
SLOTS = "/api/v1/slots"
DAY = 86400.0


def wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path, accounts=PEOPLE, clock=FakeClock(wall("2027-01-04 12:00"))) as built:
        fill(built, 40)
        yield built


def fill(side: HttpSide, count: int) -> None:
    """Put so many photos into the folder of each account, no two alike."""
    picture = (side.media / "photo.jpg").read_bytes()
    for name in ("anna", "ben"):
        folder = side.media / "pool" / f"@{name}"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / f"{number:03d}.jpg").write_bytes(picture + f"{name}{number}".encode())


def body(side: HttpSide, **changes: Any) -> dict[str, Any]:
    config = {"content_type": 1, "material_source": "localFolder", "material_path": str(side.media / "pool")}
    return {"usernames": ["@anna", "@ben"], "times": ["18:30"], "script_config": config, **changes}


def slot(side: HttpSide, **changes: Any) -> int:
    made = side.client.good("POST", SLOTS, body(side, **changes))
    side.planner.turn()
    return int(made["slot"]["id"])


def planned(side: HttpSide) -> list[str]:
    tasks, _ = side.store.tasks.page(page_size=1000)
    tasks.sort(key=lambda task: (task.scheduled_at, task.username))
    return [f"{datetime.fromtimestamp(task.scheduled_at, BERLIN):%d %H:%M} {task.username}" for task in tasks]


def clock(side: HttpSide) -> FakeClock:
    assert isinstance(side.clock, FakeClock)
    return side.clock


def test_what_is_due_within_48_hours_becomes_tasks_that_can_be_seen(side: HttpSide) -> None:
    number = slot(side)
    assert planned(side) == ["04 18:30 anna", "04 18:30 ben", "05 18:30 anna", "05 18:30 ben"]
    shown = side.client.good("GET", f"{SLOTS}/{number}")
    assert [(one["day"], one["username"], len(one["task_ids"])) for one in shown["next"][:5]] == [
        ("2027-01-04", "anna", 1),
        ("2027-01-04", "ben", 1),
        ("2027-01-05", "anna", 1),
        ("2027-01-05", "ben", 1),
        ("2027-01-06", "anna", 0),
    ]
    assert len(shown["next"]) == 14


def test_an_occurrence_says_when_its_task_starts_also_where_that_was_moved(side: HttpSide) -> None:
    number = slot(side, usernames=["@anna"])
    first, second = side.store.tasks.page(sort="scheduled_at", page_size=10)[0]
    side.client.good("PATCH", f"/api/v1/task/{first.id}", {"start_time": "2027-01-04 21:00"})
    side.client.good("DELETE", f"/api/v1/task/{second.id}")

    def times(which: str) -> list[tuple[str, str, str]]:
        shown = side.client.good("GET", f"{SLOTS}/{number}")[which]
        return [(one["day"], one["time"], one["start_time"]) for one in shown[:2]]

    assert times("next") == [
        ("2027-01-04", "18:30", "2027-01-04 21:00:00"),
        ("2027-01-05", "18:30", "2027-01-05 18:30:00"),
    ]
    clock(side).advance(7 * 3600.0)
    assert times("past") == [("2027-01-04", "18:30", "2027-01-04 21:00:00")]


def test_a_slot_without_a_tag_says_that_it_posts_whatever_the_library_has(side: HttpSide) -> None:
    side.client.good("POST", "/api/v1/materials?name=photo.jpg", raw=(side.media / "photo.jpg").read_bytes())
    config = {"content_type": 1, "materials_tags": "", "material_source": "materialLibrary"}
    (warning,) = side.client.good("POST", SLOTS, body(side, usernames=["@anna"], script_config=config))[
        "warnings"
    ]
    assert "any unused file of the library" in warning
    assert side.client.good("POST", SLOTS, body(side))["warnings"] == []


def test_an_occurrence_is_planned_once_however_often_the_planner_looks(side: HttpSide) -> None:
    slot(side)
    for _ in range(3):
        side.planner.turn()
    assert len(planned(side)) == 4
    clock(side).advance(DAY)
    side.planner.turn()
    assert planned(side)[4:] == ["06 18:30 anna", "06 18:30 ben"]


def test_a_clock_that_jumps_and_comes_back_makes_nothing_twice(side: HttpSide) -> None:
    slot(side)
    clock(side).step_wall(5 * DAY)
    side.planner.turn()
    clock(side).step_wall(-5 * DAY)
    for _ in range(8):
        side.planner.turn()
        clock(side).advance(DAY)
    counted = Counter(planned(side))
    assert set(counted.values()) == {1}


def test_a_clock_that_is_a_year_ahead_for_a_moment_makes_nothing_twice_and_upkeep_forgets_nothing(
    side: HttpSide,
) -> None:
    slot(side)
    clock(side).step_wall(400 * DAY)
    side.jobs.maintenance.turn()
    clock(side).step_wall(-400 * DAY)
    side.jobs.maintenance.turn()
    side.planner.turn()
    assert set(Counter(planned(side)).values()) == {1}


def test_a_task_that_was_deleted_or_ended_is_not_planned_again(side: HttpSide) -> None:
    slot(side)
    tasks, _ = side.store.tasks.page(page_size=10)
    side.client.good("DELETE", f"/api/v1/task/{tasks[0].id}")
    side.store.tasks.change(tasks[1].id, stage=Stage.PUBLISHED, finished_at=side.clock.now())
    side.planner.turn()
    assert len(planned(side)) == 3


def test_no_two_tasks_of_a_slot_post_the_same_file(side: HttpSide) -> None:
    slot(side, times=["08:00", "13:00", "18:30"])
    tasks, _ = side.store.tasks.page(page_size=100)
    assert set(Counter(task.materials[0].sha256 for task in tasks).values()) == {1}


def test_what_the_hub_slept_through_is_left_out_and_said(side: HttpSide) -> None:
    number = slot(side)
    clock(side).advance(5 * DAY)
    side.planner.turn()
    past = side.client.good("GET", f"{SLOTS}/{number}")["past"]
    assert [(one["day"], one["username"], bool(one["problem"])) for one in past] == [
        ("2027-01-08", "ben", True), ("2027-01-08", "anna", True),
        ("2027-01-07", "ben", True), ("2027-01-07", "anna", True),
        ("2027-01-06", "ben", True), ("2027-01-06", "anna", True),
        ("2027-01-05", "ben", False), ("2027-01-05", "anna", False),
        ("2027-01-04", "ben", False), ("2027-01-04", "anna", False),
    ]  # fmt: skip
    assert "missed" in past[0]["problem"]


def test_catch_up_makes_the_latest_of_each_account_at_once_and_no_other(side: HttpSide) -> None:
    slot(side, missed="catch_up")
    before = len(planned(side))
    clock(side).advance(5 * DAY)
    side.planner.turn()
    side.planner.turn()
    assert planned(side)[before : before + 2] == ["09 12:00 anna", "09 12:00 ben"]
    assert len(planned(side)) == before + 2 + 4


def test_an_untrusted_clock_plans_nothing(side: HttpSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(side.jobs.trust), "trusted", property(lambda _: False))
    slot(side)
    assert planned(side) == []


def test_a_pool_that_runs_dry_is_announced_before_the_day_and_refilling_helps(side: HttpSide) -> None:
    for path in (side.media / "pool" / "@anna").iterdir():
        if path.name > "000.jpg":
            path.unlink()
    number = slot(side)
    assert planned(side) == ["04 18:30 anna", "04 18:30 ben", "05 18:30 ben"]
    (sentence,) = side.told
    assert "@anna" in sentence
    assert "2027-01-05" in sentence
    side.planner.turn()
    assert len(side.told) == 1
    shown = side.client.good("GET", f"{SLOTS}/{number}")["next"]
    assert [one["problem"] != "" for one in shown[:4]] == [False, False, True, False]
    fill(side, 5)
    side.planner.turn()
    assert planned(side)[2:] == ["05 18:30 anna", "05 18:30 ben"]


def test_what_never_could_be_made_says_why_when_its_time_has_passed(side: HttpSide) -> None:
    for path in (side.media / "pool" / "@anna").iterdir():
        path.unlink()
    number = slot(side, usernames=["@anna"])
    clock(side).advance(DAY)
    side.planner.turn()
    (past,) = side.client.good("GET", f"{SLOTS}/{number}")["past"]
    assert past["problem"].startswith("not made: ")


def test_what_a_slot_cannot_plan_is_said_without_advice_that_no_slot_can_follow(tmp_path: Path) -> None:
    only = AccountEntry(username="@anna", serial="PHONE1")
    posting = Posting(timezone="Europe/Berlin", duplicate_window_minutes=10)
    with HttpSide(
        tmp_path, accounts=(only,), posting=posting, clock=FakeClock(wall("2027-01-04 12:00"))
    ) as side:
        fill(side, 1)
        copied = side.media / "pool" / "@anna" / "000.jpg"
        config = {"content_type": 1, "material_list": [str(copied)]}
        side.client.good(
            "POST",
            "/api/v1/task",
            {
                "usernames": ["@anna"],
                "script_name": "post",
                "start_time": "18:30",
                "script_config": config,
            },
        )
        number = slot(side, usernames=["@anna"])
        folder, *_ = side.client.good("GET", f"{SLOTS}/{number}")["next"]
        assert folder["problem"].endswith("(task 1)")
        library = {"content_type": 1}
        number = slot(side, usernames=["@anna"], times=["19:00"], script_config=library)
        empty, *_ = side.client.good("GET", f"{SLOTS}/{number}")["next"]
        assert empty["problem"].endswith("in the material library for @anna; upload one")


def test_a_slot_that_breaks_says_so_and_keeps_no_other_slot_from_being_planned(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = side.intake.choosing.chosen

    def break_at_first(parsed: Any, posters: Any, *args: Any, **named: Any) -> Any:
        if posters[0].username == "anna":
            raise OSError(5, "Input/output error")
        return chosen(parsed, posters, *args, **named)

    monkeypatch.setattr(side.intake.choosing, "chosen", break_at_first)
    broken = slot(side, usernames=["@anna"])
    slot(side, usernames=["@ben"])
    assert planned(side) == ["04 18:30 ben", "05 18:30 ben"]
    first, *_ = side.client.good("GET", f"{SLOTS}/{broken}")["next"]
    assert first["problem"] == "this broke: OSError: [Errno 5] Input/output error"
    assert len(side.told) == 1
    monkeypatch.undo()
    side.planner.turn()
    assert len(planned(side)) == 4


def test_pausing_takes_back_what_waits_and_resuming_plans_from_now_on(side: HttpSide) -> None:
    number = slot(side)
    assert side.client.good("POST", f"{SLOTS}/{number}/pause")["paused"] is True
    side.planner.turn()
    assert planned(side) == []
    clock(side).advance(DAY)
    resumed = side.client.good("POST", f"{SLOTS}/{number}/resume")
    side.planner.turn()
    assert resumed["past"] == []
    assert planned(side) == ["05 18:30 anna", "05 18:30 ben", "06 18:30 anna", "06 18:30 ben"]


def test_a_change_plans_anew_and_leaves_what_has_begun(side: HttpSide) -> None:
    number = slot(side)
    begun = next(task for task in side.store.tasks.page(page_size=10)[0] if task.username == "anna")
    side.store.tasks.change(begun.id, stage=Stage.PREPARING)
    side.client.good("PATCH", f"{SLOTS}/{number}", {"times": ["20:00"]})
    side.planner.turn()
    found = planned(side)
    assert [one for one in found if "20:00" in one] == [
        "04 20:00 anna", "04 20:00 ben", "05 20:00 anna", "05 20:00 ben",
    ]  # fmt: skip
    assert len([one for one in found if "18:30" in one]) == 1


def test_a_change_leaves_what_a_person_holds_and_what_would_not_be_planned_anew_as_a_whole(
    side: HttpSide,
) -> None:
    number = slot(side)
    held, deleted, begun, _ = side.store.tasks.page(sort="scheduled_at", page_size=10)[0]
    side.client.good("POST", f"/api/v1/task/{held.id}/hold")
    side.client.good("DELETE", f"/api/v1/task/{deleted.id}")
    side.store.tasks.change(begun.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED)
    side.client.good("PATCH", f"{SLOTS}/{number}", {"name": "Evening"})
    side.planner.turn()
    kept = side.store.tasks.get(held.id)
    assert kept is not None
    assert kept.held
    assert planned(side) == ["04 18:30 anna", "05 18:30 anna", "05 18:30 ben"]
    side.client.good("PATCH", f"{SLOTS}/{number}", {"times": ["20:00"]})
    assert planned(side) == ["05 18:30 anna"], "at another time it is another post"


def test_a_change_leaves_what_a_person_has_moved_or_written_anew(side: HttpSide) -> None:
    number = slot(side)
    moved, written, *_ = side.store.tasks.page(sort="scheduled_at", page_size=10)[0]
    side.client.good("PATCH", f"/api/v1/task/{moved.id}", {"start_time": "2027-01-04 21:15"})
    side.client.good("PATCH", f"/api/v1/task/{written.id}", {"captions": "by hand"})
    side.client.good("PATCH", f"{SLOTS}/{number}", {"name": "Evening"})
    side.planner.turn()
    assert planned(side) == ["04 18:30 ben", "04 21:15 anna", "05 18:30 anna", "05 18:30 ben"]
    kept = side.store.tasks.get(written.id)
    assert kept is not None
    assert kept.caption == "by hand"


def test_what_a_person_holds_is_still_held_when_its_slot_was_paused_and_goes_on(side: HttpSide) -> None:
    number = slot(side)
    held, *_ = side.store.tasks.page(sort="scheduled_at", page_size=10)[0]
    side.client.good("POST", f"/api/v1/task/{held.id}/hold")
    side.client.good("POST", f"{SLOTS}/{number}/pause")
    assert planned(side) == ["04 18:30 anna"], "what is held posts nothing while the slot is paused"
    side.client.good("POST", f"{SLOTS}/{number}/resume")
    side.planner.turn()
    kept = side.store.tasks.get(held.id)
    assert kept is not None
    assert kept.held
    assert planned(side) == ["04 18:30 anna", "04 18:30 ben", "05 18:30 anna", "05 18:30 ben"]
    side.client.good("DELETE", f"{SLOTS}/{number}")
    assert planned(side) == []


def test_a_change_leaves_the_post_of_one_app_where_that_of_the_other_is_gone(tmp_path: Path) -> None:
    both = [
        AccountEntry(username="@anna", serial="PHONE1", platform="tiktok"),
        AccountEntry(username="@anna", serial="PHONE1", platform="instagram"),
    ]
    with HttpSide(tmp_path, accounts=tuple(both), clock=FakeClock(wall("2027-01-04 12:00"))) as side:
        fill(side, 10)
        number = slot(side, usernames=["@anna"], platform="all")
        first, second, *_ = side.store.tasks.page(sort="scheduled_at", page_size=10)[0]
        side.client.good("DELETE", f"/api/v1/task/{first.id}")
        side.client.good("PATCH", f"{SLOTS}/{number}", {"name": "Evening"})
        side.planner.turn()
        assert side.store.tasks.get(second.id) == second
        assert planned(side) == ["04 18:30 anna", "05 18:30 anna", "05 18:30 anna"]


def test_a_removed_slot_takes_its_waiting_tasks_with_it(side: HttpSide) -> None:
    number = slot(side)
    side.client.good("DELETE", f"{SLOTS}/{number}")
    side.planner.turn()
    assert planned(side) == []
    side.client.bad(40401, "GET", f"{SLOTS}/{number}")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"times": ["25:00"]}, "times"),
        ({"times": []}, "times"),
        ({"usernames": []}, "usernames"),
        ({"usernames": ["@nobody"]}, "usernames (nobody)"),
        ({"weekdays": ["someday"]}, "weekdays"),
        ({"weekdays": []}, "weekdays"),
        ({"first_day": "31.01.2027"}, "first_day"),
        ({"first_day": "2027-02-01", "last_day": "2027-01-01"}, "last_day"),
        ({"missed": "maybe"}, "missed"),
        ({"script_config": {"captoins": "x"}}, "script_config.captoins"),
        ({"script_config": {"material_list": ["a.mp4"]}}, "script_config.material_list"),
        ({"script_config": {"material_ids": [4]}}, "script_config.material_ids"),
        ({"time": "18:30"}, "time"),
        ({"dry_run": True}, "dry_run"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    side: HttpSide, change: dict[str, Any], field: str
) -> None:
    code = 40401 if "nobody" in field else 40001
    answer = side.client.bad(code, "POST", SLOTS, body(side, **change))
    assert field in [error["field"] for error in answer["data"]["errors"]]
    assert side.client.good("GET", SLOTS)["slots"] == []


def test_what_was_planned_in_another_zone_is_planned_anew_on_the_clock_of_the_new_one(
    side: HttpSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot(side, usernames=["@anna"])
    first, second = side.store.tasks.page(page_size=10)[0][::-1]
    assert planned(side) == ["04 18:30 anna", "05 18:30 anna"]
    side.client.good("POST", f"/api/v1/task/{second.id}/hold")
    monkeypatch.setattr(side.planner, "_zone", lambda: ZoneInfo("America/New_York"))
    for _ in range(3):
        side.planner.turn()
    # 18:30 in New York is half past midnight in Berlin; what a person holds stays at its moment.
    assert planned(side) == ["05 00:30 anna", "05 18:30 anna"]
    assert first.id not in {task.id for task in side.store.tasks.page(page_size=10)[0]}


def test_a_restart_in_another_zone_plans_anew_too(side: HttpSide) -> None:
    slot(side, usernames=["@anna"])
    again = Planner(
        side.clock,
        side.store,
        side.intake,
        zone=lambda: ZoneInfo("America/New_York"),
        trusted=lambda: True,
        tell=lambda *_, **__: None,
    )
    again.turn()
    assert planned(side) == ["05 00:30 anna", "06 00:30 anna"]
    before = [task.id for task in side.store.tasks.page(page_size=10)[0]]
    again.turn()
    assert [task.id for task in side.store.tasks.page(page_size=10)[0]] == before


def test_a_change_of_one_key_of_the_config_leaves_the_others_as_they_are(side: HttpSide) -> None:
    number = slot(side, script_config={**body(side)["script_config"], "ai_label": True})
    made = side.client.good("PATCH", f"{SLOTS}/{number}", {"script_config": {"captions": "Fresh"}})["slot"]
    assert made["script_config"] == {**body(side)["script_config"], "ai_label": True, "captions": "Fresh"}
    made = side.client.good("PATCH", f"{SLOTS}/{number}", {"script_config": {"captions": None}})["slot"]
    assert made["script_config"]["captions"] == "Fresh"
    made = side.client.good("PATCH", f"{SLOTS}/{number}", {"script_config": {"materials_tags": "oak"}})[
        "slot"
    ]
    assert made["script_config"] == {
        "content_type": 1,
        "ai_label": True,
        "captions": "Fresh",
        "materials_tags": "oak",
    }


def test_a_call_that_is_repeated_as_its_answer_was_lost_makes_no_second_slot(side: HttpSide) -> None:
    first = side.client.good("POST", SLOTS, body(side, weekdays=["mon", "fri"]))
    again = side.client.good(
        "POST", SLOTS, body(side, usernames=["ben", "@ANNA"], weekdays=["friday", "Monday"])
    )
    assert again["slot"]["id"] == first["slot"]["id"]
    assert again["warnings"] == ["slot 1 says the same and was left as it is: nothing was created"]
    side.client.good("POST", f"{SLOTS}/1/pause")
    paused = side.client.good("POST", SLOTS, body(side, weekdays=["mon", "fri"]))
    assert paused["warnings"] == ["slot 1 says the same and is paused, and was left so: nothing was created"]
    assert paused["slot"]["paused"] is True
    for change in (
        {"name": "Second"},
        {"times": ["18:31"]},
        {"weekdays": ["mon"]},
        {"last_day": "2027-02-01"},
    ):
        side.client.good("POST", SLOTS, {**body(side, weekdays=["mon", "fri"]), **change})
    assert len(side.client.good("GET", SLOTS)["slots"]) == 5


def test_a_slot_whose_last_day_is_past_says_that_it_plans_nothing(side: HttpSide) -> None:
    said = side.client.good("POST", SLOTS, body(side, last_day="2027-01-03"))["warnings"]
    assert said == ["last_day: 2027-01-03 is past: the slot plans nothing"]
    assert side.client.good("POST", SLOTS, body(side, last_day="2027-01-04"))["warnings"] == []


def test_weekdays_are_taken_as_people_write_them(side: HttpSide) -> None:
    number = slot(side, weekdays=["Monday", "wed"])
    assert side.client.good("GET", f"{SLOTS}/{number}")["weekdays"] == ["mon", "wed"]


def test_slots_and_what_they_planned_outlive_a_restart(tmp_path: Path) -> None:
    now = FakeClock(wall("2027-01-04 12:00"))
    with HttpSide(tmp_path, accounts=PEOPLE, clock=now) as first:
        fill(first, 5)
        slot(first)
    with HttpSide(tmp_path, accounts=PEOPLE, clock=now) as again:
        again.planner.turn()
        assert len(planned(again)) == 4


@pytest.mark.parametrize("word", ["mon,fri", "mon-fri", "monthly", "sunset", "Mo", "mo", "*", "1", ""])
def test_a_word_that_only_begins_like_a_weekday_is_none(side: HttpSide, word: str) -> None:
    answer = side.client.bad(40001, "POST", SLOTS, body(side, weekdays=[word]))
    assert "is not a weekday" in answer["message"]
    assert ("each as an entry of its own" in answer["message"]) is (word[:3] in {"mon", "sun"})


def test_weekdays_may_be_written_out_or_cut_short(side: HttpSide) -> None:
    made = side.client.good("POST", SLOTS, body(side, weekdays=["Monday", "tues", "THURS", "sun"]))
    assert made["slot"]["weekdays"] == ["mon", "tue", "thu", "sun"]


def captions(side: HttpSide) -> dict[str, list[str]]:
    tasks, _ = side.store.tasks.page(page_size=1000)
    found: dict[str, list[str]] = {}
    for task in sorted(tasks, key=lambda task: task.scheduled_at):
        found.setdefault(task.username, []).append(task.caption)
    return found


def test_each_time_of_a_slot_has_the_next_of_several_captions_and_each_account_begins_with_another(
    side: HttpSide,
) -> None:
    config = {
        **body(side)["script_config"],
        "caption_format": "multiline",
        "captions": "one\n\ntwo###more\nthree",
    }
    slot(side, times=["13:00", "18:30"], weekdays=["mon", "wed"], script_config=config)
    for _ in range(4):
        side.planner.turn()
        clock(side).advance(2 * DAY)
    lines = ["one", "two\nmore", "three"] * 4
    found = captions(side)
    assert len(found["anna"]) >= 6
    assert found["anna"] == lines[: len(found["anna"])]
    assert found["ben"] == lines[1 : 1 + len(found["ben"])]


def test_the_captions_of_a_slot_go_on_in_turn_however_often_it_is_planned(side: HttpSide) -> None:
    config = {**body(side)["script_config"], "caption_format": "multiline", "captions": "one\ntwo\nthree"}
    slot(side, usernames=["@anna"], script_config=config)
    made = captions(side)["anna"]
    for _ in range(5):
        clock(side).advance(DAY)
        side.planner.turn()
        side.planner.turn()
    assert captions(side)["anna"][: len(made)] == made
    assert captions(side)["anna"] == (["one", "two", "three"] * 3)[: len(captions(side)["anna"])]
