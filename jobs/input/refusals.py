"""Why a request is refused; the HTTP side maps each class to its code and status."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a request: the field (dotted path, "" for the whole) and a short sentence."""

    field: str
    problem: str
    code: str = ""  #: a stable word where programs may want to tell reasons apart, e.g. "too_long"


class Refused(Exception):
    """A request changes nothing, for these reasons; the message names the first."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        first = self.problems[0]
        more = len(self.problems) - 1
        text = f"{first.field}: {first.problem}" if first.field else first.problem
        if more:
            text += f" (and {more} more problem{'s' if more > 1 else ''})"
        super().__init__(text)


class Invalid(Refused):
    """40001: parameters are wrong, or the task's state does not allow the action."""


class NoScript(Refused):
    """40002: script_name is missing."""


class UnknownScript(Refused):
    """40003: a script other than `post`."""


class PlanForbids(Refused):
    """40301: the license plan has no API access."""


class NotFound(Refused):
    """40401: unknown task, serial or account."""


class VersionChanged(Refused):
    """41201: the task is not the one that the caller has seen."""


class KeyReused(Refused):
    """40901: an Idempotency-Key came again with another body."""


class DuplicatePost(Refused):
    """40902: the same account was given the same media a moment ago."""


class Draining(Refused):
    """50301: the daemon is about to stop."""


class ClientGone(Refused):
    """The client closed the connection before anything was stored: it will ask again."""


class NoSpace(Refused):
    """50701: no disk space for new tasks."""
