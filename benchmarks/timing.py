"""Taking times fairly on a busy machine, and showing them."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

#: Operations per measurement and how many of one kind come in a row.
ROUNDS = 1000
TURN = 5
WRITERS = 16


def in_turns(actions: dict[str, Callable[[int], object]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each operation, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for start in range(0, rounds, TURN):
        for name, action in actions.items():
            for number in range(start, start + TURN):
                begin = time.perf_counter()
                action(number)
                taken[name].append(time.perf_counter() - begin)
    return taken


def together(action: Callable[[int], object], each: int = 60) -> float:
    """Seconds per operation when many threads call it at once."""
    gate = threading.Barrier(WRITERS + 1)

    def work(writer: int) -> None:
        gate.wait()
        for number in range(each):
            action(writer * each + number)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    gate.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - begin) / (WRITERS * each)


def together_in_turns(actions: dict[str, Callable[[int], object]], turns: int = 5) -> dict[str, float]:
    """Median of several turns of `together` for each."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            taken[name].append(together(action))
    return {name: statistics.median(values) for name, values in taken.items()}


@contextmanager
def repeated(action: Callable[[], object], every_s: float) -> Iterator[None]:
    """Calls it again and again, from a thread of its own, while the block runs."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(every_s):
            action()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def show(seconds: Sequence[float]) -> str:
    """Median and 99th percentile."""
    ordered = sorted(seconds)
    return f"{unit(statistics.median(ordered))} (p99 {unit(ordered[int(len(ordered) * 0.99)])})"


def unit(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def ratio(seconds: Sequence[float], peer: Sequence[float]) -> str:
    """Median of the ratios of each turn's medians, so that a slow moment of the disk counts for both."""
    if len(seconds) != len(peer):
        return f"{statistics.median(seconds) / statistics.median(peer):.2f}"
    turns = range(0, len(peer), TURN)
    ratios = [
        statistics.median(seconds[at : at + TURN]) / statistics.median(peer[at : at + TURN]) for at in turns
    ]
    return f"{statistics.median(ratios):.2f}"


def timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin
