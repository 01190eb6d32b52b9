"""The layout of the state directory, its lock, and putting a restored store in place."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from storage.errors import StateLocked
from storage.files import Files

#: The generations of the store.
FOLDER = "store"

#: Monthly files of finished tasks.
ARCHIVE = "archive"

#: A complete store that takes the place of `FOLDER`, whose contents move to `REPLACED`.
RESTORED = "store.restored"
REPLACED = "store.replaced"


def lock_state(state_dir: Path, files: Files) -> int:
    """Make the directory if needed and take its lock; returns the descriptor that holds it.

    Raises:
        StateLocked: another process has it.
    """
    files.make_folder(state_dir)
    fd = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StateLocked(f"another process uses {state_dir}: stop it first") from error
    return fd


def finish_restore(state_dir: Path, files: Files) -> Path | None:
    """Put a completely written `RESTORED` in place; does nothing when there is none.

    Safe to repeat after a crash at any point. Returns where the store before it is kept, if there was one.
    """
    restored, present = state_dir / RESTORED, state_dir / FOLDER
    if not restored.exists():
        return None
    kept: Path | None = None
    if present.exists():
        number = 1
        kept = state_dir / f"{REPLACED}-{number}"
        while kept.exists():
            number += 1
            kept = state_dir / f"{REPLACED}-{number}"
        files.rename(present, kept, "replaced store")
    files.rename(restored, present, "restored store")
    files.sync_folder(state_dir, "restored store")
    return kept
