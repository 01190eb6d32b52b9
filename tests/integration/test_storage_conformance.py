"""TinyDB's own tests on our storage and table; they are fetched, so this needs a package index."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import tinydb_conformance


@pytest.mark.long
@pytest.mark.timeout(900)
def test_tinydbs_own_tests_pass_where_they_apply(tmp_path: Path):
    try:
        tests = tinydb_conformance.fetch(tmp_path)
    except subprocess.CalledProcessError:
        pytest.skip("the source package of TinyDB cannot be fetched here")
    assert tinydb_conformance.run(tests) == 0
