"""What the trouble of one adb server costs the phones of the others: their throughput beside it, against all being well.

python -m benchmarks.adb_servers [--phones 30] [--latency 1000] [--rounds 3] [--only hang]

Three real adb servers with a third of the phones each. In every round all phones post; the last server is well, or it is
killed (its service starts it again), stopped for as long as the others post, or started anew by hand. Rounds with and
without trouble alternate, so that what else the machine does falls on both. Each post is counted by the phones themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks.record import Figures
from benchmarks.timing import repeated
from tests.support.farm import Box, Farm

_PAUSE = threading.Event()


@contextlib.contextmanager
def well(box: Box) -> Iterator[None]:
    """Nothing happens."""
    yield


@contextlib.contextmanager
def killed(box: Box) -> Iterator[None]:
    """It dies in the middle of the posts."""
    box.kill()
    yield


@contextlib.contextmanager
def killed_again_and_again(box: Box) -> Iterator[None]:
    """It dies every two seconds."""

    def kill() -> None:
        with contextlib.suppress(ValueError, ProcessLookupError):  # not up again yet
            box.kill()

    with repeated(kill, 2.0):
        yield


Trouble = Callable[[Box], AbstractContextManager[None]]
TROUBLES: dict[str, Trouble] = {"hang": Box.hanging, "kill": killed, "restarts": killed_again_and_again}


class Rounds:
    """Posts on all phones at once, with and without trouble, and what became of each."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self.ended: list[dict[str, Any]] = []
        self.waits_s: list[float] = []  #: how long the struck server's phones took once it was well again
        self._number = 0

    def others_s(self, trouble: Trouble) -> float:
        """How long one post on each phone of the other servers takes."""
        *others, struck = self._farm.boxes
        self._number += 1
        theirs = self._farm.post(struck, f"{self._number} of {struck.name}")
        began = time.monotonic()
        ours = [task for box in others for task in self._farm.post(box, f"{self._number} of {box.name}")]
        _PAUSE.wait(0.5)
        with trouble(struck):
            self.ended += self._farm.finish(ours, 600)
            took = time.monotonic() - began
        back = time.monotonic()
        self.ended += self._farm.finish(theirs, 600)
        if trouble is not well:
            self.waits_s.append(time.monotonic() - back)
        return took


def main() -> None:
    """Print the share of the throughput that is left, per kind of trouble."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=30)
    parser.add_argument(
        "--latency", type=float, default=1000, help="milliseconds per nominal second of the apps"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each kind")
    parser.add_argument("--only", default="", choices=["", *TROUBLES])
    options = parser.parse_args()
    figures = Figures("adb_servers", options)
    with tempfile.TemporaryDirectory() as folder:
        farm = Farm(Path(folder), options.phones // 3, extra=("--latency", f"{options.latency:g}"))
        try:
            farm.configure()
            farm.start(180)
            rounds = Rounds(farm)
            rounds.others_s(well)  # starts the automation servers
            for name, trouble in TROUBLES.items():
                if options.only not in {"", name}:
                    continue
                alone, beside = [], []
                rounds.waits_s.clear()
                for _ in range(options.rounds):
                    alone.append(rounds.others_s(well))
                    beside.append(rounds.others_s(trouble))
                left = statistics.median(alone) / statistics.median(beside)
                pairs = " ".join(f"{a:.1f}/{b:.1f}" for a, b in zip(alone, beside, strict=True))
                print(
                    f"{name:9} {len(farm.boxes[0].serials) * 2} phones of the other servers: all well "
                    f"{statistics.median(alone):6.2f} s, beside it {statistics.median(beside):6.2f} s: {left:.1%} of their "
                    f"throughput ({pairs}); the struck server's phones are done {max(rounds.waits_s):.1f} s after it is well",
                    flush=True,
                )
                figures.add(f"throughput beside {name}", left * 100, "%", more_is_better=True)
            outcomes = [task["outcome"] for task in rounds.ended]
            wrong = farm.judge(rounds.ended)
            print(
                f"{len(outcomes)} posts: {', '.join(f'{outcomes.count(o)} {o}' for o in sorted(set(outcomes)))}; "
                f"doubled or lost: {len(wrong)}",
                *wrong,
                sep="\n",
            )
        finally:
            farm.stop()
    figures.close()


if __name__ == "__main__":
    main()
