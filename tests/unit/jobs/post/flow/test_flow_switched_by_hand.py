"""Somebody at the phone switches to another account between the look at the profile and the form: it is read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.records import Outcome
from tests.support.post_stage import THREE, AppStage, MakeStage, video_stages

#: By platform and way: what is done right before somebody switches.
MOMENTS = {
    ("tiktok", "share"): "intent SEND",
    ("tiktok", "addButton"): "tap create_button",
    ("instagram", "addButton"): "tap create_new",
}


def switched(stage: AppStage, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after this moment, once, somebody shows another account, for which the app begins anew."""
    phone = stage.phone
    left = [moment]

    def then_switch(touch: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any) -> Any:
            answer = touch(*given)
            if left and stage.way[-1:] == left:
                left.clear()
                phone.app.stop()
                phone.app.switch_to("demo_02")
                phone.app.launch()
                phone.changed()
            return answer

        return done

    monkeypatch.setattr(phone, "tap", then_switch(phone.tap))
    monkeypatch.setattr(phone, "start_intent", then_switch(phone.start_intent))


@pytest.mark.parametrize(("platform", "way"), MOMENTS)
@pytest.mark.parametrize("username", ["demo_01", ""])
def test_R45_whoever_is_in_front_when_the_way_begins_anew_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, way: str, username: str
) -> None:
    make: MakeStage = video_stages(platform, tmp_path)
    stage = make(phone=THREE, username=username, post_way=way)
    switched(stage, MOMENTS[platform, way], monkeypatch)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.post()["account"] == (username or "demo_02")
    assert stage.attempt.seen[-1] == (username or "demo_02")
    assert "demo_02" in stage.attempt.seen
