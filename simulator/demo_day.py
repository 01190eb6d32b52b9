"""What there is to try in the demo's console: posts that need a person, planned ones, clips in the library, a slot."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from simulator.adb.server import locked_adb

_Found = TypeVar("_Found")
_CLIPS = (
    ("oak-shavings.mp4", "Shavings, slowly #slowmade #oak"),
    ("glue-up.mp4", "Glue-up in real time, no cuts #woodwork"),
    ("dovetails.mp4", "How the dovetails were cut #joinery"),
    ("first-coat.mp4", "The first coat of oil 🪵 #finish"),
    ("sharpening.mp4", "Three ways to sharpen a chisel #tools"),
    ("workbench.mp4", "A tour of the bench #workshop"),
)
_SLOT_TAG = "slot"  #: the clips that no planned post takes
_PLANNED = (
    # place in the list of clips, app, phone, hours from now
    (0, "tiktok", 0, 2),
    (1, "instagram", 0, 3),
    (2, "instagram", 1, 24),
    (3, "tiktok", 2, 26),
)


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says why."""


def set_out(ready: dict[str, Any]) -> int:
    """Make all of it through the API; answers the number of the last task. Raises DemoFailed.

    Args:
        ready: The daemon's ready file: `url`, `serials`, `accounts`, `adb_port`, `media_roots`.
    """
    sample = Path(ready["media_roots"][0]) / "sample.mp4"
    url = ready["url"]
    print("\nfor you to try in the console:")
    for place, serial in enumerate(ready["serials"], 1):
        path = f"{url}/api/v1/devices/{quote(serial, safe='')}"
        _good("a name for a phone", call(path, {"label": f"Shelf {place}"}, "PATCH"))
    unknown = _struck(ready, 3, "tiktok", "security-check", "Is it there? You say #bench")
    logged_out = _struck(ready, 2, "instagram", "login", "The app was logged out before this one")
    _wait_until_ended(url, (unknown, logged_out))
    print(f"  task {unknown}  may be published or not: Home asks you")
    print(f"  task {logged_out}  failed, as its app was logged out: the phone needs hands")
    clips = [_upload(url, sample.read_bytes(), number) for number in range(len(_CLIPS))]
    now = datetime.now().astimezone()
    planned = [
        _post(
            url,
            _account(ready, phone, platform),
            {"captions": _CLIPS[clip][1], "material_ids": [clips[clip]]},
            start_time=_in_hours(now, hours).strftime("%Y-%m-%d %H:%M"),
        )
        for clip, platform, phone, hours in _PLANNED
    ]
    print(f"  tasks {planned[0]} to {planned[-1]}  planned for the coming day: Queue")
    last = _slot(ready, now)
    print(f"  a slot, whose first post is task {last}: Slots")
    return last


def simctl(adb_port: int, serial: str, *words: str) -> str:
    """What a phone's own control answers."""
    return subprocess.run(
        [str(locked_adb()), "-P", str(adb_port), "-s", serial, "shell", "simctl", *words],
        capture_output=True, check=True, timeout=30, text=True, encoding="utf-8",
    ).stdout  # fmt: skip


def call(url: str, body: dict[str, Any] | bytes | None = None, method: str | None = None) -> dict[str, Any]:
    """The daemon's answer, also where it refuses. Raises DemoFailed."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {"Content-Type": kind}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - our own daemon
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    except OSError as error:
        raise DemoFailed(f"the daemon does not answer: {error}") from error
    return answer


def _good(what: str, answer: dict[str, Any]) -> dict[str, Any]:
    if answer["code"]:
        raise DemoFailed(f"the daemon refused {what}: {answer['message']}")
    data: dict[str, Any] = answer["data"]
    return data


def _account(ready: dict[str, Any], phone: int, platform: str) -> dict[str, Any]:
    serial = ready["serials"][phone]
    return next(a for a in ready["accounts"] if (a["serial"], a["platform"]) == (serial, platform))


def _post(url: str, account: dict[str, Any], config: dict[str, Any], **more: Any) -> int:
    way = "addButton" if account["platform"] == "instagram" else "share"
    body = {
        "usernames": ["@" + account["username"]],
        "platform": account["platform"],
        "script_name": "post",
        "script_config": {**config, "upload_wait_time": 0, "post_way": way},
        **more,
    }
    number: int = _good("a post", call(url + "/api/v1/task", body))["task_ids"][0]
    return number


def _struck(ready: dict[str, Any], phone: int, platform: str, fault: str, caption: str) -> int:
    """A post on a phone whose app does this once."""
    simctl(ready["adb_port"], ready["serials"][phone], "fault", fault)
    config = {"captions": caption, "material_list": ["sample.mp4"]}
    return _post(ready["url"], _account(ready, phone, platform), config)


def _upload(url: str, clip: bytes, number: int) -> int:
    """Put a clip into the library: the sample with an empty box behind it, as the same content is kept only once."""
    name, caption = _CLIPS[number]
    extra = f"{name}: {caption}".encode()
    content = clip + (8 + len(extra)).to_bytes(4, "big") + b"free" + extra
    tags = "bench" if number in {row[0] for row in _PLANNED} else _SLOT_TAG
    data = _good("a clip", call(f"{url}/api/v1/materials?name={name}&tags={tags}", content))
    material: int = data["material"]["id"]
    return material


def _slot(ready: dict[str, Any], now: datetime) -> int:
    """A slot whose first post is planned at once and whose second is an hour too far away; the number of that task."""
    first = _in_hours(now, 25)
    body = {
        "name": "Every day",
        "usernames": ["@" + _account(ready, 1, "tiktok")["username"]],
        "times": [first.strftime("%H:%M")],
        "first_day": first.strftime("%Y-%m-%d"),
        "script_config": {"captions": "From the workshop, every day #bench", "materials_tags": _SLOT_TAG},
    }
    number = _good("a slot", call(ready["url"] + "/api/v1/slots", body))["slot"]["id"]

    def planned() -> int:
        slot = _good("to show the slot", call(f"{ready['url']}/api/v1/slots/{number}"))
        return max((task for row in slot["next"] for task in row["task_ids"]), default=0)

    return _until(planned, 90.0, "the slot's first post")


def _in_hours(now: datetime, hours: int) -> datetime:
    """On the next full five minutes."""
    then = now + timedelta(hours=hours, minutes=5)
    return then.replace(minute=then.minute // 5 * 5, second=0, microsecond=0)


def _wait_until_ended(url: str, tasks: tuple[int, ...]) -> None:
    def ended() -> bool:
        return all(call(f"{url}/api/v1/task/{task}")["data"]["status"] >= 2 for task in tasks)

    _until(ended, 180.0, f"the end of tasks {tasks}")


def _until(look: Callable[[], _Found], timeout_s: float, what: str) -> _Found:
    ends = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > ends:
            raise DemoFailed(f"{what} did not come within {timeout_s:.0f} s")
        pause.wait(0.25)
    return found
