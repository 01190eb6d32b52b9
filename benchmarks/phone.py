"""What the phone layer costs against adb and uiautomator2 themselves, on one simulated phone, taken in turns.

python -m benchmarks.phone [--megabytes N] [--rounds N]
Goals: a push of 100 MB at most 1.1x the time of `adb push` (ours also checks size and SHA-256 on the phone), and 1.05x
over a cable of 35 MB a second to a phone that hashes 200 MB a second.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.record import Figures
from benchmarks.timing import ratio, show, timed, unit
from jobs.hub.clock import SystemClock
from jobs.hub.settings import Adb, Phones
from jobs.phone.adb.server import binary
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.protocol import Outgoing
from jobs.phone.session import Session
from simulator.child import SimulatorChild

_REMOTE = "/sdcard/Download/big.bin"


def pushes(session: Session, adb: Callable[..., None], file: Path) -> dict[str, Callable[[], None]]:
    """Ways to copy one file; "adb push, then sha256sum" gives what ours gives."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()

    def checked() -> None:
        adb("push", str(file), _REMOTE)
        adb("shell", "sha256sum", _REMOTE)

    return {
        "adb push": lambda: adb("push", str(file), _REMOTE),
        "adb push, then sha256sum": checked,
        "ours": lambda: session.push(file, _REMOTE),
        "ours, hash known before": lambda: session.push(file, _REMOTE, sha256=sha256),
    }


def posts_file(session: Session, adb: Callable[..., None], file: Path) -> dict[str, Callable[[], object]]:
    """Ways to bring the file of a post; ours also compares its SHA-256 and moves it into its folder."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    outgoing = Outgoing(file, file.name, file.stat().st_size, sha256)
    return {
        "adb push": lambda: adb("push", str(file), _REMOTE),
        "ours, as posts push it": lambda: session.push_all([outgoing], str(Path(_REMOTE).parent)),
    }


def looks(session: Session, serial: str, port: int) -> dict[str, Callable[[], object]]:
    """Ways to read the UI tree."""
    import adbutils
    import uiautomator2

    theirs = uiautomator2.connect(adbutils.AdbClient(port=port).device(serial))
    return {
        "uiautomator2 dump_hierarchy": theirs.dump_hierarchy,
        "ours, parsed": session.observe,
    }


def table(
    what: str,
    actions: Mapping[str, Callable[[], object]],
    rounds: int,
    figures: Figures,
    after: Callable[[], object] = lambda: None,
) -> None:
    """Take the actions in turns, with `after` untimed after each; the first is the peer."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            taken[name].append(timed(action))
            after()
    peer = next(iter(taken.values()))
    print(what)
    for name, seconds in taken.items():
        figures.add(f"{what}: {name}", statistics.median(seconds) * 1000, "ms")
        print(f"  {name:28} {show(seconds):28} {ratio(seconds, peer)}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--link", type=float, default=35.0, help="of a slow cable, MB a second")
    parser.add_argument("--hash", type=float, default=200.0, help="of a slow phone, MB a second")
    options = parser.parse_args()
    figures = Figures("phone", options)
    with tempfile.TemporaryDirectory() as folder:
        simulator = SimulatorChild(1, Path(folder) / "simulator")
        port, serial = int(simulator.ready["adb_port"]), str(simulator.ready["serials"][0])
        fleet = Fleet(Adb(port=port, start_server=False), Phones(), SystemClock())
        try:
            fleet.start()
            fleet.wait_synced(30.0)
            session = fleet.open(serial)
            file = Path(folder) / "big.bin"
            file.write_bytes(os.urandom(options.megabytes * 1_000_000))

            def adb(*words: str) -> None:
                program = str(binary(Adb()))
                subprocess.run(
                    [program, "-P", str(port), "-s", serial, *words], check=True, capture_output=True
                )

            push = f"push of {options.megabytes} MB"
            table(
                push,
                pushes(session, adb, file),
                options.rounds,
                figures,
                lambda: session.shell("rm", "-f", _REMOTE),
            )
            adb("shell", "simctl", "set", "link-mb-s", str(options.link))
            adb("shell", "simctl", "set", "hash-mb-s", str(options.hash))
            slow = f"the same over a link of {options.link:g} MB/s, the phone hashing {options.hash:g} MB/s"
            slow_rounds = min(options.rounds, 5)
            table(
                slow,
                posts_file(session, adb, file),
                slow_rounds,
                figures,
                lambda: session.shell("rm", "-f", _REMOTE),
            )
            adb("shell", "simctl", "set", "link-mb-s", "0")
            adb("shell", "simctl", "set", "hash-mb-s", "0")
            session.app_start("com.zhiliaoapp.musically")
            session.observe()
            size = len(session.observe().source)
            table(f"one look at a screen of {size // 1000} kB", looks(session, serial, port), 100, figures)
            took = sorted(timed(lambda: session.shell("echo", "x")) for _ in range(100))
            print(f"one shell command {unit(took[50])}")
            figures.add("one shell command", took[50] * 1000, "ms")
            session.close()
        finally:
            fleet.stop()
            simulator.stop()
    figures.close()


if __name__ == "__main__":
    main()
