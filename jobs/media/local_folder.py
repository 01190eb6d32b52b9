"""`localFolder`: the folders that an account's media and texts come from, and what lies in them."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jobs.hub.regular_file import open_regular
from jobs.hub.settings import Media
from jobs.media.names import account_key, is_utf8, near_text_file, plain, shown, unfinished
from jobs.media.paths import MediaRejected, is_below, kind_of

CAPTION = "caption.txt"
SOUND_URLS = "sound_urls.txt"
SOUND_NAMES = "sound_names.txt"
_READ = frozenset({CAPTION, SOUND_URLS, SOUND_NAMES})
_TEXT = ".txt"
_MAX_TEXT_BYTES = 256 * 1024
#: Types of pictures and videos that the apps do not take, and what they are converted to.
_UNTAKEN = {
    "image": (frozenset({".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}), "JPEG"),
    "video": (
        frozenset({".avi", ".mkv", ".webm", ".wmv", ".flv", ".mpg", ".mpeg", ".3gp", ".mts", ".m2ts"}),
        "MP4 (H.264)",
    ),
}
_DOCUMENT = "is a document, not plain text: save it as plain text in UTF-8"
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


class FolderNames:
    """What lies in the folders of one request, read once: a request asks for up to hundreds of accounts."""

    def __init__(self) -> None:
        self._accounts: dict[Path, dict[str, list[str]]] = {}
        self._texts: dict[Path, list[str]] = {}

    def accounts(self, folder: Path, username: str) -> list[str]:
        """The folders in it whose name says this account, however it is written. Raises MediaRejected."""
        if folder not in self._accounts:
            found: dict[str, list[str]] = {}
            with _reading(folder), os.scandir(folder) as entries:
                for name in sorted(entry.name for entry in entries if _is_dir(entry)):
                    found.setdefault(account_key(name), []).append(name)
            self._accounts[folder] = found
        return self._accounts[folder].get(account_key(username), [])

    def strangers(self, folder: Path, usernames: Collection[str]) -> list[str]:
        """The account folders in it that were read and belong to none of these accounts."""
        keys = {account_key(name) for name in usernames}
        found = self._accounts.get(folder, {})
        return [
            name for key, same in found.items() if key not in keys for name in same if name.startswith("@")
        ]

    def texts(self, folder: Path) -> list[str]:
        """The names in it that can be those of texts, sorted. Raises MediaRejected."""
        if folder not in self._texts:
            with _reading(folder):
                names = os.listdir(folder)  # noqa: PTH208 - names only, of folders that may hold very many
            self._texts[folder] = sorted(name for name in names if not kind_of(name) and is_utf8(name))
        return self._texts[folder]


@contextlib.contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MediaRejected(
            "unreadable", f'"{shown(str(folder))}" cannot be read: {error.strerror}'
        ) from None


class AccountFolders:
    """Where one account's files are looked for: its own folder `@name` if there is one, and the root."""

    def __init__(self, root: Path, username: str, media: Media, names: FolderNames | None = None) -> None:
        """Raises MediaRejected when the account's folder leads out of the media roots.

        Args:
            root: The folder that the request names.
            username: Whose files; "" for those of the root.
            media: Says what the media roots are.
            names: Shared by the accounts of one request.
        """
        self._media = media
        self.left_out: list[str] = []  #: what `files` left out last, as sentences
        self.beside: list[
            str
        ] = []  #: names of texts that seem to be captions of single files, which are not read
        self._names = names or FolderNames()
        own = _own_folder(root, username, self._names) if username else None
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
        """Media of this kind in natural order; what is left out although its name fits is in `left_out`."""
        found: list[tuple[NaturalKey, Path]] = []
        texts: list[str] = []
        untaken: Counter[str] = Counter()
        self.left_out = []
        try:
            with os.scandir(self.media) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.name.casefold().endswith(_TEXT) and is_utf8(entry.name):
                        texts.append(entry.name)
                    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - for every file of a folder
                    if suffix in _UNTAKEN[kind][0]:
                        untaken[suffix] += 1
                    path, why = self._judge(entry, kind)
                    if path is not None:
                        found.append((natural_key(plain(entry.name)), path))
                    elif why:
                        self.left_out.append(f'"{shown(entry.name)}" {why}')
        except OSError as error:
            raise MediaRejected(
                "unreadable", f'"{shown(str(self.media))}" cannot be read: {error.strerror}'
            ) from None
        self.left_out.sort()
        self.unfit = len(self.left_out) + untaken.total()
        self.left_out += [
            f"files of the type {suffix} are not taken, here {count}: convert them to {_UNTAKEN[kind][1]}"
            for suffix, count in sorted(untaken.items())
        ]
        self.beside = _of_one_file(texts, [path for _, path in found])
        return [path for _, path in sorted(found, key=lambda item: item[0])]

    def _judge(self, entry: os.DirEntry[str], kind: str) -> tuple[Path | None, str]:
        """The real path of an entry of the kind, or why it is left out; neither for what is of no interest."""
        name = entry.name
        whole = unfinished(name)
        if whole:
            return None, "is still being copied or downloaded, by its name" if kind_of(whole) == kind else ""
        if kind_of(name) != kind:
            return None, ""
        try:
            if not entry.is_file():
                return None, "is a link to nothing" if entry.is_symlink() and not entry.is_dir() else ""
        except OSError as error:
            looped = error.errno == errno.ELOOP
            return None, "is a link that leads to itself" if looped else f"cannot be read: {error.strerror}"
        if not is_utf8(name):
            return None, "has a name that is not UTF-8: rename it"
        if not entry.is_symlink():
            return Path(entry.path), ""
        path = Path(os.path.realpath(entry.path))
        if not is_below(path, self._media.roots):
            return None, "is a link that leads outside of the media roots"
        if not is_utf8(str(path)):
            return None, "is a link to a name that is not UTF-8: rename it"
        return (path, "") if kind_of(path.name) == kind else (None, f"is a link to no {kind}")

    def text(self, name: str) -> tuple[Path, str] | None:
        """The text file of this name from the best folder that has one with anything in it. Raises MediaRejected.

        Another case is another way to write the same name. Where there is none, a file that looks like one that was
        named wrong is refused: without it another caption would be posted than the one that lies there.
        """
        for folder in self.texts:
            path = folder / self._text_name(folder, name)
            content = read_caption_file(path, self._media)
            if content.strip():
                return path, content
        return None

    def _text_name(self, folder: Path, wanted: str) -> str:
        """The name under which a text lies in a folder; the wanted one where there is none. Raises MediaRejected."""
        if os.path.lexists(folder / wanted):
            return wanted
        names = self._names.texts(folder)
        same = [name for name in names if name.casefold() == wanted]
        if len(same) > 1:
            listed = " and ".join(f'"{name}"' for name in same)
            raise MediaRejected("ambiguous_name", f'there are {listed} in "{folder}": keep one of them')
        if same:
            return same[0]
        near = next((name for name in names if near_text_file(name, wanted)), "")
        if near:
            raise MediaRejected(
                "near_miss",
                f'"{shown(near)}" in "{folder}" is not read: rename it to "{wanted}", or move it away',
            )
        return wanted


def _of_one_file(texts: Collection[str], files: Iterable[Path]) -> list[str]:
    """`clip.txt` and `clip.mp4.txt` beside `clip.mp4`, sorted."""
    names = {name.casefold() for path in files for name in (path.name, path.stem)}
    return sorted(
        text for text in texts if text[: -len(_TEXT)].casefold() in names and text.casefold() not in _READ
    )


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _own_folder(root: Path, username: str, names: FolderNames) -> Path | None:
    """The account's folder, whatever its case and Unicode form. Raises MediaRejected for a near miss."""
    exact = f"@{username}"
    alike = names.accounts(root, username)
    if exact in alike:
        return root / exact
    same = [name for name in alike if plain(name).casefold() == plain(exact).casefold()]
    if len(same) > 1:
        listed = " and ".join(f'"{name}"' for name in same)
        raise MediaRejected("ambiguous_name", f"there are {listed}: keep one of them")
    if same:
        return root / same[0]
    if alike:
        raise MediaRejected(
            "near_miss",
            f'the folder "{shown(alike[0])}" is not used: rename it to "{exact}", or move it away',
        )
    return None


def read_caption_file(path: Path, media: Media) -> str:
    """The text of a file beside the media, "" where there is none. Raises MediaRejected."""
    try:
        if not path.is_file():
            return ""
        real = Path(os.path.realpath(path))
        if not is_below(real, media.roots):
            raise MediaRejected(
                "outside_roots", f'"{path.name}" is a link that leads outside of the media roots'
            )
        with os.fdopen(open_regular(real), "rb") as file:
            data = file.read(_MAX_TEXT_BYTES + 1)
        if len(data) > _MAX_TEXT_BYTES:
            raise MediaRejected("too_large", f'"{path}" has more than {_MAX_TEXT_BYTES} bytes')
        if data.startswith(b"{\\rtf"):
            raise MediaRejected("unreadable", f'"{path}" {_DOCUMENT}')
        return _decoded(data)
    except OSError as error:
        raise MediaRejected("unreadable", f'"{path}" cannot be read: {error.strerror}') from None
    except UnicodeDecodeError as error:
        raise MediaRejected("unreadable", f'"{path}" {_not_text(data, error)}') from None


def _decoded(data: bytes) -> str:
    """UTF-8, with a byte order mark or without; UTF-16 with one, as Notepad's "Unicode". Raises UnicodeDecodeError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(
        codecs.BOM_UTF32_LE
    ):
        return data.decode("utf-16")
    text = data.decode("utf-8-sig")
    if "\0" in text:
        raise UnicodeDecodeError("utf-8", data, data.index(b"\0"), data.index(b"\0") + 1, "NUL")
    return text


def _not_text(data: bytes, error: UnicodeDecodeError) -> str:
    """What a file is that is not UTF-8, and what to do."""
    if error.encoding.startswith("utf-16"):
        return "begins as UTF-16 text and ends within a character: save it anew"
    if data.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        return _DOCUMENT
    if b"\0" in data:
        return "is UTF-16 or binary without a byte order mark: save it as UTF-8"
    line = data.count(b"\n", 0, error.start) + 1
    guess = data[error.start : error.start + 1].decode("cp1252", "replace")
    return (
        f'is not UTF-8: byte 0x{data[error.start]:02x} in line {line}, "{guess}" if it is Windows-1252 (ANSI); '
        "save it as UTF-8"
    )
