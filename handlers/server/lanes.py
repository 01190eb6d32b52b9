"""The threads that work on requests: one lane for quick ones, one for slow ones, one for the disk."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from handlers.server.peers import Peer

_LOG = logging.getLogger(__name__)

#: A quick request that takes longer hangs; its thread no longer counts.
HUNG_S = 60.0


class HasPeer(Protocol):
    """What waits for a thread."""

    peer: Peer


T = TypeVar("T", bound=HasPeer)


class Lane:
    """Daemon threads that run what they are given, in order. A thread that hangs can be given up."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._all: list[threading.Thread] = []
        self._since: dict[threading.Thread, float] = {}
        self._wanted = threads
        for _ in range(threads):
            self._start_thread()

    def submit(self, job: Callable[[], None]) -> None:
        """Run this soon; never blocks."""
        self._jobs.put(job)

    def replace_hung(self, hung_s: float) -> int:
        """Start a thread for each that has had the same job longer than this, at most as many again; how many were started."""
        now = time.monotonic()
        hung = sum(now - since > hung_s for since in list(self._since.values()))
        new = max(0, min(hung, self._wanted) - (self.threads - self._wanted))
        for _ in range(new):
            self.threads += 1
            self._start_thread()
        return new

    def end(self, ends: float) -> None:
        """Let the threads end after their present job; wait for that until this moment of the monotonic clock."""
        for _ in self._all:
            self._jobs.put(None)
        for thread in self._all:
            thread.join(max(0.01, ends - time.monotonic()))

    def _start_thread(self) -> None:
        name = f"http-{self.name}-{len(self._all)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._all.append(thread)
        thread.start()

    def _run(self) -> None:
        me = threading.current_thread()
        while (job := self._jobs.get()) is not None:
            self._since[me] = time.monotonic()
            try:
                job()
            except Exception:  # noqa: BLE001 - the boundary of the thread
                _LOG.critical("a job of the HTTP side failed", exc_info=True)
            del self._since[me]


class Lanes:
    """The threads of a server: half of them for what looks into files or at phones, and only they serve it.

    A dozen slow phones or large videos must not hold up the calls that answer from memory (WEB-3).
    """

    def __init__(self, threads: int) -> None:
        slow = max(1, threads // 2)
        self.slow = Lane("slow", slow)
        self.quick = Lane("quick", max(1, threads - slow))
        self.disk = Lane("disk", 2)

    def end(self, ends: float) -> None:
        """Wait for the threads until this moment of the monotonic clock."""
        for lane in (self.quick, self.slow, self.disk):
            lane.end(ends)


class Turns(Generic[T]):
    """Who gets the next thread of a lane: peers in turn, none gets all threads, who has overdrawn one, strangers together half.

    Only the loop's thread uses it.
    """

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._waiting: OrderedDict[Peer, dict[T, None]] = OrderedDict()
        self._running = 0
        self._of_peer: dict[Peer, int] = {}
        self._per_peer = max(1, lane.threads - 1)
        self._for_strangers = max(1, lane.threads // 2)

    def wait(self, channel: T) -> None:
        """Join the queue of its peer."""
        self._waiting.setdefault(channel.peer, {})[channel] = None

    def leave(self, channel: T) -> None:
        """It no longer waits; it may not have waited at all."""
        waiting = self._waiting.get(channel.peer)
        if waiting is not None:
            waiting.pop(channel, None)
            if not waiting:
                del self._waiting[channel.peer]

    def next(self, overdrawn: Callable[[Peer], bool]) -> T | None:
        """The next that may start; the caller must start it and call `ended` for its peer."""
        if self._running >= self.lane.threads:
            return None
        for peer in list(self._waiting):
            if not self._may_start(peer, overdrawn):
                continue
            channel = next(iter(self._waiting[peer]))
            self._waiting.move_to_end(peer)
            self.leave(channel)
            self._running += 1
            self._of_peer[peer] = self._of_peer.get(peer, 0) + 1
            return channel
        return None

    def ended(self, peer: Peer) -> None:
        """A thread is free again."""
        self._running -= 1
        left = self._of_peer[peer] - 1
        if left:
            self._of_peer[peer] = left
        else:
            del self._of_peer[peer]

    def _may_start(self, peer: Peer, overdrawn: Callable[[Peer], bool]) -> bool:
        running = self._of_peer.get(peer, 0)
        if running >= self._per_peer or (running and overdrawn(peer)):
            return False
        if peer.known:
            return True
        strangers = sum(count for other, count in self._of_peer.items() if not other.known)
        return strangers < self._for_strangers
