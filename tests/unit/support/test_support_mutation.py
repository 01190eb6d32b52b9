"""What `make mutation` changes and which tests must notice: the table names what is there."""

from pathlib import Path

import pytest

from tests.support import mutation
from tests.support.mutation import MODULES, ROOT, settings, verdict


def test_every_module_and_every_test_that_is_named_exists() -> None:
    named = [*MODULES, *(f"tests/unit/{test}" for tests in MODULES.values() for test in tests)]
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert all(MODULES.values()), "a module without a test would be all alive"


def test_the_settings_name_the_module_and_its_tests_alone() -> None:
    text = settings("jobs/task/states.py", ["tests/unit/jobs/task/test_task_states.py"])
    assert 'only_mutate = ["jobs/task/states.py"]' in text
    assert 'pytest_add_cli_args_test_selection = ["tests/unit/jobs/task/test_task_states.py"]' in text


def test_what_was_not_noticed_is_alive_and_what_was_not_run_is_neither() -> None:
    assert [verdict(code) for code in (1, 0, 33, 36, None, 2)] == [
        "killed",
        "alive",
        "no test",
        "killed",
        "not measured",
        "not measured",
    ]
    assert mutation.SURVIVED.isdisjoint(mutation.KILLED | mutation.NO_TESTS)


def test_what_has_changed_in_the_tree_is_brought_up_to_date_also_where_mutmut_has_its_own_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, work = tmp_path / "tree", tmp_path / "work"
    names = ["pyproject.toml", "jobs/screens.toml", "jobs/task/states.py"]
    monkeypatch.setattr(mutation, "ROOT", tree)
    monkeypatch.setattr(mutation, "WORK", work)
    monkeypatch.setattr(mutation, "tree_files", lambda: names)

    def write(text: str) -> None:
        for name in names:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)

    write("old = 1\n")
    folder = mutation.prepare("jobs/task/states.py")
    own = [folder / "mutants" / name for name in names[1:]]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mutmut's\n")
    write("new = 1\n")
    assert mutation.prepare("jobs/task/states.py") == folder
    assert [(folder / name).read_text() for name in names[1:]] == ["new = 1\n"] * 2
    assert [path.read_text() for path in own] == ["new = 1\n", "mutmut's\n"], "a module mutmut changes itself"
    assert 'only_mutate = ["jobs/task/states.py"]' in (folder / "pyproject.toml").read_text()
