"""What the daemon says to people names no HTTP call: they may read it in the console, on the command line or in a message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Rooms whose sentences reach people; `handlers/` also speaks to programs alone.
ROOMS = ("jobs", "storage")
CALL = re.compile(r"/api/v1|\b(GET|POST|PUT|PATCH|DELETE) /|\b(confirm|force|now|dry_run)=")
#: The contract has this answer word for word (R25); only the call that it names gets it.
AS_AGREED = {"may already be published; check the account, then retry with confirm=true"}
#: Descriptions of fields, and rows of the operator manual.
DOCUMENTS = {"jobs/slots/slot_fields.py", "storage/error_codes.py"}


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts of several words, but for docstrings."""
    own = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in own else None
        if isinstance(text, str) and " " in text.strip():
            yield node.lineno, text


@pytest.mark.parametrize("room", ROOMS)
def test_no_sentence_for_people_names_a_call_of_the_api(room: str) -> None:
    found = []
    for path in sorted((ROOT / room).rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if name in DOCUMENTS:
            continue
        for line, text in sentences(ast.parse(path.read_text())):
            if CALL.search(text) and text not in AS_AGREED:
                found.append(f"{name}:{line}: {text}")
    assert found == []
