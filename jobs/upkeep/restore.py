"""Puts the backup of a hub in its place: first says what it will write, then all or nothing, and keeps what was there."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from jobs.hub.clock import utc
from jobs.hub.config_file import LoadedConfig, key_differences, shown_value
from jobs.hub.platforms import PLATFORMS
from jobs.post.teaching import taught_files
from jobs.upkeep.backup import library_dir
from jobs.upkeep.backup_archive import (
    ADB,
    ADB_KEYS,
    CONFIG,
    LIBRARY,
    SCREENS,
    STORE,
    TAUGHT,
    TOKENS_BESIDE_CONFIG,
    TOKENS_IN_STATE,
    TOKENS_OF_CONSOLE,
    USB_BOXES,
    Unpacked,
    sum_of,
)
from jobs.upkeep.token_file import console_tokens
from jobs.upkeep.usb_boxes.folder import FOLDER_MODE, MODES
from storage import backup as store_backup
from storage.errors import StoreFailed

#: The files of lessons, one for each app.
TAUGHT_NAMES = frozenset(f"{platform}.toml" for platform in PLATFORMS)
#: Keys of the config that say where something is written, read from, or which program is run.
PATH_KEYS = (
    "storage.state_dir",
    "server.tokens_file",
    "posting.screens_dir",
    "media.library_dir",
    "media.roots",
    "media.path_map",
    "adb.binary",
)


class Write(msgspec.Struct, frozen=True):
    """One file of the backup and its place on this box."""

    name: str
    source: Path
    target: Path
    below: Path  #: the folder that the operator named; between it and the file there must be no link

    @property
    def change(self) -> str:
        """What happens to what is there: "new", "replaces" (it is kept beside) or "same"."""
        if not os.path.lexists(self.target):
            return "new"
        same = self.target.is_file() and sum_of(self.target) == sum_of(self.source)
        return "same" if same else "replaces"


class Plan(msgspec.Struct, frozen=True):
    """All that a restore will do on this box."""

    unpacked: Unpacked
    state_dir: Path
    writes: list[Write]
    homeless: list[str]  #: files for which this box has no place
    other_paths: list[str]  #: sentences: where the backup's config leads elsewhere than this box's own
    other_settings: list[str]  #: sentences: what else its config changes

    @property
    def usb_boxes(self) -> list[str]:
        """Names of the boxes whose files are put back."""
        folders = [
            write.target.parent.name for write in self.writes if write.name.startswith(f"{USB_BOXES}/")
        ]
        return sorted(set(folders))

    def lines(self) -> Iterator[str]:
        """The plan for people, one line per matter; what the backup names cannot steer their terminal."""
        for line in self._lines():
            yield "".join(c if c.isprintable() else "?" for c in line)

    def _lines(self) -> Iterator[str]:
        records = ", ".join(
            f"{count} {table}" for table, count in self.unpacked.facts.records.items() if count
        )
        yield f"made {self.unpacked.made_at}; state: {records or 'nothing stored'}"
        yield f"  replaces  {self.state_dir / 'store'} (the one before is kept)"
        library = [write for write in self.writes if write.name.startswith(f"{LIBRARY}/")]
        for write in self.writes:
            if write not in library:
                yield f"  {write.change:8}  {write.target}"
        if library:
            replaced = sum(write.change == "replaces" for write in library)
            yield f"  {len(library)} materials below {library[0].below}, {replaced} of them replaced"
        for name in self.homeless:
            yield f"  nowhere   {name!r}: this box has no place for it"
        if self.unpacked.tokens:
            yield f"  tokens that count from then on: {', '.join(self.unpacked.tokens)}"
        yield from (f"  config    {sentence}" for sentence in (*self.other_paths, *self.other_settings))


def make_plan(
    unpacked: Unpacked, present: LoadedConfig, *, config_path: Path | None, adb_dir: Path | None
) -> Plan:
    """Work out what `put_back` will do; changes nothing."""
    config = unpacked.config or present
    state_dir = Path(config.settings.storage.state_dir)
    writes: list[Write] = []
    homeless: list[str] = []
    for name, source in unpacked.files.items():
        place = _place(name, config, config_path, adb_dir, state_dir)
        if place is not None:
            writes.append(Write(name, source, *place))
        elif name != STORE:
            homeless.append(name)
    paths: list[str] = []
    others: list[str] = []
    for key in key_differences(present.settings, config.settings):
        here, there = shown_value(present.settings, key), shown_value(config.settings, key)
        (paths if key in PATH_KEYS else others).append(f"{key}: here {here}, in the backup {there}")
    return Plan(unpacked, state_dir, writes, homeless, paths, others)


def put_back(plan: Plan, now: float) -> list[str]:
    """Put everything in its place; what was there is kept beside it. The daemon must be stopped.

    Everything is written beside its target first, so that no lack of room or rights leaves half a restore.

    Returns:
        Sentences about what a person should know.

    Raises:
        StateLocked: The daemon runs; nothing was changed.
        StoreError: The disk refused; the state is the one before or the restored one, whole.
    """
    staged: list[tuple[Path, Path]] = []
    notes = [f"{name!r} was not restored: this box has no place for it" for name in plan.homeless]
    try:
        for write in plan.writes:
            _refuse_links(write)
        staged.extend((_stage(write), write.target) for write in plan.writes)
        notes += store_backup.restore(plan.unpacked.files[STORE], plan.state_dir, now)
        _give_to_owner(plan.state_dir)
        suffix = utc(now).strftime(".before-%Y%m%dT%H%M%S")
        for beside, target in staged:
            if target.exists() and sum_of(target) != sum_of(beside):
                kept = target.with_name(target.name + suffix)
                target.rename(kept)
                notes.append(f"{target} was replaced; the one before is {kept}")
            beside.replace(target)
    except OSError as error:
        where = error.filename or plan.state_dir
        raise StoreFailed(f"{where} cannot be restored: {error.strerror or error}") from error
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)
    return notes


def _place(
    name: str, config: LoadedConfig, config_path: Path | None, adb_dir: Path | None, state_dir: Path
) -> tuple[Path, Path] | None:
    """Target, and the folder that stands for it in the config."""
    folder, _, rest = name.partition("/")
    settings = config.settings
    if name == CONFIG and config_path is not None:
        return config_path, config_path.parent
    if name == TOKENS_BESIDE_CONFIG and config_path is not None:
        return config_path.with_name("tokens.json"), config_path.parent
    if name == TOKENS_IN_STATE:
        target = Path(settings.server.tokens_file or state_dir / "tokens.json")
        return target, target.parent
    if name == TOKENS_OF_CONSOLE:
        return console_tokens(state_dir), state_dir
    if folder == ADB and rest in ADB_KEYS and adb_dir is not None:
        return adb_dir / rest, adb_dir
    if folder == USB_BOXES and config_path is not None:
        return config_path.with_name(USB_BOXES) / rest, config_path.parent
    if folder == SCREENS and rest.endswith(".toml") and "/" not in rest and settings.posting.screens_dir:
        return Path(settings.posting.screens_dir) / rest, Path(settings.posting.screens_dir)
    if folder == TAUGHT and rest in TAUGHT_NAMES:
        return state_dir / taught_files.FOLDER / rest, state_dir
    if folder == LIBRARY and rest and ".." not in PurePosixPath(rest).parts:
        named = Path(settings.media.library_dir) if settings.media.library_dir else state_dir
        return library_dir(config) / rest, named
    return None


def _refuse_links(write: Write) -> None:
    """Folders that belong to the service may hold links that its user made: root must not follow them."""
    for path in (write.target, *write.target.parents):
        if path == write.below:
            return
        if path.is_symlink() or (path == write.target and path.exists() and not path.is_file()):
            raise StoreFailed(
                f"{path} is a link or no file, and nothing is written through it: move it away first"
            )


def _stage(write: Write) -> Path:
    """A copy beside the target, with the rights and the owner of what it will replace."""
    target = write.target
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    # The tokens of an installed hub are read by the group that reads its config.
    models = [target]
    if write.name == TOKENS_BESIDE_CONFIG:
        models.append(target.with_name("config.toml"))
    like = next((model.stat() for model in models if model.exists()), None)
    secret = write.name == CONFIG or not target.name.endswith(".toml")
    mode = like.st_mode & 0o777 if like else 0o600 if secret else 0o644
    if write.name.startswith(f"{USB_BOXES}/"):
        mode = MODES[target.name]
        for folder in (target.parent, target.parent.parent):
            folder.chmod(FOLDER_MODE)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out, write.source.open("rb") as content:
            shutil.copyfileobj(content, out)
            if os.geteuid() == 0:
                owner = like or target.parent.stat()
                os.fchown(out.fileno(), owner.st_uid, owner.st_gid)
            os.fchmod(out.fileno(), mode)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _give_to_owner(state_dir: Path) -> None:
    """What root restores must belong to the user of the service."""
    if os.geteuid() != 0:
        return
    owner = state_dir.stat()
    for path in state_dir.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
