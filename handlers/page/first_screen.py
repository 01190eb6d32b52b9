"""What a browser asks for before it shows the first screen, in few answers and without one round after another.

No build step stands between the files and the browser: the daemon does this at its start, from the files as they are.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping

#: Where the files are, as the index names them.
PREFIX = "/ui/"
#: What the browser gets for style sheets that stand one after another in the index.
MERGED = "styles/first.css"
#: All texts in all languages; each browser gets those of one.
TEXTS = "texts.json"
_SPOKEN = ("en", "de")
#: What the hub itself says, in the first language: a file for each other one says the same in it.
_HUB_SAYS = "hub_says"
_SHEETS = re.compile(rf'(?:<link rel="stylesheet" href="{PREFIX}[\w./-]+">\s*)+')
_SHEET = re.compile(rf'href="{PREFIX}([\w./-]+)"')
_MODULES = re.compile(
    rf"""<link rel="modulepreload" href="{PREFIX}([\w./-]+)">\n|<script type="module" src="{PREFIX}([\w./-]+)">"""
)
_IMPORT = re.compile(rb"""^(?:import|export)\b[^;"']*?["'](\.[\w./-]+\.js)["'];""", re.MULTILINE)


def at_once(index: str, files: dict[str, bytes]) -> str:
    """The index that lets a browser ask for all of the first screen at once; adds the merged style sheet to the files.

    Style sheets become one. Every module that the named ones import, and what those import, is named as well: a browser
    learns of them otherwise only when it has read the one that asks for them.
    """
    if found := _SHEETS.search(index):
        files[MERGED] = b"".join(files[path] for path in _SHEET.findall(found[0]))
        index = index.replace(found[0], f'<link rel="stylesheet" href="{PREFIX}{MERGED}">\n')
    named = [one or other for one, other in _MODULES.findall(index)]
    links = "".join(f'<link rel="modulepreload" href="{PREFIX}{path}">\n' for path in _imported(named, files))
    return index.replace('<script type="module"', f'{links}<script type="module"', 1)


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


def by_language(files: dict[str, bytes]) -> None:
    """Put a file of texts for each language in the place of the one with all: `texts.de.json`.

    In another language than the first it also has what the hub says on the first screen; `hub_says.de.json` keeps the rest,
    which no screen needs before that.
    """
    if TEXTS not in files:
        return
    everything = json.loads(files.pop(TEXTS))
    for language in _SPOKEN:
        own: dict[str, object] = {
            section: {key: text[language] for key, text in texts.items()}
            for section, texts in everything.items()
        }
        hub_says = f"{_HUB_SAYS}.{language}.json"
        if hub_says in files:
            said = json.loads(files[hub_says])
            own[_HUB_SAYS] = said["first"]
            files[hub_says] = _packed(said["later"])
        files[TEXTS.replace(".json", f".{language}.json")] = _packed(own)


def _packed(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
