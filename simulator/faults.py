"""The faults that a test has armed on a phone: taken once each, or every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Armed:
    """One armed fault. `argument` is "" when it has none."""

    name: str
    argument: str
    always: bool

    def __str__(self) -> str:
        return " ".join(filter(None, [self.name, self.argument, "--always" if self.always else ""]))


class Faults:
    """The armed faults of one phone, in the order in which they were armed."""

    def __init__(self) -> None:
        self.armed: list[Armed] = []

    def arm(self, name: str, argument: str = "", *, always: bool = False) -> None:
        self.armed.append(Armed(name, argument, always))

    def take(self, name: str, argument: str | None = None) -> Any:
        """The fault's argument (True when it has none), or None. One-shot faults are used up.

        With `argument` it is taken only if it was armed with that argument or with none.
        """
        for fault in self.armed:
            if fault.name == name and (argument is None or fault.argument in ("", argument)):
                if not fault.always:
                    self.armed.remove(fault)
                return fault.argument or True
        return None

    def standing(self, name: str) -> bool:
        """Armed now, without taking it."""
        return any(fault.name == name for fault in self.armed)

    def clear(self, name: str = "") -> int:
        """Disarm all of that name (or all); how many there were."""
        before = len(self.armed)
        self.armed = [fault for fault in self.armed if name and fault.name != name]
        return before - len(self.armed)
