"""What people who look at the console cost the posts beside them.

python -m benchmarks.viewers [--viewers 20] [--phones 50] [--posts 3] [--rounds 5] [--screen home] [--latency 0]
Goal: 20 viewers beside 50 posting phones make the posts at most 2 % slower. Rounds with and without viewers come in turns,
each time another of the two first; the medians are compared. The processor's time of the daemon for each post is shown
beside that: with viewers their answers are in it. At a latency of 0 the apps answer at once, so that posts wait for nothing
but the processor: the worst case.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.posting import Bench
from benchmarks.posting_load import processor_s
from benchmarks.record import Figures
from benchmarks.timing import unit

_GOAL = 0.02
_END_S = 60.0


@contextmanager
def looking(url: str, viewers: int, screen: str, took: list[float]) -> Iterator[None]:
    """That number of viewers while the block runs; the duration of each of their calls is added to `took`, in seconds."""
    if viewers == 0:
        yield
        return
    words = [sys.executable, "-m", "benchmarks.viewer", url, "--viewers", str(viewers), "--screen", screen]
    with subprocess.Popen(
        words,
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        try:
            said = child.stdout.readline()
            assert said == "looking\n", said
            yield
            rest, _ = child.communicate("", timeout=_END_S)
        except BaseException:
            child.kill()
            raise
        found = json.loads(rest)
        assert child.returncode == 0, found["refused"]
        took += found["took"]


def posts(bench: Bench, count: int, name: str) -> tuple[float, float]:
    """Publish `count` posts on each phone; wall time and the daemon's processor time for each post, in seconds."""
    serials, pid = bench.ready["serials"], bench.daemon.pid
    began, before = time.monotonic(), processor_s(pid)
    waiting = [bench.create(serials, "tiktok", "share", f"{name}, {number}") for number in range(count)]
    for ids in waiting:
        bench.finish(ids)
    total = count * len(serials)
    return (time.monotonic() - began) / total, (processor_s(pid) - before) / total


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--posts", type=int, default=3, help="of each phone, in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--screen", choices=("home", "queue", "phone"), default="home")
    parser.add_argument(
        "--latency", type=float, default=0.0, help="milliseconds per nominal second of the apps"
    )
    options = parser.parse_args()
    figures = Figures("viewers", options)
    walls: dict[int, list[float]] = {0: [], options.viewers: []}
    processor: dict[int, list[float]] = {0: [], options.viewers: []}
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.phones, options.latency)
        try:
            bench.post(bench.ready["serials"], "tiktok", "share", "warm-up")
            for number in range(options.rounds):
                turn = [0, options.viewers] if number % 2 == 0 else [options.viewers, 0]
                for viewers in turn:
                    with looking(bench.url, viewers, options.screen, took):
                        wall, used = posts(bench, options.posts, f"round {number} with {viewers}")
                    walls[viewers].append(wall)
                    processor[viewers].append(used)
                    print(
                        f"round {number + 1}, {viewers:2} viewers: {unit(wall)} for each post, {unit(used)} of the processor",
                        flush=True,
                    )
        finally:
            bench.stop()
    alone, beside = (statistics.median(walls[count]) for count in (0, options.viewers))
    used_alone, used_beside = (statistics.median(processor[count]) for count in (0, options.viewers))
    took.sort()
    print(
        f"{options.viewers} viewers of {options.screen} beside {options.phones} posting phones: {beside / alone - 1:+.1%} of the posts' time "
        f"(goal {_GOAL:.0%}), {used_beside / used_alone - 1:+.1%} of the daemon's processor time for each post "
        f"({unit(used_alone)} without); {len(took)} answers, median {unit(statistics.median(took))}, p99 {unit(took[int(len(took) * 0.99)])}"
    )
    figures.add("posts, slower with viewers", beside / alone - 1, "")
    figures.add("processor for each post, without viewers", used_alone * 1000, "ms")
    figures.add("processor for each post, with viewers", used_beside * 1000, "ms")
    figures.add("answers to viewers, p99", took[int(len(took) * 0.99)] * 1000, "ms")
    figures.close()


if __name__ == "__main__":
    main()
