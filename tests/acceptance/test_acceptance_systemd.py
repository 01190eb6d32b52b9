"""The installer and the units on a real Debian with a real systemd: systemctl, journalctl and curl, nothing else.

The tests are the chapters of one story and run in their order, in one container.
"""

import hashlib
import json
import re
import time

import pytest

from tests.support import container
from tests.support.daemon import until
from tests.support.installed import PHONES, Box
from tests.support.manual import blocks_of, commands
from tests.support.simulated import sample_video

LAN = f"http://{container.LAN_ADDRESS}:50809"
MOST_EXPOSURE = 1.5

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(container.why_not()), reason=f"real systemd: {container.why_not()}"),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    folder = tmp_path_factory.mktemp("box")
    with container.booted(folder) as inside:
        made = Box(inside, folder)
        try:
            yield made
        finally:
            made.stop_phones()


def test_01_the_installer_says_each_step_and_ends_with_a_line_to_try(box):
    said = box.install()
    print(said)
    for word in (
        "virtual environment",
        "users, directories",
        "config.toml",
        "making a token",
        "starting",
        "running: ",
    ):
        assert word in said
    box.token = re.search(r"tkm_\S+", said)[0].rstrip('"')
    assert box.sh("systemctl is-active tikmatrixd.service").strip() == "active"
    (line,) = [line.strip() for line in said.splitlines() if line.startswith("  curl ")]
    assert json.loads(box.sh(line))["message"] == "success"
    assert box.sh("stat -c '%U:%G %a' /etc/tikmatrixd/tokens.json /etc/tikmatrixd/config.toml").split("\n")[
        :2
    ] == [
        "root:tikmatrixd 640",
        "root:tikmatrixd 640",
    ]


def test_02_a_second_run_changes_nothing(box):
    pids = box.pid(), box.pid("tikmatrixd-adb.service")
    said = box.install()
    assert "nothing has changed" in said
    assert "Your token" not in said
    assert pids == (box.pid(), box.pid("tikmatrixd-adb.service"))


def test_03_systemd_has_nothing_to_complain_about(box):
    units = "tikmatrixd.service tikmatrixd-adb.service tikmatrixd-adb.socket"
    done = box.inside.sh(f"systemd-analyze verify {units}")
    assert done.stdout + done.stderr == ""
    for unit in ("tikmatrixd.service", "tikmatrixd-adb.service"):
        said = box.sh(f"systemd-analyze security --no-pager {unit}")
        print(said.splitlines()[-1])
        assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1]) <= MOST_EXPOSURE


PROBE = """
import os, sys
sys.path.insert(0, "/opt/tikmatrixd/current")
from jobs.queue.clock_trust import kernel_synchronised
from pathlib import Path
from jobs.media.probe import MediaProbe
import lxml.etree, PIL.Image
PIL.Image.new("RGB", (100, 100)).save("/tmp/picture.png")
wrote = []
for place in ("/etc", "/opt/tikmatrixd", "/srv/tikmatrixd/media", "/usr", "/home", "/root", "/var/lib/tikmatrixd-adb"):
    try:
        Path(place, "probe").write_text("x")
        wrote.append(place)
    except OSError:
        pass
print("PROBE", {
    "wrote": wrote, "clock": kernel_synchronised() is not None, "media": MediaProbe(20).look(Path("/tmp/picture.png")).width == 100,
    "tokens": os.access("/etc/tikmatrixd/tokens.json", os.R_OK), "usb": os.path.exists("/dev/bus/usb"),
}, flush=True)
"""


def test_04_inside_the_fence_the_libraries_work_and_nothing_else_can_be_written(box):
    (box.inside.root / "opt" / "probe.py").write_text(PROBE)
    python = "/opt/tikmatrixd/current/.venv/bin/python -Es"
    box.sh(
        "mkdir -p /run/systemd/system/tikmatrixd.service.d && "
        f"printf '[Service]\\nExecStartPre={python} /opt/probe.py\\n' >/run/systemd/system/tikmatrixd.service.d/probe.conf && "
        "systemctl daemon-reload && systemctl restart tikmatrixd && "
        "rm -r /run/systemd/system/tikmatrixd.service.d && systemctl daemon-reload"
    )
    (line,) = [line for line in box.journal().splitlines() if line.startswith("PROBE ")]
    assert line == ("PROBE {'wrote': [], 'clock': True, 'media': True, 'tokens': True, 'usb': False}")


def test_05_phones_are_found_and_doctor_says_that_posting_can_work(box):
    box.start_phones()
    box.set("listen", '"0.0.0.0:50809"')
    box.set("connect", json.dumps(list(PHONES)))
    box.set("proof_timeout_s", "20.0")
    box.sh(
        "cp /srv/sample.mp4 /srv/tikmatrixd/media/ && tikmatrixd check-config && systemctl restart tikmatrixd"
    )
    until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 60, "both phones in the status line")
    listed = box.sh("tikmatrixd devices")
    assert [line.split()[:2] for line in listed.splitlines()] == [[phone, "device"] for phone in PHONES]
    said = box.inside.sh("tikmatrixd doctor", check=False)
    print(said.stdout)
    assert said.returncode == 0, said.stdout
    assert said.stdout.endswith("posting can work: 2 of 2 phones can post\n")


def test_06_from_another_machine_a_post_needs_the_token_and_is_published(box):
    assert box.curl("/api/v1/task/stats", None, LAN)["code"] == 40101
    task = box.post("from the LAN", PHONES[0], LAN, "-H", f"Authorization: Bearer {box.token}")
    ended = box.ended(task)
    assert ended["outcome"] == "published", ended
    (post,) = box.posts()
    assert post["caption"] == "from the LAN"
    assert post["media"][0]["sha256"] == hashlib.sha256(sample_video().read_bytes()).hexdigest()


def test_07_a_restart_of_the_daemon_never_cuts_a_phone(box):
    adb = box.pid("tikmatrixd-adb.service")
    before = box.pid()
    transports = box.sh("/opt/tikmatrixd/current/adb devices -l | grep -o transport_id:.*")
    began = time.monotonic()
    box.sh("systemctl restart tikmatrixd")
    print(f"restart: {time.monotonic() - began:.1f} s")
    assert box.pid() != before
    assert box.pid("tikmatrixd-adb.service") == adb
    assert box.sh("/opt/tikmatrixd/current/adb devices -l | grep -o transport_id:.*") == transports
    until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 30, "both phones")


def test_08_a_kill_in_the_middle_of_a_post_is_followed_by_the_truth_and_no_second_post(box):
    # The faults hold the attempt where it is until the kill.
    for caption, fault, word in (
        ("killed early", "push-silent", "push"),
        ("killed late", "upload-stall", "proof"),
    ):
        box.simctl(PHONES[0], "fault", fault)
        task = box.post(caption)
        until(lambda task=task, word=word: word in box.task(task)["remark"], 60, f"task {task} at {word}")
        assert box.task(task)["status"] == 1
        restarts = int(box.show("NRestarts"))
        # A child of the daemon may be gone before its turn to be killed, which systemctl calls a failure.
        box.inside.sh("systemctl kill -s KILL tikmatrixd.service", check=False)
        until(lambda restarts=restarts: int(box.show("NRestarts")) > restarts, 30, "systemd starts it again")
        until(box.answers, 30, "the API is back")
        ended = box.ended(task)
        mine = [post for post in box.posts() if post["caption"] == caption]
        assert ended["outcome"] in {"published", "unknown"}, ended
        assert len(mine) <= 1
        assert len(mine) == 1 or ended["outcome"] == "unknown"
    # Whoever posts next need not wait for the upload that stands still.
    box.simctl(PHONES[0], "reset")
    assert "did not stop cleanly" in box.journal()
    assert len(box.sh("cat /var/lib/tikmatrixd/unclean-stops.log").splitlines()) == 2


def test_09_a_good_config_is_taken_over_without_a_restart_and_a_bad_one_is_not(box):
    pid = box.pid()
    path = box.inside.root / "etc" / "tikmatrixd" / "config.toml"
    good = (
        path.read_text()
        + f'\n[[accounts]]\nusername = "demo_ig_02"\nplatform = "instagram"\nserial = "{PHONES[1]}"\n'
    )
    path.write_text(good)
    box.sh("systemctl reload tikmatrixd")

    def accounts():
        return [account["username"] for account in box.curl("/api/v1/accounts")["data"]["accounts"]]

    until(lambda: accounts() == ["demo_ig_02"], 10, "the new account")
    path.write_text(
        good.replace("[posting]", '[posting]\nretry = "often"').replace('serial = "', 'seriall = "')
    )
    assert box.inside.sh("systemctl reload tikmatrixd", check=False).returncode != 0
    until(lambda: "stays in force" in box.show("StatusText"), 20, "the complaint in the status line")
    assert box.show("ActiveState") == "active"
    checked = box.inside.sh("tikmatrixd check-config", check=False)
    assert checked.returncode == 78
    for word in ("posting.retry", "seriall", "did you mean 'serial'"):
        assert word in box.journal()
        assert word in checked.stderr
    assert accounts() == ["demo_ig_02"]
    assert box.pid() == pid
    path.write_text(good)
    box.sh("systemctl reload tikmatrixd")


def test_10_an_upgrade_keeps_everything(box):
    tree = box.copy_tree("newer")
    (tree / "docs" / "operator.md").write_text("A newer manual.\n")
    before, total, adb = (
        box.pid(),
        box.curl("/api/v1/task/stats")["data"]["total"],
        box.pid("tikmatrixd-adb.service"),
    )
    said = box.install("newer")
    print(said)
    assert "saving the state" in said
    assert box.pid() != before
    assert box.pid("tikmatrixd-adb.service") == adb
    assert box.curl("/api/v1/task/stats")["data"]["total"] == total
    assert "A newer manual." in box.sh("cat /opt/tikmatrixd/current/docs/operator.md")
    until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 30, "both phones")
    assert box.ended(box.post("after the upgrade", PHONES[1]))["outcome"] == "published"


BROKEN = {
    "it does not start": ("jobs/run/engine.py", "raise RuntimeError('a bad release')\n"),
    "its unit is wrong": ("systemd/tikmatrixd.service", "\n[Service]\nExecStartPre=/bin/false\n"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_11_an_upgrade_that_does_not_come_up_goes_back(box, what):
    name, addition = BROKEN[what]
    tree = box.copy_tree(f"broken-{list(BROKEN).index(what)}")
    file = tree / name
    file.write_text(file.read_text() + addition)
    before, total = (
        box.sh("readlink /opt/tikmatrixd/current"),
        box.curl("/api/v1/task/stats")["data"]["total"],
    )
    said = box.install(tree.name, good=False)
    print(said)
    assert "going back to" in said
    assert "the version before runs again" in said
    assert box.sh("readlink /opt/tikmatrixd/current") == before
    assert box.sh("systemctl is-active tikmatrixd").strip() == "active"
    assert box.curl("/api/v1/task/stats")["data"]["total"] == total
    assert "bin/false" not in box.sh("systemctl cat tikmatrixd.service")


def test_12_backup_and_restore_are_one_command_each(box):
    total = box.curl("/api/v1/task/stats")["data"]["total"]
    key = box.sh("cat /var/lib/tikmatrixd-adb/.android/adbkey.pub")
    print(box.sh("tikmatrixd backup /root/hub.tar"))
    assert box.sh("stat -c %a /root/hub.tar").strip() == "600"
    running = box.inside.sh("tikmatrixd restore /root/hub.tar", check=False)
    assert running.returncode == 69
    assert "systemctl stop tikmatrixd" in running.stderr
    box.purge("newer")
    box.install("newer")
    assert box.curl("/api/v1/task/stats")["data"]["total"] == 0
    box.sh("systemctl stop tikmatrixd tikmatrixd-adb.socket tikmatrixd-adb.service")
    print(box.sh("tikmatrixd restore /root/hub.tar"))
    assert box.sh("cat /var/lib/tikmatrixd-adb/.android/adbkey.pub") == key
    box.sh("cp /srv/sample.mp4 /srv/tikmatrixd/media/; systemctl start tikmatrixd-adb.socket tikmatrixd")
    assert box.curl("/api/v1/task/stats")["data"]["total"] == total
    assert box.curl("/api/v1/task/stats", None, LAN, "-H", f"Authorization: Bearer {box.token}")["code"] == 0
    until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 60, "both phones")
    assert box.ended(box.post("after the restore", PHONES[1]))["outcome"] == "published"


def test_13_R65_a_new_token_counts_at_once_and_a_revoked_one_no_longer(box):
    def code(token):
        return box.curl("/api/v1/task/stats", None, LAN, "-H", f"Authorization: Bearer {token}")["code"]

    last = box.inside.sh("tikmatrixd token revoke installer", check=False)
    assert last.returncode == 65
    assert "make another one first" in last.stderr
    pid = box.pid()
    made = box.sh("tikmatrixd token new laptop")
    new = made.split()[0]
    assert (code(box.token), code(new)) == (0, 0)
    box.sh("tikmatrixd token revoke installer")
    assert (code(box.token), code(new)) == (40101, 0)
    assert json.loads(box.sh(made.splitlines()[-1]))["code"] == 0
    assert box.sh("tikmatrixd token list").split()[0] == "laptop"
    assert box.sh("stat -c %a:%U:%G /etc/tikmatrixd/tokens.json").strip() == "640:root:tikmatrixd"
    assert box.pid() == pid


def test_14_what_starting_again_cannot_help_is_not_started_again_and_says_what_to_do(box):
    path = box.inside.root / "etc" / "tikmatrixd" / "config.toml"
    good = path.read_text()
    path.write_text(good.replace("threads = 12", "thread = 12"))
    box.inside.sh("systemctl restart tikmatrixd", check=False)
    until(lambda: box.show("ActiveState") == "failed", 10, "the service fails for good")
    assert box.show("ExecMainStatus") == "78"
    assert "server.thread: there is no such key; did you mean 'threads'?" in box.journal()
    path.write_text(good)
    box.sh("systemctl start tikmatrixd")


def test_15_a_second_daemon_and_a_taken_port_end_with_one_sentence(box):
    second = box.inside.sh("tikmatrixd serve", check=False, timeout=30)
    assert second.returncode == 69
    assert second.stderr.splitlines()[-1] == "another process uses /var/lib/tikmatrixd: stop it first"
    taken = box.inside.sh("tikmatrixd serve --state-dir /tmp/other", check=False, timeout=30)
    assert taken.returncode == 69
    assert "something else listens there already" in taken.stderr.splitlines()[-1]


def test_16_the_shell_completes_the_installed_command(box):
    said = box.sh(
        "bash -c 'source /usr/share/bash-completion/completions/tikmatrixd; COMP_WORDS=(tikmatrixd do); COMP_CWORD=1; "
        "_tikmatrixd_completion tikmatrixd; echo ${COMPREPLY[@]}'"
    )
    assert said.strip() == "doctor"


def test_17_extra_packages_are_installed_with_the_program_and_stay_after_an_upgrade(box):
    (box.inside.root / "etc" / "tikmatrixd" / "extra-requirements.txt").write_text("wheel\n")
    # By the installer of the installation itself: the source tree may be gone.
    said = box.sh("/opt/tikmatrixd/current/systemd/install.sh 2>&1", timeout=300)
    assert "adding what /etc/tikmatrixd/extra-requirements.txt names" in said
    box.sh("/opt/tikmatrixd/current/.venv/bin/python -c 'import wheel'")
    assert "nothing has changed" in box.install("newer")
    assert box.answers()


def test_18_remove_keeps_what_is_the_operators_and_a_new_installation_finds_it_again(box):
    total = box.curl("/api/v1/task/stats")["data"]["total"]
    print(box.install("newer", "--remove"))
    assert not box.answers()
    left = box.sh(
        "ls -d /opt/tikmatrixd /usr/local/bin/tikmatrixd /etc/systemd/system/tikmatrixd* 2>/dev/null || true"
    )
    assert left == ""
    assert "tikmatrixd" not in box.sh("ps -eo user,cmd")
    box.install("newer")
    assert box.curl("/api/v1/task/stats")["data"]["total"] == total
    print(box.purge("newer"))
    assert box.sh("ls -d /etc/tikmatrixd /var/lib/tikmatrixd /srv/tikmatrixd 2>/dev/null || true") == ""


def test_19_a_box_without_internet_says_so_and_is_installed_from_a_folder(box):
    box.as_the_manuals_reader()
    tree = box.copy_tree("offline")
    done = box.inside.sh("PIP_FIND_LINKS=/nowhere /root/offline/systemd/install.sh 2>&1", check=False)
    assert done.returncode == 1
    assert "nothing was changed. Without internet: docs/operator.md, section 1" in done.stdout
    assert not (box.inside.root / "opt" / "tikmatrixd" / "current").is_symlink()
    (box.inside.root / "wheels").rename(tree / "wheels")
    try:
        said = box.sh(f"cd /root/offline && {container.offline_commands()[-1]}", timeout=300)
        assert "Your token" in said
        assert box.answers()
    finally:
        (tree / "wheels").rename(box.inside.root / "wheels")
    box.purge("offline")


def test_20_the_operators_manual_works_command_by_command(box):
    """From nothing to removal, as it stands; only account, phone and file are those that are there."""
    box.as_the_manuals_reader()
    tree = box.copy_tree("manual")
    (tree / "bench.mp4").write_bytes(sample_video().read_bytes())
    config = box.inside.root / "etc" / "tikmatrixd" / "config.toml"
    for command in commands("docs/operator.md"):
        command = command.replace("@alice", "@demo_tt_01")  # noqa: PLW2901
        done = box.inside.sh(f"cd /root/manual && {command}", check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if command.startswith("curl") and "/api/v1/" in command:
            assert json.loads(done.stdout)["code"] == 0, f"{command}\n{done.stdout}"
        if command == "sudo systemd/install.sh":
            (account,) = blocks_of("docs/operator.md", "toml")[:1]
            account = account.replace("@alice", "demo_tt_01").replace("R58M12ABCDE", PHONES[0])
            box.set("connect", json.dumps(list(PHONES)))
            config.write_text(config.read_text() + "\n" + account)
            box.sh("systemctl restart tikmatrixd")
            until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 60, "both phones")
        if command == "sudo systemctl restart tikmatrixd":  # a daemon that sees no phone yet is not ready
            until(lambda: "2 of 2 phones usable" in box.show("StatusText"), 60, "both phones")
        if " -d " in command:
            assert box.ended(1)["outcome"] == "published"
    assert "active" not in box.inside.sh("systemctl is-active tikmatrixd", check=False).stdout.split()
