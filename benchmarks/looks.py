"""What one look at a phone's screen costs the daemon: reading the tree, by size, and judging a screenshot.

python -m benchmarks.looks [--rounds 60]
Goals: a tree of 164 kB in 4.5 ms; no screenshot is decoded as a whole. Peers in the same run: plain lxml, which makes no
nodes, uiautomator2's PageSource, and Pillow. Times are of the processor.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lxml import etree
from PIL import Image, ImageDraw

from benchmarks.record import Figures
from benchmarks.timing import unit
from jobs.phone.screen.screenshot import shows_something
from jobs.phone.screen.tree import parse_xml

_FLAGS = (
    "checkable", "checked", "clickable", "focusable", "focused", "long-clickable", "password", "scrollable", "selected",
)  # fmt: skip
_MORE = (
    'displayed="true" a11y-important="false" screen-reader-focusable="false" drawing-order="{order}" '
    'showing-hint="false" text-entry-key="false" dismissable="false" a11y-focused="false" heading="false" '
    'live-region="0" context-clickable="false" content-invalid="false" window-id="773"'
)


def tree(nodes: int) -> str:
    """A tree with the make-up of recorded ones: six levels of boxes, a text in every third."""
    rng = random.Random(nodes)
    lines = ["<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>", '<hierarchy rotation="0">']
    depth = 0
    for number in range(nodes):
        holder = rng.randint(max(0, depth - 4), min(depth, 20))
        lines += ["</node>"] * (depth - holder)
        x, y = rng.randint(0, 900), rng.randint(0, 2200)
        text = f"What stands here, number {number}" if number % 3 == 0 else ""
        flags = " ".join(f'{name}="{str(rng.random() < 0.1).lower()}"' for name in _FLAGS)
        lines.append(
            f'<node index="{number % 7}" text="{text}" resource-id="com.zhiliaoapp.musically:id/x{number:x}" '
            f'class="android.widget.FrameLayout" package="com.zhiliaoapp.musically" content-desc="" {flags} enabled="true" '
            f'bounds="[{x},{y}][{x + 99},{y + 99}]" {_MORE.format(order=number % 5)}>'
        )
        depth = holder + 1
    return "\n".join([*lines, *["</node>"] * depth, "</hierarchy>"])


def screenshot() -> bytes:
    """A screen of 1080 x 2400 with a status bar, words and a picture in it, as Skia would pack it."""
    image = Image.new("RGBA", (1080, 2400), (18, 18, 18, 255))
    draw = ImageDraw.Draw(image)
    draw.text((40, 30), "12:30", fill="white")
    noise = Image.effect_noise((1080, 1200), 60).convert("RGBA")
    image.paste(noise, (0, 400))
    for y in range(1700, 2300, 60):
        draw.text((40, y), "some words of a screen " * 4, fill="white")
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _page_source(xml: str) -> object:
    from uiautomator2.xpath import PageSource

    return PageSource.parse(xml).root


def table(title: str, actions: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Least and median processor time of each, taken in turns; the first is ours."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            began = time.thread_time()
            action()
            taken[name].append(time.thread_time() - began)
    print(title)
    for name, seconds in taken.items():
        print(f"  {name:28} {unit(min(seconds)):>8} at least, {unit(statistics.median(seconds)):>8} median")
    return {name: min(seconds) for name, seconds in taken.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    figures = Figures("looks", options)
    for nodes in (70, 225):
        xml = tree(nodes)
        data = xml.encode()
        best = table(
            f"a tree of {len(xml) // 1000} kB, {nodes} nodes",
            {
                "ours": partial(parse_xml, xml),
                "lxml alone, no nodes": partial(etree.fromstring, data),
                "uiautomator2's PageSource": partial(_page_source, xml),
            },
            options.rounds,
        )
        figures.add(f"tree of {nodes} nodes", best["ours"] * 1000, "ms")
    png = screenshot()
    best = table(
        f"a screenshot of {len(png) // 1000} kB: is it of one colour?",
        {
            "ours": lambda: shows_something(png),
            "Pillow, decoded": lambda: Image.open(io.BytesIO(png)).convert("RGB").getcolors(1),
        },
        max(3, options.rounds // 6),
    )
    figures.add("screenshot judged", best["ours"] * 1000, "ms")
    figures.close()


if __name__ == "__main__":
    main()
