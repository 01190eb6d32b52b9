"""The layers of docs/architecture.md, kept by reading every import of the product's code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"handlers", "jobs", "storage", "simulator", "tikmatrixd", "tests", "benchmarks"}
PHONE_LIBRARIES = {"ppadb", "uiautomator2", "adbutils"}

#: Which of our packages a package may import.
MAY = {
    "storage": {"storage"},
    "jobs": {"jobs", "storage"},
    "handlers": {"handlers", "jobs", "storage"},
    "simulator": {"simulator"},
}


#: The rooms of the product, each of which may import those that stand before it, and itself.
ROOMS = (
    "storage",
    "jobs.input",
    "jobs.hub",
    "jobs.phone",
    "jobs.task",
    "jobs.pace",
    "jobs.queue",
    "jobs.media",
    "jobs.content",
    "jobs.intake",
    "jobs.library",
    "jobs.notify",
    "jobs.post",
    "jobs.accounts",
    "jobs.compat",
    "jobs.slots",
    "jobs.run",
    "jobs.upkeep",
    "handlers.request",
    "handlers.access",
    "handlers.page",
    "handlers.api",
    "handlers.server",
    "handlers.cli",
    "handlers.daemon",
)
MOST_MODULES = 15


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


class Import(NamedTuple):
    """`import module`, or `from module import names`."""

    module: str
    names: tuple[str, ...]
    line: int


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a module, anywhere in it; each module is read once for all tests of this file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, (), node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.append(Import(node.module or "", tuple(alias.name for alias in node.names), node.lineno))
    return tuple(found)


def offences(package: str, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{one.line} imports {one.module}"
        for path in modules(package)
        for one in imports(path)
        if one.module.partition(".")[0] in forbidden
    ]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(*packages: str) -> dict[str, set[str]]:
    """Which modules of these packages each module imports, also those that only the type checker reads."""
    paths = {module_name(path): path for package in packages for path in modules(package)}
    graph: dict[str, set[str]] = {name: set() for name in paths}
    for name, path in paths.items():
        for one in imports(path):
            inner = {f"{one.module}.{part}" for part in one.names} & paths.keys()
            graph[name] |= inner or ({one.module} & paths.keys())
    return graph


def room_of(module: str) -> str:
    return next((room for room in ROOMS if module == room or module.startswith(f"{room}.")), "")


def test_every_room_imports_only_rooms_that_stand_before_it() -> None:
    wrong = []
    for module, imported in import_graph("storage", "jobs", "handlers").items():
        room = room_of(module)
        if module in {"jobs", "handlers"}:
            continue
        assert room, f"{module} lies in no room: put it into one, or add the room to ROOMS"
        wrong += [f"{module} imports {o}" for o in imported if ROOMS.index(room_of(o)) > ROOMS.index(room)]
    assert wrong == []


def test_no_folder_holds_more_modules_than_one_can_take_in_at_a_glance() -> None:
    folders = Counter(
        path.parent
        for package in ("storage", "jobs", "handlers", "simulator")
        for path in modules(package)
        if path.name != "__init__.py"
    )
    assert {str(f.relative_to(ROOT)): n for f, n in folders.items() if n > MOST_MODULES} == {}


@pytest.mark.parametrize("package", sorted(MAY))
def test_no_circle_of_imports(package: str) -> None:
    try:
        TopologicalSorter(import_graph(package)).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


@pytest.mark.parametrize("package", sorted(MAY))
def test_imports_of_our_own_packages_point_one_way(package: str) -> None:
    assert modules(package), "the package moved: this test looks at nothing"
    assert offences(package, OURS - MAY[package]) == []


def test_only_storage_imports_tinydb() -> None:
    for package in ("jobs", "handlers", "simulator"):
        assert offences(package, {"tinydb"}) == []


def test_jobs_knows_nothing_of_http_servers() -> None:
    assert offences("jobs", {"bottle", "waitress"}) == []
    assert offences("storage", {"bottle", "waitress"}) == []


def test_only_jobs_phone_imports_the_phone_libraries() -> None:
    found = offences("handlers", PHONE_LIBRARIES) + offences("storage", PHONE_LIBRARIES)
    found += offences("jobs", PHONE_LIBRARIES)
    assert [offence for offence in found if not offence.startswith("jobs/phone/")] == []


def test_only_the_alarm_clock_imports_apscheduler() -> None:
    found = [o for package in MAY for o in offences(package, {"apscheduler"})]
    assert found
    assert [offence for offence in found if not offence.startswith("jobs/queue/alarm_clock.py")] == []


def test_nothing_but_the_command_line_imports_the_simulator() -> None:
    for package in ("handlers", "jobs", "storage"):
        assert offences(package, {"simulator"}) == []


def test_uiautomator2_is_imported_late() -> None:
    """It costs half the start: the daemon's port must be open before."""
    program = (
        "import sys, jobs.run.engine, jobs.phone.inventory.fleet; sys.exit('uiautomator2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60).returncode == 0


#: What reads or waits on time, by module.
CLOCKS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "sleep",
        "perf_counter",
        "thread_time",
        "localtime",
        "gmtime",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
#: Who may nevertheless, and why that cannot change what becomes of a task.
TIME_MAY = {
    "jobs/hub/clock.py": "the one source of time",
    "handlers/server/http_loop.py": "idle times of connections",
    "handlers/server/accepting.py": "what newcomers cost",
    "handlers/server/lanes.py": "how long a request has kept a thread",
    "handlers/server/workers.py": "how long a piece of an answer took",
    "handlers/server/server.py": "deadlines of the web server's own sockets and threads",
    "handlers/api/metrics.py": "durations of requests, for people",
    "handlers/access/tokens.py": "the date in a token's entry, for people",
    "jobs/media/arriving.py": "compared with the times of files, which are the box's own",
    "jobs/media/probe.py": "compared with the times of files, which are the box's own",
    "storage/store.py": "the default of a parameter, for programs without a clock",
}


def clock_reads(path: Path) -> list[str]:
    """`time.time()`, `datetime.now()`, `from time import sleep` and their like."""
    found = []
    text = path.read_text()
    if not any(word in text for word in CLOCKS):
        return []
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in CLOCKS.get(owner, ()):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} reads {owner}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found.append(f"{path.relative_to(ROOT)}:{node.lineno} imports from time")
    return found


def test_FT_4_nothing_reads_time_but_the_clock() -> None:
    paths = [path for package in ("storage", "jobs", "handlers") for path in modules(package)]
    paths.append(ROOT / "tikmatrixd.py")
    found = {str(path.relative_to(ROOT)): reads for path in paths if (reads := clock_reads(path))}
    assert {path: reads for path, reads in found.items() if path not in TIME_MAY} == {}
    assert TIME_MAY.keys() - found.keys() == set(), "an exception that nobody needs any more"


def test_FT_4_the_test_itself_sees_every_way_to_read_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    module = tmp_path / "m.py"
    for line in (
        "import time\ntime.sleep(1)",
        "import datetime\ndatetime.datetime.now()",
        "from time import time",
    ):
        module.write_text(line)
        assert clock_reads(module), line
