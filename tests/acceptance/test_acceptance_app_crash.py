"""An app that dies right after the publishing tap and is shown at its tabs again: nothing says that nothing was sent."""

from __future__ import annotations

import pytest


@pytest.mark.timeout(300)
def test_JOB_5_an_app_that_crashed_after_the_tap_is_not_taken_for_one_that_has_published(hub):
    one = hub(1)
    daemon = one.start()
    (serial,) = one.phones.serials

    def post(caption: str) -> dict[str, object]:
        task = daemon.post(
            usernames=[one.account("tiktok")],
            platform="tiktok",
            force=True,
            script_config={"captions": caption, "material_list": [str(one.video)], "upload_wait_time": 0},
        )
        return daemon.ended(task, 120)

    assert post("before")["outcome"] == "published"
    one.phones.simctl(serial, "fault", "crash-on-post")
    crashed = post("lost")
    assert crashed["outcome"] == "unknown", crashed["remark"]
    assert crashed["error"]["code"] == "unproven"
    assert crashed["remark"].startswith("the app was started anew after the tap")
    assert [p["caption"] for p in one.posts()] == ["before"]
    assert post("after")["outcome"] == "published"
    assert [p["caption"] for p in one.posts()] == ["before", "after"]
