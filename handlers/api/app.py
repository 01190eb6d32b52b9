"""The WSGI application: gate, routing, envelope for whatever happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bottle
import msgspec

from handlers.access.auth import WHO, Access
from handlers.api.health import ALIVE
from handlers.api.metrics import Metrics
from handlers.api.routes import all_routes
from handlers.api.services import Services
from handlers.api.system import check_plan
from handlers.page.first_screen import PREFIX
from handlers.page.session import LOG_IN_BYTES, LOG_IN_PATH
from handlers.request.body import too_large
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Answer, Code, Refusal, Reply, crash, failure, success
from handlers.request.unknown_paths import UnknownPaths
from jobs.input.refusals import Draining, Problem

#: Digits only, so that words never reach a handler for ids; 18 of them fit every database.
_PARAMETERS = {
    "id": "<id:re:[0-9]{1,18}>",
    "serial": "<serial:re:[^/]+>",
    "name": "<name:re:[^/]+>",
    "digest": "<digest:re:[0-9a-f]+>",
    "path": "<path:path>",
    "token": "<token:re:[^/]+>",
    "month": "<month:re:[^/]+>",
}
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_OPEN_PATHS = ("/healthz",)  #: for probes that know neither our name nor a token
#: What is noted in the environ about the caller: it may do what it asked for; what it asked for was refused.
KNOWN, REFUSED = "tikmatrixd.known", "tikmatrixd.refused"
#: Statuses that `compat.http_status` leaves as they are: 206 and 304 mean something of their own to browsers.
_NOT_FOR_ALL = (200, 206, 304)
#: No page of another origin may show what is answered here, and no answer is taken for another kind than it says.
_FOR_BROWSERS = (("Cross-Origin-Resource-Policy", "same-origin"), ("X-Content-Type-Options", "nosniff"))


class App(bottle.Bottle):
    """The WSGI application, with what the server has to ask it before a body is received."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.config["catchall"] = (
            False  # what escapes here is answered by the server's channel, in the envelope too
        )
        self._services = services
        self.access = Access(
            lambda: services.settings().server, services.tokens, services.sessions, services.clock
        )
        self.metrics = Metrics(services)
        self._observe_health = self.metrics.observer("GET", "/healthz")
        self.table = all_routes(services, self.access, self.metrics)
        self._unknown_paths = UnknownPaths(route.path for route in self.table)
        self._uploads = re.compile("|".join(_pattern(route) for route in self.table if route.upload))
        self._limits = {f"{route.method} {route.path}": route.limit_bytes for route in self.table}
        self._slow = re.compile("|".join(_pattern(route) for route in self.table if route.slow))
        for route in self.table:
            self.route(_PLACEHOLDER.sub(_parameter, route.path), route.method, self._wrap(route))
        self.add_hook("before_request", self._gate)

    # --- what the server asks ------------------------------------------------------------------------------

    def body_limit(self, environ: Mapping[str, Any]) -> int:
        """How large a body this request may have; asked when its headers are there, before the body is."""
        server = self._services.settings().server
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if not self.access.lets_in(environ):
            # A stranger must not fill the memory, nor the disk.
            return LOG_IN_BYTES if _is_log_in(environ) else 0
        if self._uploads.fullmatch(asked):
            return server.max_upload_bytes
        return max(server.max_json_bytes, self._limits.get(asked.removesuffix("/"), 0))

    def is_slow(self, method: str, path: str) -> bool:
        """Whether this request may take long by its nature: it must not stand before quick ones."""
        return self._slow.fullmatch(f"{method} {path}") is not None

    def at_once(self, method: str, path: str) -> Reply | None:
        """The answer to a request that the server's loop gives by itself, whatever the workers do."""
        if path.removesuffix("/") != "/healthz" or method not in {"GET", "HEAD"}:
            return None
        with self._observe_health() as seen:
            seen.status = ALIVE.status
            return _for_browsers(ALIVE)

    def why_no_body(self, environ: Mapping[str, Any], limit_bytes: int) -> Refusal:
        """Why a body of more than `limit_bytes` is not received: it is too large, its sender is a stranger, or nobody reads it."""
        try:
            self.access.check(environ, token_needed=not _is_log_in(environ))
        except Refusal as refusal:
            return refusal
        try:
            self.router.match({**environ, "PATH_INFO": environ["PATH_INFO"].removesuffix("/") or "/"})
        except bottle.HTTPError as error:
            return self._refusal_of(error, environ["REQUEST_METHOD"], environ["PATH_INFO"])
        return too_large(limit_bytes)

    def refused(self, refusal: Refusal) -> Reply:
        """The answer to what the server refuses before the app sees it."""
        return _for_browsers(self._compatible(failure(refusal, "the server")))

    def crashed(self, error: BaseException, where: str) -> Reply:
        """The answer when the application itself broke."""
        return _for_browsers(self._compatible(crash(error, where)))

    # --- inside ------------------------------------------------------------------------------------------

    def _gate(self) -> None:
        """Runs before routing, so that a stranger learns nothing about routes."""
        environ = bottle.request.environ
        path: str = environ["PATH_INFO"]
        if len(path) > 1 and path.endswith("/"):
            environ["PATH_INFO"] = path = path[:-1]
        try:
            if path not in _OPEN_PATHS:
                is_open = _is_page(path) or _is_log_in(environ)
                who = self.access.check(environ, token_needed=not is_open)
                if who is not None:
                    environ[KNOWN], environ[WHO] = True, who
            _check_encoding(environ["bottle.raw_path"])
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            reply = failure(error, f"{environ['REQUEST_METHOD']} {path}")
            self.metrics.count("other", "other", reply.status)
            raise self._send(reply, compatible=_is_api(path)) from None

    def _wrap(self, route: Route) -> Callable[..., Any]:
        observe = self.metrics.observer(route.method, route.path)
        is_envelope = _is_api(route.path)

        def run(**args: str) -> Any:
            environ = bottle.request.environ
            with observe() as seen:
                try:
                    reply = self._call(route, environ, args)
                except Exception as error:  # noqa: BLE001 - the boundary of a request
                    reply = failure(error, f"{route.method} {environ['PATH_INFO']}")
                seen.status = reply.status
                return self._send(reply, compatible=is_envelope)

        return run

    def _call(self, route: Route, environ: dict[str, Any], args: Mapping[str, str]) -> Reply:
        services = self._services
        settings = services.settings()
        if route.limited_by_plan:
            check_plan(settings)
        if route.creates and services.draining():
            raise Draining(Problem("", "the daemon is about to stop; try again in a moment"))
        server = settings.server
        limit = server.max_upload_bytes if route.upload else max(server.max_json_bytes, route.limit_bytes)
        call = Call(environ, args, limit, route)
        if _is_api(route.path):
            call.check()
        return _reply(route.call(call), call.warnings)

    def default_error_handler(self, error: bottle.HTTPError) -> Any:
        """What bottle itself refuses: unknown paths and wrong methods."""
        environ = bottle.request.environ
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.metrics.count("other", "other", error.status_code)
        if error.status_code in {404, 405}:
            reply = failure(self._refusal_of(error, method, path), "routing")
        else:
            reply = crash(error.exception or error, f"{method} {path}")
        return self._send(reply, compatible=_is_api(path))

    def _refusal_of(self, error: bottle.HTTPError, method: str, path: str) -> Refusal:
        """What the router says about an unknown path or a wrong method, with what to do instead."""
        if error.status_code == 404:
            return Refusal(Code.NOT_FOUND, self._unknown_paths.sentence(path))
        allowed = {word.strip() for word in error.headers.get("Allow", "").split(",")} - {""}
        allowed |= {"HEAD"} if "GET" in allowed else set()
        text = ", ".join(sorted(allowed))
        sentence = f"{method} is not possible here; use {text}"
        if not _is_api(path):
            sentence += ", or one of the paths below /api/v1, such as /api/v1/task"
        return Refusal(Code.WRONG_METHOD, sentence, headers=(("Allow", text),))

    def _compatible(self, reply: Reply) -> Reply:
        if reply.status not in _NOT_FOR_ALL and self._services.settings().compat.http_status == "always_200":
            return msgspec.structs.replace(reply, status=200)
        return reply

    def _send(self, reply: Reply, *, compatible: bool = True) -> bottle.HTTPResponse:
        if 400 <= reply.status < 500:
            bottle.request.environ[REFUSED] = True
        if compatible:
            reply = self._compatible(reply)
        response = bottle.HTTPResponse(reply.body if reply.stream is None else reply.stream, reply.status)
        for name, value in _for_browsers(reply).headers:
            response.add_header(name, value)
        response.content_type = reply.content_type
        return response


def create_app(services: Services) -> App:
    """The HTTP side of the daemon as a WSGI application."""
    return App(services)


def _for_browsers(reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, headers=(*_FOR_BROWSERS, *reply.headers))


def _is_page(path: str) -> bool:
    """Whether it is one of the console's files: they hold nothing secret, and the console asks people to log in."""
    return path == "/" or path.startswith(PREFIX)


def _is_log_in(environ: Mapping[str, Any]) -> bool:
    """Whether the token is in the body: who logs in has no other."""
    return bool(environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].removesuffix("/") == LOG_IN_PATH)


def _is_api(path: str) -> bool:
    """Whether clients that throw on other statuses than 200 may call this; probes outside want the real one."""
    return path.startswith("/api/")


def _pattern(route: Route) -> str:
    return _PLACEHOLDER.sub("[^/]+", f"{route.method} {route.path}/?")


def _parameter(match: re.Match[str]) -> str:
    return _PARAMETERS[match[1]]


def _reply(result: Result, warnings: Sequence[str]) -> Reply:
    if isinstance(result, Reply):
        return result
    if isinstance(result, Answer):
        return success(result.data, result.headers, result.status, warnings)
    return success(result, warnings=warnings)


def _check_encoding(raw_path: str) -> None:
    """Bottle drops bytes that are no UTF-8, which would turn a wrong path into a right one."""
    try:
        raw_path.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(Code.NOT_FOUND, "the path is not UTF-8 (percent-encoded)") from None
