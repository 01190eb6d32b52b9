"""What posting costs the daemon itself: resident memory while many phones post, and processor time for each post.

python -m benchmarks.posting_load [--phones 8,25,50] [--posts 3]
Goals: at most 90, 120, 180 MB while 8, 25, 50 phones post; 70 ms of the processor for a post whose app answers at once.
The peer in the same run is a process with one thread for each phone that makes uiautomator2's own calls: connect, a few
looks, one decoded screenshot.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.posting import Bench
from benchmarks.record import Figures
from benchmarks.timing import repeated, unit

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_GOALS_MB = {8: 90.0, 25: 120.0, 50: 180.0}
_PEER = """
import os, sys, threading
import adbutils, uiautomator2
port, looks, *serials = sys.argv[1:]
def work(serial):
    phone = uiautomator2.connect(adbutils.AdbClient(port=int(port)).device(serial))
    for _ in range(int(looks)):
        phone.dump_hierarchy()
    phone.screenshot()
threads = [threading.Thread(target=work, args=(serial,)) for serial in serials]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""


def rss_mb(pid: int) -> float:
    """Resident memory now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def processor_s(pid: int) -> float:
    """Processor time of all threads of a process so far, in steps of 10 ms; children are not in it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Resident memory, read ten times a second while the block runs."""
    seen = [rss_mb(pid)]
    with repeated(lambda: seen.append(rss_mb(pid)), 0.1):
        yield seen


def peer_mb(bench: Bench, looks: int) -> float:
    """The most that uiautomator2's own calls take for these phones."""
    words = [sys.executable, "-c", _PEER, str(bench.ready["adb_port"]), str(looks), *bench.ready["serials"]]
    return float(subprocess.run(words, check=True, capture_output=True, timeout=120, text=True).stdout)


def one(phones: int, posts: int, figures: Figures) -> None:
    """Some posts on each phone at once; the first of each, which starts its automation server, does not count."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), phones, 0.0)
        try:
            serials, pid = bench.ready["serials"], bench.daemon.pid
            idle = rss_mb(pid)
            with watched(pid) as seen:
                bench.post(serials, "tiktok", "share", "warm-up")
                before = processor_s(pid)
                waiting = [bench.create(serials, "tiktok", "share", f"round {n}") for n in range(posts)]
                for ids in waiting:
                    bench.finish(ids)
                taken = (processor_s(pid) - before) / (posts * phones)
            peer = peer_mb(bench, 10)
        finally:
            bench.stop()
    goal = f"goal {_GOALS_MB[phones]:.0f} MB" if phones in _GOALS_MB else ""
    print(
        f"{phones:3} phones: {max(seen):6.1f} MB at most ({idle:.1f} before), {goal}; uiautomator2 alone {peer:.1f} MB; "
        f"{unit(taken)} of the processor for each post, goal 70 ms",
        flush=True,
    )
    figures.add(f"memory, {phones} phones post", max(seen), "MB")
    figures.add(f"processor per post, {phones} phones", taken * 1000, "ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--phones", default="8,25,50", help="how many post at once; a list")
    parser.add_argument("--posts", type=int, default=3, help="of each phone")
    options = parser.parse_args()
    figures = Figures("posting_load", options)
    for phones in options.phones.split(","):
        one(int(phones), options.posts, figures)
    figures.close()


if __name__ == "__main__":
    main()
