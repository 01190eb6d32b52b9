"""Posts before which an upload failed: its notice stays on the phone, and what the daemon says is what the phone did."""

import pytest


def config_for(one, caption, **more):
    return {"captions": caption, "material_list": [str(one.video)], "upload_wait_time": 0, **more}


def outcomes(one, daemon, platform, steps, **more):
    """Post for whoever is logged in, each with the fault given; caption -> outcome."""
    (serial,) = one.phones.serials
    ends = {}
    for caption, fault in steps.items():
        if fault:
            one.phones.simctl(serial, "fault", fault)
        config = config_for(one, caption, **more)
        task = daemon.post(serials=[serial], platform=platform, force=True, script_config=config)
        ends[caption] = daemon.ended(task)["outcome"]
    return ends


@pytest.mark.parametrize(
    ("platform", "way"),
    [
        ("tiktok", "share"),
        pytest.param("tiktok", "addButton", marks=pytest.mark.long),
        ("instagram", "addButton"),
    ],
)
def test_after_a_failed_upload_posts_are_told_as_they_are(hub, platform, way):
    one = hub(1)
    steps = {"one": "", "two": "upload-fail", "three": "", "four": "", "five": ""}
    ends = outcomes(one, one.start(), platform, steps, post_way=way)
    posted = {post["caption"] for post in one.posts()}
    assert posted == {"one", "three", "four", "five"}
    assert {caption for caption, outcome in ends.items() if outcome == "published"} == posted
    assert ends["two"] == "not_published"


def test_an_older_story_does_not_prove_the_new_one(hub):
    one = hub(1)
    daemon = one.start()
    first = outcomes(one, daemon, "instagram", {"": ""}, placement="story")
    # Between the two the app is left on another tab.
    assert outcomes(one, daemon, "instagram", {"reel": ""}) == {"reel": "published"}
    second = outcomes(one, daemon, "instagram", {"": "upload-fail"}, placement="story")
    assert (first[""], second[""]) == ("published", "unknown")
    assert [post["kind"] for post in one.posts()] == ["story", "reel"]


@pytest.mark.parametrize("before", [pytest.param("", marks=pytest.mark.long), "upload-fail"])
def test_a_crash_after_the_tap_beside_an_older_notice_is_settled_by_the_truth(hub, before):
    one = hub(1)
    (serial,) = one.phones.serials
    daemon = one.start()
    outcomes(one, daemon, "tiktok", {"first": before}, post_way="share")
    daemon.stop()
    daemon = one.start(crash_at="jobs.after_verifying")
    task = daemon.post(
        serials=[serial],
        platform="tiktok",
        force=True,
        script_config=config_for(one, "second", post_way="share"),
    )
    assert daemon.died() == -9
    ended = one.start().ended(task, 120)
    assert [post["caption"] for post in one.posts()].count("second") == 1
    assert ended["outcome"] in {"published", "unknown"}
