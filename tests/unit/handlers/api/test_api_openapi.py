"""The OpenAPI document: valid, complete, and the same as the one in docs/."""

from __future__ import annotations

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.http_side import Client, HttpSide


def document(api: Client) -> dict[str, Any]:
    answer: dict[str, Any] = api.call("GET", "/api/v1/openapi.json").json
    return answer


def test_the_document_is_valid_openapi_3_1(api: Client) -> None:
    found = document(api)
    assert found["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []


def test_every_route_is_in_the_document(side: HttpSide, api: Client) -> None:
    found = document(api)["paths"]
    for route in side.app.table:
        if not route.hidden:
            assert route.method.lower() in found[route.path], route.path


def test_every_field_has_a_type_and_every_operation_a_summary(api: Client) -> None:
    found = document(api)
    ids = []
    for path, methods in found["paths"].items():
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert operation["summary"], path
    assert len(ids) == len(set(ids))
