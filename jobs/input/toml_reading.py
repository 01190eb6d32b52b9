"""Reads files that people write in TOML, and says in words what is wrong with one, where, and what to write instead."""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import Any

from jobs.input.toml_depth import MAX_PARTS, too_deep

_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\xab\xbb\u2033\u2032\xb4`"
_FLAGS = {
    **dict.fromkeys(("true", "yes", "on", "ja"), "true"),
    **dict.fromkeys(("false", "no", "off", "nein"), "false"),
}
_KEY_AND_VALUE = re.compile(r"\s*(?P<key>[^=#]+?)\s*=\s*(?P<value>.*?)\s*")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9_]+(?:\.[0-9_]+)?")
_NEVER_CLOSED = {
    "Unclosed array": "a list is never closed: a ] is missing",
    **dict.fromkeys(
        ("Unterminated string", 'Expected "\'"', "Expected \"'''\"", 'Expected \'"""\''),
        "a text is never closed: a quote is missing at its end",
    ),
}
_SHOWN = 40


class TomlInvalid(ValueError):
    """The file is not TOML. The message completes the sentence "FILE ..."; `line` is 0 where no single line is wrong."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.line = line


def decode_toml(data: bytes) -> str:
    """The text of a file: UTF-8, with the mark that Notepad writes or without. Raises TomlInvalid."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise TomlInvalid("is UTF-16 text: save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        guess = bytes((byte,)).decode("cp1252", "replace")
        meant = (
            f', "{guess}" if it is Windows-1252 (ANSI)' if guess.isprintable() and guess != "\ufffd" else ""
        )
        raise TomlInvalid(f"is not UTF-8: byte 0x{byte:02x}{meant}; save it as UTF-8", line) from None


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a text. Raises TomlInvalid."""
    if line := too_deep(text):
        raise TomlInvalid(f"has a key of more than {MAX_PARTS} parts", line)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlInvalid("is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        # As tomllib counts lines: only "\n" ends one.
        lines = text.replace("\r\n", "\n").split("\n")
        at = _AT.search(said)
        if at is not None:
            number, place = int(at[1]), int(at[2]) - 1
            why = _explain(said[: at.start()], lines[number - 1], place, text)
        else:
            said = said.removesuffix(_AT_END)
            # What is never closed may have begun anywhere; all else is the last line's.
            why = _NEVER_CLOSED.get(said, "")
            number = 0 if why else len(lines)
            why = why or _explain(said, lines[-1], len(lines[-1]), text)
        raise TomlInvalid(f"is not valid TOML: {why}", number) from None
    except ValueError:  # Python's own bound for the digits of a number
        raise TomlInvalid("has a number of thousands of digits") from None


def _explain(said: str, line: str, place: int, text: str) -> str:
    """What is wrong at this place of a line."""
    found = _KEY_AND_VALUE.fullmatch(line)
    rest = line[place:].strip()
    hidden = next((c for c in line if not c.isprintable() and c != "\t"), "")
    if hidden == "\r":
        return "its lines end in CR alone: save it with line ends of Linux or Windows"
    if said == "Cannot overwrite a value" and found:
        return f"{_short(found['key'])} stands twice in its section: keep one of them"
    if said.startswith("Cannot declare"):
        return _explain_section(line, text)
    if hidden:
        return f"it holds the invisible character U+{ord(hidden):04X}: write the line anew{_near(line)}"
    if line.lstrip().startswith((";", "//")):
        return f"a comment begins with #{_near(line)}"
    if line.lstrip().startswith("{"):
        return 'this is JSON: in TOML a section is [server], and below it stand lines such as listen = "127.0.0.1:50809"'
    if said.startswith("Expected ']'"):
        return f"the bracket of a section is not closed{_near(line)}"
    if said in {"Illegal character '\\n'", "Found invalid character '\\n'"}:
        return f"a text is never closed: a quote is missing at its end{_near(line)}"
    if said.startswith("Unescaped"):
        return f"in double quotes a backslash must be doubled: write paths with /, or the text in single quotes{_near(line)}"
    if found is None:
        return f"a line is KEY = VALUE, e.g. threads = 12, or a section, e.g. [server]{_near(line)}"
    if said.startswith(("Expected '='", "Invalid statement")):
        return f"a key with other characters than a to z, 0 to 9, _ and - must stand in quotes{_near(line)}"
    return _explain_value(found["key"], found["value"], rest, said) + _near(line)


def _explain_section(line: str, text: str) -> str:
    header = line.strip().partition("#")[0].strip()
    name = header.strip("[] ")
    if not header.startswith("[[") and re.search(rf"^\s*\[\[\s*{re.escape(name)}\s*\]\]", text, re.MULTILINE):
        return f"[{name}] is written [[{name}]], above each of its entries"
    return f"{header} stands twice: put all keys of a section below one"


def _explain_value(key: str, value: str, rest: str, said: str) -> str:
    word = value.partition("#")[0].strip()
    if not word:
        return f"after {_short(key)} = a value is missing"
    if word[0] in _TYPOGRAPHIC:
        return 'a quote from a document or chat stands where TOML wants a straight "'
    flag = _FLAGS.get(word.casefold())
    if flag:
        return f"write {flag}, in small letters"
    if rest.startswith(("//", ";")):
        return "a comment begins with #"
    if re.fullmatch(r"[+-]?0[0-9_]+", word):
        return "a number does not begin with 0"
    after = rest.partition("#")[0].strip() if said.startswith("Expected newline") else ""
    number = _PLAIN_NUMBER.match(word)
    if after and number and word[number.end() :].strip() == after:
        if re.fullmatch(r"[,;]|[A-Za-z%]+", after):
            return f"nothing may stand behind a number but a comment that begins with #: leave out {_short(after)}"
    elif after and word[0] in "\"'[{":
        return f"nothing may stand behind a value but a comment that begins with #: leave out {_short(after)}"
    if word[0] in "\"'[{":
        return "a value in the list is wrong: texts stand in quotes, with a comma between two values"
    return f'a text must stand in quotes: {_short(key)} = "{_short(word)}"'


def _near(line: str) -> str:
    return f" (near `{_short(line.strip())}`)"


def _short(text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
