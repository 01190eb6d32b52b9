"""The part of the POSIX shell language that phone tools use: lists, pipes, groups, `for` and output redirections.

Anything else of the language is refused: as a syntax error, or as a command that is not there (`if`, `while`, `!`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from simulator.shell.tokens import ShellSyntaxError, Token, Word, tokens


@dataclass(slots=True)
class Redirect:
    """`fd` > target; after ">&" the target is the descriptor that is copied."""

    fd: int
    operator: str  #: ">" | ">>" | ">&"
    target: Word


@dataclass(slots=True)
class Simple:
    """A command with its words, assignments and redirections."""

    words: list[Word] = field(default_factory=list)
    assignments: list[tuple[str, Word]] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """{ list; }."""

    body: List


@dataclass(slots=True)
class Loop:
    """`for name in words; do body; done`."""

    name: str
    words: list[Word]
    body: List


Command = Simple | Group | Loop


@dataclass(slots=True)
class List:
    """Pipelines with what joins each to the one before: ";", "&&" or "||"."""

    items: list[tuple[str, list[Command]]] = field(default_factory=list)


@lru_cache(maxsize=256)  # many phones are asked the same; what comes out is never changed
def parse(text: str) -> List:
    """Parse a command line. Raises ShellSyntaxError."""
    return _Parser(list(tokens(text))).all()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._at = found, 0

    def all(self) -> List:
        parsed = self._list("")
        if self._at < len(self._tokens):
            raise self._unexpected()
        return parsed

    @property
    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _keyword(self) -> str:
        token = self._peek
        return (token.plain or "") if isinstance(token, Word) else ""

    def _unexpected(self) -> ShellSyntaxError:
        token = self._peek
        name = (
            "end of file"
            if token is None
            else f"'{token}'"
            if isinstance(token, str)
            else f"'{token.plain or 'word'}'"
        )
        return ShellSyntaxError(f"syntax error: unexpected {name}")

    def _expect(self, *names: str) -> None:
        token = self._peek
        if (self._keyword() if isinstance(token, Word) else token) not in names:
            raise self._unexpected()
        self._at += 1

    def _list(self, end: str) -> List:
        """Up to the keyword that ends it."""
        result, joint = List(), ";"
        while True:
            while self._peek == "\n" or (self._peek == ";" and result.items and joint == ";"):
                self._at += 1
            if self._peek is None or (end and self._keyword() == end):
                if joint != ";":
                    raise ShellSyntaxError("syntax error: unexpected end")
                return result
            result.items.append((joint, self._pipeline()))
            joint = ";"
            if self._peek in ("&&", "||"):
                joint = str(self._peek)
                self._at += 1
            elif self._peek in (";", "\n"):
                self._at += 1
            elif self._peek is not None and self._keyword() != end:
                raise self._unexpected()

    def _pipeline(self) -> list[Command]:
        commands = [self._command()]
        while self._peek == "|":
            self._at += 1
            commands.append(self._command())
        return commands

    def _command(self) -> Command:
        keyword = self._keyword()
        if keyword not in ("{", "for"):
            return self._simple()
        self._at += 1
        if keyword == "{":
            group = Group(self._list("}"))
            self._expect("}")
            return group
        loop = Loop(self._keyword(), [], List())
        self._at += 1
        self._expect("in")
        while isinstance(token := self._peek, Word):
            loop.words.append(token)
            self._at += 1
        self._expect(";", "\n")
        self._expect("do")
        loop.body = self._list("done")
        self._expect("done")
        return loop

    def _simple(self) -> Simple:
        command = Simple()
        while True:
            if (redirect := self._redirect()) is not None:
                command.redirects.append(redirect)
                continue
            token = self._peek
            if not isinstance(token, Word):
                break
            self._at += 1
            name, value = _assignment(token) if not command.words else ("", token)
            if name:
                command.assignments.append((name, value))
            else:
                command.words.append(token)
        if not (command.words or command.assignments or command.redirects):
            raise self._unexpected()
        return command

    def _redirect(self) -> Redirect | None:
        token = self._peek
        if not isinstance(token, str) or ">" not in token:
            return None
        digits = token.rstrip(">&")
        self._at += 1
        target = self._peek
        if not isinstance(target, Word):
            raise self._unexpected()
        self._at += 1
        return Redirect(int(digits or 1), token[len(digits) :], target)


def _assignment(word: Word) -> tuple[str, Word]:
    """NAME=value as name and the rest of the word."""
    name = ""
    for position, part in enumerate(word.parts):
        if part.kind != "text" or part.quoted:
            break
        if part.value == "=" and name and not name[0].isdecimal():
            return name, Word(word.parts[position + 1 :])
        if not (part.value.isalnum() or part.value == "_"):
            break
        name += part.value
    return "", word
