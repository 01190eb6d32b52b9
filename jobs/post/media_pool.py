"""Files to choose from, folder or library, without those that are used, reserved or taken by this very request."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from jobs.lenient import Findings
from jobs.post.config import PostConfig
from jobs.post.local_folder import AccountFolders
from jobs.post.media_limits import judge
from jobs.post.media_paths import LIBRARY, MediaRejected
from jobs.post.media_probe import MediaFacts, MediaProbe
from jobs.settings import Media, PlatformLimits
from storage.records import MediaFile, Use
from storage.store import Store


class Candidate(msgspec.Struct, frozen=True):
    """A file that was looked into and may be posted."""

    path: Path
    name: str
    facts: MediaFacts
    material_id: int | None = None

    def file(self, root: str) -> MediaFile:
        """As it is kept with the task, its "used" mark under `root`."""
        facts = self.facts
        return MediaFile(
            path=str(self.path),
            name=self.name,
            sha256=facts.sha256,
            size_bytes=facts.size_bytes,
            kind=facts.kind,
            duration_s=facts.duration_s,
            width=facts.width,
            height=facts.height,
            material_id=self.material_id,
            root=root,
        )


class Pool:
    """The free files as one request sees them."""

    def __init__(
        self,
        *,
        media: Media,
        store: Store,
        probe: MediaProbe,
        choice: random.Random,
        findings: Findings,
        in_flight: Collection[tuple[str, str]],
    ) -> None:
        self._media = media
        self._store = store
        self._probe = probe
        self._choice = choice
        self._findings = findings
        self._taken: set[tuple[str, str]] = set(in_flight)
        both = (media.tiktok, media.instagram)
        #: What neither platform takes is not read at all.
        self.max_bytes = max(max(limits.max_video_bytes, limits.max_image_bytes) for limits in both)

    def limits(self, platform: str) -> PlatformLimits:
        return self._media.tiktok if platform == "tiktok" else self._media.instagram

    def from_folder(
        self, folders: AccountFolders, config: PostConfig, platform: str
    ) -> tuple[MediaFile, ...]:
        """One random video, or the first images in natural order. Raises MediaRejected when too few are free."""
        root = str(folders.media)
        paths = folders.files(config.kind)
        if config.kind == "video":
            self._choice.shuffle(paths)
        files = ((path, path.name, None) for path in paths)
        taken = self._take(root, files, config, platform)
        return _enough(taken, config, f'in "{root}"', len(paths))

    def from_library(self, config: PostConfig, username: str, platform: str) -> tuple[MediaFile, ...]:
        """The first free materials in the library's order. Raises MediaRejected when too few are free."""
        materials = self._store.materials.candidates(config.kind, config.tags, username)
        # Marks are by content, so a used one need not be read to be passed over.
        free = [m for m in materials if not self._is_taken(LIBRARY, m.sha256)]
        where = "in the material library" + (f" for @{username}" if username else "")
        if config.tags:
            where += f" with {' or '.join(config.tags)}"
        files = ((Path(m.path), m.name, m.id) for m in free)
        return _enough(self._take(LIBRARY, files, config, platform), config, where, len(materials))

    def _take(
        self, root: str, files: Iterable[tuple[Path, str, int | None]], config: PostConfig, platform: str
    ) -> tuple[MediaFile, ...]:
        """The first files that can be posted, as many as a post needs, or all there are."""
        wanted = _wanted(config)
        taken: list[MediaFile] = []
        for path, name, material_id in files:
            facts = self._look(root, path, name, platform)
            if facts is not None:
                taken.append(Candidate(path, name, facts, material_id).file(root))
                self._taken.add((root, facts.sha256))
                if len(taken) == wanted:
                    break
        return tuple(taken)

    def _look(self, root: str, path: Path, name: str, platform: str) -> MediaFacts | None:
        """What the file holds; None when it is taken or cannot be posted."""
        try:
            if self._is_taken(root, self._probe.digest(path, max_bytes=self.max_bytes)):
                return None
            facts = self._probe.look(path, max_bytes=self.max_bytes)
        except MediaRejected as error:
            self._findings.warn(f"{error}; left out [{error.code}]")
            return None
        for code, sentence, refused in judge(name, facts, self.limits(platform), platform):
            if refused:
                self._findings.warn(f"{sentence}; left out [{code}]")
                return None
            self._findings.warn(f"{sentence} [{code}]")
        return facts

    def _is_taken(self, root: str, sha256: str) -> bool:
        return (root, sha256) in self._taken or self._store.usage.state(root, sha256) is not Use.FREE


def _wanted(config: PostConfig) -> int:
    return 1 if config.kind == "video" else config.image_count


def _enough(
    taken: tuple[MediaFile, ...], config: PostConfig, where: str, present: int
) -> tuple[MediaFile, ...]:
    wanted, kind = _wanted(config), config.kind
    if len(taken) == wanted:
        return taken
    if not present:
        text = f"there is no {kind} {where}"
        if config.from_folder:
            text += "; put one there"
        else:
            text += "; upload one to /api/v1/materials, or name files in material_list"
    elif not taken:
        text = f"no unused {kind} is left {where}: all of the {present} are used, reserved or unfit"
    else:
        text = f"only {len(taken)} of {wanted} unused {kind}s are left {where}"
    raise MediaRejected("no_material", text)
