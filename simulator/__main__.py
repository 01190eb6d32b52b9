"""`python -m simulator`: simulated phones and a private adb server in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from simulator import config_file
from simulator.adb.server import AdbServerFailed, die_with_parent
from simulator.android.locales import is_code
from simulator.apps import make_app
from simulator.host import Host, Options
from simulator.kept import write_atomically


def _arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--phones", type=int, default=4, metavar="N")
    parser.add_argument(
        "--first",
        type=int,
        default=1,
        metavar="N",
        help="number of the first phone, beside another simulator",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="TCP port of the first phone (default: any, kept in the state)"
    )
    parser.add_argument(
        "--adb-port", type=int, default=0, help="port of the adb server (default: any, kept in the state)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="what the phones hold (default: a temporary folder)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of renamed ids and random interruptions")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS",
                        help="how long one nominal second of the apps takes; 0 is at once, 1000 is lifelike")  # fmt: skip
    parser.add_argument("--accounts", type=int, default=1, metavar="K", help="accounts per app and phone")
    parser.add_argument(
        "--language",
        default="en",
        metavar="LIST",
        help="en, de, fr, or any other code, which reads as a foreign language; of a list each phone takes the next",
    )
    parser.add_argument("--tiktok-version", default="", metavar="LIST", help="likewise")
    parser.add_argument("--tiktok-package", default="", metavar="LIST", help="likewise")
    parser.add_argument("--instagram-version", default="", metavar="LIST", help="likewise")
    parser.add_argument("--sdk", type=int, default=34, help="Android's API level")
    parser.add_argument(
        "--popups", type=float, default=0.0, help="chance of a random interruption per screen"
    )
    parser.add_argument(
        "--adb-faults", action="store_true", help="put a proxy before the adb server that can make it fail"
    )
    parser.add_argument(
        "--write-config", type=Path, metavar="FILE", help="write a config file for the daemon"
    )
    parser.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="write JSON about the phones once all are up"
    )
    parser.add_argument(
        "--die-with-parent", action="store_true", help="end when the process that started this one ends"
    )
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(words)
    if not 1 <= options.phones <= 200:
        parser.error("--phones must be 1 to 200")
    if not 1 <= options.first <= 10_000:
        parser.error("--first must be 1 to 10000")
    if not 1 <= options.accounts <= 8:
        parser.error("--accounts must be 1 to 8")
    if not all(map(is_code, options.language.split(","))):
        parser.error("--language takes codes like en, de or id")
    return options


def _list(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


async def _serve(arguments: argparse.Namespace, state_dir: Path) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    host = Host(
        Options(
            phones=arguments.phones, state_dir=state_dir, first=arguments.first, port=arguments.port, adb_port=arguments.adb_port,
            seed=arguments.seed, latency_ms=arguments.latency, accounts=arguments.accounts,
            languages=_list(arguments.language), tiktok_versions=_list(arguments.tiktok_version),
            tiktok_packages=_list(arguments.tiktok_package), instagram_versions=_list(arguments.instagram_version),
            sdk=arguments.sdk, popups=arguments.popups, adb_faults=arguments.adb_faults,
        ),
        make_app,
    )  # fmt: skip
    try:
        starting = asyncio.create_task(host.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            return 0
        starting.result()
        if arguments.write_config:
            config_file.write(arguments.write_config, host)
        if arguments.ready_file:
            write_atomically(arguments.ready_file, json.dumps(host.ready()))
        print(f"ready: {len(host.phones)} phones, adb server on port {host.adb_port}", flush=True)
        await stopping
    except (OSError, AdbServerFailed) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    finally:
        await host.stop()
    return 0


def main(words: list[str] | None = None) -> int:
    """Run until a signal; the exit status."""
    arguments = _arguments(words)
    parent = os.getppid()
    if arguments.die_with_parent:
        die_with_parent()
        if os.getppid() != parent:
            return 0
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO, format="%(name)s: %(message)s"
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # Screens are built and dropped all the time: by default the collector takes a fifth of the processor time.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    state_dir = arguments.state or Path(tempfile.mkdtemp(prefix="simulated-phones-"))
    try:
        return asyncio.run(_serve(arguments, state_dir))
    finally:
        if arguments.state is None:
            shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
