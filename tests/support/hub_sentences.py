"""The sentences in the product's code that the console may show, as they stand there: each text with a mark for what is filled in.

The console knows a sentence of the hub by its words alone. So its table of German sentences is compared with these, both ways.
"""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where something is filled in.
PLACE = "{}"
#: The folders and modules whose sentences reach a screen of the console.
SHOWN = (
    "handlers/access/auth.py",
    "handlers/access/token_book.py",
    "handlers/access/tokens.py",
    "handlers/api/",
    "handlers/page/",
    "handlers/request/envelope.py",
    "handlers/request/unknown_paths.py",
    "jobs/accounts/",
    "jobs/compat/",
    "jobs/content/",
    "jobs/hub/settings.py",
    "jobs/input/",
    "jobs/intake/",
    "jobs/library/",
    "jobs/media/",
    "jobs/notify/missing_media.py",
    "jobs/notify/send.py",
    "jobs/pace/",
    "jobs/phone/",
    "jobs/post/",
    "jobs/queue/",
    "jobs/run/",
    "jobs/slots/",
    "jobs/task/",
    "jobs/upkeep/config_state.py",
    "jobs/upkeep/doctor",
    "jobs/upkeep/needs.py",
    "jobs/upkeep/phone_traits.py",
    "jobs/upkeep/usb_boxes/findings.py",
    "storage/doubt.py",
    "storage/errors.py",
    "storage/store.py",
    "storage/tables/accounts.py",
)
#: What stands below them and reaches none, or stays English there: docs/console.md says so.
HIDDEN = (
    # the document of the API, and how a program has to call it
    "handlers/api/bulk.py",
    "handlers/api/materials.py",
    "handlers/api/metrics.py",
    "handlers/api/objects/",
    "handlers/api/openapi/",
    "handlers/api/teaching/objects.py",
    "handlers/api/uploads.py",
    "handlers/page/changes.py",
    "handlers/page/first_screen.py",
    "handlers/page/static_files.py",
    "jobs/content/beyond.py",
    # tables, config and screens files, which are written elsewhere
    "jobs/input/sheet_text.py",
    "jobs/input/toml_reading.py",
    "jobs/intake/sheets/",
    "jobs/post/screens/drawn.py",
    "jobs/post/screens/file_checks.py",
    "jobs/post/screens/labels.py",
    "jobs/post/screens/screens_file.py",
    "jobs/post/screens/vocabularies.py",
    "jobs/post/teaching/taught_files.py",
    "jobs/post/teaching/toml_text.py",
    # what goes wrong between the hub and a phone, word for word: details for support
    "jobs/media/look/",
    "jobs/phone/adb/push_batch.py",
    "jobs/phone/adb/together.py",
    "jobs/phone/adb/version.py",
    "jobs/phone/adb/wire.py",
    "jobs/phone/screen/rpc.py",
    "jobs/phone/screen/screenshot.py",
    "jobs/phone/screen/tree.py",
    "jobs/phone/screen/u2_adapter.py",
    "jobs/phone/screen/usual_dump.py",
    # other files than screens
    "jobs/post/rehearsal/blanking.py",
    "jobs/post/rehearsal/export.py",
    "jobs/post/screens/inspect.py",
)
#: Calls whose texts are for the log of the hub or of a task, for the document of the API, or for programs.
_UNSEEN_CALLS = frozenset(
    {"Meta", "Query", "Header", "compile", "step", "note", "Element", "tap", "back", "TypeError", "AssertionError", "KeyError", "startswith",
     "endswith", "strftime", "strptime", "add_argument"}
)  # fmt: skip
_LOGS = frozenset({"log", "_LOG", "_sayings", "sayings"})
_VARIANTS_MAX = 16
#: The name of a field that a sentence is about; the console shows it beside the field, or leaves it as it is.
_FIELD = re.compile(r"^(?:[a-z_.\[\]]|\{\})+: (?=.)")
#: Something before the end of a sentence that is put behind others: "; left out".
_BEFORE_A_TAIL = re.compile(r"^(?:\{\} ?)+(?=[;,]| \([^{}()]*(?:\{\}[^{}()]*)*\)$)")
#: Shell commands, headers and the like.
_FOR_PROGRAMS = re.compile(
    r"; charset|filename=|max-age|no-cache|&&|%s|^(?:content|settings|svc|am|echo|for f in|cd|touch|chmod|chgrp|ping|CLASSPATH=\S*|Bearer|systemctl) |; ls |; echo |<"
)


def of_code(path: Path) -> dict[str, int]:
    """The texts of a module that may be sentences, with the line of each."""
    found: dict[str, int] = {}
    for line, text in _texts(ast.parse(path.read_text("utf-8"))):
        plain = normal(text)
        if _says_something(plain):
            found.setdefault(plain, line)
    return found


def normal(text: str) -> str:
    """A text as the table has it: no full stop, one mark for places that cannot be told apart, no name of a field before it."""
    plain = re.sub(r"(?:\{\w*\})+", PLACE, text).removesuffix(".")
    bare = _FIELD.sub("", plain)
    plain = bare if _has_words(bare) else plain
    return _BEFORE_A_TAIL.sub("", plain)


def shown_modules() -> Iterator[Path]:
    """Every module whose sentences may reach a screen."""
    for room in ("handlers", "jobs", "storage"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(SHOWN) and not name.startswith(HIDDEN):
                yield path


def of_screens_files() -> dict[str, str]:
    """What the shipped screens files say when a post ends on a screen, with the file of each."""
    return {
        normal(screen["says"]): path.name
        for path in sorted((ROOT / "jobs/post/screens").glob("*.toml"))
        for screen in tomllib.loads(path.read_text("utf-8")).get("screens", {}).values()
        if "says" in screen
    }


def _has_words(text: str) -> bool:
    words = text.replace(PLACE, " ").strip(" .:;,()\"'@")
    return sum(char.islower() for char in words) >= 2


def _says_something(text: str) -> bool:
    return " " in text.strip() and "\n" not in text and _has_words(text) and not _FOR_PROGRAMS.search(text)


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    if _unseen(node):
        return
    if isinstance(node, ast.expr) and (variants := _variants(node)) is not None:
        for variant in variants:
            yield node.lineno, variant
        for part in ast.walk(node):
            if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.IfExp):
                yield from _texts(part.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _unseen(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id=log) | ast.Attribute(attr=log))) if log in _LOGS:
            return True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in _UNSEEN_CALLS
        case ast.FunctionDef(name="routes"):
            return True
        case ast.Subscript(value=ast.Name(id="Annotated" | "Literal")):
            return True
        case _:
            return False


def _variants(node: ast.expr) -> list[str] | None:
    """The texts that an expression can be, None when it is no text; what is chosen within one is spelt out."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return _joined([_part(value) for value in values])
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            both = _variants(left), _variants(right)
            if both == (None, None):
                return None
            return _joined([one if one is not None else [PLACE] for one in both])
        case ast.IfExp(body=body, orelse=other):
            either = _variants(body), _variants(other)
            if either[0] is None or either[1] is None:
                return None
            return [*either[0], *either[1]]
        case _:
            return None


def _part(node: ast.expr) -> list[str]:
    match node:
        case ast.FormattedValue(value=ast.IfExp() as chosen):
            return _variants(chosen) or [PLACE]
        case ast.FormattedValue(
            value=ast.BinOp(op=ast.Mult(), left=ast.Constant(value=str(text)))
        ):  # "s" * (count > 1)
            return ["", text]
        case ast.Constant(value=str(text)):
            return [text]
        case _:
            return [PLACE]


def _joined(parts: list[list[str]]) -> list[str]:
    return ["".join(one) for one in itertools.islice(itertools.product(*parts), _VARIANTS_MAX)]
