"""What docs/api.md shows is what the server answers; what is shipped as OpenAPI is what it serves."""

from __future__ import annotations

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
