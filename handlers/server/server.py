"""The HTTP server: listens, runs the loop in a thread named http, and puts another in its place when that fails."""

from __future__ import annotations

import errno
import logging
import resource
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from handlers.access.tokens import Tokens
from handlers.api.app import App
from handlers.server.connection.request_parser import Site
from handlers.server.http_loop import HttpLoop
from handlers.server.lanes import HUNG_S, Lanes
from handlers.server.limits import Limits
from jobs.hub.addresses import is_loopback, split_listen
from jobs.hub.settings import Server, Settings

_LOG = logging.getLogger(__name__)

#: A loop whose round takes longer than this hangs. It rests for a second at most.
STALE_S = 10.0
_DESCRIPTORS_FOR_OTHERS = 200  #: files, adb, phones
_BACKLOG = 4096


class CannotListen(OSError):
    """The address cannot be listened on; the message says why."""


class Exposed(Exception):
    """The API would be open to the network; the message says what to do."""


def check_exposure(settings: Settings, tokens: Tokens) -> None:
    """Refuse to serve other machines while there is no token. Raises Exposed."""
    if is_loopback(split_listen(settings.server.listen)[0]) or len(tokens):
        return
    if tokens.problem:
        raise Exposed(f"the LAN cannot be served: {tokens.problem}")
    raise Exposed(
        f"listening on {settings.server.listen} would let every machine of the network post without a token: "
        "make one with `tikmatrixd.py token new NAME`, or listen on 127.0.0.1 only"
    )


class HttpServer:
    """Serves the app until `stop`. `heal`, called now and then, keeps it serving."""

    def __init__(
        self,
        app: App,
        settings: Server,
        *,
        spool_dir: Path | None = None,
        min_free_bytes: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._spool_dir = spool_dir or Path(tempfile.gettempdir())
        self._min_free_bytes = min_free_bytes
        self._limits = limits or Limits()
        self._listener: socket.socket | None = None
        self._site: Site | None = None
        self.lanes: Lanes | None = None
        self._loop: HttpLoop | None = None
        self.loop_thread: threading.Thread | None = None
        self.rebuilt = 0  #: how often the loop was replaced

    @property
    def port(self) -> int:
        """The port listened on; the one that was found free when the settings say 0."""
        return self.site.effective_port

    @property
    def site(self) -> Site:
        """What its requests share; there from `listen` on."""
        if self._site is None:
            raise RuntimeError("the server does not listen")
        return self._site

    @property
    def loop(self) -> HttpLoop:
        """The loop that serves now; there from `start` on."""
        if self._loop is None:
            raise RuntimeError("the server was not started")
        return self._loop

    @property
    def alive(self) -> bool:
        """Whether requests are being accepted."""
        return self.loop_thread is not None and self.loop_thread.is_alive()

    def listen(self) -> None:
        """Take the port; clients that call before `start` wait. Raises CannotListen."""
        raise_descriptor_limit()
        self._listener = _listen(self._settings.listen)
        host, port = self._listener.getsockname()[:2]
        self._site = Site(self._app, host, port, self._spool_dir, self._min_free_bytes)

    def start(self) -> None:
        """Serve, on the port that `listen` took or else takes now. Raises CannotListen."""
        if self._listener is None:
            self.listen()
        self.lanes = Lanes(self._settings.threads)
        self._begin()

    def heal(self) -> None:
        """Replace a loop that died or hangs, and threads that hang in quick requests. The port stays open."""
        if self._loop is None or self.lanes is None or self.site.leaving:
            return
        replaced = self.lanes.quick.replace_hung(HUNG_S)
        if replaced:
            _LOG.error(
                "%d requests have not been answered for %.0f s; as many threads were added", replaced, HUNG_S
            )
        silent_s = time.monotonic() - self._loop.beat
        if self.alive and silent_s < STALE_S:
            return
        _LOG.error(
            "the HTTP loop %s; another takes its place",
            f"hangs for {silent_s:.0f} s" if self.alive else "died",
        )
        self.rebuilt += 1
        self._loop.abandon()
        self._begin()

    def stop(self, deadline_s: float) -> bool:
        """Accept nothing more, let running requests end, then close; False when one had to be cut off.

        Idle connections are closed at once, those in the middle of a request after its answer.
        """
        ends = time.monotonic() + deadline_s
        clean = True
        if self._loop is not None and self.loop_thread is not None:
            self._loop.leave()
            self.loop_thread.join(max(0.1, deadline_s))
            if self.loop_thread.is_alive():
                clean = False
                self._loop.cut()
                self.loop_thread.join(1.0)
        if self._listener is not None:
            self._listener.close()
        if self.lanes is not None:
            self.lanes.end(ends)
        return clean

    def _begin(self) -> None:
        assert self._listener is not None  # noqa: S101 - `start` listened
        assert self.lanes is not None  # noqa: S101 - `start` made them
        # A body that is spooled needs a descriptor beside its connection's.
        spare = _descriptors() - _DESCRIPTORS_FOR_OTHERS
        connections = min(self._limits.connections, max(16, spare // 3))
        newcomers = min(self._limits.newcomers, max(16, spare - 2 * connections))
        limits = msgspec.structs.replace(self._limits, connections=connections, newcomers=newcomers)
        self._loop = HttpLoop(self._listener, self.site, self.lanes, limits)
        self.loop_thread = threading.Thread(target=self._run, args=(self._loop,), name="http", daemon=True)
        self.loop_thread.start()

    def _run(self, loop: HttpLoop) -> None:
        try:
            loop.run()
        except Exception:  # noqa: BLE001 - the boundary of the thread
            _LOG.critical("the HTTP loop failed", exc_info=True)


def _listen(listen: str) -> socket.socket:
    host, port = split_listen(listen)
    sock: socket.socket | None = None
    try:
        family, kind, protocol, _, where = _resolve(host, port)
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" means every address, also those of IPv4.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(where[0] != "::"))
        sock.bind(where)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # for all its connections
        sock.listen(_BACKLOG)
    except OSError as error:
        if sock is not None:
            sock.close()
        why = {
            errno.EADDRINUSE: "something else listens there already; is another tikmatrixd running?",
            errno.EADDRNOTAVAIL: "this box has no such address",
            errno.EACCES: "ports below 1024 need more rights",
        }.get(error.errno or 0, error.strerror or str(error))
        raise CannotListen(error.errno, f"cannot listen on {listen}: {why}") from error
    return sock


def _resolve(host: str, port: int) -> Any:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return min(found, key=lambda entry: entry[0] != socket.AF_INET)


def raise_descriptor_limit() -> None:
    """As many descriptors as the system allows: connections, phones and files share them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft
