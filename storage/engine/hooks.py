"""Named points around irreversible acts, where a test may stop or break the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping

#: Environment variable naming the point at which the process kills itself, as `NAME` or `NAME:COUNT`.
ENVIRONMENT = "TIKMATRIXD_CRASH_AT"


#: Called with the name of each point as it is passed.
Hook = Callable[[str], None]


def no_hook(_name: str, /) -> None:
    """Does nothing: what runs in production."""


class KillAt:
    """Kills its own process, uncatchably, the `count`-th time that the point `name` is passed."""

    def __init__(self, name: str, count: int = 1) -> None:
        self._name = name
        self._left = count
        self._lock = threading.Lock()

    def __call__(self, name: str, /) -> None:
        if name != self._name:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def hook_from(environment: Mapping[str, str]) -> Hook:
    """The hook that the environment asks for; nothing when the variable is absent."""
    wanted = environment.get(ENVIRONMENT, "")
    if not wanted:
        return no_hook
    name, _, count = wanted.partition(":")
    return KillAt(name, int(count or 1))
