"""Carousels of every accepted length are published in order (MED-26), with few calls to the phone."""

from __future__ import annotations

import hashlib

import pytest

from tests.support import matrix
from tests.support.daemon import until

COUNTS = {"tiktok": (2, 15, 16, 35), "instagram": (2, 7, 8, 20)}
WAYS = {"tiktok": ("share", "addButton", "useSound"), "instagram": ("share", "addButton")}


def images(folder, count, stamp):
    """Images of their own, each different."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{stamp}-{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        matrix.unique_image(path, f"{stamp} {number}")
    return paths


def fill_gallery(phones, serial, paths):
    """Photos that are on the phone already, as on every phone."""
    for path in paths:
        remote = f"/sdcard/DCIM/Camera/{path.name}"
        phones.adb("push", str(path), remote, serial=serial)
        phones.adb(
            "shell", "content", "call", "--uri", "content://media", "--method", "scan_file",
            "--arg", remote, serial=serial,
        )  # fmt: skip


def busy(daemon):
    (device,) = daemon.call("GET", "/api/v1/devices")["data"]["devices"]
    return device["current_task"]


def publish(one, daemon, platform, count, way):
    """Post the images; what is wrong with the post that the phone recorded."""
    paths = images(one.folder / "media" / "carousels", count, f"{platform} {count} {way}")
    (serial,) = one.phones.serials
    before = len(one.phones.lines(serial, "events"))
    more = {"sound_name": "Evening Walk 7"} if way == "useSound" else {}
    task = daemon.post(
        usernames=[one.account(platform)],
        platform=platform,
        script_config={
            "content_type": 1, "image_count": count, "captions": "in order", "upload_wait_time": 0,
            "material_list": [str(path) for path in paths], "post_way": way, **more,
        },
    )  # fmt: skip
    ended = daemon.ended(task, 240)
    until(lambda: not busy(daemon), 30, "the end of tidying up")
    if ended["outcome"] != "published":
        return [f"{platform} {count} {way}: {ended['remark']}\n{daemon.log_tail(task)}"]
    wanted = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    posts = [[m["sha256"] for m in post["media"]] for post in one.posts()]
    if posts.count(wanted) != 1:
        return [f"{platform} {count} {way}: not published once in its order\n{daemon.log_tail(task)}"]
    events = one.phones.lines(serial, "events")[before:]
    calls = [e.get("command", e.get("path", "")) for e in events if e["what"] in ("shell", "push")]
    files = [
        call for call in calls if any(word in call for word in ("DCIM/Camera", "content://media", "df "))
    ]
    if len(files) > count + 6:  # the last one asks whether anything came into the gallery after ours
        return [f"{platform} {count} {way}: {len(files)} calls for {count} images: {files}"]
    return []


@pytest.mark.timeout(240)
def test_carousels_that_need_a_scrolled_picker_are_published_in_order(hub):
    one = hub(1)
    serial = one.phones.serials[0]
    fill_gallery(one.phones, serial, images(one.folder / "old", 3, "old"))
    daemon = one.start()
    problems = publish(one, daemon, "tiktok", 16, "addButton")
    problems += publish(one, daemon, "instagram", 8, "addButton")
    assert not problems, "\n".join(problems)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("old", [0, 30])
@pytest.mark.parametrize("platform", COUNTS)
def test_carousels_of_every_length_are_published_in_order_by_every_way(hub, platform, old):
    one = hub(1)
    fill_gallery(one.phones, one.phones.serials[0], images(one.folder / "old", old, "old"))
    daemon = one.start()
    problems = []
    for count in COUNTS[platform]:
        for way in WAYS[platform]:
            problems += publish(one, daemon, platform, count, way)
    assert not problems, "\n".join(problems)
