"""Chooses for every task of a request what will be posted: media, caption, sound. Decided once, kept on retry."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from jobs.content.captions import CaptionInvalid, parse_spintax, read_template
from jobs.content.config_rules import foreign_link
from jobs.content.media_pool import Candidate, Pool
from jobs.content.request_captions import RequestCaptions, makes, some
from jobs.content.script_config import PREFIX, ParsedConfig, PostConfig, wants_sound
from jobs.content.sounds import SoundFiles
from jobs.hub.settings import HashtagRule, Media
from jobs.input.fields import Findings
from jobs.input.values import Unreadable, read_typed, shorten
from jobs.media.arriving import still_arriving
from jobs.media.limits import judge
from jobs.media.local_folder import CAPTION, AccountFolders, FolderNames
from jobs.media.paths import MediaRejected, resolve_file, resolve_folder
from jobs.media.probe import MediaFacts, MediaProbe
from storage.records import MediaFile
from storage.store import Store

#: The reason code of an id that no item of the library has.
UNKNOWN_MATERIAL = "unknown_material"


class Poster(Protocol):
    """Who posts: as much of a target as matters here."""

    @property
    def username(self) -> str: ...
    @property
    def platform(self) -> str: ...


class Chosen(msgspec.Struct, frozen=True):
    """What one task posts."""

    materials: tuple[MediaFile, ...]
    caption: str
    sound: str = ""
    caption_source: str = ""  #: what decided about the caption in place of the request


class Selection:
    """One request's choices; problems and warnings go to its findings."""

    def __init__(
        self,
        parsed: ParsedConfig,
        *,
        media: Media,
        store: Store,
        probe: MediaProbe,
        choice: random.Random,
        findings: Findings,
        hashtags: HashtagRule = "refuse",
        in_flight: Collection[tuple[str, str]] = (),
        own: Collection[tuple[str, str]] = (),
    ) -> None:
        """`in_flight` holds (root, sha256) of files that other requests have chosen and not stored yet, `own` of files
        that are reserved for the very task whose files are chosen anew.
        """
        self._parsed = parsed
        self._config: PostConfig = parsed.config
        self._media = media
        self._store = store
        self._choice = choice
        self._findings = findings
        self._pool = Pool(
            media=media,
            store=store,
            probe=probe,
            choice=choice,
            findings=findings,
            in_flight=in_flight,
            own=own,
        )
        self._probe = probe
        self._captions = RequestCaptions(
            self._config, media=media, hashtags=hashtags, choice=choice, findings=findings
        )
        self._sounds = SoundFiles(store.meta)

    def choose(self, posters: Sequence[Poster]) -> list[Chosen]:
        """One choice per poster, in order; incomplete when `findings` has problems afterwards."""
        if self._config.names_files:
            return self._from_list(posters)
        if self._config.from_folder:
            return self._from_folder(posters)
        return self._from_library(posters)

    def requested_caption(self, poster: Poster) -> str:
        """The caption of the request itself, for a task that keeps its files."""
        self._captions.warn_unused(1)
        return self._captions.finished(self._captions.of(0), poster.platform)

    def requested_sound(self, poster: Poster) -> str:
        """The sound of the request itself, for a task that keeps its files."""
        return self._request_sound(poster)

    def _look(self, path: Path) -> MediaFacts:
        """What a file of a list holds. Raises MediaRejected, which says so where the file may still be copied."""
        arriving = still_arriving(path, by_time=False)
        if arriving:
            raise MediaRejected("still_arriving", f'"{path.name}" {arriving}')
        try:
            return self._probe.look(path, max_bytes=self._pool.max_bytes)
        except MediaRejected as error:
            arriving = still_arriving(path)
            if arriving:
                raise MediaRejected("still_arriving", f"{error}; it {arriving}") from error
            raise

    def keep_positions(self) -> None:
        """Make the positions in sound files last, once the tasks are going to be stored."""
        self._sounds.keep()

    # --- material_list, material_ids

    def _from_list(self, posters: Sequence[Poster]) -> list[Chosen]:
        config = self._config
        field = PREFIX + self._named_by
        platforms = sorted({poster.platform for poster in posters})
        files: list[MediaFile] = []
        named: Sequence[str | int] = config.material_list or config.material_ids
        for index, given in enumerate(named):
            name = ""
            try:
                path, name, material_id = self._locate(given)
                facts = self._look(path)
            except MediaRejected as error:
                text = str(error).replace(f'"{path.name}"', f'"{name}"') if name else str(error)
                self._findings.problem(f"{field}[{index}]", text, error.code)
                continue
            if facts.kind != config.kind:
                self._findings.problem(
                    f"{field}[{index}]",
                    f'"{name}" holds {"a video" if facts.kind == "video" else "an image"}, '
                    f"but content_type is {config.content_type}",
                    "wrong_kind",
                )
                continue
            for platform in platforms:
                for code, sentence, refused in judge(name, facts, self._media.limits(platform), platform):
                    if refused:
                        self._findings.problem(f"{field}[{index}]", sentence, code)
                    else:
                        self._findings.warn(f"{field}[{index}]: {sentence} [{code}]")
            files.append(Candidate(path, name, facts, material_id).file(""))
        if self._findings.problems:
            return []
        self._warn_unused(files, len(posters))
        self._warn_repeated(files, field)
        if config.kind == "image" and "image_count" in self._parsed.given:
            files = files[: config.image_count]
        if len(posters) > (len(files) if config.kind == "video" else 1):
            self._findings.warn(
                f"{field}: the same file goes to several accounts; platforms treat repeated content badly"
            )
        return [
            self._named_post(
                (files[index % len(files)],) if config.kind == "video" else tuple(files), index, poster
            )
            for index, poster in enumerate(posters)
        ]

    def _warn_repeated(self, files: Sequence[MediaFile], field: str) -> None:
        """Name files that hold what an earlier one of the list holds: one post would show it twice."""
        first: dict[str, str] = {}
        for file in files:
            known = first.get(file.sha256)
            if known is None:
                first[file.sha256] = file.name
                continue
            same = "stands twice" if known == file.name else f'holds the same as "{known}"'
            self._findings.warn(f'{field}: "{file.name}" {same}')

    @property
    def _named_by(self) -> str:
        return "material_list" if self._config.material_list else "material_ids"

    def _locate(self, given: str | int) -> tuple[Path, str, int | None]:
        """Where a named file lies, its name for people, and its id in the library. Raises MediaRejected."""
        if isinstance(given, str):
            path = resolve_file(given, self._media)
            return path, path.name, None
        material = self._store.materials.get(given)
        if material is None:
            raise MediaRejected(
                UNKNOWN_MATERIAL, f"there is no material {given}; the library shows which there are"
            )
        return Path(material.path), material.name, material.id

    def _named_post(self, files: tuple[MediaFile, ...], index: int, poster: Poster) -> Chosen:
        caption, source = self._library_caption(files)
        if not source:
            caption = self._captions.of(index)
        return Chosen(
            files,
            self._captions.finished(caption, poster.platform, source),
            self._request_sound(poster),
            source,
        )

    # --- localFolder

    def _from_folder(self, posters: Sequence[Poster]) -> list[Chosen]:
        field = PREFIX + "material_path"
        chosen: list[Chosen] = []
        try:
            root = resolve_folder(self._config.material_path, self._media)
        except MediaRejected as error:
            self._findings.problem(field, str(error), error.code)
            return []
        names = FolderNames()
        uses_lines = False
        for index, poster in enumerate(posters):
            try:
                folders = AccountFolders(root, poster.username, self._media, names)
                if poster.username and folders.media == root:
                    self._warn_of_strangers(names, root, poster.username)
                files = self._pool.from_folder(folders, self._config, poster.platform)
                caption, source = self._folder_caption(folders)
                if not source:
                    caption = self._captions.of(index)
                sound = self._folder_sound(folders, poster)
            except MediaRejected as error:
                who = f" (for @{poster.username})" if poster.username else ""
                self._findings.problem(field, f"{error}{who}", error.code)
                continue
            chosen.append(
                Chosen(files, self._captions.finished(caption, poster.platform, source), sound, source)
            )
            uses_lines = uses_lines or not source
        for warning in self._sounds.warnings:
            self._findings.warn(warning)
        if uses_lines:
            self._captions.warn_unused(len(posters))
        return chosen

    def _warn_of_strangers(self, names: FolderNames, root: Path, username: str) -> None:
        """Files of the root are taken for this account: a folder with a slip in its name was perhaps meant."""
        known = {username, *(account.username for account in self._store.accounts.all())}
        strangers = names.strangers(root, known)
        if strangers:
            listed = ", ".join(f'"{shorten(name)}"' for name in strangers[:5])
            self._findings.warn(
                f"{PREFIX}material_path: there is no account for the folder {listed}; it is not used"
            )

    def _folder_caption(self, folders: AccountFolders) -> tuple[str, str]:
        """From caption.txt, always one spintax template: the caption and the file's name, both empty without one."""
        found = folders.text(CAPTION)
        if found is None:
            return "", ""
        path, text = found
        try:
            template = read_template(read_typed(text.rstrip()))
        except (CaptionInvalid, Unreadable) as error:
            raise MediaRejected("caption", f'"{path}" {error}') from None
        for warning in template.warnings:
            self._findings.warn(f"{path}: {warning}")
        return template.expand(self._choice), str(path)

    def _folder_sound(self, folders: AccountFolders, poster: Poster) -> str:
        key = wants_sound(self._config, poster.platform)
        if not key:
            return ""
        given: str = getattr(self._config, key).strip()
        found = self._sounds.next(folders)
        if found is not None:
            if given:
                self._findings.warn(f"{PREFIX}{key}: {found[1]} decides instead")
            foreign = foreign_link(found[0], poster.platform)
            if foreign:
                self._findings.problem(PREFIX + key, f'"{shorten(found[0])}" in {found[1]} {foreign}')
            return found[0]
        if not given:
            wanted = "sound_urls.txt nor sound_names.txt"
            self._findings.problem(PREFIX + key, f"is needed, as the folder has neither {wanted}")
        return given

    # --- materialLibrary

    def _from_library(self, posters: Sequence[Poster]) -> list[Chosen]:
        config = self._config
        unknown = [tag for tag in config.tags if tag not in self._store.materials.tags()]
        if unknown:
            names = ", ".join(f'"{shorten(tag)}"' for tag in unknown[:10])
            self._findings.problem(
                PREFIX + "materials_tags", f"no library item has the tag {names}", "no_tag"
            )
            return []
        chosen: list[Chosen] = []
        uses_lines = False
        for index, poster in enumerate(posters):
            try:
                files = self._pool.from_library(config, poster.username, poster.platform)
            except MediaRejected as error:
                self._findings.problem(PREFIX + "material_source", str(error), error.code)
                continue
            caption, source = self._library_caption(files)
            if not source:
                caption, uses_lines = self._captions.of(index), True
            finished = self._captions.finished(caption, poster.platform, source)
            chosen.append(Chosen(files, finished, self._request_sound(poster), source))
        if uses_lines:
            self._captions.warn_unused(len(posters))
        return chosen

    def _library_caption(self, files: Sequence[MediaFile]) -> tuple[str, str]:
        """The first caption that one of the materials brings along, and which one; both empty when none does."""
        for file in files:
            material = self._store.materials.get(file.material_id or 0)
            if material is not None and material.caption.strip():
                source = f"the caption of material {material.id}"
                try:
                    return parse_spintax(material.caption).expand(self._choice), source
                except CaptionInvalid:
                    # Checked when it was stored; a stricter version of this program must not lose the text.
                    return material.caption, source
        return "", ""

    # --- sound of the request itself

    def _request_sound(self, poster: Poster) -> str:
        key = wants_sound(self._config, poster.platform)
        return str(getattr(self._config, key)).strip() if key else ""

    # --- what a request names and no task takes (R59)

    def _warn_unused(self, files: Sequence[MediaFile], count: int) -> None:
        """Name the files and captions that were listed in vain: most often one task was expected for each."""
        video = self._config.kind == "video"
        used = count if video else self._config.image_count
        if len(files) > used and (video or "image_count" in self._parsed.given):
            names = some([file.name for file in files[used:]])
            why = f"{makes(count)}, of one video each" if video else f"image_count is {used}"
            self._findings.warn(f"{PREFIX}{self._named_by}: not used: {names}; {why}")
        self._captions.warn_unused(count)
