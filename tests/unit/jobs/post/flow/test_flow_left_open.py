"""What an attempt that was cut off left on the screen is not gone on with: its answer may publish a post whose outcome is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.records import Outcome
from tests.support.app_phone import AppPhone
from tests.support.post_stage import AppStage, files
from tests.support.rehearsed import Rehearsed

#: What Instagram asks between Share and the upload; what comes on the way to the form, too, is answered there.
ASKED_AFTER_SHARE = ("download-privacy", "as-reels", "about-reels", "limited-reach")


class CutOffError(Exception):
    """The attempt ended here, as by a crash."""


def cut_off_at(folder: Path, notice: str) -> AppPhone:
    """A phone with a filled form whose Share was tapped, and a notice that waits for an answer before anything is sent."""
    stage = AppStage("instagram", files(folder, "clip.mp4"), caption="The first post", post_way="addButton")
    walk = Rehearsed(stage).walk

    def end(_: object) -> None:
        raise CutOffError

    walk._leave = end  # type: ignore[method-assign]
    walk._leave_anyhow = end  # type: ignore[method-assign, assignment]
    with pytest.raises(CutOffError):
        walk.run()
    stage.phone.app.cover(notice)
    stage.phone.display.changed()
    assert stage.phone.posts == []
    return stage.phone


@pytest.mark.parametrize("notice", ASKED_AFTER_SHARE)
def test_the_next_post_does_not_send_the_one_before_which_a_person_may_have_asked_for_again(
    tmp_path: Path, notice: str
) -> None:
    phone = cut_off_at(tmp_path, notice)
    second = AppStage(
        "instagram", files(tmp_path, "next.mp4"), caption="The second post", post_way="addButton", on=phone
    )
    assert second.run().outcome is Outcome.PUBLISHED
    assert [post.caption for post in phone.posts] == ["The second post"]


@pytest.mark.parametrize("notice", ASKED_AFTER_SHARE)
def test_a_rehearsal_does_not_send_the_post_before(tmp_path: Path, notice: str) -> None:
    phone = cut_off_at(tmp_path, notice)
    Rehearsed(
        AppStage(
            "instagram", files(tmp_path, "next.mp4"), caption="A rehearsal", post_way="addButton", on=phone
        )
    ).tried()
    assert phone.posts == []
