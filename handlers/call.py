"""One request as a handler sees it, and the description of a route from which both routing and OpenAPI are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from handlers.body import invalid, parse_object, read_body
from handlers.envelope import Answer, Code, Reply
from jobs.lenient import Findings, read_object
from jobs.refusals import Invalid, Problem

#: What a handler may return: the data of the envelope, an Answer with headers, or a whole Reply.
Result = Any | Answer | Reply
MAX_PAGE_SIZE = 100
_MAX_QUERY_FIELDS = 50
#: What any call may answer.
COMMON_CODES = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.INTERNAL)


class Call:
    """The request: path arguments, query, headers, body. Reading the last two costs only who asks."""

    __slots__ = ("_limit_bytes", "args", "environ")

    def __init__(self, environ: dict[str, Any], args: Mapping[str, str], limit_bytes: int) -> None:
        self.environ = environ
        self.args = args
        self._limit_bytes = limit_bytes

    @property
    def id(self) -> int:
        """The number in the path."""
        return int(self.args["id"])

    def header(self, name: str) -> str | None:
        """A request header, None when it was not sent."""
        key = name.upper().replace("-", "_")
        value: str | None = self.environ.get(key if key.startswith("CONTENT_") else f"HTTP_{key}")
        return value

    def body(self) -> bytes:
        """The raw body, up to the route's limit. Raises Refusal (41301)."""
        return read_body(self.environ, self._limit_bytes)

    def json(self, body: bytes | None = None) -> dict[str, Any]:
        """The body as a JSON object. Raises Refusal (40001, 41301)."""
        raw = self.body() if body is None else body
        return parse_object(
            raw, method=self.environ["REQUEST_METHOD"], content_type=self.environ.get("CONTENT_TYPE", "")
        )

    def query(self, struct: type[msgspec.Struct]) -> dict[str, Any]:
        """The query by field name: empty values count as absent, unknown names are ignored. Raises Invalid."""
        text = self.environ.get("QUERY_STRING", "")
        if not text:
            return {}
        given: dict[str, str] = {}
        findings = Findings()
        for name, value in _pairs(text):
            if not value.strip():
                continue
            if name in given and name in struct.__struct_fields__:
                findings.problems.append(Problem(name, "is given twice"))
            given[name] = value
        known = {name: given[name] for name in struct.__struct_fields__ if name in given}
        values = read_object(struct, known, findings)
        if findings.problems:
            raise Invalid(findings.problems)
        return values


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY_FIELDS)
    except UnicodeDecodeError:
        raise invalid("is not UTF-8 (percent-encoded)", "query") from None
    except ValueError:
        raise invalid(f"must not have more than {_MAX_QUERY_FIELDS} fields", "query") from None


def page_of(query: dict[str, Any]) -> tuple[int, int]:
    """Page number and page size of a list call; too large a page is cut, not refused."""
    return query.get("page", 1), min(query.get("page_size", 20), MAX_PAGE_SIZE)


Handler = Callable[[Call], Result]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path. `path` holds `{id}` and the like, as in OpenAPI."""

    method: str
    path: str
    call: Handler
    summary: str
    tag: str
    answer: Any = None  #: type of `data`; None for answers outside the envelope
    query: type[msgspec.Struct] | None = None
    body: Any = None  #: type of the JSON body
    upload: bool = False  #: the body is a file and may be as large as `max_upload_bytes`
    media_type: str = "application/json"  #: of a success
    codes: tuple[Code, ...] = ()  #: besides COMMON_CODES
    headers: tuple[tuple[str, str], ...] = ()  #: request headers: name and description
    statuses: tuple[int, ...] = (200,)  #: of a success
    token: bool = True  #: peers that are not trusted need a token
    limited_by_plan: bool = False  #: part of what the license plan may forbid
    creates: bool = False  #: refused while the daemon drains
    slow: bool = False  #: looks into files or at a phone: has its own threads, so that all else stays quick
    hidden: bool = False  #: not in the OpenAPI document
