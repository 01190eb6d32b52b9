"""What else comes into the phone's gallery while a post is prepared is never posted in the place of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.records import Outcome
from tests.support.post_stage import AppStage, files


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize("count", [0, 1, 3], ids=["a video", "an image", "images"])
def test_a_file_that_comes_into_the_gallery_after_ours_is_not_posted_in_its_place(
    tmp_path: Path, platform: str, count: int
) -> None:
    """A messenger saves what people send; pickers show the newest first, and its length alone tells a video from another."""
    names = [f"{number}.jpg" for number in range(count)] or ["clip.mp4"]
    stage = AppStage(platform, files(tmp_path, *names), post_way="addButton")
    push = stage.phone.push_all

    def push_all(*args: Any, **named: Any) -> str:
        said = push(*args, **named)
        stage.phone.add_row(f"/sdcard/WhatsApp/private{names[0][-4:]}", sha256="0b" * 32)
        return said

    stage.phone.push_all = push_all  # type: ignore[method-assign]
    failed = stage.fails()
    assert (failed.code, failed.passing) == ("not_indexed", True)
    assert "something else came into the phone's gallery meanwhile" in str(failed)
    stage.phone.push_all = push  # type: ignore[method-assign]
    again = AppStage(platform, files(tmp_path, *names), post_way="addButton", on=stage.phone, attempt=2)
    assert again.run().outcome is Outcome.PUBLISHED
    assert "0b" * 32 not in again.post()["media"]
