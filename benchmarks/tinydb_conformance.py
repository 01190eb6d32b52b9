"""Runs TinyDB's own tests for tables, queries and operations against our storage and table."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

#: Test files that say what a table and a query must do; the others test upstream's storages and helpers themselves.
FILES = ("test_tables.py", "test_tinydb.py", "test_queries.py", "test_operations.py")

#: Tests that do not apply, each with its reason.
_IDS = "expects ids to start at 1 again after a truncate; ours are never given twice (a client may still hold them)"
NOT_APPLICABLE = {
    "test_tables.py::test_next_id": _IDS,
    "test_tables.py::test_truncate_table": _IDS,
    "test_tables.py::test_table_repr": "spells out the class names of upstream's table and storages",
    "test_tinydb.py::test_insert_ids": _IDS,
    "test_tinydb.py::test_insert_with_doc_id": _IDS,
    "test_tinydb.py::test_insert_with_duplicate_doc_id": _IDS,
    "test_tinydb.py::test_insert_multiple_with_ids": _IDS,
    "test_tinydb.py::test_update_returns_ids": _IDS,
}

CONFTEST = """
import pytest
from benchmarks.tinydb_face import JournalDB

@pytest.fixture
def db(tmp_path):
    with JournalDB(tmp_path / "store", reserve_bytes=0) as database:
        database.insert_multiple({"int": 1, "char": c} for c in "abc")
        yield database
"""


def fetch(folder: Path) -> Path:
    """Download the source package of the installed version; returns its `tests` folder."""
    version = importlib.metadata.version("tinydb")
    wanted = ["--no-binary", ":all:", "--no-deps", "--no-cache-dir", f"tinydb=={version}"]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "-q",
            "--disable-pip-version-check",
            "download",
            *wanted,
            "-d",
            str(folder),
        ],
        check=True,
        timeout=300,
    )
    with tarfile.open(folder / f"tinydb-{version}.tar.gz") as package:
        package.extractall(folder, filter="data")
    return folder / f"tinydb-{version}" / "tests"


def run(tests: Path) -> int:
    """Run the tests with our database as their `db` fixture; returns pytest's exit code."""
    (tests / "conftest.py").write_text(CONFTEST)
    skipped = [argument for name in NOT_APPLICABLE for argument in ("--deselect", name)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(
        [*command, "--rootdir", str(tests), *skipped, *FILES],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=600,
        check=False,
    ).returncode


def main() -> int:
    """Fetch, say what is left out and why, run."""
    for name, reason in NOT_APPLICABLE.items():
        print(f"not applicable: {name}: {reason}")
    with tempfile.TemporaryDirectory(prefix="tinydb-tests-") as folder:
        return run(fetch(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
