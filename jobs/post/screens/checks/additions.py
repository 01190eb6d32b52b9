"""Judges what is to be laid over a screens file by its text alone: what it names, what its rules read, what it replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobs.hub.platforms import platform_of
from jobs.post.screens.checks.guarded import ENDINGS, Guarded
from jobs.post.screens.checks.hard_words import hard_words, is_hard
from jobs.post.screens.labels import normalise
from jobs.post.screens.screens_file import Rule, Screen, ScreensFile, each, lay_over
from storage.error_codes import ErrorCode

#: A rule without words and ids must look at no larger part of the screen than this.
LARGEST_ZONE = 0.25
#: An id prefix of dialogs is at least this long: a shorter one fits every id.
SHORTEST_PREFIX = 4
#: Texts that no pattern may read all of: they have nothing in common.
_MIXED = (
    "ok",
    "home",
    "a video of us",
    "12:30",
    "@someone",
    "3 of 5",
    "it is raining",
    "weiter",
    "次へ",
    "далее",
)
_NAME, _CODE = re.compile(r"[a-z][a-z0-9_]{0,59}"), re.compile(r"[a-z]{2,3}")
#: Characters of a lesson's texts, and of the sentence for people.
LONGEST_TEXT, LONGEST_SAYING = 200, 300
#: A text with its numbers left open, the only pattern that lessons may have: "/^next \\(\\d+\\)$/". No number stands
#: beside another: a long row of digits could be shared out between them in more ways than a look has time for.
_OPEN_NUMBERS = re.compile(r"\^(?:[^\\^$.|?*+()\[\]{}]|\\[^\w]|\\d\+(?!\d|\\d))+\$")

_USES = {
    "publish": "what a publishing button reads",
    "stop": "what a refusal or a question for a person reads",
    "proof": "what counts as proof of a post",
    "way": "what another part of the app reads",
}
_ACCOUNT = "by this it is told which account the app shows, so that no post is made under another one; no lesson changes that"


def objections(base: ScreensFile, above: ScreensFile, *, lesson: bool = False) -> list[str]:
    """Why this must not be laid over `base`, as sentences; [] where nothing speaks against it.

    Args:
        base: trusted, whole and good by itself.
        above: what is to be laid over it.
        lesson: it was taught, not written by an operator: then even more is out of reach.
    """
    return list(dict.fromkeys(_Judge(Guarded(base, lay_over(base, above)), above, lesson=lesson).all()))


class _Judge:
    def __init__(self, guarded: Guarded, above: ScreensFile, *, lesson: bool) -> None:
        self._guarded = guarded
        self._base = guarded.file
        self._above = above
        self._lesson = lesson
        #: elements that only tell screens for a person, whose headings may read anything
        self._headings = {
            e
            for s in above.screens.values()
            if s.kind == "human"
            for e in (*s.all, *s.any)
            if e not in self._base.elements
        } - {e for s in above.screens.values() for e in s.next}

    def all(self) -> Iterator[str]:
        yield from self._head()
        if self._lesson:
            yield from self._bounds()
        for word, entries in self._above.words.items():
            for language, text in _texts(entries):
                yield from self._word(word, language, text)
        for name, rules in self._above.elements.items():
            yield from self._element(name)
            for number, rule in enumerate(rules, 1):
                yield from self._rule(name, f"elements.{name} rule {number}", rule)
        for name, screen in self._above.screens.items():
            yield from self._screen(name, screen)

    # -- the head of the file ------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        above, platform = self._above, self._base.platform
        if above.platform and above.platform != platform:
            yield f"platform: this file is laid over that of {platform}, not of {above.platform}"
        for package in above.packages:
            if platform_of(package) != platform:
                yield f"packages: {package} is not a build of {platform}; rules would tap at another app"
        for key, names in (
            ("publishing", above.publishing),
            ("proof", above.proof),
            ("account", above.account),
        ):
            if names:
                yield f"{key}: only the shipped file says this"
        containers = above.containers
        for i in containers.dialog_ids:
            if len(i) < SHORTEST_PREFIX:
                yield f"containers.dialog_ids: {i!r} is too short to name dialogs alone"
        for element in containers.people:
            if element in self._guarded.endings:
                yield f"containers.people: {element} tells a refusal: on such a page refusals would no longer count"
        if containers.titles:
            yield "containers.titles: only the shipped file says this"
        if self._lesson and (above.packages or above.covered or containers != type(containers)()):
            yield "a lesson teaches words, elements and screens alone"

    def _bounds(self) -> Iterator[str]:
        """What a lesson may be called, and how long its texts may be."""
        above = self._above
        for name in (*above.words, *above.elements, *above.screens):
            if not _NAME.fullmatch(name):
                yield f"{name[:60]!r} is no name: names are up to 60 small letters, digits and _"
        texts = [text for entries in above.words.values() for _, text in _texts(entries)]
        texts += [text for rules in above.elements.values() for rule in rules for text in rule.texts]
        for text in texts:
            if len(text) > LONGEST_TEXT or not text.isprintable():
                yield f"{text[:40]!r}: a text has one line and at most {LONGEST_TEXT} characters"
        for screen in above.screens.values():
            if len(screen.says) > LONGEST_SAYING or not screen.says.isprintable():
                yield f"`says` has one line and at most {LONGEST_SAYING} characters"
        languages = {key for entries in above.words.values() for entry in entries for key in entry}
        for language in languages - {"seen", "any"}:
            if not _CODE.fullmatch(language):
                yield f"{language[:20]!r} is no language: languages are codes of two or three letters"

    # -- words ---------------------------------------------------------------------------------------------

    def _word(self, word: str, language: str, text: str) -> Iterator[str]:
        where = f"words.{word}"
        kind = self._guarded.words.get(word)
        shipped = language == "any" or language in self._base.covered
        if kind == "proof" and (self._lesson or shipped):
            yield f"{where}: it is {_USES[kind]}, and only the shipped file says that"
        elif self._lesson and kind is not None and shipped:
            yield f"{where}: it is {_USES[kind]}; in this language the shipped file knows it, and no lesson changes that"
        if self._lesson and word in self._guarded.account_words:
            yield f"{where}: {_ACCOUNT}"
        if self._lesson and word not in self._base.words:
            yield f"{where}: no screen reads this word"
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            yield from self._pattern(where, word, text[1:-1])
            return
        if not normalise(text):
            yield f"{where}: an empty text reads nothing"
            return
        clash, use = self._guarded.clash(word, text)
        if clash:
            yield f'{where}: "{text}" is {_USES[use]} (the word {clash})'
        if kind is None and is_hard(text) and not self._reads_hard(word):
            yield f'{where}: a button that reads "{text}" may publish, pay or delete'

    def _reads_hard(self, word: str) -> bool:
        """Whether the trusted file itself has such texts in this word, or shares them with a guarded one."""
        if any(is_hard(text.strip("/^")) for _, text in _texts(self._base.words.get(word, []))):
            return True
        return any(
            self._guarded.alike(word, name) for name, kind in self._guarded.words.items() if kind == "publish"
        )

    def _pattern(self, where: str, word: str, pattern: str) -> Iterator[str]:
        if self._lesson and (not _OPEN_NUMBERS.fullmatch(pattern) or pattern.count("\\d") > 4):
            yield f"{where}: a lesson has whole texts; only their numbers may be left open"
            return
        try:
            compiled = re.compile(pattern)
        except re.error:
            return  # told by the check of the whole file
        if sum(compiled.search(text) is not None for text in _MIXED) > 1:
            yield f"{where}: /{pattern}/ reads nearly everything"
            return
        for name, use in self._guarded.words.items():
            if not self._guarded.alike(word, name) and any(
                compiled.search(t) for t in self._guarded.texts(name)
            ):
                yield f"{where}: /{pattern}/ reads {_USES[use]} (the word {name})"
        if word not in self._guarded.words and not self._reads_hard(word):
            found = next((t for t in sorted(hard_words()) if compiled.search(t)), "")
            if found:
                yield f'{where}: /{pattern}/ reads "{found}": such a button may publish, pay or delete'

    # -- elements ------------------------------------------------------------------------------------------

    def _element(self, name: str) -> Iterator[str]:
        if self._lesson and name in self._guarded.sealed:
            use = "publishes" if name in self._base.publishing else "says what became of a post, or stops it"
            yield f"elements.{name}: it {use}; no lesson changes by what it is found"
        elif self._lesson and name in self._guarded.account:
            yield f"elements.{name}: {_ACCOUNT}"
        elif name in self._guarded.proof:
            yield f"elements.{name}: it says what became of a post, and only the shipped file says by what it is found"

    def _rule(self, name: str, where: str, rule: Rule) -> Iterator[str]:
        if not _telling(rule):
            yield f"{where}: matches nearly everything: give it a text, an id, or an element beside it and a size"
        if rule.package and (self._lesson or not (rule.id or rule.texts)):
            yield f"{where}: looks at other apps' windows"
        own = {t[1:] for r in self._base.elements.get(name, ()) for t in r.texts if t.startswith("@")}
        for text in rule.texts:
            if text.startswith("@"):
                word = text[1:]
                use = self._guarded.words.get(word)
                if use and word not in own and name not in self._headings:
                    yield f"{where}: the word {word} is {_USES[use]}"
                continue
            if not normalise(text):
                yield f"{where}: an empty text reads nothing"
                continue
            clash, use_of = self._guarded.clash("", text)
            if clash and clash not in own and name not in self._headings:
                yield f'{where}: "{text}" is {_USES[use_of]} (the word {clash})'
            elif name not in self._headings and name not in self._base.publishing and is_hard(text):
                yield f'{where}: a button that reads "{text}" may publish, pay or delete'

    # -- screens -------------------------------------------------------------------------------------------

    def _screen(self, name: str, screen: Screen) -> Iterator[str]:
        where = f"screens.{name}"
        known = self._base.screens.get(name)
        if known is not None and known.kind in ENDINGS:
            yield f"{where}: it stops or ends posts, and only the shipped file says how"
            return
        if known is None and screen.kind in ("success", "progress", "failure"):
            yield f"{where}: only the shipped file says what counts as proof or as a failure"
            return
        if self._lesson and (known is not None or screen.off or screen.kind not in ("interruption", "human")):
            yield f"{where}: a lesson adds dialogs and screens for a person, and replaces nothing"
            return
        if self._lesson and screen.kind == "human" and screen.error is not ErrorCode.PERSON_NEEDED:
            # Another error may say after the publishing tap that nothing was published, and the post is made again.
            yield f"{where}: the error of a screen that a lesson adds is {ErrorCode.PERSON_NEEDED}"
        if screen.off:
            if known is None:
                yield f"{where}: there is no such screen to switch off"
            return
        if known is not None:
            yield from self._replaced(where, known, screen)
        elif screen.kind == "interruption" and screen.phase:
            yield f"{where}: only the shipped file says what is answered after the publishing tap"
        if screen.kind in ("path", "interruption"):
            if screen.layer >= self._guarded.human_floor and (known is None or screen.layer != known.layer):
                yield f"{where}: its layer must be below {self._guarded.human_floor}: above lie the screens that stop a post"
            if not screen.all and not screen.any and known is None:
                yield f"{where}: would fit every sheet: say with `all` what it shows"
            yield from self._touched(where, known, screen)

    def _replaced(self, where: str, known: Screen, screen: Screen) -> Iterator[str]:
        if screen.kind != known.kind:
            yield f"{where}: it is of kind {known.kind}, and stays that"
        if screen.phase != known.phase:
            yield f"{where}: `phase` says when it may be answered, and stays as it is"
        lost = [e for e in known.never if e not in screen.never]
        if lost:
            yield f"{where}: `never` has no {', '.join(lost)} any more"
        if known.asked_by and not screen.asked_by:
            yield f"{where}: `asked_by` may not go: the screen would count without being asked for"

    def _touched(self, where: str, known: Screen | None, screen: Screen) -> Iterator[str]:
        before = known.next if known is not None else ()
        for element in screen.next:
            if element in screen.never:
                yield f"{where}: {element} stands in `next` and in `never`"
            if element in before:
                continue
            if element in self._base.publishing:
                yield f"{where}: {element} publishes, and only the code behind the commit point may touch it"
            elif element in self._guarded.sealed:
                yield f"{where}: {element} says what became of a post: it is not touched"
            elif any(element in s.never for s in self._base.screens.values()):
                yield f"{where}: {element} stands under `never` of another screen"


def _telling(rule: Rule) -> bool:
    """Whether a rule says enough to find one thing rather than everything."""
    if rule.id or rule.texts:
        return True
    zone = rule.zone
    small = zone is not None and (zone[2] - zone[0]) * (zone[3] - zone[1]) <= LARGEST_ZONE
    beside = bool(rule.anchors)
    kind = bool(rule.cls) or bool(rule.flags) or rule.editable is not None
    sized = rule.max_size is not None or rule.min_size is not None or bool(rule.corner)
    return kind and ((small and (sized or rule.touches is not None)) or (beside and (small or sized)))


def _texts(entries: list[dict[str, str | list[str]]]) -> Iterator[tuple[str, str]]:
    """Language and wording of each entry of a word."""
    for entry in entries:
        for language, value in entry.items():
            if language != "seen":
                yield from (
                    (language, text) for text in each(tuple(value) if isinstance(value, list) else value)
                )
