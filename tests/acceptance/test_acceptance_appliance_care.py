"""Backup, restore, archive, tokens, logs: what keeps a hub for years, on the real command."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request

import msgspec
import pytest

from storage.records import Outcome, Stage, Task
from storage.task_archive import Archive
from tests.support.daemon import PROGRAM, tikmatrixd
from tikmatrixd import VERSION


def post(one, daemon, caption="kept", **more):
    return daemon.post(
        serials=[one.phones.serials[0]],
        force=True,
        script_config={"captions": caption, "material_list": [str(one.video)], "upload_wait_time": 0},
        **more,
    )


def test_a_backup_beside_the_running_daemon_brings_everything_back(hub, tmp_path):
    one = hub(1)
    daemon = one.start()
    tasks = [post(one, daemon, f"number {number}") for number in range(3)]
    for task in tasks:
        assert daemon.ended(task)["outcome"] == "published"
    adb_dir = tmp_path / "adb"
    adb_dir.mkdir()
    (adb_dir / "adbkey").write_text("private")
    (adb_dir / "adbkey.pub").write_text("public")
    token = tikmatrixd("--config", one.config, "token", "new", "laptop", "--quiet").stdout.strip()
    target = tmp_path / "hub.tar"
    made = tikmatrixd("--config", one.config, "backup", target, "--adb-dir", adb_dir)
    assert made.returncode == 0, made.stderr
    assert "3 tasks" in made.stdout
    for name in ("config.toml", "tokens/in-state-dir.json", "adb/adbkey", "adb/adbkey.pub"):
        assert name in made.stdout
    assert target.stat().st_mode & 0o777 == 0o600

    refused = tikmatrixd("--config", one.config, "restore", target, "--adb-dir", adb_dir)
    assert refused.returncode == 69
    assert "stop it first" in refused.stderr
    later = post(one, daemon, "after the backup")
    daemon.ended(later)
    daemon.stop()
    good = one.config.read_text()
    one.config.write_text("this is not even TOML")
    (adb_dir / "adbkey").write_text("another key")
    broken = tikmatrixd("--config", one.config, "restore", target, "--adb-dir", adb_dir)
    assert broken.returncode == 78
    one.config.unlink()
    shown = tikmatrixd("--config", one.config, "restore", target, "--adb-dir", adb_dir)
    assert shown.returncode == 65
    assert "storage.state_dir: here " in shown.stdout
    assert "give --take-paths if they are right" in shown.stderr
    assert not one.config.exists()
    words = ("--config", one.config, "restore", target, "--adb-dir", adb_dir, "--take-paths")
    dry = tikmatrixd(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert f"new       {one.config}" in dry.stdout
    assert not one.config.exists()
    done = tikmatrixd(*words)
    assert done.returncode == 0, done.stderr
    assert (one.config.read_text(), (adb_dir / "adbkey").read_text()) == (good, "private")
    (kept,) = adb_dir.glob("adbkey.before-*")
    assert kept.read_text() == "another key"
    again = one.start()
    assert {again.task(task)["outcome"] for task in tasks} == {"published"}
    assert again.call("GET", f"/api/v1/task/{later}")["code"] == 40401
    assert token.startswith("tkm_")
    assert tikmatrixd("--config", one.config, "token", "list").stdout.split()[0] == "laptop"


def test_a_damaged_backup_changes_nothing(hub, tmp_path):
    one = hub(1)
    daemon = one.start()
    task = post(one, daemon)
    daemon.ended(task)
    target = tmp_path / "hub.tar"
    assert tikmatrixd("--config", one.config, "backup", target, "--adb-dir", tmp_path).returncode == 0
    daemon.stop()
    whole = target.read_bytes()
    before = one.config.read_bytes()
    at = whole.index(b"[server]")
    for damaged in (whole[: len(whole) // 2], whole[:at] + b"[Server]" + whole[at + 8 :], b"", b"not a tar"):
        target.write_bytes(damaged)
        done = tikmatrixd("--config", one.config, "restore", target, "--adb-dir", tmp_path)
        assert done.returncode == 65, (damaged[:20], done.stderr)
        assert done.stderr.startswith("nothing was changed: ")
    assert one.config.read_bytes() == before
    assert one.start().task(task)["outcome"] == "published"


def test_a_backup_says_what_is_not_in_it(hub, tmp_path):
    one = hub(1)
    one.start()
    made = tikmatrixd("--config", one.config, "backup", tmp_path / "hub.tar", "--adb-dir", tmp_path / "none")
    assert made.returncode == 0
    assert "not in it: " in made.stderr
    assert "adbkey" in made.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_backup_with_the_library_holds_the_materials(hub, tmp_path):
    one = hub(1)
    daemon = one.start()
    done = subprocess.run(
        ["curl", "-sS", "-F", f"file=@{one.video}", f"{daemon.url}/api/v1/materials"],
        check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert json.loads(done.stdout)["code"] == 0, done.stdout
    target = tmp_path / "hub.tar"
    assert tikmatrixd("--config", one.config, "backup", target, "--library").returncode == 0
    with tarfile.open(target) as tar:
        (member,) = [m for m in tar.getmembers() if m.name.startswith("library/")]
        assert member.size == one.video.stat().st_size


def test_archived_tasks_are_listed_by_month_and_as_json(hub):
    one = hub(1)
    empty = tikmatrixd("--config", one.config, "archive")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "nothing is archived yet\n")
    ended = 1_777_000_000.0  # 2026-04-24
    old = Task(
        id=7, script_name="post", serial="A1", platform="tiktok", package="", username="alice", source="api",
        script_config={}, created_at=ended, scheduled_at=ended, due_at=ended, stage=Stage.PUBLISHED,
        outcome=Outcome.PUBLISHED, finished_at=ended, remark="done", max_retry_count=3,
    )  # fmt: skip
    state_dir = one.folder / "daemon"
    first = msgspec.structs.replace(old, remark="the last line of a task counts")
    Archive(state_dir / "archive").append([first, old])
    assert tikmatrixd("--config", one.config, "archive").stdout == "2026-04  1 tasks\n"
    listed = tikmatrixd("--config", one.config, "archive", "2026-04").stdout
    assert re.fullmatch(r"2026-04-24T\S+ +7  published +tiktok +@alice  done\n", listed)
    lines = tikmatrixd("--config", one.config, "archive", "2026-04", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [7]
    missing = tikmatrixd("--config", one.config, "archive", "1999-01")
    assert missing.returncode == 66
    assert "there are: 2026-04" in missing.stderr


def test_used_marks_are_taken_away_through_the_running_daemon(hub):
    one = hub(1)
    silent = tikmatrixd("--config", one.config, "materials", "reset-used", one.video.parent)
    assert silent.returncode == 69
    assert "is it running?" in silent.stderr
    daemon = one.start()
    task = daemon.post(
        serials=one.phones.serials,
        script_config={
            "captions": "from the folder", "material_source": "localFolder", "material_path": str(one.video.parent),
            "upload_wait_time": 0,
        },
    )  # fmt: skip
    assert daemon.ended(task)["outcome"] == "published"
    done = tikmatrixd("--config", one.config, "materials", "reset-used", one.video.parent)
    assert (done.returncode, done.stdout) == (0, "1 used marks were taken away\n"), done.stderr


def test_the_log_says_what_happened_to_which_task_and_never_a_token_or_a_whole_caption(hub):
    one = hub(1, "--latency", "100")
    one.config.write_text(one.config.read_text() + '\n[log]\nlevel = "info"\nformat = "json"\n')
    token = tikmatrixd("--config", one.config, "token", "new", "laptop", "--quiet").stdout.strip()
    daemon = one.start()
    caption = "first words of it then many more so that a whole caption would be seen in a log at once xyzzy"
    good = post(one, daemon, caption)
    assert daemon.ended(good)["outcome"] == "published"
    one.phones.simctl(one.phones.serials[0], "fault", "upload-fail", "--always")
    bad = post(one, daemon, caption, max_retry_count=0)
    daemon.running(bad)
    for path, sent in ((f"task/{bad}", token), ("nothing", f"wrong-{token}")):
        request = urllib.request.Request(
            f"{daemon.url}/api/v1/{path}", headers={"Authorization": f"Bearer {sent}"}
        )
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=30):
            pass
    daemon.ended(bad)
    daemon.stop()
    text = daemon.log()
    assert token not in text
    assert caption not in text
    assert "xyzzy" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("task") == good]
    assert mine, text
    assert all(line["serial"] == one.phones.serials[0] for line in mine)
    assert any(line["message"].startswith("published: ") for line in mine)
    assert any(line.get("step") == "commit" for line in mine)


def test_version_completion_and_help_answer_quickly_and_without_a_config(tmp_path):
    def said(*words, **environment):
        command, variables = [*PROGRAM, *words], {**os.environ, **environment}
        return subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, env=variables
        ).stdout

    assert said("--version") == f"tikmatrixd {VERSION}\n"
    asked = {"_TIKMATRIXD_PY_COMPLETE": "bash_complete", "COMP_WORDS": "tikmatrixd.py to", "COMP_CWORD": "1"}
    assert said(**asked) == "plain,token\n"
    assert "serve" in said("--help")


def test_the_config_in_force_is_printed_with_its_origin_and_without_secrets(tmp_path):
    """Of a daemon that runs on this machine it would be that one's: none listens on port 1."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[server]\nthreads = 6\nlisten = "127.0.0.1:1"\n\n[[notify]]\nkind = "webhook"\nurl = "https://user:pass@example.org/hook?key=abc"\nsecret = "s3cret"\n'
    )
    said = tikmatrixd("--config", path, "config").stdout
    assert f"threads = 6  # {path}:2" in said
    assert "drain_s = 15.0  # default" in said
    for secret in ("s3cret", "pass", "abc"):
        assert secret not in said
