"""The material library: upload, list, describe, remove, and let used files be chosen again."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.objects import materials as objects
from handlers.api.objects.common import Removed
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.body import invalid, too_large
from handlers.request.call import Call, Result, Route, page_of, routes_below
from handlers.request.envelope import Code, Reply
from handlers.request.file_answer import RANGE_HEADERS, file_reply, is_known
from handlers.request.given import merged
from handlers.request.multipart import boundary_of, chunks_of, find_parts, read_field
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.library.library import MaterialFields, MaterialView, Uploaded
from jobs.library.thumbnails import Thumbnails
from jobs.media.kinds import open_file, suffix_of
from jobs.media.paths import MediaRejected
from storage.records import Use

_HOW = "with curl: -F file=@clip.mp4, or --data-binary @clip.mp4 and ?name=clip.mp4"
_FORM = "application/x-www-form-urlencoded"
_HEAD_BYTES = 4096

_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
}  # fmt: skip


class MaterialQuery(msgspec.Struct):
    """Filters and page of the library."""

    kind: Literal["video", "image"] | UnsetType = UNSET
    tag: Annotated[str, Meta(description="Exactly this tag")] | UnsetType = UNSET
    username: str | UnsetType = UNSET
    used: (
        Annotated[Literal["free", "reserved", "used"], Meta(description="Whether it can still be chosen")]
        | UnsetType
    ) = UNSET
    q: (
        Annotated[
            str,
            Meta(
                max_length=200,
                description="A part of the name, of a tag or of the caption; capitals do not matter",
            ),
        ]
        | UnsetType
    ) = UNSET
    page: Annotated[int, Meta(ge=1)] = 1
    page_size: Annotated[int, Meta(ge=1, description="More than 100 counts as 100")] = 20


class UploadQuery(msgspec.Struct):
    """What goes with a file that is sent as the bare body; a form has fields of the same names."""

    name: Annotated[str, Meta(description="File name; its ending says what the file is")] | UnsetType = UNSET
    sha256: Annotated[str, Meta(description="Checksum in hex; another content is refused")] | UnsetType = (
        UNSET
    )
    caption: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    sort_number: int | UnsetType = UNSET
    tags: Annotated[str, Meta(description="Comma-separated")] | UnsetType = UNSET


class ResetRequest(msgspec.Struct):
    """Which used files may be chosen again: those of a folder, or with an empty body all of the library."""

    path: (
        Annotated[str, Meta(max_length=4096, description="A folder that was used as material_path")]
        | UnsetType
    ) = UNSET


class MaterialHandlers:
    """Everything under `/materials`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        folder = Path(services.store.state_dir) / "thumbnails"
        self._thumbnails = Thumbnails(services.library, folder, services.clock)

    def page(self, call: Call) -> Result:
        query = call.query(MaterialQuery)
        page, size = page_of(query)
        names = ("kind", "tag", "username", "q")
        filters: dict[str, Any] = {name: query[name] for name in names if name in query}
        if "used" in query:
            filters["use"] = Use(query["used"])
        found, total = self._services.library.page(**filters, page=page, page_size=size)
        return objects.MaterialList([self._show(view) for view in found], total, page, size)

    def get(self, call: Call) -> Result:
        return self._show(self._services.library.get(call.id))

    def file(self, call: Call) -> Result:
        material = self._services.library.get(call.id).material
        try:
            file = open_file(Path(material.path))
        except MediaRejected as error:
            text = str(error).replace(Path(material.path).name, material.name)
            raise NotFound(Problem("material_id", text, error.code)) from None
        kind = _TYPES[suffix_of(material.path)]
        return file_reply(call, file, name=material.name, etag=material.sha256, kind=kind)

    def thumbnail(self, call: Call) -> Result:
        etag = f"{self._services.library.get(call.id).material.sha256}-thumbnail"
        # Not for long: after a restore the same number may name another file.
        headers = (("ETag", f'"{etag}"'), ("Cache-Control", "private, max-age=600"))
        if is_known(call, etag):
            return Reply(304, b"", headers, "image/jpeg")
        return Reply(200, self._thumbnails.get(call.id), headers, "image/jpeg")

    def upload(self, call: Call) -> Result:
        content_type = call.header("Content-Type") or ""
        length = int(call.header("Content-Length") or 0)
        limit = self._services.settings().server.max_upload_bytes
        if length > limit:
            raise too_large(limit)
        if not length:
            raise invalid(f"the body is empty; send the file, {_HOW}", "file")
        if (call.header("Content-Encoding") or "identity").strip().lower() != "identity":
            raise invalid("files are taken as they are, without Content-Encoding", "Content-Encoding")
        boundary = boundary_of(content_type)
        body = cast("BinaryIO", call.environ["wsgi.input"])
        if content_type.startswith(_FORM) and _lost_its_line_breaks(body):
            raise invalid(f"curl -d changes files on the way; send it {_HOW}", "file")
        done = (
            self._upload_bare(call, body, length)
            if boundary is None
            else self._upload_form(call, body, boundary)
        )
        return objects.MaterialUpload(self._show(done.view), done.created, done.warnings)

    def _upload_bare(self, call: Call, body: BinaryIO, length: int) -> Uploaded:
        fields: dict[str, Any] = call.query(UploadQuery)
        name, sha256 = fields.pop("name", ""), fields.pop("sha256", None)
        if not name:
            if (call.header("Content-Type") or "").startswith("application/json"):
                raise invalid(f"the body is JSON; send the file itself, {_HOW}", "file")
            raise invalid(
                "is missing: add ?name=clip.mp4 to the address, or send a form with -F file=@clip.mp4", "name"
            )
        return self._services.library.upload(
            chunks_of(body, 0, length), name, fields, length=length, sha256=sha256
        )

    def _upload_form(self, call: Call, body: BinaryIO, boundary: str) -> Uploaded:
        parts = find_parts(body, boundary)
        files = [part for part in parts if part.is_file]
        if len(files) != 1:
            chosen = "" if files or not any(part.is_empty_choice for part in parts) else ": none was chosen"
            raise invalid(
                f"the form must hold exactly one file, it holds {len(files)}{chosen}; {_HOW}", "file"
            )
        sent: dict[str, str] = {}
        twice: list[Problem] = []
        for part in parts:
            if not part.is_file and not part.is_empty_choice:
                text = read_field(body, part)
                if part.name == "tags" and "tags" in sent:
                    text = f"{sent['tags']},{text}"
                elif part.name in sent:
                    twice.append(Problem(part.name, "is given twice"))
                sent[part.name] = text
        texts, problems = merged(sent, call.query(UploadQuery), UploadQuery)
        if twice or problems:
            raise Invalid([*twice, *problems])
        # What the library does not know it refuses or warns about; the file's name and checksum are no fields of it.
        fields = {
            name: text for name, text in texts.items() if name not in {"name", "sha256"} and str(text).strip()
        }
        file = files[0]
        name = texts.get("name") or file.filename
        if not name:
            raise invalid(
                "the file has no name: add ;filename=clip.mp4 to it (curl -F), or ?name=clip.mp4 to the address",
                "name",
            )
        return self._services.library.upload(
            chunks_of(body, file.start, file.end),
            name,
            fields,
            length=file.end - file.start,
            sha256=texts.get("sha256"),
        )

    def change(self, call: Call) -> Result:
        view, warnings = self._services.library.change(call.id, call.fields(MaterialFields))
        return objects.MaterialChange(self._show(view), warnings)

    def remove(self, call: Call) -> Result:
        sha256 = self._services.library.get(call.id).material.sha256
        self._services.library.remove(call.id)
        self._thumbnails.forget(sha256)
        return Removed(call.id)

    def reset(self, call: Call) -> Result:
        body = call.body()
        findings = Findings()
        given = call.fields(ResetRequest, body if body.strip() else b"{}")
        # With nothing asked for all is reset: what is not understood must not count as nothing.
        wishes = read_object(ResetRequest, given, findings, strict=True)
        if "path" in given and given["path"] is None:
            findings.problem("path", "is null; leave it out to let all be chosen again")
        findings.refuse()
        library = self._services.library
        count = library.reset_used_folder(wishes["path"]) if "path" in wishes else library.reset_used()
        return objects.Reset(count)

    def reset_one(self, call: Call) -> Result:
        return objects.Reset(self._services.library.reset_used(call.id))

    def _show(self, view: MaterialView) -> objects.MaterialObject:
        return shown_material(view, self._services.zone())

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        m, bad, missing = "/api/v1/materials", Code.INVALID, Code.NOT_FOUND

        route = routes_below(m, "materials")
        return [
            route("GET", "", self.page, "List the library, newest first", objects.MaterialList, bad, query=MaterialQuery),
            route("POST", "", self.upload, "Upload a file, as the bare body or as a form", objects.MaterialUpload, bad,
                  Code.NO_SPACE, Code.DRAINING, query=UploadQuery, upload=True, creates=True, slow=True),
            route("POST", "/reset-used", self.reset, "Let used files be chosen again", objects.Reset, bad,
                  body=ResetRequest),
            route("GET", "/{id}", self.get, "Look at one material", objects.MaterialObject, missing),
            route("GET", "/{id}/file", self.file, "The file itself, whole or a range of it", None, missing, Code.RANGE,
                  headers=RANGE_HEADERS, statuses=(200, 206, 304), media_type="*/*", slow=True),
            route("GET", "/{id}/thumbnail", self.thumbnail, "A picture of it, at most 320 pixels wide and high", None,
                  missing, headers=RANGE_HEADERS[2:], statuses=(200, 304), media_type="image/jpeg", slow=True),
            route("PATCH", "/{id}", self.change, "Change caption, username, sort number, tags", objects.MaterialChange,
                  bad, missing, Code.NO_SPACE, body=MaterialFields),
            route("DELETE", "/{id}", self.remove, "Remove a material and its file", Removed, bad, missing),
            route("POST", "/{id}/reset-used", self.reset_one, "Let this one be chosen again", objects.Reset, missing),
        ]  # fmt: skip


def _lost_its_line_breaks(body: BinaryIO) -> bool:
    """Whether `curl -d @file` sent it, which says of its body the same as `--data-binary` does, but leaves signs out."""
    body.seek(0)
    head = body.read(_HEAD_BYTES)
    # Sizes at the beginning of videos and pictures are full of zeros.
    return not any(sign in head for sign in (b"\0", b"\r", b"\n"))


def shown_material(view: MaterialView, zone: tzinfo) -> objects.MaterialObject:
    """A material as the API shows it."""
    material = view.material
    return objects.MaterialObject(
        id=material.id,
        name=material.name,
        kind="video" if material.kind == "video" else "image",
        sha256=material.sha256,
        size_bytes=material.size_bytes,
        created_at=moment(material.created_at, zone) or "",
        caption=material.caption,
        username=material.username,
        sort_number=material.sort_number,
        tags=list(material.tags),
        used=view.use.value,
        duration_s=material.duration_s,
        width=material.width,
        height=material.height,
    )
