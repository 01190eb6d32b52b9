"""The two runs of `make test`: what fails only beside others is named, and not excused where that is asked for."""

import pytest

from tests.support.twice import run_twice


class Runs:
    """Pytest runs that end as planned; each is (exit status, the tests that failed)."""

    def __init__(self, *planned: tuple[int, list[str]]) -> None:
        self.planned = list(planned)
        self.arguments: list[list[str]] = []
        self.failed_now: list[str] = []

    def run(self, arguments: list[str]) -> int:
        self.arguments.append(arguments)
        status, self.failed_now = self.planned.pop(0)
        return status

    def failed(self) -> list[str]:
        return self.failed_now


def test_green_tests_run_once(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs((0, []))
    assert run_twice(["-x"], runs.run, runs.failed) == 0
    assert runs.arguments == [["-x"]]
    assert capsys.readouterr().out == ""


def test_what_failed_runs_again_alone_and_is_named_on_the_last_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = Runs((1, ["a.py::one", "a.py::two"]), (1, ["a.py::two"]))
    assert run_twice([], runs.run, runs.failed) == 1
    assert runs.arguments[1][:2] == ["-n", "0"]
    assert "--last-failed" in runs.arguments[1]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(": a.py::one")


def test_a_second_run_that_is_green_still_names_what_failed_beside_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = Runs((1, ["a.py::one"]), (0, []))
    assert run_twice([], runs.run, runs.failed) == 0
    assert "a.py::one" in capsys.readouterr().out.splitlines()[-1]


def test_strict_runs_fail_on_the_first_failure_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    runs = Runs((1, ["a.py::one"]))
    assert run_twice([], runs.run, runs.failed, strict=True) == 1
    assert len(runs.arguments) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(": a.py::one")


@pytest.mark.parametrize("status", [2, 3, 4, 5])
def test_a_run_that_could_not_be_done_is_not_repeated(status: int) -> None:
    runs = Runs((status, []))
    assert run_twice([], runs.run, runs.failed) == status
    assert len(runs.arguments) == 1
