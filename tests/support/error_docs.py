"""Writes what `storage/error_codes.py` says of each code into the manuals: python -m tests.support.error_docs."""

from __future__ import annotations

import re
from pathlib import Path

from storage.error_codes import ErrorCode

DOCS = Path(__file__).parents[2] / "docs"
HEAD = (
    "| `error.code` | what happened | what to do | tried again | pauses |\n| --- | --- | --- | --- | --- |\n"
)
_TABLE = re.compile(r"\| `error\.code` \|.*\n\|[ -|]*\n(?:\|.*\n)*")


def table() -> str:
    """One row per code, in the order of the enum."""
    return HEAD + "".join(
        f"| `{code}` | {code.meaning} | {code.remedy} | {'yes' if code.retryable else 'no'} | {code.scope or ''} |\n"
        for code in ErrorCode
    )


def operator(text: str) -> str:
    """docs/operator.md with the table of today."""
    return _TABLE.sub(lambda _: table(), text)


def main() -> None:
    path = DOCS / "operator.md"
    path.write_text(operator(path.read_text("utf-8")), "utf-8")
    print("docs/operator.md says of the error codes what the code says")


if __name__ == "__main__":
    main()
