"""How the workers of the tests share them: what is dear is shared, long ones come first, one worker computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scheduling import GROUPS, LONG_FIRST, next_unit, unit_of

ROOT = Path(__file__).resolve().parents[3]
WAITS, WAITS_TOO = "tests/acceptance/test_acceptance_a.py::test_one", "tests/integration/test_b.py"
COMPUTES, COMPUTES_TOO = "tests/unit/test_c.py", "tests/unit/test_d.py"


def test_a_module_runs_in_one_worker_and_an_acceptance_test_by_itself() -> None:
    assert unit_of(f"{COMPUTES}::test_x[a::b]") == COMPUTES
    assert unit_of(f"{WAITS_TOO}::TestX::test_y") == WAITS_TOO
    assert unit_of(WAITS) == WAITS


def test_modules_that_share_phones_run_in_one_worker() -> None:
    shared = {unit_of(f"{module}::test_x") for module, group in GROUPS.items() if group == "simulator"}
    assert shared == {"simulator"}


@pytest.mark.parametrize(
    ("elsewhere", "given"),
    [([], WAITS), ([WAITS], WAITS), ([WAITS, WAITS_TOO], COMPUTES), ([WAITS, COMPUTES], WAITS)],
)
def test_one_of_three_workers_computes_while_the_others_wait(elsewhere: list[str], given: str) -> None:
    assert next_unit([COMPUTES, WAITS, COMPUTES_TOO, WAITS_TOO], elsewhere, 3) == given


def test_where_one_kind_is_done_every_worker_gets_the_other() -> None:
    assert next_unit([COMPUTES], [COMPUTES], 2) == COMPUTES
    assert next_unit([WAITS], [WAITS, WAITS_TOO], 2) == WAITS


def test_the_longest_come_first() -> None:
    longest = next(unit for unit in LONG_FIRST if unit.startswith("tests/unit/"))
    assert next_unit([COMPUTES, longest], [WAITS], 2) == longest
    assert next_unit([WAITS, LONG_FIRST[0]], [], 2) == LONG_FIRST[0]


def test_what_is_named_is_there() -> None:
    names = [*GROUPS, *(unit for unit in LONG_FIRST if unit not in GROUPS.values())]
    assert [name for name in names if not (ROOT / name).is_file()] == []
