"""Loads every module with commands, so that each registers its own."""

from __future__ import annotations

import importlib

_MODULES = (
    "basics",
    "files",
    "system",
    "dumpsys",
    "packages",
    "intents",
    "content",
    "inputs",
    "automation",
    "simctl",
)


def load() -> None:
    for name in _MODULES:
        importlib.import_module(f"simulator.shell.{name}")
