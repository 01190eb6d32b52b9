"""The status page: one answer without outside resources, under a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Reply

_FOLDER = Path(__file__).parent / "static"
_STYLE = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
_SCRIPT = re.compile(r'<script src="([a-z]+\.js)"></script>')
_INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class StatusPage:
    """`GET /`. Read once at start; the policy names the page's own style and scripts by their hashes."""

    def __init__(self) -> None:
        text = whole_page()
        self._reply = Reply(
            200,
            text.encode(),
            (
                ("Content-Security-Policy", content_policy(text)),
                ("Cache-Control", "no-cache"),
                # Not "no-referrer": under that some browsers send "Origin: null" with the page's own calls.
                ("Referrer-Policy", "same-origin"),
                ("X-Frame-Options", "DENY"),
            ),
            "text/html; charset=utf-8",
        )

    def get(self, call: Call) -> Result:
        return self._reply

    def routes(self) -> list[Route]:
        """The one route; it holds no data, so it needs no token."""
        return [
            Route(
                method="GET",
                path="/",
                call=self.get,
                summary="Status page for people",
                tag="health",
                media_type="text/html",
                token=False,
            )
        ]


def whole_page() -> str:
    """The page with its style and scripts in their places: one answer, so never parts of two versions."""

    def inline(kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: f"<{kind}>{(_FOLDER / found[1]).read_text('utf-8')}</{kind}>"

    page = (_FOLDER / "index.html").read_text("utf-8")
    return _SCRIPT.sub(inline("script"), _STYLE.sub(inline("style"), page))


def content_policy(page: str) -> str:
    """A Content-Security-Policy under which exactly the inline parts of this page work."""
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for kind, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; style-src {' '.join(hashes['style'])}; "
        "connect-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
