"""Kept screens to teach from: drawn screens with other words, other nodes or a sheet over them, in reports of rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from jobs.phone.screen.tree import Node, UiTree, parse_xml
from jobs.post.rehearsal.report import Report, SeenScreen
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.vocabularies import read_all_trusted
from jobs.post.teaching.kept_screens import KeptScreens
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.teaching import Teaching
from storage.records import Task
from tests.support.clock import FakeClock

PACKAGES = {"tiktok": "com.zhiliaoapp.musically", "instagram": "com.instagram.android"}


def xml_of(tree: UiTree, package: str, words: Mapping[str, str] | None = None, over: str = "") -> str:
    """A tree as a phone dumps it; `words` are said otherwise, `over` stands behind all else in the first window."""
    said = dict(words or {})

    def write(node: Node) -> str:
        flags = {
            "clickable": node.clickable, "checkable": node.checkable, "checked": node.checked, "selected": node.selected,
            "scrollable": node.scrollable, "enabled": node.enabled, "focused": node.focused,
        }  # fmt: skip
        left, top, right, bottom = node.bounds
        shown = {
            "text": said.get(node.text, node.text),
            "content-desc": said.get(node.content_desc, node.content_desc),
            "hint": said.get(node.hint, node.hint),
            "resource-id": node.resource_id and f"{package}:{node.resource_id}",
            "class": f"android.widget{node.class_name}",
            "package": package,
            "bounds": f"[{left},{top}][{right},{bottom}]",
            **{name: str(flag).lower() for name, flag in flags.items()},
        }
        attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in shown.items())
        inner = "".join(write(child) for child in node.children)
        return f"<node {attributes}>{inner}{over if node.parent is None else ''}</node>"

    roots = "".join(write(node) for node in tree.nodes if node.parent is None)
    return f"<?xml version='1.0'?><hierarchy>{roots}</hierarchy>"


def drawn_xml(platform: str, name: str, words: Mapping[str, str] | None = None, over: str = "") -> str:
    """A drawn screen as a phone dumps it."""
    return xml_of(drawn_trees(platform)[name], PACKAGES[platform], words, over)


def sheet(title: str, *buttons: str, platform: str = "tiktok") -> str:
    """A sheet over the lower half of the screen, with its buttons one below the other."""
    package = PACKAGES[platform]

    def node(cls: str, box: str, text: str = "", inner: str = "", *, clickable: bool = False) -> str:
        return (
            f'<node class="android.widget.{cls}" package="{package}" bounds="{box}" text={quoteattr(text)} content-desc="" '
            f'resource-id="" clickable="{str(clickable).lower()}" enabled="true" drawing-order="9">{inner}</node>'
        )

    rows = [
        node("Button", f"[86,{1700 + 160 * n}][994,{1820 + 160 * n}]", text, clickable=True)
        for n, text in enumerate(buttons)
    ]
    head = node("TextView", "[108,1400][972,1500]", title) + node(
        "TextView", "[108,1520][972,1600]", "What it is about"
    )
    return node("FrameLayout", "[0,1300][1080,2337]", "", head + "".join(rows))


class Evidence:
    """Evidence of no task."""

    def task_ids(self) -> list[int]:
        return []

    def names(self, task_id: int) -> list[str]:
        return []

    def read(self, task_id: int, name: str) -> bytes | None:
        return None

    def log(self, task_id: int) -> list[dict[str, Any]]:
        return []


def keep(
    reports: ReportFiles,
    *xmls: str,
    platform: str = "tiktok",
    language: str = "en",
    app_version: str = "48.2.0",
    **facts: Any,
) -> list[str]:
    """The report of a rehearsal that saw these screens and ended at the last; the ids of the screens."""
    number, folder = reports.new()
    seen = []
    for n, xml in enumerate(xmls, 1):
        (folder / f"{n:02}.xml").write_text(xml, "utf-8")
        seen.append(SeenScreen(name="", kind="unknown", at_ms=n * 1000, tree=f"{n:02}.xml"))
    reports.add(
        Report(
            id=number, serial="PHONE1", platform=platform, way="share", kind="video", state="failed", error="ui_changed",
            sentence="an unknown screen stayed", began_at=1000.0 + number, app_version=app_version, screens=tuple(seen),
            language=language, **facts,
        )
    )  # fmt: skip
    return [f"rehearsal-{number}-{n:02}" for n in range(1, len(xmls) + 1)]


class School:
    """A hub's teaching, with the screens that it keeps."""

    def __init__(self, folder: Path, platform: str = "tiktok", *, overlay: str = "") -> None:
        self.folder = folder
        self.platform = platform
        self.reports = ReportFiles(folder / "rehearsals")
        self.used: list[dict[str, Any]] = []
        self._overlay = overlay
        self.open()

    def open(self, task: Callable[[int], Task | None] = lambda _: None) -> None:
        """Begin, as after a restart."""
        self.book = LessonBook(
            FakeClock(), self.folder / "taught", trusted=read_all_trusted(self._overlay), use=self.used.append
        )
        self.kept = KeptScreens(self.reports, Evidence(), task)
        self.teaching = Teaching(self.book, self.kept)

    def keep(self, *xmls: str, **facts: Any) -> list[str]:
        """A rehearsal that saw these screens and ended at the last; their ids."""
        return keep(self.reports, *xmls, platform=self.platform, **facts)

    def node(self, screen: str, label: str) -> int:
        """The position of the node that says this."""
        _, sight = self.teaching.screens.read(screen)
        nodes = sight.tree.nodes
        return next(n for n, node in enumerate(nodes) if label in (node.text, node.content_desc, node.hint))

    def read(self, xml: str) -> str:
        """The name of the screen as what counts reads it."""
        from jobs.post.screens.recognise import recognise

        return recognise(parse_xml(xml), self.book.reader(self.platform), app_version="48.2.0").name
