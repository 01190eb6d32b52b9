"""What docs/api.md shows is what the server answers; what is shipped as OpenAPI is what it serves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.api_docs import DOCS, document, refreshed

HOW = "the code answers otherwise now: python -m tests.support.api_docs"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_answer_in_the_api_documentation_is_real(tmp_path: Path) -> None:
    shown = (DOCS / "api.md").read_text("utf-8")
    assert refreshed(shown, tmp_path) == shown, HOW


def test_the_shipped_openapi_document_is_the_served_one() -> None:
    assert (DOCS / "openapi.json").read_bytes() == document(), HOW


def test_every_call_that_takes_a_body_documents_that_it_may_be_too_large() -> None:
    calls = [call for path in json.loads(document())["paths"].values() for call in path.values()]
    with_body = [call for call in calls if "requestBody" in call]
    assert len(with_body) > 20
    assert [call["operationId"] for call in with_body if "413" not in call["responses"]] == []
