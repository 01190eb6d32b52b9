"""The console as a viewer meets it: bytes, first paint, long tasks and calls of each screen, in Chromium over loopback.

python -m benchmarks.console [--rounds 5] [--pictures docs/pictures]
Goals: 100 KB and a first paint within 200 ms with an empty cache. *Drawn* is when the screen stands there with its data.
`--pictures FOLDER` writes the pictures of docs/console.md instead.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.record import Figures
from tests.support.browser import COMMAND, Browser
from tests.support.console import DESKTOP, PHONE, Hub, show, showcase
from tests.support.rehearsed import met_a_promotion

SCREENS = ("home", "task/{failed}", "queue", "history", "phones")
WATCH_S = 20.0
_FIGURES = """(() => {
  const loaded = performance.getEntriesByType("resource");
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return { bytes: page.transferSize + loaded.reduce((sum, one) => sum + one.transferSize, 0), calls: loaded.length + 1,
    paint: paint ? paint.startTime : null, drawn: window.drawnAt ?? null, long: window.longTasks ?? [] };
})()"""
#: Run in each page before its own scripts: notes when the screen says that it has its data.
_WATCH_DRAWN = """new MutationObserver((_, watch) => {
  if (document.querySelector("main")?.dataset.loaded !== "true") return;
  window.drawnAt = performance.now();
  watch.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-loaded"] })"""
_WATCH_LONG = (
    "window.longTasks = []; new PerformanceObserver((list) => "
    "window.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask', buffered: true }); true"
)


def main() -> int:
    """Print one line for each screen; 0 unless there is no browser."""
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
            figures = Figures("console", options)
            browser.ask("Page.addScriptToEvaluateOnNewDocument", source=_WATCH_DRAWN)
            print(
                "| screen | KB, empty cache | requests | first paint, ms | drawn, ms | longest task, ms |\n"
                "| --- | --- | --- | --- | --- | --- |"
            )
            for name in SCREENS:
                _measure(hub, browser, name.format(**ids), options.rounds, figures)
            _watch(hub, browser, ids["running"], figures)
            figures.close()
    return 0


def _measure(hub: Hub, browser: Browser, name: str, rounds: int, figures: Figures) -> None:
    paints, drawn, longest, first = [], [], 0.0, None
    for _ in range(rounds):
        browser.forget()
        show(browser, hub, f"#/{name}")
        browser.run(_WATCH_LONG)
        browser.run("new Promise((done) => setTimeout(done, 300))")
        found = browser.run(_FIGURES)
        first = first or found
        paints.append(found["paint"] or 0.0)
        drawn.append(found["drawn"] or 0.0)
        longest = max([longest, *found["long"]])
    assert first is not None
    shown = name.partition("/")[0]
    paint, there = statistics.median(paints), statistics.median(drawn)
    print(
        f"| {shown} | {first['bytes'] / 1000:.0f} | {first['calls']} | {paint:.0f} (at least {min(paints):.0f}) "
        f"| {there:.0f} (at least {min(drawn):.0f}) | {longest:.0f} |",
        flush=True,
    )
    figures.add(f"{shown}, empty cache", first["bytes"] / 1000, "KB")
    figures.add(f"{shown}, requests", first["calls"], "")
    figures.add(f"{shown}, first paint", paint, "ms")
    figures.add(f"{shown}, drawn", there, "ms")


def _watch(hub: Hub, browser: Browser, running: int, figures: Figures) -> None:
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
        asked = len(browser.requests) / WATCH_S
        print(f"Home, {title}: {asked:.2f} requests a second", flush=True)
        figures.add(f"Home, {title}, requests a second", asked, "")


def _draw(hub: Hub, browser: Browser, ids: dict[str, int], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report = met_a_promotion().kept(hub.services.rehearsals.reports, "PHONE1")
    lesson = f"rehearsal-{report.id}-{report.screens[-1].tree.removesuffix('.xml')}"
    for name, address, size, dark in (
        ("home", "home", DESKTOP, False),
        ("home-phone", "home", PHONE, True),
        ("task", f"task/{ids['failed']}", DESKTOP, False),
        ("rehearsal", f"rehearsal/{report.id}", DESKTOP, False),
        ("teach", f"teach/{lesson}", (1280, 1040), False),
    ):
        browser.prefer(dark=dark)
        show(browser, hub, f"#/{address}", size)
        if name == "teach":
            _choose_what_closes_it(browser)
        browser.run(
            "Promise.all([...document.images].map((one) => one.decode().catch(() => null))).then(() => true)"
        )
        browser.screenshot(folder / f"{name}.png")


def _choose_what_closes_it(browser: Browser) -> None:
    """The lesson of a promotion as it stands before it is taught."""
    browser.find("radio", "“Another day” · can be tapped · known as record_button").call(
        "function () { this.click() }"
    )
    browser.find("radio", "A dialog in the way: close it here").call("function () { this.click() }")
    browser.wait("document.body.innerText.includes('goes on')")
    browser.run("scrollTo(0, 0)")


if __name__ == "__main__":
    raise SystemExit(main())
