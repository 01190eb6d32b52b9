"""The files that a request names itself, by path or by id of the library: found, looked into, and dealt out to its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jobs.content.media_pool import Candidate
from jobs.content.request_captions import makes, some
from jobs.content.script_config import PREFIX, ParsedConfig
from jobs.hub.settings import Media
from jobs.input.fields import Findings
from jobs.media.arriving import still_arriving
from jobs.media.limits import judge
from jobs.media.paths import MediaRejected, resolve_file
from jobs.media.probe import MediaFacts, MediaProbe
from storage.records import MediaFile
from storage.store import Store

#: The reason code of an id that no item of the library has.
UNKNOWN_MATERIAL = "unknown_material"


class NamedFiles:
    """`material_list` or `material_ids` of one request; problems and warnings go to its findings."""

    def __init__(
        self,
        parsed: ParsedConfig,
        *,
        media: Media,
        store: Store,
        probe: MediaProbe,
        findings: Findings,
        max_bytes: int,
    ) -> None:
        """`max_bytes`: larger files are not looked into."""
        self._config = parsed.config
        self._counts_images = self._config.kind == "image" and "image_count" in parsed.given
        self._named: Sequence[str | int] = self._config.material_list or self._config.material_ids
        self._field = PREFIX + ("material_list" if self._config.material_list else "material_ids")
        self._media = media
        self._store = store
        self._probe = probe
        self._findings = findings
        self._max_bytes = max_bytes

    def read(self, platforms: Sequence[str]) -> list[MediaFile]:
        """The files that these platforms take, in order; incomplete when `findings` has problems afterwards."""
        files: list[MediaFile] = []
        for index, given in enumerate(self._named):
            field, name = f"{self._field}[{index}]", ""
            try:
                path, name, material_id = self._locate(given)
                facts = self._look(path)
            except MediaRejected as error:
                text = str(error).replace(f'"{path.name}"', f'"{name}"') if name else str(error)
                self._findings.problem(field, text, error.code)
                continue
            if facts.kind != self._config.kind:
                self._findings.problem(
                    field,
                    f'"{name}" holds {"a video" if facts.kind == "video" else "an image"}, '
                    f"but content_type is {self._config.content_type}; it is 0 for a video and 1 for images",
                    "wrong_kind",
                )
                continue
            for platform in platforms:
                for code, sentence, refused in judge(name, facts, self._media.limits(platform), platform):
                    if refused:
                        self._findings.problem(field, sentence, code)
                    else:
                        self._findings.warn(f"{field}: {sentence} [{code}]")
            files.append(Candidate(path, name, facts, material_id).file(""))
        return files

    def dealt(self, files: Sequence[MediaFile], count: int) -> list[tuple[MediaFile, ...]]:
        """What each of `count` tasks posts: one video each, in turn, or all the images."""
        if self._counts_images:
            files = files[: self._config.image_count]
        video = self._config.kind == "video"
        if count > (len(files) if video else 1):
            self._findings.warn(
                f"{self._field}: the same file goes to several accounts; platforms treat repeated content badly"
            )
        return [(files[index % len(files)],) if video else tuple(files) for index in range(count)]

    def warn_unused(self, files: Sequence[MediaFile], count: int) -> None:
        """Name the files that none of `count` tasks takes (R59): most often one task was expected for each."""
        video = self._config.kind == "video"
        used = count if video else self._config.image_count
        if len(files) > used and (video or self._counts_images):
            names = some([file.name for file in files[used:]])
            why = f"{makes(count)}, of one video each" if video else f"image_count is {used}"
            self._findings.warn(f"{self._field}: not used: {names}; {why}")

    def warn_repeated(self, files: Sequence[MediaFile]) -> None:
        """Name files that hold what an earlier one of the list holds: one post would show it twice."""
        first: dict[str, str] = {}
        for file in files:
            known = first.get(file.sha256)
            if known is None:
                first[file.sha256] = file.name
                continue
            same = "stands twice" if known == file.name else f'holds the same as "{known}"'
            self._findings.warn(f'{self._field}: "{file.name}" {same}')

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

    def _look(self, path: Path) -> MediaFacts:
        """What a file holds. Raises MediaRejected, which says so where the file may still be copied."""
        arriving = still_arriving(path, by_time=False)
        if arriving:
            raise MediaRejected("still_arriving", f'"{path.name}" {arriving}')
        try:
            return self._probe.look(path, max_bytes=self._max_bytes)
        except MediaRejected as error:
            arriving = still_arriving(path)
            if arriving:
                raise MediaRejected("still_arriving", f"{error}; it {arriving}") from error
            raise
