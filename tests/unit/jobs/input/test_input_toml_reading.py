"""What is wrong with a file in TOML is said in words of whoever wrote it, with the line and what to write instead."""

from __future__ import annotations

import time

import pytest

from jobs.input.toml_depth import MAX_PARTS, too_deep
from jobs.input.toml_reading import TomlInvalid, decode_toml, read_toml


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(TomlInvalid) as raised:
        read_toml(text)
    return raised.value.line, str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[server]\nthreads = 4\nthreads = 5\n", 3, "threads stands twice in its section"),
        ("[server]\nthreads = 4\n[adb]\nport = 1\n[server]\n", 5, "[server] stands twice"),
        ('[[accounts]]\nusername = "a"\n[accounts]\n', 3, "[accounts] is written [[accounts]]"),
        ("[posting]\nauto_retry = yes\n", 2, "write true, in small letters"),
        ("[posting]\nauto_retry = False # not now\n", 2, "write false, in small letters"),
        (
            "[server]\nlisten = 127.0.0.1:50809\n",
            2,
            'a text must stand in quotes: listen = "127.0.0.1:50809"',
        ),
        ("[media]\nroots = /srv/media\n", 2, 'a text must stand in quotes: roots = "/srv/media"'),
        ("[posting]\ntimezone = Europe/Berlin\n", 2, 'timezone = "Europe/Berlin"'),
        ("[server]\nlisten = \u201c127.0.0.1:50809\u201d\n", 2, 'a straight "'),
        ("[server]\nthreads = 4,\n", 2, "behind a number"),
        ("[server]\nmax_upload_bytes = 4 GB\n", 2, "leave out GB"),
        ('[server]\nlisten = "a" "b"\n', 2, 'leave out "b"'),
        ("[server]\nthreads = 4 // four\n", 2, "a comment begins with #"),
        ("[server]\n; four\nthreads = 4\n", 2, "a comment begins with #"),
        ("// mine\n[server]\n", 1, "a comment begins with #"),
        ("[server]\nthreads = 08\n", 2, "does not begin with 0"),
        ("[server]\nthreads =\n", 2, "after threads = a value is missing"),
        ("[server]\nthreads: 4\n", 2, "a line is KEY = VALUE"),
        ("server:\n  threads: 4\n", 1, "a line is KEY = VALUE"),
        ('{"server": {"threads": 4}}', 1, "this is JSON"),
        ("[server\nthreads = 4\n", 1, "the bracket of a section is not closed"),
        ('[server]\nlisten = "127.0.0.1:50809\n', 2, "a quote is missing at its end"),
        ("[server]\nlisten = '127.0.0.1:50809\n", 0, "a quote is missing at its end"),
        ("[server]\nlisten = '127.0.0.1:50809\nhosts = ['hub']\n", 2, "a quote is missing at its end"),
        ('[media.path_map]\n"C:\\Videos" = "/srv"\n', 2, "a backslash must be doubled"),
        ('[media.path_map]\nC:/Videos = "/srv"\n', 2, "must stand in quotes"),
        ("[media]\nroots = [/srv]\n", 2, "a value in the list is wrong"),
        ("[server", 1, "the bracket of a section is not closed"),
        ("[server]\nthreads =", 2, "after threads = a value is missing"),
        ('[server]\nlisten = "127', 0, "a quote is missing at its end"),
        ('[server]\nlisten = """127', 0, "a quote is missing at its end"),
        ("[server]\nlisten = '''127", 0, "a quote is missing at its end"),
        ('[media]\nroots = ["/srv"\n', 0, "a list is never closed"),
        ("[server]\n\u00a0threads = 4\n", 2, "the invisible character U+00A0"),
        ("[server]\n\u200bthreads = 4\n", 2, "the invisible character U+200B"),
        ("[server]\n\x00threads = 4\n", 2, "the invisible character U+0000"),
        ("[server]\rthreads = 4\r", 1, "end in CR alone"),
        ("[server]\nthreads = " + "[" * 5000 + "]" * 5000, 0, "nested too deeply"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write_instead(text: str, line: int, said: str) -> None:
    where, why = refusal(text)
    assert said in why
    assert where == line
    # What Python's reader says about it is no help to whoever wrote the file.
    assert "(at " not in why
    assert why.isprintable()


@pytest.mark.parametrize(
    "text",
    ["", "\t[server]\n\tthreads = 4\n", "[server]\r\nthreads = 4\r\n", "server = {threads = 4}\n"],
)
def test_what_is_only_unusual_is_read(text: str) -> None:
    assert read_toml(text) in ({}, {"server": {"threads": 4}})


def test_a_file_is_utf_8_with_the_mark_of_notepad_or_without() -> None:
    assert decode_toml("\ufeffBüro".encode()) == decode_toml("Büro".encode()) == "Büro"


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (
            "[server]\n# Büro\n".encode("cp1252"),
            2,
            'byte 0xfc, "ü" if it is Windows-1252 (ANSI); save it as UTF-8',
        ),
        ("[server]\n".encode("utf-16"), 0, "is UTF-16 text: save it as UTF-8"),
        ("[server]\n".encode("utf-16-le"), 0, "is UTF-16 text: save it as UTF-8"),
        (b"\x81", 1, "byte 0x81; save it as UTF-8"),
    ],
)
def test_another_encoding_is_told_with_the_line_and_the_letter(data: bytes, line: int, said: str) -> None:
    with pytest.raises(TomlInvalid) as raised:
        decode_toml(data)
    assert said in str(raised.value)
    assert raised.value.line == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a." * 128 * 1024 + "b = 1", 1),
        ("x = 1\n[" + "a." * 128 * 1024 + "b]", 2),
        ("x = {" + "a . " * 64 * 1024 + "b = 1}", 1),
        ('"a".' * 64 * 1024 + "b = 1", 1),
        ("x = '''\n'''\n" + "'a'." * 64 * 1024 + "b = 1", 3),
        ('y = "\\"a"\nx = 1 # "\n' + "a." * 40 + "b = 1", 3),
    ],
)
def test_a_key_that_would_take_minutes_of_a_core_is_refused_unread(text: str, line: int) -> None:
    began = time.process_time()
    assert refusal(text) == (line, f"has a key of more than {MAX_PARTS} parts")
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(
    "text",
    [
        'x = "' + "a." * 100 + '"',
        'x = """\n' + "a." * 100 + ' = 1\n"""',
        "x = '''\n" + "a." * 100 + " = 1\n'''",
        "# " + "a." * 100 + "\nx = 1",
        "x = [" + "1.5, " * 100 + "]",
        "\n".join(f"a.b.c{n} = 1.5" for n in range(100)),
        ".".join("a" * MAX_PARTS) + " = 1",
    ],
)
def test_dots_that_are_no_deep_key_are_read(text: str) -> None:
    assert read_toml(text)


@pytest.mark.parametrize("unit", ["a", "'", '"', '\\"', ".", "\n", " ", "#", "a.\n", "[", "a b "])
def test_no_text_takes_long_to_be_looked_at(unit: str) -> None:
    began = time.process_time()
    too_deep(unit * (256 * 1024 // len(unit)) + "." * MAX_PARTS)
    assert time.process_time() - began < 5.0


def test_a_number_without_end_is_refused() -> None:
    assert refusal("x = " + "9" * 20_000) == (0, "has a number of thousands of digits")
