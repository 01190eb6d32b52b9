"""The commands of a phone's shell, a module per kind; each registers its own when it is imported."""

from __future__ import annotations

import importlib

_MODULES = ("automation", "basics", "content", "dumpsys", "files", "inputs", "intents", "packages", "system")


def load() -> None:
    for name in _MODULES:
        importlib.import_module(f"simulator.shell.commands.{name}")
    importlib.import_module("simulator.shell.simctl.command")
