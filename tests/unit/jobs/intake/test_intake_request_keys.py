"""Requests that come twice: Idempotency-Key and the same media on the same account (R6, 40901, 40902)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.input.refusals import DuplicatePost, Invalid, KeyReused, NoSpace
from jobs.intake.planned import Created
from jobs.intake.request_keys import refuse_bad_key
from storage.errors import StoreFull
from storage.records import Outcome
from tests.support.clock import FakeClock
from tests.support.door import NOON, Door, refused

LIST = {"material_list": ["clip.mp4"]}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        yield door


def at_once(count: int, call: Callable[[], Created]) -> Counter[str]:
    """How many of so many calls at the same time had which result: created, replayed, or the refusal's name."""
    results: list[str] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait(20)
        try:
            results.append("replayed" if call().replayed else "created")
        except Exception as error:  # noqa: BLE001 - counted
            results.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return Counter(results)


def test_WEB_8_the_same_key_and_body_get_the_same_answer(door: Door) -> None:
    body = door.body({"captions": "{a|b|c|d|e|f|g|h}", **LIST}, max_interval=5)
    first = door.intake.create(body, idempotency_key="k1", body=b"{...}")
    again = door.intake.create(body, idempotency_key="k1", body=b"{...}")
    assert (first.replayed, again.replayed) == (False, True)
    assert not again.dry_run
    assert again.answer == first.answer
    assert again.warnings == first.warnings != []
    assert [task.id for task in again.tasks] == first.answer["task_ids"]
    assert len(door.store.tasks) == 1
    assert door.woken == 1


@pytest.mark.parametrize("step_days", [-300, 2, 20_000])
def test_WEB_8_a_clock_that_is_set_while_the_answer_is_lost_makes_nothing_twice(
    tmp_path: Path, step_days: int
) -> None:
    """A box without a clock of its own boots in the past; its time service corrects that between both calls."""
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        body = door.body(LIST)
        door.intake.create(body, idempotency_key="k1", body=b"{}")
        door.clock.step_wall(step_days * 86400.0)
        door.clock.advance(30.0)
        door.store.maintain(door.clock.now())
        assert door.intake.create(body, idempotency_key="k1", body=b"{}").replayed
        assert len(door.store.tasks) == 1
        door.clock.advance(86400.0)
        assert door.store.idempotency.find("k1", door.clock.now()) is None, "a real day has passed"


def test_WEB_8_an_answer_of_an_earlier_run_counts_while_the_clock_is_in_doubt(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        door.file("clip.mp4")
        body = door.body(LIST)
        door.intake.create(body, idempotency_key="k1", body=b"{}")
    with Door(tmp_path, clock=FakeClock(now=NOON + 400 * 86400.0)) as door:
        door.trusts_clock = False
        assert door.intake.create(body, idempotency_key="k1", body=b"{}").replayed
        door.trusts_clock = True
        assert not door.intake.create(body, idempotency_key="k1", body=b"{}").replayed


def test_WEB_8_the_answer_survives_a_restart_and_lives_a_day(tmp_path: Path) -> None:
    clock = FakeClock(now=NOON)
    with Door(tmp_path, clock=clock) as door:
        door.file("clip.mp4")
        first = door.intake.create(door.body(LIST), idempotency_key="k1", body=b"1")
    with Door(tmp_path, clock=clock) as door:
        clock.advance(24 * 3600 - 1)
        assert door.intake.create(door.body(LIST), idempotency_key="k1", body=b"1").answer == first.answer
        clock.advance(1)
        assert not door.intake.create(door.body(LIST), idempotency_key="k1", body=b"2").replayed


def test_WEB_8_another_body_for_the_same_key_is_refused(door: Door) -> None:
    door.intake.create(door.body(LIST), idempotency_key="k1", body=b"1")
    refused(lambda: door.intake.create(door.body(LIST), idempotency_key="k1", body=b"2"), KeyReused)
    assert len(door.store.tasks) == 1


def test_without_the_bytes_two_bodies_are_compared_by_what_they_hold(door: Door) -> None:
    door.intake.create(door.body(LIST), idempotency_key="k1")
    turned = dict(reversed(door.body(LIST).items()))
    assert door.intake.create(turned, idempotency_key="k1").replayed
    refused(lambda: door.intake.create(door.body({}), idempotency_key="k1"), KeyReused)


def test_a_refused_request_or_a_dry_run_leaves_its_key_free(door: Door) -> None:
    refused(
        lambda: door.intake.create(door.body({"content_type": 7}), idempotency_key="k1", body=b"1"), Invalid
    )
    assert door.intake.create(door.body(LIST, dry_run=True), idempotency_key="k1", body=b"2").dry_run
    assert not door.intake.create(door.body(LIST), idempotency_key="k1", body=b"3").replayed


@pytest.mark.parametrize("key", ["", "x" * 129, "with blank", "ünï", "tab\t"])
def test_a_key_that_is_none_is_refused(door: Door, key: str) -> None:
    assert refused(lambda: door.intake.create(door.body(LIST), idempotency_key=key), Invalid).keys() == {
        "Idempotency-Key"
    }


def test_WEB_8_50_parallel_equal_requests_with_a_key_create_once(door: Door) -> None:
    body = door.body(LIST)
    results = at_once(50, lambda: door.intake.create(body, idempotency_key="k1", body=b"1"))
    assert results == {"created": 1, "replayed": 49}
    assert len(door.store.tasks) == 1
    assert door.intake.keys.held == {}


def test_WEB_8_50_parallel_equal_requests_without_a_key_create_once(door: Door) -> None:
    results = at_once(50, lambda: door.create(LIST))
    assert results == {"created": 1, "DuplicatePost": 49}
    assert len(door.store.tasks) == 1


def test_parallel_requests_never_take_the_same_file_of_a_folder(door: Door) -> None:
    for number in range(7):
        door.file(f"{number}.mp4")
    config = {"material_source": "localFolder", "material_path": "."}
    assert at_once(12, lambda: door.create(config)) == {"created": 8, "Invalid": 4}
    tasks, _ = door.store.tasks.page(page_size=100)
    assert len({task.materials[0].sha256 for task in tasks}) == 8
    assert door.intake.choosing.in_flight == set()


def test_the_same_media_for_the_same_account_within_the_window_is_refused(door: Door) -> None:
    first = door.create(LIST).tasks[0]
    door.clock.advance(120)
    assert refused(lambda: door.create(LIST), DuplicatePost) == {
        "tasks[0]": f"A was given the same media 2 minutes ago (task {first.id}); with force it is created all the same"
    }
    assert len(door.store.tasks) == 1


def test_the_dry_run_says_the_same(door: Door) -> None:
    door.create(LIST)
    refused(lambda: door.create(LIST, dry_run=True), DuplicatePost)


def test_force_creates_it_with_a_warning(door: Door) -> None:
    first = door.create(LIST).tasks[0]
    assert door.create(LIST, force="true").warnings == [
        f"A was given the same media a moment ago (task {first.id})"
    ]
    assert door.intake.create(door.body(LIST), force=True).tasks


def test_after_the_window_it_is_a_warning_and_after_a_day_nothing(door: Door) -> None:
    first = door.create(LIST).tasks[0]
    door.clock.advance(600)
    refused(lambda: door.create(LIST), DuplicatePost)
    door.clock.advance(1)
    assert door.create(LIST).warnings == [f"A was given the same media 10 minutes ago (task {first.id})"]
    door.clock.advance(24 * 3600 + 1)
    assert door.create(LIST).warnings == []


def test_another_account_phone_platform_or_content_is_no_repeat(door: Door) -> None:
    door.account("alice", "A"), door.account("bob", "A")
    door.file("other.mp4")
    door.create(LIST)
    for config, fields in (
        (LIST, {"serials": ["B"]}),
        (LIST, {"platform": "instagram"}),
        (LIST, {"serials": None, "usernames": ["alice"]}),
        (LIST, {"serials": None, "usernames": ["bob"]}),
        ({"material_list": ["other.mp4"]}, {}),
    ):
        assert door.create(config, **fields).warnings == []


def test_the_same_content_under_another_name_is_a_repeat(door: Door) -> None:
    door.create(LIST)
    (door.root / "copy.mp4").write_bytes((door.root / "clip.mp4").read_bytes())
    refused(lambda: door.create({"material_list": ["copy.mp4"]}), DuplicatePost)


def test_a_set_of_images_is_a_repeat_only_as_a_whole(door: Door) -> None:
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        door.file(name)

    def post(*names: str) -> Any:
        return door.create({"content_type": 1, "material_list": list(names)})

    post("1.jpg", "2.jpg")
    assert post("1.jpg").warnings == []
    assert post("1.jpg", "3.jpg").warnings == []
    refused(lambda: post("2.jpg", "1.jpg"), DuplicatePost)


@pytest.mark.parametrize("outcome", [Outcome.NONE, Outcome.NOT_PUBLISHED])
def test_what_was_not_posted_may_be_posted_again(door: Door, outcome: Outcome) -> None:
    door.end(door.create(LIST).tasks[0].id, outcome)
    assert door.create(LIST).warnings == []


@pytest.mark.parametrize("outcome", [Outcome.PUBLISHED, Outcome.UNKNOWN])
def test_what_is_or_may_be_posted_may_not(door: Door, outcome: Outcome) -> None:
    door.end(door.create(LIST).tasks[0].id, outcome)
    refused(lambda: door.create(LIST), DuplicatePost)


def test_all_repeats_of_a_request_are_named_and_nothing_is_created(door: Door) -> None:
    door.create(LIST, serials=["A", "B"])
    door.serials.add("C")
    problems = refused(lambda: door.create(LIST, serials=["C", "A", "B"]), DuplicatePost)
    assert problems.keys() == {"tasks[1]", "tasks[2]"}
    assert len(door.store.tasks) == 2


def test_the_window_can_be_switched_off(tmp_path: Path) -> None:
    with Door(tmp_path, duplicate_window_minutes=0) as door:
        door.file("clip.mp4")
        door.create(LIST)
        assert "a moment ago" in door.create(LIST).warnings[0]


def test_a_clock_that_was_set_back_does_not_open_the_window(door: Door) -> None:
    door.create(LIST)
    door.clock.step_wall(-3600)
    refused(lambda: door.create(LIST), DuplicatePost)


def test_a_full_disk_is_said_and_leaves_nothing_behind(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("there is not enough disk space for new tasks")

    with monkeypatch.context() as patch:
        patch.setattr(door.store.tasks, "create", full)
        refused(lambda: door.intake.create(door.body(LIST), idempotency_key="k1"), NoSpace)
    assert not door.intake.create(door.body(LIST), idempotency_key="k1").replayed


def test_a_key_that_was_used_for_another_request_is_named_with_what_to_do(door: Door) -> None:
    door.intake.create(door.body(LIST), idempotency_key="k1", body=b"one")
    with pytest.raises(KeyReused) as reused:
        door.intake.create(door.body(LIST), idempotency_key="k1", body=b"another")
    (problem,) = reused.value.problems
    assert (problem.field, problem.problem) == (
        "Idempotency-Key",
        "was used for another request within the last 24 hours; use a new one",
    )


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "is empty; send a text that is new for each post, or leave it out"),
        (' "" ', "is empty; send a text that is new for each post, or leave it out"),
        (
            "{{key}}",
            'is "{{key}}": a program has not filled it in, so every request would have the same key',
        ),
        (
            '"undefined"',
            'is "undefined": a program has not filled it in, so every request would have the same key',
        ),
        (
            "#N/A",
            'is "#N/A": a program has not filled it in, so every request would have the same key',
        ),
        ("k1, k2", "is given twice; send one"),
        ("k1,k 2", "must be 1 to 128 visible ASCII characters"),
        ("x" * 129, "must be 1 to 128 visible ASCII characters"),
    ],
)
def test_a_key_that_cannot_tell_requests_apart_is_refused_and_says_why(key: str, why: str) -> None:
    assert refused(lambda: refuse_bad_key(key), Invalid) == {"Idempotency-Key": why}


@pytest.mark.parametrize("key", ["x" * 128, "X", "k1,k2", "!~", "'k1'", '"k1"'])
def test_any_other_visible_text_is_a_key(key: str) -> None:
    refuse_bad_key(key)
