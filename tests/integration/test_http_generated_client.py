"""A client that a public generator makes from docs/openapi.json: few models, and it works against the real server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.hub.settings import AccountEntry
from tests.support.http_side import HttpSide

pytestmark = pytest.mark.skipif(
    find_spec("openapi_python_client") is None,
    reason="openapi-python-client is not installed (requirements/dev.txt)",
)
ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "clients" / "generated.py"
#: Classes of the generated client: the envelopes and objects that the document names, and its enumerations.
MOST_MODELS = 222
#: Formats that the generator does not know by name: it is to give their bytes.
BINARY = ("application/x-tar", "application/zip", "image/png", "image/jpeg", "*/*")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the package hub_client lies."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.json").write_text(
        json.dumps(
            {"post_hooks": [], "content_type_overrides": dict.fromkeys(BINARY, "application/octet-stream")}
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(ROOT / "docs" / "openapi.json"),
         "--output-path", str(folder / "hub_client"), "--meta", "none", "--config", str(folder / "config.json")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    warned = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("WARNING")]
    assert warned == ["WARNING parsing POST /api/v1/task/bulk within tasks."], (
        "beside text/csv it can read everything"
    )
    return folder


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    accounts = tuple(AccountEntry(username=name, serial="PHONE1") for name in ("alice", "bob"))
    with HttpSide(tmp_path, accounts=accounts) as built:
        yield built


def test_the_generated_client_has_few_models_whose_names_are_those_of_the_document(generated: Path) -> None:
    models = {path.stem for path in (generated / "hub_client" / "models").glob("*.py")} - {"__init__"}
    assert {"refused", "created_answer", "slot_change_answer", "task_object", "bulk_request"} <= models
    assert len(models) <= MOST_MODELS
    numbered = sorted(name for name in models if "response_" in name)
    assert numbered == ["get_readyz_response_200", "get_readyz_response_503"], (
        "an answer without a name of its own"
    )


def test_the_generated_client_creates_a_bulk_and_a_slot_and_changes_a_task(
    side: HttpSide, generated: Path
) -> None:
    url = f"http://127.0.0.1:{side.serve().port}"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(generated), url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    api = side.client
    first, second = (api.good("GET", f"/api/v1/task/{number}") for number in said["task_ids"])
    assert (first["username"], first["start_time"], first["caption"]) == (
        "alice",
        "2027-02-03 09:00:00",
        "changed",
    )
    assert first["version"] == said["version"]
    assert (second["username"], second["start_time"], second["caption"]) == (
        "bob", "2027-02-02 18:30:00", "by a generated client 2",
    )  # fmt: skip
    assert api.good("GET", f"/api/v1/slots/{said['slot']}")["times"] == ["12:00"]
    assert said["refused"] == [41201, 40401]
