"""What an operator does wrong leads to one sentence that says what to do, and to the right exit status."""

import contextlib
import os
import re
import shutil
import socket
import subprocess

import pytest

from tests.support.daemon import PROGRAM, tikmatrixd, until


@pytest.fixture
def config(tmp_path):
    """A config of one's own without phones: `config(section_text)`."""
    (tmp_path / "media").mkdir()

    def make(more="", listen="127.0.0.1:0"):
        path = tmp_path / "config.toml"
        path.write_text(
            f'[server]\nlisten = "{listen}"\n\n[storage]\nstate_dir = "{tmp_path / "state"}"\n\n'
            f'[media]\nroots = ["{tmp_path / "media"}"]\n\n[adb]\nport = 1\nstart_server = false\n{more}'
        )
        return path

    return make


def test_check_config_reports_three_mistakes_at_once_with_line_key_and_near_miss(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(
        '[server]\nlissten = "127.0.0.1:50809"\n\n[posting]\nmax_retry_count = "three"\n\n'
        '[[accounts]]\nusername = "@alice"\nplatform = "tiktock"\n'
    )
    done = tikmatrixd("--config", path, "check-config")
    print(done.stderr)
    assert done.returncode == 78
    assert done.stderr.splitlines() == [
        f"{path}: line 2: server.lissten: there is no such key; did you mean 'listen'?",
        f"{path}: line 5: posting.max_retry_count: expected a whole number, got a text",
        f"{path}: line 9: accounts[0].platform: must be one of tiktok, instagram; did you mean 'tiktok'?",
    ]
    started = tikmatrixd("--config", path, "serve")
    assert (started.returncode, started.stderr) == (78, done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("check-config", marks=pytest.mark.long),
        "config",
        "token list",
        pytest.param("archive", marks=pytest.mark.long),
        "serve --listen 127.0.0.1:x",
    ],
)
def test_CLI_14_the_config_is_named_before_or_after_the_command(tmp_path, words):
    path = tmp_path / "config.toml"
    path.write_text(f'[server]\nlisten = "127.0.0.1:1"\n[storage]\nstate_dir = "{tmp_path}"\n')
    before = tikmatrixd("--config", path, *words.split())
    for after in (
        [*words.split(), "--config", path],
        [*words.split(), f"--config={path}"],
        [words.split()[0], "--config", path, *words.split()[1:]],
    ):
        done = tikmatrixd(*after)
        assert (done.returncode, done.stdout, done.stderr) == (
            before.returncode,
            before.stdout,
            before.stderr,
        )
    assert "No such option" not in before.stderr
    both = tikmatrixd("--config", path, *words.split(), "--config", "/nonexistent.toml")
    assert both.returncode == 64
    assert "two config files are named" in both.stderr
    assert tikmatrixd("--config", path, *words.split(), "--config", path).returncode == before.returncode


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("--config", "/nonexistent.toml", "serve"), 78, "/nonexistent.toml: there is no such file"),
        (("srve",), 64, "Error: No such command 'srve'. Did you mean 'serve'?"),
        (("serve", "--listen", "here"), 78, "server.listen: 'here' is not HOST:PORT, e.g. 127.0.0.1:50809"),
        (("serve", "--demo", "0"), 64, "Error: Invalid value for '--demo': 0 is not in the range 1<=x<=100."),
    ],
)
def test_a_wrong_command_line_ends_with_the_status_that_nobody_starts_again(words, status, sentence):
    done = tikmatrixd(*words)
    assert (done.returncode, done.stderr.strip().splitlines()[-1]) == (status, sentence)


def test_a_taken_port_is_said_before_anything_is_begun(config):
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        done = tikmatrixd("--config", config(listen=listen), "serve")
    assert done.returncode == 69
    assert done.stderr.splitlines()[-1] == (
        f"cannot listen on {listen}: something else listens there already; is another tikmatrixd running?"
    )
    assert "Traceback" not in done.stderr
    # No phone was looked for: every few seconds the service manager tries again, and no task may suffer from that.
    assert "adb" not in done.stderr


def test_the_lan_is_not_served_without_a_token(config):
    done = tikmatrixd("--config", config(listen="0.0.0.0:0"), "serve")
    assert done.returncode == 78
    assert "make one with `tikmatrixd.py token new NAME`" in done.stderr


def test_a_damaged_token_file_is_a_finding_of_doctor_and_not_its_end(config, tmp_path):
    path = config()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "tokens.json").write_text("{")
    done = tikmatrixd("--config", path, "doctor")
    assert done.returncode == 1
    assert f"FAIL  tokens: {tmp_path / 'state' / 'tokens.json'} is damaged" in done.stdout
    assert "move it away and make new tokens" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("posting cannot work yet: ")


def test_a_second_daemon_on_the_same_state_is_refused(hub):
    one = hub(1)
    one.start()
    done = tikmatrixd("--config", one.config, "serve", "--listen", "127.0.0.1:0")
    assert done.returncode == 69
    assert done.stderr.strip().endswith(": stop it first")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_a_state_directory_of_somebody_else_is_named(config, tmp_path):
    path = config()
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, 65534, 65534)
    # Root without root's right to every file.
    command = [
        "setpriv",
        "--bounding-set",
        "-dac_override,-dac_read_search",
        *PROGRAM,
        "--config",
        str(path),
        "serve",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 77, done.stderr
    assert done.stderr.splitlines(keepends=True)[-1] == (
        f"{state} cannot be used by this user: chown it to that user, or name another storage.state_dir (or --state-dir)\n"
    )


def test_a_state_directory_that_is_a_file_is_named(config, tmp_path):
    (tmp_path / "state").write_text("")
    done = tikmatrixd("--config", config(), "serve")
    assert done.returncode == 74
    assert done.stderr.splitlines()[-1] == f"{tmp_path / 'state'} cannot be used: File exists"


def test_without_an_adb_server_the_commands_for_phones_say_so_and_do_not_pretend(config):
    path = config()
    for command in (("devices",), ("inspect", "R58M12ABCDE")):
        done = tikmatrixd("--config", path, *command)
        assert done.returncode == 69, done
        assert "no adb server answers on 127.0.0.1:1" in done.stderr.splitlines()[-1]
        assert not done.stdout
    done = tikmatrixd("--config", path, "doctor")
    assert done.returncode == 1
    assert "FAIL  phones: not looked at: no adb server answers on 127.0.0.1:1" in done.stdout


def test_a_missing_adb_is_no_reason_not_to_serve_and_is_said_where_one_looks(hub):
    one = hub(1)
    text = re.sub(
        r"(?m)^\[adb\]\nport = \d+\nstart_server = false",
        '[adb]\nport = 1\nbinary = "/nonexistent/adb"',
        one.config.read_text(),
    )
    one.config.write_text(text)
    daemon = one.start()
    reasons = until(lambda: daemon.call("GET", "/readyz")["reasons"], 10)
    assert any("/nonexistent/adb" in reason for reason in reasons), reasons
    task = daemon.post(
        usernames=[one.account("tiktok")],
        script_config={"captions": "waits", "material_list": [str(one.video)], "upload_wait_time": 0},
    )
    waits = until(
        lambda: found if (found := daemon.task(task))["waiting_for"] in {"adb", "device"} else None, 10
    )
    assert waits["waiting_for"] in {"adb", "device"}
    assert waits["status"] == 0
    done = tikmatrixd("--config", one.config, "doctor")
    print(done.stdout)
    assert done.returncode == 1
    assert "FAIL  adb binary: /nonexistent/adb does not exist\n      fix: set adb.binary" in done.stdout


def test_a_phone_that_has_not_accepted_the_key_is_told_from_one_that_is_not_there(hub):
    one = hub(1)
    daemon = one.start()
    serial = one.phones.serials[0]
    one.phones.simctl(serial, "fault", "unauthorized", "60")

    def state():
        (phone,) = daemon.call("GET", "/api/v1/devices")["data"]["devices"]
        return phone["state"]

    until(lambda: state() == "unauthorized", 20, "the phone is unauthorized")
    task = daemon.post(
        serials=[serial],
        script_config={"captions": "waits", "material_list": [str(one.video)], "upload_wait_time": 0},
    )
    waits = until(lambda: found if (found := daemon.task(task))["waiting_detail"] else None, 10)
    assert "accept" in waits["waiting_detail"], waits
    done = tikmatrixd("--config", one.config, "doctor", serial)
    print(done.stdout)
    assert done.returncode == 1
    assert "fix: unlock the phone and accept the question about USB debugging" in done.stdout


def test_doctor_judges_each_phone_and_each_account_by_its_own_app_and_puts_failures_first(hub):
    one = hub(3)
    one.start()
    away, half, _whole = one.phones.serials
    one.phones.simctl(away, "fault", "unauthorized", "60")
    one.phones.adb("shell", "pm", "uninstall", "com.instagram.android", serial=half)

    def seen():
        return tikmatrixd("--config", one.config, "doctor")

    done = until(lambda: found if "accept the question" in (found := seen()).stdout else None, 20)
    print(done.stdout)
    lines = done.stdout.splitlines()
    assert lines[-1] == "posting can work: 2 of 3 phones can post"
    assert done.returncode == 0
    assert lines[0].startswith("FAIL")
    assert (
        f"FAIL  phone {half}: @{one.account('instagram', 1)} on instagram: com.instagram.android is not"
        in (done.stdout)
    )
    assert (
        f"ok    phone {half}: @{one.account('tiktok', 1)} on tiktok: no task has seen it logged out" in lines
    )
    problems = tikmatrixd("--config", one.config, "doctor", "--problems", half)
    print(problems.stdout)
    assert not any(line.startswith("ok") for line in problems.stdout.splitlines())
    assert problems.stdout.endswith("posting can work: 1 of 1 phone can post\n")


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(disk):
    """Leave no room; returns the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


SMALL_DISK = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mount"), reason="needs root to mount a small disk"
)


@SMALL_DISK
def test_a_disk_that_is_full_before_the_first_start_is_said_with_what_to_do(config, tmp_path):
    with small_disk(tmp_path / "small", "1m") as disk:
        fill(disk)
        done = tikmatrixd("--config", config(), "serve", "--state-dir", disk / "state")
    assert done.returncode == 74
    said = done.stderr.splitlines()[-1]
    assert "No space left on device" in said
    assert said.endswith(f": free some space on the disk of {disk / 'state'}")


@SMALL_DISK
def test_a_full_disk_refuses_new_tasks_and_says_so_and_old_ones_stay(hub, tmp_path):
    one = hub(1)
    with small_disk(tmp_path / "small", "40m") as disk:
        text = re.sub(
            r"(?m)^state_dir = .*$",
            f'state_dir = "{disk / "state"}"\nmin_free_bytes = 1048576',
            one.config.read_text(),
        )
        one.config.write_text(text)
        daemon = one.start()
        body = {
            "serials": one.phones.serials,
            "script_name": "post",
            "force": True,
            "script_config": {"captions": "kept", "material_list": [str(one.video)], "upload_wait_time": 0},
        }
        assert daemon.ended(daemon.post(**body))["outcome"] == "published"
        ballast = fill(disk)
        refused = daemon.call("POST", "/api/v1/task", body)
        assert refused["code"] == 50701, refused
        assert "disk" in refused["message"] or "space" in refused["message"]
        doctor = tikmatrixd("--config", one.config, "doctor")
        assert "free some space" in doctor.stdout
        daemon.stop()
        again = one.start()
        assert again.call("GET", "/api/v1/task/stats")["data"]["completed"] == 1
        assert again.call("POST", "/api/v1/task", body)["code"] == 50701
        ballast.unlink()
        answer = until(
            lambda: found if (found := again.call("POST", "/api/v1/task", body))["code"] == 0 else None,
            90,
            "room again",
        )
        assert again.ended(answer["data"]["task_ids"][0])["outcome"] == "published"
        again.stop()
