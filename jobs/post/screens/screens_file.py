"""The shape of a screens file: words, elements and screens as TOML, read and laid over each other."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from jobs.hub.lazy import lazy
from jobs.hub.platforms import PLATFORMS
from jobs.input.toml_reading import TomlInvalid, decode_toml, read_toml
from jobs.post.screens.labels import Label, Wording, normalise
from storage.error_codes import ErrorCode

Kind = Literal["path", "interruption", "human", "progress", "success", "failure"]
Texts = str | tuple[str, ...]
Side = Literal["left", "right", "top", "bottom"]
Pick = Literal["first", "last", "left", "right", "top", "bottom", "smallest"]

#: Files that an operator may lay over the shipped ones.
OVERLAYS = ("android.toml", *(f"{platform}.toml" for platform in PLATFORMS))
SHIPPED = Path(__file__).parent
#: Elements that no rule explains: what lies beside the topmost sheet, and closes it.
BUILT_IN = frozenset({"scrim"})


class ScreensInvalid(ValueError):
    """A screens file cannot be used; `problems` says all that is wrong with it."""

    def __init__(self, file: str, problems: list[str]) -> None:
        super().__init__(f"{file}: " + "; ".join(problems))
        self.file = file
        self.problems = problems


#: What a rule may ask of a node as the tree says it.
_FLAGS = ("clickable", "enabled", "checkable", "checked", "selected", "focused", "scrollable")


def each(value: Texts) -> tuple[str, ...]:
    """The texts of a field that holds one or several."""
    return (value,) if isinstance(value, str) else value


def _comparable(value: Texts) -> tuple[str, ...]:
    return tuple(text if text.startswith("@") else normalise(text) for text in each(value))


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """One way to find an element: a node for which everything that is given here holds.

    Texts are a literal or "@word"; a list means any of them. The words of this struct are explained in docs/screens.md.
    """

    text: Texts = ()
    desc: Texts = ()
    label: Texts = ()  #: text or content-desc
    hint: Texts = ()
    id: Texts = ()  #: resource-id without package
    cls: Texts = msgspec.field(default=(), name="class")  #: end of the class name
    package: Texts = ()  #: part of the package name ("=x": all of it); lifts the limit to the app's own nodes
    clickable: bool | None = None
    enabled: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    selected: bool | None = None
    focused: bool | None = None
    scrollable: bool | None = None
    editable: bool | None = None  #: a text field
    empty: bool | None = None  #: shows nothing but its placeholder
    labelled: bool | None = None  #: has a text or content-desc of its own
    #: where people's texts cannot stand: "dialog" the heading of a sheet or dialog, or an id that only dialogs have;
    #: "app" there, or on a page that shows nothing that people wrote; "button" alone on a button of these
    place: Literal["", "dialog", "app", "button"] = ""
    zone: tuple[float, float, float, float] | None = None  #: the centre lies in it; fractions of the screen
    min_size: tuple[float, float] | None = None  #: fractions of the screen
    max_size: tuple[float, float] | None = None
    touches: Side | None = None
    inside: str = ""  #: lies within that element
    corner: Literal["", "top-right", "top-left", "bottom-right", "bottom-left"] = (
        ""  #: of the element of `inside`
    )
    holds: str = ""  #: that element lies within the node
    row_of: str = ""  #: shares the height of that element
    column_of: str = ""  #: has the left edge of that element
    right_of: str = ""
    left_of: str = ""
    above: str = ""
    below: str = ""
    without: tuple[str, ...] = ()  #: none of these elements is the node, lies in it or holds it
    pick: Pick = "first"
    versions: tuple[str, ...] = ()  #: holds only for app versions that start like one of these
    seen: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Every literal and "@word" that the rule reads."""
        return tuple(text for field in (self.text, self.desc, self.label, self.hint) for text in each(field))

    @lazy
    def flags(self) -> tuple[tuple[str, bool], ...]:
        """What the rule asks of a node as the tree says it: attribute and value."""
        asked = ((flag, getattr(self, flag)) for flag in _FLAGS)
        return tuple((flag, wanted) for flag, wanted in asked if wanted is not None)

    @lazy
    def wanted_texts(self) -> tuple[str, ...]:
        """`text`, each "@word" or normalised."""
        return _comparable(self.text)

    @lazy
    def wanted_descs(self) -> tuple[str, ...]:
        """`desc` in the same way."""
        return _comparable(self.desc)

    @lazy
    def wanted_labels(self) -> tuple[str, ...]:
        """`label` in the same way."""
        return _comparable(self.label)

    @lazy
    def anchors(self) -> tuple[str, ...]:
        """The elements beside, around or within which the rule looks."""
        places = (
            self.inside, self.holds, self.row_of, self.column_of, self.right_of, self.left_of, self.above, self.below,
        )  # fmt: skip
        return tuple(name for name in places if name)

    @lazy
    def described(self) -> str:
        """What the rule looks at, in one line for people."""
        parts: list[str] = []
        for name in ("text", "desc", "label", "hint", "id", "cls"):
            value: Texts = getattr(self, name)
            if value:
                parts.append(f"{'class' if name == 'cls' else name} {' | '.join(each(value))}")
        places = ("inside", "corner", "holds", "row_of", "column_of", "right_of", "left_of", "above", "below")
        parts += [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in places if getattr(self, n)]
        if self.zone:
            parts.append("in zone")
        if self.touches:
            parts.append(f"touches {self.touches}")
        flags = ("clickable", "checkable", "checked", "selected", "scrollable", "editable", "empty")
        parts += [n if getattr(self, n) else f"not {n}" for n in flags if getattr(self, n) is not None]
        return ", ".join(parts)

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The elements without which the rule cannot be judged."""
        return (*self.anchors, *self.without)


class Containers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an app names what lies over its screens, in the same window."""

    boxes: tuple[str, ...] = ()  #: resource-ids of sheets and dialogs
    scrims: tuple[str, ...] = ()  #: resource-ids of what takes the touches beside a sheet
    titles: str = ""  #: "@word": what a box calls itself to a screen reader
    dialog_ids: tuple[
        str, ...
    ] = ()  #: ids that only dialogs have; one that ends with "_" stands for all that begin so
    people: tuple[str, ...] = ()  #: elements of pages that show what people wrote

    def over(self, below: Containers) -> Containers:
        """The names of both."""
        return Containers(
            boxes=(*below.boxes, *self.boxes),
            scrims=(*below.scrims, *self.scrims),
            titles=self.titles or below.titles,
            dialog_ids=(*below.dialog_ids, *self.dialog_ids),
            people=(*below.people, *self.people),
        )


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a screen is recognised, and what is tapped there."""

    kind: Kind
    layer: int  #: the screen with the highest layer that fits is the one on top
    all: tuple[str, ...] = ()  #: each of these elements must be there
    any: tuple[str, ...] = ()  #: one of these
    none: tuple[str, ...] = ()  #: none of these
    next: tuple[str, ...] = ()  #: the first of these that is there is tapped
    never: tuple[str, ...] = ()  #: a tap here must not hit any of these
    #: `next` may be tapped only after the commit, or while posting: before and after it, but not in search of a lost post
    phase: Literal["", "after", "posting"] = ""
    #: a sheet or dialog lies over the app; a screen that asks for nothing else is any of them
    cover: bool = False
    #: on a side path: legal only after one of these elements was tapped, or the flow has asked for it
    asked_by: tuple[str, ...] = ()
    error: ErrorCode = ErrorCode.INTERNAL  #: of a human-needed or failure screen
    says: str = ""  #: sentence for people
    trace: bool = (
        False  #: a sign of an upload that may stand there from an earlier one; `all` begins with its element
    )
    seen: str = ""
    off: bool = False  #: an overlay can switch a shipped screen off
    #: an interruption that the shipped files do not know: over a form that was sent it is not touched, and no quiet
    #: after it is proof. Set where files are laid over each other.
    doubtful: bool = False


class ScreensFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file as written."""

    platform: str = ""
    packages: tuple[str, ...] = ()
    covered: tuple[
        str, ...
    ] = ()  #: languages whose words are complete, stop words included; no other is driven
    publishing: tuple[str, ...] = ()  #: elements whose touch publishes
    proof: tuple[str, ...] = ()  #: elements that say what became of a post
    account: tuple[str, ...] = ()  #: elements that say which account the app shows
    containers: Containers = Containers()
    words: dict[str, list[dict[str, str | list[str]]]] = {}
    elements: dict[str, list[Rule]] = {}
    screens: dict[str, Screen] = {}


class Vocabulary(msgspec.Struct, frozen=True, dict=True):
    """Everything known about the screens of one app, checked and ready to be matched."""

    platform: str
    packages: tuple[str, ...]
    covered: tuple[str, ...]
    words: dict[str, Label]
    elements: dict[str, tuple[Rule, ...]]
    screens: tuple[tuple[str, Screen], ...]  #: by layer, topmost first
    containers: Containers = Containers()
    publishing: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    #: what it was before anything of an operator or of lessons was laid over it; None where nothing was
    shipped: Vocabulary | None = None

    @lazy
    def wording(self) -> Wording:
        """Which of the words a text reads like."""
        return Wording(self.words)

    @lazy
    def traces(self) -> tuple[tuple[str, Screen], ...]:
        """The screens that an earlier upload may have left a sign of."""
        return tuple((name, screen) for name, screen in self.screens if screen.trace)

    def screen(self, name: str) -> Screen:
        return dict(self.screens)[name]


def read_file(path: Path) -> ScreensFile:
    """Read one screens file. Raises ScreensInvalid with what is wrong and where."""
    try:
        return msgspec.convert(read_toml(decode_toml(path.read_bytes())), ScreensFile, strict=False)
    except OSError as error:
        raise ScreensInvalid(str(path), [f"cannot be read: {error.strerror or error}"]) from error
    except TomlInvalid as error:
        where = f"line {error.line}: " if error.line else ""
        raise ScreensInvalid(str(path), [f"{where}{error}"]) from error
    except msgspec.ValidationError as error:
        raise ScreensInvalid(str(path), [str(error).replace("`$.", "`")]) from error


def lay_over(below: ScreensFile, above: ScreensFile) -> ScreensFile:
    """Merge two files by name: words add up, rules of `above` are tried first, screens of `above` replace."""
    words = dict(below.words)
    for name, entries in above.words.items():
        words[name] = [*words.get(name, []), *entries]
    elements = dict(below.elements)
    for name, rules in above.elements.items():
        elements[name] = [*rules, *elements.get(name, [])]
    return ScreensFile(
        platform=above.platform or below.platform,
        packages=tuple(dict.fromkeys((*below.packages, *above.packages))),
        covered=tuple(dict.fromkeys((*below.covered, *above.covered))),
        containers=above.containers.over(below.containers),
        publishing=tuple(dict.fromkeys((*below.publishing, *above.publishing))),
        proof=tuple(dict.fromkeys((*below.proof, *above.proof))),
        account=tuple(dict.fromkeys((*below.account, *above.account))),
        words=words,
        elements=elements,
        screens={**below.screens, **above.screens},
    )


def as_plain(file: ScreensFile) -> ScreensFile:
    """The file without its words, elements, screens and the name of its platform: what else stands in it."""
    return msgspec.structs.replace(file, platform="", words={}, elements={}, screens={})


def as_addition(above: ScreensFile) -> ScreensFile:
    """What is laid over the shipped files: its interruptions are doubtful, since they were seen on one hub alone."""
    screens = {
        name: msgspec.structs.replace(screen, doubtful=screen.kind == "interruption")
        for name, screen in above.screens.items()
    }
    return msgspec.structs.replace(above, screens=screens)
