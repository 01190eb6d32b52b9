"""What to say about a path that does not exist: what was meant, most likely."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from jobs.input.values import shorten

#: Of what something is asked, in a path.
_WITHOUT = re.compile(r"/\{\w+\}(?=/)")


class UnknownPaths:
    """Knows the paths that there are."""

    def __init__(self, paths: Iterable[str]) -> None:
        """`paths` have `{name}` in the place of what changes."""
        self._paths = sorted(set(paths))

    def sentence(self, path: str) -> str:
        """What is wrong with a path that is none of these."""
        shown = "".join(c if c.isprintable() else "?" for c in path[:100])
        # Before anything alike: who means one task must not be led to the call for all of them.
        of_one = next(
            (one for one in self._paths if _WITHOUT.sub("", one, count=1) == path and one != path), ""
        )
        if of_one:
            return f"there is no {shown}; did you mean {of_one}?"
        wanted = self._wanted_id(path)
        if wanted.isascii() and wanted.isdigit():
            return f"there is no {shown}: no id is as large as that"
        if wanted:
            return f'there is no {shown}: an id is a whole number, "{shorten(wanted)}" is none'
        for prefix in ("", "/api/v1", "/api", "/v1"):
            candidate = "/api/v1" + path.removeprefix(prefix)
            near = difflib.get_close_matches(candidate, self._paths, n=1, cutoff=0.85)
            if near:
                return f"there is no {shown}; did you mean {near[0]}?"
        return f"there is no {shown}; /api/v1/openapi.json lists every path"

    def _wanted_id(self, path: str) -> str:
        """What stands in the place of an id without being a number, or misspelling another path; "" if nothing."""
        for template in self._paths:
            before, found, after = template.partition("{id}")
            if not found or not path.startswith(before) or not path.endswith(after):
                continue
            word = path[len(before) : len(path) - len(after)]
            beside = [p.removeprefix(before) for p in self._paths if p.startswith(before) and "{" not in p]
            if word and "/" not in word and not difflib.get_close_matches(word, beside, n=1, cutoff=0.7):
                return word
        return ""
