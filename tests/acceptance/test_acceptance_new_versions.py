"""An app is updated: its next post waits for a rehearsal, says so, and goes on when the rehearsal is green or a person says so."""

from __future__ import annotations

import pytest

from tests.support.daemon import until

#: Buttons that no shipped rule knows, and a sheet in the way.
UPDATE = "49.0.2"


def asks(one, daemon, number=0, **config):
    serial = one.phones.serials[number]
    settings = {
        "captions": f"post {number}",
        "material_list": [str(one.video)],
        "upload_wait_time": 0,
        **config,
    }
    return daemon.post(serials=[serial], script_config=settings)


def waits(daemon, task, words, timeout_s=90):
    """The task as it waits for its rehearsal with these words in its reason."""

    def there():
        found = daemon.task(task)
        return found if found["waiting_for"] == "rehearsal" and words in found["waiting_detail"] else None

    return until(there, timeout_s, f"task {task} waits: {words}", most_s=0.3)


def versions(daemon):
    found = daemon.call("GET", "/api/v1/compat")["data"]["versions"]
    return {(one["app_version"], one["language"]): one for one in found}


@pytest.mark.timeout(300)
def test_posts_of_an_updated_app_wait_for_its_rehearsal_and_for_a_person(hub):
    one = hub(2)
    for line in (
        "rehearse_new_versions = true",
        "unknown_screen_patience_s = 1.5",
        "duplicate_window_minutes = 0",
    ):
        one.configure("posting", line)
    daemon = one.start()
    first, second = asks(one, daemon, 0), asks(one, daemon, 1)
    assert daemon.ended(first)["outcome"] == daemon.ended(second)["outcome"] == "published"
    (green,) = daemon.call("GET", "/api/v1/rehearsals")["data"]["rehearsals"]
    assert green["state"] == "ready"
    assert versions(daemon)["43.1.4", "en"]["state"] == "ready"

    one.phones.simctl(one.phones.serials[0], "update", "tiktok", UPDATE)
    held = asks(one, daemon, 0)
    found = waits(daemon, held, "failed its rehearsal")
    assert "teach what it did not know" in found["waiting_detail"]
    assert len(one.posts()) == 2
    line = versions(daemon)[UPDATE, "en"]
    assert (line["state"], line["phones"]) == ("failing", [one.phones.serials[0]])
    assert line["last_rehearsal"]["state"] == "failed"
    (card,) = [n for n in daemon.call("GET", "/api/v1/needs")["data"]["needs"] if n["kind"] == "version"]
    assert [act["call"] for act in card["actions"]] == ["Rehearse again", "Post anyway"]

    daemon.stop()
    daemon = one.start()
    waits(daemon, held, "failed its rehearsal")
    anyway = card["actions"][1]
    assert daemon.call(anyway["method"], anyway["path"], anyway["body"])["code"] == 0
    ended = daemon.ended(held)
    assert ended["error"]["code"] == "ui_changed", (
        "it is posted without a rehearsal, and meets what nothing knows"
    )
    assert len(one.posts()) == 2
    one.phones.simctl(one.phones.serials[0], "update", "tiktok", "46.6.3")
    assert daemon.ended(asks(one, daemon, 0))["outcome"] == "published"
    assert len(daemon.call("GET", "/api/v1/rehearsals")["data"]["rehearsals"]) == 3


@pytest.mark.timeout(240)
def test_a_language_that_no_screens_file_covers_is_rehearsed_as_far_as_it_is_known(hub):
    one = hub(1)
    one.configure("posting", "rehearse_new_versions = true")
    one.configure("posting", "unknown_screen_patience_s = 1.5")
    serial = one.phones.serials[0]
    one.phones.simctl(serial, "language", "tiktok", "nl")
    daemon = one.start()
    task = asks(one, daemon)
    waits(daemon, task, "TikTok 43.1.4 in Dutch is new to this hub and failed its rehearsal")
    (report,) = daemon.call("GET", "/api/v1/rehearsals")["data"]["rehearsals"]
    assert (report["language"], report["error"]) == ("nl", "ui_changed")
    unknown = [screen for screen in report["screens"] if screen["kind"] == "unknown"]
    assert unknown
    assert unknown[-1]["tree"]
    assert one.posts() == []
    one.phones.simctl(serial, "language", "tiktok", "-")
