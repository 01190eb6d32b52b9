"""What a browser asks for before it shows the first screen, in few answers and without one round after another.

No build step stands between the files and the browser: the daemon does this at its start, from the files as they are.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

#: Where the files are, as the index names them.
PREFIX = "/ui/"
#: What the browser gets for style sheets that stand one after another in the index.
MERGED = "styles/first.css"
#: All texts in all languages; each browser gets those of one, and what no part of the first screen says as a file of its own.
TEXTS = "texts.json"
LATER = "later.json"
_SPOKEN = ("en", "de")
#: What the hub itself says, in the first language: a file for each other one says the same in it.
_HUB_SAYS = "hub_says"
_SHEETS = re.compile(rf'(?:<link rel="stylesheet" href="{PREFIX}[\w./-]+">\s*)+')
_SHEET = re.compile(rf'href="{PREFIX}([\w./-]+)"')
_MODULES = re.compile(
    rf"""<link rel="modulepreload" href="{PREFIX}([\w./-]+)">\n|<script type="module" src="{PREFIX}([\w./-]+)">"""
)
#: A text as a module names it: its section, and its key or what that begins with.
_NAMED_TEXT = re.compile(rb"""["'`](\w+)\.(\w*)(?:["'`]|(\$\{))""")
_IMPORT = re.compile(rb"""^(?:import|export)\b[^;"']*?["'](\.[\w./-]+\.js)["'];""", re.MULTILINE)


def at_once(index: str, files: dict[str, bytes]) -> str:
    """The index that lets a browser ask for all of the first screen at once; adds the merged style sheet to the files.

    Style sheets become one. Every module that the named ones import, and what those import, is named as well: a browser
    learns of them otherwise only when it has read the one that asks for them.
    """
    if found := _SHEETS.search(index):
        files[MERGED] = b"".join(files[path] for path in _SHEET.findall(found[0]))
        index = index.replace(found[0], f'<link rel="stylesheet" href="{PREFIX}{MERGED}">\n')
    links = "".join(
        f'<link rel="modulepreload" href="{PREFIX}{path}">\n' for path in _imported(_named(index), files)
    )
    return index.replace('<script type="module"', f'{links}<script type="module"', 1)


def _named(index: str) -> list[str]:
    """The modules that the index names."""
    return [one or other for one, other in _MODULES.findall(index)]


def _imported(named: Iterable[str], files: Mapping[str, bytes]) -> list[str]:
    """All modules that these import, the nearest first, without these."""
    seen = list(named)
    begun = len(seen)
    for path in seen:  # grows while it is gone through
        for other in _IMPORT.findall(files[path]):
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), other.decode()))
            if found in files and found not in seen:
                seen.append(found)
    return seen[begun:]


def by_language(index: str, files: dict[str, bytes]) -> None:
    """Put two files of texts for each language in the place of the one with all.

    `texts.de.json` has what the modules of the first screen name, and what the hub says there; `later.de.json` has the rest,
    which no screen needs before that.
    """
    if TEXTS not in files:
        return
    everything = json.loads(files.pop(TEXTS))
    named = _named(index)
    is_first = _texts_of(files[path] for path in (*named, *_imported(named, files)))
    for language in _SPOKEN:
        first: dict[str, object] = {}
        later: dict[str, object] = {}
        for section, texts in everything.items():
            own = {key: text[language] for key, text in texts.items()}
            first[section] = {key: text for key, text in own.items() if is_first(section, key)}
            later[section] = {key: text for key, text in own.items() if not is_first(section, key)}
        said = json.loads(files.pop(f"{_HUB_SAYS}.{language}.json", b"{}"))
        if said:
            first[_HUB_SAYS], later[_HUB_SAYS] = said["first"], said["later"]
        for name, texts in ((TEXTS, first), (LATER, later)):
            filled = {section: own for section, own in texts.items() if own}
            files[name.replace(".json", f".{language}.json")] = _packed(filled)


def _texts_of(modules: Iterable[bytes]) -> Callable[[str, str], bool]:
    """Whether one of these modules names a text: its section and key, or the beginning of its key."""
    keys: set[tuple[str, str]] = set()
    beginnings: set[tuple[str, str]] = set()
    for content in modules:
        for section, key, goes_on in _NAMED_TEXT.findall(content):
            (beginnings if goes_on else keys).add((section.decode(), key.decode()))

    def names(section: str, key: str) -> bool:
        plain = re.sub(r"_(?:zero|one|two|few|many|other)$", "", key)  # a form for a number
        return bool({(section, key), (section, plain)} & keys) or any(
            section == its and key.startswith(beginning) for its, beginning in beginnings
        )

    return names


def _packed(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
