"""A scripted adb server for tests: real sockets, every reply can be sliced, delayed, cut, refused or replaced."""

from __future__ import annotations

import contextlib
import hashlib
import random
import re
import shlex
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

#: Commands in one line, each followed by a marker and its status.
_SEVERAL = re.compile(r"(.+?) 2>&1; echo (DONE-\w+:)\$\?(?:; |$)")

Handler = Callable[["FakePhone", list[str]], tuple[int, bytes] | None]


@dataclass
class Mangle:
    """What happens to the bytes of one reply."""

    slices: random.Random | None = None  #: send in random slices
    silent: bool = False  #: send nothing, keep the connection
    cut_after: int | None = None  #: close after so many bytes
    fail: str | None = None  #: FAIL with this text instead of OKAY
    garbage: bytes | None = None  #: instead of the reply
    dribble_s: float | None = None  #: one byte each so many seconds
    silent_after: int | None = None  #: so many bytes, then silence


@dataclass
class FakePhone:
    """One phone: a table of shell commands over a few files."""

    serial: str
    state: str = "device"
    usb: str = "1-1"
    transport_id: int = 1
    features: str = "shell_v2,cmd,stat_v2"
    props: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)  #: shell lines as received
    commands: list[str] = field(default_factory=list)  #: the commands in them, one by one
    handlers: dict[str, Handler] = field(default_factory=dict)  #: by first word
    push_fail_at: int | None = None  #: FAIL once so many bytes came
    push_fail_text: str = "write failed: No space left on device"
    push_silent_end: bool = False  #: never answer DONE
    push_drop: int = 0  #: forget so many bytes at the end of a push
    push_slow_s: float = 0.0  #: read nothing for so long first
    pushing: int = 0
    pushing_max: int = 0
    u2: Any = None  #: a FakeU2 behind tcp:9008

    def __post_init__(self) -> None:
        self.props = {
            "ro.serialno": self.serial,
            "ro.product.model": "Pixel 7",
            "ro.build.version.release": "14",
            "ro.build.version.sdk": "34",
            "sys.boot_completed": "1",
            **self.props,
        }

    def run(self, line: str) -> tuple[int, bytes] | None:
        """Status and output of a shell line, None for one that never ends; several with markers are run one by one."""
        self.lines.append(line)
        parts = _SEVERAL.findall(line)
        if not parts:
            return self._run_one(line)
        output = b""
        for command, marker in parts:
            result = self._run_one(command)
            if result is None:
                return None
            output += result[1] + f"{marker}{result[0]}\n".encode()
        return 0, output

    def _run_one(self, line: str) -> tuple[int, bytes] | None:
        self.commands.append(line)
        words = shlex.split(line)
        handler = self.handlers.get(words[0]) or getattr(self, f"do_{words[0]}", None)
        if words[0] in self.handlers:
            return self.handlers[words[0]](self, words)
        if handler is None:
            return 127, f"sh: {words[0]}: inaccessible or not found\n".encode()
        return handler(words)

    def do_echo(self, words: list[str]) -> tuple[int, bytes]:
        return 0, (" ".join(words[1:]) + "\n").encode()

    def do_getprop(self, words: list[str]) -> tuple[int, bytes]:
        if len(words) > 1:
            return 0, (self.props.get(words[1], "") + "\n").encode()
        return 0, "".join(f"[{k}]: [{v}]\n" for k, v in self.props.items()).encode()

    def do_dumpsys(self, words: list[str]) -> tuple[int, bytes]:
        if words[1:] == ["battery"]:
            return 0, b"Current Battery Service state:\n  level: 87\n  scale: 100\n  temperature: 253\n"
        return 0, b""

    def do_stat(self, words: list[str]) -> tuple[int, bytes]:
        data = self.files.get(words[-1])
        return (1, b"stat: No such file\n") if data is None else (0, f"{len(data)}\n".encode())

    def _hash(self, kind: str, path: str) -> tuple[int, bytes]:
        data = self.files.get(path)
        if data is None:
            return 1, b"No such file or directory\n"
        return 0, f"{hashlib.new(kind, data).hexdigest()}  {path}\n".encode()

    def do_sha256sum(self, words: list[str]) -> tuple[int, bytes]:
        return self._hash("sha256", words[-1])

    def do_md5sum(self, words: list[str]) -> tuple[int, bytes]:
        return self._hash("md5", words[-1])

    def do_toybox(self, words: list[str]) -> tuple[int, bytes]:
        return self._hash("md5", words[-1])

    def do_sh(self, words: list[str]) -> tuple[int, bytes] | None:
        """`sh -c` of commands that are joined by &&."""
        output = b""
        for command in words[-1].split(" && "):
            result = self._run_one(command)
            if result is None:
                return None
            output += result[1]
            if result[0]:
                return result[0], output
        return 0, output

    def do_touch(self, words: list[str]) -> tuple[int, bytes]:
        return 0, b""

    def do_mv(self, words: list[str]) -> tuple[int, bytes]:
        self.files[words[-1]] = self.files.pop(words[-2])
        return 0, b""

    def do_rm(self, words: list[str]) -> tuple[int, bytes]:
        self.files.pop(words[-1], None)
        return 0, b""

    def do_pkill(self, words: list[str]) -> tuple[int, bytes]:
        if self.u2 is not None:
            self.u2.alive = False
        return 0, b""


class FakeAdb:
    """The server. Use as a context manager; `port` is free at the start and stays the same over `down`/`up`."""

    def __init__(self, *phones: FakePhone) -> None:
        self.phones = list(phones)
        self.extra_lines: list[str] = []  #: added to devices-l as they are
        self.version = 41
        self.connections = 0
        self.requests: Counter[str] = Counter()
        self.mangles: dict[str, tuple[Mangle, int]] = {}  #: by request prefix: what, how often
        self._lock = threading.RLock()
        self._open: set[socket.socket] = set()
        self._trackers: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.changed = threading.Condition(self._lock)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            for sock in list(self._open):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._trackers.clear()

    def phone(self, serial: str) -> FakePhone:
        return next(phone for phone in self.phones if phone.serial == serial)

    def mangle(self, prefix: str, mangle: Mangle, times: int = 1_000_000) -> None:
        self.mangles[prefix] = (mangle, times)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
        """Wait for something that requests bring about."""
        with self.changed:
            return self.changed.wait_for(condition, timeout_s)

    def set_state(self, serial: str, state: str) -> None:
        self.phone(serial).state = state
        self.announce()

    def add(self, phone: FakePhone) -> None:
        self.phones.append(phone)
        self.announce()

    def drop(self, *serials: str) -> None:
        self.phones = [phone for phone in self.phones if phone.serial not in serials]
        self.announce()

    def announce(self) -> None:
        data = self._short().encode()
        with self._lock:
            for sock in list(self._trackers):
                with contextlib.suppress(OSError):
                    sock.sendall(f"{len(data):04x}".encode() + data)

    def cut_trackers(self) -> None:
        with self._lock:
            trackers, self._trackers = self._trackers, []
        for sock in trackers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def deafen_trackers(self) -> None:
        """Tracking streams stay open, but nothing is ever said on them again."""
        with self._lock:
            self._trackers.clear()

    # Serving

    def _short(self) -> str:
        return "".join(f"{p.serial}\t{p.state}\n" for p in self.phones)

    def _long(self) -> str:
        lines = [
            f"{p.serial:<22} {p.state} {f'usb:{p.usb} ' if p.usb else ''}product:x model:Pixel_7 device:y "
            f"transport_id:{p.transport_id}"
            for p in self.phones
        ]
        return "\n".join([*lines, *self.extra_lines]) + "\n"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    @property
    def open_connections(self) -> int:
        with self._lock:
            return len(self._open)

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._talk(Wire(sock))
        except (OSError, EOFError, struct.error, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
                if sock in self._trackers:
                    self._trackers.remove(sock)
            sock.close()

    def _talk(self, wire: Wire) -> None:
        phone: FakePhone | None = None
        while True:
            request = wire.exact(int(wire.exact(4), 16)).decode()
            with self.changed:
                self.requests[request.split(",raw:")[0].split(":END-")[0][:80]] += 1
                if phone is not None:
                    self.requests[f"{phone.serial} {request.split(':')[0]}"] += 1
                wire.mangle = self._take_mangle(request)
                self.changed.notify_all()
            if wire.mangle and wire.mangle.silent:
                wire.hang()
            if wire.mangle and wire.mangle.fail is not None:
                text = wire.mangle.fail.encode()
                wire.sock.sendall(b"FAIL" + f"{len(text):04x}".encode() + text)
                return
            if wire.mangle and wire.mangle.garbage is not None:
                wire.sock.sendall(wire.mangle.garbage)
                return
            if phone is None:
                phone = self._host(wire, request)
                if phone is None:
                    return
            else:
                self._service(wire, phone, request)
                return

    def _take_mangle(self, request: str) -> Mangle | None:
        for prefix, (mangle, times) in self.mangles.items():
            if request.startswith(prefix) and times > 0:
                self.mangles[prefix] = (mangle, times - 1)
                return mangle
        return None

    def _host(self, wire: Wire, request: str) -> FakePhone | None:
        if request == "host:version":
            wire.okay_block(f"{self.version:04x}")
        elif request == "host:devices-l":
            wire.okay_block(self._long())
        elif request == "host:track-devices":
            with self._lock:
                wire.send(b"OKAY" + _block(self._short()))
                self._trackers.append(wire.sock)
            wire.hang()
        elif request.startswith("host:transport:"):
            return self._transport(wire, request.removeprefix("host:transport:"))
        elif request.startswith("host-serial:"):
            serial, _, word = request.removeprefix("host-serial:").rpartition(":")
            found = [p for p in self.phones if p.serial == serial]
            if not found:
                wire.refuse(f"device '{serial}' not found")
            elif word == "features":
                wire.okay_block(found[0].features)
            else:
                wire.okay_block(f"{word} done")
        elif request.startswith(("host:connect:", "host:disconnect:")):
            wire.okay_block(f"already connected to {request.split(':', 2)[2]}")
        else:
            wire.refuse("unknown host service")
        return None

    def _transport(self, wire: Wire, serial: str) -> FakePhone | None:
        found = [p for p in self.phones if p.serial == serial]
        if not found:
            wire.refuse(f"device '{serial}' not found")
        elif len(found) > 1:
            wire.refuse("more than one device")
        elif found[0].state != "device":
            wire.refuse(f"device {found[0].state}")
        else:
            wire.send(b"OKAY")
            return found[0]
        return None

    def _service(self, wire: Wire, phone: FakePhone, request: str) -> None:
        name, _, rest = request.partition(":")
        if name == "sync":
            wire.send(b"OKAY")
            self._sync(wire, phone)
        elif name == "tcp" and phone.u2 is not None and phone.u2.alive:
            wire.send(b"OKAY")
            phone.u2.serve(wire)
        elif name == "reboot":
            phone.commands.append("reboot:")
            wire.send(b"OKAY")
        elif name.startswith("shell") or name == "exec":
            if phone.u2 is not None and "com.wetest.uia2.Main" in rest and "app_process" in rest:
                wire.send(b"OKAY")
                phone.u2.launched(wire)
                return
            self._shell(wire, phone, name, rest)
        else:
            wire.refuse("closed")

    def _shell(self, wire: Wire, phone: FakePhone, name: str, line: str) -> None:
        marker = ""
        if name == "shell" and "; echo END-" in line:
            line, _, marker = line.rpartition("; echo ")
            marker = marker.removesuffix("$?")
        result = phone.run(line)
        if result is None:
            wire.send(b"OKAY")
            wire.hang()
            return
        status, output = result
        if name.startswith("shell,v2"):
            wire.send(b"OKAY" + _packet(1, output) + _packet(3, bytes([status])))
        else:
            wire.send(b"OKAY" + output + (f"{marker}{status}\n".encode() if marker else b""))

    def _sync(self, wire: Wire, phone: FakePhone) -> None:
        with self.changed:
            phone.pushing += 1
            phone.pushing_max = max(phone.pushing_max, phone.pushing)
            self.changed.notify_all()
        try:
            while True:
                word, length = struct.unpack("<4sI", wire.exact(8))
                if word == b"STAT":
                    data = phone.files.get(wire.exact(length).decode())
                    wire.send(b"STAT" + struct.pack("<III", 0o100644 if data else 0, len(data or b""), 1))
                    return
                path, _, _mode = wire.exact(length).decode().rpartition(",")
                if not self._receive(wire, phone, path):
                    return
        finally:
            with self.changed:
                phone.pushing -= 1
                self.changed.notify_all()

    def _receive(self, wire: Wire, phone: FakePhone, path: str) -> bool:
        data = bytearray()
        if phone.push_slow_s:
            threading.Event().wait(phone.push_slow_s)
        while True:
            word, length = struct.unpack("<4sI", wire.exact(8))
            if word == b"DONE":
                break
            if word != b"DATA" or length > 65536:
                raise ValueError(f"sync stream is corrupt: {word!r} {length}")
            data += wire.exact(length)
            with self.changed:
                self.changed.notify_all()
            if phone.push_fail_at is not None and len(data) >= phone.push_fail_at:
                text = phone.push_fail_text.encode()
                wire.send(b"FAIL" + struct.pack("<I", len(text)) + text)
                wire.drain()
                return False
        phone.files[path] = bytes(data[: len(data) - phone.push_drop])
        if phone.push_silent_end:
            wire.hang()
        wire.send(b"OKAY" + struct.pack("<I", 0))
        return True


class Wire:
    """One connection, seen from the server."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.mangle: Mangle | None = None
        self._sent = 0

    def exact(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            chunk = self.sock.recv(length - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def hang(self) -> None:
        """Keep the connection until the other side goes."""
        while self.sock.recv(65536):
            pass
        raise EOFError

    drain = hang

    def send(self, data: bytes) -> None:
        mangle = self.mangle
        if mangle is None:
            self.sock.sendall(data)
            return
        if mangle.cut_after is not None or mangle.silent_after is not None:
            limit = mangle.cut_after if mangle.cut_after is not None else mangle.silent_after or 0
            self.sock.sendall(data[: max(0, limit - self._sent)])
            self._sent += len(data)
            if self._sent >= limit:
                if mangle.silent_after is not None:
                    self.hang()
                raise EOFError
            return
        if mangle.dribble_s is not None:
            for byte in data:
                self.sock.sendall(bytes([byte]))
                threading.Event().wait(mangle.dribble_s)
            return
        if mangle.slices is not None:
            while data:
                cut = mangle.slices.randint(1, 700)
                self.sock.sendall(data[:cut])
                data = data[cut:]
            return
        self.sock.sendall(data)

    def okay_block(self, text: str) -> None:
        self.send(b"OKAY" + _block(text))

    def refuse(self, text: str) -> None:
        self.send(b"FAIL" + _block(text))


def _block(text: str) -> bytes:
    data = text.encode()
    return f"{len(data):04x}".encode() + data


def _packet(kind: int, data: bytes) -> bytes:
    return struct.pack("<BI", kind, len(data)) + data
