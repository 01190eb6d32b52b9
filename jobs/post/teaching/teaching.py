"""From what a person says about a screen to lessons that count: tried, taken all or none, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from jobs.hub.platforms import PLATFORMS
from jobs.input.refusals import Invalid, Problem
from jobs.post.screens.checks.guarded import Guarded, missing_words
from jobs.post.screens.vocabularies import taught_languages
from jobs.post.teaching.exchange import taken_apart
from jobs.post.teaching.kept_screens import KeptScreens
from jobs.post.teaching.languages import Language, language_state
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.lessons import MAX_TEXT, Lesson, Steadiness, Wish, laid
from jobs.post.teaching.refusals import Refused, answered, check_language, refuse
from jobs.post.teaching.rules_at_node import rules_at_node
from jobs.post.teaching.toml_text import screens_toml
from jobs.post.teaching.trial import Ground, Tried, read
from jobs.post.teaching.waiting import WaitingScreens

#: Wordings of one word that are given at once.
MAX_WORDINGS = 12


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
        self.screens = WaitingScreens(book, kept)
        self._kept = kept

    def propose(self, wish: Wish) -> Proposed:
        """What a lesson would become, tried on every known screen; nothing is changed.

        Raises:
            Invalid: it becomes no rule; the field is named.
            NotFound: there is no such screen.
        """
        kept, tree = self.screens.find(wish.screen)
        with self.book.lock, answered():
            ground, on = self._ground(kept.platform), self.book.on(kept.platform)
            language = wish.language or kept.language or "en"
            check_language(language)
            number = self.book.next_id()
            good = rules_at_node(wish, kept, tree, ground=ground, on=on, language=language, number=number)
            if not 0 <= wish.rule < len(good):
                raise Refused("rule", f"must be between 0 and {len(good) - 1}")
            chosen = good[wish.rule]
            tried = ground.try_out([*on, chosen.lesson], on)
            reads = read(ground.vocabulary([*on, chosen.lesson]), kept, tree)
            others = [(n, p.lesson, p.steadiness) for n, p in enumerate(good) if n != wish.rule]
            return Proposed(chosen.lesson, chosen.steadiness, wish.rule, tried, others, reads.name)

    def teach(self, wish: Wish, by: str) -> Lesson:
        """Accept a lesson; it counts from the next post or rehearsal on.

        Raises:
            Invalid: it is refused, with every sentence.
            NotFound: there is no such screen.
            StoreFailed: it cannot be kept; nothing has changed.
        """
        kept, _ = self.screens.find(wish.screen)
        with self.book.lock:
            proposed = self.propose(wish)
            refuse("node", proposed.tried.refused)
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
        kept, tree = self.screens.find(screen)
        language = language or kept.language
        with self.book.lock, answered():
            check_language(language)
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
                    so_far, number = [*on, *taken.values()], first + len(taken)
                    try:
                        good = rules_at_node(
                            wish, kept, tree, ground=ground, on=so_far, language=language, number=number
                        )
                        taken[name] = good[0].lesson
                    except Refused as refused:  # another one may have to come first
                        why[name] = refused
                if len(taken) == before:
                    raise Invalid(
                        [Problem(f"texts.{name[:60]}.{one.field}", str(one)) for name, one in why.items()]
                    )
            lessons = list(taken.values())
            refuse("texts", ground.try_out([*on, *lessons], on).refused)
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
        with self.book.lock, answered():
            ground = self._ground(platform)
            check_language(language)
            if language == "any":
                raise Refused("language", 'must be one language: "any" stands for all')
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
            refuse("words", tried.refused)
            return lessons if dry_run or not lessons else self.book.add(platform, lessons, by)

    def switch(self, number: int, *, on: bool) -> tuple[str, Lesson]:
        """Switch a lesson on or off; switching on runs every check again.

        Raises:
            NotFound: there is no such lesson.
            Invalid: it is refused.
            StoreFailed: it cannot be kept.
        """
        with self.book.lock, answered():
            platform, lesson = self.book.find(number)
            if on and not lesson.on:
                again = msgspec.structs.replace(lesson, on=True)
                others = [one for one in self.book.on(platform) if one.id != number]
                together = sorted([*others, again], key=lambda one: one.id)
                refuse("on", self._ground(platform).try_out(together, others).refused)
            return self.book.switch(number, on=on)

    def import_file(self, platform: str, text: str, by: str, *, dry_run: bool) -> tuple[list[Lesson], Tried]:
        """Take the lessons of a file, all or none.

        Raises:
            Invalid: it is no such file, or (but for a dry run) it is refused.
            StoreFailed: they cannot be kept.
        """
        with self.book.lock, answered():
            number = self.book.next_id()
            on = self.book.on(platform)
            lessons = taken_apart(platform, text, first=number, present=on)
            self.book.check_room(platform, len(lessons))
            tried = self._ground(platform).try_out([*on, *lessons], on)
            if dry_run:
                return lessons, tried
            refuse("toml", tried.refused)
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


def toml_of(lesson: Lesson) -> str:
    """What a lesson adds, as it would stand in a screens file."""
    return screens_toml(lesson.part)
