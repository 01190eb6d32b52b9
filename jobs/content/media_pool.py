"""Files to choose from, folder or library, without those that are used, reserved or taken by this very request."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from jobs.content.script_config import PostConfig
from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Media
from jobs.input.fields import Findings
from jobs.input.values import shorten
from jobs.media.arriving import still_arriving
from jobs.media.limits import judge
from jobs.media.local_folder import AccountFolders
from jobs.media.paths import MediaRejected
from jobs.media.probe import MediaFacts, MediaProbe
from storage.error_codes import ErrorCode
from storage.records import Material, MediaFile, Use
from storage.store import Store
from storage.tables.usage import LIBRARY

#: For at most this many files a refused request says why each was not taken.
REASONS_SHOWN = 10
#: Of this many texts a warning says that they are not read.
_MOST_BESIDE = 3
#: Where it lies, its name for people, and its id in the library.
_File = tuple[Path, str, int | None]


#: A request that met this many files that cannot be looked into in time is refused: other requests wait for it.
_SLOW_MAX = 3


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


class _Queue:
    """Files of one folder, or one account's materials, in the order in which they are chosen.

    A request walks it once for all its tasks: what it passed, it has taken itself or found taken or unfit.
    """

    def __init__(self, files: Sequence[_File], present: int = 0) -> None:
        self.files = files
        self.present = present or len(files)  #: with those that were left out before
        self.passed: dict[str, int] = {}  #: by platform, as one may refuse what the other takes
        self.reasons: list[str] = []  #: why files of it were not chosen, each with its name


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
        own: Collection[tuple[str, str]] = (),
    ) -> None:
        self._media = media
        self._store = store
        self._probe = probe
        self._choice = choice
        self._findings = findings
        self._taken: set[tuple[str, str]] = set(in_flight)
        self._own = frozenset(own)  #: reserved for the task that asks
        self._slow = 0  #: files that took too long; others wait for this request
        self._queues: dict[tuple[str, str], _Queue] = {}
        every = [media.limits(platform) for platform in PLATFORMS]
        #: What no app takes is not read at all.
        self.max_bytes = max(max(limits.max_video_bytes, limits.max_image_bytes) for limits in every)

    def from_folder(
        self, folders: AccountFolders, config: PostConfig, platform: str
    ) -> tuple[MediaFile, ...]:
        """One random video, or the first images in natural order. Raises MediaRejected when too few are free."""
        root = str(folders.media)
        queue = self._queues.get((root, config.kind))
        if queue is None:
            paths = folders.files(config.kind)
            if config.kind == "video":
                self._choice.shuffle(paths)
            queue = _Queue([(path, path.name, None) for path in paths], len(paths) + folders.unfit)
            self._queues[root, config.kind] = queue
            for sentence in folders.left_out:
                self._findings.warn(f"{sentence}; left out")
            queue.reasons += folders.left_out
            for name in folders.beside[:_MOST_BESIDE]:
                self._findings.warn(
                    f'"{shorten(name)}" is not read: one caption.txt holds the caption for all files of a folder'
                )
        taken = self._take(root, [queue], config, platform)
        return _enough(taken, config, f'in "{root}"', [queue])

    def from_library(self, config: PostConfig, username: str, platform: str) -> tuple[MediaFile, ...]:
        """The first free materials in the library's order. Raises MediaRejected when too few are free."""
        # Those of the account come before those without an account.
        queues = [self._materials(config, name) for name in dict.fromkeys((username.casefold(), ""))]
        where = "in the material library" + (f" for @{username}" if username else "")
        if config.tags:
            where += f" with {' or '.join(config.tags)}"
        return _enough(self._take(LIBRARY, queues, config, platform), config, where, queues)

    def _materials(self, config: PostConfig, owner: str) -> _Queue:
        """The materials of this account; every account's are sorted out when the first is asked for."""
        if not self._queues:
            by_owner: dict[str, list[Material]] = {}
            for material in self._store.materials.candidates(config.kind, config.tags):
                by_owner.setdefault(material.username.casefold(), []).append(material)
            # Marks are by content, so a used one need not be read to be passed over.
            taken = self._store.usage.taken(LIBRARY) | {sha for root, sha in self._taken if root == LIBRARY}
            taken -= {sha for root, sha in self._own if root == LIBRARY}
            needed = self._store.tasks.needed_materials()
            for name, present in by_owner.items():
                free = [
                    (Path(m.path), m.name, m.id)
                    for m in present
                    if m.sha256 not in taken and (m.id not in needed or (LIBRARY, m.sha256) in self._own)
                ]
                self._queues[LIBRARY, name] = _Queue(free, len(present))
        return self._queues.setdefault((LIBRARY, owner), _Queue(()))

    def _take(
        self, root: str, queues: Sequence[_Queue], config: PostConfig, platform: str
    ) -> tuple[MediaFile, ...]:
        """The first files that can be posted, as many as a post needs, or all there are."""
        wanted = _wanted(config)
        taken: list[MediaFile] = []
        for queue, (path, name, material_id) in _walk(queues, platform):
            if self._slow >= _SLOW_MAX:
                text = f"{self._slow} files took longer than media.probe_timeout_s to look into: {queue.reasons[0]}"
                raise MediaRejected("probe_timeout", text)
            facts = self._look(root, queue, path, name, platform)
            if facts is not None:
                taken.append(Candidate(path, name, facts, material_id).file(root))
                self._taken.add((root, facts.sha256))
                if len(taken) == wanted:
                    break
        return tuple(taken)

    def _look(self, root: str, queue: _Queue, path: Path, name: str, platform: str) -> MediaFacts | None:
        """What the file holds; None when it is taken or cannot be posted, with the reason kept."""

        def leave_out(sentence: str, code: str) -> None:
            self._findings.warn(f"{sentence}; left out [{code}]")
            queue.reasons.insert(0, sentence)

        try:
            # Most files of a folder have been posted: those that are known to be are passed by without being opened.
            known = self._probe.known_digest(path, max_bytes=self.max_bytes)
            taken = self._why_taken(root, known) if known else ""
            if not taken:
                arriving = still_arriving(path) if root != LIBRARY else ""
                if arriving:
                    raise MediaRejected("still_arriving", f'"{name}" {arriving}')
                taken = self._why_taken(root, self._probe.digest(path, max_bytes=self.max_bytes))
            if taken:
                queue.reasons.append(f'"{name}" {taken}')
                return None
            facts = self._probe.look(path, max_bytes=self.max_bytes)
        except MediaRejected as error:
            # In the library a file lies under its checksum, which tells people nothing.
            leave_out(str(error).replace(f'"{path.name}"', f'"{name}"'), error.code)
            self._slow += error.code == "probe_timeout"
            return None
        for code, sentence, refused in judge(name, facts, self._media.limits(platform), platform):
            if refused:
                leave_out(sentence, code)
                return None
            self._findings.warn(f"{sentence} [{code}]")
        return facts

    def _why_taken(self, root: str, sha256: str) -> str:
        """Why a file of this content is not free, as the end of a sentence; "" when it is."""
        if (root, sha256) in self._taken:
            return "goes to another task of these requests"
        if (root, sha256) in self._own:
            return ""
        state = self._store.usage.state(root, sha256)
        return {Use.FREE: "", Use.RESERVED: "is reserved by a pending task"}.get(state, "was used before")


def _walk(queues: Sequence[_Queue], platform: str) -> Iterator[tuple[_Queue, _File]]:
    """What the request has not passed yet; each file counts as passed once it is handed out."""
    for queue in queues:
        while (at := queue.passed.get(platform, 0)) < len(queue.files):
            queue.passed[platform] = at + 1
            yield queue, queue.files[at]


def _wanted(config: PostConfig) -> int:
    return 1 if config.kind == "video" else config.image_count


def _enough(
    taken: tuple[MediaFile, ...], config: PostConfig, where: str, queues: Sequence[_Queue]
) -> tuple[MediaFile, ...]:
    wanted, kind = _wanted(config), config.kind
    if len(taken) == wanted:
        return taken
    present = sum(queue.present for queue in queues)
    reasons = [reason for queue in queues for reason in queue.reasons]
    if not present:
        text = f"there is no {kind} {where}"
        if config.from_folder:
            text += "; put one there"
        else:
            text += "; upload one"
    elif not taken:
        there = "the only one is" if present == 1 else f"all {present} are"
        text = f"no unused {kind} is left {where}: {there} used, reserved or unfit"
    else:
        text = f"only {len(taken)} of {wanted} unused {kind}s are left {where}"
    if reasons:
        text += ": " + "; ".join(reasons[:REASONS_SHOWN])
        if len(reasons) > REASONS_SHOWN:
            text += f"; and {len(reasons) - REASONS_SHOWN} more"
    raise MediaRejected(ErrorCode.NO_MATERIAL, text)
