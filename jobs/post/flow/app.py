"""An app as one value: the flow that drives it, how its proof and its account are read, and how a form is left again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from jobs.post.flow.flow import Flow
from jobs.post.flow.proof import Watch
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict

F = TypeVar("F", bound=Flow)


@dataclass(frozen=True, slots=True)
class FormOption:
    """An option of the form, which a rehearsal opens and closes again."""

    name: str
    row: str  #: the element of the form that stands for it
    sheets: tuple[
        str, ...
    ] = ()  #: the screens that a touch on the row opens; none: the row is only looked for


@dataclass(frozen=True, slots=True)
class WayBack(Generic[F]):
    """How a filled form is left without a trace. An app without it cannot be rehearsed."""

    form: tuple[str, ...]  #: the screens from which posts are sent
    leaves: Mapping[str, str]  #: screen of the composer -> the element that leads out of it, "" for BACK
    options: tuple[FormOption, ...]
    #: what says, at the app's tabs, that a post was made since the flow began; "" when nothing does
    shows_new_post: Callable[[F, Sight], str]
    #: where an app that keeps the texts of a form left by BACK lets them be thrown away; "" for apps that keep none
    discards_at: str = ""


@dataclass(frozen=True, slots=True)
class App(Generic[F]):
    """What the post script needs of one app; `jobs/hub/platforms.py` has what is known of it before a phone is touched."""

    flow: type[F]
    watch: Callable[[F], Watch]  #: the watch for proof after the publishing tap
    look_for_post: Callable[[F], Verdict]  #: read-only, after a crash past the commit point
    visible_account: Callable[
        [Sight], str
    ]  #: named by the own profile, without "@"; "" when it cannot be read
    way_back: WayBack[F] | None = None

    @property
    def back(self) -> WayBack[F]:
        """The way back. Raises LookupError for an app that has none and so cannot be rehearsed."""
        if self.way_back is None:
            raise LookupError("this app has no way back from its form")
        return self.way_back
