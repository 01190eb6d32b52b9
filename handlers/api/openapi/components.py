"""The named schemas of the OpenAPI document: what calls take, what they answer, and the two envelopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handlers.api.openapi.enumerations import name_enumerations
from handlers.request.call import Route
from handlers.request.envelope import ErrorItem

_PREFIX = "#/components/schemas/"
_WARNINGS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "In the answer to a read: query fields that it does not know; absent when there are none",
}

Schema = dict[str, Any]


class RefusalData(msgspec.Struct, frozen=True, omit_defaults=True):
    """Details of a refusal: every problem found, or the incident under which the log has more."""

    errors: list[ErrorItem] = []
    incident: str = ""


class Refused(msgspec.Struct, frozen=True):
    """The envelope of every refusal."""

    code: Annotated[
        int,
        Meta(
            ge=40000,
            le=59999,
            description="The HTTP status with two digits appended; `x-codes` of a response lists those that it may have",
        ),
    ]
    message: Annotated[str, Meta(min_length=1, description="One sentence for people")]
    data: RefusalData | None


class Components:
    """The named schemas, and references to them by the types that they were made from."""

    def __init__(self, table: Sequence[Route]) -> None:
        types = _types(table)
        found, self._schemas = msgspec.json.schema_components(types, ref_template=_PREFIX + "{name}")
        self._found: dict[str, Schema] = dict(zip(map(_name, types), found, strict=True))
        for schema in self._schemas.values():
            _as_lists(schema)
        name_enumerations(self._schemas, _PREFIX)
        self._queries = {route.query.__name__ for route in table if route.query is not None}
        for route in table:
            if route.method == "PATCH":
                _without_defaults(self._schemas[_name(route.body)])
            if route.answer is not None:
                self._add_envelope(route)

    def refer(self, kind: Any) -> Schema:
        """The reference to the schema of a type."""
        return self._found[_name(kind)]

    def answer(self, route: Route) -> Schema:
        """The reference to the envelope around the answer of this call."""
        return {"$ref": f"{_PREFIX}{_envelope_name(route)}"}

    def fields(self, kind: type[msgspec.Struct]) -> dict[str, Schema]:
        """The fields of a struct by name."""
        fields: dict[str, Schema] = self._schemas[kind.__name__]["properties"]
        return fields

    def shown(self) -> dict[str, Schema]:
        """All by name; a query is no schema of its own: its fields are parameters."""
        return {name: schema for name, schema in self._schemas.items() if name not in self._queries}

    def _add_envelope(self, route: Route) -> None:
        data = self.refer(route.answer)
        if route.reads:
            # A read names query fields that it ignored inside of its data (R47), so the data must be an object.
            own = self._schemas[data["$ref"].removeprefix(_PREFIX)]
            own["properties"].setdefault("warnings", _WARNINGS)
        name = _envelope_name(route)
        self._schemas[name] = {
            "title": name,
            "description": "The envelope of a success.",
            "type": "object",
            "properties": {
                "code": {"type": "integer", "const": 0},
                "message": {"type": "string", "const": "success"},
                "data": data,
            },
            "required": ["code", "message", "data"],
        }


def _without_defaults(schema: Schema) -> None:
    """In a change, what is absent stays as it is, whatever the default of a new record is."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _as_lists(schema: Any) -> None:
    """A pair of equal kinds as a list of two: `items: false` is more than common generators of clients can read."""
    if isinstance(schema, list):
        for one in schema:
            _as_lists(one)
    elif isinstance(schema, dict):
        kinds = schema.get("prefixItems")
        if kinds and schema.get("items") is False and all(kind == kinds[0] for kind in kinds):
            schema["items"] = schema.pop("prefixItems")[0]
        for one in schema.values():
            _as_lists(one)


def _types(table: Iterable[Route]) -> list[Any]:
    found: dict[str, Any] = {"Refused": Refused}
    for route in table:
        for kind in (route.answer, route.query, route.body):
            if kind is not None:
                found[_name(kind)] = kind
    return list(found.values())


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _envelope_name(route: Route) -> str:
    return f"{_name(route.answer)}Answer"
