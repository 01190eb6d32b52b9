"""Enumerations that stand in several places of the OpenAPI document: each gets one name there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jobs.hub.platforms import PLATFORMS

#: By the field and its values, in the order of the document.
_NAMES: Mapping[tuple[str, tuple[int | str, ...]], str] = MappingProxyType(
    {
        ("platform", tuple(sorted(PLATFORMS))): "Platform",
        ("platform", tuple(sorted(("all", *PLATFORMS)))): "PlatformOrAll",
        ("status", (0, 1, 2, 3)): "TaskStatus",
        ("status_text", ("completed", "failed", "pending", "running")): "TaskStatusText",
        ("source", ("api", "ui")): "TaskSource",
        ("outcome", ("none", "not_published", "published", "unknown")): "Outcome",
        ("content_type", (0, 1)): "ContentType",
        ("caption_format", ("multiline", "spintax")): "CaptionFormat",
        ("post_way", ("addButton", "share", "useSound")): "PostWay",
        ("placement", ("reel", "story")): "Placement",
        ("material_source", ("localFolder", "materialLibrary")): "MaterialSource",
        ("add_sound", ("-1", "0", "1", "custom")): "AddSound",
        ("add_product_link", (0, 1)): "AddProductLink",
        ("logined", (0, 1)): "LoggedIn",
        ("status", (0, 1)): "AccountStatus",
        ("status", (2, 3)): "EndedTaskStatus",
        ("kind", ("image", "video")): "MaterialKind",
        ("used", ("free", "reserved", "used")): "MaterialUse",
        ("missed", ("catch_up", "skip")): "MissedPosts",
        ("steadiness", ("id", "structure", "text")): "Steadiness",
    }
)


def name_enumerations(schemas: dict[str, Any], prefix: str) -> None:
    """Put references in the place of the enumerations that have a name, and the named ones into the schemas.

    Args:
        schemas: The named schemas; changed in place.
        prefix: The part of a reference before the name.
    """
    found: dict[str, Any] = {}

    def visit(schema: dict[str, Any], field: str) -> None:
        name = _NAMES.get((field, tuple(schema.get("enum", ()))))
        if name:
            found[name] = {"title": name, "enum": schema.pop("enum")}
            schema["$ref"] = prefix + name
        for one in schema.get("anyOf", ()):
            visit(one, field)
        if isinstance(schema.get("items"), dict):
            visit(schema["items"], field)

    for schema in schemas.values():
        for field, described in schema.get("properties", {}).items():
            visit(described, field)
    for name, enumeration in found.items():
        schemas.setdefault(name, enumeration)
