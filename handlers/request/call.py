"""One request as a handler sees it, and the description of a route from which both routing and OpenAPI are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from handlers.request.body import invalid, parse_object, read_body
from handlers.request.envelope import Answer, Code, Reply
from handlers.request.given import Query, fields_of_nothing, merged
from handlers.request.headers import refuse_condition, refuse_trial, refuse_underscored
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import Invalid

#: What a handler may return: the data of the envelope, an Answer with headers, or a whole Reply.
Result = Any | Answer | Reply
MAX_PAGE_SIZE = 100
#: What any call may answer.
COMMON_CODES = (Code.INVALID, Code.UNAUTHORIZED, Code.FORBIDDEN, Code.INTERNAL)


class Call:
    """The request: path arguments, query, headers, body. Reading the last two costs only who asks."""

    __slots__ = ("_limit_bytes", "_query", "_route", "_wishes", "args", "environ", "warnings")

    def __init__(
        self, environ: dict[str, Any], args: Mapping[str, str], limit_bytes: int, route: Route
    ) -> None:
        self.environ = environ
        self.args = args
        self.warnings: list[str] = []  #: what in a question was ignored; goes with the answer
        self._limit_bytes = limit_bytes
        self._route = route
        self._query = Query("")
        self._wishes: dict[str, Any] = {}  #: fields of a body that this call has none for

    @property
    def id(self) -> int:
        """The number in the path."""
        return int(self.args["id"])

    def check(self) -> None:
        """Refuse what this call would not obey: query fields and bodies that it does not know (R46, R47).

        Raises:
            Refusal, Invalid: 40001.
        """
        route = self._route
        if not route.reads:
            refuse_underscored(self.environ)
            refuse_trial(self.environ)
            refuse_condition(self.environ, [name for name, _ in route.headers])
        self._query = Query(self.environ.get("QUERY_STRING", ""))
        self._query.refuse_json()
        told = route.reads and not route.chooses_file
        problems = self._query.unknown(route.names, ignored=told)
        if route.reads:
            if problems and not told:
                raise Invalid(problems)
            self.warnings = [f"{problem.field}: {problem.problem}" for problem in problems]
            if self.body().strip():
                raise invalid(
                    f"{route.method} takes no body; use POST to create something "
                    "(curl: leave out -X GET and -G), or put filters into the address"
                )
        elif problems:
            raise Invalid(problems)
        elif route.body is None and not route.upload:
            names = route.query.__struct_encode_fields__ if route.query else ()
            self._wishes = fields_of_nothing(self.body(), route.method, self._content_type, names)

    def header(self, name: str) -> str | None:
        """A request header, None when it was not sent."""
        key = name.upper().replace("-", "_")
        value: str | None = self.environ.get(
            key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        )
        return value

    def holds(self, etag: str) -> bool:
        """Whether the client has what this ETag names (If-None-Match); marks of weakness are a cache's matter."""
        named = (self.header("If-None-Match") or "").split(",")
        return any(part.strip().removeprefix("W/") in {etag, "*"} for part in named)

    def hung_up(self) -> bool:
        """Whether the client has closed the connection; False where the server cannot tell."""
        ask = self.environ.get("waitress.client_disconnected")
        return bool(ask is not None and ask())

    def body(self) -> bytes:
        """The raw body, up to the route's limit. Raises Refusal (41301)."""
        return read_body(self.environ, self._limit_bytes)

    def json(self, body: bytes | None = None) -> dict[str, Any]:
        """The body as a JSON object. Raises Refusal (40001, 41301)."""
        raw = self.body() if body is None else body
        return parse_object(raw, method=self.environ["REQUEST_METHOD"], content_type=self._content_type)

    def fields(self, struct: type[msgspec.Struct], body: bytes | None = None) -> dict[str, Any]:
        """The JSON object of the body together with the fields that stand in the query. Raises Refusal, Invalid."""
        raw = self.body() if body is None else body
        wishes, problems = self._query.wishes(struct, self._route.names)
        given = {} if wishes and not raw.strip() else self.json(raw)
        together, more = merged(given, wishes, struct)
        if problems or more:
            raise Invalid([*problems, *more])
        return together

    def query(self, struct: type[msgspec.Struct]) -> dict[str, Any]:
        """The query by field name; for a call that reads, empty values count as absent. Raises Invalid."""
        findings = Findings()
        if self._route.reads:
            given, findings.problems = self._query.filters(struct)
        else:
            wishes, problems = self._query.wishes(struct, struct.__struct_encode_fields__)
            given, more = merged(self._wishes, wishes, struct)
            findings.problems = [*problems, *more]
        values = read_object(struct, given, findings)
        findings.refuse()
        return values

    def queried(self) -> str:
        """The query fields as they came, in a fixed order and without `force`: part of what a request asks for."""
        fields = {name: values for name, values in self._query.values.items() if name != "force"}
        return urlencode(sorted(fields.items()), doseq=True)

    @property
    def _content_type(self) -> str:
        return str(self.environ.get("CONTENT_TYPE", ""))


def page_of(query: dict[str, Any]) -> tuple[int, int]:
    """Page number and page size of a list call; too large a page is cut, not refused."""
    return query.get("page", 1), min(query.get("page_size", 20), MAX_PAGE_SIZE)


Handler = Callable[[Call], Result]


def routes_below(prefix: str, tag: str, **common: Any) -> Callable[..., Route]:
    """Makes the routes of one resource: `route(method, path below the prefix, call, summary, answer, *codes, …)`."""

    def route(
        method: str, path: str, call: Handler, summary: str, answer: Any, *codes: Code, **more: Any
    ) -> Route:
        return Route(
            method=method, path=prefix + path, call=call, summary=summary, tag=tag, answer=answer, codes=codes,
            **common, **more,
        )  # fmt: skip

    return route


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
    csv: bool = False  #: the body may be a CSV file instead
    limit_bytes: int = 0  #: a body may be as large, where that is more than `max_json_bytes`
    upload: bool = False  #: the body is a file and may be as large as `max_upload_bytes`
    media_type: str = "application/json"  #: of a success
    codes: tuple[Code, ...] = ()  #: besides COMMON_CODES and, where it takes a body, 41301
    headers: tuple[tuple[str, str], ...] = ()  #: request headers: name and description
    statuses: tuple[int, ...] = (200,)  #: of a success
    token: bool = True  #: peers that are not trusted need a token
    limited_by_plan: bool = False  #: part of what the license plan may forbid
    creates: bool = False  #: refused while the daemon drains
    slow: bool = False  #: looks into files or at a phone: has its own threads, so that all else stays quick
    hidden: bool = False  #: not in the OpenAPI document
    more_names: tuple[str, ...] = ()  #: further names under which fields of the body are taken

    @property
    def refusals(self) -> tuple[Code, ...]:
        """All codes with which it may refuse or fail."""
        large = (Code.TOO_LARGE,) if self.body is not None or self.upload else ()
        return tuple(dict.fromkeys((*self.codes, *large, *COMMON_CODES)))

    @property
    def reads(self) -> bool:
        """Whether this call asks and changes nothing."""
        return self.method == "GET"

    @property
    def chooses_file(self) -> bool:
        """Whether its query says what is in a file: a filter that is ignored could not be told of there."""
        return self.query is not None and self.media_type != "application/json"

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that its query may have: its own, and those of the body."""
        own = self.query.__struct_encode_fields__ if self.query else ()
        of_body = () if self.body is None else self.body.__struct_encode_fields__
        names = dict.fromkeys((*own, *of_body, *self.more_names))
        return tuple(name for name in names if name != "script_config")
