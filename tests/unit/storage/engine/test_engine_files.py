"""A file takes the place of a file, and never that of a device or a pipe."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from storage.engine.files import Files


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="give the name of a file"):
        Files().replace(pipe, [b"content"], "export")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("leads", ["/proc/self/fd", "/proc/self/fd/{}"])
def test_what_a_shell_calls_the_standard_output_is_not_replaced_either(tmp_path: Path, leads: str) -> None:
    """As /dev/stdout and /dev/fd/1 are, also while they lead to an ordinary file."""
    with (tmp_path / "redirected").open("wb") as output:
        number = output.fileno()
        link = tmp_path / "stdout"
        link.symlink_to(leads.format(number))
        target = link / str(number) if leads.endswith("fd") else link
        with pytest.raises(OSError, match="give the name of a file"):
            Files().replace(target, [b"content"], "export")
        assert link.is_symlink()


def test_a_file_and_a_link_to_one_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "link").symlink_to("old")
    for name in ("old", "link", "new"):
        Files().replace(tmp_path / name, [b"content"], "export")
        assert (tmp_path / name).read_bytes() == b"content"
