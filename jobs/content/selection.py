"""Chooses for every task of a request what will be posted: media, caption, sound. Decided once, kept on retry."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from jobs.content.captions import CaptionInvalid, parse_spintax, read_template
from jobs.content.config_rules import foreign_link
from jobs.content.media_pool import Pool
from jobs.content.named_files import NamedFiles
from jobs.content.request_captions import RequestCaptions
from jobs.content.script_config import PREFIX, ParsedConfig, PostConfig, wants_sound
from jobs.content.sounds import SoundFiles
from jobs.hub.settings import HashtagRule, Media
from jobs.input.fields import Findings
from jobs.input.values import Unreadable, read_typed, shorten
from jobs.media.local_folder import CAPTION, AccountFolders, FolderNames
from jobs.media.paths import MediaRejected, resolve_folder
from jobs.media.probe import MediaProbe
from storage.records import MediaFile
from storage.store import Store


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
        self._captions = RequestCaptions(
            self._config, media=media, hashtags=hashtags, choice=choice, findings=findings
        )
        self._named = NamedFiles(
            parsed, media=media, store=store, probe=probe, findings=findings, max_bytes=self._pool.max_bytes
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

    def keep_positions(self) -> None:
        """Make the positions in sound files last, once the tasks are going to be stored."""
        self._sounds.keep()

    # --- material_list, material_ids

    def _from_list(self, posters: Sequence[Poster]) -> list[Chosen]:
        files = self._named.read(sorted({poster.platform for poster in posters}))
        if self._findings.problems:
            return []
        self._named.warn_unused(files, len(posters))
        self._captions.warn_unused(len(posters))
        self._named.warn_repeated(files)
        dealt = self._named.dealt(files, len(posters))
        return [self._named_post(dealt[index], index, poster) for index, poster in enumerate(posters)]

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
