"""What the apps say around the publishing tap: posts go out once, failed ones are told as failed."""

from __future__ import annotations

import pytest

from simulator.apps.instagram.compose.notices import NOTICES, WITH_SHARE

#: fault, app, outcome
SAID = [
    *((f"popup {name}", "instagram", "published") for name in (*NOTICES, *WITH_SHARE)),
    ("popup publish-publicly", "tiktok", "published"),
    ("upload-fail", "tiktok", "not_published"),
    ("upload-fail", "instagram", "not_published"),
]


@pytest.mark.timeout(240)
def test_U2_19_what_the_app_says_around_the_tap_is_understood(hub):
    one = hub(len(SAID))
    daemon = one.start()
    phones = one.phones
    tasks = []
    for number, (fault, app, _) in enumerate(SAID):
        phones.simctl(phones.serials[number], "fault", *fault.split())
        config = {
            "captions": f"post {number}",
            "material_list": [str(one.video)],
            "post_way": "addButton",
            "upload_wait_time": 0,
        }
        tasks.append(
            daemon.post(usernames=[one.account(app, number)], platform=app, force=True, script_config=config)
        )
    ends = [daemon.ended(task) for task in tasks]
    seen = [(fault, app, end["outcome"]) for (fault, app, _), end in zip(SAID, ends, strict=True)]
    assert seen == SAID, "\n".join(daemon.log_tail(task) for task in tasks)
    posted = [post["caption"] for post in one.posts()]
    assert sorted(posted) == sorted(f"post {n}" for n, row in enumerate(SAID) if row[2] == "published")
