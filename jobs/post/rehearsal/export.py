"""A rehearsal's report with its trees and pictures as one zip file, as it is or without what is of people."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from typing import IO

import msgspec

from jobs.phone.screen.tree import TreeUnreadable, UiTree, parse_xml
from jobs.post.rehearsal.blanking import Blanking
from jobs.post.rehearsal.rehearsals import CAPTION
from jobs.post.rehearsal.report import Report
from jobs.post.rehearsal.report_files import ReportFiles
from jobs.post.screens.screens_file import Vocabulary

#: In place of the serial, which names one phone in the world.
PHONE = "phone"
_AS_IT_IS = """Rehearsal {id}: report.json says what came on the phone's screen and by which rules it was recognised; NN.png and
NN.xml are picture and UI tree of screen NN. They hold names, texts and pictures of people, as the phone showed them.
"""
_BLANKED = """Rehearsal {id}: report.json says what came on the phone's screen and by which rules it was recognised; NN.xml is the UI
tree of screen NN, NN.svg a drawing of its boxes. Texts of people are replaced by their shape ("xxxxx xx"), names of accounts and the
phone's serial are left out, and so are all pictures. What the app says of its own is kept where no person's text can stand. A text that
an app shows in a place of its own may still be a name: look through the files before you send them.
"""


def write(
    target: IO[bytes],
    report: Report,
    files: ReportFiles,
    *,
    vocabulary: Vocabulary,
    names: Collection[str],
    blank: bool,
) -> None:
    """Write the file of a report that has ended; `blank` leaves out what is of people, such as the known `names`.

    Raises:
        OSError: the target takes no more.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        if blank:
            _write_blanked(made, report, files, vocabulary, names)
            return
        made.writestr("README.txt", _AS_IT_IS.format(id=report.id))
        made.writestr("report.json", _encoded(report))
        for screen in report.screens:
            for name in (screen.picture, screen.tree):
                data = files.read(report.id, name) if name else None
                if data is not None:
                    packed = zipfile.ZIP_STORED if name.endswith(".png") else None
                    made.writestr(name, data, packed)


def _write_blanked(
    made: zipfile.ZipFile, report: Report, files: ReportFiles, vocabulary: Vocabulary, names: Collection[str]
) -> None:
    trees = {screen.tree: _tree(report, files, screen.tree) for screen in report.screens if screen.tree}
    readable = {name: tree for name, tree in trees.items() if tree is not None}
    blanking = Blanking(
        vocabulary,
        readable.values(),
        names=[*names, report.account, report.serial],
        ours=[CAPTION],
        app_version=report.app_version,
    )
    made.writestr("README.txt", _BLANKED.format(id=report.id))
    made.writestr("report.json", _encoded(blanked(report, blanking, readable)))
    for name, tree in readable.items():
        made.writestr(name, blanking.xml(tree))
        made.writestr(f"{name.removesuffix('.xml')}.svg", blanking.drawing(tree))


def blanked(report: Report, blanking: Blanking, trees: Collection[str]) -> Report:
    """The report without what is of people; of its files only these trees are named."""
    return msgspec.structs.replace(
        report,
        serial=PHONE,
        account="",
        sentence=blanking.sentence(report.sentence),
        notes=tuple(blanking.sentence(note) for note in report.notes),
        options=tuple(
            msgspec.structs.replace(option, detail=blanking.sentence(option.detail))
            for option in report.options
        ),
        screens=tuple(
            msgspec.structs.replace(
                screen,
                picture="",
                tree=screen.tree if screen.tree in trees else "",
                rules={name: blanking.sentence(rule) for name, rule in screen.rules.items()},
            )
            for screen in report.screens
        ),
    )


def _tree(report: Report, files: ReportFiles, name: str) -> UiTree | None:
    """A tree of the report; None for one that cannot be read, and so cannot be blanked."""
    data = files.read(report.id, name)
    try:
        return None if data is None else parse_xml(data.decode("utf-8", "replace"))
    except TreeUnreadable:
        return None


def _encoded(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
