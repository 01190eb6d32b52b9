"""What a person says about a screen, and what is kept of it: the rule in the words of the screens files, who, when, from where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from jobs.post.screens.screens_file import Rule, Screen, ScreensFile, lay_over

Means = Literal["dialog", "element", "person", "translation", "word", "imported"]
Steadiness = Literal["text", "id", "structure"]

#: Lessons that are kept of one app, and the characters of a name, of a text and of a sentence.
MAX_LESSONS, MAX_NAME, MAX_TEXT, MAX_SENTENCE = 200, 60, 160, 300
#: The end of the year 9999: no calendar goes further.
MAX_TIME = 253_402_300_799.0


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson as a person gives it."""

    screen: str  #: id of a pending screen
    means: Literal["dialog", "element", "person", "translation"]
    node: int = -1  #: position of a node in the screen's tree; -1 is none
    name: str = ""  #: of an element
    of_screen: str = ""  #: on which it stands; "" is any. A screen that has no such element is refused
    sentence: str = ""  #: for people: what a person must do there
    rule: int = 0  #: which of the proposals
    language: str = ""  #: in which the node speaks; "" is that of the picture


class Lesson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lesson that was accepted. Times are seconds since the epoch."""

    id: int = 0
    on: bool = True
    means: Means = "imported"
    name: str = ""  #: of the element, word or screen
    sentence: str = ""  #: what it does, in words
    taught_at: Annotated[float, Meta(ge=0, le=MAX_TIME)] = 0.0
    by: str = ""
    screen: str = ""  #: the pending screen that it was taught from
    picture: str = ""  #: the file name of its picture
    app_version: str = ""
    language: str = ""
    source: str = ""  #: "rehearsal" or "task"
    source_id: int = 0
    words: dict[str, list[dict[str, str | list[str]]]] = {}
    elements: dict[str, list[Rule]] = {}
    screens: dict[str, Screen] = {}

    @property
    def part(self) -> ScreensFile:
        """What it adds, as a screens file."""
        return ScreensFile(words=self.words, elements=self.elements, screens=self.screens)


def laid(lessons: Iterable[Lesson]) -> ScreensFile:
    """The lessons that are on, over each other in the order in which they were taught."""
    merged = ScreensFile()
    for lesson in lessons:
        if lesson.on:
            merged = lay_over(merged, lesson.part)
    return merged
