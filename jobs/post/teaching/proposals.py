"""Makes the rules that a lesson may become, the steadiest first: a text in its language, an id with its version, structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from jobs.phone.screen.tree import Node
from jobs.post.screens.checks.guarded import Guarded
from jobs.post.screens.element import is_editable
from jobs.post.screens.labels import normalise
from jobs.post.screens.placement import headings
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Rule, Screen, ScreensFile
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import Lesson, Steadiness, Wish
from jobs.post.teaching.node_rules import NodeRules, clean, shown
from jobs.post.teaching.refusals import Refused
from storage.error_codes import ErrorCode

_NUMBER = re.compile(r"\d+")


class Proposal(NamedTuple):
    """One rule that a lesson may become. `target` is the element that must be found at the node, "" for none."""

    lesson: Lesson
    steadiness: Steadiness
    target: str


class Proposals:
    """The proposals for one wish, on one sight of its tree."""

    def __init__(
        self, wish: Wish, kept: KeptScreen, sight: Sight, *, trusted: ScreensFile, language: str, number: int
    ) -> None:
        """Prepare.

        Args:
            wish: what the person says.
            kept: the screen.
            sight: its tree, read by what counts now.
            trusted: the shipped files with the operator's.
            language: bare code of the language in which the node speaks.
            number: the id that the lesson will have.
        """
        self._wish = wish
        self._kept = kept
        self._sight = sight
        self._file = trusted
        self._language = language
        self._number = number
        self._guarded = Guarded(trusted)
        self._rules = NodeRules(kept, sight.tree)
        self._node = self._read_node()

    def all(self) -> list[Proposal]:
        """Every rule that the lesson may become; nothing is checked yet.

        Raises:
            Refused: the wish names what is not there.
        """
        makers = {
            "dialog": self._dialog,
            "person": self._person,
            "element": self._element,
            "translation": self._translation,
        }
        found = list(makers[self._wish.means]())
        if not found:
            raise Refused(
                "node",
                "nothing at this node could be found again: it has no text, no id and no place of its own",
            )
        return found

    # -- the node ------------------------------------------------------------------------------------------

    def _read_node(self) -> Node | None:
        nodes = self._sight.tree.nodes
        if self._wish.node == -1:
            if self._wish.means != "person":
                raise Refused("node", "is missing: say which node of the picture is meant")
            return None
        if not 0 <= self._wish.node < len(nodes):
            raise Refused("node", f"must be between 0 and {len(nodes) - 1}")
        return self._speaking(nodes[self._wish.node])

    def _speaking(self, node: Node) -> Node:
        """The label of a box that says nothing itself and holds a single one."""
        if node.text or node.content_desc or is_editable(node):
            return node
        labels = [n for n in node.walk() if (n.text or n.content_desc) and n.visible]
        return labels[0] if len({normalise(n.text or n.content_desc) for n in labels}) == 1 else node

    @property
    def _there(self) -> Node:
        if self._node is None:
            raise Refused("node", "is missing: say which node of the picture is meant")
        return self._node

    # -- elements ------------------------------------------------------------------------------------------

    def _known_element(self) -> str:
        name = self._wish.name
        if name not in self._file.elements:
            raise Refused(
                "name", f"there is no element {name!r}" if name else "is missing: say which element it is"
            )
        if self._wish.of_screen:
            self._check_screen(name, self._wish.of_screen)
        return name

    def _check_screen(self, element: str, name: str) -> None:
        """The screen on which an element is said to stand must be one that has it: else another element is meant."""
        screen = self._file.screens.get(name)
        if screen is None:
            raise Refused("of_screen", f"there is no screen {name!r}")
        if element not in (*screen.all, *screen.any, *screen.next, *screen.never):
            raise Refused(
                "of_screen", f"{name} has no {element}: say on which screen it stands, or leave this out"
            )

    def _element(self) -> Iterator[Proposal]:
        name, node = self._known_element(), self._there
        yield from self._by_word(name, node)
        if self._language not in self._file.covered and not self._taught_language():
            return  # in a language that is not covered the places of the shipped rules are kept
        yield from self._by_own_rule(name, node)

    def _taught_language(self) -> bool:
        return self._language in self._sight.index.vocabulary.covered

    def _translation(self) -> Iterator[Proposal]:
        name, node = self._known_element(), self._there
        if self._language in self._file.covered:
            raise Refused(
                "language",
                f"{self._language!r} is known to the shipped files: teach the element, not a translation",
            )
        found = list(self._by_word(name, node, translation=True))
        if not found:
            raise Refused("name", f"{name} is found without any word: there is nothing to translate")
        yield from found

    def _by_word(self, name: str, node: Node, *, translation: bool = False) -> Iterator[Proposal]:
        """The text becomes one more wording of a word by which the element is found."""
        seen: set[tuple[str, str]] = set()
        for rule in self._file.elements[name]:
            for field in ("text", "desc", "label", "hint"):
                texts = getattr(rule, field)
                for text in (texts,) if isinstance(texts, str) else texts:
                    says = shown(node, field)
                    if not text.startswith("@") or not says or (text, says) in seen:
                        continue
                    seen.add((text, says))
                    yield self._word(text[1:], says, name, translation=translation)
                    if _NUMBER.search(says) and self._has_numbers(text[1:]):
                        pattern = (
                            "/^" + r"\d+".join(re.escape(p) for p in _NUMBER.split(normalise(says))) + "$/"
                        )
                        yield self._word(text[1:], pattern, name, translation=translation)

    def _has_numbers(self, word: str) -> bool:
        entries = self._file.words.get(word, [])
        return any("\\d" in str(v) for entry in entries for k, v in entry.items() if k != "seen")

    def _word(self, word: str, text: str, element: str, *, translation: bool) -> Proposal:
        sentence = f'"{text}" is one more wording of "{word}", by which {element} and others are found'
        lesson = self._lesson(
            name=element,
            sentence=sentence,
            words={word: [{self._language: text, "seen": self._rules.seen}]},
            means="translation" if translation else self._wish.means,
        )
        return Proposal(lesson, "text", element)

    def _by_own_rule(self, name: str, node: Node) -> Iterator[Proposal]:
        for field in ("text", "desc"):
            says = shown(node, field)
            if says and not is_editable(node):
                rule = Rule(editable=False, zone=self._rules.zone(node), seen=self._rules.seen)
                rule = msgspec.structs.replace(rule, **{field: says})
                yield self._own(
                    name, rule, "text", f'the {field} "{says}" in this part of the screen is {name}'
                )
        by_id = self._rules.by_id(node)
        if by_id is not None:
            where = f"the node with the id {node.id_name} is {name}, in version {self._kept.app_version}"
            yield self._own(name, by_id, "id", where)
        rule = self._rules.by_structure(node)
        yield self._own(name, rule, "structure", f"what stands in this place, and looks alike, is {name}")

    def _own(self, name: str, rule: Rule, steadiness: Steadiness, sentence: str) -> Proposal:
        return Proposal(self._lesson(name=name, sentence=sentence, elements={name: [rule]}), steadiness, name)

    # -- dialogs and screens for a person -----------------------------------------------------------------

    def _dialog(self) -> Iterator[Proposal]:
        node, index = self._there, self._sight.index
        cover = index.cover
        if self._sight.kind in ("human", "success", "failure", "progress"):
            raise Refused("screen", f"this screen is {self._sight.name}, which no lesson may close")
        if cover is None and not index.in_dialog_window:
            raise Refused(
                "screen", "no sheet or dialog lies over the app here; a page is left by the flow, not closed"
            )
        if cover is not None and node not in cover.nodes:
            raise Refused("node", "is not part of the sheet or dialog that lies on top")
        name = f"taught_dialog_{self._number}"
        head = self._heading("dialog")
        if normalise(head.text) == normalise(node.text or node.content_desc):
            raise Refused("node", "is the heading of the sheet: choose what closes it")
        text = Rule(text=clean(head.text), place="dialog", editable=False, seen=self._rules.seen)
        says = clean(node.text or node.content_desc)
        closes: list[tuple[Steadiness, Rule, str]] = []
        if says:
            button = index.app_says(node, "button")
            rule = Rule(
                label=says,
                editable=False,
                place="button" if button else "",
                zone=None if button else self._rules.zone(node),
                seen=self._rules.seen,
            )
            closes.append(("text", rule, f'touches "{says}"'))
        by_id = self._rules.by_id(node)
        if by_id is not None:
            closes.append(("id", by_id, f"touches the node with the id {node.id_name}"))
        if node.clickable:
            closes.append(("structure", self._rules.by_structure(node), "touches what stands in this place"))
        for steadiness, close, does in closes:
            yield Proposal(
                self._lesson(
                    name=name,
                    sentence=f'where a sheet or dialog is headed "{clean(head.text)}", {does} and goes on',
                    elements={f"{name}_text": [text], f"{name}_close": [close]},
                    screens={
                        name: Screen(
                            kind="interruption",
                            layer=self._guarded.human_floor - 1,
                            cover=cover is not None,
                            all=(f"{name}_text", f"{name}_close"),
                            next=(f"{name}_close",),
                            seen=self._rules.seen,
                        )
                    },
                ),
                steadiness,
                f"{name}_close",
            )  # fmt: skip

    def _person(self) -> Iterator[Proposal]:
        node, index = self._node, self._sight.index
        if self._sight.kind in ("success", "failure", "progress"):
            raise Refused("screen", f"this screen is {self._sight.name}, which says what became of a post")
        place = "dialog" if index.cover is not None else "app"
        head = node if node is not None and node.text else self._heading(place)
        if not index.app_says(head, "dialog"):
            place = "app"
            if not index.app_says(head, "app"):
                raise Refused(
                    "node",
                    f'"{clean(head.text)}" stands where people\'s texts stand: every post that says so would be stopped',
                )
        name = f"taught_person_{self._number}"
        says = self._wish.sentence.strip() or f'the app shows "{clean(head.text)}"'
        yield Proposal(
            self._lesson(
                name=name,
                sentence=f'where it says "{clean(head.text)}", the post stops and a person is asked',
                elements={f"{name}_text": [Rule(text=clean(head.text), editable=False, place=place, seen=self._rules.seen)]},  # type: ignore[arg-type]
                screens={
                    name: Screen(
                        kind="human",
                        layer=self._guarded.human_floor,
                        all=(f"{name}_text",),
                        error=ErrorCode.PERSON_NEEDED,
                        says=says,
                        seen=self._rules.seen,
                    )
                },
            ),
            "text",
            f"{name}_text",
        )  # fmt: skip

    def _heading(self, place: str) -> Node:
        index = self._sight.index
        nodes = index.cover.nodes if index.cover is not None else index.nodes
        found = [n for n in headings(nodes) if n.text and not is_editable(n)]
        if not found:
            what = "sheet or dialog" if place == "dialog" else "page"
            raise Refused("screen", f"nothing is written here by which the {what} could be told")
        return min(found, key=lambda n: n.order)

    def _lesson(self, **more: object) -> Lesson:
        facts: dict[str, object] = {
            "id": self._number,
            "means": self._wish.means,
            "screen": self._kept.id,
            "picture": self._kept.picture,
            "app_version": self._kept.app_version,
            "language": self._language,
            "source": self._kept.source,
            "source_id": self._kept.source_id,
        }
        return Lesson(**(facts | more))  # type: ignore[arg-type]
