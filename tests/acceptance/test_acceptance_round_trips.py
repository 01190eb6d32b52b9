"""docs/round-trips.md lists every call of the fastest post: the phone's own record must say the same."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.acceptance.test_acceptance_carousels import busy, images
from tests.support.daemon import until

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "round-trips.md"
#: rpc methods and events of the simulated phone, as the document calls them
NAMES = {"dumpWindowHierarchy": "look", "click": "tap"}


def tables():
    """The calls of the document's sections, in order."""
    sections = re.split(r"(?m)^## ", DOCUMENT.read_text())[1:]
    return {
        title: re.findall(r"(?m)^\| (`[^`]+`|look|tap) \|", body)
        for title, _, body in (section.partition("\n") for section in sections)
    }


def called(events):
    """What was asked of the phone, in the document's words; one look after another counts once."""
    calls = []
    for event in events:
        if event["what"] == "shell":
            calls.append(event["command"].replace("sh -c '", "sh -c "))
        elif event["what"] == "rpc":
            calls.append(NAMES.get(event["method"], event["method"]))
        elif event["what"] == "push":
            calls.append("push")
    return [call for call, _ in itertools.groupby(calls)]


def differing(calls, listed):
    """The first call that is not the one that is listed."""
    for call, words in itertools.zip_longest(calls, listed, fillvalue="(nothing)"):
        if not call.startswith(words.strip("`")):
            return f"{call} where {words} is listed"
    return ""


def test_the_fastest_post_makes_the_calls_that_are_justified_and_no_others(hub):
    one = hub(1)
    daemon = one.start()
    serial = one.phones.serials[0]

    def busy():
        (device,) = daemon.call("GET", "/api/v1/devices")["data"]["devices"]
        return device["current_task"]

    def post():
        task = daemon.post(
            usernames=[one.account("tiktok")],
            platform="tiktok",
            force=True,
            script_config={
                "captions": "Hello #world",
                "material_list": [str(one.video)],
                "upload_wait_time": 0,
            },
        )
        assert daemon.ended(task)["outcome"] == "published"
        # Published is said when the proof is seen; the phone is tidied up after that.
        until(lambda: busy() is None, 30, "the end of tidying up")

        def given_back():
            commands = [e.get("command", "") for e in one.phones.lines(serial, "events")]
            return "settings delete" in next((c for c in reversed(commands) if c), "")

        until(given_back, 10, "the screen's setting is given back")

    post()  # brings the automation server up
    before = len(one.phones.lines(serial, "events"))
    post()
    events = one.phones.lines(serial, "events")[before:]
    sent = next(n for n, event in enumerate(events) if event["what"] == "publish")
    listed = tables()
    # The tap's own rpc is recorded before what it publishes.
    assert not differing(called(events[:sent]), listed["Until the tap"])
    after = called(events[sent:])
    assert not differing(after, listed["Until the proof"] + listed["After it"])
    looks = sum(event.get("method") == "dumpWindowHierarchy" for event in events[sent:])
    assert looks <= 8
    assert str(len(listed["Until the tap"])) + " calls until the publishing tap" in DOCUMENT.read_text()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("platform", "count"),
    [
        ("tiktok", 2),
        pytest.param("tiktok", 16, marks=pytest.mark.long),
        pytest.param("tiktok", 35, marks=pytest.mark.long),
        ("instagram", 2),
        pytest.param("instagram", 20, marks=pytest.mark.long),
    ],
)
def test_MED_26_a_post_of_n_images_takes_n_and_15_shell_and_sync_calls_at_most(hub, platform, count):
    """The first post brings the automation server and the permissions, too; the second finds all that there."""
    one = hub(1)
    daemon = one.start()
    (serial,) = one.phones.serials
    for bound in (count + 15, count + 9):
        stamp = f"{platform} {count} {bound}"
        paths = images(one.folder / "media" / stamp.replace(" ", "-"), count, stamp)
        before = len(one.phones.lines(serial, "events"))
        task = daemon.post(
            usernames=[one.account(platform)],
            platform=platform,
            script_config={
                "content_type": 1, "image_count": count, "captions": "in order", "upload_wait_time": 0,
                "material_list": [str(path) for path in paths], "post_way": "share",
            },
        )  # fmt: skip
        ended = daemon.ended(task, 240)
        assert ended["outcome"] == "published", ended["remark"]
        until(lambda: not busy(daemon), 30, "the end of tidying up")
        events = one.phones.lines(serial, "events")[before:]
        sent = next(n for n, event in enumerate(events) if event["what"] == "publish")
        calls = [e.get("command", e.get("path")) for e in events[:sent] if e["what"] in ("shell", "push")]
        # Before that the daemon looks at a phone that has appeared: its battery, and settings to be given back.
        first = next(n for n, call in enumerate(calls) if call.startswith("dumpsys telephony.registry"))
        own = calls[first:]
        assert count < len(own) <= bound, "\n".join(own)
