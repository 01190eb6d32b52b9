"""docs/first-hour.md as a reader types it: from a plugged-in phone to a taught screen, on a simulated phone that is updated on the way."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from tests.support.daemon import ROOT, until
from tests.support.manual import blocks_of, commands

DOCUMENT = "docs/first-hour.md"
UPDATE = "49.0.2"
#: What the lessons of the manual are about, in their order: the text on the node that a person would touch.
TAUGHT = ["Another day", "Go on"]


class Reader:
    """Types the manual's commands on a box with one phone."""

    def __init__(self, one, daemon):
        self.one, self.daemon = one, daemon
        self.serial, self.account = one.phones.serials[0], one.account("tiktok")
        self.lessons = list(TAUGHT)

    def types(self, command):
        """What it prints, and its exit status."""
        if command == "sudo systemctl reload tikmatrixd":
            self.daemon.process.send_signal(signal.SIGHUP)
            return "", 0
        line = command.replace("R58M12ABCDE", self.serial).replace("@alice", f"@{self.account}")
        if line.startswith("curl"):
            line = self.lesson(line.replace("http://127.0.0.1:50809", self.daemon.url))
        else:
            ours = f"{sys.executable} {ROOT / 'tikmatrixd.py'} --config {self.one.config}"
            line = re.sub(r"^sudo tikmatrixd\b", ours, line)
            assert line.startswith(ours), command
        done = subprocess.run(
            ["/bin/sh", "-c", line], check=False, capture_output=True, text=True, timeout=300,
            cwd=self.one.folder / "media", env={**os.environ, "TIKMATRIXD_URL": self.daemon.url},
        )  # fmt: skip
        print(f"$ {command}\n{done.stdout}{done.stderr}")
        if line.startswith("curl"):
            assert json.loads(done.stdout)["code"] == 0, done.stdout
        return done.stdout + done.stderr, done.returncode

    def lesson(self, line):
        """The numbers in a lesson of the manual are those of its story: here the screen and node that a person would touch."""
        if "/taught -d" not in line:
            return line
        text = self.lessons.pop(0)
        waiting = self.daemon.call("GET", "/api/v1/teach/screens")["data"]["screens"]
        for pending in waiting:
            full = self.daemon.call("GET", f"/api/v1/teach/screens/{pending['id']}")["data"]
            node = next((n for n in full["nodes"] if text in {n["text"], n["desc"]}), None)
            if node is not None and not pending["taught"]:
                line = re.sub(r'"screen": "[^"]*"', f'"screen": "{pending["id"]}"', line)
                return re.sub(r'"node": \d+', f'"node": {node["node"]}', line)
        raise AssertionError(f"no screen that waits shows {text}: {waiting}")


def parts():
    """The commands of each numbered step."""
    text = (ROOT / DOCUMENT).read_text()
    numbers = [int(number) for number in re.findall(r"^## (\d)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, 7))
    found, every = {}, commands(DOCUMENT)
    pieces = re.split(r"^## \d\. ", text, flags=re.MULTILINE)[1:]
    for number, piece in zip(numbers, pieces, strict=True):
        count = sum(
            len(block.strip().splitlines()) for block in re.findall(r"```bash\n(.*?)```", piece, re.DOTALL)
        )
        found[number], every = every[:count], every[count:]
    assert not every
    return found


def test_the_configuration_of_the_first_hour_is_good():
    from jobs.hub.config_file import parse_config_text

    for block in blocks_of(DOCUMENT, "toml"):
        parse_config_text(block)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.timeout(600)
def test_the_first_hour_leads_to_the_first_post_and_to_the_first_taught_screen(hub):
    one = hub(1)
    one.configure("posting", "unknown_screen_patience_s = 2.0")
    shutil.copy(one.video, one.folder / "media" / "bench.mp4")
    daemon = one.start()
    reader, step = Reader(one, daemon), parts()
    answers = [reader.types(command) for command in step[2]]
    assert "device" in answers[0][0]
    assert [status for _, status in answers] == [0] * len(answers)
    until(lambda: one.account("tiktok") in reader.types("sudo tikmatrixd accounts")[0], 60)
    rehearsed, compat, *_ = [
        reader.types(command) for command in step[3] if "rehearse " in command or "compat" in command
    ]
    assert rehearsed[1] == 0, rehearsed
    assert blocks_of(DOCUMENT, "text")[0].strip() in rehearsed[0]
    assert "ready" in compat[0]
    one.configure("posting", "rehearse_new_versions = true")
    assert [reader.types(command)[1] for command in step[3][-2:]] == [0, 0]
    until(lambda: "rehearse_new_versions" not in "".join(daemon.call("GET", "/api/v1/needs")["data"]), 10)
    said, status = reader.types(step[4][0])
    assert status == 0, said
    assert [post["caption"] for post in one.posts()] == ["Fresh from the workshop"]

    one.phones.simctl(one.phones.serials[0], "update", "tiktok", UPDATE)
    config = {"captions": "The morning after", "material_list": [str(one.video)], "upload_wait_time": 0}
    held = daemon.post(usernames=[one.account("tiktok")], script_config=config, force=True)
    until(lambda: "failed its rehearsal" in daemon.task(held)["waiting_detail"], 120, most_s=0.5)
    for command in step[6]:
        said, status = reader.types(command)
        if "rehearse " in command:
            green = not reader.lessons
            assert status == (0 if green else 1), said
        elif command.endswith("compat"):
            assert "failing" in said
        elif command.endswith("tasks"):
            assert "rehearsal" in said
    assert reader.lessons == []
    assert daemon.ended(held, 120)["outcome"] == "published"
    assert [post["caption"] for post in one.posts()] == ["Fresh from the workshop", "The morning after"]
