"""A network link into a namespace of its own, whose packets are delayed, lost and held back by this process; for root on Linux.

Not by `tc`: its netem is a kernel module that many machines lack. The packets pass through two TUN devices, so TCP meets
the same.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
_COUNT = itertools.count(1)


def missing() -> str:
    """Why there can be no such link here; "" where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "there is no ip program (iproute2)"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    done = subprocess.run(["ip", "netns", "add", f"tkmd-try-{os.getpid()}"], capture_output=True, check=False)
    if done.returncode:
        return f"no network namespace can be made: {done.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", f"tkmd-try-{os.getpid()}"], check=True)
    return ""


class LossyLink:
    """From this namespace (`here`) to a new one (`there`), whose name is `name`."""

    def __init__(self, *, delay_s: float = 0.0, loss: float = 0.0, seed: int = 1) -> None:
        """`loss` is the share of packets that never arrive, in each direction."""
        number = next(_COUNT)
        self.name = f"tkmd-{os.getpid()}-{number}"
        net = f"10.213.{(os.getpid() + number) % 250 + 1}"
        self.here, self.there = f"{net}.1", f"{net}.2"
        self.delay_s, self.loss, self.cut = delay_s, loss, False
        self._random = random.Random(seed)
        self._device = f"tkmd{os.getpid() % 100000}{number}"
        self._stop_r, self._stop_w = os.pipe()

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        self._fds = (_tun(self._device, ""), _tun(self._device, self.name))
        for within, own, other in (((), self.here, self.there), (("-n", self.name), self.there, self.here)):
            _ip(*within, "addr", "add", own, "peer", other, "dev", self._device)
            _ip(*within, "link", "set", self._device, "up")
        self._thread = threading.Thread(target=self._pass_on, name="lossy-link", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_w, b"\0")
        self._thread.join(5.0)
        for fd in (*self._fds, self._stop_r, self._stop_w):
            os.close(fd)
        _ip("netns", "del", self.name)

    @property
    def within(self) -> tuple[str, ...]:
        """The words before a command that shall run there."""
        return ("ip", "netns", "exec", self.name)

    def _pass_on(self) -> None:
        other = {self._fds[0]: self._fds[1], self._fds[1]: self._fds[0]}
        under_way: list[tuple[float, int, int, bytes]] = []
        order = itertools.count()
        poll = select.poll()
        for fd in (*self._fds, self._stop_r):
            poll.register(fd, select.POLLIN)
        while True:
            wait_ms = max(0.0, under_way[0][0] - time.monotonic()) * 1000 if under_way else None
            for fd, _ in poll.poll(wait_ms):
                if fd == self._stop_r:
                    return
                packet = os.read(fd, 65536)
                if not self.cut and self._random.random() >= self.loss:
                    heapq.heappush(
                        under_way, (time.monotonic() + self.delay_s, next(order), other[fd], packet)
                    )
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(under_way)
                os.write(target, packet)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _tun(name: str, namespace: str) -> int:
    """A TUN device in a namespace ("" for this one)."""
    made: list[int] = []

    def make() -> None:
        # A namespace belongs to a thread, and this one ends.
        if namespace:
            fd = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
            if ctypes.CDLL(None, use_errno=True).setns(fd, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            os.close(fd)
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        made.append(fd)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]
