"""What was posted where: found by content and account, and never forgotten with its task (R50)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from storage.backup import backup, restore
from storage.records import MediaFile, Outcome, PostMark, Stage
from storage.store import POSTS_KEPT_DAYS, Store
from storage.tables.posts import account_place, content_of, mark_of, phone_place, post_of
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]
ANNA = account_place("tiktok", "Anna")
CURRENT = phone_place("A", "com.zhiliaoapp.musically")
CONTENT = f"{1:064x}"
DAY_S = 24 * 3600.0


def ids(store: Store, *places: tuple[str, str], content: str = CONTENT) -> list[int]:
    return [mark.task_id for mark in store.tasks.posts(content, places)]


def add(store: Store, number: int = 1, **facts: Any) -> int:
    return store.tasks.create([new_task(number, **{"serial": "A", "username": "anna", **facts})])[0].id


def publish(store: Store, task_id: int, **facts: Any) -> None:
    changes = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "finished_at": 5.0, **facts}
    store.tasks.change(task_id, **changes)


def test_R50_posts_to_come_and_posts_that_are_or_may_be_out_are_found_and_no_others(store: Store):
    first, second = add(store), add(store)
    add(store, 2)
    add(store, username="other")
    assert ids(store, ANNA) == [first, second]
    store.tasks.change(first, stage=Stage.FAILED, outcome=Outcome.NONE)
    assert ids(store, ANNA) == [second]
    store.tasks.change(first, stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    assert ids(store, ANNA) == [first, second]
    store.tasks.change(second, stage=Stage.REJECTED, outcome=Outcome.NOT_PUBLISHED)
    assert ids(store, ANNA) == [first]


def test_R50_a_post_of_whichever_account_is_current_is_found_by_its_phone_and_by_the_account_that_was_seen(
    store: Store,
):
    task_id = add(store, username="")
    assert ids(store, CURRENT) == [task_id]
    assert ids(store, ANNA) == []
    store.tasks.change(task_id, account_seen="ANNA")
    assert ids(store, CURRENT) == ids(store, ANNA) == [task_id]
    assert ids(store, CURRENT, ANNA) == [task_id]
    assert ids(store, account_place("instagram", "anna")) == []


@pytest.mark.parametrize("outcome", [Outcome.PUBLISHED, Outcome.UNKNOWN])
def test_R50_a_post_that_is_or_may_be_out_is_known_after_its_task_was_deleted(
    make_store: Opener, outcome: Outcome
):
    store = make_store()
    task_id = add(store, username="", placement="video")
    stage = Stage.PUBLISHED if outcome is Outcome.PUBLISHED else Stage.FAILED
    publish(store, task_id, stage=stage, outcome=outcome, account_seen="anna", due_at=3.0)
    assert store.tasks.remove([task_id]) == [task_id]
    for now in (store, make_store()):
        assert now.tasks.posts(CONTENT, [ANNA, CURRENT]) == [
            PostMark(
                task_id=task_id, content=CONTENT, platform="tiktok", serial="A", account_seen="anna",
                package="com.zhiliaoapp.musically", planned_at=3.0, ended_at=5.0, placement="video",
                at_once=True,
            )
        ]  # fmt: skip


def test_a_task_that_posted_nothing_leaves_no_mark(store: Store):
    failed, waiting = add(store), add(store)
    store.tasks.change(failed, stage=Stage.FAILED, outcome=Outcome.NOT_PUBLISHED)
    store.tasks.remove([failed, waiting])
    assert ids(store, ANNA) == []
    assert store.storage.tables["posts"] == {}


def test_R50_what_a_task_may_have_posted_stays_known_when_it_is_retried_and_then_deleted(store: Store):
    task_id = add(store)
    publish(store, task_id, stage=Stage.FAILED, outcome=Outcome.UNKNOWN)
    store.tasks.change(task_id, stage=Stage.SCHEDULED, outcome=Outcome.NONE, finished_at=None)
    assert [mark.ended_at for mark in store.tasks.posts(CONTENT, [ANNA])] == [5.0, None]
    store.tasks.remove([task_id])
    assert [mark.ended_at for mark in store.tasks.posts(CONTENT, [ANNA])] == [5.0]


def test_R50_each_attempt_that_may_have_posted_stays_known_by_its_own_time(make_store: Opener):
    """An attempt of yesterday and one that a corrected clock puts elsewhere are two posts: neither hides the other."""
    store = make_store()
    task_id = add(store)
    for planned_at, ended_at in ((1000.0, 1010.0), (9000.0, 9010.0)):
        publish(
            store,
            task_id,
            stage=Stage.FAILED,
            outcome=Outcome.UNKNOWN,
            due_at=planned_at,
            finished_at=ended_at,
        )
        store.tasks.change(task_id, stage=Stage.SCHEDULED, outcome=Outcome.NONE, finished_at=None)
    store.tasks.remove([task_id])
    for now in (store, make_store()):
        marks = now.tasks.posts(CONTENT, [ANNA])
        assert [(mark.task_id, mark.planned_at, mark.ended_at) for mark in marks] == [
            (task_id, 1000.0, 1010.0),
            (task_id, 9000.0, 9010.0),
        ]


def test_R50_a_post_is_known_after_its_task_went_to_the_archive_and_for_months(make_store: Opener):
    store = make_store(retention_days=1)
    now = 100 * DAY_S
    task_id = add(store)
    publish(store, task_id, finished_at=now)
    store.maintain(now + 2 * DAY_S)
    assert store.tasks.get(task_id) is None
    assert ids(make_store(retention_days=1), ANNA) == [task_id]
    store = make_store(retention_days=1)
    store.maintain(now + (POSTS_KEPT_DAYS - 1) * DAY_S)
    assert ids(store, ANNA) == [task_id]
    store.maintain(now + (POSTS_KEPT_DAYS + 1) * DAY_S)
    assert ids(store, ANNA) == []


def test_R50_of_two_posts_with_the_same_media_the_younger_stays_known_when_the_older_is_forgotten(
    store: Store,
):
    older, younger = add(store), add(store)
    publish(store, older, finished_at=100 * DAY_S)
    publish(store, younger, finished_at=130 * DAY_S)
    store.tasks.remove([older, younger])
    store.maintain((100 + POSTS_KEPT_DAYS + 1) * DAY_S)
    assert ids(store, ANNA) == [younger]
    store.maintain((130 + POSTS_KEPT_DAYS + 1) * DAY_S)
    assert ids(store, ANNA) == []


def test_R50_a_post_that_may_be_out_and_has_no_end_yet_counts_from_its_start(store: Store):
    task_id = add(store, scheduled_at=1000.0)
    store.tasks.change(task_id, stage=Stage.COMMITTING, started_at=1200.0)
    assert [mark.ended_at for mark in store.tasks.posts(CONTENT, [ANNA])] == [1200.0]


def test_a_post_for_the_very_moment_at_which_it_was_asked_for_is_one_to_start_at_once(store: Store):
    at = 1000.0
    for due_at, at_once in ((at - 1.0, True), (at, True), (at + 1.0, False)):
        task = store.tasks.get(add(store, created_at=at, scheduled_at=due_at))
        assert task is not None
        mark = mark_of(task)
        assert mark is not None
        assert mark.at_once is at_once


def test_a_post_that_is_not_stored_yet_is_no_task_s_and_nobody_s():
    """A number of its own would hide the task that has this number from it."""
    post = post_of(new_task(scheduled_at=7.0))
    assert (post.task_id, post.account_seen, post.planned_at) == (0, "", 7.0)
    assert post_of(new_task(), planned_at=8.0).planned_at == 8.0


def test_a_restore_keeps_what_was_posted_since_the_backup(make_store: Opener, tmp_path):
    store = make_store()
    add(store, 7)
    backup(store, tmp_path / "backup.tar")
    listed, deleted = add(store), add(store)
    for task_id in (listed, deleted):
        publish(store, task_id, finished_at=time.time())
    store.tasks.remove([deleted])
    store.close()
    restore(tmp_path / "backup.tar", tmp_path / "state", time.time())
    restored = make_store()
    assert restored.tasks.get(listed) is None
    assert ids(restored, ANNA) == [listed, deleted]


@pytest.mark.parametrize("change", ["account read", "another file", "another time"])
def test_a_restore_knows_what_a_task_of_the_backup_posted_since_and_where(
    make_store: Opener, tmp_path, change: str
):
    """The task comes back as it was before: without the account that was read, with its old file and time."""
    store = make_store()
    task_id = add(store, username="", scheduled_at=1000.0)
    backup(store, tmp_path / "backup.tar")
    changes: dict[str, Any] = {
        "account read": {},
        "another file": {"materials": new_task(2).materials},
        "another time": {"due_at": 9000.0},
    }[change]
    publish(store, task_id, account_seen="anna", finished_at=9010.0, **changes)
    posted = store.tasks.get(task_id)
    assert posted is not None
    store.close()
    restore(tmp_path / "backup.tar", tmp_path / "state", time.time())
    restored = make_store()
    came_back = restored.tasks.get(task_id)
    assert came_back is not None
    assert came_back.outcome is Outcome.UNKNOWN
    marks = restored.tasks.posts(content_of(posted.materials), [ANNA])
    assert [(mark.planned_at, mark.ended_at) for mark in marks] == [(posted.due_at, 9010.0)]


def test_a_restore_adds_the_marks_made_since_to_those_of_the_backup(make_store: Opener, tmp_path):
    store = make_store()
    before = add(store)
    publish(store, before, finished_at=time.time())
    store.tasks.remove([before])
    backup(store, tmp_path / "backup.tar")
    since, gone = add(store), add(store)
    for task_id in (since, gone):
        publish(store, task_id, finished_at=time.time())
        store.tasks.remove([task_id])
    store.close()
    restore(tmp_path / "backup.tar", tmp_path / "state", time.time())
    restored = make_store()
    assert ids(restored, ANNA) == [before, since, gone]
    later = add(restored)
    publish(restored, later, finished_at=time.time())
    restored.tasks.remove([later])
    assert ids(restored, ANNA) == [before, since, gone, later]


def test_several_images_are_one_content_in_whatever_order():
    def file(sha256: str) -> MediaFile:
        return MediaFile(path=f"/{sha256}", name=sha256, sha256=sha256, size_bytes=1, kind="image")

    one, two, three = file("a"), file("b"), file("c")
    assert content_of([one, two]) == content_of([two, one]) == content_of([two, one, two])
    assert content_of([one, one]) == content_of([one]), "it shows nothing else"
    assert len({content_of(files) for files in ([], [one], [two], [one, two], [one, three])}) == 5
    assert content_of([one]) == "a"


def test_the_digest_of_several_images_stays_the_one_by_which_earlier_versions_kept_their_posts():
    files = [MediaFile(path="/", name="", sha256=letter, size_bytes=1, kind="image") for letter in "ba"]
    assert content_of(files) == hashlib.sha256(b"ab").hexdigest()
