"""The console as a viewer meets it: bytes, first paint, long tasks and calls of each screen, in Chromium over loopback.

`python -m benchmarks.console`; `--pictures FOLDER` also writes the pictures of docs/console.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.support.browser import COMMAND, Browser
from tests.support.console import DESKTOP, PHONE, Hub, show, showcase

SCREENS = ("home", "task/{failed}", "queue", "history", "phones")
WATCH_S = 20.0
_FIGURES = """(() => {
  const loaded = performance.getEntriesByType("resource");
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return { bytes: page.transferSize + loaded.reduce((sum, one) => sum + one.transferSize, 0), calls: loaded.length + 1,
    paint: paint ? paint.startTime : null, long: window.longTasks ?? [] };
})()"""
_WATCH_LONG = (
    "window.longTasks = []; new PerformanceObserver((list) => "
    "window.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask', buffered: true }); true"
)


def main() -> int:
    """Print one line per screen; 0 unless there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    if COMMAND is None:
        print("chromium is not installed")
        return 1
    with tempfile.TemporaryDirectory() as folder, Hub(Path(folder) / "hub") as hub:
        ids = showcase(hub)
        with Browser(Path(folder) / "profile") as browser:
            browser.prefer()
            if options.pictures:
                _draw(hub, browser, ids, options.pictures)
                return 0
            print(
                "| screen | KB, empty cache | requests | first paint, ms | longest task, ms |\n| --- | --- | --- | --- | --- |"
            )
            for name in SCREENS:
                _measure(hub, browser, name.format(**ids), options.rounds)
            _watch(hub, browser, ids["running"])
    return 0


def _measure(hub: Hub, browser: Browser, name: str, rounds: int) -> None:
    paints, longest, first = [], 0.0, None
    for _ in range(rounds):
        browser.forget()
        show(browser, hub, f"#/{name}")
        browser.run(_WATCH_LONG)
        browser.run("new Promise((done) => setTimeout(done, 300))")
        found = browser.run(_FIGURES)
        first = first or found
        paints.append(found["paint"] or 0.0)
        longest = max([longest, *found["long"]])
    assert first is not None
    shown = name.partition("/")[0]
    print(
        f"| {shown} | {first['bytes'] / 1000:.0f} | {first['calls']} | {statistics.median(paints):.0f} | {longest:.0f} |"
    )


def _watch(hub: Hub, browser: Browser, running: int) -> None:
    """What one viewer of Home costs, quiet and while a post goes on."""
    for title, busy in (("quiet", False), ("while a post goes on", True)):
        show(browser, hub)
        browser.requests.clear()
        ends, step = time.monotonic() + WATCH_S, 0
        while time.monotonic() < ends:
            if busy:
                step += 1
                hub.store.tasks.set_remark(running, f"step {step}")
            browser.run("new Promise((done) => setTimeout(done, 250))")
        print(f"Home, {title}: {len(browser.requests) / WATCH_S:.2f} requests a second")


def _draw(hub: Hub, browser: Browser, ids: dict[str, int], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, address, size, dark in (
        ("home", "home", DESKTOP, False),
        ("home-phone", "home", PHONE, True),
        ("task", f"task/{ids['failed']}", DESKTOP, False),
    ):
        browser.prefer(dark=dark)
        show(browser, hub, f"#/{address}", size)
        browser.run(
            "Promise.all([...document.images].map((one) => one.decode().catch(() => null))).then(() => true)"
        )
        browser.screenshot(folder / f"{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())
