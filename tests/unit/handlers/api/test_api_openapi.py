"""The OpenAPI document: valid, complete, and the same as the one in docs/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.api.openapi.examples import EXAMPLES, Example
from tests.support.http_side import Client, HttpSide

REFUSED = {"$ref": "#/components/schemas/Refused"}


@pytest.fixture
def hub(side: HttpSide, api: Client) -> HttpSide:
    """A hub with the accounts and the file of the examples."""
    for name in ("alice", "bob"):
        api.good("POST", "/api/v1/accounts", {"username": name, "serial": "PHONE1"})
    (side.media / "bench.mp4").write_bytes((side.media / "clip.mp4").read_bytes())
    return side


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


def responses(found: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Method and path, status, and description of every answer."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                yield f"{method.upper()} {path}", int(status), response


def test_every_refusal_is_the_same_envelope_and_lists_exactly_the_codes_of_its_route(
    side: HttpSide, api: Client
) -> None:
    listed: dict[str, set[int]] = {}
    for name, status, response in responses(document(api)):
        if status < 400 or (name == "GET /readyz" and status == 503):
            continue
        assert response["content"]["application/json"]["schema"] == REFUSED, name
        assert {code // 100 for code in response["x-codes"]} == {status}, name
        assert all(f"{code}: " in response["description"] for code in response["x-codes"]), name
        listed.setdefault(name, set()).update(response["x-codes"])
    wanted = {
        f"{route.method} {route.path}": {int(code) for code in route.refusals}
        for route in side.app.table
        if not route.hidden and route.path != "/healthz"
    }
    assert listed == wanted


def test_every_success_below_the_api_is_a_named_envelope_around_a_named_answer(api: Client) -> None:
    found = document(api)
    schemas = found["components"]["schemas"]
    for name, status, response in responses(found):
        content = response.get("content", {}).get("application/json")
        if status >= 300 or content is None or name == "GET /readyz":
            continue
        envelope = content["schema"]["$ref"].rpartition("/")[2]
        properties = schemas[envelope]["properties"]
        assert properties["code"]["const"] == 0
        answer = properties["data"]["$ref"].rpartition("/")[2]
        assert envelope == f"{answer}Answer"
        assert schemas[answer]["type"] == "object"
        if name.startswith("GET "):
            assert schemas[answer]["properties"]["warnings"]["type"] == "array", name


def enumerations(schema: Any, field: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The field and the values of every enumeration that has no name."""
    if isinstance(schema, list):
        for one in schema:
            yield from enumerations(one, one["name"] if isinstance(one, dict) and "in" in one else field)
    elif isinstance(schema, dict):
        if "enum" in schema and field:
            yield field, tuple(schema["enum"])
        for name, one in schema.items():
            yield from enumerations(one, field if name in {"anyOf", "items", "schema"} else name)


def test_no_enumeration_stands_in_the_document_twice(api: Client) -> None:
    found = document(api)
    schemas = found["components"]["schemas"]
    inline = list(enumerations(found["paths"], ""))
    for schema in schemas.values():
        inline += enumerations(schema.get("properties", {}), "")
    twice = {one for one in inline if inline.count(one) > 1}
    assert inline
    assert not twice
    assert schemas["TaskStatus"]["enum"] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("call", "example"),
    [(call, example) for call, examples in EXAMPLES.items() for example in examples.values()],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and len(value) == 2 else None,
)
def test_every_example_is_shown_and_taken(
    hub: HttpSide, api: Client, call: tuple[str, str], example: Example
) -> None:
    method, path = call
    operation = document(api)["paths"][path][method.lower()]
    shown = operation["requestBody"]["content"][example.media_type]["examples"].values()
    assert example.value in [one["value"] for one in shown]
    task = hub.task(script_config={"material_list": ["clip.mp4"]})
    where = path.replace("{id}", str(task.id))
    if example.media_type == "text/csv":
        api.good(method, where, raw=example.value.encode(), Content_Type="text/csv")
    else:
        api.good(method, where, example.value)
