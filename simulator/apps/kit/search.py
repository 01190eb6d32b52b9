"""A search: a field with the keyboard's Enter, and a page whose results stand under tabs by their kind."""

from __future__ import annotations

from simulator.apps.base import View
from simulator.apps.kit.layout import Box, field
from simulator.apps.kit.stage import AppT, Screen


class Searching(Screen[AppT]):
    """Has a field for what is searched."""

    takes_s = 1.0  #: until the results are there

    def __init__(self, app: AppT) -> None:
        super().__init__(app)
        self.query = ""
        self.typing = False

    def keyboard_gone(self) -> None:
        self.typing = False

    def focus(self) -> None:
        self.typing = True
        self.keyboard(True)

    def write(self, text: str) -> None:
        self.query = text.replace("\n", "")
        if text.endswith("\n"):
            self.submit()
        else:
            self.focus()

    def submit(self) -> None:
        self.typing = False
        self.app.go(self.takes_s, self.arrived)

    def arrived(self) -> None:
        """The results came."""

    def search_field(self, box: Box, rid: str) -> View:
        return field(
            box,
            rid=rid,
            content=self.query,
            hint=self.app.t("search"),
            focused=self.typing,
            tap=self.focus,
            write=self.write,
            enter=self.submit,
        )


class SearchPage(Searching[AppT]):
    """The search of the whole app."""

    name = "search"
    kinds: tuple[str, ...]
    audio_kind: str  #: the tab that lists sounds; what is behind a sound is the page `opens`
    opens: str
    endings: tuple[str, ...]  #: of the other versions of a sound

    def __init__(self, app: AppT) -> None:
        super().__init__(app)
        self.shown = False
        self.kind = self.kinds[0]

    def focus(self) -> None:
        self.shown = False
        super().focus()

    def arrived(self) -> None:
        self.shown = True

    def choose(self, kind: str) -> None:
        self.kind = kind
        self.changed()

    def open(self, title: str) -> None:
        self.app.go(1.0, lambda: self.app.push(self.opens, title=title))

    def results(self) -> list[View]:
        """The tabs, and what stands under the one that is chosen."""
        views = [self.tab(place, key) for place, key in enumerate(self.kinds)]
        if self.kind != self.audio_kind:
            return [*views, self.other()]
        titles = found(self.query, self.endings)
        rows = [self.row(place, title) for place, title in enumerate(titles)]
        return [*views, *rows] if rows else [*views, self.nothing()]

    def tab(self, place: int, key: str) -> View:
        raise NotImplementedError

    def row(self, place: int, title: str) -> View:
        raise NotImplementedError

    def other(self) -> View:
        """A result that is no sound."""
        raise NotImplementedError

    def nothing(self) -> View:
        raise NotImplementedError


def found(query: str, endings: tuple[str, ...]) -> list[str]:
    """The sounds that a search lists, best first. Words without any sound: "nosuch"."""
    words = " ".join(query.split())
    if not words or "nosuch" in words.lower():
        return []
    return [words, *(words + ending for ending in endings)]
