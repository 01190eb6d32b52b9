"""Reads the config file into `Settings`, reporting every problem at once with its line and the near miss."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from jobs.hub.addresses import split_listen
from jobs.hub.config_checks import check_values
from jobs.hub.reload import differences
from jobs.hub.settings import AccountEntry, AdbServerEntry, NotifyTarget, Settings
from jobs.input.toml_reading import TomlInvalid, decode_toml, read_toml
from jobs.input.toml_writing import toml_value

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\"-]+)\s*\]?\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\".-]+)\s*=")
_LISTS: dict[str, type[msgspec.Struct]] = {
    "adb_servers": AdbServerEntry,
    "accounts": AccountEntry,
    "notify": NotifyTarget,
}
#: Good values in the place of missing or wrong ones that have no default, so that the others of an entry are checked too.
_STAND_INS: dict[str, str | int] = {
    "username": "missing-{}",
    "kind": "webhook",
    "url": "http://missing-{}.invalid/",
    "name": "missing-{}",
    "port": 0,
}
#: Never printed.
SECRET_KEYS = frozenset({"secret"})


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing wrong with the file: dotted key, sentence, line (0 when there is none)."""

    key: str
    problem: str
    line: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        text = f"{where}{self.key}: {self.problem}" if self.key else f"{where}{self.problem}"
        return "".join(
            c if c.isprintable() else "?" for c in text
        )  # a key may hold anything, and lands on terminals


class ConfigInvalid(Exception):
    """The file cannot be used; `problems` holds all reasons."""

    def __init__(self, path: Path | None, problems: list[ConfigProblem]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path or 'config'}: {problem}" for problem in problems))


class LoadedConfig(msgspec.Struct, frozen=True):
    """Settings, for each dotted key that stands in the file its line, and what the command line says instead."""

    settings: Settings
    path: Path | None = None
    lines: dict[str, int] = {}
    command_line: dict[str, str] = {}

    def overridden(self, command_line: Mapping[str, str]) -> LoadedConfig:
        """The same with these dotted keys from the command line."""
        settings = self.settings
        for key, value in command_line.items():
            section, _, name = key.partition(".")
            part = msgspec.structs.replace(getattr(settings, section), **{name: value})
            settings = msgspec.structs.replace(settings, **{section: part})
        return msgspec.structs.replace(self, settings=settings, command_line=dict(command_line))


def load_config(path: Path | None) -> LoadedConfig:
    """Read the file; None means all defaults. Raises ConfigInvalid with every problem found."""
    if path is None:
        return LoadedConfig(Settings())
    try:
        text = decode_toml(path.read_bytes())
    except FileNotFoundError:
        raise ConfigInvalid(path, [ConfigProblem("", "there is no such file")]) from None
    except PermissionError as error:
        raise ConfigInvalid(path, [ConfigProblem("", "cannot be read by this user: try sudo")]) from error
    except OSError as error:
        raise ConfigInvalid(path, [ConfigProblem("", f"cannot be read: {error.strerror}")]) from error
    except TomlInvalid as error:
        raise ConfigInvalid(path, [ConfigProblem("", str(error), error.line)]) from None
    return parse_config_text(text, path)


def listen_of(path: Path | None) -> str:
    """Where the daemon of a config with mistakes is most likely to listen; the default where the file does not say."""
    try:
        listen = read_toml((path or Path("/nonexistent")).read_text("utf-8-sig"))["server"]["listen"]
        split_listen(listen)
        return str(listen)
    except (OSError, ValueError, KeyError, TypeError):
        return Settings().server.listen


def parse_config_text(text: str, path: Path | None = None) -> LoadedConfig:
    """Like `load_config`, for a text that was already read."""
    try:
        raw = read_toml(text)
    except TomlInvalid as error:
        raise ConfigInvalid(path, [ConfigProblem("", str(error), error.line)]) from None
    lines = key_lines(text)
    problems: list[ConfigProblem] = []

    def report(key: str, problem: str) -> None:
        # A section may stand in the brackets of a list of entries by mistake.
        places = (key, key.rpartition(".")[0], f"{key}[0]")
        problems.append(ConfigProblem(key, problem, next((lines[at] for at in places if at in lines), 0)))

    values: dict[str, Any] = {}
    known = {f.name: f for f in msgspec.structs.fields(Settings)}
    for name, content in raw.items():
        if name not in known:
            report(name, _outside(name, content, known) or _unknown(name, known, "section"))
        elif name in _LISTS:
            values[name] = tuple(_read_list(name, content, _LISTS[name], report))
        elif not isinstance(content, Mapping):
            report(name, f"must be a section: write [{name}] and its keys below")
        else:
            values[name] = _read_struct(name, content, known[name].type, report)
    settings = Settings(**values)
    reported = {problem.key for problem in problems}
    for key, problem in check_values(settings):
        # What an address must look like hangs on the kind of the receiver.
        if not {key, key.replace(".url", ".kind")} & reported:
            report(key, problem)
    if problems:
        raise ConfigInvalid(path, sorted(problems, key=lambda p: p.line))
    return LoadedConfig(settings, path, lines)


def _read_struct(prefix: str, content: Mapping[str, Any], struct: Any, report: Any) -> Any:
    """The struct with every good key set; bad keys are reported and left at their default."""
    fields = {f.name: f for f in msgspec.structs.fields(struct)}
    values: dict[str, Any] = {}
    for name, value in content.items():
        key = f"{prefix}.{name}"
        if name not in fields:
            report(key, _unknown(name, fields, "key"))
            continue
        kind = fields[name].type
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if isinstance(value, Mapping):
                values[name] = _read_struct(key, value, kind, report)
            else:
                report(key, f"must be a section: write [{key}] and its keys below")
            continue
        if isinstance(value, int) and not isinstance(value, bool) and kind is float:
            value = float(value)  # noqa: PLW2901 - 5 is a fine way to write 5.0
        try:
            values[name] = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            if get_origin(kind) is Literal:
                report(key, _not_among(value, get_args(kind)))
            else:
                report(key, _plain(str(error)) + _written(str(error), value))
    for field in fields.values():
        if field.required and field.name not in content:
            report(f"{prefix}.{field.name}", "is missing")
        if field.required and field.name not in values:
            stand_in = _STAND_INS[field.name]
            if isinstance(stand_in, str):
                stand_in = stand_in.format(re.sub(r"[\W_]", "", prefix))
            values[field.name] = stand_in
    return struct(**values)


def _read_list(name: str, content: Any, struct: type[msgspec.Struct], report: Any) -> Iterator[Any]:
    if not isinstance(content, list):
        report(name, f"must be a list of entries: write [[{name}]] above each")
        return
    for index, entry in enumerate(content):
        key = f"{name}[{index}]"
        if not isinstance(entry, Mapping):
            report(key, "must be a table")
            return  # the list was not meant as one of entries at all
        yield _read_struct(key, entry, struct, report)


def _outside(name: str, content: Any, known: Mapping[str, Any]) -> str:
    """The section to which a key belongs that stands above all of them; "" where no section has such a key."""
    if isinstance(content, Mapping):
        return ""
    places = [
        f"[{section}]"
        for section, field in known.items()
        if section not in _LISTS and name in field.type.__struct_fields__
    ]
    return f"stands outside of a section: it belongs below {' or '.join(places)}" if places else ""


def _unknown(name: str, known: Mapping[str, Any], what: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return f"there is no such {what}; {hint}"


def _not_among(value: Any, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"must be one of {', '.join(known)}{hint}"


def _written(message: str, value: Any) -> str:
    """How a value of the wrong type is written right, as the rest of a sentence; "" where that is not known."""
    wanted = message.removeprefix("Expected ").partition(",")[0]
    if wanted == "`array`" and isinstance(value, str):
        return f"; write it in brackets: [{toml_value(value)}]"
    if wanted == "`str`" and isinstance(value, int | float) and not isinstance(value, bool):
        return f'; write it in quotes: "{value}"'
    if wanted in {"`int`", "`float`"} and isinstance(value, str) and value.strip().isdecimal():
        return f"; write it without quotes: {value.strip()}"
    if wanted == "`bool`" and isinstance(value, str) and value.strip().casefold() in {"true", "false"}:
        return f"; write it without quotes: {value.strip().casefold()}"
    return ""


def _plain(message: str) -> str:
    """msgspec's sentence in words of the file's author."""
    message = message.partition(" - at ")[0]
    for theirs, ours in (
        ("`str`", "a text"),
        ("`int`", "a whole number"),
        ("`float`", "a number"),
        ("`bool`", "true or false"),
        ("`array`", "a list"),
        ("`object`", "a table"),
        ("`date`", "a date"),
        ("`datetime`", "a date"),
        ("`time`", "a time of day"),
    ):
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]


def key_lines(text: str) -> dict[str, int]:
    """Line numbers of sections and keys by dotted name; entries of lists are called `accounts[0].username`."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            prefix = header[1].replace('"', "")
            if line.lstrip().startswith("[["):
                index = counts.get(prefix, -1) + 1
                counts[prefix] = index
                prefix = f"{prefix}[{index}]"
            lines.setdefault(prefix, number)
            continue
        key = _KEY.match(line)
        if key:
            name = key[1].replace('"', "")
            lines.setdefault(f"{prefix}.{name}" if prefix else name, number)
    return lines


def describe(config: LoadedConfig, waiting: Collection[str] = ()) -> str:
    """The settings as TOML, each value followed by where it comes from; secrets masked.

    `waiting` are dotted keys, or whole sections, for which the file says something else that is not in force.
    """
    out: list[str] = []
    for section in msgspec.structs.fields(Settings):
        value = getattr(config.settings, section.name)
        if section.name in _LISTS:
            if section.name in waiting:
                out += ["", f"# [[{section.name}]] in the file is another"]
            for index, entry in enumerate(value):
                key = f"{section.name}[{index}]"
                out += ["", f"[[{section.name}]]", *_describe_struct(key, entry, config, waiting)]
        else:
            out += ["", f"[{section.name}]", *_describe_struct(section.name, value, config, waiting)]
    return "\n".join(out).lstrip("\n")


def _describe_struct(prefix: str, value: Any, config: LoadedConfig, waiting: Collection[str]) -> list[str]:
    plain: list[str] = []
    nested: list[str] = []
    for field in msgspec.structs.fields(type(value)):
        key = f"{prefix}.{field.name}"
        content = getattr(value, field.name)
        if isinstance(content, msgspec.Struct):
            nested += ["", f"[{key}]", *_describe_struct(key, content, config, waiting)]
            continue
        if content is None:
            continue  # TOML has no word for it: the key is left out
        if isinstance(value, NotifyTarget) and field.name == "url":
            content = value.shown
        shown = '"***"' if field.name in SECRET_KEYS and content else toml_value(content)
        where = f"{config.path}:{config.lines[key]}" if key in config.lines else "default"
        if key in config.command_line:
            where = "command line"
        elif key in waiting or prefix in waiting:
            where = f"as before; what is at {where} now is not in force"
        plain.append(f"{field.name} = {shown}  # {where}")
    return plain + nested


def key_differences(here: Settings, there: Settings) -> list[str]:
    """Dotted keys (lists of entries and nested sections as a whole) in which two settings differ."""
    return sorted(differences(msgspec.to_builtins(here), msgspec.to_builtins(there)))


def shown_value(settings: Settings, key: str) -> str:
    """The value of a dotted key for people; of entries, which may hold secrets, only how many."""
    section, _, name = key.partition(".")
    value = getattr(settings, section)
    if section in _LISTS:
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    content = getattr(value, name)
    return toml_value(msgspec.to_builtins(content) if isinstance(content, msgspec.Struct) else content)
