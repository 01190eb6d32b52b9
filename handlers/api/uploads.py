"""Uploads in pieces under `/materials/uploads`: begin, send pieces with Content-Range, ask how far it is, give up."""

from __future__ import annotations

import re
from typing import Any, BinaryIO, cast

from handlers.api.materials import shown_material
from handlers.api.objects import materials as objects
from handlers.api.objects.common import Removed
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.request.body import invalid
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Code
from handlers.request.multipart import chunks_of
from jobs.library.library import Uploaded
from jobs.library.upload_pieces import PIECE_BYTES, Upload, UploadPieces, UploadRequest

#: RFC 9110, section 14.4: "bytes 0-8388607/104857600".
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")
#: How other protocols ask how much is there.
_ASKING = re.compile(r"bytes \*/(\d+|\*)")
_HOW = 'say which bytes of the file these are: "Content-Range: bytes 0-8388607/104857600"'
_RANGE_HEADER = (
    "Content-Range",
    "bytes FIRST-LAST/TOTAL: which bytes of the file the body holds; what is there already may come again",
)


class UploadHandlers:
    """Files that come in pieces."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pieces = UploadPieces(services.library, services.clock)

    def begin(self, call: Call) -> Result:
        return self._show(self._pieces.begin(call.fields(UploadRequest)))

    def get(self, call: Call) -> Result:
        return self._show(self._pieces.get(call.id))

    def cancel(self, call: Call) -> Result:
        self._pieces.cancel(call.id)
        return Removed(call.id)

    def append(self, call: Call) -> Result:
        upload = self._pieces.get(call.id)
        length = int(call.header("Content-Length") or 0)
        given = (call.header("Content-Range") or "").strip()
        if not given and length == upload.size_bytes:
            given = f"bytes 0-{length - 1}/{length}"  # the whole file at once
        if not given:
            text = f"the file has {upload.size_bytes} bytes, the body has {length}; for a part of it, {_HOW}"
            raise invalid(text, "Content-Range")
        if _ASKING.fullmatch(given):
            raise invalid("GET on this address tells the offset to go on from", "Content-Range")
        match = _RANGE.fullmatch(given)
        if match is None:
            raise invalid(_HOW, "Content-Range")
        first, last, total = int(match[1]), int(match[2]), match[3]
        if total not in {"*", str(upload.size_bytes)}:
            raise invalid(f"{upload.size_bytes} bytes were announced, not {total}", "Content-Range")
        if last < first:
            raise invalid(f"ends at {last}, before it begins", "Content-Range")
        if length != last - first + 1:
            raise invalid(f"says {last - first + 1} bytes, the body has {length}", "Content-Range")
        body = cast("BinaryIO", call.environ["wsgi.input"])
        return self._show(*self._pieces.append(call.id, first, length, chunks_of(body, 0, length)))

    def _show(self, upload: Upload, done: Uploaded | None = None) -> objects.UploadObject:
        zone = self._services.zone()
        return objects.UploadObject(
            id=upload.id,
            name=upload.name,
            size_bytes=upload.size_bytes,
            offset=upload.offset,
            piece_bytes=min(PIECE_BYTES, self._services.settings().server.max_upload_bytes),
            expires_at=moment(upload.expires_at, zone) or "",
            material_id=upload.material_id or None,
            material=None if done is None else shown_material(done.view, zone),
            created=None if done is None else done.created,
            warnings=[] if done is None else done.warnings,
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        path, tag, answer = "/api/v1/materials/uploads", "materials", objects.UploadObject
        bad, missing = Code.INVALID, Code.NOT_FOUND
        common: dict[str, Any] = {"tag": tag, "answer": answer}
        return [
            Route(method="POST", path=path, call=self.begin, summary="Begin an upload in pieces", body=UploadRequest,
                  codes=(bad, Code.NO_SPACE, Code.DRAINING), creates=True, **common),
            Route(method="GET", path=path + "/{id}", call=self.get, summary="How far an upload is", codes=(missing,),
                  **common),
            Route(method="PUT", path=path + "/{id}", call=self.append, summary="Send a piece; the last one makes the material",
                  codes=(bad, missing, Code.NO_SPACE), headers=(_RANGE_HEADER,), upload=True, slow=True, **common),
            Route(method="DELETE", path=path + "/{id}", call=self.cancel, summary="Give an upload up", tag=tag,
                  answer=Removed, codes=(missing,)),
        ]  # fmt: skip
