"""What the API shows of the library and of uploads."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers.api.objects.common import Moment


class MaterialObject(msgspec.Struct, frozen=True):
    """A file of the library."""

    id: int
    name: str
    kind: Literal["video", "image"]
    sha256: str
    size_bytes: int
    created_at: Moment
    caption: str
    username: str
    sort_number: int
    tags: list[str]
    used: Annotated[
        Literal["free", "reserved", "used"],
        Meta(description="reserved: a task has it; used: it was or may have been published"),
    ]
    duration_s: float | None
    width: int | None
    height: int | None


class MaterialList(msgspec.Struct, frozen=True):
    """One page of the library, newest first."""

    materials: list[MaterialObject]
    total: int
    page: int
    page_size: int


class MaterialUpload(msgspec.Struct, frozen=True):
    """What became of an upload; `created` is false when the same content was there already."""

    material: MaterialObject
    created: bool
    warnings: list[str]


class UploadObject(msgspec.Struct, frozen=True):
    """An upload in pieces. Once `offset` is `size_bytes`, `material_id` is what it became."""

    id: int
    name: str
    size_bytes: int
    offset: Annotated[
        int, Meta(description="Number of bytes that are stored for good; the next piece begins there")
    ]
    piece_bytes: Annotated[int, Meta(description="How much to send at a time; other sizes work too")]
    expires_at: Annotated[str, Meta(description="When it is forgotten unless more comes; RFC 3339")]
    material_id: int | None
    material: MaterialObject | None
    created: Annotated[
        bool | None, Meta(description="With the last piece: false when the same content was there already")
    ]
    warnings: list[str]


class MaterialChange(msgspec.Struct, frozen=True):
    """A material after a call that changed it, and what in the call was ignored."""

    material: MaterialObject
    warnings: list[str]


class Reset(msgspec.Struct, frozen=True):
    """How many files may be chosen again."""

    reset_count: int
