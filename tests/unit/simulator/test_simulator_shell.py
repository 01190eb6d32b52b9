"""The phone's shell: its language and its plain commands."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.shell import lang
from simulator.shell.tokens import ShellSyntaxError
from tests.unit.simulator.phonebench import Printed, make_phone, sh


def shell(folder: Path, *lines: str, stdin: bytes = b"") -> Printed:
    """Run lines one after the other on a new phone; what the last one printed."""

    async def run() -> Printed:
        phone = make_phone(folder)
        printed = Printed("", "", 0)
        for line in lines:
            printed = await sh(phone, line, stdin)
        phone.close()
        return printed

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("echo a  b", "a b\n"),
        ("echo 'a  b' \"c d\" e\\ f", "a  b c d e f\n"),
        ("echo -n x", "x"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("false; echo $?", "1\n"),
        ("nope 2>/dev/null; echo $?", "127\n"),
        ("echo one; echo two", "one\ntwo\n"),
        ("ls -t /sdcard | head -n 1", "Android\n"),
        ("x=5; echo $x '$x' \"$x\" $y", "5 $x 5\n"),
        ("echo $(echo a b)", "a b\n"),
        ("for n in 1 2 3; do echo $n; done", "1\n2\n3\n"),
        ("{ echo sub; false; }; echo $?", "sub\n1\n"),
        ("echo err 1>&2 2>&1", ""),
        ("nope 2>&1", "/system/bin/sh: nope: inaccessible or not found\n"),
        ("cd /sdcard/DCIM && pwd", "/storage/emulated/0/DCIM\n"),
        ("sh -c 'echo inner'", "inner\n"),
        ("exit 3; echo never", ""),
        ("toybox echo t", "t\n"),
    ],
)
def test_a_command_line_prints_what_a_phone_prints(tmp_path: Path, line: str, output: str) -> None:
    assert shell(tmp_path, line).out == output


@pytest.mark.parametrize(
    "line", ["echo 'open", 'echo "open', "echo $(open", "a &&", "| b", "for n in 1; echo $n", "a )"]
)
def test_a_broken_line_is_a_syntax_error(tmp_path: Path, line: str) -> None:
    printed = shell(tmp_path, line)
    assert printed.status == 1
    assert printed.err.startswith("/system/bin/sh: ")


@pytest.mark.parametrize(
    "line",
    [
        "(echo a)",
        "echo a & echo b",
        "echo `echo a`",
        "cat < /sdcard/x",
        "echo ${x:-none}",
        "if true; then echo a; fi",
        "! true",
    ],
)
def test_what_no_client_writes_is_refused(tmp_path: Path, line: str) -> None:
    printed = shell(tmp_path, f"echo a > /sdcard/x; {line}")
    assert printed.out == "" or "not found" in printed.err
    assert printed.status != 0


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_PPA_9_a_quoted_word_stays_one_word(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "'"
    parsed = lang.parse(f"echo {quoted}")
    simple = parsed.items[0][1][0]
    assert isinstance(simple, lang.Simple)
    assert len(simple.words) == 2
    assert "".join(part.value for part in simple.words[1].parts) == text


@pytest.mark.parametrize("word", ["²", "१", "9999"])
def test_only_the_digits_of_a_file_descriptor_before_a_redirection_belong_to_it(
    tmp_path: Path, word: str
) -> None:
    assert shell(tmp_path, f"echo {word}>/sdcard/said; cat /sdcard/said") == Printed(f"{word}\n", "", 0)


@given(st.text(max_size=80))
def test_the_parser_only_ever_raises_its_own_error(text: str) -> None:
    with contextlib.suppress(ShellSyntaxError):
        lang.parse(text)


def test_exit_status_and_streams_are_kept_apart(tmp_path: Path) -> None:
    printed = shell(tmp_path, "ls /sdcard/none; echo end")
    assert printed == Printed("end\n", "ls: /sdcard/none: No such file or directory\n", 0)


def test_an_unknown_command_says_what_mksh_says(tmp_path: Path) -> None:
    assert shell(tmp_path, "busybox ls") == Printed(
        "", "/system/bin/sh: busybox: inaccessible or not found\n", 127
    )


def test_redirections_write_files_of_the_phone(tmp_path: Path) -> None:
    printed = shell(
        tmp_path, "echo a > /sdcard/x; echo b >> /sdcard/x; cat /sdcard/x; cat /storage/emulated/0/x"
    )
    assert printed.out == "a\nb\na\nb\n"
    assert (tmp_path / "sdcard/x").read_text() == "a\nb\n"


def test_system_folders_are_read_only(tmp_path: Path) -> None:
    assert "Read-only file system" in shell(tmp_path, "echo x > /system/x").err
    assert "Permission denied" in shell(tmp_path, "touch /data/secret").err
    assert "Permission denied" in shell(tmp_path, "cat /data/data/x").err


@pytest.mark.parametrize(
    "path", ["/sdcard/../../../etc/passwd", "/data/local/tmp/../../../etc/passwd", "/etc/passwd"]
)
def test_no_path_leads_out_of_the_phone(tmp_path: Path, path: str) -> None:
    printed = shell(tmp_path, f"cat {path}")
    assert printed.status == 1
    assert printed.out == ""


def test_globs_match_files(tmp_path: Path) -> None:
    printed = shell(tmp_path, "touch /sdcard/a.mp4 /sdcard/b.mp4", "rm /sdcard/*.mp4; ls /sdcard/*.mp4")
    assert "No such file" in printed.err


def test_files_can_be_moved_measured_hashed_and_removed(tmp_path: Path) -> None:
    printed = shell(
        tmp_path,
        "echo -n hello > /sdcard/f; mkdir -p /sdcard/d/e; mv -f /sdcard/f /sdcard/d/g",
        "stat -c %s /sdcard/d/g; sha256sum /sdcard/d/g; md5sum -b /sdcard/d/g; find /sdcard/d -type f; rm -rf /sdcard/d; ls /sdcard",
    )
    assert printed.out.splitlines()[:4] == [
        "5",
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  /sdcard/d/g",
        "5d41402abc4b2a76b9719d911017c592",
        "/sdcard/d/g",
    ]
    assert "d" not in printed.out.splitlines()[4:]


def test_df_has_the_columns_of_a_phone(tmp_path: Path) -> None:
    head, line = shell(tmp_path, "df -k /sdcard").out.splitlines()
    assert head.split()[:4] == ["Filesystem", "1K-blocks", "Used", "Available"]
    assert int(line.split()[3]) > 10_000_000
    full = shell(tmp_path, "simctl set free-bytes 1000000; df -k /sdcard").out.splitlines()[1]
    assert full.split()[3] == str(1_000_000 // 1024)


def test_JOB_10_a_full_phone_refuses_to_write(tmp_path: Path) -> None:
    printed = shell(tmp_path, "simctl set free-bytes 3", "echo hello > /sdcard/x")
    assert printed.status != 0
