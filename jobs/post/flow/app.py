"""An app as one value: the flow that drives it, and how its proof and its account are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from jobs.post.flow.flow import Flow
from jobs.post.flow.proof import Watch
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict

F = TypeVar("F", bound=Flow)


@dataclass(frozen=True, slots=True)
class App(Generic[F]):
    """What the post script needs of one app; `jobs/hub/platforms.py` has what is known of it before a phone is touched."""

    flow: type[F]
    watch: Callable[[F], Watch]  #: the watch for proof after the publishing tap
    look_for_post: Callable[[F], Verdict]  #: read-only, after a crash past the commit point
    visible_account: Callable[
        [Sight], str
    ]  #: named by the own profile, without "@"; "" when it cannot be read
