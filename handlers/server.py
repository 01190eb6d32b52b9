"""The HTTP server: waitress, tuned against slow, silent and too many clients, in a thread named http."""

from __future__ import annotations

import contextlib
import errno
import logging
import resource
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from handlers.app import App
from handlers.channel import Channel
from handlers.hosts import address
from handlers.tokens import Tokens
from jobs.config_checks import split_listen
from jobs.settings import Server, Settings

_LOG = logging.getLogger(__name__)

MAX_CONNECTIONS = 2_000
CHANNEL_TIMEOUT_S = 30
_IDLE_POLL_S = 30.0  #: nothing is connected: the trigger wakes the loop when it must wake earlier
_BUSY_POLL_S = 2.0  #: how late a timeout of a connection may be noticed
_NO_DESCRIPTORS_PAUSE_S = 0.5
_HALF_REQUESTS_S = 2.0  #: requests that are arriving while the server leaves get so long to be whole
_DESCRIPTORS_FOR_OTHERS = 200  #: files, adb, phones
_HEADER_BYTES = 32 * 1024
_NEWCOMERS_A_ROUND = 256


class CannotListen(OSError):
    """The address cannot be listened on; the message says why."""


class Exposed(Exception):
    """The API would be open to the network; the message says what to do."""


def check_exposure(settings: Settings, tokens: Tokens) -> None:
    """Refuse to serve other machines while there is no token. Raises Exposed."""
    host, _ = split_listen(settings.server.listen)
    ip = address(host)
    if host.lower() == "localhost" or (ip is not None and ip.is_loopback) or len(tokens):
        return
    raise Exposed(
        f"listening on {settings.server.listen} would let every machine of the network post without a token: "
        "make one with `tikmatrixd.py token new NAME`, or listen on 127.0.0.1 only"
    )


class HttpServer:
    """Serves the app until `stop`. `on_death` is called when the loop ends on its own: then the API is gone."""

    def __init__(
        self,
        app: App,
        settings: Server,
        *,
        spool_dir: Path | None = None,
        min_free_bytes: int = 0,
        on_death: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._spool_dir = spool_dir
        self._min_free_bytes = min_free_bytes
        self._on_death = on_death
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port listened on; the one that was found free when the settings say 0."""
        return int(self._running.effective_port)

    @property
    def alive(self) -> bool:
        """Whether requests are being accepted."""
        return self._thread.is_alive()

    def listen(self) -> None:
        """Take the port; who calls before `start` waits. Raises CannotListen."""
        raise_descriptor_limit()
        # One line for each request that has to wait a moment helps nobody; the metrics have the times.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        sock = _listen(self._settings.listen)
        try:
            self._server = _Server(self._app, sock, self._settings, self._spool_dir, self._min_free_bytes)
        except BaseException:
            sock.close()
            raise

    def start(self) -> None:
        """Serve, on the port that `listen` took or else takes now. Raises CannotListen."""
        if self._server is None:
            self.listen()
        self._thread.start()

    def stop(self, deadline_s: float) -> bool:
        """Accept nothing more, let running requests end, then close; False when one had to be cut off.

        Idle connections are closed at once, those in the middle of a request after its answer.
        """
        if self._server is None:
            return True
        ends = time.monotonic() + deadline_s
        if not self._thread.is_alive():
            self._server.close_all()
            self._server.end_threads(ends)
            return True
        self._server.leave()
        self._thread.join(max(0.1, deadline_s))
        clean = not self._thread.is_alive()
        self._server.end_threads(ends)
        if not clean:
            self._server.abandon()
            self._thread.join(2.0)
        return clean

    @property
    def _running(self) -> _Server:
        if self._server is None:
            raise RuntimeError("the server was not started")
        return self._server

    def _run(self) -> None:
        server = self._running
        try:
            server.loop()
        except Exception:  # noqa: BLE001 - the boundary of the thread
            _LOG.critical("the HTTP loop died: the API is gone", exc_info=True)
        finally:
            server.close_all()
            if not server.leaving:
                self._on_death()


class _Server(TcpWSGIServer):
    """waitress' server with room for newcomers: when full, whoever was silent longest makes place."""

    channel_class = Channel

    def __init__(
        self, app: App, sock: socket.socket, settings: Server, spool_dir: Path | None, min_free_bytes: int
    ) -> None:
        self.app = app
        self.spool_dir = spool_dir
        self.min_free_bytes = min_free_bytes
        self.leaving = False
        self._paused_until = 0.0
        self._patience_ends = 0.0
        self._cut = False
        self._accepted = False
        self.accepting: bool = False
        # Half of the threads is for what looks into files or at phones, and only they serve it: a dozen slow
        # phones or large videos must not stand before the calls that answer from memory (WEB-3).
        self._quick, self._slow = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        slow = max(1, settings.threads // 2)
        self._slow.set_thread_count(slow)
        self._quick.set_thread_count(max(1, settings.threads - slow))
        # poll, as select fails for descriptors above 1023.
        adjustments = Adjustments(
            threads=settings.threads,
            connection_limit=1_000_000,  # kept by make_room, which unlike waitress never stops to accept
            channel_timeout=CHANNEL_TIMEOUT_S,
            cleanup_interval=2,
            asyncore_use_poll=True,
            recv_bytes=64 * 1024,
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=2**62,  # each request has its own limit, see Parser
            log_socket_errors=False,
            # They tell that a proxy on this box speaks for somebody else; `Access` must see them.
            clear_untrusted_proxy_headers=False,
            ident=None,
            backlog=1024,
        )
        self.limit = max(16, min(MAX_CONNECTIONS, _descriptors() - _DESCRIPTORS_FOR_OTHERS))
        super().__init__(
            app,
            {},
            True,
            sock,
            dispatcher=self._quick,
            adj=adjustments,
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )

    # --- the loop's thread

    def loop(self) -> None:
        while not self._finished():
            wasyncore.loop(timeout=self._poll_s(), use_poll=True, map=self._map, count=1)

    def readable(self) -> bool:
        readable = bool(super().readable())  # closes what was silent too long, now and then
        return readable and not self.leaving and time.monotonic() >= self._paused_until

    def handle_accept(self) -> None:
        # Each round of the loop asks every connection what it wants. With one newcomer a round, as waitress has it,
        # whoever comes behind a thousand others waits for a million questions (WEB-2).
        for _ in range(_NEWCOMERS_A_ROUND):
            self._accepted = False
            super().handle_accept()
            if not self._accepted:
                return

    def accept(self) -> Any:
        if len(self.active_channels) >= self.limit:
            self._make_room()
        try:
            newcomer = super().accept()
            self._accepted = newcomer is not None
            return newcomer
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            if not self._make_room():
                _LOG.warning("no descriptor is left for a new connection")
                self._paused_until = time.monotonic() + _NO_DESCRIPTORS_PAUSE_S
            return None

    def _make_room(self) -> bool:
        idle = [channel for channel in self.active_channels.values() if not channel.requests]
        if not idle:
            return False
        min(idle, key=lambda channel: float(channel.last_activity)).handle_close()
        return True

    def _poll_s(self) -> float:
        if self.leaving:
            return 0.05
        if time.monotonic() < self._paused_until:
            return _NO_DESCRIPTORS_PAUSE_S
        return _BUSY_POLL_S if self.active_channels else _IDLE_POLL_S

    def _finished(self) -> bool:
        if not self.leaving:
            return False
        if self.accepting:
            self.accepting = False
            self.del_channel()
            self.socket.close()
            self._patience_ends = time.monotonic() + _HALF_REQUESTS_S
        for channel in list(self.active_channels.values()):
            if not channel.answering and (not channel.receiving or time.monotonic() > self._patience_ends):
                channel.handle_close()
        return self._cut or not self.active_channels

    # --- any thread

    def pull_trigger(self) -> None:
        with contextlib.suppress(OSError):  # closed: the loop has ended and nobody is to be woken
            super().pull_trigger()

    def leave(self) -> None:
        self.leaving = True
        self.pull_trigger()

    def abandon(self) -> None:
        self._cut = True
        self.pull_trigger()

    def add_task(self, task: Any) -> None:
        request = task.requests[0]
        slow = not request.error and self.app.is_slow(request.command, request.path)
        (self._slow if slow else self._quick).add_task(task)

    def end_threads(self, ends: float) -> None:
        """Wait for the threads of requests until this moment of the monotonic clock."""
        for dispatcher in (self._quick, self._slow):
            dispatcher.shutdown(timeout=max(0.1, ends - time.monotonic()))

    def close_all(self) -> None:
        wasyncore.close_all(self._map, ignore_all=True)


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
