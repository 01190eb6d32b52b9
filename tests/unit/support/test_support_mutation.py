"""What `make mutation` changes and which tests must notice: the table names what is there."""

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
