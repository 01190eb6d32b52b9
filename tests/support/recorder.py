"""A hook that remembers the points that were passed, so that a test can visit each of them."""

from __future__ import annotations


class Recorder:
    """The names of the points, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, /) -> None:
        self.names.append(name)
