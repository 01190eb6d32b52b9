"""`localFolder`: the folders that an account's media and texts come from, and what lies in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jobs.post.media_paths import MediaRejected, is_below, kind_of
from jobs.regular_file import open_regular
from jobs.settings import Media

CAPTION = "caption.txt"
SOUND_URLS = "sound_urls.txt"
SOUND_NAMES = "sound_names.txt"
_MAX_TEXT_BYTES = 256 * 1024
_SORTED = re.compile(r"sort_(\d{1,9})_", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"(\d+)", re.ASCII)

NaturalKey = tuple[int, int, list[tuple[int, int, str]], str]


def natural_key(name: str) -> NaturalKey:
    """Sorts photo2 before photo10, and `sort_<n>_` names by n before all others."""
    prefix = _SORTED.match(name)
    rest = name[prefix.end() :] if prefix else name
    parts = [
        (0, int(part), "") if index % 2 else (1, 0, part)
        for index, part in enumerate(_DIGITS.split(rest.casefold()))
    ]
    return (0 if prefix else 1, int(prefix[1]) if prefix else 0, parts, name)


def sort_number(name: str) -> int | None:
    """The n of a name `sort_<n>_...`."""
    prefix = _SORTED.match(name)
    return int(prefix[1]) if prefix else None


class SubFolders:
    """The names of the folders in a folder, read once: a request asks for up to hundreds of accounts."""

    def __init__(self) -> None:
        self._names: dict[Path, list[str]] = {}

    def names(self, folder: Path) -> list[str]:
        """Sorted. Raises MediaRejected."""
        if folder not in self._names:
            try:
                with os.scandir(folder) as entries:
                    self._names[folder] = sorted(entry.name for entry in entries if entry.is_dir())
            except OSError as error:
                raise MediaRejected(
                    "unreadable", f'"{folder.name}" cannot be read: {error.strerror}'
                ) from None
        return self._names[folder]


class AccountFolders:
    """Where one account's files are looked for: its own folder `@name` if there is one, and the root."""

    def __init__(
        self, root: Path, username: str, media: Media, sub_folders: SubFolders | None = None
    ) -> None:
        """Raises MediaRejected when the account's folder leads out of the media roots.

        Args:
            root: The folder that the request names.
            username: Whose files; "" for those of the root.
            media: Says what the media roots are.
            sub_folders: Shared by the accounts of one request.
        """
        self._media = media
        own = _own_folder(root, username, sub_folders or SubFolders()) if username else None
        if own is not None:
            own = Path(os.path.realpath(own))
            if not is_below(own, media.roots):
                raise MediaRejected(
                    "outside_roots", f'"@{username}" is a link that leads outside of the media roots'
                )
        #: Where the media lie. The account's folder decides by being there, even when it is empty.
        self.media = own or root
        #: Where text files are looked for, best first.
        self.texts = (own, root) if own is not None else (root,)

    def files(self, kind: str) -> list[Path]:
        """Media of this kind in natural order; hidden files, folders and links that lead outside are left out."""
        found = []
        try:
            with os.scandir(self.media) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or kind_of(entry.name) != kind or not entry.is_file():
                        continue
                    path = Path(entry.path)
                    if entry.is_symlink():
                        path = Path(os.path.realpath(path))
                        if not is_below(path, self._media.roots) or kind_of(path.name) != kind:
                            continue
                    found.append((natural_key(entry.name), path))
        except OSError as error:
            raise MediaRejected("unreadable", f'"{self.media}" cannot be read: {error.strerror}') from None
        return [path for _, path in sorted(found, key=lambda item: item[0])]

    def text(self, name: str) -> tuple[Path, str] | None:
        """The text file of this name from the best folder that has one with anything in it. Raises MediaRejected."""
        for folder in self.texts:
            path = folder / name
            content = _read_text(path, self._media)
            if content.strip():
                return path, content
        return None


def _own_folder(root: Path, username: str, sub_folders: SubFolders) -> Path | None:
    exact = root / f"@{username}"
    if exact.is_dir():
        return exact
    wanted = exact.name.casefold()
    return next((root / name for name in sub_folders.names(root) if name.casefold() == wanted), None)


def _read_text(path: Path, media: Media) -> str:
    if not path.is_file():
        return ""
    real = Path(os.path.realpath(path))
    if not is_below(real, media.roots):
        raise MediaRejected("outside_roots", f'"{path.name}" is a link that leads outside of the media roots')
    try:
        with os.fdopen(open_regular(real), "rb") as file:
            data = file.read(_MAX_TEXT_BYTES + 1)
        if len(data) > _MAX_TEXT_BYTES:
            raise MediaRejected("too_large", f'"{path}" has more than {_MAX_TEXT_BYTES} bytes')
        return data.decode("utf-8-sig")
    except OSError as error:
        raise MediaRejected("unreadable", f'"{path}" cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise MediaRejected("unreadable", f'"{path}" is not UTF-8 text') from None
