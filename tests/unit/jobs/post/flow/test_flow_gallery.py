"""What else comes into the phone's gallery while a post is prepared is never posted in the place of ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.phone.protocol import ShellResult
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


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize("late", [1, 2, 3])
@pytest.mark.parametrize("count", [3, 16])
def test_a_picker_that_shows_ours_only_after_an_older_picture_was_chosen_posts_no_older_picture(
    tmp_path: Path, platform: str, late: int, count: int
) -> None:
    """Pickers show at first what they had read before the push, and read the gallery anew while they are tapped."""
    names = [f"{number}.jpg" for number in range(count)]
    stage = AppStage(platform, files(tmp_path, *names), post_way="addButton")
    for number in range(8):
        stage.phone.add_row(f"/sdcard/DCIM/Camera/old{number}.jpg", sha256="0b" * 32)
        stage.phone.time.pass_(60.0)
    stage.phone.faults.arm("late-gallery", str(late))
    failed = stage.fails()
    assert failed.code == "ui_changed"
    again = AppStage(platform, files(tmp_path, *names), post_way="addButton", on=stage.phone, attempt=2)
    assert again.run().outcome is Outcome.PUBLISHED
    assert "0b" * 32 not in again.post()["media"]


@pytest.mark.parametrize(
    ("platform", "name", "fault"),
    [
        ("tiktok", "1.jpg", "late-gallery"),
        ("tiktok", "clip.mp4", "late-gallery"),
        ("instagram", "1.jpg", "late-newest"),
    ],
)
def test_a_picker_that_shows_ours_only_after_an_older_medium_was_chosen_does_not_post_that_alone(
    tmp_path: Path, platform: str, name: str, fault: str
) -> None:
    """An older video of the same length is not told by it."""
    stage = AppStage(platform, files(tmp_path, name), post_way="addButton")
    stage.phone.add_row(f"/sdcard/DCIM/Camera/old{name[-4:]}", sha256="0b" * 32)
    stage.phone.faults.arm(fault)
    assert stage.fails().code == "ui_changed"
    again = AppStage(platform, files(tmp_path, name), post_way="addButton", on=stage.phone, attempt=2)
    assert again.run().outcome is Outcome.PUBLISHED
    assert "0b" * 32 not in again.post()["media"]


def image_post(tmp_path: Path) -> AppStage:
    return AppStage("tiktok", files(tmp_path, "1.jpg"), post_way="addButton")


@pytest.mark.parametrize(
    "says",
    [
        "Error while accessing provider:media\njava.lang.IllegalStateException: Volume external_primary not found",
        "No result found.",
        "",
    ],
    ids=["an error", "nothing", "silence"],
)
def test_an_answer_that_does_not_hold_our_own_files_is_not_taken_for_nothing_came(
    tmp_path: Path, says: str
) -> None:
    stage = image_post(tmp_path)
    shell = stage.phone.shell

    def answers(*argv: str, **named: Any) -> ShellResult:
        return ShellResult(says, 0) if "_id>=" in argv[-1] else shell(*argv, **named)

    stage.phone.shell = answers  # type: ignore[method-assign]
    failed = stage.fails()
    assert (failed.code, failed.passing) == ("not_indexed", True)
    assert "does not say whether anything came into the gallery" in str(failed)


@pytest.mark.parametrize(
    "name", ["(1).jpg", "#1 with you.jpg", "фото.jpg", "tkmd-0000000001-3-1-1-0b0b0b0b.jpg"]
)
def test_what_came_after_our_file_is_told_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    """Also a file of an earlier task that the media store lists late: it would be posted twice."""
    stage = image_post(tmp_path)
    push = stage.phone.push_all

    def push_all(*args: Any, **named: Any) -> str:
        said = push(*args, **named)
        stage.phone.add_row(f"/sdcard/Other/{name}", sha256="0b" * 32)
        return said

    stage.phone.push_all = push_all  # type: ignore[method-assign]
    assert "something else came into the phone's gallery meanwhile" in str(stage.fails())


def test_a_picture_of_before_with_a_date_of_later_is_not_posted_in_the_place_of_ours(tmp_path: Path) -> None:
    """A camera whose clock went wrong, or a messenger that keeps the sender's date: pickers sort by dates."""
    stage = image_post(tmp_path)
    stage.phone.add_row("/sdcard/Other/party.jpg", sha256="0b" * 32)
    stage.phone.rows[0] = replace(stage.phone.rows[0], date_added=9e9)
    failed = stage.fails()
    assert failed.code == "not_indexed"
    assert str(failed).startswith("party.jpg in the phone's gallery is dated later than our file")
