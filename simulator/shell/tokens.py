"""Cuts a command line into words and operators, with quotes, escapes and expansions told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_OPERATORS = ("&&", "||", ">>", ">&", ";", "|", ">", "\n")
#: Before ">": the file descriptor that is redirected. Other digits than these are a word.
_FD = re.compile(r"[0-9]{1,3}")
#: Operators of the language that no client uses: refused.
_UNUSED = frozenset("&()<`")


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
        """Its text when nothing in it is quoted or expanded: keywords and assignments are of that kind."""
        if all(part.kind == "text" and not part.quoted for part in self.parts):
            return "".join(part.value for part in self.parts)
        return None


Token = str | Word


def tokens(text: str) -> Iterator[Token]:
    """Operators as str, everything else as Word. Raises ShellSyntaxError."""
    at, word = 0, Word()
    while at < len(text):
        char = text[at]
        operator = next((o for o in _OPERATORS if text.startswith(o, at)), "")
        if char == "\\":
            if text[at + 1 : at + 2] != "\n":
                word.parts.append(Part("text", text[at + 1 : at + 2], quoted=True))
            at += 2
        elif char == "'":
            end = _end(text, "'", at + 1)
            word.parts.append(Part("text", text[at + 1 : end], quoted=True))
            at = end + 1
        elif char == '"':
            at = _double_quoted(text, at + 1, word)
        elif char == "$":
            at = _dollar(text, at, word, quoted=False)
        elif char in " \t\r":
            if word.parts:
                yield word
                word = Word()
            at += 1
        elif operator:
            # A digit right before a redirection is its descriptor.
            fd = word.plain if char == ">" and _FD.fullmatch(word.plain or "") else None
            if fd is None and word.parts:
                yield word
            word = Word()
            yield (fd or "") + operator
            at += len(operator)
        elif char in _UNUSED:
            raise ShellSyntaxError(f"syntax error: unexpected '{char}'")
        else:
            word.parts.append(Part("text", char, quoted=False))
            at += 1
    if word.parts:
        yield word


def _end(text: str, closing: str, at: int) -> int:
    end = text.find(closing, at)
    if end < 0:
        raise ShellSyntaxError(f"no closing {closing}")
    return end


def _double_quoted(text: str, at: int, word: Word) -> int:
    word.parts.append(Part("text", "", quoted=True))
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1 : at + 2] in '$`"\\\n':
            if text[at + 1] != "\n":
                word.parts.append(Part("text", text[at + 1], quoted=True))
            at += 2
        elif text[at] == "$":
            at = _dollar(text, at, word, quoted=True)
        elif text[at] == "`":
            raise ShellSyntaxError("syntax error: unexpected '`'")
        else:
            word.parts.append(Part("text", text[at], quoted=True))
            at += 1
    return _end(text, '"', at) + 1


def _dollar(text: str, at: int, word: Word, *, quoted: bool) -> int:
    """A `$` and what follows; where it ends."""
    follows = text[at + 1 : at + 2]
    if follows == "(":
        end = _matching(text, at + 1)
        word.parts.append(Part("command", text[at + 2 : end], quoted=quoted))
        return end + 1
    if follows == "{":
        raise ShellSyntaxError(f"{text[at:]}: bad substitution")
    if follows == "?":
        word.parts.append(Part("var", "?", quoted=quoted))
        return at + 2
    end = at + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    name = text[at + 1 : end]
    word.parts.append(Part("var", name, quoted=quoted) if name else Part("text", "$", quoted=quoted))
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
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at
        at += 1
    raise ShellSyntaxError("no closing )")
