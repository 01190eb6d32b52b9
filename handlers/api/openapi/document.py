"""OpenAPI 3.1, made from the route table and the very types that read requests and write answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from handlers.request.call import COMMON_CODES, Route
from handlers.request.envelope import Code, ErrorItem

_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{([a-z]+)\}")
_MEANING = {
    Code.INVALID: "invalid parameters, or the state of the task does not allow this",
    Code.NO_SCRIPT: "script_name is missing",
    Code.UNKNOWN_SCRIPT: "a script other than post",
    Code.UNAUTHORIZED: "the token is missing or wrong",
    Code.FORBIDDEN: "unknown Host, foreign Origin, a change by a cookie from elsewhere than the console, or a plan without API access",
    Code.NOT_FOUND: "no such task, phone, account or path",
    Code.WRONG_METHOD: "this method is not possible here",
    Code.KEY_REUSED: "the Idempotency-Key came with another body before",
    Code.DUPLICATE: "the account was given the same media a moment ago",
    Code.CHANGED: "the task has another version than the one in If-Match",
    Code.TOO_LARGE: "the body is too large",
    Code.RANGE: "the range lies outside the file",
    Code.INTERNAL: "internal error; data.incident names it in the log",
    Code.DRAINING: "the daemon is about to stop",
    Code.NO_SPACE: "no disk space",
}
_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
    "serial": {"type": "string", "minLength": 1, "description": "Serial of a phone"},
    "token": {"type": "string", "minLength": 1, "description": "Name of a token"},
    "name": {"type": "string", "minLength": 1, "description": "Name of a kept file, from the task's log"},
}
_DESCRIPTION = """\
Publishes your own videos and images through the TikTok and Instagram apps of your own phones.

Every answer below `/api/` is an envelope `{"code", "message", "data"}`: `code` 0 is success, any other the HTTP status
with two digits appended. Requests from the box itself and from `trusted_networks` need no token; all others send
`Authorization: Bearer TOKEN` or `X-Api-Key: TOKEN`; browsers log in once (`POST /api/v1/session`) and get a cookie.

A call that changes something takes every field of its body in the query too, and refuses fields it does not know; a call
that reads lists them in `warnings` of its data.
"""
_WARNINGS = {
    "properties": {
        "warnings": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Query fields that this call does not know; absent when there are none",
        }
    }
}


class RefusalData(msgspec.Struct, frozen=True, omit_defaults=True):
    """Details of a refusal: every problem found, or the incident under which the log has more."""

    errors: list[ErrorItem] = []
    incident: str = ""


_HEADER_PATTERNS = {
    "Content-Range": r"^bytes [0-9]{1,15}-[0-9]{1,15}/([0-9]{1,15}|\*)$",
    "Range": "^[\\x20-\\x7e]{1,128}$",
}
_STATUS_MEANING = {
    200: "Success",
    202: "Success; it goes on in the background",
    206: "The range that was asked for; Content-Range says which it is",
    304: "The file is still the one that you have; without a body",
}


def make_document(routes: Iterable[Route], version: str) -> bytes:
    """The whole document as JSON text."""
    table = [route for route in routes if not route.hidden]
    types = _types(table)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    found = dict(zip(map(_name, types), schemas, strict=True))
    for route in table:
        if route.method == "PATCH":
            _without_defaults(components[_name(route.body)])
    queries = {route.query.__name__ for route in table if route.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, found, components)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "tikmatrixd",
            "version": version or "0",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "this box"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in table)],
        "security": [{}, {"bearer": []}, {"key": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _without_defaults(schema: dict[str, Any]) -> None:
    """In a change, what is absent stays as it is, whatever the default of a new record is."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _types(table: Iterable[Route]) -> list[Any]:
    found: dict[str, Any] = {"RefusalData": RefusalData}
    for route in table:
        for kind in (route.answer, route.query, route.body):
            if kind is not None:
                found[_name(kind)] = kind
    return list(found.values())


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _operation(route: Route, found: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, found),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(components[route.query.__name__])
    parameters += [
        {
            "name": name,
            "in": "header",
            "description": text,
            "schema": {"type": "string", "pattern": _HEADER_PATTERNS.get(name, "^[\\x21-\\x7e]{1,128}$")},
        }
        for name, text in route.headers
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.upload and route.headers:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    elif route.upload:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
                },
            },
        }  # fmt: skip
    elif route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": found[_name(route.body)]}},
        }
        if route.csv:
            operation["requestBody"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    if not route.token:
        operation["security"] = [{}]
    return operation


def _operation_id(route: Route) -> str:
    words = [word for word in re.split(r"[^a-z]+", route.path.removeprefix("/api/v1")) if word]
    return "_".join([route.method.lower(), *words]) if words else f"{route.method.lower()}_console"


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = []
    for name, described in schema["properties"].items():
        kind = dict(described)
        text = kind.pop("description", "")
        parameter = {"name": name, "in": "query", "required": False, "schema": kind}
        parameters.append(parameter | ({"description": text} if text else {}))
    return parameters


def _responses(route: Route, found: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if route.answer is not None:
        data = found[_name(route.answer)]
        schema: dict[str, Any] = {
            "type": "object",
            "required": ["code", "message", "data"],
            "properties": {
                "code": {"const": 0},
                "message": {"const": "success"},
                "data": {"allOf": [data, _WARNINGS]} if route.reads else data,
            },
        }
    elif route.media_type == "application/json":
        schema = {"type": "object"}
    elif route.media_type.startswith("text/"):
        schema = {"type": "string"}
    else:
        schema = {"type": "string", "format": "binary"}
    for status in route.statuses:
        responses[str(status)] = {"description": _STATUS_MEANING[status]}
        if status != 304:
            responses[str(status)]["content"] = {route.media_type: {"schema": schema}}
    if route.path == "/readyz":
        responses["503"] = {**responses["200"], "description": "Not able to work; the body says why"}
    common = () if route.path == "/healthz" else COMMON_CODES
    by_status: dict[int, list[Code]] = {}
    for code in dict.fromkeys((*route.codes, *common)):
        by_status.setdefault(code.http_status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _refusal(codes)
    return responses


def _refusal(codes: list[Code]) -> dict[str, Any]:
    return {
        "description": "; ".join(f"{int(code)}: {_MEANING[code]}" for code in codes),
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["code", "message", "data"],
                    "properties": {
                        "code": {"enum": [int(code) for code in codes]},
                        "message": {"type": "string"},
                        "data": {
                            "anyOf": [{"$ref": _REFERENCE.format(name="RefusalData")}, {"type": "null"}]
                        },
                    },
                }
            }
        },
    }
