"""adb, ppadb, adbutils and uiautomator2, each unmodified, against a simulated phone."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import adbutils
import pytest
from PIL import Image
from ppadb.client import Client

from simulator.adb.server import locked_adb
from simulator.child import SimulatorChild
from tests.support.daemon import wait_until
from tests.support.warm import warm

MEDIA = Path(__file__).parents[1] / "media"
TIKTOK = "com.zhiliaoapp.musically"
SHARE = f"{TIKTOK}/com.ss.android.ugc.aweme.share.SystemShareActivity"


class Bench:
    """Two running phones and the ways to reach them."""

    def __init__(self, child: SimulatorChild) -> None:
        self.child = child
        self.port: int = child.ready["adb_port"]
        self.serial: str = child.ready["serials"][0]
        self.client = adbutils.AdbClient(port=self.port)
        self.device = self.client.device(self.serial)

    def adb(
        self, *words: str, stdin: bytes = b"", timeout_s: float = 20.0
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [locked_adb(), "-P", str(self.port), "-s", self.serial, *words],
            input=stdin, capture_output=True, timeout=timeout_s, check=False,
        )  # fmt: skip

    def simctl(self, words: str) -> str:
        return str(self.device.shell("simctl " + words))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    child = SimulatorChild(2, tmp_path_factory.mktemp("phones"), start=warm().popen)
    yield Bench(child)
    child.stop()


@pytest.fixture
def bench(running: Bench) -> Bench:
    running.simctl("reset")
    return running


@pytest.fixture
def ui(bench: Bench) -> Iterator[Any]:
    import uiautomator2

    device = uiautomator2.connect(bench.device)
    yield device
    device.stop_uiautomator(wait=False)


def test_the_ready_file_names_what_adb_lists(bench: Bench) -> None:
    listed = {(entry.serial, entry.state) for entry in bench.client.list()}
    assert listed == {(serial, "device") for serial in bench.child.ready["serials"]}
    assert [a["platform"] for a in bench.child.ready["accounts"]] == ["tiktok", "instagram"] * 2
    assert bench.device.getprop("ro.serialno") == "SIMPHONE01"
    assert "shell_v2" in bench.device.get_features()


def test_adb_keeps_streams_and_exit_status_apart(bench: Bench) -> None:
    done = bench.adb("shell", "echo out; ls /nothing; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (
        b"out\n", b"ls: /nothing: No such file or directory\n", 7,
    )  # fmt: skip
    assert bench.adb("shell", "cat", stdin=b"piped in").stdout == b"piped in"
    assert bench.adb("exec-out", "echo raw").stdout == b"raw\n"
    assert b"SIMPHONE01" in bench.adb("shell", stdin=b"getprop ro.serialno\nexit\n").stdout


def test_adb_pushes_lists_pulls_and_refuses(bench: Bench, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(bytes(range(256)) * 20_000)
    assert bench.adb("push", str(big), "/sdcard/Movies/").returncode == 0
    digest = hashlib.sha256(big.read_bytes()).hexdigest().encode()
    assert bench.adb("shell", "sha256sum /sdcard/Movies/big.bin").stdout.split()[0] == digest
    assert bench.adb("pull", "/sdcard/Movies/big.bin", str(tmp_path / "back.bin")).returncode == 0
    assert (tmp_path / "back.bin").read_bytes() == big.read_bytes()
    assert b"Read-only file system" in bench.adb("push", str(big), "/system/x").stderr
    assert b"No such file" in bench.adb("pull", "/sdcard/none", str(tmp_path)).stderr
    assert bench.adb("shell", "ls /system/x").returncode == 1


def test_a_folder_is_pushed_and_pulled_whole(bench: Bench, tmp_path: Path) -> None:
    for name in ("a.txt", "sub/b.txt", "sub/\u00fc n\u00e4me.txt"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(name)
    assert bench.adb("push", str(tmp_path / "tree"), "/sdcard/Download/").returncode == 0
    assert bench.adb("pull", "/sdcard/Download/tree", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back/sub/\u00fc n\u00e4me.txt").read_text() == "sub/\u00fc n\u00e4me.txt"


def test_adb_installs_the_keyboard_of_uiautomator2_and_nothing_else(bench: Bench, tmp_path: Path) -> None:
    import uiautomator2

    apk = Path(uiautomator2.__file__).parent / "assets/app-uiautomator.apk"
    assert b"Success" in bench.adb("install", str(apk)).stdout
    assert b"com.github.uiautomator/.AdbKeyboard" in bench.adb("shell", "ime list -s -a").stdout
    assert b"Success" in bench.adb("uninstall", "com.github.uiautomator").stdout
    assert b"AdbKeyboard" not in bench.adb("shell", "ime list -s -a").stdout
    (tmp_path / "x.apk").write_text("no apk")
    assert bench.adb("install", str(tmp_path / "x.apk")).returncode != 0


def test_ppadb_lists_pushes_and_takes_pictures(bench: Bench) -> None:
    client = Client(port=bench.port)
    phone = client.device(bench.serial)
    assert bench.serial in [found.serial for found in client.devices()]
    assert phone.get_properties()["ro.serialno"] == "SIMPHONE01"
    phone.push(str(MEDIA / "clip.mp4"), "/sdcard/DCIM/Camera/p.mp4")
    assert phone.shell("stat -c %s /sdcard/DCIM/Camera/p.mp4").strip() == str(
        (MEDIA / "clip.mp4").stat().st_size
    )
    assert Image.open(io.BytesIO(phone.screencap())).size == (1080, 2400)
    assert phone.is_installed("com.instagram.android")


def test_a_file_that_is_removed_while_it_comes_is_acknowledged_and_gone(bench: Bench) -> None:
    """adbd goes on writing into what it opened (source: file_sync_service.cpp, handle_send_file)."""
    path = "/sdcard/gone.bin"
    with bench.device.open_transport() as sync:
        sync.send_command("sync:")
        sync.check_okay()
        name = f"{path},33188".encode()
        sync.conn.sendall(b"SEND" + struct.pack("<I", len(name)) + name)
        sync.conn.sendall(b"DATA" + struct.pack("<I", 5) + b"bytes")
        wait_until(lambda: bench.device.sync.exists(path))
        bench.device.shell(f"rm {path}")
        sync.conn.sendall(b"DONE" + struct.pack("<I", 1))
        assert sync.read(4) == b"OKAY"
    assert not bench.device.sync.exists(path)


def test_adbutils_reads_the_phone(bench: Bench) -> None:
    device = bench.device
    assert device.shell2("ls /nothing", v2=True).returncode == 1
    device.sync.push(b"bytes", "/sdcard/x.txt")
    assert device.sync.read_text("/sdcard/x.txt") == "bytes"
    assert device.sync.stat("/sdcard/x.txt").size == 5
    assert "DCIM" in [entry.path for entry in device.sync.list("/sdcard")]
    assert not device.sync.exists("/sdcard/none")
    assert tuple(device.window_size()) == (1080, 2400)
    battery = device.battery()
    assert (battery.level, battery.temperature) == (87, 26.8)
    assert device.app_info("com.instagram.android").version_name
    assert device.app_current().package == "com.google.android.apps.nexuslauncher"
    device.app_start(TIKTOK)
    assert device.app_current().package == TIKTOK
    assert device.wlan_ip().startswith("192.168.77.")
    assert device.is_screen_on()
    assert device.screenshot().size == (1080, 2400)
    assert device.reverse_list() == []


def test_uiautomator2_connects_looks_taps_and_types(bench: Bench, ui: Any) -> None:
    assert ui.info["productName"] == "oriole"
    assert "com.google.android.apps.nexuslauncher" in ui.dump_hierarchy()
    ui(text="TikTok").click()
    assert ui(description="Create").wait(timeout=10)
    assert ui.app_current()["package"] == TIKTOK
    assert ui.xpath("//*[@content-desc='Profile']").exists
    assert ui.screenshot().size == (1080, 2400)
    ui.set_clipboard("\u00fcber")
    assert ui.clipboard == "\u00fcber"
    ui.press("home")
    assert ui(text="TikTok").exists
    assert ui.device_info["serial"] == "SIMPHONE01"
    assert bench.simctl("taps").count('"via": "automation"') == 1


def test_uiautomator2_types_through_its_keyboard(bench: Bench, ui: Any) -> None:
    share_a_clip(bench)
    field = ui(className="android.widget.EditText")
    ui(text="Next").click()
    field.click()
    ui.send_keys("caf\u00e9 \U0001fab5 #tag")
    assert field.get_text().strip() == "caf\u00e9 \U0001fab5 #tag"
    ui.clear_text()
    ui.set_input_ime(True)
    ui.send_keys("by broadcast")
    assert field.get_text().strip() == "by broadcast"


def share_a_clip(bench: Bench) -> None:
    """TikTok's editor with a freshly pushed clip, as `am start` brings it up."""
    device = bench.device
    for name in ("CAMERA", "RECORD_AUDIO", "READ_MEDIA_VIDEO", "READ_MEDIA_IMAGES"):
        device.shell(f"pm grant {TIKTOK} android.permission.{name}")
    device.sync.push(MEDIA / "clip.mp4", "/sdcard/DCIM/Camera/clip.mp4")
    scanned = device.shell(
        "content call --uri content://media --method scan_file --arg /sdcard/DCIM/Camera/clip.mp4"
    )
    uri = scanned.partition("uri=")[2].partition("}")[0].replace("external_primary", "external")
    device.shell(
        f"am start -a android.intent.action.SEND -t video/mp4 --eu android.intent.extra.STREAM {uri}"
        f" --grant-read-uri-permission -n {SHARE}"
    )


def test_a_shared_clip_is_published_once_with_its_digest(bench: Bench, ui: Any) -> None:
    import json

    before = len(bench.simctl("posts").splitlines())
    share_a_clip(bench)
    ui(text="Next").click()
    ui(className="android.widget.EditText").set_text('a "quote"\nand \U0001f600')
    ui.press("back")
    ui(text="Post").click()
    assert wait_until(lambda: len(bench.simctl("posts").splitlines()) == before + 1)
    post = json.loads(bench.simctl("posts").splitlines()[-1])
    assert post["caption"].strip() == 'a "quote"\nand \U0001f600'
    assert post["account"] == bench.child.ready["accounts"][0]["username"]
    assert post["media"][0]["sha256"] == hashlib.sha256((MEDIA / "clip.mp4").read_bytes()).hexdigest()


def test_the_automation_server_lives_as_long_as_its_shell_stream(bench: Bench, ui: Any) -> None:
    assert bench.device.shell("pidof app_process")
    ui.stop_uiautomator()
    assert not bench.device.shell("pidof app_process")
    ui.start_uiautomator()
    assert ui.info["screenOn"] is True


def test_U2_6_a_second_automation_server_finds_the_first(bench: Bench, ui: Any) -> None:
    line = "CLASSPATH=/data/local/tmp/u2.jar app_process / com.wetest.uia2.Main -p 9009"
    assert "already registered" in bench.device.shell(line)
    assert "already registered" in bench.device.shell("uiautomator dump")
    bench.device.shell("pkill -f com.wetest.uia2.Main")
    assert not bench.device.shell("pidof app_process")
    assert bench.device.dump_hierarchy().startswith("<?xml")


def test_idle_connections_are_closed_as_nanohttpd_closes_them(bench: Bench, ui: Any) -> None:
    connection = bench.device.create_connection(adbutils.Network.TCP, 9008)
    with connection:
        connection.settimeout(20)
        for _ in range(2):
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(4096).endswith(b"pong")
        began = time.monotonic()
        assert connection.recv(4096) == b""
        assert 4 < time.monotonic() - began < 10
