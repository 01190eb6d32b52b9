"""What one daemon costs with many phones connected, of which some post at a time: memory, processor, answers.

python -m benchmarks.many_phones [--phones 100,200] [--posts 40] [--at-once 10]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.idle import per_hour_ms
from benchmarks.posting import Bench
from benchmarks.posting_load import processor_s, rss_mb, watched
from benchmarks.record import Figures

_PAGES = ("/api/v1/devices", "/api/v1/task?page_size=20", "/api/v1/task/stats")
_PAUSE = threading.Event()
_SETTLE_S, _IDLE_S = 15.0, 20.0


def answers_ms(bench: Bench, times: int = 20) -> list[float]:
    """How long the console's three most usual calls take, each this often."""
    taken = []
    for _ in range(times):
        for path in _PAGES:
            began = time.perf_counter()
            bench.call(path)
            taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def one(phones: int, options: argparse.Namespace, figures: Figures) -> None:
    """Connect, idle, then post in groups on the first phones."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), phones, 0.0)
        try:
            pid, serials = bench.daemon.pid, bench.ready["serials"]
            _PAUSE.wait(_SETTLE_S)  # a phone is looked into once when it appears
            idle = rss_mb(pid)
            per_hour = per_hour_ms(pid, _IDLE_S) / 1000
            before = processor_s(pid)
            slowest: list[float] = []
            with watched(pid) as seen:
                for start in range(0, options.posts, options.at_once):
                    group = [serials[at % phones] for at in range(start, start + options.at_once)]
                    ids = bench.create(group, "tiktok", "share", f"group {start}")
                    slowest += answers_ms(bench)
                    bench.finish(ids)
            taken = (processor_s(pid) - before) / options.posts
        finally:
            bench.stop()
    slowest.sort()
    p99 = slowest[int(len(slowest) * 0.99)]
    print(
        f"{phones:3} phones: {idle:.0f} MB idle, {max(seen):.0f} MB at most while {options.at_once} post; {per_hour:.0f} s of "
        f"the processor an hour idle, {taken * 1000:.0f} ms for each post, answers included; calls p50 "
        f"{slowest[len(slowest) // 2]:.0f} ms, p99 {p99:.0f} ms",
        flush=True,
    )
    for name, value, unit in (
        ("memory, idle", idle, "MB"),
        ("memory, posting", max(seen), "MB"),
        ("processor per hour, idle", per_hour, "s"),
        ("processor per post", taken * 1000, "ms"),
        ("calls, p99", p99, "ms"),
    ):
        figures.add(f"{name}, {phones} phones", value, unit)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", default="100,200", help="how many are connected; a list")
    parser.add_argument("--posts", type=int, default=40)
    parser.add_argument("--at-once", type=int, default=10)
    options = parser.parse_args()
    figures = Figures("many_phones", options)
    for phones in options.phones.split(","):
        one(int(phones), options, figures)
    figures.close()


if __name__ == "__main__":
    main()
