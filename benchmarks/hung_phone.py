"""What one hung phone costs the others: their throughput beside it, against the same phones without it.

python -m benchmarks.hung_phone [--phones 50] [--latency 1000] [--rounds 5]

Rounds with and without the hang alternate, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.posting import Bench

_PAUSE = threading.Event()
#: A phone whose shell answers nothing, one whose automation server does, and one that is listed and silent.
HANGS = (("shell-hangs", "--always"), ("automation-hangs", "--always"), ("ghost", "45"))


def seconds(bench: Bench, serials: list[str], name: str) -> float:
    """How long one post on each phone takes."""
    began = time.monotonic()
    bench.post(serials, "tiktok", "share", name)
    return time.monotonic() - began


def beside(bench: Bench, hang: tuple[str, ...], name: str) -> float:
    """The same while the last phone hangs in the middle of its own task."""
    *others, hung = bench.ready["serials"]
    bench.simctl(hung, "fault", *hang)
    (task,) = bench.create([hung], "tiktok", "share", f"hangs {name}")
    while bench.call(f"/api/v1/task/{task}")["status"] == 0:
        _PAUSE.wait(0.05)
    took = seconds(bench, others, name)
    ended = bench.call(f"/api/v1/task/{task}")["status"] >= 2
    assert not ended, "the phone did not hang for as long as the others worked"
    bench.call(f"/api/v1/task/{task}/stop", {})
    return took


def rest(hang: tuple[str, ...]) -> None:
    """A ghost answers nobody until its time is over. So long is rested before every measurement of its kind, as a
    machine is quicker after a rest.
    """
    if hang[0] == "ghost":
        _PAUSE.wait(float(hang[1]))


def recover(bench: Bench, hang: tuple[str, ...]) -> None:
    """The last phone is as before."""
    rest(hang)
    bench.simctl(bench.ready["serials"][-1], "reset")


def main() -> None:
    """Print the share of the throughput that is left, per kind of hang."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument(
        "--latency", type=float, default=1000, help="milliseconds per nominal second of the apps"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    parser.add_argument("--only", default="", help="one kind of hang")
    options = parser.parse_args()
    for hang in HANGS:
        if options.only not in {"", hang[0]}:
            continue
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), options.phones, options.latency)
            try:
                others = bench.ready["serials"][:-1]
                seconds(bench, bench.ready["serials"], "warm-up")
                alone, together = [], []
                for number in range(options.rounds):
                    alone.append(seconds(bench, others, f"alone {number}"))
                    rest(hang)
                    together.append(beside(bench, hang, f"beside {number}"))
                    recover(bench, hang)
                left = statistics.median(alone) / statistics.median(together)
                print(
                    f"{hang[0]:17} {len(others)} phones alone {statistics.median(alone):6.2f} s, beside it "
                    f"{statistics.median(together):6.2f} s: {left:.1%} of their throughput "
                    f"({' '.join(f'{a:.1f}/{b:.1f}' for a, b in zip(alone, together, strict=True))})",
                    flush=True,
                )
            finally:
                bench.stop()


if __name__ == "__main__":
    main()
