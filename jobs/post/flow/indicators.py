"""Which indicators of uploads on the screen are ours: those of earlier posts stay for days and say nothing about this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Screen


class UploadIndicators:
    """What was seen since the publishing tap, told apart from what stood there before.

    A sign counts as ours when there are more of its kind than there were before the tap; where they were not looked for before,
    than there were beside our own running upload. Where neither is known it counts as old: a refusal that is not ours
    would have the post repeated.
    """

    def __init__(
        self, driver: ScreenDriver, before: Mapping[str, int] | None, *, shows_all: Callable[[Sight], bool]
    ) -> None:
        """Prepare.

        Args:
            driver: looks at the phone.
            before: the indicators that stood there before the tap, by screen; None when they were not looked for.
            shows_all: whether earlier posts' indicators would show on this sight too.
        """
        self._driver = driver
        self._shows_all = shows_all
        self.before = before
        self.saw_progress = False
        self._beside: dict[str, int] | None = None  #: indicators beside our own running upload

    def ours(self, sight: Sight) -> Sight:
        """The sight without the indicators that are not ours."""
        running = self._running(sight)
        if running:
            self.saw_progress = True
            if self._shows_all(sight):
                self._note_beside(sight)
        hidden: list[str] = []
        while sight.screen is not None and sight.screen.trace and not self._is_ours(sight, running=running):
            hidden.append(sight.name)
            sight = self._driver.without(sight, hidden)
        return sight

    def failure_stands(self, sight: Sight) -> bool:
        """Whether this screen reports that an upload failed, of whichever post."""
        return any(self._screen(name).kind == "failure" for name in self._driver.indicators(sight))

    @property
    def clear(self) -> bool:
        """Nothing stood there before that could be taken for ours."""
        return not self.before and (self.before is not None or self.saw_progress)

    def _screen(self, name: str) -> Screen:
        return self._driver.vocabulary.screen(name)

    def _running(self, sight: Sight) -> bool:
        """Whether our own upload shows that it runs."""
        return any(
            self._screen(name).kind == "progress" and count > (self.before or {}).get(name, 0)
            for name, count in self._driver.indicators(sight).items()
        )

    def _note_beside(self, sight: Sight) -> None:
        beside = self._beside or {}
        for name, count in self._driver.indicators(sight).items():
            if self._screen(name).kind != "progress":
                beside[name] = max(count, beside.get(name, 0))
        self._beside = beside

    def _is_ours(self, sight: Sight, *, running: bool) -> bool:
        kind = sight.kind
        if kind == "progress":
            return running
        if kind == "success":
            # Rows of success go away by themselves: the newer count is the better one.
            known = self._beside if self._beside is not None else self.before
        else:
            known = self.before if self.before is not None else self._beside
        if known is None or (running and self.before is None):
            return False
        return self._driver.indicators(sight).get(sight.name, 0) > known.get(sight.name, 0)


def new_indicators(driver: ScreenDriver, before: Mapping[str, int] | None, sight: Sight) -> str:
    """The indicators of uploads in a sight that are more than stood there before, by name; "" when there are none."""
    more = [name for name, count in driver.indicators(sight).items() if count > (before or {}).get(name, 0)]
    return " and ".join(more)
