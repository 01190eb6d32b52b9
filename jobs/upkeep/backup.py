"""Everything that makes this hub this hub in one file: state, config, tokens, adb keys, USB boxes, screen files, lessons, materials."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from jobs.hub.clock import utc
from jobs.hub.config_file import LoadedConfig
from jobs.post.teaching import taught_files
from jobs.upkeep.backup_archive import (
    ADB,
    ADB_KEYS,
    CONFIG,
    FORMAT,
    LIBRARY,
    MANIFEST,
    SCREENS,
    STORE,
    TAUGHT,
    TOKENS_BESIDE_CONFIG,
    TOKENS_IN_STATE,
    TOKENS_OF_CONSOLE,
    USB_BOXES,
    Manifest,
)
from jobs.upkeep.token_file import console_tokens
from jobs.upkeep.usb_boxes.folder import ADB_KEYS as KEYS_OF_BOX
from jobs.upkeep.usb_boxes.folder import Boxes
from storage import backup as store_backup
from storage.engine.files import Files
from storage.errors import StoreFailed


class Places(msgspec.Struct, frozen=True):
    """Where this hub keeps what is not in the state directory; None where there is none."""

    tokens: Path | None
    tokens_beside_config: bool
    adb_dir: Path | None
    boxes_dir: Path | None = None


class Made(msgspec.Struct, frozen=True):
    """A finished backup: its facts, what it holds besides the state, and what is missing in it with the reason."""

    store: store_backup.BackupFacts
    size_bytes: int
    holds: list[str]
    missing: list[str]


def back_up(config: LoadedConfig, places: Places, target: Path, now: float, *, library: bool = False) -> Made:
    """Write one tar file that its owner alone can read; the daemon may run meanwhile.

    Raises:
        StoreError: No backup was made; a file that was there before is untouched.
    """
    missing: list[str] = []
    try:
        with (
            Files().replacing(target.absolute(), "backup", 0o600) as fd,
            os.fdopen(fd, "wb", closefd=False) as out,
            tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".tikmatrixd-") as folder,
        ):
            state = Path(folder) / STORE
            facts = store_backup.backup(Path(config.settings.storage.state_dir), state)
            with tarfile.open(fileobj=out, mode="w") as tar:
                with state.open("rb") as content:
                    sums = {STORE: _add(tar, STORE, content)}
                for name, path in _extras(config, places, missing, library=library):
                    try:
                        content = path.open("rb")
                    except OSError as error:
                        missing.append(f"{path}: {error.strerror}")
                        continue
                    # A failure from here on would leave an unreadable file.
                    with content:
                        sums[name] = _add(tar, name, content)
                manifest = Manifest(FORMAT, utc(now).isoformat(timespec="seconds"), sums)
                _add_bytes(tar, MANIFEST, msgspec.json.encode(manifest))
    except OSError as error:
        raise StoreFailed(f"{target} cannot be written: {error.strerror or error}") from error
    holds = [name for name in sums if name != STORE]
    return Made(facts, target.stat().st_size, holds, missing)


def _extras(
    config: LoadedConfig, places: Places, missing: list[str], *, library: bool
) -> Iterator[tuple[str, Path]]:
    if config.path is not None:
        yield CONFIG, config.path
    if places.tokens is not None and places.tokens.exists():
        name = TOKENS_BESIDE_CONFIG if places.tokens_beside_config else TOKENS_IN_STATE
        yield name, places.tokens
    console = console_tokens(Path(config.settings.storage.state_dir))
    if console.exists():
        yield TOKENS_OF_CONSOLE, console
    if places.adb_dir is None:
        missing.append("the adb key: it was not found")
    else:
        for name in ADB_KEYS:
            yield f"{ADB}/{name}", places.adb_dir / name
    if places.boxes_dir is not None:
        boxes = Boxes(places.boxes_dir)
        for box in boxes.names():
            yield from ((f"{USB_BOXES}/{box}/{path.name}", path) for path in boxes.files(box))
            if not all((boxes.of(box) / key).exists() for key in KEYS_OF_BOX):
                missing.append(f"the adb key of the USB box {box}: it was never fetched")
    if config.settings.posting.screens_dir:
        folder = Path(config.settings.posting.screens_dir)
        for path in sorted(folder.glob("*.toml")):
            yield f"{SCREENS}/{path.name}", path
    taught = Path(config.settings.storage.state_dir) / taught_files.FOLDER
    for path in sorted(taught.glob("*.toml")):
        yield f"{TAUGHT}/{path.name}", path
    if library:
        for path in sorted(library_dir(config).glob("**/*")):
            if path.is_file() and not path.is_symlink():
                yield f"{LIBRARY}/{path.relative_to(library_dir(config))}", path


def library_dir(config: LoadedConfig) -> Path:
    """Where uploaded materials lie."""
    settings = config.settings
    return Path(settings.media.library_dir or Path(settings.storage.state_dir) / "library")


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> str:
    """Add an open file as it is now; returns its SHA-256. Raises OSError, also when it gets shorter meanwhile."""
    member = tarfile.TarInfo(name)
    member.size = os.fstat(content.fileno()).st_size
    member.mode = 0o600
    reader = _Summing(content)
    tar.addfile(member, reader)
    return reader.sha256.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    tar.addfile(member, io.BytesIO(data))


class _Summing:
    """A file that is summed while it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self.sha256.update(data)
        return data
