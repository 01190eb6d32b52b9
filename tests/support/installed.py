"""A container on which tikmatrixd is installed as an operator does it, and simulated phones in its network."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from jobs.hub.settings import Adb
from jobs.phone.adb.server import binary
from tests.support import container
from tests.support.daemon import until
from tests.support.simulated import sample_video

ROOT = container.ROOT
TREE = (
    "tikmatrixd.py", "handlers", "jobs", "storage", "simulator", "systemd", "requirements", "config.example.toml", "docs",
    "LICENSE",
)  # fmt: skip
API = "http://127.0.0.1:50809"
PHONES = ("127.0.0.1:7101", "127.0.0.1:7102")
SIMULATOR_ADB_PORT = "6037"


class Box:
    """The container with the source tree in it, and the simulated phones beside it."""

    def __init__(self, inside, folder):
        self.inside = inside
        self.token = ""
        self.phones_folder = folder / "phones"
        self._phones = None
        self.copy_tree("src")
        (inside.root / "srv" / "sample.mp4").write_bytes(sample_video().read_bytes())

    def sh(self, command, **more):
        return self.inside.sh(command, **more).stdout

    def copy_tree(self, name):
        """A source tree as an operator unpacks it, at /root/NAME."""
        target = self.inside.root / "root" / name
        ignore = shutil.ignore_patterns("__pycache__")
        for entry in TREE:
            source = ROOT / entry
            if source.is_dir():
                shutil.copytree(source, target / entry, ignore=ignore)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target / entry)
        return target

    def install(self, name="src", *options, good=True):
        done = self.inside.sh(
            f"/root/{name}/systemd/install.sh {' '.join(options)} 2>&1", check=False, timeout=600
        )
        assert (done.returncode == 0) is good, done.stdout
        return done.stdout

    def purge(self, name):
        """Everything, media too; their number is typed as a person would."""
        done = self.inside.sh(
            f"n=$(find /srv/tikmatrixd/media ! -type d | wc -l); echo delete $n files |"
            f" /root/{name}/systemd/install.sh --purge --delete-media 2>&1",
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start_phones(self):
        self.phones_folder.mkdir()
        ready = self.phones_folder / "ready.json"
        log = (self.phones_folder / "log").open("wb")
        self._phones = subprocess.Popen(
            self.inside.outside(
                sys.executable, "-m", "simulator", "--phones", "2", "--port", PHONES[0].partition(":")[2],
                "--adb-port", SIMULATOR_ADB_PORT, "--latency", "400", "--state", str(self.phones_folder),
                "--ready-file", str(ready), "--die-with-parent",
            ),
            cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip
        until(ready.exists, 60, "the simulated phones")

    def stop_phones(self):
        if self._phones is not None:
            self._phones.terminate()
            self._phones.wait(20)

    def simctl(self, serial, *words):
        command = [str(binary(Adb())), "-P", SIMULATOR_ADB_PORT, "-s", serial, "shell", "simctl", *words]
        return container.run(*self.inside.outside(*command), timeout=30).stdout

    def posts(self):
        return [json.loads(line) for phone in PHONES for line in self.simctl(phone, "posts").splitlines()]

    def curl(self, path, body=None, url=API, *more):
        words = ["curl", "-sS", "--max-time", "20", *more, f"{url}{path}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        return json.loads(self.sh(shlex.join(words)))

    def task(self, number):
        return self.curl(f"/api/v1/task/{number}")["data"]

    def post(self, caption, serial=PHONES[0], url=API, *more):
        answer = self.curl(
            "/api/v1/task",
            {
                "serials": [serial],
                "script_name": "post",
                "force": True,
                "script_config": {
                    "captions": caption,
                    "material_list": ["sample.mp4"],
                    "upload_wait_time": 0,
                },
            },
            url,
            *more,
        )
        assert answer["code"] == 0, answer
        return answer["data"]["task_ids"][0]

    def ended(self, number, timeout_s=90):
        try:
            return until(
                lambda: found if (found := self.task(number))["status"] >= 2 else None,
                timeout_s,
                f"end of {number}",
            )
        except AssertionError:
            pytest.fail(f"not ended within {timeout_s} s: {self.task(number)}\n{self.journal()[-3000:]}")

    def show(self, name, unit="tikmatrixd.service"):
        return self.sh(f"systemctl show -p {name} --value {unit}").strip()

    def pid(self, unit="tikmatrixd.service"):
        return int(self.show("MainPID", unit))

    def journal(self, unit="tikmatrixd.service"):
        return self.sh(f"journalctl -u {unit} -o cat --no-pager")

    def answers(self):
        done = self.inside.sh(f"curl -sS -o /dev/null {API}/healthz", check=False)
        return done.returncode == 0

    def set(self, key, value):
        """Change a line of the installed config."""
        path = self.inside.root / "etc" / "tikmatrixd" / "config.toml"
        text, count = re.subn(rf"(?m)^{key} = .*$", lambda _: f"{key} = {value}", path.read_text())
        assert count, f"no {key} in the config"
        path.write_text(text)

    def as_the_manuals_reader(self):
        """Everybody is root here, and there is no network: what apt-get shall install must be there already."""
        bin_ = self.inside.root / "usr" / "local" / "bin"
        (bin_ / "sudo").write_text('#!/bin/sh\nexec env "$@"\n')
        (bin_ / "apt-get").write_text('#!/bin/sh\nshift 2\nexec dpkg-query -W "$@"\n')
        for name in ("sudo", "apt-get"):
            (bin_ / name).chmod(0o755)
