"""A phone's file system, kept in a folder of the box: shared storage, /data/local/tmp, and who may write where."""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
from pathlib import Path

_SHARED = ("/sdcard", "/storage/emulated/0", "/storage/self/primary", "/mnt/sdcard", "/mnt/user/0/primary")
_SHARED_FOLDERS = ("DCIM/Camera", "Pictures", "Movies", "Music", "Download", "Documents", "Android/data")
#: Folders that exist and show nothing; the shell may look but not write.
_SYSTEM = {
    "/": "acct apex bin cache config data dev etc mnt odm proc product sdcard storage sys system vendor",
    "/data": "",
    "/data/local": "tmp",
    "/storage": "emulated self",
    "/storage/emulated": "0",
    "/storage/self": "primary",
    "/system": "app bin etc fonts framework lib64 priv-app",
    "/system/bin": "am app_process cmd content dumpsys getprop input ls md5sum pm screencap settings sh toybox",
    "/proc": "",
    "/dev": "null",
    "/mnt": "sdcard",
}

TOTAL_BYTES = 118_000_000_000
_USED_BYTES = 27_000_000_000


class PhoneFiles:
    """The files of one phone. Paths are the phone's; errors are OSError with Android's errno."""

    def __init__(self, folder: Path) -> None:
        self._shared = folder / "sdcard"
        self._tmp = folder / "tmp"
        for name in _SHARED_FOLDERS:
            (self._shared / name).mkdir(parents=True, exist_ok=True)
        self._tmp.mkdir(parents=True, exist_ok=True)
        self.free_limit: int | None = None  #: set by `simctl set free-bytes` and the fault storage-full

    def canonical(self, path: str, cwd: str = "/") -> str:
        """The path without links: shared storage is always /storage/emulated/0/..."""
        path = posixpath.normpath(posixpath.join(cwd, path or "."))
        path = "/" + path.lstrip("/")
        for alias in _SHARED:
            if path == alias or path.startswith(alias + "/"):
                return "/storage/emulated/0" + path[len(alias) :]
        return path

    def host_path(self, path: str, cwd: str = "/") -> Path:
        """Where a path of the phone lies on the box. Raises FileNotFoundError, PermissionError."""
        path = self.canonical(path, cwd)
        for prefix, folder in (("/storage/emulated/0", self._shared), ("/data/local/tmp", self._tmp)):
            if path == prefix or path.startswith(prefix + "/"):
                return folder / path[len(prefix) :].lstrip("/")
        if path.startswith("/data/") and path not in _SYSTEM:
            raise PermissionError(errno.EACCES, "Permission denied")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    def for_writing(self, path: str, cwd: str = "/") -> Path:
        """As `host_path`, for a file that will be made or changed. Raises OSError (EROFS outside the user's area)."""
        canonical = self.canonical(path, cwd)
        if canonical in _SYSTEM or not canonical.startswith(("/storage/", "/data/")):
            raise OSError(errno.EROFS, "Read-only file system")
        try:
            found = self.host_path(canonical)
        except FileNotFoundError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error
        if len(found.name.encode()) > 255:
            raise OSError(errno.ENAMETOOLONG, "File name too long")
        return found

    def is_shared(self, path: str) -> bool:
        return self.canonical(path).startswith("/storage/emulated/0")

    def system_listing(self, path: str) -> list[str] | None:
        """Names in a folder of the system, None when there is no such folder."""
        names = _SYSTEM.get(self.canonical(path))
        return None if names is None else names.split()

    def listing(self, path: str, cwd: str = "/") -> list[str]:
        """Names in a folder, sorted. Raises OSError."""
        names = self.system_listing(posixpath.join(cwd, path))
        return (
            names
            if names is not None
            else sorted(entry.name for entry in self.host_path(path, cwd).iterdir())
        )

    @property
    def free_bytes(self) -> int:
        if self.free_limit is not None:
            return self.free_limit
        return TOTAL_BYTES - _USED_BYTES - self._pushed_bytes()

    def _pushed_bytes(self) -> int:
        total = 0
        for folder, _, names in os.walk(self._shared):
            for name in names:
                total += os.lstat(f"{folder}/{name}").st_size
        return total

    def take_space(self, count: int) -> None:
        """Reserve space before a write. Raises OSError ENOSPC when the phone is full."""
        if self.free_limit is not None:
            if count > self.free_limit:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.free_limit -= count

    def give_space(self, count: int) -> None:
        if self.free_limit is not None:
            self.free_limit += count

    def remove(self, path: Path) -> None:
        """Delete a file or a whole folder."""
        if path.is_dir():
            shutil.rmtree(path)
        else:
            self.give_space(path.stat().st_size)
            path.unlink()
