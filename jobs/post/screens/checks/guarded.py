"""What nothing may reach that is laid over a screens file: the elements and words of publishing, of proof and of refusals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from jobs.hub.lazy import lazy
from jobs.post.screens.file_checks import explained_by, stop_words
from jobs.post.screens.labels import Label, label_from_entries, normalise
from jobs.post.screens.screens_file import Screen, ScreensFile

#: What a guarded word is for: a publishing button, a refusal or a question for a person, what became of a post.
WordKind = Literal["publish", "stop", "proof"]
#: The same, and any other word of the way.
Use = Literal["publish", "stop", "proof", "way"]
#: Kinds of screens by which a post ends or is stopped.
ENDINGS = frozenset({"human", "failure", "success", "progress"})


class Guarded:
    """The guarded part of a screens file that is trusted: the shipped one, with the operator's over it."""

    def __init__(self, file: ScreensFile, merged: ScreensFile | None = None) -> None:
        """`merged`: the same with all that is laid over it, whose words may clash with each other, too."""
        self.file = file
        self._merged = merged or file

    @lazy
    def proof(self) -> frozenset[str]:
        """Elements that say what became of a post."""
        told = {e for s in self._screens("success", "progress", "failure") for e in s.all}
        return frozenset({*self.file.proof, *told})

    @lazy
    def endings(self) -> frozenset[str]:
        """Elements of screens that stop or end a post, but for those by which screens of the way are recognised too."""
        ways = {e for s in self._screens("path", "interruption") for e in (*s.all, *s.any, *s.next)}
        ends = {e for s in self._screens(*ENDINGS) for e in (*s.all, *s.any)}
        return frozenset(ends - ways)

    @lazy
    def sealed(self) -> frozenset[str]:
        """Elements to which no lesson may add a rule."""
        return self.endings | self.proof | frozenset(self.file.publishing)

    @lazy
    def account(self) -> frozenset[str]:
        """Elements that say which account the app shows, by which a post under another one is kept back."""
        return frozenset(self.file.account)

    @lazy
    def account_words(self) -> frozenset[str]:
        """What these elements read."""
        return frozenset(self._words_of(self.account))

    @lazy
    def human_floor(self) -> int:
        """The lowest layer of a screen that only a person may answer; no other screen that is added may lie over it."""
        own = [s.layer for s in self._screens("human") if s.layer < 110]
        return min(own, default=96)

    @lazy
    def words(self) -> Mapping[str, WordKind]:
        """The guarded words, each with what it is for."""
        found: dict[str, WordKind] = {}
        for word in self._words_of(self.proof - set(stop_elements(self.file))):
            found[word] = "proof"
        # What publishes only in a dialog after the tap is like a question: it cannot be brought onto a screen at will.
        late = {e for s in self.file.screens.values() if s.phase for e in s.next}
        for word in stop_words(self.file) | self._words_of(late & set(self.file.publishing)):
            found[word] = "stop"
        for word in self._words_of(set(self.file.publishing) - late):
            found[word] = "publish"
        return found

    @lazy
    def labels(self) -> Mapping[str, Label]:
        """The words of all languages."""
        return _labels(self.file)

    @lazy
    def all_labels(self) -> Mapping[str, Label]:
        """The same with what is laid over them."""
        return self.labels if self._merged is self.file else _labels(self._merged)

    def texts(self, word: str) -> frozenset[str]:
        """The whole texts of a word in all languages, in the form in which they are compared."""
        return self.all_labels[word].texts if word in self.all_labels else frozenset()

    def alike(self, one: str, other: str) -> bool:
        """Whether two words read the same somewhere already, as "Cancel" and "Skip" may: then they may do so again."""
        if one == other:
            return True
        a, b = self.labels.get(one), self.labels.get(other)
        if a is None or b is None:
            return False
        return any(b.matches_normalised(t) for t in a.texts) or any(a.matches_normalised(t) for t in b.texts)

    def clash(self, word: str, text: str) -> tuple[str, Use | Literal[""]]:
        """A word that reads this text already though it must not, and what it is for; two empty texts where none does.

        `word` is the one to which the text is to be added; "" for a text of a rule.
        """
        plain = normalise(text)
        for name, kind in self.words.items():
            if (not word or not self.alike(word, name)) and self.all_labels[name].matches_normalised(plain):
                return name, kind
        if word in self.words:  # the other way round: it must not become what another word reads already
            for name, label in self.all_labels.items():
                if not self.alike(word, name) and label.matches_normalised(plain):
                    return name, self.words.get(name, "way")
        return "", ""

    def _screens(self, *kinds: str) -> list[Screen]:
        return [s for s in self.file.screens.values() if s.kind in kinds and not s.off]

    def _words_of(self, elements: Collection[str]) -> set[str]:
        return words_in(self.file, elements)


def _labels(file: ScreensFile) -> dict[str, Label]:
    """Raises nothing: a pattern that does not compile is found by the check of the whole file."""
    found = {}
    for name, entries in file.words.items():
        try:
            found[name] = label_from_entries(name, entries)
        except ValueError:
            found[name] = Label(name, ())
    return found


def words_in(file: ScreensFile, elements: Collection[str]) -> set[str]:
    """The words that the rules of these elements read themselves."""
    return {
        text[1:]
        for name in elements
        for rule in file.elements.get(name, ())
        for text in rule.texts
        if text.startswith("@")
    }


def stop_elements(file: ScreensFile) -> set[str]:
    """The elements by which refusals and questions for a person are recognised, over however many steps."""
    named = (
        e
        for s in file.screens.values()
        if s.kind in ("human", "failure") and not s.off
        for e in (*s.all, *s.any)
    )
    return explained_by(named, file.elements)


def speaks(file: ScreensFile, word: str, language: str) -> list[str]:
    """The wordings of a word in a language, those that count in every language among them."""
    found: list[str] = []
    for entry in file.words.get(word, ()):
        for key in (language, "any"):
            value = entry.get(key, [])
            found += [value] if isinstance(value, str) else value
    return found


def missing_words(file: ScreensFile, language: str) -> dict[str, WordKind]:
    """What a language lacks until tasks may run in it: refusals, questions for a person, the publishing buttons."""
    guarded = Guarded(file)
    needed = {word: kind for word, kind in guarded.words.items() if kind != "proof"}
    return {word: kind for word, kind in sorted(needed.items()) if not speaks(file, word, language)}
