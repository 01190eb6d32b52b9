"""Keeps the bytecode of what the tests import, also where the environment says that Python shall write none.

The acceptance tests start hundreds of processes. Without bytecode each compiles two hundred modules anew, which takes
longer than what it is started for. Where PYTHONDONTWRITEBYTECODE is set, the bytecode goes to pytest's cache folder,
and nothing is written beside the sources.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".pytest_cache" / "bytecode"


def keep_bytecode(folder: Path = FOLDER) -> None:
    """Let this process and those that it starts read and write bytecode in a folder, if they would write none."""
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
