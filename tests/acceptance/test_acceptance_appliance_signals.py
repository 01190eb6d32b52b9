"""Stops, reloads and thread dumps by signal; and a demo that leaves no process behind, however it ends."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.daemon import ROOT, Daemon, until

DRAIN_S = 4.0


def processes(word):
    """Command lines that hold the word, by process id; the dead that nobody has buried do not count."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            home = (folder / "environ").read_bytes().decode(errors="replace")
            if (word in line or word in home) and int(folder.name) != os.getpid():
                found[int(folder.name)] = line
    return found


class Demo:
    """`serve --demo 1` in a folder of its own, by which its processes are known."""

    def __init__(self, folder):
        self.word = str(folder / "demo")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tikmatrixd.py"), "serve", "--demo", "1", "--listen", "127.0.0.1:0",
             "--state-dir", self.word],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip

    def ready(self):
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("tikmatrixd is ready"), line
        kinds = list(processes(self.word).values())
        assert any("-m simulator" in kind for kind in kinds), kinds
        assert any("adb" in kind and "server" in kind for kind in kinds), kinds
        return self

    def gone(self, timeout_s=15):
        self.process.wait(timeout_s)
        self.process.communicate()
        until(lambda: not processes(self.word), 10, f"what is left: {processes(self.word)}")


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 0), pytest.param(signal.SIGINT, 0, marks=pytest.mark.long), (signal.SIGKILL, -9)],
    ids=str,
)
def test_a_demo_leaves_no_process_behind(tmp_path, number, status):
    demo = Demo(tmp_path).ready()
    demo.process.send_signal(number)
    demo.gone()
    assert demo.process.returncode == status


def test_a_ctrl_c_in_the_terminal_reaches_everybody_and_all_end(tmp_path):
    demo = Demo(tmp_path).ready()
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.gone()
    assert demo.process.returncode == 0


def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing_either(tmp_path):
    demo = Demo(tmp_path)
    until(lambda: any("-m simulator" in line for line in processes(demo.word).values()), 30, "the simulator")
    demo.process.terminate()
    demo.gone(60)


@pytest.fixture
def hangup_counts():
    """A hang-up ends what is started here, also where the tests run under `nohup`, which children inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, pytest.param(signal.SIGKILL, marks=pytest.mark.long)], ids=str
)
def test_make_demo_leaves_no_process_behind_when_its_terminal_is_closed_or_it_is_killed(
    tmp_path, number, hangup_counts
):
    demo = subprocess.Popen(
        [sys.executable, "-m", "simulator.demo", "--listen", "127.0.0.1:0"],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert demo.stdout is not None
    assert any("progress:" in line for line in demo.stdout)
    assert any("serve --demo" in line for line in processes(str(tmp_path)).values())
    demo.send_signal(number)
    demo.communicate(timeout=30)
    until(lambda: not processes(str(tmp_path)), 15, f"what is left: {processes(str(tmp_path))}")
    assert number == signal.SIGKILL or not list(tmp_path.iterdir())


def slow_post(one, daemon):
    """A post that is on its way and takes its time."""
    task = daemon.post(
        serials=one.phones.serials,
        script_config={"captions": "slow", "material_list": [str(one.video)], "upload_wait_time": 0},
    )
    daemon.running(task)
    return task


def answers(daemon):
    try:
        daemon.call("GET", "/healthz")
    except json.JSONDecodeError:
        return True
    except OSError:
        return False
    return True


def hub_with_drain(hub, *options):
    one = hub(*options)
    text = one.config.read_text().replace("[server]\n", f"[server]\ndrain_s = {DRAIN_S}\n")
    one.config.write_text(text)
    return one


def test_sigterm_before_the_tap_stops_at_once_and_the_task_starts_over_later(hub):
    one = hub_with_drain(hub, 1, "--latency", "1000")
    daemon = one.start(warm=False)
    task = slow_post(one, daemon)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < DRAIN_S
    again = one.start(warm=False)
    assert again.ended(task)["outcome"] == "published"
    assert len(one.posts()) == 1


def test_sigterm_ends_within_its_bound_also_while_proof_is_waited_for(hub):
    one = hub_with_drain(hub, 1)
    daemon = one.start(warm=False)
    one.phones.simctl(one.phones.serials[0], "fault", "upload-stall", "--always")
    task = slow_post(one, daemon)
    daemon.running(task, "proof")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < DRAIN_S + 2
    assert len(one.posts()) <= 1


def test_a_second_sigterm_ends_at_once_and_the_store_is_whole(hub):
    one = hub_with_drain(hub, 1)
    daemon = one.start(warm=False)
    one.phones.simctl(one.phones.serials[0], "fault", "upload-stall", "--always")
    task = slow_post(one, daemon)
    daemon.running(task, "proof")
    daemon.process.terminate()
    until(lambda: not answers(daemon), 5, "the stop has begun")
    daemon.process.terminate()
    assert daemon.died(2) == 128 + signal.SIGTERM
    assert one.start(warm=False).task(task)["id"] == task


def test_sigusr1_prints_the_stacks_and_names_of_all_threads_and_changes_nothing(hub):
    one = hub(1)
    daemon = one.start(warm=False)
    daemon.process.send_signal(signal.SIGUSR1)
    until(lambda: " is watch" in daemon.log(), 5, "the dump")
    for word in ("most recent call first", "is http", "is scheduler", "is MainThread"):
        assert word in daemon.log()
    assert daemon.call("GET", "/readyz")["ready"] in {True, False}


def test_sighup_takes_a_good_config_over_and_keeps_the_old_one_on_any_mistake(hub):
    one = hub(1)
    daemon = one.start(warm=False)
    good = one.config.read_text()

    def names():
        return {account["username"] for account in daemon.call("GET", "/api/v1/accounts")["data"]["accounts"]}

    one.config.write_text(good + '\n[[accounts]]\nusername = "new_one"\nplatfrm = "tiktok"\n')
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "the one before stays in force" in daemon.log(), 10, "the complaint")
    assert "did you mean 'platform'?" in daemon.log()
    assert "new_one" not in names()
    (notice,) = [n for n in daemon.call("GET", "/readyz")["notices"] if "config on disk" in n]
    assert "stays in force" in notice
    assert "did you mean 'platform'?" in notice
    one.config.write_text(
        good + '\n[[accounts]]\nusername = "new_one"\nplatform = "tiktok"\n\n[phones]\nallow_reboot = true\n'
    )
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "new_one" in names(), 10, "the new account")
    assert "these changes wait for a restart: phones.allow_reboot" in daemon.log()
    assert daemon.process.poll() is None


def test_screens_files_are_taken_over_by_a_reload_and_config_prints_what_is_in_force(tmp_path):
    screens = tmp_path / "screens"
    screens.mkdir()
    (tmp_path / "media").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = tmp_path / "config.toml"
    path.write_text(
        f'[server]\nlisten = "127.0.0.1:{port}"\n[storage]\nstate_dir = "{tmp_path / "state"}"\n'
        f'[media]\nroots = ["{tmp_path / "media"}"]\n[adb]\nport = 1\nstart_server = false\n'
        f'[posting]\nscreens_dir = "{screens}"\n'
    )
    daemon = Daemon(path, warm=False)
    try:

        def notices():
            return [n for n in daemon.call("GET", "/readyz")["notices"] if "on disk" in n]

        def reload():
            return daemon.call("POST", "/api/v1/reload")

        def config():
            command = [sys.executable, str(ROOT / "tikmatrixd.py"), "config", "--config", str(path)]
            return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)

        (screens / "tiktok.toml").write_text('[[elements.mine]]\ntext = "Mine"\n')
        assert "the screens files" in notices()[0]
        assert reload()["data"]["changed"] == ["posting.screens_dir"]
        assert notices() == []
        (screens / "tiktok.toml").write_text("[[elements.mine]]\ntxet = 1\n")
        assert reload()["code"] == 40001
        assert str(screens / "tiktok.toml") in notices()[0]
        (screens / "tiktok.toml").unlink()
        assert reload()["data"]["changed"] == ["posting.screens_dir"]
        good = path.read_text()
        path.write_text(f"{good}proof_timeout_s = 7.0\n")
        said = config()
        assert "proof_timeout_s = 300.0  # as before" in said.stdout
        assert "posting.proof_timeout_s: systemctl restart" in said.stderr
        path.write_text(f"{good}nonsense = 7.0\n")
        said = config()
        assert said.returncode == 78
        assert "proof_timeout_s = 300.0  # default" in said.stdout
        assert "posting.nonsense" in said.stderr
        path.write_text(good)
    finally:
        daemon.process.terminate()
    assert daemon.died(20) == 0
    said = config()
    assert "# default" in said.stdout
    assert "what a daemon has in force is not known" in said.stderr


def test_a_sighup_during_the_start_does_not_end_the_daemon(tmp_path):
    demo = Demo(tmp_path)
    until(lambda: any("-m simulator" in line for line in processes(demo.word).values()), 30, "the simulator")
    demo.process.send_signal(signal.SIGHUP)
    demo.ready()
    demo.process.terminate()
    demo.gone()


def test_the_service_manager_hears_ready_status_watchdog_reload_and_stop(hub, tmp_path):
    one = hub(1)
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        heard = []

        def hear(word):
            while not any(word in line for line in heard):
                heard.extend(manager.recv(4096).decode().splitlines())

        daemon = one.start(warm=False, environment={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"})
        hear("READY=1")
        hear("WATCHDOG=1")
        hear("1 of 1 phones usable")
        good = one.config.read_text()
        one.config.write_text(f"{good}\n[nonsense]\n")
        hear("phones usable, 0 tasks pending, 0 running; the config on disk has mistakes")
        one.config.write_text(good)
        heard.clear()
        daemon.process.send_signal(signal.SIGHUP)
        hear("RELOADING=1")
        assert any(line.startswith("MONOTONIC_USEC=") for line in heard)
        hear("READY=1")
        daemon.process.terminate()
        hear("STOPPING=1")
        (extend,) = [line for line in heard if line.startswith("EXTEND_TIMEOUT_USEC=")]
        assert int(extend.partition("=")[2]) >= 15_000_000
    assert daemon.died(20) == 0
