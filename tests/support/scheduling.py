"""Which worker of pytest-xdist runs which tests, and in which order.

Tests that start processes mostly wait, unit tests compute. While all workers wait, the processors idle; so one worker
computes while the others wait. Tests that share what is dear to start run in one worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

#: Modules whose tests share what is dear to start: each group runs in one worker, one test after the other.
GROUPS = {
    "tests/acceptance/test_acceptance_faults_directed.py": "directed faults",
    "tests/acceptance/test_acceptance_systemd.py": "container",
    "tests/acceptance/test_acceptance_usb_box.py": "container",
    "tests/integration/test_fault_clock.py": "simulator",
    "tests/integration/test_phone_simulated.py": "phone",
    "tests/integration/test_simulator_clients.py": "simulator",
    "tests/integration/test_simulator_faults.py": "simulator",
    "tests/integration/test_simulator_life.py": "simulator",
}
#: Units that take a minute or more, longest first: begun last, one of them would be waited for.
LONG_FIRST = (
    "directed faults",
    "tests/acceptance/test_acceptance_matrix.py",
    "tests/acceptance/test_acceptance_refusals.py",
    "tests/acceptance/test_acceptance_faults_random.py",
    "tests/unit/jobs/post/screens/test_screens_siblings.py",
    "tests/unit/storage/engine/test_engine_disk_full.py",
    "tests/unit/jobs/post/screens/test_screens_overlays.py",
    "tests/unit/storage/engine/test_engine_power_cut.py",
    "tests/unit/jobs/post/screens/test_screens_labelled.py",
    "tests/unit/storage/engine/test_engine_load.py",
    "tests/unit/storage/tables/test_tables_tasks.py",
    "tests/unit/test_import_rules.py",
)


def unit_of(nodeid: str) -> str:
    """What a test runs together with: its group, else its module; an acceptance test runs by itself."""
    module = nodeid.partition("::")[0]
    return GROUPS.get(module) or (nodeid if module.startswith("tests/acceptance/") else module)


def computes(unit: str) -> bool:
    """Whether its tests compute more than they wait for other processes."""
    return unit.startswith("tests/unit/")


def next_unit(left: Iterable[str], elsewhere: Sequence[str], workers: int) -> str:
    """The unit that a worker gets next.

    Args:
        left: What is left to do.
        elsewhere: What each of the other workers does now.
        workers: How many there are.
    """
    units = list(left)
    wait = sum(not computes(unit) for unit in elsewhere) < max(1, workers - 1)
    fitting = [unit for unit in units if computes(unit) is not wait]
    return min(fitting or units, key=_rank)


def _rank(unit: str) -> int:
    return next((place for place, name in enumerate(LONG_FIRST) if unit.startswith(name)), len(LONG_FIRST))


class MixedScheduling(LoadScopeScheduling):
    """One worker computes while the others wait; long units come first."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        elsewhere = [
            list(units)[-1] for other, units in self.assigned_work.items() if units and other is not node
        ]
        unit = next_unit(self.workqueue, elsewhere, len(self.assigned_work))
        self.workqueue.move_to_end(unit, last=False)
        super()._assign_work_unit(node)
