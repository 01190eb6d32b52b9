"""The layout of the state directory, its lock, and putting a restored store in place."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from storage.engine.files import Files
from storage.errors import StateLocked

#: The generations of the store.
FOLDER = "store"

#: Monthly files of finished tasks.
ARCHIVE = "archive"

#: A complete store that takes the place of `FOLDER`, whose contents move to `REPLACED`.
RESTORED = "store.restored"
REPLACED = "store.replaced"


#: What `flock` says on a folder where the file system (NFS) has no locks for folders.
_NO_FOLDER_LOCKS = frozenset({errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


class StateLock:
    """The state directory belongs to this process until `close`.

    The folder itself is locked beside the file `lock`: who deletes that file cannot let a second daemon in.
    """

    def __init__(self, state_dir: Path, descriptors: list[int]) -> None:
        self._state_dir = state_dir
        self._descriptors = descriptors

    @property
    def held(self) -> bool:
        return bool(self._descriptors)

    def problem(self) -> str:
        """Why the locked folder is no longer the one at its path; "" when it is."""
        try:
            present, locked = self._state_dir.stat(), os.fstat(self._descriptors[0])
        except OSError as error:
            return f"{self._state_dir} cannot be found any more ({error.strerror}): stop the daemon and put it back"
        if (present.st_dev, present.st_ino) != (locked.st_dev, locked.st_ino):
            return f"{self._state_dir} was replaced while the daemon runs: stop it and put the folder back"
        return ""

    def close(self) -> None:
        """Let go; may be called twice."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def lock_state(state_dir: Path, files: Files) -> StateLock:
    """Make the directory if needed and take its lock.

    Raises:
        StateLocked: another process has it.
    """
    files.make_folder(state_dir)
    folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    descriptors = [folder]
    lock = StateLock(state_dir, descriptors)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_FOLDER_LOCKS:
                raise
        file = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        descriptors.append(file)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StateLocked(f"another process uses {state_dir}: stop it first") from error
    except BaseException:
        lock.close()
        raise
    return lock


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
