"""Logs: plain for people, priorities for the journal, JSON for machines."""

import json
import logging
import os
import sys

import pytest

from jobs.hub.logs import JournalFormatter, JsonFormatter, PlainFormatter, context, set_up


def record(level=logging.WARNING, message="phone lost", **extra):
    made = logging.LogRecord("jobs.x", level, __file__, 1, message, (), None)
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def boom():
    try:
        raise ValueError("why")
    except ValueError:
        made = record(logging.ERROR, "it broke")
        made.exc_info = sys.exc_info()
        return made


def test_plain_lines_carry_the_context():
    assert (
        PlainFormatter().format(record(serial="A1", task=7)).endswith("warning phone lost task=7 serial=A1")
    )


def test_every_line_for_the_journal_has_its_priority_also_in_a_trace():
    lines = JournalFormatter().format(boom()).splitlines()
    assert lines[0] == "<3>it broke"
    assert all(line.startswith("<3>") for line in lines)
    assert lines[-1] == "<3>ValueError: why"


def test_a_message_with_line_breaks_cannot_fake_another_entry_in_the_journal():
    assert JournalFormatter().format(record(message="a\n<0>b")).splitlines() == ["<4>a", "<4><0>b"]


@pytest.mark.parametrize("formatter", [PlainFormatter(), JournalFormatter()])
def test_no_line_holds_what_steers_a_terminal_or_what_journalctl_hides(formatter):
    made = record(message="phone \x1b[2J\u202elost\x9b31m", serial="A\x071")
    made.exc_info = (ValueError, ValueError("red \x1b[31m"), None)
    said = formatter.format(made)
    assert "phone ?[2J?lost?31m" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert "木工 é 🪵" in formatter.format(record(message="木工 é 🪵"))


def test_a_message_with_line_breaks_is_one_plain_line():
    assert (
        PlainFormatter().format(record(message="a\n12:00:00 error b")).endswith("warning a 12:00:00 error b")
    )


def test_json_is_one_object_per_line_with_the_trace_inside():
    line = JsonFormatter().format(boom())
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert "ValueError: why" in entry["trace"]


def test_lines_of_a_thread_carry_what_it_works_on_and_the_innermost_step():
    formatter = PlainFormatter()
    with context(task=7, serial="A1"):
        with context(step="push"):
            assert formatter.format(record()).endswith("phone lost task=7 serial=A1 step=push")
        assert formatter.format(record(serial="B2")).endswith("phone lost task=7 serial=B2")
    with context(task=0, serial="A1"):
        assert formatter.format(record()).endswith("phone lost serial=A1")
    assert formatter.format(record()).endswith("phone lost")
    with context(task=7):
        assert json.loads(JsonFormatter().format(record()))["task"] == 7


@pytest.fixture
def root_logger():
    """The root logger, as it was before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_auto_writes_for_the_journal_only_where_it_listens(root_logger, monkeypatch, tmp_path):
    def form():
        set_up("info", "auto")
        return type(root_logger.handlers[0].formatter)

    with (tmp_path / "stderr").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        facts = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
        assert form() is JournalFormatter
        # A terminal that was opened by a service: its environment names a stream that is not ours.
        monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino + 1}")
        assert form() is PlainFormatter
        monkeypatch.delenv("JOURNAL_STREAM")
        assert form() is PlainFormatter
