"""`make demo`: starts the daemon with simulated phones, publishes three posts through its API, shows what happened."""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from simulator.adb.server import die_with_parent, locked_adb
from simulator.demo_day import DemoFailed, call, set_out, simctl

_ROOT = Path(__file__).resolve().parents[1]
_PHONES = 4
_LISTEN = "127.0.0.1:50809"
_CAPTIONS = {
    "tiktok": 'Fresh from the workshop 🪵 "bench no. 7"\nmade by hand #woodwork #diy',
    "instagram": "A reel from the same bench: shavings & all ✨ #woodworking",
    "later": "Good things take a minute ⏰ #slowmade",
}


def main() -> int:
    """Run the demo; the exit status is 0 only if everything was published exactly once."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--once", action="store_true", help="end after the posts")
    parser.add_argument("--listen", default="", help=f"default: {_LISTEN}, or any free port if that is taken")
    options = parser.parse_args()
    # A terminal that is closed sends SIGHUP; under nohup it is ignored, and stays so.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="tikmatrixd-demo-") as folder,
            _Daemon(options, Path(folder)) as daemon,
        ):
            ready = daemon.wait_until_ready()
            print(f"console: {ready['url']}/\n")
            good = _publish(ready)
            if not options.once:
                _say_how_to_go_on(ready, set_out(ready) + 1)
                daemon.show_everything()
                daemon.process.wait()
            return 0 if good else 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 0
    except DemoFailed as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        return 1


class _Daemon:
    """The real command, ended with the block, and also if this process is killed."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        print(f"starting the daemon with {_PHONES} simulated phones ...")
        self._ready_file = folder / "ready.json"
        self._quiet = True
        self._kept: deque[str] = deque(maxlen=30)
        self._first_line: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [
                sys.executable, str(_ROOT / "tikmatrixd.py"), "serve", "--demo", str(_PHONES),
                "--state-dir", str(folder / "state"), "--ready-file", str(self._ready_file),
                "--latency", "150", "--listen", options.listen or _free_listen(),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,  # a Ctrl-C in the terminal is for us
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs yet
        )  # fmt: skip
        for read in (self._read_output, self._read_log):
            threading.Thread(target=read, daemon=True).start()

    def _read_output(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - Popen was given a pipe
        for line in self.process.stdout:
            self._first_line.put(line.rstrip())
        self._first_line.put("")

    def _read_log(self) -> None:
        """Keep what is merely information back while the demo tells the same in its own words."""
        assert self.process.stderr is not None  # noqa: S101 - Popen was given a pipe
        for line in self.process.stderr:
            if self._quiet and line.split()[1:2] == ["info"]:
                self._kept.append(line)
            else:
                print(line, end="", file=sys.stderr, flush=True)

    def wait_until_ready(self, timeout_s: float = 90.0) -> dict[str, Any]:
        """What its ready file says. Raises DemoFailed."""
        try:
            line = self._first_line.get(timeout=timeout_s)
        except queue.Empty:
            raise DemoFailed(f"the daemon was not ready within {timeout_s:.0f} s") from None
        if not line:
            raise DemoFailed(f"the daemon ended with status {self.process.wait(5)}")
        print(line)
        ready: dict[str, Any] = json.loads(self._ready_file.read_text("utf-8"))
        return ready

    def show_everything(self) -> None:
        """From now on its whole log is shown."""
        self._quiet = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is DemoFailed and self._quiet:
            print("".join(["its log:\n", *self._kept]), end="", file=sys.stderr)
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def _free_listen() -> str:
    """The usual address, or any free port where something else has that one."""
    host, port = _LISTEN.split(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            print(f"{_LISTEN} is taken by something else, so this demo takes another port")
            return f"{host}:0"
    return _LISTEN


def _publish(ready: dict[str, Any]) -> bool:
    sample = Path(ready["media_roots"][0]) / "sample.mp4"
    tiktok = [a for a in ready["accounts"] if a["platform"] == "tiktok"]
    instagram = [a for a in ready["accounts"] if a["platform"] == "instagram"]
    # A minute that has not begun, on the clock of this box.
    start = (datetime.now().astimezone() + timedelta(seconds=60)).strftime("%H:%M")
    wanted = [
        ("TikTok video", tiktok[0], _CAPTIONS["tiktok"], {}),
        ("Instagram reel", instagram[1], _CAPTIONS["instagram"], {}),
        (f"TikTok video at {start}", tiktok[2], _CAPTIONS["later"], {"start_time": start}),
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
        answer = call(ready["url"] + "/api/v1/task", body)
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
            data = call(f"{ready['url']}/api/v1/task/{task}")["data"]
            line = f"{data['status_text']:9}  {_doing(data)}"
            if shown.get(task) != line:
                shown[task] = line
                print(f"  {datetime.now().astimezone():%H:%M:%S}  task {task}  {line}", flush=True)
            if data["status"] >= 2:
                tasks = tasks - {task}
        if time.monotonic() > ends:
            raise DemoFailed(f"tasks {sorted(tasks)} did not end within {timeout_s:.0f} s")
        pause.wait(0.25)


def _doing(task: dict[str, Any]) -> str:
    """Why a task waits, what it does, or what came of it."""
    if task["waiting_for"] == "time":
        return f"waits for its time, {task['start_time'][11:16]}"
    if task["waiting_for"]:
        return f"waits for {task['waiting_for'].replace('_', ' ')}: {task['waiting_detail']}"
    remark: str = task["remark"]
    return remark


def _judge(ready: dict[str, Any], posts: dict[int, tuple[str, dict[str, Any], str]], sample: Path) -> bool:
    """Compare what was asked with what the phones recorded."""
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    records = [post for serial in ready["serials"] for post in phone_posts(ready["adb_port"], serial)]
    all_good = True
    print("\nwhat the phones published:")
    for task, (title, account, caption) in posts.items():
        outcome = call(f"{ready['url']}/api/v1/task/{task}")["data"]["outcome"]
        # By the file, which has the task's number in its name: a second post of it is found wherever it went.
        mine = [r for r in records if any(m["name"].split("-")[2] == str(task) for m in r["media"])]
        all_good &= outcome == "published" and len(mine) == 1
        print(f"  task {task}  {title}, @{account['username']}: {outcome}, {len(mine)} post(s) on the phones")
        for record in mine:
            same_account = (record["app"], record["account"]) == (account["platform"], account["username"])
            same_caption = record["caption"] == caption
            same_file = [m["sha256"] for m in record["media"]] == [digest]
            all_good &= same_account and same_caption and same_file
            if not same_account:
                print(f"    account @{record['account']} on {record['app']}, DIFFERENT")
            print(f"    caption {json.dumps(record['caption'], ensure_ascii=False)} ({_equal(same_caption)})")
            for medium in record["media"]:
                print(f"    file    {medium['name']}, {medium['bytes']} bytes, SHA-256 {_equal(same_file)}")
    print("all published exactly once" if all_good else "NOT everything was published exactly once")
    return all_good


def _equal(same: bool) -> str:
    return "equal" if same else "DIFFERENT"


def phone_posts(adb_port: int, serial: str) -> Iterator[dict[str, Any]]:
    """The phone's own record of what was published."""
    output = simctl(adb_port, serial, "posts")
    for line in output.splitlines():
        if line.strip():
            yield json.loads(line)


def _say_how_to_go_on(ready: dict[str, Any], number: int) -> None:
    """Lines to copy: the README's, with this demo's address; `number` is that of the next task."""
    url, tasks = ready["url"], f"{ready['url']}/api/v1/task"
    account = [a for a in ready["accounts"] if a["platform"] == "tiktok"][1]
    config = {
        "captions": "{Hello|Hi} from curl #first",
        "material_list": ["sample.mp4"],
        "upload_wait_time": 0,
    }
    body = {"usernames": ["@" + account["username"]], "script_name": "post", "script_config": config}
    print(
        f"\nconsole: {url}/\n\ntry, in another terminal:\n"
        f"  curl -s {url}/api/v1/devices\n"
        f"  curl -s {tasks} -d '{json.dumps(body)}'\n"
        f"  curl -s {tasks}/{number}\n"
        f"  curl -s {tasks}/{number}/log\n"
        f"  curl -s {tasks}/stats\n"
        f"  {locked_adb()} -P {ready['adb_port']} -s {account['serial']} shell simctl posts\n\n"
        "What the daemon logs follows. Ctrl-C stops everything."
    )


if __name__ == "__main__":
    sys.exit(main())
