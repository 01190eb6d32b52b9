"""The watchdog is fed by what was proven: our own port answered."""

import socket

from handlers.running import answers
from tests.support.http_side import HttpSide


def test_a_serving_port_answers_and_others_do_not(side: HttpSide) -> None:
    assert answers(f"http://127.0.0.1:{side.serve().port}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not answers(f"http://127.0.0.1:{port}", timeout_s=0.1)
    assert not answers(f"http://127.0.0.1:{port}", timeout_s=0.1)
