"""What the repeat guard finds, asked by itself: which posts are near enough, whose they are, and what it says of them (R50)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.settings import Posting
from jobs.intake.repeat_guard import Repeat, Repeats, ago, refusal
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from storage.records import MediaFile, Outcome, PostMark, Stage, Task
from storage.store import Store
from storage.tables.posts import post_of
from tests.support.bench import new_task
from tests.support.clock import FakeClock

CLIP = MediaFile(path="/m/clip.mp4", name="clip.mp4", sha256="c" * 64, size_bytes=1, kind="video")
OTHER = MediaFile(path="/m/other.mp4", name="other.mp4", sha256="e" * 64, size_bytes=1, kind="video")
POOLED = MediaFile(path="/m/one.mp4", name="one.mp4", sha256="d" * 64, size_bytes=1, kind="video", root="/m")
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 24 * 3600.0
#: The usual window and the usual time of warnings.
WINDOW_S, WARN_S = 10 * MINUTE_S, DAY_S
BY_ANOTHER = "is being given the same media by another request just now"


class Guard:
    """The guard on a store with a clock that stands; @x lives alone on phone A, @y and @z share B, nobody lives on C."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder / "state", reserve_bytes=0)
        self.repeats = Repeats(self.store, self.clock, Posting())
        for name, serial in (("x", "A"), ("y", "B"), ("z", "B")):
            self.store.accounts.add(username=name, platform="tiktok", serial=serial)

    def facts(self, facts: dict[str, Any]) -> Any:
        """A task with the clip for @x; `in_s`: when it is to start, in seconds from now."""
        given = {"materials": (CLIP,), "username": "x", "placement": "video", "serial": "A", **facts}
        now = self.clock.now()
        serial, at = given.pop("serial"), now + given.pop("in_s", 0.0)
        return new_task(serial, at=at, created=given.pop("created", now), **given)

    def post(self, **facts: Any) -> PostMark:
        """A post that is about to be created."""
        return post_of(self.facts(facts))

    def task(self, **facts: Any) -> Task:
        """One that waits."""
        return self.store.tasks.create([self.facts(facts)])[0]

    def published(self, ago_s: float = 0.0, *, seen: str = "", **facts: Any) -> Task:
        """One that was published at its time, so many seconds ago."""
        task = self.task(**{"in_s": -ago_s, "created": self.clock.now() - ago_s, **facts})
        return self.store.tasks.change(
            task.id,
            stage=Stage.PUBLISHED,
            outcome=Outcome.PUBLISHED,
            finished_at=task.due_at,
            account_seen=seen,
        )

    def failed(self, **facts: Any) -> Task:
        """One that ended without a post."""
        return self.store.tasks.change(
            self.task(**facts).id, stage=Stage.FAILED, outcome=Outcome.NONE, finished_at=self.clock.now()
        )

    def created(self, *posts: PostMark, forced: bool = False) -> dict[int, Repeat]:
        with self.repeats.creating(posts, [forced] * len(posts)) as found:
            return found

    def one(self, **facts: Any) -> Repeat | None:
        """What one post would repeat."""
        return self.created(self.post(**facts)).get(0)

    def retried(self, task: Task, in_s: float = 0.0) -> list[int]:
        with self.repeats.retrying(task, self.clock.now() + in_s) as found:
            return [repeat.task_id for repeat in found]


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    made = Guard(tmp_path)
    yield made
    made.store.close()


# --- how near


@pytest.mark.parametrize(
    ("in_s", "refused"),
    [
        (0.0, True),
        (WINDOW_S, True),
        (WINDOW_S + 1.0, False),
        (WARN_S, False),
        (WARN_S + 1.0, None),
    ],
)
def test_R50_the_same_media_is_refused_within_the_window_and_warned_about_within_a_day(
    guard: Guard, in_s: float, refused: bool | None
) -> None:
    published, planned = guard.published(), guard.task(username="y", serial="B")
    for other, facts in ((published, {}), (planned, {"username": "y", "serial": "B"})):
        repeat = guard.one(in_s=in_s, **facts)
        assert (repeat and (repeat.task_id, repeat.refused)) == (
            None if refused is None else (other.id, refused)
        )


@pytest.mark.parametrize(
    ("in_s", "says"),
    [
        (-2 * HOUR_S, "was given the same media 2 hours ago (task 1)"),
        (-1.5, "was given the same media 1 second ago (task 1)"),
        (0.0, "was given the same media a moment ago (task 1)"),
        (3 * MINUTE_S, "was given the same media, to be posted in 3 minutes (task 1)"),
    ],
)
def test_R50_a_repeat_says_which_task_and_when_it_was_or_will_be_posted(
    guard: Guard, in_s: float, says: str
) -> None:
    guard.task(in_s=in_s, created=guard.clock.now() - DAY_S)
    repeat = guard.one()
    assert repeat is not None
    assert repeat.sentence == says


def test_a_span_of_time_is_told_in_its_largest_unit() -> None:
    spans = (0.5, 1.0, 59.0, 60.0, 120.0, 3600.0, 86399.0, 86400.0, 200000.0)
    assert [ago(span) for span in spans] == [
        "a moment", "1 second", "59 seconds", "1 minute", "2 minutes", "1 hour", "23 hours", "1 day", "2 days",
    ]  # fmt: skip


def test_R50_what_was_posted_later_than_it_was_planned_counts_from_both_times(guard: Guard) -> None:
    late = guard.published(2 * HOUR_S)
    guard.store.tasks.change(late.id, finished_at=guard.clock.now() - 5 * MINUTE_S)
    for in_s in (0.0, -2 * HOUR_S):
        repeat = guard.one(in_s=in_s)
        assert repeat is not None
        assert repeat.refused
        assert repeat.sentence.startswith("was given the same media 5 minutes ago")


def test_R50_a_post_of_a_clock_that_ran_ahead_happened_by_now(guard: Guard) -> None:
    guard.published(-5 * HOUR_S, created=guard.clock.now() - DAY_S)
    repeat = guard.one()
    assert repeat is not None
    assert (repeat.refused, repeat.sentence) == (True, "was given the same media a moment ago (task 1)")
    planned = guard.task(in_s=5 * HOUR_S, username="y", serial="B")
    repeat = guard.one(username="y", serial="B")
    assert repeat is not None
    assert (repeat.task_id, repeat.refused) == (planned.id, False), "one with a time to come lies ahead"
    asked = guard.clock.now() + 5 * HOUR_S
    at_once = guard.task(in_s=5 * HOUR_S, created=asked, username="z", serial="B")
    repeat = guard.one(username="z", serial="B")
    assert repeat is not None
    assert (repeat.task_id, repeat.refused) == (at_once.id, True), "one that was to start at once does not"


def test_R50_of_several_repeats_the_refused_one_is_told_and_of_those_the_newest(guard: Guard) -> None:
    guard.published(5 * MINUTE_S)
    nearest = guard.published(2 * MINUTE_S)
    guard.task(in_s=3 * HOUR_S)
    repeat = guard.one()
    assert repeat is not None
    assert (repeat.task_id, repeat.refused) == (nearest.id, True)


def test_R50_of_one_task_that_may_have_posted_twice_the_nearer_post_counts(guard: Guard) -> None:
    task = guard.published(3 * MINUTE_S)
    guard.store.tasks.change(task.id, outcome=Outcome.UNKNOWN)
    guard.store.tasks.change(
        task.id, stage=Stage.SCHEDULED, outcome=Outcome.NONE, finished_at=None,
        due_at=guard.clock.now() + 5 * HOUR_S,
    )  # fmt: skip
    repeat = guard.one()
    assert repeat is not None
    assert (repeat.task_id, repeat.refused) == (task.id, True)


def test_each_post_of_a_request_is_told_by_its_position(guard: Guard) -> None:
    of_x = guard.published()
    of_y = guard.published(username="y", serial="B")
    found = guard.created(
        guard.post(materials=(OTHER,)),
        guard.post(),
        guard.post(username="z", serial="B"),
        guard.post(username="y", serial="B"),
    )
    assert {index: repeat.task_id for index, repeat in found.items()} == {1: of_x.id, 3: of_y.id}


def test_a_post_that_shows_nothing_repeats_nothing(guard: Guard) -> None:
    guard.published(materials=())
    empty = guard.post(materials=())
    assert guard.created(empty, empty) == {}
    with guard.repeats.creating([empty], [False]):
        assert guard.repeats.passing == {}
        assert guard.created(empty) == {}


# --- within one request


def test_R50_the_same_media_twice_in_one_request_repeats_itself_within_the_window(guard: Guard) -> None:
    found = guard.created(guard.post(), guard.post(in_s=WINDOW_S), guard.post(in_s=3 * WINDOW_S))
    assert found == {1: Repeat(0, "is given the same media twice by this request", refused=True)}
    assert guard.created(guard.post(), guard.post(in_s=WINDOW_S + 1.0)) == {}
    # Every earlier one counts, not the first alone.
    found = guard.created(guard.post(), guard.post(in_s=2 * WINDOW_S), guard.post(in_s=3 * WINDOW_S))
    assert list(found) == [2]
    assert list(guard.created(guard.post(in_s=WINDOW_S), guard.post())) == [1]


def test_R50_other_media_another_account_or_placement_in_one_request_is_no_repeat(guard: Guard) -> None:
    assert guard.created(
        guard.post(),
        guard.post(materials=(OTHER,)),
        guard.post(username="y", serial="B"),
        guard.post(placement="story"),
    ) == {}  # fmt: skip


def test_R50_a_request_that_names_an_account_and_its_phone_names_it_twice(guard: Guard) -> None:
    for first, second in (("x", ""), ("", "x"), ("X", "x"), ("", "")):
        assert list(guard.created(guard.post(username=first), guard.post(username=second))) == [1]
    # On a phone of two accounts nobody knows yet which one it will be.
    on_b = [guard.post(username=name, serial="B") for name in ("y", "")]
    assert guard.created(*on_b) == {}


# --- whose


def test_R50_a_post_whose_account_was_not_read_counts_where_one_account_lives_or_none(guard: Guard) -> None:
    unread = {serial: guard.published(username="", serial=serial) for serial in "ABC"}
    assert guard.one(username="x", serial="A") is not None
    assert guard.one(username="y", serial="B") is None
    assert guard.one(username="stranger", serial="C") is not None
    assert guard.one(username="stranger", serial="A") is None
    repeat = guard.one(username="", serial="B")
    assert repeat is not None
    assert repeat.task_id == unread["B"].id


def test_R50_a_post_whose_account_was_read_counts_for_that_account_alone(guard: Guard) -> None:
    guard.published(username="", seen="Other", serial="A")
    assert guard.one(username="x", serial="A") is None
    guard.published(username="", seen="X", serial="C")
    assert guard.one(username="x", serial="A") is not None


def test_R50_a_post_without_an_account_is_asked_for_whatever_was_posted_in_its_app_on_its_phone(
    guard: Guard,
) -> None:
    of_y = guard.published(username="", seen="y", serial="B")
    repeat = guard.one(username="", serial="B")
    assert repeat is not None, "the same account may be current again"
    assert repeat.task_id == of_y.id


def test_R50_a_post_without_an_account_is_asked_for_the_only_one_that_lives_there(guard: Guard) -> None:
    guard.published(username="x", serial="C")
    assert guard.one(username="", serial="A") is not None
    assert guard.one(username="", serial="C") is None
    guard.published(username="y", serial="C")
    assert guard.one(username="", serial="B") is None


def test_R50_before_its_turn_a_task_is_asked_for_the_account_that_it_met_last_time_too(guard: Guard) -> None:
    met = guard.failed(username="", serial="B")
    met = guard.store.tasks.change(met.id, account_seen="y")
    of_phone = guard.published(username="", serial="B")
    of_y = guard.published(username="y", serial="C")
    assert guard.retried(met) == [of_phone.id, of_y.id]
    repeat = guard.repeats.at_claim(met)
    assert repeat is not None
    assert repeat.task_id == of_y.id


def test_R50_right_before_the_tap_the_account_that_is_seen_counts_and_no_other(guard: Guard) -> None:
    task = guard.task(username="", serial="B")
    task = guard.store.tasks.change(task.id, account_seen="y")
    guard.published(username="", serial="B")
    guard.published(username="z", serial="B")
    with guard.repeats.committing(task):
        pass
    of_y = guard.published(username="y", serial="C")
    with pytest.raises(ScriptFailed, match=f"^@y was given .*task {of_y.id}"), guard.repeats.committing(task):
        pytest.fail("let through")


def test_R50_a_post_without_a_placement_repeats_one_of_any(guard: Guard) -> None:
    guard.published(placement="")
    assert guard.one(placement="story") is not None
    guard.published(placement="story", username="y", serial="B")
    assert guard.one(placement="", username="y", serial="B") is not None
    assert guard.one(placement="video", username="y", serial="B") is None


# --- at a retry, at a claim, before the tap


def test_R50_a_task_is_no_repeat_of_itself_whatever_it_posted(guard: Guard) -> None:
    task = guard.published()
    assert guard.retried(task) == []
    assert guard.repeats.at_claim(task) is None
    with guard.repeats.committing(task):
        pass


def test_R50_a_retry_is_asked_for_the_time_at_which_it_starts_again(guard: Guard) -> None:
    failed = guard.failed(in_s=-2 * DAY_S)
    planned = guard.task(in_s=DAY_S)
    assert guard.retried(failed) == []
    assert guard.retried(failed, in_s=DAY_S - WINDOW_S) == [planned.id]
    assert guard.retried(failed, in_s=DAY_S - WINDOW_S - 1.0) == []


def test_R50_a_retry_is_also_asked_for_the_time_for_which_it_was_planned(guard: Guard) -> None:
    failed = guard.failed(in_s=DAY_S)
    same_day = guard.task(in_s=DAY_S + WINDOW_S)
    guard.task(in_s=DAY_S + WINDOW_S + 1.0)
    assert guard.retried(failed) == [same_day.id]


def test_R50_what_was_posted_since_a_task_had_its_time_makes_its_retry_the_second_post(guard: Guard) -> None:
    older = guard.published(9 * DAY_S)
    failed = guard.failed(in_s=-5 * DAY_S)
    assert guard.retried(failed) == []
    # The older task ended after this one had its time: it was late, or it was asked for again.
    for since, found in ((-WINDOW_S - 1.0, []), (-WINDOW_S, [older.id]), (DAY_S, [older.id])):
        guard.store.tasks.change(older.id, finished_at=failed.scheduled_at + since)
        assert guard.retried(failed) == found


def test_R50_a_task_that_was_made_later_and_is_out_makes_a_retry_the_second_post(guard: Guard) -> None:
    failed = guard.failed(in_s=-DAY_S)
    newer = guard.published(3 * DAY_S)
    assert guard.retried(failed) == [newer.id]


def test_R50_a_later_post_counts_at_the_claim_of_a_task_that_was_asked_for_again(guard: Guard) -> None:
    waits = guard.task(in_s=-DAY_S)
    newer = guard.published()
    assert guard.repeats.at_claim(waits) is None, "its own time, a day ago, is another"
    for changes in ({"retry_count": 1}, {"due_at": guard.clock.now() - MINUTE_S}):
        asked_again = guard.store.tasks.change(waits.id, **changes)
        repeat = guard.repeats.at_claim(asked_again)
        assert repeat is not None
        assert repeat.task_id == newer.id
        waits = guard.store.tasks.change(waits.id, retry_count=0, due_at=waits.scheduled_at)


def test_R50_at_the_claim_of_a_task_that_was_asked_for_again_an_older_post_counts_from_its_end(
    guard: Guard,
) -> None:
    older = guard.published(9 * DAY_S)
    waits = guard.task(in_s=-5 * DAY_S)
    again = guard.store.tasks.change(waits.id, retry_count=1, due_at=guard.clock.now())
    for since, counts in ((-WINDOW_S - 1.0, False), (-WINDOW_S, True), (0.0, True), (DAY_S, True)):
        guard.store.tasks.change(older.id, finished_at=waits.scheduled_at + since)
        assert (guard.repeats.at_claim(again) is not None) is counts


def test_R50_at_its_claim_and_before_its_tap_a_post_that_is_to_come_does_not_count(guard: Guard) -> None:
    first, second = guard.task(), guard.task()
    assert guard.repeats.at_claim(second) is None
    with guard.repeats.committing(second):
        pass
    failed = guard.failed()
    assert guard.retried(failed) == [first.id, second.id]


def test_a_refusal_right_before_the_tap_names_the_newest_post_the_step_and_whether_it_may_pass(
    guard: Guard,
) -> None:
    guard.published()
    newest = guard.published()
    task = guard.task()
    with pytest.raises(ScriptFailed) as caught, guard.repeats.committing(task):
        pytest.fail("let through")
    assert (caught.value.code, caught.value.step) == (ErrorCode.ALREADY_POSTED, "commit")
    assert str(caught.value).startswith("@x was given the same media a moment ago")
    assert f"(task {newest.id})" in str(caught.value)
    assert not caught.value.passing
    other = guard.task(username="y", serial="B")
    twin = guard.task(username="y", serial="B")
    with guard.repeats.committing(twin):
        with pytest.raises(ScriptFailed, match=BY_ANOTHER) as caught, guard.repeats.committing(other):
            pytest.fail("let through")
        assert caught.value.passing, "the other one may fail yet"
    with guard.repeats.committing(other):
        pass


def test_R50_of_several_the_newest_is_told_wherever_it_was_found_and_a_tap_just_now_before_any(
    guard: Guard,
) -> None:
    guard.published(username="")
    newest = guard.published()
    guard.published(DAY_S)
    task = guard.task()
    repeat = guard.repeats.at_claim(task)
    assert repeat is not None
    assert repeat.task_id == newest.id
    with (
        guard.repeats.committing(guard.task(forced=True)),
        pytest.raises(ScriptFailed, match=BY_ANOTHER),
        guard.repeats.committing(task),
    ):
        pytest.fail("let through")


def test_a_refusal_names_the_account_or_the_phone_where_it_is_not_known(guard: Guard) -> None:
    repeat = Repeat(7, "was given the same media a moment ago (task 7)")
    advice = "; confirm the retry to post it all the same"
    assert refusal(guard.task(), repeat) == f"@x {repeat.sentence}{advice}"
    unnamed = guard.task(username="")
    assert refusal(unnamed, repeat) == f"the account on A {repeat.sentence}{advice}"


@pytest.mark.parametrize("exempt", ["forced", "confirmed", "switched off"])
def test_R50_what_is_exempt_is_let_through_everywhere(guard: Guard, exempt: str) -> None:
    other = guard.published()
    facts: dict[str, Any] = {"forced": True} if exempt == "forced" else {}
    task = guard.task(**facts)
    if exempt == "confirmed":
        task = guard.store.tasks.change(task.id, confirmed_repeats=(other.id,))
    if exempt == "switched off":
        guard.repeats.posting = Posting(duplicate_window_minutes=0.0)
    assert guard.retried(task) == []
    assert guard.repeats.at_claim(task) is None
    with guard.repeats.committing(task):
        pass


def test_without_a_window_a_repeat_is_warned_about_at_its_creation_and_without_both_it_is_not(
    guard: Guard,
) -> None:
    other = guard.published()
    guard.repeats.posting = Posting(duplicate_window_minutes=0.0)
    repeat = guard.one()
    assert repeat is not None
    assert (repeat.task_id, repeat.refused) == (other.id, False)
    assert (
        list(guard.created(guard.post(username="y", serial="B"), guard.post(username="y", serial="B"))) == []
    )
    guard.repeats.posting = Posting(duplicate_window_minutes=0.0, duplicate_warning_hours=0.0)
    assert guard.one() is None
    guard.repeats.posting = Posting(duplicate_warning_hours=0.0)
    assert guard.one() is not None
    assert guard.one(in_s=WINDOW_S + 1.0) is None


# --- at the same moment


def test_R50_of_two_requests_at_the_same_moment_one_is_told_of_the_other(guard: Guard) -> None:
    post, same = guard.post(), guard.post()
    with guard.repeats.creating([post], [False]):
        assert guard.created(same) == {0: Repeat(0, BY_ANOTHER, refused=True)}
        assert guard.created(guard.post(placement="story")) == {}
        assert guard.created(guard.post(materials=(OTHER,))) == {}
        guard.repeats.posting = Posting(duplicate_window_minutes=0.0)
        assert guard.created(same) == {0: Repeat(0, BY_ANOTHER, refused=False)}
        guard.repeats.posting = Posting()
    assert guard.created(same) == {}
    assert guard.repeats.passing == {}


def test_R50_what_another_request_is_just_storing_is_told_rather_than_an_older_task(guard: Guard) -> None:
    guard.published()
    with guard.repeats.creating([guard.post()], [True]):
        repeat = guard.one()
        assert repeat is not None
        assert repeat.task_id == 0


def test_R50_a_request_that_is_refused_is_in_nobodys_way(guard: Guard) -> None:
    guard.published()
    both = [guard.post(), guard.post(username="y", serial="B")]
    with guard.repeats.creating(both, [False, False]):
        assert guard.one(username="y", serial="B") is None
    with guard.repeats.creating(both, [True, False]):
        repeat = guard.one(username="y", serial="B")
        assert repeat is not None
        assert repeat.sentence == BY_ANOTHER


def test_R50_requests_that_leave_give_back_their_own_post_alone(guard: Guard) -> None:
    first, second = guard.post(), guard.post()
    inner = guard.repeats.creating([second], [True])
    with guard.repeats.creating([first], [True]):
        inner.__enter__()
    assert guard.one() is not None
    inner.__exit__(None, None, None)
    assert guard.one() is None
    assert guard.repeats.passing == {}


def test_R50_a_retry_and_a_request_at_the_same_moment_are_told_of_each_other(guard: Guard) -> None:
    failed = guard.failed()
    with guard.repeats.retrying(failed, guard.clock.now()) as found:
        assert found == []
        repeat = guard.one()
        assert repeat is not None
        assert repeat.sentence == BY_ANOTHER
    with guard.repeats.creating([guard.post()], [False]):
        assert guard.retried(failed) == [0]


def test_R50_before_the_tap_only_another_tap_counts_not_what_is_just_being_stored(guard: Guard) -> None:
    task = guard.task()
    with guard.repeats.creating([guard.post()], [True]), guard.repeats.committing(task):
        pass
    twin = guard.task()
    with guard.repeats.committing(twin):
        assert guard.repeats.at_claim(task) is None, "it is asked again before its own tap"


def test_R50_a_forced_task_before_its_tap_is_seen_by_others(guard: Guard) -> None:
    forced, usual = guard.task(forced=True), guard.task()
    with (
        guard.repeats.committing(forced),
        pytest.raises(ScriptFailed, match=BY_ANOTHER),
        guard.repeats.committing(usual),
    ):
        pytest.fail("let through")


# --- files of a folder


def test_R50_a_file_that_another_task_is_to_use_keeps_a_retry_and_no_turn_from_it(guard: Guard) -> None:
    failed = guard.failed(materials=(POOLED,))
    other = guard.task(username="y", serial="B", materials=(POOLED,))
    with guard.repeats.retrying(failed, guard.clock.now()) as found:
        assert found == [
            Repeat(other.id, f'is not the next: task {other.id} is to use "one.mp4" meanwhile', refused=True)
        ]
    assert guard.repeats.at_claim(failed) is None
    guard.store.tasks.change(
        other.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=guard.clock.now()
    )
    repeat = guard.repeats.at_claim(failed)
    assert repeat is not None
    assert repeat.sentence == f'is not the next: task {other.id} has used "one.mp4" meanwhile'


def test_R50_the_files_that_a_task_itself_has_used_or_that_are_of_no_folder_keep_nobody(guard: Guard) -> None:
    own = guard.published(materials=(POOLED,))
    assert guard.retried(own) == []
    several = guard.failed(materials=(OTHER, POOLED), username="y", serial="B")
    assert guard.retried(several) == [own.id], "each file is asked for"
