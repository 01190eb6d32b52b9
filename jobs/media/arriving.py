"""Whether a file is still being copied into its place; what is there of it by then may look like a whole one."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from pathlib import Path

#: A file that did not change for this time is not being copied; a copy that stopped is judged by its content.
QUIET_S = 3600.0
#: Where the system does not say whether a file is open, one that was changed so recently counts as being copied.
RECENT_S = 5.0


def still_arriving(path: Path, *, by_time: bool = True) -> str:
    """Why a file counts as being copied, as the end of a sentence that begins with its name; "" when it does not.

    Without `by_time` only what the system says for certain counts: a file that a request names is complete, as a rule.

    A lease for reading is refused while any process has the file open for writing (fcntl(2), F_SETLEASE). It is given
    to the owner of a file and to root only, and by local file systems: elsewhere the time of the last change decides.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""  # what it is and why it cannot be read, others say
    try:
        status = os.fstat(descriptor)
        age_s = time.time() - max(status.st_mtime, status.st_ctime)
        if age_s > QUIET_S:
            return ""
        written = open_for_writing(descriptor)
        if written:
            return "is still being written by another program"
        if by_time and written is None and -RECENT_S < age_s < RECENT_S:
            return (
                f"was changed {max(0.0, age_s):.0f} s ago and may still be copied: ask again in a few seconds"
            )
        return ""
    finally:
        os.close(descriptor)


def open_for_writing(descriptor: int) -> bool | None:
    """Whether a process has the file open for writing; None where the system does not say."""
    try:
        # A program that opens the file now waits until the lease is given back; the kernel sends us a signal, which
        # would end us if it were SIGIO.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    return False
