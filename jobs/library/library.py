"""The material library: files uploaded once, kept in the state directory, chosen by tag, account and order."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from jobs.content.captions import CaptionInvalid, read_template
from jobs.hub.clock import Clock
from jobs.hub.settings import Settings
from jobs.input.fields import Findings, Tag, read_object
from jobs.input.near_names import Unknown
from jobs.input.refusals import Invalid, NoSpace, NotFound, Problem
from jobs.input.values import read_tags, read_typed, shorten
from jobs.intake.targets import clean_username
from jobs.library.checks import check_limits, check_name
from jobs.library.files import partial_file, receive, remove_partials, sync_folder
from jobs.media.local_folder import sort_number
from jobs.media.paths import MediaRejected, resolve_folder
from jobs.media.probe import MediaFacts, MediaProbe
from storage.errors import StoreFull, UnknownRecord
from storage.records import Material, Use
from storage.store import Store
from storage.tables.usage import LIBRARY

#: Two files of different content seldom share one.
LOCKS = 64


class MaterialFields(msgspec.Struct, frozen=True, kw_only=True):
    """What callers may say about a material; in a change, what is absent stays as it is."""

    caption: Annotated[
        str, Meta(max_length=10_000, description="Wins over the task's caption; a spintax template")
    ] = ""
    username: Annotated[
        str, Meta(max_length=101, description="The only account that may post it; empty: any")
    ] = ""
    sort_number: Annotated[int, Meta(ge=0, le=999_999_999, description="Lower ones are chosen first")] = 0
    tags: Annotated[tuple[Tag, ...], Meta(max_length=100, description="A list, or text with commas")] = ()


class MaterialView(msgspec.Struct, frozen=True):
    """A material and whether it can still be chosen."""

    material: Material
    use: Use


class Uploaded(msgspec.Struct, frozen=True):
    """What became of an upload; `created` is false when the same content was there before."""

    view: MaterialView
    created: bool
    warnings: list[str]


class Library:
    """Takes, lists, changes and removes materials. Thread-safe."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, probe: MediaProbe | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self.probe = probe or MediaProbe(
            settings.media.probe_timeout_s, store.media_facts, max_pixels=settings.media.max_pixels
        )
        #: By content, so that what one upload costs never delays another material.
        self._locks = tuple(threading.Lock() for _ in range(LOCKS))
        self.reload(settings)
        remove_partials(self._dir)

    def reload(self, settings: Settings) -> None:
        """Use these settings from the next call on; files stay in the folder they were put in."""
        self._settings = settings
        self._dir = Path(settings.media.library_dir or Path(self._store.state_dir) / "library")

    @property
    def dir(self) -> Path:
        """Where new files are put."""
        return self._dir

    @property
    def settings(self) -> Settings:
        return self._settings

    def kept_bytes(self) -> int:
        """How much room the materials take."""
        return sum(material.size_bytes for material in self._store.materials.all())

    def check(self, filename: str, fields: Mapping[str, Any]) -> tuple[str, str]:
        """The name to show and the ending of a file that will come. Raises Invalid, also for its fields."""
        findings = Findings()
        self._read(fields, findings)
        found = check_name(filename, findings)
        findings.refuse()
        return found

    def take(self, file: Path, name: str, sha256: str, fields: Mapping[str, Any]) -> Uploaded:
        """Make a material of a whole file that lies in the library's folder; it may stay if its content is known.

        Raises:
            Invalid: fields or content are unfit.
            NoSpace: there is no room to note it.
        """
        findings = Findings()
        values = self._read(fields, findings)
        findings.refuse()
        if "sort_number" not in values:
            values["sort_number"] = sort_number(name) or 0
        return self._keep(file, name, sha256, values, findings)

    def again(self, material_id: int) -> Uploaded:
        """The answer to an upload that was taken before. Raises NotFound."""
        return Uploaded(self.get(material_id), created=True, warnings=[])

    def upload(
        self,
        chunks: Iterable[bytes],
        filename: str,
        fields: Mapping[str, Any] | None = None,
        *,
        length: int | None = None,
        sha256: str | None = None,
    ) -> Uploaded:
        """Take a file as a stream; safe to repeat, as the same content is stored once.

        Args:
            chunks: The file's bytes.
            filename: What people see; its ending says what the file is.
            fields: `MaterialFields`, as decoded from JSON or from a form.
            length: Number of bytes announced; fewer or more are refused.
            sha256: Checksum announced, in hex; another one is refused.

        Raises:
            Invalid: fields, name or content are unfit.
            NoSpace: the quota or the disk is full.
        """
        findings = Findings()
        values = self._read(fields or {}, findings)
        name, suffix = check_name(filename, findings)
        findings.refuse()
        if "sort_number" not in values:
            values["sort_number"] = sort_number(name) or 0
        with partial_file(self._dir, suffix) as partial:
            digest = receive(
                chunks, partial, settings=self._settings, kept_bytes=self.kept_bytes(), length=length
            )
            if sha256 and sha256.strip().lower() != digest:
                raise Invalid(Problem("sha256", f"the file that came has {digest}", "checksum"))
            return self._keep(partial, name, digest, values, findings)

    def _keep(
        self, partial: Path, name: str, sha256: str, values: dict[str, Any], findings: Findings
    ) -> Uploaded:
        with self._lock_of(sha256):
            uploaded = self._present(partial, sha256, values, findings)
        if uploaded is not None:
            return uploaded
        try:
            # No lock is held: a look may take as long as `media.probe_timeout_s`.
            facts = self.probe.look(partial, known_sha256=sha256)
        except MediaRejected as error:
            text = str(error).replace(partial.name, name)
            raise Invalid(Problem("file", text, error.code)) from None
        check_limits(name, facts, self._settings.media, findings)
        findings.refuse()
        path = self._dir / f"{sha256}{partial.suffix}"
        with self._lock_of(sha256):
            uploaded = self._present(partial, sha256, values, findings)
            if uploaded is not None:
                return uploaded
            before = partial.stat()
            partial.rename(path)
            sync_folder(self._dir)
            material = self._record(path, name, facts, values)
        self.probe.renamed(path, before)
        return Uploaded(self._view(material), created=True, warnings=findings.warnings)

    def _present(
        self, partial: Path, sha256: str, values: dict[str, Any], findings: Findings
    ) -> Uploaded | None:
        """The material that has this content already, its file put back if it was gone."""
        present = next((m for m in self._store.materials.all() if m.sha256 == sha256), None)
        if present is None:
            return None
        if not Path(present.path).is_file():
            partial.rename(present.path)
        if any(getattr(present, key) != value for key, value in values.items() if value):
            findings.warn(f"this content is material {present.id} already; its fields were left as they are")
        return Uploaded(self._view(present), created=False, warnings=findings.warnings)

    def _lock_of(self, sha256: str) -> threading.Lock:
        return self._locks[int(sha256[:8], 16) % LOCKS]

    def _record(self, path: Path, name: str, facts: MediaFacts, values: dict[str, Any]) -> Material:
        try:
            return self._store.materials.add(
                path=str(path),
                name=name,
                kind=facts.kind,
                sha256=facts.sha256,
                size_bytes=facts.size_bytes,
                created_at=self._clock.now(),
                duration_s=facts.duration_s,
                width=facts.width,
                height=facts.height,
                **values,
            )
        except StoreFull as error:
            path.unlink(missing_ok=True)
            raise NoSpace(Problem("", str(error))) from error

    def page(
        self,
        *,
        kind: str | None = None,
        tag: str | None = None,
        username: str | None = None,
        use: Use | None = None,
        q: str = "",
        page: int = 1,
        page_size: int = 20,
    ) -> tuple[list[MaterialView], int]:
        """One page of the materials that match, newest first, and how many match in all."""
        name = None if username is None else clean_username(username)
        found = self._store.materials.matching(kind=kind, tag=tag, username=name, q=q)
        views = [view for view in map(self._view, found) if use in (None, view.use)]
        start = (page - 1) * page_size
        return views[start : start + page_size], len(views)

    def get(self, material_id: int) -> MaterialView:
        """Raises NotFound."""
        material = self._store.materials.get(material_id)
        if material is None:
            raise NotFound(Problem("material_id", f"there is no material {material_id}"))
        return self._view(material)

    def change(self, material_id: int, raw: Any) -> tuple[MaterialView, list[str]]:
        """Change what a decoded JSON body names; returns the material with warnings. Raises NotFound, Invalid."""
        self.get(material_id)
        if not isinstance(raw, Mapping):
            raise Invalid(Problem("", "the body must be a JSON object"))
        findings = Findings()
        values = self._read(raw, findings)
        findings.refuse()
        try:
            return self._view(self._store.materials.change(material_id, **values)), findings.warnings
        except UnknownRecord:
            raise NotFound(Problem("material_id", f"there is no material {material_id}")) from None

    def remove(self, material_id: int) -> None:
        """Remove a material and its file. Raises NotFound; Invalid while a task that has not ended needs it."""
        view = self.get(material_id)
        if view.use is Use.RESERVED:
            raise Invalid(Problem("", f"material {material_id} is reserved by a task that has not ended"))
        if needing := self._store.tasks.needing(material_id):
            raise Invalid(
                Problem("", f"material {material_id} is needed by task {needing[0]}, which has not ended")
            )
        with self._lock_of(view.material.sha256):
            if self._store.materials.remove(material_id) is None:
                raise NotFound(Problem("material_id", f"there is no material {material_id}"))
            with contextlib.suppress(OSError):
                Path(view.material.path).unlink(missing_ok=True)

    def reset_used(self, material_id: int | None = None) -> int:
        """Let used materials, one or all, be chosen again; returns how many. Raises NotFound."""
        sha256 = None if material_id is None else self.get(material_id).material.sha256
        return self._store.usage.reset(LIBRARY, sha256)

    def reset_used_folder(self, given: str) -> int:
        """The same for a local folder and the account folders in it. Raises Invalid."""
        try:
            root = resolve_folder(given, self._settings.media)
        except MediaRejected as error:
            raise Invalid(Problem("path", str(error), error.code)) from None
        folders = [
            root,
            *(folder for folder in root.iterdir() if folder.name.startswith("@") and folder.is_dir()),
        ]
        return sum(self._store.usage.reset(os.path.realpath(folder)) for folder in folders)

    def _view(self, material: Material) -> MaterialView:
        use = self._store.usage.state(LIBRARY, material.sha256)
        if use is Use.FREE and self._store.tasks.needing(material.id):
            use = Use.RESERVED
        return MaterialView(material, use)

    def _read(self, raw: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
        values = read_object(MaterialFields, raw, findings, hooks=_HOOKS, unknown=_UNKNOWN)
        if "username" in values:
            values["username"] = name = clean_username(values["username"])
            if name and not any(a.username.casefold() == name.casefold() for a in self._store.accounts.all()):
                findings.warn(
                    f"username: there is no account @{shorten(name)}; until there is, no task takes the file"
                )
        if "tags" in values:
            values["tags"] = tuple(dict.fromkeys(tag.strip() for tag in values["tags"]))
            if any("," in tag for tag in values["tags"]):
                findings.problem("tags", "must not hold commas")
        if "caption" in values:
            try:
                for warning in read_template(values["caption"]).warnings:
                    findings.warn(f"caption: {warning}")
            except CaptionInvalid as error:
                findings.problem("caption", str(error))
        return values


_HOOKS = {"tags": read_tags, "caption": read_typed}
_UNKNOWN = Unknown(
    # What our own answers show besides: a client may send back the whole object it has read.
    harmless=frozenset(
        {"id", "name", "kind", "sha256", "size_bytes", "created_at", "used", "duration_s", "width", "height"}
    ),
    other_words={
        **dict.fromkeys(("text", "description", "title"), "caption"),
        **dict.fromkeys(("account", "user"), "username"),
        **dict.fromkeys(("sort", "order", "position"), "sort_number"),
    },
)
