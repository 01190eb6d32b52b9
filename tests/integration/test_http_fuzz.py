"""Schemathesis against the real server: no 5xx, nothing that the OpenAPI document does not say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.http_side import PNG, HttpSide


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpSide]:
    with HttpSide(tmp_path_factory.mktemp("fuzz")) as built:
        built.phones.pictures["PHONE1"] = PNG
        for status in ("pending", "running", "committing", "completed", "failed", "unknown", "stopped") * 3:
            task = built.task(status=status)
            writer = built.evidence.writer(task.id, 1)
            writer.line("begin")
            writer.keep("tree.xml", b"<hierarchy/>")
            writer.close()
        yield built


@pytest.fixture(scope="module")
def base_url(side: HttpSide) -> str:
    return f"http://127.0.0.1:{side.serve().port}"


#: The shipped document; a unit test keeps it equal to the served one.
DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_bytes())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


def refusal_code_conformance(_context: Any, response: Any, case: Any) -> None:
    """A refusal has one of the codes that the document lists for its status."""
    if response.status_code < 400 or case.operation.path == "/readyz":
        return
    operation = DOCUMENT["paths"][case.operation.path][case.operation.method.lower()]
    code = response.json()["code"]
    codes = operation["responses"][str(response.status_code)]["x-codes"]
    assert code in codes, f"code {code} is not in {codes} of {case.operation.label}"


#: Whether bad data is refused is not asked: R9 accepts more than the schema says (numbers as texts and the like).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    refusal_code_conformance,
]


def name_what_exists(case: Any) -> None:
    """Made-up names never meet a phone or a file; with real ones a call gets further."""
    if case.path_parameters and "serial" in case.path_parameters:
        case.path_parameters["serial"] = "PHONE1"
    if isinstance(case.body, dict) and "script_name" in case.body:
        case.body |= {"script_name": "post", "serials": ["PHONE1"]}
        case.body.pop("usernames", None)
        if isinstance(case.body.get("script_config"), dict):
            case.body["script_config"]["material_list"] = ["clip.mp4"]


def check(side: HttpSide, base_url: str, label: str, mode: GenerationMode, examples: int) -> None:
    """Call one operation with so many made-up cases."""

    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), known=st.booleans())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def run(case: Any, known: bool) -> None:
        if known:
            name_what_exists(case)
        response = case.call(base_url=base_url, timeout=20)
        case.validate_response(response, checks=CHECKS)

    with suppress(Unsatisfiable):  # an operation without parameters cannot be called wrongly
        run()
    assert side.server is not None
    assert side.server.alive


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_documented(side: HttpSide, base_url: str, label: str, mode: GenerationMode) -> None:
    check(side, base_url, label, mode, 5)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_documented_in_thousands_of_cases(
    side: HttpSide, base_url: str, label: str, mode: GenerationMode
) -> None:
    check(side, base_url, label, mode, 300)
