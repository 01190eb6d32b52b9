from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jobs.hub.regular_file import NotRegular, open_regular
from jobs.hub.settings import Media
from jobs.media.local_folder import read_caption_file


def test_a_regular_file_is_opened_and_nothing_else_is(tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"x")
    with os.fdopen(open_regular(file), "rb") as opened:
        assert opened.read() == b"x"
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    for path in (tmp_path, tmp_path / "link", tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(NotRegular, match="not a regular file"):
            open_regular(path)
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")


def test_a_pipe_in_the_place_of_a_caption_file_blocks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Swapped in between the look at what it is and its opening."""
    caption = tmp_path / "caption.txt"
    os.mkfifo(caption)
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    errors: list[Exception] = []

    def read() -> None:
        try:
            read_caption_file(caption, Media(roots=(str(tmp_path),)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it came in time
            errors.append(error)

    worker = threading.Thread(target=read, daemon=True)
    worker.start()
    worker.join(5.0)
    assert errors
    assert "not a regular file" in str(errors[0])
