"""The thread that reads what all automation servers print."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from jobs.hub.clock import SystemClock
from jobs.phone.adb.wire import Grip, connect
from jobs.phone.screen.launch import Launch, OutputPump
from tests.support.daemon import until


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_stream_that_was_closed_before_it_could_be_read_keeps_no_other_from_being_read(
    server: socket.socket,
) -> None:
    grip = Grip(SystemClock())
    pump = OutputPump()
    try:
        port = server.getsockname()[1]
        closed = Launch(connect("127.0.0.1", port, grip, None))
        closed.sock.close()
        pump.add(closed)
        until(lambda: not closed.alive, 10, "the closed one counts as ended")
        good = Launch(connect("127.0.0.1", port, grip, None))
        server.accept()[0].close()
        ours, _ = server.accept()
        pump.add(good)
        with contextlib.closing(ours):
            ours.sendall(b"hello")
            until(lambda: good.output == "hello", 10, "its output is read")
    finally:
        pump.stop()
