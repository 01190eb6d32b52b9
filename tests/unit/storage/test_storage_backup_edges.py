"""The edges of backups: what is said where a file cannot be written, half a line, ids after an import, a store that moves on."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import backup as backups
from storage.backup import backup, check_backup, export_json, import_json, restore
from storage.engine.load import FIRST, Loader, snapshot_path
from storage.errors import BackupUnreadable, StoreError, StoreFailed
from storage.records import Outcome, Stage
from storage.store import Store
from tests.support.storage_samples import new_task

Opener = Callable[..., Store]
EARLY = 1_000_000.5


@pytest.mark.parametrize(("write", "what"), [(backup, "backup"), (export_json, "export")])
def test_a_file_that_cannot_be_written_says_why(
    make_store: Opener, tmp_path: Path, write: Callable[[Store, Path], Any], what: str
) -> None:
    with pytest.raises(StoreFailed) as failed:
        write(make_store(), tmp_path / "nowhere" / "copy")
    assert str(failed.value) == f"the {what} cannot be written: No such file or directory"


def test_half_a_line_at_the_end_of_a_month_is_left_out(make_store: Opener, tmp_path: Path) -> None:
    store = make_store()
    store.tasks.create([new_task(1)])
    store.tasks.change(1, stage=Stage.PUBLISHED, outcome=Outcome.PUBLISHED, finished_at=1_700_000_000.0)
    store.maintain(1_700_000_000.0 + 90 * 86_400.0)
    month = store.state_dir / "archive" / "2023-11.jsonl"
    whole = month.read_bytes()
    month.write_bytes(whole + b'{"id": 2, "sta')
    backup(store, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar:
        kept = tar.extractfile("archive/2023-11.jsonl")
        assert kept is not None
        assert kept.read() == whole


def test_what_a_backup_holds_is_for_its_owner_and_group_alone_once_it_is_unpacked(
    make_store: Opener, tmp_path: Path
) -> None:
    store = make_store()
    store.tasks.create([new_task(1)])
    backup(store, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar:
        assert {member.mode for member in tar} == {0o640}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_after_an_import_ids_go_on_behind_the_highest(make_store: Opener, tmp_path: Path, count: int) -> None:
    store = make_store()
    for number in range(count):
        store.accounts.add(username=f"name{number}", platform="tiktok")
    export_json(store, tmp_path / "plain.json")
    import_json(tmp_path / "plain.json", tmp_path / "elsewhere", EARLY)
    again = make_store(state_dir=tmp_path / "elsewhere")
    assert again.accounts.add(username="next", platform="tiktok").id == count + 1


def test_a_restored_store_without_its_snapshot_is_not_taken_for_an_empty_one(
    make_store: Opener, tmp_path: Path
) -> None:
    store = make_store()
    store.tasks.create([new_task(1)])
    backup(store, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "elsewhere", EARLY)
    snapshot_path(tmp_path / "elsewhere" / "store", FIRST + 1).unlink()
    with pytest.raises(StoreError):
        make_store(state_dir=tmp_path / "elsewhere")


@pytest.mark.parametrize(("fails", "ok"), [(4, True), (5, False)])
def test_a_store_whose_files_are_replaced_meanwhile_is_read_five_times(
    make_store: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int, ok: bool
) -> None:
    store = make_store()
    store.tasks.create([new_task(1)])
    store.close()
    left, load = [fails], Loader.load

    def moving(self: Loader) -> Any:
        if left[0]:
            left[0] -= 1
            raise FileNotFoundError(2, "No such file or directory")
        return load(self)

    monkeypatch.setattr(backups.Loader, "load", moving)
    if ok:
        assert backup(store.state_dir, tmp_path / "copy.tar").records["tasks"] == 1
    else:
        with pytest.raises(StoreFailed, match="No such file"):
            backup(store.state_dir, tmp_path / "copy.tar")
    assert left == [0]


def test_a_file_that_is_cut_off_in_the_archive_is_named(
    make_store: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(make_store(), tmp_path / "copy.tar")
    extract = tarfile.TarFile.extractfile

    def cut(self: tarfile.TarFile, member: Any) -> Any:
        stream = extract(self, member)
        assert stream is not None
        stream.read(1)
        return stream

    monkeypatch.setattr(tarfile.TarFile, "extractfile", cut)
    with pytest.raises(BackupUnreadable, match=r"snapshot\.json is cut off"):
        check_backup(tmp_path / "copy.tar")
