"""Several commands in one line: each keeps its output and its status, whatever the others do."""

from __future__ import annotations

from typing import cast

import pytest

from jobs.phone.adb.client import AdbPhone, Printed
from jobs.phone.adb.together import run_together
from jobs.phone.errors import CommandFailed
from jobs.phone.session import Session
from tests.support.fake_adb import FakePhone


class Cut:
    """A phone whose shell ends in the midst of a line, or prints lines that look like markers."""

    serial = "S"

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.line = ""

    def run(self, line: str, *, timeout_s: float) -> Printed:
        self.line = line
        marker = line.rpartition("echo ")[2].removesuffix("$?").encode()
        return Printed(self.answer.replace(b"MARK", marker), b"", 1)


def ask(phone: Cut, *commands: tuple[str, ...]) -> list[Printed]:
    return run_together(cast("AdbPhone", phone), *commands, timeout_s=5.0)


def test_a_command_that_fails_is_told_from_the_others(session: Session, phone: FakePhone) -> None:
    phone.handlers["dumpsys"] = lambda _, words: (
        (0, b"first\n") if words[1] == "power" else (20, b"no service")
    )
    results = session.shell_all(("dumpsys", "power"), ("dumpsys", "locale"), ("echo", "last"), ("nosuch",))
    assert [(r.output, r.exit_code) for r in results[:3]] == [
        ("first\n", 0),
        ("no service", 20),
        ("last\n", 0),
    ]
    assert results[3].exit_code == 127


def test_what_a_command_prints_is_never_taken_for_its_end() -> None:
    phone = Cut(b"DONE-0000000000000000:0\nDONE-x:1\nMARK3\r\n\xff no newlineMARK0\n")
    first, second = ask(phone, ("a",), ("b",))
    assert (first.text, first.exit_code) == ("DONE-0000000000000000:0\nDONE-x:1\n", 3)
    assert (second.text, second.exit_code) == ("\N{REPLACEMENT CHARACTER} no newline", 0)


def test_a_shell_that_ends_in_the_midst_is_a_failure() -> None:
    with pytest.raises(CommandFailed, match="after 1 of 2 commands: sh: Out of memory"):
        ask(Cut(b"oneMARK0\nsh: Out of memory\n"), ("a",), ("b",))


def test_no_word_of_a_command_means_anything_to_the_shell() -> None:
    phone = Cut(b"MARK0\n")
    ask(phone, ("pm", "grant", "a; reboot", "$(reboot)"))
    assert phone.line.startswith("pm grant 'a; reboot' '$(reboot)' 2>&1; echo DONE-")
