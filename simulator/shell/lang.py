"""The part of the POSIX shell language that phone tools use: lists, pipes, redirections, conditions and loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from simulator.shell.tokens import ShellSyntaxError, Token, Word, tokens

_LIST_ENDS = (";", "&", "\n")


@dataclass(slots=True)
class Redirect:
    """`fd` > target; a target of `&1` copies another descriptor."""

    fd: int
    operator: str  #: ">" | ">>" | "<" | ">&"
    target: Word


@dataclass(slots=True)
class Simple:
    """A command with its words, assignments and redirections."""

    words: list[Word] = field(default_factory=list)
    assignments: list[tuple[str, Word]] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """( list ) or { list; }."""

    body: List
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Conditional:
    """if / elif / else; each branch is a condition and a body, the last condition may be None."""

    branches: list[tuple[List | None, List]]
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Loop:
    """`for name in words; do body; done`, or while/until with a condition."""

    body: List
    name: str = ""
    words: list[Word] = field(default_factory=list)
    condition: List | None = None
    until: bool = False
    redirects: list[Redirect] = field(default_factory=list)


Command = Simple | Group | Conditional | Loop


@dataclass(slots=True)
class Pipeline:
    """Commands joined by pipes."""

    commands: list[Command]
    negated: bool = False


@dataclass(slots=True)
class List:
    """Pipelines with what joins each to the one before: ";", "&&" or "||"; `background` marks `&`."""

    items: list[tuple[str, Pipeline, bool]] = field(default_factory=list)


@lru_cache(maxsize=256)  # many phones are asked the same; what comes out is never changed by anybody
def parse(text: str) -> List:
    """Parse a command line. Raises ShellSyntaxError."""
    return _Parser(list(tokens(text))).all()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._at = found, 0

    def all(self) -> List:
        parsed = self._list(())
        if self._at < len(self._tokens):
            raise ShellSyntaxError(f"syntax error: unexpected {_name(self._tokens[self._at])}")
        return parsed

    @property
    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _keyword(self) -> str:
        token = self._peek
        return (token.plain or "") if isinstance(token, Word) else ""

    def _expect(self, *names: str) -> str:
        token = self._peek
        found = (token.plain or "") if isinstance(token, Word) else (token or "")
        if found not in names:
            raise ShellSyntaxError(f"syntax error: unexpected {_name(token)}")
        self._at += 1
        return found

    def _list(self, ends: tuple[str, ...]) -> List:
        result, joint = List(), ";"
        while True:
            while self._peek == "\n" or (self._peek == ";" and result.items and joint == ";"):
                self._at += 1
            token = self._peek
            if token is None or (isinstance(token, Word) and token.plain in ends) or token in ends:
                if joint != ";":
                    raise ShellSyntaxError("syntax error: unexpected end")
                return result
            pipeline = self._pipeline()
            following = self._peek
            background = following == "&"
            result.items.append((joint, pipeline, background))
            joint = ";"
            if following in ("&&", "||"):
                joint = str(following)
                self._at += 1
            elif following in _LIST_ENDS:
                self._at += 1
            elif following is not None and following not in ends:
                raise ShellSyntaxError(f"syntax error: unexpected {_name(following)}")

    def _pipeline(self) -> Pipeline:
        negated = self._keyword() == "!"
        if negated:
            self._at += 1
        commands = [self._command()]
        while self._peek == "|":
            self._at += 1
            commands.append(self._command())
        return Pipeline(commands, negated)

    def _command(self) -> Command:
        keyword = self._keyword()
        command: Command
        if self._peek == "(":
            self._at += 1
            command = Group(self._list((")",)))
            self._expect(")")
        elif keyword == "{":
            self._at += 1
            command = Group(self._list(("}",)))
            self._expect("}")
        elif keyword == "if":
            command = self._if()
        elif keyword in ("for", "while", "until"):
            command = self._loop(keyword)
        else:
            return self._simple()
        while (redirect := self._redirect()) is not None:
            command.redirects.append(redirect)
        return command

    def _if(self) -> Conditional:
        branches: list[tuple[List | None, List]] = []
        self._at += 1
        while True:
            condition = self._list(("then",))
            self._expect("then")
            branches.append((condition, self._list(("elif", "else", "fi"))))
            ended = self._expect("elif", "else", "fi")
            if ended == "else":
                branches.append((None, self._list(("fi",))))
                ended = self._expect("fi")
            if ended == "fi":
                return Conditional(branches)

    def _loop(self, keyword: str) -> Loop:
        self._at += 1
        loop = Loop(List(), until=keyword == "until")
        if keyword == "for":
            loop.name = self._keyword()
            self._at += 1
            self._expect("in")
            while isinstance(token := self._peek, Word):
                loop.words.append(token)
                self._at += 1
            self._expect(";", "\n")
        else:
            loop.condition = self._list(("do",))
        self._expect("do")
        loop.body = self._list(("done",))
        self._expect("done")
        return loop

    def _simple(self) -> Simple:
        command = Simple()
        while True:
            redirect = self._redirect()
            if redirect is not None:
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
            raise ShellSyntaxError(f"syntax error: unexpected {_name(self._peek)}")
        return command

    def _redirect(self) -> Redirect | None:
        token = self._peek
        if not isinstance(token, str):
            return None
        operator = token.lstrip("0123456789")
        if operator not in (">", ">>", "<", ">&", "<&"):
            return None
        digits = token[: len(token) - len(operator)]
        target = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        if not isinstance(target, Word):
            raise ShellSyntaxError(f"syntax error: unexpected {_name(target)}")
        self._at += 2
        fd = int(digits) if digits else (0 if operator[0] == "<" else 1)
        return Redirect(fd, operator, target)


def _assignment(word: Word) -> tuple[str, Word]:
    """NAME=value as name and the rest of the word."""
    name = ""
    for position, part in enumerate(word.parts):
        if part.kind != "text" or part.quoted:
            return "", word
        if part.value == "=":
            return (name, Word(word.parts[position + 1 :])) if name and not name[0].isdigit() else ("", word)
        if not (part.value.isalnum() or part.value == "_"):
            return "", word
        name += part.value
    return "", word


def _name(token: Token | None) -> str:
    if token is None:
        return "end of file"
    return f"'{token}'" if isinstance(token, str) else f"'{token.plain or 'word'}'"
