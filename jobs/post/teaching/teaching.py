"""Teaching as a whole: what waits for a lesson, what a lesson becomes, which lessons count, and putting them in force."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence

import msgspec

from jobs.hub.platforms import PLATFORMS
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.phone.screen.tree import UiTree
from jobs.post.screens.checks.guarded import Guarded, missing_words
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import ScreensInvalid, Vocabulary
from jobs.post.screens.vocabularies import taught_languages
from jobs.post.teaching.exchange import taken_apart
from jobs.post.teaching.kept_screens import MAX_WAITING, KeptScreen, KeptScreens, of_the_app
from jobs.post.teaching.languages import Language, language_state
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.lessons import MAX_TEXT, Lesson, Steadiness, Wish, laid
from jobs.post.teaching.proposals import Proposal, Proposals, Refused
from jobs.post.teaching.toml_text import screens_toml
from jobs.post.teaching.trial import Ground, Tried, found_at, read
from jobs.post.teaching.unread import Unread, unread

_LOG = logging.getLogger(__name__)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
#: Wordings of one word that are given at once, and readings that are remembered.
MAX_WORDINGS, MAX_READINGS = 12, 500
#: The most rules of one lesson that are looked at.
MAX_PROPOSALS = 8


class Waiting(msgspec.Struct, frozen=True):
    """A kept screen that waits for a lesson, or did."""

    kept: KeptScreen
    read_as: str  #: what counts now reads it as; "" for nothing
    kind: str
    taught: bool  #: it was not known when it came, and is now


class Proposed(msgspec.Struct, frozen=True):
    """What a lesson would become."""

    chosen: Lesson
    steadiness: Steadiness
    rule: int
    tried: Tried
    alternatives: list[tuple[int, Lesson, Steadiness]]
    reads: str  #: what the screen would be read as then


class Teaching:
    """From what a person says to a lesson that counts. Thread-safe; one trial at a time, since it reads every known screen."""

    def __init__(self, book: LessonBook, kept: KeptScreens) -> None:
        """`book` has the lessons, `kept` the screens of rehearsals and failed tasks."""
        self.book = book
        self._kept = kept
        self._readings: dict[tuple[str, int], tuple[str, str]] = {}

    # -- what waits ----------------------------------------------------------------------------------------

    def waiting(self, platform: str = "", serial: str = "") -> list[Waiting]:
        """The screens that wait for a lesson and those that got one, the newest first."""
        found = []
        readers: dict[str, Vocabulary] = {}
        wanted = [
            kept
            for kept in self._kept.all()
            if kept.sentence and platform in ("", kept.platform) and serial in ("", kept.serial)
        ]
        for kept in sorted(wanted, key=lambda k: -k.taken_at)[:MAX_WAITING]:
            reading = self._reading(kept, readers)
            if reading is not None:
                found.append(_waiting(kept, *reading))
        return found

    def _reading(self, kept: KeptScreen, readers: dict[str, Vocabulary]) -> tuple[str, str] | None:
        """Name and kind of a kept screen as what counts now reads it; None for what is no screen of the app."""
        key = (kept.id, self.book.stand)
        known = self._readings.get(key)
        if known is None:
            tree = self._kept.tree(kept)
            if tree is None or not of_the_app(tree, kept.platform):
                known = ("", "none")
            else:
                if kept.platform not in readers:
                    readers[kept.platform] = self.book.reader(kept.platform)
                sight = read(readers[kept.platform], kept, tree)
                known = (sight.name, sight.kind)
            if len(self._readings) >= MAX_READINGS:
                self._readings.clear()
            self._readings[key] = known
        return None if known[1] == "none" else known

    def screen(self, name: str) -> tuple[Waiting, Sight]:
        """One kept screen with its tree as it is read now.

        Raises:
            NotFound: there is none of this id, or its tree is gone.
        """
        kept, tree = self._find(name)
        sight = read(self.book.reader(kept.platform), kept, tree)
        return _waiting(kept, sight.name, sight.kind), sight

    def _find(self, name: str) -> tuple[KeptScreen, UiTree]:
        kept = self._kept.find(name)
        tree = self._kept.tree(kept) if kept is not None else None
        if kept is None or tree is None:
            raise NotFound(Problem("screen", f"there is no kept screen {name[:80]!r}, or its tree is gone"))
        return kept, tree

    def unread(self, name: str) -> list[Unread]:
        """What of a kept screen a person may point at, because the app's language lacks it; the likeliest screen first.

        Raises:
            NotFound: there is none of this id, or its tree is gone.
        """
        kept, tree = self._find(name)
        with self.book.lock:
            ground, on = self._ground(kept.platform), self.book.on(kept.platform)
        if not kept.language or kept.language in ground.trusted.covered:
            return []
        merged = ground.merged(on)
        return unread(merged, read(ground.vocabulary(on), kept, tree), kept.language)

    # -- lessons -------------------------------------------------------------------------------------------

    def propose(self, wish: Wish) -> Proposed:
        """What a lesson would become, tried on every known screen; nothing is changed.

        Raises:
            Invalid: it becomes no rule; the field is named.
            NotFound: there is no such screen.
        """
        kept, tree = self._find(wish.screen)
        with self.book.lock, told():
            ground = self._ground(kept.platform)
            on = self.book.on(kept.platform)
            now = ground.vocabulary(on)
            sight = read(now, kept, tree)
            language = wish.language or kept.language or "en"
            if not _LANGUAGE.fullmatch(language):
                raise Refused("language", 'must be a code of two or three letters, as "nl"')
            made = Proposals(
                wish, kept, sight, trusted=ground.trusted, language=language, number=self.book.next_id()
            ).all()
            good = self._that_find(made[:MAX_PROPOSALS], ground, on, tree, kept=kept, wish=wish)
            if not 0 <= wish.rule < len(good):
                raise Refused("rule", f"must be between 0 and {len(good) - 1}")
            chosen = good[wish.rule]
            tried = ground.try_out([*on, chosen.lesson], on)
            reads = read(ground.vocabulary([*on, chosen.lesson]), kept, tree)
            others = [(n, p.lesson, p.steadiness) for n, p in enumerate(good) if n != wish.rule]
            return Proposed(chosen.lesson, chosen.steadiness, wish.rule, tried, others, reads.name)

    def _that_find(
        self,
        made: Sequence[Proposal],
        ground: Ground,
        on: Sequence[Lesson],
        tree: UiTree,
        *,
        kept: KeptScreen,
        wish: Wish,
    ) -> list[Proposal]:
        """Those by which the element is found at the very node. Raises Refused when none of them does."""
        good = []
        why = ""
        for proposal in made:
            try:
                vocabulary = ground.vocabulary([*on, proposal.lesson])
            except ScreensInvalid as error:
                why = why or error.problems[0]
                continue
            target = proposal.target
            if wish.node >= 0 and wish.means != "person":
                node = tree.nodes[wish.node]
                sight = read(vocabulary, kept, tree)
                if not found_at(vocabulary, tree, kept.app_version, target, node) and not _holds(
                    sight, target, node
                ):
                    why = why or _not_found(sight, target)
                    continue
                self._check_publishing(ground, sight, target)
            good.append(proposal)
        if not good:
            raise Refused("node", why or "by no rule is it found at this node")
        return good

    def _check_publishing(self, ground: Ground, sight: Sight, target: str) -> None:
        """The publishing button of a form is taught from a picture that is read as that form, and from no other."""
        if target not in ground.trusted.publishing:
            return
        forms = [n for n, s in ground.trusted.screens.items() if s.kind == "path" and target in s.next]
        if forms and sight.name not in forms:
            raise Refused(
                "screen",
                f"this picture is read as {sight.name or 'nothing known'}, not as {' or '.join(forms)}: teach the other parts "
                f"of that screen first, or choose a picture of it",
            )

    def teach(self, wish: Wish, by: str) -> Lesson:
        """Accept a lesson; it counts from the next post or rehearsal on.

        Raises:
            Invalid: it is refused, with every sentence.
            NotFound: there is no such screen.
            StoreFailed: it cannot be kept; nothing has changed.
        """
        kept, _ = self._find(wish.screen)
        with self.book.lock:
            proposed = self.propose(wish)
            _refuse("node", proposed.tried.refused)
            return self.book.add(kept.platform, [proposed.chosen], by)[0]

    def translate(
        self,
        screen: str,
        language: str,
        texts: Mapping[str, int],
        by: str,
        *,
        dry_run: bool = False,
    ) -> list[Lesson]:
        """Take several texts of one screen at once: by element the node that is it. All or none, in whatever order.

        Raises:
            Invalid: one is refused; the field names which.
            NotFound: there is no such screen.
            StoreFailed: they cannot be kept; nothing has changed.
        """
        kept, tree = self._find(screen)
        language = language or kept.language
        with self.book.lock, told():
            if not _LANGUAGE.fullmatch(language):
                raise Refused("language", 'must be a code of two or three letters, as "nl"')
            ground, on = self._ground(kept.platform), self.book.on(kept.platform)
            first = self.book.next_id()
            taken: dict[str, Lesson] = {}
            while len(taken) < len(texts):
                why: dict[str, Refused] = {}
                before = len(taken)
                for name, node in texts.items():
                    if name in taken:
                        continue
                    wish = Wish(screen=screen, means="translation", node=node, name=name, language=language)
                    so_far = [*on, *taken.values()]
                    sight = read(ground.vocabulary(so_far), kept, tree)
                    try:
                        made = Proposals(
                            wish,
                            kept,
                            sight,
                            trusted=ground.trusted,
                            language=language,
                            number=first + len(taken),
                        ).all()
                        good = self._that_find(
                            made[:MAX_PROPOSALS], ground, so_far, tree, kept=kept, wish=wish
                        )
                        taken[name] = good[0].lesson
                    except Refused as refused:  # another one may have to come first
                        why[name] = refused
                if len(taken) == before:
                    raise Invalid(
                        [Problem(f"texts.{name[:60]}.{one.field}", str(one)) for name, one in why.items()]
                    )
            lessons = list(taken.values())
            _refuse("texts", ground.try_out([*on, *lessons], on).refused)
            return lessons if dry_run or not lessons else self.book.add(kept.platform, lessons, by)

    def teach_words(
        self,
        platform: str,
        language: str,
        words: Mapping[str, Sequence[str]],
        by: str,
        *,
        dry_run: bool = False,
    ) -> list[Lesson]:
        """Give the wordings of words by which refusals are recognised, for a language that is not covered yet.

        Raises:
            Invalid: a word is none of these, or a wording is refused.
            StoreFailed: they cannot be kept.
        """
        with self.book.lock, told():
            ground = self._ground(platform)
            if not _LANGUAGE.fullmatch(language) or language == "any":
                raise Refused("language", 'must be a code of two or three letters, as "nl"')
            if language in ground.trusted.covered:
                raise Refused("language", f"{language!r} is covered by the files already")
            kinds = Guarded(ground.trusted).words
            lessons: list[Lesson] = []
            number = self.book.next_id()
            for word, texts in words.items():
                if kinds.get(word) != "stop":
                    known = ", ".join(sorted(w for w, kind in kinds.items() if kind == "stop"))
                    raise Refused(
                        f"words.{word[:60]}", f"is no word that is given so; such words are {known}"
                    )
                clean = [" ".join(text.split()) for text in texts]
                if not clean or len(clean) > MAX_WORDINGS or not all(0 < len(t) <= MAX_TEXT for t in clean):
                    raise Refused(
                        f"words.{word}",
                        f"needs one to {MAX_WORDINGS} wordings of at most {MAX_TEXT} characters",
                    )
                lessons.append(
                    Lesson(
                        id=number + len(lessons),
                        means="word",
                        name=word,
                        language=language,
                        sentence=f'"{clean[0]}" is what "{word}" reads in {language}',
                        words={word: [{language: clean, "seen": "given by a person"}]},
                    )
                )
            on = self.book.on(platform)
            tried = ground.try_out([*on, *lessons], on)
            _refuse("words", tried.refused)
            return lessons if dry_run or not lessons else self.book.add(platform, lessons, by)

    def switch(self, number: int, *, on: bool) -> tuple[str, Lesson]:
        """Switch a lesson on or off; switching on runs every check again.

        Raises:
            NotFound: there is no such lesson.
            Invalid: it is refused.
            StoreFailed: it cannot be kept.
        """
        with self.book.lock, told():
            platform, lesson = self.book.find(number)
            if on and not lesson.on:
                again = msgspec.structs.replace(lesson, on=True)
                others = [one for one in self.book.on(platform) if one.id != number]
                together = sorted([*others, again], key=lambda one: one.id)
                _refuse("on", self._ground(platform).try_out(together, others).refused)
            return self.book.switch(number, on=on)

    def import_file(self, platform: str, text: str, by: str, *, dry_run: bool) -> tuple[list[Lesson], Tried]:
        """Take the lessons of a file, all or none.

        Raises:
            Invalid: it is no such file, or (but for a dry run) it is refused.
            StoreFailed: they cannot be kept.
        """
        with self.book.lock, told():
            number = self.book.next_id()
            on = self.book.on(platform)
            lessons = taken_apart(platform, text, first=number, present=on)
            self.book.check_room(platform, len(lessons))
            tried = self._ground(platform).try_out([*on, *lessons], on)
            if dry_run:
                return lessons, tried
            _refuse("toml", tried.refused)
            return (self.book.add(platform, lessons, by) if lessons else []), tried

    def languages(self, platform: str = "", language: str = "") -> list[Language]:
        """How far each language is that is covered, was taught, or was seen on a kept screen; or the one that is asked for."""
        found = []
        for name in PLATFORMS:
            if platform not in ("", name):
                continue
            with self.book.lock:
                ground, on = self._ground(name), self.book.on(name)
            merged = ground.merged(on)
            if language:
                wanted = [language]
            else:
                seen = {kept.language for kept in self._kept.all() if kept.platform == name} - {""}
                wanted = list(dict.fromkeys((*merged.covered, *sorted({*taught_languages(laid(on)), *seen}))))
            found += [language_state(name, one, ground.trusted, merged, on) for one in wanted]
        return found

    def covered(self, platform: str, language: str) -> tuple[bool, list[str]]:
        """Whether tasks run in a language, and the words that it lacks."""
        merged = self._ground(platform).merged(self.book.on(platform))
        return language in merged.covered, list(missing_words(merged, language))

    def _ground(self, platform: str) -> Ground:
        if platform not in PLATFORMS:
            raise Invalid(Problem("platform", f"must be one of {', '.join(PLATFORMS)}"))
        return Ground(self.book.trusted[platform], self._kept)


class told:  # noqa: N801 - used like a function
    """Turns what a lesson is refused for into an answer that names the field."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Refused):
            raise Invalid(Problem(error.field, str(error))) from error
        if isinstance(error, ScreensInvalid):
            raise Invalid([Problem("", f"{error.file}: {problem}") for problem in error.problems]) from error


def toml_of(lesson: Lesson) -> str:
    """What a lesson adds, as it would stand in a screens file."""
    return screens_toml(lesson.part)


def _waiting(kept: KeptScreen, name: str, kind: str) -> Waiting:
    was_known = kept.kind != "unknown" and kept.read_as != "some_sheet"
    known = bool(name) and name != "some_sheet"
    return Waiting(kept, name, kind, taught=known and not was_known)


def _refuse(field: str, sentences: Sequence[str]) -> None:
    if sentences:
        raise Invalid([Problem(field, sentence) for sentence in sentences])


def _holds(sight: Sight, target: str, node: object) -> bool:
    """Whether one of several finds of an element is the node, as with the cells of a grid."""
    return any(found.node is node for found in sight.index.find_all(target))


def _not_found(sight: Sight, target: str) -> str:
    """Why an element is not found: most often because of one beside which it stands."""
    beside = [
        name
        for rule in sight.index.vocabulary.elements[target]
        for name in rule.anchors
        if not sight.has(name)
    ]
    if beside:
        return f"{target} is recognised by what stands beside it, and {beside[0]} is not found on this picture: teach that one first"
    return f"the rules of {target} look for it in another part of the screen, or for another kind of node"
