"""Instagram's picker as real ones behave: its grid is that of before until it is opened anew, and it swallows touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.phone.screen.tree import Node
from jobs.post.instagram.picking import newest_video
from simulator.apps.base import MediaRow
from simulator.apps.kit.picker import MediaPicker
from storage.records import Outcome
from tests.support.post_stage import AppStage, files

OLD = "/sdcard/DCIM/Camera/old"


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The first so many pickers that are opened do not list the newest file."""

    def until(opened: int) -> None:
        made, listed, left = MediaPicker.__init__, MediaPicker.rows, [opened]
        late: set[int] = set()

        def init(self: Any, *args: Any, **more: Any) -> None:
            made(self, *args, **more)
            if left[0] > 0:
                left[0] -= 1
                late.add(id(self))

        def rows(self: Any) -> list[MediaRow]:
            found = listed(self)
            newest = max((row.id for row in found), default=0)
            return [row for row in found if row.id != newest] if id(self) in late else found

        monkeypatch.setattr(MediaPicker, "__init__", init)
        monkeypatch.setattr(MediaPicker, "rows", rows)

    return until


def stage_with(tmp_path: Path, name: str, **config: Any) -> AppStage:
    stage = AppStage("instagram", files(tmp_path, name), **config)
    stage.phone.add_row(f"{OLD}{Path(name).suffix}", duration_s=30.0)
    return stage


def test_an_older_video_that_still_stands_first_is_not_taken_for_ours(
    tmp_path: Path, stale: Callable[[int], None]
) -> None:
    stale(2)
    stage = stage_with(tmp_path, "clip.mp4")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["media"] == [stage.attempt.task.materials[0].sha256]
    assert stage.attempt.facts["the newest video of the picker is not ours"] == {"shows_s": 30}
    assert "the picker's grid does not show our file yet" in stage.attempt.facts
    assert stage.way.count("tap picker_cancel") == 2
    assert stage.way.count("tap newest video") == 1


def test_where_our_video_never_comes_nothing_is_chosen(tmp_path: Path, stale: Callable[[int], None]) -> None:
    stale(1000)
    failed = (stage := stage_with(tmp_path, "clip.mp4")).fails()
    assert failed.code in {"not_indexed", "ui_changed"}
    assert "tap newest video" not in stage.way


def test_a_grid_without_a_photo_is_opened_anew(tmp_path: Path, stale: Callable[[int], None]) -> None:
    stale(1)
    stage = AppStage("instagram", files(tmp_path, "a.jpg"))
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.way.count("tap picker_cancel") == 1


def test_a_video_that_takes_no_touch_ends_the_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stage_with(tmp_path, "clip.mp4")
    inner = stage.phone.tap

    def tap(x: int, y: int) -> None:
        if stage.attempt.log[-1] == "tap newest video":
            stage.phone.call("tap")
        else:
            inner(x, y)

    monkeypatch.setattr(stage.phone, "tap", tap)
    failed = stage.fails()
    assert (failed.code, str(failed)) == ("ui_changed", "tapping the video has no effect")
    assert stage.way.count("tap newest video") == 1


def test_where_several_cannot_be_selected_the_first_image_is_not_posted_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = AppStage("instagram", files(tmp_path, "a.jpg", "b.jpg"))
    inner = stage.phone.tap

    def tap(x: int, y: int) -> None:
        if stage.attempt.log[-1] == "tap select_multiple":
            stage.phone.call("tap")
        else:
            inner(x, y)

    monkeypatch.setattr(stage.phone, "tap", tap)
    failed = stage.fails()
    assert (failed.code, str(failed)) == ("ui_changed", "selecting several images cannot be turned on")


def test_in_a_language_that_is_not_known_the_first_thumbnail_with_a_duration_is_the_video() -> None:
    def node(left: int, top: int) -> Node:
        return Node(bounds=(left, top, left + 300, top + 300), order=left + top)

    photo, video, older = node(0, 0), node(300, 0), node(0, 300)
    labels = [
        SimpleNamespace(center=(n.bounds[0] + 250, n.bounds[1] + 280), node=SimpleNamespace(text="0:05"))
        for n in (older, video)
    ]
    found: dict[Any, list[Any]] = {
        "thumbnails": [SimpleNamespace(node=n) for n in (older, photo, video)],
        "duration_label": labels,
    }
    sight: Any = SimpleNamespace(index=SimpleNamespace(find_all=lambda name: found.get(name, [])))
    assert newest_video(sight) is video
