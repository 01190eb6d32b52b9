"""OpenAPI 3.1, made from the route table and the very types that read requests and write answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from handlers.api.openapi.components import Components, Refused
from handlers.api.openapi.examples import examples_of
from handlers.request.call import Route
from handlers.request.envelope import Code

_PARAMETER = re.compile(r"\{([a-z]+)\}")
_MEANING = {
    Code.INVALID: "invalid parameters, or the state of the task does not allow this",
    Code.NO_SCRIPT: "script_name is missing",
    Code.UNKNOWN_SCRIPT: "a script other than post",
    Code.UNAUTHORIZED: "the token is missing or wrong",
    Code.FORBIDDEN: "unknown Host, foreign Origin, a change by a cookie from elsewhere than the console, or a plan without API access",
    Code.NOT_FOUND: "no such task, phone, account, month or path",
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
    "month": {
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
        "description": "A month of the archive, as 2027-01",
    },
    "name": {"type": "string", "minLength": 1, "description": "Name of a kept file, from the task's log"},
}
_DESCRIPTION = """\
Publishes your own videos and images through the TikTok and Instagram apps of your own phones.

Every answer below `/api/` is an envelope `{"code", "message", "data"}`: `code` 0 is success, any other the HTTP status
with two digits appended; `x-codes` of a response lists those that it may have. Requests from the box itself and from
`trusted_networks` need no token; all others send `Authorization: Bearer TOKEN` or `X-Api-Key: TOKEN`; browsers log in
once (`POST /api/v1/session`) and get a cookie.

A call that changes something takes every field of its body in the query too, and refuses fields it does not know; a call
that reads lists them in `warnings` of its data.
"""
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
    components = Components(table)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components)
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
            "schemas": components.shown(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _operation(route: Route, components: Components) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, components),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(components.fields(route.query))
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
        schemas = {"application/json": components.refer(route.body)}
        if route.csv:
            schemas["text/csv"] = {"type": "string"}
        operation["requestBody"] = {
            "required": True,
            "content": {
                kind: {"schema": schema, **examples_of(route.method, route.path, kind)}
                for kind, schema in schemas.items()
            },
        }
    if not route.token:
        operation["security"] = [{}]
    return operation


def _operation_id(route: Route) -> str:
    words = [word for word in re.split(r"[^a-z]+", route.path.removeprefix("/api/v1")) if word]
    return "_".join([route.method.lower(), *words]) if words else f"{route.method.lower()}_console"


def _query_parameters(fields: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = []
    for name, described in fields.items():
        kind = dict(described)
        text = kind.pop("description", "")
        parameter = {"name": name, "in": "query", "required": False, "schema": kind}
        parameters.append(parameter | ({"description": text} if text else {}))
    return parameters


def _responses(route: Route, components: Components) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if route.answer is not None:
        schema = components.answer(route)
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
    by_status: dict[int, list[Code]] = {}
    for code in () if route.path == "/healthz" else route.refusals:
        by_status.setdefault(code.http_status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _refusal(codes, components)
    return responses


def _refusal(codes: list[Code], components: Components) -> dict[str, Any]:
    return {
        "description": "; ".join(f"{int(code)}: {_MEANING[code]}" for code in codes),
        "content": {"application/json": {"schema": components.refer(Refused)}},
        "x-codes": [int(code) for code in codes],
    }
