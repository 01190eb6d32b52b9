"""Opens a path only if it is a regular file; refuses links, pipes and devices put in its place. Says which trouble passes."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

#: The path or its rights are wrong, which stays so. All else may pass: a network folder that does not answer, a disk.
_STAYS = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.ENXIO,
        errno.EINVAL,
        errno.ENAMETOOLONG,
    }
)


def may_pass(error: OSError) -> bool:
    """Whether what kept a file from being read may be over by the next time."""
    return error.errno not in _STAYS


class NotRegular(OSError):
    """The path leads to a link, a pipe, a device or a folder."""


def open_regular(path: Path) -> int:
    """A descriptor for reading the regular file at `path`, whose last part may not be a link.

    A pipe would block its opener until another program writes to it, a device may do anything: neither is waited
    for, and neither is read. Raises NotRegular, and OSError for what cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        # ELOOP: a link. ENXIO: a socket, or a device without its driver.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotRegular(error.errno, "it is not a regular file any more", str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegular(errno.EINVAL, "it is not a regular file any more", str(path))
    return descriptor
