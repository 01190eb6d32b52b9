"""What several resources show."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

LocalTime = Annotated[str, Meta(description="YYYY-MM-DD HH:MM:SS in the box's time zone")]
Moment = Annotated[str, Meta(description="RFC 3339 with offset")]


class Removed(msgspec.Struct, frozen=True):
    """The id of what was removed."""

    id: int
