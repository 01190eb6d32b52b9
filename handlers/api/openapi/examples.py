"""Examples of the calls that create something, as the OpenAPI document shows them; a test sends each of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Example(NamedTuple):
    """A body that the call takes."""

    summary: str
    value: Any
    media_type: str = "application/json"


_POST = {"captions": "{Fresh|New} from the workshop #woodwork", "material_list": ["bench.mp4"]}
_SHEET = """\
account;file;caption;start_time
@alice;bench.mp4;Fresh from the workshop;31.01.2027 18:30
@bob;bench.mp4;"One for Bob; with a semicolon";01.02.2027 9:05
"""
#: By method and path, then by the name of the example.
EXAMPLES: Mapping[tuple[str, str], Mapping[str, Example]] = MappingProxyType(
    {
        ("POST", "/api/v1/task"): {
            "now": Example(
                "Post one video at once", {"usernames": ["@alice"], "script_name": "post", "script_config": _POST}
            ),
            "later": Example(
                "Check what a planned post would be, and create nothing",
                {
                    "usernames": ["@alice", "@bob"],
                    "script_name": "post",
                    "script_config": _POST,
                    "start_time": "2027-01-31 18:30",
                    "dry_run": True,
                },
            ),
        },
        ("POST", "/api/v1/task/bulk"): {
            "two": Example(
                "Two posts, both or none",
                {
                    "tasks": [
                        {"usernames": ["@alice"], "script_name": "post", "script_config": _POST,
                         "start_time": "2027-01-31 18:30"},
                        {"usernames": ["@bob"], "script_name": "post", "script_config": _POST,
                         "start_time": "2027-02-01 09:05"},
                    ]
                },
            ),
            "sheet": Example("The same from a spreadsheet", _SHEET, "text/csv"),
        },
        ("POST", "/api/v1/slots"): {
            "evenings": Example(
                "A post from the library on Monday and Friday evenings",
                {
                    "name": "Evening",
                    "usernames": ["@alice"],
                    "times": ["18:30"],
                    "weekdays": ["mon", "fri"],
                    "script_config": {"materials_tags": "workshop"},
                },
            )
        },
        ("PATCH", "/api/v1/task/{id}"): {
            "move": Example("Another time", {"start_time": "2027-01-31 20:00"}),
            "caption": Example("Another caption", {"captions": "Fresh from the workshop, on second thoughts"}),
        },
    }
)  # fmt: skip


def examples_of(method: str, path: str, media_type: str) -> dict[str, Any]:
    """What a media type of this body has besides its schema; nothing where there are no examples."""
    shown = {
        name: {"summary": one.summary, "value": one.value}
        for name, one in EXAMPLES.get((method, path), {}).items()
        if one.media_type == media_type
    }
    return {"examples": shown} if shown else {}
