"""`make demo`: starts the daemon with simulated phones, publishes three posts through its API, shows what happened."""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import adbutils

_ROOT = Path(__file__).resolve().parents[1]
_CAPTIONS = {
    "tiktok": 'Fresh from the workshop 🪵 "bench no. 7"\nmade by hand #woodwork #diy',
    "instagram": "A reel from the same bench: shavings & all ✨ #woodworking",
    "later": "Good things take a minute ⏰ #slowmade",
}


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says why."""


def main() -> int:
    """Run the demo; the exit status is 0 only if everything was published exactly once."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--once", action="store_true", help="end after the posts")
    parser.add_argument("--phones", type=int, default=4)
    parser.add_argument("--listen", default="")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tikmatrixd-demo-") as folder:
        daemon = _start_daemon(options, Path(folder))
        try:
            ready = _wait_until_ready(daemon, Path(folder) / "ready.json")
            good = _publish(ready)
            if not options.once:
                _say_how_to_go_on(ready)
                daemon.wait()
            return 0 if good else 1
        except KeyboardInterrupt:
            print("\nstopping ...")
            return 0
        except DemoFailed as error:
            print(f"the demo failed: {error}", file=sys.stderr)
            return 1
        finally:
            _end(daemon)


def _start_daemon(options: argparse.Namespace, folder: Path) -> subprocess.Popen[bytes]:
    print(f"starting the daemon with {options.phones} simulated phones ...", flush=True)
    command = [sys.executable, str(_ROOT / "tikmatrixd.py"), "serve", "--demo", str(options.phones),
               "--state-dir", str(folder / "state"), "--ready-file", str(folder / "ready.json"),
               "--latency", "150"]  # fmt: skip
    if options.listen:
        command += ["--listen", options.listen]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    if daemon.poll() is None:
        daemon.terminate()
        try:
            daemon.wait(30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait(5)


def _wait_until_ready(
    daemon: subprocess.Popen[bytes], ready_file: Path, timeout_s: float = 90.0
) -> dict[str, Any]:
    lines: queue.Queue[bytes] = queue.Queue()
    stdout = daemon.stdout
    assert stdout is not None  # noqa: S101 - Popen was given a pipe

    def read() -> None:
        for line in stdout:
            lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, name="daemon-output", daemon=True).start()
    try:
        line = lines.get(timeout=timeout_s)
    except queue.Empty:
        raise DemoFailed(f"the daemon was not ready within {timeout_s:.0f} s") from None
    if not line:
        raise DemoFailed(f"the daemon ended with status {daemon.wait(5)}")
    print(line.decode().rstrip(), flush=True)
    ready: dict[str, Any] = json.loads(ready_file.read_text("utf-8"))
    return ready


def _publish(ready: dict[str, Any]) -> bool:
    sample = Path(ready["media_roots"][0]) / "sample.mp4"
    tiktok = [a for a in ready["accounts"] if a["platform"] == "tiktok"]
    instagram = [a for a in ready["accounts"] if a["platform"] == "instagram"]
    # A minute that has not begun, on the clock of this box.
    start = (datetime.now().astimezone() + timedelta(seconds=60)).strftime("%H:%M")
    wanted = [
        ("TikTok video", tiktok[0], _CAPTIONS["tiktok"], {}),
        ("Instagram reel", instagram[1 % len(instagram)], _CAPTIONS["instagram"], {}),
        (f"TikTok video at {start}", tiktok[2 % len(tiktok)], _CAPTIONS["later"], {"start_time": start}),
    ]
    posts: dict[int, tuple[str, dict[str, Any], str]] = {}
    for title, account, caption, extra in wanted:
        body = {
            "usernames": ["@" + account["username"]],
            "platform": account["platform"],
            "script_name": "post",
            "script_config": {
                "captions": caption, "material_list": [str(sample)], "upload_wait_time": 0,
                "post_way": "addButton" if account["platform"] == "instagram" else "share",
            },
            **extra,
        }  # fmt: skip
        answer = _call(ready["url"] + "/api/v1/task", body)
        if answer["code"]:
            raise DemoFailed(f"the daemon refused a post: {answer['message']}")
        task = answer["data"]["task_ids"][0]
        posts[task] = (title, account, caption)
        print(f"task {task}: {title} for @{account['username']} on {account['serial']}")
    _watch(ready, set(posts))
    return _judge(ready, posts, sample)


def _watch(ready: dict[str, Any], tasks: set[int], timeout_s: float = 300.0) -> None:
    """Print every change of the tasks until all have ended."""
    print("\nprogress:")
    shown: dict[int, str] = {}
    pause = threading.Event()
    ends = time.monotonic() + timeout_s
    while tasks:
        for task in sorted(tasks):
            data = _call(f"{ready['url']}/api/v1/task/{task}")["data"]
            line = f"{data['status_text']:9}  {data['remark'] or data.get('waiting_for') or ''}"
            if shown.get(task) != line:
                shown[task] = line
                print(f"  {datetime.now().astimezone():%H:%M:%S}  task {task}  {line}", flush=True)
            if data["status"] >= 2:
                tasks = tasks - {task}
        if time.monotonic() > ends:
            raise DemoFailed(f"tasks {sorted(tasks)} did not end within {timeout_s:.0f} s")
        pause.wait(0.25)


def _judge(ready: dict[str, Any], posts: dict[int, tuple[str, dict[str, Any], str]], sample: Path) -> bool:
    """Compare what was asked with what the phones recorded."""
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    records = [post for serial in ready["serials"] for post in phone_posts(ready["adb_port"], serial)]
    all_good = len(records) == len(posts)
    print("\nwhat the phones published:")
    for task, (title, account, caption) in posts.items():
        status = _call(f"{ready['url']}/api/v1/task/{task}")["data"]
        mine = [r for r in records if r["account"] == account["username"] and r["app"] == account["platform"]]
        same_caption = len(mine) == 1 and mine[0]["caption"] == caption
        same_file = len(mine) == 1 and [m["sha256"] for m in mine[0]["media"]] == [digest]
        all_good &= status["outcome"] == "published" and same_caption and same_file
        print(
            f"  task {task}  {title}, @{account['username']}: {status['outcome']}, {len(mine)} post(s) on the phone"
        )
        for record in mine:
            print(
                f"    caption {json.dumps(record['caption'], ensure_ascii=False)} ({'equal' if same_caption else 'DIFFERENT'})"
            )
            for medium in record["media"]:
                print(
                    f"    file    {medium['name']}, {medium['bytes']} bytes, SHA-256 {'equal' if same_file else 'DIFFERENT'}"
                )
    print("all published exactly once" if all_good else "NOT everything was published exactly once")
    return all_good


def phone_posts(adb_port: int, serial: str) -> Iterator[dict[str, Any]]:
    """The phone's own record of what was published."""
    output = subprocess.run(
        [adbutils.adb_path(), "-P", str(adb_port), "-s", serial, "shell", "simctl", "posts"],
        capture_output=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    for line in output.decode().splitlines():
        if line.strip():
            yield json.loads(line)


def _say_how_to_go_on(ready: dict[str, Any]) -> None:
    url, serial = ready["url"], ready["serials"][-1]
    body = json.dumps(
        {
            "serials": [serial], "script_name": "post",
            "script_config": {"captions": "{Hello|Hi} from curl #first", "material_list": ["sample.mp4"], "upload_wait_time": 0},
        }
    )  # fmt: skip
    print(
        f"\nstatus page:  {url}/\n\ntry:\n"
        f"  curl -s {url}/api/v1/task/stats\n"
        f"  curl -s {url}/api/v1/devices\n"
        f"  curl -s {url}/api/v1/task -d '{body}'\n"
        f"  {adbutils.adb_path()} -P {ready['adb_port']} -s {serial} shell simctl posts\n\n"
        "Ctrl-C stops everything.",
        flush=True,
    )


def _call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - our own daemon
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    except OSError as error:
        raise DemoFailed(f"the daemon does not answer: {error}") from error
    return answer


if __name__ == "__main__":
    sys.exit(main())
