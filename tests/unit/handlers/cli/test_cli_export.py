"""`tikmatrixd export` and `import`: the records as plain TinyDB reads and writes them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from tinydb import TinyDB

from handlers.cli.care_commands import export_state, import_state
from handlers.cli.command_line import EX
from storage.records import Outcome
from storage.store import Store
from tests.support.storage_samples import new_task


def config_for(state_dir: Path) -> Path:
    path = state_dir.with_suffix(".toml")
    path.write_text(f'[storage]\nstate_dir = "{state_dir}"\n')
    return path


def test_what_is_exported_opens_in_plain_tinydb_and_becomes_a_state_of_its_own(tmp_path: Path) -> None:
    plain, here, there = tmp_path / "plain.json", tmp_path / "here", tmp_path / "there"
    with Store.open(here) as store:
        (task,) = store.tasks.create([new_task()])
        store.accounts.add(username="anna", platform="tiktok", serial="A")
        # Beside the daemon that has the state open.
        done = CliRunner().invoke(export_state, [str(plain)], obj=config_for(here))
        assert (done.exit_code, done.output) == (0, f"{plain}: {plain.stat().st_size} bytes\n")
    with TinyDB(plain) as database:
        assert [account["username"] for account in database.table("accounts")] == ["anna"]

    def import_it() -> Result:
        return CliRunner().invoke(import_state, [str(plain)], obj=config_for(there))

    with Store.open(there):
        running = import_it()
        assert (running.exit_code, "the daemon runs" in running.output) == (EX.UNAVAILABLE, True)
    assert import_it().exit_code == 0
    with Store.open(there) as store:
        kept = store.tasks.get(task.id)
        assert kept is not None
        assert kept.outcome is Outcome.UNKNOWN, "it was due meanwhile: a person looks"
        assert [account.username for account in store.accounts.all()] == ["anna"]


def test_a_file_that_is_no_export_changes_nothing(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{")
    done = CliRunner().invoke(import_state, [str(wrong)], obj=config_for(tmp_path / "state"))
    assert (done.exit_code, "nothing was changed" in done.output) == (EX.DATAERR, True)
    assert not (tmp_path / "state").exists()
