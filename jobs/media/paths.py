"""From a path in a request to a real file or folder below the media roots, or a sentence that says why not."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from jobs.hub.settings import Media
from jobs.input.values import shorten
from jobs.media.names import is_utf8, real, shown, similar, trimmed

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,3}")
_DRIVE = re.compile(r"[A-Za-z]:(?![^\\/])")


class MediaRejected(Exception):
    """A file cannot be posted. `code` is a stable word; the message completes the sentence "FIELD: ..."."""

    def __init__(self, code: str, message: str, *, passing: bool = False) -> None:
        """`passing`: it may be read later, as when a network folder does not answer."""
        super().__init__(message)
        self.code = code
        self.passing = passing


def kind_of(name: str) -> str:
    """By the name alone: "video", "image", or "" for what the apps do not take."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - called for every file of a folder
    if suffix in VIDEO_SUFFIXES:
        return "video"
    return "image" if suffix in IMAGE_SUFFIXES else ""


def resolve_file(given: str, media: Media) -> Path:
    """The real path of a file named in a request. Raises MediaRejected."""
    path = _resolve(given, media)
    name = shorten(given)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise MediaRejected("missing", _missing(name, given, path)) from None
    except OSError as error:
        raise MediaRejected("unreadable", f'"{name}" cannot be read: {error.strerror}') from None
    if stat.S_ISDIR(mode):
        raise MediaRejected("not_a_file", f'"{name}" is a folder; name its files, or use material_path')
    if not stat.S_ISREG(mode):
        raise MediaRejected("not_a_file", f'"{name}" is not a regular file')
    if not kind_of(path.name):
        raise MediaRejected(
            "unsupported_type",
            f'"{name}" has a type that is not taken; use {", ".join(VIDEO_SUFFIXES + IMAGE_SUFFIXES)}',
        )
    if not os.access(path, os.R_OK):
        raise MediaRejected("unreadable", f'"{name}" cannot be read: permission denied')
    return path


def resolve_folder(given: str, media: Media) -> Path:
    """The real path of a folder named in a request. Raises MediaRejected."""
    path = _resolve(given, media)
    name = shorten(given)
    try:
        if not path.is_dir():
            if path.exists():
                raise MediaRejected("not_a_folder", f'"{name}" is not a folder')
            raise MediaRejected("missing", _missing(name, given, path))
    except OSError as error:
        raise MediaRejected("unreadable", f'"{name}" cannot be read: {error.strerror}') from None
    if not os.access(path, os.R_OK | os.X_OK):
        raise MediaRejected("unreadable", f'"{name}" cannot be read: permission denied')
    return path


def is_below(path: Path, roots: Sequence[str]) -> bool:
    """Whether a real path (links resolved) lies below one of the folders, themselves resolved first."""
    return any(path.is_relative_to(os.path.realpath(root)) for root in roots)


def _resolve(given: str, media: Media) -> Path:
    """As it was given, or without what came along when it was copied from elsewhere."""
    bare = trimmed(given)
    if bare in ("", given):
        return _resolve_exact(given, media)
    with contextlib.suppress(MediaRejected):
        found = _resolve_exact(given, media)
        if found.exists():
            return found
    return _resolve_exact(bare, media)


def _resolve_exact(given: str, media: Media) -> Path:
    name = shorten(given)
    if not given.strip():
        raise MediaRejected("missing", "is empty")
    if not is_utf8(given) or "\0" in given:
        raise MediaRejected("missing", f'"{name}" holds characters that no path can have')
    if given[:7].lower() == "file://":
        raise MediaRejected("url", f'"{name}" is a URL; write the path alone: "{shorten(given[7:])}"')
    if _URL.match(given) and not _DRIVE.match(given):
        raise MediaRejected(
            "url",
            f'"{name}" is a URL; files must lie on this box, below {_listed(media.roots)}: fetch it first',
        )
    mapped = _mapped(given, media.path_map)
    if mapped is None and (_DRIVE.match(given) or given.startswith("\\\\")):
        raise MediaRejected(
            "foreign_path",
            f'"{name}" is a Windows path, but files must lie on this box, below {_listed(media.roots)}: copy them '
            f'there, and translate the prefix under [media.path_map] in the config, e.g. "C:/Videos" = '
            f'"{media.roots[0]}"',
        )
    if given.startswith("~"):
        raise MediaRejected("foreign_path", f'"{name}": "~" is not known here; write the whole path')
    text = given if mapped is None else mapped
    if len(text) > 4096 or any(len(part) > 255 for part in text.split("/")):
        raise MediaRejected("missing", f'"{name}" is longer than a path can be')
    try:
        path = real(os.path.join(media.roots[0], text))  # noqa: PTH118 - keeps ".." for realpath
    except OSError as error:
        raise MediaRejected("unreadable", f'"{name}" cannot be read: {error.strerror}') from None
    if not is_below(path, media.roots):
        inside = is_below(Path(os.path.normpath(os.path.join(media.roots[0], text))), media.roots)  # noqa: PTH118
        how = "is a link that leads" if inside else "lies"
        raise MediaRejected(
            "outside_roots",
            f'"{name}" {how} outside of the media roots ({_listed(media.roots)}): copy the file there, or add its '
            "folder to [media] roots in the config file",
        )
    return path


def _mapped(given: str, path_map: dict[str, str]) -> str | None:
    """The path with its longest mapped prefix replaced; None when no prefix fits. Windows does not mind the case."""
    if not path_map:
        return None
    text = given.replace("\\", "/")
    for prefix in sorted(path_map, key=len, reverse=True):
        plain = prefix.replace("\\", "/").rstrip("/")
        same_case = not _DRIVE.match(plain) and not plain.startswith("//")
        head = text[: len(plain)]
        fits = head == plain if same_case else head.casefold() == plain.casefold()
        rest = text[len(plain) :]
        if fits and (not rest or rest.startswith("/")):
            return path_map[prefix].rstrip("/") + rest
    return None


def _missing(name: str, given: str, path: Path) -> str:
    text = f'"{name}" does not exist on this box'
    other = similar(str(path.parent), path.name)
    if other:
        return f'{text}; there is "{shown(other)}"'
    if not given.startswith("/"):
        text += f" (looked for {shorten(str(path), 200)})"
    if any(char in given for char in "\t\n\r"):
        text += r"; it holds a line break or a tab: in JSON a backslash must be doubled (\\), or write paths with /"
    elif given.startswith("@"):
        text += '; "@" tells curl to read a file, here the path alone is needed'
    elif "\\" in given:
        text += "; paths on this box use /"
    else:
        text += _how_written(given)
    return text


def _how_written(given: str) -> str:
    """What a path that leads nowhere was most likely meant to be, as the rest of a sentence."""
    if re.search(r"\$\w|\$\{|%\w+%", given):
        return "; variables are not known here, write the whole path"
    if any(char in given for char in "*?"):
        return "; patterns are not known here, name each file"
    if re.search(r"%[0-9A-Fa-f]{2}", given):
        return f'; it is written as in an address, write "{shorten(unquote(given))}"'
    if len([part for part in re.split(r"[,;]", given) if kind_of(part.strip())]) > 1:
        return "; give each file an entry of its own in the list"
    if given.startswith(("data:", "blob:")):
        return "; it is not a path: upload the file to the library"
    return ""


def _listed(roots: Sequence[str]) -> str:
    return ", ".join(roots)
