"""Cuts a command line into words and operators, with quotes, escapes and expansions told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_OPERATORS = ("&&", "||", ";;", ">>", "<<", ">&", "<&", ";", "&", "|", "(", ")", "<", ">", "\n")
_STARTS = frozenset(operator[0] for operator in _OPERATORS)


class ShellSyntaxError(ValueError):
    """The text is not a command."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word. `kind`: "text", "var" (a name), "command" (a command line to be replaced by its output)."""

    kind: str
    value: str
    quoted: bool


@dataclass(slots=True)
class Word:
    """A word before expansion."""

    parts: list[Part] = field(default_factory=list)

    @property
    def plain(self) -> str | None:
        """Its text when nothing in it is quoted or expanded: how keywords and assignments are told."""
        if all(part.kind == "text" and not part.quoted for part in self.parts):
            return "".join(part.value for part in self.parts)
        return None


Token = str | Word


def tokens(text: str) -> Iterator[Token]:
    """Operators as str, everything else as Word. Raises ShellSyntaxError."""
    at, word = 0, Word()
    started = False
    while at < len(text):
        char = text[at]
        if char == "\\":
            if text[at + 1 : at + 2] != "\n":
                word.parts.append(Part("text", text[at + 1 : at + 2], quoted=True))
                started = True
            at += 2
        elif char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise ShellSyntaxError("no closing quote")
            word.parts.append(Part("text", text[at + 1 : end], quoted=True))
            at, started = end + 1, True
        elif char == '"':
            at = _double_quoted(text, at + 1, word)
            started = True
        elif char == "$":
            at = _dollar(text, at, word, quoted=False)
            started = True
        elif char == "`":
            end = text.find("`", at + 1)
            if end < 0:
                raise ShellSyntaxError("no closing quote")
            word.parts.append(Part("command", text[at + 1 : end], quoted=False))
            at, started = end + 1, True
        elif char in " \t\r":
            if started:
                yield word
                word, started = Word(), False
            at += 1
        elif char == "#" and not started:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            operator = next((o for o in _OPERATORS if text.startswith(o, at)), "") if char in _STARTS else ""
            if operator:
                # A digit right before a redirection is its descriptor.
                fd = word.plain if started and operator[0] in "<>" and (word.plain or "").isdigit() else None
                if fd is None and started:
                    yield word
                word, started = Word(), False
                yield (fd or "") + operator
                at += len(operator)
            else:
                word.parts.append(Part("text", char, quoted=False))
                at, started = at + 1, True
    if started:
        yield word


def _double_quoted(text: str, at: int, word: Word) -> int:
    word.parts.append(Part("text", "", quoted=True))
    while at < len(text):
        char = text[at]
        if char == '"':
            return at + 1
        if char == "\\" and text[at + 1 : at + 2] in '$`"\\\n':
            if text[at + 1] != "\n":
                word.parts.append(Part("text", text[at + 1], quoted=True))
            at += 2
        elif char == "$":
            at = _dollar(text, at, word, quoted=True)
        elif char == "`":
            end = text.find("`", at + 1)
            if end < 0:
                break
            word.parts.append(Part("command", text[at + 1 : end], quoted=True))
            at = end + 1
        else:
            word.parts.append(Part("text", char, quoted=True))
            at += 1
    raise ShellSyntaxError("no closing quote")


def _dollar(text: str, at: int, word: Word, *, quoted: bool) -> int:
    """A `$` and what follows; where it ends."""
    follows = text[at + 1 : at + 2]
    if follows == "(":
        end = _matching(text, at + 1)
        word.parts.append(Part("command", text[at + 2 : end], quoted=quoted))
        return end + 1
    if follows == "{":
        end = text.find("}", at)
        if end < 0:
            raise ShellSyntaxError("no closing }")
        word.parts.append(Part("var", text[at + 2 : end], quoted=quoted))
        return end + 1
    if follows and follows in "?$#@*!0123456789":
        word.parts.append(Part("var", follows, quoted=quoted))
        return at + 2
    end = at + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if end == at + 1:
        word.parts.append(Part("text", "$", quoted=quoted))
        return end
    word.parts.append(Part("var", text[at + 1 : end], quoted=quoted))
    return end


def _matching(text: str, at: int) -> int:
    """Where the parenthesis that opens at `at` closes."""
    depth, quote = 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ShellSyntaxError("no closing )")
