"""What phones cost the daemon while nothing is posted.

python -m benchmarks.idle [--phones 50] [--seconds 60]
Goal: 100 ms of the processor for each of 50 phones and hour, with all that the daemon does besides. The peer in the
same run is adb's own `track-devices` client, which receives changes and does nothing with them.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
from pathlib import Path

from benchmarks.posting import Bench
from benchmarks.record import Figures
from simulator.adb.server import locked_adb

_PAUSE = threading.Event()
_GOAL_MS = 100.0


def processor_ms(pid: int) -> float:
    """Of all threads that a process has, as the kernel's scheduler counts it; threads that ended are missing."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


def per_hour_ms(pid: int, seconds: float) -> float:
    """Processor time that a process takes in an hour, judged by some seconds."""
    before = processor_ms(pid)
    _PAUSE.wait(seconds)
    return (processor_ms(pid) - before) * 3600.0 / seconds


def daemon_ms(folder: Path, phones: int, settle_s: float, seconds: float) -> tuple[float, float]:
    """The daemon's and an adb client's processor time per hour beside this number of idle phones."""
    bench = Bench(folder, phones, 0.0)
    client = subprocess.Popen(
        [str(locked_adb()), "-P", str(bench.ready["adb_port"]), "track-devices"], stdout=subprocess.DEVNULL
    )
    try:
        _PAUSE.wait(settle_s)  # a phone is looked into once when it appears
        client_before = processor_ms(client.pid)
        ours = per_hour_ms(bench.daemon.pid, seconds)
        return ours, (processor_ms(client.pid) - client_before) * 3600.0 / seconds
    finally:
        client.kill()
        client.wait()
        bench.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement")
    parser.add_argument("--settle", type=float, default=15.0, help="seconds before it")
    options = parser.parse_args()
    figures = Figures("idle", options)
    with tempfile.TemporaryDirectory() as name:
        one, _ = daemon_ms(Path(name) / "one", 1, options.settle, options.seconds)
        many, client = daemon_ms(Path(name) / "many", options.phones, options.settle, options.seconds)
    each, more = many / options.phones, (many - one) / (options.phones - 1)
    print(
        f"idle: {one / 1000:.2f} s of the processor an hour with one phone, {many / 1000:.2f} s with {options.phones}: "
        f"{each:.0f} ms for each phone and hour, goal {_GOAL_MS:.0f} ms; one phone more is {more:.0f} ms; adb track-devices {client:.0f} ms in all"
    )
    figures.add("idle, each phone and hour", each, "ms")
    figures.add("idle, the daemon with one phone, an hour", one, "ms")
    figures.close()


if __name__ == "__main__":
    main()
