"""Copies out while the store is open, copies in with a check before anything is replaced."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tinydb import TinyDB, where

from storage.backup import backup, check_backup, export_json, import_json, restore
from storage.engine.files import Files
from storage.errors import BackupUnreadable, StateLocked, StoreDamaged, StoreFailed
from storage.records import IdempotencyEntry, NewTask, Outcome, Stage, Task, Waiting
from storage.store import Store
from tests.support.storage_samples import BreakingFiles, archived, new_task, state_of

Opener = Callable[..., Store]
EARLY = 1_000_000.5  # before any task of the samples is due
NOV = 1_700_000_000.0


def filled(store: Store) -> None:
    store.tasks.create([new_task(number) for number in range(5)])
    store.tasks.change(1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=NOV)
    store.maintain(NOV + 90 * 86400.0)
    store.storage.snapshot()
    store.tasks.change(2, stage=Stage.PREPARING)
    store.accounts.add(username="anna", platform="tiktok")


@pytest.mark.parametrize("by_path", [True, False], ids=["beside the daemon", "inside it"])
def test_a_backup_made_while_the_store_is_open_restores_everything(
    make_store: Opener, tmp_path: Path, by_path: bool
):
    store = make_store()
    filled(store)
    before = state_of(store)
    facts = backup(store.state_dir if by_path else store, tmp_path / "copy.tar")
    assert facts.records["tasks"] == 4
    assert facts.archived_months == ("2023-11",)
    store.close()
    said = restore(tmp_path / "copy.tar", tmp_path / "elsewhere", EARLY)
    assert said == []
    again = make_store(state_dir=tmp_path / "elsewhere")
    assert state_of(again) == before
    assert [task.id for task in archived(again.archived)] == [1]
    assert again.health().warnings == ()


def test_a_restore_keeps_the_store_before_and_never_gives_its_ids_again(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    backup(store, tmp_path / "copy.tar")
    later = store.tasks.create([new_task(50)])[0]
    store.close()
    said = restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert "is kept in" in said[0]
    assert (store.state_dir / "store.replaced-1").is_dir()
    again = make_store()
    assert again.tasks.get(later.id) is None
    assert again.tasks.create([new_task(51)])[0].id > later.id
    assert [task.id for task in archived(again.archived)] == [1]
    again.close()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert (store.state_dir / "store.replaced-2").is_dir()


def test_tasks_that_were_due_since_the_backup_wait_for_a_person_after_a_restore(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    store.tasks.create([new_task(1), new_task(2, scheduled_at=2_000_000.0)])
    backup(store, tmp_path / "copy.tar")
    store.close()
    said = restore(tmp_path / "copy.tar", store.state_dir, 1_500_000.0)
    assert "1 tasks may have been posted" in said[0]
    again = make_store()
    assert (again.tasks.get(1).stage, again.tasks.get(1).outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert again.usage.state("/srv/media", f"{1:064x}") == "used"
    assert again.tasks.get(2).stage is Stage.SCHEDULED


def test_R53_a_restore_keeps_dates_holds_and_reservations_up_to_a_year_ahead(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    dates = [EARLY + days * 86_400.0 for days in (1, 100, 366)]
    tasks = store.tasks.create([new_task(n, scheduled_at=at) for n, at in enumerate(dates, 1)])
    tasks[1] = store.tasks.change(tasks[1].id, held=True, waiting_for=Waiting.HOLD, caption="changed")
    backup(store, tmp_path / "copy.tar")
    store.tasks.change(tasks[2].id, scheduled_at=EARLY, due_at=EARLY)
    store.close()
    assert len(restore(tmp_path / "copy.tar", store.state_dir, EARLY)) == 1  # where the store before is kept
    again = make_store()
    assert again.tasks.many([1, 2, 3]) == tasks
    assert again.tasks.due_times() == [dates[0], dates[2]]
    assert {again.usage.state("/srv/media", f"{n:064x}") for n in (1, 2, 3)} == {"reserved"}


def test_what_the_replaced_store_knows_of_later_posts_outlives_a_restore(make_store: Opener, tmp_path: Path):
    store = make_store()
    store.tasks.create([new_task(1), new_task(2), new_task(3)])
    store.usage.reset("/srv/media")
    backup(store, tmp_path / "copy.tar")
    store.tasks.change(1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=EARLY)
    store.tasks.change(2, remark="seen, not started")
    for _ in range(2000):
        store.storage.new_id("tasks")
    later = store.tasks.create([new_task(60)])[0]
    store.tasks.change(later.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=EARLY)
    store.close()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    again = make_store()
    assert (again.tasks.get(1).stage, again.tasks.get(1).outcome) == (Stage.FAILED, Outcome.UNKNOWN)
    assert [again.tasks.get(number).stage for number in (2, 3)] == [Stage.SCHEDULED] * 2
    assert again.usage.state("/srv/media", f"{1:064x}") == "used"
    assert again.usage.state("/srv/media", f"{2:064x}") == "reserved"
    assert again.usage.state("/srv/media", f"{60:064x}") == "used", "it was posted after the backup"
    assert again.tasks.create([new_task(61)])[0].id > later.id
    assert again.usage.state("/srv/media", f"{61:064x}") == "reserved"
    assert make_store().usage.state("/srv/media", f"{60:064x}") == "used"


def test_what_had_failed_by_the_backup_and_was_retried_and_posted_since_waits_for_a_person(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    failed = {"stage": Stage.FAILED, "outcome": Outcome.NONE, "finished_at": EARLY, "attempt": 1}
    for number in range(1, 5):
        store.tasks.create([new_task(number)])
        store.tasks.change(number, **failed)
    backup(store, tmp_path / "copy.tar")
    posted = {"stage": Stage.PUBLISHED, "outcome": Outcome.PUBLISHED, "attempt": 2}
    store.tasks.change(1, **posted)
    store.tasks.change(2, **posted)
    store.tasks.remove([2])
    store.tasks.change(3, **failed | {"attempt": 2})
    store.close()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    again = make_store()
    known = [(again.tasks.get(number).stage, again.tasks.get(number).outcome) for number in range(1, 5)]
    assert known == [(Stage.FAILED, Outcome.UNKNOWN)] * 2 + [(Stage.FAILED, Outcome.NONE)] * 2
    assert [again.usage.state("/srv/media", f"{n:064x}") for n in range(1, 5)] == ["used"] * 2 + ["free"] * 2


def test_a_mark_of_an_attempt_before_the_backup_puts_no_failed_task_in_doubt(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    store.tasks.create([new_task(1)])
    store.tasks.change(1, stage=Stage.FAILED, outcome=Outcome.UNKNOWN, attempt=1, finished_at=EARLY)
    store.tasks.change(1, stage=Stage.SCHEDULED, outcome=Outcome.NONE)
    store.tasks.change(1, stage=Stage.FAILED, outcome=Outcome.NONE, attempt=2)
    backup(store, tmp_path / "copy.tar")
    store.close()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert make_store().tasks.get(1).outcome is Outcome.NONE


def test_a_request_of_which_something_was_posted_since_the_backup_gets_its_answer_again_after_a_restore(
    make_store: Opener, tmp_path: Path
):
    store = make_store()

    def ask(key: str, *new: NewTask, at: float = EARLY) -> list[Task]:
        return store.tasks.create(
            new,
            idempotency=lambda tasks: IdempotencyEntry(
                key, "body", at, {"task_ids": [task.id for task in tasks]}
            ),
        )

    ask("before", new_task(1), at=EARLY - 90_000)
    backup(store, tmp_path / "copy.tar")
    posted, _ = ask("posted", new_task(2), new_task(3))
    store.tasks.change(posted.id, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=EARLY)
    ask("lost", new_task(4))
    [again_posted] = ask("before", new_task(5))
    store.tasks.remove([again_posted.id])
    store.close()
    said = restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert "2 requests came since the backup" in said[0]
    again = make_store()
    found = again.idempotency.find("posted", EARLY)
    assert found is not None
    assert found.answer == {"task_ids": [2, 3]}
    assert again.idempotency.find("before", EARLY) is not None, "the same key again, a day later"
    assert [mark.id for mark in again.tasks.create([new_task(9)])] > [again_posted.id]
    assert again.idempotency.find("lost", EARLY) is None, "nothing of it had begun: it is made anew"


def test_R62_what_was_paused_since_the_backup_stays_paused_after_a_restore(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    for name in ("anna", "ben"):
        store.accounts.add(username=name, platform="tiktok")
    store.meta.set("pause:phone:A", {"since": 1.0})
    backup(store, tmp_path / "copy.tar")
    store.meta.remove("pause:phone:A")
    store.meta.set("jobs.last_stamp", 5.0)
    store.meta.set("pause:hub", {"since": 2.0})
    store.meta.set("pause:account:1", {"since": 3.0})
    store.meta.set("pause:account:2", {"since": 4.0})
    store.accounts.change(2, username="somebody")
    store.close()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    again = make_store()
    assert again.meta.keys("pause:") == ["pause:account:1", "pause:hub", "pause:phone:A"]
    assert again.meta.get("pause:hub") == {"since": 2.0}
    assert again.meta.get("jobs.last_stamp") is None


def test_a_restore_after_one_that_was_cut_off_knows_what_that_one_knew(make_store: Opener, tmp_path: Path):
    store = make_store()
    store.tasks.create([new_task(1)])
    backup(store, tmp_path / "copy.tar")
    store.tasks.change(1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=EARLY)
    store.close()

    def killed(name: str) -> None:
        if name == "before rename restored store":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "copy.tar", store.state_dir, EARLY, Files(killed))
    assert not (store.state_dir / "store").exists()
    restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    again = make_store()
    assert again.tasks.get(1).outcome is Outcome.UNKNOWN
    assert again.usage.state("/srv/media", f"{1:064x}") == "used"


def test_another_boxs_tasks_with_the_same_ids_are_not_taken_for_those_of_the_backup(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    store.tasks.create([new_task(1)])
    backup(store, tmp_path / "copy.tar")
    other = make_store(state_dir=tmp_path / "other")
    other.tasks.create([new_task(5, created_at=1_000_000.25)])
    other.tasks.change(1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=EARLY)
    other.close()
    restore(tmp_path / "copy.tar", tmp_path / "other", EARLY)
    again = make_store(state_dir=tmp_path / "other")
    assert again.tasks.get(1).stage is Stage.SCHEDULED
    assert again.usage.state("/srv/media", f"{1:064x}") == "reserved"
    assert again.usage.state("/srv/media", f"{5:064x}") == "used"


def test_a_restore_over_a_store_that_cannot_be_read_is_possible(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    before = state_of(store)
    backup(store, tmp_path / "copy.tar")
    store.close()
    for path in (store.state_dir / "store").glob("*-0*"):
        path.write_bytes(b"")
    said = restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert "posts made since are not known" in said[0]
    assert state_of(make_store()) == before


def test_a_restore_beside_the_running_daemon_is_refused(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    backup(store, tmp_path / "copy.tar")
    before = state_of(store)
    with pytest.raises(StateLocked, match="stop it first"):
        restore(tmp_path / "copy.tar", store.state_dir, EARLY)
    assert state_of(make_store()) == before


def test_a_damaged_backup_is_refused_before_anything_is_replaced(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    backup(store, tmp_path / "copy.tar")
    before = state_of(store)
    store.close()
    whole = (tmp_path / "copy.tar").read_bytes()
    for number, spoiled in enumerate(
        [
            b"",
            b"garbage",
            whole[: len(whole) // 2],
            whole.replace(b"anna", b"ANNA"),
            whole[:600] + bytes(10) + whole[610:],
            whole.replace(b"snapshot.json", b"snapshot.jsox"),
        ]
    ):
        path = tmp_path / f"spoiled{number}.tar"
        path.write_bytes(spoiled)
        with pytest.raises(BackupUnreadable):
            check_backup(path)
        with pytest.raises(BackupUnreadable):
            restore(path, store.state_dir, EARLY)
    with pytest.raises(BackupUnreadable):
        check_backup(tmp_path / "missing.tar")
    assert state_of(make_store()) == before


def test_a_month_of_the_archive_that_was_altered_in_the_backup_is_noticed(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    backup(store, tmp_path / "copy.tar")
    whole = (tmp_path / "copy.tar").read_bytes()
    # The snapshot has checksums of its own; of the months only the list of sums in the backup knows.
    assert whole.count(b'"outcome":"published"') == 1
    (tmp_path / "altered.tar").write_bytes(whole.replace(b'"outcome":"published"', b'"outcome":"PUBLISHED"'))
    with pytest.raises(BackupUnreadable, match="was altered"):
        check_backup(tmp_path / "altered.tar")


def test_a_restore_that_was_cut_off_is_finished_by_the_next_start(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    before = state_of(store)
    store.close()
    (store.state_dir / "store").rename(store.state_dir / "store.restored")
    assert state_of(make_store()) == before


def test_a_restore_that_fails_at_any_operation_leaves_the_old_store_or_the_restored_one(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    filled(store)
    restored = state_of(store)
    backup(store, tmp_path / "copy.tar")
    store.tasks.create([new_task(60)])
    before = state_of(store)
    store.close()
    seen = {"before": 0, "restored": 0}
    for at in range(1, 60):
        directory = tmp_path / f"{at}"
        shutil.copytree(store.state_dir, directory)
        failed = False
        try:
            restore(tmp_path / "copy.tar", directory, EARLY, BreakingFiles(5, at, lasting=True))
        except StoreFailed:
            failed = True
        again = make_store(state_dir=directory)
        assert again.health().warnings == ()
        assert [task.id for task in archived(again.archived)] == [1]
        if state_of(again) == before:
            assert failed
            seen["before"] += 1
        else:
            assert state_of(again) == restored
            seen["restored"] += 1
    assert seen["before"] > 5
    assert seen["restored"] > 5


def test_backups_beside_a_busy_daemon_are_always_whole(make_store: Opener, tmp_path: Path):
    store = make_store()
    store.tasks.create([new_task(number) for number in range(20)])
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.tasks.change(1 + number % 20, remark=str(number))
            if number % 20 == 0:
                store.storage.snapshot()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        changes = [backup(store.state_dir, tmp_path / "copy.tar").changes for _ in range(15)]
    finally:
        stop.set()
        worker.join(20)
    assert changes == sorted(changes)
    assert changes[-1] > changes[0]


def test_a_damaged_store_is_not_backed_up_as_if_it_were_whole(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    store.close()
    for path in (store.state_dir / "store").glob("journal-*"):
        path.unlink()
    with pytest.raises(StoreDamaged):
        backup(store.state_dir, tmp_path / "copy.tar")
    with pytest.raises(StoreFailed, match="there is no store"):
        backup(tmp_path / "nowhere", tmp_path / "copy.tar")
    assert not (tmp_path / "copy.tar").exists()


def test_an_export_opens_in_plain_tinydb_and_comes_back(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    before = state_of(store)
    export_json(store, tmp_path / "plain.json")
    store.close()
    with TinyDB(tmp_path / "plain.json", access_mode="r") as plain:
        assert plain.table("accounts").get(doc_id=1)["username"] == "anna"
        assert len(plain.table("tasks").search(where("stage") == "scheduled")) == 3
    assert "_file" not in json.loads((tmp_path / "plain.json").read_text())
    import_json(tmp_path / "plain.json", tmp_path / "elsewhere", EARLY)
    assert state_of(make_store(state_dir=tmp_path / "elsewhere")) == before


def test_a_file_that_plain_tinydb_wrote_is_imported_and_a_wrong_one_refused(
    make_store: Opener, tmp_path: Path
):
    with TinyDB(tmp_path / "plain.json") as plain:
        plain.table("accounts").insert({"id": 1, "username": "anna", "platform": "tiktok"})
        plain.table("notes").insert({"text": "kept"})
    import_json(tmp_path / "plain.json", tmp_path / "state", EARLY)
    store = make_store()
    assert store.accounts.find("anna")[0].id == 1
    assert store.storage.read()["notes"] == {"1": {"text": "kept"}}
    store.close()
    (tmp_path / "wrong.json").write_text('{"accounts": {"1": {"id": 1}}}')
    with pytest.raises(BackupUnreadable, match="username"):
        import_json(tmp_path / "wrong.json", tmp_path / "state", EARLY)
    assert make_store().accounts.find("anna")


def test_a_damaged_line_in_the_archive_hinders_neither_backups_nor_their_restore(
    make_store: Opener, tmp_path: Path
):
    store = make_store()
    filled(store)
    month = store.state_dir / "archive" / "2023-11.jsonl"
    month.write_bytes(b'{"id": 77, "bad\xff\n' + month.read_bytes())
    facts = backup(store, tmp_path / "copy.tar")
    assert facts.archived_months == ("2023-11",)
    restore(tmp_path / "copy.tar", tmp_path / "elsewhere", EARLY)
    again = make_store(state_dir=tmp_path / "elsewhere")
    assert [task.id for task in archived(again.archived)] == [1]


def test_a_snapshot_is_imported_too_without_what_it_says_about_itself(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    before = state_of(store)
    store.storage.snapshot()
    newest = max((store.state_dir / "store").glob("snapshot-*.json"))
    store.close()
    import_json(newest, tmp_path / "elsewhere", EARLY)
    again = make_store(state_dir=tmp_path / "elsewhere")
    assert state_of(again) == before
    again.tasks.create([new_task(9)])
    before = state_of(again)
    assert state_of(make_store(state_dir=tmp_path / "elsewhere")) == before


def test_an_empty_store_is_exported_and_backed_up_too(make_store: Opener, tmp_path: Path):
    store = make_store()
    shutil.rmtree(store.state_dir / "archive", ignore_errors=True)
    assert backup(store, tmp_path / "copy.tar").records["tasks"] == 0
    export_json(store, tmp_path / "plain.json")
    assert json.loads((tmp_path / "plain.json").read_text())["tasks"] == {}


def test_of_a_task_that_stands_twice_in_a_month_the_last_line_is_restored(make_store: Opener, tmp_path: Path):
    store = make_store()
    filled(store)
    month = store.state_dir / "archive" / "2023-11.jsonl"
    (task,) = archived(store.archived)
    month.write_bytes(
        msgspec.json.encode(msgspec.structs.replace(task, remark="before")) + b"\n" + month.read_bytes()
    )
    backup(store, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "elsewhere", EARLY)
    lines = (tmp_path / "elsewhere" / "archive" / "2023-11.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["remark"] for line in lines] == [task.remark]
