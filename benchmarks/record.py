"""Remembers the figures of a benchmark's last runs on this machine, and says what got worse since.

A script makes `Figures`, adds what it measured and closes them; they stand in .benchmarks/HOST/NAME.json, or under
TIKMATRIXD_BENCHMARKS. Only runs with the same options are compared. `python -m benchmarks.record` shows the last run of every script.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: More than this is said; less is noise on most machines.
WORSE = 0.10
#: The last runs that are kept, newest first.
KEPT = 20
_ROOT = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Where the figures of this machine are: another machine's say nothing about it."""
    base = Path(os.environ.get("TIKMATRIXD_BENCHMARKS", _ROOT / ".benchmarks"))
    return base / f"{platform.node()}-{os.cpu_count()}-cpu-python{platform.python_version()}"


class Figures:
    """What one run of one script measured; smaller is better unless `more_is_better`."""

    def __init__(self, script: str, options: argparse.Namespace | None = None) -> None:
        """`options` decide what was measured."""
        self._path = folder() / f"{script}.json"
        self._options = {name: str(value) for name, value in vars(options).items()} if options else {}
        self._load = os.getloadavg()[0]
        self._figures: dict[str, dict[str, Any]] = {}

    def add(self, name: str, value: float, unit: str, *, more_is_better: bool = False) -> None:
        """Note one figure."""
        self._figures[name] = {"value": round(value, 4), "unit": unit, "more_is_better": more_is_better}

    def close(self) -> list[str]:
        """Keep this run, print what got worse since the last one by more than 10 %; returns those sentences."""
        runs = _runs(self._path)
        before = previous(runs, self._options)
        said = worse(before["figures"], self._figures) if before else []
        run = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "options": self._options,
            "load": round(self._load, 1),
            "figures": self._figures,
        }
        runs.insert(0, run)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps(runs[:KEPT], indent=1))
        unfinished.replace(self._path)
        if before:
            print("\n".join([f"against {_when(before)}:", *_listed(said)]))
        else:
            print(
                f"the first run with these options on this machine; the next is compared with it ({self._path})"
            )
        return said


def previous(runs: list[dict[str, Any]], options: Mapping[str, str]) -> dict[str, Any] | None:
    """The newest of these runs that had the same options."""
    return next((run for run in runs if run.get("options", {}) == options), None)


def _when(run: Mapping[str, Any]) -> str:
    return f"the run of {run['at']}, at a load of {run.get('load', '?')}"


def _listed(said: list[str]) -> list[str]:
    return [f"  {sentence}" for sentence in said or ["nothing is worse by more than 10 %"]]


def worse(before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    """One sentence for each figure of both runs that is worse by more than `WORSE`."""
    said = []
    for name, figure in now.items():
        old = before.get(name)
        if old is None or old["unit"] != figure["unit"] or not old["value"]:
            continue
        change = figure["value"] / old["value"] - 1.0
        if (-change if figure["more_is_better"] else change) > WORSE:
            said.append(
                f"{name} is worse by {abs(change):.0%}: {figure['value']:g} {figure['unit']} after {old['value']:g}"
            )
    return said


def _runs(path: Path) -> list[dict[str, Any]]:
    """Newest first; empty when there is no file that can be read."""
    try:
        runs = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return runs if isinstance(runs, list) else []


def main() -> None:
    """Show the last figures of every script on this machine, and what was worse in them than in the run before."""
    if not any(folder().glob("*.json")):
        print(
            f"no benchmark has run here so far ({folder()}); begin with: python -m benchmarks.lists --tasks 20000"
        )
    for path in sorted(folder().glob("*.json")):
        runs = _runs(path)
        if not runs:
            continue
        last, *others = runs
        print(f"{path.stem}: {_when(last)}")
        for name, figure in last["figures"].items():
            print(f"  {name:64} {figure['value']:10g} {figure['unit']}")
        before = previous(others, last.get("options", {}))
        if before is None:
            print("  no earlier run with the same options")
            continue
        print(
            "\n".join(
                [
                    f"  against {_when(before)}:",
                    *map("  {}".format, _listed(worse(before["figures"], last["figures"]))),
                ]
            )
        )


if __name__ == "__main__":
    main()
