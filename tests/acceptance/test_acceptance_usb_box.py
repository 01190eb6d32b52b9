"""From one box to two as the operator's manual leads, on two Debians with a real systemd, and what then holds.

The tests are the chapters of one story and run in their order: a hub, and a box on which the phones are.
"""

import re
import shlex

import pytest

from jobs.upkeep.usb_boxes.pasted import read_box_line, read_hub_line
from tests.support import container
from tests.support.daemon import until
from tests.support.installed import PHONES, Box
from tests.support.manual import blocks_of, commands_by_place

HUB_ADDRESS, USB_ADDRESS = "10.99.1.1", "10.99.1.2"
NAME = "shelf-b"
UNIT = f"tikmatrixd-usb-link@{NAME}.service"
ADB = "/opt/tikmatrixd/current/adb"
MOST_EXPOSURE = 1.5

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(container.why_not()), reason=f"real systemd: {container.why_not()}"),
]


#: Asks the adb server at the end of the link. An adb program would start a server of its own there while the link is down.
COUNT = """
import socket
try:
    with socket.create_connection(("127.0.0.1", 5038), 2) as link:
        link.settimeout(2)
        link.sendall(b"000chost:devices")
        print(link.makefile("rb").read().count(b"\\tdevice"))
except OSError:
    print(0)
"""


class Two:
    """The hub, the box with the phones, and a cable between them."""

    def __init__(self, hub, usb):
        self.hub, self.usb = hub, usb
        self.hub_line = self.box_line = ""

    def at(self, place):
        return {"hub": self.hub, "USB box": self.usb}[place]

    def links_up(self):
        return int(self.hub.sh(f"python3 -c {shlex.quote(COUNT)}"))

    def ssh(self, key, user, *words, typed=""):
        """What the hub's root gets who tries more with a key of the link."""
        mine = f"/etc/tikmatrixd/usb-boxes/{NAME}"
        line = shlex.join(
            [
                "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", f"HostKeyAlias={NAME}", "-o", "IdentitiesOnly=yes",
                "-o", f"UserKnownHostsFile={mine}/known_hosts", "-o", "ExitOnForwardFailure=yes", "-i", f"{mine}/{key}",
                "-l", user, *words,
            ]
        )  # fmt: skip
        return self.hub.inside.sh(f"printf %s {shlex.quote(typed)} | timeout 10 {line}", check=False)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    hub_folder, usb_folder = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("usb")
    with container.booted(hub_folder, "hub") as inside, container.booted(usb_folder, "usb") as other:
        inside.join(other, HUB_ADDRESS, USB_ADDRESS)
        hub, usb = Box(inside, hub_folder), Box(other, usb_folder)
        for one in (hub, usb):
            one.as_the_manuals_reader()
            one.sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh")
        try:
            yield Two(hub, usb)
        finally:
            usb.stop_phones()


def test_01_the_manual_leads_from_one_box_to_two_command_by_command(two):
    print(two.hub.install())
    two.usb.start_phones()
    config = two.hub.inside.root / "etc" / "tikmatrixd" / "config.toml"
    (entry,) = [block for block in blocks_of("docs/operator.md", "toml") if f'name = "{NAME}"\nhost' in block]
    for place, command in commands_by_place("docs/operator.md"):
        box = two.at(place)
        typed = f"{two.hub_line}\n" if "--usb-box" in command else ""
        if command.endswith("check-config"):
            config.write_text(f"{config.read_text()}\n{entry}")
        done = box.inside.sh(
            f"cd /root/src && printf %s {shlex.quote(typed)} | {command}", check=False, timeout=300
        )
        print(f"{place}$ {command}\n{done.stdout}{done.stderr}")
        if command.endswith("doctor"):  # phones that are just being found cannot post yet
            assert f"USB box {NAME}: its link to {USB_ADDRESS} is up" in done.stdout
            continue
        assert done.returncode == 0
        if "usb-box add" in command:
            two.hub_line = done.stdout.strip()
            assert read_hub_line(two.hub_line).name == NAME
        if "--usb-box" in command:
            two.box_line = done.stdout.splitlines()[-1]
            said = read_box_line(two.box_line)
            assert (said.host, said.port) == (USB_ADDRESS, 22)
            for phone in PHONES:
                two.usb.sh(f"{ADB} connect {phone}")
            # What waits on the hub gets its line.
            added = two.hub.inside.sh(
                f"echo {shlex.quote(two.box_line)} | tikmatrixd usb-box add {NAME}", check=False
            )
            print(added.stdout + added.stderr)
            assert added.returncode == 0
            assert added.stdout.endswith(f"\n{entry}")
            assert "its adb server answers" in added.stderr
            assert "its adb key was fetched" in added.stderr
        if "usb-box list" in command:
            (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith(NAME)]
            assert row[:4] == [NAME, USB_ADDRESS, "5038", "active"]
            assert row[4:] == ["answers,", "version", "41"]
    until(lambda: two.links_up() == len(PHONES), 30, "both phones through the link")
    until(lambda: "2 of 2 phones usable" in two.hub.show("StatusText"), 60, "both phones in the status line")
    two.hub.sh("cp /srv/sample.mp4 /srv/tikmatrixd/media/")
    for phone in PHONES:
        ended = two.hub.ended(two.hub.post("through the link", phone))
        assert ended["outcome"] == "published", ended
    assert [post["caption"] for post in two.usb.posts()] == ["through the link"] * len(PHONES)


def test_02_systemd_has_nothing_to_complain_about(two):
    done = two.hub.inside.sh(f"systemd-analyze verify {UNIT}")
    assert done.stdout + done.stderr == ""
    said = two.hub.sh(f"systemd-analyze security --no-pager {UNIT}")
    print(said.splitlines()[-1])
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1]) <= MOST_EXPOSURE
    assert two.hub.sh(f"ps -o user= -p {two.hub.pid(UNIT)}").strip() == "tikmatrixd-link"


def test_03_nothing_of_the_box_is_open_but_what_was_before(two):
    listening = two.usb.sh("ss -ltnH | awk '{print $4}'").split()
    assert {one for one in listening if not one.startswith(("127.", "[::1]"))} == {"0.0.0.0:22", "[::]:22"}
    assert two.hub.inside.sh(f"curl -s --max-time 3 telnet://{USB_ADDRESS}:5037", check=False).returncode == 7
    # The others of the box have lost nothing: who is not of the hub has sshd as it was.
    said = two.usb.sh("sshd -T -C user=root,host=x,addr=127.0.0.1")
    assert "maxsessions 10" in said
    assert "allowtcpforwarding yes" in said
    assert "forcecommand none" in said


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ((USB_ADDRESS,), "id\n"),
        ((USB_ADDRESS, "id"), ""),
        (("-tt", USB_ADDRESS), "id\n"),
        (("-s", USB_ADDRESS, "sftp"), ""),
        (("-W", "127.0.0.1:22", USB_ADDRESS), ""),
        (("-W", f"{HUB_ADDRESS}:50809", USB_ADDRESS), ""),
        (("-N", "-R", "6000:127.0.0.1:22", USB_ADDRESS), ""),
        (("-N", "-R", "/tmp/x.sock:127.0.0.1:22", USB_ADDRESS), ""),
        (("-N", "-w", "0:0", USB_ADDRESS), ""),
    ],
)
def test_04_the_link_s_key_is_good_for_nothing_else(two, words, typed):
    done = two.ssh("link", "tikmatrixd-link", *words, typed=typed)
    assert done.stdout == ""
    assert done.returncode not in {0, 124}, "refused at once, not hung up"


def test_05_both_keys_are_good_for_one_user_alone(two):
    adb = ("-W", "127.0.0.1:5037", USB_ADDRESS)
    assert two.ssh("link", "tikmatrixd-link", *adb, typed="000chost:version").stdout == "OKAY00040029"
    for key, user in (
        ("backup", "tikmatrixd-link"),
        ("link", "tikmatrixd-key"),
        ("link", "root"),
        ("backup", "root"),
    ):
        done = two.ssh(key, user, *adb, typed="000chost:version")
        assert (done.stdout, "Permission denied" in done.stderr) == ("", True)
    for words in ((USB_ADDRESS, "id"), adb, ("-tt", USB_ADDRESS)):
        assert "uid=" not in two.ssh("backup", "tikmatrixd-key", *words).stdout
    mine = f"/etc/tikmatrixd/usb-boxes/{NAME}"
    sftp = (
        f"sftp -q -b - -F none -o BatchMode=yes -o HostKeyAlias={NAME} -o UserKnownHostsFile={mine}/known_hosts -i {mine}/backup "
        f"tikmatrixd-key@{USB_ADDRESS}"
    )
    listed = two.hub.sh(f"echo 'ls -a /' | {sftp}")
    assert set(listed.split()) - {"sftp>", "ls", "-a", "/"} <= {"/.", "/..", "/adbkey", "/adbkey.pub"}
    for batch in (
        "put /etc/hostname x",
        "rm adbkey",
        "get ../../../etc/passwd /tmp/p",
        "chmod 777 adbkey",
        "ln -s /etc x",
    ):
        assert two.hub.inside.sh(f"echo {shlex.quote(batch)} | {sftp}", check=False).returncode != 0, batch
    assert two.usb.sh("ls /var/lib/tikmatrixd-key").split() == ["adbkey", "adbkey.pub"]


def test_06_the_link_comes_back_by_itself(two):
    def again(what):
        until(lambda: two.links_up() == len(PHONES), 60, f"both phones again after {what}")

    again("nothing at all")
    pid = two.hub.pid(UNIT)
    two.usb.sh("pkill -KILL -u tikmatrixd-link")
    again("a killed session")
    assert two.hub.pid(UNIT) != pid
    two.hub.sh(f"systemctl kill -s KILL {UNIT}")
    again("a killed link")
    two.usb.sh("systemctl restart ssh tikmatrixd-adb.service")
    for phone in PHONES:
        two.usb.sh(f"{ADB} connect {phone}")
    again("a restart of the box's services")
    pid = two.hub.pid(UNIT)
    container.run("ip", "-n", two.hub.inside.netns, "link", "set", "cable", "down")
    until(lambda: two.hub.pid(UNIT) != pid, 40, "the link notices the cut cable")
    assert two.links_up() == 0
    container.run("ip", "-n", two.hub.inside.netns, "link", "set", "cable", "up")
    again("a cut cable")


def test_07_the_backup_of_the_hub_has_the_adb_key_of_the_box_and_its_restore_brings_the_link_back(two):
    key = two.usb.sh("cat /var/lib/tikmatrixd-adb/.android/adbkey")
    mine = f"/etc/tikmatrixd/usb-boxes/{NAME}"
    two.hub.sh(f"rm {mine}/adbkey")
    said = two.hub.sh("tikmatrixd backup /root/hub.tar")
    assert f"usb-boxes/{NAME}/adbkey" in said
    print(two.hub.purge("src"))
    assert two.hub.inside.sh(f"test -e {mine}", check=False).returncode != 0
    assert two.links_up() == 0
    two.hub.install()
    two.hub.sh("systemctl stop tikmatrixd tikmatrixd-adb.socket tikmatrixd-adb.service")
    print(two.hub.sh("tikmatrixd restore /root/hub.tar"))
    assert two.hub.sh(f"cat {mine}/adbkey") == key
    assert two.hub.sh(f"stat -c %a {mine}/adbkey {mine}/link {mine}/link.env").split() == [
        "600",
        "600",
        "644",
    ]
    two.hub.install()
    until(lambda: two.links_up() == len(PHONES), 30, "both phones through the restored link")


def test_08_doctor_names_an_adb_server_that_everybody_reaches(two):
    two.usb.sh("systemctl stop tikmatrixd-adb.socket tikmatrixd-adb.service")
    two.usb.sh(f"setsid {ADB} -a server nodaemon >/dev/null 2>&1 </dev/null &")
    open_ = f"USB box {NAME}: its adb server answers on {USB_ADDRESS}:5037 without the link"

    def says():
        return open_ in two.hub.inside.sh("tikmatrixd doctor", check=False).stdout

    until(says, 20, "doctor's finding")
    two.usb.sh("pkill -x adb; sleep 1; systemctl start tikmatrixd-adb.socket")
    until(lambda: not says(), 20, "doctor's finding is gone")


def test_09_the_installer_on_the_box_may_be_run_again_and_its_removal_leaves_no_way_in(two):
    pid = two.usb.pid("tikmatrixd-adb.service")
    again = two.usb.inside.sh("/root/src/systemd/install.sh --usb-box </dev/null", check=False, timeout=300)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.splitlines()[-1] == two.box_line
    assert two.usb.pid("tikmatrixd-adb.service") == pid
    assert "make it a hub after --remove" in two.usb.install("src", good=False)
    assert "this box is a hub" in two.hub.install("src", "--usb-box", good=False)
    print(two.usb.install("src", "--remove"))
    done = two.ssh("link", "tikmatrixd-link", "-W", "127.0.0.1:5037", USB_ADDRESS)
    assert "Permission denied" in done.stderr
    assert two.usb.sh("ls /etc/ssh/sshd_config.d") == ""
    assert two.links_up() == 0


def test_10_a_box_in_the_place_of_another_takes_its_adb_key(two):
    key = two.hub.sh(f"cat /etc/tikmatrixd/usb-boxes/{NAME}/adbkey")
    two.usb.sh("rm -rf /var/lib/tikmatrixd-adb")
    (two.usb.inside.root / "root" / "adbkey").write_text(key)
    done = two.usb.inside.sh(
        f"echo {shlex.quote(two.hub_line)} | /root/src/systemd/install.sh --usb-box --adb-key /root/adbkey",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert two.usb.sh("cat /var/lib/tikmatrixd-adb/.android/adbkey") == key
    assert two.usb.sh("stat -c '%U %a' /var/lib/tikmatrixd-adb/.android/adbkey").split() == [
        "tikmatrixd-adb",
        "600",
    ]
    for phone in PHONES:
        two.usb.sh(f"{ADB} connect {phone}")
    until(lambda: two.links_up() == len(PHONES), 30, "both phones at the new box")
    print(two.hub.sh(f"tikmatrixd usb-box remove {NAME}"))
    assert two.hub.inside.sh(f"systemctl is-active {UNIT}", check=False).stdout.strip() == "inactive"
    assert two.hub.sh("ls /etc/tikmatrixd/usb-boxes") == ""
