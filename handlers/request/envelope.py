"""The envelope of every answer, and the one place where errors become codes and HTTP statuses."""

from __future__ import annotations

import http
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from jobs.hub.config_file import ConfigInvalid
from jobs.input import refusals
from storage import errors as store_errors

_LOG = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder()
JSON = "application/json; charset=utf-8"
Headers = Sequence[tuple[str, str]]


class Code(IntEnum):
    """`code` of the envelope: an HTTP status with two digits appended, 0 for success."""

    SUCCESS = 0
    INVALID = 40001
    NO_SCRIPT = 40002
    UNKNOWN_SCRIPT = 40003
    UNAUTHORIZED = 40101
    FORBIDDEN = 40301
    NOT_FOUND = 40401
    WRONG_METHOD = 40501
    KEY_REUSED = 40901
    DUPLICATE = 40902
    CHANGED = 41201
    TOO_LARGE = 41301
    RANGE = 41601
    INTERNAL = 50001
    DRAINING = 50301
    NO_SPACE = 50701

    @property
    def http_status(self) -> int:
        return self // 100 if self else 200


#: Errors of the layers below; the first class that fits wins.
_CODES: tuple[tuple[type[Exception], Code], ...] = (
    (refusals.Invalid, Code.INVALID),
    (refusals.NoScript, Code.NO_SCRIPT),
    (refusals.UnknownScript, Code.UNKNOWN_SCRIPT),
    (refusals.PlanForbids, Code.FORBIDDEN),
    (refusals.NotFound, Code.NOT_FOUND),
    (refusals.VersionChanged, Code.CHANGED),
    (refusals.KeyReused, Code.KEY_REUSED),
    (refusals.DuplicatePost, Code.DUPLICATE),
    (refusals.Draining, Code.DRAINING),
    (refusals.ClientGone, Code.INVALID),
    (refusals.NoSpace, Code.NO_SPACE),
    (ConfigInvalid, Code.INVALID),
    (store_errors.StoreFull, Code.NO_SPACE),
    (store_errors.UnknownRecord, Code.NOT_FOUND),
    (store_errors.StageConflict, Code.INVALID),
    (store_errors.AccountExists, Code.INVALID),
)
_RETRY_AFTER_S = 5  #: the daemon is back after a restart in about this time


class ErrorItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One problem of a refused request: the field (dotted path, empty for the whole body) and a sentence."""

    field: str
    problem: str
    code: str = ""


class Reply(msgspec.Struct, frozen=True):
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: Headers = ()
    content_type: str = JSON
    stream: Iterable[bytes] | None = None  #: instead of `body`: made while the client reads

    @property
    def status_line(self) -> str:
        return f"{self.status} {http.HTTPStatus(self.status).phrase}"


class Answer(msgspec.Struct, frozen=True):
    """A success that needs more than its data: headers, or another status than 200."""

    data: Any
    headers: Headers = ()
    status: int = 200


class Refusal(Exception):
    """The HTTP side itself refuses a request."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        data: Mapping[str, Any] | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.data = data
        self.headers = headers


def success(data: Any, headers: Headers = (), status: int = 200, warnings: Sequence[str] = ()) -> Reply:
    """The envelope around the data of a call that worked.

    Args:
        data: The data, an object where there are warnings.
        headers: Further headers.
        status: The HTTP status.
        warnings: What in the request was ignored; stands as `warnings` in the data.
    """
    if warnings and isinstance(own := getattr(data, "warnings", None), list):
        data = msgspec.structs.replace(data, warnings=[*own, *warnings])
    elif warnings:
        text = _ENCODER.encode(data)
        comma = b"," if len(text) > 2 else b""
        data = msgspec.Raw(b'%b%b"warnings":%b}' % (text[:-1], comma, _ENCODER.encode(warnings)))
    return Reply(status, _ENCODER.encode({"code": 0, "message": "success", "data": data}), headers)


def refused(code: Code, message: str, data: Mapping[str, Any] | None = None, headers: Headers = ()) -> Reply:
    """The envelope around a refusal."""
    body = _ENCODER.encode({"code": int(code), "message": message, "data": data})
    return Reply(code.http_status, body, headers)


def failure(error: Exception, where: str) -> Reply:
    """The answer to a call that raised; what nobody expected is logged with an incident id and told by it only.

    Args:
        error: What a handler raised.
        where: Method and path, for the log.
    """
    if isinstance(error, Refusal):
        # Every 40001 lists its problems, so that clients need not ask whether there is a list.
        problems = {"errors": [ErrorItem("", str(error))]} if error.code is Code.INVALID else None
        return refused(error.code, str(error), error.data or problems, error.headers)
    for kind, code in _CODES:
        if isinstance(error, kind):
            return refused(code, _sentence(error), _details(error), _headers(code))
    return crash(error, where)


def crash(error: BaseException, where: str) -> Reply:
    """50001: the caller gets an id, the log gets the trace under the same id."""
    incident = secrets.token_hex(6)
    _LOG.error("incident %s in %s", incident, where, exc_info=error)
    return refused(
        Code.INTERNAL,
        f"internal error; the daemon's log has more under incident {incident}",
        {"incident": incident},
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, ConfigInvalid):
        more = len(error.problems) - 1
        return f"config file: {error.problems[0]}" + (f" (and {more} more)" if more else "")
    return str(error)


def _details(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, refusals.Refused):
        return {"errors": [ErrorItem(p.field, p.problem, getattr(p, "code", "")) for p in error.problems]}
    if isinstance(error, ConfigInvalid):
        return {"errors": [ErrorItem(p.key, str(p)) for p in error.problems]}
    if isinstance(error, store_errors.StoreFull):
        return None
    return {"errors": [ErrorItem("", str(error))]}


def _headers(code: Code) -> Headers:
    return (("Retry-After", str(_RETRY_AFTER_S)),) if code is Code.DRAINING else ()
