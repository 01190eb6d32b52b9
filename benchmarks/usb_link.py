"""What the ssh link to a USB box costs: bytes through it and straight, and the processor time of both its ends.

python -m benchmarks.usb_link [--megabytes 300]
The peer in the same run is a TCP connection over loopback without the link. Needs an ssh server (openssh-server).
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.posting_load import processor_s
from benchmarks.record import Figures
from tests.support.daemon import until
from tests.support.ssh_box import AdbOfBox, SshBox, running, unit_command

_MB = 1024 * 1024


class _Sink:
    """Takes what comes, and answers one byte at the end."""

    def __init__(self, size: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._size = size
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            link, _ = self._listener.accept()
            with link:
                left = self._size
                while left > 0 and (data := link.recv(_MB)):
                    left -= len(data)
                if left <= 0:
                    link.sendall(b"k")


class _SinkForAdb(AdbOfBox):
    """Stands where the box's adb server would: the link leads to it, and nothing else listens there."""

    def __init__(self, folder: Path, sink: _Sink) -> None:
        super().__init__(folder)
        self.port = sink.port
        self.keys.mkdir(parents=True)
        for name in ("adbkey", "adbkey.pub"):
            (self.keys / name).touch()


def rate(port: int, size: int) -> float:
    """MB per second to what listens there."""
    piece = bytes(_MB)
    with socket.create_connection(("127.0.0.1", port)) as link:
        began = time.perf_counter()
        for _ in range(size // _MB):
            link.sendall(piece)
        link.recv(1)
        return size / _MB / (time.perf_counter() - began)


def listens(port: int) -> bool:
    """Whether something takes a connection there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in below for one in family(int(child)))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300)
    options = parser.parse_args()
    size = options.megabytes * _MB
    sink = _Sink(size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            SshBox(folder / "box", _SinkForAdb(folder / "adb", sink)) as box,
            running(unit_command(box), folder / "log") as link,
        ):
            until(lambda: listens(box.box.local_port), 30, "the link")
            straight = rate(sink.port, size)
            # By now the process that checked the key is gone.
            ends = {"hub": [link.pid], "box": [one for pid in box.sessions() for one in family(pid)]}
            before = {end: sum(map(processor_s, pids)) for end, pids in ends.items()}
            through = rate(box.box.local_port, size)
            taken = {end: sum(map(processor_s, pids)) - before[end] for end, pids in ends.items()}
    print(f"{through:.0f} MB/s through the link, {straight:.0f} MB/s without it")
    figures = Figures("usb_link", options)
    figures.add("through the link", through, "MB/s", more_is_better=True)
    for end, seconds in taken.items():
        per_gb = seconds * 1024 * _MB / size
        print(f"{per_gb:.1f} s of the processor for each GB on the {end}")
        figures.add(f"processor per GB, {end}", per_gb, "s")
    figures.close()


if __name__ == "__main__":
    main()
