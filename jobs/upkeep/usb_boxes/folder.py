"""What the hub keeps of each USB box: a folder with keys, the box's host key, and the addresses for the link's unit."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Collection
from pathlib import Path

import msgspec

from jobs.upkeep.usb_boxes.pasted import (
    NAME,
    BoxLine,
    HubLine,
    PasteInvalid,
    check_host,
    check_key,
    check_name,
    check_port,
    key_of_file,
)
from jobs.upkeep.usb_boxes.programs import BoxesFailed, run
from storage.engine.files import Files

#: Beside the config file.
FOLDER = "usb-boxes"
LINK, BACKUP, KNOWN_HOSTS, ADDRESSES = "link", "backup", "known_hosts", "link.env"
ADB_KEYS = ("adbkey", "adbkey.pub")
#: Every file of a box and its mode. The unit gets the link's key from systemd, so root alone reads it.
MODES = {LINK: 0o600, f"{LINK}.pub": 0o644, BACKUP: 0o600, f"{BACKUP}.pub": 0o644, KNOWN_HOSTS: 0o644,
         ADDRESSES: 0o644, **dict.fromkeys(ADB_KEYS, 0o600)}  # fmt: skip
#: The user of the link reads the host key; what is secret has its own mode.
FOLDER_MODE = 0o755
#: Where links begin on this box; 5037 is its own adb server.
FIRST_PORT, LAST_PORT = 5038, 5137
#: adb's port on every USB box.
ADB_PORT = 5037
_ADDRESSES = re.compile(r"HOST=(\S+)\nSSH_PORT=(\d{1,5})\nLOCAL_PORT=(\d{1,5})\n")
_MAX_BYTES = 16 * 1024
_KEYGEN_S = 30.0


class UsbBox(msgspec.Struct, frozen=True):
    """A box that was added: where it is, and where its adb server is on this one."""

    name: str
    host: str
    ssh_port: int
    local_port: int

    @property
    def unit(self) -> str:
        return f"tikmatrixd-usb-link@{self.name}.service"

    @property
    def entry(self) -> str:
        """What the config must say so that the daemon uses this box."""
        return f'[[adb_servers]]\nname = "{self.name}"\nhost = "127.0.0.1"\nport = {self.local_port}'

    def addresses(self) -> str:
        """The environment file of the unit."""
        return f"HOST={self.host}\nSSH_PORT={self.ssh_port}\nLOCAL_PORT={self.local_port}\n"


class Boxes:
    """The folder of all boxes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, name: str) -> Path:
        """The folder of one box. Raises PasteInvalid for what cannot be a name."""
        return self.folder / check_name(name)

    def names(self) -> list[str]:
        """Every box, also those that have not answered yet."""
        try:
            found = [path.name for path in self.folder.iterdir() if path.is_dir()]
        except OSError:
            return []
        return sorted(name for name in found if NAME.fullmatch(name))

    def all(self) -> list[UsbBox]:
        """The boxes that were added completely."""
        return [box for name in self.names() if (box := self.find(name)) is not None]

    def find(self, name: str) -> UsbBox | None:
        """A box, or None where it is not known, its line was not pasted yet, or its file was altered."""
        try:
            return parse_addresses(name, (self.of(name) / ADDRESSES).read_text("ascii"))
        except (OSError, ValueError):
            return None

    def begin(self, name: str) -> HubLine:
        """The line for a box of this name; its keys are made at the first call. Raises BoxesFailed, PasteInvalid."""
        folder = self.of(name)
        try:
            if not folder.exists():
                self._make_keys(folder)
            return HubLine(name, *(_public_key(folder / key) for key in (LINK, BACKUP)))
        except OSError as error:
            raise BoxesFailed(f"{error.filename or folder}: {error.strerror}") from error

    def finish(self, name: str, line: BoxLine, taken: Collection[int], port: int | None = None) -> UsbBox:
        """Take in what the box said, after `begin`. Ports in `taken` are in use for something else; without a `port` that of
        before is kept, or the first that is free taken.

        Raises:
            BoxesFailed: No port is left, or the disk refuses.
        """
        folder, before = self.of(name), self.find(name)
        if port is None:
            others = {box.local_port for box in self.all() if box.name != name}
            port = before.local_port if before else _free_port(others | set(taken))
        box = UsbBox(name, line.host, line.port, port)
        try:
            # The addresses come last: with them the box counts as added.
            self.write(folder / KNOWN_HOSTS, f"{name} ssh-ed25519 {line.host_key}\n".encode())
            self.write(folder / ADDRESSES, box.addresses().encode())
        except OSError as error:
            raise BoxesFailed(f"{folder} cannot be written: {error.strerror}") from error
        return box

    def remove(self, name: str) -> bool:
        """Forget a box and its keys; whether there was one. Raises BoxesFailed."""
        folder = self.of(name)
        if not folder.is_dir():
            return False
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise BoxesFailed(f"{error.filename}: {error.strerror}") from error
        return True

    def files(self, name: str) -> list[Path]:
        """The files of a box that are there. Raises PasteInvalid."""
        return [path for file in MODES if (path := self.of(name) / file).exists()]

    def write(self, path: Path, data: bytes) -> None:
        """Replace one file of a box, with the mode that it must have. Raises OSError."""
        files = Files()
        with files.replacing(path, "USB box", MODES[path.name]) as fd:
            files.write(fd, data, 0, "USB box")

    def _make_keys(self, folder: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(FOLDER_MODE)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as place:
            made = Path(place) / folder.name
            made.mkdir()
            made.chmod(FOLDER_MODE)
            for key in (LINK, BACKUP):
                _ssh_keygen(made / key, f"tikmatrixd-{key}:{folder.name}")
            made.rename(folder)


def parse_addresses(name: str, text: str) -> UsbBox:
    """The environment file of a box, which must be exactly as it is written here. Raises ValueError."""
    match = _ADDRESSES.fullmatch(text)
    if match is None:
        raise PasteInvalid(f"{ADDRESSES} is not as tikmatrixd writes it")
    host, ssh_port, local_port = match.groups()
    return UsbBox(check_name(name), check_host(host), check_port(ssh_port), check_port(local_port))


def check_file(box: str, name: str, data: bytes) -> None:
    """Whether a file of a backup may become this file of a box. Raises ValueError with what is wrong."""
    check_name(box)
    if name not in MODES:
        raise PasteInvalid(f"a USB box has no file {name[:60]!r}")
    text = data.decode("ascii")
    if len(data) > _MAX_BYTES:
        raise PasteInvalid("it is too long")
    if name == ADDRESSES:
        parse_addresses(box, text)
    elif name == KNOWN_HOSTS:
        words = text.removesuffix("\n").split(" ")
        if len(words) != 3 or words[:2] != [box, "ssh-ed25519"]:
            raise PasteInvalid("it does not name the host key of this box alone")
        check_key(words[2])
    elif name in {f"{LINK}.pub", f"{BACKUP}.pub"}:
        if len(text.splitlines()) != 1:
            raise PasteInvalid("it holds more than a public key")
        key_of_file(text)
    elif name == "adbkey.pub":
        if not re.fullmatch(r"[A-Za-z0-9+/=]+(?: [!-~]+)?\s*", text):
            raise PasteInvalid("it is not the public key of an adb server")
    else:
        check_private_key(text)


def check_private_key(text: str) -> str:
    """A private key as OpenSSH and adb write them. Raises PasteInvalid."""
    body = r"-----BEGIN (?:OPENSSH |RSA )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END (?:OPENSSH |RSA )?PRIVATE KEY-----\n?"
    if not re.fullmatch(body, text):
        raise PasteInvalid("it is not a private key")
    return text


def _public_key(path: Path) -> str:
    return key_of_file(path.with_name(f"{path.name}.pub").read_text("ascii"))


def _ssh_keygen(path: Path, comment: str) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    done = run(command, _KEYGEN_S, "ssh is needed: apt-get install openssh-client")
    if done.returncode:
        raise BoxesFailed(f"no key could be made: {done.stderr.strip()}")
    os.chmod(path, MODES[path.name])  # noqa: PTH101 - as the constants say


def _free_port(taken: Collection[int]) -> int:
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise BoxesFailed(f"no port from {FIRST_PORT} to {LAST_PORT} is free on this box")
