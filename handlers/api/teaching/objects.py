"""What the calls of teaching take and answer."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects.common import Moment
from jobs.hub.platforms import Platform
from jobs.post.teaching.languages import Language

LessonMeans = Literal["dialog", "element", "person", "translation"]
Steady = Annotated[
    Literal["text", "id", "structure"],
    Meta(
        description="By what the rule finds its node, the steadiest first: a text, an id of this version, structure"
    ),
]


class ScreensQuery(msgspec.Struct):
    """Which screens."""

    platform: Annotated[Platform | UnsetType, Meta(description="Of this app only")] = UNSET
    serial: Annotated[str, Meta(max_length=200, description="Of this phone only")] = ""


class TaughtQuery(msgspec.Struct):
    """Which app."""

    platform: Annotated[Platform | UnsetType, Meta(description="Of this app only")] = UNSET


class TaughtFileQuery(msgspec.Struct):
    """Which app."""

    platform: Annotated[Platform, Meta(description="Whose lessons")]


class LanguagesQuery(msgspec.Struct):
    """Which languages."""

    platform: Annotated[Platform | UnsetType, Meta(description="Of this app only")] = UNSET
    language: Annotated[
        str, Meta(max_length=3, description="Only this one, also one that nothing has been taught of")
    ] = ""


class LessonRequest(msgspec.Struct):
    """What a screen is."""

    screen: Annotated[str, Meta(min_length=1, max_length=100, description="Id of a kept screen")]
    means: Annotated[
        LessonMeans,
        Meta(
            description="`dialog`: the node closes it; `element`: the node is this element; `person`: a person must act; "
            "`translation`: the node is this element in another language"
        ),
    ]
    node: Annotated[int, Meta(ge=-1, le=20_000, description="Of the screen's nodes; -1 for none")] = -1
    name: Annotated[
        str, Meta(max_length=60, description="Of the element; for `element` and `translation`")
    ] = ""
    of_screen: Annotated[
        str, Meta(max_length=60, description="A screen on which the element stands, to be sure; empty: any")
    ] = ""
    sentence: Annotated[
        str, Meta(max_length=300, description="For `person`: the sentence for people when a post stops there")
    ] = ""
    rule: Annotated[int, Meta(ge=0, le=20, description="Which of the proposed rules, the steadiest is 0")] = 0
    language: Annotated[
        str, Meta(max_length=3, description="In which the node speaks; empty: that of the picture")
    ] = ""


class WordsRequest(msgspec.Struct):
    """Wordings of words by which refusals are recognised, in a language that is not covered."""

    platform: Annotated[Platform, Meta(description="Which app")]
    language: Annotated[str, Meta(min_length=2, max_length=3, description="Bare code, as `nl`")]
    words: Annotated[dict[str, list[str]], Meta(description="Word -> its wordings, as the app writes them")]
    dry_run: Annotated[bool, Meta(description="Check, and keep nothing")] = False


class TextsRequest(msgspec.Struct):
    """Several texts of one screen in a language that the files do not cover."""

    screen: Annotated[str, Meta(min_length=1, max_length=100, description="Id of a kept screen")]
    texts: Annotated[dict[str, int], Meta(description="Element -> the node whose text it is")]
    language: Annotated[
        str, Meta(max_length=3, description="In which the screen speaks; empty: that of the picture")
    ] = ""
    dry_run: Annotated[bool, Meta(description="Check, and keep nothing")] = False


class SwitchRequest(msgspec.Struct):
    """Whether a lesson counts."""

    on: bool


class ImportRequest(msgspec.Struct):
    """A screens file with words, elements and screens."""

    platform: Annotated[Platform, Meta(description="Which app")]
    toml: Annotated[str, Meta(min_length=1, max_length=262_144, description="As the export writes it")]
    dry_run: Annotated[bool, Meta(description="Check, and keep nothing")] = False


class PendingObject(msgspec.Struct, frozen=True):
    """A kept screen that waits for a lesson, or got one."""

    id: str
    source: Annotated[Literal["rehearsal", "task"], Meta(description="Where it was seen")]
    source_id: int
    serial: str
    platform: str
    app_version: str
    language: Annotated[str, Meta(description="Bare code, empty where it is not known")]
    read_as: Annotated[str, Meta(description="What it is read as now; empty: no rule describes it")]
    kind: Annotated[str, Meta(description="Of that screen; `unknown` for none")]
    sentence: Annotated[str, Meta(description="Why it waits; empty when it does not")]
    taken_at: Moment
    picture: Annotated[str, Meta(description="Address of the picture; empty when there is none")]
    tree: Annotated[str, Meta(description="Address of the UI tree")]
    taught: Annotated[bool, Meta(description="No rule described it when it came, and one does now")]


class PendingList(msgspec.Struct, frozen=True):
    """Kept screens, the newest first."""

    screens: list[PendingObject]
    total: int


class NodeObject(msgspec.Struct, frozen=True):
    """One node of a UI tree."""

    node: int
    parent: Annotated[int, Meta(description="-1 for none")]
    bounds: tuple[int, int, int, int]
    text: str
    desc: str
    hint: str
    resource_id: str
    class_name: Annotated[str, Meta(description="Called `class` in the tree")] = msgspec.field(name="class")
    clickable: bool
    editable: bool
    never: Annotated[
        bool, Meta(description="No lesson may touch it: it publishes, is proof, or is barred there")
    ]
    elements: Annotated[list[str], Meta(description="The elements as which it is found now")]


class ScreenChoice(msgspec.Struct, frozen=True):
    """A screen that the files know."""

    name: str
    kind: str
    sentence: str


class ElementChoice(msgspec.Struct, frozen=True):
    """An element that a lesson may name."""

    screen: Annotated[str, Meta(description="A screen that names it; empty when none does")]
    name: str
    never: Annotated[
        bool, Meta(description="No lesson may change by what it is found; a translation may still be given")
    ]
    sentence: Annotated[str, Meta(description="What it reads, in words")]


class UnreadText(msgspec.Struct, frozen=True):
    """A text that is not known in the app's language."""

    element: str
    sentence: Annotated[str, Meta(description="What it reads, in words")]
    needed: Annotated[bool, Meta(description="The screen is not recognised without it")]
    nodes: Annotated[list[int], Meta(description="Where it can stand, by its place")]


class UnreadScreen(msgspec.Struct, frozen=True):
    """A screen that the picture may show, with what of it is not known in the app's language."""

    screen: str
    texts: list[UnreadText]


class ScreenDetail(msgspec.Struct, frozen=True):
    """A kept screen with all that a lesson about it may name."""

    screen: PendingObject
    size: Annotated[tuple[int, int], Meta(description="Width and height in pixels")]
    nodes: list[NodeObject]
    cut: Annotated[bool, Meta(description="There are more nodes than are shown")]
    screens: list[ScreenChoice]
    elements: list[ElementChoice]
    languages: list[str]
    unread: Annotated[
        list[UnreadScreen],
        Meta(
            description="In a language that the files do not cover: what to point at, the likeliest screen first"
        ),
    ]


class ChangeObject(msgspec.Struct, frozen=True):
    """A known screen that would be read otherwise."""

    screen: str
    was: str
    now: str


class AlternativeObject(msgspec.Struct, frozen=True):
    """Another rule for the same lesson."""

    rule: int
    toml: str
    sentence: str
    steadiness: Steady


class ProposalObject(msgspec.Struct, frozen=True):
    """What a lesson would become."""

    toml: Annotated[str, Meta(description="The rule as it would stand in a screens file")]
    sentence: str
    steadiness: Steady
    rule: int
    reads: Annotated[
        str, Meta(description="What the screen would be read as; empty: still no rule describes it whole")
    ]
    known_screens: Annotated[int, Meta(description="Screens on which it was tried: drawn and kept ones")]
    changed: list[ChangeObject]
    recognises: Annotated[list[str], Meta(description="Kept screens that no rule described and one would")]
    refused: Annotated[list[str], Meta(description="Why it may not be taught; empty when it may")]
    alternatives: list[AlternativeObject]


class TaughtObject(msgspec.Struct, frozen=True):
    """A lesson that was accepted."""

    id: int
    platform: str
    means: Literal["dialog", "element", "person", "translation", "word", "imported"]
    name: Annotated[str, Meta(description="Of the element, word or screen")]
    sentence: str
    toml: str
    on: bool
    taught_at: Moment
    by: Annotated[str, Meta(description="Name of the token, or how the caller came in")]
    screen: Annotated[
        str, Meta(description="The kept screen it was taught from; empty for words and imports")
    ]
    picture: Annotated[str, Meta(description="Address of its picture, as long as that is kept")]
    app_version: str
    language: str
    source: str
    source_id: int


class TaughtList(msgspec.Struct, frozen=True):
    """Lessons, the newest first."""

    taught: list[TaughtObject]
    total: int
    left_out: Annotated[list[str], Meta(description="Lessons that are on and do not count, with why")]


class WordsObject(msgspec.Struct, frozen=True):
    """What was given, and what a language still lacks."""

    taught: list[TaughtObject]
    missing: list[str]
    covered: Annotated[bool, Meta(description="Tasks run in this language")]


class ImportObject(msgspec.Struct, frozen=True):
    """What a file adds."""

    platform: str
    lessons: list[TaughtObject]
    known_screens: int
    changed: list[ChangeObject]
    refused: list[str]
    imported: bool


class LanguageList(msgspec.Struct, frozen=True):
    """Languages, those first in which tasks run."""

    languages: list[Language]


class Nothing(msgspec.Struct, frozen=True):
    """It is gone."""
