"""axe-core in the page: what keeps people from using it with a screen reader, a keyboard or poor sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Browser

_AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(
    (found) => found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")))"""


def violations(browser: Browser) -> list[str]:
    """What axe-core has to say of the page as it is now, one line for each rule; skips where it is not installed."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    if not browser.run("typeof axe === 'object'"):
        browser.run(f"{_AXE.read_text('utf-8')}; true")
    found: list[str] = browser.run(_RUN)
    return found
