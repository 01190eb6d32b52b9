"""How long an app has run, from what the phone's kernel says of its programs."""

from __future__ import annotations

import pytest

from jobs.phone.app_age import oldest_s

UPTIME = "1000.50 4000.00"


def stat(start: int, name: str = "usically") -> str:
    return f"4711 ({name}) S 900 900 0 0 -1 1077936448 9 0 0 0 5 5 0 0 10 -10 80 0 {start} 13000000 9"


@pytest.mark.parametrize(
    ("printed", "age_s"),
    [
        ([stat(99_000), UPTIME], 10.5),
        ([stat(99_000), stat(50_000), UPTIME], 500.5),
        ([stat(99_000, "a) S 1 (b"), UPTIME], 10.5),
        ([stat(200_000), UPTIME], 0.0),
        ([UPTIME], None),
        ([stat(99_000)], None),
        (["cat: /proc/4711/stat: Permission denied", UPTIME], None),
        (["pidof: not found", ""], None),
        ([], None),
    ],
    ids=["one", "two", "brackets", "ahead", "none", "no uptime", "denied", "no pidof", "nothing"],
)
def test_the_age_is_that_of_the_oldest_program_of_the_app(printed: list[str], age_s: float | None) -> None:
    assert oldest_s("\n".join(printed)) == age_s
