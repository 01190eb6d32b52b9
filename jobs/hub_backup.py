"""Everything that makes this hub this hub in one file, and back: state, config, tokens, adb key, screen files, materials."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from jobs.clock import utc
from jobs.config_file import ConfigInvalid, LoadedConfig, parse_config_text
from storage import backup as store_backup
from storage.errors import BackupUnreadable, StoreFailed

_MANIFEST = "manifest.json"
_STORE, _CONFIG = "store.tar", "config.toml"
_TOKENS_BESIDE_CONFIG, _TOKENS_IN_STATE = "tokens/beside-config.json", "tokens/in-state-dir.json"
_ADB, _SCREENS, _LIBRARY = "adb", "screens", "library"
_ADB_KEYS = ("adbkey", "adbkey.pub")
_FORMAT = 1
_PIECE = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True):
    """Last file of a backup: what it holds, so that a cut or altered one is noticed."""

    format: int
    made_at: str
    sha256: dict[str, str]


class Places(msgspec.Struct, frozen=True):
    """Where this hub keeps what is not in the state directory; None where there is none."""

    tokens: Path | None
    tokens_beside_config: bool
    adb_dir: Path | None


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
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as out:
            with tempfile.TemporaryDirectory(dir=beside.parent, prefix=".tikmatrixd-") as folder:
                state = Path(folder) / _STORE
                facts = store_backup.backup(Path(config.settings.storage.state_dir), state)
                with tarfile.open(fileobj=out, mode="w") as tar:
                    with state.open("rb") as content:
                        sums = {_STORE: _add(tar, _STORE, content)}
                    for name, path in _extras(config, places, missing, library=library):
                        try:
                            content = path.open("rb")
                        except OSError as error:
                            missing.append(f"{path}: {error.strerror}")
                            continue
                        # What breaks off from here on would leave a file that nobody can read behind it.
                        with content:
                            sums[name] = _add(tar, name, content)
                    manifest = Manifest(_FORMAT, utc(now).isoformat(timespec="seconds"), sums)
                    _add_bytes(tar, _MANIFEST, msgspec.json.encode(manifest))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except OSError as error:
        raise StoreFailed(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    holds = [name for name in sums if name != _STORE]
    return Made(facts, target.stat().st_size, holds, missing)


def _extras(
    config: LoadedConfig, places: Places, missing: list[str], *, library: bool
) -> Iterator[tuple[str, Path]]:
    if config.path is not None:
        yield _CONFIG, config.path
    if places.tokens is not None and places.tokens.exists():
        name = _TOKENS_BESIDE_CONFIG if places.tokens_beside_config else _TOKENS_IN_STATE
        yield name, places.tokens
    if places.adb_dir is None:
        missing.append("the adb key: it was not found")
    else:
        for name in _ADB_KEYS:
            yield f"{_ADB}/{name}", places.adb_dir / name
    if config.settings.posting.screens_dir:
        folder = Path(config.settings.posting.screens_dir)
        for path in sorted(folder.glob("*.toml")):
            yield f"{_SCREENS}/{path.name}", path
    if library:
        for path in sorted(library_dir(config).glob("**/*")):
            if path.is_file():
                yield f"{_LIBRARY}/{path.relative_to(library_dir(config))}", path


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


# --- and back


class Unpacked(msgspec.Struct, frozen=True):
    """A backup that was read completely and found whole: files by name, and the config in it, if any."""

    files: dict[str, Path]
    config: LoadedConfig | None
    facts: store_backup.BackupFacts
    made_at: str


def unpack(path: Path, folder: Path, config_path: Path | None) -> Unpacked:
    """Unpack into a folder and check everything, as `put_back` needs it. Raises BackupUnreadable."""
    files: dict[str, Path] = {}
    try:
        with tarfile.open(path, mode="r:") as tar:
            for number, member in enumerate(tar):
                stream = tar.extractfile(member)
                if stream is None:
                    continue
                # Names of the archive are never used as paths.
                files[member.name] = folder / str(number)
                with files[member.name].open("wb") as out:
                    shutil.copyfileobj(stream, out, _PIECE)
        manifest = msgspec.json.decode(files.pop(_MANIFEST).read_bytes(), type=Manifest)
        if {name: _sum_of(file) for name, file in files.items()} != manifest.sha256:
            raise BackupUnreadable(f"{path} is incomplete or was altered")
        facts = store_backup.check_backup(files[_STORE])
        if _CONFIG not in files:
            return Unpacked(files, None, facts, manifest.made_at)
        config = parse_config_text(files[_CONFIG].read_text("utf-8-sig"), config_path)
    except KeyError as error:
        raise BackupUnreadable(f"{path} is not a whole backup of a hub: it has no {error}") from error
    except ConfigInvalid as error:
        raise BackupUnreadable(f"the config in {path} does not fit this version: {error}") from error
    except (OSError, tarfile.TarError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnreadable(f"{path} cannot be read as a backup: {error}") from error
    return Unpacked(files, config, facts, manifest.made_at)


def _sum_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def put_back(
    unpacked: Unpacked, present: LoadedConfig, *, config_path: Path | None, adb_dir: Path | None, now: float
) -> list[str]:
    """Put everything in its place; what was there is kept beside it. The daemon must be stopped.

    Everything is written beside its target first, so that no lack of room or rights leaves half a restore.

    Returns:
        Sentences about what a person should know.

    Raises:
        StateLocked: The daemon runs; nothing was changed.
        StoreError: The disk refused; the state is the one before or the restored one, whole.
    """
    config = unpacked.config or present
    state_dir = Path(config.settings.storage.state_dir)
    staged: list[tuple[Path, Path]] = []
    notes: list[str] = []
    try:
        for name, source in unpacked.files.items():
            target = _target(name, config, config_path, adb_dir, state_dir)
            if target is not None:
                staged.append((_stage(source, target), target))
            elif name != _STORE:
                notes.append(f"{name} was not restored: this box has no place for it")
        notes += store_backup.restore(unpacked.files[_STORE], state_dir, now)
        _give_to_owner(state_dir)
        suffix = utc(now).strftime(".before-%Y%m%dT%H%M%S")
        for beside, target in staged:
            if target.exists() and _sum_of(target) != _sum_of(beside):
                kept = target.with_name(target.name + suffix)
                target.rename(kept)
                notes.append(f"{target} was replaced; the one before is {kept}")
            beside.replace(target)
    except OSError as error:
        where = error.filename or state_dir
        raise StoreFailed(f"{where} cannot be restored: {error.strerror or error}") from error
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)
    return notes


def _target(
    name: str, config: LoadedConfig, config_path: Path | None, adb_dir: Path | None, state_dir: Path
) -> Path | None:
    folder, _, rest = name.partition("/")
    if name == _CONFIG:
        return config_path
    if name == _TOKENS_BESIDE_CONFIG:
        return None if config_path is None else config_path.with_name("tokens.json")
    if name == _TOKENS_IN_STATE:
        return Path(config.settings.server.tokens_file or state_dir / "tokens.json")
    if folder == _ADB and rest in _ADB_KEYS:
        return None if adb_dir is None else adb_dir / rest
    if folder == _SCREENS and "/" not in rest and config.settings.posting.screens_dir:
        return Path(config.settings.posting.screens_dir) / rest
    if folder == _LIBRARY and rest and not Path(rest).is_absolute() and ".." not in Path(rest).parts:
        return library_dir(config) / rest
    return None


def _stage(source: Path, target: Path) -> Path:
    """A copy beside the target, with the rights and the owner of what it will replace."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, beside)
    like = target.stat() if target.exists() else None
    beside.chmod(like.st_mode & 0o777 if like else 0o644 if target.suffix == ".toml" else 0o600)
    if os.geteuid() == 0:
        owner = like or target.parent.stat()
        os.chown(beside, owner.st_uid, owner.st_gid)
    return beside


def _give_to_owner(state_dir: Path) -> None:
    """What root restores must belong to the user of the service."""
    if os.geteuid() != 0:
        return
    owner = state_dir.stat()
    for path in state_dir.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
