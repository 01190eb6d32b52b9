"""What a phone says of the size of its texts."""

from __future__ import annotations

import pytest

from jobs.phone.protocol import ShellResult
from jobs.post.rehearsal.font_scale import read
from tests.support.app_phone import AppPhone


class Told(AppPhone):
    """A phone that answers every question about its settings with one text."""

    def __init__(self, said: str) -> None:
        super().__init__("tiktok")
        self.said = said

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        assert argv == ("settings", "get", "system", "font_scale")
        return ShellResult(f"{self.said}\n", 0)


@pytest.mark.parametrize(
    ("said", "scale"), [("1.15", 1.15), ("null", 1.0), ("", 0.0), ("nan", 0.0), ("Security exception", 0.0)]
)
def test_the_size_of_texts_is_read_and_nonsense_is_not_told(said: str, scale: float) -> None:
    assert read(Told(said)) == scale
