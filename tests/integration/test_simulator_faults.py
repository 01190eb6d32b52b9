"""Faults of the automation server and of the adb server, as a client on the other side sees them."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import adbutils
import pytest

from simulator.adb.server import locked_adb
from simulator.child import SimulatorChild
from tests.support.daemon import wait_until
from tests.support.warm import warm

LAUNCH = "CLASSPATH=/data/local/tmp/u2.jar app_process / com.wetest.uia2.Main -p 9008"


class Bench:
    def __init__(self, child: SimulatorChild) -> None:
        self.port: int = child.ready["adb_port"]
        self.serial: str = child.ready["serials"][0]
        #: Past the proxy: what a test uses to control and to judge.
        self.direct = adbutils.AdbClient(port=child.ready["direct_adb_port"]).device(self.serial)

    def simctl(self, words: str) -> str:
        return str(self.direct.shell("simctl " + words))

    @contextlib.contextmanager
    def automation(self) -> Iterator[None]:
        import uiautomator2

        jar = Path(uiautomator2.__file__).parent / "assets/u2.jar"
        self.direct.sync.push(jar, "/data/local/tmp/u2.jar")
        stream = self.direct.shell(LAUNCH, stream=True)
        assert wait_until(lambda: "9008" in self.direct.shell("pidof app_process"))
        try:
            yield
        finally:
            stream.close()
            assert wait_until(lambda: not self.direct.shell("pidof app_process"))

    def connection(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("phone", timeout=1.0)
        connection.sock = self.direct.create_connection(adbutils.Network.TCP, 9008)
        connection.sock.settimeout(1.0)
        return connection

    def call(self, method: str, *params: Any) -> Any:
        """One call on its own connection; raises what a client would meet."""
        connection = self.connection()
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/jsonrpc/0", body)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise http.client.HTTPException(f"{answer.status} {data!r}")
            return json.loads(data)
        finally:
            connection.close()

    def taps(self) -> int:
        return len(self.simctl("taps").splitlines())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    child = SimulatorChild(2, tmp_path_factory.mktemp("phones"), extra=("--adb-faults",), start=warm().popen)
    yield Bench(child)
    child.stop()


@pytest.fixture
def bench(running: Bench) -> Bench:
    running.simctl("reset")
    return running


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("http-500 click", http.client.HTTPException),
        ("no-reply click", (http.client.HTTPException, ConnectionError)),
        ("bad-json click", ValueError),
        ("truncated-body click", (http.client.HTTPException, ValueError)),
    ],
)
def test_U2_3_the_tap_happened_though_its_answer_says_otherwise(
    bench: Bench, fault: str, error: type[Exception]
) -> None:
    with bench.automation():
        bench.simctl("fault " + fault)
        with pytest.raises(error):
            bench.call("click", 500, 900)
        assert bench.taps() == 1
        assert bench.call("click", 500, 900)["result"] is True


def test_U2_1_a_hanging_call_has_no_effect_and_ping_goes_on(bench: Bench) -> None:
    with bench.automation():
        bench.simctl("fault automation-hangs click")
        with pytest.raises(TimeoutError):
            bench.call("click", 500, 900)
        assert bench.taps() == 0
        connection = bench.connection()
        connection.request("GET", "/ping")
        assert connection.getresponse().read() == b"pong"


def test_U2_7_a_killed_server_breaks_its_connections_and_its_port_is_closed(bench: Bench) -> None:
    with bench.automation():
        connection = bench.connection()
        bench.simctl("fault automation-dies dumpWindowHierarchy")
        assert bench.call("deviceInfo")["result"]["screenOn"] is True
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            bench.call("dumpWindowHierarchy", False, 50)
        assert connection.sock.recv(1) == b""
        with pytest.raises(adbutils.AdbError):
            bench.connection()


def test_U2_7_dumps_fail_while_ping_lives(bench: Bench) -> None:
    with bench.automation():
        bench.simctl("fault dump-fails --always")
        for _ in range(2):
            assert (
                "UiAutomation not connected"
                in bench.call("dumpWindowHierarchy", False, 50)["error"]["message"]
            )
        bench.simctl("fault clear dump-fails")
        assert bench.call("dumpWindowHierarchy", False, 50)["result"].count("<node") > 3


def test_unknown_methods_and_broken_requests_get_json_rpc_errors(bench: Bench) -> None:
    with bench.automation():
        assert bench.call("explode")["error"] == {"code": -32601, "message": "method not found", "data": ""}
        connection = bench.connection()
        connection.request("POST", "/jsonrpc/0", b"{")
        assert json.loads(connection.getresponse().read())["error"]["code"] == -32700
        connection.request("GET", "/nothing")
        assert connection.getresponse().status == 404


def ask(port: int, request: str, timeout_s: float = 2.0) -> bytes:
    """One request to an adb server; what it answers until it closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as sock:
        sock.sendall(f"{len(request):04x}{request}".encode())
        answer = b""
        while data := sock.recv(4096):
            answer += data
        return answer


def test_ADB_2_the_server_claims_another_version(bench: Bench) -> None:
    truth = ask(bench.port, "host:version")
    bench.simctl("fault adb-version 0020")
    assert wait_until(lambda: ask(bench.port, "host:version") == b"OKAY00040020")
    bench.simctl("fault adb-version")
    assert wait_until(lambda: ask(bench.port, "host:version") == truth)


def test_ADB_5_a_hanging_server_takes_connections_and_answers_nothing(bench: Bench) -> None:
    bench.simctl("fault adb-hang 1.5")

    def hangs() -> bool:
        try:
            ask(bench.port, "host:version", 0.3)
        except TimeoutError:
            return True
        return False

    assert wait_until(hangs)
    assert wait_until(lambda: not hangs())


def test_ADB_1_a_server_that_is_away_refuses_and_comes_back(bench: Bench) -> None:
    with socket.create_connection(("127.0.0.1", bench.port)) as tracker:
        tracker.sendall(b"0012host:track-devices")
        assert tracker.recv(4) == b"OKAY"
        bench.simctl("fault adb-down 0.5")
        tracker.settimeout(5)
        with contextlib.suppress(ConnectionError):
            while tracker.recv(4096):
                pass
    assert wait_until(
        lambda: ask(bench.port, "host:version").startswith(b"OKAY") if up(bench.port) else False
    )


def up(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_PPA_1_answers_in_slices_are_whole(bench: Bench) -> None:
    whole = ask(bench.port, "host:devices")
    bench.simctl("fault adb-slices 3")
    assert ask(bench.port, "host:devices") == whole


def test_ADB_8_and_ADB_9_extra_lines_are_in_every_list(bench: Bench) -> None:
    bench.simctl("fault adb-line '????????????' 'no permissions (missing udev rules?)'")
    bench.simctl(f"fault adb-line {bench.serial} device")
    assert wait_until(lambda: b"????????????\tno permissions" in ask(bench.port, "host:devices"))
    assert wait_until(lambda: ask(bench.port, "host:devices-l").count(bench.serial.encode()) == 2)
    bench.simctl("fault adb-line")
    assert wait_until(lambda: ask(bench.port, "host:devices").count(b"\n") == 2)


def test_ADB_15_a_tracking_stream_falls_silent_or_breaks(bench: Bench) -> None:
    with socket.create_connection(("127.0.0.1", bench.port), timeout=5) as tracker:
        tracker.sendall(b"0012host:track-devices")
        assert wait_until(lambda: bench.serial.encode() in tracker.recv(4096))
        bench.simctl("fault adb-track-silent 60")
        bench.simctl("fault offline 0.4")
        tracker.settimeout(1.0)
        with pytest.raises(TimeoutError):
            tracker.recv(4096)
        assert wait_until(lambda: "device" in states(bench).get(bench.serial, ""))
        bench.simctl("fault adb-track-cut")
        tracker.settimeout(5.0)
        with contextlib.suppress(ConnectionError):
            assert tracker.recv(4096) == b""


def states(bench: Bench) -> dict[str, str]:
    lines = ask(bench.port, "host:devices").decode()[8:].splitlines()
    return {name: state for name, _, state in (line.partition("\t") for line in lines)}


def test_everything_passes_the_proxy_unchanged(bench: Bench, tmp_path: Path) -> None:
    device = adbutils.AdbClient(port=bench.port).device(bench.serial)
    data = bytes(range(256)) * 8000
    # Not adbutils: it takes what one recv gives for the whole answer, which is not so on a busy machine.
    adb = [str(locked_adb()), "-P", str(bench.port), "-s", bench.serial]
    sent, back = tmp_path / "big.bin", tmp_path / "back.bin"
    sent.write_bytes(data)
    for words in (["push", sent, "/sdcard/big.bin"], ["pull", "/sdcard/big.bin", back]):
        subprocess.run([*adb, *words], check=True, capture_output=True, timeout=60)
    assert back.read_bytes() == data
    assert device.shell2("exit 3", v2=True).returncode == 3
