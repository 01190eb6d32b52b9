"""Reads the backup of a hub as what a stranger may have made: every name, kind, size and content is checked first."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import msgspec

from jobs.hub.config_file import ConfigInvalid, LoadedConfig, parse_config_text
from jobs.input.toml_reading import read_toml
from jobs.upkeep.token_file import parse_tokens
from jobs.upkeep.usb_boxes.folder import FOLDER, check_file
from storage import backup as store_backup
from storage.errors import BackupUnreadable
from storage.tar_headers import REGULAR, Hostile, check_headers

MANIFEST = "manifest.json"
STORE, CONFIG = "store.tar", "config.toml"
TOKENS_BESIDE_CONFIG, TOKENS_IN_STATE = "tokens/beside-config.json", "tokens/in-state-dir.json"
TOKENS_OF_CONSOLE = "tokens/console.json"  #: made or taken back in the console
ADB, SCREENS, TAUGHT, LIBRARY = "adb", "screens", "taught", "library"
USB_BOXES = FOLDER  #: keys and addresses of other boxes
#: What the files of each folder must be that are looked into.
_EXPECTED = {
    "tokens": "tokens",
    SCREENS: "a screens file (TOML)",
    TAUGHT: "a file of lessons (TOML)",
    USB_BOXES: "a file of a USB box",
}
ADB_KEYS = ("adbkey", "adbkey.pub")
FORMAT = 1

_MAX_SMALL_BYTES = 4 * 1024**2  #: of everything but the state and the materials
_MAX_FILES = 200_000
_MOMENT = re.compile(r"[0-9T:.+Z-]{10,40}")
_PIECE = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True):
    """Last file of a backup: what it holds, so that a cut or altered one is noticed."""

    format: int
    made_at: str
    sha256: dict[str, str]


class Unpacked(msgspec.Struct, frozen=True):
    """A backup that was read completely and found whole: files by name, and the config in it, if any."""

    files: dict[str, Path]
    config: LoadedConfig | None
    facts: store_backup.BackupFacts
    made_at: str
    tokens: tuple[str, ...] = ()  #: names of the tokens in it


def unpack(path: Path, folder: Path, config_path: Path | None) -> Unpacked:
    """Unpack into a folder and check everything. Raises BackupUnreadable."""
    try:
        files = _unpack_files(path, folder)
        manifest = msgspec.json.decode(files.pop(MANIFEST).read_bytes(), type=Manifest)
        if {name: sum_of(file) for name, file in files.items()} != manifest.sha256:
            raise BackupUnreadable(f"{path} is incomplete or was altered")
        if not _MOMENT.fullmatch(manifest.made_at):
            raise Hostile("its manifest names no moment at which it was made")
        facts = store_backup.check_backup(files[STORE])
        tokens = _check_small_files(files)
        config = None
        if CONFIG in files:
            config = parse_config_text(files[CONFIG].read_text("utf-8-sig"), config_path)
        return Unpacked(files, config, facts, manifest.made_at, tokens)
    except KeyError as error:
        raise BackupUnreadable(f"{path} is not a whole backup of a hub: it has no {error}") from error
    except ConfigInvalid as error:
        raise BackupUnreadable(f"the config in {path} does not fit this version: {error}") from error
    except Hostile as error:
        raise BackupUnreadable(f"{path} is not a backup that this program made: {error}") from error
    except (OSError, tarfile.TarError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BackupUnreadable(f"{path} cannot be read as a backup: {error}") from error


def _unpack_files(path: Path, folder: Path) -> dict[str, Path]:
    check_headers(path)
    needed = path.stat().st_size
    if shutil.disk_usage(folder).free < needed:
        raise OSError(f"it needs {needed // 2**20 + 1} MiB below {folder} (TMPDIR names another place)")
    files: dict[str, Path] = {}
    with tarfile.open(path, mode="r:") as tar:
        for number, member in enumerate(tar):
            _check_member(member, number, files)
            # Names of the archive are never used as paths here.
            files[member.name] = folder / str(number)
            stream = tar.extractfile(member)
            if stream is None:
                raise Hostile(f"{member.name!r} is not a regular file")
            with files[member.name].open("xb") as out:
                shutil.copyfileobj(stream, out, _PIECE)
    return files


def _check_member(member: tarfile.TarInfo, number: int, known: dict[str, Path]) -> None:
    name = member.name
    pure = PurePosixPath(name)
    if number >= _MAX_FILES:
        raise Hostile(f"it holds more than {_MAX_FILES} files")
    if member.type not in REGULAR or member.issparse():
        raise Hostile(f"{name[:100]!r} is not a regular file")
    plain = name.isprintable() or (name.isascii() is False and not any(_is_control(c) for c in name))
    if not plain or len(name.encode("utf-8", "surrogateescape")) > 1024:
        raise Hostile(f"it holds the name {name[:100]!r}")
    if str(pure) != name or pure.is_absolute() or ".." in pure.parts or "\\" in name or name in {"", "."}:
        raise Hostile(f"{name[:100]!r} leads somewhere else")
    if name in known:
        raise Hostile(f"{name!r} is in it twice")
    if name != STORE and pure.parts[0] != LIBRARY and member.size > _MAX_SMALL_BYTES:
        raise Hostile(f"{name!r} has {member.size} bytes, at most {_MAX_SMALL_BYTES} are taken")


def _is_control(character: str) -> bool:
    return ord(character) < 32 or 127 <= ord(character) < 160 or 0xD800 <= ord(character) < 0xE000


def _check_small_files(files: dict[str, Path]) -> tuple[str, ...]:
    """Tokens must be tokens, screens TOML, files of USB boxes such files; returns the names of the tokens.

    Raises:
        BackupUnreadable: One of them is something else.
    """
    names: list[str] = []
    for name, file in files.items():
        try:
            if name in {TOKENS_BESIDE_CONFIG, TOKENS_IN_STATE, TOKENS_OF_CONSOLE}:
                names += [entry.name for entry in parse_tokens(file.read_bytes()).tokens]
            elif name.startswith((f"{SCREENS}/", f"{TAUGHT}/")):
                read_toml(file.read_text("utf-8"))
            elif name.startswith(f"{USB_BOXES}/"):
                # ssh and systemd obey what stands in these files.
                _, _, box_and_file = name.partition("/")
                box, _, kind = box_and_file.partition("/")
                check_file(box, kind, file.read_bytes())
        except (ValueError, RecursionError) as error:
            folder = name.partition("/")[0]
            raise BackupUnreadable(f"{name} in the backup is not {_EXPECTED[folder]}: {error}") from error
    return tuple(names)


def sum_of(path: Path) -> str:
    """The SHA-256 of a file in hex. Raises OSError."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
